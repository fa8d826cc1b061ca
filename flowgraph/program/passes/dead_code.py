"""Dead code: instructions whose results no one uses are dropped."""

from __future__ import annotations

from flowgraph.program.ir import Program, Value


def dead_code(program: Program) -> Program:
    """Keeps what leads to a fetch or a write, and what is seen from outside (prints, asserts)."""
    used: set[Value | None] = set(program.results())
    kept = []
    for instr in reversed(program.instrs):
        if instr.keep or not used.isdisjoint(instr.outputs):
            kept.append(instr)
            used.update(instr.inputs)  # None among them does no harm
    if len(kept) == len(program.instrs):
        return program
    kept.reverse()
    return program.with_instrs(kept, {})
