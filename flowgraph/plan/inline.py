"""From a kernel's own Python source to one line of NumPy.

A kernel whose body is a single `return <expression>` can stand in generated source itself, with the
values' names in place of its parameters:

    def kernel(self, xp, x, *, out=None):              np.tanh(h, out=b0)
        return getattr(xp, self.ufunc)(x, out=out)

What is fixed for the instruction is folded away: attributes, `self.ufunc`, `getattr` with a known
name, `a if transpose else b`. Other kernels are called by their op's name.
"""

from __future__ import annotations

import ast
import functools
import inspect
import keyword
import math
import re
import sys
import textwrap
from typing import Any

import numpy as np

from flowgraph.core.dtypes import DType, as_dtype
from flowgraph.opdef.opdef import OpDef
from flowgraph.plan.nested import Nested, nested

_NOT_IN_NAMES = re.compile("[^A-Za-z0-9_]")
_LITERALS = (bool, int, float, str, bytes, type(None))


class Template:
    """A kernel call as text with `{param}` holes, and the globals its names need.

    Attributes:
        text: the expression.
        needs: the globals by name.
        function: the `add` of a text `np.add(...)`; "" where the outermost call is another one.
        is_ufunc: whether that is a ufunc with all its inputs, which takes `out` by position too.
        nested: the same expression for many calls, if others of these stand inside.
    """

    __slots__ = ("function", "is_ufunc", "needs", "nested", "text")

    def __init__(self, text: str, needs: dict[str, Any], function: str, is_ufunc: bool,
                 nested: Nested | None) -> None:
        self.text = text
        self.needs = needs
        self.function = function
        self.is_ufunc = is_ufunc
        self.nested = nested

    @property
    def functions(self) -> tuple[str, ...]:
        """NumPy's functions whose names it is worth to look up."""
        if self.nested is not None:
            return self.nested.functions
        return (self.function,) if self.function else ()


_templates: dict[Any, Template | None] = {}


def template(op_def: OpDef, attrs: dict[str, Any], has_out: bool) -> Template | None:
    """The kernel of an instruction as one expression, or None if it is not a one-liner.

    Args:
        op_def: the op.
        attrs: its attributes; those that are plain literals are folded in.
        has_out: whether the result is written into a buffer; the hole is `{out}`.
    """
    if not all(is_literal(v) for v in attrs.values()):  # a function, a graph: not to be kept
        return None
    key = (op_def.type, type(op_def), has_out, tuple(sorted(
        (k, v if isinstance(v, DType) else repr(v)) for k, v in attrs.items())))
    if key not in _templates:
        _templates[key] = _make(op_def, attrs, has_out)
    return _templates[key]


def _make(op_def: OpDef, attrs: dict[str, Any], has_out: bool) -> Template | None:
    expression = _expression(type(op_def).kernel)
    if expression is None:
        return None
    folded = _Fold(op_def, attrs, has_out).visit(ast.parse(ast.unparse(expression), mode="eval"))
    if any(isinstance(n, ast.Name) and n.id == "self" for n in ast.walk(folded)):
        return None  # calls a helper method: left to a call of the kernel
    if any(isinstance(n, (ast.comprehension, ast.Lambda, ast.NamedExpr)) for n in ast.walk(folded)):
        return None  # its own variables could take the place of a value's name
    if not has_out:
        folded.body = _operators_inside(folded.body)
    scope = type(op_def).kernel.__globals__
    builtin = scope["__builtins__"]
    builtin = builtin if isinstance(builtin, dict) else vars(builtin)
    needs: dict[str, Any] = {}
    for node in ast.walk(folded):
        if isinstance(node, ast.Name) and node.id != "np":
            if node.id.startswith("_dtype_"):
                needs[node.id] = as_dtype(node.id.removeprefix("_dtype_"))
            elif node.id in scope:
                needs[node.id] = scope[node.id]
            elif node.id not in builtin and not node.id.startswith("_hole_"):
                return None
    text = _with_holes(ast.unparse(folded))
    function = _function(folded.body)
    ufunc = getattr(np, function, None)
    is_ufunc = (isinstance(ufunc, np.ufunc) and len(folded.body.args) == ufunc.nin
                and [k.arg for k in folded.body.keywords] == ["out"])
    found = nested(folded.body) if has_out else None
    if found is not None:
        found = found._replace(text=_with_holes(found.text))
    return Template(text, needs, function, is_ufunc, found)


