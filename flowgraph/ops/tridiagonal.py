"""Matrices with three diagonals: products with them, and equations in linear time.

In the compact format row 0 of `diagonals` holds the elements above the main diagonal (its last is
not used), row 1 the main diagonal, row 2 those below (its first is not used).
"""

from __future__ import annotations

import numpy as np

from flowgraph.core import shapes
from flowgraph.core.frames import located
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import ShapeError
from flowgraph.opdef import shape_rules
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.opdef import OpDef
from flowgraph.ops.complex_numbers import conj
from flowgraph.ops.constant import ZerosLike
from flowgraph.ops.diagonal import matrix_diag_part
from flowgraph.ops.join import concat, stack
from flowgraph.ops.matrices import MATRIX
from flowgraph.ops.pad import pad
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.reshape import expand_dims, matrix_transpose, squeeze

# ---- products ------------------------------------------------------------------------------------


class TridiagonalMatMul(OpDef):
    """The product of a matrix with three diagonals, each [..., 1, m], and `rhs` [..., m, n]."""

    T = MATRIX

    def infer(self, superdiag: Spec, maindiag: Spec, subdiag: Spec, rhs: Spec):
        shape_rules.require_rank_at_least(rhs, 2, "right-hand sides")
        for diagonal in (superdiag, maindiag, subdiag):
            shape_rules.require_rank_at_least(diagonal, 2, "diagonals")
        rows = shape_rules.merge("diagonals", superdiag, maindiag, subdiag)
        if rows is None or rhs.shape is None:
            return Spec(rhs.dtype, rhs.shape)
        wanted = (*rows[:-2], rows[-1])
        if not shapes.compatible(wanted, rhs.shape[:-1]) or rows[-2] not in (None, 1):
            raise ShapeError(f"cannot multiply diagonals of {shape_text(rows)} by "
                             f"{shape_text(rhs.shape)}")
        front = shapes.merge(wanted, rhs.shape[:-1]) or ()
        return Spec(rhs.dtype, (*front, rhs.shape[-1]))

    def kernel(self, xp, superdiag, maindiag, subdiag, rhs):
        result = maindiag.swapaxes(-1, -2) * rhs
        result[..., :-1, :] += superdiag.swapaxes(-1, -2)[..., :-1, :] * rhs[..., 1:, :]
        result[..., 1:, :] += subdiag.swapaxes(-1, -2)[..., 1:, :] * rhs[..., :-1, :]
        return result

    def grad(self, op, dy):
        above, main, below, rhs = (conj(x) for x in op.inputs)
        up, down = _shifted(rhs, 1), _shifted(rhs, -1)
        transposed = (_shifted_row(below, 1), main, _shifted_row(above, -1))
        return (*(expand_dims(reduce_sum(dy * x, -1), -2) for x in (up, rhs, down)),
                TridiagonalMatMul.build(*transposed, dy))


def tridiagonal_matmul(diagonals, rhs, diagonals_format="compact", name=None):
    """Multiplies a matrix that has three diagonals by another matrix.

    Args:
        diagonals: [..., 3, m] in the format "compact"; three tensors [..., m], above, main and
            below, in "sequence"; [..., m, m] in "matrix".
        rhs: tensor [..., m, n].
        diagonals_format: "compact", "sequence" or "matrix".
        name: name of the node.

    Returns:
        A tensor [..., m, n].

    Raises:
        ValueError: another format, or shapes that do not go together.

    Example:
        >>> import flowgraph as fg
        >>> diagonals = [[1.0, 0.0], [2.0, 3.0], [0.0, 4.0]]  # [[2, 1], [4, 3]]
        >>> print(fg.Session().run(fg.linalg.tridiagonal_matmul(diagonals, [[1.0], [10.0]])))
        [[12.]
         [34.]]
    """
    if diagonals_format == "compact":
        diagonals = convert_to_tensor(diagonals)
        above, main, below = (diagonals[..., i, :] for i in range(3))
    elif diagonals_format == "sequence":
        above, main, below = (convert_to_tensor(x) for x in diagonals)
    elif diagonals_format == "matrix":
        above, main, below = _of_matrix(convert_to_tensor(diagonals))
    else:
        raise ValueError(located(f"Unrecognized diagonals_format: {diagonals_format}",
                                 "It must be 'compact', 'matrix' or 'sequence'."))
    return TridiagonalMatMul.build(expand_dims(above, -2), expand_dims(main, -2),
                                   expand_dims(below, -2), rhs, name=name)


# ---- equations -----------------------------------------------------------------------------------


