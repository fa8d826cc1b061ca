"""Lookup tables that are filled once: from keys to values, and from words to numbers.

    table = tf.lookup.StaticHashTable(
        tf.lookup.KeyValueTensorInitializer(["a", "b"], [1, 2]), default_value=-1)
    numbers = table.lookup(words)
    sess.run(tf.tables_initializer())

A table lives in the Session. A vocabulary table gives words that it does not hold a number too, by
a hash of the word, among `num_oov_buckets` numbers behind its own.
"""

from __future__ import annotations

from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core.dtypes import DType, as_dtype
from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape
from flowgraph.graph.collections import GraphKeys
from flowgraph.graph.graph import get_collection, name_scope
from flowgraph.graph.operation import Operation
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.arithmetic import add
from flowgraph.ops.cast import cast
from flowgraph.ops.compare import not_equal
from flowgraph.ops.identity import group, no_op
from flowgraph.ops.lookup_table import (
    HashTableV2,
    LookupTableExportV2,
    LookupTableFindV2,
    LookupTableSizeV2,
)
from flowgraph.ops.select import where_v2
from flowgraph.ops.sparse_tensor import SparseTensor


def tables_initializer(name="init_all_tables"):
    """An operation that fills all lookup tables built so far.

    Args:
        name: name of the node.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default(), fg.Session() as sess:
        ...     fill = fg.lookup.KeyValueTensorInitializer(["a", "b"], [1, 2])
        ...     table = fg.lookup.StaticHashTable(fill, default_value=-1)
        ...     sess.run(fg.tables_initializer())
        ...     sess.run(table.lookup(fg.constant(["b", "c"])))
        array([ 2, -1], dtype=int32)
    """
    initializers = get_collection(GraphKeys.TABLE_INITIALIZERS)
    return group(*initializers, name=name) if initializers else no_op(name=name)


def initialize_all_tables(name="init_all_tables"):
    """Old name of `tf.tables_initializer`.

    Args:
        name: name of the node.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default(), fg.Session() as sess:
        ...     sess.run(fg.initialize_all_tables())
    """
    return tables_initializer(name)


class LookupInterface:
    """Base of lookup tables.

    Args:
        key_dtype: dtype of the keys.
        value_dtype: dtype of the values.

    Example:
        >>> import flowgraph as fg
        >>> isinstance(fg.contrib.lookup.index_table_from_tensor(["a"]),
        ...            fg.contrib.lookup.LookupInterface)
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

    @property
    def name(self) -> str | None:
        """Name of the table."""
        raise NotImplementedError(located(f"{type(self).__name__} has no name"))

    def size(self, name: str | None = None) -> Tensor:
        """How many keys there are."""
        raise NotImplementedError(located(f"{type(self).__name__} has no size"))

    def lookup(self, keys: Any, name: str | None = None) -> Any:
        """The values of `keys`."""
        raise NotImplementedError(located(f"{type(self).__name__} has no lookup(keys)"))

    def _checked(self, keys: Any) -> Any:
        """`keys` as a tensor or SparseTensor, of the table's dtype."""
        if not isinstance(keys, SparseTensor):
            keys = convert_to_tensor(keys)
        if keys.dtype.base_dtype is not self._key_dtype:
            raise TypeError(located("Signature mismatch. Keys must be dtype "
                                    f"{self._key_dtype.name}, got {keys.dtype.name}."))
        return keys


def values_of(keys: Any) -> Any:
    """The dense part of `keys` that is looked up."""
    return keys.values if isinstance(keys, SparseTensor) else keys


def like_keys(keys: Any, values: Any) -> Any:
    """`values` found for `keys`, sparse where these are."""
    if isinstance(keys, SparseTensor):
        return SparseTensor(keys.indices, values, keys.dense_shape)
    return values


