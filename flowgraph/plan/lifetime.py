"""Lifetimes: which memory each value lives in, and after which step no one needs it any more.

A value's *roots* are the values whose memory it may share: itself, and through views (`reshape`,
slices, transposes) those it was made from. Memory may be reused when no value with that root is
used any more; a root that a result shares leaves the plan and is never reused.
"""

from __future__ import annotations

from flowgraph.program.ir import Program, Value


class Lifetimes:
    """Roots and last uses of the values of a program.

    Attributes:
        roots: the values whose memory a value may share.
        last_use: the number of the last instruction that needs a root's memory.
        escaping: roots whose memory a fetch or a write shares.
    """

    __slots__ = ("escaping", "last_use", "roots")

    def __init__(self, program: Program) -> None:
        roots: dict[Value, frozenset[Value]] = {}
        last_use: dict[Value, int] = {}
        for feed in program.feeds:
            roots[feed.value] = frozenset((feed.value,))
        for read in program.reads:
            roots[read.value] = frozenset((read.value,))
        for i, instr in enumerate(program.instrs):
            aliases = instr.op_def.aliases
            if not aliases:  # most, quickly
                for value in instr.inputs:
                    if value is not None:
                        if value.const is not None:
                            roots.setdefault(value, frozenset((value,)))
                        for root in roots[value]:
                            last_use[root] = i
                for out in instr.outputs:
                    roots[out] = frozenset((out,))
                    last_use[out] = i
                continue
            shared: set[Value] = set()
            for j, value in enumerate(instr.inputs):
                if value is None:
                    continue
                if value.const is not None:
                    roots.setdefault(value, frozenset((value,)))
                for root in roots[value]:
                    last_use[root] = i
                if _param(instr.op_def, j, len(instr.inputs)) in aliases:
                    shared |= roots[value]
            for out in instr.outputs:
                roots[out] = frozenset((out, *shared))
                last_use[out] = i
        self.roots = roots
        self.last_use = last_use
        self.escaping = {root for value in program.results()
                         for root in roots.get(value, (value,))}


def _param(op_def: object, index: int, count: int) -> str:
    return (op_def.flat_params(count) if op_def.lists else op_def.params)[index]  # type: ignore[attr-defined]
