"""What messages are made of: fields, the values that they hold, and how both are written.

    class Int64List(Message):
        value = Scalars(1, checked_int)

A field is a descriptor of a message class. It makes the holder of its values (a list, a map,
another message) when it is first read, and knows how to copy, to write and to read them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from flowgraph.core import wire
from flowgraph.core.frames import located

if TYPE_CHECKING:
    from flowgraph.core.message import Message

# ---- values --------------------------------------------------------------------------------------


def checked_bytes(value: Any) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError(located(f"{value!r:.60} has type {type(value).__name__}, but expected one "
                                "of: bytes. Write text.encode() for text"))
    return bytes(value)


def checked_float(value: Any) -> float:
    if isinstance(value, (str, bytes)) or not (hasattr(value, "__float__")
                                               or hasattr(value, "__index__")):
        raise TypeError(located(f"{value!r:.60} has type {type(value).__name__}, but expected one "
                                "of: int, float"))
    with np.errstate(over="ignore"):
        return float(np.float32(value))


def checked_int(value: Any) -> int:
    if not hasattr(value, "__index__"):
        raise TypeError(located(f"{value!r:.60} has type {type(value).__name__}, but expected one "
                                "of: int"))
    number = value.__index__()
    if not -2**63 <= number < 2**63:
        raise ValueError(located(f"Value out of range: {number}"))
    return number


def float_text(value: float) -> str:
    """A float32 in as few digits as tell it from others, as protobuf writes it.

    Args:
        value: the number.
    """
    text = f"{value:.6g}"
    return text if np.float32(text) == value or value != value else f"{value:.9g}"


def quoted(value: bytes) -> str:
    """Bytes in double quotes, as protobuf writes them.

    Args:
        value: the bytes.
    """
    return '"' + "".join(_ESCAPES.get(byte) or chr(byte) for byte in value) + '"'


_ESCAPES = {**{i: f"\\{i:03o}" for i in range(256) if not 32 <= i < 127},
            10: "\\n", 13: "\\r", 9: "\\t", 34: '\\"', 39: "\\'", 92: "\\\\"}


class RepeatedField(list[Any]):
    """The values of a repeated field: a list that checks what is put into it.

    Args:
        check: function from a value to what is kept.
        changed: called after each change.
    """

    def __init__(self, check: Callable[[Any], Any], changed: Callable[[], None]) -> None:
        super().__init__()
        self._check, self._changed = check, changed

    def append(self, value: Any) -> None:
        """Puts a value at the end."""
        super().append(self._check(value))
        self._changed()

    def extend(self, values: Iterable[Any]) -> None:
        """Puts values at the end."""
        if not isinstance(values, Iterable):
            raise TypeError(located(f"a repeated field takes a list of values, got {values!r:.100}",
                                    f"Write [{values!r:.100}]."))
        super().extend([self._check(value) for value in values])
        self._changed()

    def insert(self, index: Any, value: Any) -> None:
        """Puts a value before another one."""
        super().insert(index, self._check(value))
        self._changed()

    def __iadd__(self, values: Iterable[Any]) -> RepeatedField:  # type: ignore[misc]
        self.extend(values)
        return self

    def __setitem__(self, index: Any, value: Any) -> None:
        super().__setitem__(index, [self._check(v) for v in value] if isinstance(index, slice)
                            else self._check(value))
        self._changed()

    def MergeFrom(self, values: Iterable[Any]) -> None:
        """Puts the values of another repeated field at the end."""
        self.extend(values)

    def __reduce__(self) -> tuple[Any, ...]:
        return list, (list(self),)


# ---- fields: how each kind is kept, read and written ---------------------------------------------


class Field:
    """A field of a message class; reading it gives the holder of its values."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.name = ""

    def __set_name__(self, owner: Any, name: str) -> None:
        self.name = name

    def __get__(self, message: Any, owner: Any = None) -> Any:
        if message is None:
            return self
        if self.name not in message._held:
            message._held[self.name] = self.new(message)
        return message._held[self.name]

    def __set__(self, message: Any, value: Any) -> None:
        raise AttributeError(located(f"Assignment not allowed to field {self.name!r} of "
                                     f"{type(message).__name__}; use extend, append or CopyFrom"))

    def new(self, message: Any) -> Any:
        raise NotImplementedError

    def copy(self, message: Any, value: Any) -> None:
        """Gives a message that has nothing yet in the field a copy of what another one has."""
        list.extend(self.__get__(message), value)


