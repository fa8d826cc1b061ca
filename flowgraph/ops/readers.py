"""Readers: records out of files whose names come out of a queue.

    files = tf.train.string_input_producer(["a.csv", "b.csv"])
    key, line = tf.TextLineReader().read(files)          # another line in each run
"""

from __future__ import annotations

from collections import namedtuple
from typing import Any

from flowgraph.graph.operation import Operation
from flowgraph.graph.tensor import Tensor
from flowgraph.ops import reader_ops as ops
from flowgraph.platform.python_io import TFRecordOptions

ReaderReadV2 = namedtuple("ReaderReadV2", ("key", "value"))
ReaderReadUpToV2 = namedtuple("ReaderReadUpToV2", ("keys", "values"))


class ReaderBase:
    """What all readers share; make a `TextLineReader` or another kind.

    Args:
        reader_ref: the handle.
        supports_serialize: whether its state can be written as text.

    Example:
        >>> import flowgraph as fg
        >>> isinstance(fg.TextLineReader(), fg.ReaderBase)
        True
    """

    def __init__(self, reader_ref: Tensor, supports_serialize: bool = False) -> None:
        self._reader_ref = reader_ref
        self._supports_serialize = supports_serialize

    @property
    def reader_ref(self) -> Tensor:
        """The handle."""
        return self._reader_ref

    @property
    def supports_serialize(self) -> bool:
        """Whether its state can be written as text."""
        return self._supports_serialize

    def read(self, queue: Any, name: str | None = None) -> ReaderReadV2:
        """The next record; another one in each run.

        The run waits while there is no work in the queue, and raises OutOfRangeError when there
        will be none: the queue is closed.

        Args:
            queue: a queue of strings, or its handle.
            name: name of the node.

        Returns:
            A named tuple of two string scalars: `key` and `value`.
        """
        return ReaderReadV2(*ops.ReaderReadV2.build(self._reader_ref, _handle(queue), name=name))

    def read_up_to(self, queue: Any, num_records: Any, name: str | None = None) -> ReaderReadUpToV2:
        """The next records, up to a number; fewer where a file ends, one at least.

        Args:
            queue: a queue of strings, or its handle.
            num_records: int64 scalar.
            name: name of the node.

        Returns:
            A named tuple of two string vectors: `keys` and `values`.
        """
        return ReaderReadUpToV2(*ops.ReaderReadUpToV2.build(
            self._reader_ref, _handle(queue), num_records, name=name))

    def num_records_produced(self, name: str | None = None) -> Tensor:
        """How many records it has given, an int64 scalar.

        Args:
            name: name of the node.
        """
        return ops.ReaderNumRecordsProducedV2.build(self._reader_ref, name=name)

    def num_work_units_completed(self, name: str | None = None) -> Tensor:
        """How many files it has come to the end of, an int64 scalar.

        Args:
            name: name of the node.
        """
        return ops.ReaderNumWorkUnitsCompletedV2.build(self._reader_ref, name=name)

    def serialize_state(self, name: str | None = None) -> Tensor:
        """How far it is, a string scalar; the run raises UnimplementedError where that is no text.

        Args:
            name: name of the node.
        """
        return ops.ReaderSerializeStateV2.build(self._reader_ref, name=name)

    def restore_state(self, state: Any, name: str | None = None) -> Operation:
        """An operation that puts it where it was when `serialize_state` ran.

        Args:
            state: string scalar.
            name: name of the node.
        """
        return ops.ReaderRestoreStateV2.build(self._reader_ref, state, name=name)

    def reset(self, name: str | None = None) -> Operation:
        """An operation that makes it as new.

        Args:
            name: name of the node.
        """
        return ops.ReaderResetV2.build(self._reader_ref, name=name)


def _handle(queue: Any) -> Tensor:
    return queue if isinstance(queue, Tensor) else queue.queue_ref


class WholeFileReader(ReaderBase):
    """Gives the whole contents of each file. Keys are the files' names.

    Args:
        name: name of the node.

    Example:
        >>> import pathlib, tempfile
        >>> import flowgraph as fg
        >>> path = pathlib.Path(tempfile.mkdtemp(), "greeting.txt")
        >>> _ = path.write_text("hello")
        >>> queue = fg.FIFOQueue(1, fg.string)
        >>> _, contents = fg.WholeFileReader().read(queue)
        >>> with fg.Session() as sess:
        ...     sess.run(queue.enqueue(str(path)))
        ...     sess.run(contents)
        b'hello'
    """

    def __init__(self, name: str | None = None) -> None:
        super().__init__(ops.WholeFileReaderV2.build(name=name), supports_serialize=True)


