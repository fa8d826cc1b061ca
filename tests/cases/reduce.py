"""Cases of the reductions and of what is built from them."""

import numpy as np

import flowgraph as fg
from flowgraph.testing import BadCase, Case

INF, NAN = np.inf, np.nan
X = np.random.RandomState(3).normal(size=(2, 3, 4))
INTS = np.arange(-5, 7, dtype=np.int32).reshape(3, 4)
EMPTY = np.zeros((0, 3))
FLAGS = np.array([[True, False, True], [True, True, True]])


def _reduction(op, build, oracle, x=X, grad=True):
    """The situations of the axes, for one reduction."""

    def case(name, axis, keepdims=False, gradient=grad):
        return Case(f"{op}/{name}", lambda x: build(x, axis, keepdims), (x,),
                    lambda x: oracle(x, axis=tuple(axis) if isinstance(axis, list) else axis,
                                     keepdims=keepdims), grad=gradient)

    return [
        case("all", None), case("all_kept", None, True), case("first", 0), case("last", -1),
        case("middle_kept", 1, True), case("two", [0, 2]), case("two_kept", [-1, 0], True),
        case("in_any_order", [2, 0]), case("none", [], gradient=False),
        Case(f"{op}/scalar", build, (x[0, 0, 0],), lambda x: oracle(x, axis=None), grad=grad),
        Case(f"{op}/axis_in_the_graph",
             lambda x: build(x, fg.constant(0) + fg.rank(x) - 2, False), (x,),
             lambda x: oracle(x, axis=1), grad=grad),
        Case(f"{op}/axis_is_fed", lambda x, axis: _shaped(build(x, axis, True), [1, 3, 1]),
             (x, np.int64([0, -1])),
             lambda x, axis: oracle(x, axis=(0, 2), keepdims=True), grad=grad),
        Case(f"{op}/axis_is_fed_and_gone", lambda x, axis: _shaped(build(x, axis, False), [3]),
             (x, np.int32([2, 0])), lambda x, axis: oracle(x, axis=(0, 2)), grad=grad),
        Case(f"{op}/float32", lambda x: build(x, 1), (x.astype(np.float32),),
             lambda x: oracle(x, axis=1)),
    ]


def _shaped(tensor, shape):
    """The tensor with the shape that the graph cannot tell: the gradient checker needs it."""
    tensor.set_shape(shape)
    return tensor


def _logsumexp(x, axis=None, keepdims=False):
    return np.log(np.sum(np.exp(x), axis=axis, keepdims=keepdims))


def _norm(x, axis=None, keepdims=False):
    return np.sqrt(np.sum(x * x, axis=axis, keepdims=keepdims))


