"""Cases of sums, products, quotients, powers and extremes, element by element."""

import numpy as np

import flowgraph as fg
from flowgraph.errors import InvalidArgumentError
from flowgraph.testing import BadCase, Case

INF, NAN = np.inf, np.nan
A = np.array([[1.5, -2.0, 3.0], [0.7, 4.0, -1.0]])
B = np.array([[0.5, 3.0, -2.5], [2.0, -1.5, 4.0]])
ROW = np.array([2.0, -3.0, 0.5])
COLUMN = np.array([[2.0], [-1.0]])
ONE = np.array(2.5)
POSITIVE = np.array([[0.5, 2.0, 1.5], [3.0, 0.25, 1.0]])
INTS = np.array([7, -7, 8, -8, 0], np.int32)
DIVISORS = np.array([2, 2, -3, -3, 5], np.int32)
Z = np.array([1 + 2j, -1j, 3.0])
W = np.array([2 - 1j, 1 + 1j, 1j])
EMPTY = np.zeros((0, 3), np.float32)


def _binary(op, build, oracle, x=A, y=B, grad=True):
    """The situations of a broadcasting op of two floating inputs."""
    return [
        Case(f"{op}/same_shape", build, (x, y), oracle, grad=grad),
        Case(f"{op}/row", build, (x, y[0]), oracle, grad=grad),
        Case(f"{op}/column", build, (x, y[:, :1]), oracle, grad=grad),
        Case(f"{op}/both_stretched", build, (x[0], y[:, :1]), oracle, grad=grad),
        Case(f"{op}/scalar", build, (x, y[0, 0]), oracle, grad=grad),
        Case(f"{op}/two_scalars", build, (x[0, 0], y[0, 0]), oracle, grad=grad),
        Case(f"{op}/more_ones", build, (x.reshape(2, 1, 3), y.reshape(1, 2, 3)), oracle, grad=grad),
        Case(f"{op}/float32", build, (x.astype(np.float32), y.astype(np.float32)), oracle),
        Case(f"{op}/float16", build, (x.astype(np.float16), y.astype(np.float16)), oracle),
        Case(f"{op}/empty", build, (EMPTY, EMPTY[:, :1]), oracle),
    ]


