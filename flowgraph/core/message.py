"""Messages that behave like protobuf's and write the same bytes, without protobuf.

    class Int64List(Message):
        value = Scalars(1, checked_int)

A message has keyword constructors, repeated fields that are lists, maps that make entries when a
missing key is read, and parts that count as set once something in them was changed.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

from flowgraph.core import wire
from flowgraph.core.frames import located
from flowgraph.core.message_fields import Field, Part
from flowgraph.errors import FlowgraphError


class DecodeError(FlowgraphError, wire.WireError):
    """Bytes are no serialized message of the class that was asked for."""


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

    def SetInParent(self) -> None:
        """Says that the message is there, though it holds nothing."""
        self._changed()

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

    def adopt(self, name: str, part: Any) -> None:
        """Makes a message that nobody else holds the part of this one, uncopied.

        Args:
            name: the field.
            part: the message.
        """
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

    @property
    def DESCRIPTOR(self) -> Any:
        """Not there: programs of the protobuf package, as `text_format`, take their own messages.

        Raises:
            AttributeError: always; it says what to write instead.
        """
        raise AttributeError(located(
            f"{type(self).__name__} is a message of flowgraph's own, which google.protobuf's "
            "functions do not take",
            "In place of text_format.Merge or Parse write merge_text(text, message), from "
            "flowgraph.core.message_text; of a graph's file tf.io.read_graph(path); in place of "
            "MessageToString, str(message)."))

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
