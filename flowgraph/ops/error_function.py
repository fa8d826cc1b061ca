"""erf and its family: the complement erfc, the inverses, and the quantiles of the normal curve.

In double precision erf is a power series below 1; above, the complement is a Chebyshev series in
(x - k) / (x + k) of (1 + 2x) e^(x^2) erfc x, written out in powers; it covers all x >= 0 (the form
of Shepherd and Laframboise, 1981). The inverses are Wichura's algorithm AS 241 (1988).
"""

from __future__ import annotations

import math

from flowgraph.core import dtypes as dt
from flowgraph.graph.graph import name_scope
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.families import Unary
from flowgraph.ops.approximation import horner, in_blocks, in_double
from flowgraph.ops.exponential import exp
from flowgraph.ops.unary import square

# 2/sqrt(pi) (-1)^n / (n! (2n + 1)), Abramowitz & Stegun 7.1.5
_ERF = tuple(2 / math.sqrt(math.pi) * (-1) ** n / (math.factorial(n) * (2 * n + 1))
             for n in range(20))
_MIDDLE = 3.75  # the k of the series of erfc
_SCALED_ERFC = (
    1.2375126308378276, -0.14024059858554696, 3.5854154854644294e-3, 8.2276738490145208e-2,
    -0.10880393014174886, 9.2304321160377478e-2, -5.8693398589636774e-2, 2.8362277418956404e-2,
    -9.7465795580292755e-3, 1.7556258528952954e-3, 2.9371366559134482e-4, -2.9015408054084171e-4,
    5.1649098892682403e-5, 2.238423915508223e-5, -1.1444146237700523e-5, -9.7355989673677493e-7,
    1.7516376488490621e-6, -5.7218230603224087e-8, -2.5866850716155885e-7, 2.3263508708859124e-8,
    3.8675334242222357e-8, -3.7442100809620186e-9, -5.1739902140113096e-9, 3.1114333809799252e-10,
    4.2514714447963898e-10)
# For float32 erf x is x P(x^2) / Q(x^2) up to 4, to 2.5e-8; fitted by weighted least squares. All
# are positive, so that no digits cancel. At 4 it is more than 1, as float32 computes it.
NUMERATOR = (1.1283791393095863, 0.19354692005502977, 0.053101998232798577, 0.003883423418493435,
             0.000284567594870384, 1.9867680637617097e-06)
DENOMINATOR = (1.0, 0.5048590474224044, 0.1153507731329632, 0.0152074131409335,
               0.0011855900642053282, 3.74201129771811e-05)


def _scaled_erfc(x):
    """e^(x^2) erfc x for x >= 0."""
    return horner((x - _MIDDLE) / (x + _MIDDLE), _SCALED_ERFC) / (1 + 2 * x)


def _erf(xp, x):
    """erf in double precision."""
    size = abs(x)
    small, large = xp.minimum(size, 1.0), xp.minimum(size, 9.0)  # erf(9) is 1
    return xp.copysign(xp.where(size < 1, small * horner(small * small, _ERF),
                                1 - _scaled_erfc(large) * xp.exp(-large * large)), x)


def _erf_single(xp, x):
    """erf of float32 numbers to 6 units of the last digit, in a third of the time."""
    x = xp.maximum(xp.minimum(x, 4), -4)
    square_of_x = x * x
    result = horner(square_of_x, NUMERATOR)
    result *= x
    result /= horner(square_of_x, DENOMINATOR)
    return xp.maximum(xp.minimum(result, 1), -1)


def _erfc(xp, x):
    size = xp.minimum(abs(x), 30.0)  # beyond, the result is 0
    # e^(-x^2) from x = c + rest, c^2 exact: x * x alone would lose the digits that exp magnifies
    c = xp.floor(size * 16) / 16
    above = _scaled_erfc(size) * xp.exp(-c * c) * xp.exp(-(size - c) * (size + c))
    return xp.where(x < 0, 2 - above, above)


class Erf(Unary):
    """y = 2/sqrt(pi) times the integral of e^(-t^2) from 0 to x."""

    T = dt.FLOAT
    maps_values = True

    def kernel(self, xp, x):
        if x.dtype.itemsize == 8:
            return _erf(xp, x)
        return in_blocks(xp, _erf_single, x, "float32")

    def grad(self, op, dy):
        return dy * (exp(-square(op.inputs[0])) * (2 / math.sqrt(math.pi)))


def erf(x, name=None):
    """Computes the error function, element by element.

    Args:
        x: floating tensor; or a SparseTensor, by its values.
        name: name of the node.

    Returns:
        A tensor of x's shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.math.erf([0.0, 1.0]))
        array([0.       , 0.8427008], dtype=float32)
    """
    return Erf.build(x, name=name)


