"""What a group of elementwise instructions is, where people have a name for it: an LSTM cell.

Programs write cells op by op. What lies between their products is one group, and another one in the
gradient; `name_of` tells them by the ops that stand one after another:

    h' = tanh(f * c + i * g) * o         f, i, o sigmoids, g a tanh       LSTM cell
    h' = u * h + (1 - u) * g             g a tanh                         GRU cell

Nothing is computed in another way for it: the name is for those who read sources.
"""

from __future__ import annotations

from flowgraph.program.ir import Instr, Value

_ADDS = ("Add", "AddV2")


def name_of(members: tuple[Instr, ...]) -> str:
    """`"LSTM cell"`, `"LSTM cell, gradient"`, `"GRU cell"`, or nothing.

    Args:
        members: of a group, each after what it needs.
    """
    kinds = [member.op_def.type for member in members]
    if kinds.count("TanhGrad") == 2 and kinds.count("SigmoidGrad") >= 3:
        return "LSTM cell and its gradient" if "Tanh" in kinds else "LSTM cell, gradient"
    makers = {member.outputs[0]: member for member in members}

    def types(instr: Instr | None) -> list[str]:
        """What makes the inputs of a member, in order of the alphabet."""
        return sorted(makers[v].op_def.type if v in makers else ""
                      for v in (instr.inputs if instr is not None else ()))

    def parts(instr: Instr, kind: str) -> list[Instr | None]:
        return [makers.get(v) for v in instr.inputs
                if v in makers and makers[v].op_def.type == kind]

    for member in members:
        if member.op_def.type not in _ADDS or types(member) != ["Mul", "Mul"]:
            continue
        products = [types(part) for part in parts(member, "Mul")]
        if ["Sigmoid", "Tanh"] in products and _is_shown(member.outputs[0], members):
            return "LSTM cell"
        if ["Sub", "Tanh"] in products:
            return "GRU cell"
    return ""


def _is_shown(state: Value, members: tuple[Instr, ...]) -> bool:
    """Whether the tanh of a cell's state is multiplied by a gate."""
    shown = {m.outputs[0] for m in members if m.op_def.type == "Tanh" and state in m.inputs}
    gates = {m.outputs[0] for m in members if m.op_def.type == "Sigmoid"}
    return any(m.op_def.type == "Mul" and not shown.isdisjoint(m.inputs)
               and not gates.isdisjoint(m.inputs) for m in members)
