"""Messages read from their text, which people can read and change:

    name: "y"
    input: "x:1"
    attr { key: "T" value { type: DT_FLOAT } }

The text is what `str(message)` gives. As protobuf does, the reader also takes comments after #,
commas and semicolons between fields, lists in brackets, and < > for { }.
"""

from __future__ import annotations

import re
from typing import Any

from flowgraph.core.message import Message
from flowgraph.core.message_fields import (
    Field,
    Map,
    Part,
    Parts,
    Scalars,
    Skipped,
    checked_bytes,
    checked_float,
    checked_int,
)
from flowgraph.core.message_scalar import (
    FLOAT,
    INT,
    TEXT,
    Repeated,
    TextError,
    ValueMap,
    bytes_of,
    encoded,
)

_DEEPEST = 100
# A comment goes on to the end of its line: if it might end earlier, a line of # could be read in
# many ways, and trying all of them takes a time that doubles with each #.
_BLANK = re.compile(r"(?:\s|\#[^\n]*(?:\n|\Z))*")
_TOKEN = re.compile(_BLANK.pattern + r"""(?:
    (?P<word>[\w.+/-]+) | (?P<mark>[:\[\],;{}<>])
    | (?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*') | (?P<end>\Z))""", re.VERBOSE)
_ESCAPE = re.compile(rb"""\\(?:([0-7]{1,3})|[xX]([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{4})
    |U([0-9a-fA-F]{8})|(.))""", re.VERBOSE | re.DOTALL)
_PLAIN = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"a": b"\a", b"b": b"\b", b"f": b"\f",
          b"v": b"\v", b"\\": b"\\", b"'": b"'", b'"': b'"', b"?": b"?"}
_CLOSING = {"{": "}", "<": ">"}


def merge_text(text: str, message: Message) -> None:
    """Adds to a message what a text says.

    Args:
        text: lines of `name: value` and `name { ... }`.
        message: the message.

    Raises:
        TextError: the text is not of that form, or the message has no such field.
    """
    reader = _Reader(text)
    try:
        reader.step()
        reader.fields(message, end=("end", ""), depth=0)
    except TextError as error:
        raise TextError(f"line {reader.line}: {error}") from None
    except (TypeError, ValueError, OverflowError) as error:  # a value that the field cannot hold
        raise TextError(f"line {reader.line}: {error}") from None


