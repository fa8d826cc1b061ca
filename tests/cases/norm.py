"""Cases of norms, normalize and the cross product."""

import numpy as np

import flowgraph as fg
from flowgraph.ops.norm import cross, norm, normalize
from flowgraph.testing import BadCase, Case

INF = np.inf
X = np.array([[0.5, -1.5, 2.0], [2.0, 0.75, -0.3]])
CUBE = np.stack([X, X * 1.5 + 0.1])
Z = np.array([[3 + 4j, 0], [1j, 2]])


def _norm(ord=None, axis=None, keepdims=False):
    def oracle(x):
        return np.linalg.norm(x.ravel() if axis is None else x, ord, axis, keepdims)
    return oracle


CASES = [
    Case("norm/all", norm, (X,), lambda x: _norm()(x), grad=True),
    Case("norm/vector", norm, (X[0],), _norm(), grad=True),
    Case("norm/rows", lambda x: norm(x, axis=-1), (X,), _norm(axis=-1), grad=True),
    Case("norm/kept", lambda x: norm(x, axis=0, keepdims=True), (X,), _norm(None, 0, True),
         grad=True),
    Case("norm/keep_dims", lambda x: norm(x, axis=0, keep_dims=True), (X.astype(np.float32),),
         _norm(None, 0, True)),
    Case("norm/one", lambda x: norm(x, 1), (X,), _norm(1), grad=True),
    Case("norm/infinity", lambda x: norm(x, INF, axis=1), (X,), _norm(INF, 1), grad=True),
    Case("norm/three", lambda x: norm(x, 3, axis=1), (X,), _norm(3, 1), grad=True),
    Case("norm/matrix_frobenius", lambda x: norm(x, "fro", axis=[1, 2]), (CUBE,),
         _norm("fro", (1, 2)), grad=True),
    Case("norm/matrix_one", lambda x: norm(x, 1, axis=(-2, -1)), (CUBE,), _norm(1, (-2, -1)),
         grad=True),
    Case("norm/matrix_infinity", lambda x: norm(x, INF, axis=(0, 2)), (CUBE,), _norm(INF, (0, 2)),
         grad=True),
    Case("norm/matrix_two", lambda x: norm(x, 2, axis=(0, 2)), (CUBE,), _norm(2, (0, 2)),
         rtol=1e-10),
    Case("norm/matrix_two_kept", lambda x: norm(x, 2, axis=[1, 0], keepdims=True), (X,),
         _norm(2, (1, 0), True), rtol=1e-10),
    Case("norm/complex", lambda z: norm(z, axis=1), (Z,),
         lambda z: np.linalg.norm(z, axis=1) + 0j),
    Case("norm/complex_one", lambda z: norm(z, 1), (Z,), np.array(8.0)),
    Case("norm/empty", norm, (X[:0],), np.array(0.0)),
    Case("normalize/rows", lambda x: list(normalize(x, axis=1)), (X,),
         lambda x: [x / _norm(None, 1, True)(x), _norm(None, 1, True)(x)], grad=True),
    Case("normalize/all_by_one", lambda x: list(normalize(x, 1)), (X.astype(np.float32),),
         lambda x: [x / abs(x).sum(), np.full((1, 1), abs(x).sum())]),
    Case("Cross/rows", cross, (X, X[::-1] + 0.5), np.cross, grad=True),
    Case("Cross/vectors", cross, (X[0], X[1]), np.cross, grad=True),
    Case("Cross/int32", cross, (np.int32([1, 2, 3]), np.int32([-2, 0, 1])), np.cross),
    Case("Cross/float16_cube", cross, (CUBE.astype(np.float16), CUBE[::-1].astype(np.float16)),
         np.cross, atol=2e-2),
    Case("Cross/empty", cross, (X[:0], X[:0]), X[:0]),
]

BAD = [
    BadCase("norm/ord", lambda: norm([1.0], "nuclear"), ValueError, ("vector norm", "'nuclear'")),
    BadCase("norm/negative_ord", lambda: norm([1.0], -1), ValueError, ("vector norm",)),
    BadCase("norm/matrix_ord", lambda: norm([[1.0]], 3, axis=(0, 1)), ValueError,
            ("matrix norm",)),
    BadCase("norm/axes_repeat", lambda: norm([[1.0]], axis=(1, 1)), ValueError, ("unique",)),
    BadCase("norm/three_axes", lambda: norm([[[1.0]]], axis=(0, 1, 2)), ValueError, ("2 unique",)),
    BadCase("norm/both_keepdims", lambda: norm([1.0], keepdims=True, keep_dims=True), ValueError,
            ("both",)),
    BadCase("Cross/size", lambda: cross([1, 2], [1, 2]), ValueError, ("last size must be 3",)),
    BadCase("Cross/shapes", lambda: cross([1, 2, 3], [[1, 2, 3]]), ValueError, ("one shape",)),
    BadCase("Cross/dtypes", lambda x: cross(x, fg.constant([1, 2, 3])), TypeError,
            ("float64", "int32"), (X[0],)),
]
