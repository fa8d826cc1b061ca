"""Sums, maxima and softmax over the entries of a sparse tensor; what has no entry does not count.

A sum of no entries is 0; so is a maximum of none in a dense result.
"""

from __future__ import annotations

import math

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.spec import Spec
from flowgraph.errors import InvalidArgumentError, ShapeError
from flowgraph.graph.graph import name_scope
from flowgraph.opdef import shape_rules
from flowgraph.opdef.opdef import NotDifferentiable, OpDef, is_known
from flowgraph.ops.cast import cast
from flowgraph.ops.compare import equal
from flowgraph.ops.constant import constant, ones_like
from flowgraph.ops.constant import range as range_
from flowgraph.ops.division import floormod
from flowgraph.ops.gather import gather_nd, scatter_nd
from flowgraph.ops.reshape import reshape
from flowgraph.ops.row_sums import summed_rows
from flowgraph.ops.segment import combined_rows
from flowgraph.ops.shape import rank, size
from flowgraph.ops.sparse_arithmetic import one_of, sparse_dense_cwise_add
from flowgraph.ops.sparse_rows import (
    INT64,
    check_bounds,
    check_parts,
    linear_places,
    numbered,
    row_keys,
    rows_at,
    sparse_rule,
    sparse_specs,
)
from flowgraph.ops.sparse_tensor import SparseTensor, as_sparse, sparse_parts

_INPUTS = {"input_indices": INT64, "input_shape": INT64,
           "reduction_axes": dt.DTypeSet("int32", (dt.int32,))}


class _Reduce(OpDef, abstract=True):
    """The entries combined over the axes `reduction_axes`, as a dense tensor."""

    T = dt.NUMBER
    dtypes = _INPUTS
    host_inputs = ("input_shape", "reduction_axes")

    def infer(self, input_indices, input_values, input_shape, reduction_axes, *, keep_dims=False):
        _, rank = sparse_rule(input_indices, input_values, input_shape)
        sizes = input_shape.value or (None if rank is None else (None,) * rank)
        return Spec(input_values.dtype,
                    shape_rules.reduced(sizes, reduction_axes.value, keep_dims))


class _ReduceSparse(OpDef, abstract=True):
    """The entries combined over the axes `reduction_axes`, as a sparse tensor."""

    T = dt.NUMBER
    dtypes = _INPUTS
    host_inputs = ("input_shape", "reduction_axes")
    multiple = True
    grad = NotDifferentiable

    def infer(self, input_indices, input_values, input_shape, reduction_axes, *, keep_dims=False):
        _, rank = sparse_rule(input_indices, input_values, input_shape)
        sizes = input_shape.value or (None if rank is None else (None,) * rank)
        left = shape_rules.reduced(sizes, reduction_axes.value, keep_dims)
        return sparse_specs(None, None if left is None else len(left), input_values.dtype)

    def known(self, input_indices, input_values, input_shape, reduction_axes, *, keep_dims=False):
        sizes, axes = input_shape.value, reduction_axes.value
        if sizes is None or not is_known(axes):
            return None
        try:
            return None, None, shape_rules.reduced(sizes, axes, keep_dims)
        except ShapeError:
            return None  # the op itself reports it


class SparseReduceSum(_Reduce):
    """The sums of the entries over the axes `reduction_axes`, as a dense tensor."""

    waits_for_gpu = "how many entries there are, and where, depends on the indices"

    def kernel(self, xp, input_indices, input_values, input_shape, reduction_axes, *,
               keep_dims=False):
        places, sizes = _groups(xp, input_indices, input_values, input_shape, reduction_axes,
                                keep_dims)
        return summed_rows(xp, input_values, places, math.prod(sizes)).reshape(sizes)

    def grad(self, op, dy):
        indices, _, sizes, axes = op.inputs
        length = size(sizes)
        gone = scatter_nd(  # 1 for each axis that is reduced, more for one that is named twice
            reshape(floormod(axes, length), [-1, 1]), ones_like(reshape(axes, [-1])),
            reshape(length, [1]))
        kept = cast(equal(gone, 0), dt.int64)
        dy = reshape(dy, sizes * kept + (1 - kept))
        return None, gather_nd(dy, indices * kept), None, None


class SparseReduceMax(_Reduce):
    """The maxima of the entries over the axes `reduction_axes`, as a dense tensor."""

    T = dt.REAL
    grad = NotDifferentiable
    waits_for_gpu = "how many entries there are, and where, depends on the indices"

    def kernel(self, xp, input_indices, input_values, input_shape, reduction_axes, *,
               keep_dims=False):
        places, sizes = _groups(xp, input_indices, input_values, input_shape, reduction_axes,
                                keep_dims)
        return combined_rows(xp, xp.maximum, 0, input_values, places,
                             math.prod(sizes)).reshape(sizes)


