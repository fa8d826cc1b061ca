"""Tensors as TensorFlow's TensorProto messages: serialize_tensor, parse_tensor."""

from __future__ import annotations

import math

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core import wire
from flowgraph.core.dtypes import DType
from flowgraph.core.spec import Spec
from flowgraph.opdef import shape_rules
from flowgraph.opdef.opdef import NotDifferentiable, OpDef
from flowgraph.ops.string_elements import ON_HOST, invalid, strings

WRITTEN = dt.DTypeSet("any dtype but resource and variant",
                      tuple(d for d in dt.ALL if d.kind != "r"))
_LARGEST = 1 << 24  # elements that a message may ask for without holding them
_DTYPE, _SHAPE, _CONTENT, _STRINGS = 1, 2, 4, 8  # field numbers of TensorProto
# Where small tensors made by other programs hold their elements: field -> how they are written.
_LISTS = {5: "<f4", 6: "<f8", 7: "varint", 9: "<f4", 10: "varint", 11: "varint", 12: "<f8",
          13: "varint", 16: "varint", 17: "varint"}


def tensor_message(array: np.ndarray) -> bytes:
    """An array as a serialized TensorProto.

    Args:
        array: the array, of a dtype that tensors have.
    """
    dtype = dt.of_numpy(array.dtype)
    sizes = b"".join(wire.field(2, wire.varint_field(1, n) if n else b"") for n in array.shape)
    head = wire.varint_field(_DTYPE, dtype.as_datatype_enum) + wire.field(_SHAPE, sizes)
    if dtype is dt.string:
        return head + b"".join(wire.field(_STRINGS, text) for text in array.reshape(-1).tolist())
    content = np.ascontiguousarray(array).tobytes()
    return head + (wire.field(_CONTENT, content) if content else b"")


def parsed_tensor(message: bytes) -> np.ndarray:
    """The array of a serialized TensorProto.

    Args:
        message: the bytes.

    Raises:
        WireError: the message is damaged, or its parts do not go together.
    """
    dtype: DType | None = None
    sizes: list[int] = []
    content, texts, numbers = b"", [], []
    for number, _, value in wire.fields(message):
        if number == _DTYPE and isinstance(value, int):
            try:
                dtype = dt.as_dtype(value)
            except TypeError:
                raise wire.WireError(f"dtype number {value} is not offered") from None
        elif number == _SHAPE and isinstance(value, bytes):
            sizes = _sizes(value)
        elif number == _CONTENT and isinstance(value, bytes):
            content = value
        elif number == _STRINGS and isinstance(value, bytes):
            texts.append(value)
        elif number in _LISTS:
            numbers += _listed(_LISTS[number], value)
    if dtype is None or dtype.kind == "r":
        raise wire.WireError("it holds no dtype that can be read")
    return _array(dtype, sizes, content, texts, numbers)


def _sizes(message: bytes) -> list[int]:
    sizes = []
    for number, _, value in wire.fields(message):
        if number == 2 and isinstance(value, bytes):
            held = [n for at, _, n in wire.fields(value) if at == 1 and isinstance(n, int)]
            sizes.append(wire.signed(held[-1]) if held else 0)
    if any(n < 0 for n in sizes):
        raise wire.WireError(f"its shape {sizes} is not known")
    return sizes


def _listed(form: str, value: int | bytes) -> list:
    if isinstance(value, int):
        return [wire.signed(value)]
    if form == "varint":
        return wire.packed_varints(value)
    if len(value) % np.dtype(form).itemsize:
        raise wire.WireError("its numbers are cut off")
    return np.frombuffer(value, form).tolist()


