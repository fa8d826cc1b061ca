"""npz files and pickles of old data sets, read without running code that they name.

A pickle may name any function to be called while it is read. The data sets of that time hold
lists, dicts, texts and NumPy arrays; for these a handful of names is enough, and `Restricted`
refuses all others. Nor does it hand out NumPy's own classes, which trust what a pickle says of
memory: stand-ins check types, shapes and contents first.
"""

from __future__ import annotations

import collections
import io
import math
import os
import pickle
import struct
import sys
import zipfile
import zlib
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy

from flowgraph.data.idx import damaged

_ARRAYS = ("numpy", "numpy.core.multiarray", "numpy._core.multiarray", "numpy.core.numeric",
           "numpy._core.numeric")
_KINDS = "biufcSUO"  # structured types may hide objects among raw bytes, and dates need metadata
_DAMAGE = (OSError, ValueError, EOFError, RuntimeError, LookupError, AttributeError, TypeError,
           OverflowError, MemoryError, struct.error, zipfile.BadZipFile, zlib.error,
           pickle.UnpicklingError)


class _Type:
    """Stands in for numpy.dtype."""

    __slots__ = ("dtype",)
    dtype: np.dtype[Any]

    def __new__(cls, text: Any, align: Any = False, copy: Any = False) -> _Type:
        if not isinstance(text, (str, bytes)):
            raise pickle.UnpicklingError("a type that is not named by a text")
        dtype = np.dtype(text if isinstance(text, str) else text.decode("latin1"))
        if dtype.kind not in _KINDS:
            raise pickle.UnpicklingError(f"arrays of {dtype} are not read")
        self = super().__new__(cls)
        self.dtype = dtype
        return self

    def __setstate__(self, state: Any) -> None:
        """Only the byte order: all else is in the text."""
        order: Any = state[1].decode("latin1") if isinstance(state[1], bytes) else state[1]
        if order not in ("<", ">", "|", "="):
            raise pickle.UnpicklingError(f"the byte order {order!r} is unknown")
        self.dtype = self.dtype.newbyteorder(order)


class _Array(np.ndarray[Any, Any]):
    """Stands in for numpy.ndarray; is filled once, with a content that fits its shape."""

    filled = False

    def __new__(cls, *args: Any, **kwargs: Any) -> _Array:
        raise pickle.UnpicklingError("an array that is made without content")

    def __setstate__(self, state: Any) -> None:
        *_, shape, kind, by_columns, content = state
        if self.filled or not isinstance(kind, _Type):
            raise pickle.UnpicklingError("an array that is filled twice or without a type")
        size = _size(shape)
        if not kind.dtype.hasobject:
            content = _bytes(content, kind.dtype)
            size *= kind.dtype.itemsize
        elif not isinstance(content, list):
            raise pickle.UnpicklingError("an array of objects whose content is no list")
        if len(content) != size:
            raise pickle.UnpicklingError("an array whose content does not fit its shape")
        self.filled = True
        checked: Any = (1, shape, kind.dtype, bool(by_columns), content)
        super().__setstate__(checked)


class _Builder:
    """A function that a pickle may call, but not change."""

    __slots__ = ("_make",)

    def __init__(self, make: Any) -> None:
        self._make = make

    def __call__(self, *args: Any) -> Any:
        return self._make(*args)

    def __setstate__(self, state: Any) -> None:
        raise pickle.UnpicklingError("a function that is changed")


def _size(shape: Any) -> int:
    if not isinstance(shape, tuple) or not all(type(n) is int and n >= 0 for n in shape):
        raise pickle.UnpicklingError(f"{shape!r} is no shape of an array")
    return math.prod(shape)


def _bytes(content: Any, dtype: np.dtype[Any]) -> bytes:
    """Raw bytes of values of this type; Python 2 wrote them as a text."""
    if isinstance(content, str):
        content = content.encode("latin1")
    if not isinstance(content, (bytes, bytearray)):
        raise pickle.UnpicklingError("an array whose content is no bytes")
    if dtype.kind == "U" and content:
        letters = np.frombuffer(content, np.dtype(np.uint32).newbyteorder(dtype.byteorder))
        if letters.max() > sys.maxunicode:
            raise pickle.UnpicklingError("a text of letters that do not exist")
    return bytes(content)


def _numbers(content: Any, kind: Any) -> Any:
    """A flat array of its own of raw bytes."""
    if not isinstance(kind, _Type) or kind.dtype.hasobject:
        raise pickle.UnpicklingError("raw bytes without a type that may be read of them")
    return np.frombuffer(bytearray(_bytes(content, kind.dtype)), kind.dtype)


def _encode(text: str, encoding: str) -> bytes:
    if encoding not in ("latin1", "latin-1"):
        raise pickle.UnpicklingError(f"bytes as a text in {encoding!r}")
    return text.encode("latin1")


def _no_bytes() -> bytes:
    return b""


def _reconstruct(kind: Any, shape: Any, code: Any) -> Any:
    return np.ndarray.__new__(_Array, (0,), np.int8)


def _scalar(kind: Any, content: Any) -> Any:
    value, = _numbers(content, kind)
    return value


def _frombuffer(content: Any, kind: Any, shape: Any, order: Any, axes: Any = None) -> Any:
    _size(shape)
    flat = _numbers(content, kind)
    made = (flat.reshape(shape, order=order) if axes is None else
            flat.reshape(shape).transpose(axes)).view(_Array)
    made.filled = True
    return made


_STAND_INS = {"dtype": _Type, "ndarray": _Array, "_reconstruct": _Builder(_reconstruct),
              "scalar": _Builder(_scalar), "_frombuffer": _Builder(_frombuffer)}
_ALLOWED = {("_codecs", "encode"): _Builder(_encode),
            ("__builtin__", "bytes"): _Builder(_no_bytes),
            ("builtins", "bytes"): _Builder(_no_bytes),
            ("collections", "OrderedDict"): collections.OrderedDict,
            **{(module, name): made for module in _ARRAYS for name, made in _STAND_INS.items()}}


def _plain(value: Any, done: dict[int, Any]) -> Any:
    """The value with arrays and types in place of the stand-ins."""
    if isinstance(value, _Type):
        return value.dtype
    if not isinstance(value, (dict, list, tuple, np.ndarray)):
        return value
    if id(value) in done:
        return done[id(value)][1]
    result: Any = np.asarray(value) if isinstance(value, np.ndarray) else value
    done[id(value)] = value, result  # kept, so that no other value gets its id
    if isinstance(value, tuple):
        result = tuple(_plain(each, done) for each in value)
        done[id(value)] = value, result
    elif isinstance(value, (dict, list)):
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            value[key] = _plain(each, done)
    elif result.dtype.hasobject:
        for index in np.ndindex(result.shape):
            result[index] = _plain(result[index], done)
    return result


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
        return _ALLOWED[module, name]

    def load(self) -> Any:
        """The value."""
        return _plain(super().load(), {})


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
