"""Cases of the scatter ops on variables."""

import numpy as np

import flowgraph as fg
from flowgraph.testing import BadCase, Case

M = np.arange(1.0, 9.0).reshape(4, 2)
V = np.array([1.5, -2.0, 4.0])
U = np.array([[10.0, 20.0], [-0.5, 0.25]])
I32 = np.array([2, 0], np.int32)
I64 = np.array([2, 0], np.int64)
TWICE = np.array([2, 2], np.int32)


def written(rows, value, of=M):
    """`of` with `rows` set to `value`."""
    result = of.copy()
    result[rows] = value
    return result


def at(ufunc, rows, updates, of=M):
    """`of` after ufunc.at: repeated rows count every time."""
    result = of.copy()
    ufunc.at(result, rows, updates)
    return result


def on(function, value=M):
    """The op on a new variable."""
    return lambda indices, updates: function(fg.Variable(value), indices, updates)


def rows_cases(name, function, ufunc):
    """The rows that all arithmetic scatter ops share."""
    return [
        Case(f"{name}/rows", on(function), (I32, U), at(ufunc, I32, U)),
        Case(f"{name}/int64_index", on(function), (I64, U), at(ufunc, I64, U)),
        Case(f"{name}/repeated", on(function), (TWICE, U), at(ufunc, TWICE, U)),
        Case(f"{name}/one_row", on(function), (np.int32(1), U[0]), at(ufunc, 1, U[0])),
        Case(f"{name}/scalar_update", on(function), (TWICE, np.array(3.0)), at(ufunc, TWICE, 3.0)),
        Case(f"{name}/matrix_of_indices", on(function, V),
             (np.array([[0, 2], [1, 0]], np.int32), U),
             at(ufunc, np.array([[0, 2], [1, 0]]), U, V)),
        Case(f"{name}/none", on(function), (np.zeros(0, np.int32), np.zeros((0, 2))), M),
        Case(f"{name}/float32", on(function, M.astype(np.float32)), (I32, U.astype(np.float32)),
             at(ufunc, I32, U).astype(np.float32)),
    ]


CASES = [
    Case("ScatterUpdate/rows", on(fg.scatter_update), (I32, U), written(I32, U)),
    Case("ScatterUpdate/int64_index", on(fg.scatter_update), (I64, U), written(I64, U)),
    Case("ScatterUpdate/last_wins", on(fg.scatter_update), (TWICE, U), written(2, U[1])),
    Case("ScatterUpdate/scalar_update", on(fg.scatter_update), (I32, np.array(7.0)),
         written(I32, 7.0)),
    Case("ScatterUpdate/text", on(fg.scatter_update, np.array([b"a", b"b", b"c"], object)),
         (np.array([1], np.int32), np.array([b"z"], object)),
         np.array([b"a", b"z", b"c"], object)),
    *rows_cases("ScatterAdd", fg.scatter_add, np.add),
    *rows_cases("ScatterSub", fg.scatter_sub, np.subtract),
    *rows_cases("ScatterMul", fg.scatter_mul, np.multiply),
    *rows_cases("ScatterDiv", fg.scatter_div, np.divide),
    *rows_cases("ScatterMin", fg.scatter_min, np.minimum),
    *rows_cases("ScatterMax", fg.scatter_max, np.maximum),
    Case("ScatterDiv/ints_truncate", on(fg.scatter_div, np.array([7, -7, 9], np.int32)),
         (np.array([0, 1, 2, 2], np.int32), np.array([2, 2, 2, 2], np.int32)),
         np.array([3, -3, 2], np.int32)),
    Case("ScatterNdUpdate/entries", on(fg.scatter_nd_update),
         (np.array([[0, 1], [3, 0]], np.int32), np.array([-1.0, -2.0])),
         written(([0, 3], [1, 0]), [-1.0, -2.0])),
    Case("ScatterNdUpdate/rows", on(fg.scatter_nd_update), (I32[:, None], U), written(I32, U)),
    Case("ScatterNdAdd/repeated", on(fg.scatter_nd_add),
         (np.array([[0, 1], [0, 1]], np.int64), np.array([-1.0, -2.0])),
         written((0, 1), M[0, 1] - 3.0)),
    Case("ScatterNdAdd/rows", on(fg.scatter_nd_add), (TWICE[:, None], U), at(np.add, TWICE, U)),
    Case("ScatterNdAdd/repeated_slices", on(fg.scatter_nd_add, np.zeros((2, 3, 2))),
         (np.array([[1, 2], [1, 2], [0, 1]], np.int32), np.arange(6.0).reshape(3, 2)),
         written(([1, 0], [2, 1]), [[2.0, 4.0], [4.0, 5.0]], np.zeros((2, 3, 2)))),
    Case("ScatterAdd/repeated_matrices", on(fg.scatter_add, np.ones((3, 2, 2))),
         (np.array([[2, 0], [2, 2]], np.int32), np.arange(16.0).reshape(2, 2, 2, 2)),
         at(np.add, np.array([[2, 0], [2, 2]]), np.arange(16.0).reshape(2, 2, 2, 2),
            np.ones((3, 2, 2)))),
    Case("ScatterNdSub/entries", on(fg.scatter_nd_sub),
         (np.array([[0, 1]], np.int32), np.array([5.0])), written((0, 1), M[0, 1] - 5.0)),
]

BAD = [
    BadCase("ScatterAdd/shape", lambda: fg.scatter_add(fg.Variable(M), [0, 1], [[1.0, 2.0, 3.0]]),
            ValueError, ("(1, 3)", "indices.shape + ref.shape[1:]", "(2, 2)")),
    BadCase("ScatterAdd/scalar", lambda: fg.scatter_add(fg.Variable(1.0), [0], [1.0]), ValueError,
            ("scalar",)),
    BadCase("ScatterAdd/float_index", lambda: fg.scatter_add(fg.Variable(V), [0.5], [1.0]),
            TypeError, ("indices", "int32")),
    BadCase("ScatterAdd/not_a_variable", lambda: fg.scatter_add(fg.constant(V), [0], [1.0]),
            AttributeError, ("needs a variable",)),
    BadCase("ScatterNdAdd/too_deep", lambda: fg.scatter_nd_add(fg.Variable(V), [[0, 0]], [1.0]),
            ValueError, ("length 2", "rank 1")),
    BadCase("ScatterNdAdd/shape", lambda: fg.scatter_nd_add(fg.Variable(M), [[0]], [1.0]),
            ValueError, ("(1, 2)",)),
]
