"""What fills a RunMetadata: the notes of a run as StepStats, and the part of the graph that ran.

While the run goes on a StepNotes only notes; the message is filled when the run is over.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flowgraph.core.tensor_message import shape_message
from flowgraph.plan.plan import Step
from flowgraph.runtime.notes import Note, Part, StepNotes
from flowgraph.runtime.trace_needed import needed

DEVICE = "/job:localhost/replica:0/task:0/device:CPU:0"


def fill(step_stats: Any, notes: StepNotes) -> None:
    """Puts what ran into a message, one entry for each time that a step ran, by device.

    What a GPU does takes as long as telling it took the host, which does not wait for it.

    Of rounds of a long loop that were added up each step has one entry, as long as all of them.

    Args:
        step_stats: a StepStats.
        notes: of the run.
    """
    devices = {"": step_stats.dev_stats.add(device=DEVICE)}
    devices[""].thread_names[0] = notes.thread_name
    for note in (note for part in notes.parts for note in _all_of(part)):
        step = note.step
        where = step.instr.device  # "gpu:0"; "" for the host
        if where not in devices:
            devices[where] = step_stats.dev_stats.add(
                device=DEVICE.replace("CPU:0", where.upper()))
            devices[where].thread_names[0] = notes.thread_name
        device, allocator = devices[where], where.partition(":")[0] or "cpu"
        start = int((notes.epoch + note.start) * 1e9)
        spent = max(int(note.seconds * 1e9), 1)
        node = device.node_stats.add(
            node_name=step.op.name, timeline_label=_label(step), thread_id=0,
            all_start_micros=start // 1000, op_end_rel_micros=max(spent // 1000, 1),
            all_end_rel_micros=max(spent // 1000, 1), scheduled_micros=start // 1000,
            all_start_nanos=start, op_end_rel_nanos=spent, all_end_rel_nanos=spent,
            scheduled_nanos=start)
        if note.made:
            node.memory.add(allocator_name=allocator, total_bytes=note.made,
                            peak_bytes=note.made, live_bytes=note.made)
        for slot, (output, value) in enumerate(
                zip(note.outputs or (), step.instr.outputs, strict=False)):
            described = node.output.add(slot=slot).tensor_description
            described.dtype = value.spec.dtype.as_datatype_enum
            described.shape.CopyFrom(shape_message(output.shape))
            memory = described.allocation_description
            memory.requested_bytes = memory.allocated_bytes = output.bytes
            memory.allocator_name = allocator


def _all_of(part: Part) -> Iterator[Note]:
    """The notes of a plan and of all that ran inside of its steps, in order of beginning."""
    for note in part.notes:
        if not note.is_group:  # its members are ops of the graph
            yield note
        if note.bodies is not None:
            for inner in note.bodies.parts:
                yield from _all_of(inner)


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
