"""What the approximations of special functions share.

All of them are computed in double precision and rounded to the input's dtype at the end, so that
one set of coefficients serves every dtype. A branch is an `xp.where` of formulas that are computed
everywhere: each must get arguments that it can take (`xp.minimum` and its like see to that).
"""

from __future__ import annotations

import numpy as np

_BLOCK = 8192  # numbers at once


def in_double(xp, function, *inputs):
    """`function(xp, ...)` of the inputs in float64, rounded to their dtype.

    Many numbers go through a function of one array in blocks, whose results in between stay in the
    cache.
    """
    x = inputs[0]
    if len(inputs) > 1 or x.size <= _BLOCK or xp is not np:
        return function(xp, *[x.astype("float64") for x in inputs]).astype(x.dtype)
    numbers = x.reshape(-1)
    result = np.empty_like(numbers)
    for start in range(0, x.size, _BLOCK):
        block = slice(start, start + _BLOCK)
        result[block] = function(xp, numbers[block].astype("float64"))
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
