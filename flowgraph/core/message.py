"""Messages that behave like protobuf's and write the same bytes, without protobuf.

    class Int64List(Message):
        value = Scalars(1, checked_int)

A message has keyword constructors, repeated fields that are lists, maps that make entries when a
missing key is read, and parts that count as set once something in them was changed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from flowgraph.core import wire
from flowgraph.core.frames import located
from flowgraph.errors import FlowgraphError

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
            yield f"{self.name}: {_scalar_text(value)}"

    def is_set(self, values: RepeatedField) -> bool:
        return bool(values)


def _scalar_text(value: Any) -> str:
    if isinstance(value, bytes):
        return '"' + "".join(_ESCAPES.get(byte) or chr(byte) for byte in value) + '"'
    if isinstance(value, int):
        return str(value)
    texts = [f"{value:.{digits}g}" for digits in (6, 7, 8, 9)]
    return next((text for text in texts if np.float32(text) == value), texts[-1])


_ESCAPES = {**{i: f"\\{i:03o}" for i in range(256) if not 32 <= i < 127},
            10: "\\n", 13: "\\r", 9: "\\t", 34: '\\"', 39: "\\'", 92: "\\\\"}


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
            yield f"  key: {_scalar_text(key.encode())}"
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


class DecodeError(FlowgraphError, wire.WireError):
    """Bytes are no serialized message of the class that was asked for."""


# ---- messages ------------------------------------------------------------------------------------


class _Nesting(threading.local):
    depth = 0  # how many messages around the one that this thread is reading


_nesting = _Nesting()
_DEEPEST = 100  # protobuf's limit too


class Message:
    """Base of the message classes."""

    _fields: dict[str, Any] = {}
    _by_number: dict[int, Any] = {}
    _one_of: str = ""  # the name of the choice that fields belong to
    _one_of_fields: tuple[str, ...] = ()  # the fields of the choice; default: all

    def __init_subclass__(cls) -> None:
        cls._fields = {name: field for name, field in vars(cls).items()
                       if isinstance(field, Field)}
        cls._by_number = {field.number: field for field in cls._fields.values()}
        if cls._one_of and not cls._one_of_fields:
            cls._one_of_fields = tuple(cls._fields)

    _held: dict[str, Any]  # what the fields hold, by their names
    _owner: Message | None = None  # the message that this one is a part of
    _field: Any = None  # the field of it
    _set = False  # whether something was changed

    def __init__(self, **kwargs: Any) -> None:
        self.__dict__["_held"] = {}  # __setattr__ is slow, and there are many messages
        for name, value in kwargs.items():
            if name not in self._fields:
                raise ValueError(located(f'Protocol message {type(self).__name__} has no "{name}" '
                                         'field.'))
            if value is not None:
                self._fields[name].assign(self, value)

    def __setattr__(self, name: str, value: Any) -> None:
        if not name.startswith("_") and name not in self._fields:
            raise AttributeError(located(f"{type(self).__name__} has no field {name!r}; it has "
                                         f"{', '.join(self._fields)}"))
        super().__setattr__(name, value)

    def _changed(self) -> None:
        self.__dict__["_set"] = True
        owner = self._owner
        if owner is not None:
            owner._choose(self._field.name)
            owner._changed()

    def _choose(self, name: str) -> None:
        """Forgets the other fields of the choice that a field belongs to."""
        if name in self._one_of_fields:
            for other in self._one_of_fields:
                if other != name:
                    self._held.pop(other, None)

    def SerializeToString(self, deterministic: bool | None = None) -> bytes:
        """The bytes of the message.

        Args:
            deterministic: accepted; maps are always written in the order of their keys.
        """
        return b"".join(field.encode(self._held[name]) for name, field in self._fields.items()
                        if name in self._held)

    def MergeFromString(self, serialized: bytes) -> int:
        """Adds what the bytes of a message hold.

        Args:
            serialized: the bytes.

        Returns:
            How many bytes there are.

        Raises:
            DecodeError: the bytes are cut off or damaged; it is a ValueError.
        """
        by_number = self._by_number
        _nesting.depth += 1
        try:
            if _nesting.depth > _DEEPEST:
                raise wire.WireError(f"messages stand in one another more than {_DEEPEST} deep")
            for number, kind, value in wire.fields(bytes(serialized)):
                if number in by_number:
                    by_number[number].merge(self, kind, value)
        except wire.WireError as error:
            if _nesting.depth > 1:
                raise
            raise DecodeError(located(f"Error parsing message of the class "
                                      f"{type(self).__name__}: {error}")) from None
        finally:
            _nesting.depth -= 1
        return len(serialized)

    def ParseFromString(self, serialized: bytes) -> int:
        """Becomes the message that the bytes hold.

        Args:
            serialized: the bytes.

        Returns:
            How many bytes there are.

        Raises:
            DecodeError: the bytes are cut off or damaged; it is a ValueError.
        """
        self.Clear()
        return self.MergeFromString(serialized)

    @classmethod
    def FromString(cls, serialized: bytes) -> Any:
        """The message that the bytes hold.

        Args:
            serialized: the bytes.

        Raises:
            DecodeError: the bytes are cut off or damaged; it is a ValueError.
        """
        message = cls()
        message.MergeFromString(serialized)
        return message

    def Clear(self) -> None:
        """Becomes an empty message."""
        self._held.clear()
        self._set = False

    def CopyFrom(self, other: Any) -> None:
        """Becomes equal to another message of the same class.

        Args:
            other: the message.
        """
        if other is not self:
            self._check_class(other)
            held = dict(other._held)  # this may be a part of the other one
            self.Clear()
            self._copy(other, held)
            self._changed()

    def _copy(self, other: Any, held: dict[str, Any] | None = None) -> None:
        """Takes copies of what another message holds; this one must be empty."""
        fields = self._fields
        for name, value in (other._held if held is None else held).items():
            fields[name].copy(self, value)

    def _copied(self) -> Any:
        """A message equal to this one."""
        copy = type(self)()
        copy._copy(self)
        return copy

    def _take(self, name: str, part: Any) -> None:
        """Makes a message that nobody else holds the part of this one, uncopied."""
        part._owner, part._field, part._set = self, self._fields[name], True
        self._held[name] = part
        part._changed()

    def MergeFrom(self, other: Any) -> None:
        """Adds what another message of the same class holds.

        Args:
            other: the message.
        """
        self._check_class(other)
        self.MergeFromString(other.SerializeToString())

    def _check_class(self, other: Any) -> None:
        if type(other) is not type(self):
            raise TypeError(located(f"expected {type(self).__name__}, got {other!r:.60}"))

    def HasField(self, field_name: str) -> bool:
        """Whether a field that holds one message is set.

        Args:
            field_name: its name.

        Raises:
            ValueError: there is no such field, or it is a repeated one.
        """
        field: Any = self._fields.get(field_name)
        if type(field) is not Part and field_name not in self._one_of_fields:
            raise ValueError(located(f"{type(self).__name__} has no field {field_name!r} of one "
                                     "message"))
        return field_name in self._held and field.is_set(self._held[field_name])

    def ClearField(self, field_name: str) -> None:
        """Empties a field.

        Args:
            field_name: its name.
        """
        if field_name not in self._fields:
            raise ValueError(located(f"{type(self).__name__} has no field {field_name!r}"))
        self._held.pop(field_name, None)

    def WhichOneof(self, oneof_group: str) -> str | None:
        """The name of the field that is set, of those of which one can be.

        Args:
            oneof_group: the name of the choice, as "kind" for a Feature.
        """
        if not self._one_of or oneof_group != self._one_of:
            raise ValueError(located(f"{type(self).__name__} has no oneof {oneof_group!r}"))
        return next((name for name in self._one_of_fields
                     if name in self._held and self._fields[name].is_set(self._held[name])), None)

    def ListFields(self) -> list[tuple[Any, Any]]:
        """(field, value) of what is set."""
        return [(field, self._held[name]) for name, field in self._fields.items()
                if name in self._held and field.is_set(self._held[name])]

    def ByteSize(self) -> int:
        """How many bytes the message takes."""
        return len(self.SerializeToString())

    def IsInitialized(self) -> bool:
        """True: no field must be set."""
        return True

    def _lines(self) -> Iterator[str]:
        for name, field in self._fields.items():
            if name in self._held:
                yield from field.lines(self._held[name])

    def __repr__(self) -> str:
        return "".join(line + "\n" for line in self._lines())

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self.SerializeToString() == other.SerializeToString()

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self).FromString, (self.SerializeToString(),)
