"""Until when the run of this thread may wait: `RunOptions.timeout_in_ms` and the like.

A Session notes the moment before it runs; whatever waits during the run (for an element in a queue,
for gradients of other workers) waits by `wait_for`, which ends at that moment.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from flowgraph.errors import DeadlineExceededError

_thread = threading.local()
LONGEST = 1e8  # seconds, three years: systems refuse to wait much longer


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """What waits inside, in this thread, waits no longer than `seconds` from now.

    Args:
        seconds: the time; an earlier end that is already set stays.
    """
    before = getattr(_thread, "end", None)
    end = time.monotonic() + min(seconds, LONGEST)
    _thread.end = end if before is None else min(before, end)
    try:
        yield
    finally:
        _thread.end = before


def remaining() -> float | None:
    """For how many seconds the run of this thread may still wait; None for ever."""
    end = getattr(_thread, "end", None)
    return None if end is None else max(end - time.monotonic(), 0.0)


def time_is_over() -> DeadlineExceededError:
    """The error for a run that has waited too long."""
    return DeadlineExceededError(None, None, "Timed out waiting for notification")


def wait_for(event: threading.Event) -> None:
    """Waits until an event is set; a Ctrl-C ends the waiting.

    Args:
        event: the event.

    Raises:
        DeadlineExceededError: the run's time is over.
    """
    if not event.wait(remaining()):
        raise time_is_over()


@contextmanager
def holding(lock: threading.Lock) -> Iterator[None]:
    """Holds a lock that another run may hold while it waits.

    Args:
        lock: the lock.

    Raises:
        DeadlineExceededError: the run's time is over.
    """
    left = remaining()
    if not lock.acquire(timeout=-1 if left is None else left):
        raise time_is_over()
    try:
        yield
    finally:
        lock.release()
