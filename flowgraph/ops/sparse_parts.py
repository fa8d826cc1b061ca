"""Joining and cutting sparse tensors: concat, split, slice, retain, fill_empty_rows."""

from __future__ import annotations

from flowgraph.core import dtypes as dt
from flowgraph.core import shapes
from flowgraph.core.frames import located
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import DTypeError, InvalidArgumentError, ShapeError
from flowgraph.graph.graph import name_scope
from flowgraph.opdef import shape_rules
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.opdef import NotDifferentiable, OpDef, is_known
from flowgraph.opdef.static_value import known_value
from flowgraph.ops.cast import cast
from flowgraph.ops.constant import fill
from flowgraph.ops.constant import range as range_
from flowgraph.ops.gather import gather, unsorted_segment_sum
from flowgraph.ops.identity import identity
from flowgraph.ops.join import concat
from flowgraph.ops.reduce import reduce_max
from flowgraph.ops.reshape import reshape
from flowgraph.ops.select import where_v2
from flowgraph.ops.shape import shape, size
from flowgraph.ops.sparse_arithmetic import at_matches, one_of, require_value_per_row
from flowgraph.ops.sparse_rows import (
    INT64,
    check_bounds,
    check_parts,
    sorted_order,
    sparse_rule,
    sparse_specs,
)
from flowgraph.ops.sparse_tensor import SparseTensor, as_sparse, sparse_parts

_ONE_SPARSE = {"indices": INT64, "shape": INT64}


class SparseConcat(OpDef):
    """Sparse tensors put together along one dimension, the indices sorted."""

    T = dt.ANY
    dtypes = {"indices": INT64, "shapes": INT64}
    lists = ("indices", "values", "shapes")
    host_inputs = ("shapes",)
    multiple = True
    grad = NotDifferentiable
    waits_for_gpu = "how many entries there are, and where, depends on the indices"

    def infer(self, indices, values, shapes, *, concat_dim):
        count, rank, sizes = 0, None, None
        for parts in zip(indices, values, shapes, strict=True):
            n, r = sparse_rule(*parts)
            count = None if count is None or n is None else count + n
            if rank is not None and r is not None and r != rank:
                raise ShapeError(f"cannot join sparse tensors of ranks {rank} and {r}")
            rank = r if rank is None else rank
            if is_known(parts[2].value):
                sizes = _joined(sizes, parts[2].value, concat_dim, ShapeError)
        return sparse_specs(count, rank, values[0].dtype)

    def kernel(self, xp, indices, values, shapes, *, concat_dim):
        sizes, moved = None, []
        for rows, entries, one in zip(indices, values, shapes, strict=True):
            check_parts(rows, entries, one)
            done = (0,) * len(one) if sizes is None else sizes
            sizes = _joined(sizes, one, concat_dim, lambda problem, advice: InvalidArgumentError(
                None, None, f"{problem}; {advice}"))
            start = [0] * len(one)
            start[concat_dim] = done[concat_dim]
            moved.append(rows + xp.array(start, dtype="int64"))
        together = xp.concatenate(moved)
        order = sorted_order(xp, together)
        return (xp.take(together, order, axis=0), xp.take(xp.concatenate(values), order),
                xp.array(sizes, dtype="int64"))

    def known(self, indices, values, shapes, *, concat_dim):
        if not all(is_known(one.value) for one in shapes):
            return None
        sizes = None
        for one in shapes:
            sizes = _joined(sizes, one.value, concat_dim, ShapeError)
        return None, None, sizes


def _joined(sizes, more, axis, error):
    """The shape of a tensor of shape `sizes` (None: nothing yet) and one of shape `more`."""
    if not -len(more) <= axis < len(more):
        raise error(f"cannot join tensors of rank {len(more)} along axis {axis}",
                    f"the axis must be in [{-len(more)}, {len(more)})")
    if sizes is None:
        return tuple(more)
    axis %= len(more)
    if len(sizes) != len(more) or any(n != m for k, (n, m) in enumerate(zip(sizes, more))
                                      if k != axis):
        raise error(f"cannot join sparse tensors of shapes {list(sizes)} and {list(more)} along "
                    f"axis {axis}", "all other sizes must be equal; or pass "
                    "expand_nonconcat_dim=True")
    return (*sizes[:axis], sizes[axis] + more[axis], *sizes[axis + 1:])


