"""Constant folding: what does not depend on feeds, state or chance is computed once, here.

Results larger than `LARGEST` bytes are left alone unless their inputs are as large: a graph full of
`tf.zeros([1000, 1000])` should not become a plan full of arrays. `tf.shape(x)` of a value whose
shape is known is folded too, although x itself is not.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.errors import OpError
from flowgraph.opdef.opdef import plain_value
from flowgraph.program.ir import Instr, Program, Value, constant
from flowgraph.program.specs import Contents

LARGEST = 1 << 18


def fold_constants(program: Program) -> Program:
    """Replaces instructions that give the same result in every run by constants."""
    replaced: dict[Value, Value] = {}
    instrs: list[Instr] = []
    contents = Contents()
    for instr in program.instrs:
        if replaced and not replaced.keys().isdisjoint(instr.inputs):
            instr = instr.with_inputs(tuple([replaced.get(v, v) for v in instr.inputs]))  # type: ignore[arg-type]
        op_def, results = instr.op_def, None
        if op_def.folds_by_shape or _takes_constants(instr):
            results = _fold(instr, contents) if instr.is_pure and not op_def.overwrites else None
        if results is None:
            instrs.append(instr)
            for out in instr.outputs:
                contents.producers[out] = instr
        else:
            replaced.update(zip(instr.outputs, results, strict=True))
    return program if not replaced else program.with_instrs(instrs, replaced)


def _fold(instr: Instr, contents: Contents) -> list[Value] | None:
    if _takes_constants(instr):
        arrays = _compute(instr)
    elif instr.op_def.folds_by_shape and instr.outputs[0].spec.dtype.kind in "iub":
        specs = [contents.spec(value) for value in instr.inputs]  # type: ignore[arg-type]
        value = instr.op_def.known(*instr.op_def.group(specs), **instr.attrs)
        values = value if instr.op_def.multiple else (value,)
        whole = all(v is not None and not (isinstance(v, tuple) and None in v) for v in values)
        arrays = [np.array(v, out.spec.dtype.numpy) for v, out in
                  zip(values, instr.outputs, strict=True)] if whole else None
    else:
        arrays = None
    if arrays is None:
        return None
    return [constant(out.name, array) for out, array in zip(instr.outputs, arrays, strict=True)]


def _takes_constants(instr: Instr) -> bool:
    inputs = instr.inputs
    if inputs and (inputs[0] is None or inputs[0].const is None):  # most, quickly
        return False
    return all(value is not None and value.const is not None for value in inputs)


def _compute(instr: Instr) -> list[Any] | None:
    """The results of running the kernel now; None if they are too large or it fails."""
    constants = [v.const for v in instr.inputs if v is not None and v.const is not None]
    limit = max(LARGEST, sum(array.nbytes for array in constants))
    if any((out.spec.nbytes or 0) > limit for out in instr.outputs):
        return None
    op_def = instr.op_def
    params = op_def.flat_params(len(instr.inputs))
    arguments = [plain_value(array) if param in op_def.host_inputs else array
                 for param, array in zip(params, constants, strict=True)]
    try:
        with np.errstate(all="ignore"):
            result = op_def.kernel(np, *op_def.group(arguments), **instr.attrs)
    except (OpError, ArithmeticError, ValueError, TypeError, IndexError, MemoryError):
        return None  # the run will raise it, with the op's name and line
    arrays = list(result) if op_def.multiple else [result]
    arrays = [np.asarray(a, dtype=out.spec.dtype.numpy) for a, out in
              zip(arrays, instr.outputs, strict=True)]
    return None if any(a.nbytes > limit for a in arrays) else arrays
