"""The standard normal distribution's function, and its logarithm far out in the tail."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.graph.graph import name_scope
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.arithmetic import maximum, minimum
from flowgraph.ops.compare import greater, less
from flowgraph.ops.constant import constant, zeros_like
from flowgraph.ops.error_function import erf, erfc
from flowgraph.ops.exponential import log
from flowgraph.ops.select import where_v2
from flowgraph.ops.unary import abs as abs_
from flowgraph.ops.unary import square

# Between these the logarithm is taken of the function itself; below, an asymptotic series stands
# in; above, log(1 - p) is close to -p.
_SEGMENTS = {dt.float32: (-10.0, 5.0), dt.float64: (-20.0, 8.0)}
_TERMS = 3


def ndtr(x: Any, name: str = "ndtr") -> Any:
    """The probability of a standard normal draw below `x`."""
    with name_scope(name, values=[x]):
        x = _checked(x)
        return _ndtr(x)


def log_ndtr(x: Any, name: str = "log_ndtr") -> Any:
    """The logarithm of `ndtr`, right also where `ndtr` is 0 or 1 in the dtype."""
    with name_scope(name, values=[x]):
        x = _checked(x)
        low, high = (x.dtype.as_numpy_dtype(bound) for bound in _SEGMENTS[x.dtype.base_dtype])
        # maximum and minimum keep infinities out of the gradient of the part not chosen
        return where_v2(greater(x, high), -_ndtr(-x), where_v2(
            greater(x, low), log(_ndtr(maximum(x, low))), _log_tail(minimum(x, low))))


def _checked(x: Any) -> Any:
    x = convert_to_tensor(x, name="x")
    if x.dtype.base_dtype not in _SEGMENTS:
        raise TypeError(located(f"x must be float32 or float64, not {x.dtype.name}",
                                section="dtype-error"))
    return x


def _ndtr(x: Any) -> Any:
    half_root = constant(0.5 * math.sqrt(2.0), x.dtype, name="half_sqrt_2")
    w = x * half_root
    z = abs_(w)
    tail = erfc(z)  # erf would lose the digits of small probabilities
    return 0.5 * where_v2(less(z, half_root), 1.0 + erf(w),
                          where_v2(greater(w, 0.0), 2.0 - tail, tail))


def _log_tail(x: Any) -> Any:
    """log of the density over -x, times 1 - 1/x^2 + 3/x^4 - 15/x^6..."""
    squared = square(x)
    log_scale = -0.5 * squared - log(-x) - 0.5 * np.log(2.0 * np.pi)
    even, odd = zeros_like(x), zeros_like(x)
    power, factorial = squared, 1.0
    for n in range(1, _TERMS + 1):
        factorial *= 2 * n - 1
        term = x.dtype.as_numpy_dtype(factorial) / power
        even, odd = (even, odd + term) if n % 2 else (even + term, odd)
        power = power * squared
    return log_scale + log(1.0 + even - odd)
