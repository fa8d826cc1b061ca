"""A group of elementwise instructions that run together, tile by tile.

    mul  = x * 1.5           one after another: 4 million numbers go to memory and back each time
    add  = mul + 0.5
    tanh = tanh(add)

    for each tile of 32,768 numbers: mul, add, tanh      together: a tile stays in the cache

All members of a group have one shape, so a tile of them needs a tile of their inputs, or (for what
is broadcast) the whole of a small one. Reductions may stand at the end: each tile gives a part of
their result. The pass `elementwise_groups` finds groups; `plan.tiles` runs them.
"""

from __future__ import annotations

from typing import Any

from flowgraph.core.spec import Shape, Spec
from flowgraph.errors import OpDefError
from flowgraph.opdef.opdef import OpDef
from flowgraph.program.ir import Instr, Value

REDUCTIONS = ("Sum", "Mean", "Max", "Min")


class Group:
    """The members of a group.

    Attributes:
        members: the instructions, each after what it needs.
        inputs: the values from outside, in the order of the instruction's inputs.
        results: the values that are used outside, in the order of its outputs.
        shape: the shape of all members but reductions.
        is_flat: whether every tile is a run of numbers of the flattened arrays; else it is some
            rows, of the first axis.
        joined: the results that are put together from a part per tile; of the others, each tile
            makes its own rows.
    """

    __slots__ = ("inputs", "is_flat", "joined", "members", "results", "shape")

    def __init__(self, members: tuple[Instr, ...], inputs: tuple[Value, ...],
                 results: tuple[Value, ...], shape: tuple[int, ...]) -> None:
        self.members = members
        self.inputs = inputs
        self.results = results
        self.shape = shape
        whole = all(v.spec.shape == shape or v.spec.size == 1 for m in members
                    for v in m.inputs[:1 if is_reduction(m) else None] if v is not None)
        ends = [m for m in members if is_reduction(m)]
        self.is_flat = whole and all(m.outputs[0].spec.size == 1 for m in ends)
        self.joined = frozenset(m.outputs[0] for m in ends
                                if self.is_flat or 0 in (axes_of(m) or ()))

    def __repr__(self) -> str:
        return " ".join(member.op_def.type for member in self.members)


class InTiles(OpDef, abstract=True):
    """Runs a Group. It stands in Programs only, never in a graph."""

    type = "InTiles"
    params = ("inputs",)
    lists = ("inputs",)
    multiple = True
    takes_out = True
    plain = False

    def infer(self, inputs: Any, *, group: Group) -> tuple[Spec, ...]:
        return tuple(value.spec for value in group.results)

    def kernel(self, xp: Any, inputs: Any, *, group: Group, out: Any = None) -> Any:
        raise OpDefError("a group is run by the plan, which knows its tiles")


IN_TILES = InTiles()


def is_reduction(instr: Instr) -> bool:
    """Whether an instruction is one of the reductions that may end a group."""
    return instr.op_def.type in REDUCTIONS


def axes_of(instr: Instr) -> tuple[int, ...] | None:
    """The axes that a reduction takes away, none of them negative; None if they are not known."""
    value, axes = instr.inputs[0], instr.inputs[1]
    if value is None or axes is None or axes.const is None or value.spec.shape is None:
        return None
    rank = len(value.spec.shape)
    return tuple(sorted({int(axis) % rank for axis in axes.const.reshape(-1)})) if rank else ()


def is_part(inner: Shape, outer: tuple[int, ...]) -> bool:
    """Whether a known shape broadcasts to another one without making it larger."""
    if inner is None or len(inner) > len(outer):
        return False
    return all(n in (1, m) for n, m in zip(inner[::-1], outer[::-1], strict=False))
