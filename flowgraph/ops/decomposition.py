"""Matrices as products: Cholesky, QR, singular values, eigenvalues, LU."""

from __future__ import annotations

from collections import namedtuple

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.checks import raise_if
from flowgraph.core.frames import located
from flowgraph.core.spec import Spec
from flowgraph.errors import InvalidArgumentError
from flowgraph.opdef import shape_rules
from flowgraph.opdef.opdef import OpDef, op_def
from flowgraph.ops.complex_numbers import real
from flowgraph.ops.diagonal import (
    matrix_band_part,
    matrix_diag,
    matrix_diag_part,
    matrix_set_diag,
)
from flowgraph.ops.division import div_no_nan
from flowgraph.ops.join import concat
from flowgraph.ops.matmul import matmul
from flowgraph.ops.matrices import MATRIX, TOLD, adjoint, or_invalid, square
from flowgraph.ops.reshape import expand_dims
from flowgraph.ops.select import one_hot
from flowgraph.ops.solve import matrix_triangular_solve


def _columns(scalars):
    """Numbers that multiply the columns of matrices."""
    return expand_dims(scalars, -2)


def _rows(scalars):
    """Numbers that multiply the rows of matrices."""
    return expand_dims(scalars, -1)


def _apart(values):
    """[i, j] = 1 / (values[j] - values[i]), and 0 where they are equal."""
    difference = _columns(values) - _rows(values)
    return div_no_nan(np.ones((), values.dtype.base_dtype.numpy), difference)


# ---- Cholesky ------------------------------------------------------------------------------------


class Cholesky(OpDef):
    """The lower triangular L with L L^H = `input`, whose upper triangle is not read."""

    multiplies = True
    T = MATRIX
    waits_for_gpu = TOLD

    def infer(self, input):
        return Spec(input.dtype, square(input))

    def kernel(self, xp, input):
        return or_invalid(xp, xp.linalg.cholesky, input,
                          problem="the matrix is not positive definite")

    def grad(self, op, dy):
        return cholesky_gradient(op.outputs[0], dy)


def cholesky_gradient(factor, dy):
    """The gradient of the matrices whose Cholesky factor has the gradient `dy`; symmetric."""
    inner = matmul(factor, dy, adjoint_a=True)
    half = matrix_set_diag(inner, 0.5 * matrix_diag_part(inner))
    left = matrix_triangular_solve(factor, matrix_band_part(half, -1, 0), adjoint=True)
    dx = matrix_triangular_solve(factor, adjoint(left), adjoint=True)
    return 0.5 * (dx + adjoint(dx))


def cholesky(input, name=None):
    """Takes the Cholesky factor of positive definite matrices.

    Args:
        input: tensor [..., n, n], symmetric (Hermitian); only the lower triangle is read.
        name: name of the node.

    Returns:
        A tensor [..., n, n] of lower triangular matrices.

    Raises:
        InvalidArgumentError: a matrix is not positive definite (at run).

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.cholesky([[4.0, 0.0], [2.0, 2.0]]))
        array([[2., 0.],
               [1., 1.]], dtype=float32)
    """
    return Cholesky.build(input, name=name)


# ---- QR ------------------------------------------------------------------------------------------


class Qr(OpDef):
    """q with orthonormal columns and upper triangular r, whose product is `input`."""

    multiplies = True
    T = MATRIX
    multiple = True

    def infer(self, input, *, full_matrices=False):
        shape_rules.require_rank_at_least(input, 2, "matrices")
        if input.shape is None:
            return Spec(input.dtype, None), Spec(input.dtype, None)
        *batch, m, n = input.shape
        k = m if full_matrices else None if None in (m, n) else min(m, n)
        return Spec(input.dtype, (*batch, m, k)), Spec(input.dtype, (*batch, k, n))

    def kernel(self, xp, input, *, full_matrices=False):
        return tuple(xp.linalg.qr(input, "complete" if full_matrices else "reduced"))

    def grad(self, op, dq, dr):
        sizes = op.inputs[0].spec.shape
        if sizes is None or None in sizes[-2:]:
            raise NotImplementedError(located("the gradient of qr needs matrices of known sizes",
                                              "Give the placeholder a shape, or call set_shape."))
        m, n = sizes[-2:]
        q, r = op.outputs
        if m > n and op.attrs["full_matrices"]:
            raise NotImplementedError(located("there is no gradient of qr with full_matrices for "
                                              f"matrices of {m} x {n}",
                                              "Write full_matrices=False."))
        if m >= n:
            return _qr_gradient(q, r, dq, dr)
        # A = [X, Y] = Q [U, V]: of the square X as ever; Y = Q V
        rest = op.inputs[0][..., m:]
        dv = dr[..., m:]
        dx = _qr_gradient(q, r[..., :m], dq + matmul(rest, dv, adjoint_b=True), dr[..., :m])
        return concat([dx, matmul(q, dv)], -1)


