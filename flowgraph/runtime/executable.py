"""Executable: everything a Session has worked out for one choice of fetches and feeds.

    fetches, feeds --extract, prepare--> Program --specialise, optimise--> Plan per feed shapes

Plans are kept per shapes of the feeds, a bounded number of them. A program that is fed ever other
shapes (sentences of all lengths) would spend its time on planning: from the third shape on, the
first eight runs of a shape use one *general* plan, made once for all sizes that differ.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from flowgraph.core import collector
from flowgraph.core.shapes import widen
from flowgraph.core.spec import Shape
from flowgraph.graph.graph import Graph
from flowgraph.graph.operation import Operation
from flowgraph.graph.tensor import Tensor
from flowgraph.plan.plan import Plan
from flowgraph.program.extract import extract
from flowgraph.program.ir import Program
from flowgraph.program.pipeline import prepare, techniques
from flowgraph.program.specs import specialise
from flowgraph.program.waiting import split_at_waits
from flowgraph.runtime.bound_plan import BoundPlan, Settings, WaitingPlan
from flowgraph.runtime.checked_plan import CheckedPlan
from flowgraph.runtime.feeds import check_shape
from flowgraph.runtime.fetches import Fetches
from flowgraph.runtime.state import State

Shapes = tuple[tuple[int, ...], ...]
AnyPlan = BoundPlan | WaitingPlan | CheckedPlan
MOST_PLANS = 32  # per executable; the one not used for longest goes first
OWN_AT_ONCE = 2  # shapes that get a plan of their own when they are first fed
RUNS_BEFORE_OWN = 8  # of others, with the general plan: a plan takes the time of many runs
_MOST_SEEN = 1024  # shapes whose runs are counted


def mark_used(cache: OrderedDict[Any, Any], key: Any) -> None:
    """Puts an entry last in line for being dropped."""
    with suppress(KeyError):  # another thread has dropped it meanwhile
        cache.move_to_end(key)


class Executable:
    """What `Session.run` does for one choice of fetches and feeds.

    Args:
        graph: the session's graph.
        state: the session's state.
        fetches: the nest asked for.
        feeds: the tensors fed, in the order in which their values come.
        settings: how its plans are made and run.
        done: operations that must not run again.
        check: looks at the devices of the graph; not called if all fetches are fed.
        log: is told of each program that runs, optimised.

    Attributes:
        is_fed: whether all that is fetched is fed.
    """

    def __init__(self, graph: Graph, state: State, fetches: Any, feeds: list[Tensor],
                 settings: Settings, done: frozenset[Operation] = frozenset(),
                 check: Callable[[Graph], None] | None = None,
                 log: Callable[[Program], None] | None = None) -> None:
        self.fetches = Fetches(graph, fetches)
        self.is_fed = set(self.fetches.elements) <= set(feeds)
        if check is not None and not self.is_fed:
            check(graph)
        self.feeds = feeds
        self.nest: Callable[[tuple[Any, ...]], Any] = self.fetches.nest
        self._state = state
        self._settings = settings
        self._log = log
        with collector.paused():
            self.extracted: Program = extract(self.fetches.elements, feeds, done)
            self._prepared = prepare(self.extracted, settings.passes)
        self._plans: OrderedDict[Shapes, AnyPlan] = OrderedDict()
        self._has_general = "general_plans" in techniques(settings.passes)
        self._general: tuple[tuple[Shape, ...], AnyPlan] | None = None
        self._seen: OrderedDict[Shapes, int] = OrderedDict()  # runs with the general plan
        self._lock = threading.Lock()

    def plan(self, shapes: Shapes) -> AnyPlan:
        """The plan for a run with feeds of these shapes, made when first asked for.

        Raises:
            FeedError: a shape does not fit its tensor.
            InvalidArgumentError: the shapes do not fit an op.
        """
        found = self._plans.get(shapes)
        if found is not None:
            if len(self._plans) > 1:
                mark_used(self._plans, shapes)
            return found
        with self._lock:
            if shapes not in self._plans:
                self._check(shapes)
                if self._is_passing(shapes):
                    return self._general_plan(shapes)
        return self.own_plan(shapes)

    def own_plan(self, shapes: Shapes) -> AnyPlan:
        """The plan that is made for just these shapes; raises as `plan` does."""
        with self._lock:
            if shapes not in self._plans:
                self._check(shapes)
                with collector.paused():
                    self._plans[shapes] = self._new_plan(shapes, self._last_plan())
                while len(self._plans) > MOST_PLANS:
                    self._plans.popitem(last=False)
            return self._plans[shapes]

    def _check(self, shapes: Shapes) -> None:
        for tensor, shape in zip(self.feeds, shapes, strict=True):
            check_shape(tensor, shape)

    def _is_passing(self, shapes: Shapes) -> bool:
        """Whether a plan of their own does not pay yet; counts the run."""
        if not self._has_general or len(self._plans) < OWN_AT_ONCE:
            return False
        runs = self._seen.pop(shapes, 0)
        if runs == RUNS_BEFORE_OWN:
            return False
        if runs == 0:  # what does not fit is told as the shapes' own plan would
            with collector.paused():
                specialise(self._prepared, shapes)
        self._seen[shapes] = runs + 1
        if len(self._seen) > _MOST_SEEN:
            self._seen.popitem(last=False)
        return True

    def _general_plan(self, shapes: Shapes) -> AnyPlan:
        """A plan for these shapes and all those before, sizes in which they differ unknown."""
        widest: tuple[Shape, ...] = shapes
        for before in (self._general[0],) if self._general is not None else tuple(self._plans):
            widest = tuple(map(widen, widest, before))
        if self._general is None or self._general[0] != widest:
            with collector.paused():
                self._general = widest, self._new_plan(widest)
        return self._general[1]

    def _last_plan(self) -> Plan | None:
        """The plan that was used last, if it is one."""
        plans = tuple(self._plans.values())  # at once: other threads change their order meanwhile
        return plans[-1].runner.plan if plans and isinstance(plans[-1], BoundPlan) else None

    def _new_plan(self, shapes: tuple[Shape, ...], like: Plan | None = None) -> AnyPlan:
        program, settings = self.optimised(shapes), self._settings
        parts = split_at_waits(program)
        plan: Any = (BoundPlan(settings.plan(program, like=like), self._state, settings)
                     if parts is None else WaitingPlan(*parts, self._state, settings))
        if not settings.gpus:
            return plan
        if parts is None and program.uses_gpu and "cuda_graphs" in techniques(settings.passes):
            from flowgraph.runtime.steady import steady  # late: only sessions with GPUs need it
            plan = steady(plan, specialise(self._prepared, shapes), self._state, settings)
        return CheckedPlan(plan, settings.gpus, bool(program.fetches))

    def optimised(self, shapes: tuple[Shape, ...]) -> Program:
        """The program for feeds of these shapes, after the passes."""
        program = self._settings.optimise(specialise(self._prepared, shapes))
        if self._log is not None:
            self._log(program)
        return program
