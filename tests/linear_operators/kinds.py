"""One operator of each kind with the dense matrix it stands for, and how the tests name them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np

import flowgraph as fg

L = fg.linalg
RNG = np.random.RandomState(5)


def numbers(*shape: int, dtype: str = "float64") -> Any:
    """Random numbers, complex ones for a complex dtype."""
    parts = RNG.randn(2, *shape)
    return (parts[0] + 1j * parts[1] if dtype.startswith("complex") else parts[0]).astype(dtype)


def heavy(*shape: int, dtype: str = "float64") -> Any:
    """Random matrices with a large diagonal, so that they are easily solved."""
    return numbers(*shape, dtype=dtype) + (4 * np.eye(shape[-1])).astype(dtype)


def adjoint(matrix: Any) -> Any:
    return matrix.swapaxes(-1, -2).conj()


def definite(n: int, dtype: str = "float64") -> Any:
    a = numbers(n, n, dtype=dtype)
    return a @ adjoint(a) + np.eye(n)


def circulant(kernel: Any) -> Any:
    """The matrix of the convolution with `kernel` on a ring or a torus."""
    shape, n = kernel.shape, kernel.size
    columns = [np.roll(kernel, np.unravel_index(i, shape), tuple(range(len(shape)))).reshape(-1)
               for i in range(n)]
    return np.stack(columns, -1)


def block_diag(*blocks: Any) -> Any:
    n = sum(block.shape[-1] for block in blocks)
    batch = np.broadcast_shapes(*(block.shape[:-2] for block in blocks))
    dense, at = np.zeros((*batch, n, n), blocks[0].dtype), 0
    for block in blocks:
        end = at + block.shape[-1]
        dense[..., at:end, at:end] = block
        at = end
    return dense


def toeplitz(col: Any, row: Any) -> Any:
    n = len(col)
    return np.array([[col[i - j] if i >= j else row[j - i] for j in range(n)] for i in range(n)])


def reflection(axis: Any) -> Any:
    v = axis / np.linalg.norm(axis)
    return np.eye(len(v)) - 2 * np.outer(v, v.conj())


@dataclass(frozen=True)
class Kind:
    """An operator of one kind.

    Attributes:
        name: of the test.
        make: gives the operator, from a function that makes tensors of arrays.
        dense: the matrix it stands for.
        tensors: how many tensors define it.
    """

    name: str
    make: Callable[[Callable[[Any], Any]], Any]
    dense: Any
    tensors: int = 1


D, D2, M, MB, R = numbers(3) + 3, numbers(2, 3) + 3, heavy(3, 3), heavy(2, 3, 3), numbers(2, 3)
C, CM, CR = numbers(3, dtype="complex128") + 3, heavy(3, 3, dtype="complex128"), numbers(2, 3)
U, V, P, S, A2 = numbers(3, 2), numbers(3, 2), definite(3), np.array([1.5, 2.5]), heavy(2, 2)
K1, K2, K3 = numbers(3), numbers(2, 3), numbers(2, 1, 3)
K1[0] += 4
K2[0, 0] += 8
K3[0, 0, 0] += 8
COL, ROW = numbers(3), numbers(3)
COL[0] = ROW[0] = 5

KINDS = [
    Kind("identity", lambda t: L.LinearOperatorIdentity(3, dtype=fg.float64), np.eye(3), 0),
    Kind("identity_batch", lambda t: L.LinearOperatorIdentity(3, [2], fg.float64),
         np.stack([np.eye(3)] * 2), 0),
    Kind("scaled_identity", lambda t: L.LinearOperatorScaledIdentity(3, t(S)),
         S[:, None, None] * np.eye(3)),
    Kind("diag", lambda t: L.LinearOperatorDiag(t(D)), np.diag(D)),
    Kind("diag_batch", lambda t: L.LinearOperatorDiag(t(D2)), D2[..., None] * np.eye(3)),
    Kind("diag_complex", lambda t: L.LinearOperatorDiag(t(C)), np.diag(C)),
    Kind("full", lambda t: L.LinearOperatorFullMatrix(t(MB)), MB),
    Kind("full_complex", lambda t: L.LinearOperatorFullMatrix(t(CM)), CM),
    Kind("full_definite", lambda t: L.LinearOperatorFullMatrix(
        t(P), is_self_adjoint=True, is_positive_definite=True), P),
    Kind("triangular", lambda t: L.LinearOperatorLowerTriangular(t(M)), np.tril(M)),
    Kind("householder", lambda t: L.LinearOperatorHouseholder(t(D)), reflection(D)),
    Kind("householder_complex", lambda t: L.LinearOperatorHouseholder(t(C)), reflection(C)),
    Kind("toeplitz", lambda t: L.LinearOperatorToeplitz(t(COL), t(ROW)), toeplitz(COL, ROW), 2),
    Kind("circulant", lambda t: L.LinearOperatorCirculant(t(np.fft.fft(K1)), fg.float64),
         circulant(K1)),
    Kind("circulant2d", lambda t: L.LinearOperatorCirculant2D(t(np.fft.fft2(K2)), fg.complex128),
         circulant(K2).astype(complex)),
    Kind("circulant3d", lambda t: L.LinearOperatorCirculant3D(t(np.fft.fftn(K3)), fg.complex128),
         circulant(K3).astype(complex)),
    Kind("adjoint", lambda t: L.LinearOperatorAdjoint(L.LinearOperatorFullMatrix(t(CM))),
         adjoint(CM)),
    Kind("inversion", lambda t: L.LinearOperatorInversion(L.LinearOperatorFullMatrix(t(M))),
         np.linalg.inv(M)),
    Kind("composition", lambda t: L.LinearOperatorComposition(
        [L.LinearOperatorFullMatrix(t(MB)), L.LinearOperatorDiag(t(D))]), MB @ np.diag(D), 2),
    Kind("block_diag", lambda t: L.LinearOperatorBlockDiag(
        [L.LinearOperatorFullMatrix(t(MB)), L.LinearOperatorDiag(t(D))]),
         block_diag(MB, np.diag(D)), 2),
    Kind("kronecker", lambda t: L.LinearOperatorKronecker(
        [L.LinearOperatorFullMatrix(t(A2)), L.LinearOperatorDiag(t(D)),
         L.LinearOperatorLowerTriangular(t(A2))]),
         reduce(np.kron, [A2, np.diag(D), np.tril(A2)]), 3),
    Kind("low_rank_update", lambda t: L.LinearOperatorLowRankUpdate(
        L.LinearOperatorDiag(t(D2)), t(U), t(S), t(V)),
         D2[..., None] * np.eye(3) + U * S @ V.T, 4),
    Kind("low_rank_update_definite", lambda t: L.LinearOperatorLowRankUpdate(
        L.LinearOperatorDiag(t(abs(D)), is_positive_definite=True), t(U)),
         np.diag(abs(D)) + U @ U.T, 2),
]
OBLONG = [
    Kind("full", lambda t: L.LinearOperatorFullMatrix(t(R)), R),
    Kind("zeros", lambda t: L.LinearOperatorZeros(2, 3, dtype=fg.float64, is_square=False,
                                                  is_self_adjoint=False), np.zeros((2, 3)), 0),
    Kind("adjoint", lambda t: L.LinearOperatorAdjoint(L.LinearOperatorFullMatrix(t(R))), R.T),
    Kind("composition", lambda t: L.LinearOperatorComposition(
        [L.LinearOperatorFullMatrix(t(R)), L.LinearOperatorFullMatrix(t(MB))]), R @ MB, 2),
    Kind("kronecker", lambda t: L.LinearOperatorKronecker(
        [L.LinearOperatorFullMatrix(t(R)), L.LinearOperatorFullMatrix(t(M))]), np.kron(R, M), 2),
]
