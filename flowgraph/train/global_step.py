"""The global step: the variable "global_step" that counts training steps."""

from __future__ import annotations

from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.graph.collections import GraphKeys
from flowgraph.graph.graph import get_default_graph
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.initializers import Zeros
from flowgraph.ops.variable import Variable
from flowgraph.ops.variable_scope import get_variable

_READ = "global_step_read_op_cache"  # the collection in which TensorFlow keeps it


def global_step(sess: Any, global_step_tensor: Any) -> int:
    """The number of training steps so far.

    Args:
        sess: the Session.
        global_step_tensor: the global step.

    Example:
        >>> import flowgraph as fg
        >>> step = fg.train.create_global_step()
        >>> with fg.Session() as sess:
        ...     sess.run(step.initializer)
        ...     sess.run(step.assign_add(3))
        ...     fg.train.global_step(sess, step)
        np.int64(3)
        3
    """
    return int(sess.run(global_step_tensor))


def get_global_step(graph: Any = None) -> Any:
    """The global step of a graph; None when there is none.

    Args:
        graph: default the default graph.

    Raises:
        TypeError: it is not an integer scalar.

    Example:
        >>> import flowgraph as fg
        >>> fg.train.get_global_step()
        >>> step = fg.train.create_global_step()
        >>> fg.train.get_global_step() is step
        True
    """
    graph = graph or get_default_graph()
    steps = graph.get_collection(GraphKeys.GLOBAL_STEP)
    if len(steps) == 1:
        found = steps[0]
    elif steps:
        return None
    else:
        try:
            found = graph.get_tensor_by_name("global_step:0")
        except KeyError:
            return None
    assert_global_step(found)
    return found


def create_global_step(graph: Any = None) -> Any:
    """Makes the global step: an int64 variable that is not trained.

    Args:
        graph: default the default graph.

    Raises:
        ValueError: there is one already.

    Example:
        >>> import flowgraph as fg
        >>> fg.train.create_global_step()
        <tf.Variable 'global_step:0' shape=() dtype=int64_ref>
    """
    graph = graph or get_default_graph()
    if get_global_step(graph) is not None:
        raise ValueError(located(
            '"global_step" already exists.',
            "tf.train.get_or_create_global_step() gives the one that is there."))
    with graph.as_default(), graph.name_scope(None):
        return get_variable("global_step", shape=[], dtype=dt.int64, initializer=Zeros(),
                            trainable=False, collections=[GraphKeys.GLOBAL_VARIABLES,
                                                          GraphKeys.GLOBAL_STEP])


def get_or_create_global_step(graph: Any = None) -> Any:
    """The global step of a graph, made when there is none.

    Args:
        graph: default the default graph.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     fg.train.get_or_create_global_step()
        <tf.Variable 'global_step:0' shape=() dtype=int64_ref>
    """
    graph = graph or get_default_graph()
    found = get_global_step(graph)
    return create_global_step(graph) if found is None else found


def assert_global_step(global_step_tensor: Any) -> None:
    """Raises TypeError unless this can be a global step: an integer scalar.

    Args:
        global_step_tensor: tensor or variable.

    Raises:
        TypeError: it is no tensor, not an integer, or not a scalar.

    Example:
        >>> import flowgraph as fg
        >>> fg.train.assert_global_step(fg.constant(0))
        >>> fg.train.assert_global_step(fg.constant(0.5))
        Traceback (most recent call last):
        TypeError: ... Existing "global_step" does not have integer type: float32 ...
    """
    if not isinstance(global_step_tensor, (Variable, Tensor)):
        raise TypeError(located('Existing "global_step" must be a Variable or Tensor: '
                                f"{global_step_tensor!r:.100}"))
    if not global_step_tensor.dtype.base_dtype.is_integer:
        raise TypeError(located('Existing "global_step" does not have integer type: '
                                f"{global_step_tensor.dtype.name}"))
    shape = global_step_tensor.get_shape()
    if shape.ndims != 0 and shape.is_fully_defined():
        raise TypeError(located(f'Existing "global_step" is not scalar: {shape}'))


def global_step_read(user: str) -> Tensor:
    """The value of the default graph's global step, one tensor for all who read it.

    It is 0, or whatever the step's initial value is, while the step is not initialized.

    Args:
        user: who reads it, for the error.

    Raises:
        RuntimeError: the graph has no global step.
    """
    graph = get_default_graph()
    found = graph.get_collection(_READ)
    if found:
        return found[0]
    step = get_global_step(graph)
    if step is None:
        raise RuntimeError(located(f"Global step should be created to use {user}.",
                                   "Call tf.train.get_or_create_global_step() first, and give it "
                                   "to the optimizer: minimize(loss, global_step=...)."))
    with graph.name_scope(None), graph.name_scope(step.op.name + "/"):
        value: Any = step.initialized_value() if isinstance(step, Variable) else step
        read: Tensor = value + 0
    graph.add_to_collection(_READ, read)
    return read
