"""`fg.profile`: collects what all runs of a program spend, and tells it by op, scope and line."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any

from flowgraph.graph.operation import Operation
from flowgraph.profiling.costs import Cost, Costs
from flowgraph.profiling.recorder import RecordedRun, keeper
from flowgraph.profiling.recording import Recording
from flowgraph.profiling.table import Column, Table
from flowgraph.profiling.units import bytes_text, seconds_text
from flowgraph.runtime.observe import ObservedRun, observing

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
        self.values = values
        self.last = last
        self._kept: deque[RecordedRun] = deque(maxlen=last)
        self._costs = Costs()
        self._lock = threading.Lock()
        self._observing: list[Any] = []
        self._made: dict[int, Recording] = {}

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
        running.append(recorded)
        try:
            return recorded.during(run)
        finally:
            running.pop()
            if running:
                running[-1].notes.spent_inside(recorded.seconds)
            with self._lock:
                self._costs.add(recorded, inside=bool(running))
                self._kept.append(recorded)

    # ---- what was found --------------------------------------------------------------------------

    @property
    def recordings(self) -> list[Recording]:
        """The last runs, each whole, the oldest first."""
        with self._lock:
            kept = list(self._kept)
        self._made = {id(run): self._made.get(id(run)) or run.recording() for run in kept}
        return list(self._made.values())

    @property
    def runs(self) -> int:
        """How many runs there were."""
        return self._costs.runs

    @property
    def seconds(self) -> float:
        """How long they took, all together."""
        return self._costs.seconds

    @property
    def overhead(self) -> float:
        """How much of that was spent outside of all ops: on feeds, fetches, the runs themselves."""
        return max(self.seconds - sum(c.seconds for c in self._costs.by_op.values()), 0.0)

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
        lines: dict[str, list[Any]] = {}
        for op, cost in self.costs().items():
            line = lines.setdefault(str(op.frame), [Cost(), 0.0, 0.0, Counter()])
            line[0] = line[0] + cost
            line[1 if op.forward_op is None else 2] += cost.seconds
            line[3][(op.forward_op or op).name] += cost.seconds
        total = self.seconds
        rows = sorted(((line, ops.most_common(1)[0][0], cost.seconds,
                        cost.seconds / total if total else 0.0, forward, backward, cost.calls,
                        cost.bytes) for line, (cost, forward, backward, ops) in lines.items()),
                      key=lambda row: -row[2])
        over = self.overhead
        rows.append(("(run itself)", "", over, over / total if total else 0.0, over, 0.0,
                     self.runs, 0))
        return Table("costs by line", [
            Column("line", left=True), Column("mostly", left=True), _TIME, _SHARE,
            Column("forward", seconds_text), Column("backward", seconds_text), Column("calls"),
            _BYTES], rows)

    def __str__(self) -> str:
        runs = f"{self.runs} run{'' if self.runs == 1 else 's'}"
        return f"{runs}, {seconds_text(self.seconds)}\n{self.by_type()}"

    def __repr__(self) -> str:
        return f"<profile of {self.runs} runs, {seconds_text(self.seconds)}>"

    def _repr_html_(self) -> str:
        """The table of op types, for a notebook."""
        return self.by_type()._repr_html_()

    def _grouped(self, key: Callable[[Operation], str]) -> Iterable[tuple[str, Cost]]:
        groups: dict[str, Cost] = {}
        for op, cost in self.costs().items():
            name = key(op)
            groups[name] = groups.get(name, Cost()) + cost
        return sorted(groups.items(), key=lambda item: -item[1].seconds)

    def _table(self, what: str, costs: Iterable[tuple[str, Cost]]) -> Table:
        total = self.seconds
        rows: list[tuple[Any, ...]] = []
        for name, cost in (*costs, ("(run itself)", Cost(self.overhead, calls=self.runs))):
            rows.append((name, cost.seconds, cost.seconds / total if total else 0.0, cost.calls,
                         cost.bytes, cost.gflops))
        calls, made = (sum(row[i] for row in rows[:-1]) for i in (3, 4))
        work = sum(cost.flops for cost in self._costs.by_op.values())
        return Table(f"costs by {what}", [
            Column(what, left=True), _TIME, _SHARE, Column("calls"), _BYTES,
            Column("GFLOP/s", lambda rate: f"{rate:.3g}" if rate else "")], rows,
            ("total", total, 1.0 if total else 0.0, calls, made,
             work / total / 1e9 if total else 0.0))


_TIME = Column("self time", seconds_text)
_SHARE = Column("share", lambda share: f"{share:.1%}")
_BYTES = Column("made", lambda count: bytes_text(count) if count else "")