CASES = [
    Case("Mean/small_integers_do_not_wrap", lambda x: fg.reduce_mean(x, [0]),
         (np.array([255, 0, 3, 200], np.uint8),), np.array(114, np.uint8)),
    *_reduction("Sum", fg.reduce_sum, np.sum),
    *_reduction("Mean", fg.reduce_mean, np.mean),
    *_reduction("Prod", fg.reduce_prod, np.prod),
    *_reduction("Max", fg.reduce_max, np.max),
    *_reduction("Min", fg.reduce_min, np.min),
    *_reduction("EuclideanNorm", fg.math.reduce_euclidean_norm, _norm),
    *_reduction("reduce_logsumexp", fg.reduce_logsumexp, _logsumexp),
    *_reduction("reduce_variance", fg.math.reduce_variance, np.var),
    *(case for case in _reduction("reduce_std", fg.math.reduce_std, np.std, grad=False)),
    Case("reduce_std/gradient", lambda x: fg.math.reduce_std(x, 1), (X,),
         lambda x: np.std(x, 1), grad=True),
    Case("Sum/int32_stays", fg.reduce_sum, (INTS,), np.int32(6)),
    Case("Sum/int32_wraps", fg.reduce_sum, (np.array([2**31 - 1, 1], np.int32),), -2**31),
    Case("Sum/uint8", fg.reduce_sum, (np.array([200, 100], np.uint8),), 44),
    Case("Sum/complex", lambda x: fg.reduce_sum(x, 0), (X[0] + 1j * X[1],), lambda x: x.sum(0)),
    Case("Sum/empty", lambda x: fg.reduce_sum(x, 0), (EMPTY,), np.zeros(3), grad=True),
    Case("Sum/float16", lambda x: fg.reduce_sum(x, 0), (X.astype(np.float16),),
         lambda x: x.sum(0, dtype=np.float32), rtol=1e-2, atol=1e-2),
    Case("Sum/old_names",
         lambda x: fg.reduce_sum(x, reduction_indices=[1], keep_dims=True), (X,),
         lambda x: x.sum(1, keepdims=True)),
    Case("Mean/int32_is_rounded_towards_zero", lambda x: fg.reduce_mean(x, 1),
         (np.array([[7, 0], [-7, 0], [1, 1]], np.int32),), np.array([3, -3, 1])),
    Case("Mean/uint8", fg.reduce_mean, (np.array([100, 101], np.uint8),), 100),
    Case("Mean/empty_is_nan", lambda x: fg.reduce_mean(x, 0), (EMPTY,), np.full(3, NAN)),
    Case("Mean/no_results", lambda x: fg.reduce_mean(x, 1), (EMPTY,), np.zeros(0)),
    Case("Mean/float16", fg.reduce_mean, (np.full((100, 100), 60.0, np.float16),), 60.0),
    Case("Mean/complex", fg.reduce_mean, (X[0] + 1j * X[1],), np.mean),
    Case("Prod/int32", lambda x: fg.reduce_prod(x, 0), (INTS[:2],), lambda x: x.prod(0)),
    Case("Prod/empty", lambda x: fg.reduce_prod(x, 0), (EMPTY,), np.ones(3)),
    Case("Prod/one_zero", lambda x: fg.gradients(fg.reduce_prod(x, 0), x),
         (np.array([[2.0, 0.0], [0.0, 0.0], [4.0, 5.0]]),),
         np.array([[0.0, 0.0], [8.0, 0.0], [0.0, 0.0]])),
    Case("Max/empty", lambda x: fg.reduce_max(x, 0), (EMPTY,), np.full(3, -INF)),
    Case("Max/empty_int", lambda x: fg.reduce_max(x, 0), (EMPTY.astype(np.int32),),
         np.full(3, -2**31)),
    Case("Min/empty", lambda x: fg.reduce_min(x, 0), (EMPTY,), np.full(3, INF)),
    Case("Min/empty_kept", lambda x: fg.reduce_min(x, 0, True), (EMPTY.astype(np.uint8),),
         np.full((1, 3), 255)),
    Case("Max/nan", lambda x: fg.reduce_max(x, 1), (np.array([[1, NAN], [2, 3]]),),
         np.array([NAN, 3])),
    Case("Max/ties_share_the_gradient", lambda x: fg.gradients(fg.reduce_max(x, 1), x),
         (np.array([[3.0, 3.0, 1.0], [0.0, 5.0, 1.0]]),), np.array([[0.5, 0.5, 0], [0, 1, 0]])),
    Case("Min/ties_share_the_gradient", lambda x: fg.gradients(fg.reduce_min(x), x),
         (np.array([[1.0, 3.0], [1.0, 1.0]]),), np.array([[1, 0], [1, 1]]) / 3),
    Case("Min/int32", lambda x: fg.reduce_min(x, 0), (INTS,), lambda x: x.min(0)),
    Case("EuclideanNorm/complex", fg.math.reduce_euclidean_norm, (np.array([3j, 4.0]),), 5 + 0j),
    Case("EuclideanNorm/int32", fg.math.reduce_euclidean_norm, (np.array([3, 4], np.int32),), 5),
    *(case for case in (
        Case("All/all", fg.reduce_all, (FLAGS,), False),
        Case("All/axis", lambda x: fg.reduce_all(x, 1), (FLAGS,), np.array([False, True])),
        Case("All/kept", lambda x: fg.reduce_all(x, 0, True), (FLAGS,), FLAGS[:1]),
        Case("All/empty", lambda x: fg.reduce_all(x, 0), (FLAGS[:0],), np.ones(3, bool)),
        Case("Any/all", fg.reduce_any, (FLAGS,), True),
        Case("Any/axis", lambda x: fg.reduce_any(x, -1), (~FLAGS,), np.array([True, False])),
        Case("Any/empty", lambda x: fg.reduce_any(x, 0), (FLAGS[:0],), np.zeros(3, bool)))),
    Case("reduce_logsumexp/large", fg.reduce_logsumexp, (np.array([1000.0, 1000.0]),),
         1000 + np.log(2)),
    Case("reduce_logsumexp/infinite", lambda x: fg.reduce_logsumexp(x, 1),
         (np.array([[-INF, -INF], [INF, 1], [-INF, 1]]),), np.array([-INF, INF, 1])),
    Case("reduce_variance/complex", fg.math.reduce_variance, (np.array([1j, -1j]),), 1.0),
    Case("count_nonzero/all", fg.count_nonzero, (INTS,), np.int64(11)),
    Case("count_nonzero/axis", lambda x: fg.count_nonzero(x, axis=1, keepdims=True, dtype=fg.int32),
         (INTS.astype(np.float64),), np.array([[4], [3], [4]])),
    Case("count_nonzero/bool", lambda x: fg.count_nonzero(x, axis=0), (FLAGS,),
         np.array([2, 1, 2])),
    Case("count_nonzero/strings", fg.count_nonzero, (["a", "", "b"],), 2),
]

BAD = [
    BadCase("Sum/axis_too_large", lambda: fg.reduce_sum(np.ones((2, 3)), 2), ValueError,
            ("axis 2", "rank 2", "[-2, 2)")),
    BadCase("Sum/strings", lambda: fg.reduce_sum(["a"]), TypeError, ("string",)),
    BadCase("All/floats", lambda: fg.reduce_all([1.0]), TypeError, ("float32", "bool")),
    BadCase("Max/complex", lambda x: fg.reduce_max(x), TypeError, ("complex128",),
            (np.array([1j]),)),
    BadCase("Sum/both_names_of_keepdims", lambda: fg.reduce_sum([1], keepdims=True, keep_dims=True),
            ValueError, ("keepdims", "keep_dims")),
    BadCase("Sum/both_names_of_axis", lambda: fg.reduce_sum([1], axis=0, reduction_indices=0),
            ValueError, ("axis", "reduction_indices")),
    BadCase("reduce_variance/ints", lambda: fg.math.reduce_variance([1, 2]), TypeError, ("int32",)),
]
