"""Reductions over segments of picked rows: `segment_sum(gather(data, indices), segment_ids)`.

This is how an embedding table's rows are added up per sentence. Ids are sorted; with
`num_segments` the result has that many rows, else as many as the last id asks for. The gradient
goes by the picked rows, with the weight that each has in its segment.
"""

from __future__ import annotations

from flowgraph.core import dtypes as dt
from flowgraph.core import shapes
from flowgraph.core.checks import raise_if
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import InvalidArgumentError, ShapeError
from flowgraph.opdef import shape_rules
from flowgraph.opdef.opdef import OpDef, op_def
from flowgraph.ops.arithmetic import maximum
from flowgraph.ops.gather import gather, take, unsorted_segment_sum
from flowgraph.ops.join import concat
from flowgraph.ops.reshape import reshape
from flowgraph.ops.row_sums import counted, summed_rows
from flowgraph.ops.segment import check_ids, checked_ids
from flowgraph.ops.shape import shape
from flowgraph.ops.unary import sqrt


class _SparseSegment(OpDef, abstract=True):
    """Row i of the result adds up the picked rows whose segment id is i, times a weight."""

    T = dt.FLOAT
    dtypes = {"indices": "Tidx", "segment_ids": "Tsegmentids"}
    Tidx = dt.INDEX
    Tsegmentids = dt.INDEX

    def infer(self, data, indices, segment_ids):
        return _inferred(data, indices, segment_ids, None)

    def grad(self, op, dy):
        return _gradient(op, dy, None), None, None


class SparseSegmentSum(_SparseSegment):
    """Row i of the result is the sum of the picked rows whose segment id is i."""

    T = dt.REAL
    waits_for_gpu = "the last id tells how many rows there are"

    def kernel(self, xp, data, indices, segment_ids):
        return _total(xp, data, indices, segment_ids)


class SparseSegmentMean(_SparseSegment):
    """Row i of the result is the mean of the picked rows whose segment id is i, or 0."""

    waits_for_gpu = "the last id tells how many rows there are"

    def kernel(self, xp, data, indices, segment_ids):
        total = _total(xp, data, indices, segment_ids)
        return total / _lengths(xp, total, segment_ids)

    def grad(self, op, dy):
        return _gradient(op, dy, _count), None, None


class SparseSegmentSqrtN(_SparseSegment):
    """Row i is the sum of the picked rows of segment i over the square root of their number."""

    waits_for_gpu = "the last id tells how many rows there are"

    def kernel(self, xp, data, indices, segment_ids):
        total = _total(xp, data, indices, segment_ids)
        return total / xp.sqrt(_lengths(xp, total, segment_ids))

    def grad(self, op, dy):
        return _gradient(op, dy, lambda op, dy: sqrt(_count(op, dy))), None, None


class _WithNumSegments(_SparseSegment, abstract=True):
    """The same, with the number of rows given."""

    dtypes = {"indices": "Tidx", "segment_ids": "Tsegmentids", "num_segments": "Tnumsegments"}
    Tnumsegments = dt.INDEX
    host_inputs = ("num_segments",)
    checks_data = True

    def infer(self, data, indices, segment_ids, num_segments):
        shape_rules.require_rank(num_segments, 0, "num_segments")
        return _inferred(data, indices, segment_ids, num_segments.value)

    def grad(self, op, dy):
        return _gradient(op, dy, None), None, None, None


class SparseSegmentSumWithNumSegments(_WithNumSegments):
    """Row i of the result is the sum of the picked rows whose segment id is i."""

    T = dt.REAL

    def kernel(self, xp, data, indices, segment_ids, num_segments):
        return _total(xp, data, indices, segment_ids, num_segments)


class SparseSegmentMeanWithNumSegments(_WithNumSegments):
    """Row i of the result is the mean of the picked rows whose segment id is i, or 0."""

    def kernel(self, xp, data, indices, segment_ids, num_segments):
        total = _total(xp, data, indices, segment_ids, num_segments)
        return total / _lengths(xp, total, segment_ids)

    def grad(self, op, dy):
        return _gradient(op, dy, _count), None, None, None


class SparseSegmentSqrtNWithNumSegments(_WithNumSegments):
    """Row i is the sum of the picked rows of segment i over the square root of their number."""

    def kernel(self, xp, data, indices, segment_ids, num_segments):
        total = _total(xp, data, indices, segment_ids, num_segments)
        return total / xp.sqrt(_lengths(xp, total, segment_ids))

    def grad(self, op, dy):
        return _gradient(op, dy, lambda op, dy: sqrt(_count(op, dy))), None, None, None


def _inferred(data, indices, segment_ids, count):
    shape_rules.require_rank_at_least(data, 1, "data")
    shape_rules.require_rank(indices, 1, "indices")
    shape_rules.require_rank(segment_ids, 1, "segment_ids")
    if not shapes.compatible(indices.shape, segment_ids.shape):
        raise ShapeError(f"cannot pair indices of {shape_text(indices.shape)} with segment_ids of "
                         f"{shape_text(segment_ids.shape)}", "There is one id per picked row.")
    if count is not None and count < 0:
        raise ShapeError(f"needs num_segments >= 0, got {count}")
    return Spec(data.dtype, None if data.shape is None else (count, *data.shape[1:]))


