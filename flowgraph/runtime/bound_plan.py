"""Plans with a session's state at hand: of a run, of a run that waits, of a branch or loop body."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, cast

import numpy as np

from flowgraph.core.gpu import NO_GPUS, Gpu
from flowgraph.core.shapes import compatible
from flowgraph.core.spec import shape_text
from flowgraph.errors import InvalidArgumentError, message
from flowgraph.plan.plan import Plan
from flowgraph.program.ir import Instr, Program, Write
from flowgraph.program.packs import VariablePack
from flowgraph.program.pipeline import optimise, techniques
from flowgraph.program.specs import specialise
from flowgraph.program.waiting import split_before_waits
from flowgraph.runtime.arenas import ArenaPool
from flowgraph.runtime.packed_values import Flat
from flowgraph.runtime.runner import Hook, PlanHook, Runner
from flowgraph.runtime.state import State, reader, uninitialized, variable_key

_MOST_PLANS = 32  # of a body, for the shapes that it is called with


class Settings(NamedTuple):
    """How a session runs its plans; for mode, poison and pool see Runner.

    Attributes:
        passes: names of the passes to run, and of the techniques of PLANNING; None for all.
        gpus: the GPUs that there are, by name.
    """

    passes: Iterable[str] | None
    mode: str
    poison: bool
    pool: ArenaPool
    gpus: Mapping[str, Gpu] = NO_GPUS

    def optimise(self, program: Program, for_graph: bool = False) -> Program:
        """The program after the passes that are switched on, with a device for each instruction.

        Args:
            program: the program.
            for_graph: whether all that a GPU takes has to be in its memory.
        """
        return optimise(program, self.passes, tuple(self.gpus), for_graph)

    def plan(self, program: Program, may_return_feeds: bool = False,
             like: Plan | None = None) -> Plan:
        """A plan that uses the techniques that are switched on.

        Args:
            program: the program to plan.
            may_return_feeds: as for Plan.
            like: one for other sizes, which may be all that is different.
        """
        used = techniques(self.passes)
        if like is not None and "resized_plans" in used:
            from flowgraph.plan.resized import resized  # a program of one size needs none
            made = resized(like, program)
            if made is not None:
                return made
        return Plan(program, may_return_feeds, used, self.gpus)


class BoundPlan:
    """A runner with the session's state at hand."""

    __slots__ = ("_keys", "_locks", "_may_leave", "_memories", "_nodes", "_outgoing", "_packs",
                 "_read", "_state", "_unsure", "runner")

    def __init__(self, plan: Plan, state: State, settings: Settings) -> None:
        self.runner = Runner(plan, settings.mode, settings.poison, settings.pool)
        self._memories = None
        if settings.gpus:
            from flowgraph.runtime.memories import Memories  # late: few have a GPU
            self._memories = Memories(plan.program, state, settings.gpus)
        self._state = state
        self._read = reader(plan.program.reads, state)
        given = {i for _, i in plan.buffers.outgoing}
        self._packs = [_WrittenPack(write, i in given, state)
                       for i, write in enumerate(plan.program.writes)
                       if isinstance(write.variable, VariablePack)]
        alone = len(plan.writes) - len(self._packs)  # packs come last
        self._keys = [variable_key(variable) for variable, _, _ in plan.writes[:alone]]
        self._unsure = _unsure_writes(plan.program)
        # A run that calls the user's Python holds no locks: what it calls may run the session too.
        calls_user = plan.program.runs_user_code
        self._locks = [] if calls_user else state.locks(
            [*self._keys, *(key for pack in self._packs for key in pack.keys)])
        self._nodes = _nodes([step.instr for step in plan.nodes], state, settings)
        # A branch may leave a variable uninitialised; its new value is None then.
        self._may_leave = bool(plan.program.bodies)
        self._outgoing = [(self._keys[i], i, value.spec.dtype.numpy, value.spec.shape,
                           plan.program.producers[value].op_def.takes_old_copy)
                          for value, i in plan.buffers.outgoing if i < alone]

    @property
    def runners(self) -> tuple[Runner, ...]:
        """Its runner."""
        return (self.runner,)

    def why_no_graph(self) -> str | None:
        """None: CUDA graphs are switched off."""
        return None

    def run_inside(self, feeds: tuple[Any, ...]) -> tuple[Any, ...]:
        """Runs once as part of another run; a body's plan reads and writes no variables."""
        return self.runner.run_inside(feeds, self._nodes)

    def run_with_hooks(self, feeds: tuple[Any, ...], hooks: tuple[Hook, ...], body: int = -1,
                       round: int = 0, to_host: bool = True) -> tuple[Any, ...]:
        """Runs once, with hooks called around each step; for body and round see PlanHook."""
        entered: list[PlanHook] = []
        try:
            for hook in hooks:
                if hasattr(hook, "enter"):
                    told = cast(PlanHook, hook)
                    told.enter(self.runner, body, round)
                    entered.append(told)
            return self.run(feeds, hooks, to_host)
        finally:
            while entered:
                entered.pop().leave()

    def run(self, feeds: tuple[Any, ...], hooks: tuple[Hook, ...] = (), to_host: bool = True
            ) -> tuple[Any, ...]:
        """Runs once; the new state is kept when all went well.

        Args:
            feeds: arrays in the plan's order.
            hooks: called around each step.
            to_host: whether what is fetched from a GPU comes as NumPy's arrays.
        """
        memories = self._memories
        if memories is not None:
            feeds = memories.feeds(feeds)
        if not self._keys and not self._packs:
            state = self._read(self._state.values)
            if memories is not None:
                state = memories.state(state)
            fetched = self.runner.run(feeds, state, self._nodes, hooks)[0]
            return fetched if memories is None or not to_host else memories.fetched(fetched)
        held = []
        try:
            for lock in self._locks:
                lock.acquire()
                held.append(lock)
            values = self._state.values
            state = self._read(values)
            if memories is not None:
                state = memories.state(state)
            spare = [self._state.take_spare(key, dtype, shape)
                     for key, _, dtype, shape, _ in self._outgoing]
            outgoing = tuple([old if takes_old else old.array for old, (*_, takes_old)
                              in zip(spare, self._outgoing, strict=True)])
            for pack in self._packs:
                outgoing += pack.memory()
            fetched, written = self.runner.run(feeds, state, self._nodes, hooks, outgoing)
            if memories is not None and to_host:
                fetched = memories.fetched(fetched)
            for i, shape, op in self._unsure:
                if not compatible(shape, written[i].shape):
                    raise _other_shape(op, shape, written[i].shape)
            for old, (key, place, *_) in zip(spare, self._outgoing, strict=True):
                self._state.keep_spare(key, old, written[place])
            new: Iterable[tuple[str, Any]] = zip(self._keys, written, strict=not self._packs)
            if self._packs:
                new = itertools.chain(new, *map(_WrittenPack.parts, self._packs,
                                                written[len(self._keys):]))
            values.update([(key, value) for key, value in new if value is not None]
                          if self._may_leave else new)
            return fetched
        finally:
            for lock in held:
                lock.release()


