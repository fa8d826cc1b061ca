"""What a loop multiplies its inputs by becomes one product before the loop: recurrent networks.

    for i in ...: h = f(concat([x[i], h], 1) W + b)
    ->  xw = x Wx + b;  for i in ...: h = f(h Wh + xw[i])

A cell in a loop multiplies a few rows by large weights in each round, and BLAS takes longer to lay
out the weights than to multiply. The inputs of all rounds are there before the loop, so their part
of the product is made at once, with its bias; in the loop, a row of it is read. The inputs may be
rows of a tensor (`x[i]`, `gather(x, i)`) or items of a TensorArray that was unstacked from one.
`shared_weights` does the same for networks that are unrolled.

A concatenation that is kept for a gradient stays as it is. It is made in each round anyway, and
then nothing is gained: LSTMs of 128 units took between 8 % less and 7 % more.

A loop that may end early would have all rows multiplied for the few that it reads: only loops that
count to a limit are changed, and not if this is known to be less than half of the rows.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.spec import Spec
from flowgraph.opdef.opdef import op_def
from flowgraph.program.emit import Emitter
from flowgraph.program.ir import Instr, Program, Value, constant
from flowgraph.program.loops import LoopParts, counted_rounds, is_loop

MOST_ROWS = 48  # of a factor in one round; with more, laying out the weights matters little
LEAST_WEIGHTS = 1 << 14  # numbers of the weights that leave the loop; fewer are laid out quickly
MOST_BYTES = 1 << 25  # of the product
LEAST_ROUNDS = 3
LEAST_WIDTH = 8  # of the part that leaves a product, whose rest is added to it in each round
_ADDS = ("AddV2", "Add", "BiasAdd")


def _int32(*numbers: Any) -> np.ndarray:
    return np.array(numbers, np.int32)


def is_candidate(product: Instr) -> bool:
    """Whether it is a product of a few rows."""
    factor, weights = product.inputs
    return (product.is_pure and not product.attrs["transpose_a"] and factor is not None
            and weights is not None and factor.spec.is_static and weights.spec.is_static
            and factor.spec.dtype.name in ("float32", "float64")
            and 0 < (factor.spec.shape or (0,))[0] <= MOST_ROWS)  # type: ignore[operator]


def loop_projections(program: Program) -> Program:
    """Takes products with the inputs out of loops."""
    if not any(is_loop(instr) for instr in program.instrs):
        return program
    instrs: list[Instr] = []
    changed = False
    for instr in program.instrs:
        made = _Hoisting(instr, program).run() if is_loop(instr) else []
        changed = changed or bool(made)
        instrs += made or [instr]
    return program.with_instrs(instrs, {}) if changed else program


class _Hoisting:
    """A loop while products leave it.

    Args:
        instr: the loop.
        program: the program that it stands in.
    """

    def __init__(self, instr: Instr, program: Program) -> None:
        self._instr = instr
        self._program = program
        self._before = Emitter()

    def run(self) -> list[Instr]:
        """The instructions before the loop, and the loop; none if nothing changes."""
        body = self._instr.bodies[1]
        candidates = [inner for inner in body.instrs
                      if inner.op_def.type == "MatMul" and is_candidate(inner)]
        if not candidates:
            return []
        self._parts = parts = LoopParts(self._instr)
        self._rounds = counted_rounds(parts)
        if self._rounds is None or 0 <= self._rounds < LEAST_ROUNDS:
            return []
        self._outside = {parts.body_feeds[j].value: parts.inputs[j] for j in parts.fixed}
        self._brought: dict[Value, Value] = {}
        self._fetched = {*parts.next, *parts.saved}
        made: dict[Instr, list[Instr]] = {}
        for product in candidates:
            instead = self._hoisted(product)
            if instead:
                made.update(instead)
        if not made:
            return []
        parts.body_instrs = [new for inner in parts.body_instrs for new in made.get(inner, [inner])]
        return [*self._before.instrs, parts.made()]

    # ---- what is read --------------------------------------------------------------------------

    def _source(self, value: Value | None) -> tuple[Instr, Value] | None:
        """How a value is read in each round, and the tensor of rank 3 whose rows are read."""
        read = self._parts.body.producers.get(value)  # type: ignore[arg-type]
        if read is None or not read.inputs or len(read.outputs) != 1:
            return None
        rows = self._outside.get(read.inputs[0])  # type: ignore[arg-type]
        kind = read.op_def.type
        if rows is None:
            return None
        if kind == "TensorListGetItem":
            maker = self._program.producers.get(rows)
            if maker is None or maker.op_def.type != "TensorListFromTensor":
                return None
            rows = maker.inputs[0]
        elif kind == "GatherV2":
            axis = read.inputs[2]
            if axis is None or axis.const is None or int(axis.const) != 0 \
                    or read.attrs.get("batch_dims") or read.inputs[1].spec.shape != ():  # type: ignore[union-attr]
                return None
        elif kind != "StridedSlice" or not self._is_row(read):
            return None
        if (rows is None or not rows.spec.is_static or rows.spec.rank != 3
                or rows.spec.dtype is not value.spec.dtype  # type: ignore[union-attr]
                or rows.spec.size == 0 or self._ends_early(rows)
                or any(a not in (None, b) for a, b in zip(
                    value.spec.shape or (None, None), rows.spec.shape[1:], strict=True))):  # type: ignore[index, union-attr]
            return None
        return read, rows

    def _is_row(self, read: Instr) -> bool:
        """Whether a StridedSlice is `x[i]`."""
        _, begin, _, strides = read.inputs
        names = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask")
        return (read.attrs.get("shrink_axis_mask") == 1
                and not any(read.attrs.get(name) for name in names)
                and begin is not None and begin.spec.shape == (1,)
                and strides is not None and strides.const is not None
                and strides.const.tolist() == [1])

    def _ends_early(self, rows: Value) -> bool:
        """Whether the loop is known to read less than half of the rows."""
        count = (rows.spec.shape or (0,))[0] or 0
        assert self._rounds is not None
        return count < LEAST_ROUNDS or 0 <= self._rounds * 2 < count

    # ---- one product ---------------------------------------------------------------------------

    def _hoisted(self, product: Instr) -> dict[Instr, list[Instr]] | None:
        """What stands for a product in the loop, and for the bias added to it; None: as it is."""
        factor, weights = product.inputs
        assert factor is not None and weights is not None
        outside = weights if weights.const is not None else self._outside.get(weights)
        if outside is None:
            return None
        columns = self._columns(factor)
        if len(columns) > 1 and (product.attrs["transpose_b"] or factor in self._fetched
                                 or len(self._parts.body.users[factor]) > 1):
            return None
        read = [(part, found) for part in columns if (found := self._source(part[0])) is not None
                and (len(columns) == 1 or part[2] - part[1] >= LEAST_WIDTH)
                and self._pays(found[1], product.outputs[0])]
        if not read:
            return None
        rest = [part for part in columns if not any(part is other for other, _ in read)]
        bias = self._bias(product)
        out = product.outputs[0] if bias is None else bias[1].outputs[0]
        terms: list[Instr] = []
        origins = product.origins if bias is None else (*product.origins, *bias[1].origins)
        added: list[Value] = []
        for n, ((_, first, last), (reading, rows)) in enumerate(read):
            some = outside if len(columns) == 1 else self._before.slice_rows(
                outside, first, last, f"{outside.name}/rows_{first}_{last}", product.origins)
            all_rows = self._product(product, rows, some, bias if n == 0 else None)
            target = out if not rest and len(read) == 1 else Value(f"{out.name}/input", out.spec)
            terms.append(self._read(reading, rows, all_rows, target))
            added.append(target)
        if rest:
            terms += self._remaining(product, rest, outside, out)
            added.insert(0, terms[-1].outputs[0])
        for n in range(1, len(added)):
            total = out if n == len(added) - 1 else Value(f"{out.name}/sum", out.spec)
            add = op_def("AddV2")
            terms.append(Instr(add, (added[0], added[n]), (total,), dict(add.attr_defaults),
                               origins))
            added[0] = total
        made = {product: terms}
        if bias is not None:
            made[bias[1]] = []
        return made

    def _columns(self, factor: Value) -> list[tuple[Value, int, int]]:
        """The parts that a factor is a concatenation of, each with its first and last column."""
        whole = [(factor, 0, (factor.spec.shape or (0, 0))[1] or 0)]
        join = self._parts.body.producers.get(factor)
        if join is None or join.op_def.type != "ConcatV2":
            return whole
        *values, axis = join.inputs
        if axis is None or axis.const is None or int(axis.const) not in (1, -1):
            return whole
        columns, at = [], 0
        for value in values:
            width = (value.spec.shape or (None, None))[1]  # type: ignore[union-attr]
            if width is None:
                found = self._source(value)
                if found is None:
                    return whole
                width = found[1].spec.shape[2]  # type: ignore[index]
            columns.append((value, at, at + (width or 0)))
            at += width or 0
        return columns  # type: ignore[return-value]

    def _pays(self, rows: Value, out: Value) -> bool:
        count, height, width = rows.spec.shape  # type: ignore[misc]
        across = (out.spec.shape or (0, 0))[1] or 0
        return (width * across >= LEAST_WEIGHTS  # type: ignore[operator]
                and count * height * across * out.spec.dtype.size <= MOST_BYTES)  # type: ignore[operator]

    def _bias(self, product: Instr) -> tuple[Value, Instr] | None:
        """What is added to the product in all rounds, from outside, and by which instruction."""
        out = product.outputs[0]
        users = self._parts.body.users.get(out, [])
        if len(users) != 1 or out in self._fetched or users[0].op_def.type not in _ADDS:
            return None
        user = users[0]
        if user.attrs.get("data_format", "NHWC") != "NHWC" or not user.is_pure:
            return None
        bias = user.inputs[1] if user.inputs[0] is out else user.inputs[0]
        across = (out.spec.shape or (0, 0))[1]
        if bias is None or bias.spec.shape not in ((across,), (1, across)) \
                or user.outputs[0].spec != out.spec:
            return None
        outside = bias if bias.const is not None else self._outside.get(bias)
        return None if outside is None else (outside, user)

    def _product(self, product: Instr, rows: Value, weights: Value,
                 bias: tuple[Value, Instr] | None) -> Value:
        """The product of all rows, in one."""
        count, height, width = rows.spec.shape  # type: ignore[misc]
        name, origins, before = product.outputs[0].name, product.origins, self._before
        shape = constant(f"{name}/rows/shape", _int32(count * height, width))  # type: ignore[operator]
        flat = before.emit("Reshape", [rows, shape], f"{name}/rows", origins)
        made = before.emit("MatMul", [flat, weights], f"{name}/all", origins,
                           transpose_b=product.attrs["transpose_b"])
        if bias is not None:
            made = before.emit("AddV2", [made, bias[0]], f"{name}/biased", bias[1].origins)
        across = (made.spec.shape or (0, 0))[1]
        shape = constant(f"{name}/all/shape", _int32(count, height, across))
        return before.emit("Reshape", [made, shape], f"{name}/inputs", origins)

    def _read(self, read: Instr, rows: Value, all_rows: Value, out: Value) -> Instr:
        """The instruction that reads a row of the product as another one reads a row of `rows`."""
        attrs = dict(read.attrs)
        if read.op_def.type == "TensorListGetItem":
            making = op_def("TensorListFromTensor")
            items = Value(f"{all_rows.name}/list", Spec(dt.variant, ()))
            self._before.keep(Instr(making, (all_rows,), (items,), dict(making.attr_defaults),
                                    read.origins))
            attrs["element_shape"] = out.spec.shape
            all_rows = items
        return Instr(read.op_def, (self._bring(all_rows), *read.inputs[1:]), (out,), attrs,
                     read.origins)

    def _remaining(self, product: Instr, rest: list[tuple[Value, int, int]], weights: Value,
                   out: Value) -> list[Instr]:
        """The product with what stays in the loop, and how that is joined."""
        runs: list[list[int]] = []  # rows of the weights, those that follow each other as one piece
        for _, first, last in rest:
            if runs and runs[-1][1] == first:
                runs[-1][1] = last
            else:
                runs.append([first, last])
        slices = [self._before.slice_rows(weights, first, last,
                                          f"{weights.name}/rows_{first}_{last}", product.origins)
                  for first, last in runs]
        some = self._before.concat(slices, f"{weights.name}/rows", product.origins)
        factor = rest[0][0]
        inside = Emitter()
        if len(rest) > 1:
            factor = inside.concat([value for value, _, _ in rest], f"{factor.name}/joined",
                                   product.origins, axis=1)
        made = Value(f"{out.name}/product", product.outputs[0].spec)
        return [*inside.instrs, Instr(product.op_def, (factor, self._bring(some)), (made,),
                                      product.attrs, product.origins)]

    def _bring(self, value: Value) -> Value:
        """What stands for a value from outside in the loop."""
        if value not in self._brought:
            inside = self._brought[value] = Value(value.name, value.spec)
            self._parts.bring(value, None, inside)
        return self._brought[value]
