"""Products, extremes and means over segments whose ids come in any order.

The ids may have any shape that `data.shape` starts with; negative ones are left out. The sum, on
which the means stand, is in `gather.py`, the sorted kind in `segment.py`.
"""

from __future__ import annotations

from flowgraph.core import dtypes as dt
from flowgraph.core import shapes
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import ShapeError
from flowgraph.graph.graph import name_scope
from flowgraph.opdef import shape_rules
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.opdef import OpDef, op_def
from flowgraph.ops.arithmetic import maximum
from flowgraph.ops.division import truediv
from flowgraph.ops.gather import _segments, gather, unsorted_segment_sum
from flowgraph.ops.join import concat
from flowgraph.ops.reshape import reshape
from flowgraph.ops.segment import combined_rows, gradient_of_extreme, gradient_of_product
from flowgraph.ops.select import SelectV2
from flowgraph.ops.shape import shape
from flowgraph.ops.unary import sqrt


class _UnsortedSegment(OpDef, abstract=True):
    """Row i of the result combines the slices of `data` whose segment id is i."""

    T = dt.NUMBER
    dtypes = {"segment_ids": "Tindices", "num_segments": "Tnumsegments"}
    Tindices = dt.INDEX
    Tnumsegments = dt.INDEX
    host_inputs = ("num_segments",)
    checks_data = True
    waits_for_gpu = "rows of one id are combined in turns, until none is left"

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


class UnsortedSegmentProd(_UnsortedSegment):
    """Row i of the result is the product of the slices of `data` whose segment id is i, or 1."""

    def kernel(self, xp, data, segment_ids, num_segments):
        return combined_rows(xp, xp.multiply, 1, *_segments(xp, data, segment_ids,
                                                                 num_segments), num_segments)

    def grad(self, op, dy):
        ids, count = op.inputs[1:]
        return gradient_of_product(op, dy, lambda x: unsorted_segment_sum(x, ids, count),
                                   lambda x: UnsortedSegmentProd.build(x, ids, count),
                                   lambda x: _picked(x, ids)), None, None


class UnsortedSegmentMax(_UnsortedSegment):
    """Row i of the result is the maximum of the slices of `data` whose segment id is i.

    Where there are none, it is the dtype's lowest number.
    """

    T = dt.REAL

    def kernel(self, xp, data, segment_ids, num_segments):
        return combined_rows(xp, xp.maximum, dt.of_numpy(data.dtype).min,
                             *_segments(xp, data, segment_ids, num_segments), num_segments)

    def grad(self, op, dy):
        ids, count = op.inputs[1:]
        return gradient_of_extreme(op, dy, lambda x: unsorted_segment_sum(x, ids, count),
                                   lambda x: _picked(x, ids)), None, None


class UnsortedSegmentMin(_UnsortedSegment):
    """Row i of the result is the minimum of the slices of `data` whose segment id is i.

    Where there are none, it is the dtype's highest number.
    """

    T = dt.REAL

    def kernel(self, xp, data, segment_ids, num_segments):
        return combined_rows(xp, xp.minimum, dt.of_numpy(data.dtype).max,
                             *_segments(xp, data, segment_ids, num_segments), num_segments)

    def grad(self, op, dy):
        ids, count = op.inputs[1:]
        return gradient_of_extreme(op, dy, lambda x: unsorted_segment_sum(x, ids, count),
                                   lambda x: _picked(x, ids)), None, None


def _picked(values, ids):
    """The row of each slice's segment; 0 for slices that are left out."""
    zero = op_def("ZerosLike").build(ids)
    rows = gather(values, maximum(ids, zero))
    trailing = op_def("Rank").build(rows) - op_def("Rank").build(ids)
    ones = op_def("Fill").build(reshape(trailing, [1]), 1)
    counted = reshape(op_def("GreaterEqual").build(ids, zero), concat([shape(ids), ones], 0))
    return SelectV2.build(counted, rows, op_def("ZerosLike").build(rows))


def _counts(data, ids, num_segments):
    """How many slices each segment has, at least 1, of a shape that broadcasts with the sums."""
    ones = op_def("Fill").build(shape(ids), op_def("Cast").build(1, DstT=data.spec.dtype))
    count = unsorted_segment_sum(ones, ids, num_segments)
    trailing = op_def("Rank").build(data) - op_def("Rank").build(ids)
    sizes = concat([reshape(op_def("Cast").build(num_segments, DstT=dt.int32), [1]),
                    op_def("Fill").build(reshape(trailing, [1]), 1)], 0)
    return maximum(reshape(count, sizes), 1)


