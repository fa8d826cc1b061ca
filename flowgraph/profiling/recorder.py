"""From the notes of a run to a Recording; and what records one: `Session.record`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import copy
from typing import Any

import numpy as np

from flowgraph.core.frames import located
from flowgraph.plan.tiles import TileFunction
from flowgraph.profiling.flops import flops_of
from flowgraph.profiling.recording import RecordedOutput, RecordedStep, Recording
from flowgraph.profiling.values import statistics
from flowgraph.runtime.fetches import Fetches
from flowgraph.runtime.notes import Note, Output, Part, StepNotes
from flowgraph.runtime.session import BaseSession


def record(session: BaseSession, fetches: Any, feed_dict: dict[Any, Any] | None = None,
           values: bool | str = False) -> Recording:
    """Runs `fetches` and tells what the run did, step by step.

    Args:
        session: the session.
        fetches, feed_dict: as for `Session.run`.
        values: True to note statistics of all that the steps make, "arrays" to keep copies too.

    Returns:
        A Recording; its `results` are what `Session.run` returns.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.placeholder(fg.float32, [], name="x")
        >>> recording = fg.profiling.record(fg.Session(), fg.square(x, name="y"), {x: 3.0})
        >>> recording.title, len(recording.steps), recording.results
        ('y:0', 1, np.float32(9.0))
    """
    run = RecordedRun(session, fetches, values)
    results = run.during(lambda notes: session.run_with_hooks(fetches, feed_dict, [notes]))
    return run.recording(results)


def steps(session: BaseSession, fetches: Any, feed_dict: dict[Any, Any] | None = None,
          values: bool | str = True) -> Iterator[RecordedStep]:
    """The steps of a run, one after the other, each with what it made.

    The run is over when the first step is given. When it raises, the steps up to there are given,
    and then the error is raised.

    Args:
        session: the session.
        fetches, feed_dict: as for `Session.run`.
        values: as for `Session.record`.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.placeholder(fg.float32, [2], name="x")
        >>> y = fg.reduce_sum(fg.square(x, name="squares"), name="sum")
        >>> for step in fg.profiling.step_through(fg.Session(), y, {x: [3, 4]}):
        ...     print(step.op.name, step.outputs[0].statistics)
        squares min 9  max 16  mean 12.5  std 3.5  [9, 16]
        sum 25
    """
    run = RecordedRun(session, fetches, values)
    try:
        run.during(lambda notes: session.run_with_hooks(fetches, feed_dict, [notes]))
    except Exception:
        yield from run.recording().steps
        raise
    yield from run.recording().steps


def keeper(values: bool | str) -> Callable[[Any], Any] | None:
    """What StepNotes are to keep of results.

    Args:
        values: False, True or "arrays".
    """
    if values not in (False, True, "arrays"):
        raise ValueError(located(f"values must be False, True or 'arrays', not {values!r}"))
    if not values:
        return None
    if values is True:
        return lambda result: (statistics(result), None)
    return lambda result: (statistics(result), np.array(result) if type(result) is np.ndarray
                           else copy(result))  # an array of a GPU, a number, a list of tensors


class RecordedRun:
    """A run that is being recorded.

    Args:
        session: the session.
        fetches: as for `Session.run`.
        values: as for `record`.

    Attributes:
        graph: the session's graph.
        notes: what is noted.
        error: what the run raised, as text.
        start, seconds: when it began, by the clock of the notes, and how long it took.
        made: a place for the recording, for who makes it once and gives it often.
    """

    def __init__(self, session: BaseSession, fetches: Any, values: bool | str = False) -> None:
        self.graph = session.graph
        self.notes = StepNotes(keeper(values))
        self.error = ""
        self.start = self.seconds = 0.0
        self.made: Recording | None = None
        self._fetches = fetches

    def during(self, action: Callable[[StepNotes], Any]) -> Any:
        """What the action gives; it runs, with the notes as a hook.

        Args:
            action: function from the notes.
        """
        self.start = self.notes.now()
        try:
            return action(self.notes)
        except BaseException as error:
            self.error = f"{type(error).__name__}: {error}".partition("\n")[0]
            raise
        finally:
            self.seconds = self.notes.now() - self.start

    @property
    def planning(self) -> float:
        """Seconds that went into making a plan; 0 when there was one."""
        notes = self.notes
        if notes.prepared is None or not notes.planned:
            return 0.0
        return notes.prepared - self.start

    @property
    def title(self) -> str:
        """Names of the fetches."""
        try:
            elements = Fetches(self.graph, self._fetches).elements
        except Exception:  # the run raised for the same reason
            return f"{self._fetches!r:.60}"
        return ", ".join(dict.fromkeys(element.name for element in elements)) or "nothing"

    def recording(self, results: Any = None) -> Recording:
        """The recording.

        Args:
            results: what the run returned.
        """
        found: list[RecordedStep] = []
        lines: dict[Any, dict[Any, str]] = {}
        for part in self.notes.parts:
            self._add(part, -1, "", found, lines)
        return Recording(self.graph, self.title, self.seconds, tuple(found), self.notes.peak,
                         self.planning, self.notes.epoch + self.start, self.notes.thread_name,
                         results, self.error)

    def _add(self, part: Part, parent: int, body: str, found: list[RecordedStep],
             lines: dict[Any, dict[Any, str]]) -> None:
        if part.runner not in lines:
            lines[part.runner] = source_lines(part.runner)
        line_of = lines[part.runner]
        made = self._fed(part, parent, found)
        for note in part.notes:
            step, instr = note.step, note.step.instr
            index = len(found)
            found.append(RecordedStep(
                step.op, _origins(note), instr.op_def.type, parent, body, max(part.round, 0),
                note.calls, note.start - self.start, note.seconds,
                max(note.seconds - note.inside, 0.0), self.notes.thread_name, note.made,
                note.live, tuple(tensor_name(v) for v in instr.inputs if v is not None),
                tuple(sorted({made[slot] for slot in step.inputs if slot in made})),
                _outputs(note), line_of.get(step, ""), flops(note)))
            made.update(dict.fromkeys(step.outputs, index))
            if note.bodies is not None:
                names = ["group"] if note.is_group else body_names(instr)
                for inner in note.bodies.parts:
                    if note.is_group:  # its members have no plan of their own
                        lines[None] = member_lines(note, inner)
                    self._add(inner, index, names[inner.body], found, lines)

    def _fed(self, part: Part, parent: int, found: list[RecordedStep]) -> dict[int, int]:
        """By slot the step that made what a later part of a run is fed."""
        if parent >= 0 or not found:
            return {}
        makers = {output.name: i for i, step in enumerate(found) for output in step.outputs
                  if step.parent < 0}
        plan = part.runner.plan
        return {slot: makers[tensor_name(feed.value)]
                for slot, feed in zip(plan.feed_slots, plan.program.feeds, strict=True)
                if tensor_name(feed.value) in makers}


def _origins(note: Note) -> tuple[Any, ...]:
    instr = note.step.instr
    members = instr.attrs["group"].members if note.is_group else ()
    return tuple(dict.fromkeys((*instr.origins, *instr.equals,
                                *(op for member in members for op in member.equals))))


def _outputs(note: Note) -> tuple[RecordedOutput, ...]:
    outputs: list[Output] = note.outputs or []
    return tuple(RecordedOutput(tensor_name(value), value.spec.dtype.name, output.shape,
                                output.bytes, *(output.kept or ()))
                 for value, output in zip(note.step.instr.outputs, outputs, strict=False))


def tensor_name(value: Any) -> str:
    """The name of the tensor that a Value stands for.

    Args:
        value: the Value.
    """
    return value.name if ":" in value.name else f"{value.name}:0"


def body_names(instr: Any) -> list[str]:
    """What the bodies of an instruction are called: "cond" and "body", or "branches[1]".

    Args:
        instr: the instruction.
    """
    names = instr.op_def.bodies
    if len(names) == len(instr.bodies):
        return list(names)
    return [f"{names[0]}[{i}]" for i in range(len(instr.bodies))]


def source_lines(runner: Any) -> dict[Any, str]:
    """The NumPy line of each step of a runner's plan.

    Args:
        runner: the runner.
    """
    source = runner.source
    lines = source.text.splitlines()
    return {step: lines[number - 1].rpartition("  # ")[0].strip()
            for number, step in source.step_of_line.items()}


def member_lines(note: Note, members: Part) -> dict[Any, str]:
    """The NumPy lines of each member of a group, for one tile; none of a block's, which has none.

    Args:
        note: of the group.
        members: its members.
    """
    tiles = note.step.kernel
    if not isinstance(tiles, TileFunction):
        return {}
    return dict(zip((inner.step for inner in members.notes), tiles.code, strict=True))


def flops(note: Note) -> int:
    """Floating point operations of all runs of a noted step.

    Args:
        note: the note.
    """
    if not note.outputs or note.is_group:
        return 0
    instr = note.step.instr
    return note.calls * flops_of(instr.op_def, instr.attrs, list(note.shapes),
                                 [output.shape for output in note.outputs])