def _with_holes(text: str) -> str:
    """Source for `str.format`: `_hole_x_hole` is `{x}`."""
    text = text.replace("{", "{{").replace("}", "}}")
    return re.sub(r"\b_hole_(\w+)_hole\b", r"{\1}", text)


def _function(expression: ast.expr) -> str:
    """The `add` of a call `np.add(...)`; "" for other expressions."""
    if (isinstance(expression, ast.Call) and isinstance(expression.func, ast.Attribute)
            and isinstance(expression.func.value, ast.Name) and expression.func.value.id == "np"):
        return expression.func.attr
    return ""


_OPERATORS = {"add": ast.Add, "subtract": ast.Sub, "multiply": ast.Mult}


def _operators_inside(expression: ast.expr) -> ast.expr:
    """An expression whose inner calls are operators: `np.exp(np.negative(x))` is `np.exp(-x)`."""
    if isinstance(expression, ast.Call):
        expression.args = [_Operators().visit(argument) for argument in expression.args]
    return expression


class _Operators(ast.NodeTransformer):
    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        function = _function(node)
        if function == "negative" and len(node.args) == 1 and not node.keywords:
            return ast.UnaryOp(ast.USub(), node.args[0])
        if function in _OPERATORS and len(node.args) == 2 and not node.keywords:
            return ast.BinOp(node.args[0], _OPERATORS[function](), node.args[1])
        return node


class _Fold(ast.NodeTransformer):
    """Puts attributes and holes into a kernel's expression and folds what is fixed."""

    def __init__(self, op_def: OpDef, attrs: dict[str, Any], has_out: bool) -> None:
        self.op_def = op_def
        self.attrs = attrs
        self.has_out = has_out

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id == "xp":
            return ast.Name("np", ast.Load())
        if node.id == "out":
            return ast.Name("_hole_out_hole", ast.Load()) if self.has_out else ast.Constant(None)
        if node.id in self.attrs:
            return _literal(self.attrs[node.id])
        if node.id in self.op_def.params:
            return ast.Name(f"_hole_{node.id}_hole", ast.Load())
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if isinstance(node.value, ast.Name) and node.value.id == "self":
            value = getattr(self.op_def, node.attr, None)
            return ast.Constant(value) if isinstance(value, _LITERALS) else node
        if isinstance(node.value, ast.Name) and node.attr == "numpy" and isinstance(
                self.attrs.get(node.value.id), DType):
            return ast.parse(numpy_name(self.attrs[node.value.id]), mode="eval").body
        self.generic_visit(node)
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        node.keywords = [k for k in node.keywords
                         if not (isinstance(k.value, ast.Constant) and k.value.value is None
                                 and k.arg in ("out", "dtype"))
                         and not (k.arg == "keepdims" and isinstance(k.value, ast.Constant)
                                  and k.value.value is False)]
        if (isinstance(node.func, ast.Name) and node.func.id == "getattr" and len(node.args) == 2
                and isinstance(node.args[1], ast.Constant)):
            return ast.Attribute(node.args[0], str(node.args[1].value), ast.Load())
        return node

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.test, ast.Constant):
            return node.body if node.test.value else node.orelse
        return node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, ast.Not) and isinstance(node.operand, ast.Constant):
            return ast.Constant(not node.operand.value)
        return node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        self.generic_visit(node)
        stops_at = not isinstance(node.op, ast.And)  # `or` ends at the first true operand
        while len(node.values) > 1 and isinstance(node.values[0], ast.Constant):
            first = node.values.pop(0)
            if bool(first.value) is stops_at:  # type: ignore[attr-defined]
                return first
        return node.values[0] if len(node.values) == 1 else node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        if len(node.ops) == 1 and isinstance(node.left, ast.Constant) and isinstance(
                node.comparators[0], ast.Constant):
            left, right = node.left.value, node.comparators[0].value
            if isinstance(node.ops[0], ast.Eq):
                return ast.Constant(left == right)
            if isinstance(node.ops[0], ast.NotEq):
                return ast.Constant(left != right)
            if isinstance(node.ops[0], ast.Is):
                return ast.Constant(left is right)
            if isinstance(node.ops[0], ast.IsNot):
                return ast.Constant(left is not right)
        return node


