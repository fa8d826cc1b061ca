"""Vocabularies: tables from words to numbers and back, from a list of words or from a file.

TensorFlow 1 has these functions in `tf.contrib.lookup`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from flowgraph.core import dtypes as dt
from flowgraph.core.dtypes import DType, as_dtype
from flowgraph.core.frames import located
from flowgraph.graph.graph import name_scope
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.cast import cast
from flowgraph.ops.constant import range as range_tensor
from flowgraph.ops.lookup_initializers import (
    KeyValueTensorInitializer,
    TextFileIdTableInitializer,
    TextFileStringTableInitializer,
)
from flowgraph.ops.lookup_static import StaticHashTable, _BucketTable, check_vocabulary
from flowgraph.ops.lookup_table import LINE_NUMBER, WHOLE_LINE
from flowgraph.ops.shape import size


class HasherSpec(NamedTuple):
    """How words outside a vocabulary are hashed.

    Args:
        hasher: "fasthash", "stronghash" or "legacy".
        key: for "stronghash" a pair of integers.

    Example:
        >>> import flowgraph as fg
        >>> fg.contrib.lookup.FastHashSpec
        HasherSpec(hasher='fasthash', key=None)
    """

    hasher: str
    key: Any


FastHashSpec = HasherSpec("fasthash", None)


def StrongHashSpec(key: Any) -> HasherSpec:
    """A hash that cannot be steered by who writes the words.

    Args:
        key: pair of unsigned integers.

    Raises:
        ValueError, TypeError: it is something else.

    Example:
        >>> import flowgraph as fg
        >>> fg.contrib.lookup.StrongHashSpec([1, 2]).key
        [1, 2]
    """
    if len(key) != 2:
        raise ValueError(located(f"key must have size 2, got {len(key)}."))
    if not all(isinstance(part, int) for part in key):
        raise TypeError(located(f"Invalid key {key}. Must be unsigned integer values."))
    return HasherSpec("stronghash", key)


class IdTableWithHashBuckets(_BucketTable):
    """A table from words to numbers, with numbers for words that another table does not hold.

    Args:
        table: a table from strings or int64 to int64; None when there are buckets only.
        num_oov_buckets: how many numbers there are for other words.
        hasher_spec: how other words are hashed.
        name: name of the table.
        key_dtype: dtype of the words looked up; default that of `table`.

    Raises:
        ValueError: there is neither a table nor a bucket.
        TypeError: a dtype is another one, or `hasher_spec` is no HasherSpec.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default(), fg.Session() as sess:
        ...     words = fg.contrib.lookup.index_table_from_tensor(["a", "b"])
        ...     table = fg.contrib.lookup.IdTableWithHashBuckets(words, num_oov_buckets=1)
        ...     sess.run(fg.tables_initializer())
        ...     sess.run(table.lookup(fg.constant(["b", "what"])))
        array([1, 2])
    """

    def __init__(self, table: Any, num_oov_buckets: int, hasher_spec: Any = FastHashSpec,
                 name: str | None = None, key_dtype: Any = None) -> None:
        if table is not None:
            key_dtype = check_vocabulary(table, key_dtype)
        elif num_oov_buckets <= 0:
            raise ValueError(located("oov_buckets must be > 0 if no table is supplied."))
        else:
            key_dtype = dt.string if key_dtype is None else as_dtype(key_dtype)
        _check_words(key_dtype)
        if not isinstance(hasher_spec, HasherSpec):
            raise TypeError(located("hasher_spec must be of type HasherSpec, got "
                                    f"{hasher_spec!r:.100}"))
        super().__init__(table, num_oov_buckets, key_dtype, name and name.rstrip("/"), hasher_spec)


def index_table_from_file(vocabulary_file: Any = None, num_oov_buckets: int = 0,
                          vocab_size: int | None = None, default_value: int = -1,
                          hasher_spec: Any = FastHashSpec, key_dtype: Any = dt.string,
                          name: str | None = None, key_column_index: int = WHOLE_LINE,
                          value_column_index: int = LINE_NUMBER, delimiter: str = "\t") -> Any:
    """A table from the lines of a file to their numbers.

    Args:
        vocabulary_file: path of the file.
        num_oov_buckets: how many numbers there are for words that are not in the file.
        vocab_size: how many lines to read; default all.
        default_value: the number of words that are not in the file, when there are no buckets.
        hasher_spec: how such words are hashed.
        key_dtype: dtype of the words: string or an integer dtype.
        name: name of the scope.
        key_column_index: what of a line is the word.
        value_column_index: what of a line is the number.
        delimiter: the character between columns.

    Raises:
        ValueError: there is no file, or a count is negative.
        TypeError: the words are neither strings nor integers.

    Returns:
        A table from words to int64.

    Example:
        >>> import os, tempfile
        >>> import flowgraph as fg
        >>> path = os.path.join(tempfile.mkdtemp(), "words.txt")
        >>> with open(path, "w") as file:
        ...     _ = file.write("a\\nb\\n")
        >>> with fg.Graph().as_default(), fg.Session() as sess:
        ...     table = fg.contrib.lookup.index_table_from_file(path, num_oov_buckets=1)
        ...     sess.run(fg.tables_initializer())
        ...     sess.run(table.lookup(fg.constant(["b", "what"])))
        array([1, 2])
    """
    _check_file(vocabulary_file, vocab_size)
    _check_buckets(num_oov_buckets)
    key_dtype = as_dtype(key_dtype)
    _check_words(key_dtype)
    with name_scope(name, "string_to_index"):
        with name_scope(None, "hash_table"):
            fill = TextFileIdTableInitializer(
                vocabulary_file, vocab_size=vocab_size, name="table_init",
                key_dtype=dt.int64 if key_dtype.is_integer else key_dtype,
                key_column_index=key_column_index, value_column_index=value_column_index,
                delimiter=delimiter)
            table = StaticHashTable(fill, default_value)
        if not num_oov_buckets:
            return table
        return IdTableWithHashBuckets(table, num_oov_buckets, hasher_spec, key_dtype=key_dtype)


def index_table_from_tensor(vocabulary_list: Any, num_oov_buckets: int = 0,
                            default_value: int = -1, hasher_spec: Any = FastHashSpec,
                            dtype: Any = dt.string, name: str | None = None) -> Any:
    """A table from words to their places in a list.

    Args:
        vocabulary_list: vector of words: strings or integers.
        num_oov_buckets: how many numbers there are for words that are not in the list.
        default_value: the number of words that are not in the list, when there are no buckets.
        hasher_spec: how such words are hashed.
        dtype: dtype of the words looked up.
        name: name of the scope.

    Raises:
        ValueError: there is no list, or a count is negative, or the list has another dtype.
        TypeError: the words are neither strings nor integers.

    Returns:
        A table from words to int64.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default(), fg.Session() as sess:
        ...     table = fg.contrib.lookup.index_table_from_tensor(["a", "b"])
        ...     sess.run(fg.tables_initializer())
        ...     sess.run(table.lookup(fg.constant(["b", "what"])))
        array([ 1, -1])
    """
    if vocabulary_list is None:
        raise ValueError(located("vocabulary_list must be specified."))
    _check_buckets(num_oov_buckets)
    dtype = as_dtype(dtype)
    _check_words(dtype)
    with name_scope(name, "string_to_index"):
        keys = convert_to_tensor(vocabulary_list)
        if keys.dtype.is_integer != dtype.is_integer or not (
                dtype.is_integer or keys.dtype.base_dtype is dtype):
            raise ValueError(located(f"Expected {dtype.name}, got {keys.dtype.name}."))
        values = cast(range_tensor(size(keys)), dt.int64)
        with name_scope(None, "hash_table"):
            words = cast(keys, dt.int64) if keys.dtype.is_integer else keys
            fill = KeyValueTensorInitializer(words, values, words.dtype.base_dtype, dt.int64,
                                             name="table_init")
            table = StaticHashTable(fill, default_value)
        if not num_oov_buckets:
            return table
        return IdTableWithHashBuckets(table, num_oov_buckets, hasher_spec, key_dtype=dtype)


def index_to_string_table_from_file(vocabulary_file: Any, vocab_size: int | None = None,
                                    default_value: Any = "UNK", name: str | None = None,
                                    key_column_index: int = LINE_NUMBER,
                                    value_column_index: int = WHOLE_LINE,
                                    delimiter: str = "\t") -> StaticHashTable:
    """A table from numbers of lines of a file to the lines.

    Args:
        vocabulary_file: path of the file.
        vocab_size: how many lines to read; default all.
        default_value: the word of numbers that are not there.
        name: name of the scope.
        key_column_index: what of a line is the number.
        value_column_index: what of a line is the word.
        delimiter: the character between columns.

    Raises:
        ValueError: there is no file, or a count is not positive.

    Returns:
        A table from int64 to words.

    Example:
        >>> import os, tempfile
        >>> import flowgraph as fg
        >>> path = os.path.join(tempfile.mkdtemp(), "words.txt")
        >>> with open(path, "w") as file:
        ...     _ = file.write("a\\nb\\n")
        >>> with fg.Graph().as_default(), fg.Session() as sess:
        ...     table = fg.contrib.lookup.index_to_string_table_from_file(path)
        ...     sess.run(fg.tables_initializer())
        ...     sess.run(table.lookup(fg.constant([1, 7], fg.int64)))
        array([b'b', b'UNK'], dtype=object)
    """
    _check_file(vocabulary_file, vocab_size)
    with name_scope(name, "index_to_string"):
        fill = TextFileStringTableInitializer(
            vocabulary_file, vocab_size=vocab_size, name="table_init",
            key_column_index=key_column_index, value_column_index=value_column_index,
            delimiter=delimiter)
        return StaticHashTable(fill, default_value)


def index_to_string_table_from_tensor(vocabulary_list: Any, default_value: Any = "UNK",
                                      name: str | None = None) -> StaticHashTable:
    """A table from places in a list of words to the words.

    Args:
        vocabulary_list: vector of strings.
        default_value: the word of numbers that are not there.
        name: name of the scope.

    Raises:
        ValueError: there is no list.

    Returns:
        A table from int64 to words.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default(), fg.Session() as sess:
        ...     table = fg.contrib.lookup.index_to_string_table_from_tensor(["a", "b"])
        ...     sess.run(fg.tables_initializer())
        ...     sess.run(table.lookup(fg.constant([1, 7], fg.int64)))
        array([b'b', b'UNK'], dtype=object)
    """
    if vocabulary_list is None:
        raise ValueError(located("vocabulary_list must be specified."))
    with name_scope(name, "index_to_string"):
        words = convert_to_tensor(vocabulary_list, dt.string)
        keys = cast(range_tensor(size(words)), dt.int64)
        fill = KeyValueTensorInitializer(keys, words, dt.int64, dt.string, name="table_init")
        return StaticHashTable(fill, default_value)


def _check_words(dtype: DType) -> None:
    if not dtype.is_integer and dtype.base_dtype is not dt.string:
        raise TypeError(located(f"Only integer and string keys are supported, not {dtype.name}."))


def _check_buckets(num_oov_buckets: int) -> None:
    if num_oov_buckets < 0:
        raise ValueError(located("num_oov_buckets must be greater or equal than 0, got "
                                 f"{num_oov_buckets}."))


def _check_file(vocabulary_file: Any, vocab_size: int | None) -> None:
    if vocabulary_file is None or (isinstance(vocabulary_file, str) and not vocabulary_file):
        raise ValueError(located("vocabulary_file must be specified and must not be empty."))
    if vocab_size is not None and vocab_size < 1:
        raise ValueError(located(f"vocab_size must be greater than 0, got {vocab_size}. "
                                 f"vocabulary_file: {vocabulary_file!r:.100}"))
