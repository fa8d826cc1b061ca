"""Arithmetic simplification: the rewrite rules.

Every rule gives the same numbers, bit for bit, apart from the sign of a zero in `x + 0` and in sums
over one element, and from what lies at the ends of a dtype's range in `(x * 2) * c`. A rule that
drops an operand checks that the result's shape does not come from it.
"""

from __future__ import annotations

import math

import numpy as np

from flowgraph.program.ir import Program, Value
from flowgraph.program.rewrite import ANY, CONST, Match, apply_rules, is_all, rule


def simplify(program: Program) -> Program:
    """Applies the rules of this module, once over the program."""
    return apply_rules(program)


# ---- one number, broadcast -----------------------------------------------------------------------


for _binary in ("Mul", "Add", "AddV2", "Sub", "RealDiv", "Maximum", "Minimum"):
    @rule(_binary, ANY, "BroadcastTo")
    @rule(_binary, ANY, CONST)
    def take_one_number(m: Match, x: Value, y: Value) -> Value | None:
        """x * [c, c, ...]  ->  x * c, when x is as large as that"""
        c = _one_number(m, y) if m.same_spec(x) else None
        if c is None:
            return None
        swapped = m.instr.inputs[0] is y and m.instr.inputs[1] is x
        return m.emit(m.instr.op_def.type, *((c, x) if swapped else (x, c)))

for _binary in ("Sub", "RealDiv"):
    @rule(_binary, "BroadcastTo", ANY)
    @rule(_binary, CONST, ANY)
    def take_one_number_first(m: Match, x: Value, y: Value) -> Value | None:
        """[c, c, ...] / y  ->  c / y, when y is as large as that"""
        c = _one_number(m, x) if m.same_spec(y) else None
        return None if c is None else m.emit(m.instr.op_def.type, c, y)


