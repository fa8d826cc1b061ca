"""Finding convex groups: sets of instructions that can run as one.

A group is convex when no way leads out of it and in again. The search goes through a program in
order and keeps, for each value, the set of groups that it depends on (as the bits of a number), and
for each group those that it depends on. An instruction may join a group that makes one of its
inputs if none of the others depends on that group.

What a value depends on is noted once, when it is made; what a group makes depends on all that the
group does by now. That is all there is to know unless a group takes in something new when others
depend on it already; only then is the way from group to group followed.
"""

from __future__ import annotations

import heapq
from typing import Any

from flowgraph.program.ir import Instr, Program, Value

MOST_MEMBERS = 64  # a longer group has more arrays in flight than fit into a cache


class Growing:
    """A group while it is being found.

    Attributes:
        shape: what its members have in common; most often a shape.
        bits: its numbers, as bits: its own, and those of the groups that it has taken in.
        members: the instructions.
        needs: the groups that its members depend on.
        since: how many groups had grown late when it began.
    """

    __slots__ = ("bits", "members", "needs", "shape", "since")

    def __init__(self, shape: Any, bits: int, since: int) -> None:
        self.shape = shape
        self.bits = bits
        self.members: list[Instr] = []
        self.needs = 0
        self.since = since

    def add(self, instr: Instr) -> None:
        """Takes an instruction in."""
        self.members.append(instr)

    def take_over(self, other: Growing) -> None:
        """Takes the members of another group in."""
        self.members += other.members


class Search:
    """Finds groups, going through a program in order; which ones, a subclass says.

    Attributes:
        groups: those found, in the order in which they began.
    """

    growing: type[Growing] = Growing

    def __init__(self) -> None:
        self.groups: dict[Any, None] = {}
        self._numbered: list[Any] = []  # by the number of the bit
        self._number: dict[Value, int] = {}  # of the group that makes a value
        self._member_of: dict[Value, int] = {}  # the same; also of what ends a group
        self._needs: dict[Value, int] = {}
        self._before_effects = 0  # what the last instruction depends on that has to keep its turn
        self._needed = 0  # groups that something depends on
        self._grown_late = 0  # how often one of those came to depend on more

    def choose(self, instr: Instr) -> Any:
        """The group that an instruction goes into, made by `begin` or `merged`; None for none."""
        raise NotImplementedError

    def can_go_on(self, instr: Instr) -> bool:
        """Whether what takes a member's result may be in the member's group."""
        return True

    def add(self, instr: Instr) -> None:
        """Puts the next instruction into a group, or into none."""
        needs = 0
        for value in instr.inputs:
            needs |= self._needs_of(value)
        if not instr.is_pure:  # `in_order` keeps such in the order that they have
            needs |= self._before_effects
            self._before_effects = needs
        group = self.choose(instr)
        if group is not None:
            group.add(instr)
            needs &= ~group.bits
            self._note_growth(group, needs)
            group.needs |= needs
            self._needed |= needs
            needs = group.needs | group.bits
            number = group.bits.bit_length() - 1
            self._member_of.update(dict.fromkeys(instr.outputs, number))
            if self.can_go_on(instr):
                self._number.update(dict.fromkeys(instr.outputs, number))
        else:
            self._needed |= needs
        if needs:
            self._needs.update(dict.fromkeys(instr.outputs, needs))

    def _needs_of(self, value: Value | None) -> int:
        number = self._member_of.get(value)  # type: ignore[arg-type]
        needs = self._needs.get(value, 0)  # type: ignore[arg-type]
        return needs if number is None else needs | self._numbered[number].needs

    def _note_growth(self, group: Any, needs: int) -> None:
        if group.bits & self._needed and needs & ~group.needs:
            self._grown_late += 1

    def maker(self, value: Value | None) -> Any:
        """The group that makes a value; None if none does."""
        number = self._number.get(value)  # type: ignore[arg-type]
        return None if number is None else self._numbered[number]

    def now(self, group: Any) -> Any:
        """The group that a group has become a part of; itself if of none."""
        return self._numbered[group.bits.bit_length() - 1]

    def begin(self, shape: Any) -> Any:
        """A new group."""
        group = self.growing(shape, 1 << len(self._numbered), self._grown_late)
        self.groups[group] = None
        self._numbered.append(group)
        return group

    def sources(self, instr: Instr) -> list[Any]:
        """The groups that make what an instruction takes."""
        made = self._number
        return list({self._numbered[made[v]]: None for v in instr.inputs if v in made})

    def is_convex(self, groups: list[Any], instr: Instr | None = None) -> bool:
        """Whether nothing that groups and an instruction take from outside depends on them."""
        members = [member for group in groups for member in group.members]
        if instr is not None:
            members.append(instr)
            if len(members) > MOST_MEMBERS:
                return False
        bits = left = seen = 0
        for group in groups:
            bits |= group.bits
        for member in members:
            for value in member.inputs:
                needs = self._needs_of(value)
                if needs and self.maker(value) not in groups:
                    left |= needs
        if left & bits:
            return False
        if self._grown_late == min(group.since for group in groups):
            return True
        while left:
            if left & bits:
                return False
            bit = left & -left
            seen |= bit
            left = (left | self._numbered[bit.bit_length() - 1].needs) & ~seen
        return True

    def merged(self, groups: list[Any]) -> Any:
        """One group of several; the first of them becomes it."""
        first = groups[0]
        for other in groups[1:]:
            first.take_over(other)
            self._note_growth(first, other.needs & ~first.bits)
            self._note_growth(other, first.needs & ~other.bits)
            first.needs |= other.needs
            first.bits |= other.bits
            first.since = min(first.since, other.since)
            del self.groups[other]
            numbers = other.bits
            while numbers:
                number = numbers & -numbers
                self._numbered[number.bit_length() - 1] = first
                numbers ^= number
        first.needs &= ~first.bits
        return first


