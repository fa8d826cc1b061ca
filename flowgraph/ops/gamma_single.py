"""ln Gamma and digamma of ordinary numbers, right to float32: a tenth of the time of all digits.

Both need one formula for all positive numbers, the asymptotic series at y = x + 5 (Abramowitz &
Stegun 6.1.40 and 6.3.18), and the recurrence back from there in one go, by the product

    P(x) = x (x + 1) (x + 2) (x + 3) (x + 4) = Gamma(x + 5) / Gamma(x)

so that nothing is chosen element by element. The error of about 1e-12 is far below float32's, save
next to the roots: there, and where x is not a positive number, `ops/gamma.py` has every digit.
"""

from __future__ import annotations

import math

import numpy as np

from flowgraph.ops.approximation import horner, in_double

_SHIFT = 5
_PRODUCT = (24.0, 50.0, 35.0, 10.0, 1.0)  # P(x) / x
_SLOPE = (24.0, 100.0, 105.0, 40.0, 5.0)  # P'(x)
_STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360)
_DIGAMMA = (1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760)
_DIGAMMA_ROOT = 1.4616321449683623
_NEAR = 2.0 ** -12  # so near to a root, the formulas here lose digits of float32
_FEW = 1024  # so many numbers take as long as one: they are not worth two formulas


def log_gamma(xp, x, careful):
    """ln |Gamma| of float32 or float16 arrays; see `_in_single` for `careful`."""
    from_root = abs(x - 1.5)  # the roots are 1 and 2
    from_root -= 0.5
    ordinary = (abs(from_root) > _NEAR) & (x > 0) & (x < math.inf)
    return _in_single(xp, _log_gamma, ordinary, careful, x)


def digamma(xp, x, careful):
    """The derivative of ln |Gamma| of float32 or float16 arrays."""
    ordinary = (abs(x - _DIGAMMA_ROOT) > _NEAR) & (x > 0) & (x < math.inf)
    return _in_single(xp, _digamma, ordinary, careful, x)


def _log_gamma(xp, x):
    """ln Gamma of ordinary float64 arrays."""
    y = x + float(_SHIFT)
    inverse = 1 / y
    rest = horner(inverse * inverse, _STIRLING)
    rest *= inverse
    rest -= xp.log(horner(x, _PRODUCT) * x)
    rest += 0.5 * math.log(2 * math.pi)
    rest -= y
    log_y = xp.log(y)
    y -= 0.5
    log_y *= y
    rest += log_y
    return rest


def _digamma(xp, x):
    """The derivative of ln Gamma at ordinary float64 arrays."""
    y = x + float(_SHIFT)
    inverse = 1 / y
    square = inverse * inverse
    rest = horner(square, _DIGAMMA)
    rest *= square
    inverse *= 0.5
    rest += inverse
    slope = horner(x, _SLOPE)
    slope /= horner(x, _PRODUCT) * x
    rest += slope
    return xp.log(y) - rest


def _in_single(xp, quick, ordinary, careful, x):
    """A function of one number, of arrays whose dtype has float32's precision or less.

    Args:
        xp: array module.
        quick: `quick(xp, x)` of float64 arrays, right where `ordinary` holds.
        ordinary: bools of x's shape.
        careful: `careful(xp, x)` of float64 arrays, right everywhere.
        x: the numbers.
    """
    if xp is not np:
        return xp.where(ordinary, in_double(xp, quick, x), in_double(xp, careful, x))
    if x.size < _FEW and not bool(ordinary.all()):
        return in_double(xp, careful, x)
    numbers = x.reshape(-1)
    result = in_double(xp, quick, numbers)
    others = xp.flatnonzero(~ordinary)
    if others.size:
        result[others] = in_double(xp, careful, numbers[others])
    return result.reshape(x.shape)
