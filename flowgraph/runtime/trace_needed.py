"""What a traced run needed without taking a step for it: RunMetadata tells that it took part.

Variables and their reads, constants, what was fed, and operations that were computed before the run
or together with an equal one make no step of their own. In TensorBoard they would look as if the
run had nothing to do with them, so they are told with their shapes, without time and memory.
"""

from __future__ import annotations

from typing import Any

from flowgraph.core.tensor_message import shape_message
from flowgraph.graph.operation import Operation


def needed(fetches: list[Any], feeds: list[Any]) -> set[Operation]:
    """The operations that a run needs, those that are fed included.

    Args:
        fetches: the tensors and operations fetched.
        feeds: the tensors fed: what only they needed does not run.
    """
    fed = {tensor.op for tensor in feeds if len(tensor.op.outputs) == 1}
    waiting = [getattr(element, "op", element) for element in fetches]
    found = set(waiting)
    while waiting:
        op = waiting.pop()
        if op in fed:
            continue
        for other in _before(op):
            if other not in found:
                found.add(other)
                waiting.append(other)
    return found


def add_needed(step_stats: Any, fetches: list[Any], feeds: list[Any],
               shapes: tuple[tuple[int, ...], ...] = ()) -> None:
    """Adds to the host what the run needed without taking a step for it.

    Args:
        step_stats: the StepStats of a run.
        fetches: the tensors and operations fetched.
        feeds: the tensors fed.
        shapes: of what was fed for them; none where that is not known.
    """
    if not step_stats.dev_stats:
        return
    device = step_stats.dev_stats[0]
    ends = {node.node_name: node.all_start_nanos + node.all_end_rel_nanos
            for each in step_stats.dev_stats for node in each.node_stats}
    fed = dict(zip(feeds, shapes, strict=False))
    begun = min((node.all_start_nanos for node in device.node_stats), default=0)
    for op in sorted(needed(fetches, feeds), key=lambda op: op.index):
        if op.name in ends:
            continue
        start = ends[op.name] = max((ends.get(other.name, 0) for other in _before(op)),
                                    default=begun)
        node = device.node_stats.add(node_name=op.name, timeline_label=f"{op.name} = {op.type}()",
                                     all_start_micros=start // 1000, all_start_nanos=start,
                                     scheduled_micros=start // 1000, scheduled_nanos=start)
        if not op.outputs:  # TensorBoard wants to see something: an output, or a time
            node.op_end_rel_micros = node.all_end_rel_micros = 1
        for tensor in op.outputs:
            described = node.output.add(slot=tensor.value_index).tensor_description
            described.dtype = tensor.dtype.base_dtype.as_datatype_enum
            shape = fed.get(tensor, tensor.spec.shape)
            if shape is not None and None in shape:
                shape = None  # TensorFlow's profiler wants all sizes or none
            described.shape.CopyFrom(shape_message(shape))


def _before(op: Operation) -> list[Operation]:
    return [*(tensor.op for tensor in op.inputs), *op.control_inputs]