def sparse_concat(axis, sp_inputs, name=None, expand_nonconcat_dim=False, concat_dim=None,
                  expand_nonconcat_dims=None):
    """Joins sparse tensors along one dimension; there is no gradient.

    Args:
        axis: the dimension, in [-rank, rank).
        sp_inputs: list of SparseTensors of one rank.
        name: name of the node.
        expand_nonconcat_dim: whether the other sizes may differ; the largest is taken.
        concat_dim: older name of `axis`.
        expand_nonconcat_dims: other name of `expand_nonconcat_dim`.

    Returns:
        A SparseTensor, its indices sorted.

    Raises:
        TypeError: `sp_inputs` is no list, or holds something dense.
        ValueError: other sizes differ.

    Example:
        >>> import flowgraph as fg
        >>> a = fg.SparseTensor([[0, 1]], [7], [1, 2])
        >>> b = fg.SparseTensor([[0, 0]], [8], [1, 3])
        >>> fg.Session().run(fg.sparse_concat(1, [a, b]).indices)
        array([[0, 1],
               [0, 2]])
    """
    if expand_nonconcat_dims is not None:
        expand_nonconcat_dim = expand_nonconcat_dims
    axis = one_of("axis", axis, "concat_dim", concat_dim, None)
    if not isinstance(sp_inputs, (list, tuple)) or hasattr(sp_inputs, "_fields"):
        raise DTypeError(located(f"Inputs must be a list or tuple, got {sp_inputs!r:.80}",
                                 section="dtype-error"))
    inputs = [as_sparse(one) for one in sp_inputs]
    if len(inputs) == 1:
        return inputs[0]
    dense_shapes = [one.dense_shape for one in inputs]
    if expand_nonconcat_dim:
        largest = reduce_max(concat([reshape(one, [1, -1]) for one in dense_shapes], 0), 0)
        dense_shapes = [concat([largest[:axis], one[-1:] if axis == -1 else one[axis:axis + 1],
                                [] if axis == -1 else largest[axis + 1:]], 0)
                        for one in dense_shapes]
    indices, values, dense_shape = SparseConcat.build(
        [one.indices for one in inputs], [one.values for one in inputs], dense_shapes,
        concat_dim=axis, name=name)
    sizes = known_value(dense_shape)
    if is_known(sizes):
        dense_shape = convert_to_tensor(list(sizes), dt.int64)
    return SparseTensor(indices, values, dense_shape)


class SparseSplit(OpDef):
    """A sparse tensor cut into `num_split` parts along one dimension, the first ones larger."""

    T = dt.ANY
    dtypes = {"split_dim": INT64, **_ONE_SPARSE}
    host_inputs = ("split_dim", "shape")
    multiple = True
    grad = NotDifferentiable
    waits_for_gpu = "how many entries there are, and where, depends on the indices"

    def infer(self, split_dim, indices, values, shape, *, num_split):
        shape_rules.require_rank(split_dim, 0, "a split_dim")
        if num_split < 1:
            raise ShapeError(f"has num_split {num_split}", "It must be 1 or more.")
        _, rank = sparse_rule(indices, values, shape)
        parts = sparse_specs(None, rank, values.dtype)
        return tuple(part for part in parts for _ in range(num_split))

    def kernel(self, xp, split_dim, indices, values, shape, *, num_split):
        check_parts(indices, values, shape)
        check_bounds(xp, indices, shape)
        lengths = _lengths(split_dim, shape, num_split)
        rows, entries, sizes, start = [], [], [], 0
        axis = split_dim % len(shape)
        for length in lengths:
            column = indices[:, axis]
            inside = (column >= start) & (column < start + length)
            offset = [0] * len(shape)
            offset[axis] = start
            rows.append(indices[inside] - xp.array(offset, dtype="int64"))
            entries.append(values[inside])
            sizes.append(xp.array((*shape[:axis], length, *shape[axis + 1:]), dtype="int64"))
            start += length
        return (*rows, *entries, *sizes)

    def known(self, split_dim, indices, values, shape, *, num_split):
        axis, sizes = split_dim.value, shape.value
        if axis is None or not is_known(sizes) or not -len(sizes) <= axis < len(sizes) or (
                num_split > sizes[axis]):
            return None
        axis %= len(sizes)
        return (None,) * (2 * num_split) + tuple(
            (*sizes[:axis], n, *sizes[axis + 1:]) for n in _lengths(axis, sizes, num_split))


