"""StepNotes: a hook that notes which steps a run took, how long each was busy, and what it made.

Notes are the one account of a run: RunMetadata (`tracing.py`) and recordings (`profiling/`) are
made of them when the run is over.

    notes = StepNotes()
    sess.run_with_hooks(fetches, feed_dict, [notes])
    notes.parts[0].notes            # Note by Note; note.bodies has what ran inside a loop or branch

The clock stands still while a hook notes something, and between one step and the next: times are
those of the steps, not those of noting them nor of going step by step, which a run that is not
noted does not do. Of a loop that goes on for long only the first and the last rounds are kept
whole: rounds in between are added up, step by step. Notes are many small objects, which would have
Python collect garbage in the middle of a kernel: it does so between steps, while the clock stands.
"""

from __future__ import annotations

import gc
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np

from flowgraph.ops.tensor_list import TensorList
from flowgraph.plan.plan import Step
from flowgraph.runtime.group_notes import is_group, kept_of_members, member_steps, shares

WHOLE = 10_000  # notes of a run; after so many, loops keep their first and last rounds only
ROUNDS = 2  # of those


class Output:
    """What a step made: shape, bytes, and what the notes were asked to keep of it."""

    __slots__ = ("bytes", "kept", "shape")

    def __init__(self, shape: tuple[int, ...], nbytes: int, kept: Any) -> None:
        self.shape = shape
        self.bytes = nbytes
        self.kept = kept


class Note:
    """One step, run once; or several times, where rounds of a loop are added up.

    Attributes:
        step: the step.
        start: when it began, in seconds of the notes' clock.
        seconds: how long it took, with all that ran inside of it.
        inside: how much of that is of what ran inside: steps of bodies, runs of a user's function.
        calls: how often it ran.
        shapes: shapes of its inputs; None for those that are no arrays.
        outputs: what it made; the last time, if it ran several times. None if it did not finish.
        made: bytes that it took for its results, each time that it ran.
        live: bytes alive after it, of all that the run has made.
        bodies: what ran inside of it, None if it has no bodies.
    """

    __slots__ = ("bodies", "calls", "carried", "inside", "kept", "live", "made", "outputs",
                 "seconds", "shapes", "start", "step")

    def __init__(self, step: Step, shapes: tuple[tuple[int, ...] | None, ...]) -> None:
        self.step = step
        self.shapes = shapes
        self.start = self.seconds = self.inside = 0.0
        self.calls = 1
        self.outputs: list[Output] | None = None
        self.made = self.live = 0
        self.bodies: Rounds | None = None
        self.carried: dict[int, list[Any]] = {}  # memory that a body's last round has handed on
        self.kept: list[Any] = []  # of the members of a group

    @property
    def is_group(self) -> bool:
        """Whether it stands for others, which are noted as if they ran inside of it."""
        return self.bodies is not None and is_group(self.step)


class Part:
    """The steps of one run of a plan.

    Attributes:
        runner: the plan's runner.
        body, round: which body of the step around it, and how often that had run before.
        notes: of its steps, in order.
        calls: how often it ran; more than once, and the notes are sums.
    """

    __slots__ = ("body", "calls", "memory", "notes", "round", "runner")

    def __init__(self, runner: Any, body: int, round: int) -> None:
        self.runner = runner
        self.body = body
        self.round = round
        self.calls = 1
        self.notes: list[Note] = []
        self.memory: dict[int, Any] = {}  # by slot, while it runs


class Rounds:
    """The runs of a step's bodies: the first ones, those in between added up, the last ones."""

    __slots__ = ("between", "first", "last")

    def __init__(self) -> None:
        self.first: list[Part] = []
        self.between: dict[int, Part] = {}  # by number of the body
        self.last: deque[Part] = deque()

    @property
    def parts(self) -> list[Part]:
        """All of them; where `calls` is more than one the notes are sums."""
        return [*self.first, *self.between.values(), *self.last]

    def add(self, part: Part, bodies: int, whole: bool) -> None:
        """One more run of a body, still without notes.

        Args:
            part: the run.
            bodies: how many bodies the step has.
            whole: whether it is to be kept whatever follows.
        """
        if whole and not self.last:
            self.first.append(part)
            return
        self.last.append(part)
        if len(self.last) > ROUNDS * bodies + 1:  # one of them has only begun
            old = self.last.popleft()
            if old.body in self.between:
                _add_up(self.between[old.body], old)
            else:
                self.between[old.body] = old


