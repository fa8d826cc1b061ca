"""Columns of categories: integers, words of a vocabulary, or anything by its hash."""

from __future__ import annotations

import os
from collections import namedtuple
from typing import Any

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.core.logger import logger
from flowgraph.feature_column.columns import (
    CategoricalColumn,
    Features,
    check_key,
    check_kind,
    check_string_or_int,
    to_sparse,
)
from flowgraph.ops.cast import cast
from flowgraph.ops.compare import greater_equal, less
from flowgraph.ops.constant import fill
from flowgraph.ops.logic import logical_or
from flowgraph.ops.lookup_vocabulary import index_table_from_file, index_table_from_tensor
from flowgraph.ops.parse_features import VarLenFeature
from flowgraph.ops.select import where
from flowgraph.ops.shape import shape
from flowgraph.ops.sparse_tensor import SparseTensor
from flowgraph.ops.string_format import as_string
from flowgraph.ops.string_hash import string_to_hash_bucket_fast


class _KeyedColumn(CategoricalColumn):
    """What columns of one feature share."""

    __slots__ = ()
    key: str
    dtype: Any

    @property
    def name(self) -> str:
        """The feature's name."""
        return self.key

    @property
    def parse_example_spec(self) -> dict[str, Any]:
        """The feature, of any length."""
        return {self.key: VarLenFeature(self.dtype)}


class HashedCategoricalColumn(_KeyedColumn, namedtuple("HashedCategoricalColumn", (
        "key", "hash_bucket_size", "dtype"))):
    """Categories by their hash; made by `categorical_column_with_hash_bucket`."""

    __slots__ = ()

    @property
    def num_buckets(self) -> int:
        """How many hashes there are."""
        return self.hash_bucket_size

    def transform(self, features: Features) -> SparseTensor:
        """The hash of each value."""
        tensor = to_sparse(features.get(self.key))
        check_kind(self, tensor)
        texts = tensor.values if self.dtype == dt.string else as_string(tensor.values)
        return SparseTensor(tensor.indices, string_to_hash_bucket_fast(
            texts, self.hash_bucket_size, name="lookup"), tensor.dense_shape)


class _VocabularyColumn(_KeyedColumn):
    """What columns with a vocabulary share."""

    __slots__ = ()

    def table(self, dtype: Any) -> Any:
        """The table from words to ids.

        Args:
            dtype: dtype of the words.
        """
        raise NotImplementedError

    def transform(self, features: Features) -> SparseTensor:
        """The id of each word."""
        tensor = to_sparse(features.get(self.key))
        check_kind(self, tensor)
        if tensor.dtype.base_dtype.is_integer:
            return self.table(dt.int64).lookup(cast(tensor, dt.int64))
        return self.table(self.dtype).lookup(tensor)


class VocabularyListCategoricalColumn(_VocabularyColumn, namedtuple(
        "VocabularyListCategoricalColumn",
        ("key", "vocabulary_list", "dtype", "default_value", "num_oov_buckets"))):
    """Words of a list; made by `categorical_column_with_vocabulary_list`."""

    __slots__ = ()

    @property
    def num_buckets(self) -> int:
        """The words, and the buckets for others."""
        return len(self.vocabulary_list) + self.num_oov_buckets

    def table(self, dtype: Any) -> Any:
        """The table from words to their places in the list."""
        return index_table_from_tensor(self.vocabulary_list, default_value=self.default_value,
                                       num_oov_buckets=self.num_oov_buckets, dtype=dtype,
                                       name=f"{self.scope_name}_lookup")


class VocabularyFileCategoricalColumn(_VocabularyColumn, namedtuple(
        "VocabularyFileCategoricalColumn",
        ("key", "vocabulary_file", "vocabulary_size", "num_oov_buckets", "dtype",
         "default_value"))):
    """Words of a file; made by `categorical_column_with_vocabulary_file`."""

    __slots__ = ()

    @property
    def num_buckets(self) -> int:
        """The words, and the buckets for others."""
        return self.vocabulary_size + self.num_oov_buckets

    def table(self, dtype: Any) -> Any:
        """The table from words to their lines in the file."""
        return index_table_from_file(self.vocabulary_file, num_oov_buckets=self.num_oov_buckets,
                                     vocab_size=self.vocabulary_size,
                                     default_value=self.default_value, key_dtype=dtype,
                                     name=f"{self.scope_name}_lookup")


