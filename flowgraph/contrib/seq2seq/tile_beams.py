"""Beams of a batch: each row repeated for its beams, and lists put in order along the beams."""

from __future__ import annotations

from typing import Any

from flowgraph.core import nest
from flowgraph.core.dtypes import int32
from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape
from flowgraph.graph.graph import name_scope
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.cast import cast
from flowgraph.ops.constant import range as range_
from flowgraph.ops.gather import gather_nd
from flowgraph.ops.gather_tree import gather_tree
from flowgraph.ops.join import concat, stack, tile
from flowgraph.ops.reduce import reduce_max
from flowgraph.ops.reshape import expand_dims, reshape, transpose
from flowgraph.ops.select import sequence_mask, where
from flowgraph.ops.shape import shape as shape_of


def tile_batch(t: Any, multiplier: int, name: str | None = None) -> Any:
    """Repeats each row of a batch: the beams of one row follow each other.

    Args:
        t: tensor `[batch_size, ...]`, or a nested structure of such: an encoder's outputs, lengths
            and final state.
        multiplier: how often, as the beam width.
        name: name of the scope.

    Returns:
        Tensors `[batch_size * multiplier, ...]`.

    Raises:
        ValueError: a tensor's rank is unknown or 0.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.contrib.seq2seq.tile_batch([[1], [2]], 2)).T
        array([[1, 1, 2, 2]], dtype=int32)
    """
    if not nest.flatten(t) or not hasattr(nest.flatten(t)[0], "shape"):
        t = convert_to_tensor(t, name="t")
    with name_scope(name, "tile_batch", [*nest.flatten(t), multiplier]):
        return nest.map_structure(lambda one: _tiled(one, multiplier), t)


def _tiled(t: Any, multiplier: int) -> Any:
    t = convert_to_tensor(t, name="t")
    if not t.shape.ndims:
        raise ValueError(located("t must have statically known rank, and at least the batch's axis",
                                 f"Got the shape {t.shape}."))
    sizes = shape_of(t)
    beams = tile(expand_dims(t, 1), [1, multiplier] + [1] * (t.shape.ndims - 1))
    result = reshape(beams, concat([[sizes[0] * multiplier], sizes[1:]], 0))
    rows = t.shape[0].value
    result.set_shape(TensorShape([None if rows is None else rows * multiplier])
                     .concatenate(t.shape[1:]))
    return result


def gather_tree_from_array(t: Any, parent_ids: Any, sequence_length: Any) -> Any:
    """What was written step by step, put in order along the beams of the sequences found.

    Args:
        t: tensor `[time, batch_size, beams, ...]`, or with batch and beams as one axis.
        parent_ids: int32 `[time, batch_size, beams]`, which beam before each follows.
        sequence_length: int `[batch_size, beams]`.

    Returns:
        A tensor like t.

    Example:
        >>> import flowgraph as fg
        >>> t, parents = [[[1, 2]], [[3, 4]]], fg.constant([[[0, 0]], [[1, 0]]])
        >>> fg.Session().run(fg.contrib.seq2seq.gather_tree_from_array(
        ...     t, parents, [[2, 2]]))[:, 0].tolist()
        [[2, 1], [3, 4]]
    """
    t = convert_to_tensor(t)
    parent_ids, sequence_length = convert_to_tensor(parent_ids), convert_to_tensor(sequence_length)
    steps, batch_size, beams = (
        shape_of(parent_ids)[axis] if size is None else size
        for axis, size in enumerate(parent_ids.shape.as_list()))
    own = tile(reshape(range_(beams), [1, 1, -1]), [steps, batch_size, 1])
    came_from = gather_tree(own, parent_ids, cast(reduce_max(sequence_length, 1), int32),
                            beams + 1)
    inside = transpose(sequence_mask(sequence_length, steps), [2, 0, 1])
    came_from = where(inside, came_from, own)
    time = tile(reshape(range_(steps), [-1, 1, 1]), [1, batch_size, beams])
    row = tile(reshape(range_(batch_size), [1, -1, 1]), [steps, 1, beams])
    flat = reshape(t, [steps, batch_size, beams, -1])
    return reshape(gather_nd(flat, stack([time, row, came_from], -1)), shape_of(t))
