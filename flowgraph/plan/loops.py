"""Loops whose rounds stand in generated source: what is known of a `While` before it runs.

Where the loop variables keep their shapes, condition and body are planned once, as parts of the
function that `plan/loop_source.py` writes. Here is found out

- which loop variables are *counters*: integers that grow by a constant, kept as Python's numbers;
- whether these tell the number of rounds, so that the loop is a `for`;
- where a new value of a loop variable is written: over the one of the last round where no one needs
  that any more (`IN_PLACE`), else into two arrays in turn (`IN_TURN`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.plan.inline import writes_last
from flowgraph.program.groups import runs_group
from flowgraph.program.ir import Instr, Program, Value

IN_PLACE, IN_TURN = "in place", "in turn"
_INCLUSIVE = {"Less": False, "LessEqual": True, "Greater": False, "GreaterEqual": True}
_MIRRORED = {"Less": "Greater", "LessEqual": "GreaterEqual",
             "Greater": "Less", "GreaterEqual": "LessEqual"}
MOST_INLINE = 400  # instructions of condition and body; larger ones are functions of their own


class Limit(NamedTuple):
    """`counter < limit` in a condition, or <=, > and >= by the counter's direction.

    Attributes:
        counter: the number of the loop variable.
        limit: a number, or the number of the input that brings it.
        is_input: whether it is that.
        inclusive: whether the counter may be as large as the limit.
    """

    counter: int
    limit: int
    is_input: bool
    inclusive: bool


class Loop:
    """A While that is planned as a loop of its own.

    Args:
        instr: the instruction.
        make_plan: plans condition and body; their results may share memory with what comes in.

    Attributes:
        carried: the number of loop variables.
        cond, body: the plans of both.
        counters: by number of a loop variable, by how much it grows each round.
        limits: what the condition asks of counters, if that is all it asks; else empty.
        rows: the further results of the body whose values of all rounds are rows of one array.
        places: by number of a loop variable, how its new values are written.
        fixed: inputs that have one value in all rounds.
    """

    __slots__ = ("body", "carried", "cond", "counters", "fixed", "instr", "limits", "places",
                 "rows")

    def __init__(self, instr: Instr, make_plan: Callable[[Program], Any]) -> None:
        self.instr = instr
        self.carried: int = instr.attrs["carried"]
        cond, body = instr.bodies
        self.fixed = {j for j in range(len(body.feeds)) if j >= self.carried
                      or body.fetches[j] is body.feeds[j].value}
        self.counters = {k: step for k in range(self.carried)
                         if (step := _step_of_counter(body, k))}
        self.limits = _limits(cond, self.counters, self.fixed)
        self.cond, self.body = make_plan(cond), make_plan(body)
        self.rows = {s for s in range(self.carried, len(body.fetches)) if self.limits
                     and body.fetches[s].spec.is_static
                     and body.fetches[s].spec.dtype.kind in "iufbc"
                     and body.fetches[s].spec.dtype is not dt.variant}
        self.places = _places(self)

    @property
    def is_counted(self) -> bool:
        """Whether the counters alone tell how many rounds there are."""
        return bool(self.limits)

    @property
    def plans(self) -> tuple[Any, ...]:
        """The plans whose steps run: the condition has none where counters are all of it."""
        return (self.body,) if self.limits else (self.cond, self.body)


def plan_loops(program: Program, make_plan: Callable[[Program], Any]) -> dict[Instr, Loop]:
    """The loops of a program that can stand in its source.

    Args:
        program: the program.
        make_plan: plans a condition or a body.
    """
    return {instr: Loop(instr, make_plan) for instr in program.instrs if _keeps_shapes(instr)}


def _keeps_shapes(instr: Instr) -> bool:
    """Whether it is a loop that can be planned once for all rounds."""
    if instr.op_def.type != "While":
        return False
    cond, body = instr.bodies
    if cond.fetches[0].spec.shape != () or len(cond.instrs) + len(body.instrs) > MOST_INLINE:
        return False
    if any(feed.variable is not None for part in (cond, body) for feed in part.feeds):
        return False  # whether the variable has a value is asked when the body runs
    return all(feed.value.spec.dtype is dt.variant or feed.value.spec.is_static
               for feed in body.feeds)


# ---- counters ------------------------------------------------------------------------------------


def is_int_scalar(value: Value | None) -> bool:
    """Whether it is a single signed integer."""
    return value is not None and value.spec.dtype.kind == "i" and value.spec.shape == ()


def _step_of_counter(body: Program, k: int) -> int:
    """By how much the loop variable grows each round; 0 if it is no counter."""
    feed, maker = body.feeds[k].value, body.producers.get(body.fetches[k])
    if maker is None or not is_int_scalar(feed) or maker.op_def.type not in ("Add", "AddV2", "Sub"):
        return 0
    a, b = maker.inputs
    if a is feed and b is not None and b.const is not None:
        return -int(b.const) if maker.op_def.type == "Sub" else int(b.const)
    if b is feed and a is not None and a.const is not None and maker.op_def.type != "Sub":
        return int(a.const)
    return 0


def _limits(cond: Program, counters: dict[int, int], fixed: set[int]) -> list[Limit]:
    """The limits of counters that a condition is made of; none if it asks for anything else."""
    places = {feed.value: k for k, feed in enumerate(cond.feeds)}
    left, found, seen = [cond.fetches[0]], [], set()
    while left:
        maker = cond.producers.get(left.pop())
        if maker is None:
            return []
        seen.add(maker)
        if maker.op_def.type == "LogicalAnd":
            left += [v for v in maker.inputs if v is not None]
            continue
        limit = _limit(maker, places, counters, fixed)
        if limit is None:
            return []
        found.append(limit)
    return found if len(seen) == len(cond.instrs) else []


def _limit(maker: Instr, places: dict[Value, int], counters: dict[int, int],
           fixed: set[int]) -> Limit | None:
    kind = maker.op_def.type
    if kind not in _INCLUSIVE:
        return None
    a, b = maker.inputs
    if places.get(a, -1) not in counters:  # type: ignore[arg-type]
        a, b, kind = b, a, _MIRRORED[kind]
    k = places.get(a, -1)  # type: ignore[arg-type]
    if k not in counters or (counters[k] > 0) != kind.startswith("Less") or not is_int_scalar(b):
        return None
    assert b is not None
    if b.const is not None:
        return Limit(k, int(b.const), False, _INCLUSIVE[kind])
    j = places.get(b, -1)
    return Limit(k, j, True, _INCLUSIVE[kind]) if j in fixed else None


# ---- where new values go -------------------------------------------------------------------------


def _places(loop: Loop) -> dict[int, str]:
    """How the new value of each loop variable is written into memory of the loop."""
    plan, program = loop.body, loop.body.program
    if "buffer_reuse" not in plan.techniques:
        return {}
    lifetimes = plan.lifetimes
    index = {out: i for i, instr in enumerate(program.instrs) for out in instr.outputs}
    feeds = {feed.value for feed in program.feeds}  # saved when a round begins
    places: dict[int, str] = {}
    for k in range(loop.carried):
        value, feed = program.fetches[k], program.feeds[k].value
        if (k in loop.counters or value in program.fetches[:k] or value not in index
                or value.spec != feed.spec or not _is_written(program, value)
                or lifetimes.roots[value] != {value}):
            continue
        if any(program.fetches[s] is value and value.spec.shape for s in loop.rows):
            continue  # a row of what is saved is its place
        holders = {program.feeds[j].value for j in range(loop.carried)
                   if value in lifetimes.roots.get(program.fetches[j], ())}
        if any(not holders.isdisjoint(lifetimes.roots[v]) for s, v in enumerate(program.fetches)
               if v in lifetimes.roots and not (s in loop.rows and v in feeds)):
            continue  # its memory is needed longer than for a round
        instr = program.instrs[index[value]]
        last = max(lifetimes.last_use.get(holder, -1) for holder in holders)
        may_overwrite = last < index[value] or (
            last == index[value] and instr.op_def.elementwise and writes_last(instr.op_def)
            and len(instr.outputs) == 1 and all(
                v in holders or v is None or holders.isdisjoint(lifetimes.roots[v])
                for v in instr.inputs))
        places[k] = IN_PLACE if may_overwrite else IN_TURN
    return places


def _is_written(program: Program, value: Value) -> bool:
    """Whether its kernel can write it into given memory; that of a group takes one per result."""
    instr = program.producers[value]
    return (instr.op_def.takes_out and len(instr.outputs) == 1 and not runs_group(instr)
            and value.spec.is_static and bool(value.spec.size)
            and value.spec.dtype.kind not in "sr")


def largest(value: Value) -> int:
    """The largest number of the value's dtype."""
    return int(np.iinfo(value.spec.dtype.numpy).max)


def smallest(value: Value) -> int:
    """The smallest number of the value's dtype."""
    return int(np.iinfo(value.spec.dtype.numpy).min)