def _lengths(axis, sizes, count):
    """The sizes of the parts along the axis that is split."""
    if not -len(sizes) <= axis < len(sizes):
        raise InvalidArgumentError(None, None, f"split_dim {axis} is not in "
                                   f"[{-len(sizes)}, {len(sizes)})")
    if not 1 <= count <= sizes[axis]:
        raise InvalidArgumentError(None, None, f"cannot split a dimension of size {sizes[axis]} "
                                   f"into {count} parts")
    each, more = divmod(sizes[axis], count)
    return [each + (i < more) for i in range(count)]


class _KeywordRequired:
    def __repr__(self):
        return "KeywordRequired()"


def sparse_split(keyword_required=_KeywordRequired(),  # noqa: B008 - a marker, never changed
                 sp_input=None, num_split=None, axis=None, name=None, split_dim=None):
    """Cuts a sparse tensor into parts along one dimension; there is no gradient.

    Args:
        keyword_required: must be left out: the other arguments are given by name.
        sp_input: SparseTensor or SparseTensorValue.
        num_split: how many parts, an int. Where the size is no multiple of it, the first parts are
            larger by 1.
        axis: the dimension, an int or integer scalar tensor.
        name: name of the node.
        split_dim: older name of `axis`.

    Returns:
        A list of SparseTensors.

    Raises:
        ValueError: an argument is missing, or the first one was given without its name.
        InvalidArgumentError: there are more parts than the dimension's size (at run).

    Example:
        >>> import flowgraph as fg
        >>> sparse = fg.SparseTensor([[0, 1], [0, 4]], [7, 8], [1, 5])
        >>> parts = fg.sparse_split(sp_input=sparse, num_split=2, axis=1)
        >>> fg.Session().run([part.indices for part in parts])
        [array([[0, 1]]), array([[0, 1]])]
    """
    if not isinstance(keyword_required, _KeywordRequired):
        raise ValueError(located("Keyword arguments are required for this function.",
                                 "Write sp_input=..., num_split=..., axis=..."))
    axis = one_of("axis", axis, "split_dim", split_dim, None)
    for what, value in (("sp_input", sp_input), ("num_split", num_split), ("axis", axis)):
        if value is None:
            raise ValueError(located(f"{what} is required"))
    outputs = SparseSplit.build(axis, *sparse_parts(as_sparse(sp_input)), num_split=num_split,
                                name=name)
    return [SparseTensor(*outputs[i::num_split]) for i in range(num_split)]


class SparseSlice(OpDef):
    """The entries of a sparse tensor inside a box, and their places in it."""

    T = dt.ANY
    dtypes = {**_ONE_SPARSE, "start": INT64, "size": INT64}
    host_inputs = ("shape", "start", "size")
    multiple = True
    waits_for_gpu = "how many entries there are, and where, depends on the indices"

    def infer(self, indices, values, shape, start, size):
        _, rank = sparse_rule(indices, values, shape)
        for spec, what in ((start, "a start"), (size, "a size")):
            shape_rules.require_rank(spec, 1, what)
            if rank is not None and not shapes.compatible(spec.shape, (rank,)):
                raise ShapeError(f"needs {what} of length {rank}, got {shape_text(spec.shape)}")
        return sparse_specs(None, rank, values.dtype)

    def kernel(self, xp, indices, values, shape, start, size):
        check_parts(indices, values, shape)
        if not len(start) == len(size) == len(shape):
            raise InvalidArgumentError(None, None, f"start {list(start)} and size {list(size)} "
                                       f"need {len(shape)} entries each")
        if any(n < 0 for n in start):
            raise InvalidArgumentError(None, None, f"start {list(start)} must not be negative")
        sizes = _box(shape, start, size)
        low = xp.array(start, dtype="int64")
        high = low + xp.array(sizes, dtype="int64")
        inside = ((indices >= low) & (indices < high)).all(axis=1)
        return indices[inside] - low, values[inside], xp.array(sizes, dtype="int64")

    def known(self, indices, values, shape, start, size):
        if not (is_known(shape.value) and is_known(start.value) and is_known(size.value)):
            return None
        return None, None, _box(shape.value, start.value, size.value)

    def grad(self, op, _, dy, __):
        dx = SparseSliceGrad.build(dy, op.inputs[0], op.inputs[3], op.outputs[0])
        return None, dx, None, None, None


