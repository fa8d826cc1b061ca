"""Sums, products, quotients, maxima and minima of sparse tensors with sparse and dense ones."""

from __future__ import annotations

import math

from flowgraph.core import dtypes as dt
from flowgraph.core import shapes
from flowgraph.core.deprecation import renamed_argument
from flowgraph.core.frames import located
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import DTypeError, InvalidArgumentError, ShapeError
from flowgraph.graph.graph import name_scope
from flowgraph.opdef import shape_rules
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.opdef import NotDifferentiable, OpDef, is_known, op_def
from flowgraph.ops.arithmetic import Minimum
from flowgraph.ops.cast import cast
from flowgraph.ops.complex_numbers import conj
from flowgraph.ops.constant import Range, ZerosLike
from flowgraph.ops.division import TRUE_QUOTIENT
from flowgraph.ops.gather import gather_nd, unsorted_segment_sum
from flowgraph.ops.index import slice as slice_
from flowgraph.ops.join import concat
from flowgraph.ops.reshape import reshape
from flowgraph.ops.row_sums import update_at
from flowgraph.ops.shape import rank, shape, size
from flowgraph.ops.sparse_rows import (
    INT64,
    check_bounds,
    check_parts,
    linear_places,
    matched,
    sparse_rule,
    sparse_specs,
)
from flowgraph.ops.sparse_tensor import SparseTensor, as_sparse, is_sparse, sparse_parts
from flowgraph.ops.unary import square

_TWO_SPARSE = {"a_indices": INT64, "a_shape": INT64, "b_indices": INT64, "b_shape": INT64}


def _check_same_shape(a_shape, b_shape):
    if a_shape != b_shape:
        raise InvalidArgumentError(None, None, f"the operands' shapes do not match: {list(a_shape)}"
                                   f" and {list(b_shape)}; sparse operands do not broadcast")


def _same_rank(a, b):
    """The rank of two sparse operands of one shape."""
    (_, a_rank), (_, b_rank) = sparse_rule(*a), sparse_rule(*b)
    if a_rank is not None and b_rank is not None and a_rank != b_rank:
        raise ShapeError(f"needs sparse tensors of one shape, got ranks {a_rank} and {b_rank}")
    if (is_known(a[2].value) and is_known(b[2].value)) and a[2].value != b[2].value:
        raise ShapeError(f"needs sparse tensors of one shape, got {a[2].value} and {b[2].value}")
    return b_rank if a_rank is None else a_rank


class SparseAdd(OpDef):
    """The sum of two sparse tensors.

    Where both have an entry and the sum is below `thresh` in magnitude, the result has none.
    """

    T = dt.NUMBER
    Treal = dt.REAL
    dtypes = {**_TWO_SPARSE, "thresh": "Treal"}
    host_inputs = ("a_shape", "b_shape")
    multiple = True
    waits_for_gpu = "how many entries there are, and where, depends on the indices"

    def infer(self, a_indices, a_values, a_shape, b_indices, b_values, b_shape, thresh):
        shape_rules.require_rank(thresh, 0, "thresh")
        if thresh.dtype is not a_values.dtype.real_dtype:
            raise DTypeError(f"needs thresh of {a_values.dtype.real_dtype.name}, got "
                             f"{thresh.dtype.name}", "")
        return sparse_specs(None, _same_rank((a_indices, a_values, a_shape),
                                             (b_indices, b_values, b_shape)), a_values.dtype)

    def kernel(self, xp, a_indices, a_values, a_shape, b_indices, b_values, b_shape, thresh):
        check_parts(a_indices, a_values, a_shape)
        check_parts(b_indices, b_values, b_shape)
        _check_same_shape(a_shape, b_shape)
        rows, (a_places, b_places) = matched(xp, a_indices, b_indices)
        total = xp.zeros(len(rows), a_values.dtype)
        total[a_places] = a_values
        total[b_places] += b_values
        met = xp.bincount(xp.concatenate((a_places, b_places)), minlength=len(rows)) > 1
        keep = ~met | (xp.absolute(total) >= thresh)
        return rows[keep], total[keep], xp.array(a_shape, dtype="int64")

    def known(self, a_indices, a_values, a_shape, b_indices, b_values, b_shape, thresh):
        return None, None, a_shape.value

    def grad(self, op, _, dy, __):
        return (None, *_sum_gradient(op, dy), None)


