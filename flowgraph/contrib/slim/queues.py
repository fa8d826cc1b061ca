"""`slim.queues`: the threads that fill queues, for the time of a `with` block."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flowgraph.train.coordinator import Coordinator
from flowgraph.train.queue_runner import start_queue_runners


@contextmanager
def QueueRunners(session: Any) -> Iterator[None]:
    """Starts the threads of the session's graph that fill queues, and stops them at the end.

    Args:
        session: the session.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import slim
        >>> value = fg.train.limit_epochs(fg.constant(2.0), 1)
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     with slim.queues.QueueRunners(sess):
        ...         sess.run(value)
        np.float32(2.0)
    """
    coord = Coordinator()
    threads = start_queue_runners(session, coord)
    try:
        yield
    finally:
        coord.request_stop()
        try:
            coord.join(threads, stop_grace_period_secs=120)
        except RuntimeError:  # a thread did not end: its queue is closed with the session
            session.close()
