"""Python's operators on tensors: `a + b`, `-a`, `a < b`, `a @ b`, …

Importing this file attaches them to `Tensor`. The nodes get the names that TensorFlow 1 gives them:
"add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor", and the op's
type for "Neg", "Abs", "Less" and their like. `==` is not here: it stays identity.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from flowgraph.core.dtypes import string
from flowgraph.errors import DTypeError
from flowgraph.graph.graph import name_scope
from flowgraph.graph.tensor import Tensor, is_tensor_like
from flowgraph.ops.arithmetic import Add, AddV2, Mul, Neg, Pow, Sub
from flowgraph.ops.compare import Greater, GreaterEqual, Less, LessEqual
from flowgraph.ops.division import FloorDiv, FloorMod, truediv
from flowgraph.ops.logic import LogicalAnd, LogicalNot, LogicalOr, logical_xor
from flowgraph.ops.matmul import matmul
from flowgraph.ops.sparse_tensor import SparseTensor
from flowgraph.ops.unary import abs as abs_

_PLAIN = (bool, int, float, complex, str, bytes, list, tuple, np.ndarray, np.generic)


def _with_reflected(name: str, build: Callable[..., Any], method: str) -> None:
    """Attaches `__method__` and `__rmethod__`; the node is called `name`."""
    reflected = f"__r{method}__"

    def forward(self: Tensor, other: Any) -> Any:
        try:
            return build(self, other, name=name)
        except DTypeError:
            if _knows_better(other, reflected):
                return NotImplemented
            raise

    def backward(self: Tensor, other: Any) -> Any:
        return build(other, self, name=name)

    for function, attribute in ((forward, f"__{method}__"), (backward, reflected)):
        function.__name__ = function.__qualname__ = attribute
        setattr(Tensor, attribute, function)


def _knows_better(other: Any, reflected: str) -> bool:
    """Whether the right operand is no tensor at all, but may know what to do with one."""
    return (hasattr(type(other), reflected) and not is_tensor_like(other)
            and not isinstance(other, _PLAIN))


def _add(x: Any, y: Any, name: str) -> Any:
    """`AddV2` for numbers; texts are joined by the older `Add`."""
    dtype = (x if isinstance(x, Tensor) else y).spec.dtype
    return (Add if dtype is string else AddV2).build(x, y, name=name)


def _mul(x: Any, y: Any, name: str) -> Any:
    """`Mul`; a SparseTensor on the right builds its own product, under the same name."""
    return NotImplemented if type(y) is SparseTensor else Mul.build(x, y, name=name)


def _xor(x: Any, y: Any, name: str) -> Any:
    """Exclusive or, its four nodes in one scope."""
    with name_scope(None, name, [x, y]) as scope:
        return logical_xor(x, y, name=scope)


def _alone(method: str, build: Callable[..., Any]) -> None:
    """Attaches a unary operator, or a comparison, whose node is called as the op's type."""
    def operator(self: Tensor, *other: Any) -> Any:
        return build(self, *other)

    operator.__name__ = operator.__qualname__ = f"__{method}__"
    setattr(Tensor, f"__{method}__", operator)


for _name, _build, _method in (
        ("add", _add, "add"), ("sub", Sub.build, "sub"), ("mul", _mul, "mul"),
        ("truediv", truediv, "truediv"), ("floordiv", FloorDiv.build, "floordiv"),
        ("mod", FloorMod.build, "mod"), ("pow", Pow.build, "pow"), ("matmul", matmul, "matmul"),
        ("and", LogicalAnd.build, "and"), ("or", LogicalOr.build, "or"), ("xor", _xor, "xor")):
    _with_reflected(_name, _build, _method)

_unary: Any
for _method, _unary in (
        ("neg", Neg.build), ("abs", abs_), ("invert", LogicalNot.build), ("lt", Less.build),
        ("le", LessEqual.build), ("gt", Greater.build), ("ge", GreaterEqual.build)):
    _alone(_method, _unary)

Tensor.OVERLOADABLE_OPERATORS = frozenset(f"__{name}__" for name in (
    "add", "radd", "sub", "rsub", "mul", "rmul", "truediv", "rtruediv", "floordiv", "rfloordiv",
    "mod", "rmod", "pow", "rpow", "matmul", "rmatmul", "and", "rand", "or", "ror", "xor", "rxor",
    "lt", "le", "gt", "ge", "eq", "ne", "invert", "neg", "abs", "getitem"))