def _sum_gradient(op, dy):
    a, b = SparseAddGrad.build(dy, op.inputs[0], op.inputs[3], op.outputs[0])
    return a, None, None, b, None


class SparseAddGrad(OpDef):
    """The gradient of SparseAdd: what stands at the places of the summands' entries, else 0."""

    T = dt.NUMBER
    dtypes = {"a_indices": INT64, "b_indices": INT64, "sum_indices": INT64}
    multiple = True
    waits_for_gpu = "how many entries there are, and where, depends on the indices"

    def infer(self, backprop_val_grad, a_indices, b_indices, sum_indices):
        shape_rules.require_rank(a_indices, 2, "a_indices")
        shape_rules.require_rank(b_indices, 2, "b_indices")
        require_value_per_row(backprop_val_grad, sum_indices, a_indices, b_indices)
        return tuple(Spec(backprop_val_grad.dtype, (None if i.shape is None else i.shape[0],))
                     for i in (a_indices, b_indices))

    def kernel(self, xp, backprop_val_grad, a_indices, b_indices, sum_indices):
        return tuple(at_matches(xp, backprop_val_grad, sum_indices, rows)
                     for rows in (a_indices, b_indices))

    def grad(self, op, da, db):
        a, b, total = op.inputs[1:]
        count = shape(total)[0]
        numbers = Range.build(1, count + 1, 1)
        places = SparseAddGrad.build(numbers, a, b, total)
        parts = [unsorted_segment_sum(d, place - 1, count)
                 for d, place in zip((da, db), places, strict=True) if d is not None]
        return parts[0] if len(parts) == 1 else parts[0] + parts[1], None, None, None


def require_value_per_row(values, indices, *others):
    """The shape rule of `at_matches`: a value for each row, and rows of one length."""
    shape_rules.require_rank(values, 1, "gradients")
    shape_rules.require_rank(indices, 2, "indices")
    if values.shape and indices.shape and None not in (values.shape[0], indices.shape[0]) and (
            values.shape[0] != indices.shape[0]):
        raise ShapeError(f"has gradients {shape_text(values.shape)} for indices "
                         f"{shape_text(indices.shape)}", "There must be one for each index.")
    shape_rules.merge("indices", *(Spec(i.dtype, None if i.shape is None else (None, i.shape[1]))
                                   for i in (indices, *others)))


def at_matches(xp, values, indices, rows):
    """For each row the value at the same row of `indices`, 0 where there is none."""
    if values.shape != indices.shape[:1] or indices.shape[1:] != rows.shape[1:]:
        raise InvalidArgumentError(None, None, f"gradients of shape {values.shape} do not go with "
                                   f"indices of shapes {indices.shape} and {rows.shape}")
    union, (places, wanted) = matched(xp, indices, rows)
    found = xp.zeros(len(union), values.dtype)
    found[places] = values
    return found[wanted]


class SparseTensorDenseAdd(OpDef):
    """The dense tensor b with the entries of a sparse one added to it; no broadcasting."""

    T = dt.NUMBER
    Tindices = dt.INDEX
    dtypes = {"a_indices": "Tindices", "a_shape": "Tindices"}
    host_inputs = ("a_shape",)
    waits_for_gpu = "how many entries there are, and where, depends on the indices"

    def infer(self, a_indices, a_values, a_shape, b):
        _, length = sparse_rule(a_indices, a_values, a_shape)
        sizes = a_shape.value or (None if length is None else (None,) * length)
        if not shapes.compatible(sizes, b.shape):
            raise ShapeError(f"cannot add a sparse tensor of shape {sizes} to a dense one of "
                             f"{b.shape}", "The shapes must be equal; there is no broadcasting.")
        return Spec(b.dtype, shapes.merge(sizes, b.shape))

    def kernel(self, xp, a_indices, a_values, a_shape, b):
        check_parts(a_indices, a_values, a_shape)
        _check_same_shape(tuple(a_shape), b.shape)
        check_bounds(xp, a_indices, a_shape)
        total = xp.array(b)
        update_at(xp, xp.add, total.reshape(-1), linear_places(xp, a_indices, a_shape), a_values)
        return total

    def grad(self, op, dy):
        return None, gather_nd(dy, op.inputs[0]), None, dy


