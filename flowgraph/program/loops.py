"""Loops in Programs: what passes ask of a `While`, and how they change one.

A While has as many inputs as its condition and its body have feeds: first the loop variables, then
what comes from outside. Its results are the loop variables, the number of rounds, and a list per
further result of the body. A pass takes a loop apart into `LoopParts`, changes these and puts them
together again.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

from flowgraph.core import dtypes as dt
from flowgraph.core.spec import Spec
from flowgraph.program.ir import Feed, Instr, Program, Value
from flowgraph.program.passes.dead_code import dead_code


class LoopParts:
    """A While, as lists that may be changed.

    Args:
        instr: the instruction.

    Attributes:
        instr: the instruction.
        inputs: what comes in; the loop variables first.
        cond_feeds, body_feeds: what stands for it in condition and body.
        next: the new values of the loop variables.
        saved: the further results of the body.
        ends, rounds, lists: the instruction's results.
        cond_instrs, body_instrs: the instructions.
    """

    def __init__(self, instr: Instr) -> None:
        self.instr = instr
        self.cond, self.body = instr.bodies
        carried = instr.attrs["carried"]
        self.inputs = list(instr.inputs)
        self.cond_feeds, self.body_feeds = list(self.cond.feeds), list(self.body.feeds)
        self.next, self.saved = list(self.body.fetches[:carried]), list(self.body.fetches[carried:])
        self.ends, self.lists = list(instr.outputs[:carried]), list(instr.outputs[carried + 1:])
        self.rounds = instr.outputs[carried]
        self.shapes = list(instr.attrs["shapes"])
        self.cond_instrs, self.body_instrs = list(self.cond.instrs), list(self.body.instrs)

    @property
    def fixed(self) -> set[int]:
        """The inputs that have one value in all rounds."""
        return {j for j, feed in enumerate(self.body_feeds)
                if (j >= len(self.next) or self.next[j] is feed.value) and feed.variable is None}

    def bring(self, outside: Value, in_cond: Value | None, in_body: Value | None) -> None:
        """Brings one more value in, for what stands for it inside."""
        self.inputs.append(outside)
        for feeds, value in ((self.cond_feeds, in_cond), (self.body_feeds, in_body)):
            feeds.append(Feed(None, value or Value("unused", Spec(dt.variant, outside.spec.shape))))

    def drop_variable(self, k: int) -> None:
        """Takes a loop variable out, which neither condition nor body use any more."""
        for part in (self.inputs, self.cond_feeds, self.body_feeds, self.next, self.ends):
            del part[k]
        del self.shapes[k:k + 1]  # variables that the loop writes stand behind, and have none

    def save(self, value: Value) -> Value:
        """The list of a value's values of all rounds."""
        if value not in self.saved:
            self.saved.append(value)
            self.lists.append(Value(f"{value.name}/rounds", Spec(dt.variant, ())))
        return self.lists[self.saved.index(value)]

    def made(self) -> Instr:
        """The instruction as it is now."""
        old = self.instr
        cond = Program(tuple(self.cond_feeds), (), tuple(self.cond_instrs), self.cond.fetches, ())
        body = Program(tuple(self.body_feeds), (), tuple(self.body_instrs),
                       (*self.next, *self.saved), ())
        attrs: dict[str, Any] = {**old.attrs, "carried": len(self.next),
                                 "shapes": tuple(self.shapes)}
        return Instr(old.op_def, tuple(self.inputs), (*self.ends, self.rounds, *self.lists), attrs,
                     old.origins, old.keep, (dead_code(cond), dead_code(body)), old.equals)


class AddedUp(NamedTuple):
    """A loop variable that does nothing but add something up.

    Attributes:
        k: the number of the variable.
        adding: the instruction that adds.
        maker: the instruction that makes what is added, for nothing else.
    """

    k: int
    adding: Instr
    maker: Instr


def added_up(parts: LoopParts) -> list[AddedUp]:
    """The loop variables that only add something up, of the size that they begin with.

    Args:
        parts: the loop.

    Returns:
        The last variable first, so that one after the other may be dropped.
    """
    uses = Counter(v for inner in parts.body_instrs for v in inner.inputs if v is not None)
    uses.update((*parts.next, *parts.saved))
    in_cond = {v for inner in parts.cond_instrs for v in inner.inputs}
    producers, found = parts.body.producers, []
    for k in reversed(range(len(parts.next))):
        feed, total, start = parts.body_feeds[k].value, parts.next[k], parts.inputs[k]
        adding = producers.get(total)
        if (adding is None or adding.op_def.type not in ("Add", "AddV2") or uses[feed] != 1
                or uses[total] != 1 or feed not in adding.inputs
                or parts.cond_feeds[k].value in in_cond
                or parts.body_feeds[k].variable is not None):
            continue
        term = adding.inputs[1] if adding.inputs[0] is feed else adding.inputs[0]
        maker = producers.get(term)  # type: ignore[arg-type]
        if (maker is not None and term is not None and uses[term] == 1
                and start is not None and start.spec == term.spec):  # else the sum is larger
            found.append(AddedUp(k, adding, maker))
    return found