class TridiagonalSolve(OpDef):
    """x with A x = `rhs`, A given by `diagonals` in the compact format."""

    T = MATRIX

    def infer(self, diagonals: Spec, rhs: Spec, *, partial_pivoting=True):
        shape_rules.require_rank_at_least(diagonals, 2, "diagonals")
        shape_rules.require_rank_at_least(rhs, 2, "right-hand sides")
        d, r = diagonals.shape, rhs.shape
        if d is None or r is None:
            return Spec(rhs.dtype, r)
        if d[-2] not in (None, 3):
            raise ShapeError(f"needs 3 diagonals, got {shape_text(d)}")
        if not shapes.compatible((*d[:-2], d[-1]), r[:-1]):
            raise ShapeError(f"cannot solve equations of diagonals {shape_text(d)} with "
                             f"right-hand sides of {shape_text(r)}")
        front = shapes.merge((*d[:-2], d[-1]), r[:-1]) or ()
        return Spec(rhs.dtype, (*front, r[-1]))

    def kernel(self, xp, diagonals, rhs, *, partial_pivoting=True):
        return _solved(xp, diagonals, rhs, partial_pivoting)

    def grad(self, op, dy):
        diagonals, x = op.inputs[0], op.outputs[0]
        above, main, below = (conj(diagonals[..., i, :]) for i in range(3))
        transposed = stack([_shifted_vector(below, 1), main, _shifted_vector(above, -1)], -2)
        d_rhs = TridiagonalSolve.build(transposed, dy, **op.attrs)
        x = conj(x)
        parts = [reduce_sum(d_rhs * y, -1) for y in (_shifted(x, 1), x, _shifted(x, -1))]
        return -stack(parts, -2), d_rhs


def _solved(xp, diagonals, rhs, pivoting):
    """Gaussian elimination: one step per row, for all matrices and right-hand sides at once.

    With pivoting each step takes the larger of two rows; then a row has up to three elements.
    """
    size = diagonals.shape[-1]
    shape = rhs.shape
    if not rhs.size:
        return xp.zeros(shape, rhs.dtype)
    # rows of the triangle: u[i] x[i] + v[i] x[i + 1] + w[i] x[i + 2] = y[i]
    u = [None] * size
    v, w, y = list(u), list(u), list(u)
    main, above, right = diagonals[..., 1, 0:1], diagonals[..., 0, 0:1], rhs[..., 0, :]
    zero, one, singular = xp.zeros_like(main), rhs.dtype.type(1), main != main
    for i in range(size - 1):
        a, b = diagonals[..., 2, i + 1:i + 2], diagonals[..., 1, i + 1:i + 2]
        c = diagonals[..., 0, i + 1:i + 2] if i + 2 < size else zero
        other = rhs[..., i + 1, :]
        swap = abs(a) > abs(main) if pivoting else zero != 0
        u[i] = xp.where(swap, a, main)
        singular = singular | (u[i] == 0)
        u[i] = xp.where(singular, one, u[i])
        v[i], w[i] = xp.where(swap, b, above), xp.where(swap, c, zero)
        y[i] = xp.where(swap, other, right)
        factor = xp.where(swap, main, a) / u[i]
        main, above, right = (xp.where(swap, above, b) - factor * v[i],
                              xp.where(swap, zero, c) - factor * w[i],
                              xp.where(swap, right, other) - factor * y[i])
    singular = singular | (main == 0)
    x = xp.empty(shape, rhs.dtype)
    x[..., size - 1, :] = right / xp.where(singular, one, main)
    for i in range(size - 2, -1, -1):
        rest = y[i] - v[i] * x[..., i + 1, :]
        if i + 2 < size:
            rest = rest - w[i] * x[..., i + 2, :]
        x[..., i, :] = rest / u[i]
    return xp.where(singular[..., None], one * np.nan, x)


