"""A kernel's expression as lines of one operation each, so that nothing is allocated in a tile.

    np.reciprocal(1 + np.exp(-x))       np.negative(x, out=t0)
                                        np.exp(t0, out=t0)
                                        np.add(c1, t0, out=t0)
                                        np.reciprocal(t0, out=t0)

A tile is a few hundred kilobytes: memory of that size comes from the system and goes back to it
each time, which takes longer than most operations. What NumPy does slowly is written another way
here, with the same result bit for bit (nanoseconds per element, 65,536 float32):

- the larger of a number and an array (0.8) reads the number from a tile that is full of it (0.2);
- a product with a bool (0.6) gets the bool as a float first (0.4);
- `-|x|` (0.4) sets the bit of the sign (0.2);
- `np.where` with a condition that no one foresees (4.7) chooses bits: `b ^ ((a ^ b) & mask)` (0.8).

`log1p` (14), `expm1` (14), and what is made of them and of polynomials (softplus, elu, erf) stand
here as their kernels compute many numbers, see `ops.exponential` (3.5 and 4.7).

The type of an inner result is found by asking NumPy with arrays of one element.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from flowgraph.opdef.opdef import OpDef
from flowgraph.ops import activation, error_function, exponential
from flowgraph.plan.inline import template
from flowgraph.program.ir import Instr

_OPERATORS = {ast.Add: np.add, ast.Sub: np.subtract, ast.Mult: np.multiply,
              ast.Div: np.true_divide, ast.BitAnd: np.bitwise_and, ast.BitOr: np.bitwise_or,
              ast.BitXor: np.bitwise_xor}
_COMPARISONS = {ast.Gt: np.greater, ast.GtE: np.greater_equal, ast.Lt: np.less,
                ast.LtE: np.less_equal, ast.Eq: np.equal, ast.NotEq: np.not_equal}


class Viewed(NamedTuple):
    """An argument whose bits are read as numbers of another dtype."""

    of: Any
    dtype: np.dtype


class Filled(NamedTuple):
    """A tile full of one number."""

    number: np.ndarray


class Line(NamedTuple):
    """One operation.

    Attributes:
        function: what is called: "np.exp"; "copy" copies its argument into the result; "max" and
            "sum" reduce the last axis, which stays with size 1.
        arguments: a string for a parameter of the kernel, an int for the result of the line of that
            number, a 0-d array for a constant, Viewed or Filled.
        dtype: of the result.
        out_dtype: as what the memory of the result is written; None for its own dtype.
        keywords: more of the call, as text.
    """

    function: str
    arguments: tuple[Any, ...]
    dtype: np.dtype
    out_dtype: np.dtype | None = None
    keywords: str = ""

    @property
    def is_reduction(self) -> bool:
        """Whether the result is smaller than the argument."""
        return self.function in ("max", "sum")


class _NotLinear(Exception):
    """The expression has something for which there is no line."""


def lines_of(instr: Instr) -> list[Line] | None:
    """The lines of an instruction's kernel, the last of which gives its result; None if none fit.

    Args:
        instr: an elementwise instruction, or one of `groups.ROW_WISE`.
    """
    op_def = instr.op_def
    params = op_def.flat_params(len(instr.inputs))
    if any(v is None for v in instr.inputs):
        return None
    text, scope = _text(instr)
    if not text:
        return None
    dtypes = {param: value.spec.dtype.numpy  # type: ignore[union-attr]
              for param, value in zip(_names(op_def, params), instr.inputs, strict=True)}
    if any(dtype.kind not in "fiub" for dtype in dtypes.values()):
        return None
    try:
        writer = _Writer(dtypes, scope)
        writer.run(text, instr.outputs[0].spec.dtype.numpy)
    except _NotLinear:
        return None
    return writer.lines


def _names(op_def: OpDef, params: Any) -> list[str]:
    """Names of the parameters in the text of the kernel; those of a list are numbered."""
    return [f"_in{i}" for i in range(len(params))] if op_def.lists else list(params)


def argument_names(instr: Instr) -> list[str]:
    """What the lines of an instruction call its inputs, in their order."""
    return _names(instr.op_def, instr.op_def.flat_params(len(instr.inputs)))


def negated_absolute(dtype: np.dtype) -> list[Line]:
    """-|x| of floats: the bit of the sign is set.

    Args:
        dtype: of `x`.
    """
    bits = np.dtype(f"u{dtype.itemsize}")
    sign = constant(1 << 8 * dtype.itemsize - 1, bits)
    return [Line("np.bitwise_or", (Viewed("x", bits), sign), dtype, bits)]


# ---- kernels that are more than an expression, or slow as they stand -----------------------------


def _add_n(instr: Instr) -> str:
    return " + ".join(f"_in{i}" for i in range(len(instr.inputs)))


def _size(instr: Instr) -> int:
    return instr.outputs[0].spec.size or 0


def _log(instr: Instr) -> str:
    return "np.log(x)" if _size(instr) > exponential.FEW else ""


def _of_single(many: str, others: str = "") -> Callable[[Instr], str]:
    """The text of a kernel that computes many float32 numbers in a way of their own."""
    many = many.replace("TINY", repr(exponential.TINY)).replace(
        "LARGEST", repr(exponential.LARGEST))
    return lambda instr: many if _size(instr) >= exponential.MANY and (
        instr.outputs[0].spec.dtype.name == "float32") else others


def _squared_difference(instr: Instr) -> str:
    return "np.square(x - y)"


def _leaky_relu(instr: Instr) -> str:
    alpha = instr.attrs["alpha"]
    return f"np.maximum(x, x * {alpha!r})" if alpha <= 1 else f"np.where(x > 0, x, x * {alpha!r})"


def _select(instr: Instr) -> str:
    _, t, e = (value is not None and value.const is not None and value.spec.size == 1
               and _is_zero(value.const) for value in instr.inputs)
    return f"np.where(condition, {'t' if e or not t else 0}, {0 if e else 'e'})"


def _cast(instr: Instr) -> str:
    kinds = instr.inputs[0].spec.dtype.kind + instr.attrs["DstT"].kind  # type: ignore[union-attr]
    return "cast(x)" if all(kind in "fiub" for kind in kinds) else ""


def _softmax(instr: Instr) -> str:
    return "y = np.exp(logits - max(logits)); y / sum(y)"


def _log_softmax(instr: Instr) -> str:
    return "y = logits - max(logits); y - np.log(sum(np.exp(y)))"


def _polynomial(coefficients: tuple[float, ...], x: str) -> str:
    """As `approximation.horner` computes it."""
    text = repr(coefficients[-1])
    for c in coefficients[-2::-1]:
        text = f"({x} * {text} + {c!r})"
    return text


_TEXTS: dict[str, Callable[[Instr], str]] = {
    "Log1p": _of_single(
        "u = x + 1; x * ((np.log(u) + TINY) / np.minimum(u - 1 + TINY, LARGEST))",
        "np.log1p(x)"),
    "Expm1": _of_single(
        "v = np.maximum(x, -20); u = np.exp(v);"
        "v * ((u - 1 + TINY) / np.minimum(np.log(u) + TINY, 100))",
        "np.expm1(x)"),
    "Elu": _of_single(
        "v = np.maximum(np.minimum(x, 0), -20); u = np.exp(v);"
        "np.maximum(v * ((u - 1 + TINY) / (np.log(u) + TINY)), x)",
        "np.maximum(np.expm1(np.minimum(x, 0)), x)"),
    "Selu": _of_single(
        "v = np.maximum(np.minimum(x, 0), -20); u = np.exp(v);"
        f"v * ((u - 1 + TINY) / (np.log(u) + TINY)) * {activation.SELU_BELOW!r}"
        f"+ np.maximum(x, 0) * {activation.SELU_ABOVE!r}",
        f"np.expm1(np.minimum(x, 0)) * {activation.SELU_BELOW!r}"
        f"+ np.maximum(x, 0) * {activation.SELU_ABOVE!r}"),
    "Softplus": _of_single(
        "v = np.exp(-np.absolute(x)); u = v + 1;"
        "v * ((np.log(u) + TINY) / (u - 1 + TINY)) + np.maximum(x, 0)",
        "np.log1p(np.exp(-np.absolute(x))) + np.maximum(x, 0)"),
    "Erf": _of_single(
        "v = np.maximum(np.minimum(x, 4), -4); s = v * v;"
        f"w = {_polynomial(error_function.NUMERATOR, 's')} * v;"
        f"w = w / {_polynomial(error_function.DENOMINATOR, 's')};"
        "np.maximum(np.minimum(w, 1), -1)"),
    "AddN": _add_n, "Log": _log, "SquaredDifference": _squared_difference,
    "LeakyRelu": _leaky_relu, "Select": _select, "SelectV2": _select, "Cast": _cast,
    "Softmax": _softmax, "LogSoftmax": _log_softmax,
}


def _text(instr: Instr) -> tuple[str, dict[str, Any]]:
    """What the kernel computes as text, and the globals that it needs; "" where it has none."""
    special = _TEXTS.get(instr.op_def.type)
    if special is not None:
        return special(instr), {}
    if instr.op_def.lists:
        return "", {}
    made = template(instr.op_def, instr.attrs, instr.op_def.takes_out)
    if made is None:
        return "", {}
    names = {param: param for param in instr.op_def.params}
    return made.text.format(**names, out="None"), made.needs


# ---- from text to lines --------------------------------------------------------------------------


class _Writer:
    """Writes the lines of one expression."""

    def __init__(self, dtypes: dict[str, np.dtype], scope: dict[str, Any]) -> None:
        self.lines: list[Line] = []
        self._dtypes = dtypes
        self._scope = scope
        self._names: dict[str, Any] = {}

    def run(self, text: str, dtype: np.dtype) -> None:
        """Writes the lines of statements, the last of which is the result, of this dtype."""
        self._dtype = dtype
        for statement in ast.parse(text).body:
            if isinstance(statement, ast.Assign):
                self._names[statement.targets[0].id] = self._visit(  # type: ignore[attr-defined]
                    statement.value)
            else:
                result = self._visit(statement.value)  # type: ignore[attr-defined]
        if result != len(self.lines) - 1 or self.lines[-1].dtype != dtype:
            raise _NotLinear

    def dtype_of(self, argument: Any) -> np.dtype:
        """The dtype of an argument."""
        if isinstance(argument, str):
            return self._dtypes[argument]
        if isinstance(argument, np.ndarray):
            return argument.dtype
        if isinstance(argument, int):
            return self.lines[argument].dtype
        return argument.dtype if isinstance(argument, Viewed) else argument.number.dtype

    def _visit(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Name):
            if node.id in self._names:
                return self._names[node.id]
            if node.id in self._dtypes:
                return node.id
            return _number(self._scope.get(node.id))
        if isinstance(node, ast.Constant):
            return _number(node.value)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            inner = self._visit(node.operand)
            return _Number(-inner.value) if isinstance(inner, _Number) else (
                self._call(np.negative, inner))
        if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
            return self._call(_OPERATORS[type(node.op)], self._visit(node.left),
                              self._visit(node.right))
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            return self._call(_COMPARISONS[type(node.ops[0])], self._visit(node.left),
                              self._visit(node.comparators[0]))
        if isinstance(node, ast.Call):
            return self._visit_call(node)
        raise _NotLinear

    def _visit_call(self, node: ast.Call) -> Any:
        if any(keyword.arg != "out" for keyword in node.keywords):
            raise _NotLinear
        function = node.func
        if isinstance(function, ast.Name):
            return self._own(function.id, [self._visit(a) for a in node.args])
        if not isinstance(function, ast.Attribute):
            raise _NotLinear
        if isinstance(function.value, ast.Name) and function.value.id == "np":
            arguments = [self._visit(a) for a in node.args]
            if function.attr == "where" and len(arguments) == 3:
                return self._where(*arguments)
            ufunc = getattr(np, function.attr, None)
            if isinstance(ufunc, np.ufunc) and ufunc.nout == 1 and ufunc.nin == len(arguments):
                return self._call(ufunc, *arguments)
        if ast.unparse(function).endswith(".dtype.type") and len(node.args) == 1:  # x.dtype.type(0)
            of = self._visit(function.value.value)  # type: ignore[attr-defined]
            number = self._visit(node.args[0])
            if isinstance(of, (str, int)) and isinstance(number, _Number):
                return constant(number.value, self.dtype_of(of))
        raise _NotLinear

    def _own(self, name: str, arguments: list[Any]) -> Any:
        """The calls of this module's own texts: max, sum, cast."""
        if len(arguments) != 1 or name not in ("max", "sum", "cast"):
            raise _NotLinear
        if name == "cast":
            return self._copy(arguments[0], self._dtype)
        return self._add(Line(name, (arguments[0],), self.dtype_of(arguments[0])))

    def _add(self, line: Line) -> int:
        self.lines.append(line)
        return len(self.lines) - 1

    def _copy(self, argument: Any, dtype: np.dtype) -> int:
        return self._add(Line("copy", (argument,), dtype))

    def _call(self, ufunc: np.ufunc, *arguments: Any) -> Any:
        if all(isinstance(a, _Number) for a in arguments):
            return _number(ufunc(*(a.value for a in arguments)).item())
        given = [a.value if isinstance(a, _Number) else self.dtype_of(a) for a in arguments]
        dtype = _result_dtype(ufunc, tuple(given))
        if dtype is None:
            raise _NotLinear
        arrays = [d for d in given if isinstance(d, np.dtype)]
        common = np.result_type(*arrays)
        fixed = []
        for argument in arguments:
            if isinstance(argument, _Number):
                value = argument.value
                if np.result_type(common, value) != common or common.kind not in "fiu":
                    raise _NotLinear
                argument = constant(value, common)
            elif (self.dtype_of(argument) == np.bool_ and dtype.kind == "f"
                  and not isinstance(argument, np.ndarray)):
                argument = self._copy(argument, dtype)
            fixed.append(argument)
        if ufunc in (np.maximum, np.minimum) and dtype.kind == "f":
            fixed = [Filled(a) if isinstance(a, np.ndarray) else a for a in fixed]
        return self._add(Line(f"np.{ufunc.__name__}", tuple(fixed), dtype))

    def _where(self, condition: Any, yes: Any, no: Any) -> Any:
        """`no ^ ((yes ^ no) & mask)`; less where one of them is zero."""
        kinds = [self.dtype_of(a) for a in (yes, no) if not isinstance(a, _Number)]
        if not kinds or self.dtype_of(condition) != np.bool_ or isinstance(condition, np.ndarray):
            raise _NotLinear
        dtype = np.result_type(*kinds)
        yes, no = (constant(a.value, dtype) if isinstance(a, _Number) else a for a in (yes, no))
        if any(self.dtype_of(a) != dtype for a in (yes, no)) or dtype.itemsize > 8:
            raise _NotLinear
        bits = np.dtype(f"u{dtype.itemsize}")

        def line(function: str, *arguments: Any, keywords: str = "") -> int:
            return self._add(Line(f"np.{function}", arguments, dtype, bits, keywords))

        yes_bits, no_bits = Viewed(yes, bits), Viewed(no, bits)
        mask = line("negative", Viewed(condition, np.dtype(np.int8)), keywords="casting='unsafe'")
        bits_of_mask = Viewed(mask, bits)
        if _is_zero(no):
            return line("bitwise_and", yes_bits, bits_of_mask)
        if _is_zero(yes):
            other = line("invert", bits_of_mask)
            return line("bitwise_and", no_bits, Viewed(other, bits))
        differ = line("bitwise_xor", yes_bits, no_bits)
        chosen = line("bitwise_and", Viewed(differ, bits), bits_of_mask)
        return line("bitwise_xor", no_bits, Viewed(chosen, bits))


class _Number(NamedTuple):
    """A Python number of an expression."""

    value: Any


def _number(value: Any) -> _Number:
    if type(value) not in (int, float):
        raise _NotLinear
    return _Number(value)


def _is_zero(argument: Any) -> bool:
    """Whether all bits of a constant are zero."""
    return isinstance(argument, np.ndarray) and not any(argument.tobytes())


_constants: dict[Any, np.ndarray] = {}


def constant(value: Any, dtype: np.dtype) -> np.ndarray:
    """A number as a 0-d array, the same one each time: NumPy takes it 0.3 µs sooner than a scalar.

    Args:
        value: the number.
        dtype: its dtype.
    """
    array = np.array(value, dtype)
    array.flags.writeable = False
    return _constants.setdefault((array.dtype.str, array.tobytes()), array)


@functools.cache
def _result_dtype(ufunc: np.ufunc, given: tuple[Any, ...]) -> np.dtype | None:
    """The dtype of a ufunc's result for arguments of these dtypes, or Python numbers."""
    arguments = [np.ones(1, g) if isinstance(g, np.dtype) else g for g in given]
    try:
        with np.errstate(all="ignore"):
            return ufunc(*arguments).dtype
    except (TypeError, ValueError, OverflowError):
        return None
