"""Cases of the functions of one tensor, element by element."""

import numpy as np

import flowgraph as fg
from flowgraph.testing import BadCase, Case

INF, NAN = np.inf, np.nan
X = np.array([[0.3, -0.7, 0.9], [-0.2, 0.5, -0.8]])
POSITIVE = np.array([[0.3, 1.7, 2.9], [4.2, 0.5, 0.8]])
ABOVE_ONE = 1 + POSITIVE
Z = np.array([[0.3 + 0.4j, -1.2 + 0.1j], [0.5 - 2j, -0.7 - 0.2j]])
INTS = np.array([3, 0, -2], np.int32)


def _unary(op, build, oracle, x=X, grad=True, special=(), complex_=True):
    """The situations of an op of one floating input."""
    cases = [
        Case(f"{op}/matrix", build, (x,), oracle, grad=grad),
        Case(f"{op}/scalar", build, (x[0, 0],), oracle, grad=grad),
        Case(f"{op}/empty", build, (x[:0],), oracle),
        Case(f"{op}/float32", build, (x.astype(np.float32),), oracle),
        Case(f"{op}/float16", build, (x.astype(np.float16),), oracle),
    ]
    if complex_:
        cases.append(Case(f"{op}/complex", build, (Z,), oracle))
    if len(special):
        inputs, results = (np.array(part, np.float64) for part in zip(*special))
        cases.append(Case(f"{op}/special", build, (inputs,), results))
    return cases


def _many(op, build, oracle, first, last, special=()):
    """As many float32 numbers as are computed in a way of their own, from tiny ones to large."""
    size = np.geomspace(1e-37, 1.0, 3000)
    numbers = np.concatenate([np.linspace(first, last, 3000), size, -size, special])
    with np.errstate(all="ignore"):
        numbers = numbers.astype(np.float32)
        results = oracle(numbers.astype(np.float64)).astype(np.float32)
        return Case(f"{op}/many", build, (numbers,), results, rtol=1e-6, atol=1e-38)


def _logistic(x):
    return 1 / (1 + np.exp(-x))