CASES = [
    *_binary("Add", fg.add, np.add),
    *_binary("Sub", fg.subtract, np.subtract),
    *_binary("Mul", fg.multiply, np.multiply),
    *_binary("RealDiv", fg.realdiv, np.divide),
    *_binary("SquaredDifference", fg.squared_difference, lambda x, y: (x - y) ** 2),
    *_binary("Maximum", fg.maximum, np.maximum),
    *_binary("Minimum", fg.minimum, np.minimum),
    *_binary("Pow", fg.pow, np.power, POSITIVE, B),
    *_binary("DivNoNan", fg.div_no_nan, np.divide),
    *_binary("MulNoNan", fg.math.multiply_no_nan, np.multiply),
    *_binary("FloorDiv", fg.floordiv, lambda x, y: np.floor(x / y), grad=False),
    *_binary("FloorMod", fg.floormod, np.mod, 1.1 * A),
    *_binary("TruncateMod", fg.truncatemod, np.fmod, grad=False),
    Case("Add/int32", fg.add, (INTS, DIVISORS), np.add),
    Case("Add/int32_wraps", fg.add, (np.array([2**31 - 1], np.int32), np.array([1], np.int32)),
         np.array([-2**31])),
    Case("Add/uint8", fg.add, (np.array([250, 3], np.uint8), np.array(10, np.uint8)),
         np.array([4, 13], np.uint8)),
    Case("Add/complex", fg.add, (Z, W), np.add),
    Case("Add/strings", fg.add, (["a", "b"], "c"), np.array([b"ac", b"bc"], object)),
    Case("Add/lone_strings", lambda a, b: fg.strings.join([fg.add(a, b), fg.add(b, a), a]),
         ("a", "b"), np.array(b"abbaa", object)),
    Case("Add/nan_and_infinity", fg.add, (np.array([INF, INF, NAN]), np.array([1, -INF, 1])),
         np.array([INF, NAN, NAN])),
    Case("Sub/complex", fg.subtract, (Z, W), np.subtract),
    Case("Mul/complex", fg.multiply, (Z, W), np.multiply),
    Case("Mul/int64", fg.multiply, (np.array([3, -4]), np.array([5, 6])), np.multiply),
    Case("RealDiv/complex", fg.realdiv, (Z, W), np.divide),
    Case("RealDiv/by_zero", fg.realdiv, (np.array([1.0, -1.0, 0.0]), np.zeros(3)),
         np.array([INF, -INF, NAN])),
    Case("Maximum/nan", fg.maximum, (np.array([NAN, 1.0, NAN]), np.array([1.0, NAN, NAN])),
         np.array([NAN, NAN, NAN])),
    Case("Maximum/int32", fg.maximum, (INTS, DIVISORS), np.maximum),
    Case("Maximum/tie_gives_the_gradient_to_x",
         lambda x, y: fg.gradients(fg.maximum(x, y), [x, y]), (np.array([1.0, 2.0]),) * 2,
         [np.ones(2), np.zeros(2)]),
    Case("Minimum/int32", fg.minimum, (INTS, DIVISORS), np.minimum),
    Case("Minimum/tie_gives_the_gradient_to_x",
         lambda x, y: fg.gradients(fg.minimum(x, y), [x, y]), (np.array([1.0, 2.0]),) * 2,
         [np.ones(2), np.zeros(2)]),
    Case("SquaredDifference/int32", fg.squared_difference, (INTS, DIVISORS),
         lambda x, y: (x - y) ** 2),
    Case("Neg/matrix", fg.negative, (A,), np.negative, grad=True),
    Case("Neg/int32", fg.negative, (INTS,), np.negative),
    Case("Neg/complex", fg.negative, (Z,), np.negative),
    Case("Pow/int32", fg.pow, (np.array([2, -3, 5], np.int32), np.array([3, 2, 0], np.int32)),
         np.array([8, 9, 1])),
    Case("Pow/zero_base_has_a_finite_gradient", lambda x, y: fg.gradients(fg.pow(x, y), [x, y]),
         (np.array([0.0, 0.0]), np.array([2.0, 3.0])), [np.zeros(2), np.zeros(2)]),
    Case("Pow/negative_base_whole_power", lambda x: fg.pow(x, 3.0), (A,), lambda x: x ** 3,
         grad=True),
    Case("Pow/square_of_zero", lambda x: fg.pow(x, 2.0), (np.array([0.0, -1.0]),),
         lambda x: x ** 2, grad=True),
    Case("Pow/complex", fg.pow, (Z, W), np.power),
    Case("DivNoNan/zeros", fg.div_no_nan, (np.array([1.0, 0.0, INF, NAN]), np.zeros(4)),
         np.zeros(4)),
    Case("DivNoNan/gradient_is_zero_there", lambda x, y: fg.gradients(fg.div_no_nan(x, y), [x, y]),
         (np.array([1.0, 2.0]), np.array([0.0, 4.0])),
         [np.array([0, 0.25]), np.array([0, -0.125])]),
    Case("MulNoNan/zeros", fg.math.multiply_no_nan, (np.array([NAN, INF, 2.0]), np.zeros(3)),
         np.zeros(3)),
    Case("FloorDiv/int32", fg.floordiv, (INTS, DIVISORS), np.floor_divide),
    Case("FloorDiv/a_tenth_goes_ten_times", fg.floordiv, (np.array([1.0]), np.array([0.1])),
         np.array([10.0])),
    Case("FloorMod/int32", fg.floormod, (INTS, DIVISORS), np.mod),
    Case("FloorMod/none_by_zero", fg.floormod, (INTS[:0], np.array(0, np.int32)),
         lambda x, y: x),
    Case("FloorMod/int64", fg.mod, (INTS.astype(np.int64), np.array(-3)), np.mod),
    Case("TruncateDiv/int32", fg.truncatediv, (INTS, DIVISORS), np.array([3, -3, -2, 2, 0])),
    Case("TruncateDiv/uint8", fg.truncatediv, (np.array([200, 7], np.uint8), np.array(3, np.uint8)),
         np.array([66, 2])),
    Case("TruncateMod/int32", fg.truncatemod, (INTS, DIVISORS), np.fmod),
    Case("truediv/int32_is_float64", fg.truediv, (INTS, DIVISORS), np.divide),
    Case("truediv/int8_is_float32", fg.truediv, (np.array([1], np.int8), np.array([4], np.int8)),
         np.array([0.25])),
    Case("truediv/float", lambda x: fg.divide(x, 4.0), (A,), lambda x: x / 4, grad=True),
    Case("div/int32_is_rounded_down", fg.div, (INTS, DIVISORS), np.floor_divide),
    Case("div/float", fg.div, (A, B), np.divide, grad=True),
    Case("AddN/one", lambda x: fg.add_n([x]), (A,), A, grad=True),
    Case("AddN/two", lambda x, y: fg.add_n([x, y]), (A, B), A + B, grad=True),
    Case("AddN/four", lambda x, y: fg.add_n([x, y, x, y]), (A, B), 2 * (A + B), grad=True),
    Case("AddN/scalars", lambda x, y: fg.add_n([x, y, x]), (ONE, ONE), 3 * ONE, grad=True),
    Case("AddN/int32", lambda x, y: fg.add_n([x, y, x]), (INTS, DIVISORS), 2 * INTS + DIVISORS),
    Case("AddN/indexed_slices",
         lambda x: fg.add_n([fg.IndexedSlices(x, fg.constant([2, 0]), fg.constant([3, 3])),
                             fg.ones([3, 3], x.dtype)]), (A,),
         np.array([A[1], [0, 0, 0], A[0]]) + 1),
    Case("accumulate_n/shape", lambda x, y: fg.accumulate_n([x, y], shape=[2, 3]), (A, B), A + B,
         grad=True),
    Case("scalar_mul/number", lambda x: fg.scalar_mul(3, x), (A,), 3 * A, grad=True),
    Case("scalar_mul/tensor", fg.scalar_mul, (ONE, A), ONE * A, unknown_shapes=False, grad=True),
]

