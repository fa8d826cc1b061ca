"""Reductions over segments: the rows of a tensor that have one id make one row of the result.

    segment_sum([a, b, c, d], [0, 0, 2, 2])                 [a + b, 0, c + d]
    unsorted_segment_max([a, b, c, d], [1, 0, 1, -1], 3)    [b, max(a, c), lowest]

The sorted kind takes ids that never fall, and the last one tells how many rows there are. The
unsorted kind takes ids in any order and of any shape, leaves negative ones out, and is told the
number of rows; it stands in `unsorted_segment.py`, its sum in `gather.py`.
"""

from __future__ import annotations

from flowgraph.core import dtypes as dt
from flowgraph.core.checks import raise_if
from flowgraph.core.spec import Spec
from flowgraph.errors import InvalidArgumentError
from flowgraph.opdef import shape_rules
from flowgraph.opdef.opdef import OpDef, op_def
from flowgraph.ops.arithmetic import maximum
from flowgraph.ops.cast import cast
from flowgraph.ops.complex_numbers import conj
from flowgraph.ops.gather import gather
from flowgraph.ops.join import concat
from flowgraph.ops.reshape import reshape
from flowgraph.ops.row_sums import FEW, summed_rows, sums_by_id
from flowgraph.ops.select import SelectV2
from flowgraph.ops.shape import shape


def combined_rows(xp, combine, neutral, rows, ids, count):
    """[count, ...]: the rows with each id, combined; `neutral` where there are none.

    Many rows are combined by turns, as sums are. Of few each takes in the one 1, 2, 4, ... places
    further on, as long as that is of the same id: the first of each id ends up with all of them.

    Args:
        combine: a ufunc: `xp.maximum`, `xp.minimum` or `xp.multiply`.
        ids: integer vector, below `count`; rows with negative ids are left out.
    """
    if rows.size > FEW:
        if int(ids.min()) < 0:
            rows, ids = rows[ids >= 0], ids[ids >= 0]
        if ids.size:
            return sums_by_id(xp, lambda places: xp.take(rows, places, axis=0), ids,
                              (count, *rows.shape[1:]), rows.dtype, combine, neutral)
    result = xp.full((count, *rows.shape[1:]), neutral, rows.dtype)
    order = xp.argsort(ids, kind="stable")
    order = order[int(xp.count_nonzero(ids < 0)):]
    ids, rows = xp.take(ids, order), xp.take(rows, order, axis=0)
    step = 1
    while step < ids.size:
        places = xp.flatnonzero(ids[step:] == ids[:-step])
        if not places.size:
            break
        rows[places] = combine(xp.take(rows, places, axis=0), xp.take(rows, places + step, axis=0))
        step *= 2
    if ids.size:
        starts = xp.flatnonzero(xp.concatenate((xp.array([True]), ids[1:] != ids[:-1])))
        result[xp.take(ids, starts)] = xp.take(rows, starts, axis=0)
    return result


# ---- sorted ids ----------------------------------------------------------------------------------


def checked_ids(xp, ids, length):
    """How many segments sorted ids make; raises when they fall, are negative or too few."""
    check_ids(xp, ids, length)
    return int(ids[-1]) + 1 if ids.size else 0


def check_ids(xp, ids, length):
    """Raises InvalidArgumentError unless there are so many ids, which never fall."""
    if ids.size != length:
        raise InvalidArgumentError(None, None, "segment_ids should be the same size as dimension 0 "
                                   f"of input: got {ids.size} and {length}")
    if ids.size:
        raise_if(xp, ids[0] < 0,
                 lambda: InvalidArgumentError(None, None, "segment ids must be >= 0"))
        raise_if(xp, ids[1:] < ids[:-1],
                 lambda: InvalidArgumentError(None, None, "segment ids are not increasing"))


class _Segment(OpDef, abstract=True):
    """Row i of the result combines the rows of `data` whose segment id is i; ids are sorted."""

    T = dt.NUMBER
    dtypes = {"segment_ids": "Tindices"}
    Tindices = dt.INDEX
    waits_for_gpu = "the last id tells how many rows there are"

    def infer(self, data, segment_ids):
        shape_rules.require_rank(segment_ids, 1, "segment_ids")
        shape_rules.require_rank_at_least(data, 1, "data")
        return Spec(data.dtype, None if data.shape is None else (None, *data.shape[1:]))


