"""Feature columns under the names that `tf.contrib.layers` gives them.

They are those of `tf.feature_column`, so that both kinds go together in one model; an embedding
alone has a variable and an initializer of its own, those of TensorFlow 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.feature_column.categorical import (
    HashedCategoricalColumn,
    categorical_column_with_hash_bucket,
    categorical_column_with_identity,
    categorical_column_with_vocabulary_file,
    categorical_column_with_vocabulary_list,
)
from flowgraph.feature_column.columns import DenseColumn, Features, checked_columns
from flowgraph.feature_column.combined import crossed_column as _crossed
from flowgraph.feature_column.combined import weighted_categorical_column
from flowgraph.feature_column.dense import EmbeddingColumn, IndicatorColumn, indicator_column
from flowgraph.feature_column.dense import embedding_column as _embedding
from flowgraph.feature_column.layers import make_parse_example_spec
from flowgraph.feature_column.numeric import BucketizedColumn, numeric_column
from flowgraph.feature_column.numeric import bucketized_column as _bucketized
from flowgraph.graph.collections import GraphKeys
from flowgraph.nn.embedding import safe_embedding_lookup_sparse
from flowgraph.ops.initializers import TruncatedNormal
from flowgraph.ops.join import concat
from flowgraph.ops.reshape import reshape
from flowgraph.ops.shape import shape
from flowgraph.ops.variable_scope import get_variable, variable_scope
from flowgraph.train.checkpoint_init import init_from_checkpoint


def real_valued_column(column_name: str, dimension: int = 1, default_value: Any = None,
                       dtype: Any = dt.float32,
                       normalizer: Callable[[Any], Any] | None = None) -> Any:
    """A feature of numbers: `tf.feature_column.numeric_column`.

    Args:
        column_name: the feature's name.
        dimension: how many numbers an example has.
        default_value: numbers for Examples without the feature.
        dtype: the feature's dtype.
        normalizer: function from the feature's tensor to another of its shape.

    Returns:
        The column.

    Example:
        >>> import flowgraph as fg
        >>> fg.contrib.layers.real_valued_column("age").shape
        (1,)
    """
    return numeric_column(column_name, dimension, default_value, dtype, normalizer)


def bucketized_column(source_column: Any, boundaries: Any) -> Any:
    """Numbers sorted into buckets.

    Args:
        source_column: a column of numbers.
        boundaries: list of growing numbers.

    Returns:
        The column.

    Example:
        >>> import flowgraph as fg
        >>> age = fg.contrib.layers.real_valued_column("age")
        >>> fg.contrib.layers.bucketized_column(age, [18, 65]).num_buckets
        3
    """
    return _bucketized(source_column, list(boundaries))


def sparse_column_with_keys(column_name: str, keys: Any, default_value: int = -1,
                            combiner: str = "sum", dtype: Any = dt.string) -> Any:
    """Categories from a list of them.

    Args:
        column_name: the feature's name.
        keys: list of texts or integers.
        default_value: id of other values; -1 to leave them out.
        combiner: "sum", "mean" or "sqrtn": how a linear model of `tf.contrib.learn` takes several
            categories of one example.
        dtype: the feature's dtype.

    Returns:
        The column.

    Example:
        >>> import flowgraph as fg
        >>> fg.contrib.layers.sparse_column_with_keys("sex", ["f", "m"]).num_buckets
        2
    """
    return _combining(combiner, categorical_column_with_vocabulary_list(
        column_name, list(keys), dtype, default_value))


def sparse_column_with_vocabulary_file(column_name: str, vocabulary_file: Any,
                                       num_oov_buckets: int = 0,
                                       vocab_size: int | None = None, default_value: int = -1,
                                       combiner: str = "sum", dtype: Any = dt.string) -> Any:
    """Categories from a text file with one a line.

    Args:
        column_name: the feature's name.
        vocabulary_file: the file's name.
        num_oov_buckets: how many further ids other values get.
        vocab_size: how many lines are used.
        default_value: id of other values; -1 to leave them out.
        combiner: "sum", "mean" or "sqrtn": how a linear model of `tf.contrib.learn` takes several
            categories of one example.
        dtype: the feature's dtype.

    Returns:
        The column.

    Example:
        >>> import flowgraph as fg
        >>> fg.contrib.layers.sparse_column_with_vocabulary_file("a", "a.txt", 0, 7).num_buckets
        7
    """
    return _combining(combiner, categorical_column_with_vocabulary_file(
        column_name, vocabulary_file, vocab_size, num_oov_buckets,
        None if num_oov_buckets else default_value, dtype))


def sparse_column_with_hash_bucket(column_name: str, hash_bucket_size: int,
                                   combiner: str = "sum", dtype: Any = dt.string,
                                   hash_keys: Any = None) -> Any:
    """Categories by the hash of each value.

    Args:
        column_name: the feature's name.
        hash_bucket_size: how many hashes.
        combiner: "sum", "mean" or "sqrtn": how a linear model of `tf.contrib.learn` takes several
            categories of one example.
        dtype: string or an integer dtype.
        hash_keys: must be None.

    Returns:
        The column.

    Raises:
        ValueError: hash keys are given.

    Example:
        >>> import flowgraph as fg
        >>> fg.contrib.layers.sparse_column_with_hash_bucket("word", 100).num_buckets
        100
    """
    if hash_keys is not None:
        raise ValueError(located("hash_keys is not offered.", "Leave it out."))
    return _combining(combiner, categorical_column_with_hash_bucket(
        column_name, hash_bucket_size, dtype))


def sparse_column_with_integerized_feature(column_name: str, bucket_size: int,
                                           combiner: str = "sum", dtype: Any = dt.int64) -> Any:
    """Categories that are numbered already.

    Args:
        column_name: the feature's name.
        bucket_size: how many categories there are.
        combiner: "sum", "mean" or "sqrtn": how a linear model of `tf.contrib.learn` takes several
            categories of one example.
        dtype: accepted.

    Returns:
        The column.

    Example:
        >>> import flowgraph as fg
        >>> fg.contrib.layers.sparse_column_with_integerized_feature("day", 7).num_buckets
        7
    """
    return _combining(combiner, categorical_column_with_identity(column_name, bucket_size))


def _combining(combiner: str, column: Any) -> Any:
    """A categorical column that says how a linear model takes several categories of an example."""
    if combiner not in ("sum", "mean", "sqrtn"):
        raise ValueError(located(f"combiner must be 'sum', 'mean' or 'sqrtn', given: {combiner!r}"))
    return column if combiner == "sum" else _kind(column.__class__, combiner)(*column)


@cache
def _kind(kind: Any, combiner: str) -> Any:
    """The kind of column with a combiner."""
    return type(kind.__name__, (kind,), {"__slots__": (), "combiner": combiner,
                                         "__doc__": kind.__doc__})


def weighted_sparse_column(sparse_id_column: Any, weight_column_name: str,
                           dtype: Any = dt.float32) -> Any:
    """Categories of which each has a weight in another feature.

    Args:
        sparse_id_column: the categories.
        weight_column_name: the name of the feature with the weights.
        dtype: its dtype.

    Returns:
        The column.

    Example:
        >>> import flowgraph as fg
        >>> day = fg.contrib.layers.sparse_column_with_integerized_feature("day", 7)
        >>> fg.contrib.layers.weighted_sparse_column(day, "hours").name
        'day_weighted_by_hours'
    """
    return _combining(getattr(sparse_id_column, "combiner", "sum"), weighted_categorical_column(
        sparse_id_column, weight_column_name, dtype))


def one_hot_column(sparse_id_column: Any) -> Any:
    """Categories as numbers: for each how often it occurs.

    Args:
        sparse_id_column: the categories.

    Returns:
        The column.

    Example:
        >>> import flowgraph as fg
        >>> day = fg.contrib.layers.sparse_column_with_integerized_feature("day", 7)
        >>> fg.contrib.layers.one_hot_column(day).variable_shape.as_list()
        [1, 7]
    """
    return indicator_column(sparse_id_column)


class LearnEmbeddingColumn(EmbeddingColumn):
    """An embedding whose table has the name that `tf.contrib.layers` gives it, "weights".

    Args:
        categorical_column, dimension, combiner, initializer, ckpt_to_load_from,
        tensor_name_in_ckpt, max_norm, trainable: as for `embedding_column`.

    Example:
        >>> from flowgraph.contrib import layers
        >>> words = layers.sparse_column_with_hash_bucket("words", 100)
        >>> type(layers.embedding_column(words, 4)).__name__
        'LearnEmbeddingColumn'
    """

    __slots__ = ()

    def dense_tensor(self, features: Features, trainable: bool = True,
                     collections: list[str] | None = None) -> Any:
        """The embeddings of each example's categories, combined."""
        pair = self.categorical_column.sparse_tensors(features)
        weights = get_variable(
            "weights", [self.categorical_column.num_buckets, self.dimension], dt.float32,
            self.initializer, trainable=self.trainable and trainable,
            collections=[*dict.fromkeys((*(collections or ()), GraphKeys.GLOBAL_VARIABLES,
                                         GraphKeys.MODEL_VARIABLES))])
        if self.ckpt_to_load_from is not None:
            init_from_checkpoint(self.ckpt_to_load_from, {self.tensor_name_in_ckpt: weights})
        return safe_embedding_lookup_sparse(weights, pair.id_tensor, pair.weight_tensor,
                                            combiner=self.combiner, name=f"{self.name}weights",
                                            max_norm=self.max_norm)


