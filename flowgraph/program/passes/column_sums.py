"""Sums over all axes but the last become BiasAddGrad, which multiplies a row of ones by the matrix.

NumPy adds up the rows of a matrix one after another, which for a few columns is slow: 155 µs for
6400 x 16, where the product takes 11 µs and is closer to the exact sum.
"""

from __future__ import annotations

from flowgraph.opdef.opdef import op_def
from flowgraph.program.groups import axes_of
from flowgraph.program.ir import Instr, Program

LEAST = 1 << 11  # elements


def column_sums(program: Program) -> Program:
    """Replaces large sums over all axes but the last."""
    instrs = [_replaced(instr) if instr.op_def.type == "Sum" else instr for instr in program.instrs]
    if all(new is old for new, old in zip(instrs, program.instrs, strict=True)):
        return program
    return program.with_instrs(instrs, {})


def is_column_sum(instr: Instr) -> bool:
    """Whether a Sum leaves the last axis only, of numbers that BLAS can multiply."""
    value = instr.inputs[0]
    if value is None or not value.spec.is_static or instr.attrs["keep_dims"]:
        return False
    rank = len(value.spec.shape or ())
    return (rank >= 2 and value.spec.dtype.name in ("float32", "float64")
            and axes_of(instr) == tuple(range(rank - 1)))


def _replaced(instr: Instr) -> Instr:
    value = instr.inputs[0]
    if value is None or (value.spec.size or 0) < LEAST or not is_column_sum(instr):
        return instr
    definition = op_def("BiasAddGrad")
    return Instr(definition, (value,), instr.outputs, dict(definition.attr_defaults),
                 instr.origins, instr.keep, equals=instr.equals)
