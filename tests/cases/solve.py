"""Cases of linear equations and inverses."""

from functools import partial

import numpy as np

from flowgraph.errors import InvalidArgumentError
from flowgraph.ops.matrices import adjoint
from flowgraph.ops.solve import (
    cholesky_solve,
    matrix_inverse,
    matrix_solve,
    matrix_solve_ls,
    matrix_triangular_solve,
)
from flowgraph.testing import BadCase, Case

RNG = np.random.default_rng(11)
A = RNG.normal(size=(3, 3)) + 3 * np.eye(3)
STACK = RNG.normal(size=(2, 3, 3)) + 3 * np.eye(3)
B = RNG.normal(size=(3, 2))
STACK_B = RNG.normal(size=(2, 3, 2))
C = A + 1j * RNG.normal(size=(3, 3))
TALL = RNG.normal(size=(4, 2))
TALL_B = RNG.normal(size=(4, 3))
WIDE = TALL.T.copy()
SINGULAR = np.array([[1.0, 2.0], [2.0, 4.0]])
NONE = np.zeros((0, 0))
BLOCKS = RNG.normal(size=(2, 53, 53)) / 53 + 2 * np.eye(53)  # solved in blocks, the last one small
BLOCKS_B = RNG.normal(size=(2, 53, 3))
TINY = np.tril(np.ones((64, 64), np.float32))
TINY[40, 40] = 1e-39  # whose reciprocal is infinite
TINY_B = np.eye(64, 1, dtype=np.float32)


def ridge(a, b, l2):
    return np.linalg.solve(a.T @ a + l2 * np.eye(a.shape[1]), a.T @ b)


def ls(l2=0.0, fast=True):
    return lambda a, b: matrix_solve_ls(a, b, l2, fast)