def sparse_add(a, b, threshold=None, thresh=None):
    """Adds two tensors, at least one of them sparse.

    Args:
        a: SparseTensor, SparseTensorValue or tensor.
        b: like `a`; one of the two must be sparse. They have one shape; nothing broadcasts.
        threshold: where both are sparse and both have an entry at a place: a sum of smaller
            magnitude is left out of the result.
        thresh: older name of `threshold`.

    Returns:
        A SparseTensor where both are sparse, else a Tensor.

    Raises:
        TypeError: neither is sparse.
        InvalidArgumentError: the shapes differ, or an index is out of bounds (at run).

    Example:
        >>> import flowgraph as fg
        >>> a = fg.SparseTensor([[0], [2]], [1.0, 2.0], [4])
        >>> b = fg.SparseTensor([[1], [2]], [10.0, 20.0], [4])
        >>> fg.Session().run(fg.sparse_add(a, b).values)
        array([ 1., 10., 22.], dtype=float32)
    """
    threshold = one_of("threshold", threshold, "thresh", thresh, 0)
    if not is_sparse(a) and not is_sparse(b):
        raise DTypeError(located(f"sparse_add needs a SparseTensor, got {a!r:.80} and {b!r:.80}",
                                 "For dense tensors write tf.add.", "dtype-error"))
    if not (is_sparse(a) and is_sparse(b)):
        sparse, dense = (a, b) if is_sparse(a) else (b, a)
        return SparseTensorDenseAdd.build(*sparse_parts(as_sparse(sparse)), dense)
    a, b = as_sparse(a), as_sparse(b)
    threshold = convert_to_tensor(threshold, a.dtype.real_dtype.base_dtype, "threshold")
    indices, values, dense_shape = SparseAdd.build(*sparse_parts(a), *sparse_parts(b), threshold)
    sizes = a.get_shape().merge_with(b.get_shape())
    return SparseTensor(indices, values,
                        sizes.as_list() if sizes.is_fully_defined() else dense_shape)


def one_of(name, value, old_name, old_value, default):
    """The value given under either name of a parameter."""
    value = renamed_argument(name, value, old_name, old_value)
    return default if value is None else value


# ---- maximum and minimum -------------------------------------------------------------------------


class _Extreme(OpDef, abstract=True):
    """An extreme of two sparse tensors, entry by entry; where only one has an entry, of it and 0"""

    T = dt.REAL
    dtypes = _TWO_SPARSE
    host_inputs = ("a_shape", "b_shape")
    multiple = True
    grad = NotDifferentiable

    def infer(self, a_indices, a_values, a_shape, b_indices, b_values, b_shape):
        length = _same_rank((a_indices, a_values, a_shape), (b_indices, b_values, b_shape))
        return sparse_specs(None, length, a_values.dtype)[:2]


class SparseSparseMaximum(_Extreme):
    """The maximum of two sparse tensors, at every place where one has an entry."""

    waits_for_gpu = "how many entries there are, and where, depends on the indices"

    def kernel(self, xp, a_indices, a_values, a_shape, b_indices, b_values, b_shape):
        return _extreme(xp, xp.maximum, (a_indices, a_values, a_shape),
                        (b_indices, b_values, b_shape))


class SparseSparseMinimum(_Extreme):
    """The minimum of two sparse tensors, at every place where one has an entry."""

    waits_for_gpu = "how many entries there are, and where, depends on the indices"

    def kernel(self, xp, a_indices, a_values, a_shape, b_indices, b_values, b_shape):
        return _extreme(xp, xp.minimum, (a_indices, a_values, a_shape),
                        (b_indices, b_values, b_shape))


