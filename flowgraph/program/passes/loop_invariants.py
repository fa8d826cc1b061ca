"""Loop invariants: what is the same in all rounds of a loop is computed once, before it.

    while i < n + 1: h = h @ (w * 2)  ->  m = n + 1; v = w * 2; while i < m: h = h @ v

Weights that the body transposes in a product are laid out transposed before the loop: with a few
rows in the first factor, BLAS takes twice as long for the transposed ones.

A condition runs at least once, so whatever is pure may move out of it. A body may never run: only
what cannot fail moves out of it.
"""

from __future__ import annotations

from flowgraph.core.spec import Spec
from flowgraph.program.ir import Instr, Program, Value
from flowgraph.program.loops import LoopParts, is_loop
from flowgraph.program.passes.transposed_weights import transposes_weights
from flowgraph.program.products import TRANSPOSED_COPY

LARGEST = 1 << 26  # bytes of a result that is kept for the whole loop
# Besides elementwise operations on floats and bools.
_NEVER_FAIL = frozenset({
    "Add", "AddV2", "BatchMatMulV2", "BroadcastTo", "Cast", "ConcatV2", "Equal", "ExpandDims",
    "Fill", "Greater", "GreaterEqual", "Identity", "Less", "LessEqual", "LogicalAnd",
    "LogicalNot", "LogicalOr", "MatMul", "Max", "Maximum", "Mean", "Min", "Minimum", "Mul",
    "Neg", "NotEqual", "OnesLike", "Pack", "Rank", "Reshape", "Shape", "Size", "Slice",
    "Softmax", "Split", "SplitV", "Squeeze", "StridedSlice", "Sub", "Sum", "Tile", "Transpose",
    "ZerosLike"})


def loop_invariants(program: Program) -> Program:
    """Moves what is the same in all rounds out of loops."""
    if not any(is_loop(instr) for instr in program.instrs):
        return program
    instrs: list[Instr] = []
    changed = False
    for instr in program.instrs:
        made = _moved(instr) if is_loop(instr) else None
        changed = changed or made is not None
        instrs += [instr] if made is None else made
    return program.with_instrs(instrs, {}) if changed else program


def _moved(instr: Instr) -> list[Instr] | None:
    """The instructions before the loop, and the loop; None if nothing moves."""
    parts = LoopParts(instr)
    before: list[Instr] = []
    copies: dict[Value, Value] = {}
    fixed = parts.fixed
    for feeds, instrs, is_cond in ((parts.cond_feeds, parts.cond_instrs, True),
                                   (parts.body_feeds, parts.body_instrs, False)):
        outside: dict[Value, Value] = {
            feed.value: value for j, (feed, value) in enumerate(
                zip(feeds, parts.inputs, strict=True)) if j in fixed and value is not None}
        staying, moving = [], []
        for inner in instrs:
            if not is_cond and transposes_weights(inner) and inner.inputs[1] in outside:
                staying.append(_with_transposed_copy(inner, outside, parts, before, copies))
            elif _may_move(inner, outside, is_cond):
                moving.append(inner)
                made = inner.with_inputs(tuple(
                    v if v is None else outside.get(v, v) for v in inner.inputs)).with_outputs(
                    tuple(Value(out.name, out.spec) for out in inner.outputs))
                before.append(made)
                outside.update(zip(inner.outputs, made.outputs, strict=True))
            else:
                staying.append(inner)
        instrs[:] = staying
        needed = {v for inner in staying for v in inner.inputs}
        needed.update(parts.cond.fetches if is_cond else (*parts.next, *parts.saved))
        for inner in moving:
            for out in inner.outputs:
                if out in needed:
                    parts.bring(outside[out], out if is_cond else None, None if is_cond else out)
    return [*before, parts.made()] if before else None


def _with_transposed_copy(product: Instr, outside: dict[Value, Value], parts: LoopParts,
                          before: list[Instr], copies: dict[Value, Value]) -> Instr:
    """The product with a copy of its weights that is laid out transposed before the loop."""
    factor, weights = product.inputs
    assert weights is not None
    if weights not in copies:
        rows, columns = weights.spec.shape or ()
        spec = Spec(weights.spec.dtype, (columns, rows))
        copy = Value(f"{weights.name}/transposed", spec)
        copies[weights] = Value(copy.name, spec)
        before.append(Instr(TRANSPOSED_COPY, (outside[weights],), (copy,), {}, product.origins))
        parts.bring(copy, None, copies[weights])
    return Instr(product.op_def, (factor, copies[weights]), product.outputs,
                 {**product.attrs, "transpose_b": False}, product.origins, equals=product.equals)


def _may_move(inner: Instr, outside: dict[Value, Value], is_cond: bool) -> bool:
    if not inner.is_pure or inner.op_def.overwrites or not inner.inputs or not all(
            v is not None and (v in outside or v.const is not None) for v in inner.inputs):
        return False
    if any((out.spec.nbytes or LARGEST + 1) > LARGEST for out in inner.outputs):
        return False  # too large, or of unknown size
    if is_cond:
        return True
    return all(v.spec.is_static for v in inner.inputs if v is not None) and (
        inner.op_def.type in _NEVER_FAIL
        or (inner.op_def.elementwise and inner.outputs[0].spec.dtype.kind in "fb"))
