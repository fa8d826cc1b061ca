"""Label sequences for CTC, prepared: repeated labels merged, unique labels numbered."""

from __future__ import annotations

from flowgraph.core import dtypes as dt
from flowgraph.graph.graph import name_scope
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.argmax import argmax
from flowgraph.ops.cast import cast
from flowgraph.ops.compare import equal, less, not_equal
from flowgraph.ops.constant import ones_like
from flowgraph.ops.constant import range as range_
from flowgraph.ops.gather import gather_nd, scatter_nd
from flowgraph.ops.join import concat, stack
from flowgraph.ops.logic import logical_and
from flowgraph.ops.reduce import reduce_max, reduce_sum
from flowgraph.ops.reshape import expand_dims
from flowgraph.ops.select import sequence_mask, where
from flowgraph.ops.shape import Shape
from flowgraph.ops.shape import shape as shape_of


def collapse_repeated(labels, seq_length, name=None):
    """Merges runs of equal labels.

    Args:
        labels: tensor `[batch_size, max_length]`.
        seq_length: int vector, the length of each sequence; what comes after is left out.
        name: name scope of the new nodes.

    Returns:
        The labels `[batch_size, longest]`, padded with 0, and their new lengths.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.nn.collapse_repeated([[1, 1, 2, 2, 1], [3, 4, 4, 0, 0]], [5, 3]))
        (array([[1, 2, 1],
               [3, 4, 0]], dtype=int32), array([3, 2], dtype=int32))
    """
    with name_scope(name, "collapse_repeated_labels", [labels, seq_length]):
        labels = convert_to_tensor(labels, name="labels")
        seq_length = convert_to_tensor(seq_length, name="seq_length")
        first = cast(ones_like(labels[:, :1]), dt.bool_)
        new = concat([first, not_equal(labels[:, 1:], labels[:, :-1])], 1)
        new = logical_and(new, sequence_mask(seq_length, shape_of(labels)[1]))
        lengths = reduce_sum(cast(new, dt.int32), 1)
        longest = reduce_max(lengths)
        places = where(sequence_mask(lengths, longest))
        size = cast(stack([shape_of(labels)[0], longest]), dt.int64)
        merged = scatter_nd(places, gather_nd(labels, where(new)), size)
        return merged, cast(lengths, seq_length.dtype.base_dtype)


def ctc_unique_labels(labels, name=None):
    """Finds the different labels of each sequence.

    Args:
        labels: int tensor `[batch_size, max_length]`, padded with 0.
        name: name scope of the new nodes.

    Returns:
        The different labels of each row in the order in which they come, int64 and padded with 0,
        and for each label its place among them, int32; both `[batch_size, max_length]`.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.nn.ctc_unique_labels([[3, 4, 4, 3]]))
        (array([[3, 4, 0, 0]]), array([[0, 1, 1, 0]], dtype=int32))
    """
    with name_scope(name, "ctc_unique_labels", [labels]):
        labels = convert_to_tensor(labels, name="labels")
        same = equal(expand_dims(labels, 2), expand_dims(labels, 1))
        first = argmax(cast(same, dt.int32), 2, output_type=dt.int32)  # where a label is first
        place = range_(shape_of(labels)[1])
        is_first = equal(first, place)
        before = logical_and(expand_dims(is_first, 1), less(place, expand_dims(first, 2)))
        number = reduce_sum(cast(before, dt.int32), 2)  # different labels before the first such
        found = where(is_first)
        places = stack([found[:, 0], cast(gather_nd(number, found), dt.int64)], 1)
        unique = scatter_nd(places, cast(gather_nd(labels, found), dt.int64),
                            Shape.build(labels, out_type=dt.int64))
        return unique, number
