"""The global step: the variable "global_step" that counts training steps."""

from __future__ import annotations

from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.graph.collections import GraphKeys
from flowgraph.graph.graph import get_default_graph
from flowgraph.ops.initializers import Zeros
from flowgraph.ops.variable_scope import get_variable


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
        TypeError: it is not an integer, or not a scalar.

    Example:
        >>> import flowgraph as fg
        >>> fg.train.assert_global_step(fg.constant(0))
        >>> fg.train.assert_global_step(fg.constant(0.5))
        Traceback (most recent call last):
        TypeError: ... Existing "global_step" does not have integer type: float32 ...
    """
    if not global_step_tensor.dtype.base_dtype.is_integer:
        raise TypeError(located('Existing "global_step" does not have integer type: '
                                f"{global_step_tensor.dtype.name}"))
    shape = global_step_tensor.get_shape()
    if shape.ndims != 0 and shape.is_fully_defined():
        raise TypeError(located(f'Existing "global_step" is not scalar: {shape}'))
