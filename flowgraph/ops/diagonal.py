"""Diagonals of matrices: made, taken, set, and bands around them.

`MatrixDiag`, `MatrixDiagPart` and `MatrixSetDiag` deal with the main diagonal; their V2 forms with
any diagonal k (above the main one if positive), or with all diagonals from k[0] to k[1]. Several
diagonals stand as rows of one matrix, the highest first, each padded at its end.
"""

from __future__ import annotations

import math

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core import shapes
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import InvalidArgumentError, ShapeError
from flowgraph.graph.graph import name_scope
from flowgraph.graph.tensor import is_tensor_like
from flowgraph.opdef import shape_rules
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.opdef import OpDef, is_known, op_def
from flowgraph.ops.reduce import reduce_sum

_DIAG = dt.DTypeSet("a floating, complex, int32 or int64 dtype",
                    dt.FLOAT.members + dt.INDEX.members + dt.COMPLEX.members)


def _shorter(m, n):
    """The length of the main diagonal, when known: 0 is the least there is."""
    return None if None in (m, n) else min(m, n)


class MatrixDiag(OpDef):
    """Matrices with the rows of `diagonal` on their diagonals, and zeros elsewhere."""

    def infer(self, diagonal):
        shape_rules.require_rank_at_least(diagonal, 1, "a diagonal")
        d = diagonal.shape
        return Spec(diagonal.dtype, None if d is None else (*d, d[-1]))

    def kernel(self, xp, diagonal):
        n = diagonal.shape[-1]
        return _with_diagonals(xp.zeros((*diagonal.shape, n), diagonal.dtype), diagonal, (0, 0))

    def grad(self, op, dy):
        return MatrixDiagPart.build(dy)


class MatrixDiagPart(OpDef):
    """The main diagonals of matrices."""

    aliases = ("input",)

    def infer(self, input):
        shape_rules.require_rank_at_least(input, 2, "matrices")
        s = input.shape
        return Spec(input.dtype, None if s is None else (*s[:-2], _shorter(*s[-2:])))

    def kernel(self, xp, input):
        return xp.diagonal(input, 0, -2, -1)

    def grad(self, op, dy):
        sizes = op.inputs[0].spec.shape
        if sizes is not None and None not in sizes[-2:] and sizes[-1] == sizes[-2]:
            return MatrixDiag.build(dy)
        return MatrixSetDiag.build(op_def("ZerosLike").build(op.inputs[0]), dy)


class MatrixSetDiag(OpDef):
    """`input` with its matrices' main diagonals replaced by the rows of `diagonal`."""

    def infer(self, input, diagonal):
        shape_rules.require_rank_at_least(input, 2, "matrices")
        shape_rules.require_rank_at_least(diagonal, 1, "a diagonal")
        return Spec(input.dtype, _set_shape(input, diagonal, (0, 0)))

    def kernel(self, xp, input, diagonal, *, out=None):
        return _with_diagonals(_copied(xp, input, out), diagonal, (0, 0))

    def grad(self, op, dy):
        return (MatrixSetDiag.build(dy, op_def("ZerosLike").build(op.inputs[1])),
                MatrixDiagPart.build(dy))


# ---- any diagonals -------------------------------------------------------------------------------

_K = dt.DTypeSet("int32", (dt.int32,))


class MatrixDiagV2(OpDef):
    """Matrices with the rows of `diagonal` on diagonals `k`, and `padding_value` elsewhere."""

    dtypes = {"k": _K, "num_rows": _K, "num_cols": _K}
    host_inputs = ("k", "num_rows", "num_cols")

    def infer(self, diagonal, k, num_rows, num_cols, padding_value):
        shape_rules.require_rank_at_least(diagonal, 1, "a diagonal")
        d, ks = diagonal.shape, _range_of(k.value)
        if d is None or (ks is None and k.shape != ()):
            return Spec(diagonal.dtype, None)
        several = ks is not None and ks[0] != ks[1]
        if several and len(d) < 2:
            raise ShapeError(f"needs one row for each of the diagonals {ks}, got {shape_text(d)}")
        lead = d[:-2] if several else d[:-1]
        if ks is None or d[-1] is None or None in (num_rows.value, num_cols.value):
            return Spec(diagonal.dtype, (*lead, None, None))
        return Spec(diagonal.dtype, (*lead, *_matrix_sizes(d[-1], ks, num_rows.value,
                                                           num_cols.value)))

    def kernel(self, xp, diagonal, k, num_rows, num_cols, padding_value):
        return _made(xp, diagonal, _range_of(k), num_rows, num_cols, padding_value)

    def grad(self, op, dy):
        part = MatrixDiagPartV2.build(dy, op.inputs[1], np.zeros((), dy.dtype.numpy))
        return part, None, None, None, None


