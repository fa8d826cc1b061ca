"""Recording: one run, step by step, as plain data."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flowgraph.core.spec import shape_text
from flowgraph.core.text import counted
from flowgraph.core.units import bytes_text, seconds_text
from flowgraph.graph.graph import Graph
from flowgraph.graph.operation import Operation
from flowgraph.profiling.values import Statistics

if TYPE_CHECKING:
    from flowgraph.profiling.critical import CriticalPath


@dataclass(frozen=True, slots=True)
class RecordedOutput:
    """What a step made.

    Attributes:
        name: of the tensor: "dense/MatMul:0".
        dtype: its name: "float32".
        shape: its sizes.
        bytes: how many it has.
        statistics: what it held; None where values were not asked for.
        value: a copy of it, where values="arrays" was asked for; else None.

    Example:
        >>> import flowgraph as fg
        >>> y = fg.square(fg.random_uniform([3], seed=1), name="y")
        >>> output = fg.Session().record(y).steps[-1].outputs[0]
        >>> output.name, output.dtype, output.shape, output.bytes
        ('y:0', 'float32', (3,), 12)
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    bytes: int
    statistics: Statistics | None = None
    value: Any = None


@dataclass(frozen=True, slots=True)
class RecordedStep:
    """One step of a run.

    A group of elementwise ops that run together, tile by tile, is a step of the type "InTiles", and
    its members are steps inside of it, which share its time as such ops usually do.

    Attributes:
        op: the graph Operation that names it; one of a loop's body is in the loop's own graph.
        origins: all graph operations it stands for; `op` is the first.
        type: what ran: the op's type after the passes.
        parent: index of the step inside whose loop or branch it ran; -1 for none.
        body: name of that loop's or branch's part: "cond", "body", "then_branch"; else "".
        round: how often the step around it had run that part before, from 0.
        calls: 1; or, in a long loop, how many rounds the step stands for: `seconds`,
            `self_seconds`, `bytes` and `flops` are sums then, and `outputs` of the last of them.
        start: when it began, in seconds since the run began.
        seconds: how long it took.
        self_seconds: how long without what ran inside of it.
        thread: name of the thread.
        bytes: memory taken for its results; 0 for results that share memory with an input.
        live_bytes: memory in use after it, of all that the run has made.
        inputs: names of the tensors it took.
        needs: indices of the steps that made them, as far as steps of the same plan did.
        outputs: what it made; empty for a step that raised.
        line: the NumPy line of the generated source: `dense = np.matmul(x, w, out=b0)`.
        flops: floating point operations; 0 where the op is not counted.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.placeholder(fg.float32, [2, 2], name="x")
        >>> (step,) = fg.Session().record(fg.matmul(x, x, name="y"), {x: [[1, 2], [3, 4]]}).steps
        >>> step.op.name, step.type, step.inputs, step.flops
        ('y', 'MatMul', ('x:0', 'x:0'), 16)
    """

    op: Operation
    origins: tuple[Operation, ...]
    type: str
    parent: int
    body: str
    round: int
    calls: int
    start: float
    seconds: float
    self_seconds: float
    thread: str
    bytes: int
    live_bytes: int
    inputs: tuple[str, ...]
    needs: tuple[int, ...]
    outputs: tuple[RecordedOutput, ...]
    line: str
    flops: int

    @property
    def is_group(self) -> bool:
        """Whether it stands for ops that ran together, tile by tile; they come after it."""
        return self.type == "InTiles"

    @property
    def forward_op(self) -> Operation:
        """For a step of a gradient the forward op it came from; else its own op."""
        return self.op.forward_op or self.op

    def __repr__(self) -> str:
        return f"<RecordedStep {self.op.name}  {self.type}  {seconds_text(self.seconds)}>"

    def __str__(self) -> str:
        op = self.op
        head = f"{op.name}  {self.type}"
        if self.calls > 1:
            head += f"  {self.calls} times"
        lines = [f"{head}  {seconds_text(self.seconds)}  {op.frame}"]
        if self.inputs:
            lines.append(f"  from  {', '.join(self.inputs)}")
        for output in self.outputs:
            text = f"  makes {output.name}  {output.dtype}{shape_text(output.shape, '[]')}"
            if output.statistics is not None:
                text += f"  {output.statistics}"
            lines.append(text)
        if self.line:
            lines.append(f"  runs  {self.line}")
        return "\n".join(lines)


