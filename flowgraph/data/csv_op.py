"""The op of CsvDataset: the records of CSV files (RFC 4180), one component per column."""

from __future__ import annotations

import os
from collections.abc import Iterator

from flowgraph.core import dtypes as dt
from flowgraph.core.system_error import system_error
from flowgraph.core.tfrecord import open_unpacked
from flowgraph.data.dataset_op import INT64, DatasetOp, dataset_spec
from flowgraph.data.file_ops import Files, check_filenames, compression_of, paths_of
from flowgraph.data.mapping import Map
from flowgraph.data.pipeline import as_variant, keep
from flowgraph.ops.decode_csv import DecodeCSV

_COLUMN = dt.DTypeSet("float32, float64, int32, int64 or string",
                      (dt.float32, dt.float64, dt.int32, dt.int64, dt.string))


def records(path: str, compression: str, header: bool, quotes: bool) -> Iterator[bytes]:
    """The records of a file; a quoted field may hold ends of lines.

    Args:
        path: the file.
        compression: "", "ZLIB" or "GZIP".
        header: whether to leave out the first record.
        quotes: whether double quotes mean something.
    """
    try:
        with open_unpacked(path, compression) as file:
            held = b""
            for line in file:
                held += line
                if quotes and held.count(b'"') % 2:
                    continue  # the end of the line is inside of a field
                record, held = held.rstrip(b"\r\n"), b""
                if header:
                    header = False
                else:  # an empty line is a record of one empty field
                    yield record or (b'""' if quotes else b"")
            if held:
                yield held
    except (OSError, ValueError) as error:
        raise system_error(path, error) from None


class CSVDataset(DatasetOp):
    """The records of CSV files."""

    dtypes = {"filenames": dt.STRING, "compression_type": dt.STRING, "buffer_size": INT64,
              "header": dt.BOOL, "field_delim": dt.STRING, "use_quote_delim": dt.BOOL,
              "na_value": dt.STRING, "select_cols": INT64, "record_defaults": _COLUMN}
    lists = ("record_defaults",)

    def infer(self, filenames, compression_type, buffer_size, header, field_delim,
              use_quote_delim, na_value, select_cols, record_defaults, *, output_types,
              output_shapes):
        check_filenames(filenames)
        return dataset_spec(compression_type, buffer_size, header, field_delim, use_quote_delim,
                            na_value)

    def kernel(self, xp, filenames, compression_type, buffer_size, header, field_delim,
               use_quote_delim, na_value, select_cols, record_defaults, *, output_types,
               output_shapes):
        compression, quotes = compression_of(compression_type), bool(use_quote_delim)
        has_header = bool(header)
        columns = tuple(int(n) for n in select_cols)
        defaults = tuple(keep(default) for default in record_defaults)
        delim, missing = field_delim[()], na_value[()]
        decode = DecodeCSV().kernel

        def parsed(record):
            return decode(xp, record, defaults, field_delim=delim, use_quote_delim=quotes,
                          na_value=missing, select_cols=columns)

        return as_variant(Map(Files(paths_of(filenames), lambda path: records(
            os.fspath(path), compression, has_header, quotes)), parsed))
