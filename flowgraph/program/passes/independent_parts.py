"""Independent parts: what does not need each other runs side by side, in lanes.

The pass goes through a program in order, by its heavy instructions (products, convolutions, large
arrays). Those that need none of the others begin a lane each; what needs one lane alone goes on in
it; what needs several ends the section, and the next one begins. Lanes are made where each core
gets about the same to do, in steps that are too small to be split over the cores themselves: two
branches of a network, the directions of a bidirectional one, members of an ensemble.

Changes of a variable's rows come after the lanes: they write into the array that the variable had
before (`core.old_copy`), which a lane does not know, and would have to copy all rows. So does the
arithmetic of an update, which `packed_updates` does for all variables together, in tiles on all
cores; cut into lanes it would be in parts that are not alike.

Where the user has put operations on several processors (`with fg.device("/cpu:1"):`), there is one
lane for each of them, and a section may also begin behind a layer that all need.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence

from flowgraph.core.machine import cores
from flowgraph.program.ir import Feed, Instr, Program, Value
from flowgraph.program.lanes import SIDE_BY_SIDE, nanoseconds

HEAVY = 20_000.0  # nanoseconds from which on an instruction can begin a lane
LEAST = 500_000.0  # of a lane: waking another thread for less does not pay
SPLIT = 1_000_000.0  # of an instruction that is split over the cores anyway
_EVEN = 0.6  # of the longest lane: how much the others must have to do
_TRIES = 16  # where a section may begin, before the next part of the program is looked at

Optimise = Callable[[Program], Program]


def independent_parts(program: Program, optimise: Optimise = lambda lane: lane) -> Program:
    """Puts independent parts into lanes.

    Args:
        program: the program.
        optimise: what to do with each lane; the pipeline runs its passes.
    """
    if not any(instr.op_def.multiplies for instr in program.instrs):
        return program
    costs = [nanoseconds(instr) for instr in program.instrs]
    if sum(costs) < 2 * LEAST:
        return program
    sections = list(_sections(program.instrs, costs, _updates(program)))
    if not any(section.lanes for section in sections):
        return program
    leaving = set(program.results())
    instrs: list[Instr] = []
    for section in sections:
        instrs += section.before
        if section.lanes:
            instrs.append(_joined(section.lanes, program.users, leaving, optimise))
        instrs += section.after
    return program.with_instrs(instrs, {})


class _Section:
    """Instructions up to one that needs several lanes.

    Attributes:
        before: those that run one after another.
        lanes: those that run side by side then; empty where that does not pay.
        after: those that run one after another when the lanes have ended.
    """

    def __init__(self) -> None:
        self.before: list[Instr] = []
        self.lanes: list[list[Instr]] = []
        self.after: list[Instr] = []


_BEFORE, _AFTER = -1, -2  # all lanes


class _Search:
    """The section that is being found: which lane makes each value.

    Args:
        updates: what comes after the lanes, if it needs one.
    """

    def __init__(self, updates: set[Instr]) -> None:
        self._updates = updates
        self.order: list[tuple[Instr, int, float]] = []  # lane, _BEFORE or _AFTER; cost
        self.lane_of: dict[Value, int] = {}
        self.costs: list[float] = []

    def add(self, instr: Instr, cost: float) -> bool:
        """Puts an instruction into a lane, before or after all; False if it ends the section."""
        lanes = {self.lane_of[v] for v in instr.inputs if v in self.lane_of}
        is_late = instr.op_def.takes_old_copy or instr in self._updates
        if _AFTER in lanes and cost >= HEAVY and instr not in self._updates:
            return False
        if _AFTER in lanes or (lanes and is_late):
            lane = _AFTER
        elif len(lanes) > 1:
            return False
        elif lanes or cost < HEAVY or is_late:
            lane = lanes.pop() if lanes else _BEFORE
        else:
            lane = len(self.costs)
            self.costs.append(0.0)
        if lane >= 0:
            self.costs[lane] += cost
        if lane != _BEFORE:
            self.lane_of.update(dict.fromkeys(instr.outputs, lane))
        self.order.append((instr, lane, cost))
        return True

    def section(self) -> _Section:
        """The section, its lanes shared out to the cores."""
        section = _Section()
        chosen = self._shared_out()
        lanes: dict[int, list[Instr]] = {}
        for instr, lane, _ in self.order:
            if lane in chosen:
                lanes.setdefault(chosen[lane], []).append(instr)
            else:
                (section.before if lane == _BEFORE or not chosen else section.after).append(instr)
        section.lanes = list(lanes.values())
        return section

    def _shared_out(self) -> dict[int, int]:
        """The core of each lane; empty where lanes do not pay."""
        if len(self.costs) < 2:
            return {}
        devices = self._devices()
        if devices:
            return devices
        if cores() < 2 or any(cost >= SPLIT for _, lane, cost in self.order if lane >= 0):
            return {}
        loads = [0.0] * min(cores(), len(self.costs))
        chosen: dict[int, int] = {}
        for lane in sorted(range(len(self.costs)), key=lambda lane: -self.costs[lane]):
            core = loads.index(min(loads))
            loads[core] += self.costs[lane]
            chosen[lane] = core
        return chosen if min(loads) >= max(LEAST, _EVEN * max(loads)) else {}

    def _devices(self) -> dict[int, int]:
        """The processor of each lane, where the user has named several."""
        numbers: dict[str, int] = {}
        of_lane: dict[int, int] = {}
        for instr, lane, cost in self.order:
            if lane >= 0 and cost >= HEAVY and lane not in of_lane:
                of_lane[lane] = numbers.setdefault(_processor(instr), len(numbers))
        loads = [math.fsum(self.costs[lane] for lane in of_lane if of_lane[lane] == number)
                 for number in range(len(numbers))]
        return of_lane if len(loads) > 1 and sorted(loads)[-2] >= LEAST / 5 else {}


def _processor(instr: Instr) -> str:
    """The processor on which the user has put an operation, as "cpu:1"; "" for none."""
    device = str(instr.origins[0].device).lower()
    found = [part for part in device.replace("device:", "").split("/") if part.startswith("cpu")]
    return found[-1] if found else ""


def _updates(program: Program) -> set[Instr]:
    """Elementwise instructions whose results do nothing but become what variables are."""
    written = {write.value for write in program.writes}
    found: set[Instr] = set()
    for instr in reversed(program.instrs) if written else ():
        users = [user for out in instr.outputs for user in program.users.get(out, ())]
        if ((instr.op_def.elementwise or instr.op_def.type == "Assign")
                and (users or not written.isdisjoint(instr.outputs)) and found.issuperset(users)):
            found.add(instr)
    return found


def _sections(instrs: Sequence[Instr], costs: list[float], updates: set[Instr]
              ) -> Iterator[_Section]:
    """The sections of a program, one after another."""
    begin = 0
    for end, instr in enumerate(instrs):
        if not instr.is_pure:
            yield from _pure_sections(instrs[begin:end], costs[begin:end], updates)
            yield _plain([instr])
            begin = end + 1
    yield from _pure_sections(instrs[begin:], costs[begin:], updates)


def _pure_sections(instrs: Sequence[Instr], costs: list[float], updates: set[Instr]
                   ) -> Iterator[_Section]:
    """The sections of instructions whose order is free but for what they need.

    Where the user has named processors and no lanes are found, the heavy instruction that began the
    first one is taken to stand before all lanes, and what follows it is looked at: behind the layer
    where two columns meet, their gradients are independent again, though all need that layer's.
    (In a network that no one has cut, the gradients of weights and of inputs are found so, and two
    products on a core each are slower than one after the other on both, by 4 to 14 %.)
    """
    heavy = [i for i, cost in enumerate(costs) if cost >= HEAVY]
    is_cut = len({_processor(instrs[i]) for i in heavy}) > 1
    needed = _needed_by_all_later(instrs, heavy) if is_cut else set()
    late = set() if is_cut else updates  # processors that the user named do their own updates
    begin = start = tries = 0
    while (at := bisect_left(heavy, start)) < len(heavy):
        first = heavy[at]
        if first in needed:
            start = first + 1
            continue
        search, end = _Search(late), start
        while end < len(instrs) and search.add(instrs[end], costs[end]):
            end += 1
        section = search.section()
        if section.lanes:
            yield _plain(instrs[begin:start])
            yield section
            begin = end
        tries = tries + 1 if is_cut and not section.lanes else _TRIES
        if tries < _TRIES:
            start = first + 1
        else:
            start, tries = max(start, end), 0
    yield _plain(instrs[begin:])


def _plain(instrs: Sequence[Instr]) -> _Section:
    """A section without lanes."""
    section = _Section()
    section.before += instrs
    return section


def _needed_by_all_later(instrs: Sequence[Instr], heavy: list[int]) -> set[int]:
    """The heavy instructions that all heavy ones after them need: no lane can begin with one."""
    needs: dict[Value, int] = {}  # bit k stands for the heavy instruction number k
    numbers = {i: k for k, i in enumerate(heavy)}
    needs_of_heavy = []
    for i, instr in enumerate(instrs):
        found = 0
        for value in instr.inputs:
            if value is not None:
                found |= needs.get(value, 0)
        if i in numbers:
            needs_of_heavy.append(found)
            found |= 1 << numbers[i]
        if found:
            needs.update(dict.fromkeys(instr.outputs, found))
    needed, common = set(), -1
    for k in reversed(range(len(heavy))):
        if common >> k & 1:
            needed.add(heavy[k])
        common &= needs_of_heavy[k]
    return needed


def _joined(lanes: list[list[Instr]], uses: dict[Value, list[Instr]], leaving: set[Value],
            optimise: Optimise) -> Instr:
    """One instruction that runs lanes side by side."""
    made = {out for lane in lanes for instr in lane for out in instr.outputs}
    inputs = tuple(dict.fromkeys(v for lane in lanes for instr in lane for v in instr.inputs
                                 if v is not None and v.const is None and v not in made))
    bodies: list[Program] = []
    outputs: list[Value] = []
    for lane in lanes:
        inside = set(lane)
        given = {v: Value(v.name, v.spec) for v in inputs}
        results = [out for instr in lane for out in instr.outputs
                   if out in leaving or any(user not in inside for user in uses.get(out, ()))]
        instrs = [instr.with_inputs(tuple([None if v is None else given.get(v, v)
                                           for v in instr.inputs])) for instr in lane]
        bodies.append(optimise(Program(tuple(Feed(None, given[v]) for v in inputs), (),
                                       tuple(instrs), tuple(results), ())))
        outputs += results
    origins = tuple(dict.fromkeys(op for lane in lanes for instr in lane for op in instr.origins))
    return Instr(SIDE_BY_SIDE, inputs, tuple(outputs), {}, origins, bodies=tuple(bodies))
