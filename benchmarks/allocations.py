"""What a step still allocates, by op: python benchmarks/allocations.py [workloads]

Each workload runs until its memory is there, and then once more, step by step, under `tracemalloc`:
an operation that takes more than 8 KB, for its result or for what it needs meanwhile, is told. What
is fetched is the caller's own and has to be allocated; it stands in brackets.
"""

from __future__ import annotations

import sys
import tracemalloc
from collections import Counter
from typing import Any

import more_workloads
import workloads

import flowgraph as fg

SMALL = 8 << 10  # bytes
ALL = {**workloads.WORKLOADS, **more_workloads.WORKLOADS}


class Allocations:
    """A hook that counts what kernels allocate.

    Attributes:
        bytes, count: by op type.
    """

    def __init__(self) -> None:
        self.bytes: Counter[str] = Counter()
        self.count: Counter[str] = Counter()
        self._before = 0

    def before(self, step: Any, arguments: list[Any]) -> None:
        """Notes what is allocated now."""
        tracemalloc.reset_peak()
        self._before = tracemalloc.get_traced_memory()[0]

    def after(self, step: Any, arguments: list[Any], results: list[Any], seconds: float) -> None:
        """Counts what the kernel took at its peak."""
        taken = tracemalloc.get_traced_memory()[1] - self._before
        if taken > SMALL:
            self.bytes[step.instr.op_def.type] += taken
            self.count[step.instr.op_def.type] += 1


class Engine:
    """flowgraph, with sessions that tell who allocates."""

    def __init__(self) -> None:
        self.found = Allocations()
        self.fetched = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(fg, name)

    def Session(self, **options: Any) -> Any:  # the engine's own name for it
        """A session whose every fourth run is measured."""
        return _Session(self, **options)


class _Session(fg.Session):
    def __init__(self, engine: Engine, **options: Any) -> None:
        super().__init__(**options)
        self._engine = engine

    def run(self, fetches: Any, feed_dict: Any = None, **options: Any) -> Any:
        """The run, with the hook."""
        self._engine.found = Allocations()
        result = self.run_with_hooks(fetches, feed_dict, [self._engine.found])
        parts = result if isinstance(result, (list, tuple)) else [result]
        self._engine.fetched = sum(getattr(part, "nbytes", 0) for part in parts)
        return result


def main() -> None:
    """Prints a row per workload."""
    for name in sys.argv[1:] or [name for name in ALL if name not in workloads.ONCE]:
        engine = Engine()
        step = ALL[name](engine)
        tracemalloc.start()
        for _ in range(4):
            step()
        tracemalloc.stop()
        found = engine.found
        print(f"{name:<20}{sum(found.bytes.values()) / 1e3:>12,.0f} KB"
              f" [{engine.fetched / 1e3:,.0f} KB]", ", ".join(
                  f"{kind} {count}x {found.bytes[kind] / 1e3:,.0f}"
                  for kind, count in found.count.most_common()), flush=True)


if __name__ == "__main__":
    main()
