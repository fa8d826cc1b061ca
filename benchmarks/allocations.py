"""What a step still allocates, by op: python benchmarks/allocations.py [--lines] [workloads]

Each workload runs until its plans are compiled and their memory is there, and then once more under
`tracemalloc`, its generated source line by line: a line that takes more than 8 KB, for its result
or for what it needs meanwhile, is told with what it calls. What is fetched is the caller's own and
has to be allocated; it stands in brackets. `--lines` prints the lines. Before that stands how many
pages of memory a step asks the system for, where what it needs is no longer at hand.

NumPy takes a buffer of 8,192 elements for an operation on a broadcast input, or on one of another
dtype: small memory, used again at once. Here the buffers are of 1,024 elements, and not seen.
"""

from __future__ import annotations

import linecache
import re
import resource
import sys
import tracemalloc
from collections import Counter
from typing import Any

import more_workloads
import network_workloads
import numpy as np
import other_workloads
import sequence_workloads
import workloads

import flowgraph as fg
from flowgraph.core.pool import at_most

SMALL = 8 << 10  # bytes
RUNS = 6  # the last of which is measured
STEADY = 5  # steps in which pages are counted
ALL = {name: workload for module in (workloads, more_workloads, network_workloads,
                                     sequence_workloads, other_workloads)
       for name, workload in module.WORKLOADS.items()}
_OWN = re.compile(r"<flowgraph plan \d+>")


class Allocations:
    """Counts what the lines of generated source allocate, as a trace function.

    Attributes:
        bytes, count: by line, as (file name, number).
    """

    def __init__(self) -> None:
        self.bytes: Counter[tuple[str, int]] = Counter()
        self.count: Counter[tuple[str, int]] = Counter()
        self._line: tuple[str, int] | None = None
        self._before = 0

    def __call__(self, frame: Any, event: str, argument: Any) -> Any:
        """Follows functions of generated source: called by Python for every call."""
        return self._follow if _OWN.fullmatch(frame.f_code.co_filename) else None

    def _follow(self, frame: Any, event: str, argument: Any) -> Any:
        peak = tracemalloc.get_traced_memory()[1]
        if self._line is not None and peak - self._before > SMALL:
            self.bytes[self._line] += peak - self._before
            self.count[self._line] += 1
        self._line = None if event == "return" else (frame.f_code.co_filename, frame.f_lineno)
        tracemalloc.reset_peak()
        self._before = tracemalloc.get_traced_memory()[0]
        return self._follow


class Engine:
    """flowgraph, with sessions that tell who allocates."""

    def __init__(self) -> None:
        self.runs: Counter[Any] = Counter()
        self.found = Allocations()
        self.fetched = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(fg, name)

    def Session(self, **options: Any) -> Any:  # the engine's own name for it
        """A session that measures the last of so many runs."""
        return _Session(self, **options)


class _Session(fg.Session):
    def __init__(self, engine: Engine, **options: Any) -> None:
        super().__init__(**options)
        self._engine = engine

    def run(self, fetches: Any, feed_dict: Any = None, **options: Any) -> Any:
        """The run; in its turn measured, in one thread."""
        engine = self._engine
        key = str(fetches)
        engine.runs[key] += 1
        if engine.runs[key] != RUNS:
            return super().run(fetches, feed_dict, **options)
        engine.found = Allocations()
        with at_most(1):
            tracemalloc.start()
            sys.settrace(engine.found)
            try:
                result = super().run(fetches, feed_dict, **options)
            finally:
                sys.settrace(None)
                tracemalloc.stop()
        parts = result if isinstance(result, (list, tuple)) else [result]
        engine.fetched = sum(getattr(part, "nbytes", 0) for part in parts)
        return result


def kind_of(line: str) -> str:
    """The function that a line of source calls, for people.

    Args:
        line: the line.
    """
    called = re.search(r"(?:= |^)(?:np\.|np_|parallel\.)?([A-Za-z]\w*)\(", line.strip())
    return called[1] if called else line.strip().split("#")[0].strip()[:40]


def main() -> None:
    """Prints a row per workload."""
    np.setbufsize(1024)
    names = [name for name in sys.argv[1:] if name != "--lines"]
    for name in names or [name for name in ALL if name not in workloads.ONCE]:
        engine = Engine()
        step = ALL[name](engine)
        for _ in range(RUNS):
            step()
        found = engine.found
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        for _ in range(STEADY):
            step()
        faults = (resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) / STEADY
        kinds: Counter[str] = Counter()
        counts: Counter[str] = Counter()
        for place, taken in found.bytes.items():
            kind = kind_of(linecache.getline(*place))
            kinds[kind] += taken
            counts[kind] += found.count[place]
        print(f"{name:<20}{faults:>6,.0f} pages {sum(kinds.values()) / 1e3:>9,.0f} KB"
              f" [{engine.fetched / 1e3:,.0f} KB]", ", ".join(
                  f"{kind} {counts[kind]}x {taken / 1e3:,.0f}"
                  for kind, taken in kinds.most_common()), flush=True)
        if "--lines" in sys.argv:
            for place, taken in found.bytes.most_common(12):
                print(f"    {found.count[place]:>4}x {taken / 1e3:>10,.0f} KB  "
                      f"{linecache.getline(*place).strip()[:160]}")


if __name__ == "__main__":
    main()
