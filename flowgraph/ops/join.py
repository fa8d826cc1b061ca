"""Tensors put together: concat, stack, tile, broadcast_to, repeat, meshgrid."""

from __future__ import annotations

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core import shapes
from flowgraph.core.deprecation import OLD_ORDER
from flowgraph.core.frames import located
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import InvalidArgumentError, ShapeError
from flowgraph.gradients.broadcast import unbroadcast
from flowgraph.graph.graph import name_scope
from flowgraph.opdef import shape_rules
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.opdef import OpDef, is_known, op_def
from flowgraph.opdef.static_value import known_value
from flowgraph.ops.identity import identity
from flowgraph.ops.reshape import reshape
from flowgraph.ops.shape import shape, size


class ConcatV2(OpDef):
    """`values` one after the other along `axis`."""

    dtypes = {"axis": "Tidx"}
    Tidx = dt.INDEX
    lists = ("values",)
    host_inputs = ("axis",)

    def infer(self, values, axis):
        shape_rules.require_rank(axis, 0, "an axis")
        if not values:
            raise ShapeError("needs at least one value to concatenate")
        ranks = {len(v.shape) for v in values if v.shape is not None}
        if len(ranks) > 1:
            raise ShapeError(f"cannot concatenate tensors of the ranks {sorted(ranks)}",
                             "All values must have one rank; tf.stack puts in a new axis.")
        if not ranks:
            return Spec(values[0].dtype, None)
        rank = ranks.pop()
        if rank == 0:
            raise ShapeError("cannot concatenate scalars", "Write tf.stack for a vector of them.")
        if axis.value is None:
            return Spec(values[0].dtype, (None,) * rank)
        return Spec(values[0].dtype, _concatenated(values, rank, axis.value))

    def kernel(self, xp, values, axis, *, out=None):
        return xp.concatenate(values, axis=axis, out=out)

    def grad(self, op, dy):
        *values, axis = op.inputs
        return [*_cut(dy, values, axis), None]

    def known(self, values, axis):
        if all(v.rank == 1 for v in values):
            parts = [v.value if v.value is not None else
                     None if v.shape[0] is None else (None,) * v.shape[0] for v in values]
            return None if None in parts else sum(parts, ())
        return super().known(values, axis)


def _concatenated(values, rank, axis):
    """The static shape of a concatenation."""
    axis = shape_rules.axis_index(axis, rank, "concat axis")
    total, rest = 0, (None,) * rank
    for value in values:
        sizes = (None,) * rank if value.shape is None else value.shape
        n = sizes[axis]
        total = None if total is None or n is None else total + n
        other = sizes[:axis] + (None,) + sizes[axis + 1:]
        if not shapes.compatible(rest, other):
            raise ShapeError(f"cannot concatenate {' and '.join(_texts(values))} along axis {axis}",
                             f"All sizes but that of axis {axis} must be equal.")
        rest = shapes.merge(rest, other)
    return rest[:axis] + (total,) + rest[axis + 1:]


def _texts(specs):
    return list(dict.fromkeys(shape_text(spec.shape) for spec in specs))


def _cut(dy, values, axis):
    """The parts of dy that belong to each of the concatenated values."""
    at = known_value(axis)
    if at is not None and all(v.spec.shape is not None and v.spec.shape[at] is not None
                              for v in values):
        sizes = np.array([v.spec.shape[at] for v in values], np.int32)
    else:
        sizes = stack([sizes[axis if at is None else at]
                       for sizes in op_def("ShapeN").build(values)])
    return op_def("SplitV").build(dy, sizes, axis, num_split=len(values))


def concat(values, axis, name="concat"):
    """Joins tensors along an axis that they have.

    Args:
        values: list of tensors of one dtype and rank; all sizes but that of `axis` are equal.
        axis: int or int32 scalar tensor, from -rank to rank - 1.
        name: name of the node.

    Raises:
        ValueError: ranks or sizes do not fit.

    Example:
        >>> import flowgraph as fg
        >>> fg.concat([fg.zeros([2, 3]), fg.zeros([4, 3])], 0).shape.as_list()
        [6, 3]
    """
    if isinstance(values, int) and isinstance(axis, (list, tuple)):
        raise TypeError(located(
            "concat takes the values first, and needs a scalar axis behind them, since TensorFlow "
            f"1.0; got the axis {values} first", f"Write tf.concat(values, {values}). {OLD_ORDER}"))
    values = values if isinstance(values, (list, tuple)) else [values]
    if len(values) == 1:
        with name_scope(name):
            if convert_to_tensor(axis, dt.int32, "concat_dim").spec.shape not in (None, ()):
                raise ValueError(located(f"concat needs a scalar axis, got {axis!r:.50}"))
            return identity(values[0], name=name)
    return ConcatV2.build(values, axis, name=name)


