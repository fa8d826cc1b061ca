"""Tracer: a hook that notes when each step ran and what came out, and fills a RunMetadata with it.

While the run goes on it only notes; the message is filled when the run is over, so that times are
those of the steps.
"""

from __future__ import annotations

import threading
import time
from typing import Any, NamedTuple

import numpy as np

from flowgraph.core.tensor_message import shape_message
from flowgraph.plan.plan import Step
from flowgraph.runtime.trace_needed import needed

DEVICE = "/job:localhost/replica:0/task:0/device:CPU:0"
_ALLOCATOR = "cpu"


class _Ran(NamedTuple):
    """A step that ran; times in nanoseconds of `time.perf_counter_ns`."""

    step: Step
    start: int
    end: int
    thread: int
    outputs: list[tuple[tuple[int, ...], int]]  # shape and bytes of each result


class Tracer:
    """A hook that notes what ran.

    Steps inside of the branches and loops of a step are noted each time that they run.
    """

    def __init__(self) -> None:
        self._ran: list[_Ran] = []
        self._starts: list[int] = []  # a stack: steps run inside of steps
        self._epoch = time.time_ns() - time.perf_counter_ns()
        self._names: dict[int, str] = {}

    def before(self, step: Step, arguments: list[Any]) -> None:
        """Notes the time."""
        self._starts.append(time.perf_counter_ns())

    def after(self, step: Step, arguments: list[Any], results: list[Any], seconds: float) -> None:
        """Notes what came out."""
        end = time.perf_counter_ns()
        thread = threading.current_thread()
        self._names.setdefault(thread.ident or 0, thread.name)
        self._ran.append(_Ran(step, self._starts.pop(), end, thread.ident or 0,
                              [(np.shape(result), getattr(result, "nbytes", 0))
                               for result in results]))

    def fill(self, step_stats: Any) -> None:
        """Puts what ran into a message.

        Args:
            step_stats: a StepStats.
        """
        device = step_stats.dev_stats.add(device=DEVICE)
        numbers = {thread: number for number, thread in enumerate(self._names)}
        for thread, number in numbers.items():
            device.thread_names[number] = self._names[thread]
        for ran in sorted(self._ran, key=lambda ran: ran.start):
            start, spent = self._epoch + ran.start, ran.end - ran.start
            label = _label(ran.step)
            node = device.node_stats.add(
                node_name=ran.step.op.name, timeline_label=label, thread_id=numbers[ran.thread],
                all_start_micros=start // 1000, op_end_rel_micros=max(spent // 1000, 1),
                all_end_rel_micros=max(spent // 1000, 1), scheduled_micros=start // 1000,
                all_start_nanos=start, op_end_rel_nanos=spent, all_end_rel_nanos=spent,
                scheduled_nanos=start)
            total = sum(count for _, count in ran.outputs)
            if total and not ran.step.instr.op_def.aliases:  # else it is its input's memory
                node.memory.add(allocator_name=_ALLOCATOR, total_bytes=total, peak_bytes=total,
                                live_bytes=total)
            for slot, ((shape, count), value) in enumerate(
                    zip(ran.outputs, ran.step.instr.outputs)):
                described = node.output.add(slot=slot).tensor_description
                described.dtype = value.spec.dtype.as_datatype_enum
                described.shape.CopyFrom(shape_message(shape))
                memory = described.allocation_description
                memory.requested_bytes = memory.allocated_bytes = count
                memory.allocator_name = _ALLOCATOR


def _label(step: Step) -> str:
    """What TensorFlow's timeline reads: `name = Type(input, input)`."""
    inputs = ", ".join(value.name for value in step.instr.inputs if value is not None)
    return f"{step.op.name} = {step.instr.op_def.type}({inputs})"


def add_graph_of(run_metadata: Any, graph: Any, fetches: list[Any], feeds: list[Any]) -> None:
    """Adds the part of a graph that a run needs to the RunMetadata's graphs.

    Args:
        run_metadata: the RunMetadata.
        graph: the graph.
        fetches: the tensors and operations fetched.
        feeds: the tensors fed: what only they needed does not run.
    """
    names = {op.name for op in needed(fetches, feeds)}
    whole = graph.as_graph_def()
    part = run_metadata.partition_graphs.add()
    part.versions.CopyFrom(whole.versions)
    part.library.CopyFrom(whole.library)
    part.node.extend(node for node in whole.node if node.name in names)
