"""Cutting a program in parts: what waits for other runs, what is written before it, and the rest.

A run holds the locks of the variables that it writes. An op that waits (for an element in a queue,
for the next batch of a dataset) must not hold them: the run that it waits for may need one. So what
waits, and all that comes before it, becomes a program of its own, which runs first. The rest gets
its results as feeds: their shapes are known by then.

    counter += 1  |  wait for room in the queue, enqueue  |  the rest

What comes before may write variables itself, as the counter of `tf.train.limit_epochs`: that is cut
off in the same way, and is done for good before anything waits.
"""

from __future__ import annotations

from typing import Any

from flowgraph.program.ir import Feed, Instr, Program, Value


def split_at_waits(program: Program) -> tuple[Program, Program] | None:
    """The program as two that run one after the other; None when one does.

    Args:
        program: a program.

    Returns:
        (what waits and all that it needs, the rest). The results of the first are the last feeds
        of the second. None when nothing waits, or when waiting is all there is to do. When waiting
        is all, but for what is written before: (that, what waits).
    """
    waiting = [instr for instr in program.instrs if instr.waits]
    if not waiting:
        return None
    giving, looking = _beside_waiting(program)
    order = sorted(program.instrs, key=lambda instr: instr not in giving)
    first = _with_predecessors(program, waiting) | giving | looking
    if len(first) < len(order) or order != list(program.instrs):
        program = Program(program.feeds, program.reads, tuple(order), program.fetches,
                          program.writes)
        return _cut(program, first)
    return split_before_waits(program)


def _beside_waiting(program: Program) -> tuple[set[Instr], set[Instr]]:
    """What uses queues and the like, needs nothing taken out of one, and must not come too late.

    TensorFlow runs `[queue.dequeue(), queue.enqueue(x)]` side by side. Here what puts something in
    goes before all that takes out. What only looks (`queue.size()`) stays before the takers that
    were built after it.

    Returns:
        (what puts something in, what only looks), each with all that it needs.
    """
    giving: set[Instr] = set()
    looking: set[Instr] = set()
    takers = [i for i, instr in enumerate(program.instrs) if instr.waits and instr.outputs]
    for i, instr in enumerate(program.instrs):
        if takers and instr.op_def.effects == "resource" and (not instr.outputs or i < takers[-1]):
            needed = _with_predecessors(program, [instr])
            if not any(before.waits and before.outputs for before in needed):
                (looking if instr.outputs else giving).update(needed)
    return giving, looking


def split_before_waits(program: Program) -> tuple[Program, Program] | None:
    """Of a program that waits: (what it writes before, the rest); None if it writes nothing then.

    Args:
        program: a program; None also if it does not wait.
    """
    if not any(instr.waits for instr in program.instrs):
        return None
    before: set[Instr] = set()
    for write in program.writes:
        producer = program.producers.get(write.value)
        needed = _with_predecessors(program, [producer]) if producer is not None else set()
        if not any(instr.waits for instr in needed):
            before |= needed
    return _cut(program, before) if before else None


def _cut(program: Program, first: set[Instr]) -> tuple[Program, Program]:
    """(the program of these instructions, that of the rest, which is fed with their results)."""
    made = {out for instr in program.instrs if instr in first for out in instr.outputs}
    rest = [instr for instr in program.instrs if instr not in first]
    read = {v for instr in first for v in instr.inputs}
    needed = {v for instr in rest for v in instr.inputs if v is not None}
    needed.update(program.fetches)
    needed.update(w.value for w in program.writes if w.value not in made)
    written = {w.variable for w in program.writes if w.value in made}
    # The rest sees a variable that the first part writes as it was before the run.
    before = [r for r in program.reads if r.variable in written and r.value in needed]
    passed = [v for v in dict.fromkeys((*(r.value for r in before), *_outputs(program, first)))
              if v in needed]
    return (
        Program(program.feeds, tuple(r for r in program.reads if r.value in read or r in before),
                tuple(instr for instr in program.instrs if instr in first), tuple(passed),
                tuple(w for w in program.writes if w.value in made)),
        Program((*program.feeds, *(Feed(None, v) for v in passed)),
                tuple(r for r in program.reads if r.value in needed and r not in before),
                tuple(rest), program.fetches,
                tuple(w for w in program.writes if w.value not in made)))


def _outputs(program: Program, instrs: set[Instr]) -> list[Value]:
    return [out for instr in program.instrs if instr in instrs for out in instr.outputs]


def _with_predecessors(program: Program, waiting: list[Instr]) -> set[Instr]:
    """Some instructions and all that come before them, by data or by control edges."""
    of_op: dict[Any, list[Instr]] = {}
    for instr in program.instrs:
        for op in instr.origins:
            of_op.setdefault(op, []).append(instr)
    found: set[Instr] = set()
    visited: set[Any] = set()
    stack = list(waiting)
    while stack:
        instr = stack.pop()
        if instr in found:
            continue
        found.add(instr)
        stack += [program.producers[v] for v in instr.inputs if v in program.producers]
        ops = list(instr.origins)
        while ops:
            op = ops.pop()
            if op not in visited:
                visited.add(op)
                ops += op._control_inputs
                ops += [tensor.op for tensor in op.inputs]
                stack += of_op.get(op, ())
    return found