def counted_rounds(parts: LoopParts) -> int | None:
    """How many rounds a loop runs that only counts to a limit.

    Args:
        parts: the loop.

    Returns:
        The number, at most, or -1 where a limit is known only when the program runs; None for a
        loop that asks for anything else.
    """
    places = {feed.value: k for k, feed in enumerate(parts.cond_feeds)}
    most = -1
    left = [parts.cond.fetches[0]]
    while left:
        maker = parts.cond.producers.get(left.pop())
        if maker is None:
            return None
        if maker.op_def.type == "LogicalAnd":
            left += [v for v in maker.inputs if v is not None]
            continue
        a, b = maker.inputs[:2] if len(maker.inputs) == 2 else (None, None)
        kind = maker.op_def.type
        if kind in ("Greater", "GreaterEqual"):
            a, b = b, a
        elif kind not in ("Less", "LessEqual"):
            return None
        k = places.get(a, len(parts.next))  # type: ignore[arg-type]
        j = places.get(b, -1)  # type: ignore[arg-type]
        if k < len(parts.next) and _step(parts, k) > 0 and (
                (b is not None and b.const is not None) or j in parts.fixed):
            start, step, stop = parts.inputs[k], _step(parts, k), b
        elif j in range(len(parts.next)) and _step(parts, j) < 0 and (
                (a is not None and a.const is not None) or k in parts.fixed):
            start, step, stop = parts.inputs[j], _step(parts, j), a
        else:
            return None
        stop = stop if stop is None or stop.const is not None else parts.inputs[places[stop]]
        if start is not None and stop is not None and start.const is not None \
                and stop.const is not None and start.spec.shape == () and stop.spec.shape == ():
            end = int(stop.const) + kind.endswith("Equal") * (1 if step > 0 else -1)
            count = len(range(int(start.const), end, step))
            most = count if most < 0 else min(most, count)
    return most


def _step(parts: LoopParts, k: int) -> int:
    """By how much a loop variable grows each round, an integer; 0 if it does not by a constant."""
    feed, maker = parts.body_feeds[k].value, parts.body.producers.get(parts.next[k])
    if maker is None or feed.spec.dtype.kind != "i" or feed.spec.shape != () \
            or maker.op_def.type not in ("Add", "AddV2", "Sub"):
        return 0
    a, b = maker.inputs
    if a is feed and b is not None and b.const is not None and b.spec.shape == ():
        return -int(b.const) if maker.op_def.type == "Sub" else int(b.const)
    if b is feed and a is not None and a.const is not None and maker.op_def.type != "Sub" \
            and a.spec.shape == ():
        return int(a.const)
    return 0


def without_unused_variables(instr: Instr, used: set[Value]) -> Instr:
    """The loop without the variables that matter to nothing but themselves.

    Such a one is the gradient of a placeholder that a cell reads in each round.

    Args:
        instr: the loop.
        used: the values that something outside needs.
    """
    carried = instr.attrs["carried"]
    if all(out in used for out in instr.outputs[:carried]):
        return instr
    cond, body = instr.bodies
    in_cond = {v for inner in cond.instrs for v in inner.inputs} | set(cond.fetches)
    places = {feed.value: k for k, feed in enumerate(body.feeds[:carried])}
    left = [k for k in range(carried) if instr.outputs[k] in used or body.feeds[k].variable
            or cond.feeds[k].value in in_cond]
    needed = set(left)
    values = [body.fetches[k] for k in left]
    values += [*body.fetches[carried:], *(v for inner in body.instrs if inner.keep
                                          for v in inner.inputs if v is not None)]
    seen: set[Value] = set()
    while values:
        value = values.pop()
        if value in seen:
            continue
        seen.add(value)
        k = places.get(value)
        if k is not None and k not in needed:
            needed.add(k)
            values.append(body.fetches[k])
        maker = body.producers.get(value)
        if maker is not None:
            values += [v for v in maker.inputs if v is not None]
    if len(needed) == carried:
        return instr
    parts = LoopParts(instr)
    for k in reversed(range(carried)):
        if k not in needed:
            parts.drop_variable(k)
    return parts.made()


def is_loop(instr: Instr) -> bool:
    """Whether an instruction is a loop."""
    return "carried" in instr.attrs and len(instr.bodies) == 2


def is_zero(value: Value, program: Program) -> bool:
    """Whether a value is known to be all zeros."""
    if value.const is not None:
        return not value.const.any()
    maker = program.producers.get(value)
    return maker is not None and maker.op_def.type == "ZerosLike"
