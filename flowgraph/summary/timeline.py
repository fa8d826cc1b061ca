"""Timeline: what a run's RunMetadata tells about time and memory, as a trace for Chrome to draw.

    options = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)
    metadata = tf.RunMetadata()
    sess.run(train_op, options=options, run_metadata=metadata)
    trace = Timeline(metadata.step_stats).generate_chrome_trace_format()

Written to a file, the trace opens in chrome://tracing and in Perfetto: a group of rows for each
device, a row for each thread, and in it a bar for each step.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

_LABEL = re.compile(r"(?P<name>.*) = (?P<type>.*)\((?P<inputs>.*)\)", re.DOTALL)
_ALLOCATORS = 0  # the trace's process of memory counters; devices are those after it


class AllocationMaximum(NamedTuple):
    """When an allocator held most.

    Attributes:
        timestamp: in microseconds since 1970.
        num_bytes: how much it held then.
        tensors: names of the tensors there were.
    """

    timestamp: float
    num_bytes: int
    tensors: set[str]


class ChromeTrace:
    """The events of a trace."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.metadata: list[dict[str, Any]] = []

    def name_process(self, pid: int, name: str) -> None:
        """Names a group of rows."""
        self.metadata.append({"name": "process_name", "ph": "M", "pid": pid,
                              "args": {"name": name}})

    def name_thread(self, pid: int, tid: int, name: str) -> None:
        """Names a row."""
        self.metadata.append({"name": "thread_name", "ph": "M", "pid": pid, "tid": tid,
                              "args": {"name": name}})

    def add(self, phase: str, category: str, name: str, pid: int, tid: int, timestamp: float,
            **more: Any) -> None:
        """Adds an event."""
        self.events.append({"ph": phase, "cat": category, "name": name, "pid": pid, "tid": tid,
                            "ts": timestamp, **more})

    def format_to_string(self, pretty: bool = False) -> str:
        """The trace as JSON.

        Args:
            pretty: whether to indent it.
        """
        trace = {"traceEvents": self.metadata + self.events}
        return (json.dumps(trace, indent=4) if pretty else
                json.dumps(trace, separators=(",", ":")))


class StepStatsAnalysis(NamedTuple):
    """What `Timeline.analyze_step_stats` gives.

    Attributes:
        chrome_trace: the trace.
        allocator_maximums: AllocationMaximum by name of the allocator.
    """

    chrome_trace: ChromeTrace
    allocator_maximums: dict[str, AllocationMaximum]


class _Step(NamedTuple):
    """A step with its place in the trace; times in microseconds."""

    name: str
    op: str
    inputs: list[str]
    pid: int
    tid: int
    start: float
    end: float
    outputs: list[Any]


class _Tensor:
    """A result: who made it where, and from when to when it was needed."""

    def __init__(self, number: int, step: _Step, description: Any) -> None:
        memory = description.allocation_description
        self.number, self.step = number, step
        self.description = str(description).replace('"', "")
        self.allocator, self.num_bytes = memory.allocator_name, memory.requested_bytes
        self.start, self.last_used = step.start, step.end


