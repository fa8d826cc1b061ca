"""The gamma function's logarithm and its derivatives; the zeta function that gives them.

log Gamma: the power series of ln Gamma(2 + z) with zeta coefficients (Abramowitz & Stegun 6.1.33)
between 1/2 and 5/2, to which the recurrence leads from up to 10; Stirling's series (6.1.40) beyond;
the reflection formula (6.1.17) below 0. digamma: the recurrence and the asymptotic series (6.3.18).
Hurwitz's zeta: the sum of the first terms and the Euler-Maclaurin formula for the rest.
"""

from __future__ import annotations

import math

from flowgraph.core import dtypes as dt
from flowgraph.core.checks import may_have
from flowgraph.gradients.broadcast import unbroadcast
from flowgraph.graph.graph import name_scope
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.families import Binary, Unary
from flowgraph.ops import gamma_single
from flowgraph.ops.approximation import horner, in_double
from flowgraph.ops.reduce import reduce_sum

_EULER = 0.57721566490153286061
_ZETA_MINUS_1 = (  # zeta(2) - 1, zeta(3) - 1, ...
    0.64493406684822644, 0.20205690315959429, 8.2323233711138192e-2, 3.6927755143369926e-2,
    1.734306198444914e-2, 8.3492773819228268e-3, 4.0773561979443394e-3, 2.0083928260822144e-3,
    9.9457512781808534e-4, 4.9418860411946456e-4, 2.460865533080483e-4, 1.2271334757848915e-4,
    6.1248135058704829e-5, 3.0588236307020494e-5, 1.5282259408651872e-5, 7.6371976378997623e-6,
    3.8172932649998399e-6, 1.9082127165539389e-6, 9.5396203387279611e-7, 4.7693298678780646e-7,
    2.3845050272773299e-7, 1.1921992596531107e-7, 5.960818905125948e-8, 2.980350351465228e-8,
    1.4901554828365041e-8, 7.4507117898354295e-9)
_AROUND_2 = (1 - _EULER, *((-1) ** n * c / n for n, c in enumerate(_ZETA_MINUS_1, 2)))
_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510,
              43867 / 798, -174611 / 330)  # B2, B4, ...
_STIRLING = tuple(b / (2 * k * (2 * k - 1)) for k, b in enumerate(_BERNOULLI[:8], 1))
_DIGAMMA = tuple(b / (2 * k) for k, b in enumerate(_BERNOULLI[:8], 1))
_LARGE = 10.0  # from here on the asymptotic series are exact to the last digits


def stirling_rest(x):
    """ln Gamma(x) less (x - 1/2) ln x - x + ln(2 pi) / 2, for x >= 10."""
    return horner(1 / (x * x), _STIRLING) / x


def log_gamma(xp, x):
    """ln |Gamma(x)| of float64 arrays."""
    mirrored = x <= 0
    reflects = may_have(xp, mirrored)
    p = xp.where(mirrored, 1 - x, x) if reflects else x
    value = _moderate(xp, xp.minimum(p, _LARGE))
    large = p >= _LARGE
    if may_have(xp, large):
        value = xp.where(large, _asymptotic(xp, xp.maximum(p, _LARGE)), value)
    if reflects:
        sine = abs(xp.sin(math.pi * (x - xp.rint(x))))
        value = xp.where(mirrored, math.log(math.pi) - xp.log(sine) - value, value)
        value = xp.where(xp.isinf(x), math.inf, value)
    return value


def _asymptotic(xp, x):
    return (x - 0.5) * (xp.log(x) - 1) + (0.5 * math.log(2 * math.pi) - 0.5) + stirling_rest(x)


