"""Picking by computed indices, and its transpose, adding up by indices.

The gradient of a gather of rows is an `IndexedSlices`: the rows of dy and where they belong. It
stays sparse up to the optimizer; where a dense tensor is needed, `UnsortedSegmentSum` makes it.
"""

from __future__ import annotations

import math

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core import shapes
from flowgraph.core.checks import raise_if
from flowgraph.core.deprecation import deprecated
from flowgraph.core.frames import located
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import InvalidArgumentError, ShapeError
from flowgraph.graph.graph import name_scope
from flowgraph.graph.indexed_slices import IndexedSlices
from flowgraph.opdef import shape_rules
from flowgraph.opdef.convert import convert_to_tensor, register_tensor_conversion_function
from flowgraph.opdef.opdef import OpDef, is_known, op_def
from flowgraph.opdef.static_value import known_value
from flowgraph.ops.join import concat
from flowgraph.ops.reshape import reshape, squeeze, transpose
from flowgraph.ops.row_sums import summed_rows, update_at
from flowgraph.ops.select import SelectV2, Where, sequence_mask
from flowgraph.ops.shape import shape, size


class GatherV2(OpDef):
    """Slices of `params` along `axis`, picked by `indices`; leading `batch_dims` go in step."""

    dtypes = {"params": "Tparams", "indices": "Tindices", "axis": "Taxis"}
    Tparams = dt.ANY
    Tindices = dt.INDEX
    Taxis = dt.INDEX
    host_inputs = ("axis",)
    touches_rows = True
    checks_data = True

    def infer(self, params, indices, axis, *, batch_dims=0):
        shape_rules.require_rank(axis, 0, "an axis")
        shape_rules.require_rank_at_least(params, 1, "params")
        p, i = params.shape, indices.shape
        if p is None or i is None:
            return Spec(params.dtype, None)
        if axis.value is None:
            return Spec(params.dtype, (None,) * (len(p) - 1 + len(i) - batch_dims))
        at = shape_rules.axis_index(axis.value, len(p))
        batch = shape_rules.axis_index(batch_dims, len(i) + 1, "batch_dims") if batch_dims else 0
        if batch > at or not shapes.compatible(p[:batch], i[:batch]):
            raise ShapeError(f"cannot gather from {shape_text(p)} by indices of {shape_text(i)} "
                             f"with batch_dims {batch_dims}",
                             "The first batch_dims sizes must be equal, and axis not among them.")
        return Spec(params.dtype, shapes.merge(p[:batch], i[:batch]) + p[batch:at] + i[batch:]
                    + p[at + 1:])

    def kernel(self, xp, params, indices, axis, *, batch_dims=0):
        return take_in_batches(xp, params, indices, axis, batch_dims) if batch_dims else \
            take(xp, params, indices, axis)

    def grad(self, op, dy):
        params, indices, axis = op.inputs
        batch, at = op.attrs["batch_dims"], known_value(axis)
        if at is not None and at < 0 and params.spec.shape is not None:
            at += len(params.spec.shape)
        if at == 0 and not batch:
            return _rows_gradient(params, indices, dy), None, None
        return _gather_gradient(params, indices, axis if at is None else at, batch, dy), None, None


def in_range(xp, indices, size):
    """`indices`, checked to lie in [0, size); read as unsigned, a negative one is very large."""
    if indices.size:
        raise_if(xp, indices.view(f"u{indices.itemsize}").max() >= size,
                 lambda: InvalidArgumentError(None, None, f"indices from {int(indices.min())} to "
                                              f"{int(indices.max())} are not in [0, {size})"))
    return indices


def take(xp, params, indices, axis):
    """`xp.take` with checked indices; a single string comes out as an array too."""
    in_range(xp, indices, params.shape[axis])
    if axis and xp is np:  # NumPy would look at all of them again for each row: twice the time
        taken = np.take(params, indices, axis=axis, mode="clip")
    else:
        taken = xp.take(params, indices, axis=axis)
    return taken if hasattr(taken, "dtype") else xp.array(taken, dtype=params.dtype)


