"""Cumulative sums and products along an axis: each element is what all before it make, with itself.

    cumsum([a, b, c])                     [a, a + b, a + b + c]
    cumsum([a, b, c], exclusive=True)     [0, a, a + b]
    cumsum([a, b, c], reverse=True)       [a + b + c, b + c, c]
"""

from __future__ import annotations

from flowgraph.core import dtypes as dt
from flowgraph.core.spec import Spec
from flowgraph.errors import InvalidArgumentError
from flowgraph.opdef import shape_rules
from flowgraph.opdef.opdef import OpDef, op_def
from flowgraph.ops.complex_numbers import conj


class _Cumulative(OpDef, abstract=True):
    """y[i] = what x[0] to x[i] make together, along one axis."""

    T = dt.NUMBER
    dtypes = {"axis": "Tidx"}
    Tidx = dt.INDEX
    host_inputs = ("axis",)

    def infer(self, x: Spec, axis: Spec, *, exclusive=False, reverse=False):
        shape_rules.require_rank(axis, 0, "an axis")
        return Spec(x.dtype, x.shape)  # TensorFlow looks at the axis in the run only


class Cumsum(_Cumulative):
    """The cumulative sum along one axis."""

    def kernel(self, xp, x, axis, *, exclusive=False, reverse=False):
        return _accumulate(xp, xp.cumsum, 0, x, axis, exclusive, reverse)

    def grad(self, op, dy):
        return Cumsum.build(dy, op.inputs[1], exclusive=op.attrs["exclusive"],
                            reverse=not op.attrs["reverse"]), None


class Cumprod(_Cumulative):
    """The cumulative product along one axis."""

    def kernel(self, xp, x, axis, *, exclusive=False, reverse=False):
        return _accumulate(xp, xp.cumprod, 1, x, axis, exclusive, reverse)

    def grad(self, op, dy):
        x, axis = op.inputs
        total = Cumsum.build(conj(op.outputs[0]) * dy, axis, exclusive=op.attrs["exclusive"],
                             reverse=not op.attrs["reverse"])
        return op_def("DivNoNan").build(total, conj(x)), None


def _accumulate(xp, accumulate, neutral, x, axis, exclusive, reverse):
    """The running result, begun at the end if `reverse`, one step behind if `exclusive`."""
    if not -x.ndim <= axis < x.ndim:
        raise InvalidArgumentError(None, None, f"the axis is to be in the range [{-x.ndim}, "
                                               f"{x.ndim}), but got {axis}")
    if reverse:
        x = xp.flip(x, axis)
    if exclusive:
        x = xp.moveaxis(x, axis, 0)
        first = xp.full(x[:1].shape, neutral, x.dtype)
        x = xp.moveaxis(xp.concatenate([first, x[:-1]]), 0, axis)
    y = accumulate(x, axis=axis, dtype=x.dtype)
    return xp.flip(y, axis) if reverse else y


def cumsum(x, axis=0, exclusive=False, reverse=False, name=None):
    """Sums along an axis cumulatively: y[i] = x[0] + ... + x[i].

    Args:
        x: tensor of a number dtype, of rank 1 or more.
        axis: int or integer scalar in [-rank, rank).
        exclusive: leave x[i] itself out of y[i].
        reverse: begin at the other end.
        name: name of the node.

    Returns:
        A tensor of x's shape and dtype.

    Raises:
        InvalidArgumentError: in the run, when x has no such axis.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.cumsum([1, 2, 3]))
        array([1, 3, 6], dtype=int32)
    """
    return Cumsum.build(x, axis, name=name, exclusive=bool(exclusive), reverse=bool(reverse))


def cumprod(x, axis=0, exclusive=False, reverse=False, name=None):
    """Multiplies along an axis cumulatively: y[i] = x[0] * ... * x[i].

    Args:
        x: tensor of a number dtype, of rank 1 or more.
        axis: int or integer scalar in [-rank, rank).
        exclusive: leave x[i] itself out of y[i].
        reverse: begin at the other end.
        name: name of the node.

    Returns:
        A tensor of x's shape and dtype. Its gradient is 0 where x is 0, as in TensorFlow.

    Raises:
        InvalidArgumentError: in the run, when x has no such axis.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.cumprod([2, 3, 4], exclusive=True))
        array([1, 2, 6], dtype=int32)
    """
    return Cumprod.build(x, axis, name=name, exclusive=bool(exclusive), reverse=bool(reverse))
