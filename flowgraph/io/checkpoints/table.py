"""Tables: sorted pairs of keys and values in a file, in the format of LevelDB.

    block, block, ..., an empty block, index block, footer

A block holds entries, each of which leaves out what its key shares with the key before,

    varint shared, varint length of the rest, varint length of the value, rest of the key, value

and ends in the places of its *restart points*, entries whose keys stand whole, and their number.
After it come a byte (0, or 1 if the block is compressed with Snappy) and a masked checksum. The
index block holds one entry per block: a key not before its last one, and its place and length. The
footer holds the places of the empty block and the index, and a number that marks such files.

What is read may be damaged or made to do harm: every place and length is checked before it is used,
and the keys of a file may not grow out of proportion to it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import Any

from flowgraph.core.crc32c import masked_crc32c
from flowgraph.core.wire import read_varint, varint
from flowgraph.io.checkpoints.snappy import decompress

Place = tuple[int, int]  # (start, length) in the file

_MAGIC = struct.pack("<Q", 0xDB4775248B80FB57)
_FOOTER = 48
_TRAILER = 5
_BLOCK_SIZE = 1 << 18  # a block is closed when it is that long
_RESTART_EVERY = 16
_PLAIN, _SNAPPY = 0, 1
_KEYS_PER_BYTE, _KEYS_AT_LEAST = 64, 1 << 20  # how long all keys may be, against the file


class TableError(ValueError):
    """A file is no table, or a damaged one."""


# ---- writing -------------------------------------------------------------------------------------


def table_bytes(entries: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The bytes of a table.

    Args:
        entries: (key, value), the keys in ascending order, each one once.
    """
    file, index = bytearray(), []
    block: list[tuple[bytes, bytes]] = []
    size = 0
    for key, value in entries:
        if block and (size >= _BLOCK_SIZE or len(key) + len(value) >= 2 * _BLOCK_SIZE):
            index.append((_separator(block[-1][0], key), _append(file, _block(block))))
            block, size = [], 0
        shared = _shared(block[-1][0], key) if block and len(block) % _RESTART_EVERY else 0
        block.append((key, value))
        size += len(key) - shared + len(value) + 3
    if block:
        index.append((_successor(block[-1][0]), _append(file, _block(block))))
    empty = _append(file, _block([]))
    places = empty + _append(file, _block(index, restart_every=1))
    return bytes(file) + places.ljust(_FOOTER - len(_MAGIC), b"\0") + _MAGIC


def _block(entries: list[tuple[bytes, bytes]], restart_every: int = _RESTART_EVERY) -> bytes:
    block, restarts, last = bytearray(), [0], b""
    for i, (key, value) in enumerate(entries):
        shared = 0
        if i % restart_every:
            shared = _shared(last, key)
        elif i:
            restarts.append(len(block))
        block += varint(shared) + varint(len(key) - shared) + varint(len(value))
        block += key[shared:] + value
        last = key
    return bytes(block) + struct.pack(f"<{len(restarts) + 1}I", *restarts, len(restarts))


def _append(file: bytearray, block: bytes) -> bytes:
    """Puts a block into the file; its place and length, as the index holds them."""
    place = varint(len(file)) + varint(len(block))
    kind = bytes([_PLAIN])
    file += block + kind + struct.pack("<I", masked_crc32c(block + kind))
    return place


def _shared(one: bytes, other: bytes) -> int:
    """How many bytes two keys begin with in common."""
    most = min(len(one), len(other))
    return next((i for i in range(most) if one[i] != other[i]), most)


def _separator(last: bytes, following: bytes) -> bytes:
    """A short key that is not before `last` and is before `following`."""
    at = _shared(last, following)
    if at < min(len(last), len(following)) and last[at] < 255 and last[at] + 1 < following[at]:
        return last[:at] + bytes([last[at] + 1])
    return last


def _successor(last: bytes) -> bytes:
    """A short key after `last`."""
    for i, byte in enumerate(last):
        if byte != 255:
            return last[:i] + bytes([byte + 1])
    return last


# ---- reading -------------------------------------------------------------------------------------


