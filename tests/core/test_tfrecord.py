"""TFRecord files: what is written is read, what is damaged is told; TensorFlow's own files."""

from __future__ import annotations

import gzip
import itertools
import os
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flowgraph.core.tfrecord import RecordWriter, read_records
from flowgraph.errors import (
    DataLossError,
    FailedPreconditionError,
    InvalidArgumentError,
    NotFoundError,
)

RECORDS = [b"", b"a", bytes(range(256)) * 5, b"x" * 300_000, b"", b"end"]
PACKINGS = ["", "ZLIB", "GZIP"]


def written(path, records=RECORDS, compression="") -> bytes:
    with RecordWriter(path, compression) as writer:
        for record in records:
            writer.write(record)
    return path.read_bytes()


@pytest.mark.parametrize("compression", [None, *PACKINGS], ids=["None", "none", "zlib", "gzip"])
def test_what_is_written_is_read(tmp_path, compression) -> None:
    written(tmp_path / "f", RECORDS, compression)
    assert list(read_records(tmp_path / "f", compression)) == RECORDS


def test_the_bytes_are_those_of_the_format(tmp_path) -> None:
    assert written(tmp_path / "f", [b"abc"]).hex() == (
        "0300000000000000" "b099490e" "616263" "6e57f121")


@pytest.mark.parametrize("compression", PACKINGS)
def test_many_small_records(tmp_path, compression) -> None:
    sizes = np.random.default_rng(0).integers(0, 3000, 2000)
    records = [os.urandom(size) for size in sizes]
    written(tmp_path / "f", records, compression)
    assert list(read_records(tmp_path / "f", compression)) == records


def test_text_is_written_as_utf8_and_arrays_as_their_bytes(tmp_path) -> None:
    written(tmp_path / "f", ["é", np.arange(2, dtype="<i2"), bytearray(b"b")])
    assert list(read_records(str(tmp_path / "f").encode())) == [b"\xc3\xa9", b"\0\0\1\0", b"b"]


@pytest.mark.parametrize("compression", PACKINGS)
def test_flushed_records_are_seen_before_the_file_is_closed(tmp_path, compression) -> None:
    with RecordWriter(tmp_path / "f", compression) as writer:
        writer.write(b"first")
        writer.flush()
        assert list(read_records(tmp_path / "f", compression)) == [b"first"]
        writer.write(b"second")
    assert list(read_records(tmp_path / "f", compression)) == [b"first", b"second"]


def test_reading_starts_at_an_offset(tmp_path) -> None:
    for compression in PACKINGS:
        written(tmp_path / "f", RECORDS, compression)
        for count, offset in enumerate(itertools.accumulate(
                [len(record) + 16 for record in RECORDS], initial=0)):
            assert list(read_records(tmp_path / "f", compression, offset)) == RECORDS[count:]


def test_a_file_that_packs_several_files_is_all_of_them(tmp_path) -> None:
    (tmp_path / "f").write_bytes(written(tmp_path / "f", [b"one"], "GZIP")
                                 + written(tmp_path / "f", [b"two"], "GZIP"))
    assert list(read_records(tmp_path / "f", "GZIP")) == [b"one", b"two"]


# ---- damage --------------------------------------------------------------------------------------


def test_every_changed_byte_is_noticed(tmp_path) -> None:
    text = written(tmp_path / "f", [b"first", b"second"])
    for at in range(len(text)):
        (tmp_path / "f").write_bytes(text[:at] + bytes([text[at] ^ 64]) + text[at + 1:])
        start = 0 if at < 21 else 21
        with pytest.raises(DataLossError, match=rf"f: (corrupted|truncated) record at {start}: "):
            list(read_records(tmp_path / "f"))