BAD = [
    BadCase("Add/shapes", lambda: fg.add(np.ones((2, 3)), np.ones((2, 4))), ValueError,
            ("(2, 3)", "(2, 4)", "Add")),
    BadCase("Add/dtypes", lambda x: fg.add(x, fg.constant(1)), TypeError, ("float64", "int32"),
            (A,)),
    BadCase("Add/float_for_int", lambda x: fg.add(x, 1.5), TypeError, ("1.5", "int32"), (INTS,)),
    BadCase("Sub/bool", lambda: fg.subtract(True, False), TypeError, ("bool",)),
    BadCase("AddN/no_list", lambda x: fg.add_n(x), ValueError, ("add_n", "list"), (A,)),
    BadCase("AddN/empty", lambda: fg.add_n([]), ValueError, ("add_n",)),
    BadCase("AddN/shapes", lambda: fg.add_n([np.ones(2), np.ones(3)]), ValueError,
            ("(2,)", "(3,)")),
    BadCase("accumulate_n/dtype", lambda: fg.accumulate_n([[1.0], [2.0]], tensor_dtype=fg.int32),
            TypeError, ("float32", "int32")),
    BadCase("scalar_mul/vector", lambda: fg.scalar_mul([1.0, 2.0], [1.0, 2.0]), ValueError,
            ("scalar", "tf.multiply")),
    BadCase("FloorDiv/int_by_zero", lambda x: fg.floordiv(x, 0), InvalidArgumentError,
            ("division by zero",), (INTS,), "run"),
    BadCase("FloorMod/int_by_zero", lambda x: fg.floormod(x, 0), InvalidArgumentError,
            ("division by zero",), (INTS,), "run"),
    BadCase("TruncateDiv/int_by_zero", lambda x: fg.truncatediv(x, 0), InvalidArgumentError,
            ("division by zero",), (INTS,), "run"),
    BadCase("TruncateMod/int_by_zero", lambda x: fg.truncatemod(x, 0), InvalidArgumentError,
            ("division by zero",), (INTS,), "run"),
    BadCase("Pow/negative_int_power", lambda x: fg.pow(x, -1), InvalidArgumentError,
            ("negative integer powers",), (INTS,), "run"),
    BadCase("truediv/dtypes", lambda x: fg.truediv(x, fg.constant(2.0)), TypeError,
            ("int32", "float32", "tf.cast"), (INTS,)),
    BadCase("Maximum/complex", lambda x: fg.maximum(x, x), TypeError, ("complex128",), (Z,)),
]