def read_table(file: Any, size: int) -> dict[bytes, bytes]:
    """The entries of a table, in the order of their keys.

    Args:
        file: a file opened for reading bytes.
        size: its length.

    Raises:
        ValueError: it is no table, or a damaged one; the text says what is wrong.
    """
    entries: dict[bytes, bytes] = {}
    for _, block in read_blocks(file, size):
        entries.update(block)
    return entries


def read_blocks(file: Any, size: int) -> Iterator[tuple[Place, dict[bytes, bytes]]]:
    """The blocks of a table one after the other: where each is, and its entries.

    Args:
        file: a file opened for reading bytes.
        size: its length.

    Raises:
        ValueError: it is no table, or a damaged one; the text says what is wrong.
    """
    if size < _FOOTER:
        raise TableError(f"it is {size} bytes long, too short for an index of a checkpoint")
    footer = _bytes_at(file, size - _FOOTER, _FOOTER)
    if footer[-len(_MAGIC):] != _MAGIC:
        raise TableError("it does not end as the index of a checkpoint does (bad magic number)")
    _, at = _place(footer, 0)
    (start, length), _ = _place(footer, at)
    end = size - _FOOTER
    budget = _KEYS_PER_BYTE * size + _KEYS_AT_LEAST
    index = [place for _, place in _entries(_read_block(file, start, length, end), budget)]
    last, done = b"", 0
    first = True
    for place in index:
        (start, length), _ = _place(place, 0)
        if start < done:
            raise TableError("its blocks overlap")
        block = _read_block(file, start, length, end)
        done = start + length + _TRAILER
        entries = {}
        for key, value in _entries(block, budget):
            if not first and key <= last:
                raise TableError("its keys are not in order")
            first = False
            budget -= len(key)
            entries[key] = value
            last = key
        yield (start, length), entries


def read_block(file: Any, place: Place) -> dict[bytes, bytes]:
    """The entries of one block again.

    Args:
        file: a file opened for reading bytes.
        place: where the block is, as `read_blocks` gave it.

    Raises:
        ValueError: the file has changed since.
    """
    start, length = place
    block = _read_block(file, start, length, start + length + _TRAILER)
    return dict(_entries(block, _KEYS_PER_BYTE * len(block) + _KEYS_AT_LEAST))


def _bytes_at(file: Any, start: int, length: int) -> bytes:
    file.seek(start)
    data = file.read(length)
    if len(data) != length:
        raise TableError("it became shorter while it was read")
    return data


def _place(data: bytes, at: int) -> tuple[Place, int]:
    start, at = read_varint(data, at)
    length, at = read_varint(data, at)
    return (start, length), at


def _read_block(file: Any, start: int, length: int, end: int) -> bytes:
    if start + length + _TRAILER > end:
        raise TableError(f"a block reaches beyond its end (at {start}, {length} bytes long)")
    data = _bytes_at(file, start, length + _TRAILER)
    kind, (crc,) = data[length], struct.unpack("<I", data[-4:])
    if masked_crc32c(data[:length + 1]) != crc:
        raise TableError(f"the checksum of the block at {start} does not match")
    if kind == _PLAIN:
        return data[:length]
    if kind != _SNAPPY:
        raise TableError(f"the block at {start} is of the unknown kind {kind}")
    return decompress(data[:length])


def _entries(block: bytes, budget: int) -> Iterator[tuple[bytes, bytes]]:
    """The keys and values of a block; `budget` says how long its keys together may be."""
    if len(block) < 4:
        raise TableError("a block is too short")
    (restarts,) = struct.unpack("<I", block[-4:])
    end = len(block) - 4 * (restarts + 1)
    if end < 0:
        raise TableError("a block is too short for its restart points")
    at, key = 0, b""
    while at < end:
        shared, at = read_varint(block, at)
        rest, at = read_varint(block, at)
        length, at = read_varint(block, at)
        if shared > len(key) or at + rest + length > end:
            raise TableError("an entry reaches beyond its block")
        budget -= shared + rest
        if budget < 0:
            raise TableError("its keys are longer than a file of its size can hold")
        key = key[:shared] + block[at:at + rest]
        at += rest
        yield key, block[at:at + length]
        at += length
