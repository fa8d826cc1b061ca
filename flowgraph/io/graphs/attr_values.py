"""Attributes of ops as AttrValue messages, and back.

The kind of an attribute ("int", "list(shape)", …) stands in TensorFlow's registry (`op_table`); in
flowgraph it is a Python value:

    type DType    shape tuple or None    tensor array    string str or bytes    list(...) tuple
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.tensor_message import TensorProto, TensorShapeProto, shape_message
from flowgraph.io.graphs.graph_messages import AttrValue, NameAttrList
from flowgraph.ops.make_tensor_proto import make_ndarray, make_tensor_proto

_FIELDS = {"string": "s", "int": "i", "float": "f", "bool": "b", "type": "type", "shape": "shape",
           "tensor": "tensor", "func": "func"}
_LARGEST = 1 << 16  # elements that are made of few that a message holds
_MOST_MADE = 256  # elements of a larger tensor that are made of each of several
_VALUES = ("float_val", "double_val", "int_val", "string_val", "int64_val", "bool_val",
           "half_val", "uint32_val", "uint64_val")
_PARTS = ("scomplex_val", "dcomplex_val")  # real and imaginary parts


def attr_value(kind: str, value: Any) -> AttrValue:
    """A Python value as an AttrValue.

    Args:
        kind: the attribute's kind in TensorFlow's registry.
        value: the value; a function is a NameAttrList.
    """
    message = AttrValue()
    if kind.startswith("list("):
        kind = kind[5:-1]
        message.list.SetInParent()  # an empty list is a list
        getattr(message.list, _FIELDS[kind]).extend(_field(kind, item) for item in value)
    elif kind in ("shape", "tensor", "func"):
        getattr(message, _FIELDS[kind]).CopyFrom(_field(kind, value))
    else:
        setattr(message, _FIELDS[kind], _field(kind, value))
    return message


def _field(kind: str, value: Any) -> Any:
    if kind == "string":
        return value.encode("utf-8", "surrogateescape") if isinstance(value, str) else bytes(value)
    if kind == "type":
        return dt.as_dtype(value).base_dtype.as_datatype_enum
    if kind == "shape":
        return value if isinstance(value, TensorShapeProto) else shape_message(value)
    if kind == "tensor":
        return make_tensor_proto(value)
    if kind == "func":
        return NameAttrList(name=value) if isinstance(value, str) else value
    if kind == "int":
        return int(value)
    return bool(value) if kind == "bool" else float(value)


def default_value(kind: str, default: Any) -> AttrValue:
    """The default of an attribute, as the table of op types has it, as an AttrValue.

    Args:
        kind: the attribute's kind.
        default: a JSON value.
    """
    return attr_value(kind, from_table(kind, default))


def from_table(kind: str, default: Any) -> Any:
    """The default of an attribute as a Python value.

    Args:
        kind: the attribute's kind.
        default: a JSON value: dtypes by name, shapes as lists of sizes, tensors as their dtype
            and their elements.
    """
    if kind.startswith("list("):
        return tuple(from_table(kind[5:-1], item) for item in default)
    if kind == "type":
        return dt.as_dtype(default.removeprefix("DT_").lower()
                           if default not in _TYPE_NAMES else _TYPE_NAMES[default])
    if kind == "shape":
        return None if default is None else tuple(None if n < 0 else n for n in default)
    if kind == "string":
        return default.encode("latin-1")
    if kind == "tensor":
        return np.array(default[1], default[0])
    return float(default) if kind == "float" else default


_TYPE_NAMES = {"DT_FLOAT": "float32", "DT_DOUBLE": "float64", "DT_HALF": "float16"}


def python_value(kind: str, message: AttrValue) -> Any:
    """The Python value of an AttrValue; strings are bytes.

    Args:
        kind: the kind that it must have.
        message: the AttrValue.

    Raises:
        ValueError: it is of another kind, or damaged.
    """
    if kind.startswith("list("):
        field = _FIELDS[kind[5:-1]]
        held = message.WhichOneof("value")
        if held not in ("list", None):
            raise ValueError(f"it holds {held!r}, not {kind}")
        return tuple(_python(kind[5:-1], item) for item in getattr(message.list, field))
    held = message.WhichOneof("value")
    if held != _FIELDS.get(kind):
        raise ValueError(f"it holds {'nothing' if held is None else repr(held)}, not {kind}")
    return _python(kind, getattr(message, _FIELDS[kind]))


def _python(kind: str, value: Any) -> Any:
    if kind == "type":
        return dtype_of(value)
    if kind == "shape":
        return shape_of(value)
    if kind == "tensor":
        return array_of(value)
    return value


def dtype_of(number: int) -> dt.DType:
    """The dtype with a number of TensorFlow's; that of a reference gives the base dtype.

    Args:
        number: the number.

    Raises:
        ValueError: there is no such dtype here.
    """
    try:
        return dt.as_dtype(number).base_dtype
    except TypeError:
        raise ValueError(f"there is no dtype with the number {number}") from None


def shape_of(message: TensorShapeProto) -> tuple[int | None, ...] | None:
    """The shape in a message.

    Args:
        message: the message.

    Raises:
        ValueError: it cannot be a shape.
    """
    if message.unknown_rank:
        return None
    sizes = [dim.size for dim in message.dim]
    if len(sizes) > 254 or any(size < -1 for size in sizes):
        raise ValueError("its sizes cannot be those of a shape")
    return tuple(None if size < 0 else size for size in sizes)


def array_of(message: TensorProto) -> np.ndarray:
    """The array in a message, read-only.

    Args:
        message: the message.

    Raises:
        ValueError: it is damaged, or far larger than what it holds of more than one element.
    """
    sizes = shape_of(message.tensor_shape)
    dtype = dtype_of(message.dtype)
    if sizes is None or None in sizes:
        raise ValueError("a tensor's shape must be known")
    count = math.prod(sizes)  # type: ignore[arg-type]
    try:
        held = _elements_held(message)
        if count > max(_LARGEST, held) and held > 1 and count > _MOST_MADE * held:
            raise ValueError(f"its tensor of {count} elements holds {held}")
        if count > _LARGEST and held <= 1 and not message.tensor_content:
            one = TensorProto()  # its last element stands for all: one of them takes no memory
            one.CopyFrom(message)
            del one.tensor_shape.dim[:]
            array = np.broadcast_to(make_ndarray(one), sizes)  # type: ignore[arg-type]
        else:
            array = np.array(make_ndarray(message))
    except (TypeError, OverflowError, MemoryError) as error:
        raise ValueError(f"its tensor cannot be read: {error}") from None
    if array.dtype != dtype.numpy:
        raise ValueError(f"its tensor is not of {dtype.name}")
    array.flags.writeable = False
    return array


def _elements_held(message: TensorProto) -> int:
    """How many elements a message lists, besides those in its `tensor_content`."""
    return max(*(len(getattr(message, field)) for field in _VALUES),
               *(len(getattr(message, field)) // 2 for field in _PARTS))
