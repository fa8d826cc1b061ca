"""Cases of the maps that keep sparse tensors while their numbers go through a queue."""

import numpy as np

import flowgraph as fg
from flowgraph.ops import sparse_maps as maps
from flowgraph.testing import BadCase, Case

INDICES = np.array([[0, 1], [2, 0], [2, 2]])
VALUES = np.array([1.0, 2.0, 3.0])
INVALID = fg.errors.InvalidArgumentError


def sparse(indices, values, shape=(3, 4)):
    return fg.SparseTensor(indices, values, np.array(shape, np.int64))


def parts(tensor):
    return [tensor.indices, tensor.values, tensor.dense_shape]


def one_by_one(indices, values):
    """Two tensors of different sizes, put in one map, stacked."""
    first = maps.store_sparse(sparse(indices, values), "map")
    second = maps.store_sparse(sparse(indices[:1], values[:1], (5, 2)), "map")
    return parts(maps.restore_sparse(fg.stack([first, second]), "map", values.dtype, 3))


def slices(indices, values):
    numbers = maps.store_many_sparse(sparse(indices, values))
    return parts(maps.restore_sparse(fg.reverse(numbers, [0]), numbers.op.name, values.dtype, 2))


CASES = [
    Case("AddSparseToTensorsMap/two", one_by_one, (INDICES, VALUES),
         [np.array([[0, 0, 1], [0, 2, 0], [0, 2, 2], [1, 0, 1]]), np.array([1.0, 2.0, 3.0, 1.0]),
          np.array([2, 5, 4])], unknown_shapes=False),
    Case("AddManySparseToTensorsMap/slices", slices, (INDICES, VALUES),
         [np.array([[0, 0], [0, 2], [2, 1]]), np.array([2.0, 3.0, 1.0]), np.array([3, 4])],
         unknown_shapes=False),
]

BAD = [
    BadCase("AddSparseToTensorsMap/lengths",
            lambda i, v: maps.store_sparse(sparse(i, v)), INVALID, ("AddSparseToTensorsMap '",),
            (INDICES, VALUES[:2]), "run"),
    BadCase("AddManySparseToTensorsMap/vector",
            lambda: maps.store_many_sparse(sparse([[0]], [1.0], (2,))), ValueError,
            ("AddManySparseToTensorsMap '", "rank 1")),
    BadCase("TakeManySparseFromTensorsMap/unknown",
            lambda: parts(maps.restore_sparse([7], "map", fg.float32, 2)), INVALID,
            ("TakeManySparseFromTensorsMap '", "7", "map"), phase="run"),
    BadCase("TakeManySparseFromTensorsMap/dtype", lambda i, v: parts(maps.restore_sparse(
        fg.expand_dims(maps.store_sparse(sparse(i, v), "m"), 0), "m", fg.int32, 2)), INVALID,
        ("float64", "int32"), (INDICES, VALUES), "run"),
    BadCase("TakeManySparseFromTensorsMap/none", lambda x: parts(maps.restore_sparse(
        x, "m", fg.int32, 2)), INVALID, ("0 rows",), (np.zeros(0, np.int64),), "run"),
]
