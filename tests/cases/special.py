"""Cases of the special functions: error, gamma, beta, zeta and Bessel functions, x log y.

Expected numbers are the standard library's, or come from identities and from tables computed with
40 digits.
"""

import math

import numpy as np

import flowgraph as fg
from flowgraph.ops.bessel import bessel_i0, bessel_i0e, bessel_i1, bessel_i1e
from flowgraph.ops.error_function import erf, erfc, erfcinv, erfinv, ndtri
from flowgraph.ops.gamma import digamma, lbeta, lgamma, polygamma, zeta
from flowgraph.ops.incomplete_gamma import betainc, igamma, igammac
from flowgraph.ops.special import (
    nextafter,
    polyval,
    reciprocal_no_nan,
    xdivy,
    xlog1py,
    xlogy,
)
from flowgraph.testing import BadCase, Case

INF, NAN = np.inf, np.nan
X = np.array([[0.3, -0.7, 1.9], [-2.2, 0.5, 4.8]])
POSITIVE = np.array([[0.3, 1.7, 2.9], [14.2, 0.55, 0.8]])
A = np.array([[0.4], [2.5], [30.0]])
EULER = 0.57721566490153286


def _each(function):
    return lambda x: np.vectorize(function, otypes=[x.dtype])(x)


def _unary(op, build, oracle, x, special=(), grad=True):
    cases = [
        Case(f"{op}/matrix", build, (x,), oracle, grad=grad),
        Case(f"{op}/scalar", build, (x[0, 0],), oracle, grad=grad),
        Case(f"{op}/empty", build, (x[:0],), x[:0]),
        Case(f"{op}/float32", build, (x.astype(np.float32),), oracle),
        Case(f"{op}/float16", build, (x.astype(np.float16),), oracle),
    ]
    if special:
        inputs, results = (np.array(part, np.float64) for part in zip(*special, strict=True))
        cases.append(Case(f"{op}/special", build, (inputs,), results))
    return cases


def _solve(function, low, high):
    """The inverse of an increasing function, by bisection."""
    def inverse(y):
        a, b = low, high
        for _ in range(200):
            middle = (a + b) / 2
            a, b = (middle, b) if function(middle) < y else (a, middle)
        return (a + b) / 2
    return inverse


def _normal_below(x):
    return math.erfc(-x / math.sqrt(2)) / 2


def _bessel(order):
    """I_n by its power series, for moderate x."""
    return lambda x: sum((x / 2) ** (2 * k + order) / math.factorial(k) / math.factorial(k + order)
                         for k in range(60))


def _scaled(order):
    return lambda x: math.exp(-abs(x)) * _bessel(order)(float(x))


def _harmonic_digamma(n):
    return -EULER + sum(1 / k for k in range(1, n))


def _poisson_below(n, x):
    """Q(n, x) for an integer n."""
    return math.exp(-x) * sum(x ** k / math.factorial(k) for k in range(n))


def _gradient(build, at):
    """The gradient by one of the inputs, as a function to run."""
    return lambda *xs: fg.gradients(build(*xs), xs[at])[0]


MANY = np.linspace(0.01, 45.0, 9000, dtype=np.float32)  # 1 and 2 nearly, among others
NEAR = np.concatenate([np.linspace(-4.5, 4.5, 5001), np.geomspace(1e-36, 1, 500)]).astype("float32")
PROBABILITIES = np.array([[0.3, 0.012, 0.5], [0.97, 1e-9, 0.07]])

