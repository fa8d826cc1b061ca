"""The checker: is this a legal Program? In tests it runs after every pass and names the culprit."""

from __future__ import annotations

from flowgraph.core import shapes
from flowgraph.errors import FlowgraphError, ProgramError
from flowgraph.program.ir import Instr, Program, Value, instr_text
from flowgraph.program.placement import misplaced
from flowgraph.program.specs import Contents, derive


def check(program: Program, after: str = "extract") -> None:
    """Raises ProgramError unless the program is well formed.

    Checked: every value is defined once and before its uses; every result's spec is what the op
    infers from its inputs' specs, or more precise; constants match their specs; an instruction
    takes what is on its own device.

    Args:
        program: the program.
        after: the pass that made it, for the message.
    """
    def fail(what: str) -> None:
        raise ProgramError(f"after {after}: {what}\n{program}")

    defined: set[Value] = set()

    def define(value: Value) -> None:
        if value in defined:
            fail(f"{value.name} is defined twice")
        defined.add(value)

    def use(value: Value, user: Instr | None) -> None:
        if value.const is not None:
            if value.const.shape != value.spec.shape or (
                    value.const.dtype != value.spec.dtype.numpy):
                fail(f"the constant {value.name} is {value.const.dtype}{value.const.shape}, "
                     f"its spec says {value.spec}")
        elif value not in defined:
            where = "the result" if user is None else instr_text(user)
            fail(f"{where} uses {value.name} before it is defined")

    for feed in program.feeds:
        define(feed.value)
    for read in program.reads:
        define(read.value)
    contents = Contents()
    for instr in program.instrs:
        for body in instr.bodies:
            check(body, after)
            if len(body.feeds) != len(instr.inputs) - instr.first_body_input:
                fail(f"{instr_text(instr)} brings {len(instr.inputs)} inputs to a body with "
                     f"{len(body.feeds)}")
        for value in instr.inputs:
            if value is not None:
                use(value, instr)
        wrong = misplaced(instr)
        if wrong is not None:
            fail(f"{instr_text(instr)} is on {instr.device or 'the host'}, and "
                 f"{wrong.name} on {wrong.device or 'the host'}")
        try:
            specs = derive(instr, contents)
        except FlowgraphError as error:
            fail(f"{instr_text(instr)} does not type-check: {error.args[0]}")
        if len(specs) != len(instr.outputs):
            fail(f"{instr_text(instr)} has {len(instr.outputs)} outputs, infer says {len(specs)}")
        for out, spec in zip(instr.outputs, specs, strict=True):
            if out.spec.dtype is not spec.dtype or not shapes.compatible(out.spec.shape,
                                                                         spec.shape):
                fail(f"{instr_text(instr)} should give {spec}, its output says {out.spec}")
            define(out)
        contents.add(instr)
    for value in program.results():
        use(value, None)
