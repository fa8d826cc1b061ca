"""ln Gamma and digamma of ordinary numbers, right to float32: a tenth of the time of all digits.

Both need one formula for all positive numbers, Stirling's at y = x + 4 (Abramowitz & Stegun 6.1.40
and 6.3.18; what is left of it is a polynomial of four terms, fitted for y >= 4), and the recurrence
back from there in one go, by the product

    P(x) = x (x + 1) (x + 2) (x + 3) = u (u + 2) with u = x (x + 3)

so that nothing is chosen element by element. The error of about 1e-11 is far below float32's, save
next to the roots: there a power series around the root has the digits. Where x is not a positive
number, `ops/gamma.py` has them.
"""

from __future__ import annotations

import math

import numpy as np

from flowgraph.ops.approximation import horner, in_double

_SHIFT = 4.0
_STIRLING = (0.08333333300787986, -0.002777706333554163, 0.0007893771147774557,
             -0.0004976116514675555)
_DIGAMMA = (0.0833333279654149, -0.008332471617154502, 0.003924662056346256,
            -0.003261879469003137)
_SMALL = 2.0 ** -9  # such results lose digits of float32
_FEW = 1024  # so many numbers take as long as one: they are not worth two formulas
# Taylor's series without their first term, 0, of ln Gamma at 2 and of digamma at its root
_AT_TWO = (0.42278433509846714, 0.3224670334241132, -0.06735230105319811, 0.020580808427784546)
_ROOT, _ROOT_REST = 1.4616321449683622, 9.549995429965697e-17  # their sum is the root
_AT_ROOT = (0.9676722454476212, -0.4427631689835921, 0.258499760955651, -0.16394270544240652)


def log_gamma(xp, x, careful):
    """ln |Gamma| of float32 or float16 arrays; see `_in_single` for `careful`."""
    return _in_single(xp, _log_gamma, _log_gamma_near, careful, x)


def digamma(xp, x, careful):
    """The derivative of ln |Gamma| of float32 or float16 arrays."""
    return _in_single(xp, _digamma, _digamma_near, careful, x)


def _log_gamma(xp, x):
    """ln Gamma of ordinary float64 arrays."""
    u = x + 3
    u *= x
    product = u + 2
    product *= u
    y = x + _SHIFT
    inverse = 1 / y
    rest = horner(inverse * inverse, _STIRLING)
    rest *= inverse
    rest -= xp.log(product)
    rest += 0.5 * math.log(2 * math.pi) - 0.5
    log_y = xp.log(y)
    log_y -= 1
    y -= 0.5
    log_y *= y
    rest += log_y
    return rest


def _log_gamma_near(xp, x):
    """ln Gamma next to 1 and 2."""
    z = x - xp.rint(x)
    return z * horner(z, _AT_TWO) - xp.where(x < 1.5, xp.log1p(z), 0)


def _digamma(xp, x):
    """The derivative of ln Gamma at ordinary float64 arrays."""
    u = x + 3
    u *= x
    slope = 4 * x
    slope += 6
    slope *= u + 1  # P'(x)
    slope /= u * (u + 2)
    inverse = x + _SHIFT
    rest = xp.log(inverse)
    rest -= slope
    inverse = 1 / inverse
    series = horner(inverse * inverse, _DIGAMMA)
    series *= inverse
    series += 0.5
    series *= inverse
    rest -= series
    return rest


def _digamma_near(xp, x):
    """The derivative next to its root."""
    z = x - _ROOT - _ROOT_REST
    return z * horner(z, _AT_ROOT)


def _in_single(xp, quick, near, careful, x):
    """A function of one number, of arrays whose dtype has float32's precision or less.

    Args:
        xp: array module.
        quick: `quick(xp, x)` of float64 arrays, right for positive numbers; next to the roots up
            to about 1e-11.
        near: `near(xp, x)`, right next to the roots, where the result is less than `_SMALL`.
        careful: `careful(xp, x)` of float64 arrays, right everywhere.
        x: the numbers.
    """
    if xp is not np:
        result = in_double(xp, quick, x)
        result = xp.where(abs(result) < _SMALL, in_double(xp, near, x), result)
        return xp.where((x > 0) & (x < math.inf), result, in_double(xp, careful, x))
    numbers = x.reshape(-1)
    ordinary = not x.size or bool(numbers.min() > 0 and numbers.max() < math.inf)
    if x.size < _FEW and not ordinary:
        return in_double(xp, careful, x)
    result = in_double(xp, quick, numbers)
    places = xp.flatnonzero(abs(result) < _SMALL)
    if places.size:
        result[places] = in_double(xp, near, numbers[places])
    if not ordinary:
        places = xp.flatnonzero(~((numbers > 0) & (numbers < math.inf)))
        result[places] = in_double(xp, careful, numbers[places])
    return result.reshape(x.shape)
