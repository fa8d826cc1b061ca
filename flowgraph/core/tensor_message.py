"""TensorProto and TensorShapeProto: tensors and shapes as messages, as TensorFlow writes them."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.core import wire
from flowgraph.core.frames import located
from flowgraph.core.message import Message
from flowgraph.core.message_fields import Part, Parts, checked_bytes, quoted
from flowgraph.core.message_scalar import (
    BOOL,
    DOUBLE,
    FLOAT,
    INT,
    TEXT,
    Kind,
    Repeated,
    Scalar,
    bytes_of,
    enum,
)

DATA_TYPES = {name: number for number, name in enumerate((
    "DT_INVALID", "DT_FLOAT", "DT_DOUBLE", "DT_INT32", "DT_UINT8", "DT_INT16", "DT_INT8",
    "DT_STRING", "DT_COMPLEX64", "DT_INT64", "DT_BOOL", "DT_QINT8", "DT_QUINT8", "DT_QINT32",
    "DT_BFLOAT16", "DT_QINT16", "DT_QUINT16", "DT_UINT16", "DT_COMPLEX128", "DT_HALF",
    "DT_RESOURCE", "DT_VARIANT", "DT_UINT32", "DT_UINT64"))}


def _checked_unsigned(value: Any) -> int:
    number = value.__index__()
    if not 0 <= number < 2**64:
        raise ValueError(located(f"Value out of range: {number}"))
    return int(number)


BYTES = Kind(wire.BYTES, b"", checked_bytes, bytes, bytes, quoted, bytes_of)
UNSIGNED = Kind(wire.VARINT, 0, _checked_unsigned, int, int, str, INT.from_text)
DATA_TYPE = enum(DATA_TYPES)


class Dim(Message):
    """One size of a shape; -1 where it is not known."""

    size = Scalar(1, INT)
    name = Scalar(2, TEXT)


class TensorShapeProto(Message):
    """A shape: its sizes, or `unknown_rank`."""

    Dim = Dim
    dim = Parts(2, Dim)
    unknown_rank = Scalar(3, BOOL)


class TensorProto(Message):
    """A tensor: dtype, shape, and its elements, as bytes in `tensor_content` or in a list of their
    kind, whose last one stands for all that follow.
    """

    dtype = Scalar(1, DATA_TYPE)
    tensor_shape = Part(2, TensorShapeProto)
    version_number = Scalar(3, INT)
    tensor_content = Scalar(4, BYTES)
    float_val = Repeated(5, FLOAT)
    double_val = Repeated(6, DOUBLE)
    int_val = Repeated(7, INT)
    string_val = Repeated(8, BYTES)
    scomplex_val = Repeated(9, FLOAT)
    int64_val = Repeated(10, INT)
    bool_val = Repeated(11, BOOL)
    dcomplex_val = Repeated(12, DOUBLE)
    half_val = Repeated(13, INT)
    uint32_val = Repeated(16, UNSIGNED)
    uint64_val = Repeated(17, UNSIGNED)


_LISTS = {"float32": "float_val", "float64": "double_val", "int32": "int_val", "uint8": "int_val",
          "int16": "int_val", "int8": "int_val", "uint16": "int_val", "string": "string_val",
          "complex64": "scomplex_val", "int64": "int64_val", "bool": "bool_val",
          "complex128": "dcomplex_val", "float16": "half_val", "uint32": "uint32_val",
          "uint64": "uint64_val"}


def put_elements(message: TensorProto, name: str, array: np.ndarray) -> None:
    """Puts the elements of an array into the list for their kind.

    Args:
        message: the message.
        name: name of the dtype.
        array: the array.
    """
    flat = array.reshape(-1)
    if name == "float16":
        flat = flat.view(np.uint16)
    elif name in ("complex64", "complex128"):
        flat = flat.view(flat.real.dtype)
    getattr(message, _LISTS[name]).extend(flat.tolist())


def shape_message(sizes: tuple[int | None, ...] | None) -> TensorShapeProto:
    """A shape as a message.

    Args:
        sizes: its sizes, None where one is not known; None for an unknown rank.
    """
    if sizes is None:
        return TensorShapeProto(unknown_rank=True)
    return TensorShapeProto(dim=[Dim(size=-1 if n is None else n) for n in sizes])
