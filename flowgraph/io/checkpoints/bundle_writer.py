"""Writing a bundle so that a crash at any moment leaves the old checkpoint or the new one.

The tensors go to a new file, which is forced to the disk and renamed; then the index. What an index
points to is never touched. So a bundle that is saved over one of the same name takes two steps,
each of which ends in the rename of an index:

    1. PREFIX.data-00000-of-00002, and an index that points to it; the old data stays
    2. the same bytes as PREFIX.data-00000-of-00001, and an index that points there
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterable
from typing import Any

import numpy as np

from flowgraph.core.crc32c import crc32c, mask
from flowgraph.core.dtypes import of_numpy
from flowgraph.core.durable import publish, remove, remove_left_over, temporary, write_file
from flowgraph.core.system_error import system_error
from flowgraph.core.wire import pack_varints
from flowgraph.errors import InvalidArgumentError, OpError
from flowgraph.io.checkpoints.bundle import (
    BundleReader,
    as_bytes,
    data_file,
    index_file,
    packed_lengths,
)
from flowgraph.io.checkpoints.bundle_entries import Entry, Header, Slice, slice_key, slice_shape
from flowgraph.io.checkpoints.table import table_bytes

_saving = threading.Lock()

# (name, None, array), or (name, (shape of the whole, part), array)
Tensor = tuple[str, "tuple[tuple[int, ...], Slice] | None", np.ndarray]


def write_bundle(prefix: str, tensors: Iterable[Tensor]) -> None:
    """Writes tensors to a bundle, in place of the one of that name; all or nothing.

    Args:
        prefix: what all its files' names begin with. Its folder is made if it is missing, the one
            above must be there.
        tensors: (name, None, array); or (name, (shape, part), array) for a part of a tensor of that
            name and shape.

    Raises:
        InvalidArgumentError: a name is there twice, or the parts do not go together.
        OpError: the system could not write; its subclass says why.
    """
    folder = os.path.dirname(prefix)
    try:
        if folder and not os.path.isdir(folder):
            os.mkdir(folder)
        with _saving:
            _write(prefix, tensors)
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        raise system_error(prefix, error) from None


def _write(prefix: str, tensors: Iterable[Tensor]) -> None:
    usual, spare = data_file(prefix, 0, 1), data_file(prefix, 0, 2)
    with temporary(usual) as (file, name):
        entries = _write_tensors(file, tensors)
    try:
        if _shards_of(prefix) == 1:
            publish(name, spare)
            write_file(index_file(prefix), _index(entries, 2))
            shards = 2
            if _link(spare, name):
                publish(name, usual)
                write_file(index_file(prefix), _index(entries, 1))
                shards = 1
        else:
            publish(name, usual)
            write_file(index_file(prefix), _index(entries, 1))
            shards = 1
    except BaseException:
        remove(name)
        raise
    _clean(prefix, shards)


def _shards_of(prefix: str) -> int:
    """The number of data files of the bundle that is there; 0 for none."""
    try:
        return BundleReader(prefix).header.num_shards
    except OpError:
        return 0


def _link(path: str, name: str) -> bool:
    """Gives a file another name; whether the file system can do that."""
    try:
        os.link(path, name)
    except OSError:
        return False
    return True


def _clean(prefix: str, shards: int) -> None:
    """Removes data files that the index no longer points to, and what killed programs left."""
    folder, name = os.path.split(prefix)
    pattern = re.compile(re.escape(name) + r"\.data-\d{5}-of-(\d{5})")
    for found in os.listdir(folder or "."):
        match = pattern.fullmatch(found)
        if match and int(match[1]) != shards:
            remove(os.path.join(folder, found))
    remove_left_over(index_file(prefix))


def _index(entries: dict[bytes, Entry], shards: int) -> bytes:
    rows = [(key, entries[key].encode()) for key in sorted(entries)]
    return table_bytes([(b"", Header(shards).encode()), *rows])


# ---- tensors -------------------------------------------------------------------------------------


def _write_tensors(file: Any, tensors: Iterable[Tensor]) -> dict[bytes, Entry]:
    """Writes the tensors; their entries."""
    entries: dict[bytes, Entry] = {}
    offset = 0
    for name, place, array in tensors:
        key, dtype = as_bytes(name), of_numpy(array.dtype).as_datatype_enum
        if place is not None and slice_shape(*place) != place[0]:
            shape, part = place
            whole = entries.get(key, Entry(dtype, shape))
            if (whole.dtype, whole.shape) != (dtype, shape) or whole.size:
                raise InvalidArgumentError(None, None, f"the parts of {name} do not go together: "
                                           "they are of different dtypes or wholes")
            entries[key] = Entry(dtype, shape, slices=(*whole.slices, part))
            key = slice_key(key, part)
        if not key or key in entries:
            raise InvalidArgumentError(None, None, f"Adding duplicate key: {name}" if key else
                                       "a tensor cannot be saved under an empty name")
        size, crc = _write_array(file, array)
        entries[key] = Entry(dtype, array.shape, 0, offset, size, crc)
        offset += size
    return entries


def _write_array(file: Any, array: np.ndarray) -> tuple[int, int]:
    """Writes the bytes of a tensor; (their number, their masked checksum)."""
    if array.dtype == object:
        return _write_strings(file, array.reshape(-1).tolist())
    data = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).reshape(-1).view(np.uint8)
    file.write(data)
    return data.size, mask(crc32c(data))


def _write_strings(file: Any, strings: list[bytes]) -> tuple[int, int]:
    lengths = [len(text) for text in strings]
    crc = crc32c(packed_lengths(lengths))
    checksum = mask(crc).to_bytes(4, "little")
    head, content = pack_varints(lengths), b"".join(strings)
    file.write(head)
    file.write(checksum)
    file.write(content)
    return len(head) + 4 + len(content), mask(crc32c(content, crc32c(checksum, crc)))