class IdentityCategoricalColumn(_KeyedColumn, namedtuple("IdentityCategoricalColumn", (
        "key", "number_buckets", "default_value"))):
    """Integers that are ids already; made by `categorical_column_with_identity`."""

    __slots__ = ()
    dtype = dt.int64

    @property
    def num_buckets(self) -> int:
        """How many ids there are."""
        return self.number_buckets

    def transform(self, features: Features) -> SparseTensor:
        """The ids; with a default for those that are too small or too large."""
        tensor = to_sparse(features.get(self.key))
        if not tensor.dtype.base_dtype.is_integer:
            raise ValueError(located(f"Invalid input, not integer. key: {self.key} dtype: "
                                     f"{tensor.dtype}"))
        values = cast(tensor.values, dt.int64)
        if self.default_value is not None:
            outside = logical_or(less(values, 0), greater_equal(values, self.num_buckets),
                                 name="out_of_range")
            default = cast(self.default_value, dt.int64)
            values = where(outside, fill(shape(values), default, name="default_values"), values)
        return SparseTensor(tensor.indices, values, tensor.dense_shape)


def categorical_column_with_hash_bucket(key: str, hash_bucket_size: int,
                                        dtype: Any = dt.string) -> HashedCategoricalColumn:
    """Categories by the hash of each value, for values that are not known beforehand.

    Args:
        key: the feature's name; "" and -1 in a dense feature mean none.
        hash_bucket_size: how many hashes; two values may have the same.
        dtype: string or an integer dtype.

    Returns:
        The column.

    Raises:
        ValueError: there is no size, or the dtype is another.

    Example:
        >>> import flowgraph as fg
        >>> word = fg.feature_column.categorical_column_with_hash_bucket("word", 3)
        >>> column = fg.feature_column.indicator_column(word)
        >>> fg.Session().run(fg.feature_column.input_layer({"word": [["a"], ["b"]]}, [column]))
        array([[1., 0., 0.],
               [0., 1., 0.]], dtype=float32)
    """
    if hash_bucket_size is None or hash_bucket_size < 1:
        raise ValueError(located("hash_bucket_size must be set and at least 1. hash_bucket_size: "
                                 f"{hash_bucket_size}, key: {key}"))
    check_key(key)
    dtype = dt.as_dtype(dtype)
    check_string_or_int(dtype, f"column_name: {key}")
    return HashedCategoricalColumn(key, hash_bucket_size, dtype)


def _check_oov(num_oov_buckets: Any, has_default: bool, key: str) -> None:
    if num_oov_buckets and has_default:
        raise ValueError(located(
            f"Can't specify both num_oov_buckets and default_value in {key}."))
    if num_oov_buckets and num_oov_buckets < 0:
        raise ValueError(located(f"Invalid num_oov_buckets {num_oov_buckets} in {key}."))


def categorical_column_with_vocabulary_list(
        key: str, vocabulary_list: Any, dtype: Any = None, default_value: int = -1,
        num_oov_buckets: int = 0) -> VocabularyListCategoricalColumn:
    """Categories from a list of them.

    Args:
        key: the feature's name; "" and -1 in a dense feature mean none.
        vocabulary_list: list of texts or of integers, each once; their places are the ids.
        dtype: string or an integer dtype; default that of the list.
        default_value: id of other values; -1 to leave them out.
        num_oov_buckets: how many further ids other values get, by their hash.

    Returns:
        The column.

    Raises:
        ValueError: the list is empty or has a value twice, the dtype is another, or both
            `default_value` and `num_oov_buckets` are given.

    Example:
        >>> import flowgraph as fg
        >>> sex = fg.feature_column.categorical_column_with_vocabulary_list("sex", ["f", "m"])
        >>> column = fg.feature_column.indicator_column(sex)
        >>> layer = fg.feature_column.input_layer({"sex": [["m"], ["?"]]}, [column])
        >>> with fg.Session() as sess:
        ...     sess.run(fg.tables_initializer())
        ...     sess.run(layer)
        array([[0., 1.],
               [0., 0.]], dtype=float32)
    """
    if vocabulary_list is None or len(vocabulary_list) < 1:
        raise ValueError(located(f"vocabulary_list {vocabulary_list} must be non-empty, "
                                 f"column_name: {key}"))
    if len(set(vocabulary_list)) != len(vocabulary_list):
        raise ValueError(located(f"Duplicate keys in vocabulary_list {vocabulary_list}, "
                                 f"column_name: {key}"))
    _check_oov(num_oov_buckets, default_value != -1, key)
    found = dt.as_dtype(np.array(vocabulary_list).dtype)
    check_string_or_int(found, f"column_name: {key} vocabulary")
    dtype = found if dtype is None else dt.as_dtype(dtype)
    if dtype.is_integer != found.is_integer:
        raise ValueError(located(f"dtype {dtype} and vocabulary dtype {found} do not match, "
                                 f"column_name: {key}"))
    check_string_or_int(dtype, f"column_name: {key}")
    check_key(key)
    return VocabularyListCategoricalColumn(key, tuple(vocabulary_list), dtype, default_value,
                                           num_oov_buckets)