class Erfc(Unary):
    """y = 1 - erf(x), without cancellation."""

    T = dt.FLOAT

    def kernel(self, xp, x):
        return in_double(xp, _erfc, x)

    def grad(self, op, dy):
        return dy * (exp(-square(op.inputs[0])) * (-2 / math.sqrt(math.pi)))


def erfc(x, name=None):
    """Computes the complement of the error function, 1 - erf(x), element by element.

    Args:
        x: floating tensor.
        name: name of the node.

    Returns:
        A tensor of x's shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.math.erfc([0.0, 1.0]))
        array([1.       , 0.1572992], dtype=float32)
    """
    return Erfc.build(x, name=name)


# ---- inverses ------------------------------------------------------------------------------------

# numerators and denominators of AS 241 near the middle, in the flanks, in the far tails
_CENTRE = ((3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3,
            1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4,
            3.3430575583588128105e4, 2.5090809287301226727e3),
           (1.0, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3,
            2.1213794301586595867e4, 3.9307895800092710610e4, 2.8729085735721942674e4,
            5.2264952788528545610e3))
_FLANK = ((1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0,
           3.64784832476320460504e0, 1.27045825245236838258e0, 2.41780725177450611770e-1,
           2.27238449892691845833e-2, 7.74545014278341407640e-4),
          (1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
           1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4,
           1.05075007164441684324e-9))
_TAIL = ((6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0,
          2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
          2.71155556874348757815e-5, 2.01033439929228813265e-7),
         (1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
          7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7,
          2.04426310338993978564e-15))


def _quantile(xp, centred, tail):
    """Where the normal curve has the area `tail` outside, on the side of `centred`.

    Args:
        centred: the probability less 1/2.
        tail: the smaller of the probability and its complement; both are given, so that neither
            loses digits.
    """
    r = 0.180625 - centred * centred
    middle = centred * horner(r, _CENTRE[0]) / horner(r, _CENTRE[1])
    r = xp.sqrt(-xp.log(tail))
    near, far = xp.minimum(r, 5.0) - 1.6, r - 5.0
    outer = xp.where(r <= 5, horner(near, _FLANK[0]) / horner(near, _FLANK[1]),
                     horner(far, _TAIL[0]) / horner(far, _TAIL[1]))
    outer = xp.copysign(xp.where(tail == 0, math.inf, outer), centred)
    return xp.where(abs(centred) <= 0.425, middle, outer)


def _ndtri(xp, p):
    return _quantile(xp, p - 0.5, xp.minimum(p, 1 - p))


def _erfinv(xp, x):
    return _quantile(xp, x * 0.5, (1 - abs(x)) * 0.5) * math.sqrt(0.5)


class Erfinv(Unary):
    """y with erf(y) = x."""

    T = dt.FLOAT

    def kernel(self, xp, x):
        return in_double(xp, _erfinv, x)

    def grad(self, op, dy):
        return dy * (exp(square(op.outputs[0])) * (math.sqrt(math.pi) / 2))


def erfinv(x, name=None):
    """Computes the inverse of the error function, element by element.

    Args:
        x: floating tensor of values in [-1, 1]; outside, the result is NaN.
        name: name of the node.

    Returns:
        A tensor of x's shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.math.erfinv([0.0, 0.5]))
        array([0.        , 0.47693628], dtype=float32)
    """
    with name_scope(name, "erfinv", [x]):
        return Erfinv.build(x)


class Ndtri(Unary):
    """y below which the standard normal distribution has the probability x."""

    T = dt.FLOAT

    def kernel(self, xp, x):
        return in_double(xp, _ndtri, x)

    def grad(self, op, dy):
        return dy * (exp(square(op.outputs[0]) / 2) * math.sqrt(2 * math.pi))


def ndtri(x, name=None):
    """Computes the quantiles of the standard normal distribution, element by element.

    Args:
        x: floating tensor of probabilities in [0, 1]; outside, the result is NaN.
        name: name of the node.

    Returns:
        A tensor of x's shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.math.ndtri([0.5, 0.975]))
        array([0.       , 1.9599644], dtype=float32)
    """
    with name_scope(name, "ndtri", [x]):
        return Ndtri.build(x)


def erfcinv(x, name=None):
    """Computes the inverse of the complementary error function, element by element.

    Args:
        x: floating tensor of values in [0, 2]; outside, the result is NaN.
        name: name of the scope of the nodes.

    Returns:
        A tensor of x's shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.math.erfcinv([0.5, 1.0]))
        array([ 0.47693625, -0.        ], dtype=float32)
    """
    with name_scope(name, "erfcinv", [x]):
        x = convert_to_tensor(x, name="start")
        return -ndtri(x * 0.5) * math.sqrt(0.5)