class SparseReduceSumSparse(_ReduceSparse):
    """The sums of the entries over the axes `reduction_axes`, as a sparse tensor."""

    waits_for_gpu = "how many entries there are, and where, depends on the indices"

    def kernel(self, xp, input_indices, input_values, input_shape, reduction_axes, *,
               keep_dims=False):
        places, sizes = _groups(xp, input_indices, input_values, input_shape, reduction_axes,
                                keep_dims)
        found, places = numbered(xp, places)
        values = summed_rows(xp, input_values, places, len(found))
        return rows_at(xp, found, sizes), values, xp.array(sizes, dtype="int64")


class SparseReduceMaxSparse(_ReduceSparse):
    """The maxima of the entries over the axes `reduction_axes`, as a sparse tensor."""

    T = dt.REAL
    waits_for_gpu = "how many entries there are, and where, depends on the indices"

    def kernel(self, xp, input_indices, input_values, input_shape, reduction_axes, *,
               keep_dims=False):
        places, sizes = _groups(xp, input_indices, input_values, input_shape, reduction_axes,
                                keep_dims)
        found, places = numbered(xp, places)
        values = combined_rows(xp, xp.maximum, 0, input_values, places, len(found))
        return rows_at(xp, found, sizes), values, xp.array(sizes, dtype="int64")


def _groups(xp, indices, values, sizes, axes, keep_dims):
    """(each entry's place in the result, the result's sizes)."""
    check_parts(indices, values, sizes)
    rank = len(sizes)
    axes = axes if isinstance(axes, tuple) else (axes,)
    if any(not -rank <= axis < rank for axis in axes):
        raise InvalidArgumentError(None, None, f"reduction axes {list(axes)} are not in "
                                   f"[{-rank}, {rank})")
    gone = {axis % rank for axis in axes}
    kept = [k for k in range(rank) if k not in gone]
    left = tuple(sizes[k] for k in kept)
    columns = indices[:, kept]
    check_bounds(xp, columns, left)
    whole = tuple(1 if k in gone else n for k, n in enumerate(sizes)) if keep_dims else left
    return linear_places(xp, columns, left), whole


def _arguments(sp_input, axis, keepdims, reduction_axes, keep_dims):
    """(the parts, the axes as an op takes them, whether to keep dimensions)."""
    sp_input = as_sparse(sp_input)
    keepdims = one_of("keepdims", keepdims, "keep_dims", keep_dims, False)
    axis = one_of("axis", axis, "reduction_axes", reduction_axes, None)
    if axis is None:
        length = sp_input.dense_shape.spec.size
        if length is not None:
            axis = constant(np.arange(length, dtype=np.int32))
        else:
            axis = range_(0, rank(sp_input))
    return (*sparse_parts(sp_input), axis), bool(keepdims)


def sparse_reduce_sum(sp_input, axis=None, keepdims=None, reduction_axes=None, keep_dims=None):
    """Sums the entries of a sparse tensor over axes; the result is dense.

    Args:
        sp_input: SparseTensor of a number dtype.
        axis: an axis or a list of axes, negative ones from the end; default all.
        keepdims: whether reduced axes stay, with size 1.
        reduction_axes: older name of `axis`.
        keep_dims: older name of `keepdims`.

    Returns:
        A tensor.

    Example:
        >>> import flowgraph as fg
        >>> sparse = fg.SparseTensor([[0, 0], [0, 2], [1, 1]], [1, 1, 1], [2, 3])
        >>> fg.Session().run(fg.sparse_reduce_sum(sparse, 1))
        array([2, 1], dtype=int32)
    """
    inputs, keep = _arguments(sp_input, axis, keepdims, reduction_axes, keep_dims)
    return SparseReduceSum.build(*inputs, keep_dims=keep)


def sparse_reduce_sum_sparse(sp_input, axis=None, keepdims=None, reduction_axes=None,
                             keep_dims=None):
    """Sums the entries of a sparse tensor over axes; the result is sparse, without gradient.

    Args:
        sp_input: SparseTensor of a number dtype.
        axis: an axis or a list of axes, negative ones from the end; default all.
        keepdims: whether reduced axes stay, with size 1.
        reduction_axes: older name of `axis`.
        keep_dims: older name of `keepdims`.

    Returns:
        A SparseTensor.

    Example:
        >>> import flowgraph as fg
        >>> sparse = fg.SparseTensor([[0, 0], [0, 2], [2, 1]], [1, 1, 1], [3, 3])
        >>> fg.Session().run(fg.sparse_reduce_sum_sparse(sparse, 1).values)
        array([2, 1], dtype=int32)
    """
    inputs, keep = _arguments(sp_input, axis, keepdims, reduction_axes, keep_dims)
    return SparseTensor(*SparseReduceSumSparse.build(*inputs, keep_dims=keep))