def _qr_gradient(q, r, dq, dr):
    """For q with as many columns as r, which is square."""
    inner = matmul(r, dr, adjoint_b=True) - matmul(dq, q, adjoint_a=True)
    lower = matrix_band_part(inner, -1, 0)
    symmetric = matrix_set_diag(lower + adjoint(lower), matrix_diag_part(inner))
    dx = dq + matmul(q, symmetric)
    return adjoint(matrix_triangular_solve(r, adjoint(dx), lower=False))


QrResult = namedtuple("QrResult", ["q", "r"])


def qr(input, full_matrices=False, name=None):
    """Writes matrices as a product of orthonormal columns and a triangle.

    Args:
        input: tensor [..., m, n].
        full_matrices: whether q is square; else it has min(m, n) columns.
        name: name of the node.

    Returns:
        (q, r), two tensors. The signs of q's columns are free.

    Example:
        >>> import flowgraph as fg
        >>> q, r = fg.qr([[0.0, 2.0], [3.0, 0.0]])
        >>> fg.Session().run(fg.abs(r))
        array([[3., 0.],
               [0., 2.]], dtype=float32)
    """
    return QrResult(*Qr.build(input, full_matrices=bool(full_matrices), name=name))


# ---- singular values -----------------------------------------------------------------------------


class Svd(OpDef):
    """s, u, v with u diag(s) v^H = `input`, s falling; u and v are empty unless `compute_uv`."""

    multiplies = True
    T = MATRIX
    waits_for_gpu = TOLD
    multiple = True

    def infer(self, input, *, compute_uv=True, full_matrices=False):
        shape_rules.require_rank_at_least(input, 2, "matrices")
        if input.shape is None:
            vectors = (None, None) if compute_uv else ((0,), (0,))
            return tuple(Spec(input.dtype, sizes) for sizes in (None, *vectors))
        *batch, m, n = input.shape
        k = None if None in (m, n) else min(m, n)
        u, v = (((*batch, m, m if full_matrices else k), (*batch, n, n if full_matrices else k))
                if compute_uv else ((0,), (0,)))
        return tuple(Spec(input.dtype, sizes) for sizes in ((*batch, k), u, v))

    def kernel(self, xp, input, *, compute_uv=True, full_matrices=False):
        return _singular(xp, input, compute_uv, full_matrices)

    def grad(self, op, ds, du, dv):
        if not op.attrs["compute_uv"]:
            _, u, v = Svd.build(op.inputs[0])
            return matmul(u * _columns(ds), v, adjoint_b=True)
        sizes = op.inputs[0].spec.shape
        m, n = (None, None) if sizes is None else sizes[-2:]
        if op.inputs[0].dtype.is_complex:
            raise NotImplementedError(located("there is no gradient of the singular vectors of "
                                              "complex matrices"))
        if op.attrs["full_matrices"] and (m is None or m != n):
            raise NotImplementedError(located("there is no gradient of svd with full_matrices, but "
                                              "for square matrices",
                                              "Write full_matrices=False."))
        s, u, v = op.outputs
        apart = _apart(s * s)
        udu, vdv = matmul(u, du, adjoint_a=True), matmul(v, dv, adjoint_a=True)
        inner = (apart * (udu - adjoint(udu)) * _columns(s)
                 + _rows(s) * (apart * (vdv - adjoint(vdv))) + matrix_diag(ds))
        dx = matmul(matmul(u, inner), v, adjoint_b=True)
        if m is None or n is None or m > n:  # what leads out of the space of u
            dx += matmul(div_no_nan(du - matmul(u, udu), _columns(s)), v, adjoint_b=True)
        if m is None or n is None or n > m:
            dx += matmul(u, div_no_nan(dv - matmul(v, vdv), _columns(s)), adjoint_b=True)
        return dx