def _box(shape, start, size):
    """The sizes of the box, cut at the tensor's end."""
    return tuple(max(min(n, whole - first), 0)
                 for whole, first, n in zip(shape, start, size, strict=True))


class SparseSliceGrad(OpDef):
    """The gradient of SparseSlice: dy for the entries in the box, 0 for the others."""

    T = dt.NUMBER
    dtypes = {"input_indices": INT64, "input_start": INT64, "output_indices": INT64}
    waits_for_gpu = "how many entries there are, and where, depends on the indices"

    def infer(self, backprop_val_grad, input_indices, input_start, output_indices):
        shape_rules.require_rank(input_indices, 2, "input_indices")
        require_value_per_row(backprop_val_grad, output_indices, input_indices)
        return Spec(backprop_val_grad.dtype,
                    (None if input_indices.shape is None else input_indices.shape[0],))

    def kernel(self, xp, backprop_val_grad, input_indices, input_start, output_indices):
        return at_matches(xp, backprop_val_grad, output_indices + input_start, input_indices)

    def grad(self, op, ddx):
        indices, start, picked = op.inputs[1:]
        count = shape(picked)[0]
        numbers = range_(1, count + 1, 1)
        places = SparseSliceGrad.build(numbers, indices, start, picked)
        return unsorted_segment_sum(ddx, places - 1, count), None, None, None


def sparse_slice(sp_input, start, size, name=None):
    """Cuts a box out of a sparse tensor.

    Args:
        sp_input: SparseTensor or SparseTensorValue.
        start: 1-D tensor, the box's first corner.
        size: 1-D tensor, the box's sizes; what goes beyond the tensor's end is cut off.
        name: name of the node.

    Returns:
        A SparseTensor of the box.

    Example:
        >>> import flowgraph as fg
        >>> sparse = fg.SparseTensor([[0, 1], [1, 2]], [7, 8], [2, 3])
        >>> fg.Session().run(fg.sparse_slice(sparse, [1, 0], [1, 3]).indices)
        array([[0, 2]])
    """
    sp_input = as_sparse(sp_input)
    start, size = convert_to_tensor(start, dt.int64), convert_to_tensor(size, dt.int64)
    with name_scope(name, "SparseSlice", [sp_input.indices]) as scope:
        return SparseTensor(*SparseSlice.build(*sparse_parts(sp_input), start, size, name=scope))


def sparse_retain(sp_input, to_retain):
    """Keeps some entries of a sparse tensor.

    Args:
        sp_input: SparseTensor with N entries.
        to_retain: bool vector of length N: which entries stay.

    Returns:
        A SparseTensor of the same shape.

    Raises:
        TypeError: `sp_input` is dense.
        ValueError: `to_retain` is no vector of length N.

    Example:
        >>> import flowgraph as fg
        >>> sparse = fg.SparseTensor([[0], [2]], [7, 8], [3])
        >>> fg.Session().run(fg.sparse_retain(sparse, [False, True]).indices)
        array([[2]])
    """
    sp_input = as_sparse(sp_input)
    to_retain = convert_to_tensor(to_retain)
    if not shapes.compatible(to_retain.spec.shape, sp_input.values.spec.shape or (None,)):
        raise ShapeError(located("to_retain must have one entry per value, "
                                 f"{shape_text(sp_input.values.spec.shape)}, got "
                                 f"{shape_text(to_retain.spec.shape)}", section="shape-error"))
    kept = reshape(where_v2(to_retain), [-1])
    return SparseTensor(gather(sp_input.indices, kept), gather(sp_input.values, kept),
                        identity(sp_input.dense_shape))


# ---- empty rows ----------------------------------------------------------------------------------


