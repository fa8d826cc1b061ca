"""Elementwise groups: large elementwise instructions that feed each other become one, in tiles.

Reductions of rows are members too, and so is what is computed from them with a number per row: the
sums of a softmax, the moments of a layer normalisation. Other reductions end a group.

A group is convex (`program/convex.py`), so that it can run as one instruction.
"""

from __future__ import annotations

import math

import numpy as np

from flowgraph.core.spec import Shape, Spec
from flowgraph.errors import FlowgraphError
from flowgraph.opdef.opdef import op_def
from flowgraph.program.convex import (
    MOST_MEMBERS,
    Growing,
    Search,
    results_of,
    search_through,
    with_joined,
)
from flowgraph.program.groups import (
    AT_LABELS,
    IN_TILES,
    ROW_WISE,
    Group,
    axes_of,
    is_part,
    is_reduction,
    taken,
    takes_rows,
)
from flowgraph.program.ir import Instr, Program, Value, constant
from flowgraph.program.passes.cross_entropy_parts import cross_entropy_parts
from flowgraph.program.passes.dead_code import dead_code
from flowgraph.program.specs import Contents, derive

SMALLEST = 1 << 16  # elements: below, waking a thread costs more than it saves
LEAST_WORK = 1 << 19  # elements times instructions
_FAIL_ON_INTEGERS = {"FloorDiv", "FloorMod", "TruncateDiv", "TruncateMod", "Pow", "CountUpTo"}
LONGEST_ROW = 1 << 17  # elements: a tile has at least one row, and should fit into the cache
_NEAR = 64  # instructions between groups; a result that is made much earlier takes memory longer
_SOFTMAX = 8  # operations that are as much work as a softmax
# Functions of which one alone is a group, for several threads: those of NumPy, and those made of
# several calls, which gain by tiles in one thread too.
_SLOW = frozenset(["Cos", "Exp", "Log", "Pow", "Sin", "Tanh"])
_CALLS = dict.fromkeys(["Elu", "Erf", "Expm1", "Log1p", "Selu", "Sigmoid", "Softplus"], 4)


class _Growing(Growing):
    """A group while it is being found.

    Attributes:
        shape: of the largest members.
        by_rows: whether each value that its members take is taken row by row, or as a whole.
    """

    __slots__ = ("by_rows",)

    def __init__(self, shape: tuple[int, ...], bits: int, since: int) -> None:
        super().__init__(shape, bits, since)
        self.by_rows: dict[Value, bool] = {}

    def add(self, instr: Instr) -> None:
        """Takes an instruction in."""
        self.members.append(instr)
        self.by_rows.update((v, takes_rows(instr, v, self.shape[0])) for v in taken(instr))

    def take_over(self, other: _Growing) -> None:  # type: ignore[override]
        """Takes the members of another group in."""
        self.members += other.members
        self.by_rows.update(other.by_rows)

    def agrees(self, instr: Instr, search: Search) -> bool:
        """Whether an instruction takes the rows of what members make, and the same as they do."""
        rows = self.shape[0] if self.shape else 1
        if rows < 2:
            return True
        for value in taken(instr):
            by_rows = takes_rows(instr, value, rows)
            if self.by_rows.get(value, by_rows) != by_rows or (
                    not by_rows and search.maker(value) is self):
                return False
        return True

    def could_take(self, other: _Growing) -> bool:
        """Whether it agrees with another group of its shape."""
        return all(self.by_rows.get(v, by_rows) == by_rows for v, by_rows in other.by_rows.items())


def elementwise_groups(program: Program) -> Program:
    """Joins large elementwise instructions of one shape, and reductions of what they compute."""
    program = cross_entropy_parts(program, SMALLEST)
    if not any(_may_join(instr) is not None for instr in program.instrs):
        return program
    program = dead_code(_see_through_broadcasts(program))
    search = _Search()
    search_through(program, search)
    _join_siblings(program, search)
    groups = [group for group in search.groups if _pays(group)]
    return _joined(program, groups) if groups else program


