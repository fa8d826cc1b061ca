"""Cases of ops/tridiagonal.py and of the matrix logarithm; NumPy's dense algebra is the oracle."""

import numpy as np

import flowgraph as fg
from flowgraph.testing import BadCase, Case

RNG = np.random.default_rng(2)
DIAGONALS = RNG.normal(size=(2, 3, 4)) + np.array([[0.0], [3.0], [0.0]])
PIVOTING = np.array([[2.0, 1.0, 3.0, 0.0], [0.0, 0.1, 4.0, 1.0], [0.0, 3.0, 5.0, 2.0]])
RHS = RNG.normal(size=(2, 4, 3))


def dense(d):
    def one(rows):
        return np.diag(rows[0, :-1], 1) + np.diag(rows[1]) + np.diag(rows[2, 1:], -1)
    return one(d) if d.ndim == 2 else np.stack([one(rows) for rows in d])


def solved(d, r):
    return np.linalg.solve(dense(d), r)


def sequence(function):
    return lambda a, m, b, r: function((a, m, b), r, "sequence")


def logm_parts(a, b):
    y = fg.linalg.logm(fg.complex(a, b))
    return [fg.real(y), fg.imag(y)]


def logarithm(a, b):
    values, vectors = np.linalg.eig(a + 1j * b)
    y = (vectors * np.log(values)) @ np.linalg.inv(vectors)
    return [y.real, y.imag]


SQUARE = RNG.normal(size=(3, 3)) + 4 * np.eye(3)

CASES = [
    Case("TridiagonalMatMul/compact", fg.linalg.tridiagonal_matmul, (DIAGONALS, RHS),
         lambda d, r: dense(d) @ r, grad=True),
    Case("TridiagonalMatMul/sequence", sequence(fg.linalg.tridiagonal_matmul),
         (DIAGONALS[0, 0], DIAGONALS[0, 1], DIAGONALS[0, 2], RHS[0]), dense(DIAGONALS[0]) @ RHS[0]),
    Case("TridiagonalMatMul/matrix",
         lambda m, r: fg.linalg.tridiagonal_matmul(m, r, "matrix"), (dense(DIAGONALS), RHS),
         dense(DIAGONALS) @ RHS, unknown_shapes=False, grad=True),
    Case("TridiagonalSolve/compact", fg.linalg.tridiagonal_solve, (DIAGONALS, RHS), solved,
         grad=True, unknown_shapes=False),
    Case("TridiagonalSolve/vector", fg.linalg.tridiagonal_solve, (DIAGONALS[0], RHS[0, :, 0]),
         solved, unknown_shapes=False, grad=True),
    Case("TridiagonalSolve/pivoting", fg.linalg.tridiagonal_solve, (PIVOTING, RHS[0]), solved,
         unknown_shapes=False, grad=True),
    Case("TridiagonalSolve/no_pivoting",
         lambda d, r: fg.linalg.tridiagonal_solve(d, r, partial_pivoting=False),
         (DIAGONALS, RHS), solved, unknown_shapes=False),
    Case("TridiagonalSolve/singular", fg.linalg.tridiagonal_solve,
         (np.stack([np.ones((3, 2)), np.array([[0.0, 0], [1, 1], [0, 0]])]), RHS[:, :2]),
         np.stack([np.full((2, 3), np.nan), RHS[1, :2]]), unknown_shapes=False),
    Case("TridiagonalSolve/sequence", sequence(fg.linalg.tridiagonal_solve),
         (DIAGONALS[0, 0, :-1], DIAGONALS[0, 1], DIAGONALS[0, 2, 1:], RHS[0]),
         solved(DIAGONALS[0], RHS[0]), unknown_shapes=False, grad=True),
    Case("TridiagonalSolve/matrix", lambda m, r: fg.linalg.tridiagonal_solve(m, r, "matrix"),
         (dense(DIAGONALS), RHS), np.linalg.solve, unknown_shapes=False),
    Case("TridiagonalSolve/transposed",
         lambda d, r: fg.linalg.tridiagonal_solve(d, r, transpose_rhs=True),
         (DIAGONALS, RHS.swapaxes(1, 2).copy()),
         lambda d, r: solved(d, r.swapaxes(1, 2)).swapaxes(1, 2), unknown_shapes=False),
    Case("MatrixLogarithm/parts", logm_parts, (SQUARE, SQUARE.T / 3), logarithm, grad=True,
         rtol=1e-9, atol=1e-11),
    Case("MatrixLogarithm/batch_complex64", fg.linalg.logm,
         (np.stack([np.eye(2), -np.eye(2)]).astype(np.complex64),),
         np.stack([np.zeros((2, 2)), 1j * np.pi * np.eye(2)])),
    Case("MatrixLogarithm/defective", fg.linalg.logm,
         (np.array([[2, 1, 0], [0, 2, 1], [0, 0, 2]], np.complex128),),
         np.array([[np.log(2), 0.5, -0.125], [0, np.log(2), 0.5], [0, 0, np.log(2)]]) + 0j,
         rtol=1e-9, atol=1e-12),
    Case("MatrixLogarithm/empty", fg.linalg.logm, (np.zeros((0, 2, 2), np.complex64),),
         np.zeros((0, 2, 2), np.complex64)),
]

BAD = [
    BadCase("TridiagonalMatMul/rows", lambda: fg.linalg.tridiagonal_matmul(
        np.ones((3, 4)), np.ones((5, 1))), ValueError, ("(5, 1)",)),
    BadCase("TridiagonalMatMul/format", lambda: fg.linalg.tridiagonal_matmul(
        np.ones((3, 4)), np.ones((4, 1)), "rows"), ValueError, ("rows",)),
    BadCase("TridiagonalSolve/rows", lambda: fg.linalg.tridiagonal_solve(
        np.ones((3, 4)), np.ones(5)), ValueError, ("(3, 4)", "(5, 1)")),
    BadCase("TridiagonalSolve/two_diagonals", lambda: fg.linalg.tridiagonal_solve(
        np.ones((2, 4)), np.ones(4)), ValueError, ("3 diagonals", "(2, 4)")),
    BadCase("TridiagonalSolve/rank", lambda: fg.linalg.tridiagonal_solve(
        np.ones((3, 4)), np.ones((1, 2, 4, 1))), ValueError, ("rank",)),
    BadCase("TridiagonalSolve/length", lambda: fg.linalg.tridiagonal_solve(
        (np.ones(2), np.ones(4), np.ones(3)), np.ones(4), "sequence"), ValueError, ("4 or 3", "2")),
    BadCase("MatrixLogarithm/real", lambda: fg.linalg.logm(fg.constant([[1.0]])), TypeError,
            ("float32", "complex")),
    BadCase("MatrixLogarithm/rectangle", lambda: fg.linalg.logm(np.ones((2, 3), np.complex64)),
            ValueError, ("square", "(2, 3)")),
]
