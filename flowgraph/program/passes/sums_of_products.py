"""Sums of matrix products become one product: the weight gradients of unrolled networks.

    a1ᵀ b1 + a2ᵀ b2 + ...  ->  concat(a1, a2, ...)ᵀ concat(b1, b2, ...)

A cell that is unrolled over 35 steps gives its weights 35 gradients, each as large as the weights,
to be added up. The one product does the same multiplications, writes the result once, and BLAS does
its best where the inner size is large.
"""

from __future__ import annotations

import numpy as np

from flowgraph.core.spec import Spec
from flowgraph.opdef.opdef import op_def
from flowgraph.program.ir import Instr, Program, Value, constant
from flowgraph.program.passes.dead_code import dead_code

LEAST_TERMS = 3
_SUMS = ("AddN", "AddV2", "Add")


def sums_of_products(program: Program) -> Program:
    """Joins the products of sums whose terms are used nowhere else."""
    if sum([instr.op_def.type == "MatMul" for instr in program.instrs]) < LEAST_TERMS:
        return program
    uses: dict[Value, int] = {}
    for instr in program.instrs:
        for value in instr.inputs:
            if value is not None:
                uses[value] = uses.get(value, 0) + 1
    for value in program.results():
        uses[value] = uses.get(value, 0) + 1
    producers = program.producers
    instrs: list[Instr] = []
    changed = False
    inside = _inner_sums(program, uses)
    for instr in program.instrs:
        if _is_sum(instr) and instr not in inside:
            made = _joined(instr, uses, producers)
            changed = changed or bool(made)
            instrs += made or [instr]
        else:
            instrs.append(instr)
    return dead_code(program.with_instrs(instrs, {})) if changed else program


def _is_sum(instr: Instr) -> bool:
    """Whether an instruction adds up values that are all as large as the sum."""
    return (instr.op_def.type in _SUMS and instr.is_pure
            and all(v is not None and v.spec == instr.outputs[0].spec for v in instr.inputs))


def _inner_sums(program: Program, uses: dict[Value, int]) -> set[Instr]:
    """The sums whose result only goes into another sum: that one speaks for them."""
    return {producer for instr in program.instrs if _is_sum(instr)
            for value in instr.inputs
            if value is not None and (producer := _inner(value, uses, program.producers))}


def _inner(value: Value, uses: dict[Value, int],
           producers: dict[Value, Instr]) -> Instr | None:
    """The sum that makes a term of another sum, if it is used nowhere else."""
    producer = producers.get(value)
    return producer if producer is not None and uses[value] == 1 and _is_sum(producer) else None


def _terms(instr: Instr, uses: dict[Value, int], producers: dict[Value, Instr]) -> list[Value]:
    """What is added up, sums of sums taken apart."""
    terms: list[Value] = []
    left = [v for v in reversed(instr.inputs) if v is not None]
    while left:
        value = left.pop()
        inner = _inner(value, uses, producers)
        if inner is None:
            terms.append(value)
        else:
            left += [v for v in reversed(inner.inputs) if v is not None]
    return terms


def _joined(instr: Instr, uses: dict[Value, int],
            producers: dict[Value, Instr]) -> list[Instr] | None:
    """The instructions in place of a sum; None where joining does not pay."""
    out = instr.outputs[0]
    if not out.spec.is_static or out.spec.dtype.kind != "f" or out.spec.dtype.size < 4:
        return None
    terms = _terms(instr, uses, producers)
    products = [p for value in terms
                if (p := _product(value, out.spec, uses, producers)) is not None]
    if len(products) < LEAST_TERMS:
        return None
    left = _concat(instr, "left", [p.inputs[0] for p in products])
    right = _concat(instr, "right", [p.inputs[1] for p in products])
    rest = [v for v in terms if producers.get(v) not in products]
    origins = tuple(dict.fromkeys(op for p in (instr, *products) for op in p.origins))
    name = f"{out.name}/product" if rest else out.name
    total = Value(name, out.spec) if rest else out
    made = [left, right, Instr(products[0].op_def, (left.outputs[0], right.outputs[0]), (total,),
                               products[0].attrs, origins)]
    if rest:
        add = op_def("AddN")
        made.append(Instr(add, (total, *rest), (out,), dict(add.attr_defaults), instr.origins))
    return made


def _product(value: Value, spec: Spec, uses: dict[Value, int],
             producers: dict[Value, Instr]) -> Instr | None:
    """The product aᵀ b that makes a term, where less is copied than is added without the join."""
    producer = producers.get(value)
    if (producer is None or producer.op_def.type != "MatMul" or uses[value] != 1
            or not producer.attrs["transpose_a"] or producer.attrs["transpose_b"]
            or value.spec != spec):
        return None
    a, b = producer.inputs
    if a is None or b is None or not a.spec.is_static or not b.spec.is_static:
        return None
    return producer if (a.spec.size or 0) + (b.spec.size or 0) < (spec.size or 0) else None


def _concat(instr: Instr, part: str, values: list[Value | None]) -> Instr:
    """The values one below the other."""
    known = [v for v in values if v is not None]
    shape = known[0].spec.shape or ()
    rows = sum((v.spec.shape or (0,))[0] or 0 for v in known)
    out = Value(f"{instr.outputs[0].name}/{part}", Spec(known[0].spec.dtype, (rows, *shape[1:])))
    axis = constant(f"{out.name}/axis", np.int32(0))
    join = op_def("ConcatV2")
    return Instr(join, (*known, axis), (out,), dict(join.attr_defaults), instr.origins)
