"""The checks of runs that have waited for nothing: they are looked at before a later run begins.

A run tells of its own thread's earlier runs, and of those of threads that have ended: who runs
something else at the same time hears of his own mistakes alone. It is told before it begins, so
that it has changed nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

from flowgraph.core.checks import Check, FailedCheck

MOST = 512  # checks that are left at most; then a run waits for them
MOST_BYTES = 1 << 26  # of the arrays that errors would tell of, and which are kept for them


class LeftChecks:
    """What runs have left on one GPU.

    Attributes:
        nbytes: of the arrays that they keep.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left: list[tuple[int, Check]] = []  # with the thread
        self.nbytes = 0

    def __len__(self) -> int:
        return len(self._left)

    @property
    def are_many(self) -> bool:
        """Whether the next run should wait for them, though it fetches nothing."""
        return len(self._left) >= MOST or self.nbytes >= MOST_BYTES

    def add(self, check: Check) -> None:
        """Leaves a check of a run of this thread."""
        with self._lock:
            self._left.append((threading.get_ident(), check))
            self.nbytes += _kept_by(check)

    def taken(self, everyone: bool = False) -> list[FailedCheck]:
        """What this thread should look at, as it would be raised; it is left no more.

        Args:
            everyone: whether it looks at what other threads have left too.
        """
        running = set() if everyone else {thread.ident for thread in threading.enumerate()
                                          if thread is not threading.current_thread()}
        with self._lock:
            found = [check for thread, check in self._left if thread not in running]
            self._left = [left for left in self._left if left[0] in running]
            self.nbytes = sum(_kept_by(check) for _, check in self._left)
        return [FailedCheck(check, True) for check in found]


def _kept_by(check: Check) -> int:
    """Bytes of the arrays that the error of a check looks at."""
    cells: Iterable[Any] = getattr(check.error, "__closure__", None) or ()
    return sum(getattr(cell.cell_contents, "nbytes", 0) for cell in cells)