def evaluated(text: str, needs: dict[str, Any]) -> str:
    """An expression with the calls worked out that helpers get literals only for.

    `x[numpy_index((1, 0), (0, 0), (1, 2), 2, 3)]` becomes `x[1:, ::2]`.
    """
    return ast.unparse(_Evaluate(needs).visit(ast.parse(text, mode="eval")))


class _Evaluate(ast.NodeTransformer):
    def __init__(self, needs: dict[str, Any]) -> None:
        self.needs = needs

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        self.generic_visit(node)
        index = self._value(node.slice)
        parts = index if isinstance(index, tuple) else (index,)
        plain = (int, slice, type(None), type(Ellipsis))
        if index is self or not parts or not all(isinstance(part, plain) for part in parts):
            return node
        written: list[ast.expr] = [_slice(part) if isinstance(part, slice) else ast.Constant(part)
                   for part in parts]
        node.slice = written[0] if len(written) == 1 else ast.Tuple(written, ast.Load())
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        value = self._value(node)
        return ast.parse(repr(value), mode="eval").body if (
            value is not self and is_literal(value)) else node

    def _value(self, node: ast.AST) -> Any:
        """What a call of a helper with literals gives; this object itself if it is not one."""
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
                and inspect.isfunction(self.needs.get(node.func.id)) and not node.keywords):
            return self
        try:
            arguments = [ast.literal_eval(argument) for argument in node.args]
        except ValueError:
            return self
        try:
            return self.needs[node.func.id](*arguments)
        except Exception:  # whatever it is, the run will raise it, with op and line
            return self


def _slice(part: slice) -> ast.Slice:
    bounds = [None if n is None else ast.parse(repr(n), mode="eval").body
              for n in (part.start, part.stop, None if part.step == 1 else part.step)]
    return ast.Slice(*bounds)


def numpy_name(dtype: DType) -> str:
    """How generated source writes a dtype: `np.float32`, `object` for strings; quint8 is uint8."""
    name = dtype.name.removeprefix("q") if dtype.is_quantized else dtype.name
    return {"bool": "np.bool_", "string": "object"}.get(name, f"np.{name}")


def is_literal(value: Any) -> bool:
    """Whether `repr(value)` is Python source that gives the value again; a lone dtype counts."""
    if isinstance(value, float) and not math.isfinite(value):
        return False
    if type(value) in (tuple, list):  # the repr of a named tuple is no literal
        return all(is_literal(v) and not isinstance(v, DType) for v in value)
    return isinstance(value, (*_LITERALS, DType))


def _literal(value: Any) -> ast.expr:
    if isinstance(value, DType):  # as an object; `dtype.numpy` has become np.float32 above
        return ast.Name(f"_dtype_{value.base_dtype.name}", ast.Load())
    return ast.parse(repr(value), mode="eval").body


def writes_last(op_def: OpDef) -> bool:
    """Whether the kernel writes into `out` only after it has read all its inputs."""
    return may_write_over(op_def).issuperset(op_def.params)


