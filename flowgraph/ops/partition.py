"""Rows sorted into several tensors by number, and put together again: partition and stitch."""

from __future__ import annotations

from flowgraph.core import dtypes as dt
from flowgraph.core import shapes
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import InvalidArgumentError, ShapeError
from flowgraph.opdef import shape_rules
from flowgraph.opdef.opdef import OpDef, op_def
from flowgraph.opdef.static_value import known_value
from flowgraph.ops.gather import gather, in_range
from flowgraph.ops.reshape import reshape
from flowgraph.ops.shape import shape, size


class DynamicPartition(OpDef):
    """Part i holds, in order, the slices of `data` at which `partitions` is i."""

    dtypes = {"data": "T", "partitions": "Tpartitions"}
    Tpartitions = dt.DTypeSet("int32", (dt.int32,))
    multiple = True
    waits_for_gpu = "its result is as long as there are such elements"

    def infer(self, data, partitions, *, num_partitions):
        if num_partitions < 1:
            raise ShapeError(f"has num_partitions {num_partitions}", "It must be 1 or more.")
        d, p = data.shape, partitions.shape
        if p is not None and d is not None and not (
                len(p) <= len(d) and shapes.compatible(d[:len(p)], p)):
            raise ShapeError(f"cannot partition {shape_text(d)} by partitions of {shape_text(p)}",
                             "The shape of data must start with the shape of partitions.")
        part = Spec(data.dtype, None if d is None or p is None else (None, *d[len(p):]))
        return (part,) * num_partitions

    def kernel(self, xp, data, partitions, *, num_partitions):
        return _parts(data, in_range(xp, partitions, num_partitions), num_partitions)

    def grad(self, op, *dys):
        data, partitions = op.inputs
        places = reshape(op_def("Range").build(0, size(partitions), 1), shape(partitions))
        parts = DynamicPartition.build(places, partitions, **op.attrs)
        return reshape(DynamicStitch.build(parts, list(dys)), shape(data)), None


def _parts(data, partitions, count):
    if data.shape[:partitions.ndim] != partitions.shape:
        raise InvalidArgumentError(None, None, f"data of {data.shape} does not start with the "
                                   f"shape {partitions.shape} of partitions")
    return tuple(data[partitions == i] for i in range(count))


def dynamic_partition(data, partitions, num_partitions, name=None):
    """Sorts slices of a tensor into several tensors.

    Args:
        data: any tensor.
        partitions: int32 tensor whose shape starts that of `data`: the part each slice goes to.
        num_partitions: how many parts, an int.
        name: name of the node.

    Returns:
        A list of `num_partitions` tensors.

    Raises:
        InvalidArgumentError: an entry of partitions is not in [0, num_partitions) (at run).

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.dynamic_partition([10, 20, 30], [1, 0, 1], 2))
        [array([20], dtype=int32), array([10, 30], dtype=int32)]
    """
    return DynamicPartition.build(data, partitions, num_partitions=num_partitions, name=name)


