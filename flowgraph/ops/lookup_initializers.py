"""What fills a static lookup table: tensors of keys and values, or a text file."""

from __future__ import annotations

from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core.dtypes import DType, as_dtype
from flowgraph.core.frames import located
from flowgraph.graph.collections import GraphKeys
from flowgraph.graph.graph import add_to_collection, name_scope
from flowgraph.graph.operation import Operation
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.lookup_table import (
    LINE_NUMBER,
    WHOLE_LINE,
    InitializeTableFromTextFileV2,
    LookupTableImportV2,
)


class TableInitializerBase:
    """Base of what fills a table.

    Args:
        key_dtype: dtype of the keys.
        value_dtype: dtype of the values.

    Example:
        >>> import flowgraph as fg
        >>> issubclass(fg.lookup.KeyValueTensorInitializer, fg.contrib.lookup.TableInitializerBase)
        True
    """

    def __init__(self, key_dtype: Any, value_dtype: Any) -> None:
        self._key_dtype = as_dtype(key_dtype)
        self._value_dtype = as_dtype(value_dtype)

    @property
    def key_dtype(self) -> DType:
        """dtype of the keys."""
        return self._key_dtype

    @property
    def value_dtype(self) -> DType:
        """dtype of the values."""
        return self._value_dtype

    def initialize(self, table: Any) -> Operation:
        """The operation that fills `table`."""
        raise NotImplementedError(located(f"{type(self).__name__} has no initialize(table)"))

    @property
    def _shared_name(self) -> str:
        return ""

    def _check(self, table: Any) -> None:
        for what, own, other in (("key", self._key_dtype, table.key_dtype),
                                 ("value", self._value_dtype, table.value_dtype)):
            if own.base_dtype is not other:
                raise TypeError(located(f"Invalid {what} dtype, expected {other.name} but got "
                                        f"{own.name}."))


class KeyValueTensorInitializer(TableInitializerBase):
    """Fills a table from tensors of keys and values.

    Args:
        keys: vector of keys.
        values: vector of values.
        key_dtype: dtype to convert the keys to.
        value_dtype: dtype to convert the values to.
        name: name of the scope.

    Example:
        >>> import flowgraph as fg
        >>> init = fg.lookup.KeyValueTensorInitializer(["a", "b"], [1, 2])
        >>> init.key_dtype, init.value_dtype
        (tf.string, tf.int32)
    """

    def __init__(self, keys: Any, values: Any, key_dtype: Any = None, value_dtype: Any = None,
                 name: str | None = None) -> None:
        self._keys = convert_to_tensor(keys, key_dtype, name="keys")
        self._values = convert_to_tensor(values, value_dtype, name="values")
        self._name = "key_value_init" if name is None else name
        super().__init__(self._keys.dtype, self._values.dtype)

    def initialize(self, table: Any) -> Operation:
        """The operation that fills `table`; it is put into TABLE_INITIALIZERS.

        Args:
            table: the table.

        Raises:
            TypeError: its dtypes are others.
        """
        self._check(table)
        with name_scope(self._name, values=(table.resource_handle, self._keys, self._values)):
            op = LookupTableImportV2.build(table.resource_handle, self._keys, self._values)
        add_to_collection(GraphKeys.TABLE_INITIALIZERS, op)
        return op


class TextFileIndex:
    """What of a line of a text file is a key or a value; a number >= 0 is a column.

    Example:
        >>> import flowgraph as fg
        >>> fg.lookup.TextFileIndex.WHOLE_LINE, fg.lookup.TextFileIndex.LINE_NUMBER
        (-2, -1)
    """

    WHOLE_LINE = WHOLE_LINE
    LINE_NUMBER = LINE_NUMBER