CASES = [
    *_unary("Erf", erf, _each(math.erf), X,
            [(0, 0), (INF, 1), (-INF, -1), (NAN, NAN), (1e-300, 1.1283791670955126e-300)]),
    Case("Erf/many", erf, (NEAR,), _each(math.erf), rtol=1e-6),
    Case("Erf/many_far", erf, (np.float32([-INF, -9, -4, 4, 4.1, INF] * 500),),
         np.float32([-1, -1, -1, 1, 1, 1] * 500), atol=1e-30, rtol=1e-30),
    *_unary("Erfc", erfc, _each(math.erfc), X,
            [(0, 1), (INF, 0), (-INF, 2), (NAN, NAN), (26, 5.663192408856143e-296),
             (10, 2.088487583762545e-45)]),
    *_unary("Erfinv", erfinv, _each(_solve(math.erf, -6, 6)),
            np.array([[0.3, -0.7, 0.9], [-0.99, 0.5, 0.01]]),
            [(0, 0), (1, INF), (-1, -INF), (1.5, NAN), (NAN, NAN), (1e-20, 8.862269254527580e-21)]),
    *_unary("Ndtri", ndtri, _each(_solve(_normal_below, -40, 40)),
            np.array([[0.3, 0.15, 0.5], [0.9, 0.2, 0.8]]),
            [(0.5, 0), (1, INF), (0, -INF), (1.5, NAN), (-1, NAN), (1e-300, -37.0470962993612)]),
    Case("erfcinv/matrix", erfcinv, (2 * PROBABILITIES,),
         _each(lambda y: _solve(lambda v: -math.erfc(v), -6, 27)(-y)), grad=True, rtol=1e-10),
    Case("erfcinv/edges", erfcinv, (np.array([0, 2, 1, 3.0]),), np.array([INF, -INF, 0, NAN])),
    *_unary("Lgamma", lgamma, _each(math.lgamma), X + 0.05,
            [(0, INF), (-1, INF), (1, 0), (2, 0), (INF, INF), (-INF, INF), (NAN, NAN),
             (1e-300, 690.7755278982137), (1e300, 6.897755278982137e302),
             (171, 706.5730622457874)]),
    *[Case(f"Lgamma/float32_{size}", lgamma, (MANY[:size],),
           lambda x: np.float32([math.lgamma(v) for v in x])) for size in (1000, 3000, 9000)],
    *_unary("Digamma", digamma, _each(lambda x: _harmonic_digamma(round(float(x)))),
            np.array([[1.0, 2, 3], [7, 10, 25]]),
            [(0, NAN), (-3, NAN), (INF, INF), (0.5, -EULER - 2 * math.log(2)), (NAN, NAN),
             (-0.5, 0.03648997397857652), (0.25, -EULER - math.pi / 2 - 3 * math.log(2))]),
    Case("Digamma/negative", digamma, (np.array([-0.3, -4.6]),),
         np.array([2.1133097796353989, 0.6100665888225428]), grad=True, rtol=1e-10),
    Case("Zeta/known", zeta, (np.array([2.0, 4, 3, 2, 1, 0.5, 30]),
                              np.array([1.0, 1, 1, 2, 1, 1, 12])),
         np.array([math.pi ** 2 / 6, math.pi ** 4 / 90, 1.2020569031595942,
                   math.pi ** 2 / 6 - 1, INF, NAN, 12.0 ** -30 + 13.0 ** -30 + 14.0 ** -30
                   + sum(k ** -30.0 for k in range(15, 60))])),
    Case("Zeta/poles_and_negative", zeta, (np.array([2.0, 3, 2, 3, 2, 2.5, 3]),
                                           np.array([0.0, 0, -1, -2, -0.5, -0.5, -0.5])),
         np.array([INF, NAN, INF, NAN, math.pi ** 2 / 2 + 4, NAN, 7 * 1.2020569031595942 - 8])),
    Case("Zeta/stretched", lambda q: zeta(2.5, q), (POSITIVE,),
         lambda q: _zeta_sum(2.5, q), grad=True, rtol=1e-9),
    Case("Zeta/float32", zeta, (np.float32([[2], [3]]), np.float32([1, 1])),
         np.array([[1.6449341, 1.6449341], [1.2020569, 1.2020569]])),
    Case("Polygamma/stretched", lambda x: polygamma([[1.0], [2.0]], x), (POSITIVE[0],),
         lambda x: np.stack([_zeta_sum(2, x), -2 * _zeta_sum(3, x)]), grad=True, rtol=1e-9),
    Case("Polygamma/known", polygamma, (np.array([0, 1, 1, 3, 0.5, -1, 2, 1]),
                                        np.array([1, 1, 0.5, 1, 1, 1, -1, 0])),
         np.array([-EULER, math.pi ** 2 / 6, math.pi ** 2 / 2, math.pi ** 4 / 15, NAN, NAN, NAN,
                   INF])),
    Case("Polygamma/far_below_zero", polygamma, (np.float64(3), np.float64(-1000.25)),
         np.array(1558.5454565420414)),
    Case("Polygamma/empty", polygamma, (np.zeros((0, 2)), np.zeros(2)), np.zeros((0, 2))),
    Case("lbeta/rows", lbeta, (POSITIVE,),
         lambda x: _each(math.lgamma)(x).sum(1) - _each(math.lgamma)(x.sum(1)), grad=True),
    Case("lbeta/nothing", lbeta, (np.zeros((2, 0)),), np.array([-INF, -INF])),
    Case("Igamma/stretched", lambda x: igamma(A, x), (np.array([0.3, 2.0, 34.0]),),
         lambda x: _igamma(A, x), grad=True, rtol=1e-9),
    Case("Igammac/stretched", lambda x: igammac(A, x), (np.array([0.3, 2.0, 34.0]),),
         lambda x: 1 - _igamma(A, x), grad=True, rtol=1e-9, atol=1e-12),
    Case("Igammac/integers", igammac, (np.array([1.0, 3, 20, 20]), np.array([2.0, 5, 3, 60])),
         np.array([_poisson_below(1, 2), _poisson_below(3, 5), _poisson_below(20, 3),
                   _poisson_below(20, 60)])),
    Case("Igamma/half_is_erf", igamma, (np.full(4, 0.5), np.array([1e-10, 0.2, 1.0, 4.0]) ** 2),
         np.array([math.erf(x) for x in (1e-10, 0.2, 1.0, 4.0)])),
    Case("Igamma/large", igamma, (np.array([1e5, 1e5]), np.array([1e5, 1.001e5])),
         np.array([0.5004205221103961, 0.6244451307044055]), rtol=1e-9),
    Case("Igamma/edges", igamma, (np.array([0, 1, 1, -1, 2, NAN, 3]),
                                  np.array([1, 0, -1, 1, INF, 1, NAN])),
         np.array([NAN, 0, NAN, NAN, 1, NAN, NAN])),
    Case("Igammac/edges", igammac, (np.array([0, 1, 1, -1, 2, NAN, 3]),
                                    np.array([1, 0, -1, 1, INF, 1, NAN])),
         np.array([NAN, 1, NAN, NAN, 0, NAN, NAN])),
    Case("Igamma/float32", igamma, (np.float32([1, 2]), np.float32([1, 1])),
         np.array([1 - math.exp(-1), 1 - 2 * math.exp(-1)])),
    Case("Igamma/empty", igamma, (np.zeros((0, 1)), np.ones(3)), np.zeros((0, 3))),
    Case("IgammaGradA/by_differences", _gradient(igamma, 0),
         (np.array([0.3, 2.5, 2.5, 50.0]), np.array([0.9, 0.2, 8.0, 40.0])),
         lambda a, x: (_igamma(a + 1e-5, x) - _igamma(a - 1e-5, x)) / 2e-5, rtol=1e-6, atol=1e-9),
    Case("IgammaGradA/of_the_complement", _gradient(igammac, 0), (np.float64(2), np.float64(2)),
         np.array(0.29400469112914), rtol=1e-5),
    Case("IgammaGradA/edges", _gradient(igamma, 0), (np.array([1.0, 2, -1]),
                                                     np.array([0, INF, 1])),
         np.array([0, 0, NAN])),
    Case("Betainc/vector", lambda x: betainc(2.0, 3.0, x), (np.array([0.1, 0.45, 0.9]),),
         lambda x: 6 * x ** 2 - 8 * x ** 3 + 3 * x ** 4, grad=True),
    Case("Betainc/arcsine", betainc, (np.full(3, 0.5), np.full(3, 0.5),
                                      np.array([0.001, 0.5, 0.97])),
         lambda a, b, x: 2 / math.pi * np.arcsin(np.sqrt(x))),
    Case("Betainc/scalar_x", lambda x: betainc([1.0, 2.0], [2.0, 1.0], x), (np.float64(0.3),),
         np.array([0.51, 0.09]), grad=True, unknown_shapes=False),
    Case("Betainc/edges", betainc, (np.array([0.0, 1, 2, 2, 2, 2]), np.array([1.0, -1, 2, 2, 2, 2]),
                                    np.array([0.5, 0.5, 0, 1, 1.5, NAN])),
         np.array([NAN, NAN, 0, 1, NAN, NAN])),
    Case("Betainc/float32_empty", betainc, (np.float32(1), np.float32(2), np.zeros(0, np.float32)),
         np.zeros(0, np.float32)),
    *_unary("BesselI0e", bessel_i0e, _each(_scaled(0)), X),
    *_unary("BesselI1e", bessel_i1e, _each(_scaled(1)), X),
    Case("BesselI0e/special", bessel_i0e, (np.array([0, INF, -INF, NAN, 20.0, -20.0]),),
         np.array([1, 0, 0, NAN, _scaled(0)(20.0), _scaled(0)(20.0)])),
    Case("BesselI1e/special", bessel_i1e, (np.array([0, INF, -INF, NAN, 20.0, -20.0]),),
         np.array([0, 0, 0, NAN, _scaled(1)(20.0), -_scaled(1)(20.0)])),
    Case("BesselI1e/gradient_at_zero", _gradient(bessel_i1e, 0), (np.array([0.0, -0.0]),),
         np.array([0.5, 0.5])),
    Case("bessel_i0/matrix", bessel_i0, (X,), _bessel(0), grad=True),
    Case("bessel_i1/matrix", bessel_i1, (X,), _bessel(1), grad=True),
    Case("Xlogy/stretched", xlogy, (X, np.array([0.5, 3.0, 2.0])), lambda x, y: x * np.log(y),
         grad=True),
    Case("Xlogy/zeros", xlogy, (np.array([0.0, 0, 0, 1, -0.0]), np.array([0, NAN, INF, 0, -1])),
         np.array([0, 0, 0, -INF, 0])),
    Case("Xlogy/complex", xlogy, (np.array([1j, 0]), np.array([2.0 + 1j, 0])),
         np.array([1j * np.log(2 + 1j), 0])),
    Case("Xlogy/float16_scalars", xlogy, (np.float16(2), np.float16(3)), np.float16(2.197)),
    Case("Xlogy/gradient_at_zero", lambda x, y: fg.gradients(xlogy(x, y), [x, y]),
         (np.array([0.0, 2.0]), np.array([0.0, 2.0])), [np.array([0, math.log(2)]), [0, 1]]),
    Case("Xlog1py/stretched", xlog1py, (np.array([[0.5], [2.0]]), np.array([1e-12, 3.0, 2.0])),
         lambda x, y: x * np.log1p(y), grad=True),
    Case("Xlog1py/zeros", xlog1py, (np.array([0.0, 0, 1]), np.array([-1, NAN, -1])),
         np.array([0, 0, -INF])),
    Case("Xdivy/stretched", xdivy, (X, np.array([[0.5], [-3.0]])), lambda x, y: x / y, grad=True),
    Case("Xdivy/zeros", xdivy, (np.array([0.0, 0, 1]), np.array([0, NAN, 0])),
         np.array([0, 0, INF])),
    Case("NextAfter/both_ways", nextafter, (np.array([1.0, 1.0, 0.0]), np.array([2.0, 0.0, 1.0])),
         np.array([1 + 2.0 ** -52, 1 - 2.0 ** -53, 5e-324]), rtol=1e-300, atol=1e-323),
    Case("NextAfter/float32", nextafter, (np.float32([[1], [2]]), np.float32([0, 2])),
         lambda x, y: np.nextafter(x, y), rtol=1e-30),
    Case("NextAfter/gradient", nextafter, (X, X[0] + 1), np.nextafter, grad=True),
    Case("reciprocal_no_nan/matrix", reciprocal_no_nan, (X,), lambda x: 1 / x, grad=True),
    Case("reciprocal_no_nan/zero", reciprocal_no_nan, (np.float32([0, 4]),), np.array([0, 0.25])),
    Case("reciprocal_no_nan/complex", reciprocal_no_nan, (np.array([2j, 0]),),
         np.array([-0.5j, 0])),
    Case("polyval/cubic", lambda x: polyval(list(np.array([1.0, -2.0, 0.0, 3.0])), x), (X,),
         lambda x: np.polyval([1, -2, 0, 3], x), grad=True),
    Case("polyval/tensor_coefficients", lambda x, c: polyval([c, np.float64(1)], x),
         (X, np.array([[1.0]])), lambda x, c: c * x + 1, grad=True),
    Case("polyval/none", lambda x: polyval([], x), (X,), np.zeros((2, 3))),
]


