"""What the approximations of special functions share.

All of them are computed in double precision and rounded to the input's dtype at the end, so that
one set of coefficients serves every dtype. A branch is an `xp.where` of formulas that are computed
everywhere: each must get arguments that it can take (`xp.minimum` and its like see to that).
"""

from __future__ import annotations


def in_double(xp, function, *inputs):
    """`function(xp, ...)` of the inputs in float64, rounded to their dtype."""
    return function(xp, *[x.astype("float64") for x in inputs]).astype(inputs[0].dtype)


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
