"""The graph's lists of variables, and the operations that initialize or check them all."""

from __future__ import annotations

from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core.deprecation import deprecated
from flowgraph.graph.collections import GraphKeys
from flowgraph.graph.graph import control_dependencies, get_default_graph, name_scope
from flowgraph.graph.operation import Operation
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.constant import constant
from flowgraph.ops.identity import group
from flowgraph.ops.state import is_variable_initialized


def global_variables(scope: str | None = None) -> list[Any]:
    """All variables but the local ones, in the order in which they were built.

    Args:
        scope: a regular expression; only variables whose name it matches from the start.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     v = fg.Variable(1.0, name="v")
        ...     fg.global_variables()
        [<tf.Variable 'v:0' shape=() dtype=float32_ref>]
    """
    return get_default_graph().get_collection(GraphKeys.GLOBAL_VARIABLES, scope)


def all_variables() -> list[Any]:
    """Old name of `tf.global_variables`.

    Example:
        >>> import flowgraph as fg
        >>> v = fg.Variable(1.0, name="v")
        >>> fg.all_variables()
        [<tf.Variable 'v:0' shape=() dtype=float32_ref>]
    """
    deprecated("Use `tf.global_variables` instead.", "2017-03-02")
    return global_variables()


def local_variables(scope: str | None = None) -> list[Any]:
    """The variables that checkpoints leave out: counters of metrics and their like.

    Args:
        scope: as for `tf.global_variables`.

    Example:
        >>> import flowgraph as fg
        >>> v = fg.get_local_variable("v", [])
        >>> fg.local_variables()
        [<tf.Variable 'v:0' shape=() dtype=float32_ref>]
    """
    return get_default_graph().get_collection(GraphKeys.LOCAL_VARIABLES, scope)


def trainable_variables(scope: str | None = None) -> list[Any]:
    """The variables that optimizers train.

    Args:
        scope: as for `tf.global_variables`.

    Example:
        >>> import flowgraph as fg
        >>> v = fg.Variable(1.0, name="v")
        >>> step = fg.Variable(0, trainable=False)
        >>> fg.trainable_variables()
        [<tf.Variable 'v:0' shape=() dtype=float32_ref>]
    """
    return get_default_graph().get_collection(GraphKeys.TRAINABLE_VARIABLES, scope)


def model_variables(scope: str | None = None) -> list[Any]:
    """The variables in the collection MODEL_VARIABLES.

    Args:
        scope: as for `tf.global_variables`.

    Example:
        >>> import flowgraph as fg
        >>> v = fg.Variable(1.0, name="v")
        >>> fg.add_to_collection(fg.GraphKeys.MODEL_VARIABLES, v)
        >>> fg.model_variables()
        [<tf.Variable 'v:0' shape=() dtype=float32_ref>]
    """
    return get_default_graph().get_collection(GraphKeys.MODEL_VARIABLES, scope)


def moving_average_variables(scope: str | None = None) -> list[Any]:
    """The variables that an ExponentialMovingAverage follows.

    Args:
        scope: as for `tf.global_variables`.

    Example:
        >>> import flowgraph as fg
        >>> v = fg.Variable(1.0, name="v")
        >>> fg.add_to_collection(fg.GraphKeys.MOVING_AVERAGE_VARIABLES, v)
        >>> fg.moving_average_variables()
        [<tf.Variable 'v:0' shape=() dtype=float32_ref>]
    """
    return get_default_graph().get_collection(GraphKeys.MOVING_AVERAGE_VARIABLES, scope)


def variables_initializer(var_list: Any, name: str = "init") -> Operation:
    """An operation that initializes the variables in a list.

    Args:
        var_list: list of variables.
        name: name of the node.

    Example:
        >>> import flowgraph as fg
        >>> v = fg.Variable(1.0)
        >>> with fg.Session() as sess:
        ...     sess.run(fg.variables_initializer([v]))
        ...     sess.run(v)
        np.float32(1.0)
    """
    return group(*[variable.initializer for variable in var_list or ()], name=name)