def take_in_batches(xp, params, indices, axis, batch_dims):
    """Takes along `axis`, the leading axes of `params` and `indices` in step."""
    axis %= params.ndim
    batch_dims %= indices.ndim + 1
    lead, outer, inner = (params.shape[:batch_dims], params.shape[batch_dims:axis],
                          params.shape[axis + 1:])
    rows = math.prod(lead)
    flat = params.reshape((rows, math.prod(outer), params.shape[axis], *inner))
    picks = in_range(xp, indices, params.shape[axis]).reshape((rows, -1 if rows else 0))
    taken = xp.moveaxis(flat, 2, 1)[xp.arange(rows)[:, None], picks]
    return xp.moveaxis(taken, 1, 2).reshape((*lead, *outer, *indices.shape[batch_dims:], *inner))


def _rows_gradient(params, indices, dy):
    """The sparse gradient of a gather along axis 0."""
    sizes = params.spec.shape
    count = size(indices)
    if sizes is not None and None not in sizes[1:]:
        n = -1 if 0 not in sizes[1:] else count
        values = reshape(dy, [n, *sizes[1:]])
    else:
        values = reshape(dy, concat([reshape(count, [1]), shape(params)[1:]], 0))
    flat = indices if indices.spec.rank == 1 else reshape(indices, reshape(count, [1]))
    return IndexedSlices(values, flat, shape(params))


def _gather_gradient(params, indices, axis, batch, dy):
    """The dense gradient of a gather along any axis.

    dy is seen as [batch, outer, picked, inner]; its slices are added up at their places in
    [batch * n, outer, inner].
    """
    whole, picked = _sizes(params), _sizes(indices)
    if not isinstance(axis, int) or axis < 0:
        axis = (axis + op_def("Rank").build(params)) if isinstance(axis, int) else \
            op_def("FloorMod").build(axis, op_def("Cast").build(
                op_def("Rank").build(params), DstT=axis.dtype))
        whole = shape(params) if isinstance(whole, list) else whole
    rows, outer = _product(whole[:batch]), _product(whole[batch:axis])
    n, inner = whole[axis], _product(whole[axis + 1:])
    values = transpose(reshape(dy, [rows, outer, _product(picked[batch:]), inner]), [0, 2, 1, 3])
    ids = reshape(indices, [rows, _product(picked[batch:])])
    if batch:
        offsets = op_def("Range").build(0, rows * n, n) if not isinstance(n, int) or n else \
            op_def("Fill").build([rows], 0)
        ids = ids + op_def("Cast").build(reshape(offsets, [rows, 1]), DstT=ids.dtype)
    summed = unsorted_segment_sum(values, ids, rows * n)
    apart = transpose(reshape(summed, [rows, n, outer, inner]), [0, 2, 1, 3])
    return reshape(apart, shape(params))


def _sizes(tensor):
    """A tensor's sizes: a list of ints when they are static, else its shape tensor."""
    return list(tensor.spec.shape) if tensor.spec.is_static else shape(tensor)


def _product(sizes):
    return math.prod(sizes) if isinstance(sizes, list) else op_def("Prod").build(sizes, 0)


def gather(params, indices, validate_indices=None, name=None, axis=None, batch_dims=0):
    """Picks slices of a tensor along an axis, by a tensor of indices.

    Args:
        params: tensor to pick from, of rank `axis + 1` or more.
        indices: int32 or int64 tensor of any shape; each entry in [0, params.shape[axis]).
        validate_indices: accepted; indices are always checked.
        name: name of the node.
        axis: the axis; default `batch_dims`.
        batch_dims: how many leading axes of `params` and `indices` go in step.

    Returns:
        A tensor of shape `params.shape[:axis] + indices.shape[batch_dims:] +
        params.shape[axis + 1:]`.

    Raises:
        InvalidArgumentError: an index is out of range (at run).

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.gather([10, 20, 30], [2, 0]))
        array([30, 10], dtype=int32)
    """
    if axis is None:
        axis = batch_dims
    if name is None and hasattr(params, "sparse_read") and isinstance(axis, int) and axis == 0:
        return params.sparse_read(indices)
    return GatherV2.build(params, indices, axis, batch_dims=batch_dims, name=name)


