"""Which runs a program makes, and when it has made enough of them.

A program is stopped when it is in a loop: at its second run of the same fetches by the same lines,
with the graph as it was; by then its graph is complete. Runs that prepare others (initializers,
restoring) do not count, and neither do those of flowgraph's own threads, which fill queues.
Stopping is an exception of its own kind out of `Session.run`.
"""

from __future__ import annotations

import gc
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

from flowgraph.core.frames import UserFrame, is_library, user_frame
from flowgraph.graph.graph import Graph, get_default_graph
from flowgraph.graph.tensor import Tensor
from flowgraph.runtime.fetches import Fetches
from flowgraph.runtime.observe import ObservedRun

_GROWING = 4  # such runs after which a graph that still grows is complete enough
_ONE_LINE = 200  # runs, of whatever fetches, that one line makes: it is in a loop
_PATIENCE = 3  # a program that catches Stop so many times is ended otherwise
_ASSIGNS = frozenset({"Assign", "AssignVariableOp", "RestoreV2", "VarHandleOp", "Const", "NoOp",
                      "Identity", "MakeIterator", "SaveV2", "MergeV2Checkpoints"})
_TABLES = ("InitializeTable", "LookupTableImport")
_OF_FLOWGRAPH = ("report_uninitialized_variables", "save/", "save_")
# What a program calls to run something; by other calls (Saver.save, MonitoredSession(...)) it gets
# runs that it did not ask for.
_RUNS = frozenset({"run", "eval", "call", "__call__", "partial_run", "run_step_fn", "evaluate",
                   "record", "steps", "fit", "predict", "train_on_batch", "test_on_batch",
                   "predict_on_batch", "fit_generator", "run_with_hooks"})
_HOOKS = frozenset({"begin", "after_create_session", "before_run", "after_run", "end"})


class Stop(BaseException):
    """Ends the user's program; not an Exception, so that few programs catch it."""


class Fetched:
    """What is known of one choice of fetches.

    Attributes:
        graph: the graph.
        elements: the tensors and operations.
        count: how often it ran.
        number: how many others had run before it first did.
        rounds: how often by which lines.
    """

    def __init__(self, graph: Graph, elements: tuple[Any, ...], number: int) -> None:
        self.graph = graph
        self.elements = elements
        self.count = 0
        self.number = number
        self.version = 0  # of the graph, when it ran last
        self.rounds: dict[tuple[tuple[str, int], ...], int] = {}
        self.prepares = all(_prepares(element) for element in elements)

    @property
    def names(self) -> str:
        """The names of the fetches, for people."""
        return ", ".join(element.name for element in self.elements)


def _alive() -> list[Graph]:
    """All graphs there are."""
    return [graph for graph in gc.get_objects() if type(graph) is Graph]


def asked_at() -> UserFrame | None:
    """The line at which the program asked for the present run; None if it did not ask for it."""
    frame: FrameType | None = sys._getframe(1)
    name = ""
    while frame is not None and is_library(frame.f_code.co_filename):
        name = frame.f_code.co_name
        if name in _HOOKS:
            return None
        frame = frame.f_back
    if frame is None or name not in _RUNS:
        return None
    return UserFrame(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name)


def lines_of_program() -> tuple[tuple[str, int], ...]:
    """The lines at which the program is, from the innermost call out."""
    lines = []
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if not is_library(frame.f_code.co_filename):
            lines.append((frame.f_code.co_filename, frame.f_lineno))
        frame = frame.f_back
    return tuple(lines)


def _prepares(element: Any) -> bool:
    """Whether fetching this gives variables and tables their first values, or is about files."""
    op = element.op if isinstance(element, Tensor) else element
    if op.name.startswith(_OF_FLOWGRAPH):
        return True
    if isinstance(element, Tensor):
        return op.type == "Assign"
    waiting, seen = [op], {op}
    while waiting:
        op = waiting.pop()
        if op.type == "NoOp" or op is element:
            for other in op.control_inputs:
                if other not in seen:
                    seen.add(other)
                    waiting.append(other)
        if op.type not in _ASSIGNS and not op.type.startswith(_TABLES):
            return False
    return True


