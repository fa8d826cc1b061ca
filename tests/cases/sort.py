"""Cases of top_k, sort, argsort, searchsorted, nth_element and in_top_k."""

import numpy as np

import flowgraph as fg
from flowgraph.ops.searchsorted import searchsorted
from flowgraph.ops.sort import argsort, in_top_k, nth_element, sort, top_k
from flowgraph.testing import BadCase, Case

INF, NAN = np.inf, np.nan
X = np.array([[0.5, -1.5, 2.0, 0.7], [3.0, 0.9, -2.0, 1.1], [-0.4, 1.2, 0.25, 1.3]])
TIES = np.array([[2, 1, 2, 3, 1], [0, 0, 0, -1, 0]], np.int32)


def _top(k):
    def oracle(x):
        order = np.argsort(-x.astype(np.float64), axis=-1, kind="stable")[..., :k]
        return [np.take_along_axis(x, order, -1), order.astype(np.int32)]
    return oracle


def _values(k):
    return lambda x: top_k(x, k).values


def _downwards(x, axis=-1):
    return np.flip(np.sort(x, axis), axis)


CASES = [
    Case("TopKV2/matrix", lambda x: list(top_k(x, 2)), (X,), _top(2)),
    Case("TopKV2/values", _values(3), (X,), lambda x: _top(3)(x)[0], grad=True,
         unknown_shapes=False),
    Case("TopKV2/vector", _values(2), (X[0],), lambda x: _top(2)(x)[0], grad=True,
         unknown_shapes=False),
    Case("TopKV2/cube", _values(1), (np.stack([X, -X]),), lambda x: _top(1)(x)[0], grad=True,
         unknown_shapes=False),
    Case("TopKV2/ties", lambda x: list(top_k(x, 4)), (TIES,), _top(4)),
    Case("TopKV2/default_k", lambda x: list(top_k(x)), (X.astype(np.float32),), _top(1)),
    Case("TopKV2/k_is_fed", lambda x, k: list(top_k(x, k)), (X, np.int32(3)),
         lambda x, k: _top(3)(x)),
    Case("TopKV2/none", lambda x: list(top_k(x, 0)), (X,), [X[:, :0], X[:, :0]]),
    Case("TopKV2/empty", lambda x: list(top_k(x, 2)), (X[:0],), [X[:0, :2], X[:0, :2]]),
    Case("TopKV2/uint8", lambda x: list(top_k(x, 2)), (np.uint8([3, 255, 0]),), _top(2)),
    Case("TopKV2/nan", lambda x: list(top_k(x, 3)), (np.array([1, NAN, -INF, INF]),),
         [np.array([INF, 1, -INF]), np.int32([3, 0, 2])]),
    Case("TopKV2/int32_lowest", lambda x: list(top_k(x, 3)), (np.int32([5, -2 ** 31, 7]),),
         [np.int32([7, 5, -2 ** 31]), np.int32([2, 0, 1])]),
    Case("sort/rows", sort, (X,), lambda x: np.sort(x), grad=True),
    Case("sort/columns", lambda x: sort(x, axis=0), (X,), lambda x: np.sort(x, 0), grad=True),
    Case("sort/middle", lambda x: sort(x, axis=-2), (np.stack([X, -X]),), lambda x: np.sort(x, 1)),
    Case("sort/downwards", lambda x: sort(x, direction="DESCENDING"), (X,), _downwards, grad=True),
    Case("sort/columns_downwards", lambda x: sort(x, 0, "DESCENDING"), (X.astype(np.float32),),
         lambda x: _downwards(x, 0)),
    Case("sort/int32", sort, (np.int32([3, -2 ** 31, 2 ** 31 - 1]),), lambda x: np.sort(x)),
    Case("sort/uint8", sort, (np.uint8([3, 0, 255]),), lambda x: np.sort(x)),
    Case("sort/nan_last", sort, (np.array([NAN, 2, INF, 1]),), np.array([1, 2, INF, NAN])),
    Case("sort/empty", sort, (X[:0],), X[:0]),
    Case("argsort/rows", argsort, (X,), lambda x: np.argsort(x)),
    Case("argsort/ties", argsort, (TIES,), lambda x: np.argsort(x, kind="stable")),
    Case("argsort/columns_downwards", lambda x: argsort(x, 0, "DESCENDING"), (X,),
         lambda x: np.argsort(-x, 0)),
    Case("argsort/float16", argsort, (X[0].astype(np.float16),), lambda x: np.argsort(x)),
    Case("LowerBound/rows", searchsorted, (np.sort(TIES), np.int32([[2, 0, 9], [0, -5, -1]])),
         lambda s, v: np.stack([np.searchsorted(a, b) for a, b in zip(s, v, strict=True)])),
    Case("UpperBound/rows", lambda s, v: searchsorted(s, v, side="right", out_type=fg.int64),
         (np.sort(TIES), np.int32([[2, 0, 9], [0, -5, -1]])),
         lambda s, v: np.stack([np.searchsorted(a, b, "right")
                                for a, b in zip(s, v, strict=True)])),
    Case("LowerBound/vector", searchsorted, (np.array([0.0, 1, INF]), np.array([0.5, INF, -1])),
         lambda s, v: np.searchsorted(s, v)),
    Case("UpperBound/cube", lambda s, v: searchsorted(s, v, "right"),
         (np.sort(np.stack([X, -X])), np.zeros((2, 3, 1))),
         lambda s, v: (s <= 0).sum(-1, keepdims=True)),
    Case("NthElement/rows", lambda x: nth_element(x, 1), (X,), lambda x: np.sort(x)[:, 1],
         grad=True),
    Case("NthElement/reverse", lambda x: nth_element(x, 0, reverse=True), (X,),
         lambda x: x.max(-1), grad=True),
    Case("NthElement/int_vector", nth_element, (TIES[0], np.int32(2)), np.int32(2)),
    Case("InTopKV2/rows", lambda p, t: in_top_k(p, t, 2),
         (np.float32([[1, 2, 2], [1, 3, 2], [5, 2, 3], [1, 1, 1]]), np.int32([1, 0, 2, 2])),
         np.array([True, False, True, True])),
    Case("InTopKV2/not_finite_or_no_class", lambda p, t: in_top_k(p, t, 3),
         (np.float32([[1, NAN], [1, INF], [1, 2], [1, 2]]), np.int64([0, 0, 2, -1])),
         np.array([False] * 4)),
    Case("InTopKV2/empty", lambda p, t: in_top_k(p, t, 1),
         (np.zeros((0, 3), np.float32), np.zeros(0, np.int32)), np.zeros(0, bool)),
]

