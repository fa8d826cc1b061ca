"""`CsvDataset` and `make_csv_dataset`: tables of text, one tensor per column."""

from __future__ import annotations

import csv
import gzip
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.core.system_error import system_error
from flowgraph.core.text import as_text
from flowgraph.data.building import convert_scalar
from flowgraph.data.csv_op import CSVDataset as CSVDatasetOp
from flowgraph.data.dataset import Dataset
from flowgraph.data.iterator import flat
from flowgraph.data.options import Options
from flowgraph.data.transformations import ignore_errors as leave_errors_out
from flowgraph.data.transformations import parallel_interleave, shuffle_and_repeat
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.static_value import known_value
from flowgraph.ops.constant import constant
from flowgraph.ops.type_spec import TensorSpec
from flowgraph.platform.paths import glob

_COLUMN_TYPES = (dt.int32, dt.int64, dt.float32, dt.float64, dt.string)
_BUFFER = 4 * 1024 * 1024


class CsvDataset(Dataset):
    """The records of CSV files: tuples of scalars, one per column.

    Args:
        filenames: string tensor of the files' names.
        record_defaults: per column its dtype, when it must be there in each record, or a tensor
            with its default.
        compression_type: "", "ZLIB" or "GZIP".
        buffer_size: accepted; flowgraph chooses its buffers.
        header: whether the files begin with a line that is no record.
        field_delim: the character between fields.
        use_quote_delim: whether double quotes enclose fields.
        na_value: text that stands for a missing field.
        select_cols: numbers of the columns wanted, rising; default all.

    Example:
        >>> import os, tempfile
        >>> import flowgraph as tf
        >>> path = os.path.join(tempfile.mkdtemp(), "table.csv")
        >>> with open(path, "w") as file:
        ...     _ = file.write("name,size\\nant,1\\nbee,\\n")
        >>> dataset = tf.data.experimental.CsvDataset(path, [tf.string, [0.5]], header=True)
        >>> tf.Session().run(dataset.batch(2).make_one_shot_iterator().get_next())
        (array([b'ant', b'bee'], dtype=object), array([1. , 0.5], dtype=float32))
    """

    def __init__(self, filenames: Any, record_defaults: Any, compression_type: Any = None,
                 buffer_size: Any = None, header: Any = False, field_delim: Any = ",",
                 use_quote_delim: Any = True, na_value: Any = "", select_cols: Any = None) -> None:
        names = convert_to_tensor(filenames, dt.string, name="filenames")
        defaults = [_default(one) for one in record_defaults]
        spec = tuple(TensorSpec([], one.dtype) for one in defaults)
        types, shapes = flat(spec)
        self._start(CSVDatasetOp.build(
            names, convert_to_tensor(compression_type or "", dt.string, name="compression_type"),
            convert_scalar(_BUFFER if buffer_size is None else buffer_size, dt.int64,
                           "buffer_size"),
            convert_scalar(header, dt.bool_, "header"),
            convert_to_tensor(field_delim, dt.string, name="field_delim"),
            convert_scalar(use_quote_delim, dt.bool_, "use_quote_delim"),
            convert_to_tensor(na_value, dt.string, name="na_value"),
            convert_to_tensor([] if select_cols is None else select_cols, dt.int64,
                              name="select_cols"),
            defaults, output_types=types, output_shapes=shapes), spec)


def _default(value: Any) -> Tensor:
    """The default of a column; an empty tensor where there is none."""
    if isinstance(value, (Tensor, list, tuple, np.ndarray, str, bytes, int, float)) and not (
            isinstance(value, str) and value in [d.name for d in _COLUMN_TYPES]):
        return convert_to_tensor(value)
    made: Tensor = constant([], dtype=dt.as_dtype(value))
    return made