def embedding_column(sparse_id_column: Any, dimension: int, combiner: str = "mean",
                     initializer: Any = None, ckpt_to_load_from: Any = None,
                     tensor_name_in_ckpt: str | None = None, max_norm: float | None = None,
                     trainable: bool = True) -> Any:
    """Categories as points in a space, of a table that is learned.

    Args:
        sparse_id_column: the categories.
        initializer: initializer of the table; default a truncated normal one with a standard
            deviation of 1 / sqrt(number of categories).
        dimension, combiner, ckpt_to_load_from, tensor_name_in_ckpt, max_norm, trainable: as for
            `tf.feature_column.embedding_column`.

    Returns:
        The column.

    Example:
        >>> import flowgraph as fg
        >>> day = fg.contrib.layers.sparse_column_with_integerized_feature("day", 7)
        >>> fg.contrib.layers.embedding_column(day, 3).dimension
        3
    """
    if initializer is None:
        initializer = TruncatedNormal(0.0, 1 / math.sqrt(sparse_id_column.num_buckets))
    return LearnEmbeddingColumn(*_embedding(
        sparse_id_column, dimension, combiner, initializer, ckpt_to_load_from,
        tensor_name_in_ckpt, max_norm, trainable))


def crossed_column(columns: Any, hash_bucket_size: int, combiner: str = "sum",
                   ckpt_to_load_from: Any = None, tensor_name_in_ckpt: str | None = None,
                   hash_key: int | None = None) -> Any:
    """Combinations of categories, each by its hash.

    Args:
        columns: list of categorical columns; of one with hashes, the values themselves are crossed.
        hash_bucket_size: how many hashes.
        combiner: "sum", "mean" or "sqrtn": how a linear model of `tf.contrib.learn` takes several
            combinations of one example.
        ckpt_to_load_from, tensor_name_in_ckpt: must be None.
        hash_key: which hash function.

    Returns:
        The column.

    Raises:
        ValueError: a checkpoint is given.

    Example:
        >>> import flowgraph as fg
        >>> words = [fg.contrib.layers.sparse_column_with_hash_bucket(key, 9) for key in "ab"]
        >>> fg.contrib.layers.crossed_column(words, 50).name
        'a_X_b'
    """
    if ckpt_to_load_from is not None or tensor_name_in_ckpt is not None:
        raise ValueError(located("A checkpoint for crossed_column is not offered.",
                                 "Use tf.train.init_from_checkpoint."))
    return _combining(combiner, _crossed([
        column.key if isinstance(column, HashedCategoricalColumn) else column
        for column in columns], hash_bucket_size, hash_key))


