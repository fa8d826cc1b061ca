"""The protobuf wire format: what serialized messages are made of.

A message is a sequence of fields, each a key (field number << 3 | kind) and what it holds:

    kind 0   a varint: 7 bits a byte, low ones first; the high bit says that more follow
    kind 1   8 bytes
    kind 2   a length as a varint, and so many bytes: text, a message, or packed numbers
    kind 5   4 bytes

Repeated numbers may stand singly or packed; of a field that holds one value the last one counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_LONGEST_VARINT = 10
_INT64 = 1 << 64


class WireError(ValueError):
    """Bytes are no serialized message: cut off, or damaged."""


def varint(number: int) -> bytes:
    """An integer as a varint; negative ones as 64-bit two's complement.

    Args:
        number: the integer.
    """
    number %= _INT64
    digits = bytearray()
    while number >= 128:
        digits.append(number & 127 | 128)
        number >>= 7
    digits.append(number)
    return bytes(digits)


def field(number: int, content: bytes) -> bytes:
    """A field that holds bytes.

    Args:
        number: the field's number.
        content: text, a serialized message, or packed numbers.
    """
    return varint(number << 3 | BYTES) + varint(len(content)) + content


def varint_field(number: int, value: int) -> bytes:
    """A field that holds an integer.

    Args:
        number: the field's number.
        value: the integer.
    """
    return varint(number << 3 | VARINT) + varint(value)


def read_varint(message: bytes, at: int) -> tuple[int, int]:
    """(the unsigned integer at a place, where it ends).

    Args:
        message: the bytes.
        at: the place.
    """
    number = shift = 0
    for i in range(at, min(at + _LONGEST_VARINT, len(message))):
        byte = message[i]
        number |= (byte & 127) << shift
        if byte < 128:
            return number % _INT64, i + 1
        shift += 7
    raise WireError("a number is cut off")


def fields(message: bytes) -> Iterator[tuple[int, int, int | bytes]]:
    """(number, kind, what it holds) of each field: an int for varints, bytes for the others.

    Args:
        message: the serialized message.

    Raises:
        WireError: it is cut off or damaged.
    """
    at = 0
    while at < len(message):
        key, at = read_varint(message, at)
        number, kind = key >> 3, key & 7
        if not number or number >= 1 << 29:
            raise WireError(f"there is no field {number}")
        if kind == VARINT:
            value, at = read_varint(message, at)
            yield number, kind, value
            continue
        if kind == BYTES:
            length, at = read_varint(message, at)
        elif kind in (FIXED32, FIXED64):
            length = 4 if kind == FIXED32 else 8
        else:
            raise WireError(f"a field of kind {kind} is not offered")
        if at + length > len(message):
            raise WireError(f"field {number} is cut off")
        yield number, kind, message[at:at + length]
        at += length


def signed(number: int) -> int:
    """The int64 that an unsigned varint stands for.

    Args:
        number: as `read_varint` gives it.
    """
    return number - _INT64 if number >= _INT64 >> 1 else number


def packed_varints(content: bytes) -> list[int]:
    """The signed integers packed into one field.

    Args:
        content: what the field holds.
    """
    numbers, at = [], 0
    while at < len(content):
        number, at = read_varint(content, at)
        numbers.append(signed(number))
    return numbers


def pack_varints(numbers: Iterable[int]) -> bytes:
    """Integers as the content of one packed field.

    Args:
        numbers: the integers.
    """
    return b"".join(map(varint, numbers))