def make_csv_dataset(
        file_pattern: Any, batch_size: int, column_names: Any = None, column_defaults: Any = None,
        label_name: str | None = None, select_columns: Any = None, field_delim: str = ",",
        use_quote_delim: bool = True, na_value: str = "", header: bool = True,
        num_epochs: int | None = None, shuffle: bool = True, shuffle_buffer_size: int = 10000,
        shuffle_seed: int | None = None, prefetch_buffer_size: int | None = None,
        num_parallel_reads: int | None = None, sloppy: bool = False,
        num_rows_for_inference: int | None = 100, compression_type: Any = None,
        ignore_errors: bool = False) -> Dataset:
    """Batches of the columns of CSV files, by their names.

    Args:
        file_pattern: pattern of the files' names, or a list of patterns.
        batch_size: records in a batch.
        column_names: names of the columns; default the first line of the files.
        column_defaults: as `record_defaults` of CsvDataset; default what the first records tell.
        label_name: name of the column that stands apart, as the label.
        select_columns: names or numbers of the columns wanted; default all.
        field_delim: the character between fields.
        use_quote_delim: whether double quotes enclose fields.
        na_value: text that stands for a missing field.
        header: whether the files begin with a line of names.
        num_epochs: how often the files are read; default without end.
        shuffle: whether the records come in random order.
        shuffle_buffer_size: records in the buffer from which they are drawn.
        shuffle_seed: of the random order.
        prefetch_buffer_size: batches made ahead; default a number of its choice.
        num_parallel_reads: how many files take turns; default 1.
        sloppy: whether the order may change; flowgraph keeps it.
        num_rows_for_inference: records to look at for the dtypes of columns; None for all.
        compression_type: "", "ZLIB" or "GZIP".
        ignore_errors: whether to leave out records that cannot be read.

    Returns:
        A Dataset of dicts of vectors; of pairs (dict, label) when there is a label_name.

    Raises:
        ValueError: there is no such file, or the columns do not go together.

    Example:
        >>> import os, tempfile
        >>> import flowgraph as tf
        >>> path = os.path.join(tempfile.mkdtemp(), "table.csv")
        >>> with open(path, "w") as file:
        ...     _ = file.write("size,kind\\n1.5,a\\n2.5,b\\n")
        >>> dataset = tf.data.experimental.make_csv_dataset(
        ...     path, 2, label_name="kind", shuffle=False)
        >>> features, label = dataset.make_one_shot_iterator().get_next()
        >>> tf.Session().run([features["size"], label])
        [array([1.5, 2.5], dtype=float32), array([b'a', b'b'], dtype=object)]
    """
    names = file_names(file_pattern, shuffle)
    table = _Table(names, field_delim, use_quote_delim, na_value, header, compression_type)
    columns = list(column_names) if column_names is not None else table.column_names()
    if len(columns) != len(set(columns)):
        raise ValueError(located("Cannot have duplicate column names."))
    chosen = None if select_columns is None else _sorted_columns(list(select_columns), columns)
    defaults = (list(column_defaults) if column_defaults is not None
                else table.defaults(len(columns), chosen, num_rows_for_inference))
    if chosen is not None:
        if len(defaults) != len(chosen):
            raise ValueError(located("If specified, column_defaults and select_columns must have "
                                     "same length."))
        columns = [columns[i] for i in chosen]
    if label_name is not None and label_name not in columns:
        raise ValueError(located("`label_name` provided must be one of the columns."))

    def of_file(name: Any) -> Dataset:
        dataset = CsvDataset(name, defaults, compression_type, None, header, field_delim,
                             use_quote_delim, na_value, chosen)
        return dataset.apply(leave_errors_out()) if ignore_errors else dataset

    def by_name(*values: Any) -> Any:
        features = OrderedDict(zip(columns, values, strict=True))
        if label_name is None:
            return features
        label = features.pop(label_name)
        return features, label

    dataset = Dataset.from_tensor_slices(names)
    if shuffle:
        dataset = dataset.shuffle(len(names), shuffle_seed)
    dataset = read_in_turns(dataset, of_file, 1 if num_parallel_reads is None
                            else num_parallel_reads, sloppy)
    dataset = shuffled_and_repeated(dataset, num_epochs, shuffle, shuffle_buffer_size,
                                    shuffle_seed)
    dataset = dataset.batch(batch_size, drop_remainder=num_epochs is None).map(by_name)
    return dataset.prefetch(1 if prefetch_buffer_size is None else prefetch_buffer_size)


# ---- shared with make_batched_features_dataset ---------------------------------------------------


def file_names(file_pattern: Any, shuffle: bool) -> list[str]:
    """The files that patterns match.

    Args:
        file_pattern: a pattern or a list of them.
        shuffle: whether their order does not matter.

    Raises:
        ValueError: there are none.
    """
    if isinstance(file_pattern, list) and not file_pattern:
        raise ValueError(located("File pattern is empty."))
    found = glob(file_pattern)
    if not found:
        raise ValueError(located(f"No files match {file_pattern}."))
    return found if shuffle else sorted(found)


def read_in_turns(names: Dataset, of_file: Any, number: int, sloppy: bool) -> Dataset:
    """The elements of files, several files in turn.

    Args:
        names: dataset of the files' names.
        of_file: function from a name to a dataset.
        number: how many files take turns; AUTOTUNE (-1) for a number of its choice.
        sloppy: whether the order may change.
    """
    if number == -1:
        options = Options()
        options.experimental_deterministic = not sloppy
        return names.interleave(of_file, num_parallel_calls=number).with_options(options)
    return names.apply(parallel_interleave(of_file, cycle_length=number, sloppy=sloppy))


