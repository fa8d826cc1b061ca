"""Common sub-expressions: instructions that compute the same from the same are done once."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.program.ir import Instr, Program, Value


def common_subexpressions(program: Program) -> Program:
    """Replaces an instruction by an earlier one with equal op, inputs and attributes."""
    replaced: dict[Value, Value] = {}
    first: dict[Any, Instr] = {}
    constants: dict[Any, Value] = {}
    instrs: list[Instr] = []
    stands_for: dict[Instr, list[Any]] = {}  # origins of those that an instruction replaces
    changed = False
    for instr in program.instrs:
        inputs, op_def = instr.inputs, instr.op_def
        for value in inputs:
            if value is not None and (value.const is not None or value in replaced):
                inputs = tuple([replaced.get(v, v) if v is None or v.const is None  # type: ignore[arg-type]
                                else _canonical(v, constants) for v in inputs])
                if inputs != instr.inputs:  # values are equal only to themselves
                    instr = instr.with_inputs(inputs)
                    changed = True
                break
        if op_def.overwrites or not instr.is_pure:
            instrs.append(instr)
            continue
        if (op_def.commutative and len(inputs) == 2 and id(inputs[0]) > id(inputs[1])
                and instr.outputs[0].spec.dtype.kind != "s"):  # texts are joined in their order
            inputs = inputs[::-1]
        key = (op_def, inputs, attrs_key(instr.attrs) if instr.attrs else ())
        same = first.setdefault(key, instr)
        if same is instr:
            instrs.append(instr)
        else:
            replaced.update(zip(instr.outputs, same.outputs, strict=True))
            stands_for.setdefault(same, []).extend((*instr.origins, *instr.equals))
    if not changed and not replaced:
        return program
    return program.with_instrs([instr.standing_for(stands_for[instr]) if instr in stands_for
                                else instr for instr in instrs], replaced)


def _canonical(value: Value, constants: dict[Any, Value]) -> Value:
    """The constant that stands for this one: equal small ones are one value."""
    if value.const.size <= 64:  # type: ignore[union-attr]
        return constants.setdefault(_hashable(value.const), value)
    return value


def attrs_key(attrs: dict[str, Any]) -> Any:
    """Attributes in a form that can be compared and hashed."""
    return tuple((key, _hashable(value)) for key, value in sorted(attrs.items())) if attrs else ()


def _hashable(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        contents = tuple(value.ravel().tolist()) if value.dtype == object else value.tobytes()
        return value.dtype.str, value.shape, contents
    if isinstance(value, (list, tuple)):
        return tuple(_hashable(v) for v in value)
    if isinstance(value, float):
        return repr(value)
    try:
        hash(value)
    except TypeError:
        return id(value)
    return type(value).__name__, value
