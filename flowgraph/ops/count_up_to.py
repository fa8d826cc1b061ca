"""Counting a variable up to a limit."""

from __future__ import annotations

from flowgraph.core import dtypes as dt
from flowgraph.core.checks import raise_if
from flowgraph.core.spec import Spec
from flowgraph.errors import OutOfRangeError
from flowgraph.graph.graph import name_scope
from flowgraph.opdef import shape_rules
from flowgraph.opdef.opdef import NotDifferentiable, OpDef
from flowgraph.ops.state import check_variable


class CountOne(OpDef):
    """ref += 1, unless it has reached the limit."""

    T = dt.INDEX
    checks_data = True
    refs = ("ref",)
    overwrites = "ref"
    is_ref = True
    grad = NotDifferentiable

    def infer(self, ref, *, limit):
        shape_rules.require_rank(ref, 0, "a variable")
        return Spec(ref.dtype, ())

    def kernel(self, xp, ref, *, limit):
        raise_if(xp, ref >= limit,
                 lambda: OutOfRangeError(None, None, f"Reached limit of {limit}"))
        return ref + ref.dtype.type(1)


class CountUpTo(OpDef):
    """The value that a variable had before `CountOne` counted it up: one less."""

    T = dt.INDEX
    elementwise = True
    grad = NotDifferentiable

    def infer(self, counted, *, limit):
        return Spec(counted.dtype, counted.shape)

    def kernel(self, xp, counted, *, limit, out=None):
        return xp.subtract(counted, 1, out=out)


def count_up_to(ref, limit, name=None):
    """Adds 1 to a variable, and fails once it has reached a limit.

    Args:
        ref: int32 or int64 scalar variable.
        limit: Python int.
        name: name of the node.

    Returns:
        The value before the addition.

    Raises:
        AttributeError: `ref` is not a variable.
        OutOfRangeError: the variable is at the limit (in the run); it stays as it is.

    Example:
        >>> import flowgraph as fg
        >>> v = fg.Variable(0)
        >>> up = fg.count_up_to(v, 2)
        >>> with fg.Session() as sess:
        ...     sess.run(v.initializer)
        ...     sess.run(up), sess.run(up)
        (np.int32(0), np.int32(1))
    """
    check_variable(ref, "tf.count_up_to")
    with name_scope(name, "CountUpTo", [ref]) as scope:
        return CountUpTo.build(CountOne.build(ref, limit=int(limit), name="count"),
                               limit=int(limit), name=scope)
