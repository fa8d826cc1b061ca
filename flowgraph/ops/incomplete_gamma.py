"""The incomplete gamma and beta functions, as probabilities: P(a, x), Q = 1 - P, and I_x(a, b).

P is a power series where x <= a + 1 and Q a continued fraction beyond (Abramowitz & Stegun 6.5.29
and 6.5.31); I is a continued fraction (26.5.8) on the side of its mean where that converges fast.
The number of steps grows with the square root of a (and b). The derivative of P by a goes through
the same recurrences.
"""

from __future__ import annotations

import math

from flowgraph.core import dtypes as dt
from flowgraph.core.spec import Spec
from flowgraph.gradients.broadcast import unbroadcast
from flowgraph.opdef import shape_rules
from flowgraph.opdef.families import Binary
from flowgraph.opdef.opdef import NotDifferentiable, OpDef
from flowgraph.ops.approximation import horner, in_double
from flowgraph.ops.exponential import exp, log, log1p
from flowgraph.ops.gamma import digamma_of, lgamma, log_gamma, stirling_rest
from flowgraph.ops.special import xlogy

_EPSILON = 2.0 ** -53
_ATANH = tuple(2 / (2 * k + 3) for k in range(16))


def _density(xp, a, x):
    """x^a e^-x / Gamma(a + 1)."""
    small = xp.exp(a * xp.log(x) - x - log_gamma(xp, a + 1))
    # for large a, by how far x is from a: the three terms above would cancel
    large = xp.maximum(a, 10.0)
    d = (x - large) / large
    r = d / (2 + d)
    near = r * (r * r * horner(r * r, _ATANH) - d)  # ln(1 + d) - d = 2 atanh(r) - d
    distance = xp.where(abs(d) < 0.5, near, xp.log1p(d) - d)
    scaled = xp.exp(large * distance - stirling_rest(large)) / xp.sqrt(2 * math.pi * large)
    return xp.where(a < 10, small, scaled)


def _steps(*parameters):
    """More steps than the recurrences need for these; where rounding hides the end, they stop."""
    largest = max((float(p.max()) for p in parameters if p.size), default=0.0)
    return range(1, 200 + int(20 * math.sqrt(largest)))


def _series(xp, a, x):
    """The sum of x^n / ((a + 1) ... (a + n)) and its derivative by a."""
    term = total = xp.ones_like(a)
    harmonic = slope = xp.zeros_like(a)
    for n in _steps(a):
        term = term * (x / (a + n))
        harmonic = harmonic + 1 / (a + n)
        total = total + term
        slope = slope - term * harmonic
        if n % 8 == 0 and not bool((term * (1 + harmonic) > _EPSILON * total).any()):
            break
    return total, slope


def _fraction(xp, a, x):
    """1 / (x + 1 - a - 1 (1 - a) / (x + 3 - a - 2 (2 - a) / ...)) and its derivative by a."""
    p, p_before = 1 / (x + 1 - a), xp.zeros_like(a)
    q_before = p  # the denominators are kept scaled, so that the last one is 1
    dp, dp_before = xp.zeros_like(a), xp.zeros_like(a)
    dq, dq_before = -p, xp.zeros_like(a)
    for n in _steps(a):
        numerator, b = -n * (n - a), x + (2 * n + 1) - a
        new_p, new_q = b * p + numerator * p_before, b + numerator * q_before
        new_dp = b * dp - p + numerator * dp_before + n * p_before
        new_dq = b * dq - 1 + numerator * dq_before + n * q_before
        scale = 1 / new_q
        change = abs(new_p * scale - p)
        slope_change = abs((new_dp - new_p * scale * new_dq) * scale - (dp - p * dq))
        p, p_before, q_before = new_p * scale, p * scale, scale
        dp, dp_before = new_dp * scale, dp * scale
        dq, dq_before = new_dq * scale, dq * scale
        if n % 8 == 0 and not bool(((change > 8 * _EPSILON * p)
                                    | (slope_change > 64 * _EPSILON * (p + abs(dp)))).any()):
            break
    return p, dp - p * dq


def _domains(xp, a, x):
    """Who computes what: where the series does, and the (a, x) for it and for the fraction.

    Elements that the other formula computes are replaced by easy ones.
    """
    proper = (a > 0) & (x > 0) & xp.isfinite(a) & xp.isfinite(x)
    by_series = proper & (x <= a + 1)
    a1, x1 = xp.where(by_series, a, 1.0), xp.where(by_series, x, 1.0)
    by_fraction = proper & ~by_series
    a2, x2 = xp.where(by_fraction, a, 1.0), xp.where(by_fraction, x, 5.0)
    return by_series, (a1, x1), (a2, x2)


