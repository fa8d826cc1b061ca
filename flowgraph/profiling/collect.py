"""`fg.profile`: collects what all runs of a program spend, and tells it by op, scope and line."""

from __future__ import annotations

import os
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from linecache import getline
from typing import Any

from flowgraph.core.frames import located
from flowgraph.core.text import counted
from flowgraph.core.units import bytes_text, seconds_text
from flowgraph.graph.operation import Operation
from flowgraph.profiling.costs import Cost, Costs
from flowgraph.profiling.critical import CriticalPath
from flowgraph.profiling.recorder import RecordedRun, keeper
from flowgraph.profiling.recording import Recording
from flowgraph.profiling.table import Column, Table
from flowgraph.profiling.trace import write_chrome_trace
from flowgraph.runtime.observe import ObservedRun, observing

_LONGEST_CODE = 60  # characters of a line of the program
_thread = threading.local()  # `running`: the runs that are being recorded, inside each other


class profile(AbstractContextManager):
    """Records every run of every session in a with block.

    Costs are added up over all runs; the last runs are kept whole. Runs of other threads count as
    well. Recorded runs go step by step, which is slower than usual: the times are those of the
    steps, the time of noting them is left out.

    Args:
        values: True to note statistics of all that the steps make, "arrays" to keep copies too.
        last: how many whole recordings are kept.

    Attributes:
        values, last: as given.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.placeholder(fg.float32, [None, 2], name="x")
        >>> y = fg.matmul(x, fg.ones([2, 3]), name="y")
        >>> with fg.profile() as profile, fg.Session() as sess:
        ...     for _ in range(3):
        ...         result = sess.run(y, {x: [[1, 2]]})
        >>> cost = profile.costs()[y.op]
        >>> cost.calls, cost.bytes, cost.flops
        (3, 36, 36)
        >>> profile.by_type().rows[0][0]
        'MatMul'
        >>> len(profile.recordings)
        3
    """

    def __init__(self, values: bool | str = False, last: int = 10) -> None:
        keeper(values)  # raises where it is none of these
        if not isinstance(last, int) or last < 0:
            raise ValueError(located(f"last is a number of recordings, so 0 or more, not {last!r}"))
        self.values = values
        self.last = last
        self._kept: deque[RecordedRun] = deque(maxlen=last)
        self._costs = Costs()
        self._lock = threading.Lock()
        self._observing: list[Any] = []

    def __enter__(self) -> profile:
        context = observing(self)
        context.__enter__()
        self._observing.append(context)
        return self

    def __exit__(self, *exc: Any) -> None:
        self._observing.pop().__exit__(*exc)

    def observe(self, run: ObservedRun) -> Any:
        """Records a run; sessions call this.

        Args:
            run: the run.
        """
        recorded = RecordedRun(run.session, run.fetches, self.values)
        running = _thread.__dict__.setdefault("running", {}).setdefault(id(self), [])
        if running:
            recorded.notes.begin_inside(running[-1].notes)
        running.append(recorded)
        try:
            return recorded.during(run)
        finally:
            running.pop()
            if running:
                running[-1].notes.end_inside(recorded.notes, recorded.seconds)
            with self._lock:
                self._costs.add(recorded, inside=bool(running))
                self._kept.append(recorded)

    # ---- what was found --------------------------------------------------------------------------

    @property
    def recordings(self) -> list[Recording]:
        """The last runs, each whole, the oldest first."""
        with self._lock:
            kept = list(self._kept)
        for run in kept:
            if run.made is None:
                run.made = run.recording()
        return [run.made for run in kept if run.made is not None]

    @property
    def runs(self) -> int:
        """How many runs there were."""
        return self._costs.runs

    @property
    def seconds(self) -> float:
        """How long they took, all together."""
        return self._costs.seconds

    @property
    def planning(self) -> float:
        """How much of that went into making plans, which the first run of fetches has to."""
        return self._costs.planning

    @property
    def overhead(self) -> float:
        """How much of that was spent on feeds, fetches and the runs themselves."""
        spent = sum(cost.seconds for cost in self._costs.by_op.values())
        return max(self.seconds - self.planning - spent, 0.0)

    def costs(self) -> dict[Operation, Cost]:
        """What each graph operation has cost, in all runs; the most expensive comes first.

        Operations inside of loops and branches are in graphs of their own. One that stands for
        others after the passes (`RecordedStep.origins`) has their costs.
        """
        with self._lock:
            return dict(sorted(self._costs.by_op.items(), key=lambda item: -item[1].seconds))

    def by_op(self) -> Table:
        """A row for each operation."""
        return self._table("op", ((op.name, cost) for op, cost in self.costs().items()))

    def by_type(self) -> Table:
        """A row for each type of ops."""
        return self._table("type", self._grouped(lambda op: op.type))

    def by_scope(self, depth: int = 1) -> Table:
        """A row for each name scope.

        Args:
            depth: how many levels of scopes are told apart.
        """
        def scope(op: Operation) -> str:
            return "/".join(op.name.split("/")[:-1][:depth]) or "(no scope)"

        return self._table("scope", self._grouped(scope))

    def by_line(self) -> Table:
        """A row for each line of the program that built the ops, gradients apart."""
        lines: dict[tuple[str, int], list[Any]] = {}
        for op, cost in self.costs().items():
            frame = op.frame
            line = lines.setdefault((frame.filename, frame.lineno),
                                    [str(frame), Cost(), 0.0, 0.0, Counter()])
            line[1] = line[1] + cost
            line[2 if op.forward_op is None else 3] += cost.seconds
            line[4][(op.forward_op or op).name] += cost.seconds
        rows = [(where, (getline(*key).strip() or ops.most_common(1)[0][0])[:_LONGEST_CODE],
                 cost.seconds, forward, backward, cost.calls, cost.bytes)
                for key, (where, cost, forward, backward, ops) in lines.items()]
        rows.sort(key=lambda row: -row[2])
        rows += [(name, "", cost.seconds, 0.0, 0.0, cost.calls, 0)
                 for name, cost in self._outside()]
        columns = list(zip(*rows, strict=True))
        sums = [sum(column) for column in columns[2:]] if rows else [0.0, 0.0, 0.0, 0, 0]
        return self._with_shares("costs by line", [
            Column("line", left=True), Column("code", left=True), _TIME,
            Column("forward", _seconds), Column("backward", _seconds), Column("calls"),
            _BYTES], rows, ("total", "", *sums), 2)

    def critical_path(self, recording: Recording | None = None) -> CriticalPath:
        """The chain of steps of one run that no parallelism can shorten.

        Args:
            recording: which run; default that of the last ones whose steps took longest.

        Raises:
            ValueError: there was no run.
        """
        if recording is None:
            recording = max(self.recordings, default=None,
                            key=lambda r: sum(step.self_seconds for step in r.steps))
        if recording is None:
            raise ValueError(located("there was no run in this profile"))
        return recording.critical_path()

    def to_chrome_trace(self, path: str | os.PathLike[str]) -> None:
        """Writes the last runs as a trace for Perfetto and chrome://tracing.

        Args:
            path: the file; `.json` is what they look for.
        """
        write_chrome_trace(self.recordings, path)

    def __str__(self) -> str:
        return f"{counted(self.runs, 'run')}, {seconds_text(self.seconds)}\n{self.by_type()}"

    def __repr__(self) -> str:
        return f"<profile of {counted(self.runs, 'run')}, {seconds_text(self.seconds)}>"

    def _repr_html_(self) -> str:
        """The table of op types, for a notebook."""
        return self.by_type()._repr_html_()

    def _grouped(self, key: Callable[[Operation], str]) -> Iterable[tuple[str, Cost]]:
        groups: dict[str, Cost] = {}
        for op, cost in self.costs().items():
            name = key(op)
            groups[name] = groups.get(name, Cost()) + cost
        return sorted(groups.items(), key=lambda item: -item[1].seconds)

    def _outside(self) -> list[tuple[str, Cost]]:
        """What is not in ops: so that shares add up to one."""
        rows = [("(run itself)", Cost(self.overhead, calls=self.runs))]
        if self.planning:
            rows.append(("(planning)", Cost(self.planning)))
        return rows

    def _table(self, what: str, costs: Iterable[tuple[str, Cost]]) -> Table:
        costs = list(costs)
        rows = [(name, cost.seconds, cost.calls, cost.bytes, cost.gflops)
                for name, cost in (*costs, *self._outside())]
        total = sum((cost for _, cost in (*costs, *self._outside())), Cost())
        seconds = self.seconds
        return self._with_shares(f"costs by {what}", [
            Column(what, left=True), _TIME, Column("calls"), _BYTES,
            Column("GFLOP/s", lambda rate: f"{rate:.3g}" if rate else "")], rows,
            ("total", seconds, total.calls, total.bytes,
             total.flops / seconds / 1e9 if seconds else 0.0), 1)

    def _with_shares(self, title: str, columns: list[Column], rows: list[tuple[Any, ...]],
                     total: tuple[Any, ...], time: int) -> Table:
        """A table with a column of shares after that of times."""
        seconds = sum(row[time] for row in rows)

        def wider(row: tuple[Any, ...]) -> tuple[Any, ...]:
            share = row[time] / seconds if seconds else 0.0
            return (*row[:time + 1], share, *row[time + 1:])

        return Table(title, [*columns[:time + 1], _SHARE, *columns[time + 1:]],
                     [wider(row) for row in rows], wider(total))


def _seconds(seconds: float) -> str:
    return seconds_text(seconds) if seconds else ""


_TIME = Column("self time", seconds_text)
_SHARE = Column("share", lambda share: f"{share:.1%}")
_BYTES = Column("made", lambda count: bytes_text(count) if count else "")
