"""Executable: everything a Session has worked out for one choice of fetches and feeds.

    fetches, feeds --extract--> Program --specialise, passes--> Plan per feed shapes --> Runner

Plans are kept per shapes of the feeds, a bounded number of them.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from flowgraph.core import collector
from flowgraph.graph.graph import Graph
from flowgraph.graph.operation import Operation
from flowgraph.graph.tensor import Tensor
from flowgraph.program.extract import extract
from flowgraph.program.ir import Program
from flowgraph.program.pipeline import optimise
from flowgraph.program.specs import specialise
from flowgraph.program.waiting import split_at_waits
from flowgraph.runtime.bound_plan import BoundPlan, Settings, WaitingPlan
from flowgraph.runtime.feeds import check_shape
from flowgraph.runtime.fetches import Fetches
from flowgraph.runtime.state import State

Shapes = tuple[tuple[int, ...], ...]
MOST_PLANS = 32  # per executable; the one not used for longest goes first


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
    """

    def __init__(self, graph: Graph, state: State, fetches: Any, feeds: list[Tensor],
                 settings: Settings, done: frozenset[Operation] = frozenset()) -> None:
        self.fetches = Fetches(graph, fetches)
        self.feeds = feeds
        self.nest: Callable[[tuple[Any, ...]], Any] = self.fetches.nest
        self._state = state
        self._settings = settings
        with collector.paused():
            self.extracted: Program = extract(self.fetches.elements, feeds, done)
        self._plans: OrderedDict[Shapes, BoundPlan | WaitingPlan] = OrderedDict()
        self._lock = threading.Lock()

    def plan(self, shapes: Shapes) -> BoundPlan | WaitingPlan:
        """The plan for feeds of these shapes, made when first asked for.

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
                for tensor, shape in zip(self.feeds, shapes, strict=True):
                    check_shape(tensor, shape)
                with collector.paused():
                    self._plans[shapes] = self._new_plan(self.optimised(shapes))
                while len(self._plans) > MOST_PLANS:
                    self._plans.popitem(last=False)
            return self._plans[shapes]

    def _new_plan(self, program: Program) -> BoundPlan | WaitingPlan:
        parts = split_at_waits(program)
        if parts is not None:
            return WaitingPlan(*parts, self._state, self._settings)
        return BoundPlan(self._settings.plan(program), self._state, self._settings)

    def optimised(self, shapes: Shapes) -> Program:
        """The program for feeds of these shapes, after the passes."""
        return optimise(specialise(self.extracted, shapes), self._settings.passes)
