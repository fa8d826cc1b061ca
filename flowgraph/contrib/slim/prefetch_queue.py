"""`slim.prefetch_queue`: a queue of batches that are made ahead."""

from __future__ import annotations

from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.graph.graph import name_scope
from flowgraph.ops.cast import cast
from flowgraph.ops.queues import FIFOQueue, PaddingFIFOQueue
from flowgraph.train.queue_runner import QueueRunner, add_queue_runner


def prefetch_queue(tensors: Any, capacity: int = 8, num_threads: int = 1,
                   dynamic_pad: bool = False, shared_name: str | None = None,
                   name: str | None = None) -> Any:
    """A queue that a thread fills with the values of some tensors.

    Args:
        tensors: list of tensors, or dict of them.
        capacity: the most values of each that wait.
        num_threads: number of threads.
        dynamic_pad: whether sizes that are unknown may differ.
        shared_name: name under which graphs of other sessions find the queue.
        name: name scope.

    Returns:
        The queue; its `dequeue` gives what `tensors` is.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import slim
        >>> queue = slim.prefetch_queue.prefetch_queue([fg.constant([1, 2]), fg.constant(3.0)])
        >>> with fg.Session() as sess, slim.queues.QueueRunners(sess):
        ...     sess.run(queue.dequeue())
        [array([1, 2], dtype=int32), np.float32(3.0)]
    """
    from flowgraph.summary import scalar
    names = sorted(tensors) if isinstance(tensors, dict) else None
    several = list(tensors) if names is None else [tensors[key] for key in names]
    kind: Any = PaddingFIFOQueue if dynamic_pad else FIFOQueue
    with name_scope(name, "prefetch_queue", several):
        queue = kind(capacity=capacity, dtypes=[tensor.dtype for tensor in several],
                     shapes=[tensor.shape for tensor in several], names=names,
                     shared_name=shared_name)
        enqueue = queue.enqueue(tensors)
        add_queue_runner(QueueRunner(queue, [enqueue] * num_threads))
        scalar(f"fraction_of_{capacity}_full", cast(queue.size(), dt.float32) * (1.0 / capacity))
    return queue
