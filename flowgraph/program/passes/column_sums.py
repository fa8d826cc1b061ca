"""Sums over all axes but the last become BiasAddGrad, which multiplies a row of ones by the matrix.

NumPy adds up the rows of a matrix one after another, which for a few columns is slow: 155 µs for
6400 x 16, where the product takes 11 µs and is closer to the exact sum.
"""

from __future__ import annotations

import numpy as np

from flowgraph.core.spec import Spec
from flowgraph.opdef.opdef import op_def
from flowgraph.program.groups import axes_of
from flowgraph.program.ir import Instr, Program, Value, constant

LEAST = 1 << 11  # elements


def column_sums(program: Program) -> Program:
    """Replaces large sums over all axes but the last."""
    instrs: list[Instr] = []
    for instr in program.instrs:
        instrs += _replaced(instr) if instr.op_def.type == "Sum" else [instr]
    if all(new is old for new, old in zip(instrs, program.instrs, strict=False)):
        return program
    return program.with_instrs(instrs, {})


def is_column_sum(instr: Instr) -> bool:
    """Whether a Sum leaves the last axis only, of numbers that BLAS can multiply."""
    value = instr.inputs[0]
    if value is None or not value.spec.is_static:
        return False
    rank = len(value.spec.shape or ())
    return (rank >= 2 and value.spec.dtype.name in ("float32", "float64")
            and axes_of(instr) == tuple(range(rank - 1)))


def _replaced(instr: Instr) -> list[Instr]:
    value, out = instr.inputs[0], instr.outputs[0]
    if value is None or (value.spec.size or 0) < LEAST or not is_column_sum(instr):
        return [instr]
    definition, reshape = op_def("BiasAddGrad"), op_def("Reshape")
    attrs = dict(definition.attr_defaults)
    if not instr.attrs["keep_dims"]:
        return [Instr(definition, (value,), instr.outputs, attrs, instr.origins, instr.keep,
                      equals=instr.equals)]
    shape = out.spec.shape or ()
    sums = Value(f"{out.name}/columns", Spec(out.spec.dtype, shape[-1:]))
    sizes = constant(f"{out.name}/shape", np.array(shape, np.int32))
    return [Instr(definition, (value,), (sums,), attrs, instr.origins),
            Instr(reshape, (sums, sizes), instr.outputs, dict(reshape.attr_defaults),
                  instr.origins, instr.keep, equals=instr.equals)]