class SparseFillEmptyRows(OpDef):
    """A sparse tensor with `default_value` at the start of each row that had no entry."""

    T = dt.ANY
    dtypes = {"indices": INT64, "dense_shape": INT64}
    host_inputs = ("dense_shape",)
    multiple = True
    waits_for_gpu = "how many entries there are, and where, depends on the indices"

    def infer(self, indices, values, dense_shape, default_value):
        shape_rules.require_rank(default_value, 0, "a default_value")
        count, rank = sparse_rule(indices, values, dense_shape)
        if rank == 0:
            raise ShapeError("needs a sparse tensor of rank 1 or more", "A scalar has no rows.")
        rows = dense_shape.value[0] if dense_shape.value else None
        return (*sparse_specs(None, rank, values.dtype)[:2], Spec(dt.bool_, (rows,)),
                Spec(dt.int64, (count,)))

    def kernel(self, xp, indices, values, dense_shape, default_value):
        check_parts(indices, values, dense_shape)
        rows = dense_shape[0]
        check_bounds(xp, indices[:, :1], (rows,))
        empty = xp.bincount(indices[:, 0], minlength=rows) == 0
        missing = xp.flatnonzero(empty)
        new = xp.zeros((len(missing), indices.shape[1]), "int64")
        new[:, 0] = missing
        together = xp.concatenate((indices, new))
        new_values = xp.full(len(missing), default_value, dtype=values.dtype)
        order = xp.argsort(together[:, 0], kind="stable")
        place = xp.empty(len(order), "int64")
        place[order] = xp.arange(len(order))
        return (xp.take(together, order, axis=0),
                xp.take(xp.concatenate((values, new_values)), order), empty, place[:len(indices)])

    def grad(self, op, _, dy, __, ___):
        d_values, d_default = SparseFillEmptyRowsGrad.build(op.outputs[3], dy)
        return None, d_values, None, d_default


class SparseFillEmptyRowsGrad(OpDef):
    """The gradient of SparseFillEmptyRows: dy of the old entries, the sum of dy of the new ones."""

    T = dt.NUMBER
    dtypes = {"reverse_index_map": INT64}
    multiple = True
    waits_for_gpu = "how many entries there are, and where, depends on the indices"

    def infer(self, reverse_index_map, grad_values):
        shape_rules.require_rank(reverse_index_map, 1, "reverse_index_map")
        shape_rules.require_rank(grad_values, 1, "grad_values")
        count = None if reverse_index_map.shape is None else reverse_index_map.shape[0]
        return Spec(grad_values.dtype, (count,)), Spec(grad_values.dtype, ())

    def kernel(self, xp, reverse_index_map, grad_values):
        check_bounds(xp, reverse_index_map[:, None], grad_values.shape)
        new = xp.ones(len(grad_values), "bool")
        new[reverse_index_map] = False
        return (grad_values[reverse_index_map],
                xp.asarray(grad_values[new].sum(dtype=grad_values.dtype)))

    def grad(self, op, d_values, d_default):
        places, dy = op.inputs
        count = size(dy)
        old = unsorted_segment_sum(_like(places, dy, 1), places, count)
        total = 0
        if d_values is not None:
            total = unsorted_segment_sum(d_values, places, count)
        if d_default is not None:
            total = total + (1 - old) * d_default
        return None, total


def _like(places, dy, number):
    """A vector as long as `places`, of the dtype of dy, of one number."""
    return fill(shape(places), cast(number, dy.dtype.base_dtype))


def sparse_fill_empty_rows(sp_input, default_value, name=None):
    """Gives each empty row of a sparse tensor an entry, at its first place.

    Args:
        sp_input: SparseTensor or SparseTensorValue of rank 1 or more.
        default_value: the value of the new entries, a scalar of the tensor's dtype.
        name: name scope of the new nodes.

    Returns:
        (a SparseTensor, a bool vector that says which rows were empty).

    Raises:
        TypeError: `sp_input` is dense.
        InvalidArgumentError: a row index is out of bounds (at run).

    Example:
        >>> import flowgraph as fg
        >>> filled, empty = fg.sparse_fill_empty_rows(
        ...     fg.SparseTensor([[0, 1], [2, 0]], [7, 8], [3, 2]), -1)
        >>> fg.Session().run([filled.values, empty])
        [array([ 7, -1,  8], dtype=int32), array([False,  True, False])]
    """
    sp_input = as_sparse(sp_input)
    with name_scope(name, "SparseFillEmptyRows", [sp_input.indices]):
        default_value = convert_to_tensor(default_value, sp_input.dtype.base_dtype)
        indices, values, empty, _ = SparseFillEmptyRows.build(*sparse_parts(sp_input),
                                                              default_value)
    return SparseTensor(indices, values, sp_input.dense_shape), empty