@functools.cache
def may_write_over(op_def: OpDef) -> frozenset[str]:
    """The parameters whose own memory may be the kernel's `out`, if it works element by element.

    These are the ones that it does not read any more once it has written into `out`:

        xp.multiply(dy, xp.subtract(1, xp.multiply(y, y, out=out), out=out), out=out)      y, not dy

    Only kernels that are one expression whose outermost call gets `out` have any.
    """
    expression = _expression(type(op_def).kernel)
    if not isinstance(expression, ast.Call) or not _takes_out(expression):
        return frozenset()
    reads = _Reads(op_def.params)
    reads.visit(expression)
    written, last = reads.first_write, reads.last_read
    return frozenset(param for param in op_def.params if last.get(param, 0) <= written)


def _takes_out(call: ast.Call) -> bool:
    return any(isinstance(k.value, ast.Name) and k.value.id == "out" for k in call.keywords)


class _Reads:
    """When an expression reads each parameter, and when it first writes into `out`.

    Time is the number of operations done. `visit` returns the parameters that what an expression
    gives may be, or may share memory with: whoever uses it reads them.
    """

    def __init__(self, params: tuple[str, ...]) -> None:
        self.params = params
        self.time = 0
        self.first_write = 0
        self.last_read: dict[str, int] = {}

    def visit(self, node: ast.AST) -> set[str]:
        """Notes what an expression reads and writes."""
        if isinstance(node, ast.Name):
            return {node.id} & set(self.params)
        if isinstance(node, ast.Attribute) and node.attr in ("dtype", "ndim", "shape", "size"):
            return set()
        used = {param for child in ast.iter_child_nodes(node) for param in self.visit(child)}
        if not isinstance(node, (ast.Call, ast.BinOp, ast.UnaryOp, ast.Compare)):
            return used
        self.time += 1
        self.last_read.update(dict.fromkeys(used, self.time))
        if isinstance(node, ast.Call):
            if _takes_out(node) and not self.first_write:
                self.first_write = self.time
            return set() if _is_ufunc(node.func) else used
        return set()


def _is_ufunc(function: ast.expr) -> bool:
    """Whether a function that is called is `xp.<a ufunc>`, or the op's own one."""
    if isinstance(function, ast.Call):  # getattr(xp, self.ufunc)
        return ast.unparse(function) == "getattr(xp, self.ufunc)"
    return (isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name)
            and function.value.id == "xp"
            and isinstance(getattr(np, function.attr, None), np.ufunc))


@functools.cache
def _expression(kernel: Any) -> ast.expr | None:
    """The expression of a kernel that is a single `return`, from its source; else None."""
    code = kernel.__code__
    function = _functions(code.co_filename).get(code.co_firstlineno)
    if function is None or function.name != code.co_name:
        try:
            tree = ast.parse(textwrap.dedent(inspect.getsource(kernel)))
        except (OSError, TypeError, SyntaxError):
            return None  # no source at hand (typed into a console): the kernel is called by name
        function = tree.body[0]  # type: ignore[assignment]
    body = [s for s in getattr(function, "body", [])
            if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    if len(body) == 1 and isinstance(body[0], ast.Return):
        return body[0].value
    return None


@functools.cache
def _functions(filename: str) -> dict[int, ast.FunctionDef]:
    """The function definitions of a file by line: one parse serves all kernels in it."""
    try:
        with open(filename, encoding="utf-8") as file:
            tree = ast.parse(file.read())
    except (OSError, SyntaxError):
        return {}
    return {min([n.lineno, *(d.lineno for d in n.decorator_list)]): n for n in ast.walk(tree)
            if isinstance(n, ast.FunctionDef)}


def identifier(name: str) -> str:
    """A Python identifier for a value's name: `layer1/MatMul` becomes `layer1_MatMul`."""
    text = _NOT_IN_NAMES.sub("_", name.removesuffix("/"))
    if not text or text[0].isdigit() or keyword.iskeyword(text):
        text = "_" + text
    return sys.intern(text)