def batch_gather(params, indices, name=None):
    """Picks slices batch by batch: the leading axes of `indices` but its last are batch axes.

    Args:
        params: tensor to pick from.
        indices: integer tensor of rank 1 or more.
        name: name of the node.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.batch_gather([[1, 2], [3, 4]], [[1], [0]]))
        array([[2],
               [3]], dtype=int32)
    """
    deprecated("Use `tf.gather` with `batch_dims=-1` instead.", "2017-10-25")
    with name_scope(name, "BatchGather", [params, indices]):
        indices = convert_to_tensor(indices, name="indices")
        params = convert_to_tensor(params, name="params")
        if indices.spec.shape is None:
            raise ValueError(located(
                "batch_gather needs indices of known rank",
                "Give the placeholder of the indices a shape, or call set_shape."))
        return gather(params, indices, batch_dims=len(indices.spec.shape) - 1)


# ---- indices of several axes ---------------------------------------------------------------------


class GatherNd(OpDef):
    """Slices of `params` at the index vectors in the last axis of `indices`."""

    dtypes = {"params": "Tparams", "indices": "Tindices"}
    Tparams = dt.ANY
    Tindices = dt.INDEX
    touches_rows = True
    checks_data = True

    def infer(self, params, indices):
        shape_rules.require_rank_at_least(indices, 1, "indices")
        p, i = params.shape, indices.shape
        if p is None or i is None or i[-1] is None:
            return Spec(params.dtype, None)
        if i[-1] > len(p):
            raise ShapeError(f"cannot pick from {shape_text(p)} by index vectors of length "
                             f"{i[-1]}", f"There are only {len(p)} axes.")
        return Spec(params.dtype, i[:-1] + p[i[-1]:])

    def kernel(self, xp, params, indices):
        return _picked(xp, params, indices)

    def grad(self, op, dy):
        params, indices = op.inputs
        sizes = shape(params, out_type=indices.dtype)
        if indices.spec.shape is not None and indices.spec.shape[1:] == (1,):  # rows of params
            return IndexedSlices(dy, squeeze(indices, axis=-1), sizes), None
        return ScatterNd.build(indices, dy, sizes), None


def _vectors_index(xp, indices, sizes):
    """The NumPy index that the vectors in the last axis stand for, checked."""
    return (*(in_range(xp, indices[..., k], sizes[k]) for k in range(indices.shape[-1])), ...)


def _picked(xp, params, indices):
    if indices.shape[-1] == 0:  # each empty vector picks everything
        return xp.broadcast_to(params, indices.shape[:-1] + params.shape).copy()
    return params[_vectors_index(xp, indices, params.shape)]


def gather_nd(params, indices, name=None, batch_dims=0):
    """Picks elements or slices of a tensor by index vectors.

    Args:
        params: tensor to pick from.
        indices: int32 or int64 tensor [..., depth]; each vector along the last axis is an index.
        name: name of the node.
        batch_dims: how many leading axes of `params` and `indices` go in step.

    Returns:
        A tensor of shape `indices.shape[:-1] + params.shape[depth:]`.

    Raises:
        InvalidArgumentError: an index is out of range (at run).

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.gather_nd([[1, 2], [3, 4]], [[0, 0], [1, 1]]))
        array([1, 4], dtype=int32)
    """
    if not batch_dims:
        return GatherNd.build(params, indices, name=name)
    with name_scope(name, "BatchGatherNd", [params, indices]):
        params, indices = convert_to_tensor(params), convert_to_tensor(indices)
        lead = shape(indices, out_type=indices.dtype)[:-1]
        ones = op_def("OnesLike").build(shape(indices)[batch_dims:])
        columns = []
        for k in range(batch_dims):
            n = shape(indices, out_type=indices.dtype)[k]
            places = op_def("Range").build(op_def("ZerosLike").build(n), n,
                                           op_def("OnesLike").build(n), Tidx=indices.dtype)
            column = reshape(places, concat([[1] * k, [-1], [1] * (batch_dims - 1 - k), ones], 0))
            columns.append(op_def("BroadcastTo").build(column, concat([lead, [1]], 0)))
        return GatherNd.build(params, concat([*columns, indices], -1))