def _singular(xp, input, compute_uv, full_matrices):
    problem = "the singular values do not converge"
    # LAPACK can loop for ever on a matrix with an infinity: a matrix that is not finite is kept
    # from it, and has NaN for a result
    finite = xp.all(xp.isfinite(input), axis=(-2, -1), keepdims=True)
    input = xp.where(finite, input, input.dtype.type(0))
    nan = input.dtype.type(xp.nan)
    if not compute_uv:
        s = or_invalid(xp, xp.linalg.svd, input, problem=problem, compute_uv=False)
        s = xp.where(finite[..., 0], s.astype(input.dtype), nan)
        return s, xp.empty(0, input.dtype), xp.empty(0, input.dtype)
    u, s, vh = or_invalid(xp, xp.linalg.svd, input, problem=problem, full_matrices=full_matrices)
    s = xp.where(finite[..., 0], s.astype(input.dtype), nan)
    return s, xp.where(finite, u, nan), xp.where(finite, vh.swapaxes(-1, -2).conj(), nan)


def svd(tensor, full_matrices=False, compute_uv=True, name=None):
    """Computes singular values and vectors of matrices.

    Args:
        tensor: tensor [..., m, n].
        full_matrices: whether u and v are square; else they have min(m, n) columns.
        compute_uv: whether to compute u and v.
        name: name of the node.

    Returns:
        (s, u, v): the singular values [..., min(m, n)], falling and real, and the singular
        vectors as columns, so that u @ diag(s) @ adjoint(v) is the matrix. Only s unless
        `compute_uv`. The signs of the vectors are free.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.svd([[0.0, 2.0], [3.0, 0.0]], compute_uv=False))
        array([3., 2.], dtype=float32)
    """
    s, u, v = Svd.build(tensor, compute_uv=bool(compute_uv), full_matrices=bool(full_matrices),
                        name=name)
    return (real(s), u, v) if compute_uv else real(s)


# ---- eigenvalues ---------------------------------------------------------------------------------


class SelfAdjointEigV2(OpDef):
    """Eigenvalues, rising, and (if `compute_v`) eigenvectors of Hermitian matrices."""

    multiplies = True
    T = MATRIX
    multiple = True
    waits_for_gpu = "an infinity, on which it may never end, is looked for first"

    def infer(self, input, *, compute_v=True):
        sizes = square(input)
        return (Spec(input.dtype, None if sizes is None else sizes[:-1]),
                Spec(input.dtype, sizes if compute_v else (0,)))

    def kernel(self, xp, input, *, compute_v=True):
        return _eigen(xp, input, compute_v)

    def grad(self, op, de, dv):
        e, v = op.outputs if op.attrs["compute_v"] else SelfAdjointEigV2.build(op.inputs[0])
        inner = matrix_diag(de)
        if op.attrs["compute_v"]:
            inner += _apart(e) * matmul(v, dv, adjoint_a=True)
        dx = matmul(v, matmul(inner, v, adjoint_b=True))
        # only the lower triangle is read: it gets what both would
        dx = matrix_band_part(dx + adjoint(dx), -1, 0)
        return matrix_set_diag(dx, 0.5 * matrix_diag_part(dx))


def _eigen(xp, input, compute_v):
    problem = "the eigenvalues do not converge"
    if not xp.isfinite(xp.tril(input)).all():  # LAPACK can loop for ever on an infinity
        raise InvalidArgumentError(None, None, problem)
    if not compute_v:
        e = or_invalid(xp, xp.linalg.eigvalsh, input, problem=problem)
        return e.astype(input.dtype), xp.empty(0, input.dtype)
    e, v = or_invalid(xp, xp.linalg.eigh, input, problem=problem)
    return e.astype(input.dtype), v


def self_adjoint_eig(tensor, name=None):
    """Computes eigenvalues and eigenvectors of symmetric (Hermitian) matrices.

    Args:
        tensor: tensor [..., n, n]; only the lower triangle is read.
        name: name of the node.

    Returns:
        (e, v): the eigenvalues [..., n], rising, and the eigenvectors [..., n, n] as columns. The
        signs of the vectors are free.

    Example:
        >>> import flowgraph as fg
        >>> e, v = fg.self_adjoint_eig([[2.0, 0.0], [0.0, 1.0]])
        >>> fg.Session().run(e)
        array([1., 2.], dtype=float32)
    """
    e, v = SelfAdjointEigV2.build(tensor, compute_v=True, name=name)
    return e, v


