"""Embeddings: rows of a table, or of a table cut into parts, picked by number.

A table in several parts is a list of tensors (or a `PartitionedVariable`). Row `i` of a table in P
parts stands, with the strategy

    "mod"   in part i % P, at row i // P:                [0, 3, 6] [1, 4] [2, 5]
    "div"   in runs, the first parts one row longer:     [0, 1, 2] [3, 4] [5, 6]

The rows found in each part are stitched together again; each part's gradient is an IndexedSlices.
"""

from __future__ import annotations

import builtins
import functools

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape
from flowgraph.graph.graph import colocate_with, name_scope
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.arithmetic import maximum, multiply, pow
from flowgraph.ops.cast import cast
from flowgraph.ops.clip import clip_by_norm
from flowgraph.ops.compare import greater, greater_equal, less
from flowgraph.ops.constant import constant, fill, ones_like, range, zeros_like
from flowgraph.ops.division import div_no_nan
from flowgraph.ops.gather import gather
from flowgraph.ops.identity import identity
from flowgraph.ops.index import slice
from flowgraph.ops.join import concat, stack, tile
from flowgraph.ops.logic import logical_and
from flowgraph.ops.partition import dynamic_partition, parallel_stitch
from flowgraph.ops.partitioned_variable import PartitionedVariable
from flowgraph.ops.reduce import reduce_prod, reduce_sum
from flowgraph.ops.reshape import expand_dims, reshape
from flowgraph.ops.segment import segment_sum
from flowgraph.ops.select import where
from flowgraph.ops.shape import rank, shape, size
from flowgraph.ops.sparse_layout import sparse_reshape
from flowgraph.ops.sparse_parts import sparse_fill_empty_rows, sparse_retain
from flowgraph.ops.sparse_segment import (
    sparse_segment_mean,
    sparse_segment_sqrt_n,
    sparse_segment_sum,
)
from flowgraph.ops.sparse_tensor import SparseTensor
from flowgraph.ops.unary import sqrt
from flowgraph.ops.unique import unique


def embedding_lookup(params, ids, partition_strategy="mod", name=None, validate_indices=True,
                     max_norm=None):
    """Picks rows of an embedding table by number.

    Args:
        params: the table, of shape [rows, ...]; or a list of its parts, or a PartitionedVariable.
        ids: int32 or int64 tensor of row numbers.
        partition_strategy: how rows are spread over the parts: "mod" (row i is in part i % P) or
            "div" (runs of rows, the first parts one row longer where they do not come out even).
        name: name of the node, or scope where there are several parts.
        validate_indices: accepted; indices are always checked.
        max_norm: rows with a larger Euclidean norm are scaled down to it.

    Returns:
        A tensor of shape `ids.shape + params.shape[1:]`. The gradient of the table, or of each of
        its parts, is an IndexedSlices.

    Raises:
        ValueError: there are no parts, or the strategy is not known.
        InvalidArgumentError: an id is out of range (at run).

    Example:
        >>> import flowgraph as fg
        >>> table = fg.constant([[0.0, 1.0], [10.0, 11.0], [20.0, 21.0]])
        >>> fg.Session().run(fg.nn.embedding_lookup(table, [2, 0]))
        array([[20., 21.],
               [ 0.,  1.]], dtype=float32)
    """
    if params is None:
        raise ValueError(located("params must be specified",
                                 "Pass the embedding matrix, or a list of its parts."))
    parts = _parts(params)
    if not parts:
        raise ValueError(located("Need at least one param",
                                 "Pass the embedding matrix, or a list of its parts."))
    with name_scope(name, "embedding_lookup", [*parts, ids]) as scope:
        parts = [convert_to_tensor(part, name=f"params_{i}") for i, part in enumerate(parts)]
        ids = convert_to_tensor(ids, name="ids")
        if len(parts) == 1:
            with colocate_with(parts[0]):
                return identity(_clipped(gather(parts[0], ids, name=scope), ids, max_norm))
        return _clipped(_from_parts(parts, ids, partition_strategy, scope), ids, max_norm)


def _parts(params):
    """The parts of a table as a list; a table in one piece is its only part."""
    if isinstance(params, PartitionedVariable):
        return list(params)
    return list(params) if isinstance(params, (list, tuple)) else [params]


def _from_parts(parts, ids, strategy, scope):
    """The rows `ids` of a table in several parts."""
    flat = reshape(ids, [-1])
    places = range(size(flat))
    numbers, rows = _spread(parts, flat, strategy)
    numbers = cast(numbers, dt.int32)
    rows = dynamic_partition(rows, numbers, len(parts))
    places = dynamic_partition(places, numbers, len(parts))
    found = []
    for part, picked in zip(parts, rows, strict=True):
        with colocate_with(part):
            found.append(gather(part, picked))
    stitched = parallel_stitch(places, found, name=scope)
    row_shape = functools.reduce(TensorShape.merge_with, [part.shape[1:] for part in parts])
    if row_shape.is_fully_defined():
        inner = row_shape
    else:
        with colocate_with(parts[0]):
            inner = shape(parts[0])
        inner = inner[1:]
    result = reshape(stitched, concat([shape(ids), inner], 0))
    result.set_shape(ids.shape.concatenate(row_shape))
    return result


