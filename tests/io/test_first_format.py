"""Checkpoints of TensorFlow's first format are read: values, parts, files, damage."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.core import wire
from flowgraph.errors import DataLossError, InvalidArgumentError, NotFoundError, OpError
from flowgraph.io.checkpoints.bundle_entries import slice_key
from flowgraph.io.checkpoints.bundle_writer import write_bundle
from flowgraph.io.checkpoints.first_format import open_checkpoint
from flowgraph.io.checkpoints.table import read_table, table_bytes

FILES = Path(__file__).parent / "files"
WHOLE, PARTS = str(FILES / "first_whole"), str(FILES / "first_parts-?????-of-00002")
VALUES = {
    "v": np.arange(6, dtype=np.float32).reshape(2, 3), "step": np.int32(7),
    "texts": np.array([b"a", b"\0b", b""], object), "half": np.float16([1.5, -2]),
    "flags": np.array([True, False]), "complex": np.complex64([1 + 2j]),
    "bytes": np.int8([-3, 4]), "double": np.float64(2.5), "far": np.int64(-2**40),
    "parts": np.arange(10, dtype=np.float32).reshape(5, 2), "there": np.float32([8, 9])}


@pytest.mark.parametrize("path", [WHOLE, PARTS], ids=["whole", "parts"])
def test_what_tensorflow_wrote_is_read(path) -> None:
    reader = fg.train.load_checkpoint(path)
    assert reader.get_variable_to_shape_map() == {
        name: list(value.shape) for name, value in VALUES.items()}
    for name, value in VALUES.items():
        found = np.asarray(reader.get_tensor(name))
        assert found.dtype == value.dtype
        np.testing.assert_array_equal(found, value)
    assert fg.train.checkpoint_exists(path)


def test_parts_are_read_out_of_wholes_and_of_parts() -> None:
    reader = open_checkpoint(WHOLE)
    assert reader.read("parts", ((2, 2), None)).tolist() == [[4, 5], [6, 7]]
    assert reader.read("v", (None, (1, 2))).tolist() == [[1, 2], [4, 5]]
    with pytest.raises(InvalidArgumentError, match="not within"):
        reader.read("v", ((1, 2), None))


def test_a_graph_of_that_time_is_restored_from_it_and_saves_anew(tmp_path) -> None:
    saver = fg.train.import_meta_graph(WHOLE + ".meta")
    with (fg.Session() as sess,
          pytest.raises(fg.errors.InvalidArgumentError, match=r"^Cannot assign a device")):
        saver.restore(sess, WHOLE)  # it was made by a session of two CPUs
    with fg.Session(config=fg.ConfigProto(device_count={"CPU": 2})) as sess:
        saver.restore(sess, WHOLE)
        assert sess.run("step:0") == 7
        sess.run(fg.assign(fg.get_default_graph().get_tensor_by_name("step:0"), 8))
        path = saver.save(sess, str(tmp_path / "model"))
        assert fg.train.load_checkpoint(path).get_tensor("step") == 8
        saver.restore(sess, WHOLE)
        assert sess.run("step:0") == 7
        saver.restore(sess, path)
        assert sess.run("step:0") == 8


def message_of(tensors, parts):
    """A file's entries: what there is, and the parts."""
    def number(at, value):
        return wire.varint_field(at, value)

    def sizes(shape):
        return b"".join(wire.field(2, number(1, n)) for n in shape)

    def place(extents):
        return b"".join(wire.field(1, number(1, start) + number(2, length))
                        for start, length in extents)

    told = b"".join(wire.field(1, wire.field(1, name) + wire.field(2, sizes(shape))
                               + number(3, dtype) + wire.field(4, place(extents)))
                    for name, dtype, shape, extents in tensors)
    rows = [(b"", wire.field(1, told))]
    for name, extents, data in parts:
        rows.append((slice_key(name, extents), wire.field(2, wire.field(1, name) + wire.field(
            2, place(extents)) + wire.field(3, data))))
    return table_bytes(sorted(rows))


FLOATS = wire.field(5, np.float32([1, 2]).tobytes())
DAMAGED = {
    "no table": (b"x", "too short"),
    "other file": (b"x" * 100, "bad magic number"),
    "no list": (table_bytes([(b"a", b"")]), "no name|which tensors"),
    "missing": (message_of([(b"x", 1, (2,), ((0, 2),))], []), "0,2 of x is missing"),
    "outside": (message_of([(b"x", 1, (2,), ((0, 3),))], [(b"x", ((0, 3),), FLOATS)]),
                "not within"),
    "too few": (message_of([(b"x", 1, (3,), ((0, 3),))], [(b"x", ((0, 3),), FLOATS)]),
                "has 2 elements"),
    "cut off": (message_of([(b"x", 1, (2,), ((0, 2),))],
                           [(b"x", ((0, 2),), wire.field(5, b"abc"))]), "x: "),
    "huge": (message_of([(b"x", 1, (1 << 40,), ((0, 1 << 39),))],
                        [(b"x", ((0, 1 << 39),), FLOATS)]), "bytes, too few|holds"),
    "negative": (message_of([(b"x", 1, (-1,), ())], []), "cannot be a shape"),
}


@pytest.mark.parametrize(("content", "words"), DAMAGED.values(), ids=DAMAGED)
def test_damage_is_one_clear_error(tmp_path, content, words) -> None:
    (tmp_path / "m").write_bytes(content)
    with pytest.raises((DataLossError, InvalidArgumentError), match=words):
        open_checkpoint(str(tmp_path / "m")).read("x")


def test_a_name_of_no_file(tmp_path) -> None:
    for name in ("m", "m-?????-of-00002"):
        with pytest.raises(NotFoundError, match="no checkpoint of that name"):
            open_checkpoint(str(tmp_path / name))


def test_what_a_graph_of_that_time_saved_here_under_a_pattern_is_found(tmp_path) -> None:
    write_bundle(str(tmp_path / "m-00000-of-00001"), [("x", None, np.float32([1, 2]))])
    pattern = str(tmp_path / "m-?????-of-00001")
    assert open_checkpoint(pattern).read("x").tolist() == [1, 2]
    assert fg.train.checkpoint_exists(pattern)


def test_files_that_contradict_each_other(tmp_path) -> None:
    for i, shape in enumerate([(2,), (1, 2)]):
        extents = tuple((0, n) for n in shape)
        (tmp_path / f"m-0000{i}-of-00002").write_bytes(message_of(
            [(b"x", 1, shape, extents)], [(b"x", extents, FLOATS)]))
    with pytest.raises(DataLossError, match="another dtype or shape than before"):
        open_checkpoint(str(tmp_path / "m-?????-of-00002"))


def test_random_damage_behind_the_checksums_never_does_worse_than_an_error(tmp_path) -> None:
    rng, path = random.Random(0), tmp_path / "m"
    shutil.copy(WHOLE, path)
    with open(path, "rb") as file:
        rows = list(read_table(file, path.stat().st_size).items())
    failed = 0
    for _ in range(300):
        changed = [[key, bytearray(message)] for key, message in rows]
        message = rng.choice(changed)[1]
        place = rng.randrange(len(message))
        if rng.random() < 0.3:
            del message[place:]
        else:
            message[place] ^= 1 << rng.randrange(8)
        path.write_bytes(table_bytes([(key, bytes(message)) for key, message in changed]))
        try:
            reader = open_checkpoint(str(path))
            for name in reader.entries:
                reader.read(name)
        except OpError as error:
            failed += 1
            assert str(path) in str(error)
    assert failed > 150