class MatrixDiagPartV2(OpDef):
    """Diagonals `k` of matrices; several are rows, `padding_value` after the short ones."""

    dtypes = {"k": _K}
    host_inputs = ("k",)

    def infer(self, input, k, padding_value):
        shape_rules.require_rank_at_least(input, 2, "matrices")
        s, ks = input.shape, _range_of(k.value)
        if s is None or ks is None:
            return Spec(input.dtype, None)
        count = () if ks[0] == ks[1] else (ks[1] - ks[0] + 1,)
        length = None if None in s[-2:] else _longest(*s[-2:], ks)
        return Spec(input.dtype, (*s[:-2], *count, length))

    def kernel(self, xp, input, k, padding_value):
        return _taken(xp, input, _range_of(k), padding_value)

    def grad(self, op, dy):
        zeros = op_def("ZerosLike").build(op.inputs[0])
        return MatrixSetDiagV2.build(zeros, dy, op.inputs[1]), None, None


class MatrixSetDiagV2(OpDef):
    """`input` with the diagonals `k` of its matrices replaced by the rows of `diagonal`."""

    dtypes = {"k": _K}
    host_inputs = ("k",)

    def infer(self, input, diagonal, k):
        shape_rules.require_rank_at_least(input, 2, "matrices")
        ks = _range_of(k.value)
        return Spec(input.dtype, input.shape if ks is None else _set_shape(input, diagonal, ks))

    def kernel(self, xp, input, diagonal, k, *, out=None):
        return _with_diagonals(_copied(xp, input, out), diagonal, _range_of(k))

    def grad(self, op, dy):
        zeros = op_def("ZerosLike").build(op.inputs[1])
        return (MatrixSetDiagV2.build(dy, zeros, op.inputs[2]),
                MatrixDiagPartV2.build(dy, op.inputs[2], np.zeros((), dy.dtype.numpy)), None)


def _range_of(k):
    """(lowest, highest) diagonal; None when not known."""
    if not isinstance(k, tuple):
        return None if k is None else (k, k)
    if not is_known(k):
        return None
    if len(k) not in (1, 2) or k[0] > k[-1]:
        raise ShapeError(f"has k = {k}", "Write one diagonal, or [lowest, highest].")
    return k[0], k[-1]


def _longest(m, n, ks):
    """The length of the longest of the diagonals."""
    low, high = ks
    if not (-m < low and high < n) and (low, high) != (0, 0):
        raise ShapeError(f"has no diagonals {low} to {high} in matrices of {m} x {n}",
                         f"They must be in ({-m}, {n}).")
    return min(m + min(high, 0), n - max(low, 0))


def _matrix_sizes(length, ks, rows, cols):
    """Rows and columns of matrices whose longest diagonal is `length`; -1 is the least there is."""
    low, high = ks
    least = length + max(-high, 0), length + max(low, 0)
    if rows == cols == -1:
        return (max(least),) * 2
    rows, cols = (least[0] if rows == -1 else rows), (least[1] if cols == -1 else cols)
    if rows < least[0] or cols < least[1] or _longest(rows, cols, ks) != length:
        raise ShapeError(f"cannot put diagonals {low} to {high} of length {length} into matrices "
                         f"of {rows} x {cols}")
    return rows, cols


def _set_shape(input, diagonal, ks):
    """The shape of `input`, its diagonals `ks` being set, as far as both shapes tell."""
    s, d = input.shape, diagonal.shape
    several = ks[0] != ks[1]
    if s is None or d is None:
        return s if d is None else (*d[:-2 if several else -1], None, None)
    length = None if None in s[-2:] else _longest(*s[-2:], ks)
    wanted = (*s[:-2], *((ks[1] - ks[0] + 1,) if several else ()), length)
    if not shapes.compatible(d, wanted):
        raise ShapeError(f"cannot set diagonals of {shape_text(d)} in {shape_text(s)}",
                         f"They must have shape {shape_text(wanted)}.")
    return (*shapes.merge(s[:-2], d[:len(s) - 2]), *s[-2:])


def _places(matrix, ks):
    """(row, k, length) of each diagonal, the highest first."""
    m, n = matrix.shape[-2:]
    return [(row, k, max(min(m + min(k, 0), n - max(k, 0)), 0))
            for row, k in enumerate(range(ks[1], ks[0] - 1, -1))]