# ---- along a new axis ----------------------------------------------------------------------------


class Pack(OpDef):
    """`values`, all of one shape, side by side along a new axis."""

    lists = ("values",)

    def infer(self, values, *, axis=0):
        sizes = shape_rules.merge("tensors", *values)
        if sizes is None:
            return Spec(values[0].dtype, None)
        at = shape_rules.axis_index(axis, len(sizes) + 1)
        return Spec(values[0].dtype, sizes[:at] + (len(values),) + sizes[at:])

    def kernel(self, xp, values, *, axis=0, out=None):
        return xp.stack(values, axis=axis, out=out)

    def grad(self, op, dy):
        return op_def("Unpack").build(dy, num=len(op.inputs), axis=op.attrs["axis"])

    def known(self, values, *, axis=0):
        if axis == 0 or any(v.rank == 0 for v in values):  # of one scalar, all are scalars
            return tuple(_unknown_entries(v.shape) if v.value is None else v.value for v in values)
        return super().known(values, axis=axis)


def _unknown_entries(shape):
    """The contents of a tensor of which only the shape is known: tuples of None, or None."""
    if not shape or None in shape:
        return None
    return tuple(_unknown_entries(shape[1:]) for _ in range(shape[0]))


def stack(values, axis=0, name="stack"):
    """Joins tensors of one shape along a new axis.

    Args:
        values: list of tensors of one dtype and shape.
        axis: where the new axis stands in the result.
        name: name of the node.

    Raises:
        ValueError: the shapes differ, or `axis` is outside of the result's axes.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.stack([[1, 4], [2, 5]], axis=1))
        array([[1, 2],
               [4, 5]], dtype=int32)
    """
    if axis == 0:
        try:
            return convert_to_tensor(values, name=name)
        except (TypeError, ValueError):
            pass  # the node below says better what is wrong
    return Pack.build(values, axis=axis, name=name)


def parallel_stack(values, name="parallel_stack"):
    """Joins tensors of one static shape along a new first axis.

    Args:
        values: list of tensors of one dtype and one fully known shape.
        name: name of the node.

    Example:
        >>> import flowgraph as fg
        >>> fg.parallel_stack([[1.0], [2.0]]).shape.as_list()
        [2, 1]
    """
    return Pack.build(values, axis=0, name=name)


# ---- the same again ------------------------------------------------------------------------------


def _not_negative(multiples):
    """The multiples, checked."""
    if any(m < 0 for m in multiples):
        raise InvalidArgumentError(None, None, f"Expected multiples >= 0, but got {multiples}")
    return multiples


class Tile(OpDef):
    """`input` repeated `multiples[i]` times along each axis i."""

    dtypes = {"multiples": "Tmultiples"}
    Tmultiples = dt.INDEX
    host_inputs = ("multiples",)

    def infer(self, input, multiples):
        shape_rules.require_rank(multiples, 1, "multiples")
        length = None if multiples.shape is None else multiples.shape[0]
        rank = length if input.shape is None else len(input.shape)
        if length not in (None, rank):
            raise ShapeError(f"cannot tile {shape_text(input.shape)} by {length} multiples",
                             "There must be one multiple for each axis.")
        if rank is None:
            return Spec(input.dtype, None)
        if multiples.value is None:
            return Spec(input.dtype, (None,) * rank)
        # a negative multiple is an error of the run, as in TensorFlow
        times = [None if m is None or m < 0 else m for m in multiples.value]
        return Spec(input.dtype, tuple(0 if 0 in (n, m) else None if None in (n, m) else n * m
                                       for n, m in zip(input.shape or (None,) * rank, times)))

    def kernel(self, xp, input, multiples):
        return xp.tile(input, _not_negative(multiples))

    def grad(self, op, dy):
        input, multiples = op.inputs
        sizes, times = input.spec.shape, known_value(multiples)
        if sizes is not None and is_known(times) and sizes.count(None) <= 1:
            split = [n for m, size in zip(times, sizes)
                     for n in (m, -1 if size is None else size)]
            if 0 not in split:
                axes = np.arange(0, len(split), 2, dtype=np.int32)
                return op_def("Sum").build(reshape(dy, np.array(split, np.int32)), axes), None
        pairs = stack([multiples, shape(input, out_type=multiples.dtype)], axis=1)
        split = reshape(pairs, [-1])
        axes = op_def("Range").build(0, op_def("Size").build(split), 2)
        return op_def("Sum").build(reshape(dy, split), axes), None


