"""What the approximations of special functions share.

All of them are computed in double precision and rounded to the input's dtype at the end, so that
one set of coefficients serves every dtype. A branch is an `xp.where` of formulas that are computed
everywhere: each must get arguments that it can take (`xp.minimum` and its like see to that).
"""

from __future__ import annotations

import numpy as np

_BLOCK = 8192  # numbers at once


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
