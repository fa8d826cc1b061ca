"""The cumulative log-sum-exp: the logarithm of the cumulative sum of e^x, without overflow."""

from __future__ import annotations

import math

from flowgraph.core import dtypes as dt
from flowgraph.opdef.opdef import op_def
from flowgraph.ops.cumulative import _accumulate, _Cumulative
from flowgraph.ops.exponential import exp, log
from flowgraph.ops.select import SelectV2


class CumulativeLogsumexp(_Cumulative):
    """y[i] = ln(e^x[0] + ... + e^x[i]), along one axis."""

    T = dt.FLOAT

    def kernel(self, xp, x, axis, *, exclusive=False, reverse=False):
        def accumulate(x, axis, dtype):
            return _scan(xp, x, axis)
        return _accumulate(xp, accumulate, -math.inf, x, axis, exclusive, reverse)

    def grad(self, op, dy):
        # dx[i] = sum of dy[j] e^(x[i] - y[j]) over the j that x[i] is in; the powers go together
        # with the logarithms of dy, one sign at a time, so that nothing overflows
        above = _of_positive(op, dy)
        return above - _of_positive(op, -dy), None


def _of_positive(op, dy):
    x, axis = op.inputs
    zero = op_def("ZerosLike").build(dy)
    positive = op_def("Greater").build(dy, zero)
    lowest = zero + float(x.spec.dtype.min)
    logs = SelectV2.build(positive, log(SelectV2.build(positive, dy, zero + 1)), lowest)
    total = CumulativeLogsumexp.build(logs - op.outputs[0], axis, reverse=not op.attrs["reverse"],
                                      exclusive=op.attrs["exclusive"])
    return exp(total + x)


def _scan(xp, x, axis):
    """Each element takes in the one 1, 2, 4, ... places before it."""
    y = xp.moveaxis(x.copy(), axis, 0)
    step = 1
    while step < len(y):
        y[step:] = xp.logaddexp(y[step:], y[:-step])
        step *= 2
    return xp.moveaxis(y, 0, axis)


def cumulative_logsumexp(x, axis=0, exclusive=False, reverse=False, name=None):
    """Computes ln(e^x[0] + ... + e^x[i]) along an axis, without overflow on the way.

    Args:
        x: floating tensor of rank 1 or more.
        axis: int or integer scalar in [-rank, rank).
        exclusive: leave x[i] itself out of y[i]; the first is then -inf.
        reverse: begin at the other end.
        name: name of the node.

    Returns:
        A tensor of x's shape and dtype.

    Raises:
        ValueError: x has no such axis.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.math.cumulative_logsumexp([0.0, 0.0, 100.0]))
        array([  0.       ,   0.6931472, 100.       ], dtype=float32)
    """
    return CumulativeLogsumexp.build(x, axis, name=name, exclusive=bool(exclusive),
                                     reverse=bool(reverse))
