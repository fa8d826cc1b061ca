"""From a graph of gradient ops to an expression in the names of an op's parameters.

What changes nothing is left out: Identity, a reshape to the shape that is there already, the sums
that undo a broadcast (they are noted instead, for the text to say so once).
"""

from __future__ import annotations

import inspect
import math
from functools import cache

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.opdef import is_known
from flowgraph.opdef.static_value import known_value

from .expression import Expr, atom, call, expr, operator, text_of
from .names import builders, names_of

OPERATORS = {
    "Add": "+", "AddV2": "+", "Sub": "-", "Mul": "*", "RealDiv": "/", "Div": "/", "FloorDiv": "//",
    "FloorMod": "%", "Pow": "**", "Less": "<", "LessEqual": "<=", "Greater": ">",
    "GreaterEqual": ">=", "Equal": "==", "NotEqual": "!=", "LogicalAnd": "&", "LogicalOr": "|"}

# How ops are written whose public function takes its arguments another way: the function, and a
# keyword (or "" for a positional argument) per input.
CALLS = {
    "Sum": ("reduce_sum", ("", "axis")), "Mean": ("reduce_mean", ("", "axis")),
    "Prod": ("reduce_prod", ("", "axis")), "Max": ("reduce_max", ("", "axis")),
    "Min": ("reduce_min", ("", "axis")), "All": ("reduce_all", ("", "axis")),
    "Any": ("reduce_any", ("", "axis")),
    "Select": ("where", ("", "", "")), "SelectV2": ("where", ("", "", "")),
    "Where": ("where", ("",)),
    "Transpose": ("transpose", ("", "")), "ExpandDims": ("expand_dims", ("", "axis")),
    "GatherV2": ("gather", ("", "", "axis")), "Cumsum": ("cumsum", ("", "axis")),
    "Cumprod": ("cumprod", ("", "axis")), "Range": ("range", ("", "", "")),
    "BatchMatMul": ("matmul", ("", "")), "BatchMatMulV2": ("matmul", ("", "")),
    "Slice": ("slice", ("", "", "")), "PadV2": ("pad", ("", "", "constant_values")),
    "UnsortedSegmentSum": ("unsorted_segment_sum", ("", "", "")),
    "MatrixDiagV3": ("matrix_diag", ("", "k", "num_rows", "num_cols", "padding_value")),
    "Real": ("real", ("",)), "Imag": ("imag", ("",)), "Complex": ("complex", ("", "")),
    "Softmax": ("nn.softmax", ("",)), "SplitV": ("split", ("", "", "axis")),
    "OnesLike": ("ones_like", ("",)),
    "ZerosLike": ("zeros_like", ("",)),
    "Shape": ("shape", ("",)), "Size": ("size", ("",)), "Rank": ("rank", ("",)),
}
KEYWORDS = {"keep_dims": "keepdims", "squeeze_dims": "axis", "adj_x": "adjoint_a",
            "adj_y": "adjoint_b"}
SILENT = {"DstT", "T", "Tout", "Tidx", "out_type", "dtype", "index_type", "element_shape",
          "element_dtype", "num_split", "num", "message", "data_format", "explicit_paddings"}
KNOWN_NUMBERS = {
    math.pi: "pi", 1 / math.pi: "1/pi", math.log(2): "log(2)", 1 / 3: "1/3",
    math.sqrt(2): "sqrt(2)", 1 / math.sqrt(2): "1/sqrt(2)", math.sqrt(math.pi) / 2: "sqrt(pi)/2",
    2 / math.sqrt(math.pi): "2/sqrt(pi)", math.sqrt(2 * math.pi): "sqrt(2*pi)",
    1 / math.sqrt(2 * math.pi): "1/sqrt(2*pi)"}


