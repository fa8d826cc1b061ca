"""Cost: what an operation has spent, and the sums over many runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flowgraph.graph.operation import Operation
from flowgraph.profiling.recorder import RecordedRun, flops
from flowgraph.runtime.notes import Part


@dataclass(frozen=True, slots=True)
class Cost:
    """What an operation, or a group of them, has spent.

    Attributes:
        seconds: the time of its own, without what ran inside of its loop or branch.
        total_seconds: with it.
        calls: how often it ran.
        bytes: memory taken for results, of all calls.
        flops: floating point operations, of all calls; 0 for ops that are not counted.

    Example:
        >>> from flowgraph.profiling import Cost
        >>> Cost(0.5, 0.5, 1, 100, 2_000_000_000) + Cost(0.5, 0.5, 1)
        Cost(seconds=1.0, total_seconds=1.0, calls=2, bytes=100, flops=2000000000)
        >>> Cost(0.5, 0.5, 1, 100, 2_000_000_000).gflops
        4.0
    """

    seconds: float = 0.0
    total_seconds: float = 0.0
    calls: int = 0
    bytes: int = 0
    flops: int = 0

    @property
    def gflops(self) -> float:
        """Billions of floating point operations per second."""
        return self.flops / self.seconds / 1e9 if self.seconds > 0 else 0.0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.seconds + other.seconds, self.total_seconds + other.total_seconds,
                    self.calls + other.calls, self.bytes + other.bytes, self.flops + other.flops)


class Costs:
    """Sums over many runs.

    Attributes:
        seconds: of all runs, those inside of others counted once.
        planning: how much of that went into making plans.
        runs: how many there were.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self.planning = 0.0
        self.runs = 0
        self._sums: dict[Operation, list[Any]] = {}  # in the order of Cost

    @property
    def by_op(self) -> dict[Operation, Cost]:
        """The costs of each operation."""
        return {op: Cost(*sums) for op, sums in list(self._sums.items())}

    def add(self, run: RecordedRun, inside: bool) -> None:
        """Adds what a run has spent.

        Args:
            run: the run.
            inside: whether it is a part of another one that is added as well.
        """
        self.runs += 1
        self.seconds += 0.0 if inside else run.seconds
        self.planning += run.planning
        counted: dict[Any, int] = {}
        for part in run.notes.parts:
            self._add_part(part, counted)

    def _add_part(self, part: Part, counted: dict[Any, int]) -> None:
        calls: dict[Operation, int] = {}  # several steps of one op, as a check of it, are one call
        for note in part.notes:
            if not note.is_group:  # what a group has spent is told of its members
                step: Any = note.step
                sums = self._sums.get(step.op)
                if sums is None:
                    sums = self._sums[step.op] = [0.0, 0.0, 0, 0, 0]
                sums[0] += max(note.seconds - note.inside, 0.0)
                sums[1] += note.seconds
                sums[2] += max(note.calls - calls.get(step.op, 0), 0)
                calls[step.op] = max(note.calls, calls.get(step.op, 0))
                sums[3] += note.made
                key = step, note.shapes, note.calls, note.outputs is None
                if key not in counted:  # rounds of a loop are alike
                    counted[key] = flops(note)
                sums[4] += counted[key]
            if note.bodies is not None:
                for inner in note.bodies.parts:
                    self._add_part(inner, counted)
