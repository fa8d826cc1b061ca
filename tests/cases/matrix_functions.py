"""Cases of the exponential and the square root of matrices, pseudo-inverse and rank."""

import math

import numpy as np

from flowgraph.ops.matrix_functions import expm, matrix_square_root
from flowgraph.ops.pseudo_inverse import matrix_rank, pinv
from flowgraph.testing import BadCase, Case

RNG = np.random.default_rng(19)
A = RNG.normal(size=(3, 3)) + 4 * np.eye(3)
STACK = np.stack([A, 0.01 * A])
TALL = RNG.normal(size=(4, 3))
LOW = np.array([[1.0, 2.0], [2.0, 4.0]])


def series(x):
    """exp(x) as the square of the square ... of the series at x / 1024."""
    result = sum(np.linalg.matrix_power(x / 1024, k) / math.factorial(k) for k in range(12))
    for _ in range(10):
        result = result @ result
    return result


CASES = [
    Case("MatrixExponential/small", expm, (A / 10,), series(A / 10), grad=True, rtol=1e-9),
    Case("MatrixExponential/stack", expm, (STACK,), np.stack([series(x) for x in STACK]),
         grad=True, rtol=1e-9),
    Case("MatrixExponential/rotation", expm, (np.array([[0, -1], [1, 0]], np.float32),),
         np.array([[math.cos(1), -math.sin(1)], [math.sin(1), math.cos(1)]])),
    Case("MatrixExponential/large", expm, (np.diag([50.0, -700.0]),),
         np.diag(np.exp([50.0, -700.0])), rtol=1e-11),
    Case("MatrixExponential/empty", expm, (np.zeros((2, 0, 0)),), np.zeros((2, 0, 0))),
    Case("MatrixExponential/nan", expm, (np.array([[np.nan]]),), np.array([[np.nan]])),
    Case("MatrixSquareRoot/squared_again", matrix_square_root, (A @ A,), A, rtol=1e-9, grad=True),
    Case("MatrixSquareRoot/stack", matrix_square_root, (np.stack([A @ A, TALL.T @ TALL @ A]),),
         check=lambda results: np.testing.assert_allclose(
             results[0] @ results[0], np.stack([A @ A, TALL.T @ TALL @ A]), rtol=1e-8),
         grad=True),
    Case("MatrixSquareRoot/symmetric", matrix_square_root,
         (np.array([[5, 4], [4, 5]], np.float32),), np.array([[2, 1], [1, 2]])),
    Case("MatrixSquareRoot/semidefinite", matrix_square_root, (LOW * 5,), LOW),
    Case("MatrixSquareRoot/negative", matrix_square_root, (np.diag([-1.0, 1.0]),),
         np.full((2, 2), np.nan)),
    Case("pinv/tall", pinv, (TALL,), np.linalg.pinv(TALL), grad=True, rtol=1e-10),
    Case("pinv/wide", pinv, (TALL.T.copy(),), np.linalg.pinv(TALL.T), grad=True, rtol=1e-10),
    Case("pinv/low_rank", pinv, (LOW,), LOW / 25),
    Case("pinv/rcond", lambda x: pinv(x, 0.5), (np.diag([3.0, 1.0]),), np.diag([1 / 3, 0])),
    Case("matrix_rank/low", matrix_rank, (LOW,), np.array(1)),
    Case("matrix_rank/stack", matrix_rank, (STACK,), np.array([3, 3])),
    Case("matrix_rank/python_ints", lambda: matrix_rank([[1, 0], [0, 0]]), (), np.array(1)),
    Case("matrix_rank/tol", lambda x: matrix_rank(x, tol=2.0), (np.diag([3.0, 1.0]),), np.array(1)),
]

BAD = [
    BadCase("MatrixExponential/not_square", lambda: expm(TALL), ValueError, ("square",)),
    BadCase("MatrixSquareRoot/not_square", lambda: matrix_square_root(TALL), ValueError,
            ("square",)),
    BadCase("pinv/ints", lambda: pinv([[1]]), TypeError, ("int32",)),
]
