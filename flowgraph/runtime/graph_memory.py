"""The arrays from and into which the CUDA graphs of a plan work: always the same ones.

    feeds, numbers of the host   one array each; numbers of one dtype are copied as one array
    feeds that stay in place     the caller's own arrays, in the GPU's memory already: no copy
    variables that are written   two memories in turn: a run reads the one, and writes the other
    variables that are read      one array each, a copy
    results                      one array each, for what is fetched or goes on to the host

A run that fails has changed nothing: the session keeps the arrays of the new state only when all
went well, as after any run. What `State.values` holds is copied in when it is in neither memory, as
after an assignment.
"""

from __future__ import annotations

import itertools
import sys
import weakref
from collections.abc import Sequence
from typing import Any

import numpy as np

from flowgraph.core.gpu import Gpu, is_on_gpu
from flowgraph.core.gpu_graphs import Graphs
from flowgraph.plan.capture import Phases
from flowgraph.plan.plan import Plan, Step
from flowgraph.program.kernel_groups import IN_KERNEL
from flowgraph.runtime.state import variable_key

_stamps = itertools.count()


class GraphMemory:
    """What the graphs of a plan work on.

    Args:
        plan: the plan; its GPU is the current one.
        found: its phases.
        values: of a run, by slot.
        graphs: who records.
        in_place: slots of feeds that are read where they are, as long as they are there.

    Attributes:
        written: by memory (0 or 1), the arrays of variables by the number of their write.
        sides: the memories that a graph is made for, as the one that it reads.
    """

    def __init__(self, plan: Plan, found: Phases, values: list[Any], graphs: Graphs,
                 in_place: frozenset[int] = frozenset()) -> None:
        self._plan = plan
        self._phases = found
        self._graphs = graphs
        self._gpu: Gpu = graphs.gpu
        self._inputs = _Inputs(graphs, found.uploads, values, in_place)
        self._make_memories(values)
        self._inputs.fill(values)
        empty = self._gpu.xp.empty
        self._results = {
            slot: empty(value.spec.shape, value.spec.dtype.numpy) for step in found.section
            for slot, value in zip(step.outputs, step.instr.outputs, strict=True)
            if slot in found.needed}
        self.sides = range(2 if self.written[0] else 1)
        self._counts: list[list[int]] = []
        # Other graphs that only read a variable have to know when its memory is written again.
        self._stamps = ([next(_stamps)], [next(_stamps)])
        mine = {id(array): stamp for memory, stamp in zip(self.written, self._stamps, strict=True)
                for array in memory.values()}
        self._gpu.stamps.update(mine)
        weakref.finalize(self, _forget, self._gpu.stamps, list(mine))

    def _make_memories(self, values: list[Any]) -> None:
        """Memory for variables: two for those that are written, one for the others."""
        plan, empty = self._plan, self._gpu.xp.empty
        program = plan.program
        self.written: tuple[dict[int, Any], dict[int, Any]] = ({}, {})
        writes: dict[str, int] = {}
        for i, (variable, slot, _) in enumerate(plan.writes):
            if self._gpu.holds(values[slot]):
                writes[variable_key(variable)] = i
                for memory in self.written:
                    memory[i] = empty(values[slot].shape, values[slot].dtype)
        # By slot of what is read: the arrays of both memories.
        self._read: dict[int, tuple[Any, Any]] = {}
        self._only_read: dict[int, Any] = {}
        # What was copied into memory that is only read: the array, or a graph's stamp of it.
        self._seen: dict[int, Any] = {}
        for read, slot in zip(program.reads, plan.read_slots, strict=True):
            if not self._gpu.holds(values[slot]):
                continue
            array, key = values[slot], variable_key(read.variable)
            if key not in writes:
                self._only_read[slot] = empty(array.shape, array.dtype)
                self._graphs.fill(self._only_read[slot], array)
                continue
            first, second = (memory[writes[key]] for memory in self.written)
            if first.shape != array.shape or first.dtype != array.dtype:
                raise ValueError(f"{key} changes its shape")
            self._graphs.fill(first, array)
            self._graphs.fill(second, array)
            self._read[slot] = first, second

    # ---- recording -------------------------------------------------------------------------------

    def start(self, side: int, values: list[Any]) -> list[Any]:
        """What the section starts with, by slot, when it reads the memory `side`.

        Args:
            side: the memory.
            values: of a run, by slot.
        """
        start = list(values)
        for step in (*self._phases.uploads, *self._phases.section):
            for slot in step.outputs:
                start[slot] = None
        for slot, arrays in self._read.items():
            start[slot] = arrays[side]
        for slot, array in (*self._only_read.items(), *self._inputs.arrays.items()):
            start[slot] = array
        return start

    def outs(self, side: int) -> dict[Step, tuple[Any, ...]]:
        """Arrays that steps write their results into, when the section reads the memory `side`."""
        # What is fetched, too, has memory of its own: an error that is kept may keep it.
        new = {self._plan.writes[i][1]: array for i, array in self.written[1 - side].items()
               if self._plan.writes[i][1] not in self._phases.needed}
        return {step: tuple([new.get(slot) for slot in step.outputs])
                for step in self._phases.section if step.instr.op_def is IN_KERNEL
                and not new.keys().isdisjoint(step.outputs)}

    def keep(self, side: int, values: list[Any]) -> None:
        """Copies what the section has computed to where it stays.

        Args:
            side: the memory that it has read.
            values: of the section, by slot.
        """
        for i, array in self.written[1 - side].items():
            value = values[self._plan.writes[i][1]]
            if value is not array:
                array[...] = value
        for slot, array in self._results.items():
            array[...] = values[slot]

    def settle(self) -> None:
        """Notes who refers to the memories when no run does; called when all is recorded."""
        self._counts = [self._references(side) for side in (0, 1)]

    # ---- runs ------------------------------------------------------------------------------------

    def side_for(self, values: list[Any]) -> int | None:
        """The memory that the variables are in; None where the graphs cannot be used now.

        What is elsewhere is copied in, if no other run is looking at that memory.

        Args:
            values: of the run, by slot.
        """
        first = [side for side in self.sides if all(
            values[slot] is arrays[side] for slot, arrays in self._read.items())]
        for side in (*first, *(side for side in self.sides if side not in first)):
            elsewhere = [(arrays[side], values[slot]) for slot, arrays in self._read.items()
                         if values[slot] is not arrays[side]]
            if self._may_change(side, [array for array, _ in elsewhere]) and all(
                    array.shape == value.shape and array.dtype == value.dtype
                    for array, value in (*elsewhere, *((array, values[slot]) for slot, array
                                                       in self._only_read.items()))):
                for array, value in elsewhere:
                    self._graphs.fill(array, value)
                return side
        return None

    def reset(self, side: int, values: list[Any]) -> None:
        """Puts the variables' values into a memory that a launch has overwritten.

        Args:
            side: the memory.
            values: of the run, by slot.
        """
        for slot, arrays in self._read.items():
            self._graphs.fill(arrays[side], values[slot])

    def fill(self, side: int, values: list[Any]) -> None:
        """Copies in what a run brings.

        Args:
            side: the memory that is going to be read.
            values: of the run, by slot.
        """
        stamps = self._gpu.stamps
        for slot, array in self._only_read.items():
            value = values[slot]
            stamp = stamps.get(id(value))
            seen = value if stamp is None else stamp[0]
            if self._seen.get(slot) is not seen:
                self._graphs.fill(array, value)
                self._seen[slot] = seen
        self._stamps[1 - side][0] = next(_stamps)
        self._inputs.fill(values)

    def feeds_moved(self, values: list[Any]) -> bool:
        """Whether a feed that the graphs read where it is is elsewhere in this run.

        Args:
            values: of the run, by slot.
        """
        return any(place_of(values[slot]) != place for slot, place in self._inputs.places.items())

    def give(self, values: list[Any]) -> None:
        """Puts inputs and results, as a launch has left them, where the steps that follow look.

        Args:
            values: of the run, by slot.
        """
        for slot, array in (*self._inputs.arrays.items(), *self._results.items()):
            values[slot] = array

    def _may_change(self, side: int, copied_into: list[Any]) -> bool:
        """Whether no other run, and no variable, has what a launch from a memory overwrites."""
        if self._references(1 - side) != self._counts[1 - side]:
            return False
        if not copied_into:
            return True
        # One more is that in `copied_into`, and one that of the pair it was taken from.
        places = {id(array): i for i, array in enumerate(self.written[side].values())}
        now, before = self._references(side), self._counts[side]
        return all(now[i] == before[i] + 2 for i in [places[id(array)] for array in copied_into])

    def _references(self, side: int) -> list[int]:
        """How often Python refers to each array of a memory."""
        return [sys.getrefcount(array) for array in self.written[side].values()]