CASES = [
    *_unary("Abs", fg.abs, np.abs, special=[(-0.0, 0), (-INF, INF), (NAN, NAN)]),
    *_unary("Sign", fg.sign, lambda x: x / abs(x) if x.size else x, grad=False,
            special=[(0, 0), (-INF, -1), (INF, 1), (NAN, NAN)]),
    *_unary("Square", fg.square, np.square, special=[(INF, INF), (NAN, NAN), (0, 0)]),
    *_unary("Sqrt", fg.sqrt, np.sqrt, POSITIVE, special=[(0, 0), (INF, INF), (-1, NAN)]),
    *_unary("Rsqrt", fg.rsqrt, lambda x: 1 / np.sqrt(x), POSITIVE, special=[(0, INF), (INF, 0)]),
    *_unary("Reciprocal", fg.reciprocal, lambda x: 1 / x, POSITIVE,
            special=[(0, INF), (-INF, -0.0), (NAN, NAN)]),
    *_unary("Exp", fg.exp, np.exp, special=[(-INF, 0), (INF, INF), (0, 1), (NAN, NAN)]),
    *_unary("Expm1", fg.expm1, np.expm1, special=[(1e-12, 1e-12), (-INF, -1)]),
    *_unary("Log", fg.log, np.log, POSITIVE, special=[(0, -INF), (1, 0), (-1, NAN)]),
    *_unary("Log1p", fg.log1p, np.log1p, special=[(1e-12, 1e-12), (-1, -INF), (-2, NAN)]),
    _many("Expm1", fg.expm1, np.expm1, -120, 87,
          (-INF, INF, NAN, 89, 1e38, -1e38, -0.0, 88.5)),
    _many("Log1p", fg.log1p, np.log1p, -0.999, 100,
          (-1, -2, INF, -INF, NAN, 3.4e38, 1e10, -0.0, -0.9999999)),
    *_unary("Sigmoid", fg.sigmoid, _logistic,
            special=[(-INF, 0), (INF, 1), (0, 0.5), (-1000, 0), (1000, 1)]),
    *_unary("Tanh", fg.tanh, np.tanh, special=[(-INF, -1), (INF, 1), (0, 0)]),
    *_unary("Sin", fg.sin, np.sin, special=[(0, 0), (INF, NAN)]),
    *_unary("Cos", fg.cos, np.cos, special=[(0, 1), (INF, NAN)]),
    *_unary("Tan", fg.tan, np.tan, special=[(0, 0)]),
    *_unary("Asin", fg.asin, np.arcsin, special=[(1, np.pi / 2), (2, NAN)]),
    *_unary("Acos", fg.acos, np.arccos, special=[(1, 0), (2, NAN)]),
    *_unary("Atan", fg.atan, np.arctan, special=[(INF, np.pi / 2)]),
    *_unary("Sinh", fg.sinh, np.sinh, special=[(0, 0), (INF, INF)]),
    *_unary("Cosh", fg.cosh, np.cosh, special=[(0, 1), (-INF, INF)]),
    *_unary("Asinh", fg.asinh, np.arcsinh, special=[(0, 0), (INF, INF)]),
    *_unary("Acosh", fg.acosh, np.arccosh, ABOVE_ONE, special=[(1, 0), (0, NAN)]),
    *_unary("Atanh", fg.atanh, np.arctanh, special=[(0, 0), (1, INF), (2, NAN)]),
    *_unary("Floor", fg.floor, np.floor, grad=False, complex_=False,
            special=[(1.5, 1), (-1.5, -2), (INF, INF)]),
    *_unary("Ceil", fg.ceil, np.ceil, grad=False, complex_=False, special=[(1.5, 2), (-1.5, -1)]),
    *_unary("Rint", fg.rint, np.rint, grad=False, complex_=False,
            special=[(0.5, 0), (1.5, 2), (2.5, 2), (-0.5, 0)]),
    *_unary("Round", fg.round, np.rint, grad=False, complex_=False,
            special=[(0.5, 0), (1.5, 2), (2.5, 2), (-1.5, -2)]),
    Case("IsNan/special", fg.is_nan, (np.array([1, NAN, INF]),), np.isnan),
    Case("IsInf/special", fg.is_inf, (np.array([1, NAN, -INF]),), np.isinf),
    Case("IsFinite/special", fg.is_finite, (np.array([1, NAN, INF]),), np.isfinite),
    Case("IsFinite/scalar", fg.is_finite, (np.float32(1),), np.isfinite),
    Case("IsNan/empty", fg.is_nan, (np.zeros((0, 2)),), np.isnan),
    Case("Abs/int32", fg.abs, (INTS,), np.abs),
    Case("Sign/int32", fg.sign, (INTS,), np.sign),
    Case("Sign/complex_zero", fg.sign, (np.array([0j, 3 - 4j]),), np.array([0, 0.6 - 0.8j])),
    Case("Sign/its_gradient_is_zero", lambda x: fg.gradients(fg.sign(x), x), (X,),
         np.zeros((2, 3))),
    Case("Square/int32", fg.square, (INTS,), np.square),
    Case("Round/int32_stays", fg.round, (INTS,), INTS),
    Case("Atan2/quadrants", fg.atan2, (np.array([1.0, 1, -1, -1]), np.array([1.0, -1, 1, -1])),
         np.arctan2, grad=True),
    Case("Atan2/stretched", fg.atan2, (X, np.array([0.5, -0.3, 0.2])), np.arctan2, grad=True),
    Case("Atan2/float32", fg.atan2, (X.astype(np.float32), np.float32(2)), np.arctan2),
    Case("Atan2/zeros", fg.atan2, (np.array([0.0, -0.0, 0.0]), np.array([0.0, -1.0, -1.0])),
         np.array([0, -np.pi, np.pi])),
    Case("Real/complex", fg.real, (Z,), np.real),
    Case("Real/complex64", fg.real, (Z.astype(np.complex64),), np.real),
    Case("Real/real_stays", fg.real, (X,), X, grad=True),
    Case("Imag/complex", fg.imag, (Z,), np.imag),
    Case("Imag/real_is_zero", fg.imag, (X,), np.zeros((2, 3))),
    Case("Conj/complex", fg.conj, (Z,), np.conj),
    Case("Conj/real_stays", fg.conj, (X,), X, grad=True),
    Case("Complex/matrix", lambda x, y: fg.real(fg.square(fg.complex(x, y))), (X, POSITIVE),
         lambda x, y: x * x - y * y, grad=True),
    Case("Complex/stretched", lambda x, y: fg.imag(fg.square(fg.complex(x, y))),
         (X, np.array([[2.0], [3.0]])), lambda x, y: 2 * x * y, grad=True),
    Case("Complex/float32", fg.complex, (np.float32([1]), np.float32([INF])),
         np.array([complex(1, INF)], np.complex64)),
    Case("Complex/scalars", fg.complex, (np.float64(1), np.float64(2)), np.array(1 + 2j)),
    Case("ComplexAbs/gradient", lambda x, y: fg.abs(fg.complex(x, y)), (X, POSITIVE), np.hypot,
         grad=True),
    Case("ComplexAbs/no_overflow", fg.abs, (np.array([3e300 + 4e300j]),), np.array([5e300])),
    Case("Angle/complex", fg.angle, (Z,), np.angle),
    Case("Angle/gradient", lambda x, y: fg.angle(fg.complex(x, y)), (X, POSITIVE),
         lambda x, y: np.arctan2(y, x), grad=True),
    Case("Angle/real", fg.angle, (np.array([1.0, 0.0, -2.0]),), np.array([0, 0, np.pi])),
]
for _name, _build in (("exp", fg.exp), ("sqrt", fg.sqrt), ("tanh", fg.tanh), ("log", fg.log),
                      ("sigmoid", fg.sigmoid), ("rsqrt", fg.rsqrt), ("square", fg.square),
                      ("reciprocal", fg.reciprocal), ("sin", fg.sin), ("acosh", fg.acosh)):
    # a complex function inside a real one: the conjugates in the gradients must be right
    CASES.append(Case(f"complex_gradient/{_name}",
                      lambda x, y, f=_build: [fg.real(f(fg.complex(x, y))),
                                              fg.imag(f(fg.complex(x, y)))],
                      (POSITIVE, ABOVE_ONE / 3),
                      lambda x, y, n=_name: _parts(_ORACLES[n](x + 1j * y)), grad=True))
_ORACLES = {"exp": np.exp, "sqrt": np.sqrt, "tanh": np.tanh, "log": np.log, "sigmoid": _logistic,
            "rsqrt": lambda z: 1 / np.sqrt(z), "square": np.square, "reciprocal": lambda z: 1 / z,
            "sin": np.sin, "acosh": np.arccosh}


def _parts(z):
    return [z.real, z.imag]


BAD = [
    BadCase("Sqrt/int", lambda: fg.sqrt(fg.constant([1, 2])), TypeError, ("Sqrt", "int32")),
    BadCase("Exp/bool", lambda: fg.exp(fg.constant(True)), TypeError, ("Exp", "bool")),
    BadCase("Floor/complex", lambda x: fg.floor(x), TypeError, ("complex128",), (Z,)),
    BadCase("Complex/dtypes", lambda: fg.complex(fg.constant(1.0), fg.constant(1.0, fg.float64)),
            TypeError, ("float32", "float64")),
    BadCase("Complex/ints", lambda: fg.complex(1, 2), TypeError, ("int32",)),
    BadCase("Conj/string", lambda: fg.conj("a"), TypeError, ("string",)),
]