class _Reader:
    """A text, and the token that comes next; `step` goes to the first."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = self._start = 0
        self.kind, self.token = "", ""

    @property
    def line(self) -> int:
        return self._text.count("\n", 0, self._start) + 1

    def step(self) -> tuple[str, Any]:
        """Goes on by a token; the one passed: words and marks as str, what is quoted as bytes."""
        passed = self.kind, self.token
        match = _TOKEN.match(self._text, self._at)
        if match is None:
            blank = _BLANK.match(self._text, self._at)
            self._start = blank.end() if blank else self._at
            raise TextError(f"{self._text[self._start:self._start + 30].strip()!r} cannot be read")
        self.kind, self._at = str(match.lastgroup), match.end()
        self._start = match.start(self.kind)
        token: Any = match[self.kind]
        if self.kind == "text":
            token = _ESCAPE.sub(_unescaped, encoded(token[1:-1]))
        self.token = token
        return passed

    def takes(self, mark: str) -> bool:
        """Goes on if the mark comes next."""
        if (self.kind, self.token) != ("mark", mark):
            return False
        self.step()
        return True

    def fields(self, message: Message, end: tuple[str, str], depth: int) -> None:
        """The fields up to the end of the message, with the mark that ends it."""
        if depth > _DEEPEST:
            raise TextError(f"messages stand in one another more than {_DEEPEST} deep")
        while (self.kind, self.token) != end:
            kind, name = self.step()
            if (kind, name) == ("mark", "[") and hasattr(message, "Pack"):
                self._packed(message, depth)
                continue
            field = message._fields.get(name) if kind == "word" else None
            if field is None:
                raise TextError(f"{type(message).__name__} has no field {name!r:.60}")
            colon = self.takes(":")
            if isinstance(field, Skipped):
                self._skip()
                continue
            if not colon and not isinstance(field, (Part, ValueMap)):
                raise TextError(f"there is no colon after {field.name}")
            if isinstance(field, (Repeated, Scalars, Parts, ValueMap)) and self.takes("["):
                while not self.takes("]"):
                    self._value(message, field, depth)
                    self.takes(",")
            else:
                self._value(message, field, depth)
            if not self.takes(","):
                self.takes(";")
        if self.kind != "end":
            self.step()

    def _value(self, message: Message, field: Any, depth: int) -> None:
        """One value of a field."""
        if isinstance(field, (Map, ValueMap)):
            self._entry(message, field, depth)
        elif isinstance(field, Parts):
            self.fields(field.__get__(message).add(), self._opened(field), depth + 1)
        elif isinstance(field, Part):
            part = field.__get__(message)
            part._changed()
            self.fields(part, self._opened(field), depth + 1)
        elif isinstance(field, Scalars):
            field.assign(message, [_KINDS[field.check](self._word(field))])
        else:
            value = field.kind.from_text(self._word(field))
            field.assign(message, [value] if isinstance(field, Repeated) else value)

    def _packed(self, message: Any, depth: int) -> None:
        """`type.googleapis.com/name] { ... }`: a message that an Any holds."""
        name = self.step()[1]
        held = message.kinds.get(name.rpartition(".")[2]) if isinstance(name, str) else None
        if held is None or not self.takes("]"):
            raise TextError(f"a message of the class {name!r:.60} cannot be read")
        held = held()
        self.takes(":")
        self.fields(held, self._opened(Field(0)), depth + 1)
        message.Pack(held)

    def _skip(self) -> None:
        """Passes over a value, or all that is in brackets."""
        open_brackets = 0
        while self.kind != "end":
            kind, token = self.step()
            if kind == "mark" and token in "{[<":
                open_brackets += 1
            elif kind == "mark" and token in "}]>":
                open_brackets -= 1
            if open_brackets <= 0 and self.kind != "text":
                return

    def _entry(self, message: Message, field: Any, depth: int) -> None:
        """`{ key: ... value: ... }` of a map."""
        entries, end = field.__get__(message), self._opened(field)
        is_map = isinstance(field, Map)
        key, value = ("", field.message_class()) if is_map else (field.key.default,
                                                                field.value.default)
        while (self.kind, self.token) != end:
            name = self.step()[1]
            self.takes(":")
            if name == "key":
                key = (TEXT if is_map else field.key).from_text(self._word(field))
            elif name != "value":
                raise TextError(f"an entry of {field.name} has no field {name!r:.60}")
            elif is_map:
                self.fields(value, self._opened(field), depth + 1)
            else:
                value = field.value.from_text(self._word(field))
            if not self.takes(","):
                self.takes(";")
        self.step()
        if is_map:
            entries[key].CopyFrom(value)
        else:
            entries[key] = value

    def _opened(self, field: Any) -> tuple[str, str]:
        """Passes the { of a message; the mark that will end it."""
        kind, mark = self.step()
        if kind != "mark" or mark not in _CLOSING:
            raise TextError(f"there is no {{ after {field.name}")
        return "mark", _CLOSING[mark]

    def _word(self, field: Any) -> Any:
        """A word, or what is quoted, as bytes."""
        kind, word = self.kind, self.token
        if kind not in ("word", "text"):
            raise TextError(f"there is no value after {field.name}")
        self.step()
        if kind == "word":
            return word
        parts: list[Any] = [word]
        while self.kind == "text":  # as in C, neighbours are one text
            parts.append(self.step()[1])
        return b"".join(parts)


_KINDS: dict[Any, Any] = {checked_bytes: bytes_of, checked_float: FLOAT.from_text,
                          checked_int: INT.from_text}


def _unescaped(match: re.Match[bytes]) -> bytes:
    octal, small, four, eight, other = match.groups()
    if octal or small:
        return bytes([int(octal or small, 8 if octal else 16) & 255])
    if four or eight:
        code = int(four or eight, 16)
        if code > 0x10FFFF:
            raise TextError(f"there is no character {code:#x}")
        return chr(code).encode("utf-8", "surrogatepass")
    if other not in _PLAIN:
        raise TextError(f"there is no escape {match[0].decode('utf-8', 'replace')!r}")
    return _PLAIN[other]