def categorical_column_with_vocabulary_file(
        key: str, vocabulary_file: Any, vocabulary_size: int | None = None,
        num_oov_buckets: int = 0, default_value: int | None = None,
        dtype: Any = dt.string) -> VocabularyFileCategoricalColumn:
    """Categories from a text file with one a line.

    Args:
        key: the feature's name; "" and -1 in a dense feature mean none.
        vocabulary_file: the file's name.
        vocabulary_size: how many of its lines are used; default all.
        num_oov_buckets: how many further ids other values get, by their hash.
        default_value: id of other values; default -1, to leave them out.
        dtype: string or an integer dtype.

    Returns:
        The column.

    Raises:
        ValueError: there is no file, the size is not positive, or both `default_value` and
            `num_oov_buckets` are given.

    Example:
        >>> import os, tempfile
        >>> import flowgraph as fg
        >>> path = os.path.join(tempfile.mkdtemp(), "words.txt")
        >>> with open(path, "w") as file:
        ...     _ = file.write("a\\nb\\nc\\n")
        >>> fg.feature_column.categorical_column_with_vocabulary_file("word", path).num_buckets
        3
    """
    if not vocabulary_file:
        raise ValueError(located(f"Missing vocabulary_file in {key}."))
    vocabulary_file = os.fsdecode(vocabulary_file)
    if vocabulary_size is None:
        if not os.path.exists(vocabulary_file):
            raise ValueError(located(f"vocabulary_file in {key} does not exist.",
                                     f"There is no {vocabulary_file}."))
        with open(vocabulary_file, "rb") as file:
            vocabulary_size = sum(1 for _ in file)
        logger().info("vocabulary_size = %d in %s is inferred from the number of elements in the "
                      "vocabulary_file %s.", vocabulary_size, key, vocabulary_file)
    if vocabulary_size < 1:
        raise ValueError(located(f"Invalid vocabulary_size in {key}."))
    _check_oov(num_oov_buckets, default_value is not None, key)
    dtype = dt.as_dtype(dtype)
    check_string_or_int(dtype, f"column_name: {key}")
    check_key(key)
    return VocabularyFileCategoricalColumn(key, vocabulary_file, vocabulary_size,
                                           num_oov_buckets or 0, dtype,
                                           -1 if default_value is None else default_value)


def categorical_column_with_identity(key: str, num_buckets: int,
                                     default_value: int | None = None) -> IdentityCategoricalColumn:
    """Categories that are numbered already.

    Args:
        key: the name of a feature of integers from 0 to below `num_buckets`; -1 in a dense one
            means none.
        num_buckets: how many categories there are.
        default_value: id instead of integers outside that range; default: those are an error.

    Returns:
        The column.

    Raises:
        ValueError: a number is out of its range.

    Example:
        >>> import flowgraph as fg
        >>> day = fg.feature_column.categorical_column_with_identity("day", 3)
        >>> column = fg.feature_column.indicator_column(day)
        >>> fg.Session().run(fg.feature_column.input_layer({"day": [[2], [0]]}, [column]))
        array([[0., 0., 1.],
               [1., 0., 0.]], dtype=float32)
    """
    if num_buckets < 1:
        raise ValueError(located(f"num_buckets {num_buckets} < 1, column_name {key}"))
    if default_value is not None and not 0 <= default_value < num_buckets:
        raise ValueError(located(f"default_value {default_value} not in range [0, {num_buckets}), "
                                 f"column_name {key}"))
    check_key(key)
    return IdentityCategoricalColumn(key, num_buckets, default_value)
