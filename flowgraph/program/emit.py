"""Making instructions: what passes that build larger pieces of a program use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from flowgraph.core.spec import Spec
from flowgraph.opdef.opdef import op_def
from flowgraph.program.ir import Instr, Value, constant
from flowgraph.program.specs import Contents, derive

Result = Value | str  # a value that an instruction shall make, or the name of a new one


class Emitter:
    """A list of instructions that grows.

    Attributes:
        instrs: the instructions.
    """

    def __init__(self) -> None:
        self.instrs: list[Instr] = []
        self._joined: dict[tuple[int, tuple[Value, ...]], Value] = {}

    def keep(self, instr: Instr) -> None:
        """Adds an instruction as it is."""
        self.instrs.append(instr)
        if instr.op_def.type == "ConcatV2" and instr.is_pure:
            *values, axis = instr.inputs
            if axis is not None and axis.const is not None and None not in values:
                self._joined.setdefault((int(axis.const), tuple(values)),  # type: ignore[arg-type]
                                        instr.outputs[0])

    def emit(self, op_type: str, inputs: Sequence[Value], out: Result, origins: tuple[Any, ...],
             **attrs: Any) -> Value:
        """Adds an instruction with one result.

        Args:
            op_type: the op.
            inputs: its inputs.
            out: the result.
            origins: the graph operations that it comes from.
            attrs: attributes that differ from the default.
        """
        definition = op_def(op_type)
        instr = Instr(definition, tuple(inputs), (), {**definition.attr_defaults, **attrs}, origins)
        if isinstance(out, str):
            spec, = derive(instr, Contents())
            out = Value(out, Spec(spec.dtype, spec.shape))
        self.instrs.append(instr.with_outputs((out,)))
        return out

    def concat(self, values: Sequence[Value], out: str, origins: tuple[Any, ...],
               axis: int = 0) -> Value:
        """The values one after the other; the same values are joined once."""
        key = axis, tuple(values)
        if len(values) == 1:
            return values[0]
        if key not in self._joined:
            where = constant(f"{out}/axis", np.int32(axis))
            self._joined[key] = self.emit("ConcatV2", [*values, where], out, origins)
        return self._joined[key]

    def slice_rows(self, value: Value, first: int, last: int, out: str,
                   origins: tuple[Any, ...]) -> Value:
        """The rows from `first` to before `last` of a matrix."""
        width = (value.spec.shape or ())[1]
        begin = constant(f"{out}/begin", np.array([first, 0], np.int32))
        size = constant(f"{out}/size", np.array([last - first, width], np.int32))
        return self.emit("Slice", [value, begin, size], out, origins)

    def split_rows(self, value: Value, sizes: Sequence[int], outs: Sequence[Result],
                   origins: tuple[Any, ...]) -> list[Value]:
        """A matrix cut into parts of so many rows."""
        definition = op_def("SplitV")
        width = (value.spec.shape or ())[1]
        results = [out if isinstance(out, Value) else
                   Value(out, Spec(value.spec.dtype, (size, width)))
                   for out, size in zip(outs, sizes, strict=True)]
        inputs = (value, constant(f"{value.name}/sizes", np.array(sizes, np.int32)),
                  constant(f"{value.name}/axis", np.int32(0)))
        self.instrs.append(Instr(definition, inputs, tuple(results),
                                 {**definition.attr_defaults, "num_split": len(sizes)}, origins))
        return results

    def unstack(self, value: Value, count: int, axis: int, name: str,
                origins: tuple[Any, ...]) -> list[Value]:
        """The slices of a value along an axis, which is gone from them."""
        definition = op_def("Unpack")
        shape = value.spec.shape or ()
        spec = Spec(value.spec.dtype, (*shape[:axis], *shape[axis + 1:]))
        results = [Value(f"{name}_{i}", spec) for i in range(count)]
        self.instrs.append(Instr(definition, (value,), tuple(results),
                                 {**definition.attr_defaults, "num": count, "axis": axis}, origins))
        return results
