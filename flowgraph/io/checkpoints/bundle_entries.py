"""The messages in the index of a checkpoint: its header, and an entry for each tensor.

The key "" holds the header; the key of an entry is the tensor's name. A variable that was saved in
parts has an entry that lists them, and one more entry for each part, whose key `slice_key` makes.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

from flowgraph.core import wire

Extent = tuple[int, int] | None  # (start, length) along one axis; None for all of it
Slice = tuple[Extent, ...]

VERSION = 1  # of the format
_LARGEST = 1 << 58  # elements of a tensor, counted without its empty axes
_MOST_AXES = 64  # NumPy's limit


@dataclass(frozen=True, slots=True)
class Header:
    """What a checkpoint's index says of the whole.

    Attributes:
        num_shards: how many data files there are.
        big_endian: whether numbers have their high bytes first.
        min_consumer: the oldest version of the format whose readers can read it.
        bad_consumers: versions whose readers cannot.
    """

    num_shards: int = 1
    big_endian: bool = False
    min_consumer: int = 0
    bad_consumers: tuple[int, ...] = ()

    def encode(self) -> bytes:
        """The serialized BundleHeaderProto."""
        return wire.varint_field(1, self.num_shards) + wire.field(3, wire.varint_field(1, VERSION))

    @classmethod
    def decode(cls, message: bytes) -> Header:
        """The header in a serialized BundleHeaderProto.

        Args:
            message: the bytes.

        Raises:
            ValueError: they are damaged.
        """
        numbers, version = _numbers(message), {}
        bad: list[int] = []
        for number, _, value in wire.fields(message):
            if number == 3 and isinstance(value, bytes):
                version = _numbers(value)
                for inner, _, held in wire.fields(value):
                    if inner == 3:
                        bad += (wire.packed_varints(held) if isinstance(held, bytes)
                                else [wire.signed(held)])
        return cls(numbers.get(1, 0), numbers.get(2, 0) == 1, version.get(2, 0), tuple(bad))


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a tensor of a checkpoint is.

    Attributes:
        dtype: number of the dtype.
        shape: its sizes.
        shard, offset, size: data file, and place and number of bytes in it.
        crc: masked checksum of the bytes.
        slices: the parts that the tensor was saved in; () where it was saved whole.
    """

    dtype: int
    shape: tuple[int, ...]
    shard: int = 0
    offset: int = 0
    size: int = 0
    crc: int = 0
    slices: tuple[Slice, ...] = ()

    def encode(self) -> bytes:
        """The serialized BundleEntryProto."""
        sizes = b"".join(wire.field(2, _given(1, n)) for n in self.shape)
        return b"".join([
            wire.varint_field(1, self.dtype), wire.field(2, sizes), _given(3, self.shard),
            _given(4, self.offset), _given(5, self.size),
            wire.varint(6 << 3 | wire.FIXED32) + struct.pack("<I", self.crc) if self.crc else b"",
            *(wire.field(7, _encoded_slice(part)) for part in self.slices)])

    @classmethod
    def decode(cls, message: bytes) -> Entry:
        """The entry in a serialized BundleEntryProto.

        Args:
            message: the bytes.

        Raises:
            ValueError: they are damaged, or the shape cannot be one.
        """
        numbers = _numbers(message)
        shape: tuple[int, ...] = ()
        crc, slices = 0, []
        for number, kind, value in wire.fields(message):
            if not isinstance(value, bytes):
                continue
            if number == 2:
                shape = tuple(_decoded_shape(value))
            elif number == 6 and kind == wire.FIXED32:
                (crc,) = struct.unpack("<I", value)
            elif number == 7:
                slices.append(decoded_slice(value))
        if len(shape) > _MOST_AXES or any(n < 0 for n in shape) or prod(
                n for n in shape if n) > _LARGEST:
            raise wire.WireError(f"{_shortened(shape)} cannot be a shape")
        entry = cls(numbers.get(1, 0), shape, numbers.get(3, 0), numbers.get(4, 0),
                    numbers.get(5, 0), crc, tuple(slices))
        if entry.shard < 0 or entry.offset < 0 or entry.size < 0:
            raise wire.WireError("its place in the data file is negative")
        return entry


def _given(number: int, value: int) -> bytes:
    """A field with a number; nothing for 0, which is what a reader takes a missing one for."""
    return wire.varint_field(number, value) if value else b""


