"""The variables of a model in one file: NumPy's npz, whatever the file's name.

Old programs name such files "weights.h5". HDF5 needs a library that flowgraph does not use, so the
file gets that name but NumPy's format, and one notice says so; `load_weights` tells them apart.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from flowgraph.core.frames import located
from flowgraph.core.logger import logger
from flowgraph.errors import NotFoundError
from flowgraph.io.checkpoints.npz import write_npz

HDF5 = (".h5", ".hdf5", ".keras")
_MAGIC = b"\x89HDF"
_told: set[str] = set()


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
    if path.endswith(HDF5) and "format" not in _told:
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
        ValueError: it is of another format.
    """
    try:
        with open(path, "rb") as file:
            magic = file.read(4)
    except FileNotFoundError:
        raise NotFoundError(None, None, located(f"{path} is not there")) from None
    if magic == _MAGIC:
        raise ValueError(located(
            f"{path} is an HDF5 file, which needs a library that flowgraph does not use",
            "Where TensorFlow is installed, read it and write np.savez(path, *model.get_weights()) "
            "with the names 0, 1, 2 …; or save_weights without an ending."))
    with np.load(path, allow_pickle=False) as arrays:
        names = [f"arr_{i}" if "arr_0" in arrays.files else str(i)
                 for i in range(len(arrays.files))]
        return [arrays[name] for name in names]
