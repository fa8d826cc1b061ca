"""Products of one-hot rows with a matrix become rows of the matrix.

    one_hot(i, n) W                           ->  for each index, a row of W
    concat(unstack(one_hot(i, n)), 0) W       ->  the same: the inputs of an unrolled network

The one-hot rows are zeros but for a 1: the product adds up n numbers to find one of them. (Where W
holds a NaN or an infinity, every row of the product does: that is looked at in each run.)
"""

from __future__ import annotations

from flowgraph.program.emit import Emitter
from flowgraph.program.ir import Instr, Program, Value
from flowgraph.program.passes.dead_code import dead_code
from flowgraph.program.products import ONE_HOT_PRODUCT
from flowgraph.program.rewrite import is_all

# Multiplications: below, the product is as quick as looking at the indices. 1120 rows of 64 with
# weights of 64x1024 take 1.6 ms as a product, 0.3 as rows; 32 rows with them 0.07 either way.
LEAST_WORK = 1 << 21


def one_hot_products(program: Program) -> Program:
    """Replaces the products of one-hot rows."""
    if not any(instr.op_def.type == "OneHot" for instr in program.instrs):
        return program
    finder = _Finder(program)
    changed = False
    for instr in program.instrs:
        indices = finder.factor(instr)
        if indices is None:
            finder.emitter.keep(instr)
            continue
        changed = True
        weights = instr.inputs[1]
        finder.emitter.instrs.append(Instr(ONE_HOT_PRODUCT, (indices, weights), instr.outputs, {},
                                           instr.origins, equals=instr.equals))
    return dead_code(program.with_instrs(finder.emitter.instrs, {})) if changed else program


class _Finder:
    """Finds the indices of values that are one-hot rows.

    Args:
        program: the program.
    """

    def __init__(self, program: Program) -> None:
        self.emitter = Emitter()
        self._producers = program.producers
        self._unstacked: dict[Instr, list[Value]] = {}

    def factor(self, instr: Instr) -> Value | None:
        """The indices of the first factor of a product; None where it is not of one-hot rows."""
        if instr.op_def.type != "MatMul" or not instr.is_pure:
            return None
        rows, weights = instr.inputs
        if (instr.attrs["transpose_a"] or instr.attrs["transpose_b"] or rows is None
                or weights is None or not weights.spec.is_static or not rows.spec.is_static
                or weights.spec.dtype.name not in ("float32", "float64")
                or (rows.spec.size or 0) * (weights.spec.shape or (0, 0))[1] < LEAST_WORK):  # type: ignore[operator]
            return None
        return self._indices(rows, instr)

    def _indices(self, rows: Value, user: Instr) -> Value | None:
        instr = self._producers.get(rows)
        if instr is None or not instr.is_pure:
            return None
        if instr.op_def.type == "OneHot":
            return self._of_one_hot(instr, 1)
        if instr.op_def.type == "Unpack":
            return self._of_unpack(instr, rows)
        if instr.op_def.type != "ConcatV2":
            return None
        *parts, axis = instr.inputs
        if axis is None or axis.const is None or int(axis.const) not in (0, -2):
            return None
        found = [self._indices(part, user) for part in parts]  # type: ignore[arg-type]
        known = [value for value in found if value is not None]
        if len(known) < len(found) or len({value.spec.dtype for value in known}) > 1:
            return None
        return self.emitter.concat(known, f"{rows.name}/indices", instr.origins)

    def _of_unpack(self, instr: Instr, rows: Value) -> Value | None:
        """The indices of a slice of one-hot rows, along one of the axes before the last two."""
        stack = instr.inputs[0]
        maker = self._producers.get(stack) if stack is not None else None
        if maker is None or maker.op_def.type != "OneHot" or not maker.is_pure:
            return None
        indices = self._of_one_hot(maker, 2)
        axis = instr.attrs["axis"]
        if indices is None or axis not in (0, 1, -3, -2):
            return None
        if instr not in self._unstacked:
            name, axis = f"{instr.outputs[0].name}/indices", axis if axis >= 0 else axis + 3
            count = instr.attrs["num"]
            outs = self.emitter.unstack(indices, count, axis, name, instr.origins)
            self._unstacked[instr] = outs
        return self._unstacked[instr][instr.outputs.index(rows)]

    def _of_one_hot(self, instr: Instr, rank: int) -> Value | None:
        """The indices of an OneHot of ones and zeros whose last axis is the new one."""
        indices, _, on, off = instr.inputs
        if (indices is None or on is None or off is None or not indices.spec.is_static
                or len(indices.spec.shape or ()) != rank or not is_all(on, 1)
                or not is_all(off, 0) or instr.attrs["axis"] not in (-1, rank)):
            return None
        return indices