def _one_number(m: Match, value: Value) -> Value | None:
    """The number that a broadcast value or a constant has everywhere; None if it has several."""
    array = value.const
    if array is None:
        small = m.maker(value).inputs[0]
        return small if small is not None and small.spec.shape == () else None
    if array.size < 2 or array.dtype.kind not in "fiu":
        return None
    bits = array.reshape(-1).view(f"u{array.itemsize}")  # -0.0 is another number than 0.0
    if bits[0] != bits[-1] or bits[0] != bits[bits.size // 2] or (bits != bits[0]).any():
        return None
    return m.constant(array.reshape(-1)[0].reshape(()), "number")


# ---- nothing happens -----------------------------------------------------------------------------


@rule("Identity", ANY)
def drop_identity(m: Match, x: Value) -> Value | None:
    """identity(x)  ->  x"""
    return x if m.instr.outputs[0].spec.shape == x.spec.shape else None


@rule("StopGradient", ANY)
def drop_stop_gradient(m: Match, x: Value) -> Value | None:
    """stop_gradient(x)  ->  x"""
    return drop_identity(m, x)


@rule("PreventGradient", ANY)
def drop_prevent_gradient(m: Match, x: Value) -> Value | None:
    """prevent_gradient(x)  ->  x"""
    return drop_identity(m, x)


@rule("Cast", ANY)
def cast_to_own_dtype(m: Match, x: Value) -> Value | None:
    """cast(x, x.dtype)  ->  x"""
    return x if m.instr.outputs[0].spec == x.spec else None


# ---- neutral elements ----------------------------------------------------------------------------


@rule("Mul", ANY, CONST)
def multiply_by_one(m: Match, x: Value, one: Value) -> Value | None:
    """x * 1  ->  x"""
    return x if is_all(one, 1) and m.same_spec(x) else None


@rule("RealDiv", ANY, CONST)
def divide_by_one(m: Match, x: Value, one: Value) -> Value | None:
    """x / 1  ->  x"""
    return x if is_all(one, 1) and m.same_spec(x) else None


@rule("Mul", ANY, "Fill")
def multiply_by_filled_ones(m: Match, x: Value, ones: Value) -> Value | None:
    """x * fill(shape, 1)  ->  x"""
    return x if is_all(m.maker(ones).inputs[1], 1) and m.same_spec(x) else None  # type: ignore[arg-type]


@rule("Add", ANY, CONST)
@rule("AddV2", ANY, CONST)
def add_zero(m: Match, x: Value, zero: Value) -> Value | None:
    """x + 0  ->  x"""
    return x if is_all(zero, 0) and m.same_spec(x) else None


@rule("Sub", ANY, CONST)
def subtract_zero(m: Match, x: Value, zero: Value) -> Value | None:
    """x - 0  ->  x"""
    return x if is_all(zero, 0) and m.same_spec(x) else None


@rule("Pow", ANY, CONST)
def power_of_one(m: Match, x: Value, one: Value) -> Value | None:
    """x ** 1  ->  x"""
    return x if is_all(one, 1) and m.same_spec(x) else None


@rule("Pow", ANY, CONST)
def power_of_two(m: Match, x: Value, two: Value) -> Value | None:
    """x ** 2  ->  square(x)"""
    exact = not x.spec.dtype.is_complex
    return m.emit("Square", x) if exact and is_all(two, 2) and m.same_spec(x) else None


@rule("Mul", ANY, ANY)
def multiply_by_itself(m: Match, x: Value, y: Value) -> Value | None:
    """x * x  ->  square(x)"""
    return m.emit("Square", x) if x is y and x.const is None else None


@rule("Maximum", ANY, ANY)
def maximum_of_same(m: Match, x: Value, y: Value) -> Value | None:
    """maximum(x, x)  ->  x"""
    return x if x is y else None


@rule("Minimum", ANY, ANY)
def minimum_of_same(m: Match, x: Value, y: Value) -> Value | None:
    """minimum(x, x)  ->  x"""
    return x if x is y else None


@rule("Mul", "Mul", CONST)
def multiply_twice(m: Match, product: Value, c: Value) -> Value | None:
    """(x * 2) * c  ->  x * (2 * c), where one factor is a power of two: the gradient of a mean of
    squares. It rounds as before; only what x * 2 made infinite, or x / 2 subnormal, is no longer so
    (TensorFlow's own optimiser does it with any two factors)."""
    x, factor = m.maker(product).inputs
    if x is not None and x.const is not None:
        x, factor = factor, x
    if (x is None or factor is None or factor.const is None or factor.spec.size != 1
            or c.spec.size != 1 or x.const is not None or not m.same_spec(x)
            or x.spec.dtype.name not in ("float32", "float64")):
        return None
    numbers = [float(v.const.reshape(())) for v in (factor, c)]  # type: ignore[union-attr]
    limits = np.finfo(x.spec.dtype.numpy)
    least, most = float(limits.tiny), float(limits.max)
    both = numbers[0] * numbers[1]
    if not least <= abs(both) <= most or all(
            abs(math.frexp(number)[0]) != 0.5 for number in numbers):
        return None
    return m.emit("Mul", x, m.constant(np.array(both, x.spec.dtype.numpy), "factor"))


# ---- signs ---------------------------------------------------------------------------------------


@rule("Neg", "Neg")
def negate_twice(m: Match, x: Value) -> Value | None:
    """-(-x)  ->  x"""
    return m.maker(x).inputs[0]


@rule("Neg", "Mul")
def negate_product(m: Match, product: Value) -> Value | None:
    """-(x * c)  ->  x * (-c)"""
    x, c = m.maker(product).inputs
    if x is not None and x.const is not None:
        x, c = c, x
    if x is None or c is None or c.const is None or c.spec.size != 1 or c.spec.dtype.kind != "f":
        return None
    return m.emit("Mul", x, m.constant(-c.const, "factor"))


@rule("Add", ANY, "Neg")
@rule("AddV2", ANY, "Neg")
def add_negated(m: Match, x: Value, y: Value) -> Value | None:
    """x + (-y)  ->  x - y"""
    return m.emit("Sub", x, m.maker(y).inputs[0])  # type: ignore[arg-type]


@rule("Sub", ANY, "Neg")
def subtract_negated(m: Match, x: Value, y: Value) -> Value | None:
    """x - (-y)  ->  x + y"""
    return m.emit("AddV2", x, m.maker(y).inputs[0])  # type: ignore[arg-type]


@rule("LogicalNot", "LogicalNot")
def not_twice(m: Match, x: Value) -> Value | None:
    """not (not x)  ->  x"""
    return m.maker(x).inputs[0]


@rule("Select", ANY, CONST, CONST)
def select_of_zeros(m: Match, condition: Value, t: Value, e: Value) -> Value | None:
    """select(c, 0, 0)  ->  0"""
    if m.same_spec(t) and all(v.const.dtype != object and not any(v.const.tobytes())  # type: ignore[union-attr]
                              for v in (t, e)):
        return t
    return None


# ---- sums ----------------------------------------------------------------------------------------


@rule("AddV2", "Pad", "Pad")
@rule("AddN", "Pad", "Pad")
@rule("AddN", "Pad", "Pad", "Pad")
@rule("AddN", "Pad", "Pad", "Pad", "Pad")
def add_beside(m: Match, *padded: Value) -> Value | None:
    """pad(x, [[0, k]]) + pad(y, [[n, 0]])  ->  concat([x, y]), as in the gradient of slices"""
    parts: list[tuple[int, int, Value]] = []
    axes: set[int] = set()
    for value in padded:
        inner, paddings = m.maker(value).inputs
        if (inner is None or paddings is None or paddings.const is None or not m.same_spec(value)
                or not inner.spec.is_static):
            return None
        axes.update(np.flatnonzero(paddings.const.any(axis=1)).tolist())
        if len(axes) != 1:
            return None
        axis = min(axes)
        parts.append((int(paddings.const[axis, 0]), inner.spec.shape[axis], inner))  # type: ignore
    parts.sort(key=lambda part: part[:2])
    end = 0
    for first, count, _ in parts:
        if first != end:
            return None
        end += count
    if end != m.instr.outputs[0].spec.shape[axis]:  # type: ignore[index]
        return None
    return m.emit("ConcatV2", *[inner for _, _, inner in parts],
                  m.constant(np.array(axis, np.int32), "axis"))


@rule("AddN")
def add_one_or_two(m: Match, *inputs: Value) -> Value | None:
    """add_n([x])  ->  x, add_n([x, y])  ->  x + y"""
    if len(inputs) == 1:
        return inputs[0]
    if len(inputs) == 2 and inputs[0].spec == inputs[1].spec and inputs[0].spec.is_static:
        return m.emit("AddV2", *inputs)  # which would broadcast, where AddN raises
    return None


def _reduces_nothing(x: Value, axes: Value) -> Value | None:
    return x if axes.const is not None and axes.const.size == 0 and axes.const.ndim else None


for _reduction in ("Sum", "Mean", "Prod", "Max", "Min", "All", "Any"):
    @rule(_reduction, ANY, CONST)
    def reduce_over_nothing(m: Match, x: Value, axes: Value) -> Value | None:
        """reduce(x, axis=[])  ->  x"""
        return _reduces_nothing(x, axes)

for _reduction in ("Sum", "Mean", "Prod", "Max", "Min"):
    @rule(_reduction, ANY, CONST)
    def reduce_over_size_one(m: Match, x: Value, axes: Value) -> Value | None:
        """reduce(x, axes of size 1)  ->  reshape(x)"""
        out = m.instr.outputs[0].spec
        if not (x.spec.is_static and out.is_static and x.spec.size == out.size and x.spec.size):
            return None
        return m.emit("Reshape", x, m.constant(np.array(out.shape, np.int32)))


@rule("Mean", ANY, CONST)
def mean_as_sum(m: Match, x: Value, axes: Value) -> Value | None:
    """mean(x, axes)  ->  sum(x, axes) / n, which is what it is, without NumPy's detour"""
    out = m.instr.outputs[0].spec
    if x.spec.dtype.name not in ("float32", "float64") or not x.spec.size or not out.is_static:
        return None
    count = np.array(x.spec.size // (out.size or 1), x.spec.dtype.numpy)
    total = m.emit("Sum", x, axes, part="sum", keep_dims=m.attrs["keep_dims"])
    return m.emit("RealDiv", total, m.constant(count, "count"))


# ---- moving data ---------------------------------------------------------------------------------


@rule("Transpose", ANY, CONST)
def transpose_to_same_order(m: Match, x: Value, perm: Value) -> Value | None:
    """transpose(x, [0, 1, ...])  ->  x"""
    return x if perm.const.tolist() == list(range(perm.const.size)) else None  # type: ignore[union-attr]


@rule("Transpose", "Transpose", CONST)
def transpose_of_transpose(m: Match, x: Value, perm: Value) -> Value | None:
    """transpose(transpose(x, p), q)  ->  transpose(x, p[q])"""
    inner = m.maker(x)
    first = inner.inputs[1]
    if first is None or first.const is None:
        return None
    both = first.const[perm.const]
    if both.tolist() == list(range(both.size)):
        return inner.inputs[0]
    return m.emit("Transpose", inner.inputs[0], m.constant(both, "perm"))  # type: ignore[arg-type]


@rule("Reshape", ANY, ANY)
def reshape_to_same_shape(m: Match, x: Value, shape: Value) -> Value | None:
    """reshape(x, x.shape)  ->  x"""
    return x if m.same_spec(x) else None


@rule("Reshape", "Reshape", ANY)
def reshape_of_reshape(m: Match, x: Value, shape: Value) -> Value | None:
    """reshape(reshape(x, s), t)  ->  reshape(x, t), when s is known to fit"""
    if not x.spec.is_static:
        return None
    return m.emit("Reshape", m.maker(x).inputs[0], shape)  # type: ignore[arg-type]


@rule("ExpandDims", ANY, CONST)
def expand_dims_to_reshape(m: Match, x: Value, axis: Value) -> Value | None:
    """expand_dims(x, axis)  ->  reshape(x, shape), when the shape is known"""
    return _as_reshape(m, x)


@rule("Squeeze", ANY)
def squeeze_to_reshape(m: Match, x: Value) -> Value | None:
    """squeeze(x)  ->  reshape(x, shape), when the shape is known"""
    return _as_reshape(m, x)


def _as_reshape(m: Match, x: Value) -> Value | None:
    out = m.instr.outputs[0].spec
    if not out.is_static:
        return None
    return m.emit("Reshape", x, m.constant(np.array(out.shape, np.int32)))


@rule("Tile", ANY, CONST)
def tile_once(m: Match, x: Value, multiples: Value) -> Value | None:
    """tile(x, [1, 1, ...])  ->  x"""
    return x if is_all(multiples, 1) else None


@rule("ConcatV2", ANY, CONST)
def concat_of_one(m: Match, x: Value, axis: Value) -> Value | None:
    """concat([x], axis)  ->  x"""
    return x


@rule("BroadcastTo", ANY, ANY)
def broadcast_to_same_shape(m: Match, x: Value, shape: Value) -> Value | None:
    """broadcast_to(x, x.shape)  ->  x"""
    return x if m.same_spec(x) else None


@rule("ZerosLike", ANY)
def zeros_of_known_shape(m: Match, x: Value) -> Value | None:
    """zeros_like(x)  ->  a constant, when the shape is known and small"""
    spec = m.instr.outputs[0].spec
    if not spec.is_static or (spec.size or 0) > 1024 or spec.dtype.kind in "sr":
        return None
    return m.constant(np.zeros(spec.shape, spec.dtype.numpy), "zeros")