def _extreme(xp, function, a, b):
    check_parts(*a)
    check_parts(*b)
    _check_same_shape(a[2], b[2])
    check_bounds(xp, a[0], a[2])
    check_bounds(xp, b[0], b[2])
    rows, places = matched(xp, a[0], b[0])
    sides = []
    for (_, values, _), place in zip((a, b), places, strict=True):
        side = xp.zeros(len(rows), values.dtype)
        side[place] = values
        sides.append(side)
    return rows, function(*sides)


def sparse_maximum(sp_a, sp_b, name=None):
    """The maximum of two sparse tensors of one shape, entry by entry; there is no gradient.

    Args:
        sp_a: SparseTensor of a real dtype, its indices sorted.
        sp_b: SparseTensor of the same dtype and shape.
        name: name of the node.

    Returns:
        A SparseTensor with an entry wherever one of the two has one; the other one counts as 0.

    Example:
        >>> import flowgraph as fg
        >>> a = fg.SparseTensor([[0], [2]], [-1.0, 2.0], [4])
        >>> b = fg.SparseTensor([[2]], [3.0], [4])
        >>> fg.Session().run(fg.sparse_maximum(a, b).values)
        array([0., 3.], dtype=float32)
    """
    return _built_extreme(SparseSparseMaximum, sp_a, sp_b, name)


def sparse_minimum(sp_a, sp_b, name=None):
    """The minimum of two sparse tensors of one shape, entry by entry; there is no gradient.

    Args:
        sp_a: SparseTensor of a real dtype, its indices sorted.
        sp_b: SparseTensor of the same dtype and shape.
        name: name of the node.

    Returns:
        A SparseTensor with an entry wherever one of the two has one; the other one counts as 0.

    Example:
        >>> import flowgraph as fg
        >>> a = fg.SparseTensor([[0], [2]], [-1.0, 2.0], [4])
        >>> b = fg.SparseTensor([[2]], [3.0], [4])
        >>> fg.Session().run(fg.sparse_minimum(a, b).values)
        array([-1.,  2.], dtype=float32)
    """
    return _built_extreme(SparseSparseMinimum, sp_a, sp_b, name)


def _built_extreme(kind, sp_a, sp_b, name):
    sp_a, sp_b = as_sparse(sp_a), as_sparse(sp_b)
    with name_scope(name, kind.type, [sp_a.indices, sp_a.values, sp_b.indices, sp_b.values]) as at:
        indices, values = kind.build(*sparse_parts(sp_a), *sparse_parts(sp_b), name=at)
    return SparseTensor(indices, values, sp_a.dense_shape)


# ---- with a dense tensor, entry by entry ---------------------------------------------------------


class _Cwise(OpDef, abstract=True):
    """Combines each entry of a sparse tensor with what a dense one has there; it broadcasts."""

    T = dt.NUMBER
    dtypes = {"sp_indices": INT64, "sp_shape": INT64}
    host_inputs = ("sp_shape",)

    def infer(self, sp_indices, sp_values, sp_shape, dense):
        count, length = sparse_rule(sp_indices, sp_values, sp_shape)
        if dense.shape is not None and length is not None and len(dense.shape) > length:
            raise ShapeError(f"cannot broadcast a dense tensor of {dense.shape} to a sparse one of "
                             f"rank {length}", "Only the dense tensor is broadcast.")
        return Spec(sp_values.dtype, (count,))


class SparseDenseCwiseMul(_Cwise):
    """Each entry times what the dense tensor has at its place."""

    waits_for_gpu = "how many entries there are, and where, depends on the indices"

    def kernel(self, xp, sp_indices, sp_values, sp_shape, dense):
        return sp_values * _dense_at(xp, sp_indices, sp_values, sp_shape, dense)

    def grad(self, op, dy):
        indices, values, sizes, dense = op.inputs
        return (None, SparseDenseCwiseMul.build(indices, dy, sizes, conj(dense)), None,
                _to_dense(op, dy * conj(values)))