def _add_up(total: Part, part: Part) -> None:
    """Adds the notes of a part to those of another run of the same body."""
    total.calls += part.calls
    places = {(note.step.op, i): note for i, note in enumerate(total.notes)}
    for i, note in enumerate(part.notes):
        same = places.get((note.step.op, i))
        if same is None:  # a plan for other shapes has other steps
            total.notes.append(note)
            continue
        same.calls += note.calls
        same.seconds += note.seconds
        same.inside += note.inside
        same.made += note.made
        same.outputs, same.shapes, same.step = note.outputs, note.shapes, note.step
        if note.bodies is not None and same.bodies is not None:
            inside = {inner.body: inner for inner in same.bodies.between.values()}
            for inner in (*same.bodies.first, *same.bodies.last, *note.bodies.parts):
                if inner.body in inside:
                    _add_up(inside[inner.body], inner)
                else:
                    inside[inner.body] = inner
            same.bodies.first, same.bodies.between = [], inside
            same.bodies.last = deque()


class StepNotes:
    """A hook that notes what ran, for one run.

    Args:
        keep: function from a result to what its Output keeps of it; None keeps nothing.

    Attributes:
        parts: the run's plans; more than one where ops wait for other runs.
        prepared: the clock's time when the first step could begin; None before.
        planned: whether that took making a plan.
        peak: the most bytes alive at once, of what the run has made.
        thread, thread_name: where it ran.
        epoch: what to add to times of the clock for seconds since 1970.
    """

    def __init__(self, keep: Callable[[Any], Any] | None = None) -> None:
        self.parts: list[Part] = []
        self.prepared: float | None = None
        self.planned = False
        self.peak = 0
        thread = threading.current_thread()
        self.thread, self.thread_name = thread.ident or 0, thread.name
        self.epoch = time.time() - time.perf_counter()
        self._keep = keep
        self._stopped = 0.0  # for how long the clock has stood still
        self._stopped_at: float | None = None  # since when it stands still now
        self._running: list[Note] = []
        self._entered: list[tuple[Part, int]] = []  # with how many steps ran then
        self._live: dict[Any, list[int]] = {}  # by memory: how many values are in it, its bytes
        self._live_bytes = 0
        self._count = 0
        self._collects = gc.isenabled()

    def now(self) -> float:
        """The time of the notes' clock, in seconds."""
        now = time.perf_counter() if self._stopped_at is None else self._stopped_at
        return now - self._stopped

    def _go_on(self) -> None:
        """The clock runs again."""
        self._stopped += time.perf_counter() - self._stopped_at  # type: ignore[operator]
        self._stopped_at = None

    def begin_inside(self, around: StepNotes) -> None:
        """Sets the clock to that of another run, whose step calls this one."""
        self.epoch -= around._stopped

    def end_inside(self, inner: StepNotes, seconds: float) -> None:
        """The step that runs now has called another run.

        Args:
            inner: its notes.
            seconds: how long it took by its clock.
        """
        self._stopped += inner._stopped
        if self._running:
            self._running[-1].inside += seconds

    # ---- what the runner calls -------------------------------------------------------------------

    def enter(self, runner: Any, body: int, round: int) -> None:
        """Begins a plan."""
        self._stopped_at = time.perf_counter()
        part = Part(runner, body, round)
        if body < 0:
            if not self.parts:
                self.prepared, self.planned = self.now(), runner.is_new
            self.parts.append(part)
        else:
            note = self._running[-1]
            if note.bodies is None:
                note.bodies = Rounds()
            note.bodies.add(part, len(note.step.instr.bodies),
                            round < ROUNDS or self._count < WHOLE)
        self._entered.append((part, len(self._running)))
        if body < 0:  # waiting for locks, taking memory: every run does so
            self._go_on()

    def leave(self) -> None:
        """Ends a plan; steps that have not finished, because one has raised, end too."""
        if self._stopped_at is None:
            self._stopped_at = time.perf_counter()
        if self._collects:
            gc.enable()
        part, depth = self._entered.pop()
        while len(self._running) > depth:
            self._end(self._running.pop())
        if part.body >= 0:
            self._hand_on(part, self._running[-1])
        part.memory = {}
        self._go_on()

    def before(self, step: Step, arguments: list[Any]) -> None:
        """Begins a step."""
        if self._stopped_at is None:
            self._stopped_at = time.perf_counter()
        note = Note(step, tuple([getattr(argument, "shape", None) for argument in arguments]))
        self._entered[-1][0].notes.append(note)
        self._running.append(note)
        self._count += 1
        if self._keep is not None and is_group(step):
            with suppress(Exception):  # what a member raises, the step will raise in a moment
                note.kept = kept_of_members(step, arguments, self._keep)
        note.start = self._stopped_at - self._stopped
        op_def = step.instr.op_def
        if self._collects and not (op_def.waits or op_def.runs_user_code or step.instr.bodies):
            gc.disable()
        self._go_on()

    def after(self, step: Step, arguments: list[Any], results: list[Any], seconds: float) -> None:
        """Ends a step."""
        self._stopped_at = time.perf_counter()
        if self._collects:
            gc.enable()
        note = self._running.pop()
        self._end(note)
        keep = self._keep
        note.outputs = [Output(getattr(result, "shape", ()), getattr(result, "nbytes", 0),
                               None if keep is None else keep(result)) for result in results]
        self._note_memory(note, step, arguments, results)
        if is_group(step):
            _note_members(note)
        part = self._entered[-1][0]
        if part.body < 0 and len(part.notes) == len(part.runner.plan.steps):
            self._go_on()  # what follows is copying the results: every run does so

    def _end(self, note: Note) -> None:
        note.seconds = self.now() - note.start
        if self._running:
            self._running[-1].inside += note.seconds

    # ---- memory ----------------------------------------------------------------------------------

    def _hand_on(self, part: Part, note: Note) -> None:
        """A body's results live on until the next round has made others.

        What a loop keeps of each round for its gradient lives on as one of the loop's results.
        """
        for memory in note.carried.pop(part.body, ()):
            self._release(memory)
        instr = note.step.instr
        if "carried" in instr.attrs and part.body == len(instr.bodies) - 1:
            kept = part.runner.plan.fetches[instr.attrs["carried"]:]
            first = instr.attrs["carried"] + 1  # the loop has its number of rounds in between
            for i, (slot, copied) in enumerate(kept, first):
                memory = part.memory.get(slot) if copied else part.memory.pop(slot, None)
                if type(memory) is int:
                    if copied:
                        nbytes, memory = self._live[memory][1], object()
                        self._live[memory] = [1, nbytes]
                        self._live_bytes += nbytes
                    note.carried.setdefault(-i, []).append(memory)
        note.carried[part.body] = list(part.memory.values())

    def _note_memory(self, note: Note, step: Step, arguments: list[Any],
                     results: list[Any]) -> None:
        slots = self._entered[-1][0].memory
        aliases = step.instr.op_def.aliases
        for i, (slot, result) in enumerate(zip(step.outputs, results, strict=True)):
            nbytes = getattr(result, "nbytes", 0)
            if not nbytes:
                if -i in note.carried:
                    slots[slot] = tuple(note.carried.pop(-i))
                continue
            memory, shared = _place(result), False
            if aliases and type(result) is np.ndarray:
                for given, argument in zip(step.inputs, arguments, strict=True):
                    if type(argument) is TensorList and note.bodies is None:
                        shared, memory = True, None  # the list's own array
                        break
                    if (type(argument) is np.ndarray and argument.nbytes
                            and np.may_share_memory(result, argument)):
                        shared = True
                        memory = slots.get(given)  # None: it is a feed's, or a variable's
                        break
            if memory is None:
                continue
            if not shared and note.bodies is None:  # else it is an input's, or was made inside
                note.made += nbytes
            live = self._live.get(memory)
            if live is None:
                self._live[memory] = [1, nbytes]
                self._live_bytes += nbytes
            else:
                live[0] += 1
                if nbytes > live[1]:
                    self._live_bytes += nbytes - live[1]
                    live[1] = nbytes
            slots[slot] = memory
        for handed_on in note.carried.values():
            for memory in handed_on:
                self._release(memory)
        note.carried = {}
        self.peak = max(self.peak, self._live_bytes)
        for slot in step.drops:
            memory = slots.pop(slot, None)
            if memory is not None:
                self._release(memory)
        note.live = self._live_bytes

    def _release(self, memory: Any) -> None:
        if type(memory) is tuple:
            for part in memory:
                self._release(part)
            return
        live = self._live[memory]
        live[0] -= 1
        if not live[0]:
            self._live_bytes -= live[1]
            del self._live[memory]


def _note_members(note: Note) -> None:
    """Notes the members of a group, as a part of its step."""
    part = Part(None, 0, 0)
    start = note.start
    group = note.step.instr.attrs["group"]
    made = dict(zip(group.results, note.outputs or (), strict=False))
    for i, (step, share) in enumerate(zip(member_steps(note.step), shares(group), strict=True)):
        shapes: Any = tuple([None if v is None else v.spec.shape for v in step.instr.inputs])
        inner = Note(step, shapes)
        inner.start, inner.seconds, inner.live = start, share * note.seconds, note.live
        value = step.instr.outputs[0]
        shape: Any = value.spec.shape
        nbytes = value.spec.nbytes or 0
        kept = note.kept[i] if note.kept else None
        inner.outputs = [Output(shape, nbytes, made[value].kept if value in made else kept)]
        if note.made and value in group.results:
            inner.made = nbytes
        start += inner.seconds
        part.notes.append(inner)
    note.inside, note.made, note.kept = note.seconds, 0, []
    note.bodies = Rounds()
    note.bodies.first.append(part)


def _place(array: Any) -> Any:
    """Which memory an array is in."""
    if type(array) is np.ndarray:
        return array.__array_interface__["data"][0]
    return id(array)
