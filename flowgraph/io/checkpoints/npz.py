"""Checkpoints as NumPy's own `.npz` files: a zip file with an array for each variable.

`numpy.load(path)` reads them, without flowgraph and without pickle. Nothing is packed. A tensor of
strings, which NumPy cannot hold exactly, is two arrays: the bytes of all strings under its name,
and their lengths, with the tensor's shape, under its name and ":lengths".
"""

from __future__ import annotations

import ast
import errno
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np
from numpy.lib import format as npy

from flowgraph.core.dtypes import DType, as_dtype, of_numpy
from flowgraph.core.durable import publish, remove_left_over, temporary
from flowgraph.core.system_error import system_error
from flowgraph.errors import (
    DataLossError,
    InvalidArgumentError,
    NotFoundError,
    UnimplementedError,
)
from flowgraph.io.checkpoints.bundle_entries import Entry, Slice

ENDING = ".npz"
_LENGTHS = ":lengths"  # no name of an op holds a colon
_LONGEST_HEADER = 10_000  # bytes; NumPy's own limit
_MOST_AXES = 32
_DTYPE = re.compile(r"[<>|=][a-zA-Z]\d*(\[\w+\])?")
_MOST_PACKED = 1032  # bytes that one byte of a zip file can stand for
# What zipfile and numpy raise for damaged files.
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, TypeError, KeyError, IndexError,
            SyntaxError, NotImplementedError, RuntimeError, OverflowError, MemoryError,
            struct.error, UnicodeError, AttributeError)


def write_npz(path: str, arrays: Mapping[str, np.ndarray]) -> None:
    """Writes a file, all or nothing: a crash leaves the file before.

    Args:
        path: the file.
        arrays: arrays by name; strings are object arrays of bytes.

    Raises:
        OpError: the file cannot be written: NotFoundError, PermissionDeniedError...
    """
    try:
        with (temporary(path) as (file, name),
              zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive):
            for key, array in arrays.items():
                for member, part in _members(key, np.asarray(array)):
                    with archive.open(zipfile.ZipInfo(f"{member}.npy"), "w",
                                      force_zip64=True) as stream:
                        npy.write_array(stream, part, allow_pickle=False)
        publish(name, path)
        remove_left_over(path)
    except (OSError, ValueError) as error:
        raise system_error(path, error) from None


def _members(name: str, array: np.ndarray) -> list[tuple[str, np.ndarray]]:
    if array.dtype != object:
        return [(name, array)]
    strings = array.reshape(-1).tolist()
    lengths = np.array([len(text) for text in strings], np.int64).reshape(array.shape)
    return [(name, np.frombuffer(b"".join(strings), np.uint8)), (name + _LENGTHS, lengths)]


def is_npz(path: str) -> bool:
    """Whether a checkpoint's name is that of an `.npz` file.

    Args:
        path: the name.
    """
    return path.endswith(ENDING) and "\0" not in path and os.path.isfile(path)