class Timeline:
    """Draws the times of a run.

    Args:
        step_stats: the `step_stats` of the RunMetadata that a run filled.
        graph: accepted.

    Example:
        >>> import json
        >>> import flowgraph as fg
        >>> from flowgraph.summary.timeline import Timeline
        >>> options = fg.RunOptions(trace_level=fg.RunOptions.FULL_TRACE)
        >>> metadata = fg.RunMetadata()
        >>> with fg.Session() as sess:
        ...     noise = sess.run(fg.random_normal([3], name="noise"), options=options,
        ...                      run_metadata=metadata)
        >>> trace = json.loads(Timeline(metadata.step_stats).generate_chrome_trace_format())
        >>> bars = [event for event in trace["traceEvents"] if event["ph"] == "X"]
        >>> "RandomStandardNormal" in [bar["name"] for bar in bars]
        True
    """

    def __init__(self, step_stats: Any, graph: Any = None) -> None:
        self._step_stats = step_stats
        self._graph = graph

    def generate_chrome_trace_format(self, show_dataflow: bool = True,
                                     show_memory: bool = False) -> str:
        """The trace as JSON, for chrome://tracing.

        Args:
            show_dataflow: whether to draw arrows from what makes a tensor to what takes it.
            show_memory: whether to show tensors and how much memory they take.
        """
        analysis = self.analyze_step_stats(show_dataflow, show_memory)
        return analysis.chrome_trace.format_to_string(pretty=True)

    def analyze_step_stats(self, show_dataflow: bool = True,
                           show_memory: bool = True) -> StepStatsAnalysis:
        """The trace, and when each allocator held most.

        Args:
            show_dataflow, show_memory: as for `generate_chrome_trace_format`.
        """
        trace = ChromeTrace()
        trace.name_process(_ALLOCATORS, "Allocators")
        steps = [step for number, device in enumerate(self._step_stats.dev_stats)
                 for step in _steps(device, 1 + 2 * number, trace)]
        tensors: dict[str, _Tensor] = {}
        for step in steps:
            for output in step.outputs:
                name = f"{step.name}:{output.slot}" if output.slot else step.name
                tensors[name] = _Tensor(len(tensors), step, output.tensor_description)
        arrows = 0
        for step in steps:
            described = {f"input{i}": name for i, name in enumerate(step.inputs)}
            trace.add("X", "Op", step.op, step.pid, step.tid, step.start,
                      dur=step.end - step.start,
                      args={"name": step.name, "op": step.op, **described})
            for name in step.inputs:
                tensor = tensors.get(name) or tensors.get(name.rpartition("/_")[0])
                if tensor is None:
                    continue
                tensor.last_used = max(tensor.last_used, step.end)
                maker = tensor.step
                if show_dataflow and (maker.pid, maker.tid) != (step.pid, step.tid):
                    for phase, at, when in (("s", maker, maker.end), ("t", step, step.start)):
                        trace.add(phase, "DataFlow", name, at.pid, at.tid, when, id=arrows)
                    arrows += 1
        if not show_memory:
            return StepStatsAnalysis(trace, {})
        for name, tensor in tensors.items():
            step = tensor.step
            pid = step.pid + 1
            trace.add("N", "Tensor", name, pid, step.tid, tensor.start, id=tensor.number)
            trace.add("O", "Tensor", name, pid, step.tid, step.end, id=tensor.number,
                      args={"snapshot": {"tensor_description": tensor.description}})
            trace.add("D", "Tensor", name, pid, step.tid, tensor.last_used, id=tensor.number)
        return StepStatsAnalysis(trace, _maximums(tensors, trace))


def _steps(device: Any, pid: int, trace: ChromeTrace) -> Iterator[_Step]:
    """The steps of a device in the order in which they began, each with a row."""
    trace.name_process(pid, f"{device.device} Compute")
    trace.name_process(pid + 1, f"{device.device} Tensors")
    for tid in sorted(device.thread_names):
        trace.name_thread(pid, tid, device.thread_names[tid])
    on_gpu = "/stream:" in device.device or "/memcpy" in device.device
    rows_end: list[float] = []
    for stats in sorted(device.node_stats, key=lambda stats: stats.all_start_micros):
        start, spent = float(stats.all_start_micros), float(stats.all_end_rel_micros)
        if stats.all_start_nanos:
            start, spent = stats.all_start_nanos / 1000, stats.all_end_rel_nanos / 1000
        name, op, inputs = _parsed(stats, on_gpu)
        # Who does not name threads does not say in which one a step ran: then what overlaps gets
        # rows of its own.
        row = stats.thread_id if device.thread_names else _free_row(rows_end, start, start + spent)
        yield _Step(name, op, inputs, pid, row, start, start + spent, list(stats.output))


def _free_row(rows_end: list[float], start: float, end: float) -> int:
    for row, busy_until in enumerate(rows_end):
        if start > busy_until:
            rows_end[row] = end
            return row
    rows_end.append(end)
    return len(rows_end) - 1


def _parsed(stats: Any, on_gpu: bool) -> tuple[str, str, list[str]]:
    """Name, op type and inputs of a step."""
    if on_gpu:  # there, names are `name:type`
        name, _, op = stats.node_name.partition(":")
        return name, op or "unknown", []
    match = _LABEL.fullmatch(stats.timeline_label)
    if match is None:
        return stats.node_name, "unknown", []
    return stats.node_name, match["type"], match["inputs"].split(", ") if match["inputs"] else []


def _maximums(tensors: dict[str, _Tensor], trace: ChromeTrace) -> dict[str, AllocationMaximum]:
    """Draws how much each allocator held over time; gives when it was most."""
    changes: dict[str, list[tuple[float, int, str]]] = {}
    for name, tensor in tensors.items():
        changes.setdefault(tensor.allocator, []).extend([
            (tensor.start, tensor.num_bytes, name), (tensor.last_used, -tensor.num_bytes, name)])
    maximums = {}
    for allocator, found in changes.items():
        found.sort()
        held = most = count = 0  # how much there is, was at most, and after how many changes
        for i, (timestamp, num_bytes, _) in enumerate(found, 1):
            held += num_bytes
            if held > most:
                most, count = held, i
            trace.add("C", "Memory", allocator, _ALLOCATORS, 0, timestamp, args={allocator: held})
        there: set[str] = set()
        for _, num_bytes, name in found[:count]:
            (there.discard if num_bytes < 0 else there.add)(name)
        maximums[allocator] = AllocationMaximum(found[count - 1][0] if count else 0, most, there)
    return maximums
