"""npz files and pickles of old data sets, read without running code that they name.

A pickle may name any function to be called while it is read. The data sets of that time hold
lists, dicts, texts and NumPy arrays; for these a handful of names is enough, and `Restricted`
refuses all others.
"""

from __future__ import annotations

import io
import os
import pickle
import struct
import zipfile
import zlib
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy

from flowgraph.data.idx import damaged

_ARRAYS = ("numpy", "numpy.core.multiarray", "numpy._core.multiarray", "numpy.core.numeric",
           "numpy._core.numeric")
_ALLOWED = {("_codecs", "encode"), ("collections", "OrderedDict"),
            *((module, name) for module in _ARRAYS
              for name in ("_reconstruct", "ndarray", "dtype", "scalar", "_frombuffer"))}
_DAMAGE = (OSError, ValueError, EOFError, RuntimeError, KeyError, IndexError, AttributeError,
           TypeError, struct.error, zipfile.BadZipFile, zlib.error, pickle.UnpicklingError)


class Restricted(pickle.Unpickler):
    """Reads pickles of plain values and NumPy arrays; refuses all others.

    Args:
        file: binary file.
        encoding: of the texts that Python 2 wrote: "bytes", "latin1" or "ASCII".
        kwargs: as for `pickle.Unpickler`.

    Example:
        >>> import io, pickle
        >>> from flowgraph.datasets.unpickling import Restricted
        >>> Restricted(io.BytesIO(pickle.dumps({"labels": [3, 1]}))).load()
        {'labels': [3, 1]}
    """

    def find_class(self, module: str, name: str) -> Any:
        """What a pickle names: only what builds arrays and bytes."""
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it asks to run {module}.{name}, which no data set needs")
        if name in ("ndarray", "dtype"):
            return getattr(np, name)
        if module in _ARRAYS:
            module = module.replace("numpy.core", "numpy._core")
        return super().find_class(module, name)


def read_pickle(path: str | os.PathLike[str], content: bytes | None = None,
                encoding: str = "latin1") -> Any:
    """Reads a pickle of plain values and arrays.

    Args:
        path: the file; with `content` only its name for messages.
        content: the bytes of the pickle, where they were read from an archive.
        encoding: of the texts that Python 2 wrote.

    Returns:
        The value.

    Raises:
        DatasetError: the file is missing, damaged, or names code to run.

    Example:
        >>> import pickle
        >>> from flowgraph.datasets.unpickling import read_pickle
        >>> read_pickle("batch", pickle.dumps([1, 2]))
        [1, 2]
    """
    try:
        if content is None:
            with open(path, "rb") as file:
                content = file.read()
        return Restricted(io.BytesIO(content), encoding=encoding).load()
    except FileNotFoundError:
        raise damaged(path, "does not exist", "Check the folder and the name.") from None
    except _DAMAGE as error:
        raise damaged(path, f"is not a pickle of arrays: {error}") from None


def read_npz(path: str | os.PathLike[str], names: tuple[str, ...]) -> tuple[Any, ...]:
    """Arrays of an npz file, lists of Python objects among them.

    Args:
        path: the file.
        names: the arrays' names.

    Returns:
        The arrays.

    Raises:
        DatasetError: the file is missing or damaged, or an array is not in it.

    Example:
        >>> import pathlib, tempfile
        >>> import numpy as np
        >>> from flowgraph.datasets.unpickling import read_npz
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "data.npz")
        ...     np.savez(path, x=[1, 2])
        ...     read_npz(path, ("x",))
        (array([1, 2]),)
    """
    try:
        with zipfile.ZipFile(path) as members:
            found = {name.removesuffix(".npy") for name in members.namelist()}
            # A member is read as a whole: zipfile compares the checksum at its end.
            arrays = [_array(io.BytesIO(members.read(f"{name}.npy")))
                      for name in names if name in found]
    except FileNotFoundError:
        raise damaged(path, "does not exist", "Check the folder and the name.") from None
    except _DAMAGE as error:
        raise damaged(path, f"is truncated or corrupted: {error}") from None
    if missing := [name for name in names if name not in found]:
        raise damaged(path, f"has no array {missing[0]!r}; it has "
                            f"{', '.join(sorted(found)) or 'none'}",
                      "Is it the right file? Its arrays must be " + ", ".join(names) + ".")
    return tuple(arrays)


def _array(file: IO[bytes]) -> Any:
    """One array of an npz file."""
    version = npy.read_magic(file)
    header = (npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0)(file)
    if not header[2].hasobject:
        file.seek(0)
        return np.load(file, allow_pickle=False)
    return np.asarray(Restricted(file, encoding="latin1").load(), object).reshape(header[0])
