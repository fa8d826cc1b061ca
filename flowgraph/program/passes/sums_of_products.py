"""Sums of matrix products become one product: the weight gradients of unrolled networks.

    a1ᵀ b1 + a2ᵀ b2 + ...          ->  concat(a1, a2, ...)ᵀ concat(b1, b2, ...)
    sum(b1, 0) + sum(b2, 0) + ...  ->  sum(concat(b1, b2, ...), 0)

A cell that is unrolled over 35 steps gives its weights 35 gradients, each as large as the weights,
to be added up. The one product does the same multiplications, writes the result once, and BLAS does
its best where the inner size is large. Where each a is a concatenation of columns (a cell's input
and its state), all inputs are joined first, then all states, and these two side by side. The terms
stand in the order of the steps, so that what other passes have joined can be used again.
"""

from __future__ import annotations

import numpy as np

from flowgraph.program.emit import Emitter
from flowgraph.program.groups import axes_of
from flowgraph.program.ir import Instr, Program, Value, constant
from flowgraph.program.passes.dead_code import dead_code

LEAST_TERMS = 3
MOST_ROWS = 256  # of a matrix whose sum is a term; more are added up as quickly one by one
_SUMS = ("AddN", "AddV2", "Add")


def sums_of_products(program: Program) -> Program:
    """Joins the products of sums whose terms are used nowhere else."""
    if sum([instr.op_def.type in ("MatMul", "Sum") for instr in program.instrs]) < LEAST_TERMS:
        return program
    return _Joining(program).run()


