"""`tf.queue`: queues of elements, for threads that make and threads that use them."""

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.ops.queues import (
    FIFOQueue,
    PaddingFIFOQueue,
    PriorityQueue,
    QueueBase,
    RandomShuffleQueue,
)

__getattr__ = _lazy("tf.queue", globals())