def _moderate(xp, x):
    """ln Gamma(x) for 0 < x <= 10."""
    product = xp.ones_like(x)
    for _ in range(8):  # Gamma(x) = (x - 1) Gamma(x - 1), down to 5/2
        above = x > 2.5
        if not may_have(xp, above):
            break
        x = x - above
        product *= (x - 1) * above + 1  # x where above, else 1: no digit is lost
    z = xp.where(x < 0.5, x, xp.where(x < 1.5, x - 1, x - 2))
    value = z * horner(z, _AROUND_2) + xp.log(product)
    value = value - xp.where(x < 1.5, xp.log1p(z), 0)
    return value - xp.where(x < 0.5, xp.log(x), 0)


def digamma_of(xp, x):
    """The derivative of ln Gamma at float64 arrays."""
    mirrored = x <= 0
    reflects = may_have(xp, mirrored)
    p = xp.where(mirrored, 1 - x, x) if reflects else x
    added = xp.zeros_like(p)
    for _ in range(10):
        small = p < _LARGE
        if not may_have(xp, small):
            break
        added += small / p
        p = p + small
    square = 1 / (p * p)
    value = xp.log(p) - 0.5 / p - square * horner(square, _DIGAMMA) - added
    if reflects:
        fraction = x - xp.rint(x)
        value = xp.where(mirrored, value - math.pi / xp.tan(math.pi * fraction), value)
        value = xp.where(mirrored & (fraction == 0), math.nan, value)
    return value


class Lgamma(Unary):
    """y = ln |Gamma(x)|."""

    T = dt.FLOAT

    def kernel(self, xp, x):
        if x.dtype.itemsize == 8:
            return in_double(xp, log_gamma, x)
        return gamma_single.log_gamma(xp, x, log_gamma)

    def grad(self, op, dy):
        return dy * digamma(op.inputs[0])


def lgamma(x, name=None):
    """Computes the logarithm of the absolute value of the gamma function, element by element.

    Args:
        x: floating tensor.
        name: name of the node.

    Returns:
        A tensor of x's shape and dtype; infinite at 0 and the negative integers.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.math.lgamma([1.0, 5.0]))
        array([0.       , 3.1780539], dtype=float32)
    """
    return Lgamma.build(x, name=name)


class Digamma(Unary):
    """y = the derivative of ln Gamma at x."""

    T = dt.FLOAT

    def kernel(self, xp, x):
        if x.dtype.itemsize == 8:
            return in_double(xp, digamma_of, x)
        return gamma_single.digamma(xp, x, digamma_of)

    def grad(self, op, dy):
        return dy * polygamma(1, op.inputs[0])


def digamma(x, name=None):
    """Computes the derivative of `lgamma`, element by element.

    Args:
        x: floating tensor.
        name: name of the node.

    Returns:
        A tensor of x's shape and dtype; NaN at 0 and the negative integers.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.math.digamma([1.0, 2.0]))
        array([-0.5772157 ,  0.42278433], dtype=float32)
    """
    return Digamma.build(x, name=name)


def lbeta(x, name=None):
    """Computes ln |Beta| of the vectors along the last axis: sum(lgamma(x)) - lgamma(sum(x)).

    Args:
        x: floating tensor of rank 1 or more.
        name: name of the scope of the nodes.

    Returns:
        A tensor without the last axis, of the same dtype.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.math.lbeta([1.0, 1.0])))
        0.0
    """
    with name_scope(name, "lbeta", [x]):
        x = convert_to_tensor(x, name="x")
        logs = reduce_sum(lgamma(x), axis=[-1])
        return logs - lgamma(reduce_sum(x, axis=[-1]))


# ---- zeta and polygamma --------------------------------------------------------------------------


def _zeta_of_positive(xp, s, q):
    """The sum of (q + k)^-s for k = 0, 1, ..., where q > 0 and s > 1."""
    total = xp.zeros_like(s + q)
    for _ in range(10):
        total = total + xp.power(q, -s)
        q = q + 1
    last = xp.power(q, -s)
    total = total + last * (q / (s - 1) + 0.5)
    s = xp.minimum(s, 1000.0)  # where s is larger, the rest is 0
    factor = last * s / q
    for k, b in enumerate(_BERNOULLI, 1):
        total = total + factor * (b / math.factorial(2 * k))
        factor = factor * ((s + (2 * k - 1)) * (s + 2 * k) / (q * q))
    return total


