"""Rows for sets along the last dimension; Python's sets are the oracle."""

from __future__ import annotations

import numpy as np

import flowgraph as fg
from flowgraph.testing import BadCase, Case

A = np.int32([[[1, 2, 2], [3, 9, 1]], [[4, 4, 4], [7, 0, 5]]])
B = np.int32([[[2, 5], [1, 3]], [[4, 4], [8, 6]]])
I = np.array([[0, 0, 0], [0, 0, 1], [0, 1, 0], [1, 1, 0], [1, 1, 1], [1, 1, 3]])  # noqa: E741
V = np.int32([2, 1, 7, 5, 5, 0])
S = np.array([2, 2, 4])
OPERATIONS = {
    "intersection": (fg.sets.set_intersection, set.intersection),
    "a_minus_b": (fg.sets.set_difference, set.difference),
    "b_minus_a": (lambda a, b: fg.sets.set_difference(a, b, aminusb=False),
                  lambda a, b: b - a),
    "union": (fg.sets.set_union, set.union),
}


def parts(sparse):
    return [sparse.indices, sparse.values, sparse.dense_shape]


def rows_of_dense(values):
    return [set(row) for row in values.reshape(-1, values.shape[-1]).tolist()]


def rows_of_sparse(indices, values, sizes):
    rows = [set() for _ in range(int(np.prod(sizes[:-1])))]
    for index, value in zip(indices.tolist(), values.tolist(), strict=True):
        rows[np.ravel_multi_index(index[:-1], sizes[:-1])].add(value)
    return rows


def result(operation, first, second, lead, dtype):
    indices, values, largest = [], [], 0
    for place, a, b in zip(np.ndindex(*lead), first, second, strict=True):
        row = sorted(operation(a, b))
        indices += [(*place, k) for k in range(len(row))]
        values += row
        largest = max(largest, len(row))
    return [np.array(indices, np.int64).reshape(-1, len(lead) + 1), np.array(values, dtype),
            np.array([*lead, largest])]


def dense_sparse(operation, flip=False):
    def oracle(*arrays):
        a, b = rows_of_dense(arrays[0]), rows_of_sparse(*arrays[1:])
        return result(operation, *((b, a) if flip else (a, b)), (2, 2), np.int32)
    return oracle


CASES = [
    *[Case(f"DenseToDenseSetOperation/{name}", lambda a, b, f=build: parts(f(a, b)), (A, B),
           lambda a, b, f=oracle: result(f, rows_of_dense(a), rows_of_dense(b), (2, 2), np.int32))
      for name, (build, oracle) in OPERATIONS.items()],
    *[Case(f"DenseToSparseSetOperation/{name}",
           lambda a, i, v, s, f=build: parts(f(a, fg.SparseTensor(i, v, s))), (A, I, V, S),
           dense_sparse(oracle)) for name, (build, oracle) in OPERATIONS.items()],
    *[Case(f"DenseToSparseSetOperation/flipped_{name}",
           lambda a, i, v, s, f=build: parts(f(fg.SparseTensor(i, v, s), a)), (A, I, V, S),
           dense_sparse(oracle, flip=True)) for name, (build, oracle) in OPERATIONS.items()],
    *[Case(f"SparseToSparseSetOperation/{name}",
           lambda i, v, s, j, w, t, f=build: parts(f(fg.SparseTensor(i, v, s),
                                                     fg.SparseTensor(j, w, t))),
           (I, V, S, I[1:5], V[[3, 2, 5, 4]], np.array([2, 2, 9])),
           lambda i, v, s, j, w, t, f=oracle: result(f, rows_of_sparse(i, v, s),
                                                     rows_of_sparse(j, w, t), (2, 2), np.int32))
      for name, (build, oracle) in OPERATIONS.items()],
    Case("DenseToDenseSetOperation/text", lambda a, b: parts(fg.sets.union(a, b)),
         (np.array([[b"b", b"a"]], object), np.array([[b"c", b"b"]], object)),
         [np.array([[0, 0], [0, 1], [0, 2]]), np.array([b"a", b"b", b"c"], object),
          np.array([1, 3])]),
    Case("DenseToDenseSetOperation/no_rows", lambda a, b: parts(fg.sets.union(a, b)),
         (np.zeros((0, 2), np.int64), np.zeros((0, 3), np.int64)),
         [np.zeros((0, 2), np.int64), np.zeros(0, np.int64), np.array([0, 0])]),
    Case("DenseToDenseSetOperation/empty_sets", lambda a, b: parts(fg.sets.intersection(a, b)),
         (np.zeros((2, 0), np.uint8), np.uint8([[1], [2]])),
         [np.zeros((0, 2), np.int64), np.zeros(0, np.uint8), np.array([2, 0])]),
    Case("SetSize/repeated_count_once", lambda i, v, s: fg.sets.size(fg.SparseTensor(i, v, s)),
         (I, V, S), np.int32([[2, 1], [0, 2]])),
]

BAD = [
    BadCase("SetSize/dense", lambda: fg.sets.set_size([[1]]), TypeError, ("SparseTensor",)),
    BadCase("SetSize/unsorted", lambda i, v, s: fg.sets.set_size(fg.SparseTensor(i, v, s)),
            fg.errors.InvalidArgumentError, ("out of order",), (I[::-1], V, S), phase="run"),
    BadCase("DenseToDenseSetOperation/sizes", lambda a, b: parts(fg.sets.union(a, b)),
            fg.errors.InvalidArgumentError, ("(2, 2, 3)", "(1, 2, 2)"), (A, B[:1]), phase="run"),
    BadCase("DenseToDenseSetOperation/static_sizes", lambda: fg.sets.union(A, B[:1]), ValueError,
            ("(2, 2, 3)", "(1, 2, 2)")),
    BadCase("DenseToDenseSetOperation/floats", lambda: fg.sets.union([[1.0]], [[2.0]]), TypeError,
            ("float32",)),
    BadCase("DenseToDenseSetOperation/dtypes", lambda: fg.sets.union([[1]], [["a"]]), TypeError,
            ("int32", "string")),
    BadCase("DenseToSparseSetOperation/rank", lambda: fg.sets.union(
        A[0], fg.SparseTensor(I, V, S)), ValueError, ("ranks 2 and 3",)),
    BadCase("SparseToSparseSetOperation/outside", lambda i, v, s: parts(fg.sets.union(
        fg.SparseTensor(i, v, s), fg.SparseTensor(i, v, s))), fg.errors.InvalidArgumentError,
            ("out of bounds",), (I, V, S - 1), phase="run"),
]
