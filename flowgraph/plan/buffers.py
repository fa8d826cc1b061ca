"""Buffers: a few pieces of memory that the steps of a plan write into, one after another.

A step whose kernel takes `out=` and whose result has a known size gets a *view* (dtype and shape)
of a buffer. When the result's lifetime ends, the buffer is free for a later step; an elementwise
step may write over an input that dies with it. The plan only says who uses what: the memory itself
is an *arena*, made per run in progress, so that threads can share a plan.

What a variable becomes is written into memory of its own, which the run is given: the array that
the variable had two runs ago. A training step allocates nothing for its variables then.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from flowgraph.core import aligned
from flowgraph.core.spec import Spec
from flowgraph.plan.inline import may_write_over
from flowgraph.plan.joins import Place, places_in_joins
from flowgraph.plan.lifetime import Lifetimes
from flowgraph.program.groups import GroupOp
from flowgraph.program.ir import Instr, Program, Value
from flowgraph.program.packs import VariablePack
from flowgraph.program.pipeline import PLANNING

JOINS = frozenset(("ConcatV2", "Packed"))
_OWN_MEMORY = 1 << 14  # bytes; an array that is smaller costs less than a look at the old one


class View(NamedTuple):
    """A buffer, or a part of one, seen as an array.

    Attributes:
        buffer: its number.
        dtype, shape: of the array.
        offset, strides: of a part, in bytes; no strides where the array lies in one piece.
    """

    buffer: int
    dtype: np.dtype
    shape: tuple[int, ...]
    offset: int = 0
    strides: tuple[int, ...] = ()


class Outgoing(NamedTuple):
    """A result that is what a variable becomes.

    Attributes:
        value: the result; `Assign` hands it on as it is.
        write: the number of the program's write.
    """

    value: Value
    write: int


class Buffers:
    """The assignment of buffers to the values of a program.

    Attributes:
        sizes: bytes of each buffer.
        views: the distinct views that steps write into.
        view_of: number of the view that a value is written into.
        freed: per instruction, the numbers of the views whose value dies there.
        outgoing: the results that are written into memory given to the run, as they are what a
            variable becomes; in the order of the writes; their views have the numbers after those
            of `views`.
        lent: per loop that is a part of the plan, the numbers of the views of its steps.
        has_joins: whether parts of concatenations are written where they stand in them.
        peak_bytes: bytes of all buffers together.
    """

    def __init__(self, program: Program, lifetimes: Lifetimes,
                 techniques: frozenset[str] = frozenset(PLANNING),
                 loops: dict[Instr, list[Buffers]] | None = None) -> None:
        self.sizes: list[int] = []
        self.views: list[View] = []
        self.view_of: dict[Value, int] = {}
        self.freed: dict[int, list[int]] = {}
        self._number: dict[View, int] = {}
        self._whole: dict[tuple[int, int], int] = {}  # of views of a buffer from its beginning
        self.outgoing: tuple[Outgoing, ...] = ()
        self._free: dict[int, list[int]] = {}
        self.lent: dict[Instr, tuple[int, ...]] = {}
        self._loops = loops or {}
        self.has_joins = False
        self._handed_on: set[Value] = set()  # values whose buffer an in-place step took over
        if "buffer_reuse" in techniques:
            joins = places(program, lifetimes) if "joins_in_place" in techniques else {}
            self.has_joins = bool(joins)
            self._assign_all(program, lifetimes, joins)
        if "double_buffering" in techniques:
            self.outgoing = _outgoing(program, lifetimes)
            for number, outgoing in enumerate(self.outgoing, len(self.views)):
                self.view_of[outgoing.value] = number

    def _assign_all(self, program: Program, lifetimes: Lifetimes,
                    places: dict[Value, Place]) -> None:
        dying: dict[int, list[Value]] = {}
        taken: dict[Value, int] = {}  # the buffers of concatenations that have parts inside
        ends = {place.whole: lifetimes.last_use[place.whole] for place in places.values()}
        for value, inside in places.items():
            ends[inside.whole] = max(ends[inside.whole], lifetimes.last_use[value])
        for i, instr in enumerate(program.instrs):
            for out in _written_into(instr, lifetimes):
                place = (places.get(out) or (Place(out, 0, ()) if out in ends else None)
                         if places else None)
                if place is not None:
                    if place.whole not in taken:
                        taken[place.whole] = self._take(place.whole.spec.nbytes or 0)
                        dying.setdefault(ends[place.whole], []).append(place.whole)
                    self._handed_on.add(out)  # no step may take it over
                    self._assign(out, taken[place.whole], place.offset, place.strides)
                    continue
                buffer = self._in_place(i, instr, lifetimes)
                if buffer is None:
                    buffer = self._take(out.spec.nbytes or 0)
                self._assign(out, buffer)
                dying.setdefault(lifetimes.last_use[out], []).append(out)
            if self._loops and instr in self._loops:
                self._lend(i, instr)
            for value in dying.pop(i, ()):
                view = self.views[self.view_of[value]]
                if value in self._handed_on and value not in taken:
                    continue
                self._free.setdefault(self.sizes[view.buffer], []).append(view.buffer)
                self.freed.setdefault(i, []).append(self.view_of[value])

    def _lend(self, i: int, instr: Instr) -> None:
        """Buffers for what the steps of a loop write, which is free when the loop is done."""
        taken, lent = [], []
        for inner in self._loops[instr]:
            buffers = [self._take(size) for size in inner.sizes]
            taken += buffers
            lent += [self._number_of(view._replace(buffer=buffers[view.buffer]))
                     for view in inner.views]
        self.lent[instr] = tuple(lent)
        for buffer in taken:
            self._free.setdefault(self.sizes[buffer], []).append(buffer)
        if lent:
            self.freed.setdefault(i, []).extend(lent)

    def resized(self, of: dict[Value, Value]) -> Buffers:
        """The same for values of other sizes, but for those that lie inside of others.

        Args:
            of: the values that take the place of these.
        """
        made = Buffers.__new__(Buffers)
        made.freed, made.lent, made.has_joins = self.freed, self.lent, self.has_joins
        made.view_of = {of[value]: number for value, number in self.view_of.items()}
        made.outgoing = tuple([Outgoing(of[value], write) for value, write in self.outgoing])
        made.views, made.sizes = list(self.views), [0] * len(self.sizes)
        given = len(self.views)  # numbers from here on are of memory given to the run
        for value, number in made.view_of.items():
            if number < given and made.views[number].shape != value.spec.shape:
                made.views[number] = View(self.views[number].buffer, value.spec.dtype.numpy,
                                          value.spec.shape)  # type: ignore[arg-type]
        for view in made.views:
            nbytes = math.prod(view.shape) * view.dtype.itemsize
            made.sizes[view.buffer] = max(made.sizes[view.buffer], _rounded(nbytes))
        return made

    @property
    def peak_bytes(self) -> int:
        """Bytes of all buffers together."""
        return sum(self.sizes)

    def arena(self) -> tuple[np.ndarray, ...]:
        """Fresh memory: one array per view."""
        memory = [aligned.empty((size,), np.uint8) for size in self.sizes]
        return tuple(np.ndarray(v.shape, v.dtype, memory[v.buffer], v.offset, v.strides or None)
                     for v in self.views)

    def _assign(self, value: Value, buffer: int, offset: int = 0,
                strides: tuple[int, ...] = ()) -> None:
        spec = value.spec
        if offset or strides:
            self.view_of[value] = self._number_of(
                View(buffer, spec.dtype.numpy, spec.shape, offset, strides))  # type: ignore[arg-type]
            return
        key = buffer, id(spec)  # values that look the same mostly have one Spec
        number = self._whole.get(key)
        if number is None:
            number = self._whole[key] = self._number_of(
                View(buffer, spec.dtype.numpy, spec.shape))  # type: ignore[arg-type]
        self.view_of[value] = number

    def _number_of(self, view: View) -> int:
        if view not in self._number:
            self._number[view] = len(self.views)
            self.views.append(view)
        return self._number[view]

    def _take(self, nbytes: int) -> int:
        """A free buffer of this size, or up to twice as large; else a new one."""
        size = _rounded(nbytes)
        if self._free.get(size):
            return self._free[size].pop()
        fits = [s for s, free in self._free.items() if free and size <= s <= 2 * size]
        if fits:
            return self._free[min(fits)].pop()
        self.sizes.append(size)
        return len(self.sizes) - 1

    def _in_place(self, i: int, instr: Instr, lifetimes: Lifetimes) -> int | None:
        """The buffer of an input that dies at step `i` and may be written over."""
        if not instr.op_def.elementwise:
            return None
        over = may_write_over(instr.op_def)
        if not over:
            return None
        out = instr.outputs[0].spec
        params = instr.op_def.params
        if len(over) == len(params):
            may = instr.inputs
        else:  # a value that is two inputs must be one that may be written over as both
            others = {v for v, p in zip(instr.inputs, params, strict=True) if p not in over}
            may = tuple([v for v in instr.inputs if v not in others])
        for value in may:
            if (value in self.view_of and value not in self._handed_on
                    and value.spec == out and lifetimes.last_use[value] == i
                    and not any(other is not value and other is not None
                                and value in lifetimes.roots.get(other, ())
                                for other in instr.inputs)):
                self._handed_on.add(value)
                return self.views[self.view_of[value]].buffer
        return None


def _written_into(instr: Instr, lifetimes: Lifetimes, may_escape: bool = False) -> list[Value]:
    """The results that the kernel can write into memory that it is given.

    CuPy has a pool of memory of its own, from which an array costs less than a look at this plan.
    """
    op_def, outputs = instr.op_def, instr.outputs
    if instr.device or not op_def.takes_out:
        return []
    if len(outputs) == 1 and not isinstance(op_def, GroupOp):
        out = outputs[0]
        return [out] if ((may_escape or out not in lifetimes.escaping)
                         and _has_known_size(out.spec)) else []
    if not isinstance(op_def, GroupOp):
        return []
    joined = instr.attrs["group"].joined
    return [out for out in outputs if _has_known_size(out.spec)
            and out not in joined and (may_escape or out not in lifetimes.escaping)]


def _has_known_size(spec: Spec) -> bool:
    return spec.dtype.kind not in "sr" and bool(spec.size)


def places(program: Program, lifetimes: Lifetimes) -> dict[Value, Place]:
    """Where the parts of concatenations are written."""
    if program.types.isdisjoint(JOINS):
        return {}
    writable = {out: instr for instr in program.instrs for out in _written_into(instr, lifetimes)}
    return places_in_joins(program, lifetimes, writable)


def _outgoing(program: Program, lifetimes: Lifetimes) -> tuple[Outgoing, ...]:
    """The large new values of variables that their instruction can write into given memory."""
    owners: dict[Value, int] = {}  # by memory: the first write that keeps it
    shared: set[Value] = set()
    for i, write in enumerate(program.writes):
        for root in lifetimes.roots.get(write.value, ()):
            if owners.setdefault(root, i) != i:
                shared.add(root)
    found: dict[int, Value] = {}
    for instr in program.instrs if owners else ():
        if owners.keys().isdisjoint(instr.outputs):
            continue
        for out in _written_into(instr, lifetimes, may_escape=True):
            if out not in owners or lifetimes.roots[out] != {out} or (
                    (out.spec.nbytes or 0) < _OWN_MEMORY and not isinstance(
                        program.writes[owners[out]].variable, VariablePack)):  # its views are kept
                continue
            new = program.writes[owners[out]].value
            if new is out or (new.spec == out.spec and out not in shared
                              and lifetimes.roots[new] == {new, out}
                              and not instr.op_def.takes_old_copy):
                found[owners[out]] = out
    return tuple(Outgoing(value, i) for i, value in sorted(found.items()))


def _rounded(nbytes: int) -> int:
    return -(-nbytes // 64) * 64
