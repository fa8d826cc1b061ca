"""Cases of tf.tensor_scatter_*."""

import numpy as np

from flowgraph.errors import InvalidArgumentError
from flowgraph.ops.tensor_scatter import (
    tensor_scatter_add,
    tensor_scatter_max,
    tensor_scatter_min,
    tensor_scatter_sub,
    tensor_scatter_update,
)
from flowgraph.testing import BadCase, Case

X = np.arange(8.0).reshape(4, 2)
PLACES = np.array([[2], [0]], np.int32)
U = np.array([[10.0, 20.0], [-30.0, 40.0]])
TWICE = np.array([[1], [3], [1]])
V = np.array([5.0, -7.0, 9.5])

CASES = [
    Case("TensorScatterUpdate/rows", tensor_scatter_update, (X, PLACES, U),
         np.array([[-30.0, 40], [2, 3], [10, 20], [6, 7]]), grad=True),
    Case("TensorScatterUpdate/elements", lambda x, u: tensor_scatter_update(x, [[0, 1], [3, 0]], u),
         (X, np.array([-1.0, -2.0])), np.array([[0.0, -1], [2, 3], [4, 5], [-2, 7]]), grad=True),
    Case("TensorScatterUpdate/all", lambda x, u: tensor_scatter_update(x, np.zeros((1, 0), int), u),
         (X, -X[None]), -X),
    Case("TensorScatterUpdate/none", tensor_scatter_update, (X, PLACES[:0], U[:0]), X),
    Case("TensorScatterUpdate/texts", tensor_scatter_update,
         (np.array([b"a", b"b"], object), np.array([[1]]), np.array([b"c"], object)),
         np.array([b"a", b"c"], object)),
    Case("TensorScatterAdd/twice", tensor_scatter_add, (X[:, 0], TWICE, V),
         np.array([0.0, 16.5, 4, -1]), grad=True),
    Case("TensorScatterAdd/float32", tensor_scatter_add,
         (X.astype(np.float32), PLACES, U.astype(np.float32)),
         np.array([[-30.0, 41], [2, 3], [14, 25], [6, 7]])),
    Case("TensorScatterAdd/ints", tensor_scatter_add,
         (np.array([1, 2], np.int32), np.array([[0], [0]]), np.array([10, 20], np.int32)),
         np.array([31, 2])),
    Case("TensorScatterSub/twice", tensor_scatter_sub, (X[:, 0], TWICE, V),
         np.array([0.0, -12.5, 4, 13]), grad=True),
    Case("TensorScatterMax/twice", tensor_scatter_max, (X[:, 0], TWICE, V),
         np.array([0.0, 9.5, 4, 6]), grad=True),
    Case("TensorScatterMin/twice", tensor_scatter_min, (X[:, 0], TWICE, V),
         np.array([0.0, 2, 4, -7]), grad=True),
    Case("TensorScatterMin/rows", tensor_scatter_min, (X, PLACES, U),
         np.array([[-30.0, 1], [2, 3], [4, 5], [6, 7]]), grad=True),
]

BAD = [
    BadCase("TensorScatterUpdate/shape", lambda: tensor_scatter_update(X, PLACES, U[0]), ValueError,
            ("(2, 2)",)),
    BadCase("TensorScatterAdd/depth", lambda: tensor_scatter_add(X, [[0, 0, 0]], [1.0]), ValueError,
            ("length 3",)),
    BadCase("TensorScatterAdd/range", lambda i: tensor_scatter_add(X, i, U), InvalidArgumentError,
            ("[0, 4)",), (PLACES + 2,), "run"),
    BadCase("TensorScatterMax/dtype", lambda: tensor_scatter_max([1j], [[0]], [2j]), TypeError,
            ("complex128",)),
    *(row for op, build in (("TensorScatterMin", tensor_scatter_min),
                            ("TensorScatterSub", tensor_scatter_sub)) for row in (
          BadCase(f"{op}/count", lambda f=build: f([1.0, 2.0], [[0]], [1.0, 2.0]), ValueError,
                  (f"{op} '", "(2,)", "(1, 1)")),
          BadCase(f"{op}/outside", lambda f=build: f([1.0, 2.0], [[5]], [1.0]),
                  InvalidArgumentError, (f"{op} '", "[0, 2)", "5"), phase="run"))),
]