class Formula:
    """Turns tensors into expressions.

    Args:
        names: what the tensors are called at which an expression ends.
        attrs: the attributes of the op whose gradient it is; given again, they stand by name.

    Attributes:
        unbroadcasts: whether a sum that undoes a broadcast has been left out.
    """

    def __init__(self, names: dict[Tensor, str], attrs: dict) -> None:
        self.unbroadcasts = False
        self._attrs = attrs
        self._names = names
        self._done: dict[Tensor, Expr] = {}

    def of(self, tensor) -> Expr:
        """The expression of a tensor, or of IndexedSlices."""
        if not isinstance(tensor, Tensor):
            return call("IndexedSlices", self.of(tensor.values), self.of(tensor.indices))
        if tensor in self._names:
            return atom(self._names[tensor])
        if tensor not in self._done:
            self._done[tensor] = self._of_op(tensor)
        return self._done[tensor]

    def _of_op(self, tensor: Tensor) -> Expr:
        op = tensor.op
        special = getattr(self, f"_{op.type}", None)
        made = special(tensor) if special else None
        if made is not None:
            return made
        if op.type in OPERATORS:
            return arithmetic(OPERATORS[op.type], *(self._operand(x) for x in op.inputs))
        made = self._call(op)
        if op.op_def.multiple and (len(op.outputs) > 1 or op.op_def.lists):
            return expr("item", str(tensor.value_index), (made,))
        return made

    def _operand(self, tensor: Tensor) -> Expr:
        """As `of`; zeros and ones of some shape as plain numbers."""
        if tensor not in self._names:
            if tensor.op.type in ("ZerosLike", "OnesLike"):
                return atom(int(tensor.op.type == "OnesLike"))
            if tensor.op.type == "Fill":
                return self.of(tensor.op.inputs[1])
            if tensor.op.type in ("Cast", "Identity", "Reshape"):
                inner = self._operand(tensor.op.inputs[0])
                if inner.kind == "atom" and inner.head[0].isdigit():
                    return inner
        return self.of(tensor)

    def _call(self, op) -> Expr:
        """The op as a call of its public function, or by its type where there is none."""
        op_def = op.op_def
        groups = op_def.group(op.inputs)
        args = [self._list(group) if param in op_def.lists else self.of(group)
                for param, group in zip(op_def.params, groups, strict=True)]
        given = {key: value for key, value in op.attrs.items() if key not in SILENT
                 and (self._is_forward(key, value)
                      or not _same(value, op_def.attr_defaults.get(key)))}
        name = function_for(op.type, tuple(given))
        texts = {key: atom(key if self._is_forward(key, value) else _attribute(value))
                 for key, value in given.items()}
        if name is None:
            return call(op.type, *args, **texts)
        places = CALLS[op.type][1] if op.type in CALLS else ()
        places += ("",) * (len(args) - len(places))
        positional = [a for a, place in zip(args, places) if not place]
        return call(name, *positional, **{p: a for a, p in zip(args, places) if p},
                    **{KEYWORDS.get(key, key): text for key, text in texts.items()})

    def _is_forward(self, key: str, value) -> bool:
        """Whether an attribute is handed on; flags may be equal by chance."""
        return key in self._attrs and not isinstance(value, bool) and _same(
            value, self._attrs[key])

    def _list(self, group) -> Expr:
        """A list; all the results of one op in order are written as that op."""
        parts = tuple(self.of(t) for t in group)
        whole = parts[0].args[0] if parts and parts[0].kind == "item" else None
        if whole is not None and len(parts) == len(group[0].op.outputs) and all(
                p.kind == "item" and p.args[0] is whole and p.head == str(i)
                for i, p in enumerate(parts)):
            return whole
        return expr("list", "", parts)

    # -- ops that are written in a way of their own ---------------------------------------------

    def _Const(self, tensor: Tensor) -> Expr:
        value = tensor.op.attrs["value"]
        if value.ndim == 1 and value.size > 1 and value.dtype.kind == "i":
            for named, name in self._names.items():  # a shape that is known when the graph is made
                if named.spec.shape == tuple(value.tolist()):
                    return call("shape", atom(name))
        if value.size and value.dtype.kind == "f" and (value == 0).all() and value.ndim:
            return call("zeros", _nested(list(value.shape)))
        if value.size <= 12 and value.ndim <= 2:
            return _nested(value.tolist())
        return call("constant_of_shape", _nested(list(value.shape)))

    def _Identity(self, tensor: Tensor) -> Expr:
        return self.of(tensor.op.inputs[0])

    _Snapshot = _EnsureShape = _Identity

    def _Neg(self, tensor: Tensor) -> Expr:
        return negated(self.of(tensor.op.inputs[0]))

    def _AddN(self, tensor: Tensor) -> Expr:
        total = self.of(tensor.op.inputs[0])
        for x in tensor.op.inputs[1:]:
            total = arithmetic("+", total, self.of(x))
        return total

    def _Cast(self, tensor: Tensor) -> Expr | None:
        dtype = tensor.dtype.base_dtype
        like = next((name for named, name in self._names.items()
                     if named.dtype.base_dtype is dtype and not dtype.is_integer), None)
        text = dtype.name if like is None else f"{like}.dtype"
        return call("cast", self.of(tensor.op.inputs[0]), atom(text))

    def _ShapeN(self, tensor: Tensor) -> Expr:
        return call("shape", self.of(tensor.op.inputs[tensor.value_index]))

    def _Select(self, tensor: Tensor) -> Expr:
        condition, chosen, other = tensor.op.inputs
        return call("where", self.of(condition), self._operand(chosen), self._operand(other))

    _SelectV2 = _Select

    def _Reshape(self, tensor: Tensor) -> Expr | None:
        x, shape = tensor.op.inputs
        if (x.op.type == "Sum" and shape.op.type == "Shape"
                and x.op.inputs[1].op.type == "BroadcastGradientArgs"):
            self.unbroadcasts = True
            return self.of(x.op.inputs[0])
        wanted = known_value(shape)
        if is_known(wanted) and wanted == x.spec.shape:
            return self.of(x)
        return None

    def _Sum(self, tensor: Tensor) -> Expr | None:
        axes = known_value(tensor.op.inputs[1])
        return self.of(tensor.op.inputs[0]) if axes == () else None

    def _BroadcastTo(self, tensor: Tensor) -> Expr | None:
        x, shape = tensor.op.inputs
        wanted = known_value(shape)
        if is_known(wanted) and wanted == x.spec.shape:
            return self.of(x)
        return None

    def _StridedSlice(self, tensor: Tensor) -> Expr | None:
        """`x[1:3, ...]`, when the bounds are known one by one."""
        op = tensor.op
        attrs, entries = op.attrs, []
        columns = [self._bounds(bounds) for bounds in op.inputs[1:4]]
        if any(column is None for column in columns):
            return None
        for i, (begin, end, stride) in enumerate(zip(*columns, strict=True)):
            bit = 1 << i
            if attrs["ellipsis_mask"] & bit:
                entries.append("...")
            elif attrs["new_axis_mask"] & bit:
                entries.append("newaxis")
            elif attrs["shrink_axis_mask"] & bit:
                entries.append(begin)
            else:
                start = "" if attrs["begin_mask"] & bit or begin == "0" else begin
                stop = "" if attrs["end_mask"] & bit else end
                entries.append(f"{start}:{stop}" + (f":{stride}" if stride != "1" else ""))
        return expr("item", ", ".join(entries), (self.of(op.inputs[0]),))

    def _bounds(self, tensor: Tensor) -> list[str] | None:
        """The begins, ends or strides of a slice, each as text."""
        if tensor not in self._names and tensor.op.type == "Pack":
            return [text_of(self.of(part)) for part in tensor.op.inputs]
        value = known_value(tensor)
        return [str(n) for n in value] if is_known(value) else None