def _spread(parts, ids, strategy):
    """(number of the part, row in it) for each id."""
    count = len(parts)
    if strategy == "mod":
        return ids % count, ids // count
    if strategy != "div":
        raise ValueError(located(f"Unrecognized partition strategy: {strategy!r:.100}; it is 'mod' "
                                 "or 'div'"))
    total = _rows_of_all(parts, ids.dtype)
    each, extras = total // count, total % count
    number = maximum(ids // (each + 1), (ids - extras) // each)
    return number, where(less(number, extras), ids % (each + 1), (ids - extras) % each)


def _rows_of_all(parts, dtype):
    """The number of rows of the whole table, as a scalar tensor."""
    sizes = [part.shape[0].value for part in parts]
    if None not in sizes and sum(sizes):
        return constant(sum(sizes), dtype)
    for i, part in enumerate(parts):
        if sizes[i] is None:
            with colocate_with(part):
                sizes[i] = shape(part)[0]
    return reduce_sum(cast(stack(sizes), dtype))


def _clipped(rows, ids, max_norm):
    """Rows scaled down to a norm of at most `max_norm`."""
    if max_norm is None:
        return rows
    first, last = ids.shape.ndims, rows.shape.ndims
    if first and last:
        return clip_by_norm(rows, max_norm, axes=[*builtins.range(first, last)])
    return clip_by_norm(rows, max_norm, axes=range(first or rank(ids), last or rank(rows)))


# ---- several rows combined -----------------------------------------------------------------------


def embedding_lookup_sparse(params, sp_ids, sp_weights, partition_strategy="mod", name=None,
                            combiner=None, max_norm=None):
    """Combines, for each row of a sparse matrix of ids, the embeddings of these ids.

    Args:
        params: the table, of shape [rows, ...]; or a list of its parts, or a PartitionedVariable.
        sp_ids: int32 or int64 SparseTensor [N, M] in row-major order. A row without ids gets
            zeros; the last row must have one.
        sp_weights: float SparseTensor of the same indices and shape, or None for weights of 1.
        partition_strategy: as for `tf.nn.embedding_lookup`.
        name: name of the scope.
        combiner: "sum" adds up the weighted embeddings; "mean" (the default) divides that by the
            sum of the weights, "sqrtn" by the root of the sum of their squares.
        max_norm: embeddings with a larger Euclidean norm are scaled down to it first.

    Returns:
        A tensor of shape `[N] + params.shape[1:]`.

    Raises:
        TypeError: `sp_ids` or `sp_weights` is no SparseTensor.
        ValueError: the combiner is not known, or the parts of the sparse tensors do not fit.

    Example:
        >>> import flowgraph as fg
        >>> table = fg.constant([[0.0, 1.0], [10.0, 11.0], [20.0, 21.0]])
        >>> ids = fg.SparseTensor([[0, 0], [0, 1], [1, 0]], [0, 2, 1], [2, 2])
        >>> fg.Session().run(fg.nn.embedding_lookup_sparse(table, ids, None, combiner="sum"))
        array([[20., 22.],
               [10., 11.]], dtype=float32)
    """
    combiner = "mean" if combiner is None else combiner
    if combiner not in ("mean", "sqrtn", "sum"):
        raise ValueError(located("combiner must be one of 'mean', 'sqrtn' or 'sum', not "
                                 f"{combiner!r:.100}"))
    parts = _parts(params)
    _check_sparse(sp_ids, sp_weights)
    with name_scope(name, "embedding_lookup_sparse", [*parts, sp_ids.values]) as scope:
        segments = sp_ids.indices[:, 0]
        if segments.dtype is not dt.int32:
            segments = cast(segments, dt.int32)
        ids, places = unique(sp_ids.values)
        rows = embedding_lookup(parts, ids, partition_strategy=partition_strategy,
                                max_norm=max_norm)
        given = rows.dtype
        if given is dt.float16:  # sums of many are made in float32
            rows = cast(rows, dt.float32)
        if sp_weights is None:
            combine = {"sum": sparse_segment_sum, "mean": sparse_segment_mean,
                       "sqrtn": sparse_segment_sqrt_n}[combiner]
            result = combine(rows, places, segments, name=scope)
        else:
            result = _weighted(rows, places, segments, sp_weights.values, combiner, scope)
        return result if given is rows.dtype else cast(result, given)


def _check_sparse(sp_ids, sp_weights):
    if not isinstance(sp_ids, SparseTensor):
        raise TypeError(located(f"sp_ids must be SparseTensor, got {sp_ids!r:.100}",
                                "For dense ids write tf.nn.embedding_lookup."))
    if sp_weights is None:
        return
    if not isinstance(sp_weights, SparseTensor):
        raise TypeError(located("sp_weights must be either None or SparseTensor, got "
                                f"{sp_weights!r:.100}"))
    for part in ("values", "indices", "dense_shape"):
        getattr(sp_ids, part).shape.assert_is_compatible_with(getattr(sp_weights, part).shape)


def _weighted(rows, places, segments, weights, combiner, scope):
    """Rows times weights, combined within segments."""
    if weights.dtype is not rows.dtype:
        weights = cast(weights, rows.dtype)
    rows = gather(rows, places)
    ones = fill(expand_dims(rank(rows) - 1, 0), 1)
    known = weights.shape
    weights = reshape(weights, concat([shape(weights), ones], 0))
    if rows.shape.ndims is not None:
        weights.set_shape(known.concatenate([1] * (rows.shape.ndims - 1)))
    rows = multiply(rows, weights, name="mul")
    if combiner == "sum":
        return segment_sum(rows, segments, name=scope)
    total = segment_sum(rows, segments)
    if combiner == "mean":
        return div_no_nan(total, segment_sum(weights, segments), name=scope)
    return div_no_nan(total, sqrt(segment_sum(pow(weights, 2), segments)), name=scope)


def safe_embedding_lookup_sparse(embedding_weights, sparse_ids, sparse_weights=None,
                                 combiner="mean", default_id=None, name=None,
                                 partition_strategy="div", max_norm=None):
    """As `tf.nn.embedding_lookup_sparse`, for rows without ids, negative ids and weights of 0 too.

    Negative ids are left out, and (unless the combiner is "sum") ids whose weight is not positive.
    A row that has no id then gets the embedding of `default_id`, or zeros.

    Args:
        embedding_weights: the table, of shape [rows, ...]; or a list of its parts, or a
            PartitionedVariable.
        sparse_ids: int64 SparseTensor [d0, ..., dn]; embeddings are combined along its last axis.
        sparse_weights: float SparseTensor of the same indices and shape, or None for weights of 1.
        combiner: "mean", "sqrtn" or "sum", as for `tf.nn.embedding_lookup_sparse`.
        default_id: the id for rows without any; None for rows of zeros.
        name: name of the scope.
        partition_strategy: "div" or "mod".
        max_norm: embeddings with a larger Euclidean norm are scaled down to it first.

    Returns:
        A tensor of shape `[d0, ..., dn-1] + embedding_weights.shape[1:]`.

    Raises:
        ValueError: there are no embeddings.

    Example:
        >>> import flowgraph as fg
        >>> table = fg.constant([[0.0, 1.0], [10.0, 11.0], [20.0, 21.0]])
        >>> ids = fg.SparseTensor([[0, 0], [0, 1]], fg.constant([2, -1], fg.int64), [2, 2])
        >>> fg.Session().run(fg.nn.safe_embedding_lookup_sparse(table, ids))
        array([[20., 21.],
               [ 0.,  0.]], dtype=float32)
    """
    parts = [] if embedding_weights is None else _parts(embedding_weights)
    if not parts:
        raise ValueError(located(f"Missing embedding_weights {embedding_weights}."))
    dtype = None if sparse_weights is None else sparse_weights.dtype
    parts = [convert_to_tensor(part, dtype) for part in parts]
    values = [] if sparse_weights is None else [sparse_weights.values]
    with name_scope(name, "embedding_lookup", [*parts, sparse_ids.values, *values]) as scope:
        original = sparse_ids.dense_shape
        static_rank = original.shape[0].value
        dims = size(original) if static_rank is None else static_rank
        ids = sparse_reshape(sparse_ids, [reduce_prod(slice(original, [0], [dims - 1])),
                                          gather(original, dims - 1)])
        weights = sparse_weights
        if weights is not None:
            weights = SparseTensor(ids.indices, weights.values, ids.dense_shape)
        ids, weights = _without_invalid(ids, weights, combiner)
        ids, is_row_empty = sparse_fill_empty_rows(ids, default_id or 0)
        if weights is not None:
            weights, _ = sparse_fill_empty_rows(weights, 1.0)
        result = embedding_lookup_sparse(
            parts, ids, weights, combiner=combiner, partition_strategy=partition_strategy,
            name=None if default_id is None else scope, max_norm=max_norm)
        if default_id is None:
            empty = tile(reshape(is_row_empty, [-1, 1]), stack([1, shape(result)[1]]))
            result = where(empty, zeros_like(result), result, name=scope)
        final = reshape(result, concat([slice(cast(original, dt.int32), [0], [dims - 1]),
                                        slice(shape(result), [1], [-1])], 0))
        lead = None if static_rank is None else [None] * (static_rank - 1)
        final.set_shape(TensorShape(lead).concatenate(result.shape[1:]))
        return final


def _without_invalid(ids, weights, combiner):
    """Ids and weights without negative ids and, unless they are summed, without weights <= 0."""
    valid = greater_equal(ids.values, 0)
    if weights is None:
        return sparse_retain(ids, valid), None
    valid = logical_and(valid, ones_like(weights.values, dtype=dt.bool_))
    ids, weights = sparse_retain(ids, valid), sparse_retain(weights, valid)
    if combiner != "sum":
        positive = greater(weights.values, 0)
        ids, weights = sparse_retain(ids, positive), sparse_retain(weights, positive)
    return ids, weights
