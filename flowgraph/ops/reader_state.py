"""Readers: the objects that turn names of files, taken out of a queue, into records.

    queue of file names --> reader: the file that is open --> (key, value), one or several a run

A reader goes on where the run before has stopped, and takes the next name out of the queue when a
file is at its end. One run at a time reads; the others wait for their turn.
"""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from flowgraph.core import wire
from flowgraph.core.deadline import holding
from flowgraph.core.system_error import system_error
from flowgraph.core.tfrecord import open_unpacked, read_records
from flowgraph.errors import InvalidArgumentError, OutOfRangeError, UnimplementedError
from flowgraph.ops.queue_state import Queue

Record = tuple[bytes, bytes]

_CHUNK = 1 << 20  # bytes asked of a file at once: a record's length may be far more than there is
_FRAME = 16  # bytes of a TFRecord file around each record


class Reader:
    """What all readers share."""

    kind: ClassVar[str] = ""
    one_record: ClassVar[bool] = False  # each work unit is one record

    def __init__(self) -> None:
        self.name = ""
        self.records_produced = 0
        self.units_completed = 0
        self._started = 0
        self._work = b""
        self._records: Iterator[Record] | None = None
        self._error: Exception | None = None
        self._lock = threading.Lock()

    def named(self, name: str) -> None:
        """Takes the name that errors call it by."""
        self.name = name

    def open(self, work: bytes) -> Iterator[Record]:
        """The records of a work unit.

        Where a unit holds several records, it raises at once when there is no such file, and the
        next read goes on with the next unit. Where a unit is one record, reading that raises, and
        the next read tries it again.
        """
        raise NotImplementedError

    def read(self, queue: Queue) -> Record:
        """The next record; waits for work in the queue if need be.

        Raises:
            OutOfRangeError: there is no more work, and the queue is closed.
            OpError: a file cannot be read, or is damaged.
        """
        with holding(self._lock):
            while True:
                record = self._next(queue)
                if record is not None:
                    return record

    def read_up_to(self, queue: Queue, count: int) -> list[Record]:
        """The next records, at most `count`: fewer where a work unit ends.

        Raises:
            OutOfRangeError: there is no more work, and the queue is closed.
            OpError: a file cannot be read, or is damaged.
        """
        found: list[Record] = []
        with holding(self._lock):
            while len(found) < count:
                record = self._next(queue)
                if record is not None:
                    found.append(record)
                if found and not self._in_progress():
                    break
        return found

    def reset(self) -> None:
        """Makes it as new."""
        with holding(self._lock):
            self._restore(0, 0, 0, b"")

    def state(self) -> bytes:
        """How far it is, as a serialized ReaderBaseState.

        Raises:
            UnimplementedError: it may be inside of a file.
        """
        if not self.one_record:
            raise UnimplementedError(None, None, "Reader SerializeState")
        with holding(self._lock):
            numbers = (self._started, self.units_completed, self.records_produced)
            return (b"".join(wire.varint_field(i, n) for i, n in enumerate(numbers, 1) if n)
                    + (wire.field(4, self._work) if self._work else b""))

    def restore(self, state: bytes) -> None:
        """Takes up a state that `state` gave.

        Raises:
            UnimplementedError: it may be inside of a file.
            InvalidArgumentError: this is no state.
        """
        with holding(self._lock):
            self._restore(0, 0, 0, b"")
            if not self.one_record:
                raise UnimplementedError(None, None, "Reader RestoreState")
            started, completed, produced, work = self._parsed(state)
            self._restore(started, completed, produced, work)

    def _parsed(self, state: bytes) -> tuple[int, int, int, bytes]:
        held: dict[int, int | bytes] = {1: 0, 2: 0, 3: 0, 4: b""}
        kinds = {1: wire.VARINT, 2: wire.VARINT, 3: wire.VARINT, 4: wire.BYTES}
        try:
            for number, kind, value in wire.fields(state):
                if kinds.get(number) == kind:
                    held[number] = wire.signed(value) if isinstance(value, int) else value
        except wire.WireError as error:
            raise InvalidArgumentError(None, None, f"Could not parse state for {self}: "
                                       f"{error}") from None
        numbers = [held[i] for i in (1, 2, 3)]
        if min(numbers) < 0:  # type: ignore[operator]
            raise InvalidArgumentError(None, None, "Unexpected negative value when restoring in "
                                       f"{self}: {numbers}")
        if numbers[0] > numbers[1]:  # type: ignore[operator]
            raise InvalidArgumentError(None, None, "Inconsistent work started vs. finished when "
                                       f"restoring in {self}: {numbers}")
        return (*numbers, held[4])  # type: ignore[return-value]

    def _restore(self, started: int, completed: int, produced: int, work: bytes) -> None:
        self._started, self.units_completed, self.records_produced = started, completed, produced
        self._work, self._records, self._error = work, None, None

    def _in_progress(self) -> bool:
        return self._started > self.units_completed

    def _next(self, queue: Queue) -> Record | None:
        """The next record; None when the work unit was at its end."""
        if self._error is not None:
            raise self._error
        if not self._in_progress():
            self._work = _work_of(queue.dequeue())
            self._records = self.open(self._work)
            self._started += 1
        elif self._records is None and self.one_record:
            self._records = self.open(self._work)  # once more: the file may be there by now
        try:
            record = next(self._records) if self._records is not None else None
        except StopIteration:
            record = None
        except Exception as error:
            if self.one_record:
                self._records = None
            else:
                self._error = error  # a damaged file stays damaged, as in TensorFlow
            raise
        if record is not None:
            self.records_produced += 1
        if record is None or self.one_record:
            self.units_completed = self._started
            self._records = None
        return record

    def __str__(self) -> str:
        return f"{self.kind} '{self.name}'"


