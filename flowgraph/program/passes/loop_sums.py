"""Sums over the rounds of a loop become one product behind it: gradients of weights and biases.

    for i in ...: sum += a[i]ᵀ b[i]   ->  for i in ...: keep a[i] and b[i];  concat(a)ᵀ concat(b)
    for i in ...: sum += sum(b[i], 0) ->  for i in ...: keep b[i];           sum(concat(b), 0)

The loop that goes back through time adds to the gradient of a cell's weights in each round, which
are as large as the weights. What is kept instead is as large as what the loop forward has kept for
it. `sums_of_products` does the same for networks that are unrolled.
"""

from __future__ import annotations

from flowgraph.core.spec import Spec
from flowgraph.opdef.opdef import op_def
from flowgraph.program.groups import axes_of
from flowgraph.program.ir import Instr, Program, Value
from flowgraph.program.loops import LoopParts, added_up, is_loop, is_zero

MOST_ROWS = 512  # of a factor in one round; products of more are as quick one by one
LEAST = 256  # numbers of a sum; smaller ones are added as quickly


def loop_sums(program: Program) -> Program:
    """Takes sums of products out of loops."""
    if not any(is_loop(instr) for instr in program.instrs):
        return program
    instrs: list[Instr] = []
    changed = False
    for instr in program.instrs:
        made = _without_sums(instr, program) if is_loop(instr) else None
        changed = changed or made is not None
        instrs += [instr] if made is None else made
    return program.with_instrs(instrs, {}) if changed else program


def _without_sums(instr: Instr, program: Program) -> list[Instr] | None:
    """The loop, and the products behind it; None if there are none."""
    parts = LoopParts(instr)
    if not _is_counted(parts):
        return None
    behind: list[Instr] = []
    lists: dict[Value, Value] = {}
    for k, adding, maker in added_up(parts):
        if _is_sum_of_rows(maker):
            behind += _behind(parts, k, maker, lists, program)
            parts.body_instrs.remove(adding)
            parts.body_instrs.remove(maker)
            parts.drop_variable(k)
    return [parts.made(), *behind] if behind else None


def _is_counted(parts: LoopParts) -> bool:
    """Whether the condition only compares a loop variable that grows or shrinks by a constant."""
    if len(parts.cond_instrs) != 1:
        return False
    places = {feed.value: k for k, feed in enumerate(parts.cond_feeds)}
    for value in parts.cond_instrs[0].inputs:
        k = places.get(value, len(parts.next))  # type: ignore[arg-type]
        if k < len(parts.next):
            maker = parts.body.producers.get(parts.next[k])
            return (maker is not None and maker.op_def.type in ("Add", "AddV2", "Sub")
                    and parts.body_feeds[k].value in maker.inputs
                    and any(v is not None and v.const is not None for v in maker.inputs))
    return False


def _is_sum_of_rows(maker: Instr) -> bool:
    """Whether it is a sum over the rows of matrices: aᵀ b, or the sum of b along axis 0."""
    out = maker.outputs[0].spec
    if out.dtype.kind != "f" or out.dtype.size < 4 or not out.is_static or (out.size or 0) < LEAST:
        return False
    kind = maker.op_def.type
    if kind == "MatMul":
        if not maker.attrs.get("transpose_a") or maker.attrs.get("transpose_b"):
            return False
        factors = maker.inputs[:2]
    elif kind == "BiasAddGrad":
        if maker.attrs.get("data_format", "NHWC") != "NHWC":
            return False
        factors = maker.inputs[:1]
    elif kind == "Sum":
        if axes_of(maker) != (0,) or maker.attrs.get("keep_dims"):
            return False
        factors = maker.inputs[:1]
    else:
        return False
    return all(v is not None and v.spec.is_static and v.spec.rank == 2 and v.const is None
               and 0 < (v.spec.shape or (0,))[0] <= MOST_ROWS for v in factors)  # type: ignore[operator]


def _behind(parts: LoopParts, k: int, maker: Instr, lists: dict[Value, Value],
            program: Program) -> list[Instr]:
    """The instructions that make the sum when the loop is done."""
    made: list[Instr] = []
    origins = maker.origins

    def whole(value: Value) -> Value:
        """The value's rows of all rounds."""
        if value not in lists:
            shape = value.spec.shape
            lists[value] = Value(f"{value.name}/all", Spec(value.spec.dtype, (None, shape[1])))  # type: ignore[index]
            made.append(Instr(op_def("TensorListConcat"), (parts.save(value),), (lists[value],),
                              {"element_dtype": value.spec.dtype, "element_shape": shape,
                               "once": False}, origins))
        return lists[value]

    start, end = parts.inputs[k], parts.ends[k]
    begins_at_zero = start is not None and is_zero(start, program)
    total = end if begins_at_zero else Value(f"{end.name}/sum", end.spec)
    factors = [whole(v) for v in maker.inputs[:2 if maker.op_def.type == "MatMul" else 1]
               if v is not None]
    if maker.op_def.type == "MatMul":
        made.append(Instr(maker.op_def, tuple(factors), (total,), maker.attrs, origins))
    else:
        made.append(Instr(op_def("BiasAddGrad"), (factors[0],), (total,), {"data_format": "NHWC"},
                          origins))
    if not begins_at_zero:
        made.append(Instr(op_def("AddV2"), (start, total), (end,), {}, origins))
    return made
