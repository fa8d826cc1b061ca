"""The ops of datasets that are read from files, and of the dataset that is written to one.

`filenames` may be a scalar or a vector; the files are read one after the other.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.spec import shape_text
from flowgraph.core.system_error import system_error
from flowgraph.core.tfrecord import RecordWriter, open_unpacked, read_records
from flowgraph.data.dataset_op import INT64, VARIANT, DatasetOp, dataset_spec
from flowgraph.data.pipeline import Element, Run, Stage, as_variant, stage_of
from flowgraph.errors import InvalidArgumentError, ShapeError

_CHUNK = 1 << 18
_COMPRESSIONS = ("", "ZLIB", "GZIP")


class Files(Stage):
    """What is read from files, one after the other.

    Args:
        paths: the files.
        read: gives the components of a file's elements, as an iterator of bytes.
    """

    fresh = True

    def __init__(self, paths: list[bytes], read: Callable[[str], Iterator[bytes]]) -> None:
        self.paths = paths
        self.read = read

    def start(self, run: Run) -> Iterator[Element]:
        """The elements; after an error in one file it goes on with the next."""
        return _Reading(self.paths, self.read)


class _Reading:
    def __init__(self, paths: list[bytes], read: Callable[[str], Iterator[bytes]]) -> None:
        self._paths = iter(paths)
        self._read = read
        self._file: Iterator[bytes] | None = None

    def __iter__(self) -> Iterator[Element]:
        return self

    def __next__(self) -> Element:
        while True:
            if self._file is None:
                self._file = self._read(os.fsdecode(next(self._paths)))
            try:
                text = next(self._file)
            except StopIteration:
                self._file = None
                continue
            except BaseException:
                self._file = None
                raise
            element = np.empty((), object)
            element[()] = text
            return (element,)


@contextmanager
def _opened(path: str, compression: str) -> Iterator[io.BufferedReader]:
    """A file to read, unpacked."""
    try:
        with open_unpacked(path, compression) as file:
            yield file
    except (OSError, ValueError) as error:
        raise system_error(path, error) from None


def text_lines(path: str, compression: str) -> Iterator[bytes]:
    """The lines of a file, without their ends.

    Args:
        path: the file.
        compression: "", "ZLIB" or "GZIP".
    """
    with _opened(path, compression) as file:
        for line in file:
            if line.endswith(b"\n"):
                line = line[:-1]
            yield line.replace(b"\r", b"")


def fixed_length_records(path: str, compression: str, header: int, record: int,
                         footer: int) -> Iterator[bytes]:
    """The records of a file in which all are of one length.

    Args:
        path: the file.
        compression: "", "ZLIB" or "GZIP".
        header, footer: bytes before and after the records.
        record: bytes of a record.
    """
    if not compression:
        try:
            body = os.path.getsize(path) - header - footer
        except OSError as error:
            raise system_error(path, error) from None
        if body < 0 or body % record:
            raise _uneven(path, header, footer, body, record)
    with _opened(path, compression) as file:
        file.read(header)
        held = b""
        while True:
            while len(held) < record + footer:
                part = file.read(max(_CHUNK, record))
                if not part:
                    if len(held) != footer:
                        raise _uneven(path, header, footer, len(held) - footer, record)
                    return
                held += part
            count = (len(held) - footer) // record
            for i in range(count):
                yield held[i * record:(i + 1) * record]
            held = held[count * record:]


def _uneven(path: str, header: int, footer: int, body: int, record: int) -> InvalidArgumentError:
    return InvalidArgumentError(
        None, None, f"Excluding the header ({header} bytes) and footer ({footer} bytes), input "
        f"file \"{path}\" has body length {body} bytes, which is not an exact multiple of the "
        f"record length ({record} bytes).")


def check_filenames(spec):
    if spec.rank is not None and spec.rank > 1:
        raise ShapeError(f"needs a scalar or a vector of filenames, got {shape_text(spec.shape)}")


def paths_of(filenames):
    if filenames.ndim > 1:
        raise InvalidArgumentError(None, None, "`filenames` must be a scalar or a vector.")
    return filenames.reshape(-1).tolist()


def compression_of(text):
    name = text[()].decode("utf-8", "replace")
    if name not in _COMPRESSIONS:
        raise InvalidArgumentError(None, None, f"Unsupported compression_type: {name!r}. Choose '' "
                                   "(none), 'ZLIB' or 'GZIP'.")
    return name


class TextLineDataset(DatasetOp):
    """The lines of text files."""

    dtypes = {"filenames": dt.STRING, "compression_type": dt.STRING, "buffer_size": INT64}

    def infer(self, filenames, compression_type, buffer_size):
        check_filenames(filenames)
        return dataset_spec(compression_type, buffer_size)

    def kernel(self, xp, filenames, compression_type, buffer_size):
        compression = compression_of(compression_type)
        return as_variant(Files(paths_of(filenames), lambda path: text_lines(path, compression)))


class TFRecordDataset(DatasetOp):
    """The records of TFRecord files."""

    dtypes = {"filenames": dt.STRING, "compression_type": dt.STRING, "buffer_size": INT64}

    def infer(self, filenames, compression_type, buffer_size):
        check_filenames(filenames)
        return dataset_spec(compression_type, buffer_size)

    def kernel(self, xp, filenames, compression_type, buffer_size):
        compression = compression_of(compression_type)
        return as_variant(Files(paths_of(filenames), lambda path: read_records(path, compression)))


class FixedLengthRecordDatasetV2(DatasetOp):
    """The records of files in which all are of one length."""

    dtypes = {"filenames": dt.STRING, "header_bytes": INT64, "record_bytes": INT64,
              "footer_bytes": INT64, "buffer_size": INT64, "compression_type": dt.STRING}

    def infer(self, filenames, header_bytes, record_bytes, footer_bytes, buffer_size,
              compression_type):
        check_filenames(filenames)
        return dataset_spec(header_bytes, record_bytes, footer_bytes, buffer_size,
                            compression_type)

    def kernel(self, xp, filenames, header_bytes, record_bytes, footer_bytes, buffer_size,
               compression_type):
        header, record, footer = int(header_bytes), int(record_bytes), int(footer_bytes)
        if record <= 0:
            raise InvalidArgumentError(None, None, "`record_bytes` must be > 0")
        if header < 0 or footer < 0:
            raise InvalidArgumentError(None, None, "`header_bytes` and `footer_bytes` must be "
                                       ">= 0")
        compression = compression_of(compression_type)
        return as_variant(Files(paths_of(filenames), lambda path: fixed_length_records(
            path, compression, header, record, footer)))


class DatasetToTFRecord(DatasetOp):
    """Writes the elements, which are scalar strings, to a TFRecord file."""

    dtypes = {"input_dataset": VARIANT, "filename": dt.STRING, "compression_type": dt.STRING}
    multiple = True
    effects = "io"

    def infer(self, input_dataset, filename, compression_type):
        dataset_spec(input_dataset, filename, compression_type)
        return ()

    def kernel(self, xp, input_dataset, filename, compression_type):
        run = Run()
        try:
            path = os.fsdecode(filename[()])
            with RecordWriter(path, compression_of(compression_type)) as writer:
                for text, in stage_of(input_dataset).start(run):
                    writer.write(bytes(np.asarray(text, object)[()]))
        finally:
            run.close()
        return ()

