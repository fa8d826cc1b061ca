"""Bytes to tensors and back: raw numbers, base64, compression."""

from __future__ import annotations

import base64
import binascii
import zlib

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.deprecation import either
from flowgraph.core.frames import located
from flowgraph.core.spec import Spec
from flowgraph.errors import DataLossError, DTypeError
from flowgraph.opdef.opdef import NotDifferentiable, OpDef
from flowgraph.ops.string_elements import ON_HOST, Elementwise, invalid, mapped

# ---- raw numbers ---------------------------------------------------------------------------------


class DecodeRaw(OpDef):
    """The bytes of each string, all of one length, read as numbers along a new last axis."""

    T = dt.STRING
    host_only = ON_HOST
    grad = NotDifferentiable

    def infer(self, bytes, *, out_type, little_endian=True):
        if out_type.kind in "sr" or out_type in (dt.uint32, dt.uint64):
            raise DTypeError(f"cannot read bytes as {out_type.name}",
                             "out_type must be bool or a number dtype but uint32 and uint64.")
        return Spec(out_type, None if bytes.shape is None else (*bytes.shape, None))

    def kernel(self, xp, bytes, *, out_type, little_endian=True):
        return _numbers(bytes, out_type, little_endian)


def _numbers(array, dtype, little_endian):
    texts = array.reshape(-1).tolist()
    length = len(texts[0]) if texts else 0
    for i, text in enumerate(texts):
        if len(text) != length:
            raise invalid("DecodeRaw requires input strings to all be the same size, but element "
                          f"{i} has size {len(text)} != {length}")
    if length % dtype.size:
        raise invalid(f"Input to DecodeRaw has length {length} that is not a multiple of "
                      f"{dtype.size}, the size of {dtype.name}")
    if dtype.is_bool:
        numbers = np.frombuffer(b"".join(texts), "u1") != 0
    else:
        kind = dtype.numpy.newbyteorder("<" if little_endian else ">")
        numbers = np.frombuffer(b"".join(texts), kind).astype(dtype.numpy)
    return numbers.reshape((*array.shape, length // dtype.size))


def decode_raw(input_bytes=None, out_type=None, little_endian=True, name=None, bytes=None):
    """Reads the bytes of strings as numbers.

    Args:
        input_bytes: string tensor; all strings have one length, a multiple of the dtype's size.
        out_type: the dtype of the numbers (not uint32 or uint64), or bool.
        little_endian: the order of the bytes of a number.
        name: name of the node.
        bytes: older name of `input_bytes`.

    Returns:
        A tensor of `out_type` with one axis more than `input_bytes`, as long as a string holds
        numbers.

    Raises:
        InvalidArgumentError: when run, if the lengths differ or are no multiple of the size.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.decode_raw(b"\\x01\\x00\\x02\\x00", fg.int16))
        array([1, 2], dtype=int16)
    """
    input_bytes = either("input_bytes", input_bytes, "bytes", bytes)
    if out_type is None:
        raise ValueError(located("decode_raw needs out_type, the dtype of the numbers"))
    return DecodeRaw.build(input_bytes, out_type=dt.as_dtype(out_type),
                           little_endian=bool(little_endian), name=name)


# ---- base64 --------------------------------------------------------------------------------------


class EncodeBase64(OpDef):
    """Each string in the web-safe base64 alphabet."""

    T = dt.STRING
    host_only = ON_HOST
    grad = NotDifferentiable

    def infer(self, input, *, pad=False):
        return Spec(dt.string, input.shape)

    def kernel(self, xp, input, *, pad=False):
        fill = b"" if pad else b"="  # rstrip(b"") takes nothing off
        return mapped(lambda text: base64.urlsafe_b64encode(text).rstrip(fill), input)


def encode_base64(input, pad=False, name=None):
    """Writes strings in web-safe base64.

    Args:
        input: string tensor.
        pad: whether "=" fills the text up to a multiple of four.
        name: name of the node.

    Returns:
        A string tensor of the same shape.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.encode_base64(["hello"]))
        array([b'aGVsbG8'], dtype=object)
    """
    return EncodeBase64.build(input, pad=bool(pad), name=name)


class DecodeBase64(Elementwise):
    """The bytes that web-safe base64 text stands for."""

    def one(self, text):
        if len(text) % 4 == 0 and text.endswith(b"="):
            text = text[:-2] if text.endswith(b"==") else text[:-1]
        if len(text) % 4 == 1:
            raise invalid("Base64 string length cannot be 1 modulo 4.")
        if b"+" in text or b"/" in text or b"=" in text:
            raise invalid("Invalid character found in base64.")
        try:
            return base64.b64decode(text + b"=" * (-len(text) % 4), b"-_", validate=True)
        except binascii.Error:
            raise invalid("Invalid character found in base64.") from None


def decode_base64(input, name=None):
    """Reads web-safe base64.

    Args:
        input: string tensor; "=" at the end may be there or not.
        name: name of the node.

    Returns:
        A string tensor of the same shape.

    Raises:
        InvalidArgumentError: when run, if a string is no base64; note that the web-safe alphabet
            has "-" and "_" for "+" and "/".

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.decode_base64(["aGVsbG8"]))
        array([b'hello'], dtype=object)
    """
    return DecodeBase64.build(input, name=name)


# ---- compression ---------------------------------------------------------------------------------


class DecodeCompressed(OpDef):
    """Each string unpacked."""

    T = dt.STRING
    host_only = ON_HOST
    grad = NotDifferentiable

    def infer(self, bytes, *, compression_type=""):
        return Spec(dt.string, bytes.shape)

    def kernel(self, xp, bytes, *, compression_type=""):
        return mapped(lambda text: _unpacked(text, compression_type), bytes)


def _unpacked(text, compression_type):
    if compression_type not in ("", "ZLIB", "GZIP"):
        raise invalid("Only ZLIB, GZIP or NONE are supported compressions")
    if compression_type == "":
        return text
    bits, parts = (15 if compression_type == "ZLIB" else 31), []
    try:
        while not parts or text.startswith(b"\x1f\x8b"):  # a gzip file may have several members
            unpack = zlib.decompressobj(bits)
            parts.append(unpack.decompress(text) + unpack.flush())
            text = unpack.unused_data if bits == 31 else b""
        return b"".join(parts)
    except zlib.error as error:
        raise DataLossError(None, None, f"inflate() failed: {error}") from None


def decode_compressed(bytes, compression_type="", name=None):
    """Unpacks strings.

    Args:
        bytes: string tensor.
        compression_type: "ZLIB", "GZIP", or "" for what is not packed.
        name: name of the node.

    Returns:
        A string tensor of the same shape.

    Raises:
        DataLossError: when run, if a string is damaged.

    Example:
        >>> import zlib
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.decode_compressed([zlib.compress(b"hello")], "ZLIB"))
        array([b'hello'], dtype=object)
    """
    return DecodeCompressed.build(bytes, compression_type=compression_type, name=name)
