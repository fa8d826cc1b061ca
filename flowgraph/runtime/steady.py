"""Which runs on a GPU become CUDA graphs, and when.

The first runs of a plan go kernel by kernel; kernels are compiled in them. In the third one graphs
are made, if nothing in the plan stands in the way (`plan/capture.py`). Where that fails, or the
memory of graphs is needed for something else, the plan goes on kernel by kernel, and tries again
when it has run often enough to be worth it; twice as often each time. `Session.explain` tells why.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from flowgraph.plan.capture import phases
from flowgraph.plan.plan import Plan
from flowgraph.program.ir import Program
from flowgraph.program.pipeline import techniques
from flowgraph.runtime.bound_plan import BoundPlan, Settings
from flowgraph.runtime.captured import Replay
from flowgraph.runtime.graph_memory import place_of
from flowgraph.runtime.runner import Hook, Runner
from flowgraph.runtime.state import State

RUNS_BEFORE = 2  # kernel by kernel, in which kernels are compiled
FIRST_PAUSE = 100  # runs until graphs are made again; recording takes the time of about ten
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

    __slots__ = ("_bound", "_fed", "_lock", "_make", "_next", "_not_now", "_pause", "_plan",
                 "_replay", "_runs", "_why_not")

    def __init__(self, plan: BoundPlan, make: Callable[[], BoundPlan]) -> None:
        self._plan = plan
        self._make = make
        self._runs = 0  # that were no graph
        self._next = RUNS_BEFORE  # after so many of them there may be one
        self._pause = FIRST_PAUSE
        self._lock = threading.Lock()
        self._bound: BoundPlan | None = None
        self._replay: Replay | None = None
        self._why_not: str | None = None  # not known yet
        self._fed: tuple[Any, ...] = ()  # places of what the last run before a graph was fed
        self._not_now = ""

    @property
    def runners(self) -> tuple[Runner, ...]:
        """The runner of the plan that goes kernel by kernel."""
        return self._plan.runners

    def why_no_graph(self) -> str:
        """Why steady runs are no CUDA graph, a clause; "" where they are, or will be."""
        if self._why_not is None:
            with self._lock:
                self._prepare()
        return self._why_not or self._not_now

    def reads_in_place(self) -> tuple[str, ...]:
        """Names of the feeds that the graph reads where they are; what else is fed is copied."""
        replay = self._replay
        return () if replay is None else replay.reads_in_place

    def run(self, feeds: tuple[Any, ...], hooks: tuple[Hook, ...] = (), to_host: bool = True
            ) -> tuple[Any, ...]:
        """Runs once, as a graph if this is a steady run and no other thread is in one."""
        if hooks or self._why_not or self._runs < self._next:
            self._runs += 1
            if self._runs == self._next:
                self._fed = tuple(map(place_of, feeds))
            return self._plan.run(feeds, hooks, to_host)
        if not self._lock.acquire(blocking=False):
            return self._plan.run(feeds, hooks, to_host)
        try:
            self._prepare()
            bound, replay = self._bound, self._replay
            if bound is None or replay is None:
                return self._plan.run(feeds, hooks, to_host)
            replay.hands_out = not to_host
            replay.fed_before = self._fed
            try:
                return bound.run(feeds, hooks, to_host)
            finally:
                if replay.why_not:
                    self._give_up(replay)
        finally:
            self._lock.release()

    def run_with_hooks(self, feeds: tuple[Any, ...], hooks: tuple[Hook, ...], to_host: bool = True
                       ) -> tuple[Any, ...]:
        """Runs once, with hooks called around each step."""
        return self._plan.run_with_hooks(feeds, hooks, to_host=to_host)

    def _prepare(self) -> None:
        """Finds out whether there can be a graph."""
        if self._why_not or self._bound is not None:
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

    def _give_up(self, replay: Replay) -> None:
        """Goes on kernel by kernel, for good or for some time."""
        self._bound = self._replay = None
        if replay.is_final:
            self._why_not = replay.why_not
            return
        self._not_now = f"{replay.why_not}; it is tried again after {self._pause} runs"
        self._next = self._runs + self._pause
        self._pause *= 2