def initialize_variables(var_list: Any, name: str = "init") -> Operation:
    """Old name of `tf.variables_initializer`.

    Args:
        var_list: list of variables.
        name: name of the node.

    Example:
        >>> import flowgraph as fg
        >>> v = fg.Variable(1.0)
        >>> with fg.Session() as sess:
        ...     sess.run(fg.initialize_variables([v]))
        ...     sess.run(v)
        np.float32(1.0)
    """
    deprecated("Use `tf.variables_initializer` instead.", "2017-03-02")
    return variables_initializer(var_list, name=name)


def global_variables_initializer() -> Operation:
    """An operation that initializes all global variables built so far.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default(), fg.Session() as sess:
        ...     v = fg.Variable(1.0)
        ...     sess.run(fg.global_variables_initializer())
        ...     sess.run(v)
        np.float32(1.0)
    """
    return variables_initializer(global_variables())


def initialize_all_variables() -> Operation:
    """Old name of `tf.global_variables_initializer`.

    Example:
        >>> import flowgraph as fg
        >>> v = fg.Variable(1.0)
        >>> with fg.Session() as sess:
        ...     sess.run(fg.initialize_all_variables())
        ...     sess.run(v)
        np.float32(1.0)
    """
    deprecated("Use `tf.global_variables_initializer` instead.", "2017-03-02")
    return global_variables_initializer()


def local_variables_initializer() -> Operation:
    """An operation that initializes all local variables built so far.

    Example:
        >>> import flowgraph as fg
        >>> v = fg.get_local_variable("v", initializer=1.0)
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     sess.run(v)
        np.float32(1.0)
    """
    return variables_initializer(local_variables())


def initialize_local_variables() -> Operation:
    """Old name of `tf.local_variables_initializer`.

    Example:
        >>> import flowgraph as fg
        >>> v = fg.get_local_variable("v", initializer=1.0)
        >>> with fg.Session() as sess:
        ...     sess.run(fg.initialize_local_variables())
        ...     sess.run(v)
        np.float32(1.0)
    """
    deprecated("Use `tf.local_variables_initializer` instead.", "2017-03-02")
    return local_variables_initializer()


def report_uninitialized_variables(var_list: Any = None,
                                   name: str = "report_uninitialized_variables") -> Tensor:
    """The names of the variables that have no value yet, as a string vector.

    Args:
        var_list: list of variables; default all global and local ones.
        name: name scope of the nodes.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default(), fg.Session() as sess:
        ...     v = fg.Variable(1.0, name="v")
        ...     sess.run(fg.report_uninitialized_variables())
        array([b'v'], dtype=object)
    """
    from flowgraph.ops.gather import boolean_mask
    from flowgraph.ops.join import stack
    from flowgraph.ops.logic import logical_not
    if var_list is None:
        var_list = global_variables() + local_variables()
    with name_scope(name):
        if not var_list:
            return constant([], dtype=dt.string, name="Const")
        missing = logical_not(stack([is_variable_initialized(v) for v in var_list]))
        return boolean_mask(constant([v.op.name for v in var_list]), missing)


def assert_variables_initialized(var_list: Any = None) -> Tensor | None:
    """A tensor whose run fails unless all variables have a value; None when there are none.

    Args:
        var_list: list of variables; default all global and local ones.

    Example:
        >>> import flowgraph as fg
        >>> v = fg.Variable(1.0)
        >>> with fg.Session() as sess:
        ...     sess.run(v.initializer)
        ...     sess.run(fg.assert_variables_initialized())
        array([0], dtype=int32)
    """
    from flowgraph.ops.join import stack
    from flowgraph.ops.shape import rank
    if var_list is None:
        var_list = global_variables() + local_variables()
    if not var_list:
        return None
    with control_dependencies([variable.read_value() for variable in var_list]):
        return stack([rank(variable) for variable in var_list])
