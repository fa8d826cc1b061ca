"""`tensorflow.python.ops.rnn`: what of it is not public."""

from __future__ import annotations

from typing import Any

import flowgraph as tf


def _transpose_batch_time(x: Any) -> Any:
    """A tensor with its first two axes exchanged; one of fewer axes as it is."""
    if x.shape.ndims is not None and x.shape.ndims < 2:
        return x
    rank = tf.rank(x) if x.shape.ndims is None else x.shape.ndims
    if isinstance(rank, int):
        return tf.transpose(x, [1, 0, *range(2, rank)])
    y = tf.transpose(x, tf.concat([[1, 0], tf.range(2, rank)], 0))
    y.set_shape([None, None])
    return y


def _best_effort_input_batch_size(flat_input: Any) -> Any:
    """The batch size of inputs that have time first: a number where it is known, else a tensor."""
    for item in flat_input:
        if item.shape.ndims is not None and item.shape[1].value is not None:
            return item.shape[1].value
    return tf.shape(flat_input[0])[1]