BAD = [
    BadCase("TopKV2/k_too_large", lambda: top_k([1.0, 2.0], 3), ValueError, ("3 largest", "(2,)")),
    BadCase("TopKV2/k_negative", lambda: top_k([1.0, 2.0], -1), ValueError, ("k >= 0",)),
    BadCase("TopKV2/scalar", lambda: top_k(1.0), ValueError, ("rank 1 or more",)),
    BadCase("TopKV2/k_too_large_at_run", lambda x, k: top_k(x, k).values,
            fg.errors.InvalidArgumentError, ("k is 9",), (X, np.int32(9)), "run"),
    BadCase("sort/direction", lambda: sort([1.0], direction="UP"), ValueError, ("'UP'",)),
    BadCase("sort/axis", lambda: sort([1.0], axis=1), ValueError, ("axis 1", "rank 1")),
    BadCase("argsort/axis_not_constant", lambda x: argsort([1.0], axis=x), ValueError,
            ("constant",), (np.int32(0),)),
    BadCase("searchsorted/side", lambda: searchsorted([1.0], [1.0], "middle"), ValueError,
            ("'middle'",)),
    BadCase("LowerBound/leading_sizes", lambda: searchsorted([[1.0], [2.0]], [[1.0]]), ValueError,
            ("LowerBound", "leading sizes")),
    BadCase("UpperBound/dtypes", lambda x: searchsorted(x, [1], "right"), TypeError,
            ("float64", "int32"), (X,)),
    BadCase("NthElement/n", lambda: nth_element([1.0], 1), ValueError, ("n 1", "(1,)")),
    BadCase("NthElement/n_at_run", nth_element, fg.errors.InvalidArgumentError, ("n is 4",),
            (X, np.int32(4)), "run"),
    BadCase("InTopKV2/batches", lambda: in_top_k([[0.1, 0.2]], [0, 1], 1), ValueError,
            ("batches", "(1,)", "(2,)")),
]
