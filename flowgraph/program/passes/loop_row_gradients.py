"""Gradients of rows that a loop reads, `x[i]`, are kept and put in place behind it.

    for i in ...: sum += zeros like x, but dy in row i   ->   for i in ...: keep dy;  rows of sum

Each round of the loop that goes back would otherwise make an array as large as the sequence and add
it to another: for 50 rounds, 100 times what is read.
"""

from __future__ import annotations

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.program.emit import Emitter
from flowgraph.program.ir import Instr, Program, constant
from flowgraph.program.loops import LoopParts, added_up, is_loop, is_zero

_MASKS = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask")


def loop_row_gradients(program: Program) -> Program:
    """Takes sums of the gradients of rows out of loops."""
    instrs: list[Instr] = []
    changed = False
    for instr in program.instrs:
        made = _without_sums(instr, program) if is_loop(instr) else None
        changed = changed or made is not None
        instrs += [instr] if made is None else made
    return program.with_instrs(instrs, {}) if changed else program


def _without_sums(instr: Instr, program: Program) -> list[Instr] | None:
    """The loop, and what puts the rows in place behind it; None if there are none."""
    if not any(inner.op_def.type == "StridedSliceGrad" for inner in instr.bodies[1].instrs):
        return None
    parts = LoopParts(instr)
    behind = Emitter()
    for k, adding, maker in added_up(parts):
        if _is_of_row(maker):
            _put_rows_in_place(parts, k, maker, behind, program)
            parts.body_instrs.remove(adding)
            parts.body_instrs.remove(maker)
            parts.drop_variable(k)
    return [parts.made(), *behind.instrs] if behind.instrs else None


def _is_of_row(maker: Instr) -> bool:
    """Whether it is the gradient of `x[i]`."""
    if maker.op_def.type != "StridedSliceGrad" or maker.attrs.get("shrink_axis_mask") != 1 \
            or any(maker.attrs.get(mask) for mask in _MASKS):
        return False
    _, begin, _, strides, row = maker.inputs
    whole = maker.outputs[0].spec
    return (begin is not None and begin.spec.shape == (1,) and begin.spec.dtype is dt.int32
            and strides is not None and strides.const is not None
            and strides.const.tolist() == [1] and row is not None and row.spec.is_static
            and whole.is_static and bool(whole.size) and row.spec.shape == whole.shape[1:])  # type: ignore[index]


def _put_rows_in_place(parts: LoopParts, k: int, maker: Instr, behind: Emitter,
                       program: Program) -> None:
    """What makes the sum of a loop variable from the rows of all rounds."""
    _, begin, _, _, row = maker.inputs
    start, end, origins = parts.inputs[k], parts.ends[k], maker.origins
    assert begin is not None and row is not None and start is not None
    name, whole = end.name, maker.outputs[0].spec.shape or ()
    places = behind.emit("TensorListStack", [parts.save(begin)], f"{name}/begin", origins,
                         element_dtype=begin.spec.dtype, element_shape=(1,))
    flat = constant(f"{name}/flat", np.array([-1], np.int32))
    places = behind.emit("Reshape", [places, flat], f"{name}/places", origins)
    size = constant(f"{name}/size", np.int32(whole[0] or 0))
    places = behind.emit("FloorMod", [places, size], f"{name}/places", origins)  # -1 is the last
    rows = behind.emit("TensorListStack", [parts.save(row)], f"{name}/rows", origins,
                       element_dtype=row.spec.dtype, element_shape=row.spec.shape)
    items = behind.emit("TensorListFromItems", [places, rows], f"{name}/items", origins)
    if is_zero(start, program):
        behind.emit("TensorListStackOrZeros", [items, start], end, origins)
        return
    total = behind.emit("TensorListStackOrZeros", [items, start], f"{name}/sum", origins)
    behind.emit("AddV2", [start, total], end, origins)
