"""What each pass is worth: python benchmarks/passes.py [workloads]

Each workload is timed with all passes and techniques of plans, and with all but one, in turn in one
process, so that a slow machine is slow for both. A figure is the time without the pass over the
time with it: 1.50 says that the pass makes the step half as long again quicker. `-` where it
changes less than 3 %.
"""

from __future__ import annotations

import statistics
import sys
import time
from functools import partial
from typing import Any

import more_workloads
import workloads

import flowgraph as fg
from flowgraph.program.pipeline import PASSES, PLANNING

ROUNDS, SECONDS = 5, 0.2
ALL = {**workloads.WORKLOADS, **more_workloads.WORKLOADS}
LEFT_OUT = workloads.ONCE


class Engine:
    """flowgraph, with sessions that run these passes."""

    def __init__(self, passes: list[str]) -> None:
        self.Session = partial(fg.Session, passes=passes)

    def __getattr__(self, name: str) -> Any:
        return getattr(fg, name)


def milliseconds(step: Any) -> float:
    """The median time of a step, measured for a while."""
    times, end = [], time.perf_counter() + SECONDS
    while time.perf_counter() < end or len(times) < 3:
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e3


def main() -> None:
    """Prints a row per workload and a column per pass."""
    names = [*PASSES, *PLANNING]
    print(f"{'':<16}{'ms':>10}", *(f"{name[:14]:>15}" for name in names))
    for workload in sys.argv[1:] or [name for name in ALL if name not in LEFT_OUT]:
        steps = {left_out: ALL[workload](Engine([name for name in names if name != left_out]))
                 for left_out in ["", *names]}
        for step in steps.values():
            for _ in range(3):
                step()
        times: dict[str, list[float]] = {left_out: [] for left_out in steps}
        for _ in range(ROUNDS):
            for left_out, step in steps.items():
                times[left_out].append(milliseconds(step))
        least = {left_out: min(found) for left_out, found in times.items()}
        ratios = [least[name] / least[""] for name in names]
        print(f"{workload:<16}{least['']:>10.3f}",
              *(f"{ratio:>15.2f}" if abs(ratio - 1) > 0.03 else f"{'-':>15}" for ratio in ratios),
              flush=True)


if __name__ == "__main__":
    main()
