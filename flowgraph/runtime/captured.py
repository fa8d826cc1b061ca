"""Steady runs on a GPU as CUDA graphs: all that the GPU does in a run is launched at once.

A kernel takes Python 5 to 20 us to launch, more than most kernels take to run. A graph is recorded
once, and launched with the same kernels, from and into the same memory:

    feeds, numbers of the host   one array each; numbers of one dtype are copied as one array
    variables                    two memories in turn: a run reads the one, and writes the other

so that a run that fails has changed nothing: the session keeps the arrays of the new state only
when all went well, as after any run. There is a graph for each direction. What `State.values` holds
is copied in when it is in neither memory, as after an assignment.

Both graphs are made in the third run, and launched on what it has computed kernel by kernel. If
anything raises, or their numbers are others, this plan goes on kernel by kernel for good; what went
wrong is told by `Session.explain`.
"""

from __future__ import annotations

import itertools
import sys
import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from flowgraph.core import checks
from flowgraph.core.gpu_graphs import Graphs
from flowgraph.errors import InvalidArgumentError
from flowgraph.plan.capture import Phases, phases
from flowgraph.plan.plan import Plan, Step, own
from flowgraph.program.ir import Program
from flowgraph.program.kernel_groups import IN_KERNEL
from flowgraph.program.pipeline import techniques
from flowgraph.program.transfers import TO_HOST
from flowgraph.runtime.bound_plan import BoundPlan, Settings
from flowgraph.runtime.runner import Hook, Runner
from flowgraph.runtime.state import State, variable_key

RUNS_BEFORE = 2  # kernel by kernel, in which kernels are compiled
_stamps = itertools.count()
# Steps of the host run in another order around a graph: their results need memory of their own.
_WITH_BUFFERS = {"buffer_reuse", "double_buffering", "joins_in_place", "loops_as_source"}


def steady(plan: BoundPlan, program: Program, state: State, settings: Settings) -> SteadyPlan:
    """A plan with a GPU whose runs become CUDA graphs if they can.

    Args:
        plan: the plan.
        program: what it runs, before the passes.
        state, settings: of the session.
    """
    def make() -> BoundPlan:
        return BoundPlan(Plan(settings.optimise(program, for_graph=True),
                              techniques=techniques(settings.passes) - _WITH_BUFFERS,
                              gpus=settings.gpus), state, settings)
    return SteadyPlan(plan, make)


class SteadyPlan:
    """A plan with a GPU, whose runs become CUDA graphs if they can.

    Args:
        plan: the plan, run kernel by kernel.
        make: makes the same plan once more, as it has to be for a graph.
    """

    __slots__ = ("_bound", "_lock", "_make", "_plan", "_replay", "_runs", "_why_not")

    def __init__(self, plan: BoundPlan, make: Callable[[], BoundPlan]) -> None:
        self._plan = plan
        self._make = make
        self._runs = 0
        self._lock = threading.Lock()
        self._bound: BoundPlan | None = None
        self._replay: Replay | None = None
        self._why_not: str | None = None  # not known yet

    @property
    def runners(self) -> tuple[Runner, ...]:
        """The runner of the plan that goes kernel by kernel."""
        return self._plan.runners

    def why_no_graph(self) -> str:
        """Why steady runs are no CUDA graph, a clause; "" where they are, or will be."""
        if self._why_not is None:
            with self._lock:
                self._prepare()
        return self._why_not or ""

    def run(self, feeds: tuple[Any, ...], hooks: tuple[Hook, ...] = (), to_host: bool = True
            ) -> tuple[Any, ...]:
        """Runs once, as a graph if this is a steady run and no other thread is in one."""
        if hooks or self._why_not or self._runs < RUNS_BEFORE:
            self._runs += 1
            return self._plan.run(feeds, hooks, to_host)
        if not self._lock.acquire(blocking=False):
            return self._plan.run(feeds, hooks, to_host)
        try:
            self._prepare()
            if self._bound is None or self._replay is None:
                return self._plan.run(feeds, hooks, to_host)
            self._replay.hands_out = not to_host
            try:
                return self._bound.run(feeds, hooks, to_host)
            finally:
                if self._replay.why_not:
                    self._give_up(self._replay.why_not)
        finally:
            self._lock.release()

    def run_with_hooks(self, feeds: tuple[Any, ...], hooks: tuple[Hook, ...], to_host: bool = True
                       ) -> tuple[Any, ...]:
        """Runs once, with hooks called around each step."""
        return self._plan.run_with_hooks(feeds, hooks, to_host=to_host)

    def _prepare(self) -> None:
        """Finds out whether there can be a graph."""
        if self._why_not is not None:
            return
        try:
            found = phases(self._plan.runner.plan, takes_numbers=True)
            if found.why_not:
                self._why_not = found.why_not
                return
            bound = self._make()
            found = phases(bound.runner.plan)
        except Exception as error:
            self._why_not = f"planning it has failed with {type(error).__name__}: {error}"
            return
        self._why_not = found.why_not
        if not found.why_not:
            self._bound, self._replay = bound, Replay(bound.runner.plan, found)
            bound.runner.use(self._replay)

    def _give_up(self, why_not: str) -> None:
        self._why_not, self._bound, self._replay = why_not, None, None


