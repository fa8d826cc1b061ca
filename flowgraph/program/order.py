"""Orders of operations: what must come before what, and what to say when there is no way."""

from __future__ import annotations

import heapq
from typing import Any

from flowgraph.errors import GraphError, InvalidArgumentError, message
from flowgraph.graph.operation import Operation


def in_order(needed: set[Operation]) -> list[Operation]:
    """The operations so that each comes after what it needs; the order of creation if it can be."""
    order = sorted(needed, key=_index)
    if not any(_has_later(op, needed) for op in order):
        return order
    waiting = {op: sum(1 for before in _before(op) if before in needed) for op in order}
    after: dict[Operation, list[Operation]] = {}
    for op in order:
        for before in _before(op):
            after.setdefault(before, []).append(op)
    ready = [(op.index, op) for op in order if not waiting[op]]
    heapq.heapify(ready)
    result: list[Operation] = []
    while ready:
        op = heapq.heappop(ready)[1]
        result.append(op)
        for later in after.get(op, ()):
            if later in waiting:
                waiting[later] -= 1
                if not waiting[later]:
                    heapq.heappush(ready, (later.index, later))
    if len(result) < len(order):
        raise _cycle(order, waiting)
    return result


def _cycle(order: list[Operation], waiting: dict[Operation, int]) -> GraphError:
    """The error for operations that wait for each other; those after them wait too."""
    at = next(op for op in order if waiting[op])
    path: list[Operation] = []
    while at not in path:
        path.append(at)
        at = next(before for before in _before(at) if waiting.get(before))
    cycle = path[path.index(at):]
    first = min(cycle, key=_index)
    return GraphError(message(
        f"{first.name!r} ({first.frame}) waits for itself: its control inputs form a cycle",
        [(repr(op.name), "waits for", repr(before.name), str(op.frame))
         for op, before in zip(cycle, [*cycle[1:], at], strict=True)], section="graph-error"))


def _before(op: Operation) -> list[Operation]:
    return [t.op for t in op.inputs] + op._control_inputs


def _has_later(op: Operation, needed: set[Operation]) -> bool:
    """Whether it needs an operation that was created after it."""
    index = op.index
    for tensor in op.inputs:
        if tensor.op.index >= index and tensor.op in needed:
            return True
    return any(before.index >= index and before in needed for before in op._control_inputs)


def _index(op: Operation) -> int:
    return op.index


def unfed(placeholder: Operation, fetches: list[Any]) -> InvalidArgumentError:
    """The error for a placeholder that a fetch needs and no one feeds."""
    tensor = placeholder.outputs[0]
    needs = next((f for f in fetches if _depends_on(f, placeholder)), fetches[0])
    return InvalidArgumentError(None, placeholder, message(
        f"You must feed a value for placeholder tensor {placeholder.name!r} ({placeholder.frame}) "
        f"with dtype {tensor.dtype.name} and shape {tensor.shape}",
        [(f"{needs.name!r} needs it", str(getattr(needs, "op", needs).frame))],
        f"Write sess.run(..., feed_dict={{{placeholder.name}: value}}).", "unfed-placeholder"))


def _depends_on(fetch: Any, op: Operation) -> bool:
    stack, visited = [getattr(fetch, "op", fetch)], set()
    while stack:
        at = stack.pop()
        if at is op:
            return True
        if at not in visited:
            visited.add(at)
            stack.extend(_before(at))
    return False
