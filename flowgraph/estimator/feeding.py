"""Queues that threads fill from arrays or data frames, for `numpy_input_fn` and `pandas_input_fn`.

A thread walks through the rows, one batch of them per enqueue operation; shuffled, it starts
anywhere, and the queue hands the rows out in any order. After the last epoch it closes the queue.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.logger import logger
from flowgraph.errors import OutOfRangeError
from flowgraph.graph.graph import get_default_graph
from flowgraph.ops.arithmetic import maximum
from flowgraph.ops.cast import cast
from flowgraph.ops.placeholder import placeholder
from flowgraph.ops.queues import FIFOQueue, RandomShuffleQueue
from flowgraph.train.queue_runner import QueueRunner, add_queue_runner


class FeedingQueueRunner(QueueRunner):
    """A QueueRunner whose enqueue operations are fed by functions.

    Args:
        queue: the queue.
        enqueue_ops: list of enqueue operations, one thread each.
        feed_fns: a function for each that returns its feed_dict, or raises OutOfRangeError.
    """

    def __init__(self, queue: Any, enqueue_ops: list[Any],
                 feed_fns: Sequence[Callable[[], dict[Any, Any]]]) -> None:
        super().__init__(queue, enqueue_ops)
        self._feed_fns = dict(zip(enqueue_ops, feed_fns))

    def _filler(self, sess: Any, enqueue_op: Any) -> Callable[[], Any]:
        feed_fn = self._feed_fns[enqueue_op]
        return lambda: sess.run(enqueue_op, feed_dict=feed_fn())


class RowFeeder:
    """Feeds the next rows of columns at each call.

    Args:
        placeholders: one for the numbers of the rows, and one for each column.
        labels: what to feed as the rows' numbers.
        columns: list of arrays of one length.
        batch_size: how many rows.
        random_start: whether to start anywhere.
        seed: of Python's random numbers, for the start.
        num_epochs: how often to walk through; None for without end.
    """

    def __init__(self, placeholders: list[Any], labels: Any, columns: list[Any], batch_size: int,
                 random_start: bool, seed: int | None, num_epochs: int | None) -> None:
        self._placeholders = placeholders
        self._labels, self._columns = labels, columns
        self._length = len(labels)
        self._batch_size = batch_size
        self._left = None if num_epochs is None else num_epochs * self._length
        self._epochs = num_epochs
        self._next = random.Random(seed).randrange(self._length) if random_start else 0

    def __call__(self) -> dict[Any, Any]:
        """The next rows.

        Raises:
            OutOfRangeError: there are no more.
        """
        count = self._batch_size if self._left is None else min(self._batch_size, self._left)
        if not count:
            raise OutOfRangeError(None, None, f"Already emitted {self._epochs} epochs.")
        rows = np.arange(self._next, self._next + count) % self._length
        self._next = (self._next + count) % self._length
        if self._left is not None:
            self._left -= count
        return dict(zip(self._placeholders,
                        [self._labels[rows], *(column[rows] for column in self._columns)]))


def enqueue_rows(labels: Any, columns: list[Any], capacity: int, shuffle: bool,
                 min_after_dequeue: int | None, num_threads: int, enqueue_size: int,
                 num_epochs: int | None, seed: int | None = None,
                 name: str = "enqueue_input") -> Any:
    """A queue that threads fill with the rows of columns.

    Args:
        labels: int64 or other array that numbers the rows; the first component of the queue.
        columns: list of arrays of one length.
        capacity: how many rows the queue holds.
        shuffle: whether it hands them out in any order.
        min_after_dequeue: how many rows stay in it for that; default a quarter.
        num_threads: how many threads; each walks through all rows.
        enqueue_size: how many rows a thread puts in at a time.
        num_epochs: how often a thread walks through; None for without end.
        seed: for the start and the order.
        name: a name scope.

    Returns:
        The queue.
    """
    from flowgraph.summary import scalar
    if num_threads > 1 and num_epochs is not None:
        logger().warning("enqueue_data was called with num_epochs and num_threads > 1. num_epochs "
                         "is applied per thread, so this will produce more epochs than you "
                         "probably intend. If you want to limit epochs, use one thread.")
    if num_threads > 1 and not shuffle:
        logger().warning("enqueue_data was called with shuffle=False and num_threads > 1. The rows "
                         "will come in no certain order. If you want them in order, use one "
                         "thread; if you want several threads, enable shuffling.")
    with get_default_graph().name_scope(name):
        types = [dt.as_dtype(column.dtype) for column in (labels, *columns)]
        shapes = [(), *(column.shape[1:] for column in columns)]
        if shuffle:
            least = int(capacity / 4 if min_after_dequeue is None else min_after_dequeue)
            queue: Any = RandomShuffleQueue(capacity, least, dtypes=types, shapes=shapes, seed=seed)
        else:
            least = 0
            queue = FIFOQueue(capacity, dtypes=types, shapes=shapes)
        enqueue_ops, feed_fns = [], []
        for i in range(num_threads):
            placeholders = [placeholder(dtype) for dtype in types]
            enqueue_ops.append(queue.enqueue_many(placeholders))
            feed_fns.append(RowFeeder(placeholders, labels, columns, enqueue_size, shuffle,
                                      None if seed is None else (i + 1) * seed, num_epochs))
        add_queue_runner(FeedingQueueRunner(queue, enqueue_ops, feed_fns))
        filled = cast(maximum(0, queue.size() - least), dt.float32) * (1.0 / (capacity - least))
        scalar(f"queue/{queue.name}fraction_over_{least}_of_{capacity - least}_full", filled)
    return queue