def tile(input, multiples, name=None):
    """Repeats a tensor along its axes.

    Args:
        input: tensor of rank 1 or more.
        multiples: 1-D integer tensor, how often along each axis.
        name: name of the node.

    Raises:
        ValueError: there is not one multiple for each axis.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.tile([1, 2], [2]))
        array([1, 2, 1, 2], dtype=int32)
    """
    return Tile.build(input, multiples, name=name)


class BroadcastTo(OpDef):
    """`input` stretched to `shape` by NumPy's broadcasting rule."""

    dtypes = {"shape": "Tidx"}
    Tidx = dt.INDEX
    host_inputs = ("shape",)
    read_only = True
    aliases = ("input",)

    def infer(self, input, shape):
        wanted = shape_rules.shape_from_value(shape)
        if wanted is None or input.shape is None:
            return Spec(input.dtype, wanted)
        back = tuple(zip(reversed(input.shape), reversed(wanted)))
        if len(input.shape) > len(wanted) or any(
                n is not None and m is not None and n not in (1, m) for n, m in back):
            raise ShapeError(f"cannot broadcast {shape_text(input.shape)} to {shape_text(wanted)}",
                             "Aligned at the right, each size must be equal or 1.")
        own = (None,) * (len(wanted) - len(input.shape)) + input.shape
        return Spec(input.dtype, tuple(n if m is None and n != 1 else m
                                       for n, m in zip(own, wanted)))

    def kernel(self, xp, input, shape):
        return xp.broadcast_to(input, shape)

    def grad(self, op, dy):
        return unbroadcast(dy, op.inputs[0], op.outputs[0]), None


def broadcast_to(input, shape, name=None):
    """Stretches a tensor to a shape, by NumPy's broadcasting rule.

    Args:
        input: any tensor.
        shape: 1-D integer tensor.
        name: name of the node.

    Raises:
        ValueError: the tensor does not broadcast to `shape`.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.broadcast_to([1, 2], [2, 2]))
        array([[1, 2],
               [1, 2]], dtype=int32)
    """
    return BroadcastTo.build(input, shape, name=name)


def meshgrid(*args, **kwargs):
    """Makes coordinate grids from coordinate vectors, as `numpy.meshgrid`.

    Args:
        args: 1-D tensors of one dtype.
        indexing: "xy" (the first two axes of the results are swapped) or "ij".
        name: name scope of the new nodes.

    Returns:
        A list with one grid for each vector.

    Raises:
        ValueError: `indexing` is neither "xy" nor "ij".
        TypeError: an unknown keyword.

    Example:
        >>> import flowgraph as fg
        >>> rows, columns = fg.meshgrid([1, 2, 3], [4, 5], indexing="ij")
        >>> rows.shape.as_list()
        [3, 2]
    """
    indexing = kwargs.pop("indexing", "xy")
    name = kwargs.pop("name", "meshgrid")
    if kwargs:
        raise TypeError(located(f"'{next(iter(kwargs))}' is an invalid keyword argument for this "
                                "function",
                                "tf.meshgrid takes the keywords indexing and name."))
    if indexing not in ("xy", "ij"):
        raise ValueError(located("indexing parameter must be either 'xy' or 'ij', got "
                                 f"{indexing!r}"))
    with name_scope(name, "meshgrid", args):
        vectors = [convert_to_tensor(arg) for arg in args]
        axes = list(range(len(vectors)))
        if indexing == "xy" and len(vectors) > 1:
            axes[0], axes[1] = 1, 0
        grids = [reshape(v, [-1 if i == axis else 1 for i in range(len(vectors))])
                 for v, axis in zip(vectors, axes)]
        sizes = [size(v) for v in vectors]
        target = stack([sizes[axes.index(i)] for i in range(len(vectors))]) if vectors else None
        return [broadcast_to(grid, target) for grid in grids]