def search_through(program: Program, search: Any) -> list[Any]:
    """The groups that a search finds, their members in the order of the program."""
    for instr in program.instrs:
        search.add(instr)
    number = {instr: i for i, instr in enumerate(program.instrs)}
    for group in search.groups:
        group.members.sort(key=number.__getitem__)
    return list(search.groups)


def results_of(program: Program, members: list[Instr], leaving: set[Value]) -> tuple[Value, ...]:
    """Those of the members' results that something else needs, or that leave the program."""
    inside = set(members)
    uses = program.users
    return tuple(out for member in members for out in member.outputs
                 if out in leaving or any(user not in inside for user in uses.get(out, ())))


def with_joined(program: Program, joined: dict[Instr, Instr]) -> Program:
    """The program with one instruction in the place of several, in an order that fits.

    Args:
        program: the program.
        joined: the new instruction for each of those that it replaces.
    """
    instrs = list(dict.fromkeys(joined.get(instr, instr) for instr in program.instrs))
    return program.with_instrs(in_order(instrs), {})


def in_order(instrs: list[Instr]) -> list[Instr]:
    """Each after what it needs, and what has effects in the order that it had."""
    makers = {out: i for i, instr in enumerate(instrs) for out in instr.outputs}
    before: list[set[int]] = [{makers[v] for v in instr.inputs if v in makers}
                              for instr in instrs]
    last = -1
    for i, instr in enumerate(instrs):
        if not instr.is_pure:
            if last >= 0:
                before[i].add(last)
            last = i
    after: dict[int, list[int]] = {}
    for i, needed in enumerate(before):
        for j in needed:
            after.setdefault(j, []).append(i)
    waiting = [len(needed) for needed in before]
    ready = [i for i, count in enumerate(waiting) if not count]
    heapq.heapify(ready)
    order: list[Instr] = []
    while ready:
        i = heapq.heappop(ready)
        order.append(instrs[i])
        for j in after.get(i, ()):
            waiting[j] -= 1
            if not waiting[j]:
                heapq.heappush(ready, j)
    return order