class Replay:
    """Runs a plan around a graph; stands in the place of a plan's generated source.

    Args:
        plan: the plan.
        found: its phases.

    Attributes:
        hands_out: whether results stay on the GPU, with the caller.
        why_not: what went wrong when the graphs were made; "" as long as nothing did.
    """

    def __init__(self, plan: Plan, found: Phases) -> None:
        self.hands_out = False
        self.why_not = ""
        self._plan = plan
        self._phases = found
        self._recorded: _Recorded | None = None
        self._brings_down = any(step.instr.op_def is TO_HOST for step in found.after)
        self._fetches_from_gpu = any(value.device for value in plan.program.fetches)
        self._lent = found.needed.union(*[step.outputs for step in found.uploads])

    def __call__(self, feeds: Sequence[Any], state: Sequence[Any], arena: Any,
                 nodes: Sequence[Any]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """One run: (fetched arrays, new values of the written variables)."""
        plan, found = self._plan, self._phases
        values: list[Any] = [None] * len(plan.slots)
        for slots, arrays in ((plan.feed_slots, feeds), (plan.read_slots, state)):
            for slot, array in zip(slots, arrays, strict=True):
                values[slot] = array
        for slot, array in plan.constants:
            values[slot] = array
        objects = dict(zip(plan.nodes, nodes, strict=True))
        _run(plan, found.before, values, objects)
        recorded = self._recorded
        side = None if recorded is None else recorded.side_for(values)
        if recorded is not None and side is not None:
            recorded.launch(side, values, self._brings_down or (
                self._fetches_from_gpu and not self.hands_out))
        else:
            _run(plan, (*found.uploads, *found.section), values, objects)
            if recorded is None:
                self._record(values)
        _run(plan, found.after, values, objects)
        written = {} if recorded is None or side is None else recorded.written[1 - side]
        new_state = tuple([
            written[i] if i in written else own(values[slot]) if copy else values[slot]
            for i, (_, slot, copy) in enumerate(plan.writes)])
        # What a graph has written is there until it is launched again.
        lent = self._lent if side is not None and self.hands_out else ()
        fetched = tuple([own(values[slot]) if copy or slot in lent else values[slot]
                         for slot, copy in plan.fetches])
        return fetched, new_state

    def _record(self, values: list[Any]) -> None:
        """Makes the graphs, and sees whether they compute what was computed before."""
        recorded = None
        try:
            with checks.run_of_this_thread():  # these are not to be told
                recorded = _Recorded(self._plan, self._phases, values)
                recorded.prove(values)
        except checks.FailedCheck:
            raise  # of a run before
        except Exception as error:
            text = " ".join(str(error).split())
            self.why_not = f"recording it has failed with {type(error).__name__}: {text:.300}"
            return
        self._recorded = recorded


class _Recorded:
    """Two graphs of the section of a plan, and the memory that they work on.

    Args:
        plan: the plan.
        found: its phases.
        values: of a run, by slot.

    Attributes:
        written: by memory (0 or 1), the arrays of variables by the number of their write.
    """

    def __init__(self, plan: Plan, found: Phases, values: list[Any]) -> None:
        assert plan.gpu is not None
        self._plan = plan
        self._gpu = plan.gpu
        self._phases = found
        self._graphs: Graphs = plan.gpu.graphs()
        with self._graphs.memory():
            self._inputs = _Inputs(self._graphs, found.uploads, values)
            self._make_memories(values)
            self._inputs.fill(values)
        made = [self._record(side, values) for side in range(2 if self.written[0] else 1)]
        self._launches = [graph for graph, _, _ in made]
        self._results = [results for _, results, _ in made]
        self._checks: list[list[checks.Check]] = [kept for _, _, kept in made]
        self._counts = [self._references(side) for side in (0, 1)]
        # Other graphs that only read a variable have to know when its memory is written again.
        self._stamps = ([next(_stamps)], [next(_stamps)])
        self._last_stamp = 0
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

    def _record(self, side: int, values: list[Any]) -> tuple[Any, dict[int, Any], Any]:
        """(the graph that reads memory `side`, results by slot, checks that it makes)."""
        start = list(values)
        for step in (*self._phases.uploads, *self._phases.section):
            for slot in step.outputs:
                start[slot] = None
        for slot, arrays in self._read.items():
            start[slot] = arrays[side]
        for slot, array in (*self._only_read.items(), *self._inputs.arrays.items()):
            start[slot] = array
        # What is fetched, too, has memory of its own: an error that is kept may keep it.
        new = {self._plan.writes[i][1]: array for i, array in self.written[1 - side].items()
               if self._plan.writes[i][1] not in self._phases.needed}
        outs = {step: tuple([new.get(slot) for slot in step.outputs])
                for step in self._phases.section if step.instr.op_def is IN_KERNEL
                and not new.keys().isdisjoint(step.outputs)}

        def section() -> dict[int, Any]:
            given = list(start)
            _run(self._plan, self._phases.section, given, {}, self._graphs.xp, self._last_uses,
                 outs)
            for i, array in self.written[1 - side].items():
                value = given[self._plan.writes[i][1]]
                if value is not array:
                    array[...] = value
            self._tell(failed)
            return {slot: given[slot] for slot in self._phases.needed}

        failed = None
        with checks.run_of_this_thread() as kept:
            if side == 0:
                self._graphs.rehearse(section)
                with self._graphs.memory():
                    self._failed = self._gpu.xp.zeros(len(kept), bool)
                kept.clear()
            failed = self._failed
            graph, results = self._graphs.record(section)
            return graph, results, list(kept)

    def _error(self, check: checks.Check) -> Callable[[], Exception]:
        """Makes the error of a check of the last launch, also when there was another one since."""
        stamp = self._last_stamp

        def error() -> Exception:
            if self._last_stamp == stamp:
                return check.error()
            return InvalidArgumentError(None, None, "a check of what is in its inputs has failed; "
                                        "later runs have overwritten them")
        return error

    def _tell(self, failed: Any) -> None:
        """Puts what the checks of this thread have found into one array, in their order."""
        if failed is not None:
            for i, check in enumerate(checks.kept_so_far()):
                failed[i] = check.failed

    @property
    def _last_uses(self) -> dict[Step, list[int]]:
        """Which slots no step of the section needs after a step, nor anything that follows."""
        kept = self._phases.needed | {self._plan.writes[i][1] for i in self.written[0]}
        last: dict[int, Step] = {}
        made: set[int] = set()
        for step in self._phases.section:
            made.update(step.outputs)
            for slot in (*step.inputs, *step.outputs):
                last[slot] = step
        uses: dict[Step, list[int]] = {}
        for slot, step in last.items():
            if slot in made and slot not in kept:
                uses.setdefault(step, []).append(slot)
        return uses

    def prove(self, values: list[Any]) -> None:
        """Launches both graphs on what a run was given, and compares.

        Args:
            values: of the run, by slot, as kernels have computed them one by one.

        Raises:
            ArithmeticError: other numbers come out.
        """
        needed = sorted(self._phases.needed)
        slots = [*needed, *(self._plan.writes[i][1] for i in self.written[0])]
        expected = self._gpu.download([values[slot] for slot in slots])
        for side, _ in enumerate(self._launches):
            given = list(values)
            for slot, arrays in self._read.items():  # the first launch has overwritten one
                self._graphs.fill(arrays[side], values[slot])
            self.launch(side, given)
            found = self._gpu.download([*(given[slot] for slot in needed),
                                        *self.written[1 - side].values()])
            for slot, one, other in zip(slots, expected, found, strict=True):
                if not _is_same(one, other):
                    name = next(v.name for v, at in self._plan.slots.items() if at == slot)
                    raise ArithmeticError(f"other numbers come out for {name!r}")

    def side_for(self, values: list[Any]) -> int | None:
        """The memory that the variables are in; None where the graphs cannot be used now.

        What is elsewhere is copied in, if no other run is looking at that memory.

        Args:
            values: of the run, by slot.
        """
        sides = range(len(self._launches))
        first = [side for side in sides if all(
            values[slot] is arrays[side] for slot, arrays in self._read.items())]
        for side in (*first, *(side for side in sides if side not in first)):
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

    def launch(self, side: int, values: list[Any], waits: bool = True) -> None:
        """Runs the section, from what is in the memory `side`.

        Args:
            side: the memory.
            values: of the run, by slot; gets the results.
            waits: whether the host waits for what comes out.
        """
        stamps = self._gpu.stamps
        for slot, array in self._only_read.items():
            value = values[slot]
            stamp = stamps.get(id(value))
            seen = value if stamp is None else stamp[0]
            if self._seen.get(slot) is not seen:
                self._graphs.fill(array, value)
                self._seen[slot] = seen
        self._stamps[1 - side][0] = self._last_stamp = next(_stamps)
        self._inputs.fill(values)
        self._graphs.launch(self._launches[side])
        for slot, array in self._inputs.arrays.items():
            values[slot] = array
        for slot, array in self._results[side].items():
            values[slot] = array
        made = self._checks[side]
        if made and not waits:  # the next launch writes them again
            failed = self._failed.copy()
            made = [check._replace(failed=failed[i], error=self._error(check))
                    for i, check in enumerate(made)]
        checks.keep(made)


class _Inputs:
    """Memory for what a graph gets from the host.

    Args:
        graphs: who records; its memory is the current one.
        uploads: the steps that copy it to the GPU.
        values: of a run, by slot.

    Attributes:
        arrays: by slot of the upload's result; numbers are parts of one array for each dtype.
    """

    def __init__(self, graphs: Graphs, uploads: Sequence[Step], values: list[Any]) -> None:
        xp = graphs.gpu.xp
        self._graphs = graphs
        self.arrays: dict[int, Any] = {}
        self._sources: list[tuple[int, Any]] = []  # (slot on the host, array)
        numbers: dict[np.dtype, list[Step]] = {}
        for step in uploads:
            source, target = values[step.inputs[0]], step.outputs[0]
            if source.ndim == 0 and not graphs.gpu.holds(source):
                numbers.setdefault(source.dtype, []).append(step)
            else:
                self.arrays[target] = xp.empty(source.shape, source.dtype)
                self._sources.append((step.inputs[0], self.arrays[target]))
        self._numbers = []
        for dtype, steps in numbers.items():
            array = xp.empty(len(steps), dtype)
            for i, step in enumerate(steps):
                self.arrays[step.outputs[0]] = array[i]
            self._numbers.append(([step.inputs[0] for step in steps], dtype, array))

    def fill(self, values: list[Any]) -> None:
        """Copies in what a run brings.

        Args:
            values: of the run, by slot.
        """
        for slot, array in self._sources:
            self._graphs.fill(array, values[slot])
        for slots, dtype, array in self._numbers:
            self._graphs.fill(array, np.array([values[slot] for slot in slots], dtype))


def _forget(stamps: dict[int, list[int]], numbers: list[int]) -> None:
    for number in numbers:
        stamps.pop(number, None)


def _is_same(one: Any, other: Any) -> bool:
    """Whether two arrays have equal numbers, or floats that are as near as roundings allow.

    Sums of atomic additions come in any order, so that floats may differ by a part of the largest
    of them: the square root of the dtype's precision, 3e-4 for float32.
    """
    one, other = np.asarray(one), np.asarray(other)
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    if one.dtype.kind not in "fc":
        return bool((one == other).all())
    finite = np.isfinite(one)
    if not (finite == np.isfinite(other)).all():
        return False
    if one.size == 0 or not finite.any():
        return True
    wide = np.promote_types(one.dtype, np.float64)
    a, b = one[finite].astype(wide), other[finite].astype(wide)
    return bool(np.abs(a - b).max() <= np.abs(a).max() * np.sqrt(np.finfo(one.dtype).eps))


def _run(plan: Plan, steps: Sequence[Step], values: list[Any], objects: dict[Step, Any],
         xp: Any = None, last_uses: dict[Step, list[int]] | None = None,
         outs: Mapping[Step, tuple[Any, ...]] = MappingProxyType({})) -> None:
    """Runs steps one after the other.

    Args:
        plan: the plan, which has no buffers.
        steps: some of its steps.
        values: by slot; gets the results.
        objects: what the session keeps for steps.
        xp: the array module for the steps of GPUs, instead of their own.
        last_uses: slots whose values are given up after a step.
        outs: arrays that steps write their results into; None for new ones.
    """
    for step in steps:
        instr = step.instr
        op_def = instr.op_def
        arguments = plan.arguments(step, values)
        keywords = instr.attrs
        if step in objects:
            keywords = {**keywords,
                        "state" if op_def.takes_state else "bodies": objects[step]}
        if step in outs:
            keywords = {**keywords, "out": outs[step]}
        module = step.xp if xp is None or not instr.device else xp
        try:
            result = step.kernel(module, *(op_def.group(arguments) if op_def.lists
                                           else arguments), **keywords)
        except Exception as error:
            error._flowgraph_step = step  # type: ignore[attr-defined]
            raise
        if op_def.multiple:
            for slot, array in zip(step.outputs, result, strict=True):
                values[slot] = array
        else:
            if type(result) is bytes:  # of ufuncs on a lone text
                result = np.asarray(result, object)
            values[step.outputs[0]] = result
        if last_uses is not None:
            for slot in last_uses.get(step, ()):
                values[slot] = None