class SegmentSum(_Segment):
    """Row i of the result is the sum of the rows of `data` whose segment id is i."""

    def kernel(self, xp, data, segment_ids):
        return summed_rows(xp, data, segment_ids, checked_ids(xp, segment_ids, len(data)))

    def grad(self, op, dy):
        return gather(dy, op.inputs[1]), None


class SegmentMean(_Segment):
    """Row i of the result is the mean of the rows of `data` whose segment id is i, or 0."""

    def kernel(self, xp, data, segment_ids):
        count = checked_ids(xp, segment_ids, len(data))
        rows = xp.maximum(xp.bincount(segment_ids, minlength=count), 1)
        rows = rows.reshape((-1,) + (1,) * (data.ndim - 1)).astype(data.dtype)
        total = summed_rows(xp, data, segment_ids, count)
        if data.dtype.kind in "fc":
            return total / rows
        return (xp.sign(total) * (abs(total) // rows)).astype(data.dtype)

    def grad(self, op, dy):
        data, ids = op.inputs
        count = SegmentSum.build(op_def("Fill").build(_column_shape(data, ids), _one(dy)), ids)
        return gather(dy / maximum(count, _one(dy)), ids), None


class SegmentProd(_Segment):
    """Row i of the result is the product of the rows of `data` whose segment id is i, or 1."""

    def kernel(self, xp, data, segment_ids):
        return combined_rows(xp, xp.multiply, 1, data, segment_ids,
                             checked_ids(xp, segment_ids, len(data)))

    def grad(self, op, dy):
        ids = op.inputs[1]
        return gradient_of_product(op, dy, lambda x: SegmentSum.build(x, ids),
                           lambda x: SegmentProd.build(x, ids), lambda x: gather(x, ids)), None


class SegmentMax(_Segment):
    """Row i of the result is the maximum of the rows of `data` whose segment id is i, or 0."""

    T = dt.REAL

    def kernel(self, xp, data, segment_ids):
        return combined_rows(xp, xp.maximum, 0, data, segment_ids,
                             checked_ids(xp, segment_ids, len(data)))

    def grad(self, op, dy):
        ids = op.inputs[1]
        return gradient_of_extreme(op, dy, lambda x: SegmentSum.build(x, ids),
                           lambda x: gather(x, ids)), None


class SegmentMin(_Segment):
    """Row i of the result is the minimum of the rows of `data` whose segment id is i, or 0."""

    T = dt.REAL

    def kernel(self, xp, data, segment_ids):
        return combined_rows(xp, xp.minimum, 0, data, segment_ids,
                             checked_ids(xp, segment_ids, len(data)))

    def grad(self, op, dy):
        ids = op.inputs[1]
        return gradient_of_extreme(op, dy, lambda x: SegmentSum.build(x, ids),
                           lambda x: gather(x, ids)), None


def _one(like):
    return op_def("Cast").build(1, DstT=like.spec.dtype)


def _column_shape(data, ids):
    """The shape of one number per row, which broadcasts with the rows: [n, 1, 1, ...]."""
    if data.spec.shape is not None:
        return concat([shape(ids), [1] * (len(data.spec.shape) - 1)], 0)
    trailing = op_def("Rank").build(data) - 1
    return concat([shape(ids), op_def("Fill").build(reshape(trailing, [1]), 1)], 0)


def gradient_of_extreme(op, dy, total, picked):
    """dy shared equally among the elements that reach their segment's extreme.

    Args:
        total: adds up a tensor by segments.
        picked: gives each row that of its segment.
    """
    data = op.inputs[0]
    chosen = op_def("Equal").build(data, picked(op.outputs[0]))
    zero = op_def("ZerosLike").build(data)
    count = total(cast(chosen, data.spec.dtype))
    share = picked(op_def("DivNoNan").build(dy, count))
    return SelectV2.build(chosen, share, zero)


def gradient_of_product(op, dy, total, product, picked):
    """The product of all the others, times dy; zeros in the segment do no harm."""
    data = op.inputs[0]
    zero = op_def("ZerosLike").build(data)
    is_zero = op_def("Equal").build(data, zero)
    zeros = total(cast(is_zero, dt.int32))
    dy = SelectV2.build(op_def("Greater").build(zeros, 1), op_def("ZerosLike").build(dy), dy)
    without_zeros = SelectV2.build(is_zero, op_def("OnesLike").build(data), data)
    others = SelectV2.build(is_zero, picked(product(without_zeros)),
                            picked(op.outputs[0]) / without_zeros)
    return picked(dy) * conj(others)


def segment_sum(data, segment_ids, name=None):
    """Adds up the rows of a tensor that have one segment id; ids are sorted.

    Args:
        data: tensor of a number dtype, of rank 1 or more.
        segment_ids: int32 or int64 vector, one id per row; they start at 0 or more and never fall.
        name: name of the node.

    Returns:
        A tensor like `data`, with one row per id up to the last; 0 where there are no rows.

    Raises:
        InvalidArgumentError: the ids fall, are negative, or not one per row (at run).

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.segment_sum([1, 2, 3], [0, 0, 2]))
        array([3, 0, 3], dtype=int32)
    """
    return SegmentSum.build(data, segment_ids, name=name)


def segment_mean(data, segment_ids, name=None):
    """Averages the rows of a tensor that have one segment id; ids are sorted.

    Args:
        data: tensor of a number dtype, of rank 1 or more.
        segment_ids: int32 or int64 vector, one id per row; they start at 0 or more and never fall.
        name: name of the node.

    Returns:
        A tensor like `data`, with one row per id up to the last; 0 where there are no rows.

    Raises:
        InvalidArgumentError: the ids fall, are negative, or not one per row (at run).

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.segment_mean([1.0, 2.0, 3.0], [0, 0, 2]))
        array([1.5, 0. , 3. ], dtype=float32)
    """
    return SegmentMean.build(data, segment_ids, name=name)


def segment_prod(data, segment_ids, name=None):
    """Multiplies the rows of a tensor that have one segment id; ids are sorted.

    Args:
        data: tensor of a number dtype, of rank 1 or more.
        segment_ids: int32 or int64 vector, one id per row; they start at 0 or more and never fall.
        name: name of the node.

    Returns:
        A tensor like `data`, with one row per id up to the last; 1 where there are no rows.

    Raises:
        InvalidArgumentError: the ids fall, are negative, or not one per row (at run).

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.segment_prod([2, 3, 4], [0, 0, 2]))
        array([6, 1, 4], dtype=int32)
    """
    return SegmentProd.build(data, segment_ids, name=name)


def segment_max(data, segment_ids, name=None):
    """Finds the largest of the rows of a tensor that have one segment id; ids are sorted.

    Args:
        data: tensor of a number dtype, of rank 1 or more.
        segment_ids: int32 or int64 vector, one id per row; they start at 0 or more and never fall.
        name: name of the node.

    Returns:
        A tensor like `data`, with one row per id up to the last; 0 where there are no rows.

    Raises:
        InvalidArgumentError: the ids fall, are negative, or not one per row (at run).

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.segment_max([2, 3, 4], [0, 0, 2]))
        array([3, 0, 4], dtype=int32)
    """
    return SegmentMax.build(data, segment_ids, name=name)


def segment_min(data, segment_ids, name=None):
    """Finds the smallest of the rows of a tensor that have one segment id; ids are sorted.

    Args:
        data: tensor of a number dtype, of rank 1 or more.
        segment_ids: int32 or int64 vector, one id per row; they start at 0 or more and never fall.
        name: name of the node.

    Returns:
        A tensor like `data`, with one row per id up to the last; 0 where there are no rows.

    Raises:
        InvalidArgumentError: the ids fall, are negative, or not one per row (at run).

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.segment_min([2, 3, 4], [0, 0, 2]))
        array([2, 0, 4], dtype=int32)
    """
    return SegmentMin.build(data, segment_ids, name=name)