class Scalars(Field):
    """`repeated int64 = 1 [packed]`, or `repeated float`, or `repeated bytes`."""

    def __init__(self, number: int, check: Callable[[Any], Any]) -> None:
        super().__init__(number)
        self.check = check

    def new(self, message: Any) -> RepeatedField:
        return RepeatedField(self.check, message._changed)

    def assign(self, message: Any, values: Any) -> None:
        self.__get__(message).extend(values.tolist() if isinstance(values, np.ndarray) else values)

    def encode(self, values: RepeatedField) -> bytes:
        if self.check is checked_bytes:
            return b"".join(wire.field(self.number, value) for value in values)
        if not values:
            return b""
        return wire.field(self.number, np.array(values, "<f4").tobytes()
                          if self.check is checked_float else wire.pack_varints(values))

    def merge(self, message: Any, kind: int, value: Any) -> None:
        values = self.__get__(message)
        if self.check is checked_bytes and kind == wire.BYTES:
            values.append(value)
        elif self.check is checked_float and kind in (wire.BYTES, wire.FIXED32):
            if len(value) % 4:
                raise wire.WireError("packed floats are cut off")
            values.extend(np.frombuffer(value, "<f4").tolist())
        elif self.check is checked_int and kind in (wire.BYTES, wire.VARINT):
            values.extend(wire.packed_varints(value) if kind == wire.BYTES
                          else [wire.signed(value)])

    def lines(self, values: RepeatedField) -> Iterator[str]:
        for value in values:
            yield f"{self.name}: {_text_of(value)}"

    def is_set(self, values: RepeatedField) -> bool:
        return bool(values)


def _text_of(value: Any) -> str:
    if isinstance(value, bytes):
        return quoted(value)
    return str(value) if isinstance(value, int) else float_text(value)


class Part(Field):
    """A field that holds one message; it is set once something in it was changed."""

    def __init__(self, number: int, message_class: Any) -> None:
        super().__init__(number)
        self.message_class = message_class

    def new(self, message: Any) -> Any:
        part = self.message_class()
        part._owner, part._field = message, self
        return part

    def assign(self, message: Any, value: Any) -> None:
        part = self.__get__(message)
        if isinstance(value, dict):
            value = self.message_class(**value)
        part.CopyFrom(value)
        part._changed()

    def encode(self, part: Message) -> bytes:
        return wire.field(self.number, part.SerializeToString()) if part._set else b""

    def merge(self, message: Any, kind: int, value: Any) -> None:
        if kind == wire.BYTES:
            part = self.__get__(message)
            part._changed()
            part.MergeFromString(value)

    def lines(self, part: Message) -> Iterator[str]:
        if part._set:
            yield from _block(self.name, part)

    def is_set(self, part: Message) -> bool:
        return part._set

    def copy(self, message: Any, value: Any) -> None:
        if value._set:
            part = self.__get__(message)
            part._copy(value)
            part._set = True


def _block(name: str, message: Message) -> Iterator[str]:
    yield f"{name} {{"
    yield from ("  " + line for line in message._lines())
    yield "}"