class TextFileInitializer(TableInitializerBase):
    """Fills a table from a text file, one entry a line. Tables of one file share their contents.

    Args:
        filename: path of the file, as text or a string scalar.
        key_dtype: dtype of the keys.
        key_index: what of a line is the key: a TextFileIndex, or the number of a column.
        value_dtype: dtype of the values.
        value_index: what of a line is the value.
        vocab_size: how many lines to read; default all.
        delimiter: the character between columns.
        name: name of the scope.

    Raises:
        ValueError: an index is not one, or does not go with its dtype.

    Example:
        >>> import flowgraph as fg
        >>> init = fg.lookup.TextFileInitializer(
        ...     "words.txt", fg.string, fg.lookup.TextFileIndex.WHOLE_LINE,
        ...     fg.int64, fg.lookup.TextFileIndex.LINE_NUMBER)
        >>> init.key_dtype, init.value_dtype
        (tf.string, tf.int64)
    """

    def __init__(self, filename: Any, key_dtype: Any, key_index: int, value_dtype: Any,
                 value_index: int, vocab_size: int | None = None, delimiter: str = "\t",
                 name: str | None = None) -> None:
        if not isinstance(filename, Tensor) and not filename:
            raise ValueError(located(f"Filename required for {name}.",
                                     "Pass the path of the vocabulary file."))
        super().__init__(key_dtype, value_dtype)
        key_type, value_type = self._key_dtype, self._value_dtype
        if key_index < WHOLE_LINE:
            raise ValueError(located(
                f"Invalid key index {key_index}.",
                "It is a column's number, tf.lookup.TextFileIndex.WHOLE_LINE or LINE_NUMBER."))
        if key_index == LINE_NUMBER and key_type is not dt.int64:
            raise ValueError(located("Signature mismatch. Keys must be dtype int64, got "
                                     f"{key_type.name}."))
        if key_index == WHOLE_LINE and not key_type.is_integer and key_type is not dt.string:
            raise ValueError(located("Signature mismatch. Keys must be integer or string, got "
                                     f"{key_type.name}."))
        if value_index < WHOLE_LINE:
            raise ValueError(located(
                f"Invalid value index {value_index}.",
                "It is a column's number, tf.lookup.TextFileIndex.WHOLE_LINE or LINE_NUMBER."))
        if value_index == LINE_NUMBER and value_type is not dt.int64:
            raise ValueError(located("Signature mismatch. Values must be dtype int64, got "
                                     f"{value_type.name}."))
        if value_index == WHOLE_LINE and value_type is not dt.string:
            raise ValueError(located("Signature mismatch. Values must be dtype string, got "
                                     f"{value_type.name}."))
        if vocab_size is not None and vocab_size <= 0:
            raise ValueError(located(f"Invalid vocab_size {vocab_size}.",
                                     "It must be 1 or more, or None for the whole file."))
        self._given = filename
        self._filename = convert_to_tensor(filename, dt.string, name="asset_path")
        self._key_index, self._value_index = key_index, value_index
        self._vocab_size = vocab_size
        self._delimiter = delimiter
        self._name = name

    def initialize(self, table: Any) -> Operation:
        """The operation that fills `table`; it is put into TABLE_INITIALIZERS.

        Args:
            table: the table.

        Raises:
            TypeError: its dtypes are others.
        """
        self._check(table)
        with name_scope(self._name, "text_file_init", (table.resource_handle,)):
            op = InitializeTableFromTextFileV2.build(
                table.resource_handle, self._filename, key_index=self._key_index,
                value_index=self._value_index,
                vocab_size=-1 if self._vocab_size is None else self._vocab_size,
                delimiter=self._delimiter)
        add_to_collection(GraphKeys.TABLE_INITIALIZERS, op)
        if self._filename.op.type == "Const":
            add_to_collection(GraphKeys.ASSET_FILEPATHS, self._filename)
        return op

    @property
    def _shared_name(self) -> str:
        parts = [self._given, self._vocab_size, self._key_index, self._value_index]
        return "hash_table_" + "_".join(str(part) for part in parts if part is not None)


class TextFileStringTableInitializer(TextFileInitializer):
    """Fills a table from line numbers to lines.

    Args:
        filename: path of the file.
        key_column_index: what of a line is the key, an int64.
        value_column_index: what of a line is the value, a string.
        vocab_size: how many lines to read; default all.
        delimiter: the character between columns.
        name: name of the scope.

    Example:
        >>> import flowgraph as fg
        >>> init = fg.contrib.lookup.TextFileStringTableInitializer("words.txt")
        >>> init.key_dtype, init.value_dtype
        (tf.int64, tf.string)
    """

    def __init__(self, filename: Any, key_column_index: int = LINE_NUMBER,
                 value_column_index: int = WHOLE_LINE, vocab_size: int | None = None,
                 delimiter: str = "\t", name: str = "text_file_string_table_init") -> None:
        super().__init__(filename, dt.int64, key_column_index, dt.string, value_column_index,
                         vocab_size=vocab_size, delimiter=delimiter, name=name)


class TextFileIdTableInitializer(TextFileInitializer):
    """Fills a table from lines to line numbers.

    Args:
        filename: path of the file.
        key_column_index: what of a line is the key.
        value_column_index: what of a line is the value, an int64.
        vocab_size: how many lines to read; default all.
        delimiter: the character between columns.
        name: name of the scope.
        key_dtype: dtype of the keys.

    Example:
        >>> import flowgraph as fg
        >>> init = fg.contrib.lookup.TextFileIdTableInitializer("words.txt")
        >>> init.key_dtype, init.value_dtype
        (tf.string, tf.int64)
    """

    def __init__(self, filename: Any, key_column_index: int = WHOLE_LINE,
                 value_column_index: int = LINE_NUMBER, vocab_size: int | None = None,
                 delimiter: str = "\t", name: str = "text_file_id_table_init",
                 key_dtype: Any = dt.string) -> None:
        super().__init__(filename, key_dtype, key_column_index, dt.int64, value_column_index,
                         vocab_size=vocab_size, delimiter=delimiter, name=name)