def _see_through_broadcasts(program: Program) -> Program:
    """Lets elementwise instructions take what was broadcast for them: they broadcast themselves.

    One that takes nothing else works on the small value, and its result is broadcast in its place.
    Zeros are broadcast too.
    """
    small: dict[Value, Value] = {}
    broadcasts: dict[Value, Instr] = {}
    instrs: list[Instr] = []
    changed = False
    for instr in program.instrs:
        if instr.op_def.type == "BroadcastTo":
            small[instr.outputs[0]] = instr.inputs[0]  # type: ignore[assignment]
            broadcasts[instr.outputs[0]] = instr
        elif instr.op_def.type == "ZerosLike" and _is_large(instr):
            out = instr.outputs[0]
            small[out] = constant(out.name, np.zeros((), out.spec.dtype.numpy))
        elif instr.op_def.type == "Select" and _is_large(instr) and all(
                v is not None and v.spec.shape == instr.outputs[0].spec.shape
                for v in instr.inputs):  # which broadcasts under its other name
            instr = Instr(op_def("SelectV2"), instr.inputs, instr.outputs, instr.attrs,
                          instr.origins, instr.keep, equals=instr.equals)
            changed = True
        if not small.keys().isdisjoint(instr.inputs) and _may_join(instr) is not None:
            out = instr.outputs[0]
            less = instr.with_inputs(tuple(small.get(v, v) for v in instr.inputs))  # type: ignore[arg-type]
            shape = _shape_of_result(less)
            like = next((broadcasts[v] for v in instr.inputs if v in broadcasts
                         and v.spec.shape == out.spec.shape), None)
            if shape == out.spec.shape:
                instr = less
            elif instr.op_def.type == "AddN":
                instrs += _added_up(instr, less) or [instr]
                continue
            elif shape is not None and like is not None:
                value = small[out] = Value(f"{out.name}/small", Spec(out.spec.dtype, shape))
                instrs.append(less.with_outputs((value,)))
                instr = broadcasts[out] = Instr(like.op_def, (value, *like.inputs[1:]), (out,),
                                                like.attrs, instr.origins)
        instrs.append(instr)
    return program.with_instrs(instrs, {}) if small or changed else program


def _is_large(instr: Instr) -> bool:
    out = instr.outputs[0].spec
    return instr.is_pure and out.is_static and (out.size or 0) >= SMALLEST and (
        out.dtype.kind in "fiub")


def _added_up(instr: Instr, less: Instr) -> list[Instr] | None:
    """A sum of tensors of one shape as sums of two, which broadcast; None if none is so large."""
    add, out = op_def("AddV2"), instr.outputs[0]
    total, made = less.inputs[0], []
    for i, term in enumerate(less.inputs[1:], 1):
        probe = Instr(add, (total, term), (), dict(add.attr_defaults), instr.origins)
        spec = Spec(out.spec.dtype, _shape_of_result(probe))
        total = out if i == len(less.inputs) - 1 else Value(f"{out.name}/{i}", spec)
        made.append(Instr(add, probe.inputs, (total,), probe.attrs, instr.origins,
                          equals=instr.equals))
    return made if spec.shape == out.spec.shape else None


def _shape_of_result(instr: Instr) -> Shape:
    """The shape of a result by the op's own rule; None where it does not broadcast."""
    try:
        return derive(instr, Contents())[0].shape
    except FlowgraphError:
        return None


def _may_join(instr: Instr) -> tuple[int, ...] | None:
    """The shape of the group that an instruction could be in; None if it cannot be in one."""
    size = instr.outputs[0].spec.size if len(instr.outputs) == 1 else None
    if size is None or size < SMALLEST or not _is_elementwise(instr):
        return None
    shape: tuple[int, ...] = instr.outputs[0].spec.shape  # type: ignore[assignment]
    if instr.op_def.type in ROW_WISE and not _has_rows(shape):
        return None
    return shape


def _is_elementwise(instr: Instr) -> bool:
    """Whether a tile of an instruction's result needs only a tile of what it takes."""
    op_def = instr.op_def
    if len(instr.outputs) != 1 or not instr.is_pure or op_def.host_inputs:
        return False
    spec = instr.outputs[0].spec
    if op_def.type in AT_LABELS:
        return _has_rows(instr.inputs[0].spec.shape)  # type: ignore[arg-type, union-attr]
    if not (op_def.elementwise or op_def.type in ROW_WISE):
        return False
    if spec.dtype.kind not in "fiub" or not spec.is_static:
        return False
    if op_def.type in _FAIL_ON_INTEGERS and spec.dtype.kind in "iu":
        return False  # the message names the op, and the group has many
    return all(v is not None and v.spec.dtype.kind in "fiub"
               and is_part(v.spec.shape, spec.shape)  # type: ignore[arg-type]
               for v in instr.inputs)


def _has_rows(shape: tuple[int, ...]) -> bool:
    """Whether tiles of some rows each are a good way to cut arrays of this shape."""
    return len(shape) > 1 and shape[0] > 1 and math.prod(shape[1:]) <= LONGEST_ROW


def _is_per_row(instr: Instr, shape: tuple[int, ...]) -> bool:
    """Whether an instruction computes some numbers per row of a group of this shape."""
    out = instr.outputs[0].spec if len(instr.outputs) == 1 else None
    if (out is None or not _has_rows(shape) or not out.shape or out.shape[0] != shape[0]
            or not out.is_static or (out.size or 0) >= math.prod(shape)):
        return False
    if instr.op_def.type == "Reshape":
        inner = instr.inputs[0].spec.shape  # type: ignore[union-attr]
        return instr.is_pure and bool(inner) and inner[0] == shape[0]  # type: ignore[index]
    return _is_elementwise(instr) and instr.op_def.type not in ROW_WISE