class TextLineReader(ReaderBase):
    """Gives the lines of files, without their ends. Keys are "file:number of the line".

    Args:
        skip_header_lines: how many lines at the beginning of each file are left out.
        name: name of the node.

    Example:
        >>> import pathlib, tempfile
        >>> import flowgraph as fg
        >>> path = pathlib.Path(tempfile.mkdtemp(), "table.csv")
        >>> _ = path.write_text("x,y\\n1,2\\n3,4\\n")
        >>> queue = fg.FIFOQueue(1, fg.string)
        >>> _, line = fg.TextLineReader(skip_header_lines=1).read(queue)
        >>> with fg.Session() as sess:
        ...     sess.run(queue.enqueue(str(path)))
        ...     sess.run(line), sess.run(line)
        (b'1,2', b'3,4')
    """

    def __init__(self, skip_header_lines: int | None = None, name: str | None = None) -> None:
        super().__init__(ops.TextLineReaderV2.build(skip_header_lines=skip_header_lines or 0,
                                                    name=name))


class FixedLengthRecordReader(ReaderBase):
    """Gives the records of files in which all are of one length. Keys are "file:number".

    Args:
        record_bytes: bytes of a record.
        header_bytes: bytes before the first record; default 0.
        footer_bytes: bytes after the last record; default 0.
        hop_bytes: bytes from the start of one record to that of the next; default `record_bytes`.
        name: name of the node.
        encoding: "ZLIB" or "GZIP" for packed files.

    Example:
        >>> import pathlib, tempfile
        >>> import flowgraph as fg
        >>> path = pathlib.Path(tempfile.mkdtemp(), "digits.bin")
        >>> _ = path.write_bytes(b"#112233")
        >>> queue = fg.FIFOQueue(1, fg.string)
        >>> _, record = fg.FixedLengthRecordReader(2, header_bytes=1).read(queue)
        >>> with fg.Session() as sess:
        ...     sess.run(queue.enqueue(str(path)))
        ...     sess.run(record), sess.run(record)
        (b'11', b'22')
    """

    def __init__(self, record_bytes: int, header_bytes: int | None = None,
                 footer_bytes: int | None = None, hop_bytes: int | None = None,
                 name: str | None = None, encoding: str | None = None) -> None:
        super().__init__(ops.FixedLengthRecordReaderV2.build(
            record_bytes=int(record_bytes), header_bytes=header_bytes or 0,
            footer_bytes=footer_bytes or 0, hop_bytes=hop_bytes or 0, encoding=encoding or "",
            name=name))


class TFRecordReader(ReaderBase):
    """Gives the records of TFRecord files. Keys are "file:place of the record".

    Args:
        name: name of the node.
        options: `tf.python_io.TFRecordOptions` of packed files.

    Example:
        >>> import os, tempfile
        >>> import flowgraph as fg
        >>> path = os.path.join(tempfile.mkdtemp(), "words.tfrecord")
        >>> with fg.python_io.TFRecordWriter(path) as writer:
        ...     writer.write(b"one")
        >>> queue = fg.FIFOQueue(1, fg.string)
        >>> _, record = fg.TFRecordReader().read(queue)
        >>> with fg.Session() as sess:
        ...     sess.run(queue.enqueue(str(path)))
        ...     sess.run(record)
        b'one'
    """

    def __init__(self, name: str | None = None, options: Any = None) -> None:
        super().__init__(ops.TFRecordReaderV2.build(
            name=name, compression_type=TFRecordOptions.get_compression_type_string(options)))


class IdentityReader(ReaderBase):
    """Gives the strings of the queue themselves, as keys and as values.

    Args:
        name: name of the node.

    Example:
        >>> import flowgraph as fg
        >>> queue = fg.FIFOQueue(1, fg.string)
        >>> both = fg.IdentityReader().read(queue)
        >>> with fg.Session() as sess:
        ...     sess.run(queue.enqueue("a"))
        ...     sess.run(both)
        ReaderReadV2(key=b'a', value=b'a')
    """

    def __init__(self, name: str | None = None) -> None:
        super().__init__(ops.IdentityReaderV2.build(name=name), supports_serialize=True)
