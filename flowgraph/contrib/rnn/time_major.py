"""Small things about batches and time that programs take from `tf.contrib.rnn`."""

from __future__ import annotations

from typing import Any

from flowgraph.core import nest
from flowgraph.core.frames import located
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.reshape import transpose
from flowgraph.ops.shape import shape as shape_of


def transpose_batch_time(x):
    """Swaps the first two axes: batch and time.

    Args:
        x: tensor of at least two axes; one of fewer axes is given back.

    Returns:
        The tensor with its first two axes swapped.

    Raises:
        ValueError: the rank is unknown.

    Example:
        >>> import flowgraph as fg
        >>> fg.contrib.rnn.transpose_batch_time(fg.ones([2, 5, 3])).shape.as_list()
        [5, 2, 3]
    """
    x = convert_to_tensor(x)
    rank = x.shape.ndims
    if rank is None:
        raise ValueError(located(f"Expected input tensor {x.name!r} to have a known rank, but saw "
                                 f"shape: {x.shape}; call set_shape, or give the placeholder one"))
    return x if rank < 2 else transpose(x, [1, 0, *range(2, rank)])


def best_effort_input_batch_size(flat_input: Any) -> Any:
    """The batch size of time-major inputs: a number if the graph tells it, else a tensor.

    Args:
        flat_input: list of tensors `[time, batch_size, ...]`.

    Returns:
        An int, or an int32 scalar tensor.

    Example:
        >>> import flowgraph as fg
        >>> fg.contrib.rnn.best_effort_input_batch_size([fg.ones([5, 2, 3])])
        2
    """
    flat = nest.flatten(flat_input)
    for x in flat:
        if x.shape.ndims is None:
            continue
        if x.shape.ndims < 2:
            raise ValueError(located("Input tensor should have rank >= 2. Received input shape "
                                     f"{x.shape}"))
        if x.shape[1].value is not None:
            return x.shape[1].value
    return shape_of(flat[0])[1]
