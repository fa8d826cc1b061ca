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
    if not any(op_def.waits or op_def.bodies for op_def in program.op_defs):
        return None
    waiting = [instr for instr in program.instrs if instr.waits]
    if not waiting:
        return None
    needs = _needs(program)
    giving, looking = _beside_waiting(program, needs)
    order = sorted(program.instrs, key=lambda instr: instr not in giving)
    first = _reached(waiting, needs) | giving | looking
    if len(first) < len(order) or order != list(program.instrs):
        program = Program(program.feeds, program.reads, tuple(order), program.fetches,
                          program.writes)
        return _cut(program, first)
    return _split_before_waits(program, waiting, needs)


def split_before_waits(program: Program) -> tuple[Program, Program] | None:
    """Of a program that waits: (what it writes before, the rest); None if it writes nothing then.

    Args:
        program: a program; None also if it does not wait.
    """
    waiting = [instr for instr in program.instrs if instr.waits]
    return _split_before_waits(program, waiting, _needs(program)) if waiting else None


def _split_before_waits(program: Program, waiting: list[Instr], needs: dict[Any, list[Any]]
                        ) -> tuple[Program, Program] | None:
    late = _reached(waiting, _reversed(needs))
    producers = [program.producers.get(write.value) for write in program.writes]
    before = _reached([instr for instr in producers if instr is not None and instr not in late],
                      needs)
    return _cut(program, before) if before else None


def _beside_waiting(program: Program, needs: dict[Any, list[Any]]
                    ) -> tuple[set[Instr], set[Instr]]:
    """What uses queues and the like, needs nothing taken out of one, and must not come too late.

    TensorFlow runs `[queue.dequeue(), queue.enqueue(x)]` side by side. Here what puts something in
    goes before all that takes out. What only looks (`queue.size()`) stays before the takers that
    were built after it.

    Returns:
        (what puts something in, what only looks), each with all that it needs.
    """
    takers = [i for i, instr in enumerate(program.instrs) if instr.waits and instr.outputs]
    if not takers:
        return set(), set()
    late = _reached([program.instrs[i] for i in takers], _reversed(needs))
    beside = [(i, instr) for i, instr in enumerate(program.instrs)
              if instr.op_def.effects == "resource" and instr not in late]
    return (_reached([instr for _, instr in beside if not instr.outputs], needs),
            _reached([instr for i, instr in beside if instr.outputs and i < takers[-1]], needs))


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


# ---- what needs what -----------------------------------------------------------------------------


def _needs(program: Program) -> dict[Any, list[Any]]:
    """By instruction or operation of the graph: those right before it, by data or control edges.

    Operations are in it because passes drop some of them, and the edges that went through them.
    """
    of_op: dict[Any, list[Instr]] = {}
    for instr in program.instrs:
        for op in instr.origins:
            of_op.setdefault(op, []).append(instr)
    needs: dict[Any, list[Any]] = {}
    stack: list[Any] = list(program.instrs)
    while stack:
        node = stack.pop()
        if node in needs:
            continue
        if isinstance(node, Instr):
            found = [program.producers[v] for v in node.inputs if v in program.producers]
            found += node.origins
        else:
            found = [*node._control_inputs, *(tensor.op for tensor in node.inputs),
                     *of_op.get(node, ())]
        needs[node] = found
        stack += found
    return needs


def _reversed(edges: dict[Any, list[Any]]) -> dict[Any, list[Any]]:
    result: dict[Any, list[Any]] = {}
    for node, others in edges.items():
        for other in others:
            result.setdefault(other, []).append(node)
    return result


def _reached(starts: list[Instr], edges: dict[Any, list[Any]]) -> set[Instr]:
    """The instructions to which edges lead, those at the start included."""
    found: set[Any] = set()
    stack: list[Any] = list(starts)
    while stack:
        node = stack.pop()
        if node not in found:
            found.add(node)
            stack += edges.get(node, ())
    return {node for node in found if isinstance(node, Instr)}