class ScatterNd(OpDef):
    """Zeros of `shape`, with `updates` added at the index vectors in `indices`."""

    dtypes = {"indices": "Tindices", "shape": "Tindices"}
    T = dt.NUMBER + dt.BOOL
    Tindices = dt.INDEX
    host_inputs = ("shape",)
    checks_data = True

    def infer(self, indices, updates, shape):
        shape_rules.require_rank_at_least(indices, 1, "indices")
        sizes = shape_rules.shape_from_value(shape)
        i, u = indices.shape, updates.shape
        if sizes is None or i is None or i[-1] is None or u is None:
            return Spec(updates.dtype, sizes)
        if i[-1] > len(sizes) or not shapes.compatible(u, i[:-1] + sizes[i[-1]:]):
            raise ShapeError(f"cannot scatter updates of {shape_text(u)} by indices of "
                             f"{shape_text(i)} into {shape_text(sizes)}",
                             "updates must have the shape indices.shape[:-1] + "
                             "shape[indices.shape[-1]:].")
        return Spec(updates.dtype, sizes)

    def kernel(self, xp, indices, updates, shape):
        return _scattered(xp, indices, updates, shape)

    def kernel_cupy(self, xp, indices, updates, shape):
        result = xp.zeros(shape, updates.dtype)
        update_at(xp, xp.add, result, _vectors_index(xp, indices, shape), updates)
        return result

    def grad(self, op, dy):
        return None, gather_nd(dy, op.inputs[0]), None


def _scattered(xp, indices, updates, shape):
    """Row-major numbers of the index vectors, then a sum of rows."""
    depth = indices.shape[-1]
    ids = xp.zeros(indices.shape[:-1], "int64")
    for k in range(depth):
        ids = ids * shape[k] + in_range(xp, indices[..., k], shape[k])
    rows = updates.reshape((ids.size, *shape[depth:]))
    return summed_rows(xp, rows, ids.reshape(-1), math.prod(shape[:depth])).reshape(shape)


def scatter_nd(indices, updates, shape, name=None):
    """Adds up values at index vectors, in a tensor of zeros.

    Args:
        indices: int32 or int64 tensor [..., depth] of index vectors; repeated ones add up.
        updates: tensor of shape `indices.shape[:-1] + shape[depth:]`.
        shape: shape of the result, 1-D tensor of the dtype of `indices`.
        name: name of the node.

    Raises:
        ValueError: the shapes do not fit.
        InvalidArgumentError: an index is out of range (at run).

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.scatter_nd([[1], [3], [1]], [10, 20, 30], [4]))
        array([ 0, 40,  0, 20], dtype=int32)
    """
    return ScatterNd.build(indices, updates, shape, name=name)


# ---- sums over segments --------------------------------------------------------------------------