def _numbers(message: bytes) -> dict[int, int]:
    """The integers of a message by field."""
    return {number: wire.signed(value) for number, kind, value in wire.fields(message)
            if kind == wire.VARINT and isinstance(value, int)}


def _decoded_shape(message: bytes) -> Iterator[int]:
    for number, _, value in wire.fields(message):
        if number == 2 and isinstance(value, bytes):
            yield _numbers(value).get(1, 0)
        elif number == 3 and value:
            raise wire.WireError("its shape is not known")


def _shortened(shape: tuple[int, ...]) -> str:
    return str(shape) if len(shape) < 10 else f"{len(shape)} sizes"


# ---- parts of tensors ----------------------------------------------------------------------------


def _encoded_slice(part: Slice) -> bytes:
    return b"".join(wire.field(1, b"" if extent is None else _given(1, extent[0])
                               + wire.varint_field(2, extent[1])) for extent in part)


def decoded_slice(message: bytes) -> Slice:
    """The part in a serialized TensorSliceProto.

    Args:
        message: the bytes.

    Raises:
        ValueError: they are damaged.
    """
    return tuple(_decoded_extents(message))


def _decoded_extents(message: bytes) -> Iterator[Extent]:
    for number, _, value in wire.fields(message):
        if number == 1 and isinstance(value, bytes):
            held = _numbers(value)
            yield (held.get(1, 0), held[2]) if 2 in held else None


def slice_shape(shape: tuple[int, ...], part: Slice) -> tuple[int, ...]:
    """The shape of a part of a tensor.

    Args:
        shape: of the whole.
        part: the part.

    Raises:
        ValueError: the part is not within the whole.
    """
    if len(part) != len(shape):
        raise ValueError(f"a part with {len(part)} axes of a tensor of shape {_shortened(shape)}")
    sizes = []
    for extent, n in zip(part, shape, strict=True):
        start, length = (0, n) if extent is None else extent
        if extent is not None and (start < 0 or length <= 0 or start + length > n):
            raise ValueError(f"the part {slice_text(part)} is not within the shape "
                             f"{_shortened(shape)}")
        sizes.append(length)
    return tuple(sizes)


def slice_text(part: Slice) -> str:
    """A part as TensorFlow writes it: `0,3:-`.

    Args:
        part: the part.
    """
    return ":".join("-" if extent is None else f"{extent[0]},{extent[1]}" for extent in part)


def parse_shape_and_slice(text: str) -> tuple[tuple[int, ...], Slice]:
    """The shape of the whole and the part in a text like `5 2 0,3:-`.

    Args:
        text: the sizes, each followed by a space, and the part.

    Raises:
        ValueError: it is not of that form, or the part is not within the whole.
    """
    *sizes, last = text.split(" ")
    try:
        if not sizes:
            raise ValueError
        shape = tuple(int(n) for n in sizes)
        part: Slice = tuple(None if extent == "-" else _extent(extent)
                            for extent in last.split(":"))
    except ValueError:
        raise ValueError(f"{text!r:.100} is not sizes and a part, as '5 2 0,3:-'") from None
    slice_shape(shape, part)
    return shape, part


def _extent(text: str) -> tuple[int, int]:
    start, length = text.split(",")
    return int(start), int(length)


def slice_key(name: bytes, part: Slice) -> bytes:
    """The key of the entry of a part: numbers and text, written so that keys sort as these do.

    Args:
        name: of the whole tensor.
        part: the part.
    """
    escaped = re.sub(rb"[\x00\xff]", lambda found: found[0] + bytes([255 - found[0][0]]), name)
    key = b"\0" + escaped + b"\0\1" + _increasing(len(part))
    for extent in part:
        start, length = (0, -1) if extent is None else extent
        key += _signed_increasing(start) + _signed_increasing(length)
    return key


def _increasing(number: int) -> bytes:
    """A number from 0 on: how many bytes it takes, and these."""
    size = (number.bit_length() + 7) // 8
    return bytes([size]) + number.to_bytes(size, "big")


def _signed_increasing(number: int) -> bytes:
    """A signed number: as many leading ones as it takes bytes, then its bits; sign first.

    Negative numbers begin with zeros in place of the ones.
    """
    bits = (~number if number < 0 else number).bit_length()
    size = bits // 7 + 1
    ones = ((1 << size) - 1) << 7 * size  # `size` ones in front of 7 bits a byte
    return ((number & (1 << 8 * size) - 1) ^ ones).to_bytes(size, "big")
