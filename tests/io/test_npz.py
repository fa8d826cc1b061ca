"""`.npz` files: NumPy reads what is written, what NumPy writes is read, damage is told."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest

from flowgraph.core import dtypes as dt
from flowgraph.errors import (
    DataLossError,
    InvalidArgumentError,
    NotFoundError,
    OpError,
    UnimplementedError,
)
from flowgraph.io.checkpoints.npz import NpzReader, write_npz

ARRAYS = {
    "scope/w": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.array(True),
    "empty": np.zeros((0, 3), np.int64), "c": np.array([1 + 2j], np.complex64),
    "half": np.float16([1, 2]),
    "text": np.array([[b"a\0"], [b""]], object), "one": np.array(b"x\0\0", object),
    "none": np.empty((2, 0), object),
}


@pytest.fixture
def path(tmp_path) -> str:
    write_npz(str(tmp_path / "f.npz"), ARRAYS)
    return str(tmp_path / "f.npz")


def test_what_is_written_is_read(path) -> None:
    reader = NpzReader(path)
    assert reader.entries.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        found = reader.read(name)
        assert (found.dtype, found.shape) == (array.dtype, array.shape)
        np.testing.assert_array_equal(found, array)
        assert reader.entry(name).shape == array.shape
        assert reader.dtype(name) == (dt.string if array.dtype == object
                                      else dt.of_numpy(array.dtype))


def test_numpy_reads_it_without_pickle(path) -> None:
    with np.load(path, allow_pickle=False) as found:
        for name, array in ARRAYS.items():
            if array.dtype != object:
                np.testing.assert_array_equal(found[name], array)
        assert found["text"].tobytes() == b"a\0"
        assert found["text:lengths"].tolist() == [[2], [0]]


def test_the_same_arrays_give_the_same_bytes_and_nothing_is_left(tmp_path, path) -> None:
    write_npz(str(tmp_path / "g.npz"), ARRAYS)
    assert (tmp_path / "g.npz").read_bytes() == (tmp_path / "f.npz").read_bytes()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["f.npz", "g.npz"]


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_files_of_numpy_are_read(tmp_path, save) -> None:
    path = tmp_path / "f.npz"
    columns = np.asfortranarray(np.arange(6).reshape(2, 3))
    save(path, columns=columns, swapped=np.arange(3, dtype=">i4"), text=np.array(["é", ""]),
         bytes=np.array([b"ab", b"c"]), date=np.array("2020", "datetime64[D]"))
    reader = NpzReader(str(path))
    np.testing.assert_array_equal(reader.read("columns"), columns)
    assert reader.read("swapped").tolist() == [0, 1, 2]
    assert reader.read("swapped").dtype == np.int32
    assert reader.read("text").tolist() == ["é".encode(), b""]
    assert reader.read("bytes").tolist() == [b"ab", b"c"]
    with pytest.raises(UnimplementedError, match=r"date in .* is of datetime64"):
        reader.read("date")


def test_parts_of_tensors(path) -> None:
    reader = NpzReader(path)
    np.testing.assert_array_equal(reader.read("scope/w", (None, (1, 2))), ARRAYS["scope/w"][:, 1:])
    with pytest.raises(InvalidArgumentError, match="no such part of scope/w"):
        reader.read("scope/w", (None, (1, 3)))
    with pytest.raises(NotFoundError, match="Key v not found"):
        reader.read("v")


def test_every_changed_byte_is_noticed_or_harmless(tmp_path) -> None:
    array = np.arange(7, dtype=np.float32)
    write_npz(str(tmp_path / "f.npz"), {"a": array})
    content = (tmp_path / "f.npz").read_bytes()
    for at in range(len(content)):
        (tmp_path / "f.npz").write_bytes(
            content[:at] + bytes([content[at] ^ 32]) + content[at + 1:])
        try:
            reader = NpzReader(str(tmp_path / "f.npz"))
            found = {name: reader.read(name) for name in reader.entries}
        except OpError:
            continue
        for value in found.values():
            np.testing.assert_array_equal(value, array)


def test_cut_files_are_noticed(path) -> None:
    with open(path, "rb") as file:
        content = file.read()
    for at in range(0, len(content), 7):
        with open(path, "wb") as file:
            file.write(content[:at])
        with pytest.raises(DataLossError, match="is damaged, or no file of arrays"):
            NpzReader(path)


def member(shape: str, dtype: str = "'<f4'", data: bytes = b"\0" * 8) -> bytes:
    header = f"{{'descr': {dtype}, 'fortran_order': False, 'shape': {shape}, }}".encode()
    return b"\x93NUMPY\1\0" + len(header).to_bytes(2, "little") + header + data


@pytest.mark.parametrize("content", [
    member("(1000000000000,)"), member("(-2,)"), member("(2,)", "'|O'"), member("(2,)", "'?4'"),
    member("(3,)"), b"", b"\x93NUMPY", b"\x93NUMPY\3\0" + member("(2,)")[8:],
    member("(" * 5000), member("(2.5,)"), member("__import__('os')")])
def test_members_that_lie(tmp_path, content) -> None:
    with zipfile.ZipFile(tmp_path / "f.npz", "w") as archive:
        archive.writestr("a.npy", content)
    with pytest.raises(DataLossError):
        NpzReader(str(tmp_path / "f.npz")).read("a")


def test_lengths_that_lie(tmp_path) -> None:
    for lengths in (np.array([3]), np.array([-1, 3]), np.array([1.0, 1.0])):
        buffer = io.BytesIO()
        np.savez(buffer, **{"t": np.zeros(2, np.uint8), "t:lengths": lengths})
        (tmp_path / "f.npz").write_bytes(buffer.getvalue())
        with pytest.raises(DataLossError):
            NpzReader(str(tmp_path / "f.npz")).read("t")


def test_other_files_and_folders(tmp_path) -> None:
    with pytest.raises(NotFoundError):
        NpzReader(str(tmp_path / "missing.npz"))
    with pytest.raises(OpError):
        NpzReader(str(tmp_path))
    with pytest.raises(NotFoundError):
        write_npz(str(tmp_path / "no" / "f.npz"), {})
    with pytest.raises(InvalidArgumentError):
        write_npz("a\0b", {})


def test_a_reader_reads_the_list_of_members_once(path, monkeypatch) -> None:
    reader = NpzReader(path)
    opened = []
    monkeypatch.setattr(zipfile, "ZipFile", lambda *args: opened.append(args))
    for name in ARRAYS:
        reader.read(name)
    assert not opened


def test_a_reader_reads_on_in_the_file_that_it_opened(path) -> None:
    reader = NpzReader(path)
    write_npz(path, {"scope/w": np.zeros((2, 3), np.float32)})
    np.testing.assert_array_equal(reader.read("scope/w"), ARRAYS["scope/w"])