def unsorted_segment_prod(data, segment_ids, num_segments, name=None):
    """Multiplies the slices of a tensor that have one segment id.

    Args:
        data: tensor of a number dtype.
        segment_ids: int32 or int64 tensor, whose shape `data.shape` starts with; slices with a
            negative id are left out.
        num_segments: integer scalar, above all ids.
        name: name of the node.

    Returns:
        A tensor of shape `[num_segments] + data.shape[rank of segment_ids:]`; 1 where there are no
        slices.

    Raises:
        ValueError: the shapes do not fit.
        InvalidArgumentError: an id is not below `num_segments` (at run).

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.unsorted_segment_prod([2, 3, 4], [1, 0, 1], 3))
        array([3, 8, 1], dtype=int32)
    """
    return UnsortedSegmentProd.build(data, segment_ids, num_segments, name=name)


def unsorted_segment_max(data, segment_ids, num_segments, name=None):
    """Finds the largest of the slices of a tensor that have one segment id.

    Args:
        data: tensor of a number dtype.
        segment_ids: int32 or int64 tensor, whose shape `data.shape` starts with; slices with a
            negative id are left out.
        num_segments: integer scalar, above all ids.
        name: name of the node.

    Returns:
        A tensor of shape `[num_segments] + data.shape[rank of segment_ids:]`; the
        dtype's lowest number where there are no slices.

    Raises:
        ValueError: the shapes do not fit.
        InvalidArgumentError: an id is not below `num_segments` (at run).

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.unsorted_segment_max([2, 3, 4], [1, 0, 1], 2))
        array([3, 4], dtype=int32)
    """
    return UnsortedSegmentMax.build(data, segment_ids, num_segments, name=name)


def unsorted_segment_min(data, segment_ids, num_segments, name=None):
    """Finds the smallest of the slices of a tensor that have one segment id.

    Args:
        data: tensor of a number dtype.
        segment_ids: int32 or int64 tensor, whose shape `data.shape` starts with; slices with a
            negative id are left out.
        num_segments: integer scalar, above all ids.
        name: name of the node.

    Returns:
        A tensor of shape `[num_segments] + data.shape[rank of segment_ids:]`; the
        dtype's highest number where there are no slices.

    Raises:
        ValueError: the shapes do not fit.
        InvalidArgumentError: an id is not below `num_segments` (at run).

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.unsorted_segment_min([2, 3, 4], [1, 0, 1], 2))
        array([3, 2], dtype=int32)
    """
    return UnsortedSegmentMin.build(data, segment_ids, num_segments, name=name)


def unsorted_segment_mean(data, segment_ids, num_segments, name=None):
    """Averages the slices of a tensor that have one segment id.

    Args:
        data: tensor of a number dtype.
        segment_ids: int32 or int64 tensor, whose shape `data.shape` starts with; slices with a
            negative id are left out.
        num_segments: integer scalar, above all ids.
        name: name of the node.

    Returns:
        A tensor of shape `[num_segments] + data.shape[rank of segment_ids:]`; 0 where there are no
        slices.

    Raises:
        ValueError: the shapes do not fit.
        InvalidArgumentError: an id is not below `num_segments` (at run).

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.unsorted_segment_mean([2.0, 3.0, 4.0], [1, 0, 1], 2))
        array([3., 3.], dtype=float32)
    """
    with name_scope(name, "UnsortedSegmentMean", [data, segment_ids, num_segments]):
        data = convert_to_tensor(data)
        segment_ids = convert_to_tensor(segment_ids)
        num_segments = convert_to_tensor(num_segments, name="num_segments")
        count = _counts(data, segment_ids, num_segments)
        total = unsorted_segment_sum(data, segment_ids, num_segments)
        return truediv(total, count)


def unsorted_segment_sqrt_n(data, segment_ids, num_segments, name=None):
    """Adds up the slices that have one segment id, over the square root of their number.

    Args:
        data: tensor of a number dtype.
        segment_ids: int32 or int64 tensor, whose shape `data.shape` starts with; slices with a
            negative id are left out.
        num_segments: integer scalar, above all ids.
        name: name of the node.

    Returns:
        A tensor of shape `[num_segments] + data.shape[rank of segment_ids:]`; 0 where there are no
        slices.

    Raises:
        ValueError: the shapes do not fit.
        InvalidArgumentError: an id is not below `num_segments` (at run).

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.unsorted_segment_sqrt_n([2.0, 4.0, 5.0, 5.0], [0, 0, 0, 0], 1))
        array([8.], dtype=float32)
    """
    with name_scope(name, "UnsortedSegmentSqrtN", [data, segment_ids, num_segments]):
        data = convert_to_tensor(data)
        segment_ids = convert_to_tensor(segment_ids)
        num_segments = convert_to_tensor(num_segments, name="num_segments")
        count = _counts(data, segment_ids, num_segments)
        total = unsorted_segment_sum(data, segment_ids, num_segments)
        return truediv(total, sqrt(count))