class Watcher:
    """An observer that counts runs, hands them on, and stops the program.

    Args:
        run_all: whether the program runs to its end.
        each: called with an ObservedRun and its Fetched, for each run of the program's that does
            not prepare others, in place of it; gives the results. Default: just runs it.
        stop_at: how many rounds of a loop are enough.

    Attributes:
        fetched: what ran, the first first.
        last_graph: the graph that ran last; None when none did.
        graphs: all that ran, the first first.
        stopped: where the program was stopped; None if it was not.
        reason: why, in words.
    """

    def __init__(self, run_all: bool = False,
                 each: Callable[[ObservedRun, Fetched], Any] | None = None, stop_at: int = 2
                 ) -> None:
        self.fetched: dict[Any, Fetched] = {}
        self.last_graph: Graph | None = None
        self.graphs: list[Graph] = []
        self.stopped: UserFrame | None = None
        self.reason = ""
        self.stopping = False
        self._before = {graph: graph.version for graph in _alive()}
        # Set while a program runs: what wakes its main thread, and what ends the whole process.
        self.interrupt: Callable[[], None] | None = None
        self.end: Callable[[], None] | None = None
        self._run_all, self._each, self._stop_at = run_all, each, stop_at
        self._lines: dict[tuple[str, int], int] = {}
        self._lock = threading.RLock()
        self._own = threading.local()
        self._stops = 0
        self.since = 0.0

    def observe(self, run: ObservedRun) -> Any:
        """Called in place of each run."""
        if getattr(self._own, "busy", False):
            return run()
        frame = asked_at()
        if frame is None:
            return run()
        if self.stopping:
            self.stop(frame, self.reason)
        found = self._found(run)
        if found is None:
            return run()  # which raises what is wrong with it
        with self._lock:
            self._note(found, frame)
        if found.prepares or self._each is None:
            return run()
        self._own.busy = True
        try:
            return self._each(run, found)
        finally:
            self._own.busy = False

    def stop(self, frame: UserFrame | None, reason: str) -> None:
        """Stops the program: raises Stop.

        Args:
            frame: the line at which it is.
            reason: why.
        """
        with self._lock:
            first = not self.stopping
            if first:
                self.stopping, self.stopped, self.reason = True, frame or user_frame(), reason
                self.since = time.monotonic()
            self._stops += 1
            stops = self._stops
        if stops > _PATIENCE and self.end is not None:
            self.end()
        if first and self.interrupt and (
                threading.current_thread() is not threading.main_thread()):
            self.interrupt()
        raise Stop(reason)

    def candidates(self) -> list[Graph]:
        """The graphs that the program has made: those that ran, the default one, other ones."""
        ran = [graph for graph in self.graphs if graph.version]
        default = get_default_graph()
        others = [graph for graph in _alive() if graph.version > self._before.get(graph, 0)
                  and graph not in ran]
        return ran + sorted(others, key=lambda graph: (graph is not default, -graph.version))

    def _found(self, run: ObservedRun) -> Fetched | None:
        graph = run.session.graph
        try:
            elements = tuple(Fetches(graph, run.fetches).elements)
        except Exception:  # wrong fetches: Session.run says what is wrong with them
            return None
        with self._lock:
            key = (graph, elements)
            if key not in self.fetched:
                self.fetched[key] = Fetched(graph, elements, len(self.fetched))
            return self.fetched[key]

    def _note(self, found: Fetched, frame: UserFrame) -> None:
        """Counts a run, and stops the program if it repeats another one."""
        graph = found.graph
        if not found.prepares or self.last_graph is None:
            self.last_graph = graph
        if graph not in self.graphs:
            self.graphs.append(graph)
        grown, found.version = graph.version != found.version, graph.version
        found.count += 1
        if found.prepares:
            return
        line = (frame.filename, frame.lineno)
        self._lines[line] = self._lines.get(line, 0) + 1
        if self._run_all:
            return
        lines = lines_of_program()
        rounds = found.rounds[lines] = found.rounds.get(lines, 0) + 1
        if rounds >= self._stop_at + (_GROWING if grown else 0):
            self.stop(frame, f"it runs {shortened(found.names)} again")
        if self._lines[line] >= _ONE_LINE:
            self.stop(frame, f"this line has made {_ONE_LINE} runs")


def shortened(text: str, most: int = 60) -> str:
    """A text, cut where it is too long to stand in a sentence."""
    return text if len(text) <= most else text[:most - 1] + "…"
