"""Sums of sums that packing makes one of: `l2_loss(g1) + l2_loss(g2) + ...`, as for a global norm.

It is looked for among what variables that are packed depend on, see `packed_updates`.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping

from flowgraph.program.groups import axes_of
from flowgraph.program.ir import Instr, Program, Value

Makers = Mapping[Value, Instr]


def sum_of_parts(instr: Instr, program: Program, makers: Makers, results: Container[Value],
                 handed_on: Callable[[Value], Value]
                 ) -> tuple[list[Value], str, Value | None] | None:
    """(values, how each is summed, what each sum is divided by) of what adds up sums of all of
    some values; None if that is not so.

    Args:
        instr: the instruction that adds up.
        program: it is in.
        makers: by result, the program's instructions.
        results: of the program.
        handed_on: gives the value that an assignment hands on.

    Returns:
        Values whose sums the instruction adds up, all summed in the same way: by "Sum" or "L2Loss".
    """

    def is_inner(value: Value) -> bool:
        """Whether one instruction takes a value, and nothing else."""
        return len(program.users.get(value, ())) == 1 and value not in results

    def terms() -> list[Value]:
        """What the instruction adds up, if that is so."""
        if instr.op_def.type == "AddN":
            return list(instr.inputs)  # type: ignore[arg-type]
        stack = makers.get(instr.inputs[0]) if _is_sum_of_all(instr) else None  # type: ignore[arg-type]
        if stack is None or stack.op_def.type != "Pack" or not is_inner(stack.outputs[0]):
            return []
        return list(stack.inputs)  # type: ignore[arg-type]

    def what_is_summed(term: Value) -> tuple[Value, str, Value | None] | None:
        """(what a term is the sum of, in which way, what it is divided by)."""
        maker, divisor = makers.get(term), None
        if maker is None or not is_inner(term) or not maker.is_pure:
            return None
        if maker.op_def.type == "RealDiv" and maker.inputs[1].const is not None:  # type: ignore[union-attr]
            term, divisor = maker.inputs  # type: ignore[assignment]
            maker = makers.get(term)
        if maker is None or not is_inner(term):
            return None
        if not _is_sum_of_all(maker) and (maker.op_def.type != "L2Loss" or divisor is not None):
            return None
        return handed_on(maker.inputs[0]), maker.op_def.type, divisor  # type: ignore[arg-type]

    whats = [what_is_summed(term) for term in terms()]
    first = whats[0] if len(whats) > 1 else None
    if first is None or any(what is None or what[1:] != first[1:] for what in whats):
        return None
    return [what[0] for what in whats], *first[1:]  # type: ignore[index]


def _is_sum_of_all(instr: Instr) -> bool:
    """Whether an instruction adds up all elements of what it takes."""
    return (instr.op_def.type == "Sum" and instr.is_pure and instr.outputs[0].spec.shape == ()
            and axes_of(instr) is not None)
