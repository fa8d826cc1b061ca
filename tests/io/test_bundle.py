"""Checkpoints on disk: TensorFlow's are read, ours are theirs byte for byte, damage is said."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from flowgraph.core.crc32c import masked_crc32c
from flowgraph.errors import (
    DataLossError,
    InvalidArgumentError,
    NotFoundError,
    OpError,
    PermissionDeniedError,
    UnimplementedError,
)
from flowgraph.io.checkpoints import bundle_writer
from flowgraph.io.checkpoints.bundle import BundleReader
from flowgraph.io.checkpoints.bundle_entries import (
    Entry,
    Header,
    parse_shape_and_slice,
    slice_key,
    slice_text,
)
from flowgraph.io.checkpoints.bundle_writer import write_bundle
from flowgraph.io.checkpoints.table import table_bytes

FILES = Path(__file__).parent / "files"
TABLE = np.arange(10, dtype=np.float32).reshape(5, 2)
WHOLE = {
    "weights": np.arange(6, dtype=np.float32).reshape(2, 3) / 4,
    "count": np.array(7, np.int64),
    "half": np.array([0.5, -2], np.float16),
    "flags": np.array([True, False, True]),
    "spectrum": np.array([1 + 2j, -3j], np.complex64),
    "words": np.array([b"one", b"", "\u00e9".encode() * 100], object),
    "nothing": np.zeros((0, 4), np.float32),
}
LOWER, UPPER = ((0, 3), (0, 2)), ((3, 2), (0, 2))


def write_whole(prefix) -> None:
    rows = [(name, None, WHOLE[name]) for name in sorted(WHOLE)]
    at = [name for name, _, _ in rows].index("weights")
    rows[at:at] = [("table", ((5, 2), LOWER), TABLE[:3]), ("table", ((5, 2), UPPER), TABLE[3:])]
    write_bundle(str(prefix), sorted(rows, key=lambda row: row[0]))


# ---- TensorFlow's --------------------------------------------------------------------------------


def test_a_checkpoint_of_tensorflow_is_read() -> None:
    reader = BundleReader(str(FILES / "tf_whole"))
    assert set(reader.entries) == {*WHOLE, "table"}
    for name, value in WHOLE.items():
        np.testing.assert_array_equal(reader.read(name), value)
        assert reader.read(name).dtype == value.dtype
    np.testing.assert_array_equal(reader.read("table"), TABLE)
    np.testing.assert_array_equal(reader.read("table", ((2, 2), (1, 1))), TABLE[2:4, 1:])
    np.testing.assert_array_equal(reader.read("weights", (None, (1, 2))), WHOLE["weights"][:, 1:])


def test_a_checkpoint_in_several_files_is_read() -> None:
    reader = BundleReader(str(FILES / "tf_sharded"))
    assert reader.header.num_shards == 2
    assert reader.read("first").tolist() == [1, 2] and reader.read("second").tolist() == [3, 4]


def test_what_is_written_is_what_tensorflow_writes(tmp_path) -> None:
    write_whole(tmp_path / "ours")
    for end in (".index", ".data-00000-of-00001"):
        assert (tmp_path / f"ours{end}").read_bytes() == (FILES / f"tf_whole{end}").read_bytes()
    assert len(os.listdir(tmp_path)) == 2


def test_numbers_with_their_high_bytes_first_are_read(tmp_path) -> None:
    data = np.array([1, 2, 3], ">i4").tobytes()
    entry = Entry(3, (3,), 0, 0, len(data), masked_crc32c(data))
    header = Header(1).encode() + b"\x10\x01"
    (tmp_path / "m.index").write_bytes(table_bytes([(b"", header), (b"x", entry.encode())]))
    (tmp_path / "m.data-00000-of-00001").write_bytes(data)
    assert BundleReader(str(tmp_path / "m")).read("x").tolist() == [1, 2, 3]


# ---- parts ---------------------------------------------------------------------------------------


def test_keys_of_parts_are_those_of_tensorflow() -> None:
    assert slice_key(b"p", ((0, 3), (0, 2))) == b"\x00p\x00\x01\x01\x02\x80\x83\x80\x82"
    assert slice_key(b"p", (None,)) == b"\x00p\x00\x01\x01\x01\x80\x7f"
    assert slice_key(b"\x00\xff", ()) == b"\x00\x00\xff\xff\x00\x00\x01\x00"
    assert slice_key(b"", ((64, 8192),)) == b"\x00\x00\x01\x01\x01\xc0\x40\xe0\x20\x00"
    assert slice_key(b"", ((2**62, -65),))[5:] == (
        b"\xff\xc0\x40" + bytes(7) + b"\x3f\xbf")


def test_text_of_parts() -> None:
    shape, part = parse_shape_and_slice("5 2 3,2:-")
    assert (shape, part) == ((5, 2), ((3, 2), None)) and slice_text(part) == "3,2:-"
    for bad in ("", "5", "5 2", "5 0,6", "5 0,0", "5 -1,2", "5 2 0,1", "x 0,1", "5 0,1:0,1"):
        with pytest.raises(ValueError, match=r"sizes and a part|within|axes"):
            parse_shape_and_slice(bad)


@pytest.mark.parametrize(("parts", "kind", "words"), [
    ([LOWER], InvalidArgumentError, "6 of the 10"),
    ([LOWER, ((2, 3), (0, 2))], InvalidArgumentError, "overlap"),
    ([LOWER, ((0, 2), (0, 2))], DataLossError, "overlap"),
    ([LOWER, ((3, 9), (0, 2))], DataLossError, "not within"),
    ([LOWER, ((3, 2),)], DataLossError, "axes"),
], ids=["missing", "too_many", "twice", "outside", "rank"])
def test_parts_that_do_not_make_up_the_whole(tmp_path, parts, kind, words) -> None:
    write_bundle(str(tmp_path / "m"), [(f"p{i}", None, np.zeros((n, 2), np.float32))
                                       for i, n in enumerate((3, 2, 3))])
    good = BundleReader(str(tmp_path / "m"))
    rows = {b"": Header(1).encode(), b"t": Entry(1, (5, 2), slices=tuple(parts)).encode()}
    for part in parts:
        rows[slice_key(b"t", part)] = good.entries[f"p{part[0][1] == 2:d}"].encode()
    (tmp_path / "m.index").write_bytes(table_bytes(sorted(rows.items())))
    with pytest.raises(kind, match=words):
        BundleReader(str(tmp_path / "m")).read("t")


def test_parts_of_different_wholes_are_not_written(tmp_path) -> None:
    with pytest.raises(InvalidArgumentError, match="do not go together"):
        write_bundle(str(tmp_path / "m"), [("t", ((5, 2), LOWER), TABLE[:3]),
                                           ("t", ((6, 2), UPPER), TABLE[3:])])
    assert os.listdir(tmp_path) == []


# ---- mistakes and damage -------------------------------------------------------------------------


def test_names_that_are_no_checkpoint() -> None:
    with pytest.raises(NotFoundError, match="no/such"):
        BundleReader("/no/such")
    for end in (".index", ".data-00000-of-00001"):
        with pytest.raises(NotFoundError, match=r"Leave out the end of the name: \S*tf_whole$"):
            BundleReader(str(FILES / f"tf_whole{end}"))
    with pytest.raises(InvalidArgumentError, match="zero byte"):
        BundleReader("a\0b")
    with pytest.raises(NotFoundError, match="Key nope not found"):
        BundleReader(str(FILES / "tf_whole")).read("nope")


@pytest.fixture
def copied(tmp_path) -> str:
    for file in FILES.glob("tf_whole*"):
        shutil.copy(file, tmp_path / file.name.replace("tf_whole", "m"))
    return str(tmp_path / "m")


def test_a_data_file_that_is_missing_cut_or_changed(copied) -> None:
    path = Path(copied + ".data-00000-of-00001")
    data = path.read_bytes()
    path.write_bytes(data[:-1])
    with pytest.raises(DataLossError, match=r"data-00000-of-00001.*bytes long, but words reaches"):
        BundleReader(copied).read("words")
    path.write_bytes(bytes([data[0] ^ 1]) + data[1:])
    with pytest.raises(DataLossError, match=r"data-00000-of-00001.*checksum of count"):
        BundleReader(copied).read("count")
    path.unlink()
    with pytest.raises(NotFoundError, match="data-00000-of-00001"):
        BundleReader(copied).read("words")


@pytest.mark.parametrize(("entry", "words"), [
    (Entry(1, (1 << 40,), 0, 0, 1 << 42), "reaches to"), (Entry(1, (3,), 0, 0, 8), "too few"),
    (Entry(7, (1 << 50,), 0, 0, 20), "too few"), (Entry(1, (1,), 5, 0, 4), "file 5 of 1"),
    (Entry(1, (1,), 0, 1 << 62, 4), "reaches to"),
    (Entry(1, (1 << 40,), slices=(((0, 1 << 40),),)), "part 0,1099511627776 of x is missing"),
], ids=["size", "shape", "strings", "shard", "offset", "parts"])
def test_an_index_that_lies_about_sizes_takes_no_memory(copied, entry, words) -> None:
    Path(copied + ".index").write_bytes(
        table_bytes([(b"", Header(1).encode()), (b"x", entry.encode())]))
    with pytest.raises(DataLossError, match=words):
        BundleReader(copied).read("x")


@pytest.mark.parametrize(("rows", "kind", "words"), [
    ([], DataLossError, "no header"), ([(b"", b"\xff")], DataLossError, "cut off"),
    ([(b"", Header(1).encode() + b"\x1a\x02\x10\x09")], InvalidArgumentError, "newer"),
    ([(b"", Header(1).encode() + b"\x1a\x02\x18\x01")], InvalidArgumentError, "newer"),
    ([(b"", b""), (b"x", Entry(1, (1 << 59,)).encode())], DataLossError, "cannot be a shape"),
    ([(b"", b""), (b"x", Entry(1, (1,) * 65).encode())], DataLossError, "65 sizes"),
    ([(b"", b""), (b"x", Entry(1, (-1,)).encode())], DataLossError, "cannot be a shape"),
    ([(b"", b""), (b"x", Entry(1, (1,), 0, -4, 4).encode())], DataLossError, "negative"),
], ids=["none", "header", "newer", "bad_consumer", "size", "rank", "negative", "offset"])
def test_an_index_of_damaged_messages(copied, rows, kind, words) -> None:
    Path(copied + ".index").write_bytes(table_bytes(rows))
    with pytest.raises(kind, match=words):
        BundleReader(copied)


def test_a_dtype_that_is_not_offered_is_named(copied) -> None:
    Path(copied + ".index").write_bytes(table_bytes(
        [(b"", Header(1).encode()), (b"x", Entry(14, (1,), 0, 0, 2).encode())]))
    with pytest.raises(UnimplementedError, match="bfloat16"):
        BundleReader(copied).read("x")


def test_random_damage_never_does_worse_than_an_error(copied) -> None:
    rng = random.Random(0)
    paths = [Path(copied + end) for end in (".index", ".data-00000-of-00001")]
    whole = [path.read_bytes() for path in paths]
    failed = 0
    for _ in range(400):
        at = rng.randrange(2)
        data = bytearray(whole[at])
        place = rng.randrange(len(data))
        if rng.random() < 0.3:
            del data[place:]
        else:
            data[place] ^= 1 << rng.randrange(8)
        paths[at].write_bytes(data)
        paths[1 - at].write_bytes(whole[1 - at])
        try:
            reader = BundleReader(copied)
            found = {name: reader.read(name) for name in reader.entries}
        except OpError as error:
            failed += 1
            assert copied in str(error)
        else:  # what is read is right: the byte was padding
            assert all(np.array_equal(found[name], value) for name, value in WHOLE.items())
    assert failed > 350


# ---- durability ----------------------------------------------------------------------------------


def test_saving_over_a_checkpoint_replaces_it(tmp_path) -> None:
    prefix = str(tmp_path / "m")
    for value in range(4):
        write_bundle(prefix, [("x", None, np.full(10, value))])
        assert BundleReader(prefix).read("x").tolist() == [value] * 10
        assert sorted(os.listdir(tmp_path)) == ["m.data-00000-of-00001", "m.index"]


def test_where_files_cannot_have_two_names_the_number_of_files_alternates(
        tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(bundle_writer, "_link", lambda path, name: False)
    prefix, seen = str(tmp_path / "m"), []
    for value in range(4):
        write_bundle(prefix, [("x", None, np.full(10, value))])
        assert BundleReader(prefix).read("x").tolist() == [value] * 10
        seen.append(sorted(os.listdir(tmp_path))[0])
    assert seen == ["m.data-00000-of-00001", "m.data-00000-of-00002"] * 2


@pytest.mark.parametrize("call", ["fsync", "replace", "link"])
@pytest.mark.parametrize("count", range(6))
def test_a_failure_at_any_step_leaves_a_whole_checkpoint(tmp_path, monkeypatch, call,
                                                         count) -> None:
    prefix = str(tmp_path / "m")
    write_bundle(prefix, [("x", None, np.zeros(10))])
    calls, true = [], getattr(os, call)

    def failing(*args):
        calls.append(args)
        if len(calls) > count:
            raise OSError(28, "No space left on device")
        return true(*args)

    with monkeypatch.context() as patch:
        patch.setattr(os, call, failing)
        try:
            write_bundle(prefix, [("x", None, np.ones(10))])
        except OpError as error:
            assert "No space left" in str(error)
    assert BundleReader(prefix).read("x").tolist() in ([0] * 10, [1] * 10)
    assert not [name for name in os.listdir(tmp_path) if "tempstate" in name]
    write_bundle(prefix, [("x", None, np.full(10, 2))])
    assert BundleReader(prefix).read("x").tolist() == [2] * 10
    assert sorted(os.listdir(tmp_path)) == ["m.data-00000-of-00001", "m.index"]


def test_leftovers_of_killed_programs_are_removed_when_they_are_old(tmp_path) -> None:
    names = [f"m.{end}.tempstate{i}" for end in ("index", "data-00000-of-00001") for i in range(2)]
    for name in names:
        (tmp_path / name).write_bytes(b"x")
    for name in names[::2]:
        os.utime(tmp_path / name, (1, 1))
    write_bundle(str(tmp_path / "m"), [("x", None, np.zeros(1))])
    assert {name for name in os.listdir(tmp_path) if "temp" in name} == set(names[1::2])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_to(tmp_path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(PermissionDeniedError, match=str(tmp_path)):
        write_bundle(str(tmp_path / "m"), [("x", None, np.zeros(1))])


KILLED = """
import sys
import numpy as np
from flowgraph.io.checkpoints.bundle_writer import write_bundle
print("ready", flush=True)
value = int(sys.argv[2])
while True:
    value += 1
    write_bundle(sys.argv[1], [("x", None, np.full(20_000, value)), ("y", None, np.array(value))])
    print(value, flush=True)
"""


def test_a_program_killed_while_it_saves_leaves_a_whole_checkpoint(tmp_path) -> None:
    prefix, value, rng = str(tmp_path / "m"), 0, random.Random(0)
    write_bundle(prefix, [("x", None, np.full(20_000, 0)), ("y", None, np.array(0))])
    for life in range(6):
        with subprocess.Popen([sys.executable, "-c", KILLED, prefix, str(value)], text=True,
                              stdout=subprocess.PIPE) as process:
            assert process.stdout.readline() == "ready\n"
            first = process.stdout.readline() if life % 2 else ""  # half of them have saved once
            time.sleep(rng.uniform(0.005, 0.15))
            process.send_signal(signal.SIGKILL)
            told = [int(line) for line in (first + process.stdout.read()).split()]
        reader = BundleReader(prefix)
        found = int(reader.read("y"))
        assert (reader.read("x") == found).all()
        assert max([value, *told]) <= found <= max([value, *told]) + 1
        value = found
    assert value > 0
