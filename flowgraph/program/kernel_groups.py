"""A group of instructions that are one kernel on a GPU.

    mul  = x * 1.5           one after another: each launch takes 5 us, and all numbers go to
    add  = mul + b           memory and back
    tanh = tanh(add)

    for each number: tanh((x * 1.5) + b)          together: one launch, and x and b are read once

The pass `gpu_kernels` finds groups; `plan/gpu_source.py` writes the kernel, which
`plan/gpu_kernels.py` runs. There are four kinds:

- elementwise: the members have one shape; what is smaller is broadcast to it;
- reduction: such a group, and a sum, mean, maximum or minimum of its only result;
- rows: one op that works on whole rows, as a softmax does, each row by a block of threads;
- tensors: groups of one formula, for arrays of several sizes, as the updates of an optimizer are.
"""

from __future__ import annotations

from typing import Any

from flowgraph.core.spec import Shape
from flowgraph.errors import OpDefError
from flowgraph.program.groups import REDUCTIONS, GroupOp, InstrGroup, axes_of
from flowgraph.program.ir import Instr, Value

ROW_OPS = ("Softmax", "LogSoftmax", "SoftmaxCrossEntropyWithLogits",
           "SparseSoftmaxCrossEntropyWithLogits")


class KernelGroup(InstrGroup):
    """The members of a group that is a kernel. Numbers that are known stand in its text.

    Attributes:
        shape: the shape of the elementwise members, or None where it is not known.
        end: the reduction at the end, if there is one.
        parts: the groups of one formula that this one is made of; empty for a single one.
    """

    joined: frozenset[Value] = frozenset()  # no result is put together from parts

    def __init__(self, members: tuple[Instr, ...], results: tuple[Value, ...],
                 parts: tuple[KernelGroup, ...] = ()) -> None:
        self.parts = parts
        self.end = members[-1] if not parts and is_reduction(members[-1]) else None
        made = {out for member in members for out in member.outputs}
        taken = [v for part in parts for v in part.inputs] if parts else dict.fromkeys(
            v for member in members for v in arrays_of(member) if v not in made)
        elementwise = [m for m in members if m is not self.end]
        shape: Shape = elementwise[-1].outputs[0].spec.shape if elementwise else None
        super().__init__(members, tuple(taken), results,
                         shape if shape is None or None not in shape else None)

    @property
    def kind(self) -> str:
        """Which of the four kinds it is, as a word."""
        if self.parts:
            return "tensors"
        if self.members[0].op_def.type in ROW_OPS:
            return "rows"
        return "elementwise" if self.end is None else "reduction"

    def __repr__(self) -> str:
        if self.parts:
            return f"{len(self.parts)} of {self.parts[0]!r}"
        return super().__repr__()


class InKernel(GroupOp, abstract=True):
    """Runs a KernelGroup."""

    type = "InKernel"

    def kernel(self, xp: Any, inputs: Any, *, group: KernelGroup, out: Any = None) -> Any:
        raise OpDefError("a kernel is run by the plan, which has its text")


IN_KERNEL = InKernel()


def in_kernel(group: KernelGroup, device: str) -> Instr:
    """The instruction that runs a group."""
    origins = tuple(dict.fromkeys(op for m in group.members[::-1] for op in m.origins))
    return Instr(IN_KERNEL, group.inputs, group.results, {"group": group}, origins, device=device)


def is_reduction(instr: Instr) -> bool:
    """Whether an instruction is one of the reductions that may end a group."""
    return instr.op_def.type in (*REDUCTIONS, "BiasAddGrad")


def reduced_axes(instr: Instr) -> tuple[int, ...] | None:
    """The axes that a reduction takes away; None if they are not known, or there are none."""
    if instr.op_def.type == "BiasAddGrad":
        shape = instr.inputs[0].spec.shape  # type: ignore[union-attr]
        if shape is None or instr.attrs["data_format"] != "NHWC":
            return None
        return tuple(range(len(shape) - 1))
    return axes_of(instr) or None


def arrays_of(instr: Instr) -> list[Value]:
    """What a member takes as an array, or as a number that is known only when it runs."""
    inputs = instr.inputs[:1] if is_reduction(instr) else instr.inputs
    return [v for v in inputs if v is not None and not is_literal(v, instr)]


def is_literal(value: Value, instr: Instr) -> bool:
    """Whether an input is a number for the text: known, and not what gives a result its rank."""
    if value.const is None or value.const.size != 1:
        return False
    rank = len(value.spec.shape or ())
    return rank == 0 or any(v is not None and v.const is None and v.spec.shape is not None
                            and len(v.spec.shape) >= rank for v in instr.inputs)