def _zeta(xp, s, q):
    valid = (s > 1) & (xp.isfinite(q)) & ((q > 0) | (s == xp.rint(s)))
    powers = xp.where(valid, s, 2.0)
    places = xp.where(valid & (q > 0), q, 1.0)
    value = _zeta_of_positive(xp, powers, places)
    if may_have(xp, q < 0):
        # the sum over all integers has the period 1; take off what lies below q
        below = xp.where(valid & (q < 0) & (q != xp.floor(q)), q, -0.5)
        sign = 1 - 2 * xp.remainder(powers, 2)
        mirrored = _zeta_of_positive(xp, powers, below - xp.floor(below)) + sign * (
            _zeta_of_positive(xp, powers, xp.ceil(below) - below)
            - _zeta_of_positive(xp, powers, 1 - below))
        value = xp.where(q < 0, mirrored, value)
    value = xp.where(valid, value, math.nan)
    at_pole = xp.where((s > 1) & (xp.remainder(s, 2) == 0), math.inf, math.nan)
    value = xp.where((q <= 0) & (q == xp.floor(q)), at_pole, value)
    value = xp.where((q == math.inf) & (s > 1), 0.0, value)
    return xp.where(s == 1, math.inf, value)


def _polygamma(xp, n, x):
    order = xp.where((n >= 1) & (n == xp.rint(n)), n, 1.0)
    sign = 2 * xp.remainder(order, 2) - 1
    value = sign * xp.exp(log_gamma(xp, order + 1)) * _zeta(xp, order + 1, x)
    return xp.where(n == 0, digamma_of(xp, x), xp.where(n == order, value, math.nan))


class Zeta(Binary):
    """z = the sum over k = 0, 1, ... of (q + k)^-x."""

    T = dt.FLOAT

    def infer(self, x, q):
        return super().infer(x, q)

    def kernel(self, xp, x, q):
        return in_double(xp, _zeta, x, q)

    def grad(self, op, dy):
        x, q = op.inputs
        return None, unbroadcast(dy * (-x * zeta(x + 1, q)), q, x)


def zeta(x, q, name=None):
    """Computes Hurwitz's zeta function, the sum over k = 0, 1, ... of (q + k)^-x.

    Args:
        x: floating tensor, more than 1.
        q: tensor of the same dtype; the shapes broadcast.
        name: name of the node.

    Returns:
        A tensor of the broadcast shape and the same dtype. Its gradient goes to q only.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.math.zeta([2.0, 4.0], [1.0, 1.0]))
        array([1.644934 , 1.0823232], dtype=float32)
    """
    return Zeta.build(x, q, name=name)


class Polygamma(Binary):
    """z = the a-th derivative of digamma at x."""

    T = dt.FLOAT

    def infer(self, a, x):
        return super().infer(a, x)

    def kernel(self, xp, a, x):
        return in_double(xp, _polygamma, a, x)

    def grad(self, op, dy):
        a, x = op.inputs
        return None, unbroadcast(dy * polygamma(a + 1, x), x, a)


def polygamma(a, x, name=None):
    """Computes the derivatives of `digamma`, element by element.

    Args:
        a: floating tensor: which derivative, an integer of 0 or more; else the result is NaN.
        x: tensor of the same dtype; the shapes broadcast.
        name: name of the node.

    Returns:
        A tensor of the broadcast shape and the same dtype. Its gradient goes to x only.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.math.polygamma([0.0, 1.0], [1.0, 1.0]))
        array([-0.5772157,  1.644934 ], dtype=float32)
    """
    return Polygamma.build(a, x, name=name)
