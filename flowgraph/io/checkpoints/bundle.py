"""Bundles: TensorFlow's checkpoints of the second format, named tensors in files.

    PREFIX.index                   a table: the header, and per tensor its dtype, shape and place
    PREFIX.data-00000-of-00001     the tensors' bytes, one after the other

Numbers stand as they are in memory, low bytes first. Strings stand as their lengths, the checksum
of these, and their bytes.

Files that are read may come from anywhere: nothing in them is believed before it has been checked
against the length of the files, and every byte is checksummed. What is wrong raises DataLossError
with the file and the reason.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable
from math import prod
from typing import Any

import numpy as np

from flowgraph.core import wire
from flowgraph.core.crc32c import crc32c, mask
from flowgraph.core.dtypes import DType, as_dtype
from flowgraph.core.spec import shape_text
from flowgraph.core.system_error import system_error
from flowgraph.errors import (
    DataLossError,
    InvalidArgumentError,
    NotFoundError,
    OpError,
    ResourceExhaustedError,
    UnimplementedError,
)
from flowgraph.io.checkpoints.bundle_entries import (
    VERSION,
    Entry,
    Header,
    Slice,
    slice_key,
    slice_shape,
    slice_text,
)
from flowgraph.io.checkpoints.table import read_table

_OTHER_DTYPES = {14: "bfloat16", 20: "resource", 21: "variant", 24: "float8_e5m2",
                 25: "float8_e4m3fn", 29: "int4", 30: "uint4"}


def index_file(prefix: str) -> str:
    """The name of a bundle's index.

    Args:
        prefix: what all its files' names begin with.
    """
    return prefix + ".index"


def data_file(prefix: str, shard: int, num_shards: int) -> str:
    """The name of a file with tensors.

    Args:
        prefix: what all its files' names begin with.
        shard: which one, from 0.
        num_shards: how many there are.
    """
    return f"{prefix}.data-{shard:05d}-of-{num_shards:05d}"


def dtype_name(number: int) -> str:
    """The name of a dtype for messages.

    Args:
        number: TensorFlow's number of the dtype.
    """
    try:
        return as_dtype(number).name
    except TypeError:
        return _OTHER_DTYPES.get(number, f"dtype number {number}")


class BundleReader:
    """The tensors of a bundle by name.

    Args:
        prefix: what all its files' names begin with.

    Attributes:
        entries: Entry by name; partitioned tensors under the name of the whole, without the parts.
        parts: Entry by key, of the parts of partitioned tensors.

    Raises:
        NotFoundError: there is no such bundle.
        DataLossError: its index is damaged, or no index.
        InvalidArgumentError: it is of a newer version of the format.
    """

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self._index = index_file(prefix)
        table = self._read_index()
        try:
            if b"" not in table:
                raise wire.WireError("it has no header")
            self.header = Header.decode(table.pop(b""))
            found = {key: Entry.decode(message) for key, message in table.items()}
        except ValueError as error:
            raise self._damaged(self._index, str(error)) from None
        if self.header.min_consumer > VERSION or VERSION in self.header.bad_consumers:
            raise InvalidArgumentError(None, None, f"{self._index} is of a newer version of the "
                                       f"format, which programs of version {VERSION} cannot read")
        keys = {slice_key(name, part) for name, entry in found.items() for part in entry.slices}
        self.parts = {key: entry for key, entry in found.items() if key in keys}
        self.entries = {name.decode("utf-8", "surrogateescape"): entry
                        for name, entry in found.items() if name not in keys}

    def _read_index(self) -> dict[bytes, bytes]:
        try:
            with open(self._index, "rb") as file:
                return read_table(file, os.fstat(file.fileno()).st_size)
        except FileNotFoundError:
            raise self._missing() from None
        except ValueError as error:
            if "\0" in self.prefix:
                raise InvalidArgumentError(None, None, "a path cannot hold a zero byte: "
                                           f"{self.prefix!r:.100}") from None
            raise self._damaged(self._index, str(error)) from None
        except OSError as error:
            raise system_error(self._index, error) from None

    def _missing(self) -> OpError:
        whole = self.prefix.split(".data-")[0].removesuffix(".index").removesuffix(".meta")
        advice = (f". Leave out the end of the name: {whole}"
                  if os.path.isfile(index_file(whole)) else "")
        return NotFoundError(None, None, "Failed to find any matching files for "
                             f"{self.prefix}: there is no checkpoint of that name{advice}")

    def _damaged(self, file: str, why: str) -> DataLossError:
        return DataLossError(None, None, f"{file} is damaged, or no file of a checkpoint: {why}")

    # ---- whole tensors ---------------------------------------------------------------------------

    def entry(self, name: str) -> Entry:
        """The entry of a tensor.

        Args:
            name: the tensor's name.

        Raises:
            NotFoundError: there is no such tensor.
        """
        found = self.entries.get(name)
        if found is None:
            raise NotFoundError(None, None, f"Key {name} not found in checkpoint {self.prefix}")
        return found

    def dtype(self, name: str) -> DType:
        """The dtype of a tensor.

        Args:
            name: the tensor's name.

        Raises:
            NotFoundError: there is no such tensor.
            UnimplementedError: flowgraph has no such dtype.
        """
        number = self.entry(name).dtype
        try:
            dtype = as_dtype(number)
        except TypeError:
            dtype = None
        if dtype is None or dtype.kind == "r" or dtype._is_ref_dtype:
            raise UnimplementedError(None, None, f"{name} in {self.prefix} is of "
                                     f"{dtype_name(number)}, which cannot be read here")
        return dtype

    def read(self, name: str, part: Slice | None = None) -> np.ndarray:
        """A tensor.

        Args:
            name: the tensor's name.
            part: the part of it that is wanted; None for the whole.

        Raises:
            NotFoundError: there is no such tensor, or a data file is missing.
            DataLossError: its bytes are damaged.
            InvalidArgumentError: the part is not within the tensor, or was not saved.
            UnimplementedError: flowgraph has no such dtype.
        """
        entry, dtype = self.entry(name), self.dtype(name)
        if not entry.slices:
            array = self._array(name, entry, dtype, entry.shape)
            if part is None or all(extent is None for extent in part):
                return array
            self._shape_of(name, entry, part, InvalidArgumentError)
            return array[_places(entry.shape, part)].copy()
        return self._joined(name, entry, dtype, part or (None,) * len(entry.shape))

    def _array(self, name: str, entry: Entry, dtype: DType, shape: tuple[int, ...]) -> np.ndarray:
        self._check_size(name, entry, dtype, shape)
        if not entry.size:
            return np.empty(shape, dtype.numpy)
        data, file = self._bytes(name, entry)
        if dtype.kind == "s":
            return self._strings(name, data, prod(shape), entry, file).reshape(shape)
        if mask(crc32c(data)) != entry.crc:
            raise self._damaged(file, f"the checksum of {name} does not match")
        stored = dtype.numpy.newbyteorder(">" if self.header.big_endian else "<")
        array = np.frombuffer(data, stored)
        if dtype.is_bool and data.translate(None, b"\0\1"):
            raise self._damaged(file, f"{name} of dtype bool holds bytes other than 0 and 1")
        return array.astype(dtype.numpy, copy=False).reshape(shape)

    def _check_size(self, name: str, entry: Entry, dtype: DType, shape: tuple[int, ...]) -> None:
        """Raises unless an entry has as many bytes as a tensor takes; strings take one at least."""
        count = prod(shape)
        if entry.size < count if dtype.kind == "s" else entry.size != count * dtype.size:
            raise self._damaged(self._index, f"{name} has {entry.size} bytes, too few or too many "
                                f"for {dtype.name} of shape {shape_text(shape)}")

    def _bytes(self, name: str, entry: Entry) -> tuple[bytearray, str]:
        """What an entry points to, after a check that the file is so long, and the file's name."""
        if entry.shard >= self.header.num_shards:
            raise self._damaged(self._index, f"{name} is in file {entry.shard} of "
                                f"{self.header.num_shards}")
        path = data_file(self.prefix, entry.shard, self.header.num_shards)
        try:
            with open(path, "rb") as file:
                length = os.fstat(file.fileno()).st_size
                if entry.offset + entry.size > length:
                    raise self._damaged(path, f"it is {length} bytes long, but {name} reaches to "
                                        f"{entry.offset + entry.size}")
                data = bytearray(entry.size)
                file.seek(entry.offset)
                if file.readinto(data) != entry.size:
                    raise self._damaged(path, "it became shorter while it was read")
        except OSError as error:
            raise system_error(path, error) from None
        except MemoryError:
            raise ResourceExhaustedError(None, None, f"{path}: there is no memory for the "
                                         f"{entry.size} bytes of {name}") from None
        return data, path

    def _strings(self, name: str, data: bytearray, count: int, entry: Entry,
                 path: str) -> np.ndarray:
        """Strings from their lengths, the checksum of these, and their bytes."""
        content, at = bytes(data), 0
        order = ">" if self.header.big_endian else "<"
        lengths = []
        try:
            for _ in range(count):
                length, at = wire.read_varint(content, at)
                lengths.append(length)
        except ValueError:
            raise self._damaged(path, f"the lengths of the strings of {name} are cut off") from None
        if at + 4 + sum(lengths) != len(content):
            raise self._damaged(path, f"the strings of {name} are not as long as it says")
        crc = crc32c(packed_lengths(lengths, order))
        if struct.unpack(order + "I", content[at:at + 4]) != (mask(crc),):
            raise self._damaged(path, f"the checksum of the lengths of {name} does not match")
        if mask(crc32c(content[at:], crc)) != entry.crc:
            raise self._damaged(path, f"the checksum of {name} does not match")
        array = np.empty(count, object)
        at += 4
        for i, length in enumerate(lengths):
            array[i] = content[at:at + length]
            at += length
        return array

    # ---- tensors saved in parts ------------------------------------------------------------------

    def _shape_of(self, name: str, entry: Entry, part: Slice, kind: type[OpError]
                  ) -> tuple[int, ...]:
        try:
            return slice_shape(entry.shape, part)
        except ValueError as error:
            raise kind(None, None, f"{name} in {self.prefix}: {error}") from None

    def _joined(self, name: str, entry: Entry, dtype: DType, wanted: Slice) -> np.ndarray:
        """A part of a tensor, put together from the parts that were saved."""
        shape = self._shape_of(name, entry, wanted, InvalidArgumentError)
        places = _places(entry.shape, wanted)
        pieces, held, stored = [], 0, 0
        for part in dict.fromkeys(entry.slices):
            self._shape_of(name, entry, part, DataLossError)
            common = [(max(a.start, b.start), min(a.stop, b.stop))
                      for a, b in zip(places, _places(entry.shape, part), strict=True)]
            if all(start < stop for start, stop in common):
                saved = self.parts.get(slice_key(as_bytes(name), part))
                if saved is None or saved.dtype != entry.dtype:
                    raise self._damaged(self._index, f"the part {slice_text(part)} of {name} is "
                                        "missing, or of another dtype")
                sizes = slice_shape(entry.shape, part)
                self._check_size(f"the part {slice_text(part)} of {name}", saved, dtype, sizes)
                pieces.append((part, saved, common))
                held += prod(stop - start for start, stop in common)
                stored += saved.size
        if held != prod(shape):
            raise InvalidArgumentError(
                None, None, f"{self.prefix} holds {held} of the {prod(shape)} elements of the part "
                f"{slice_text(wanted)} of {name}: parts are missing, or overlap")
        if stored > self._data_length():  # before memory is taken for it
            raise self._damaged(self._index, f"the parts of {name} are longer than the data files")
        result = np.empty(shape, dtype.numpy)
        filled = np.zeros(shape, bool)
        for part, saved, common in pieces:
            sizes = slice_shape(entry.shape, part)
            array = self._array(f"the part {slice_text(part)} of {name}", saved, dtype, sizes)
            target = _within(common, places)
            if filled[target].any():
                raise self._damaged(self._index, f"the parts of {name} overlap")
            result[target] = array[_within(common, _places(entry.shape, part))]
            filled[target] = True
        return result

    def _data_length(self) -> int:
        shards = {entry.shard for entry in [*self.entries.values(), *self.parts.values()]}
        paths = [data_file(self.prefix, shard, self.header.num_shards) for shard in shards]
        return sum(os.path.getsize(path) for path in paths if os.path.isfile(path))


def _places(shape: tuple[int, ...], part: Slice) -> tuple[slice, ...]:
    return tuple(slice(0, n) if extent is None else slice(extent[0], sum(extent))
                 for extent, n in zip(part, shape, strict=True))


def _within(common: Iterable[tuple[int, int]], places: Iterable[slice]) -> tuple[slice, ...]:
    return tuple(slice(start - place.start, stop - place.start)
                 for (start, stop), place in zip(common, places, strict=True))


def packed_lengths(lengths: list[int], order: str = "<") -> bytes:
    """The lengths of strings as their checksum sees them: 4 bytes each, 8 for very long ones.

    Args:
        lengths: the lengths.
        order: "<" for low bytes first, ">" for high ones.
    """
    if all(length < 1 << 32 for length in lengths):
        return np.array(lengths, order + "u4").tobytes()
    return b"".join(struct.pack(order + ("I" if length < 1 << 32 else "Q"), length)
                    for length in lengths)


def as_bytes(text: Any) -> bytes:
    """A tensor's name as the index holds it.

    Args:
        text: str or bytes.
    """
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")