class _Joining:
    """A program while its sums are being joined.

    Args:
        program: the program.
    """

    def __init__(self, program: Program) -> None:
        self._program = program
        self._producers = program.producers
        self._emitter = Emitter()
        self._position: dict[Value, int] = {}
        self._uses: dict[Value, int] = {}
        for i, instr in enumerate(program.instrs):
            for out in instr.outputs:
                self._position[out] = i
            for value in instr.inputs:
                if value is not None:
                    self._uses[value] = self._uses.get(value, 0) + 1
        for value in program.results():
            self._uses[value] = self._uses.get(value, 0) + 1

    def run(self) -> Program:
        """The new program."""
        inside = self._inner_sums()
        changed = False
        for instr in self._program.instrs:
            if _is_sum(instr) and instr not in inside and self._join(instr):
                changed = True
            else:
                self._emitter.keep(instr)
        if not changed:
            return self._program
        return dead_code(self._program.with_instrs(self._emitter.instrs, {}))

    # ---- what is added up ------------------------------------------------------------------------

    def _inner_sums(self) -> set[Instr]:
        """The sums whose result only goes into another sum: that one speaks for them."""
        return {producer for instr in self._program.instrs if _is_sum(instr)
                for value in instr.inputs
                if value is not None and (producer := self._inner(value))}

    def _inner(self, value: Value) -> Instr | None:
        """The sum that makes a term of another sum, if it is used nowhere else."""
        producer = self._producers.get(value)
        return (producer if producer is not None and self._uses[value] == 1 and _is_sum(producer)
                else None)

    def _terms(self, instr: Instr) -> list[Value]:
        """What is added up, sums of sums taken apart."""
        terms: list[Value] = []
        left = [v for v in reversed(instr.inputs) if v is not None]
        while left:
            value = left.pop()
            inner = self._inner(value)
            if inner is None:
                terms.append(value)
            else:
                left += [v for v in reversed(inner.inputs) if v is not None]
        return terms

    def _is_product(self, value: Value, total: Value) -> bool:
        """Whether a term is a product aᵀ b, and less is copied than is added without the join."""
        producer = self._producers.get(value)
        if (producer is None or producer.op_def.type != "MatMul" or self._uses[value] != 1
                or not producer.attrs["transpose_a"] or producer.attrs["transpose_b"]
                or value.spec != total.spec):
            return False
        a, b = producer.inputs
        if a is None or b is None or not a.spec.is_static or not b.spec.is_static:
            return False
        return (a.spec.size or 0) + (b.spec.size or 0) < (total.spec.size or 0)

    def _is_sum_of_rows(self, value: Value, total: Value) -> bool:
        """Whether a term is the sum of the rows of a small matrix."""
        producer = self._producers.get(value)
        if (producer is None or producer.op_def.type != "Sum" or self._uses[value] != 1
                or value.spec != total.spec or producer.attrs["keep_dims"]):
            return False
        rows = producer.inputs[0]
        return (rows is not None and rows.spec.is_static and len(rows.spec.shape or ()) == 2
                and axes_of(producer) == (0,) and ((rows.spec.shape or ())[0] or 0) <= MOST_ROWS)

    # ---- one product -----------------------------------------------------------------------------

    def _join(self, instr: Instr) -> bool:
        """Puts one product, or one sum, in place of many; False where that does not pay."""
        total = instr.outputs[0]
        if not total.spec.is_static or total.spec.dtype.kind != "f" or total.spec.dtype.size < 4:
            return False
        terms = self._terms(instr)
        if len(terms) < LEAST_TERMS:
            return False
        for test, make in ((self._is_product, self._product), (self._is_sum_of_rows, self._sum)):
            members = [value for value in terms if test(value, total)]
            if len(members) < LEAST_TERMS or not total.spec.shape:
                continue
            joined = set(members)
            rest = [value for value in terms if value not in joined]
            producers = [self._producers[value] for value in members]
            # Gradients come from the last step to the first.
            producers.sort(key=lambda p: -self._position.get(p.inputs[-1 if p.op_def.type
                                                             == "MatMul" else 0], 0))  # type: ignore[arg-type]
            origins = tuple(dict.fromkeys(op for p in (instr, *producers) for op in p.origins))
            found = make(producers, f"{total.name}/product" if rest else total, total.name, origins)
            if rest:
                self._emitter.emit("AddN", [found, *rest], total, instr.origins)
            return True
        return False

    def _product(self, products: list[Instr], out: Value | str, name: str,
                 origins: tuple[object, ...]) -> Value:
        lefts = [p.inputs[0] for p in products]
        left = self._side_by_side(lefts, f"{name}/left", origins)  # type: ignore[arg-type]
        right = self._emitter.concat([p.inputs[1] for p in products],  # type: ignore[misc]
                                     f"{name}/right", origins)
        return self._emitter.emit("MatMul", [left, right], out, origins, transpose_a=True)

    def _sum(self, sums: list[Instr], out: Value | str, name: str,
             origins: tuple[object, ...]) -> Value:
        rows = self._emitter.concat([s.inputs[0] for s in sums], f"{name}/rows", origins)  # type: ignore[misc]
        axes = constant(f"{name}/axes", np.array([0], np.int32))
        return self._emitter.emit("Sum", [rows, axes], out, origins)

    def _side_by_side(self, values: list[Value], name: str, origins: tuple[object, ...]) -> Value:
        """Matrices one below the other; of what is a concatenation of columns, part by part."""
        joins = [self._producers.get(value) for value in values]
        parts = []
        for value, join in zip(values, joins, strict=True):
            if join is None or join.op_def.type != "ConcatV2" or self._uses[value] != 1:
                break
            *columns, axis = join.inputs
            if (axis is None or axis.const is None or int(axis.const) not in (1, -1)
                    or any(v is None or not v.spec.is_static for v in columns)):
                break
            parts.append(columns)
        widths = {tuple((v.spec.shape or ())[1] for v in columns) for columns in parts}  # type: ignore[union-attr]
        if len(parts) < len(values) or len(widths) != 1:
            return self._emitter.concat(values, name, origins)
        sides = [self._emitter.concat(list(column), f"{name}/part", origins)
                 for column in zip(*parts, strict=True)]
        return self._emitter.concat(sides, name, origins, axis=1)


def _is_sum(instr: Instr) -> bool:
    """Whether an instruction adds up values that are all as large as the sum."""
    return (instr.op_def.type in _SUMS and instr.is_pure
            and all(v is not None and v.spec == instr.outputs[0].spec for v in instr.inputs))
