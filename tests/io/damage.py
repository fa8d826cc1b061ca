"""Damage to files, for `fuzz.py`: to any bytes, and behind the checksums that guard them."""

from __future__ import annotations

import os
import random
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import flowgraph as tf
from flowgraph.core import wire
from flowgraph.core.message_text import merge_text
from flowgraph.core.tfrecord import RecordWriter, read_records
from flowgraph.errors import FlowgraphError, OpError
from flowgraph.io.checkpoints.table import read_table, table_bytes

BYTES = [b"\0", b"\xff", b"\x7f", b"\x80", b"\xff" * 9 + b"\1", b"\x80" * 8, b"\xff\xff\xff\x7f",
         b"\xff" * 4, b"\0" * 16, b"\x0a\xff\xff\xff\xff\x0f"]
WORDS = [b"{", b"}", b"<", b">", b'"', b"'", b":", b"-1", b"1e999", b"9" * 400, b"nan", b"\\", b"[",
         b"]", b",", b"#", b"\0", b"\xff", b"name", b"node {", b"shape { dim { size: 9223372036854"
         b"775807 } }", b"tensor_content", b"{" * 2000, b"a" * 5000, b"DT_FLOAT", b"float_val: 1"]


def damaged(content: bytes, rng: random.Random, text: bool) -> bytes:
    """A few random changes."""
    data = bytearray(content)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        start = rng.randrange(len(data) + 1)
        end = min(len(data), start + rng.choice((1, 1, 2, 4, 8, 40, 300)))
        what = rng.randrange(8)
        if what == 0 and start < len(data):
            data[start] ^= 1 << rng.randrange(8)
        elif what == 1 and start < len(data):
            data[start] = rng.randrange(256)
        elif what == 2:
            del data[start:end]
        elif what == 3:
            data[start:end] = rng.choice(WORDS if text else BYTES)
        elif what == 4:
            data[start:start] = rng.choice(WORDS if text else BYTES)
        elif what == 5:
            data[start:start] = data[start:end] * rng.choice((1, 2, 100))
        elif what == 6 and rng.random() < 0.3:
            del data[start:]
        elif data:
            other = rng.randrange(len(data))
            data[start:end] = data[other:other + end - start]
    return bytes(data)


class Tree:
    """A serialized message as a tree of fields, without knowing what they mean.

    Args:
        content: the bytes; ValueError if they are no message.
        depth: how deep to look.

    Attributes:
        fields: [number, wire type, int or bytes or Tree].
    """

    def __init__(self, content: bytes, depth: int = 12) -> None:
        self.fields: list[list[Any]] = []
        for number, kind, value in wire.fields(content):
            if kind == 2 and depth and len(value) > 1:
                with suppress(ValueError):  # text, numbers
                    value = Tree(value, depth - 1)
            self.fields.append([number, kind, value])

    def encode(self) -> bytes:
        """The bytes."""
        parts = []
        for number, kind, value in self.fields:
            parts.append(wire.varint(number << 3 | kind))
            if kind == 0:
                parts.append(wire.varint(value & (1 << 64) - 1))
            elif kind == 2:
                content = value.encode() if isinstance(value, Tree) else value
                parts.append(wire.varint(len(content)) + content)
            else:
                parts.append(value if isinstance(value, bytes) else
                             value.to_bytes(4 if kind == 5 else 8, "little"))
        return b"".join(parts)

    def places(self) -> list[tuple[Tree, int]]:
        """All fields, at any depth."""
        found = []
        for i, (_, _, value) in enumerate(self.fields):
            found.append((self, i))
            if isinstance(value, Tree):
                found += value.places()
        return found


NUMBERS = [0, 1, 2, 3, 7, 9, 14, 20, 100, 101, 127, 1 << 20, 1 << 31, (1 << 32) - 1, 1 << 40,
           (1 << 63) - 1, 1 << 63, (1 << 64) - 1, (1 << 64) - 2]
TEXTS = [b"", b"x", b"x:0", b"^x", b"y", b"loss", b"product:1", b"w", b"nothing", b"x:-1", b"/",
         b"_", b"T", b"dtype", b"shape", b"value", b"Const", b"VariableV2", b"Placeholder", b"NoOp",
         b"While", b"If", b"PyFunc", b"Switch", b"Merge", b"\xff", b"a" * 3000]


def inside_message(name: str, content: bytes, rng: random.Random) -> bytes | None:
    """A message with changed, lost, repeated and swapped fields, whose lengths are right."""
    if not name.endswith((".pb", ".meta")):
        return None
    tree = Tree(content)
    if not tree.fields:
        return None
    for _ in range(rng.choice((1, 1, 1, 2, 3, 6))):
        places = tree.places()
        if not places:
            break
        holder, at = rng.choice(places)
        number, kind, value = holder.fields[at]
        what = rng.randrange(7)
        if what == 0:
            del holder.fields[at]
        elif what == 1 and len(places) < 5000:
            holder.fields.insert(rng.randrange(len(holder.fields) + 1), [number, kind, value])
        elif what == 2:
            other, index = rng.choice([place for place in places
                                       if place[0].fields[place[1]][1] == kind])
            held = other.fields[index][2]  # a copy: a tree may not be part of itself
            holder.fields[at] = [number, kind, held.encode() if isinstance(held, Tree) else held]
        elif what == 3:
            holder.fields[at] = [rng.choice((1, 2, 3, 4, 5, 6, 7, 8, 10)), kind, value]
        elif kind == 0:
            holder.fields[at] = [number, kind, rng.choice(NUMBERS)]
        elif kind == 2 and not isinstance(value, Tree):
            holder.fields[at] = [number, kind, rng.choice(TEXTS) if rng.random() < 0.5 else
                                 damaged(value, rng, text=False)]
    return tree.encode()


def inside_text(name: str, content: bytes, rng: random.Random) -> bytes | None:
    """The text of a damaged message."""
    message = (tf.GraphDef if name == "graph.pbtxt" else tf.MetaGraphDef)()
    merge_text(content.decode(), message)
    changed = inside_message("x.pb", message.SerializeToString(), rng)
    try:
        return str(type(message).FromString(changed or b"")).encode()
    except (OpError, FlowgraphError, ValueError):
        return None


def inside_message_or_table(name: str, content: bytes, rng: random.Random) -> bytes | None:
    """A damaged message or index, whatever it is."""
    return (inside_table if name.endswith(".index") else inside_message)(name, content, rng)


def inside_records(name: str, content: bytes, rng: random.Random) -> bytes | None:
    """A TFRecord file with a damaged record whose checksum is right."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "f")
        Path(path).write_bytes(content)
        try:
            records = list(read_records(path))
        except OpError:  # a packed one
            return None
        at = rng.randrange(len(records))
        records[at] = (inside_message("event.pb", records[at], rng)
                       if name.endswith(".tfevents") and rng.random() < 0.7 else None
                       ) or damaged(records[at], rng, text=False)
        with RecordWriter(path) as writer:
            for record in records:
                writer.write(record)
        return Path(path).read_bytes()


def inside_table(name: str, content: bytes, rng: random.Random) -> bytes | None:
    """The index of a checkpoint with a damaged entry in blocks whose checksums are right."""
    if not name.endswith(".index"):
        return None
    with tempfile.TemporaryFile() as file:
        file.write(content)
        table = read_table(file, len(content))
    keys = sorted(table)
    key = rng.choice(keys)
    table[key] = damaged(table[key], rng, text=False)
    if rng.random() < 0.2:
        table[damaged(key, rng, text=False)] = table[key]
    return table_bytes(sorted(table.items()))