def tridiagonal_solve(diagonals, rhs, diagonals_format="compact", transpose_rhs=False,
                      conjugate_rhs=False, name=None, partial_pivoting=True):
    """Solves equations whose matrix has three diagonals, in time linear in its size.

    Args:
        diagonals: [..., 3, m] in the format "compact"; three tensors [..., m], above, main and
            below, in "sequence", where the outer two may have m - 1 elements; [..., m, m] in
            "matrix".
        rhs: tensor [..., m], or [..., m, n].
        diagonals_format: "compact", "sequence" or "matrix".
        transpose_rhs: whether `rhs`, and the result, are [..., n, m].
        conjugate_rhs: whether to conjugate `rhs` first.
        name: name of the node.
        partial_pivoting: whether rows are swapped for accuracy.

    Returns:
        A tensor of the shape of `rhs`; NaN where a pivot is 0, for a singular matrix or
        for want of pivoting.

    Raises:
        ValueError: another format, or shapes that do not go together.

    Example:
        >>> import flowgraph as fg
        >>> diagonals = [[1.0, 0.0], [2.0, 3.0], [0.0, 4.0]]  # [[2, 1], [4, 3]]
        >>> print(fg.Session().run(fg.linalg.tridiagonal_solve(diagonals, [12.0, 34.0])).round(4))
        [ 1. 10.]
    """
    if diagonals_format == "sequence":
        diagonals = _compact(diagonals)
    elif diagonals_format == "matrix":
        diagonals = stack(_of_matrix(convert_to_tensor(diagonals)), -2)
    elif diagonals_format == "compact":
        diagonals = convert_to_tensor(diagonals)
    else:
        raise ValueError(located(f"Unrecognized diagonals_format: {diagonals_format}",
                                 "It must be 'compact', 'matrix' or 'sequence'."))
    rhs = convert_to_tensor(rhs)
    d, r = diagonals.spec.shape, rhs.spec.shape
    if d is None or r is None:
        raise ShapeError(located("tridiagonal_solve needs diagonals and rhs of known rank",
                                 section="shape-error"))
    if len(d) < 2 or len(r) not in (len(d) - 1, len(d)):
        raise ShapeError(located(f"tridiagonal_solve cannot take diagonals of {shape_text(d)} and "
                                 f"rhs of {shape_text(r)}. The rank of rhs must be that of "
                                 "diagonals, or 1 less.", section="shape-error"))
    vector = len(r) == len(d) - 1
    if transpose_rhs and not vector:
        rhs = matrix_transpose(rhs, conjugate=conjugate_rhs)
    else:
        rhs = conj(rhs) if conjugate_rhs else rhs
        rhs = expand_dims(rhs, -1) if vector else rhs
    x = TridiagonalSolve.build(diagonals, rhs, partial_pivoting=partial_pivoting, name=name)
    if vector:
        return squeeze(x, [-1])
    return matrix_transpose(x) if transpose_rhs else x


# ---- helpers -------------------------------------------------------------------------------------


def _compact(diagonals):
    """Three tensors as one [..., 3, m]; the outer two are filled up where they are shorter."""
    if not isinstance(diagonals, (list, tuple)) or len(diagonals) != 3:
        raise ValueError(located("diagonals must be a sequence of length 3: above, main, below"))
    above, main, below = (convert_to_tensor(x) for x in diagonals)
    return stack([_filled(above, main, (0, 1)), main, _filled(below, main, (1, 0))], -2)


def _filled(x, main, lacking):
    n, m = (None if t.spec.shape is None else t.spec.shape[-1] for t in (x, main))
    if n is None or m is None or n == m:
        return x
    if n != m - 1:
        raise ShapeError(located(f"a diagonal beside one of {m} elements must have {m} or {m - 1}, "
                                 f"got {n}", section="shape-error"))
    return pad(x, [(0, 0)] * (x.spec.rank - 1) + [lacking])


def _of_matrix(matrix):
    """The three diagonals of matrices [..., m, m], all of length m."""
    sizes = matrix.spec.shape
    if sizes is None or len(sizes) < 2 or None in sizes[-2:]:
        raise ShapeError(located("the size of the matrix must be known for "
                                 "diagonals_format='matrix'", section="shape-error"))
    if sizes[-1] != sizes[-2]:
        raise ShapeError(located(f"the matrices must be square, got {shape_text(sizes)}",
                                 section="shape-error"))
    main = matrix_diag_part(matrix)
    if sizes[-1] == 1:
        return [ZerosLike.build(main), main, ZerosLike.build(main)]
    above = matrix_diag_part(matrix[..., :-1, 1:])
    below = matrix_diag_part(matrix[..., 1:, :-1])
    zero = ZerosLike.build(main[..., :1])
    return [concat([above, zero], -1), main, concat([zero, below], -1)]


def _shifted(x, by):
    """The rows of x [..., m, n] moved up (1) or down (-1) by one; 0 comes in."""
    zero = ZerosLike.build(x[..., :1, :])
    return concat([x[..., 1:, :], zero] if by == 1 else [zero, x[..., :-1, :]], -2)


def _shifted_row(x, by):
    """The elements of x [..., 1, m] moved to the front (1) or the back (-1) by one."""
    return expand_dims(_shifted_vector(x[..., 0, :], by), -2)


def _shifted_vector(x, by):
    zero = ZerosLike.build(x[..., :1])
    return concat([x[..., 1:], zero] if by == 1 else [zero, x[..., :-1]], -1)