class _WrittenPack:
    """A pack that a run writes.

    Args:
        write: of the program.
        takes_memory: whether the run is given memory for the new values.
        state: of the session.
    """

    __slots__ = ("_spare", "_takes_memory", "_values", "keys")

    def __init__(self, write: Write, takes_memory: bool, state: State) -> None:
        self.keys = [variable_key(variable) for variable in write.variable.variables]
        self._values = state.packed(write.variable, write.value.spec.dtype.numpy)
        self._takes_memory = takes_memory
        self._spare: Flat | None = None

    def memory(self) -> tuple[np.ndarray, ...]:
        """Memory for the new values, if the run takes any; the locks of the variables are held."""
        if not self._takes_memory:
            return ()
        self._spare = self._values.take_spare()
        return (self._spare.array,)

    def parts(self, written: np.ndarray) -> Iterable[tuple[str, Any]]:
        """What each variable becomes, by key."""
        return zip(self.keys, self._values.parts(written, self._spare), strict=True)


def _unsure_writes(program: Program) -> list[tuple[int, Any, Any]]:
    """(which write, the variable's shape, the op) of assignments whose shape only the run tells."""
    unsure = []
    for i, write in enumerate(program.writes):
        instr = program.producers.get(write.value)
        if instr is None or instr.op_def.type != "Assign" or not instr.attrs["validate_shape"]:
            continue
        value, shape = instr.inputs[1], write.value.spec.shape
        if value is not None and not value.spec.is_static and shape is not None:
            unsure.append((i, shape, instr.origins[0]))
    return unsure


def _other_shape(op: Any, shape: Any, given: tuple[int, ...]) -> InvalidArgumentError:
    return InvalidArgumentError(None, op, message(
        f"Assign {op.name!r} ({op.frame}) cannot assign a value of shape {shape_text(given)} to "
        f"the variable {op.inputs[0].op.name!r} of shape {shape_text(shape)}",
        advice="A variable keeps its shape; tf.assign(..., validate_shape=False) changes it.",
        section="invalid-argument-error"))


def _nodes(instrs: Iterable[Instr], state: State, settings: Settings) -> tuple[Any, ...]:
    """What the session keeps for each instruction for which it does, or their bodies."""
    return tuple(tuple(Body(body, state, settings, bool(instr.op_def.aliases))
                       for body in instr.bodies) if instr.bodies
                 else state.node(instr.origins[0]) for instr in instrs
                 if instr.bodies or instr.op_def.takes_state)


