"""Steady runs on a GPU as CUDA graphs: all that the GPU does in a run is launched at once.

A kernel takes Python 5 to 20 us to launch, more than most kernels take to run. A graph is recorded
once, and launched with the same kernels, from and into the same memory (`graph_memory.py`).
Variables have two memories, so there is a graph for each direction.

Both graphs are made in one run, and launched on what it has computed kernel by kernel. If anything
raises, or their numbers are others, the run has its results all the same; what went wrong is told
by `Session.explain`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from flowgraph.core import checks
from flowgraph.core.gpu_graphs import Graphs
from flowgraph.errors import InvalidArgumentError
from flowgraph.plan.capture import Phases
from flowgraph.plan.plan import Plan, Step, own
from flowgraph.program.transfers import TO_HOST
from flowgraph.runtime.graph_memory import GraphMemory, place_of
from flowgraph.runtime.run_errors import place
from flowgraph.runtime.same_numbers import is_same


class Replay:
    """Runs a plan around a graph; stands in the place of a plan's generated source.

    Args:
        plan: the plan.
        found: its phases.

    Attributes:
        hands_out: whether results stay on the GPU, with the caller.
        why_not: why there are no graphs any more; "" as long as there may be.
        is_final: whether there never will be.
        fed_before: the places of what the run before was fed from the GPU's memory, in the order of
            feeds. Feeds that are there again are read there by a graph.
    """

    def __init__(self, plan: Plan, found: Phases) -> None:
        assert plan.gpu is not None
        self.hands_out = False
        self.why_not = ""
        self.is_final = False
        self.fed_before: tuple[Any, ...] = ()
        self._feeds_move = False
        self._plan = plan
        self._gpu = plan.gpu
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
        run_steps(plan, found.before, values, objects)
        written = self._launched(values)
        is_launched = written is not None
        if written is None:
            written = {}
            run_steps(plan, (*found.uploads, *found.section), values, objects,
                      last_uses=found.last_uses)
            if self._recorded is None and not self.why_not:
                self._record(values, self._in_place(feeds))
        run_steps(plan, found.after, values, objects)
        new_state = tuple([
            written[i] if i in written else own(values[slot]) if copy else values[slot]
            for i, (_, slot, copy) in enumerate(plan.writes)])
        # What a graph has written is there until it is launched again.
        lent = self._lent if is_launched and self.hands_out else ()
        fetched = tuple([own(values[slot]) if copy or slot in lent else values[slot]
                         for slot, copy in plan.fetches])
        return fetched, new_state

    def forget(self) -> None:
        """Gives up the graphs, whose memory is needed."""
        self._recorded = None
        self.why_not = self.why_not or "its memory was needed"

    @property
    def reads_in_place(self) -> tuple[str, ...]:
        """Names of the feeds that the graphs read where they are."""
        if self._recorded is None:
            return ()
        return tuple([value.name for value, slot in self._plan.slots.items()
                      if slot in self._recorded.in_place])

    def _in_place(self, feeds: Sequence[Any]) -> frozenset[int]:
        """The slots of feeds that a graph may read where they are: they are where they were."""
        if self._feeds_move:
            return frozenset()
        uploaded = {step.inputs[0] for step in self._phases.uploads}
        return frozenset(
            slot for slot, array, before in zip(self._plan.feed_slots, feeds, self.fed_before,
                                                strict=False)
            if before is not None and slot in uploaded and array.ndim and self._gpu.holds(array)
            and place_of(array) == before)

    def _launched(self, values: list[Any]) -> dict[int, Any] | None:
        """The variables' new values, if a graph could be launched."""
        recorded = self._recorded
        if recorded is None:
            return None
        if recorded.memory.feeds_moved(values):  # another graph is made, which copies them
            self._feeds_move, self._recorded = True, None
            return None
        try:
            side = recorded.memory.side_for(values)
            if side is None:
                return None
            self._gpu.graphs().use(self)
            recorded.launch(side, values, self._brings_down or (
                self._fetches_from_gpu and not self.hands_out))
        except MemoryError:  # for a copy of what was fed
            self.forget()
            return None
        return recorded.memory.written[1 - side]

    def _record(self, values: list[Any], in_place: frozenset[int]) -> None:
        """Makes the graphs, and sees whether they compute what was computed before."""
        try:
            with checks.run_of_this_thread():  # these are not to be told
                recorded = _Recorded(self._plan, self._phases, values, self._gpu.graphs(),
                                     in_place)
                recorded.prove(values)
            self._recorded = recorded
            self._gpu.graphs().use(self)
        except checks.FailedCheck:
            raise  # of a run before
        except Exception as error:
            step = getattr(error, "_flowgraph_step", None)
            where = "it" if step is None else place(step.op)
            text = " ".join(str(error).split())
            self.why_not = f"recording {where} has failed with {type(error).__name__}: {text:.300}"
            self.is_final = isinstance(error, (NotImplementedError, ArithmeticError))
        finally:
            self._gpu.free()  # what kernels that ran one by one have left


