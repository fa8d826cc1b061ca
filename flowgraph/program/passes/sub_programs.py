"""Branches and loops: optimises their programs, and drops what these turn out not to need.

Constants from outside move into a body, where they can be folded with what is there. Inputs that no
body uses any more are dropped, and so are results that no one uses, as far as the op allows, and
variables of a loop that matter to nothing else. What a loop reads from a list of gradients that
stays empty is zeros: the outputs of a recurrent network of which only the last state is used.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from flowgraph.program.ir import Feed, Instr, Program, Value, constant
from flowgraph.program.loops import is_loop, without_unused_variables
from flowgraph.program.passes.dead_code import dead_code

Optimise = Callable[[Program], Program]
_MOST_ZEROS = 1 << 16  # elements


def sub_programs(program: Program, optimise: Optimise = lambda body: body) -> Program:
    """Optimises the bodies of all instructions, and drops what they do not need.

    Args:
        program: the program.
        optimise: what to do with each body; the pipeline runs its passes.
    """
    if not program.bodies:
        return program
    used = set(program.results())
    empty = {instr.outputs[0] for instr in program.instrs if instr.op_def.type == "EmptyTensorList"}
    instrs = []
    for instr in reversed(program.instrs):
        new = without_unused_variables(instr, used) if is_loop(instr) else instr
        new = _without_empty_lists(new, empty) if empty and is_loop(new) else new
        new = _smaller(new, used, optimise) if instr.bodies else instr
        instrs.append(new)
        used.update(v for v in new.inputs if v is not None)
    instrs.reverse()
    if all(new is old for new, old in zip(instrs, program.instrs, strict=True)):
        return program
    return program.with_instrs(instrs, {})


def _smaller(instr: Instr, used: set[Value], optimise: Optimise) -> Instr:
    carried = instr.attrs.get("carried", 0)
    kept = instr.op_def.kept_outputs(instr.outputs, used, carried)  # type: ignore[attr-defined]
    bodies = tuple(optimise(_with_constants(body, instr, carried))
                   for body in _with_results(instr, kept, carried))
    first = instr.first_body_input
    needed = [j for j in range(len(instr.inputs) - first)
              if j < carried or any(_uses(body, body.feeds[j].value) for body in bodies)]
    if (len(needed) + first == len(instr.inputs) and len(kept) == len(instr.outputs)
            and all(new is old for new, old in zip(bodies, instr.bodies, strict=True))):
        return instr
    bodies = tuple(_with_feeds(body, tuple(body.feeds[j] for j in needed)) for body in bodies)
    inputs = (*instr.inputs[:first], *(instr.inputs[first + j] for j in needed))
    return instr.with_inputs(inputs).with_outputs(tuple(instr.outputs[k] for k in kept), bodies)


def _with_results(instr: Instr, kept: list[int], carried: int) -> tuple[Program, ...]:
    """The bodies without the results that make up the outputs that are dropped."""
    if len(kept) == len(instr.outputs):
        return instr.bodies
    bodies = []
    for body, places in zip(instr.bodies, instr.op_def.result_places(  # type: ignore[attr-defined]
            kept, carried, len(instr.bodies)), strict=True):
        fetches = body.fetches if places is None else tuple(body.fetches[k] for k in places)
        bodies.append(dead_code(Program(body.feeds, (), body.instrs, fetches, ())))
    return tuple(bodies)


def _with_constants(body: Program, instr: Instr, carried: int) -> Program:
    """The body with constants in place of the parameters that are constant outside."""
    first = instr.first_body_input
    replaced = {}
    for j, feed in enumerate(body.feeds[carried:], carried):
        outside = instr.inputs[first + j]
        if outside is not None and outside.const is not None:
            replaced[feed.value] = outside
    if not replaced or not any(_uses(body, value) for value in replaced):
        return body
    instrs = [instr.with_inputs(tuple(replaced.get(v, v) for v in instr.inputs))  # type: ignore[arg-type]
              if not replaced.keys().isdisjoint(instr.inputs) else instr for instr in body.instrs]
    return body.with_instrs(instrs, replaced)


def _without_empty_lists(instr: Instr, empty: set[Value]) -> Instr:
    """A loop with zeros for what its body reads from lists that are empty in every round."""
    body = instr.bodies[-1]
    carried, first = instr.attrs["carried"], instr.first_body_input
    never = {feed.value for j, feed in enumerate(body.feeds)
             if instr.inputs[first + j] in empty
             and (j >= carried or body.fetches[j] is feed.value)}
    zeros: dict[Value, Value] = {}
    for inner in body.instrs if never else ():
        out = inner.outputs[0] if inner.outputs else None
        if (inner.op_def.type == "TensorListGetOrZeros" and inner.inputs[0] in never
                and out is not None and out.spec.is_static and out.spec.dtype.kind in "fiubc"
                and (out.spec.size or 0) <= _MOST_ZEROS):
            zeros[out] = constant(out.name, np.zeros(out.spec.shape or (), out.spec.dtype.numpy))
    if not zeros:
        return instr
    made = [inner.with_inputs(tuple(zeros.get(v, v) for v in inner.inputs))  # type: ignore[arg-type]
            for inner in body.instrs]
    return instr.with_outputs(instr.outputs, (*instr.bodies[:-1],
                                              dead_code(body.with_instrs(made, zeros))))


def _with_feeds(body: Program, feeds: tuple[Feed, ...]) -> Program:
    if len(feeds) == len(body.feeds):
        return body
    return Program(feeds, (), body.instrs, body.fetches, ())


def _uses(body: Program, value: Value) -> bool:
    return value in body.fetches or any(value in instr.inputs for instr in body.instrs)