def self_adjoint_eigvals(tensor, name=None):
    """Computes the eigenvalues of symmetric (Hermitian) matrices.

    Args:
        tensor: tensor [..., n, n]; only the lower triangle is read.
        name: name of the node.

    Returns:
        A tensor [..., n], rising.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.self_adjoint_eigvals([[2.0, 0.0], [0.0, 1.0]]))
        array([1., 2.], dtype=float32)
    """
    return SelfAdjointEigV2.build(tensor, compute_v=False, name=name)[0]


# ---- LU ------------------------------------------------------------------------------------------


class Lu(OpDef):
    """L (below the diagonal, ones on it) and U in one matrix, and p with input[p] = L U."""

    multiplies = True
    T = MATRIX
    multiple = True
    checks_data = True

    def infer(self, input, *, output_idx_type=dt.int32):
        sizes = square(input)
        return (Spec(input.dtype, sizes),
                Spec(output_idx_type, None if sizes is None else sizes[:-1]))

    def kernel(self, xp, input, *, output_idx_type=dt.int32):
        return _lu(xp, input, output_idx_type.numpy)

    def grad(self, op, dlu, dp):
        packed, p = op.outputs
        lower = matrix_set_diag(packed, op_def("OnesLike").build(matrix_diag_part(packed)))
        below = dlu - matrix_band_part(dlu, 0, -1)
        left = matmul(matrix_band_part(lower, -1, 0), below, adjoint_a=True)
        right = matmul(dlu - below, matrix_band_part(packed, 0, -1), adjoint_b=True)
        inner = left - matrix_band_part(left, 0, -1) + matrix_band_part(right, 0, -1)
        half = matrix_triangular_solve(lower, inner, adjoint=True)
        dx = adjoint(matrix_triangular_solve(packed, adjoint(half), lower=False))
        size = packed.spec.shape[-1] if packed.spec.shape is not None else None
        n = op_def("Shape").build(packed)[-1] if size is None else size
        return matmul(one_hot(p, n, dtype=dx.dtype.base_dtype), dx, transpose_a=True)


def _lu(xp, input, index_dtype):
    """Gaussian elimination with the largest pivots, all matrices of the stack at once."""
    n = input.shape[-1]
    lu = xp.array(input).reshape((-1, n, n)) if input.size else xp.array(input)
    if not input.size:
        return lu, xp.zeros(input.shape[:-1], index_dtype)
    each = xp.arange(len(lu))
    p = xp.zeros((len(lu), n), index_dtype) + xp.arange(n).astype(index_dtype)
    singular = xp.zeros(len(lu), bool)
    for k in range(n):
        best = k + abs(lu[:, k:, k]).argmax(axis=1)
        for rows in (lu, p):
            top = rows[:, k].copy()
            rows[:, k] = rows[each, best]
            rows[each, best] = top
        pivots = lu[:, k, k]
        singular = singular | (pivots == 0)
        lu[:, k + 1:, k] /= pivots[:, None]
        lu[:, k + 1:, k + 1:] -= lu[:, k + 1:, k, None] * lu[:, k, None, k + 1:]
    raise_if(xp, singular, lambda: InvalidArgumentError(
        None, None, "the matrix is not invertible"))
    return lu.reshape(input.shape), p.reshape(input.shape[:-1])


LuResult = namedtuple("LuResult", ["lu", "p"])


def lu(input, output_idx_type=dt.int32, name=None):
    """Writes matrices as a product of a lower and an upper triangle, up to the order of rows.

    Args:
        input: tensor [..., n, n].
        output_idx_type: dtype of the permutation, int32 or int64.
        name: name of the node.

    Returns:
        (lu, p): both triangles in one [..., n, n] tensor, the ones on the diagonal of the lower
        left out; and the [..., n] numbers of the rows, so that input[p] = lower @ upper.

    Raises:
        InvalidArgumentError: a matrix is singular (at run).

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(list(fg.linalg.lu([[1.0, 2.0], [2.0, 2.0]])))
        [array([[2. , 2. ],
               [0.5, 1. ]], dtype=float32), array([1, 0], dtype=int32)]
    """
    return LuResult(*Lu.build(input, output_idx_type=dt.as_dtype(output_idx_type), name=name))
