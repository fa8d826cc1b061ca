"""What the approximations of special functions share.

All of them are computed in double precision and rounded to the input's dtype at the end, so that
one set of coefficients serves every dtype. A branch is an `xp.where` of formulas that are computed
everywhere: each must get arguments that it can take (`xp.minimum` and its like see to that).
"""

from __future__ import annotations

from functools import cache

import numpy as np

from flowgraph.core.processor import processor

_BLOCK = 8192  # numbers at once
_FEW = 8191  # numbers, which NumPy's own function takes no longer for


def in_double(xp, function, *inputs):
    """`function(xp, ...)` of the inputs in float64, rounded to their dtype."""
    if len(inputs) == 1:
        return in_blocks(xp, function, inputs[0], "float64")
    return function(xp, *[x.astype("float64") for x in inputs]).astype(inputs[0].dtype)


def in_blocks(xp, function, x, dtype):
    """`function(xp, x)` in `dtype`, rounded to x's.

    Many numbers go through it in blocks, whose results in between stay in the cache.
    """
    numbers = x.reshape(-1)  # a single number too is an array that can be written into
    if x.size <= _BLOCK or xp is not np:
        result = function(xp, numbers.astype(dtype, copy=False))
        return result.astype(x.dtype, copy=False).reshape(x.shape)
    result = np.empty_like(numbers)
    for start in range(0, x.size, _BLOCK):
        block = slice(start, start + _BLOCK)
        result[block] = function(xp, numbers[block].astype(dtype, copy=False))
    return result.reshape(x.shape)


def by_ufunc(xp, name, *inputs, out=None):
    """A ufunc's results; of many float32 numbers in a fifth of the time where NumPy computes them
    one by one (`ops/single_functions.py`).
    """
    first = inputs[0]
    if (xp is not np or first.dtype != "float32" or first.size <= _FEW or _has_wide_functions()
            or inputs[-1].shape != first.shape):
        return getattr(xp, name)(*inputs, out=out)
    from flowgraph.ops.single_functions import of_many  # late: they are rare
    result = of_many(name, *inputs)
    if out is None:
        return result
    out[...] = result
    return out


@cache
def _has_wide_functions():
    """Whether NumPy has them with vector instructions for this processor."""
    return processor().features >= {"avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"}


def horner(x, coefficients):
    """c[0] + c[1] x + c[2] x^2 + ..., by Horner's rule."""
    total = x * coefficients[-1] + coefficients[-2]
    for c in coefficients[-3::-1]:
        total *= x  # in place: half the time of fresh arrays
        total += c
    return total


def chebyshev(t, coefficients):
    """c[0] + c[1] T1(t) + c[2] T2(t) + ... for t in [-1, 1], by Clenshaw's recurrence."""
    ahead, last = 0.0, 0.0
    for c in coefficients[:0:-1]:
        last, ahead = 2 * t * last - ahead + c, last
    return t * last - ahead + coefficients[0]
