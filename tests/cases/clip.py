"""Cases of the clipping functions."""

import numpy as np

import flowgraph as fg
from flowgraph.testing import BadCase, Case

X = np.array([[3.0, -4.0], [0.5, 12.0]])
NORM = np.sqrt(np.sum(X * X))


def _slices(x):
    return fg.IndexedSlices(x, fg.constant([2, 0]), fg.constant([3, 2]))


CASES = [
    Case("clip_by_value/numbers", lambda x: fg.clip_by_value(x, -1.0, 4.0), (X,),
         lambda x: np.clip(x, -1, 4), grad=True),
    Case("clip_by_value/int32", lambda x: fg.clip_by_value(x, -1, 4), (X.astype(np.int32),),
         lambda x: np.clip(x, -1, 4)),
    Case("clip_by_value/row_of_bounds", lambda x, low: fg.clip_by_value(x, low, low + 2), (X,
         np.array([0.25, -5.0])), lambda x, low: np.clip(x, low, low + 2), grad=True),
    Case("clip_by_value/slices",
         lambda x: fg.clip_by_value(_slices(x), -1.0, 4.0).values, (X,),
         lambda x: np.clip(x, -1, 4)),
    Case("clip_by_norm/above", lambda x: fg.clip_by_norm(x, 2.0), (X,), lambda x: x * 2 / NORM,
         grad=True),
    Case("clip_by_norm/within", lambda x: fg.clip_by_norm(x, 100.0), (X,), X, grad=True),
    Case("clip_by_norm/axes", lambda x: fg.clip_by_norm(x, 5.0, axes=[1]), (X,),
         lambda x: x * 5 / np.maximum(5, np.sqrt(np.sum(x * x, 1, keepdims=True)))),
    Case("clip_by_norm/zeros", lambda x: fg.clip_by_norm(x, 1.0), (np.zeros(3),), np.zeros(3)),
    Case("clip_by_norm/gradient_at_zero",
         lambda x: fg.gradients(fg.clip_by_norm(x, 1.0), x), (np.zeros(3),), np.ones(3)),
    Case("clip_by_norm/slices", lambda x: fg.clip_by_norm(_slices(x), 2.0).values, (X,),
         lambda x: x * 2 / NORM),
    Case("clip_by_average_norm/above", lambda x: fg.clip_by_average_norm(x, 1.0), (X,),
         lambda x: x * min(1, 4 / NORM), grad=True),
    Case("global_norm/list", lambda x, y: fg.global_norm([x, None, y]), (X, X[0]),
         lambda x, y: np.sqrt(np.sum(x * x) + np.sum(y * y)), grad=True),
    Case("global_norm/slices", lambda x: fg.global_norm([_slices(x)]), (X,), NORM),
    Case("clip_by_global_norm/above", lambda x, y: [
        t for part in fg.clip_by_global_norm([x, None, y], 2.0) for t in (
            part if isinstance(part, list) else [part]) if t is not None], (X, X[0]),
         lambda x, y: _globally(x, y, 2.0), grad=True),
    Case("clip_by_global_norm/within", lambda x: fg.clip_by_global_norm([x], 100.0)[0], (X,), X),
    Case("clip_by_global_norm/given_norm",
         lambda x: fg.clip_by_global_norm([x], 2.0, use_norm=fg.constant(4.0, fg.float64))[0], (X,),
         X / 2),
    Case("clip_by_global_norm/infinite_norm_is_nan",
         lambda x: fg.clip_by_global_norm([x], 2.0)[0], (np.array([np.inf, 1.0]),),
         np.full(2, np.nan)),
    Case("clip_by_global_norm/slices",
         lambda x: fg.clip_by_global_norm([_slices(x)], 2.0)[0][0].values, (X,),
         lambda x: x * 2 / NORM),
]


def _globally(x, y, limit):
    norm = np.sqrt(np.sum(x * x) + np.sum(y * y))
    return [x * limit / norm, y * limit / norm, norm]


BAD = [
    BadCase("clip_by_value/bound_too_large",
            lambda: fg.clip_by_value(fg.zeros([3]), fg.zeros([2, 3]), 1.0), ValueError,
            ("clip_value_min", "(3,)", "(2, 3)")),
    BadCase("clip_by_norm/bound_too_large",
            lambda: fg.clip_by_norm(fg.zeros([3]), fg.zeros([2, 1])), ValueError,
            ("clip_norm", "(3,)")),
    BadCase("global_norm/no_list", lambda x: fg.global_norm(x), TypeError, ("list",), (X,)),
    BadCase("clip_by_global_norm/no_list", lambda x: fg.clip_by_global_norm(x, 1.0), TypeError,
            ("list",), (X,)),
]