class UnsortedSegmentSum(OpDef):
    """Row i of the result is the sum of the slices of `data` whose segment id is i."""

    T = dt.NUMBER
    dtypes = {"segment_ids": "Tindices", "num_segments": "Tnumsegments"}
    Tindices = dt.INDEX
    Tnumsegments = dt.INDEX
    host_inputs = ("num_segments",)
    checks_data = True

    def infer(self, data, segment_ids, num_segments):
        shape_rules.require_rank(num_segments, 0, "num_segments")
        d, s, n = data.shape, segment_ids.shape, num_segments.value
        if n is not None and n < 0:
            raise ShapeError(f"needs num_segments >= 0, got {n}")
        if d is None or s is None:
            return Spec(data.dtype, None)
        if len(s) > len(d) or not shapes.compatible(d[:len(s)], s):
            raise ShapeError(f"cannot take segment ids of {shape_text(s)} for data of "
                             f"{shape_text(d)}", "The shape of data must start with that of "
                             "segment_ids.")
        return Spec(data.dtype, (n,) + d[len(s):])

    def kernel(self, xp, data, segment_ids, num_segments):
        return _segment_sum(xp, data, segment_ids, num_segments)

    def kernel_cupy(self, xp, data, segment_ids, num_segments):
        rows, ids = _segments(xp, data, segment_ids, num_segments)
        result = xp.zeros((num_segments + 1, *rows.shape[1:]), data.dtype)
        update_at(xp, xp.add, result, xp.where(ids < 0, num_segments, ids), rows)
        return result[:num_segments]

    def grad(self, op, dy):
        ids = op.inputs[1]
        zero = op_def("ZerosLike").build(ids)
        picked = gather(dy, op_def("Maximum").build(ids, zero))
        trailing = op_def("Rank").build(picked) - op_def("Rank").build(ids)
        ones = op_def("Fill").build(reshape(trailing, [1]), 1)
        counted = reshape(op_def("GreaterEqual").build(ids, zero), concat([shape(ids), ones], 0))
        return SelectV2.build(counted, picked, op_def("ZerosLike").build(picked)), None, None


def _segments(xp, data, segment_ids, num_segments):
    """data as rows, ids as a vector; ids checked from above (negative ones are left out)."""
    ids = segment_ids.reshape(-1)
    if ids.size:
        raise_if(xp, ids.max() >= num_segments, lambda: InvalidArgumentError(
            None, None, f"segment id {int(ids.max())} is not below num_segments {num_segments}"))
    return data.reshape((ids.size, *data.shape[segment_ids.ndim:])), ids


def _segment_sum(xp, data, segment_ids, num_segments):
    rows, ids = _segments(xp, data, segment_ids, num_segments)
    return summed_rows(xp, rows, ids, num_segments)


def unsorted_segment_sum(data, segment_ids, num_segments, name=None):
    """Adds up the slices of a tensor that have one segment id.

    Args:
        data: tensor of numbers.
        segment_ids: int32 or int64 tensor, whose shape `data.shape` starts with; slices with a
            negative id are left out.
        num_segments: integer scalar, above all ids.
        name: name of the node.

    Returns:
        A tensor of shape `[num_segments] + data.shape[rank of segment_ids:]`.

    Raises:
        ValueError: the shapes do not fit.
        InvalidArgumentError: an id is not below `num_segments` (at run).

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.unsorted_segment_sum([1, 2, 3], [1, 0, 1], 2))
        array([2, 4], dtype=int32)
    """
    return UnsortedSegmentSum.build(data, segment_ids, num_segments, name=name)


def _dense_rows(value, dtype=None, name=None, as_ref=False):
    """IndexedSlices as a Tensor: rows with one index add up."""
    if value.dense_shape is None:
        raise ValueError(located("Tensor conversion requested for IndexedSlices without "
                                 f"dense_shape: {value}"))
    if dtype is not None and dt.as_dtype(dtype) is not value.dtype.base_dtype:
        raise TypeError(located(f"Tensor conversion requested dtype {dtype} for IndexedSlices with "
                                f"dtype {value.dtype.name}"))
    dense = unsorted_segment_sum(value.values, value.indices, value.dense_shape[0], name=name)
    sizes = known_value(value.dense_shape)
    if sizes is not None and shapes.compatible(dense.spec.shape, sizes):
        dense.spec = Spec(dense.spec.dtype, shapes.merge(dense.spec.shape, sizes))
    return dense


