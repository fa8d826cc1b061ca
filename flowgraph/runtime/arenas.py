"""Arenas between runs: memory that a run has given back, kept for the next run of its plan.

Small arenas stay with their runner. Large ones are kept by one pool per session up to a number of
bytes, those of the plans not run for longest going first, so that a session that has seen many
batch sizes does not hold memory for all of them. The plan run last always keeps its own.
"""

from __future__ import annotations

import threading
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
        self._spare: OrderedDict[Any, list[Any]] = OrderedDict()
        self._sizes: dict[Any, int] = {}
        self.spare_bytes = 0

    def take(self, owner: Any) -> Any:
        """A spare arena of `owner`, or None."""
        with self._lock:
            arenas = self._spare.get(owner)
            if not arenas:
                return None
            self.spare_bytes -= self._sizes[owner]
            return arenas.pop()

    def give(self, owner: Any, arena: Any, nbytes: int) -> None:
        """Keeps an arena of `owner`, and drops others if that is too much."""
        with self._lock:
            self._spare.setdefault(owner, []).append(arena)
            self._spare.move_to_end(owner)
            self._sizes[owner] = nbytes
            self.spare_bytes += nbytes
            while self.spare_bytes > self._limit:
                oldest = next(iter(self._spare))
                arenas = self._spare[oldest]
                if oldest is owner and len(arenas) == 1:
                    break
                if arenas:
                    arenas.pop()
                    self.spare_bytes -= self._sizes[oldest]
                if not arenas:
                    del self._spare[oldest], self._sizes[oldest]

    def clear(self) -> None:
        """Drops everything."""
        with self._lock:
            self._spare.clear()
            self._sizes.clear()
            self.spare_bytes = 0
