"""The order of instructions, after a pass has put something in front of what it needs."""

from __future__ import annotations

import heapq
from collections.abc import Sequence

from flowgraph.program.ir import Instr, Value


def in_valid_order(instrs: Sequence[Instr]) -> list[Instr]:
    """The instructions, each after what it needs; the order given, as far as it can be.

    Those that are seen from outside (prints, asserts, what touches a resource) keep their order.
    """
    maker: dict[Value, int] = {out: i for i, instr in enumerate(instrs) for out in instr.outputs}
    before: list[set[int]] = []
    last_seen = -1
    is_valid = True
    for i, instr in enumerate(instrs):
        needed = {maker[v] for v in instr.inputs if v in maker}
        if not instr.is_pure:
            if last_seen >= 0:
                needed.add(last_seen)
            last_seen = i
        is_valid = is_valid and all(j < i for j in needed)
        before.append(needed)
    if is_valid:
        return list(instrs)
    after: list[list[int]] = [[] for _ in instrs]
    for i, needed in enumerate(before):
        for j in needed:
            after[j].append(i)
    waiting = [len(needed) for needed in before]
    ready = [i for i, count in enumerate(waiting) if not count]
    result = []
    while ready:
        i = heapq.heappop(ready)
        result.append(instrs[i])
        for j in after[i]:
            waiting[j] -= 1
            if not waiting[j]:
                heapq.heappush(ready, j)
    assert len(result) == len(instrs), "instructions wait for each other"
    return result
