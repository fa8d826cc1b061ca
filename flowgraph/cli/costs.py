"""What a program's runs cost: a Watcher that has them recorded.

The first run of each choice of fetches makes the plan and warms caches up; it counts only where
there is no other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowgraph.cli import names
from flowgraph.cli.watch import Fetched, Watcher
from flowgraph.profiling.collect import profile as Profile
from flowgraph.runtime.observe import ObservedRun


class Costs:
    """Records the runs of a program.

    Args:
        runs: how many runs of the same fetches to wait for.
        run_all: whether to wait for the end of the program.
        fetch: record only runs that fetch all of these names.
        values: whether to note statistics of all values.
        each: called with each run and its Fetched before it is recorded.

    Attributes:
        watcher: sees the runs.
    """

    def __init__(self, runs: int, run_all: bool = False, fetch: list[str] | None = None,
                 values: bool = False,
                 each: Callable[[ObservedRun, Fetched], None] | None = None) -> None:
        self._first = Profile(values=values)
        self._later = Profile(values=values)
        self._fetch = fetch or []
        self._before = each
        self.watcher = Watcher(run_all, self._each, stop_at=max(runs, 1) + 1)

    @property
    def profile(self) -> Any:
        """What was recorded."""
        return self._later if self._later.runs else self._first

    @property
    def is_warm(self) -> bool:
        """Whether first runs are left out."""
        return bool(self._later.runs)

    def _each(self, run: ObservedRun, found: Fetched) -> Any:
        if self._fetch and not self._wanted(found):
            return run()
        if self._before is not None:
            self._before(run, found)
        return (self._first if found.count == 1 else self._later).observe(run)

    def _wanted(self, found: Fetched) -> bool:
        if not names.has(found.graph, self._fetch):
            return False
        have = {getattr(element, "op", element) for element in found.elements}
        return have >= {getattr(element, "op", element)
                        for element in names.elements(found.graph, self._fetch)}