def _both(xp, a, x):
    """(P, Q)."""
    by_series, (a1, x1), (a2, x2) = _domains(xp, a, x)
    below = _density(xp, a1, x1) * _series(xp, a1, x1)[0]
    above = _density(xp, a2, x2) * a2 * _fraction(xp, a2, x2)[0]
    p = xp.where(by_series, below, 1 - above)
    q = xp.where(by_series, 1 - below, above)
    # at the edges of the domain; outside it there is no value
    invalid = ~((a > 0) & (x >= 0)) | (xp.isinf(a) & xp.isinf(x))
    zero, one = (x == 0) | xp.isinf(a), xp.isinf(x)
    p = xp.where(invalid, math.nan, xp.where(zero, 0.0, xp.where(one, 1.0, p)))
    q = xp.where(invalid, math.nan, xp.where(zero, 1.0, xp.where(one, 0.0, q)))
    return p, q


def _slope_by_a(xp, a, x):
    by_series, (a1, x1), (a2, x2) = _domains(xp, a, x)
    total, d_total = _series(xp, a1, x1)
    below = _density(xp, a1, x1) * ((xp.log(x1) - digamma_of(xp, a1 + 1)) * total + d_total)
    fraction, d_fraction = _fraction(xp, a2, x2)
    above = _density(xp, a2, x2) * a2 * (
        (xp.log(x2) - digamma_of(xp, a2)) * fraction + d_fraction)
    slope = xp.where(by_series, below, -above)
    invalid = ~((a > 0) & (x >= 0)) | (xp.isinf(a) & xp.isinf(x))
    return xp.where(invalid, math.nan, xp.where((x == 0) | xp.isinf(a) | xp.isinf(x), 0.0, slope))


class Igamma(Binary):
    """z = P(a, x), the share of Gamma's integral below x."""

    T = dt.FLOAT
    waits_for_gpu = "it is added up until the last digit does not change"

    def infer(self, a, x):
        return super().infer(a, x)

    def kernel(self, xp, a, x):
        return in_double(xp, lambda xp, a, x: _both(xp, a, x)[0], a, x)

    def grad(self, op, dy):
        a, x = op.inputs
        return (unbroadcast(dy * IgammaGradA.build(a, x), a, x),
                unbroadcast(dy * _slope_by_x(a, x), x, a))


def igamma(a, x, name=None):
    """Computes the lower regularized incomplete gamma function P(a, x).

    Args:
        a: floating tensor, above 0.
        x: tensor of the same dtype, 0 or more; the shapes broadcast.
        name: name of the node.

    Returns:
        A tensor of the broadcast shape and the same dtype; NaN outside of the domain.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.math.igamma(1.0, 1.0)))
        0.63212055
    """
    return Igamma.build(a, x, name=name)


class Igammac(Binary):
    """z = Q(a, x) = 1 - P(a, x), the share of Gamma's integral above x."""

    T = dt.FLOAT
    waits_for_gpu = "it is added up until the last digit does not change"

    def infer(self, a, x):
        return super().infer(a, x)

    def kernel(self, xp, a, x):
        return in_double(xp, lambda xp, a, x: _both(xp, a, x)[1], a, x)

    def grad(self, op, dy):
        a, x = op.inputs
        return (unbroadcast(-dy * IgammaGradA.build(a, x), a, x),
                unbroadcast(-dy * _slope_by_x(a, x), x, a))


def igammac(a, x, name=None):
    """Computes the upper regularized incomplete gamma function Q(a, x) = 1 - P(a, x).

    Args:
        a: floating tensor, above 0.
        x: tensor of the same dtype, 0 or more; the shapes broadcast.
        name: name of the node.

    Returns:
        A tensor of the broadcast shape and the same dtype; NaN outside of the domain.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.math.igammac(1.0, 1.0)))
        0.36787945
    """
    return Igammac.build(a, x, name=name)


def _slope_by_x(a, x):
    """The derivative of P by x: x^(a - 1) e^-x / Gamma(a)."""
    return exp(-x + xlogy(a - 1, x) - lgamma(a))


class IgammaGradA(Binary):
    """z = the derivative of P(a, x) by a."""

    T = dt.FLOAT
    grad = NotDifferentiable
    waits_for_gpu = "it is added up until the last digit does not change"

    def infer(self, a, x):
        return super().infer(a, x)

    def kernel(self, xp, a, x):
        return in_double(xp, _slope_by_a, a, x)