def test_every_cut_but_those_between_records_is_noticed(tmp_path) -> None:
    text = written(tmp_path / "f", [b"first", b"second"])
    for at in range(len(text)):
        (tmp_path / "f").write_bytes(text[:at])
        if at in (0, 21):
            assert len(list(read_records(tmp_path / "f"))) == at // 21
        else:
            with pytest.raises(DataLossError, match=r"truncated record at (0|21): the file ends"):
                list(read_records(tmp_path / "f"))


def test_the_records_before_the_damage_are_given_out(tmp_path) -> None:
    text = written(tmp_path / "f", [b"first", b"second"])
    (tmp_path / "f").write_bytes(text[:-1])
    records = read_records(tmp_path / "f")
    assert next(records) == b"first"
    with pytest.raises(DataLossError, match="6 bytes of a record of 6"):
        next(records)


def test_a_record_that_claims_to_be_endless_takes_no_memory(tmp_path) -> None:
    from flowgraph.core.tfrecord import _header
    (tmp_path / "f").write_bytes(_header(1 << 62) + b"short")
    with pytest.raises(DataLossError, match="5 bytes of a record of 4611686018427387904"):
        list(read_records(tmp_path / "f"))


@pytest.mark.parametrize("compression", ["ZLIB", "GZIP"])
def test_damage_inside_of_a_packed_file_is_noticed(tmp_path, compression) -> None:
    text = written(tmp_path / "f", [os.urandom(2000)], compression)
    for damaged in (text[:-40], text[:900] + bytes([text[900] ^ 1]) + text[901:], b"no" + text):
        (tmp_path / "f").write_bytes(damaged)
        with pytest.raises(DataLossError):
            list(read_records(tmp_path / "f", compression))


@pytest.mark.parametrize(("pack", "name"), [(gzip.compress, "GZIP"), (zlib.compress, "ZLIB")])
def test_a_packed_file_read_as_if_it_were_not_tells_how_to_read_it(tmp_path, pack, name) -> None:
    (tmp_path / "f").write_bytes(pack(written(tmp_path / "f")))
    with pytest.raises(DataLossError, match=f"looks packed: read it with compression '{name}'"):
        list(read_records(tmp_path / "f"))


def test_what_is_no_bytes_is_refused(tmp_path) -> None:
    with RecordWriter(tmp_path / "f") as writer:
        wrong: list[Any] = [3, None, object()]
        for record in wrong:
            with pytest.raises(TypeError, match=r"(?s)test_tfrecord.*a record is bytes, got .*"
                               r"message\.SerializeToString"):
                writer.write(record)


def test_wrong_uses() -> None:
    with pytest.raises(NotFoundError, match="/no/such/file; No such file"):
        list(read_records("/no/such/file"))
    with pytest.raises(NotFoundError):
        RecordWriter("/no/such/file")
    with pytest.raises(FailedPreconditionError, match="Is a directory"):
        list(read_records("/"))
    with pytest.raises(InvalidArgumentError, match="null byte"):
        list(read_records("a\0b"))
    with pytest.raises(InvalidArgumentError, match="'BZIP'"):
        list(read_records("f", "BZIP"))
    with pytest.raises(InvalidArgumentError, match="zlib does not take"):
        RecordWriter("f", "GZIP", level=77)


def test_a_closed_writer_says_so(tmp_path) -> None:
    writer = RecordWriter(tmp_path / "f")
    writer.close()
    writer.close()
    with pytest.raises(FailedPreconditionError, match="the writer is closed"):
        writer.write(b"late")
    with pytest.raises(FailedPreconditionError, match="the writer is closed"):
        writer.flush()


FROM_TENSORFLOW = sorted((Path(__file__).parent / "data").glob("*.tfrecord*"))


@pytest.mark.parametrize("file", FROM_TENSORFLOW, ids=lambda file: file.name)
def test_files_of_tensorflow_are_read(file) -> None:
    compression = {".gz": "GZIP", ".z": "ZLIB"}.get(file.suffix, "")
    assert list(read_records(file, compression)) == [b"", b"one", bytes(range(256)) * 8]