def arithmetic(sign: str, a: Expr, b: Expr) -> Expr:
    """`a sign b`, without factors and terms that do nothing, numbers first, minus signs outside."""
    one, zero = atom("1"), atom("0")
    if (sign in "*/" and b is one) or (sign in "+-" and b is zero):
        return a
    if (sign == "*" and a is one) or (sign == "+" and a is zero):
        return b
    if sign in ("*", "/"):
        if a.head == "-u":
            return negated(arithmetic(sign, a.args[0], b))
        if b.head == "-u":
            return negated(arithmetic(sign, a, b.args[0]))
    if sign == "*" and _is_number(b) and not _is_number(a):
        return operator("*", b, a)
    if sign == "*" and b.kind == "operator" and b.head == "*" and _is_number(b.args[0]):
        return arithmetic("*", arithmetic("*", a, b.args[0]), b.args[1])
    if sign == "+" and b.head == "-u":
        return operator("-", a, b.args[0])
    if sign == "-" and b.head == "-u":
        return operator("+", a, b.args[0])
    return operator(sign, a, b)


def negated(a: Expr) -> Expr:
    """`-a`, and a again for -a."""
    return a.args[0] if a.head == "-u" else operator("-u", a)


def _is_number(a: Expr) -> bool:
    return a.kind == "atom" and (a.head.lstrip("-")[0].isdigit() or "pi" in a.head)


@cache
def function_for(kind: str, given: tuple[str, ...]) -> str | None:
    """The public function, without `tf.`, to write an op as; None: write its type.

    Args:
        kind: the op's type.
        given: the attributes that the call has to give.
    """
    if kind in CALLS:
        return CALLS[kind][0]
    from .cases import OPS
    params = OPS[kind].params
    for value in builders()[kind][:1]:
        if not inspect.isfunction(value):
            continue
        signature = inspect.signature(value).parameters
        names = list(signature)
        required = [n for n, p in signature.items() if p.default is p.empty]
        fits = names[:len(params)] == list(params) or len(required) == len(params)
        if fits and all(KEYWORDS.get(key, key) in names for key in given):
            return names_of(value)[0].removeprefix("tf.")
    return None


def _same(value, default) -> bool:
    return isinstance(value, type(default)) and bool(np.all(value == default))


def _attribute(value) -> str:
    if isinstance(value, dt.DType):
        return value.name
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_attribute(v) for v in value)}]"
    return repr(value) if " at 0x" not in repr(value) else f"<{type(value).__name__}>"


def _nested(value) -> Expr:
    if isinstance(value, list):
        return expr("list", "", tuple(_nested(v) for v in value))
    return atom(number_text(value))


def number_text(value) -> str:
    """A number as people write it: 2 for 2.0, pi for 3.141592653589793."""
    if isinstance(value, complex) and not value.imag:
        value = value.real
    if isinstance(value, float):
        if abs(value) == np.finfo(np.float64).max:
            return "dtype.max" if value > 0 else "dtype.min"
        for known, text in KNOWN_NUMBERS.items():
            if math.isclose(abs(value), known, rel_tol=1e-7):
                return text if value > 0 else f"-{text}"
        if value.is_integer() and abs(value) < 1e16:
            return str(int(value))
        return f"{value:.7g}"
    return repr(value)
