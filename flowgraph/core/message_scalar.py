"""Fields of messages that hold numbers and text: one, many, or maps between them.

    class CheckpointState(Message):
        model_checkpoint_path = Scalar(1, TEXT)
        all_model_checkpoint_paths = Repeated(2, TEXT)
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flowgraph.core import wire
from flowgraph.core.frames import located
from flowgraph.core.message_fields import (
    Field,
    RepeatedField,
    checked_float,
    checked_int,
    float_text,
    quoted,
)


class TextError(ValueError):
    """Text is no message of the class that was asked for."""


@dataclass(frozen=True)
class Kind:
    """How values of one kind are kept, written and read.

    Attributes:
        wire_kind: the kind of field in the serialized message.
        default: what a field holds that was never set.
        check: function from a value given to the value kept.
        encode, decode: functions between the value and what `wire.fields` gives for it.
        to_text: function from the value to text.
        from_text: function from a word of a text, or the bytes of one in quotes, to the value.
    """

    wire_kind: int
    default: Any
    check: Callable[[Any], Any]
    encode: Callable[[Any], Any]
    decode: Callable[[Any], Any]
    to_text: Callable[[Any], str]
    from_text: Callable[[Any], Any]

    def field(self, number: int, value: Any) -> bytes:
        """A serialized field.

        Args:
            number: the field's number.
            value: what it holds.
        """
        held = self.encode(value)
        if self.wire_kind == wire.VARINT:
            return wire.varint_field(number, held)
        if self.wire_kind == wire.BYTES:
            return wire.field(number, held)
        return wire.varint(number << 3 | self.wire_kind) + held


class Scalar(Field):
    """`string name = 1`, or another field that holds one value."""

    def __init__(self, number: int, kind: Kind) -> None:
        super().__init__(number)
        self.kind = kind

    def __get__(self, message: Any, owner: Any = None) -> Any:
        return self if message is None else message._held.get(self.name, self.kind.default)

    def __set__(self, message: Any, value: Any) -> None:
        message._held[self.name] = self.kind.check(value)
        message._changed()

    assign = __set__

    def encode(self, value: Any) -> bytes:
        return self.kind.field(self.number, value) if self.is_set(value) else b""

    def merge(self, message: Any, kind: int, value: Any) -> None:
        if kind == self.kind.wire_kind:
            self.__set__(message, self.kind.decode(value))

    def lines(self, value: Any) -> Iterator[str]:
        if self.is_set(value):
            yield f"{self.name}: {self.kind.to_text(value)}"

    def is_set(self, value: Any) -> bool:
        return value != self.kind.default or (  # -0.0 is not 0.0
            type(value) is float and math.copysign(1.0, value) < 0)

    def copy(self, message: Any, value: Any) -> None:
        message._held[self.name] = value


class Choice(Scalar):
    """A field of one value in a choice (protobuf's oneof): set once assigned, be it to 0."""

    def __set__(self, message: Any, value: Any) -> None:
        message._choose(self.name)
        super().__set__(message, value)

    assign = __set__

    def encode(self, value: Any) -> bytes:
        return self.kind.field(self.number, value)

    def is_set(self, value: Any) -> bool:
        return True


class ValueMap(Field):
    """`map<string, string>`, or another map between keys and values of some kinds."""

    def __init__(self, number: int, key: Kind, value: Kind) -> None:
        super().__init__(number)
        self.key, self.value = key, value

    def new(self, message: Any) -> ValueDict:
        return ValueDict(self.key.check, self.value.check, message._changed)

    def assign(self, message: Any, values: Any) -> None:
        self.__get__(message).update(values)

    def encode(self, values: Mapping[Any, Any]) -> bytes:
        return b"".join(wire.field(self.number, self.key.field(1, key)
                                   + self.value.field(2, values[key])) for key in sorted(values))

    def merge(self, message: Any, kind: int, value: Any) -> None:
        if kind != wire.BYTES:
            return
        held = {1: self.key.default, 2: self.value.default}
        kinds = {1: self.key, 2: self.value}
        for number, inner, content in wire.fields(value):
            if number in kinds and inner == kinds[number].wire_kind:
                held[number] = kinds[number].decode(content)
        self.__get__(message)[held[1]] = held[2]

    def lines(self, values: Mapping[Any, Any]) -> Iterator[str]:
        for key in sorted(values):
            yield f"{self.name} {{"
            yield f"  key: {self.key.to_text(key)}"
            yield f"  value: {self.value.to_text(values[key])}"
            yield "}"

    def is_set(self, values: Mapping[Any, Any]) -> bool:
        return bool(values)

    def copy(self, message: Any, value: Any) -> None:
        dict.update(self.__get__(message), value)


class ValueDict(dict[Any, Any]):
    """The entries of a `ValueMap`: a dict that checks what is put into it."""

    def __init__(self, key: Callable[[Any], Any], value: Callable[[Any], Any],
                 changed: Callable[[], None]) -> None:
        super().__init__()
        self._key, self._value, self._changed = key, value, changed

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(self._key(key), self._value(value))
        self._changed()

    def update(self, values: Any) -> None:  # type: ignore[override]
        """Puts entries in."""
        for key in values:
            self[key] = values[key]

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (dict(self),)


class Repeated(Field):
    """`repeated string name = 1`, or another field that holds many values."""

    def __init__(self, number: int, kind: Kind) -> None:
        super().__init__(number)
        self.kind = kind

    def new(self, message: Any) -> RepeatedField:
        return RepeatedField(self.kind.check, message._changed)

    def assign(self, message: Any, values: Any) -> None:
        self.__get__(message).extend(values)

    def encode(self, values: RepeatedField) -> bytes:
        if self.kind.wire_kind == wire.BYTES:
            return b"".join(self.kind.field(self.number, value) for value in values)
        held = [self.kind.encode(value) for value in values]
        packed = wire.pack_varints(held) if self.kind.wire_kind == wire.VARINT else b"".join(held)
        return wire.field(self.number, packed) if held else b""

    def merge(self, message: Any, kind: int, value: Any) -> None:
        if kind == self.kind.wire_kind:
            self.__get__(message).append(self.kind.decode(value))
        elif kind == wire.BYTES:
            self.__get__(message).extend(self.kind.decode(part) for part in self._packed(value))

    def _packed(self, content: bytes) -> Iterator[Any]:
        if self.kind.wire_kind == wire.VARINT:
            yield from (number % (1 << 64) for number in wire.packed_varints(content))
            return
        size = 4 if self.kind.wire_kind == wire.FIXED32 else 8
        if len(content) % size:
            raise wire.WireError("packed numbers are cut off")
        for at in range(0, len(content), size):
            yield content[at:at + size]

    def lines(self, values: RepeatedField) -> Iterator[str]:
        for value in values:
            yield f"{self.name}: {self.kind.to_text(value)}"

    def is_set(self, values: RepeatedField) -> bool:
        return bool(values)


# ---- kinds ---------------------------------------------------------------------------------------


def _checked_text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode()
    if not isinstance(value, str):
        raise TypeError(located(f"{value!r:.60} has type {type(value).__name__}, but expected one "
                                "of: bytes, str"))
    return value


def _decoded(value: bytes) -> str:
    return value.decode("utf-8", "surrogateescape")


def encoded(value: str) -> bytes:
    """The bytes of a text; a file's may be no UTF-8.

    Args:
        value: the text.
    """
    return value.encode("utf-8", "surrogateescape")


def bytes_of(word: Any) -> bytes:
    """What stands in quotes in a text.

    Args:
        word: a word of the text, or bytes for one in quotes.

    Raises:
        TextError: it is not in quotes.
    """
    if not isinstance(word, bytes):
        raise TextError(f"{word} stands where text in quotes should")
    return word


def _number_of(kind: Callable[[str], Any]) -> Callable[[Any], Any]:
    def read(word: Any) -> Any:
        try:
            return kind("" if isinstance(word, bytes) else word)
        except ValueError:
            raise TextError(f"{word!r:.60} is no number") from None

    return read


def _bool_of(word: Any) -> bool:
    if word not in ("true", "True", "t", "1", "false", "False", "f", "0"):
        raise TextError(f"{word!r:.60} is neither true nor false")
    return word in ("true", "True", "t", "1")


def _shortest(value: float) -> str:
    return repr(value).removesuffix(".0")


def _checked_double(value: Any) -> float:
    if isinstance(value, (str, bytes)):
        raise TypeError(located(f"{value!r:.60} has type {type(value).__name__}, but expected one "
                                "of: int, float"))
    return float(value)


TEXT = Kind(wire.BYTES, "", _checked_text, encoded, _decoded,
            lambda value: quoted(encoded(value)), lambda word: _decoded(bytes_of(word)))
FLOAT = Kind(wire.FIXED32, 0.0, checked_float, lambda value: struct.pack("<f", value),
             lambda held: struct.unpack("<f", held)[0], float_text, _number_of(float))
DOUBLE = Kind(wire.FIXED64, 0.0, _checked_double, lambda value: struct.pack("<d", value),
              lambda held: struct.unpack("<d", held)[0], _shortest, _number_of(float))
INT = Kind(wire.VARINT, 0, checked_int, int, wire.signed, str, _number_of(lambda s: int(s, 0)))
BOOL = Kind(wire.VARINT, False, bool, int, bool, lambda value: str(value).lower(), _bool_of)


def enum(numbers: Mapping[str, int]) -> Kind:
    """The kind of a field that holds one of several named numbers.

    Args:
        numbers: number by name.
    """
    names = {number: name for name, number in numbers.items()}

    def named(word: Any) -> int:
        return numbers[word] if word in numbers else INT.from_text(word)

    return Kind(wire.VARINT, 0, checked_int, int, wire.signed,
                lambda value: names.get(value, str(value)), named)
