"""Runs the C of our kernels with NumPy, all elements at once, as a GPU would, but without one.

It knows what `plan/gpu_source.py` writes and no more: declarations, assignments, `return`, and
expressions, with C's own types: what is smaller than an int becomes one, an int beside a float
becomes a float, a quotient of ints is cut. Functions of CUDA are NumPy's, or the op's own kernel.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from flowgraph.opdef.opdef import op_def
from tests.gpu import manners

TYPES = {"float16": np.float16, "float": np.float32, "double": np.float64, "bool": np.bool_,
         "signed char": np.int8, "short": np.int16, "int": np.int32, "long long": np.int64,
         "unsigned char": np.uint8, "unsigned short": np.uint16, "unsigned int": np.uint32,
         "unsigned long long": np.uint64}
_RANK = [np.dtype(t) for t in (np.int32, np.uint32, np.int64, np.uint64, np.float32, np.float64)]
_SPLIT = re.compile(r"\s*(?:(//[^\n]*|#[^\n]*)|(\d+\.?\d*(?:e[-+]?\d+)?(?:f|ull|ll|u)?)|"
                    r"(\w+)|(<<|>>|<=|>=|==|!=|&&|\|\||\+=|-=|[-+*/%<>=!~&|^?:;,(){}]))")


def _erf(x: Any) -> Any:
    return np.frompyfunc(math.erf, 1, 1)(x).astype(x.dtype) if np.ndim(x) else x.dtype.type(
        math.erf(x))


def _of_op(kind: str) -> Callable[[Any], Any]:
    return lambda x: op_def(kind).kernel(np, np.asarray(x))


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "acos": np.arccos, "acosh": np.arccosh, "asin": np.arcsin, "asinh": np.arcsinh,
    "atan": np.arctan, "atan2": np.arctan2, "atanh": np.arctanh, "ceil": np.ceil, "cos": np.cos,
    "cosh": np.cosh, "erf": _erf, "erfc": _of_op("Erfc"), "erfinv": _of_op("Erfinv"),
    "exp": np.exp, "expm1": np.expm1, "fabs": np.abs, "floor": np.floor, "fmod": np.fmod,
    "lgamma": _of_op("Lgamma"), "log": np.log, "log1p": np.log1p, "nextafter": np.nextafter,
    "normcdfinv": _of_op("Ndtri"), "pow": np.power, "rint": np.rint, "sin": np.sin,
    "sinh": np.sinh, "sqrt": np.sqrt, "tan": np.tan, "tanh": np.tanh, "copysign": np.copysign,
    "isnan": np.isnan, "isinf": np.isinf, "isfinite": np.isfinite}
_NOT_SINGLE = {"isnan", "isinf", "isfinite"}  # functions that have one name for all types


class Function(NamedTuple):
    """A function that a text defines."""

    types: list[np.dtype]
    names: list[str]
    result: np.dtype
    body: list[str]


class Text:
    """A piece of C.

    Args:
        text: the source.
        functions: defined above it.
    """

    def __init__(self, text: str, functions: dict[str, list[Function]] | None = None) -> None:
        self.functions = functions if functions is not None else {}
        self._tokens = tokens(text)
        self._at = 0
        self.names: dict[str, Any] = {}

    # ---- statements ------------------------------------------------------------------------------

    def define(self) -> dict[str, list[Function]]:
        """The functions that the text defines, by name; some have several of other types."""
        while self._at < len(self._tokens):
            self._want("__device__")
            result = self._type()
            assert result is not None
            name, types, names = self._next(), [], []
            self._want("(")
            while self._peek() != ")":
                types.append(self._type())
                names.append(self._next())
                if self._peek() == ",":
                    self._next()
            self._want(")")
            self._want("{")
            start = self._at
            self._at = self._tokens.index("}", start) + 1
            self.functions.setdefault(name, []).append(
                Function(types, names, result, self._tokens[start:self._at - 1]))
        return self.functions

    def run(self, names: dict[str, Any], outputs: dict[str, np.dtype]) -> Any:
        """Runs statements.

        Args:
            names: the values of the parameters.
            outputs: the dtypes of those that are assigned to; they are added to `names`.

        Returns:
            What the text returns, if it does.
        """
        self.names = names
        with np.errstate(all="ignore"):
            while self._at < len(self._tokens):
                dtype = self._type()
                if dtype is None and self._peek() == "return":
                    self._next()
                    return self._expression()
                name = self._next()
                self._want("=")
                if dtype is None:
                    dtype = outputs[name]
                elif name in names:
                    raise SyntaxError(f"{name} is declared twice")
                names[name] = convert(self._expression(), dtype)
                self._want(";")
        return None

    def value(self, names: dict[str, Any]) -> Any:
        """The value of an expression."""
        self.names = names
        with np.errstate(all="ignore"):
            found = self._expression()
        if self._at != len(self._tokens):
            raise SyntaxError(f"what is {self._tokens[self._at:]}?")
        return found

    def _type(self) -> np.dtype | None:
        """The type that comes next, if one does."""
        start = self._at
        if self._peek() == "const":
            self._at += 1
        words: list[str] = []
        while self._peek() in ("unsigned", "signed", "char", "short", "int", "long", "float",
                               "double", "bool", "float16"):
            words.append(self._next())
        if not words:
            self._at = start
            return None
        return np.dtype(TYPES[" ".join(words)])

    def _peek(self, ahead: int = 0) -> str:
        at = self._at + ahead
        return self._tokens[at] if at < len(self._tokens) else ""

    def _next(self) -> str:
        self._at += 1
        return self._tokens[self._at - 1]

    def _want(self, token: str) -> None:
        found = self._next() if self._at < len(self._tokens) else "the end"
        if found != token:
            raise SyntaxError(f"{token} is expected, not {found}, in {' '.join(self._tokens)}")

    # ---- expressions -----------------------------------------------------------------------------

    def _expression(self) -> Any:
        condition = self._binary(0)
        if self._peek() != "?":
            return condition
        self._next()
        yes = self._expression()
        self._want(":")
        no = self._expression()
        dtype = common(yes, no)
        return np.where(_truth(condition), convert(yes, dtype), convert(no, dtype))

    def _binary(self, level: int) -> Any:
        if level == len(_LEVELS):
            return self._unary()
        left = self._binary(level + 1)
        while self._peek() in _LEVELS[level]:
            operator = self._next()
            left = _operate(operator, left, self._binary(level + 1))
        return left

    def _unary(self) -> Any:
        token = self._next()
        if token == "-":
            x = promoted(self._unary())
            return np.negative(x)
        if token == "!":
            return np.logical_not(_truth(self._unary()))
        if token == "~":
            return np.invert(promoted(self._unary()))
        if token == "(":
            start, dtype = self._at, self._type()
            if dtype is not None and self._peek() == ")":
                self._next()
                return convert(self._unary(), dtype)
            self._at = start  # float(x) is no cast of this kind
            x = self._expression()
            self._want(")")
            return x
        if token[0].isdigit():
            return number(token)
        if token in ("true", "false"):
            return np.bool_(token == "true")
        if token in ("INFINITY", "NAN"):
            return np.float32("inf" if token == "INFINITY" else "nan")
        if self._peek() == "(":
            self._next()
            return self._call(token)
        return self.names[token]

    def _call(self, name: str) -> Any:
        arguments = []
        while self._peek() != ")":
            arguments.append(self._expression())
            if self._peek() == ",":
                self._next()
        self._want(")")
        if name in TYPES:
            return convert(arguments[0], np.dtype(TYPES[name]))
        if name in self.functions:
            return self._call_own(name, arguments)
        single = name[-1] == "f" and name[:-1] in _FUNCTIONS and name not in _FUNCTIONS
        if name in _NOT_SINGLE:
            return _FUNCTIONS[name](arguments[0])
        dtype = np.dtype(np.float32 if single else np.float64)
        for x in arguments:
            if np.asarray(x).dtype != dtype:
                raise TypeError(f"{name} gets {np.asarray(x).dtype}")
        return convert(_FUNCTIONS[name[:-1] if single else name](*arguments), dtype)

    def _call_own(self, name: str, arguments: list[Any]) -> Any:
        found = [f for f in self.functions[name]
                 if [np.asarray(x).dtype for x in arguments] == f.types]
        if not found:
            raise TypeError(f"{name} is not for {[np.asarray(x).dtype for x in arguments]}")
        text = Text("", self.functions)
        text._tokens = found[0].body
        return convert(text.run(dict(zip(found[0].names, arguments, strict=True)), {}),
                       found[0].result)


_LEVELS = [("||",), ("&&",), ("|",), ("^",), ("&",), ("==", "!="), ("<", "<=", ">", ">="),
           ("<<", ">>"), ("+", "-"), ("*", "/", "%")]
_PLAIN: dict[str, Callable[[Any, Any], Any]] = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "|": np.bitwise_or, "&": np.bitwise_and,
    "^": np.bitwise_xor, "==": np.equal, "!=": np.not_equal, "<": np.less, "<=": np.less_equal,
    ">": np.greater, ">=": np.greater_equal}


def tokens(text: str) -> list[str]:
    """The words and signs of a text, without comments."""
    found, at = [], 0
    while at < len(text.rstrip()):
        match = _SPLIT.match(text, at)
        if match is None:
            raise SyntaxError(f"this is no C: {text[at:at + 40]!r}")
        if match[1] is None:
            found.append(next(group for group in match.groups() if group is not None))
        at = match.end()
    return found


def number(token: str) -> Any:
    """A literal, with the type that C gives it."""
    if token.endswith("f") and not token.startswith("0x"):
        return np.float32(token[:-1])
    if "." in token or "e" in token:
        return np.float64(token)
    for ending, dtype in (("ull", np.uint64), ("ll", np.int64), ("u", np.uint32)):
        if token.endswith(ending):
            return dtype(token.removesuffix(ending))
    return np.int32(token) if int(token) < 1 << 31 else np.int64(token)


def promoted(x: Any) -> Any:
    """A value as C computes with it: small integers are ints."""
    dtype = np.asarray(x).dtype
    if dtype == np.float16:
        raise TypeError("a half is computed with: it should be widened")
    return convert(x, np.dtype(np.int32)) if dtype not in _RANK else x


def common(x: Any, y: Any) -> np.dtype:
    """The type of a sum of two values."""
    if np.asarray(x).dtype == np.asarray(y).dtype == np.dtype(bool):
        return np.dtype(bool)
    return max((np.asarray(promoted(v)).dtype for v in (x, y)), key=_RANK.index)


def convert(x: Any, dtype: np.dtype) -> Any:
    """A value as another type, as a GPU converts it."""
    return manners.cast(x, dtype)[()]


def _truth(x: Any) -> Any:
    return np.asarray(x) != 0


def _operate(operator: str, x: Any, y: Any) -> Any:
    if operator in ("||", "&&"):
        return (np.logical_or if operator == "||" else np.logical_and)(_truth(x), _truth(y))
    if operator in ("<<", ">>"):
        x = promoted(x)
        y = convert(y, np.asarray(x).dtype)
        return (np.left_shift if operator == "<<" else np.right_shift)(x, y)
    dtype = common(x, y)
    if dtype == np.dtype(bool):
        dtype = np.dtype(np.int32)
    x, y = convert(x, dtype), convert(y, dtype)
    if operator == "/":
        if dtype.kind == "f":
            return np.divide(x, y)
        down = np.floor_divide(x, y)
        return convert(down + ((down < 0) & (down * y != x)), dtype)
    if operator == "%":
        return np.fmod(x, y)
    return _PLAIN[operator](x, y)
