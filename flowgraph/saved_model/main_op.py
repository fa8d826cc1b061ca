"""`tf.saved_model.main_op`: what is run when a SavedModel is loaded."""

from __future__ import annotations

from flowgraph.core.deprecation import deprecated
from flowgraph.graph.graph import control_dependencies
from flowgraph.ops.identity import group
from flowgraph.ops.lookup_static import tables_initializer
from flowgraph.ops.variable_lists import global_variables_initializer, local_variables_initializer

_OLD = ("This function will only be available through the v1 compatibility library as "
        "tf.compat.v1.saved_model.main_op.")


def main_op():
    """An operation that initializes all variables and tables.

    Returns:
        The Operation.

    Example:
        >>> import flowgraph as fg
        >>> v = fg.Variable(1.0)
        >>> init = fg.saved_model.main_op.main_op()
        >>> with fg.Session() as sess:
        ...     sess.run(init)
        ...     sess.run(v)
        np.float32(1.0)
    """
    deprecated(_OLD + "main_op.")
    return _initialized()


def _initialized():
    return group(global_variables_initializer(), local_variables_initializer(),
                 tables_initializer())


def main_op_with_restore(restore_op_name):
    """An operation that initializes all variables and tables, and then runs another one.

    Args:
        restore_op_name: the Operation that restores variables.

    Returns:
        The Operation.

    Example:
        >>> import flowgraph as fg
        >>> v = fg.Variable(1.0)
        >>> with fg.Session() as sess:
        ...     sess.run(fg.saved_model.main_op_with_restore(fg.no_op()))
        ...     sess.run(v)
        np.float32(1.0)
    """
    deprecated(_OLD + "main_op_with_restore.")
    with control_dependencies([_initialized()]):
        return group(restore_op_name)