class Body:
    """A branch, or the condition or body of a loop: a function from arrays to a tuple of arrays.

    It is planned for the shapes that it is called with, as a session's own programs are, and runs
    on the session's state: a random op in a loop goes on with its stream in each round.

    Args:
        program: what it computes.
        state, settings: of the session.
        may_return_arguments: whether what it returns may share memory with what it got.
    """

    __slots__ = ("_last", "_may_return_arguments", "_needed", "_nodes", "_plans", "_settings",
                 "_state", "program")

    def __init__(self, program: Program, state: State, settings: Settings,
                 may_return_arguments: bool = True) -> None:
        self.program = program
        self._may_return_arguments = may_return_arguments
        self._state = state
        self._settings = settings
        self._plans: dict[Any, BoundPlan] = {}
        self._last: tuple[Any, BoundPlan] | None = None
        self._nodes: tuple[Any, ...] | None = None
        self._needed = [(i, feed.variable) for i, feed in enumerate(program.feeds)
                        if feed.variable is not None]

    def __call__(self, *arrays: Any) -> tuple[Any, ...]:
        self.check_initialized(arrays)
        return self.plan(arrays).run_inside(arrays)

    def check_initialized(self, arrays: tuple[Any, ...]) -> None:
        """Raises FailedPreconditionError when a variable that it needs has no value."""
        for i, variable in self._needed:
            if arrays[i] is None:
                raise uninitialized(variable)

    def hooked(self, hooks: tuple[Hook, ...], number: int) -> Body:
        """The same function, with hooks called around its steps; `number` tells which body."""
        return _HookedBody(self, hooks, number)

    @property
    def nodes(self) -> tuple[Any, ...]:
        """The objects of its instructions that keep one, for source that it is a part of."""
        if self._nodes is None:
            self._nodes = _nodes(self.program.instrs, self._state, self._settings)
        return self._nodes

    @property
    def is_watched(self) -> bool:
        """Whether hooks are called around its steps."""
        return False

    @property
    def results(self) -> int:
        """How many arrays it returns."""
        return len(self.program.fetches)

    def last_plan(self) -> BoundPlan:
        """The plan that was used last; before the first use, one for sizes as they are known."""
        if self._last is not None:
            return self._last[1]
        return BoundPlan(self._settings.plan(self.program, self._may_return_arguments),
                         self._state, self._settings)

    def plan(self, arrays: tuple[Any, ...]) -> BoundPlan:
        """The plan for arguments of these shapes; an uninitialised variable comes as None."""
        shapes = tuple([None if array is None else array.shape for array in arrays])
        last = self._last  # read once: another thread may change it
        if last is not None and last[0] == shapes:
            return last[1]
        plan = self._plans.get(shapes)
        if plan is None:
            if len(self._plans) >= _MOST_PLANS:
                self._plans.clear()
            program = self.program
            if shapes != tuple(feed.value.spec.shape for feed in program.feeds):
                program = specialise(program, shapes)
                if not program.uses_gpu:  # that has been placed, with the program around it
                    program = optimise(program, self._settings.passes)
            plan = self._plans[shapes] = BoundPlan(
                self._settings.plan(program, self._may_return_arguments), self._state,
                self._settings)
        self._last = shapes, plan
        return plan


class _HookedBody(Body):
    """A body that calls hooks around its steps."""

    __slots__ = ("_body", "_calls", "_hooks", "_number")

    def __init__(self, body: Body, hooks: tuple[Hook, ...], number: int) -> None:
        super().__init__(body.program, body._state, body._settings)
        self._body = body
        self._hooks = hooks
        self._number = number
        self._calls = 0

    @property
    def is_watched(self) -> bool:
        """True: a hook is told of one step at a time."""
        return True

    def __call__(self, *arrays: Any) -> tuple[Any, ...]:
        self.check_initialized(arrays)
        self._calls += 1
        return self._body.plan(arrays).run_with_hooks(arrays, self._hooks, self._number,
                                                      self._calls - 1, to_host=False)


class WaitingPlan:
    """A run in two parts: what waits for other runs, holding no locks, and then the rest.

    The first part has two parts itself when it writes variables before it waits.

    Args:
        first, rest: from `split_at_waits`.
        state, settings: of the session.
    """

    __slots__ = ("first", "rest")

    def __init__(self, first: Program, rest: Program, state: State, settings: Settings) -> None:
        written_before = split_before_waits(first)
        self.first: BoundPlan | WaitingPlan = (
            BoundPlan(settings.plan(first), state, settings) if written_before is None
            else WaitingPlan(*written_before, state, settings))
        self.rest = Body(rest, state, settings, may_return_arguments=False)

    @property
    def runners(self) -> tuple[Runner, ...]:
        """The runners of both parts; of the second for the shapes of the last run."""
        return *self.first.runners, self.rest.last_plan().runner

    def why_no_graph(self) -> str | None:
        """Why steady runs are no CUDA graph."""
        return "it waits for other runs"

    def run(self, feeds: tuple[Any, ...], hooks: tuple[Hook, ...] = (), to_host: bool = True
            ) -> tuple[Any, ...]:
        """Runs once; what the first part did stays done when the second one fails."""
        arrays = (*feeds, *self.first.run(feeds, hooks, False))
        return self.rest.plan(arrays).run(arrays, hooks, to_host)

    def run_with_hooks(self, feeds: tuple[Any, ...], hooks: tuple[Hook, ...], to_host: bool = True
                       ) -> tuple[Any, ...]:
        """Runs once, with hooks called around each step."""
        arrays = (*feeds, *self.first.run_with_hooks(feeds, hooks, to_host=False))
        return self.rest.plan(arrays).run_with_hooks(arrays, hooks, to_host=to_host)
