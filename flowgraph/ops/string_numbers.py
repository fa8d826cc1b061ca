"""Text to numbers, by the rules that also hold for the fields of a CSV record."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.deprecation import either
from flowgraph.core.spec import Spec
from flowgraph.errors import DTypeError
from flowgraph.opdef.opdef import NotDifferentiable, OpDef
from flowgraph.ops.string_elements import ON_HOST, invalid, shown

_SPACE = rb"[ \t\n\v\f\r]*"
_INTEGER = re.compile(_SPACE + rb"([+-]?[0-9]+)" + _SPACE + rb"\Z")
_REAL = re.compile(_SPACE + rb"([+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?"
                   rb"|inf|infinity|nan|(?P<hex>0x[0-9a-f]+(?:p[+-]?[0-9]+)?)))"
                   + _SPACE + rb"\Z", re.IGNORECASE)


def parsed(text: bytes, dtype: dt.DType) -> Any:
    """The number that `text` stands for, or None if it is none or does not fit an integer dtype.

    Args:
        text: digits, with white space around them.
        dtype: int32, int64, float32 or float64. Too large floats become infinite.
    """
    if dtype.is_integer:
        found = _INTEGER.match(text)
        value = int(found[1]) if found and len(found[1]) < 4000 else None
        return value if value is not None and dtype.min <= value <= dtype.max else None
    found = _REAL.match(text)
    if not found:
        return None
    if found["hex"]:
        return _from_hex(found[1].decode())
    return float(found[1])


def _from_hex(text: str) -> float:
    try:
        return float.fromhex(text)
    except OverflowError:
        return float("-inf" if text[0] == "-" else "inf")


class StringToNumber(OpDef):
    """The number that each string stands for."""

    T = dt.STRING
    host_only = ON_HOST
    grad = NotDifferentiable

    def infer(self, string_tensor, *, out_type=dt.float32):
        if out_type not in (dt.float32, dt.float64, dt.int32, dt.int64):
            raise DTypeError(f"cannot make {out_type.name} of text",
                             "out_type must be float32, float64, int32 or int64.")
        return Spec(out_type, string_tensor.shape)

    def kernel(self, xp, string_tensor, *, out_type=dt.float32):
        values = [_number(text, out_type) for text in string_tensor.reshape(-1).tolist()]
        with np.errstate(over="ignore"):
            return xp.array(values, "f8" if out_type.is_floating else "i8").astype(
                out_type.numpy).reshape(string_tensor.shape)


def _number(text, dtype):
    value = parsed(text, dtype)
    if value is None:
        raise invalid(f"StringToNumberOp could not correctly convert string: {shown(text)}")
    return value


def string_to_number(string_tensor=None, out_type=dt.float32, name=None, input=None):
    """Reads the number in each string.

    Args:
        string_tensor: string tensor.
        out_type: float32, float64, int32 or int64.
        name: name of the node.
        input: newer name of `string_tensor`.

    Returns:
        A tensor of `out_type` and of the same shape.

    Raises:
        InvalidArgumentError: when run, if a string is no number, or does not fit an integer dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.string_to_number(["1.5", " -2 "]))
        array([ 1.5, -2. ], dtype=float32)
    """
    string_tensor = either("input", input, "string_tensor", string_tensor)
    return StringToNumber.build(string_tensor, out_type=dt.as_dtype(out_type), name=name)
