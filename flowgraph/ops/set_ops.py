"""Sets along the last dimension: size, intersection, difference, union.

A tensor of shape [..., n] holds one set per row; a sparse tensor may hold sets of different sizes.
Repeated values count once. Results are sparse: the values of each row, sorted, from place 0 on.
Rows and values are numbered together, so that a set operation is one on sorted lists of numbers.
"""

from __future__ import annotations

import math

from flowgraph.core import dtypes as dt
from flowgraph.core import shapes
from flowgraph.core.frames import located
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import DTypeError, InvalidArgumentError, ShapeError
from flowgraph.opdef import shape_rules
from flowgraph.opdef.opdef import NotDifferentiable, OpDef
from flowgraph.ops.sparse_rows import (
    INT64,
    check_bounds,
    check_order,
    check_parts,
    distinct,
    linear_places,
    rows_at,
    sparse_rule,
    sparse_specs,
)
from flowgraph.ops.sparse_tensor import (
    SparseTensor,
    convert_to_tensor_or_sparse_tensor,
    sparse_parts,
)

VALUES = dt.DTypeSet("an integer of 8 to 64 bits, or string",
                     (dt.int32, dt.int64, dt.int8, dt.int16, dt.uint8, dt.uint16, dt.string))


class SetSize(OpDef):
    """How many different values each row of a sparse tensor has."""

    T = VALUES
    dtypes = {"set_indices": INT64, "set_values": "T", "set_shape": INT64}
    host_inputs = ("set_shape",)
    grad = NotDifferentiable
    waits_for_gpu = "how large a set is depends on its elements"

    def infer(self, set_indices, set_values, set_shape, *, validate_indices=True):
        rank = _sparse_rank(set_indices, set_values, set_shape)
        sizes = set_shape.value or (None if rank is None else (None,) * rank)
        return Spec(dt.int32, None if sizes is None else sizes[:-1])

    def kernel(self, xp, set_indices, set_values, set_shape, *, validate_indices=True):
        lead, rows, values = _sparse_set(xp, set_indices, set_values, set_shape, validate_indices)
        (keys,), span, _ = _keys(xp, math.prod(lead), (rows, values))
        sizes = xp.bincount(keys // span, minlength=math.prod(lead))
        return sizes.astype("int32").reshape(lead)


class _SetOperation(OpDef, abstract=True):
    """A set operation, row by row: "a-b", "b-a", "intersection" or "union"."""

    T = VALUES
    multiple = True
    grad = NotDifferentiable


class DenseToDenseSetOperation(_SetOperation):
    """A set operation on the rows of two dense tensors."""

    waits_for_gpu = "how large a set is depends on its elements"

    def infer(self, set1, set2, *, set_operation, validate_indices=True):
        shape_rules.require_rank_at_least(set1, 2, "set1")
        shape_rules.require_rank_at_least(set2, 2, "set2")
        a, b = set1.shape, set2.shape
        if a is not None and b is not None and (
                len(a) != len(b) or not shapes.compatible(a[:-1], b[:-1])):
            raise ShapeError(f"cannot combine sets of {shape_text(a)} and {shape_text(b)}",
                             "All sizes but the last must be equal.")
        known = b if a is None else a
        return sparse_specs(None, None if known is None else len(known), set1.dtype)

    def kernel(self, xp, set1, set2, *, set_operation, validate_indices=True):
        return _combined(xp, set_operation, _dense_set(xp, set1), _dense_set(xp, set2))


class DenseToSparseSetOperation(_SetOperation):
    """A set operation on the rows of a dense and a sparse tensor."""

    dtypes = {"set2_indices": INT64, "set2_shape": INT64}
    host_inputs = ("set2_shape",)
    waits_for_gpu = "how large a set is depends on its elements"

    def infer(self, set1, set2_indices, set2_values, set2_shape, *, set_operation,
              validate_indices=True):
        shape_rules.require_rank_at_least(set1, 2, "set1")
        rank = _sparse_rank(set2_indices, set2_values, set2_shape)
        if set1.rank is not None and rank is not None and rank != set1.rank:
            raise ShapeError(f"cannot combine sets of ranks {set1.rank} and {rank}")
        return sparse_specs(None, rank if set1.rank is None else set1.rank, set1.dtype)

    def kernel(self, xp, set1, set2_indices, set2_values, set2_shape, *, set_operation,
               validate_indices=True):
        second = _sparse_set(xp, set2_indices, set2_values, set2_shape, validate_indices)
        return _combined(xp, set_operation, _dense_set(xp, set1), second)


class SparseToSparseSetOperation(_SetOperation):
    """A set operation on the rows of two sparse tensors."""

    dtypes = {"set1_indices": INT64, "set1_shape": INT64, "set2_indices": INT64,
              "set2_shape": INT64}
    host_inputs = ("set1_shape", "set2_shape")
    waits_for_gpu = "how large a set is depends on its elements"

    def infer(self, set1_indices, set1_values, set1_shape, set2_indices, set2_values, set2_shape,
              *, set_operation, validate_indices=True):
        a = _sparse_rank(set1_indices, set1_values, set1_shape)
        b = _sparse_rank(set2_indices, set2_values, set2_shape)
        if a is not None and b is not None and a != b:
            raise ShapeError(f"cannot combine sets of ranks {a} and {b}")
        return sparse_specs(None, b if a is None else a, set1_values.dtype)

    def kernel(self, xp, set1_indices, set1_values, set1_shape, set2_indices, set2_values,
               set2_shape, *, set_operation, validate_indices=True):
        first = _sparse_set(xp, set1_indices, set1_values, set1_shape, validate_indices)
        second = _sparse_set(xp, set2_indices, set2_values, set2_shape, validate_indices)
        return _combined(xp, set_operation, first, second)


def _sparse_rank(indices, values, dense_shape):
    _, rank = sparse_rule(indices, values, dense_shape)
    if rank is not None and rank < 2:
        raise ShapeError(f"needs sets of rank 2 or more, got rank {rank}")
    return rank


def _dense_set(xp, values):
    """(sizes of all dimensions but the last, each value's row, the values)."""
    if values.ndim < 2:
        raise InvalidArgumentError(None, None, f"sets of shape {list(values.shape)} need rank 2 or "
                                   "more")
    rows = xp.repeat(xp.arange(math.prod(values.shape[:-1])), values.shape[-1])
    return values.shape[:-1], rows, values.reshape(-1)


def _sparse_set(xp, indices, values, sizes, validate):
    """What `_dense_set` gives, of a sparse tensor."""
    check_parts(indices, values, sizes)
    if len(sizes) < 2:
        raise InvalidArgumentError(None, None, f"sets of shape {list(sizes)} need rank 2 or more")
    if validate:
        check_order(xp, indices)
    check_bounds(xp, indices if validate else indices[:, :-1], sizes if validate else sizes[:-1])
    return tuple(sizes[:-1]), linear_places(xp, indices, sizes[:-1]), values


def _keys(xp, count, *sets):
    """Numbers that stand for the values in `count` rows.

    Returns:
        (for each (rows, values) its sorted numbers, none repeated; the span of numbers that each
        row has; the function from a number's place in its span to the value).
    """
    values = xp.concatenate([values for _, values in sets])
    low = int(values.min()) if values.dtype.kind in "iu" and values.size else 0
    span = int(values.max()) - low + 1 if values.dtype.kind in "iu" and values.size else 1
    if values.dtype.kind in "iu" and max(count, 1) * span < 2**62:
        codes = values.astype("int64") - low

        def value(code):
            return (code + low).astype(values.dtype)
    else:
        different, codes = xp.unique(values, return_inverse=True)
        codes, span = codes.reshape(-1), max(len(different), 1)

        def value(code):
            return different[code]
    keys, start = [], 0
    for rows, part in sets:
        keys.append(distinct(xp, rows * span + codes[start:start + len(part)]))
        start += len(part)
    return keys, span, value


def _combined(xp, operation, first, second):
    """The parts of the sparse tensor of the results."""
    (lead, *first), (other, *second) = first, second
    if lead != other:
        raise InvalidArgumentError(None, None, f"sets of shapes {[*lead, '?']} and {[*other, '?']}:"
                                   " all sizes but the last must be equal")
    count = math.prod(lead)
    (a, b), span, value = _keys(xp, count, first, second)
    keys = _OPERATIONS[operation](xp, a, b)
    rows = keys // span
    places = xp.arange(len(rows)) - xp.searchsorted(rows, rows)
    largest = int(xp.bincount(rows, minlength=count).max()) if count else 0
    indices = xp.concatenate((rows_at(xp, rows, lead), places[:, None]), axis=1)
    return indices, value(keys % span), xp.array((*lead, largest), dtype="int64")


_OPERATIONS = {
    "a-b": lambda xp, a, b: a[~xp.isin(a, b, assume_unique=True)],
    "b-a": lambda xp, a, b: b[~xp.isin(b, a, assume_unique=True)],
    "intersection": lambda xp, a, b: a[xp.isin(a, b, assume_unique=True)],
    "union": lambda xp, a, b: distinct(xp, xp.concatenate((a, b))),
}


# ---- the public functions ------------------------------------------------------------------------


def set_size(a, validate_indices=True):
    """Counts the different values in each row of a sparse tensor.

    Args:
        a: SparseTensor [..., n] of integers or strings.
        validate_indices: whether its indices must be sorted.

    Returns:
        An int32 tensor of the shape of all dimensions but the last.

    Raises:
        TypeError: `a` is dense, or of another dtype.

    Example:
        >>> import flowgraph as fg
        >>> a = fg.SparseTensor([[0, 0], [0, 1], [0, 2], [2, 0]], [5, 7, 5, 1], [3, 3])
        >>> fg.Session().run(fg.sets.set_size(a))
        array([2, 0, 1], dtype=int32)
    """
    a = convert_to_tensor_or_sparse_tensor(a, name="a")
    if not isinstance(a, SparseTensor):
        raise DTypeError(located(f"Expected `SparseTensor`, got {a!r:.100}",
                                 section="dtype-error"))
    _check_dtype("a", a)
    return SetSize.build(*sparse_parts(a), validate_indices=validate_indices)


def set_intersection(a, b, validate_indices=True):
    """The values that two sets share, row by row.

    Args:
        a: tensor or SparseTensor [..., n] of integers or strings; each row is a set.
        b: tensor or SparseTensor of the same dtype and the same sizes but the last.
        validate_indices: whether indices of sparse inputs must be sorted.

    Returns:
        A SparseTensor; the values of a row are sorted.

    Raises:
        TypeError: a dtype is not possible, or the two differ.

    Example:
        >>> import flowgraph as fg
        >>> both = fg.sets.set_intersection([[1, 2, 3], [4, 5, 6]], [[3, 1], [0, 6]])
        >>> fg.Session().run(fg.sparse.to_dense(both))
        array([[1, 3],
               [6, 0]], dtype=int32)
    """
    a, b, _ = _operands(a, b)
    return _built("intersection", a, b, validate_indices)


def set_difference(a, b, aminusb=True, validate_indices=True):
    """The values of one set that are not in another, row by row.

    Args:
        a: tensor or SparseTensor [..., n] of integers or strings; each row is a set.
        b: tensor or SparseTensor of the same dtype and the same sizes but the last.
        aminusb: whether to take b's values from a; else a's from b.
        validate_indices: whether indices of sparse inputs must be sorted.

    Returns:
        A SparseTensor; the values of a row are sorted.

    Raises:
        TypeError: a dtype is not possible, or the two differ.

    Example:
        >>> import flowgraph as fg
        >>> rest = fg.sets.set_difference([[1, 2, 3], [4, 5, 6]], [[3, 1], [0, 6]])
        >>> fg.Session().run(fg.sparse.to_dense(rest))
        array([[2, 0],
               [4, 5]], dtype=int32)
    """
    a, b, flipped = _operands(a, b)
    return _built("a-b" if bool(aminusb) != flipped else "b-a", a, b, validate_indices)


def set_union(a, b, validate_indices=True):
    """The values that are in one set or in the other, row by row.

    Args:
        a: tensor or SparseTensor [..., n] of integers or strings; each row is a set.
        b: tensor or SparseTensor of the same dtype and the same sizes but the last.
        validate_indices: whether indices of sparse inputs must be sorted.

    Returns:
        A SparseTensor; the values of a row are sorted.

    Raises:
        TypeError: a dtype is not possible, or the two differ.

    Example:
        >>> import flowgraph as fg
        >>> either = fg.sets.set_union([[1, 2], [4, 4]], [[3, 1], [6, 5]])
        >>> fg.Session().run(fg.sparse.to_dense(either))
        array([[1, 2, 3],
               [4, 5, 6]], dtype=int32)
    """
    a, b, _ = _operands(a, b)
    return _built("union", a, b, validate_indices)


def _operands(a, b):
    """(first, second, whether they are b and a): a dense operand goes first."""
    a = convert_to_tensor_or_sparse_tensor(a, name="a")
    _check_dtype("a", a)
    b = convert_to_tensor_or_sparse_tensor(b, name="b")
    if a.dtype.base_dtype is not b.dtype.base_dtype:
        raise DTypeError(located(f"sets of {a.dtype.name} and {b.dtype.name} cannot be combined",
                                 "Cast one of them.", "dtype-error"))
    if isinstance(a, SparseTensor) and not isinstance(b, SparseTensor):
        return b, a, True
    return a, b, False


def _check_dtype(what, tensor):
    if tensor.dtype not in VALUES:
        raise DTypeError(located(f"{what} cannot be {tensor.dtype.name}",
                                 f"Sets hold {VALUES.name}.", "dtype-error"))


def _built(operation, a, b, validate):
    parts = [part for one in (a, b)
             for part in (sparse_parts(one) if isinstance(one, SparseTensor) else (one,))]
    kind = {2: DenseToDenseSetOperation, 4: DenseToSparseSetOperation,
            6: SparseToSparseSetOperation}[len(parts)]
    return SparseTensor(*kind.build(*parts, set_operation=operation, validate_indices=validate))
