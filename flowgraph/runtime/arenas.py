"""Arenas between runs: memory that a run has given back, kept for the next run of its plan.

Small arenas stay with their runner. Large ones are kept by one pool per session up to a number of
bytes, those of the plans not run for longest going first, so that a session that has seen many
batch sizes does not hold memory for all of them. The plan run last always keeps its own. What a
plan that is gone has left is dropped when the pool is used next.
"""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from typing import Any

SMALL = 1 << 16  # bytes up to which an arena is not worth counting
SPARE_BYTES = 1 << 26  # bytes of large arenas that a session keeps in all


class ArenaPool:
    """The spare large arenas of a session.

    Args:
        limit: bytes to keep; the arenas of the plan run last are kept even beyond it.
    """

    def __init__(self, limit: int = SPARE_BYTES) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._spare: OrderedDict[Any, list[Any]] = OrderedDict()  # by weak reference to the owner
        self._sizes: dict[Any, int] = {}
        self._gone: list[Any] = []  # owners that are no more; they may go in the midst of all
        self.spare_bytes = 0

    def take(self, owner: Any) -> Any:
        """A spare arena of `owner`, or None."""
        key = weakref.ref(owner)
        with self._lock:
            self._drop_gone()
            arenas = self._spare.get(key)
            if not arenas:
                return None
            self.spare_bytes -= self._sizes[key]
            return arenas.pop()

    def give(self, owner: Any, arena: Any, nbytes: int) -> None:
        """Keeps an arena of `owner`, and drops others if that is too much."""
        key = weakref.ref(owner, self._gone.append)
        with self._lock:
            self._drop_gone()
            self._spare.setdefault(key, []).append(arena)
            self._spare.move_to_end(key)
            self._sizes[key] = nbytes
            self.spare_bytes += nbytes
            while self.spare_bytes > self._limit:
                oldest = next(iter(self._spare))
                arenas = self._spare[oldest]
                if oldest == key and len(arenas) == 1:
                    break
                if arenas:
                    arenas.pop()
                    self.spare_bytes -= self._sizes[oldest]
                if not arenas:
                    del self._spare[oldest], self._sizes[oldest]

    def _drop_gone(self) -> None:
        """Drops what those who are no more have left."""
        while self._gone:
            key = self._gone.pop()
            arenas = self._spare.pop(key, None)
            if arenas is not None:
                self.spare_bytes -= len(arenas) * self._sizes.pop(key)

    def clear(self) -> None:
        """Drops everything."""
        with self._lock:
            self._spare.clear()
            self._sizes.clear()
            self.spare_bytes = 0
