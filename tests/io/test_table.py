"""Tables in LevelDB's format: written and read, damaged, and made to do harm."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import pytest

from flowgraph.core.crc32c import masked_crc32c
from flowgraph.core.wire import varint
from flowgraph.io.checkpoints import table as table_module
from flowgraph.io.checkpoints.snappy import decompress
from flowgraph.io.checkpoints.table import TableError, read_table, table_bytes

MAGIC = struct.pack("<Q", 0xDB4775248B80FB57)


def read(data: bytes) -> dict[bytes, bytes]:
    return read_table(io.BytesIO(data), len(data))


def block_of(content: bytes, kind: int = 0) -> bytes:
    """A block with its trailer."""
    tail = bytes([kind])
    return content + tail + struct.pack("<I", masked_crc32c(content + tail))


def file_of(*blocks: bytes, index: list[tuple[bytes, bytes]]) -> bytes:
    """A table of blocks that are given whole, with this index."""
    file = b"".join(blocks)
    start = len(file)
    content = table_module._block(index, restart_every=1)
    places = varint(0) + varint(0) + varint(start) + varint(len(content))
    return file + block_of(content) + places.ljust(40, b"\0") + MAGIC


@pytest.mark.parametrize("rows", [
    [], [(b"", b"header")], [(b"", b"h"), (b"a", b""), (b"ab", b"1"), (b"abc", b"2" * 1000)],
    [(b"k%05d" % i, b"v" * (i % 50)) for i in range(1000)],
    [(b"long/%05d" % i, bytes(100)) for i in range(6000)],
    [(b"a", bytes(600_000)), (b"b", b""), (b"c", bytes(600_000)), (b"\xff\xff", b"")],
], ids=["none", "header", "prefixes", "many", "blocks", "large"])
def test_what_is_written_is_read(rows) -> None:
    assert list(read(table_bytes(rows)).items()) == rows


@pytest.mark.parametrize("name", ["tf_whole", "tf_sharded", "tf_objects"])
def test_the_bytes_are_those_of_tensorflow(name) -> None:
    data = (Path(__file__).parent / "files" / f"{name}.index").read_bytes()
    assert table_bytes(read(data).items()) == data


def test_a_block_may_be_compressed() -> None:
    block = table_module._block([(b"a", b"1"), (b"b", b"2" * 100)])
    pieces = varint(len(block)) + bytes([(len(block) - 1) << 2 if len(block) <= 60 else 61 << 2])
    pieces += b"" if len(block) <= 60 else struct.pack("<H", len(block) - 1)
    compressed = pieces + block
    file = file_of(block_of(compressed, 1), index=[(b"c", varint(0) + varint(len(compressed)))])
    assert read(file) == {b"a": b"1", b"b": b"2" * 100}


@pytest.mark.parametrize(("compressed", "expected"), [
    (b"\x00", b""), (b"\x03\x08abc", b"abc"), (b"\x0a\x00a\x15\x01", b"a" * 10),
    (b"\x09\x04ab" b"\x1a\x02\x00", b"ab" * 4 + b"a"),
    (b"\x05\x00a\x0f\x01\x00\x00\x00", b"aaaaa"),
], ids=["nothing", "plain", "one_byte", "two_bytes", "four_bytes"])
def test_snappy_pieces(compressed, expected) -> None:
    assert decompress(compressed) == expected


@pytest.mark.parametrize("compressed", [
    b"", b"\x05", b"\x03\x08ab", b"\x02\x08abc", b"\x05\x00a\x15\x02", b"\x05\x00a\x15\x00",
    b"\xff\xff\xff\xff\x0f\x00a", b"\x01\xf0", b"\x05\x00a\x0f\x01\x00"])
def test_damaged_snappy_is_refused(compressed) -> None:
    with pytest.raises(ValueError, match=r"cut off|longer|shorter|more|before"):
        decompress(compressed)


BLOCK = table_module._block([(b"a", b"1")])
PLACE = varint(0) + varint(len(BLOCK))


@pytest.mark.parametrize(("data", "words"), [
    (b"", "too short"), (b"x" * 100, "magic"), (table_bytes([(b"a", b"b")])[:-1], "magic"),
    (file_of(block_of(BLOCK), index=[(b"a", varint(0) + varint(1 << 40))]), "beyond"),
    (file_of(block_of(BLOCK), index=[(b"a", varint(1 << 60) + varint(3))]), "beyond"),
    (file_of(block_of(BLOCK)[:-1] + b"?", index=[(b"a", PLACE)]), "checksum"),
    (file_of(block_of(BLOCK, 7), index=[(b"a", PLACE)]), "unknown kind"),
    (file_of(block_of(BLOCK), index=[(b"a", PLACE), (b"b", PLACE)]), "overlap"),
    (file_of(block_of(b"ab"), index=[(b"a", varint(0) + varint(2))]), "too short"),
    (file_of(block_of(struct.pack("<I", 1 << 31)), index=[(b"a", varint(0) + varint(4))]),
     "restart"),
    (file_of(block_of(b"\x05\x01\x00a" + BLOCK[-8:]), index=[(b"a", varint(0) + varint(12))]),
     "beyond its block"),
    (file_of(block_of(table_module._block([(b"b", b""), (b"a", b"")])),
             index=[(b"z", varint(0) + varint(
                 len(table_module._block([(b"b", b""), (b"a", b"")]))))]), "order"),
], ids=["empty", "foreign", "cut", "length", "place", "checksum", "kind", "cycle", "short",
        "restarts", "shared", "order"])
def test_damage_is_said(data, words) -> None:
    with pytest.raises(ValueError, match=words):
        read(data)


def test_keys_cannot_outgrow_the_file() -> None:
    key, rows = bytes(5_000), bytearray(varint(0) + varint(5_000) + varint(0) + bytes(5_000))
    for i in range(20_000):  # each is one byte longer than the one before, and shares all of it
        rows += varint(len(key) + i) + varint(1) + varint(0) + b"\1"
    block = bytes(rows) + struct.pack("<II", 0, 1)
    with pytest.raises(TableError, match="longer than a file"):
        read(file_of(block_of(block), index=[(b"z", varint(0) + varint(len(block)))]))