def _total(xp, data, indices, segment_ids, num_segments=None):
    if num_segments is None:
        num_segments = checked_ids(xp, segment_ids, indices.size)
    else:
        check_ids(xp, segment_ids, indices.size)
        if indices.size:
            raise_if(xp, segment_ids[-1] >= num_segments, lambda: InvalidArgumentError(
                None, None, f"segment id {int(segment_ids[-1])} is not below num_segments "
                            f"{num_segments}"))
    return summed_rows(xp, take(xp, data, indices, 0), segment_ids, num_segments)


def _lengths(xp, total, segment_ids):
    """How many rows each segment has, at least 1, shaped and typed to divide `total`."""
    lengths = xp.maximum(counted(xp, segment_ids, len(total)), 1)
    return lengths.reshape((-1,) + (1,) * (total.ndim - 1)).astype(total.dtype)


def _count(op, dy):
    """The number of rows of each picked row's segment, shaped to divide the rows of dy."""
    ids = op.inputs[2]
    one = op_def("Cast").build(1, DstT=dy.spec.dtype)
    rows = unsorted_segment_sum(op_def("Fill").build(shape(ids), one), ids, shape(dy)[0])
    trailing = op_def("Rank").build(dy) - 1
    ones = op_def("Fill").build(reshape(trailing, [1]), 1)
    return reshape(maximum(rows, one), concat([shape(rows), ones], 0))


def _gradient(op, dy, divisor):
    data, indices, ids = op.inputs[:3]
    if divisor is not None:
        dy = dy / divisor(op, dy)
    return unsorted_segment_sum(gather(dy, ids), indices, shape(data)[0])


def sparse_segment_sum(data, indices, segment_ids, name=None, num_segments=None):
    """Adds up picked rows of a tensor that have one segment id.

    Args:
        data: tensor of a real dtype, of rank 1 or more.
        indices: int32 or int64 vector: which rows.
        segment_ids: int32 or int64 vector, one id per picked row; sorted, from 0 on.
        name: name of the node.
        num_segments: integer scalar above all ids; default the last id + 1.

    Returns:
        A tensor like `data`, with one row per segment; 0 where there are no rows.

    Raises:
        ValueError: `indices` and `segment_ids` differ in length.
        InvalidArgumentError: an index or id is out of range, or the ids fall (at run).

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.sparse_segment_sum([1.0, 2.0, 4.0], [0, 2, 2], [0, 0, 1]))
        array([5., 4.], dtype=float32)
    """
    if num_segments is None:
        return SparseSegmentSum.build(data, indices, segment_ids, name=name)
    return SparseSegmentSumWithNumSegments.build(data, indices, segment_ids, num_segments,
                                                 name=name)


def sparse_segment_mean(data, indices, segment_ids, name=None, num_segments=None):
    """Averages picked rows of a tensor that have one segment id.

    Args:
        data: tensor of a floating dtype, of rank 1 or more.
        indices: int32 or int64 vector: which rows.
        segment_ids: int32 or int64 vector, one id per picked row; sorted, from 0 on.
        name: name of the node.
        num_segments: integer scalar above all ids; default the last id + 1.

    Returns:
        A tensor like `data`, with one row per segment; 0 where there are no rows.

    Raises:
        ValueError: `indices` and `segment_ids` differ in length.
        InvalidArgumentError: an index or id is out of range, or the ids fall (at run).

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.sparse_segment_mean([1.0, 2.0, 4.0], [0, 2, 2], [0, 0, 1]))
        array([2.5, 4. ], dtype=float32)
    """
    if num_segments is None:
        return SparseSegmentMean.build(data, indices, segment_ids, name=name)
    return SparseSegmentMeanWithNumSegments.build(data, indices, segment_ids, num_segments,
                                                  name=name)


def sparse_segment_sqrt_n(data, indices, segment_ids, name=None, num_segments=None):
    """Adds up picked rows with one segment id, over the square root of their number.

    Args:
        data: tensor of a floating dtype, of rank 1 or more.
        indices: int32 or int64 vector: which rows.
        segment_ids: int32 or int64 vector, one id per picked row; sorted, from 0 on.
        name: name of the node.
        num_segments: integer scalar above all ids; default the last id + 1.

    Returns:
        A tensor like `data`, with one row per segment; 0 where there are no rows.

    Raises:
        ValueError: `indices` and `segment_ids` differ in length.
        InvalidArgumentError: an index or id is out of range, or the ids fall (at run).

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.sparse_segment_sqrt_n([1.0, 2.0, 4.0], [0, 1, 2, 0], [0, 0, 0, 0]))
        array([4.], dtype=float32)
    """
    if num_segments is None:
        return SparseSegmentSqrtN.build(data, indices, segment_ids, name=name)
    return SparseSegmentSqrtNWithNumSegments.build(data, indices, segment_ids, num_segments,
                                                   name=name)
