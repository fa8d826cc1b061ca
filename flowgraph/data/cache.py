"""`Dataset.cache`: elements kept in memory for one pass, or in a file for all programs.

The file is a TFRecord file, `<filename>.data`: a record per element, in it one TensorProto per
component. Nothing in it is ever run; a damaged file is a DataLossError. It is written under a
temporary name and gets its own when the last element has been read and all is on the disk.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from flowgraph.core import durable, wire
from flowgraph.core.system_error import system_error
from flowgraph.core.tfrecord import RecordWriter, read_records
from flowgraph.data.pipeline import Element, Run, Stage
from flowgraph.errors import DataLossError, UnimplementedError
from flowgraph.ops.tensor_proto import parsed_tensor, tensor_message


def cached(source: Stage, filename: str, dtypes: Any) -> Stage:
    """The elements of a stage, kept after the first time.

    Args:
        source: where they come from.
        filename: the file that keeps them; "" for memory.
        dtypes: of the components.
    """
    if not filename:
        return _MemoryCache(source)
    if any(dtype.kind == "r" for dtype in dtypes):
        raise UnimplementedError(None, None, "elements with sparse tensors or datasets cannot be "
                                 "cached in a file; leave the filename out to cache in memory")
    return _FileCache(source, f"{filename}.data", dtypes)


class _Cache(Stage):
    def __init__(self, source: Stage) -> None:
        self.source = source

    def cardinality(self) -> int:
        """As many as before."""
        return self.source.cardinality()


class _MemoryCache(_Cache):
    """Kept in memory, for the pass."""

    def start(self, run: Run) -> Iterator[Element]:
        """The elements: those kept, or those of the source, which are noted."""
        kept: list[list[Element]] = run.kept(self, list)
        return iter(kept[0]) if kept else _Noting(self.source.start(run), kept)


class _Noting:
    """Notes the elements; they are kept once all have been read."""

    def __init__(self, source: Iterator[Element], kept: list[list[Element]]) -> None:
        self._source = source
        self._kept = kept
        self._elements: list[Element] = []

    def __iter__(self) -> Iterator[Element]:
        return self

    def __next__(self) -> Element:
        try:
            element = next(self._source)
        except StopIteration:
            if not self._kept:
                self._kept.append(self._elements)
            raise
        self._elements.append(element)
        return element


class _FileCache(_Cache):
    """Kept in a file."""

    fresh = True

    def __init__(self, source: Stage, path: str, dtypes: Any) -> None:
        super().__init__(source)
        self.path = path
        self.dtypes = dtypes

    def start(self, run: Run) -> Iterator[Element]:
        """The elements: those in the file, or those of the source, which are written."""
        if os.path.exists(self.path):
            return _Reading(self.path, self.dtypes)
        writing = _Writing(self.source.start(run), self.path)
        run.add(writing)
        return writing


class _Reading:
    def __init__(self, path: str, dtypes: Any) -> None:
        self._path = path
        self._dtypes = dtypes
        self._records = read_records(path)

    def __iter__(self) -> Iterator[Element]:
        return self

    def __next__(self) -> Element:
        record = next(self._records)
        try:
            element = tuple([parsed_tensor(part) for _, _, part in wire.fields(record)
                             if isinstance(part, bytes)])
        except ValueError as error:
            raise DataLossError(None, None, f"{self._path}: damaged element: {error}") from None
        if [part.dtype for part in element] != [dtype.numpy for dtype in self._dtypes]:
            raise DataLossError(None, None, f"{self._path}: the file was written by a dataset with "
                                "elements of other dtypes. Remove it.")
        return element


class _Writing:
    """Writes the elements to a file that gets its name at the end."""

    def __init__(self, source: Iterator[Element], path: str) -> None:
        self._source = source
        self._path = path
        self._part = durable.temporary_name(path)
        self._writer: RecordWriter | None = None
        self._ended = False

    def __iter__(self) -> Iterator[Element]:
        return self

    def __next__(self) -> Element:
        if self._ended:
            raise StopIteration
        if self._writer is None:
            self._writer = RecordWriter(self._part)
        try:
            element = next(self._source)
        except StopIteration:
            self._publish(self._writer)
            raise
        self._writer.write(b"".join(wire.field(1, tensor_message(part)) for part in element))
        return element

    def _publish(self, writer: RecordWriter) -> None:
        """Gives the file its name; a crash after that leaves a file that is whole."""
        writer.close()
        try:
            durable.sync_file(self._part)
            self._ended = True
            durable.publish(self._part, self._path)
            durable.remove_left_over(self._path)
        except OSError as error:
            raise system_error(self._path, error) from None

    def close(self) -> None:
        """Drops what was written: not all elements were read."""
        if self._writer is not None and not self._ended:
            self._ended = True
            self._writer.close()
            with suppress(OSError):
                durable.remove(self._part)

    def __del__(self) -> None:
        self.close()