class _Recorded:
    """Two graphs of the section of a plan, and the memory that they work on.

    Args:
        plan: the plan.
        found: its phases.
        values: of a run, by slot.
        graphs: who records.
        in_place: slots of feeds that are read where they are.

    Attributes:
        memory: the memory.
        in_place: as given.
    """

    def __init__(self, plan: Plan, found: Phases, values: list[Any], graphs: Graphs,
                 in_place: frozenset[int]) -> None:
        self.in_place = in_place
        self._plan = plan
        self._phases = found
        self._graphs = graphs
        self.memory = GraphMemory(plan, found, values, graphs, in_place)
        self._failed: Any = None  # what each check has found
        made = [self._record(side, values) for side in self.memory.sides]
        self._made = [graph for graph, _ in made]
        self._checks: list[list[checks.Check]] = [kept for _, kept in made]
        self.memory.settle()

    def _record(self, side: int, values: list[Any]) -> tuple[Any, list[checks.Check]]:
        """(the graph that reads memory `side`, checks that it makes)."""
        start, outs = self.memory.start(side, values), self.memory.outs(side)

        def section() -> None:
            given = list(start)
            run_steps(self._plan, self._phases.section, given, {}, self._graphs.xp,
                      self._phases.last_uses, outs)
            self.memory.keep(side, given)
            if self._failed is not None:
                for i, check in enumerate(checks.kept_so_far()):
                    self._failed[i] = check.failed

        with checks.run_of_this_thread() as kept:
            if self._failed is None:
                self._graphs.rehearse(section)
                self._failed = self._graphs.gpu.xp.zeros(len(kept), bool)
                kept.clear()
            self._graphs.rehearse(section)
            kept.clear()
            graph, _ = self._graphs.record(section)
            return graph, [check._replace(failed=self._failed[i]) for i, check in enumerate(kept)]

    def prove(self, values: list[Any]) -> None:
        """Launches both graphs on what a run was given, and compares.

        Args:
            values: of the run, by slot, as kernels have computed them one by one.

        Raises:
            ArithmeticError: other numbers come out.
        """
        memory, gpu = self.memory, self._graphs.gpu
        needed = sorted(self._phases.needed)
        slots = [*needed, *(self._plan.writes[i][1] for i in memory.written[0])]
        expected = gpu.download([values[slot] for slot in slots])
        for side in memory.sides:
            given = list(values)
            memory.reset(side, values)  # the first launch has overwritten one
            self.launch(side, given)
            found = gpu.download([*(given[slot] for slot in needed),
                                  *memory.written[1 - side].values()])
            for slot, one, other in zip(slots, expected, found, strict=True):
                if not is_same(one, other):
                    raise self._other_numbers(slot)

    def _other_numbers(self, slot: int) -> ArithmeticError:
        name = next(value.name for value, at in self._plan.slots.items() if at == slot)
        error = ArithmeticError(f"other numbers come out for {name!r}")
        error._flowgraph_step = next(  # type: ignore[attr-defined]
            (step for step in self._phases.section if slot in step.outputs), None)
        return error

    def launch(self, side: int, values: list[Any], waits: bool = True) -> None:
        """Runs the section, from what is in the memory `side`.

        Args:
            side: the memory.
            values: of the run, by slot; gets the results.
            waits: whether the host waits for what comes out.
        """
        self.memory.fill(side, values)
        self._graphs.launch(self._made[side])
        self.memory.give(values)
        made = self._checks[side]
        if made:
            # The next launch of any graph writes what they have looked at, and this one's `failed`.
            failed = self._failed if waits else self._failed.copy()
            made = [check._replace(failed=failed[i], error=self._error(check))
                    for i, check in enumerate(made)]
            checks.keep(made)

    def _error(self, check: checks.Check) -> Callable[[], Exception]:
        """Makes the error of a check of the last launch, also when there was another one since."""
        graphs, launches = self._graphs, self._graphs.launches

        def error() -> Exception:
            if graphs.launches == launches:
                return check.error()
            return InvalidArgumentError(None, None, "a check of what is in its inputs has failed; "
                                        "later runs have overwritten them")
        return error


def run_steps(plan: Plan, steps: Sequence[Step], values: list[Any], objects: Mapping[Step, Any],
              xp: Any = None, last_uses: Mapping[Step, list[int]] = MappingProxyType({}),
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
        keywords = step.instr.attrs
        if step in objects:
            keywords = {**keywords, "state" if step.instr.op_def.takes_state else "bodies":
                        objects[step]}
        if step in outs:
            keywords = {**keywords, "out": outs[step]}
        module = step.xp if xp is None or not step.instr.device else xp
        plan.call(step, plan.arguments(step, values), keywords, module, values)
        for slot in last_uses.get(step, ()):
            values[slot] = None