def _work_of(element: tuple) -> bytes:
    """The work unit that an element of a queue holds."""
    if len(element) != 1:
        raise InvalidArgumentError(None, None, "Expected single component queue")
    array = element[0]
    if array.dtype != object:
        raise InvalidArgumentError(None, None, "Expected queue with single string component")
    if array.size != 1:
        raise InvalidArgumentError(None, None, "Expected to dequeue a one-element string tensor")
    return array.item()


@contextmanager
def _opened(work: bytes, compression: str = "") -> Iterator[io.BufferedReader]:
    path = os.fsdecode(work)
    try:
        with open_unpacked(path, compression) as file:
            yield file
    except (OSError, ValueError) as error:
        raise system_error(path, error) from None


def _begun(records: Iterator) -> Iterator[Record]:
    """A generator that has opened its file: it gives a None first, once it has."""
    next(records)
    return records


class IdentityReader(Reader):
    """Gives each work unit as it is."""

    kind = "IdentityReader"
    one_record = True

    def open(self, work: bytes) -> Iterator[Record]:
        """The one record."""
        return iter([(work, work)])


class WholeFileReader(Reader):
    """Gives the whole contents of each file."""

    kind = "WholeFileReader"
    one_record = True

    def open(self, work: bytes) -> Iterator[Record]:
        """The one record."""
        with _opened(work) as file:
            yield work, file.read()


class TextLineReader(Reader):
    """Gives the lines of files, without their ends.

    Args:
        skip_header_lines: how many lines at the beginning of each file are left out.
    """

    kind = "TextLineReader"

    def __init__(self, skip_header_lines: int) -> None:
        super().__init__()
        self.skip_header_lines = skip_header_lines

    def open(self, work: bytes) -> Iterator[Record]:
        """The lines; keys count them from 1."""
        return _begun(self._lines(work))

    def _lines(self, work: bytes) -> Iterator:
        with _opened(work) as file:
            yield None
            for number, line in enumerate(file, 1):
                if number <= self.skip_header_lines:
                    continue
                text = line.removesuffix(b"\n").removesuffix(b"\r")
                if text or line.endswith(b"\n"):
                    yield b"%b:%d" % (work, number), text


class TFRecordReader(Reader):
    """Gives the records of TFRecord files.

    Args:
        compression: "ZLIB", "GZIP" or "".
    """

    kind = "TFRecordReader"

    def __init__(self, compression: str) -> None:
        super().__init__()
        self.compression = compression

    def open(self, work: bytes) -> Iterator[Record]:
        """The records; keys are their places in the unpacked file."""
        return _begun(self._records_of(work))

    def _records_of(self, work: bytes) -> Iterator:
        with _opened(work):
            yield None
        place = 0
        for record in read_records(os.fsdecode(work), self.compression):
            yield b"%b:%d" % (work, place), record
            place += len(record) + _FRAME


class FixedLengthRecordReader(Reader):
    """Gives the records of files in which all are of one length.

    Args:
        record_bytes: bytes of a record.
        header_bytes, footer_bytes: bytes before the first and after the last record.
        hop_bytes: bytes from the start of a record to that of the next; 0 for `record_bytes`.
        encoding: "ZLIB", "GZIP", or "" for files that are not packed.
    """

    kind = "FixedLengthRecordReader"

    def __init__(self, record_bytes: int, header_bytes: int, footer_bytes: int, hop_bytes: int,
                 encoding: str) -> None:
        super().__init__()
        self.record_bytes, self.header_bytes = record_bytes, header_bytes
        self.footer_bytes, self.hop_bytes = footer_bytes, hop_bytes or record_bytes
        self.encoding = encoding if encoding in ("ZLIB", "GZIP") else ""

    def open(self, work: bytes) -> Iterator[Record]:
        """The records; keys count them from 0."""
        return _begun(self._records_of(work))

    def _records_of(self, work: bytes) -> Iterator:
        with _opened(work, self.encoding) as file:
            if _skipped(file, self.header_bytes) < self.header_bytes:
                raise OutOfRangeError(None, None, f"{os.fsdecode(work)}: reached end of file "
                                      f"inside of the header of {self.header_bytes} bytes")
            yield None
            held, number = b"", 0
            while True:
                missing = self.record_bytes + self.footer_bytes - len(held)
                more = _read(file, missing)
                if len(more) < missing:
                    return
                held += more
                yield b"%b:%d" % (work, number), held[:self.record_bytes]
                number += 1
                beyond = self.hop_bytes - len(held)
                held = held[self.hop_bytes:]
                if beyond > 0 and _skipped(file, beyond) < beyond:
                    return


def _read(file: io.BufferedReader, size: int) -> bytes:
    """So many bytes, or as many as there are."""
    if size <= _CHUNK:
        return file.read(size)
    parts = []
    while size > 0 and (part := file.read(min(size, _CHUNK))):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _skipped(file: io.BufferedReader, size: int) -> int:
    """Leaves out so many bytes, or as many as there are; how many that were."""
    left = size
    while left > 0 and (part := file.read(min(left, _CHUNK))):
        left -= len(part)
    return size - left
