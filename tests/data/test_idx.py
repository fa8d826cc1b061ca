"""The IDX reader: what it reads, and one clear error for each kind of damage."""

import gzip
import struct

import numpy as np
import pytest

from flowgraph.data import read_idx
from flowgraph.errors import DatasetError

CODES = {0x08: np.uint8, 0x09: np.int8, 0x0B: np.int16, 0x0C: np.int32, 0x0D: np.float32,
         0x0E: np.float64}


def idx_bytes(array: np.ndarray) -> bytes:
    """The array as an IDX file."""
    code = next(code for code, dtype in CODES.items() if dtype == array.dtype)
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, code, array.ndim, *array.shape)
    return header + array.astype(array.dtype.newbyteorder(">")).tobytes()


CUBE = np.arange(24).reshape(2, 3, 4)
GOOD = idx_bytes(CUBE.astype(np.uint8))
ZIPPED = gzip.compress(GOOD, mtime=0)


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzipped"])
@pytest.mark.parametrize("dtype", CODES.values(), ids=lambda dtype: dtype.__name__)
def test_every_element_type_is_read_in_native_byte_order(tmp_path, dtype, pack):
    path = tmp_path / "file"
    path.write_bytes(pack(idx_bytes(CUBE.astype(dtype))))
    array = read_idx(path)
    assert array.dtype == dtype and array.dtype.isnative and array.flags.writeable
    np.testing.assert_array_equal(array, CUBE)


@pytest.mark.parametrize("shape", [(5,), (0,), (0, 28, 28), (1, 1, 1, 1)], ids=str)
def test_shapes_come_from_the_header(tmp_path, shape):
    path = tmp_path / "file"
    path.write_bytes(idx_bytes(np.zeros(shape, np.uint8)))
    assert read_idx(str(path)).shape == shape


DAMAGE = {
    "empty": (b"", ["truncated", "at least 4 bytes", "here are 0"]),
    "magic cut": (GOOD[:3], ["truncated", "here are 3"]),
    "header cut": (GOOD[:9], ["truncated", "3 dimensions", "16 bytes", "here are 9"]),
    "elements cut": (GOOD[:-1], ["truncated", "2 x 3 x 4", "24 bytes", "but 23 follow"]),
    "trailing bytes": (GOOD + b"ab", ["2 trailing bytes", "24 bytes", "but 26 follow"]),
    "not zeros": (b"\1" + GOOD[1:], ["not in IDX format", "01 00 08 03"]),
    "unknown type": (b"\0\0\x0a\3" + GOOD[4:], ["not in IDX format", "00 00 0a 03"]),
    "no dimensions": (b"\0\0\x08\0\7", ["not in IDX format", "00 00 08 00"]),
    "a web page": (b"<!DOCTYPE html><html></html>", ["not in IDX format", "right file?"]),
    "huge sizes": (b"\0\0\x08\3" + b"\xff" * 12, ["truncated", "4294967295", "but 0 follow"]),
    "gzip cut": (ZIPPED[:-9], ["truncated", "gzip"]),
    "gzip checksum": (ZIPPED[:-8] + b"\0\0\0\0" + ZIPPED[-4:], ["corrupted", "gzip", "CRC"]),
    "gzip body": (ZIPPED[:10] + b"\xff" * 10 + ZIPPED[20:], ["corrupted", "gzip"]),
    "gzip of something else": (gzip.compress(b"hello"), ["not in IDX format", "68 65 6c 6c"]),
}


@pytest.mark.parametrize(("content", "words"), DAMAGE.values(), ids=DAMAGE)
def test_damage_is_told_in_one_error(tmp_path, content, words):
    path = tmp_path / "some-images-idx3-ubyte"
    path.write_bytes(content)
    with pytest.raises(DatasetError) as caught:
        read_idx(path)
    for word in [str(path), "docs: errors#dataset-error", *words]:
        assert word in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_missing_file_and_folder_are_told(tmp_path):
    with pytest.raises(DatasetError, match=r"nowhere' does not exist\.\n.*Check the folder"):
        read_idx(tmp_path / "nowhere")
    with pytest.raises(DatasetError, match="cannot be read"):
        read_idx(tmp_path)
