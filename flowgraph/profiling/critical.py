"""The critical path of a run: the chain of steps that no parallelism can shorten."""

from __future__ import annotations

from dataclasses import dataclass

from flowgraph.core.text import counted
from flowgraph.core.units import seconds_text
from flowgraph.profiling.recording import RecordedStep, Recording
from flowgraph.profiling.table import Column, Table


@dataclass(frozen=True)
class CriticalPath:
    """The longest chain of steps each of which takes what the one before it has made.

    Attributes:
        steps: the chain, in order. Rounds of a loop come one after the other, so that a loop is in
            it with the chains of all its rounds.
        seconds: how long the chain takes.
        share: of the time of all steps. At 1 the run is one chain; at 0.5 it could at best be
            twice as fast on several processors.
    """

    steps: tuple[RecordedStep, ...]
    seconds: float
    share: float

    @property
    def table(self) -> Table:
        """A row for each operation of the chain, in order of beginning."""
        rows: dict[str, list[float]] = {}
        for step in self.steps:
            row = rows.setdefault(step.op.name, [0.0, 0])
            row[0] += step.self_seconds
            row[1] += step.calls
        return Table("critical path", [
            Column("op", left=True), Column("self time", seconds_text),
            Column("share", lambda share: f"{share:.1%}"), Column("calls")],
            [(name, seconds, seconds / self.seconds if self.seconds else 0.0, calls)
             for name, (seconds, calls) in rows.items()],
            ("total", self.seconds, 1.0 if self.seconds else 0.0, sum(s.calls for s in self.steps)))

    def __repr__(self) -> str:
        return (f"<CriticalPath: {counted(len(self.steps), 'step')}, "
                f"{seconds_text(self.seconds)}>")

    def __str__(self) -> str:
        return (f"{counted(len(self.steps), 'step')}, {seconds_text(self.seconds)}: "
                f"{self.share:.1%} of the time of all steps\n{self.table}")

    def _repr_html_(self) -> str:
        return self.table._repr_html_()


def critical_path(recording: Recording) -> CriticalPath:
    """The critical path of a recorded run.

    Args:
        recording: the run.
    """
    chains: dict[int, tuple[float, list[int]]] = {}  # by step: what it takes, and inside of it
    parts: dict[tuple[int, str, int], list[int]] = {}
    for index, step in enumerate(recording.steps):
        parts.setdefault((step.parent, step.body, step.round), []).append(index)
    inside: dict[int, list[list[int]]] = {}
    for (parent, _, _), members in parts.items():
        inside.setdefault(parent, []).append(members)
    for index in range(len(recording.steps) - 1, -1, -1):  # what is inside comes after it
        seconds, chain = recording.steps[index].self_seconds, [index]
        if recording.steps[index].is_group:  # its members run together: all of them count
            chain += inside[index][0] if index in inside else []
            chains[index] = recording.steps[index].seconds, chain
            continue
        for members in inside.get(index, ()):
            more, inner = _longest(recording, members, chains)
            seconds, chain = seconds + more, chain + inner
        chains[index] = seconds, chain
    top = [index for index, step in enumerate(recording.steps) if step.parent < 0]
    seconds, chain = _longest(recording, top, chains)
    whole = sum(step.self_seconds for step in recording.steps)
    return CriticalPath(tuple(recording.steps[index] for index in chain), seconds,
                        seconds / whole if whole else 0.0)


def _longest(recording: Recording, members: list[int],
             chains: dict[int, tuple[float, list[int]]]) -> tuple[float, list[int]]:
    """The longest chain among steps of one plan: its seconds, and the steps in it."""
    import networkx as nx  # late: few programs ask for it
    graph = nx.DiGraph()
    start = -1
    for index in members:
        seconds = chains[index][0]
        graph.add_edge(start, index, weight=seconds)
        for before in recording.steps[index].needs:
            graph.add_edge(before, index, weight=seconds)
    path = nx.dag_longest_path(graph)[1:] if members else []
    return (sum(chains[index][0] for index in path),
            [inner for index in path for inner in chains[index][1]])
