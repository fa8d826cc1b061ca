"""The two runners of a plan: an interpreter with hooks, and compiled generated source.

The first runs of a plan are interpreted, so that a program run once is not compiled: compiling
costs about as much as ten interpreted runs. Then it is a function of its own, whose lines are
steps: a traceback shows them, and an error is mapped back to the operation and the user's line.
"""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from flowgraph.core.blas import held_to_free_cores
from flowgraph.core.checks import FailedCheck
from flowgraph.core.old_copy import OldCopy
from flowgraph.core.pool import at_most
from flowgraph.core.shapes import compatible
from flowgraph.errors import ProgramError
from flowgraph.plan.plan import Plan, Step, multiplies, own
from flowgraph.plan.tiles import TILE_FILE, TileFunction
from flowgraph.runtime.arenas import SMALL, ArenaPool
from flowgraph.runtime.run_errors import explained

if TYPE_CHECKING:
    from flowgraph.plan.source import Source

Arrays = tuple[Any, ...]
_SPARE_ARENAS = 4
_STEPS_A_RUN = 1000  # a plan of up to so many steps is compiled after one run, of twice that two...
_poison = 0xFF  # every float dtype reads as NaN


class Hook(Protocol):
    """What an interpreter calls around each step."""

    def before(self, step: Step, arguments: list[Any]) -> None:
        """Called before the kernel, with its inputs."""

    def after(self, step: Step, arguments: list[Any], results: list[Any], seconds: float) -> None:
        """Called after the kernel, with its inputs, its results and the time it took."""


class PlanHook(Hook, Protocol):
    """A hook that is also told which plan the steps that follow are of."""

    def enter(self, runner: Runner, body: int, round: int) -> None:
        """Called before the first step of a plan.

        Args:
            runner: of the plan.
            body: which body it is of the step for which `before` was called last; -1 when it is
                the run itself, or the next part of it.
            round: how often that step has run this body before.
        """

    def leave(self) -> None:
        """Called when the plan that was entered last is done, or has raised."""