def shuffled_and_repeated(dataset: Dataset, num_epochs: int | None, shuffle: bool,
                          buffer_size: int, seed: Any) -> Dataset:
    """The dataset in random order, and several times, where that is wanted."""
    if shuffle and num_epochs != 1:
        return dataset.apply(shuffle_and_repeat(buffer_size, num_epochs, seed))
    if shuffle:
        return dataset.shuffle(buffer_size, seed)
    return dataset if num_epochs == 1 else dataset.repeat(num_epochs)


# ---- looking into the files ----------------------------------------------------------------------


class _Table:
    """CSV files as they are read while the graph is built, for names and dtypes of columns."""

    def __init__(self, names: list[str], delim: str, quotes: bool, na_value: str, header: bool,
                 compression_type: Any) -> None:
        self._names = names
        self._reader: dict[str, Any] = {"delimiter": delim,
                        "quoting": csv.QUOTE_MINIMAL if quotes else csv.QUOTE_NONE}
        self._na_value = na_value
        self._header = header
        self._compression = compression_type

    def _rows(self, name: str) -> Iterator[list[str]]:
        kind = self._compression
        if isinstance(kind, Tensor):
            kind = known_value(kind)
            kind = kind if kind is None else as_text(kind)
        if kind not in (None, "", "GZIP"):
            raise ValueError(located(f"compression_type ({kind}) is not supported for probing "
                                     "columns", "Give column_names and column_defaults."))
        try:
            with (gzip.open(name, "rt", newline="") if kind == "GZIP"
                  else open(name, newline="")) as file:
                yield from csv.reader(file, **self._reader)
        except OSError as error:
            raise system_error(name, error) from None

    def column_names(self) -> list[str]:
        """The names in the first line of the files."""
        if not self._header:
            raise ValueError(located("Cannot infer column names without a header line.",
                                     "Give column_names."))
        firsts = [next(self._rows(name), None) for name in self._names]
        for name, first in zip(self._names, firsts, strict=True):
            if first is None:
                raise ValueError(located("Received StopIteration when reading the header line of "
                                         f"{name}.  Empty file?"))
            if first != firsts[0]:
                raise ValueError(located("Files have different column names in the header row."))
        return list(firsts[0] or [])

    def defaults(self, count: int, chosen: list[int] | None, most: int | None) -> list[Tensor]:
        """Defaults for columns whose dtypes the first records tell: the narrowest that holds all.

        Args:
            count: columns of a record.
            chosen: numbers of the columns wanted; None for all.
            most: how many records to look at; None for all.
        """
        columns = range(count) if chosen is None else chosen
        kinds: list[int | None] = [None] * len(columns)
        seen = 0
        for name in self._names:
            rows = self._rows(name)
            if self._header:
                next(rows, None)
            for row in rows:
                if most is not None and seen >= most:
                    break
                if not row:
                    continue
                if len(row) != count:
                    raise ValueError(located("Problem inferring types: CSV row has different "
                                             "number of fields than expected."))
                seen += 1
                for j, column in enumerate(columns):
                    if row[column] not in ("", self._na_value):
                        kinds[j] = max(_kind(row[column]), kinds[j] or 0)
        dtypes = [dt.string if kind is None else _COLUMN_TYPES[kind] for kind in kinds]
        return [constant(["" if dtype is dt.string else 0], dtype=dtype) for dtype in dtypes]


def _kind(text: str) -> int:
    """The number of the narrowest dtype of `_COLUMN_TYPES` that holds a text."""
    try:
        number = int(text)
    except ValueError:
        try:
            value = float(text)
        except ValueError:
            return 4
        with np.errstate(over="ignore"):
            return 2 if np.float32(value) < np.inf else 3 if value < np.inf else 4
    return 0 if -2**31 <= number < 2**31 else 1 if -2**63 <= number < 2**63 else 2


def _sorted_columns(chosen: list[Any], names: list[str]) -> list[int]:
    numbers = []
    for one in chosen:
        if isinstance(one, int):
            if not 0 <= one < len(names):
                raise ValueError(located(f"Column index {one} specified in select_columns out of "
                                         "valid range."))
            numbers.append(one)
        elif one in names:
            numbers.append(names.index(one))
        else:
            raise ValueError(located(f"Value '{one}' specified in select_columns not a valid "
                                     "column index or name."))
    if len(set(numbers)) != len(numbers):
        raise ValueError(located("select_columns contains duplicate columns"))
    return sorted(numbers)
