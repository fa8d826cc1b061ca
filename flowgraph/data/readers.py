"""Datasets read from files: lines of text, TFRecords, records of one length; names of files.

As in TensorFlow these are datasets of file names, each name mapped to the dataset of its file; with
`num_parallel_reads` several files take turns.
"""

from __future__ import annotations

from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.data.building import convert_scalar
from flowgraph.data.dataset import Dataset
from flowgraph.data.file_ops import FixedLengthRecordDatasetV2
from flowgraph.data.file_ops import TextLineDataset as TextLineDatasetOp
from flowgraph.data.file_ops import TFRecordDataset as TFRecordDatasetOp
from flowgraph.data.structure import same_kind
from flowgraph.graph.graph import control_dependencies, name_scope
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.type_spec import TensorSpec

_BUFFER = 256 * 1024
_TEXT = TensorSpec([], dt.string)


class _Reader(Dataset):
    """A dataset whose elements are scalar strings out of files."""

    def _read(self, filenames: Any, make: Any, num_parallel_reads: Any) -> None:
        if isinstance(filenames, Dataset):
            if not same_kind(filenames.element_spec, _TEXT):
                raise TypeError(located("`filenames` must be a `tf.data.Dataset` of scalar "
                                        f"`tf.string` tensors, not of {filenames.element_spec}"))
            files = filenames
        else:
            names = convert_to_tensor(filenames, dt.string, name="filenames")
            if num_parallel_reads is None:
                self._start(make(names), _TEXT)
                return
            from flowgraph.ops.reshape import reshape
            files = Dataset.from_tensor_slices(reshape(names, [-1], name="flat_filenames"))

        def of_one(name: Any) -> Dataset:
            return Dataset._of(make(name), _TEXT)

        made = (files.flat_map(of_one) if num_parallel_reads is None else
                files.interleave(of_one, num_parallel_reads, 1, num_parallel_reads))
        self._start(made._variant_tensor, _TEXT, files)


class TextLineDataset(_Reader):
    """The lines of text files, without their ends, as string scalars.

    Args:
        filenames: string tensor of the files' names, or a dataset of them.
        compression_type: "", "ZLIB" or "GZIP".
        buffer_size: accepted; flowgraph chooses its buffers.
        num_parallel_reads: how many files take turns; None for one file after the other.

    Example:
        >>> import os, tempfile
        >>> import flowgraph as tf
        >>> path = os.path.join(tempfile.mkdtemp(), "poem.txt")
        >>> with open(path, "w") as file:
        ...     _ = file.write("one\\ntwo\\n")
        >>> line = tf.data.TextLineDataset(path).skip(1).make_one_shot_iterator().get_next()
        >>> tf.Session().run(line)
        b'two'
    """

    def __init__(self, filenames: Any, compression_type: Any = None, buffer_size: Any = None,
                 num_parallel_reads: Any = None) -> None:
        compression = _compression(compression_type)
        size = _size(buffer_size)
        self._read(filenames, lambda names: TextLineDatasetOp.build(names, compression, size),
                   num_parallel_reads)


class TFRecordDataset(_Reader):
    """The records of TFRecord files, as string scalars.

    Args:
        filenames: string tensor of the files' names, or a dataset of them.
        compression_type: "", "ZLIB" or "GZIP".
        buffer_size: accepted; flowgraph chooses its buffers.
        num_parallel_reads: how many files take turns; None for one file after the other.

    Example:
        >>> import os, tempfile
        >>> import flowgraph as tf
        >>> path = os.path.join(tempfile.mkdtemp(), "records")
        >>> with tf.python_io.TFRecordWriter(path) as writer:
        ...     writer.write(b"first")
        >>> tf.Session().run(tf.data.TFRecordDataset(path).make_one_shot_iterator().get_next())
        b'first'
    """

    def __init__(self, filenames: Any, compression_type: Any = None, buffer_size: Any = None,
                 num_parallel_reads: Any = None) -> None:
        compression = _compression(compression_type)
        size = _size(buffer_size)
        self._read(filenames, lambda names: TFRecordDatasetOp.build(names, compression, size),
                   num_parallel_reads)


class FixedLengthRecordDataset(_Reader):
    """The records of files in which all are of one length, as string scalars.

    Args:
        filenames: string tensor of the files' names, or a dataset of them.
        record_bytes: bytes of a record.
        header_bytes: bytes before the first record; default 0.
        footer_bytes: bytes after the last record; default 0.
        buffer_size: accepted; flowgraph chooses its buffers.
        compression_type: "", "ZLIB" or "GZIP".
        num_parallel_reads: how many files take turns; None for one file after the other.

    Example:
        >>> import os, tempfile
        >>> import flowgraph as tf
        >>> path = os.path.join(tempfile.mkdtemp(), "records")
        >>> with open(path, "wb") as file:
        ...     _ = file.write(b"headaabbcc")
        >>> dataset = tf.data.FixedLengthRecordDataset(path, 2, header_bytes=4)
        >>> tf.Session().run(dataset.make_one_shot_iterator().get_next())
        b'aa'
    """

    def __init__(self, filenames: Any, record_bytes: Any, header_bytes: Any = None,
                 footer_bytes: Any = None, buffer_size: Any = None, compression_type: Any = None,
                 num_parallel_reads: Any = None) -> None:
        record = convert_scalar(record_bytes, dt.int64, "record_bytes")
        header = convert_scalar(header_bytes or 0, dt.int64, "header_bytes")
        footer = convert_scalar(footer_bytes or 0, dt.int64, "footer_bytes")
        size = _size(buffer_size)
        compression = _compression(compression_type)
        self._read(filenames, lambda names: FixedLengthRecordDatasetV2.build(
            names, header, record, footer, size, compression), num_parallel_reads)


def _compression(compression_type: Any) -> Any:
    return convert_to_tensor("" if compression_type is None else compression_type, dt.string,
                             name="compression_type")


def _size(buffer_size: Any) -> Any:
    return convert_scalar(_BUFFER if buffer_size is None else buffer_size, dt.int64,
                          "buffer_size")


def list_files(file_pattern: Any, shuffle: bool | None, seed: Any) -> Dataset:
    """The names of the files that fit patterns; see Dataset.list_files."""
    from flowgraph.ops.compare import greater
    from flowgraph.ops.files import matching_files
    from flowgraph.ops.identity import identity
    from flowgraph.ops.print_and_assert import assert_true
    from flowgraph.ops.shape import shape
    with name_scope("list_files"):
        pattern = convert_to_tensor(file_pattern, dt.string, name="file_pattern")
        found = matching_files(pattern)
        count = shape(found, out_type=dt.int64)[0]
        check = assert_true(greater(count, convert_scalar(0, dt.int64, "none"),
                                    name="match_not_empty"),
                            ["No files matched pattern: ", pattern], summarize=1,
                            name="assert_not_empty")
        with control_dependencies([check]):
            found = identity(found)
        dataset = Dataset.from_tensor_slices(found)
        if shuffle is None or shuffle:
            from flowgraph.ops.arithmetic import maximum
            dataset = dataset.shuffle(maximum(count, convert_scalar(1, dt.int64, "one")),
                                      seed=seed)
        return dataset