def _ends(instr: Instr) -> bool:
    """Whether a reduction can be in a group that makes what it takes."""
    axes = axes_of(instr) if is_reduction(instr) and instr.is_pure else None
    dtype = instr.outputs[0].spec.dtype
    if not axes or dtype.kind != "f" or dtype.size < 4:  # a part as float16 may overflow
        return False
    shape: tuple[int, ...] = instr.inputs[0].spec.shape  # type: ignore[assignment, union-attr]
    rest = [n for axis, n in enumerate(shape) if axis not in axes]
    # What is left must be small beside the tiles, or go on row by row.
    return _has_rows(shape) if axes[0] != 0 else math.prod(rest) <= SMALLEST // 4


class _Search(Search):
    """Finds groups, going through a program in order."""

    growing = _Growing

    def can_go_on(self, instr: Instr) -> bool:
        """Whether all of a member's result is there when its tile is done."""
        return not is_reduction(instr) or 0 not in (axes_of(instr) or ())

    def choose(self, instr: Instr) -> _Growing | None:
        """The group that an instruction goes into; it may make one out of several."""
        sources: list[_Growing] = self.sources(instr)
        if is_reduction(instr):
            return next((g for g in sources if _ends(instr)), None)
        for group in reversed(sources):
            if (_is_per_row(instr, group.shape) and group.agrees(instr, self)
                    and self.is_convex([group], instr)):
                return group
        shape = _may_join(instr)
        if shape is None:
            return None
        chosen: list[_Growing] = []
        for group in reversed(sources):
            if (group.shape == shape and group.agrees(instr, self)
                    and all(group.could_take(other) for other in chosen)
                    and self.is_convex([*chosen, group], instr)):
                chosen.append(group)
        return self.merged(chosen) if chosen else self.begin(shape)


def _join_siblings(program: Program, search: _Search) -> None:
    """Joins groups that follow each other and take the same large value: it is read once.

    What comes back into a cell meets the gates that it has passed on separate ways, which need not
    meet again in the cell.
    """
    number = {instr: i for i, instr in enumerate(program.instrs)}
    takers: dict[Value, list[_Growing]] = {}
    for group in list(search.groups):
        size = math.prod(group.shape)
        for value in group.by_rows:
            if value in program.producers and value.spec.size == size:
                takers.setdefault(value, []).append(group)
    for found in takers.values():
        joined: _Growing | None = None
        for group in found:
            group = search.now(group)
            if joined is not None and group is not joined and _are_siblings(
                    joined, group, search, number):
                joined = search.merged([joined, group])
            else:
                joined = group
    for group in search.groups:
        group.members.sort(key=number.__getitem__)


def _are_siblings(one: _Growing, other: _Growing, search: _Search,
                  number: dict[Instr, int]) -> bool:
    if one.shape != other.shape or len(one.members) + len(other.members) > MOST_MEMBERS:
        return False
    places, others = ([number[member] for member in group.members] for group in (one, other))
    apart = max(min(places), min(others)) - min(max(places), max(others))
    made = {m.outputs[0] for m in (*one.members, *other.members)}
    takes = {v: by_rows for group in (one, other) for v, by_rows in group.by_rows.items()}
    return (apart <= _NEAR and one.could_take(other)
            and all(takes[value] for value in made & takes.keys())
            and search.is_convex([one, other]))


def _pays(group: _Growing) -> bool:
    types = [member.op_def.type for member in group.members]
    work = sum(_SOFTMAX if name in ROW_WISE else 1 for name in types)
    if work == 1:
        work = _CALLS.get(types[0], int(types[0] in _SLOW))
    return math.prod(group.shape) * work >= LEAST_WORK


def _joined(program: Program, groups: list[_Growing]) -> Program:
    """The program with one instruction for each group, in an order that fits."""
    leaving = set(program.results())
    group_of: dict[Instr, Instr] = {}
    for growing in groups:
        made = {member.outputs[0] for member in growing.members}
        results = results_of(program, growing.members, leaving)
        inputs = tuple(dict.fromkeys(v for member in growing.members for v in taken(member)
                                     if v not in made))
        group = Group(tuple(growing.members), inputs, results, growing.shape)
        origins = tuple(dict.fromkeys(op for m in growing.members[::-1] for op in m.origins))
        joined = Instr(IN_TILES, inputs, results, {"group": group}, origins)
        group_of.update(dict.fromkeys(growing.members, joined))
    return with_joined(program, group_of)