def _with_diagonals(matrix, diagonal, ks):
    """Writes diagonals into `matrix`, which is fresh and contiguous."""
    for row, k, length in _places(matrix, ks):
        source = diagonal if ks[0] == ks[1] else diagonal[..., row, :]
        _diagonal_view(matrix, k, length)[...] = source[..., :length]
    return matrix


def _diagonal_view(matrix, k, length):
    """A writable view of diagonal k: every (columns + 1)-th element of each flat matrix."""
    m, n = matrix.shape[-2:]
    start = max(-k, 0) * n + max(k, 0)
    flat = matrix.reshape((*matrix.shape[:-2], m * n))
    return flat[..., start:start + length * (n + 1):n + 1][..., :length]


def _made(xp, diagonal, ks, rows, cols, padding):
    several = ks[0] != ks[1]
    try:
        sizes = _matrix_sizes(diagonal.shape[-1], ks, rows, cols)
    except ShapeError as error:
        raise InvalidArgumentError(None, None, error.args[0]) from None
    lead = diagonal.shape[:-2] if several else diagonal.shape[:-1]
    matrix = xp.empty((*lead, *sizes), diagonal.dtype)
    matrix[...] = padding
    return _with_diagonals(matrix, diagonal, ks)


def _taken(xp, input, ks, padding):
    if ks[0] == ks[1]:
        return xp.array(xp.diagonal(input, ks[0], -2, -1))
    try:
        longest = _longest(*input.shape[-2:], ks)
    except ShapeError as error:
        raise InvalidArgumentError(None, None, error.args[0]) from None
    result = xp.empty((*input.shape[:-2], ks[1] - ks[0] + 1, longest), input.dtype)
    result[...] = padding
    for row, k, length in _places(input, ks):
        result[..., row, :length] = xp.diagonal(input, k, -2, -1)
    return result


def _copied(xp, x, out):
    if out is None:
        return xp.array(x, order="C")
    out[...] = x
    return out


def matrix_diag(diagonal, name="diag", k=0, num_rows=-1, num_cols=-1, padding_value=0):
    """Makes matrices of diagonals.

    Args:
        diagonal: tensor [..., n] of one diagonal each, or [..., number of diagonals, n].
        name: name of the node.
        k: the diagonal, positive above the main one; or [lowest, highest].
        num_rows: rows of the matrices; default the least there can be.
        num_cols: columns of the matrices; default the least there can be.
        padding_value: what stands elsewhere.

    Returns:
        A tensor [..., num_rows, num_cols].

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.matrix_diag([1, 2]))
        array([[1, 0],
               [0, 2]], dtype=int32)
    """
    if _is_int(k, 0) and _is_int(num_rows, -1) and _is_int(num_cols, -1) \
            and _is_int(padding_value, 0):
        return MatrixDiag.build(diagonal, name=name)
    return MatrixDiagV2.build(diagonal, k, num_rows, num_cols, padding_value, name=name)


def _is_int(value, wanted):
    return type(value) is int and value == wanted


def matrix_diag_part(input, name="diag_part", k=0, padding_value=0):
    """Takes diagonals out of matrices.

    Args:
        input: tensor [..., m, n].
        name: name of the node.
        k: the diagonal, positive above the main one; or [lowest, highest].
        padding_value: what stands after the shorter ones of several diagonals.

    Returns:
        A tensor [..., length] for one diagonal, [..., number of diagonals, length] for several.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.matrix_diag_part([[1, 2], [3, 4]]))
        array([1, 4], dtype=int32)
    """
    if _is_int(k, 0):
        return MatrixDiagPart.build(input, name=name)
    return MatrixDiagPartV2.build(input, k, padding_value, name=name)


def matrix_set_diag(input, diagonal, name="set_diag", k=0):
    """Replaces diagonals of matrices.

    Args:
        input: tensor [..., m, n].
        diagonal: tensor [..., length], or [..., number of diagonals, length] for several.
        name: name of the node.
        k: the diagonal, positive above the main one; or [lowest, highest].

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.matrix_set_diag([[1, 2], [3, 4]], [7, 8]))
        array([[7, 2],
               [3, 8]], dtype=int32)
    """
    if _is_int(k, 0):
        return MatrixSetDiag.build(input, diagonal, name=name)
    return MatrixSetDiagV2.build(input, diagonal, k, name=name)


# ---- bands ---------------------------------------------------------------------------------------


