"""npz files and pickles that hold Python objects, and those that hold more than that."""

from __future__ import annotations

import datetime
import io
import os
import pickle

import numpy as np
import pytest

from flowgraph.datasets.unpickling import read_npz, read_pickle
from flowgraph.errors import DatasetError

LISTS = np.empty(2, object)
LISTS[:] = [[1, 2], [3]]


class Calls:
    def __init__(self, function, *args):
        self.made = function, args

    def __reduce__(self):
        return self.made


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("value", [
    {"a": [1, 2.5, "text", None, True]}, {b"data": b"\xff\0"}, np.arange(6).reshape(2, 3),
    np.float32(2.5), np.array(["a", "bc"]), LISTS], ids=["plain", "bytes", "array", "scalar",
                                                        "texts", "lists"])
def test_plain_values_and_arrays_are_read(protocol, value) -> None:
    np.testing.assert_equal(read_pickle("file", pickle.dumps(value, protocol)), value)


def test_what_python_2_and_numpy_1_wrote_is_read() -> None:
    """A dict with a text and an array, as pickled by Python 2."""
    content = (b"(dp0\nS'data'\np1\ncnumpy.core.multiarray\n_reconstruct\np2\n(cnumpy\n"
               b"ndarray\np3\n(I0\ntp4\nS'b'\np5\ntp6\nRp7\n(I1\n(I2\ntp8\ncnumpy\ndtype\np9\n(S'u1'\np10\nI0\n"
               b"I1\ntp11\nRp12\n(I3\nS'|'\np13\nNNNI-1\nI-1\nI0\ntp14\nbI00\nS'\\x01\\xff'\np15\n"
               b"tp16\nbs.")
    np.testing.assert_equal(read_pickle("file", content), {"data": np.array([1, 255], np.uint8)})


@pytest.mark.parametrize("value", [
    Calls(os.system, "echo harm"), Calls(eval, "1"), Calls(getattr, {}, "items"),
    Calls(np.load, "x"), datetime.date(2020, 1, 1)], ids=["system", "eval", "getattr", "load",
                                                          "date"])
def test_what_would_run_code_is_refused(value) -> None:
    with pytest.raises(DatasetError, match="it asks to run"):
        read_pickle("file", pickle.dumps(value))


def test_npz_files_with_lists_are_read_and_with_code_refused(tmp_path) -> None:
    np.savez(tmp_path / "good.npz", x=LISTS, y=[0, 1])
    x, y = read_npz(tmp_path / "good.npz", ("x", "y"))
    assert list(x) == [[1, 2], [3]] and list(y) == [0, 1]
    bad = np.empty(1, object)
    bad[0] = Calls(os.system, "echo harm")
    np.savez(tmp_path / "bad.npz", x=bad)
    with pytest.raises(DatasetError, match="it asks to run"):
        read_npz(tmp_path / "bad.npz", ("x",))


@pytest.mark.parametrize(("content", "words"), [
    (b"", "truncated or corrupted"), (b"PK\3\4 and more", "truncated or corrupted"),
    (None, "does not exist")], ids=["empty", "no zip", "missing"])
def test_damaged_npz_files_are_told(tmp_path, content, words) -> None:
    if content is not None:
        (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(DatasetError, match=words):
        read_npz(tmp_path / "a.npz", ("x",))


@pytest.mark.parametrize("cut", [10, 60, 140, 200])
def test_a_truncated_npz_file_is_told(tmp_path, cut) -> None:
    file = io.BytesIO()
    np.savez(file, x=LISTS)
    (tmp_path / "a.npz").write_bytes(file.getvalue()[:-cut])
    with pytest.raises(DatasetError, match="truncated or corrupted"):
        read_npz(tmp_path / "a.npz", ("x",))