@dataclass(frozen=True)
class Recording:
    """One run, step by step.

    Attributes:
        graph: the graph that ran.
        title: names of the fetches.
        seconds: how long the run took, from the call to the return.
        steps: what ran, in order of beginning; a step inside a loop or branch comes after it.
        peak_bytes: the most memory in use at once by what the run made.
        planning: how many of the seconds went into making a plan, as the first run of fetches,
            and of other shapes of feeds, has to.
        begun: when it began, in seconds since 1970.
        thread: name of the thread it ran in.
        results: what the run returned; None if it raised, and for runs of a `profile`.
        error: what it raised, as text; "" if all went well.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.placeholder(fg.float32, [2], name="x")
        >>> y = fg.reduce_sum(fg.square(x, name="squares"), name="total")
        >>> recording = fg.Session().record(y, {x: [3, 4]}, values=True)
        >>> for step in recording.steps:
        ...     print(step.op.name, step.outputs[0].statistics, step.flops, sep=" | ")
        squares | min 9  max 16  mean 12.5  std 3.5  [9, 16] | 2
        total | 25 | 1
        >>> recording.results
        np.float32(25.0)
    """

    graph: Graph
    title: str
    seconds: float
    steps: tuple[RecordedStep, ...]
    peak_bytes: int
    planning: float = 0.0
    begun: float = 0.0
    thread: str = ""
    results: Any = field(default=None, repr=False)
    error: str = ""

    @property
    def overhead(self) -> float:
        """Seconds that were spent on feeds, fetches and the run itself: on no step, on no plan."""
        spent = sum(step.self_seconds for step in self.steps)
        return max(self.seconds - self.planning - spent, 0.0)

    def inside(self, index: int) -> Iterator[RecordedStep]:
        """The steps that ran directly inside of a step.

        Args:
            index: of that step; -1 for those that ran in no other.
        """
        return (step for step in self.steps if step.parent == index)

    def critical_path(self) -> CriticalPath:
        """The chain of steps that no parallelism can shorten."""
        from flowgraph.profiling.critical import critical_path  # late: it needs this module
        return critical_path(self)

    def to_chrome_trace(self, path: str | os.PathLike[str]) -> None:
        """Writes the run as a trace for Perfetto and chrome://tracing.

        Args:
            path: the file; `.json` is what they look for.
        """
        from flowgraph.profiling.trace import write_chrome_trace
        write_chrome_trace([self], path)

    def __repr__(self) -> str:
        return (f"<Recording of {self.title}: {counted(len(self.steps), 'step')}, "
                f"{seconds_text(self.seconds)}>")

    def listing(self, first: int = 0, last: int | None = None) -> str:
        """The steps as text, those inside of a loop or branch indented.

        Args:
            first: index of the first step to list.
            last: index of the last one; None for that of the run.

        Returns:
            A line about the run, then a block of lines for each step.
        """
        last = len(self.steps) - 1 if last is None else last
        blocks = [f"{self.title}: {counted(len(self.steps), 'step')}, "
                  f"{seconds_text(self.seconds)}, at most {bytes_text(self.peak_bytes)}"]
        depths: list[int] = []
        for number, step in enumerate(self.steps):
            depths.append(0 if step.parent < 0 else depths[step.parent] + 1)
            if first <= number <= last:
                where = f"({step.body} {step.round}) " if step.parent >= 0 else ""
                text = f"{number}. {where}{step}"
                blocks.append("\n".join("    " * depths[-1] + line for line in text.splitlines()))
        if self.error:
            blocks.append(f"raised {self.error}")
        return "\n\n".join(blocks)

    def __str__(self) -> str:
        return self.listing()
