"""Stages that work in threads of their own: prefetch, and map with several calls at a time.

What a thread and its consumer share stands in an object of its own; the thread does not know the
consumer. So a consumer that no one holds any more is collected, which ends its threads, and so does
closing the session. Threads are daemons and are told to stop when the interpreter exits.
"""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from flowgraph.data.pipeline import UNKNOWN, Element, Run, Stage, cancelled, in_run
from flowgraph.errors import OutOfRangeError

AUTOTUNE = -1
_AUTO_BUFFER = 2  # elements made ahead when the pipeline may choose
_QUICK = 1e-4  # seconds; elements made faster than this are made several at once
_MOST_AT_ONCE = 16


def cpus() -> int:
    """How many threads AUTOTUNE stands for."""
    return max(1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity")
               else os.cpu_count() or 1)


def started(work: Callable[..., None], *arguments: Any) -> None:
    """Runs a function in a thread of its own, in which NumPy is as quiet as in a run."""
    def quietly() -> None:
        with np.errstate(all="ignore"):
            work(*arguments)
    threading.Thread(target=quietly, name="tf.data", daemon=True).start()


class _Slot:
    """The place of some elements that one thread makes: [value, error] of each."""

    __slots__ = ("is_done", "items")

    def __init__(self, items: list[list[Any]]) -> None:
        self.items = items
        self.is_done = False


class _Ahead:
    """What threads have made ahead of the consumer, in order.

    Elements that take little time are made several at once, so that handing them over costs less
    than making them: with a function of 10 us, 20 us an element instead of 75 on two busy cores.

    Args:
        source: where the elements come from; one thread at a time asks it.
        function: what is done with each, or None.
        limit: how many elements may wait; with a function, how many threads' work.
    """

    def __init__(self, source: Iterator[Any], function: Callable[[Any], Any] | None,
                 limit: int) -> None:
        self._source = source
        self._function = function
        self._limit = limit
        self._changed = threading.Condition()
        self._slots: deque[_Slot] = deque()
        self._ready: deque[list[Any]] = deque()  # items of the slot that is being consumed
        self._count = 0  # elements in the slots
        self._at_once = 1
        self._is_taking = self._ended = self._closed = False

    def _room(self) -> int:
        """How many elements a thread may make now."""
        limit = self._limit * (1 if self._function is None else self._at_once)
        return min(self._at_once, limit - self._count)

    def work(self) -> None:
        """What each thread does until the source ends or no one wants more."""
        while True:
            with self._changed:
                while not self._closed and not self._ended and (
                        self._is_taking or self._room() <= 0):
                    self._changed.wait()
                if self._closed or self._ended:
                    return
                self._is_taking, count = True, self._room()
            start = time.perf_counter()
            slot = self._taken(count)
            if self._function is not None:
                for item in slot.items:
                    if item[1] is None:
                        try:
                            item[0] = self._function(item[0])
                        except BaseException as error:
                            item[:] = None, error
            with self._changed:
                slot.is_done = True
                if slot.items:
                    each = (time.perf_counter() - start) / len(slot.items)
                    self._at_once = min(2 * self._at_once, _MOST_AT_ONCE) if each < _QUICK else 1
                self._changed.notify_all()

    def _taken(self, count: int) -> _Slot:
        """Up to `count` elements of the source, in a slot that has its place in the order."""
        items: list[list[Any]] = []
        ended = False
        while len(items) < count and not ended:
            try:
                items.append([next(self._source), None])
            except StopIteration:
                ended = True
            except BaseException as error:
                items.append([None, error])
        slot = _Slot(items)
        with self._changed:
            self._is_taking, self._ended = False, ended
            if items and not self._closed:
                self._slots.append(slot)
                self._count += len(items)
            self._changed.notify_all()
        return slot

    def take(self) -> Any:
        """The next element; waits for it."""
        if not self._ready:
            with self._changed:
                while not self._closed and not (self._slots and self._slots[0].is_done) and not (
                        self._ended and not self._slots):
                    self._changed.wait()
                if not self._closed:
                    if not self._slots:
                        raise StopIteration
                    slot = self._slots.popleft()
                    self._count -= len(slot.items)
                    self._ready.extend(slot.items)
                    self._changed.notify_all()
        if self._closed:
            raise cancelled()
        value, error = self._ready.popleft()
        if error is not None:
            raise error
        return value

    def close(self) -> None:
        """Ends the threads and the waiting."""
        with self._changed:
            self._closed = True
            self._slots.clear()
            self._changed.notify_all()


class _Consumer:
    """The iterator over what threads make ahead; they start when the first element is wanted."""

    def __init__(self, ahead: _Ahead, threads: int, run: Run) -> None:
        self._ahead = ahead
        self._threads = threads
        self._ended = False
        run.add(ahead)
        weakref.finalize(self, ahead.close)

    def __iter__(self) -> Iterator[Element]:
        return self

    def __next__(self) -> Element:
        if self._ended:
            raise StopIteration
        while self._threads:
            self._threads -= 1
            started(self._ahead.work)
        try:
            return self._ahead.take()
        except StopIteration:
            self._ended = True
            raise


class _EndsOutOfRange(_Consumer):
    """One whose function may end the elements by an OutOfRangeError."""

    def __next__(self) -> Element:
        try:
            return super().__next__()
        except OutOfRangeError:
            self._ended = True
            self._ahead.close()
            raise StopIteration from None


class Prefetch(Stage):
    """The elements, made ahead in a thread.

    Args:
        source: where they come from.
        size: how many to make ahead; AUTOTUNE for a number of the pipeline's choice.
    """

    def __init__(self, source: Stage, size: int) -> None:
        self.source = source
        self.size = _AUTO_BUFFER if size < 0 else size
        self.fresh = source.fresh

    def start(self, run: Run) -> Iterator[Element]:
        """The elements."""
        source = self.source.start(run)
        return _Consumer(_Ahead(source, None, self.size), 1, run) if self.size else source

    def cardinality(self) -> int:
        """As many as before."""
        return self.source.cardinality()


class ParallelMap(Stage):
    """A function of the elements, several calls at a time; the order stays.

    Args:
        source: where the elements come from.
        function: from the components to a tuple of components.
        calls: how many at a time; AUTOTUNE for as many as there are processors.
        keeps_count: whether it is known that there is a result for each element.
    """

    fresh = True

    def __init__(self, source: Stage, function: Callable[..., Element], calls: int,
                 keeps_count: bool = False) -> None:
        self.keeps_count = keeps_count
        self.source = source
        self.function = function
        self.calls = cpus() if calls < 0 else calls

    def start(self, run: Run) -> Iterator[Element]:
        """What the function returns."""
        function = in_run(self.function, run)
        ahead = _Ahead(self.source.start(run), lambda element: function(*element), self.calls)
        return _EndsOutOfRange(ahead, self.calls, run)

    def cardinality(self) -> int:
        """As many as before, if the function does not end the elements."""
        return self.source.cardinality() if self.keeps_count else UNKNOWN