def sparse_reduce_max(sp_input, axis=None, keepdims=None, reduction_axes=None, keep_dims=None):
    """The maxima of the entries of a sparse tensor over axes; the result is dense.

    Places without entries do not count; a maximum of no entries is 0. There is no gradient.

    Args:
        sp_input: SparseTensor of a real dtype.
        axis: an axis or a list of axes, negative ones from the end; default all.
        keepdims: whether reduced axes stay, with size 1.
        reduction_axes: older name of `axis`.
        keep_dims: older name of `keepdims`.

    Returns:
        A tensor.

    Example:
        >>> import flowgraph as fg
        >>> sparse = fg.SparseTensor([[0, 0], [0, 2], [1, 1]], [1, 2, -3], [2, 3])
        >>> fg.Session().run(fg.sparse_reduce_max(sparse, 1))
        array([ 2, -3], dtype=int32)
    """
    inputs, keep = _arguments(sp_input, axis, keepdims, reduction_axes, keep_dims)
    return SparseReduceMax.build(*inputs, keep_dims=keep)


def sparse_reduce_max_sparse(sp_input, axis=None, keepdims=None, reduction_axes=None,
                             keep_dims=None):
    """The maxima of the entries of a sparse tensor over axes; the result is sparse.

    Args:
        sp_input: SparseTensor of a real dtype.
        axis: an axis or a list of axes, negative ones from the end; default all.
        keepdims: whether reduced axes stay, with size 1.
        reduction_axes: older name of `axis`.
        keep_dims: older name of `keepdims`.

    Returns:
        A SparseTensor.

    Example:
        >>> import flowgraph as fg
        >>> sparse = fg.SparseTensor([[0, 0], [0, 2], [2, 1]], [1, 2, -3], [3, 3])
        >>> fg.Session().run(fg.sparse_reduce_max_sparse(sparse, 1).values)
        array([ 2, -3], dtype=int32)
    """
    inputs, keep = _arguments(sp_input, axis, keepdims, reduction_axes, keep_dims)
    return SparseTensor(*SparseReduceMaxSparse.build(*inputs, keep_dims=keep))


class SparseSoftmax(OpDef):
    """Softmax along the last axis over the entries alone."""

    T = dt.DTypeSet("float32 or float64", (dt.float32, dt.float64))
    dtypes = {"sp_indices": INT64, "sp_shape": INT64}
    host_inputs = ("sp_shape",)
    waits_for_gpu = "how many entries there are, and where, depends on the indices"

    def infer(self, sp_indices, sp_values, sp_shape):
        count, rank = sparse_rule(sp_indices, sp_values, sp_shape)
        if rank is not None and rank < 2:
            raise ShapeError(f"needs a sparse tensor of rank 2 or more, got rank {rank}")
        return Spec(sp_values.dtype, (count,))

    def kernel(self, xp, sp_indices, sp_values, sp_shape):
        check_parts(sp_indices, sp_values, sp_shape)
        if len(sp_shape) < 2:
            raise InvalidArgumentError(None, None, "needs a sparse tensor of rank 2 or more, got "
                                       f"shape {list(sp_shape)}")
        found, group = numbered(xp, row_keys(xp, sp_indices[:, :-1])[0])
        largest = combined_rows(xp, xp.maximum, 0, sp_values, group, len(found))
        raised = xp.exp(sp_values - largest[group])
        return raised / summed_rows(xp, raised, group, len(found))[group]

    def grad(self, op, dy):
        indices, _, sizes = op.inputs
        y = op.outputs[0]
        total = sparse_reduce_sum(SparseTensor(indices, dy * y, sizes), [-1], keepdims=True)
        centred = sparse_dense_cwise_add(SparseTensor(indices, dy, sizes), -total)
        return None, centred.values * y, None


def sparse_softmax(sp_input, name=None):
    """Softmax along the last axis of a sparse tensor, over its entries alone.

    Args:
        sp_input: SparseTensor of float32 or float64, of rank 2 or more.
        name: name scope of the new nodes.

    Returns:
        A SparseTensor with the same indices and shape.

    Example:
        >>> import flowgraph as fg
        >>> sparse = fg.SparseTensor([[0, 0], [0, 2], [1, 1]], [5.0, 5.0, 7.0], [2, 3])
        >>> fg.Session().run(fg.sparse_softmax(sparse).values)
        array([0.5, 0.5, 1. ], dtype=float32)
    """
    sp_input = as_sparse(sp_input)
    with name_scope(name, "SparseSoftmax", [sp_input.indices, sp_input.values]):
        values = SparseSoftmax.build(*sparse_parts(sp_input))
    return SparseTensor(sp_input.indices, values, sp_input.dense_shape)
