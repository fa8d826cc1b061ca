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
    np.float32(2.5), np.array(["a", "bc"]), LISTS, np.arange(6).reshape(2, 3).T,
    np.arange(24).reshape(2, 3, 4).transpose(1, 2, 0), np.arange(3, dtype=">i4"), np.zeros((0, 3)),
    np.array([True, False]), np.array(3 + 1j), np.array([b"a", b""]), [(np.ones(2), {"x": LISTS})]],
    ids=["plain", "bytes", "array", "scalar", "texts", "lists", "columns", "axes", "order", "empty",
         "truths", "complex", "byte strings", "nested"])
def test_plain_values_and_arrays_are_read(protocol, value) -> None:
    found = read_pickle("file", pickle.dumps(value, protocol))
    np.testing.assert_equal(found, value)
    assert repr(found) == repr(pickle.loads(pickle.dumps(value, protocol)))
    if isinstance(value, np.ndarray):
        assert type(found) is np.ndarray and found.flags.writeable


@pytest.mark.parametrize("protocol", range(6))
def test_arrays_in_an_array_are_plain_ones(protocol) -> None:
    array, nothing = read_pickle("file", pickle.dumps(np.array([np.ones(2), None], object),
                                                      protocol))
    assert type(array) is np.ndarray and array.tolist() == [1, 1] and nothing is None


def test_what_python_2_and_numpy_1_wrote_is_read() -> None:
    """A dict with a text and an array, as pickled by Python 2."""
    content = (b"(dp0\nS'data'\np1\ncnumpy.core.multiarray\n_reconstruct\np2\n(cnumpy\n"
               b"ndarray\np3\n(I0\ntp4\nS'b'\np5\ntp6\nRp7\n(I1\n(I2\ntp8\ncnumpy\ndtype\np9\n(S'u1'\np10\nI0\n"
               b"I1\ntp11\nRp12\n(I3\nS'|'\np13\nNNNI-1\nI-1\nI0\ntp14\nbI00\nS'\\x01\\xff'\np15\n"
               b"tp16\nbs.")
    np.testing.assert_equal(read_pickle("file", content), {"data": np.array([1, 255], np.uint8)})


@pytest.mark.parametrize("content", [
    b"\x80\x04\x95" + b"\xff" * 8 + b"N.", b"\x80\x04\x8e" + b"\xff" * 7 + b"\x0fN.",
    pickle.dumps(np.array(["a", "b"]), 4).replace(b"b\0\0\0", b"b\0\0\xff"),
    pickle.dumps(np.array(["a", "b"]), 5).replace(b"b\0\0\0", b"b\0\0\xff"),
    pickle.dumps(np.str_("b"), 4).replace(b"b\0\0\0", b"b\0\0\xff"),
    pickle.dumps(b"\xff", 2).replace(b"latin1", b"utf_16")],
    ids=["frame", "length", "texts", "raw texts", "text", "encoding"])
def test_damage_is_told(content) -> None:
    with pytest.raises(DatasetError, match="is not a pickle of arrays"):
        read_pickle("file", content)


@pytest.mark.parametrize("value", [
    Calls(os.system, "echo harm"), Calls(eval, "1"), Calls(getattr, {}, "items"),
    Calls(np.load, "x"), datetime.date(2020, 1, 1)], ids=["system", "eval", "getattr", "load",
                                                          "date"])
def test_what_would_run_code_is_refused(value) -> None:
    with pytest.raises(DatasetError, match="it asks to run"):
        read_pickle("file", pickle.dumps(value))


def reconstructed(dtype, state, *more):
    """An array that is made of NumPy's parts, as a crafted pickle says."""
    made = Calls(np._core.multiarray._reconstruct, np.ndarray, (0,), b"b")
    made.made += ((1, (1,), Filled(dtype, state), False, b"A" * 8) if not more else
                  (1, *more[:1], Filled(dtype, state), False, *more[1:]),)
    return made


class Filled(Calls):
    """A dtype with a state of its own."""

    def __init__(self, text, state):
        self.made = np.dtype, (text, False, True), state


PLAIN = (3, "<", None, None, None, -1, -1, 0)


@pytest.mark.parametrize("value", [
    Calls(np.ndarray, (1,), Filled("O", (3, "|", None, None, None, -1, -1, 63)), b"A" * 8),
    reconstructed("O8", (3, "|", None, None, None, -1, -1, 0)),
    reconstructed("V8", (3, "|", None, ("a",), {"a": (np.dtype("O"), 0)}, 8, 1, 0)),
    reconstructed("i8", PLAIN, (2,), b"A" * 8), reconstructed("O", PLAIN, (2,), [1]),
    reconstructed("i8", PLAIN, (-1,), b"A" * 8), reconstructed("i8", PLAIN, (1,), [1]),
    Calls(np._core.multiarray.scalar, Filled("O", PLAIN), b"A" * 8),
    Calls(np._core.numeric._frombuffer, b"A" * 8, Filled("O", PLAIN), (1,), "C"),
    Calls(np._core.numeric._frombuffer, np.zeros(1), Filled("i8", PLAIN), (1,), "C"),
    Calls(np._core.numeric._frombuffer, b"A" * 8, Filled("T", PLAIN), (1,), "C")],
    ids=["ndarray", "O8 of bytes", "V8 with an object", "short", "short list", "negative",
         "list of numbers", "scalar", "objects", "borrowed", "texts"])
def test_what_would_break_the_memory_is_refused(value) -> None:
    with pytest.raises(DatasetError, match="is not a pickle of arrays"):
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
