"""Names of before TensorFlow 1.0: they compute what today's do, and say which those are."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.core import deprecation
from flowgraph.namespaces import legacy

MATRIX = np.array([[4.0, 1.0], [1.0, 3.0]])
RENAMED = {
    "mul": ("multiply", (2.0, 3.0)), "sub": ("subtract", (2.0, 3.0)), "neg": ("negative", (2.0,)),
    "inv": ("reciprocal", (4.0,)), "complex_abs": ("abs", (3 + 4j,)),
    "pack": ("stack", ([1, 2],)), "unpack": ("unstack", ([1, 2],)),
    "listdiff": ("setdiff1d", ([1, 2], [2])),
    "batch_cholesky": ("cholesky", (MATRIX,)),
    "batch_cholesky_solve": ("cholesky_solve", (MATRIX, MATRIX)),
    "batch_fft": ("fft", (np.ones(2, np.complex64),)),
    "batch_fft2d": ("fft2d", (np.ones((2, 2), np.complex64),)),
    "batch_fft3d": ("fft3d", (np.ones((2, 2, 2), np.complex64),)),
    "batch_ifft": ("ifft", (np.ones(2, np.complex64),)),
    "batch_ifft2d": ("ifft2d", (np.ones((2, 2), np.complex64),)),
    "batch_ifft3d": ("ifft3d", (np.ones((2, 2, 2), np.complex64),)),
    "batch_matrix_band_part": ("matrix_band_part", (MATRIX, 0, 1)),
    "batch_matrix_determinant": ("matrix_determinant", (MATRIX,)),
    "batch_matrix_diag": ("matrix_diag", ([1.0, 2.0],)),
    "batch_matrix_diag_part": ("matrix_diag_part", (MATRIX,)),
    "batch_matrix_inverse": ("matrix_inverse", (MATRIX,)),
    "batch_matrix_set_diag": ("matrix_set_diag", (MATRIX, [0.0, 0.0])),
    "batch_matrix_solve": ("matrix_solve", (MATRIX, MATRIX)),
    "batch_matrix_solve_ls": ("matrix_solve_ls", (MATRIX, MATRIX)),
    "batch_matrix_transpose": ("matrix_transpose", (MATRIX,)),
    "batch_matrix_triangular_solve": ("matrix_triangular_solve", (MATRIX, MATRIX)),
    "batch_self_adjoint_eig": ("self_adjoint_eig", (MATRIX,)),
    "batch_self_adjoint_eigvals": ("self_adjoint_eigvals", (MATRIX,)),
    "batch_svd": ("svd", (MATRIX,)),
}


@pytest.mark.parametrize("old", RENAMED)
def test_an_old_name_computes_what_todays_does(old, caplog, monkeypatch):
    monkeypatch.setattr(deprecation, "_told", set())
    new, args = RENAMED[old]
    function = getattr(fg, old)
    got, want = function(*args), getattr(fg, new)(*args)
    with fg.Session() as sess:
        for a, b in zip(fg.nest.flatten(sess.run(got)), fg.nest.flatten(sess.run(want)),
                        strict=True):
            np.testing.assert_array_equal(a, b)
    (record,) = caplog.records
    assert f"{old} (from flowgraph.namespaces.legacy) is deprecated" in record.getMessage()
    assert f"Use `tf.{new}` instead." in record.getMessage()
    assert function is getattr(legacy, old) and function.__name__ == old


def test_matrices_are_adjoined_by_their_old_arguments():
    x, y = np.array([[[1j, 2]]]), np.array([[[3, 4j]]])
    with fg.Session() as sess:
        assert sess.run(fg.batch_matmul(x, y, adj_y=True)).tolist() == [[[-5j]]]
        assert sess.run(fg.batch_matmul(x, y, adj_x=True)).tolist() == [[[-3j, 4], [6, 8j]]]


def test_select_is_where_and_op_scope_is_name_scope():
    with fg.op_scope([fg.constant(1)], "given", "default") as scope:
        chosen = fg.select(fg.constant([True, False]), t=[1, 2], e=[3, 4], name="chosen")
    assert scope == "given/" and chosen.op.name == "given/chosen"
    assert fg.Session().run(chosen).tolist() == [1, 4]