def _zeta_sum(s, q):
    """The sum of (q + k)^-s: many terms, and the integral with its corrections for the rest."""
    n = 20_000
    terms = ((q[..., None] + np.arange(n)) ** -s).sum(-1)
    end = q + n
    return terms + end ** (1 - s) / (s - 1) + end ** -s / 2 + s * end ** (-s - 1) / 12


def _igamma(a, x):
    """P(a, x) by its power series alone."""
    a, x = np.broadcast_arrays(a, x)
    term = total = np.ones(a.shape)
    for n in range(1, 400):
        term = term * x / (a + n)
        total = total + term
    return total * np.exp(a * np.log(x) - x - _each(math.lgamma)(a + 1))


BAD = [
    BadCase("Erf/int", lambda: erf(fg.constant([1])), TypeError, ("Erf", "int32")),
    BadCase("Zeta/dtypes", lambda x: zeta(fg.constant(2.0), x), TypeError, ("float32", "float64"),
            (X,)),
    BadCase("Igamma/shapes", lambda: igamma([1.0, 2.0], [1.0, 2.0, 3.0]), ValueError, ("Igamma",)),
    BadCase("Betainc/shapes", lambda: betainc([1.0, 2.0], [[1.0, 2.0]], 0.5), ValueError,
            ("Betainc", "one shape")),
    BadCase("Betainc/shapes_at_run", betainc, fg.errors.InvalidArgumentError, ("one shape",),
            (np.ones(2), np.ones(3), np.float64(0.5)), "run"),
    BadCase("NextAfter/float16", lambda: nextafter(fg.constant(1, fg.float16), 2), TypeError,
            ("NextAfter", "float16")),
]