class _Inputs:
    """Memory for what a graph gets from the host, or from elsewhere.

    Args:
        graphs: who records.
        uploads: the steps that copy it to the GPU.
        values: of a run, by slot.
        in_place: slots of feeds that need no memory here.

    Attributes:
        arrays: by slot of the upload's result; numbers are parts of one array for each dtype.
        places: of the feeds that are read where they are, by slot.
    """

    def __init__(self, graphs: Graphs, uploads: Sequence[Step], values: list[Any],
                 in_place: frozenset[int]) -> None:
        xp = graphs.gpu.xp
        self._graphs = graphs
        self.arrays: dict[int, Any] = {}
        self._sources: list[tuple[int, Any]] = []  # (slot of what comes, array)
        self._numbers: list[tuple[list[tuple[int, Any]], np.dtype, Any]] = []
        self.places: dict[int, Any] = {}
        numbers: dict[np.dtype, list[Step]] = {}
        for step in uploads:
            source, target = values[step.inputs[0]], step.outputs[0]
            if step.inputs[0] in in_place:  # kept: its memory goes to nobody else meanwhile
                self.arrays[target] = source
                self.places[step.inputs[0]] = place_of(source)
            elif source.ndim == 0:
                numbers.setdefault(source.dtype, []).append(step)
            else:
                self.arrays[target] = xp.empty(source.shape, source.dtype)
                self._sources.append((step.inputs[0], self.arrays[target]))
        for dtype, steps in numbers.items():
            array = xp.empty(len(steps), dtype)
            parts = [(step.inputs[0], array[i]) for i, step in enumerate(steps)]
            for step, (_, part) in zip(steps, parts, strict=True):
                self.arrays[step.outputs[0]] = part
            self._numbers.append((parts, dtype, array))

    def fill(self, values: list[Any]) -> None:
        """Copies in what a run brings.

        Args:
            values: of the run, by slot.
        """
        for slot, array in self._sources:
            self._graphs.fill(array, values[slot])
        for parts, dtype, array in self._numbers:
            there = [is_on_gpu(values[slot]) for slot, _ in parts]
            if not all(there):
                self._graphs.fill(array, np.array([
                    0 if is_there else values[slot]
                    for (slot, _), is_there in zip(parts, there, strict=True)], dtype))
            for (slot, part), is_there in zip(parts, there, strict=True):
                if is_there:  # it was fed from the memory of a GPU
                    self._graphs.fill(part, values[slot])


def place_of(array: Any) -> tuple[int, tuple[int, ...]] | None:
    """Where an array is in the memory of a GPU, and how it lies there; None if it is the host's."""
    if isinstance(array, (np.ndarray, np.generic)) or not is_on_gpu(array):
        return None
    return array.data.ptr, array.strides


def _forget(stamps: dict[int, list[int]], numbers: list[int]) -> None:
    for number in numbers:
        stamps.pop(number, None)