class RandomGammaGrad(Binary):
    """z = how fast a gamma number moves with its `alpha`, where its share of the integral stays.

    P(alpha, sample) = constant, so that z = -(dP / dalpha) / (dP / dsample).
    """

    T = dt.FLOAT
    grad = NotDifferentiable
    waits_for_gpu = "it is added up until the last digit does not change"

    def infer(self, alpha, sample):
        return super().infer(alpha, sample)

    def kernel(self, xp, alpha, sample):
        return in_double(xp, _sample_slope, alpha, sample)


def _sample_slope(xp, a, x):
    by_series, (a1, x1), (a2, x2) = _domains(xp, a, x)
    total, d_total = _series(xp, a1, x1)
    fraction, d_fraction = _fraction(xp, a2, x2)
    # both derivatives hold the density as a factor, which may underflow: left out of both
    below = -x1 / a1 * ((xp.log(x1) - digamma_of(xp, a1 + 1)) * total + d_total)
    above = x2 * ((xp.log(x2) - digamma_of(xp, a2)) * fraction + d_fraction)
    proper = (a > 0) & (x > 0) & xp.isfinite(a) & xp.isfinite(x)
    edge = xp.where((a > 0) & (x >= 0) & ~(xp.isinf(a) & xp.isinf(x)), 0.0, math.nan)
    return xp.where(proper, xp.where(by_series, below, above), edge)


# ---- beta ----------------------------------------------------------------------------------------


def _beta_fraction(xp, a, b, x):
    """1 / (1 + d1 / (1 + d2 / (1 + ...))) of the incomplete beta function."""
    p, p_before, q_before = xp.ones_like(x), xp.zeros_like(x), xp.ones_like(x)
    for n in _steps(a, b):
        m, odd = divmod(n, 2)
        if odd:
            d = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            d = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        scale = 1 / (1 + d * q_before)
        new = (p + d * p_before) * scale
        change = abs(new - p)
        p, p_before, q_before = new, p * scale, scale
        if n % 8 == 0 and not bool((change > 8 * _EPSILON * abs(p)).any()):
            break
    return p


def _betainc(xp, a, b, x):
    proper = (a > 0) & (b > 0) & (x > 0) & (x < 1) & xp.isfinite(a) & xp.isfinite(b)
    u, v, t = xp.where(proper, a, 1.0), xp.where(proper, b, 1.0), xp.where(proper, x, 0.25)
    swapped = t > (u + 1) / (u + v + 2)  # I_x(a, b) = 1 - I_(1 - x)(b, a)
    log_factor = (u * xp.log(t) + v * xp.log1p(-t) + log_gamma(xp, u + v) - log_gamma(xp, u)
                  - log_gamma(xp, v))
    first, second = xp.where(swapped, v, u), xp.where(swapped, u, v)
    part = xp.exp(log_factor) / first * _beta_fraction(xp, first, second,
                                                       xp.where(swapped, 1 - t, t))
    value = xp.where(swapped, 1 - part, part)
    edge = xp.where((a > 0) & (b > 0) & ((x == 0) | (x == 1)), x, math.nan)
    return xp.where(proper, value, edge)


class Betainc(OpDef):
    """I_x(a, b), the share of Beta's integral below x; scalars go with any shape."""

    T = dt.FLOAT
    waits_for_gpu = "it is added up until the last digit does not change"

    def infer(self, a, b, x):
        tensors = [spec for spec in (a, b, x) if spec.shape is not None and spec.shape != ()]
        if tensors:
            return Spec(x.dtype, shape_rules.merge("tensors", *tensors))
        return Spec(x.dtype, () if a.shape == b.shape == x.shape == () else None)

    def kernel(self, xp, a, b, x):
        return in_double(xp, _betainc, a, b, x)

    def grad(self, op, dy):
        a, b, x = op.inputs
        log_beta = lgamma(a) + lgamma(b) - lgamma(a + b)
        slope = exp((b - 1) * log1p(-x) + (a - 1) * log(x) - log_beta)
        return None, None, unbroadcast(dy * slope, x, op.outputs[0])


def betainc(a, b, x, name=None):
    """Computes the regularized incomplete beta function I_x(a, b).

    Args:
        a: floating tensor, above 0.
        b: tensor of the same dtype, above 0.
        x: tensor of the same dtype, in [0, 1]. All three have one shape, or are scalars.
        name: name of the node.

    Returns:
        A tensor of that shape and dtype; NaN outside of the domain. Its gradient goes to x only.

    Raises:
        ValueError: the shapes differ.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.math.betainc(1.0, 1.0, 0.25)))
        0.25
    """
    return Betainc.build(a, b, x, name=name)