class SparseDenseCwiseDiv(_Cwise):
    """Each entry over what the dense tensor has at its place."""

    waits_for_gpu = "how many entries there are, and where, depends on the indices"

    def kernel(self, xp, sp_indices, sp_values, sp_shape, dense):
        dense = _dense_at(xp, sp_indices, sp_values, sp_shape, dense)
        quotient = op_def("RealDiv" if dense.dtype.kind in "fc" else "TruncateDiv").kernel
        return quotient(xp, sp_values, dense)

    def grad(self, op, dy):
        indices, values, sizes, dense = op.inputs
        dx = SparseDenseCwiseDiv.build(indices, dy, sizes, conj(dense))
        slope = SparseDenseCwiseDiv.build(indices, values, sizes, -square(dense))
        return None, dx, None, _to_dense(op, dy * conj(slope))


class SparseDenseCwiseAdd(_Cwise):
    """Each entry plus what the dense tensor has at its place; all other places stay empty."""

    waits_for_gpu = "how many entries there are, and where, depends on the indices"

    def kernel(self, xp, sp_indices, sp_values, sp_shape, dense):
        return sp_values + _dense_at(xp, sp_indices, sp_values, sp_shape, dense)

    def grad(self, op, dy):
        return None, dy, None, _to_dense(op, dy)


def _dense_at(xp, indices, values, sizes, dense):
    """What the dense tensor, broadcast to `sizes`, has at each row of indices."""
    check_parts(indices, values, sizes)
    lead = len(sizes) - dense.ndim
    if lead < 0 or any(n not in (1, size) for n, size in zip(dense.shape, sizes[max(lead, 0):])):
        raise InvalidArgumentError(
            None, None, f"a dense tensor of shape {list(dense.shape)} cannot be broadcast to the "
            f"sparse one's {list(sizes)}; the sparse one is never broadcast")
    check_bounds(xp, indices, sizes)
    places = xp.zeros(len(indices), "int64")
    for k, n in enumerate(dense.shape):
        places = places * n + (indices[:, lead + k] if n != 1 else 0)
    return xp.take(dense.reshape(-1), places) if math.prod(dense.shape) else xp.zeros(
        len(indices), dense.dtype)


def _to_dense(op, dy):
    """The gradients of the entries, added up at the places of the dense input they met."""
    indices, _, sizes, dense = op.inputs
    dense_sizes = shape(dense, out_type=dt.int64)
    lead = reshape(size(sizes) - rank(dense), [1])
    columns = slice_(indices, concat([[0], lead], 0), [-1, -1])
    columns = Minimum.build(columns, dense_sizes - 1)  # 0 where the size is 1
    return SparseTensorDenseAdd.build(columns, dy, dense_sizes, ZerosLike.build(dense))


def sparse_dense_cwise_add(sp_t, dense_t):
    """Adds to each entry of a sparse tensor what a dense one, broadcast, has at its place."""
    values = SparseDenseCwiseAdd.build(*sparse_parts(sp_t), dense_t)
    return SparseTensor(sp_t.indices, values, sp_t.dense_shape)


def with_dense(operator: str, sparse: SparseTensor, dense) -> SparseTensor:
    """`sparse * dense` and `sparse / dense`, what Python's operators on a SparseTensor do.

    Args:
        operator: "mul" or "truediv", the node's name.
        sparse: the left operand.
        dense: tensor, or what converts to one, that broadcasts to the sparse one's shape.
    """
    with name_scope(None, operator, [sparse, dense]) as scope:
        dense = convert_to_tensor(dense, sparse.dtype.base_dtype, "y")
        indices, values, sizes = sparse_parts(sparse)
        if operator == "mul":
            values = SparseDenseCwiseMul.build(indices, values, sizes, dense, name=scope)
        else:
            quotient = TRUE_QUOTIENT.get(values.dtype.base_dtype)
            if quotient is not None:
                values, dense = cast(values, quotient), cast(dense, quotient)
            values = SparseDenseCwiseDiv.build(indices, values, sizes, dense, name=scope)
    return SparseTensor(indices, values, sizes)