class MatrixBandPart(OpDef):
    """`input` with zeros outside a band around the diagonals of its matrices."""

    T = dt.NUMBER + dt.BOOL
    dtypes = {"num_lower": "Tindex", "num_upper": "Tindex"}
    Tindex = dt.INDEX
    host_inputs = ("num_lower", "num_upper")

    def infer(self, input, num_lower, num_upper):
        shape_rules.require_rank_at_least(input, 2, "matrices")
        for spec, what in ((num_lower, "num_lower"), (num_upper, "num_upper")):
            shape_rules.require_rank(spec, 0, what)
        if input.shape is not None:
            _check_band(num_lower.value, input.shape[-2], "num_lower", "rows")
            _check_band(num_upper.value, input.shape[-1], "num_upper", "columns")
        return Spec(input.dtype, input.shape)

    def kernel(self, xp, input, num_lower, num_upper):
        return xp.where(_band(xp, *input.shape[-2:], num_lower, num_upper), input,
                        xp.zeros((), input.dtype))

    def grad(self, op, dy):
        return MatrixBandPart.build(dy, op.inputs[1], op.inputs[2]), None, None


def _check_band(width, size, what, axis):
    if None not in (width, size) and width > size:
        raise ShapeError(f"has {what} {width} for matrices of {size} {axis}",
                         f"Write -1 for all {axis}.")


def _band(xp, m, n, lower, upper):
    below = xp.arange(m)[:, None] - xp.arange(n)
    return (below <= (lower if lower >= 0 else m)) & (-below <= (upper if upper >= 0 else n))


def matrix_band_part(input, num_lower, num_upper, name=None):
    """Keeps a band around the diagonals of matrices; zeros elsewhere.

    Args:
        input: tensor [..., m, n].
        num_lower: how many diagonals below the main one to keep; negative for all.
        num_upper: how many diagonals above the main one to keep; negative for all.
        name: name of the node.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.matrix_band_part([[1, 2], [3, 4]], 0, -1))
        array([[1, 2],
               [0, 4]], dtype=int32)
    """
    return MatrixBandPart.build(input, num_lower, num_upper, name=name)


# ---- diagonals of tensors ------------------------------------------------------------------------


class Diag(OpDef):
    """result[i, j, ..., i, j, ...] = diagonal[i, j, ...], and zeros elsewhere."""

    T = _DIAG
    def infer(self, diagonal):
        shape_rules.require_rank_at_least(diagonal, 1, "a diagonal")
        return Spec(diagonal.dtype, None if diagonal.shape is None else diagonal.shape * 2)

    def kernel(self, xp, diagonal):
        return _with_diagonals(xp.zeros((diagonal.size,) * 2, diagonal.dtype),
                               diagonal.reshape(-1), (0, 0)).reshape(diagonal.shape * 2)

    def grad(self, op, dy):
        return DiagPart.build(dy)


class DiagPart(OpDef):
    """result[i, j, ...] = input[i, j, ..., i, j, ...]."""

    aliases = ("input",)

    def infer(self, input):
        s = input.shape
        if s is None:
            return Spec(input.dtype, None)
        half = len(s) // 2
        if not s or len(s) % 2 or not shapes.compatible(s[:half], s[half:]):
            raise ShapeError(f"has no diagonal in {shape_text(s)}",
                             "The second half of its sizes must be as the first half.")
        return Spec(input.dtype, shapes.merge(s[:half], s[half:]))

    def kernel(self, xp, input):
        return xp.diagonal(input.reshape((math.prod(input.shape[:input.ndim // 2]),) * 2)).reshape(
            input.shape[:input.ndim // 2])

    def grad(self, op, dy):
        return Diag.build(dy)


def diag(diagonal, name=None):
    """Makes a tensor of twice the rank with a given diagonal.

    Args:
        diagonal: tensor [d1, ..., dk] of rank 1 or more.
        name: name of the node.

    Returns:
        A tensor [d1, ..., dk, d1, ..., dk].

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.diag([1, 2]))
        array([[1, 0],
               [0, 2]], dtype=int32)
    """
    return Diag.build(diagonal, name=name)


def diag_part(input, name=None):
    """Takes the diagonal of a tensor; undoes `diag`.

    Args:
        input: tensor [d1, ..., dk, d1, ..., dk].
        name: name of the node.

    Returns:
        A tensor [d1, ..., dk].

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.diag_part([[1, 2], [3, 4]]))
        array([1, 4], dtype=int32)
    """
    return DiagPart.build(input, name=name)


def trace(x, name=None):
    """Sums the main diagonals of matrices.

    Args:
        x: tensor [..., m, n].
        name: name scope of the nodes.

    Returns:
        A tensor of shape [...].

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.trace([[1, 2], [3, 4]])).item()
        5
    """
    with name_scope(name, "Trace", [x]) as scope:
        x = convert_to_tensor(x, name="x") if not is_tensor_like(x) else x
        return reduce_sum(matrix_diag_part(x), [-1], name=scope)
