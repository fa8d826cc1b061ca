"""A group of elementwise instructions that run together, tile by tile.

    mul  = x * 1.5           one after another: 4 million numbers go to memory and back each time
    add  = mul + 0.5
    tanh = tanh(add)

    for each tile of 65,536 numbers: mul, add, tanh      together: a tile stays in the cache

Members of a group have one shape, so a tile of them needs a tile of their inputs, or (for what is
broadcast) the whole of a small one. Reductions may stand at the end: each tile gives a part of
their result. Reductions of rows may stand anywhere, since a tile has whole rows, and so may what is
computed from them with a number per row: a softmax is one group. The pass `elementwise_groups`
finds groups; `plan.tiles` runs them.
"""

from __future__ import annotations

from typing import Any

from flowgraph.core.spec import Shape, Spec
from flowgraph.errors import OpDefError
from flowgraph.opdef.opdef import OpDef
from flowgraph.program.ir import Instr, Value

REDUCTIONS = ("Sum", "Mean", "Max", "Min")
ROW_WISE = ("Softmax", "LogSoftmax")  # take whole rows and give whole rows
AT_LABELS = ("AtLabels", "OneLessAtLabels")  # take rows and a number for each


class InstrGroup:
    """What runs as one: the description from which both NumPy's tiles and CUDA's kernels are made.

    Attributes:
        members: the instructions, each after what it needs.
        inputs: the values from outside, in the order of the instruction's inputs.
        results: the values that are used outside, in the order of its outputs.
        shape: the shape of the largest members.
    """

    __slots__ = ("inputs", "members", "results", "shape")

    def __init__(self, members: tuple[Instr, ...], inputs: tuple[Value, ...],
                 results: tuple[Value, ...], shape: Shape) -> None:
        self.members = members
        self.inputs = inputs
        self.results = results
        self.shape = shape

    def __repr__(self) -> str:
        return " ".join(member.op_def.type for member in self.members)


class Group(InstrGroup):
    """The members of a group that runs tile by tile, on the host.

    Attributes:
        is_flat: whether every tile is a run of numbers of the flattened arrays; else it is some
            rows, of the first axis.
        joined: the results that are put together from a part per tile; of the others, each tile
            makes its own rows.
        squares: per sum of all of a square that nothing else takes, of what it is the square.
        absolutes: per Neg of an absolute value that nothing else takes, of what it is that.
    """

    __slots__ = ("_sliced", "absolutes", "is_flat", "joined", "squares")
    shape: tuple[int, ...]

    def __init__(self, members: tuple[Instr, ...], inputs: tuple[Value, ...],
                 results: tuple[Value, ...], shape: tuple[int, ...]) -> None:
        super().__init__(members, inputs, results, shape)
        ends = [m for m in members if is_reduction(m)]
        whole = all(v.spec.shape == shape or v.spec.size == 1
                    for m in members for v in (*taken(m), *m.outputs[:not is_reduction(m)]))
        self.is_flat = (whole and all(m.outputs[0].spec.size == 1 for m in ends)
                        and not any(m.op_def.type in ROW_WISE for m in members))
        self.joined = frozenset(m.outputs[0] for m in ends
                                if self.is_flat or 0 in (axes_of(m) or ()))
        self._sliced = frozenset(
            v for m in members for v in taken(m)
            if (v.spec.shape == shape if self.is_flat else takes_rows(m, v, shape[0])))
        inner = self._inner()
        self.squares = _squares(members, inner)
        self.absolutes = _absolutes(members, inner)

    def is_sliced(self, value: Value) -> bool:
        """Whether a tile takes only its rows of an input."""
        return value in self._sliced

    def _inner(self) -> dict[Value, Instr]:
        """The members whose result one other member takes, and nothing else."""
        uses: dict[Value, int] = {}
        for member in self.members:
            for value in taken(member):
                uses[value] = uses.get(value, 0) + 1
        return {m.outputs[0]: m for m in self.members
                if m.outputs[0] not in self.results and uses.get(m.outputs[0]) == 1}


def _squares(members: tuple[Instr, ...], inner: dict[Value, Instr]) -> dict[Instr, Value]:
    roots = {out: m.inputs[0] for out, m in inner.items() if m.op_def.type == "Square"
             and out.spec.dtype.name in ("float32", "float64")}
    return {m: roots[m.inputs[0]] for m in members  # type: ignore[misc]
            if m.op_def.type == "Sum" and m.inputs[0] in roots
            and len(axes_of(m) or ()) == len(m.inputs[0].spec.shape or ())}


def _absolutes(members: tuple[Instr, ...], inner: dict[Value, Instr]) -> dict[Instr, Value]:
    sizes = {out: m.inputs[0] for out, m in inner.items() if m.op_def.type == "Abs"
             and out.spec.dtype.kind == "f" and m.inputs[0].spec == out.spec}  # type: ignore[union-attr]
    return {m: sizes[m.inputs[0]] for m in members  # type: ignore[misc]
            if m.op_def.type == "Neg" and m.inputs[0] in sizes}


class GroupOp(OpDef, abstract=True):
    """An op that runs several instructions, its attribute `group`, into arrays that it is given.

    It stands in Programs only, never in a graph.
    """

    params = ("inputs",)
    lists = ("inputs",)
    multiple = True
    takes_out = True
    plain = False

    def infer(self, inputs: Any, *, group: Any, **attrs: Any) -> tuple[Spec, ...]:
        return tuple(value.spec for value in group.results)


class InTiles(GroupOp, abstract=True):
    """Runs a Group."""

    type = "InTiles"

    def kernel(self, xp: Any, inputs: Any, *, group: Group, out: Any = None) -> Any:
        raise OpDefError("a group is run by the plan, which knows its tiles")


IN_TILES = InTiles()


def runs_group(instr: Instr) -> bool:
    """Whether an instruction runs several others, into arrays that it is given."""
    return isinstance(instr.op_def, GroupOp)


def is_reduction(instr: Instr) -> bool:
    """Whether an instruction is one of the reductions that may end a group."""
    return instr.op_def.type in REDUCTIONS


def taken(instr: Instr) -> list[Value]:
    """What a member takes as an array: axes and shapes are known to it, as plain numbers are."""
    inputs = instr.inputs[:1] if is_reduction(instr) or instr.op_def.type == "Reshape" else (
        instr.inputs)
    return [v for v in inputs if v is not None and not (v.const is not None and v.spec.size == 1)]


def takes_rows(instr: Instr, value: Value, rows: int) -> bool:
    """Whether a member takes, of what it takes, only the rows of the tile."""
    shape = value.spec.shape
    if not shape or shape[0] != rows or rows < 2:
        return False
    if is_reduction(instr) or instr.op_def.type in ("Reshape", *AT_LABELS):
        return True
    return len(shape) == len(instr.outputs[0].spec.shape or ())


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
