"""Weights that many small products transpose are laid out transposed, once.

    a1 Wᵀ, a2 Wᵀ, ...  ->  T = transposed copy of W;  a1 T, a2 T, ...

BLAS reads the second factor row by row. With a few rows in the first factor it is busy laying out
the second anew each time, and down the columns that takes twice as long: 32x1024 by 1024x256 takes
0.54 ms transposed and 0.36 ms not, the copy 0.56 ms.
"""

from __future__ import annotations

from flowgraph.core.spec import Spec
from flowgraph.program.ir import Instr, Program, Value
from flowgraph.program.products import TRANSPOSED_COPY

LEAST_TERMS = 4
LEAST_SIZE = 1 << 13  # elements of the weights; less stays in the cache as it is
MOST_ROWS = 256  # of the first factor


def transposed_weights(program: Program) -> Program:
    """Replaces transposed second factors that several small products share."""
    count: dict[Value, int] = {}
    for instr in program.instrs:
        if transposes_weights(instr):
            weights = instr.inputs[1]
            count[weights] = count.get(weights, 0) + 1  # type: ignore[index, arg-type]
    if not any(n >= LEAST_TERMS for n in count.values()):
        return program
    copies: dict[Value, Value] = {}
    instrs: list[Instr] = []
    for instr in program.instrs:
        factor, weights = instr.inputs[:2] if transposes_weights(instr) else (None, None)
        if factor is not None and weights is not None and count[weights] >= LEAST_TERMS:
            if weights not in copies:
                rows, columns = weights.spec.shape or ()
                copies[weights] = Value(f"{weights.name}/transposed",
                                        Spec(weights.spec.dtype, (columns, rows)))
                instrs.append(Instr(TRANSPOSED_COPY, (weights,), (copies[weights],), {},
                                    instr.origins))
            instr = Instr(instr.op_def, (factor, copies[weights]), instr.outputs,
                          {**instr.attrs, "transpose_b": False}, instr.origins,
                          equals=instr.equals)
        instrs.append(instr)
    return program.with_instrs(instrs, {})


def transposes_weights(instr: Instr) -> bool:
    """Whether it is a small product with large weights that it transposes."""
    if instr.op_def.type != "MatMul" or not instr.attrs["transpose_b"] or not instr.is_pure:
        return False
    factor, weights = instr.inputs
    if factor is None or weights is None or instr.attrs["transpose_a"]:
        return False
    return (factor.spec.is_static and weights.spec.is_static
            and weights.spec.dtype.name in ("float32", "float64")
            and (weights.spec.size or 0) >= LEAST_SIZE
            and ((factor.spec.shape or ())[0] or 0) <= MOST_ROWS)