def _array(dtype: DType, sizes: list[int], content: bytes, texts: list[bytes],
           numbers: list) -> np.ndarray:
    count = math.prod(sizes)
    if dtype is dt.string and not content:
        if len(texts) != count and not (len(texts) == 1 and 0 < count <= _LARGEST):
            raise wire.WireError(f"it holds {len(texts)} strings for the shape {sizes}")
        return strings(texts * (count if len(texts) == 1 else 1), sizes)
    if dtype is dt.string:
        return strings(_packed_texts(content, count), sizes)
    if content or not numbers:
        if len(content) != count * dtype.size and (content or count > _LARGEST):
            raise wire.WireError(f"it holds {len(content)} bytes for the shape {sizes}")
        return (np.frombuffer(content, dtype.numpy) if content
                else np.zeros(count, dtype.numpy)).reshape(sizes)
    array: np.ndarray
    if dtype is dt.float16:
        array = np.array([n % 2**16 for n in numbers], np.uint16).view(np.float16)
    elif dtype.is_complex and len(numbers) % 2:
        raise wire.WireError("a complex number has no imaginary part")
    elif dtype.is_complex:
        array = np.array(numbers[0::2]) + 1j * np.array(numbers[1::2])
    else:
        array = np.array([n % 2**64 for n in numbers] if dtype is dt.uint64 else numbers)
    if array.size > count or (array.size < count and count > _LARGEST):
        raise wire.WireError(f"it holds {array.size} numbers for the shape {sizes}")
    last = np.full(count - array.size, array[-1])  # the last element stands for all that follow
    return np.concatenate([array, last]).astype(dtype.numpy).reshape(sizes)


def _packed_texts(content: bytes, count: int) -> list[bytes]:
    lengths, at = [], 0
    for _ in range(count):
        length, at = wire.read_varint(content, at)
        lengths.append(length)
    if at + sum(lengths) != len(content):
        raise wire.WireError("its strings are cut off")
    texts = []
    for length in lengths:
        texts.append(content[at:at + length])
        at += length
    return texts


class SerializeTensor(OpDef):
    """A tensor as the bytes of a TensorProto."""

    T = WRITTEN
    host_only = ON_HOST
    grad = NotDifferentiable

    def infer(self, tensor):
        return Spec(dt.string, ())

    def kernel(self, xp, tensor):
        return strings([tensor_message(tensor)], ())


def serialize_tensor(tensor, name=None):
    """Writes a tensor as the bytes of a TensorProto, TensorFlow's format for tensors.

    Args:
        tensor: tensor of any dtype.
        name: name of the node.

    Returns:
        A scalar string tensor.

    Example:
        >>> import flowgraph as fg
        >>> text = fg.serialize_tensor(fg.constant([1, 2]))
        >>> fg.Session().run(fg.parse_tensor(text, fg.int32))
        array([1, 2], dtype=int32)
    """
    return SerializeTensor.build(tensor, name=name)


class ParseTensor(OpDef):
    """The tensor that the bytes of a TensorProto hold."""

    T = dt.STRING
    host_only = ON_HOST
    grad = NotDifferentiable

    def infer(self, serialized, *, out_type):
        shape_rules.require_rank(serialized, 0, "serialized")
        return Spec(out_type, None)

    def kernel(self, xp, serialized, *, out_type):
        if serialized.ndim:
            raise invalid(f"Expected serialized to be a scalar, got shape: {serialized.shape}")
        try:
            array = parsed_tensor(serialized.item())
        except ValueError as error:  # a shape may also be one that NumPy cannot have
            raise invalid(f"Could not parse `serialized` as TensorProto: {error}") from None
        if dt.of_numpy(array.dtype) is not out_type:
            raise invalid(f"Type mismatch between parsed tensor ({dt.of_numpy(array.dtype).name}) "
                          f"and dtype ({out_type.name})")
        return np.array(array)


def parse_tensor(serialized, out_type, name=None):
    """Reads a tensor from the bytes of a TensorProto.

    Args:
        serialized: scalar string tensor.
        out_type: the dtype that the tensor must have.
        name: name of the node.

    Returns:
        A tensor of `out_type`, of unknown shape.

    Raises:
        InvalidArgumentError: when run, if the bytes are damaged or hold another dtype.

    Example:
        >>> import flowgraph as fg
        >>> text = fg.serialize_tensor([[1.5]])
        >>> fg.Session().run(fg.io.parse_tensor(text, fg.float32))
        array([[1.5]], dtype=float32)
    """
    return ParseTensor.build(serialized, out_type=dt.as_dtype(out_type), name=name)
