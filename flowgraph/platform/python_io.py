"""TFRecord files in Python: the names of `tf.python_io`. What does it is `core/tfrecord.py`."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from typing import Any

from flowgraph.core.frames import located
from flowgraph.core.tfrecord import RecordWriter, read_records


class TFRecordCompressionType:
    """How a TFRecord file is packed.

    Example:
        >>> import flowgraph as fg
        >>> gzip = fg.python_io.TFRecordCompressionType.GZIP
        >>> fg.python_io.TFRecordOptions.get_compression_type_string(gzip)
        'GZIP'
    """

    NONE = 0
    ZLIB = 1
    GZIP = 2


class TFRecordOptions:
    """How a TFRecord file is packed, and with which settings of zlib. None leaves them to zlib.

    Args:
        compression_type: "GZIP", "ZLIB", "" or None; or a TFRecordCompressionType.
        flush_mode: how `flush` ends what is packed so far.
        input_buffer_size: without effect; flowgraph chooses its buffers.
        output_buffer_size: without effect.
        window_bits: how far back zlib looks, from 9 to 15; 16 more for gzip.
        compression_level: how hard zlib tries, from 0 to 9.
        compression_method: 8, the only one that zlib has.
        mem_level: how much memory zlib takes, from 1 to 9.
        compression_strategy: which repetitions zlib looks for, from 0 to 4.

    Raises:
        ValueError: there is no such compression.

    Example:
        >>> import os, tempfile
        >>> import flowgraph as fg
        >>> path = os.path.join(tempfile.mkdtemp(), "packed")
        >>> options = fg.io.TFRecordOptions("GZIP", compression_level=9)
        >>> with fg.io.TFRecordWriter(path, options) as writer:
        ...     writer.write(b"one")
        >>> list(fg.io.tf_record_iterator(path, options))
        [b'one']
    """

    compression_type_map = {
        TFRecordCompressionType.ZLIB: "ZLIB",
        TFRecordCompressionType.GZIP: "GZIP",
        TFRecordCompressionType.NONE: "",
    }

    def __init__(self, compression_type: Any = None, flush_mode: int | None = None,
                 input_buffer_size: int | None = None, output_buffer_size: int | None = None,
                 window_bits: int | None = None, compression_level: int | None = None,
                 compression_method: int | None = None, mem_level: int | None = None,
                 compression_strategy: int | None = None) -> None:
        self.get_compression_type_string(compression_type)
        self.compression_type = compression_type
        self.flush_mode = flush_mode
        self.input_buffer_size = input_buffer_size
        self.output_buffer_size = output_buffer_size
        self.window_bits = window_bits
        self.compression_level = compression_level
        self.compression_method = compression_method
        self.mem_level = mem_level
        self.compression_strategy = compression_strategy

    @classmethod
    def get_compression_type_string(cls, options: Any) -> str:
        """The compression as text: "GZIP", "ZLIB" or "".

        Args:
            options: TFRecordOptions, a TFRecordCompressionType, text, or None.
        """
        if isinstance(options, TFRecordOptions):
            options = options.compression_type
        if not options:
            return ""
        if options in cls.compression_type_map:
            return cls.compression_type_map[options]
        if options in cls.compression_type_map.values():
            return str(options)
        raise ValueError(located(f'Not a valid compression_type: "{options}"',
                                 'Choose "GZIP", "ZLIB" or "".'))


class TFRecordWriter(RecordWriter):
    """Writes records to a TFRecord file; a context that closes the file at its end.

    Args:
        path: the file; what it held is lost.
        options: TFRecordOptions, a TFRecordCompressionType, or text: "GZIP", "ZLIB" or "".

    Raises:
        ValueError: there is no such compression.
        OpError: the file cannot be written: NotFoundError, PermissionDeniedError...

    Example:
        >>> import os, tempfile
        >>> import flowgraph as fg
        >>> path = os.path.join(tempfile.mkdtemp(), "numbers")
        >>> with fg.python_io.TFRecordWriter(path) as writer:
        ...     for number in (b"one", b"two"):
        ...         writer.write(number)
        >>> list(fg.python_io.tf_record_iterator(path))
        [b'one', b'two']
    """

    def __init__(self, path: str | bytes | os.PathLike[str], options: Any = None) -> None:
        if not isinstance(options, TFRecordOptions):
            options = TFRecordOptions(options)

        def given(value: int | None, default: int) -> int:
            return default if value is None else value

        super().__init__(
            path, options.get_compression_type_string(options),
            level=given(options.compression_level, zlib.Z_DEFAULT_COMPRESSION),
            window_bits=options.window_bits, memory_level=given(options.mem_level, 9),
            method=given(options.compression_method, zlib.DEFLATED),
            strategy=given(options.compression_strategy, zlib.Z_DEFAULT_STRATEGY),
            flush_mode=given(options.flush_mode, zlib.Z_SYNC_FLUSH))


def tf_record_iterator(path: str | bytes | os.PathLike[str], options: Any = None
                       ) -> Iterator[bytes]:
    """Reads the records of a TFRecord file, one by one.

    Args:
        path: the file.
        options: how it is packed: TFRecordOptions, a TFRecordCompressionType, or text: "GZIP",
            "ZLIB" or "".

    Returns:
        An iterator over the records, as bytes.

    Raises:
        ValueError: there is no such compression.
        NotFoundError: there is no such file.
        DataLossError: a record is damaged, or the file ends inside of one.

    Example:
        >>> import flowgraph as fg
        >>> list(fg.python_io.tf_record_iterator("/no/such/file"))
        Traceback (most recent call last):
        flowgraph.errors.NotFoundError: ...
    """
    return read_records(path, TFRecordOptions.get_compression_type_string(options))