class Runner:
    """Runs one plan, again and again, in any number of threads.

    Args:
        plan: the plan.
        mode: "auto" (interpreted at first, then source), "interpreter" or "source".
        poison: fill freed buffers with NaN; for tests of the plan.
        pool: where large arenas are kept between runs.
    """

    def __init__(self, plan: Plan, mode: str = "auto", poison: bool = False,
                 pool: ArenaPool | None = None) -> None:
        self.plan = plan
        self._poison = poison
        self._pool = ArenaPool() if pool is None else pool
        self._arena_bytes = plan.buffers.peak_bytes
        # A user's own functions keep the threads that they have.
        self._multiplies = multiplies(plan.program) and not plan.program.runs_user_code
        self._source: Source | None = None
        self._function: Any = None
        self._arenas: list[tuple[Arrays, Callable[..., Any]]] = []
        self._lock = threading.Lock()
        self._interpreted = 0
        self._interpret_first = {"source": 0.0, "interpreter": float("inf")}.get(
            mode, 1 + len(plan.steps) // _STEPS_A_RUN)

    @property
    def is_new(self) -> bool:
        """Whether it has not run yet."""
        return not self._interpreted and self._function is None

    @property
    def source(self) -> Source:
        """The plan's generated source."""
        with self._lock:
            if self._source is None:
                from flowgraph.plan.source import Source  # not before a plan is compiled
                self._source = Source(self.plan)
            return self._source

    def use(self, function: Callable[..., Any]) -> None:
        """Has a function run in the place of the plan's generated source, which it is like."""
        self._function = function

    def run(self, feeds: Arrays, state: Arrays, nodes: Arrays, hooks: tuple[Hook, ...] = (),
            outgoing: Arrays = ()) -> tuple[Arrays, Arrays]:
        """One run: (fetched arrays, new values of the written variables).

        Args:
            feeds, state: arrays in the plan's order.
            nodes: the objects of the steps that keep one.
            hooks: called around each step.
            outgoing: memory for the plan's `buffers.outgoing`.
        """
        if self.plan.gpu is not None:
            with self.plan.gpu:
                return self._run(feeds, state, nodes, hooks, outgoing)
        if not self.plan.is_parallel:
            with at_most(1):
                return self._run(feeds, state, nodes, hooks, outgoing)
        if not self._multiplies:
            return self._run(feeds, state, nodes, hooks, outgoing)
        with held_to_free_cores:
            return self._run(feeds, state, nodes, hooks, outgoing)

    def _run(self, feeds: Arrays, state: Arrays, nodes: Arrays, hooks: tuple[Hook, ...],
             outgoing: Arrays) -> tuple[Arrays, Arrays]:
        memory = self._take_arena()
        arena, quiet = memory
        if outgoing:
            arena += outgoing
        try:
            if self._function is None or hooks:
                if hooks or self._interpreted < self._interpret_first:
                    self._interpreted += 1
                    return quiet(interpret, self.plan, feeds, state, arena, nodes, hooks,
                                 self._poison)
                self._function = self.source.compile()
            return quiet(self._function, feeds, state, arena, nodes)
        except Exception as error:
            told = self._explained(error)
            if told is error:  # the user's own, with its own cause and context
                raise
            raise told from error.__cause__
        finally:
            self._give_arena(memory)

    def run_inside(self, feeds: Arrays, nodes: Arrays) -> Arrays:
        """One run as part of another run, whose plan calls this one: the fetched arrays."""
        function = self._function
        if function is None or self.plan.gpu is not None:
            return self.run(feeds, (), nodes)[0]
        memory = self._take_arena()
        try:
            return function(feeds, (), memory[0], nodes)[0]
        except Exception as error:
            told = self._explained(error)
            if told is error:
                raise
            raise told from error.__cause__
        finally:
            self._give_arena(memory)

    def _give_arena(self, memory: tuple[Arrays, Callable[..., Any]]) -> None:
        if self._arena_bytes > SMALL:
            self._pool.give(self, memory, self._arena_bytes)
        elif len(self._arenas) < _SPARE_ARENAS:
            self._arenas.append(memory)

    def _take_arena(self) -> tuple[Arrays, Callable[..., Any]]:
        """Memory for this run, and the caller under which NumPy is quiet."""
        if self._arena_bytes > SMALL:
            spare = self._pool.take(self)
            if spare is not None:
                return spare
        else:
            try:
                return self._arenas.pop()
            except IndexError:
                pass  # all are in use by other threads, or this is the first run
        return self.plan.buffers.arena(), self._quiet()

    def _quiet(self) -> Callable[..., Any]:
        """A caller of functions under which NumPy does not warn of NaN and infinity.

        `np.errstate` costs a microsecond each time; a context in which it is set once costs a
        quarter (benchmarks/overhead.py). A user's own function must see the caller's context
        variables, so there it is `np.errstate`.
        """
        if self.plan.program.runs_user_code:
            return _with_errstate
        context = contextvars.copy_context()
        context.run(np.seterr, all="ignore")
        return context.run

    def _explained(self, error: Exception) -> Exception:
        """The error, saying which op failed, on what, and at which line of the user's."""
        if isinstance(error, FailedCheck):  # it knows its own step
            return error
        step = getattr(error, "_flowgraph_step", None)
        if step is None and self._source is not None:
            trace = error.__traceback__
            while trace is not None:
                if trace.tb_frame.f_code.co_filename == self._source.filename:
                    step = self._source.step_of_line.get(trace.tb_lineno)
                trace = trace.tb_next
        if step is not None and isinstance(step.kernel, TileFunction):
            step = _member_step(error, step, step.kernel)
        if step is None:
            return error
        if step.gpu is not None:
            error._flowgraph_step = step  # type: ignore[attr-defined]
            from flowgraph.runtime.shortage import is_shortage, shortage  # late: few have a GPU
            if is_shortage(error):
                return shortage(error, step)
        return explained(error, step)


def _member_step(error: Exception, step: Step, tiles: TileFunction) -> Step:
    """The member of a group that failed, as a step; the group's own where that is not known."""
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == TILE_FILE:
            member = tiles.member_at(trace.tb_lineno)
            if member is not None:
                return Step(member, (), (), (), (), ())
        trace = trace.tb_next
    return step


def _with_errstate(function: Callable[..., Any], *args: Any) -> Any:
    with np.errstate(all="ignore"):
        return function(*args)


def interpret(plan: Plan, feeds: Arrays, state: Arrays, arena: Arrays, nodes: Arrays,
              hooks: tuple[Hook, ...] = (), poison: bool = False) -> tuple[Arrays, Arrays]:
    """Runs a plan step by step.

    Args:
        plan: the plan.
        feeds, state: arrays in the plan's order.
        arena: memory from `plan.buffers.arena()`.
        nodes: per step of `plan.nodes` its object: what it keeps in the session, or its bodies.
        hooks: called around each step.
        poison: fill memory with NaN as soon as the plan says that it is free.
    """
    values: list[Any] = [None] * len(plan.slots)
    for slot, array in plan.constants:
        values[slot] = array
    for slot, array in zip(plan.feed_slots, feeds, strict=True):
        values[slot] = array
    for slot, array in zip(plan.read_slots, state, strict=True):
        values[slot] = array
    remaining = iter(nodes)
    if poison:
        for view in arena:
            if isinstance(view, OldCopy):
                view.current = view.rows = None
                _fill(view.array)
            else:
                _fill(view)
    for step in plan.steps:
        instr = step.instr
        op_def = instr.op_def
        arguments = plan.arguments(step, values)
        keywords = instr.attrs
        if step.view >= 0:
            keywords = {**keywords, "out": arena[step.view]}
        elif step.views:
            keywords = {**keywords, "out": tuple([arena[view] if view >= 0 else None
                                                  for view in step.views])}
        if op_def.takes_state:
            keywords = {**keywords, "state": next(remaining)}
        elif instr.bodies:
            bodies = next(remaining)
            keywords = {**keywords, "bodies": bodies if not hooks else tuple(
                body.hooked(hooks, number) for number, body in enumerate(bodies))}
        for hook in hooks:
            hook.before(step, arguments)
        start = time.perf_counter() if hooks else 0.0
        result = plan.call(step, arguments, keywords, step.xp, values)
        if poison:
            _check_specs(step, result if op_def.multiple else [result])
        for hook in hooks:
            hook.after(step, arguments, result if op_def.multiple else [result],
                       time.perf_counter() - start)
        for slot in step.drops:
            values[slot] = None
        if poison:
            for view in step.frees:
                _fill(arena[view])
    fetches = tuple(own(values[slot]) if copy else values[slot] for slot, copy in plan.fetches)
    writes = tuple(own(values[slot]) if copy else values[slot] for _, slot, copy in plan.writes)
    return fetches, writes


def _check_specs(step: Step, results: list[Any]) -> None:
    """A buffer is handed out by what the plan believes: poisoned runs ask whether it is so."""
    for result, value in zip(results, step.instr.outputs, strict=True):
        spec = value.spec
        if result.dtype != spec.dtype.numpy or not compatible(spec.shape, result.shape):
            raise ProgramError(f"{step.op.type} {step.op.name!r} ({step.op.frame}) gave "
                               f"{result.dtype}{result.shape}, the plan believes {spec}")


def _fill(view: np.ndarray) -> None:
    np.atleast_1d(view).view(np.uint8)[...] = _poison
