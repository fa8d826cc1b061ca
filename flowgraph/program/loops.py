"""Loops in Programs: what passes ask of a `While`, and how they change one.

A While has as many inputs as its condition and its body have feeds: first the loop variables, then
what comes from outside. Its results are the loop variables, the number of rounds, and a list per
further result of the body. A pass takes a loop apart into `LoopParts`, changes these and puts them
together again.
"""

from __future__ import annotations

from typing import Any

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
        for part in (self.inputs, self.cond_feeds, self.body_feeds, self.next, self.ends,
                     self.shapes):
            del part[k]

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


def is_loop(instr: Instr) -> bool:
    """Whether an instruction is a loop."""
    return "carried" in instr.attrs and len(instr.bodies) == 2
