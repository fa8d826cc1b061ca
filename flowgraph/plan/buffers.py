"""Buffers: a few pieces of memory that the steps of a plan write into, one after another.

A step whose kernel takes `out=` and whose result has a known size gets a *view* (dtype and shape)
of a buffer. When the result's lifetime ends, the buffer is free for a later step; an elementwise
step may write over an input that dies with it. The plan only says who uses what: the memory itself
is an *arena*, made per run in progress, so that threads can share a plan.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from flowgraph.plan.inline import writes_last
from flowgraph.plan.lifetime import Lifetimes
from flowgraph.program.groups import IN_TILES
from flowgraph.program.ir import Instr, Program, Value


class View(NamedTuple):
    """A buffer seen as an array."""

    buffer: int
    dtype: np.dtype
    shape: tuple[int, ...]


class Buffers:
    """The assignment of buffers to the values of a program.

    Attributes:
        sizes: bytes of each buffer.
        views: the distinct views that steps write into.
        view_of: number of the view that a value is written into.
        freed: per instruction, the numbers of the views whose value dies there.
        peak_bytes: bytes of all buffers together.
    """

    def __init__(self, program: Program, lifetimes: Lifetimes) -> None:
        self.sizes: list[int] = []
        self.views: list[View] = []
        self.view_of: dict[Value, int] = {}
        self.freed: dict[int, list[int]] = {}
        self._number: dict[View, int] = {}
        self._free: dict[int, list[int]] = {}
        self._handed_on: set[Value] = set()  # values whose buffer an in-place step took over
        dying: dict[int, list[Value]] = {}
        for i, instr in enumerate(program.instrs):
            for out in _written_into(instr, lifetimes):
                buffer = self._in_place(i, instr, lifetimes)
                if buffer is None:
                    buffer = self._take(out.spec.nbytes or 0)
                self._assign(out, buffer)
                dying.setdefault(lifetimes.last_use[out], []).append(out)
            for value in dying.pop(i, ()):
                view = self.views[self.view_of[value]]
                if value in self._handed_on:
                    continue
                self._free.setdefault(self.sizes[view.buffer], []).append(view.buffer)
                self.freed.setdefault(i, []).append(self.view_of[value])

    @property
    def peak_bytes(self) -> int:
        """Bytes of all buffers together."""
        return sum(self.sizes)

    def arena(self) -> tuple[np.ndarray, ...]:
        """Fresh memory: one array per view."""
        memory = [np.empty(size, np.uint8) for size in self.sizes]
        return tuple(memory[v.buffer][:_nbytes(v)].view(v.dtype).reshape(v.shape)
                     for v in self.views)

    def _assign(self, value: Value, buffer: int) -> None:
        view = View(buffer, value.spec.dtype.numpy, value.spec.shape)  # type: ignore[arg-type]
        if view not in self._number:
            self._number[view] = len(self.views)
            self.views.append(view)
        self.view_of[value] = self._number[view]

    def _take(self, nbytes: int) -> int:
        """A free buffer of this size, or up to twice as large; else a new one."""
        size = _rounded(nbytes)
        fits = [s for s, free in self._free.items() if free and size <= s <= 2 * size]
        if fits:
            return self._free[min(fits)].pop()
        self.sizes.append(size)
        return len(self.sizes) - 1

    def _in_place(self, i: int, instr: Instr, lifetimes: Lifetimes) -> int | None:
        """The buffer of an input that dies at step `i` and may be written over."""
        if not instr.op_def.elementwise or not writes_last(instr.op_def):
            return None
        out = instr.outputs[0].spec
        for value in instr.inputs:
            if (value in self.view_of and value not in self._handed_on
                    and value.spec == out and lifetimes.last_use[value] == i
                    and not any(other is not value and other is not None
                                and value in lifetimes.roots.get(other, ())
                                for other in instr.inputs)):
                self._handed_on.add(value)
                return self.views[self.view_of[value]].buffer
        return None


def _written_into(instr: Instr, lifetimes: Lifetimes) -> list[Value]:
    """The results that the kernel can write into memory that it is given."""
    if not instr.op_def.takes_out or (len(instr.outputs) != 1 and instr.op_def is not IN_TILES):
        return []
    joined = instr.attrs["group"].joined if instr.op_def is IN_TILES else ()
    return [out for out in instr.outputs
            if out.spec.is_static and out.spec.dtype.kind not in "sr" and out.spec.size
            and out not in lifetimes.escaping and out not in joined]


def _nbytes(view: View) -> int:
    return int(np.prod(view.shape, dtype=np.int64)) * view.dtype.itemsize


def _rounded(nbytes: int) -> int:
    return -(-nbytes // 64) * 64
