"""A plan for other sizes, made from one that there is.

The programs for two batch sizes mostly differ in nothing but their sizes: what the steps are, which
slots they take, when values die and which buffers they share is the same. `resized` makes sure of
that instruction by instruction, and takes it over; only the buffers are measured anew:

    y = tanh(x)   float32[4, 16]   view 3 of buffer 0, 256 bytes
    y = tanh(x)   float32[6, 16]   view 3 of buffer 0, 384 bytes

What a plan decides by sizes, it decides by which of them are equal (an elementwise step writes over
an input of its own spec). So specs that are equal in the one program must be equal in the other.
What is written into its place in a concatenation must have the same size in both.
"""

from __future__ import annotations

from typing import Any

from flowgraph.core.spec import Spec
from flowgraph.plan.buffers import JOINS, places
from flowgraph.plan.lifetime import Lifetimes
from flowgraph.plan.plan import Plan, Step
from flowgraph.program.groups import GroupOp
from flowgraph.program.ir import Instr, Program, Value
from flowgraph.program.packs import VariablePack

LEAST = 200  # instructions; fewer are planned in no time, and their buffers fit better


def resized(plan: Plan, program: Program) -> Plan | None:
    """The plan for a program that differs from a plan's own in sizes; None where more differs.

    Args:
        plan: a plan on the host.
        program: the program to plan.
    """
    if (plan.gpu is not None or plan.loops or len(program.instrs) < LEAST
            or len(program.instrs) != len(plan.program.instrs)):
        return None
    pairs = _Pairs()
    if not pairs.take(plan.program, program) or not _copies_as_much(plan, program, pairs.of):
        return None
    lifetimes = None
    if (JOINS & program.types and "joins_in_place" in plan.techniques
            and not _joins_alike(plan.program, program)):
        lifetimes = Lifetimes(program)
        if plan.buffers.has_joins or places(program, lifetimes):
            return None
    made = Plan.__new__(Plan)
    made.program, made.techniques = program, plan.techniques
    made.gpus, made.gpu, made.loops = plan.gpus, None, {}
    made._lifetimes = lifetimes
    made.buffers = plan.buffers.resized(pairs.of)
    made.slots = {pairs.of[value]: slot for value, slot in plan.slots.items()}
    made.feed_slots, made.read_slots = plan.feed_slots, plan.read_slots
    made.constants = [(slot, value.const) for value, slot in made.slots.items()
                      if value.const is not None]
    made.host_constants = {}
    made.steps = tuple([_step(step, instr, plan) for step, instr in
                        zip(plan.steps, program.instrs, strict=True)])
    for step in made.steps:
        made.note_host_constants(step)
    made.nodes = made.steps_with_nodes()
    made.fetches = plan.fetches
    made.writes = tuple([(new.variable, slot, is_copied) for new, (_, slot, is_copied) in
                         zip(program.writes, plan.writes, strict=True)])
    return made


def _step(step: Step, instr: Instr, plan: Plan) -> Step:
    if instr.op_def.multiplies or isinstance(instr.op_def, GroupOp):  # they go by sizes
        views = step.views or ((step.view,) if step.view >= 0 else ())
        return Step(instr, step.inputs, step.outputs, views, step.drops, step.frees,
                    plan.techniques)
    return step.like(instr)


class _Pairs:
    """Which value of a program is which of the other.

    Attributes:
        of: the values of the second program by those of the first.
    """

    def __init__(self) -> None:
        self.of: dict[Value, Value] = {}
        self._same: set[tuple[int, int]] = set()  # pairs of specs that have been looked at
        self._shapes: dict[Spec, Spec] = {}
        self._constants: set[Value] = set()  # of the second program

    def take(self, old: Program, new: Program) -> bool:
        """Pairs all values; whether the programs differ in sizes alone."""
        if (len(old.feeds), len(old.reads), len(old.fetches), len(old.writes)) != (
                len(new.feeds), len(new.reads), len(new.fetches), len(new.writes)):
            return False
        of, same = self.of, self._same
        given = [feed.value for feed in old.feeds] + [read.value for read in old.reads]
        taken = [feed.value for feed in new.feeds] + [read.value for read in new.reads]
        if not all(map(self._is_new_pair, given, taken)):
            return False
        for one, other in zip(old.instrs, new.instrs, strict=True):
            if (one.op_def is not other.op_def or other.device
                    or len(one.inputs) != len(other.inputs)
                    or len(one.outputs) != len(other.outputs)):
                return False
            for x, y in zip(one.inputs, other.inputs, strict=True):
                if x is None or x not in of:
                    if not self._are_constants(x, y):
                        return False
                elif of[x] is not y:
                    return False
            for x, y in zip(one.outputs, other.outputs, strict=True):
                of[x] = y
                if (id(x.spec), id(y.spec)) not in same and not self._is_new_pair(x, y):
                    return False
            if isinstance(one.op_def, GroupOp) and not _are_alike(one, other):
                return False
        return (all(self._fits(x, y) for x, y in zip(old.results(), new.results(), strict=True))
                and [isinstance(write.variable, VariablePack) for write in old.writes]
                == [isinstance(write.variable, VariablePack) for write in new.writes])

    def _fits(self, x: Value, y: Value) -> bool:
        return self.of.get(x) is y if x in self.of else self._are_constants(x, y)

    def _are_constants(self, x: Value | None, y: Value | None) -> bool:
        if x is None or y is None:
            return x is y
        if x.const is None or y.const is None or y in self._constants:
            return False  # of another program, two constants may be equal, and are one
        self._constants.add(y)
        self.of[x] = y
        return True

    def _is_new_pair(self, x: Value, y: Value) -> bool:
        """Notes a pair; whether its specs go together as those of all pairs before."""
        self.of[x] = y
        a, b = x.spec, y.spec
        self._same.add((id(a), id(b)))
        return (a.dtype is b.dtype and a.is_static == b.is_static and bool(a.size) == bool(b.size)
                and self._shapes.setdefault(a, b) == b)


def _are_alike(one: Instr, other: Instr) -> bool:
    """Whether the same results of two groups are put together from parts."""
    a, b = one.attrs["group"], other.attrs["group"]
    return [out in a.joined for out in one.outputs] == [out in b.joined for out in other.outputs]


def _joins_alike(old: Program, new: Program) -> bool:
    """Whether parts of concatenations lie in the same places: none has another size."""
    return all(_parts_of(one) == _parts_of(other)
               for one, other in zip(old.instrs, new.instrs, strict=True)
               if one.op_def.type in JOINS)


def _parts_of(join: Instr) -> tuple[Any, ...]:
    """The specs of the parts, and where they begin in a pack, or the axis of a concatenation."""
    specs = [v.spec for v in (*join.inputs, *join.outputs) if v is not None]
    if join.op_def.type == "ConcatV2":
        axis = join.inputs[-1]
        return specs, None if axis is None or axis.const is None else axis.const.tolist()
    return specs, list(join.attrs["pack"].firsts)


def _copies_as_much(plan: Plan, program: Program, of: dict[Value, Value]) -> bool:
    """Whether results that are a part of what they share memory with are so for both sizes."""
    roots = plan.lifetimes.roots
    return all((value.spec.size == root.spec.size) == (of[value].spec.size == of[root].spec.size)
               for value in plan.program.results() for root in roots.get(value, ()))