class _FilledOnce(LookupInterface):
    """What StaticHashTable and HashTable share."""

    def __init__(self, initializer: Any, default_value: Any, shared_name: str,
                 name: str | None) -> None:
        super().__init__(initializer.key_dtype, initializer.value_dtype)
        self._default_value = convert_to_tensor(default_value, self._value_dtype)
        self._default_value.shape.merge_with(TensorShape([]))
        self._resource_handle = HashTableV2.build(
            key_dtype=self._key_dtype, value_dtype=self._value_dtype, shared_name=shared_name,
            name=name or "hash_table")
        self._init_op = initializer.initialize(self)

    @property
    def resource_handle(self) -> Tensor:
        """The handle of the table."""
        return self._resource_handle

    @property
    def initializer(self) -> Operation:
        """The operation that fills it."""
        return self._init_op

    @property
    def name(self) -> str:
        """Name of the table's node, without its scopes."""
        return self._resource_handle.op.name.split("/")[-1]

    @property
    def default_value(self) -> Tensor:
        """The value of keys that are not there."""
        return self._default_value

    def size(self, name: str | None = None) -> Tensor:
        """How many keys there are, an int64 scalar.

        Args:
            name: name of the scope.
        """
        with name_scope(name, f"{self.name}_Size", [self._resource_handle]):
            return LookupTableSizeV2.build(self._resource_handle)

    def lookup(self, keys: Any, name: str | None = None) -> Any:
        """The values of keys, or the default value.

        Args:
            keys: tensor or SparseTensor of the table's key dtype.
            name: name of the scope.

        Returns:
            A tensor, or SparseTensor, of the shape of `keys`.

        Raises:
            TypeError: `keys` has another dtype.
            FailedPreconditionError: the table is not filled (in the run).
        """
        keys = self._checked(keys)
        dense = values_of(keys)
        with name_scope(name, f"{self.name}_Lookup",
                        [self._resource_handle, dense, self._default_value]):
            values = LookupTableFindV2.build(self._resource_handle, dense, self._default_value)
        values.set_shape(dense.shape)
        return like_keys(keys, values)

    def export(self, name: str | None = None) -> tuple[Tensor, Tensor]:
        """All keys and all values.

        Args:
            name: name of the scope.
        """
        with name_scope(name, f"{self.name}_Export", [self._resource_handle]):
            keys, values = LookupTableExportV2.build(
                self._resource_handle, Tkeys=self._key_dtype, Tvalues=self._value_dtype)
        keys.set_shape([None])
        values.set_shape(keys.shape)
        return keys, values


class StaticHashTable(_FilledOnce):
    """A table from keys to values, filled once in each session by `tf.tables_initializer`.

    Args:
        initializer: a KeyValueTensorInitializer or TextFileInitializer.
        default_value: scalar, the value of keys that are not there.
        name: name of the node.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default(), fg.Session() as sess:
        ...     fill = fg.lookup.KeyValueTensorInitializer([10, 20], ["ten", "twenty"])
        ...     table = fg.lookup.StaticHashTable(fill, default_value="?")
        ...     sess.run(table.initializer)
        ...     sess.run(table.lookup(fg.constant([20, 30])))
        array([b'twenty', b'?'], dtype=object)
    """

    def __init__(self, initializer: Any, default_value: Any, name: str | None = None) -> None:
        super().__init__(initializer, default_value, initializer._shared_name, name)


class HashTable(_FilledOnce):
    """As StaticHashTable, with the older arguments and names.

    Args:
        initializer: a KeyValueTensorInitializer or TextFileInitializer.
        default_value: scalar, the value of keys that are not there.
        shared_name: tables of one shared name share their contents within a session.
        name: name of the node.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default(), fg.Session() as sess:
        ...     fill = fg.contrib.lookup.KeyValueTensorInitializer(["a", "b"], [1, 2])
        ...     table = fg.contrib.lookup.HashTable(fill, default_value=-1)
        ...     sess.run(table.init)
        ...     sess.run(table.lookup(fg.constant(["b", "c"])))
        array([ 2, -1], dtype=int32)
    """

    def __init__(self, initializer: Any, default_value: Any, shared_name: str | None = None,
                 name: str | None = None) -> None:
        super().__init__(initializer, default_value, shared_name or "", name)

    @property
    def init(self) -> Operation:
        """The operation that fills it."""
        return self.initializer


# ---- words to numbers ----------------------------------------------------------------------------


