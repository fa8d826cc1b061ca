"""The variables of a model in one file: NumPy's npz, whatever the file's name.

Old programs name such files "weights.h5". HDF5 needs a library that flowgraph does not use, so the
file gets that name but NumPy's format, and one notice says so; `load_weights` goes by the first
bytes of the file.
"""

from __future__ import annotations

import os
import zipfile
import zlib
from typing import Any

import numpy as np

from flowgraph.core.frames import located
from flowgraph.core.logger import logger
from flowgraph.errors import NotFoundError
from flowgraph.io.checkpoints.npz import write_npz

HDF5 = (".h5", ".hdf5", ".keras")
_HDF5_MAGIC, _ZIP_MAGIC = b"\x89HDF", b"PK\3\4"
_FORMATS = {"tf": False, "tensorflow": False, "h5": True, "hdf5": True, "keras": True}
_DAMAGE = (zipfile.BadZipFile, zlib.error, KeyError, OSError, ValueError, EOFError)
_told: set[str] = set()


def in_one_file(path: str, save_format: str | None) -> bool:
    """Whether weights are saved as one file, not as a checkpoint.

    Args:
        path: the name.
        save_format: "tf", "h5", or None: as the name ends.

    Raises:
        ValueError: another format, or one that does not fit the name.
    """
    if save_format is None:
        return path.endswith((".npz", *HDF5))
    if save_format.lower() not in _FORMATS:
        raise ValueError(located(f'Unknown format "{save_format}". Was expecting one of '
                                 '{"tf", "h5"}.'))
    if not _FORMATS[save_format.lower()] and path.endswith(HDF5):
        raise ValueError(located(f"save_format={save_format!r} makes a checkpoint, but {path} is "
                                 "the name of an HDF5 file", "Omit the ending."))
    return _FORMATS[save_format.lower()]


def holds_weights(path: str) -> bool:
    """Whether `read_weights` is to read this, and not `tf.train.Saver`.

    Args:
        path: the name that was given to `save_weights`.
    """
    if _first_bytes(path) in (_HDF5_MAGIC, _ZIP_MAGIC):
        return True
    return path.endswith((".npz", *HDF5)) and not os.path.exists(f"{path}.index")


def _first_bytes(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(4)
    except OSError:
        return b""


def write_weights(path: str, arrays: list[Any], overwrite: bool = True) -> None:
    """Writes arrays in their order.

    Args:
        path: the file.
        arrays: the arrays.
        overwrite: whether a file that is there may be replaced.

    Raises:
        ValueError: it is there and may not.
    """
    if not overwrite and os.path.exists(path):
        raise ValueError(located(f"{path} is there already and overwrite is False"))
    if not path.endswith(".npz") and "format" not in _told:
        _told.add("format")
        logger().warning("%s is written in NumPy's npz format, not as HDF5, which needs a library "
                         "that flowgraph does not use; load_weights reads it.", path)
    write_npz(path, {str(i): array for i, array in enumerate(arrays)})


def read_weights(path: str) -> list[Any]:
    """The arrays that `write_weights` wrote.

    Args:
        path: the file.

    Raises:
        NotFoundError: it is not there.
        ValueError: it is of another format, or damaged.
    """
    if not os.path.exists(path):
        raise NotFoundError(None, None, located(f"{path} is not there"))
    if _first_bytes(path) == _HDF5_MAGIC:
        raise ValueError(located(
            f"{path} is an HDF5 file, which needs a library that flowgraph does not use",
            "Where TensorFlow is installed, read it and write np.savez(path, *model.get_weights()) "
            "with the names 0, 1, 2 …; or save_weights without an ending."))
    try:
        with zipfile.ZipFile(path), np.load(path, allow_pickle=False) as arrays:
            names = [f"arr_{i}" if "arr_0" in arrays.files else str(i)
                     for i in range(len(arrays.files))]
            return [arrays[name] for name in names]
    except _DAMAGE as error:
        raise ValueError(located(f"{path} holds no weights that save_weights wrote: {error}",
                                 "Is it the right file, and whole?")) from None
