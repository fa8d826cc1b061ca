"""Cases of diagonals and bands."""

import numpy as np

from flowgraph.errors import InvalidArgumentError
from flowgraph.ops.diagonal import (
    diag,
    diag_part,
    matrix_band_part,
    matrix_diag,
    matrix_diag_part,
    matrix_set_diag,
    trace,
)
from flowgraph.testing import BadCase, Case

M = np.arange(12.0).reshape(3, 4) + 1
STACK = np.arange(24.0).reshape(2, 3, 4) + 1
ROWS = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
BAND = np.array([[1.0, 2, 3], [4, 5, 9]])  # the last 9 is padding of the shorter one


def with_diagonal(x, d):
    result = x.copy()
    for i in range(min(x.shape[-2:])):
        result[..., i, i] = d[..., i]
    return result


CASES = [
    Case("MatrixDiag/vector", matrix_diag, (ROWS[0],), np.diag(ROWS[0]), grad=True),
    Case("MatrixDiag/rows", matrix_diag, (ROWS,), np.stack([np.diag(r) for r in ROWS]), grad=True),
    Case("MatrixDiag/ints", matrix_diag, (np.array([3, 4], np.int32),), np.diag([3, 4])),
    Case("MatrixDiag/empty", matrix_diag, (np.zeros((2, 0)),), np.zeros((2, 0, 0))),
    Case("MatrixDiagV2/above", lambda d: matrix_diag(d, k=1), (ROWS[0],), np.diag(ROWS[0], 1),
         grad=True),
    Case("MatrixDiagV2/sizes", lambda d, p: matrix_diag(d, k=-1, num_cols=5, padding_value=p),
         (np.array([1.0, 2.0, 3.0]), np.array(7.0)),
         np.array([[7.0, 7, 7, 7, 7], [1, 7, 7, 7, 7], [7, 2, 7, 7, 7], [7, 7, 3, 7, 7]])),
    Case("MatrixDiagV2/several", lambda d: matrix_diag(d, k=[-1, 0]), (BAND,),
         np.array([[1.0, 0, 0], [4, 2, 0], [0, 5, 3]]), grad=True),
    Case("MatrixDiagV2/all_above", lambda d: matrix_diag(d, k=(1, 2)), (BAND,),
         np.array([[0.0, 4, 1, 0], [0, 0, 5, 2], [0, 0, 0, 9], [0, 0, 0, 0]])),
    Case("MatrixDiagV2/fed", lambda d, k: matrix_diag(d, k=k), (ROWS, np.array([-1], np.int32)),
         np.stack([np.diag(r, -1) for r in ROWS])),
    Case("MatrixDiagPart/wide", matrix_diag_part, (M,), np.diagonal(M), grad=True),
    Case("MatrixDiagPart/square", matrix_diag_part, (M[:, :3],), np.diagonal(M[:, :3]), grad=True),
    Case("MatrixDiagPart/stack", matrix_diag_part, (STACK,), np.diagonal(STACK, 0, 1, 2),
         grad=True),
    Case("MatrixDiagPartV2/below", lambda x: matrix_diag_part(x, k=-1), (STACK,),
         np.diagonal(STACK, -1, 1, 2), grad=True),
    Case("MatrixDiagPartV2/several", lambda x: matrix_diag_part(x, k=[-1, 2], padding_value=99),
         (M,), np.array([[3.0, 8, 99], [2, 7, 12], [1, 6, 11], [5, 10, 99]]), grad=True),
    Case("MatrixDiagPartV2/fed", lambda x, k: matrix_diag_part(x, k=k),
         (M.astype(np.float32), np.array(3, np.int32)), np.array([4.0])),
    Case("MatrixSetDiag/matrix", matrix_set_diag, (M, ROWS[0]), with_diagonal(M, ROWS[0]),
         grad=True),
    Case("MatrixSetDiag/stack", matrix_set_diag, (STACK, ROWS), with_diagonal(STACK, ROWS),
         grad=True),
    Case("MatrixSetDiagV2/above", lambda x, d: matrix_set_diag(x, d, k=2), (M, ROWS[0, :2]),
         np.array([[1.0, 2, 1, 4], [5, 6, 7, 2], [9, 10, 11, 12]]), grad=True),
    Case("MatrixSetDiagV2/several", lambda x, d: matrix_set_diag(x, d, k=[-1, 0]), (M, BAND),
         np.array([[1.0, 2, 3, 4], [4, 2, 7, 8], [9, 5, 3, 12]]), grad=True),
    Case("MatrixBandPart/lower", lambda x: matrix_band_part(x, -1, 0), (M,), np.tril(M), grad=True),
    Case("MatrixBandPart/upper", lambda x: matrix_band_part(x, 0, -1), (STACK,), np.triu(STACK),
         grad=True),
    Case("MatrixBandPart/band", matrix_band_part, (M, np.array(1), np.array(0)),
         np.tril(np.triu(M, -1))),
    Case("MatrixBandPart/bools", lambda x: matrix_band_part(x, 0, 0), (np.ones((2, 2), bool),),
         np.eye(2, dtype=bool)),
    Case("Diag/vector", diag, (ROWS[0],), np.diag(ROWS[0]), grad=True),
    Case("Diag/matrix", diag, (ROWS,), np.diag(ROWS.ravel()).reshape(2, 3, 2, 3), grad=True),
    Case("DiagPart/matrix", diag_part, (M[:, :3],), np.diagonal(M[:, :3]), grad=True),
    Case("DiagPart/four_axes", diag_part, (np.arange(36.0).reshape(2, 3, 2, 3),),
         np.diagonal(np.arange(36.0).reshape(6, 6)).reshape(2, 3), grad=True),
    Case("trace/stack", trace, (STACK,), np.trace(STACK, axis1=1, axis2=2), grad=True),
    Case("trace/ints", trace, (np.array([[1, 2], [3, 4]], np.int32),), np.array(5)),
]

BAD = [
    BadCase("MatrixDiag/scalar", lambda: matrix_diag(1.0), ValueError, ("rank 1",)),
    BadCase("MatrixDiagV2/small", lambda: matrix_diag([1.0, 2.0], k=1, num_rows=1), ValueError,
            ("1 x",)),
    BadCase("MatrixDiagV2/order", lambda: matrix_diag([[1.0], [2.0]], k=[1, 0]), ValueError,
            ("[lowest, highest]",)),
    BadCase("MatrixDiagPart/vector", lambda: matrix_diag_part([1.0]), ValueError, ("rank 2",)),
    BadCase("MatrixDiagPartV2/outside", lambda: matrix_diag_part(M, k=4), ValueError, ("3 x 4",)),
    BadCase("MatrixSetDiag/length", lambda: matrix_set_diag(M, [1.0, 2.0]), ValueError,
            ("(2,)", "(3, 4)")),
    BadCase("MatrixSetDiagV2/length", lambda: matrix_set_diag(M, [1.0, 2.0, 3.0], k=3), ValueError,
            ("(1,)",)),
    BadCase("MatrixBandPart/wide", lambda: matrix_band_part(M, 4, 0), ValueError, ("num_lower 4",)),
    BadCase("MatrixBandPart/wide_run", lambda x: matrix_band_part(x, 4, 0), InvalidArgumentError,
            ("num_lower 4",), (M,), "run"),
    BadCase("DiagPart/odd", lambda: diag_part(STACK), ValueError, ("(2, 3, 4)",)),
]