def create_feature_spec_for_parsing(feature_columns: Any) -> dict[str, Any]:
    """The features that columns read, as for `tf.io.parse_example`.

    Args:
        feature_columns: list of columns.

    Returns:
        Dict of features by name.

    Example:
        >>> import flowgraph as fg
        >>> age = fg.contrib.layers.real_valued_column("age")
        >>> list(fg.contrib.layers.create_feature_spec_for_parsing([age]))
        ['age']
    """
    return make_parse_example_spec(feature_columns)


def input_from_feature_columns(columns_to_tensors: dict[str, Any], feature_columns: Any,
                               weight_collections: Any = None, trainable: bool = True,
                               scope: Any = None,
                               cols_to_outs: dict[Any, Any] | None = None) -> Any:
    """The numbers of dense columns side by side, the input of a network.

    Args:
        columns_to_tensors: dict of the features.
        feature_columns: list of dense columns.
        weight_collections: list of names of collections for the variables.
        trainable: whether the variables are trained.
        scope: the variable scope.
        cols_to_outs: dict that gets the numbers of each column.

    Returns:
        A float32 Tensor of shape (batch, numbers): first those of buckets, then embeddings, then
        categories as numbers, then numbers, each kind in the order of the columns' names.

    Raises:
        ValueError: a column is no dense one, or `cols_to_outs` is no dict.

    Example:
        >>> import flowgraph as fg
        >>> age = fg.contrib.layers.real_valued_column("age")
        >>> layer = fg.contrib.layers.input_from_feature_columns({"age": [[20.0]]}, [age])
        >>> fg.Session().run(layer)
        array([[20.]], dtype=float32)
    """
    if cols_to_outs is not None and not isinstance(cols_to_outs, dict):
        raise ValueError(located("cols_to_outs must be a dict unless None",
                                 "Give an empty dict; it gets the numbers of each column."))
    outputs, cache = [], Features(columns_to_tensors)
    with variable_scope(scope, default_name="input_from_feature_columns"):
        for column in sorted(checked_columns(feature_columns), key=_place):
            if not isinstance(column, DenseColumn):
                raise ValueError(located(
                    f"Error creating input layer for column: {column.name}.",
                    "Wrap a categorical column with embedding_column or one_hot_column."))
            with variable_scope(None, default_name=column.scope_name):
                tensor = column.dense_tensor(cache, trainable, list(weight_collections or ()))
                flat = reshape(tensor, [shape(tensor)[0], column.variable_shape.num_elements()])
            outputs.append(flat)
            if cols_to_outs is not None:
                cols_to_outs[column] = flat
        return concat(outputs, 1)


_KINDS = (BucketizedColumn, EmbeddingColumn, IndicatorColumn)


def _place(column: Any) -> tuple[int, str]:
    """Where a column stands among the others: TensorFlow sorts them by kind, then by name."""
    kinds = [i for i, kind in enumerate(_KINDS) if isinstance(column, kind)]
    return (kinds[0] if kinds else len(_KINDS)), column.name
