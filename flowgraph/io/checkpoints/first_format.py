"""Checkpoints of TensorFlow's first format: one file, a table, for all tensors; they are read only.

The key "" holds what there is: name, shape, dtype and parts of each tensor. The other entries hold
the parts, each as a message with its name, its place, and its numbers one by one; a tensor that was
saved whole is one part. A checkpoint may be several such files: "model.ckpt-?????-of-00002".
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from flowgraph.core import wire
from flowgraph.core.dtypes import DType
from flowgraph.core.spec import shape_text
from flowgraph.core.system_error import system_error
from flowgraph.io.checkpoints.bundle import BundleReader, as_bytes, index_file
from flowgraph.io.checkpoints.bundle_entries import (
    Entry,
    Header,
    decoded_slice,
    slice_key,
    slice_shape,
    slice_text,
)
from flowgraph.io.checkpoints.npz import NpzReader, is_npz
from flowgraph.io.checkpoints.table import Place, read_block, read_blocks

_META, _DATA = 1, 2  # fields of an entry
_ANY = "-?????-of-"
# Where a TensorProto holds the numbers of a kind, and how wide they are.
_FIXED = {"float32": (5, "<f4"), "float64": (6, "<f8"), "complex64": (9, "<c8"),
          "complex128": (12, "<c16")}
_VARINTS = {"int64": 10, "uint64": 17, "uint32": 16, "bool": 11, "float16": 13}
_INT, _STRING = 7, 8


def open_checkpoint(prefix: str) -> BundleReader | NpzReader:
    """The reader of a checkpoint, of whichever format it is.

    Args:
        prefix: the checkpoint's name; of the first format, the file, or a name with
            "-?????-of-00002" that stands for all its files.

    Raises:
        NotFoundError: there is no such checkpoint.
        DataLossError: it is damaged.
    """
    if is_npz(prefix):
        return NpzReader(prefix)
    files = files_of(prefix)
    if files and not os.path.isfile(index_file(prefix)):
        states = [os.stat(file) for file in files]
        return _opened(prefix, tuple(
            (file, state.st_mtime_ns, state.st_size, state.st_ino)
            for file, state in zip(files, states, strict=True)))
    written = files_of(index_file(prefix)) if _ANY in prefix else []
    if len(written) == 1:  # a graph of that time with one shard, which was saved here
        prefix = written[0].removesuffix(index_file(""))
    return BundleReader(prefix)


@lru_cache(1)  # graphs of that time have an op for each variable, and each asks for the checkpoint
def _opened(prefix: str, files: tuple[tuple[Any, ...], ...]) -> FirstFormatReader:
    return FirstFormatReader(prefix, [file for file, *_ in files])


def files_of(prefix: str) -> list[str]:
    """The files that a checkpoint of the first format would be.

    Args:
        prefix: its name.
    """
    if "\0" in prefix:
        return []
    if _ANY in prefix:
        head, _, end = prefix.rpartition(_ANY)
        return sorted(glob.glob(glob.escape(head) + _ANY + glob.escape(end)))
    other = prefix.endswith((".index", ".meta")) or ".data-" in prefix
    return [prefix] if os.path.isfile(prefix) and not other else []


class FirstFormatReader(BundleReader):
    """The tensors of a checkpoint of the first format by name.

    Args:
        prefix: its name.
        files: its files.

    Raises:
        DataLossError: a file is damaged, or no checkpoint.
    """

    def __init__(self, prefix: str, files: list[str]) -> None:
        self.prefix = self._index = prefix
        self.header = Header()
        self.entries, self.parts = {}, {}
        self._length = 0
        self._places: list[tuple[str, Place, bytes]] = []  # file, block and key of each part
        for file in files:
            self._index = file
            try:
                with open(file, "rb") as opened:
                    size = os.fstat(opened.fileno()).st_size
                    self._add(file, read_blocks(opened, size))
                self._length += size
            except ValueError as error:
                raise self._damaged(file, str(error)) from None
            except OSError as error:
                raise system_error(file, error) from None

    def _add(self, file: str, blocks: Iterable[tuple[Place, dict[bytes, bytes]]]) -> None:
        held: dict[bytes, tuple[int, int]] = {}
        tensors = None
        for place, block in blocks:
            for key, message in block.items():
                if key == b"":
                    tensors = [_part_of(value) for number, _, value in
                               wire.fields(_part(message, _META)) if number == 1]
                    continue
                content = _part(message, _DATA)
                name, part = _name(content), decoded_slice(_part(content, 2))
                held[slice_key(name, part)] = len(self._places), len(content)
                self._places.append((file, place, key))
        if tensors is None:
            raise wire.WireError("it does not say which tensors there are")
        for tensor in tensors:
            self._add_tensor(tensor, held)

    def _add_tensor(self, tensor: bytes, held: dict[bytes, tuple[int, int]]) -> None:
        """Adds what is said of a tensor to its entry: another file may hold other parts of it."""
        name = _name(tensor)
        told = Entry.decode(wire.varint_field(1, _dtype_of(tensor))
                            + wire.field(2, _part(tensor, 2)))
        slices = tuple(decoded_slice(_part_of(value)) for number, _, value in wire.fields(tensor)
                       if number == 4)
        text = name.decode("utf-8", "surrogateescape")
        before = self.entries.get(text)
        if before is not None and (before.dtype, before.shape) != (told.dtype, told.shape):
            raise wire.WireError(f"it says that {text} is of another dtype or shape than before")
        for part in slices:
            key = slice_key(name, part)
            if key not in held:
                raise wire.WireError(f"the part {slice_text(part)} of {text} is missing")
            place, size = held[key]
            self.parts[key] = Entry(told.dtype, slice_shape(told.shape, part), 0, place, size)
        slices = (*(before.slices if before is not None else ()), *slices)
        whole = len(slices) == 1 and slice_shape(told.shape, slices[0]) == told.shape
        self.entries[text] = Entry(told.dtype, told.shape, slices=slices) if not whole else (
            self.parts.pop(slice_key(name, slices[0])))

    # ---- the places where the formats differ -----------------------------------------------------

    def _array(self, name: str, entry: Entry, dtype: DType, shape: tuple[int, ...]) -> np.ndarray:
        file, place, key = self._places[entry.offset]
        try:
            with open(file, "rb") as opened:
                message = read_block(opened, place)[key]
            array = _numbers(_part(_part(message, _DATA), 3), dtype)
        except (ValueError, KeyError) as error:
            raise self._damaged(file, f"{name}: {error}") from None
        except OSError as error:
            raise system_error(file, error) from None
        if array.size != prod(shape):
            raise self._damaged(file, f"{name} has {array.size} elements, too few or too "
                                f"many for the shape {shape_text(shape)}")
        return array.reshape(shape)

    def _check_size(self, name: str, entry: Entry, dtype: DType, shape: tuple[int, ...]) -> None:
        """Every number takes a byte at least."""
        if entry.size < prod(shape):
            raise self._damaged(self._index, f"{name} has {entry.size} bytes, too few for the "
                                f"shape {shape_text(shape)}")

    def _data_length(self) -> int:
        return sum(entry.size for entry in self.parts.values())


def _numbers(message: bytes, dtype: DType) -> np.ndarray:
    """The elements that a TensorProto holds one by one."""
    if dtype.kind == "s":
        texts = [_part_of(value) for number, _, value in wire.fields(message) if number == _STRING]
        array = np.empty(len(texts), object)
        array[:] = texts
        return array
    if dtype.name in _FIXED:
        number, stored = _FIXED[dtype.name]
        data = b"".join(_part_of(value) for field, _, value in wire.fields(message)
                        if field == number)
        return np.frombuffer(data, stored).astype(dtype.numpy)
    number = _VARINTS.get(dtype.name, _INT)
    values: list[int] = []
    for field, _, value in wire.fields(message):
        if field == number:
            values += (wire.packed_varints(value) if isinstance(value, bytes)
                       else [wire.signed(value)])
    if dtype.name == "float16":
        return np.array(values, np.int64).astype(np.uint16).view(np.float16)
    return np.array(values, np.int64).astype(dtype.numpy)


def _part_of(value: int | bytes) -> bytes:
    if not isinstance(value, bytes):
        raise wire.WireError("a number stands where a message belongs")
    return value


def _part(message: bytes, number: int) -> bytes:
    """The message in a field; empty if there is none."""
    return b"".join(_part_of(value) for field, _, value in wire.fields(message) if field == number)


def _name(message: bytes) -> bytes:
    name = _part(message, 1)
    if not name:
        raise wire.WireError("a tensor has no name")
    return as_bytes(name)


def _dtype_of(tensor: bytes) -> int:
    return next((value for number, _, value in wire.fields(tensor)
                 if number == 3 and isinstance(value, int)), 0)