register_tensor_conversion_function(IndexedSlices, _dense_rows)


# ---- by a mask, and repeated ---------------------------------------------------------------------


def boolean_mask(tensor, mask, name="boolean_mask", axis=None):
    """Picks the slices of a tensor where a mask is True.

    Args:
        tensor: any tensor.
        mask: bool tensor of known rank K >= 1; its shape is that of axes `axis` to `axis + K - 1`.
        name: name scope of the new nodes.
        axis: the first of the masked axes; default 0.

    Returns:
        A tensor in which those K axes have become one, as long as there are True entries.

    Raises:
        ValueError: the rank of `mask` is unknown or 0, or the shapes do not fit.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.boolean_mask([[1, 2], [3, 4]], [True, False]))
        array([[1, 2]], dtype=int32)
    """
    with name_scope(name, "boolean_mask", [tensor, mask]):
        tensor = convert_to_tensor(tensor, name="tensor")
        mask = convert_to_tensor(mask, name="mask")
        sizes, mask_sizes = tensor.spec.shape, mask.spec.shape
        if mask_sizes is None:
            raise ValueError(located("Number of mask dimensions must be specified, even if some "
                                     "dimensions are None.  E.g. shape=[None] is ok, but "
                                     "shape=None is not."))
        if not mask_sizes:
            raise ValueError(located("mask cannot be scalar.",
                                     "A mask has an entry for each row: its rank is 1 or more."))
        at = 0 if axis is None else axis if isinstance(axis, int) else known_value(axis)
        if at is None:
            raise ValueError(located("boolean_mask needs a static axis",
                                     "Pass axis as a Python int."))
        count = len(mask_sizes)
        if sizes is not None:
            at += len(sizes) if at < 0 else 0
            if not shapes.compatible(sizes[at:at + count], mask_sizes):
                raise ValueError(located(
                    f"Shapes {shape_text(sizes[at:at + count])} and {shape_text(mask_sizes)} are "
                    "incompatible",
                    "The mask needs the shape of the axes that it picks from."))
        if count > 1:
            before, after = shape(tensor)[:at], shape(tensor)[at + count:]
            tensor = reshape(tensor, concat([before, [-1], after], 0))
            if sizes is not None:
                masked = sizes[at:at + count]
                n = None if None in masked else math.prod(masked)
                tensor.set_shape((*sizes[:at], n, *sizes[at + count:]))
            mask = reshape(mask, [-1])
        else:
            tensor = reshape(tensor, shape(tensor))  # its gradient is dense, not IndexedSlices
        return gather(tensor, squeeze(Where.build(mask), axis=[1]), axis=at)


def repeat(input, repeats, axis=None, name=None):
    """Repeats the elements of a tensor, each as often as `repeats` says.

    Args:
        input: any tensor.
        repeats: integer scalar, or vector with one count for each slice along `axis`.
        axis: the axis; default the flattened tensor's only one.
        name: name scope of the new nodes.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.repeat([3, 4], [2, 1]))
        array([3, 3, 4], dtype=int32)
    """
    with name_scope(name, "Repeat", [input, repeats]):
        input = convert_to_tensor(input)
        if axis is None:
            input, axis = reshape(input, [-1]), 0
        repeats = convert_to_tensor(repeats, name="repeats")
        if repeats.dtype.base_dtype not in dt.INDEX:
            repeats = op_def("Cast").build(repeats, DstT=dt.int32)
        if repeats.spec.shape == () or repeats.spec.shape == (1,):
            repeats = op_def("BroadcastTo").build(reshape(repeats, [1]), [shape(input)[axis]])
        places = Where.build(sequence_mask(repeats))[:, 0]
        counts = known_value(repeats)
        if is_known(counts):
            places.set_shape([sum(counts)])
        return gather(input, places, axis=axis)
