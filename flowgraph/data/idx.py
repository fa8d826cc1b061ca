"""Reader of the IDX format, in which MNIST and its relatives are published.

An IDX file is a header and the array's bytes, all big-endian; it may be gzipped:

    00 00 08 03    two zeros, element type (08 = uint8), number of dimensions
    00 00 27 10    size of dimension 0, here 10,000
    00 00 00 1c    size of dimension 1, here 28
    00 00 00 1c    size of dimension 2, here 28
    ...            10,000 * 28 * 28 bytes, the last dimension runs fastest

Nothing is guessed: a file that is shorter or longer than its header says is refused.
"""

from __future__ import annotations

import math
import os
import struct
from typing import Any

import numpy as np

from flowgraph.errors import DatasetError, message

_GZIP_MAGIC = b"\x1f\x8b"
_ELEMENT_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def read_idx(path: str | os.PathLike[str]) -> np.ndarray[Any, Any]:
    """Reads one IDX file, plain or gzipped, whatever its name ends in.

    Args:
        path: the file.

    Returns:
        A new array with the file's shape and element type (uint8, int8, int16, int32, float32 or
        float64) in this machine's byte order.

    Raises:
        DatasetError: the file is missing, unreadable, not IDX, truncated, or longer than its
            header says.

    Example:
        >>> import pathlib, tempfile
        >>> from flowgraph.data import read_idx
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "labels-idx1-ubyte")
        ...     _ = path.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3]) + bytes([7, 2, 1]))
        ...     read_idx(path)
        array([7, 2, 1], dtype=uint8)
    """
    content = _content(path)
    dtype, shape, start = _header(path, content)
    promised, present = math.prod(shape) * dtype.itemsize, len(content) - start
    sizes = " x ".join(str(size) for size in shape)
    if present < promised:
        raise damaged(path, f"is truncated: its header promises {sizes} elements, {promised} bytes,"
                            f" but {present} follow")
    if present > promised:
        raise damaged(path, f"has {present - promised} trailing bytes: its header promises {sizes} "
                            f"elements, {promised} bytes, but {present} follow")
    array = np.frombuffer(content, dtype, offset=start).reshape(shape)
    return array.astype(dtype.newbyteorder("="))


def damaged(path: str | os.PathLike[str], what: str, advice: str = "") -> DatasetError:
    """The error for a data file: names the file, what is wrong with it, and what to do.

    Args:
        path: the file.
        what: what is wrong, a predicate such as "is truncated".
        advice: what to do; by default to fetch the file anew.

    Returns:
        A DatasetError, to be raised by the caller.
    """
    return DatasetError(message(
        f"Data file '{os.fspath(path)}' {what}.", (),
        advice or "Copy or download the file again from where it came, and leave it unchanged.",
        "dataset-error"))


def _content(path: str | os.PathLike[str]) -> bytes:
    """The file's bytes, unzipped where they are gzipped."""
    try:
        with open(path, "rb") as file:
            content = file.read()
    except FileNotFoundError:
        raise damaged(path, "does not exist", "Check the folder and the name.") from None
    except OSError as error:
        raise damaged(path, f"cannot be read: {error.strerror}",
                      "Check that it is a file and that you may read it.") from None
    if not content.startswith(_GZIP_MAGIC):
        return content
    import gzip
    import zlib
    try:
        return gzip.decompress(content)
    except EOFError:
        raise damaged(path, "is truncated: its gzip stream has no end") from None
    except (OSError, zlib.error, struct.error) as error:
        raise damaged(path, f"is corrupted: gzip says {error}") from None


def _header(path: str | os.PathLike[str],
            content: bytes) -> tuple[np.dtype[Any], tuple[int, ...], int]:
    """Element type, shape, and where the elements start."""
    if len(content) < 4:
        raise damaged(path, f"is truncated: an IDX header has at least 4 bytes, here are "
                            f"{len(content)}")
    code, ndim = content[2], content[3]
    if content[:2] != b"\0\0" or code not in _ELEMENT_TYPES or ndim == 0:
        raise damaged(path, f"is not in IDX format: it starts with the bytes {content[:4].hex(' ')}"
                            ", not with 00 00, an element type and a number of dimensions",
                      "Is it the right file? The names end in -idx3-ubyte or -idx1-ubyte, or "
                      "these and .gz.")
    start = 4 + 4 * ndim
    if len(content) < start:
        raise damaged(path, f"is truncated: {ndim} dimensions need a header of {start} bytes, "
                            f"here are {len(content)}")
    shape = struct.unpack_from(f">{ndim}I", content, 4)
    return np.dtype(_ELEMENT_TYPES[code]), shape, start