class _BucketTable(LookupInterface):
    """A table from words (or integers) to numbers, with numbers for words that it does not hold."""

    def __init__(self, table: StaticHashTable | None, num_oov_buckets: int, key_dtype: DType,
                 name: str | None, hasher_spec: Any) -> None:
        super().__init__(key_dtype, dt.int64)
        self._table = table
        self._num_oov_buckets = num_oov_buckets
        self._hasher_spec = hasher_spec
        self._name = (name or (table.name if table is not None else "hash_bucket")).split("/")[-1]

    @property
    def resource_handle(self) -> Tensor | None:
        """The handle of the table of words; None when there is none."""
        return None if self._table is None else self._table.resource_handle

    @property
    def initializer(self) -> Operation:
        """The operation that fills it."""
        if self._table is not None:
            return self._table.initializer
        with name_scope(None, "init"):
            return no_op()

    @property
    def init(self) -> Operation:
        """Old name of `initializer`."""
        return self.initializer

    @property
    def name(self) -> str:
        """Name of the table."""
        return self._name

    def size(self, name: str | None = None) -> Tensor:
        """How many numbers there are: one for each word, and the buckets.

        Args:
            name: name of the scope.
        """
        with name_scope(name, f"{self.name}_Size"):
            words = (convert_to_tensor(0, dt.int64) if self._table is None
                     else self._table.size())
            return add(words, self._num_oov_buckets, name="add")

    def lookup(self, keys: Any, name: str | None = None) -> Any:
        """The numbers of words.

        Args:
            keys: tensor or SparseTensor of the table's key dtype.
            name: name of the scope.

        Returns:
            An int64 tensor, or SparseTensor, of the shape of `keys`.

        Raises:
            TypeError: `keys` has another dtype.
        """
        keys = self._checked(keys)
        words = values_of(keys)
        if self._table is not None and self._table.key_dtype is dt.int64:
            words = cast(words, dt.int64)
        if not self._num_oov_buckets and self._table is not None:
            return like_keys(keys, self._table.lookup(words, name=name))
        with name_scope(name, f"{self.name}_Lookup"):
            numbers = self._bucket(words)
            if self._table is not None:
                found = self._table.lookup(words)
                buckets = add(numbers, self._table.size(), name="Add")
                is_found = not_equal(found, self._table.default_value)
                numbers = where_v2(is_found, found, buckets)
        return like_keys(keys, numbers)

    def _bucket(self, words: Tensor) -> Tensor:
        """The bucket of each word, by its hash."""
        from flowgraph.ops.string_hash import (
            string_to_hash_bucket,
            string_to_hash_bucket_fast,
            string_to_hash_bucket_strong,
        )
        if words.dtype.base_dtype is not dt.string:
            from flowgraph.ops.string_format import as_string
            words = as_string(words)
        hasher, key = self._hasher_spec
        options: dict[str, Any] = {"num_buckets": self._num_oov_buckets, "name": "hash_bucket"}
        if hasher == "stronghash":
            return string_to_hash_bucket_strong(words, key=key, **options)
        if hasher == "legacy":
            return string_to_hash_bucket(words, **options)
        if hasher != "fasthash":
            raise ValueError(located(f"Unknown hasher {hasher!r}"))
        return string_to_hash_bucket_fast(words, **options)


def check_vocabulary(table: Any, key_dtype: Any) -> DType:
    """The dtype of the words of a vocabulary, whose table or initializer is `table`."""
    key_dtype = table.key_dtype if key_dtype is None else as_dtype(key_dtype)
    if table.key_dtype not in (dt.int64, dt.string):
        raise TypeError(located("Invalid key dtype, expected int64 or string, but got "
                                f"{table.key_dtype.name}."))
    if table.key_dtype.is_integer != key_dtype.is_integer:
        raise TypeError(located(f"Invalid key dtype, expected {key_dtype.name} but got "
                                f"{table.key_dtype.name}."))
    if table.value_dtype is not dt.int64:
        raise TypeError(located("Invalid value dtype, expected int64 but got "
                                f"{table.value_dtype.name}."))
    return key_dtype


class StaticVocabularyTable(_BucketTable):
    """A table from words to numbers, in which every word has a number.

    Words of the initializer have its numbers 0, 1, ..., n - 1; others get one of n, ...,
    n + num_oov_buckets - 1, by their hash.

    Args:
        initializer: initializer from strings or int64 to int64; None when there are buckets only.
        num_oov_buckets: how many numbers there are for other words.
        lookup_key_dtype: dtype of the words looked up; default that of the initializer.
        name: name of the table.

    Raises:
        ValueError: `num_oov_buckets` is not positive.
        TypeError: a dtype is another one.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default(), fg.Session() as sess:
        ...     fill = fg.lookup.KeyValueTensorInitializer(["a", "b"], [0, 1], value_dtype=fg.int64)
        ...     table = fg.lookup.StaticVocabularyTable(fill, num_oov_buckets=1)
        ...     sess.run(table.initializer)
        ...     sess.run(table.lookup(fg.constant(["b", "c", "d"])))
        array([1, 2, 2])
    """

    def __init__(self, initializer: Any, num_oov_buckets: int, lookup_key_dtype: Any = None,
                 name: str | None = None) -> None:
        if num_oov_buckets <= 0:
            raise ValueError(located("oov_buckets must be > 0."))
        table, key_dtype = None, dt.string
        if initializer is not None:
            key_dtype = check_vocabulary(initializer, lookup_key_dtype)
            table = StaticHashTable(initializer, default_value=-1)
        super().__init__(table, num_oov_buckets, key_dtype, name and name.rstrip("/"),
                         ("fasthash", None))