class NpzReader:
    """The tensors of an `.npz` file by name; the same methods as `BundleReader`.

    Args:
        path: the file.

    Attributes:
        entries: Entry by name, for its dtype and shape; the dtype is 0 where flowgraph has none.
        parts: nothing: tensors are whole.

    Raises:
        NotFoundError: there is no such file.
        DataLossError: it is damaged, or no such file.
    """

    def __init__(self, path: str) -> None:
        self.prefix = path
        self.parts: dict[bytes, Entry] = {}
        self._arrays: dict[str, tuple[str, np.dtype[Any], tuple[int, ...], bool]] = {}
        try:
            self._archive = zipfile.ZipFile(path)  # open until the reader is gone
            whole = os.path.getsize(path)
            for info in self._archive.infolist():
                if info.filename.endswith(".npy"):
                    name = info.filename.removesuffix(".npy")
                    self._arrays[name] = self._header(info, whole)
        except OSError as error:
            raise self._system(error) from None
        except _DAMAGED as error:
            raise self._damaged(error) from None
        self.entries = {name: Entry(self._number(name), self._shape(name), 0, 0, 0, 0, ())
                        for name in self._arrays if not self._is_lengths(name)}

    def _header(self, info: zipfile.ZipInfo, whole: int
                ) -> tuple[str, np.dtype[Any], tuple[int, ...], bool]:
        """(member, dtype, shape, whether columns come first) of an array in a file of a size."""
        if info.compress_size > whole or (
                info.file_size > info.compress_size * _MOST_PACKED + _MOST_PACKED):
            raise ValueError(f"{info.filename} claims {info.file_size} bytes")
        with self._archive.open(info) as stream:
            shape, columns_first, dtype = _read_header(stream)
            if dtype.hasobject:
                raise ValueError(f"{info.filename} holds Python objects, which are not read")
            if prod(shape) * dtype.itemsize != info.file_size - stream.tell():
                raise ValueError(f"{info.filename} does not have the bytes of {dtype} of shape "
                                 f"{shape}")
        return info.filename, dtype, shape, columns_first

    def _is_lengths(self, name: str) -> bool:
        whole = name.removesuffix(_LENGTHS)
        return whole != name and whole in self._arrays

    def _shape(self, name: str) -> tuple[int, ...]:
        return self._arrays[name + _LENGTHS if name + _LENGTHS in self._arrays else name][2]

    def _number(self, name: str) -> int:
        if name + _LENGTHS in self._arrays or self._arrays[name][1].kind in "SU":
            return int(as_dtype("string").as_datatype_enum)
        try:
            return int(of_numpy(self._arrays[name][1].newbyteorder("=")).as_datatype_enum)
        except TypeError:
            return 0

    def entry(self, name: str) -> Entry:
        """The entry of a tensor.

        Args:
            name: the tensor's name.

        Raises:
            NotFoundError: there is no such tensor.
        """
        if name not in self.entries:
            raise NotFoundError(None, None, f"Key {name} not found in checkpoint {self.prefix}")
        return self.entries[name]

    def dtype(self, name: str) -> DType:
        """The dtype of a tensor.

        Args:
            name: the tensor's name.

        Raises:
            NotFoundError: there is no such tensor.
            UnimplementedError: flowgraph has no such dtype.
        """
        number = self.entry(name).dtype
        if not number:
            raise UnimplementedError(None, None, f"{name} in {self.prefix} is of "
                                     f"{self._arrays[name][1]}, which cannot be read here")
        return as_dtype(number)

    def read(self, name: str, part: Slice | None = None) -> np.ndarray:
        """A tensor.

        Args:
            name: the tensor's name.
            part: the part of it that is wanted; None for the whole.

        Raises:
            NotFoundError: there is no such tensor.
            DataLossError: its bytes are damaged.
            InvalidArgumentError: the part is not within the tensor.
            UnimplementedError: flowgraph has no such dtype.
        """
        dtype = self.dtype(name)
        try:
            array = self._read(name)
            if name + _LENGTHS in self._arrays:
                array = _strings(array, self._read(name + _LENGTHS))
        except OSError as error:
            raise self._system(error) from None
        except _DAMAGED as error:
            raise self._damaged(error) from None
        if array.dtype.kind in "SU":
            array = np.array([text if isinstance(text, bytes) else text.encode()
                              for text in array.reshape(-1).tolist()], object).reshape(array.shape)
        array = array.astype(dtype.numpy, copy=False)
        if part is None:
            return array
        places = tuple(slice(None) if extent is None else slice(extent[0], sum(extent))
                       for extent in part)
        if len(places) != array.ndim or any(
                (place.stop or 0) > size for place, size in zip(places, array.shape, strict=True)):
            raise InvalidArgumentError(None, None, f"{self.prefix} has no such part of {name}")
        return array[places].copy()

    def _read(self, name: str) -> np.ndarray:
        member, dtype, shape, columns_first = self._arrays[name]
        with self._archive.open(member) as stream:
            _read_header(stream)
            data = bytearray(stream.read())  # at the end the checksum is compared
        if len(data) != prod(shape) * dtype.itemsize:
            raise ValueError(f"{member} changed while it was read")
        if not dtype.itemsize:
            return np.zeros(shape, dtype)
        array = np.frombuffer(data, dtype)
        if dtype == np.bool_ and data.translate(None, b"\0\1"):
            raise ValueError(f"{member} of bool holds bytes other than 0 and 1")
        return array.reshape(shape[::-1]).T if columns_first else array.reshape(shape)

    def _system(self, error: OSError) -> Exception:
        # zipfile seeks to places outside of a damaged file.
        outside = error.errno in (None, errno.EINVAL)
        return self._damaged(error) if outside else system_error(self.prefix, error)

    def _damaged(self, error: Exception) -> DataLossError:
        return DataLossError(None, None, f"{self.prefix} is damaged, or no file of arrays: "
                             f"{error or type(error).__name__}")


def _read_header(stream: Any) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """(shape, whether columns come first, dtype) of an array; what follows are its elements."""
    version = npy.read_magic(stream)
    size = int.from_bytes(stream.read(2 if version == (1, 0) else 4), "little")
    if version not in ((1, 0), (2, 0)) or size > _LONGEST_HEADER:
        raise ValueError(f"an array has a header of version {version} and {size} bytes")
    header = ast.literal_eval(stream.read(size).decode("latin-1").strip())
    shape, columns_first, kind = header["shape"], header["fortran_order"], header["descr"]
    if not isinstance(shape, tuple) or len(shape) > _MOST_AXES or not all(
            type(size) is int and size >= 0 for size in shape):
        raise ValueError(f"an array has the shape {shape!r:.100}")
    if isinstance(kind, str) and not _DTYPE.fullmatch(kind):
        raise ValueError(f"an array has the dtype {kind!r:.100}")
    return shape, bool(columns_first), npy.descr_to_dtype(kind)


def _strings(data: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Strings from the bytes of all and their lengths."""
    if data.dtype != np.uint8 or lengths.dtype.kind not in "iu" or (
            lengths.size and lengths.min() < 0):
        raise ValueError("it does not hold bytes and their lengths")
    ends = np.cumsum(lengths.reshape(-1).astype(object)).tolist()  # of Python: no overflow
    if (ends[-1] if ends else 0) != data.size:
        raise ValueError("the lengths of strings do not sum up to their bytes")
    content = data.tobytes()
    result = np.empty(lengths.size, object)
    result[:] = [content[start:end] for start, end in zip([0, *ends], ends)]
    return result.reshape(lengths.shape)
