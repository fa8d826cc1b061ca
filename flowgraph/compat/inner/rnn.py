"""`tensorflow.python.ops.rnn`: what of it is not public."""

from flowgraph.contrib.rnn.time_major import (
    best_effort_input_batch_size as _best_effort_input_batch_size,
)
from flowgraph.contrib.rnn.time_major import transpose_batch_time as _transpose_batch_time

__all__ = ["_best_effort_input_batch_size", "_transpose_batch_time"]
