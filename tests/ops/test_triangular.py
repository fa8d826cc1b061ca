"""Triangular equations in blocks: those of one matrix are of 32 rows, those of a stack of 16."""

import numpy as np
import pytest

from flowgraph.ops import triangular


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex128"])
@pytest.mark.parametrize("adjoint", [False, True])
@pytest.mark.parametrize("lower", [False, True])
@pytest.mark.parametrize(("stack", "rows"), [((), 32), ((1,), 32), ((3,), 16), ((2, 2), 16),
                                             ((0,), 16)])
@pytest.mark.parametrize("count", [49, 64, 95])
def test_equations_are_solved_by_one_triangle(monkeypatch, count, stack, rows, lower, adjoint,
                                              dtype):
    random = np.random.default_rng(count)
    matrix, rhs = (random.standard_normal((*stack, *sizes)).astype(dtype)
                   for sizes in ((count, count), (count, 3)))
    if dtype == "complex128":
        matrix *= 1 + 0.5j
    matrix = matrix / 20 + 2 * np.eye(count, dtype=dtype)
    read = np.tril(matrix) if lower else np.triu(matrix)
    matrix[..., ~np.tri(count, dtype=bool) if lower else np.tri(count, k=-1, dtype=bool)] = np.nan
    sizes, inverse_blocks = [], triangular._inverse_blocks
    monkeypatch.setattr(triangular, "_inverse_blocks", lambda *args: sizes.append(args[-1])
                        or inverse_blocks(*args))
    x = triangular.solve_triangular(np, matrix, rhs, lower, adjoint)
    assert x.dtype == dtype and sizes == [rows]
    read = read.swapaxes(-1, -2).conj() if adjoint else read
    np.testing.assert_allclose(read @ x, rhs, rtol=1e-4, atol=1e-4)