class DynamicStitch(OpDef):
    """Row `indices[k][i]` of the result is `data[k][i]`; the later one wins where two meet."""

    dtypes = {"indices": "Tindices", "data": "T"}
    Tindices = dt.DTypeSet("int32", (dt.int32,))
    lists = ("indices", "data")
    waits_for_gpu = "the largest index tells how many rows there are"

    def infer(self, indices, data):
        shape = _stitched_shape(indices, data)
        return Spec(data[0].dtype, shape)

    def kernel(self, xp, indices, data):
        return _stitched(xp, indices, data)

    def kernel_cupy(self, xp, indices, data):
        return _stitched_by_number(xp, indices, data)

    def grad(self, op, dy):
        indices = op.inputs[:len(op.inputs) // 2]
        return [None] * len(indices) + [gather(dy, index) for index in indices]


class ParallelDynamicStitch(OpDef):
    """Like DynamicStitch, where no two rows may meet."""

    dtypes = DynamicStitch.dtypes
    Tindices = DynamicStitch.Tindices
    lists = ("indices", "data")
    waits_for_gpu = "the largest index tells how many rows there are"

    def infer(self, indices, data):
        shape = _stitched_shape(indices, data)
        return Spec(data[0].dtype, shape)

    def kernel(self, xp, indices, data):
        return _stitched(xp, indices, data)

    grad = DynamicStitch.grad


def _stitched_shape(indices, data):
    """(None, *the rest of the shapes after those of the indices)."""
    if not data:
        raise ShapeError("needs at least one tensor of indices, and one of data")
    rest = None
    for i, d in zip(indices, data):
        if i.shape is None or d.shape is None:
            continue
        rank = len(i.shape)
        if rank > len(d.shape) or not shapes.compatible(d.shape[:rank], i.shape):
            raise ShapeError(f"cannot stitch data of {shape_text(d.shape)} by indices of "
                             f"{shape_text(i.shape)}",
                             "The shape of data must start with the shape of its indices.")
        rest = shape_rules.merge("slices of data", Spec(d.dtype, rest),
                                 Spec(d.dtype, d.shape[rank:]))
    return None if rest is None else (None, *rest)


def _rows(xp, indices, data):
    """(number of rows, zeros for them, [flat indices], [rows])."""
    count = 1 + max((int(i.max()) for i in indices if i.size), default=-1)
    rest = data[0].shape[indices[0].ndim:]
    for i, d in zip(indices, data):
        if d.shape != i.shape + rest:
            raise InvalidArgumentError(None, None, f"data of {d.shape} does not fit indices of "
                                       f"{i.shape} and slices of {rest}")
        in_range(xp, i, count)
    result = xp.zeros((count, *rest), data[0].dtype)
    if result.dtype == object:
        result[...] = b""
    return (result, [i.reshape(-1) for i in indices],
            [d.reshape((i.size, *rest)) for i, d in zip(indices, data)])


def _stitched(xp, indices, data):
    result, places, rows = _rows(xp, indices, data)
    for place, row in zip(places, rows):
        result[place] = row
    return result


def _stitched_by_number(xp, indices, data):
    """On a GPU writes to one row have no order: find the last one first."""
    result, places, rows = _rows(xp, indices, data)
    place, row = xp.concatenate(places), xp.concatenate(rows)
    last = xp.full(len(result), -1)
    xp.maximum.at(last, place, xp.arange(len(place)))
    result[last >= 0] = row[last[last >= 0]]
    return result


def dynamic_stitch(indices, data, name=None):
    """Puts rows of several tensors together by number; undoes `dynamic_partition`.

    Args:
        indices: list of int32 tensors: the row of the result where each slice goes.
        data: list of as many tensors; the shape of each starts with that of its indices.
        name: name of the node.

    Returns:
        A tensor of `max(indices) + 1` rows. Where two slices meet the later one wins; a row that
        none reaches holds zeros.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.dynamic_stitch([[2, 0], [1]], [[30, 10], [20]]))
        array([10, 20, 30], dtype=int32)
    """
    return _stitch(DynamicStitch, indices, data, name)


def parallel_stitch(indices, data, name=None):
    """Puts rows of several tensors together by number, where no two rows meet.

    Args:
        indices: list of int32 tensors: the row of the result where each slice goes.
        data: list of as many tensors; the shape of each starts with that of its indices.
        name: name of the node.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.parallel_stitch([[2, 0], [1]], [[30, 10], [20]]))
        array([10, 20, 30], dtype=int32)
    """
    return _stitch(ParallelDynamicStitch, indices, data, name)


def _stitch(op, indices, data, name):
    result = op.build(indices, data, name=name)
    if result.spec.shape is not None:
        places = [known_value(t) for t in result.op.inputs[:len(result.op.inputs) // 2]]
        if all(place is not None for place in places):
            result.set_shape([1 + max(_flat(places), default=-1), *result.spec.shape[1:]])
    return result


def _flat(values):
    return [n for v in values for n in (_flat(v) if isinstance(v, tuple) else [v])
            if n is not None]