CASES = [
    Case("adjoint/complex", adjoint, (C,), C.conj().T),
    Case("adjoint/real", adjoint, (STACK,), STACK.swapaxes(1, 2), grad=True),
    Case("MatrixInverse/matrix", matrix_inverse, (A,), np.linalg.inv(A), grad=True),
    Case("MatrixInverse/adjoint", lambda a: matrix_inverse(a, adjoint=True), (STACK,),
         np.linalg.inv(STACK).swapaxes(1, 2), grad=True),
    Case("MatrixInverse/complex_adjoint", lambda a: matrix_inverse(a, adjoint=True), (C,),
         np.linalg.inv(C.conj().T)),
    Case("MatrixInverse/float32", matrix_inverse, (A.astype(np.float32),), np.linalg.inv(A)),
    Case("MatrixInverse/empty", matrix_inverse, (NONE,), NONE),
    Case("MatrixSolve/matrix", matrix_solve, (A, B), np.linalg.solve(A, B), grad=True),
    Case("MatrixSolve/stack", matrix_solve, (STACK, STACK_B), np.linalg.solve(STACK, STACK_B),
         grad=True),
    Case("MatrixSolve/adjoint", lambda a, b: matrix_solve(a, b, adjoint=True), (STACK, STACK_B),
         np.linalg.solve(STACK.swapaxes(1, 2), STACK_B), grad=True),
    Case("MatrixSolve/complex_adjoint", lambda a, b: matrix_solve(a, b, True), (C, C[:, :2]),
         np.linalg.solve(C.conj().T, C[:, :2])),
    Case("MatrixTriangularSolve/lower", matrix_triangular_solve, (A, B),
         np.linalg.solve(np.tril(A), B), grad=True),
    Case("MatrixTriangularSolve/upper", lambda a, b: matrix_triangular_solve(a, b, lower=False),
         (STACK, STACK_B), np.linalg.solve(np.triu(STACK), STACK_B), grad=True),
    Case("MatrixTriangularSolve/lower_adjoint",
         lambda a, b: matrix_triangular_solve(a, b, adjoint=True), (A, B),
         np.linalg.solve(np.tril(A).T, B), grad=True),
    Case("MatrixTriangularSolve/upper_adjoint",
         lambda a, b: matrix_triangular_solve(a, b, False, True), (C, C[:, :1]),
         np.linalg.solve(np.triu(C).conj().T, C[:, :1])),
    *(Case(f"MatrixTriangularSolve/blocks_{lower}_{turned}",
           partial(matrix_triangular_solve, lower=lower, adjoint=turned), (BLOCKS, BLOCKS_B),
           np.linalg.solve(triangle.swapaxes(1, 2) if turned else triangle, BLOCKS_B),
           grad=lower, rtol=1e-10)
      for lower, triangle in ((True, np.tril(BLOCKS)), (False, np.triu(BLOCKS)))
      for turned in (False, True)),
    Case("MatrixTriangularSolve/blocks_complex",
         partial(matrix_triangular_solve, adjoint=True), (BLOCKS[0] * (1 + 1j), BLOCKS_B[0] * 1j),
         np.linalg.solve((np.tril(BLOCKS[0]) * (1 + 1j)).conj().T, BLOCKS_B[0] * 1j), rtol=1e-10),
    Case("MatrixTriangularSolve/no_reciprocal", matrix_triangular_solve, (TINY, TINY_B),
         np.linalg.solve(TINY, TINY_B)),
    Case("cholesky_solve/matrix", cholesky_solve, (A, B),
         np.linalg.solve(np.tril(A) @ np.tril(A).T, B), grad=True),
    Case("MatrixSolveLs/tall", ls(), (TALL, TALL_B), np.linalg.lstsq(TALL, TALL_B, None)[0],
         grad=True),
    Case("MatrixSolveLs/wide", ls(), (WIDE, B[:2]), np.linalg.lstsq(WIDE, B[:2], None)[0],
         grad=True),
    Case("MatrixSolveLs/square", ls(), (A, B), np.linalg.solve(A, B), grad=True, rtol=1e-10),
    Case("MatrixSolveLs/regularized", ls(0.5), (TALL, TALL_B), ridge(TALL, TALL_B, 0.5), grad=True),
    Case("MatrixSolveLs/wide_regularized", ls(0.5), (WIDE, B[:2]), ridge(WIDE, B[:2], 0.5),
         grad=True),
    Case("MatrixSolveLs/stack", ls(), (STACK, STACK_B), np.linalg.solve(STACK, STACK_B),
         rtol=1e-10),
    Case("MatrixSolveLs/low_rank", ls(fast=False), (SINGULAR, np.array([[1.0], [2.0]])),
         np.array([[0.2], [0.4]])),
]

BAD = [
    BadCase("MatrixInverse/singular", matrix_inverse, InvalidArgumentError, ("not invertible",),
            (SINGULAR,), "run"),
    BadCase("MatrixInverse/not_square", lambda: matrix_inverse(TALL), ValueError,
            ("square", "(4, 2)")),
    BadCase("MatrixInverse/ints", lambda: matrix_inverse([[1]]), TypeError, ("int32",)),
    BadCase("MatrixSolve/singular", lambda a: matrix_solve(a, [[1.0], [1.0]]),
            InvalidArgumentError, ("not invertible",), (SINGULAR,), "run"),
    BadCase("MatrixSolve/rows", lambda: matrix_solve(A, B[:2]), ValueError, ("(3, 3)", "(2, 2)")),
    BadCase("MatrixSolve/vector", lambda: matrix_solve(A, B[:, 0]), ValueError, ("rank 2",)),
    BadCase("MatrixTriangularSolve/zero", lambda a: matrix_triangular_solve(a, [[1.0], [1.0]]),
            InvalidArgumentError, ("diagonal element",), (np.array([[0.0, 1], [1, 1]]),), "run"),
    BadCase("MatrixSolveLs/rows", lambda: matrix_solve_ls(TALL, B), ValueError, ("(4, 2)",)),
    BadCase("MatrixSolveLs/rank", lambda a: matrix_solve_ls(a, [[1.0], [1.0]]),
            InvalidArgumentError, ("fast=False",), (SINGULAR,), "run"),
]