class Parts(Part):
    """`repeated SomeMessage`."""

    def new(self, message: Any) -> Any:
        parts = MessageList(self._copied, message._changed)
        parts.message_class = self.message_class
        return parts

    def _copied(self, value: Any) -> Message:
        if not isinstance(value, self.message_class):
            raise TypeError(located(f"expected {self.message_class.__name__}, got {value!r:.60}"))
        return value._copied()

    def assign(self, message: Any, value: Any) -> None:
        self.__get__(message).extend(value)

    def encode(self, parts: Any) -> bytes:
        return b"".join(wire.field(self.number, part.SerializeToString()) for part in parts)

    def merge(self, message: Any, kind: int, value: Any) -> None:
        if kind == wire.BYTES:
            self.__get__(message).adopt(self.message_class.FromString(value))

    def lines(self, parts: Any) -> Iterator[str]:
        for part in parts:
            yield from _block(self.name, part)

    def is_set(self, parts: Any) -> bool:
        return bool(parts)

    def copy(self, message: Any, value: Any) -> None:
        list.extend(self.__get__(message), [part._copied() for part in value])


class Skipped(Field):
    """A field whose contents are passed over when a message is read, and never written."""

    def __get__(self, message: Any, owner: Any = None) -> Any:
        return self

    def merge(self, message: Any, kind: int, value: Any) -> None:
        """Passes over what the field holds."""


class MessageList(RepeatedField):
    message_class: Any = None

    def add(self, **kwargs: Any) -> Message:
        """Puts a new message at the end and returns it."""
        return self.adopt(self.message_class(**kwargs))

    def adopt(self, message: Any) -> Any:
        """Puts a message that nobody else holds at the end, uncopied, and returns it."""
        list.append(self, message)
        self._changed()
        return message


class Map(Parts):
    """`map<string, SomeMessage>`; reading a missing key makes the entry, as in protobuf."""

    def new(self, message: Any) -> Any:
        return MessageMap(self.message_class, message._changed)

    def assign(self, message: Any, value: Any) -> None:
        self.__get__(message).MergeFrom(value)

    def encode(self, entries: Any) -> bytes:
        return b"".join(
            wire.field(self.number, wire.field(1, key.encode()) + wire.field(
                2, entries[key].SerializeToString())) for key in sorted(entries))

    def merge(self, message: Any, kind: int, value: Any) -> None:
        if kind != wire.BYTES:
            return
        key, content = b"", b""
        for number, inner, held in wire.fields(value):
            if inner == wire.BYTES and isinstance(held, bytes):
                key, content = (held, content) if number == 1 else (
                    (key, content + held) if number == 2 else (key, content))
        try:
            name = key.decode()
        except UnicodeDecodeError:
            raise wire.WireError("a key is no UTF-8 text") from None
        entries = self.__get__(message)
        entries.pop(name, None)
        entries[name].MergeFromString(content)

    def lines(self, entries: Any) -> Iterator[str]:
        for key in sorted(entries):
            yield f"{self.name} {{"
            yield f"  key: {quoted(key.encode())}"
            yield from ("  " + line for line in _block("value", entries[key]))
            yield "}"

    def copy(self, message: Any, value: Any) -> None:
        dict.update(self.__get__(message), {key: value[key]._copied() for key in value})


class MessageMap(dict[str, Any]):
    def __init__(self, message_class: Any, changed: Callable[[], None]) -> None:
        super().__init__()
        self._message_class, self._changed = message_class, changed

    def __missing__(self, key: str) -> Message:
        if not isinstance(key, (str, bytes)):
            raise TypeError(located(f"a key must be text, not {key!r:.60}"))
        entry = self._message_class()
        super().__setitem__(key.decode() if isinstance(key, bytes) else key, entry)
        self._changed()
        return entry

    def __setitem__(self, key: str, value: Any) -> None:
        raise ValueError(located("May not set values directly, call my_map[key].CopyFrom(message) "
                                 f"for {key!r}"))

    def MergeFrom(self, entries: Any) -> None:
        """Copies the entries of another map into this one."""
        for key in entries:
            self[key].CopyFrom(entries[key])

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (dict(self),)
