"""Categories as numbers: a 1 for each category, or an embedding that is learned."""

from __future__ import annotations

import math
from collections import namedtuple
from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape
from flowgraph.feature_column.columns import CategoricalColumn, DenseColumn, Features
from flowgraph.feature_column.combined import WeightedCategoricalColumn
from flowgraph.graph.collections import GraphKeys
from flowgraph.graph.graph import add_to_collection, get_collection, name_scope
from flowgraph.nn.embedding import safe_embedding_lookup_sparse
from flowgraph.ops.gather import scatter_nd
from flowgraph.ops.initializers import TruncatedNormal
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.select import one_hot
from flowgraph.ops.sparse_dense import sparse_merge, sparse_tensor_to_dense
from flowgraph.ops.sparse_parts import sparse_slice
from flowgraph.ops.variable_scope import get_variable
from flowgraph.train.checkpoint_init import init_from_checkpoint


class IndicatorColumn(DenseColumn, namedtuple("IndicatorColumn", ("categorical_column",))):
    """How often each category occurs; made by `indicator_column`."""

    __slots__ = ()

    @property
    def name(self) -> str:
        """The categories' name, with "_indicator"."""
        return f"{self.categorical_column.name}_indicator"

    @property
    def parse_example_spec(self) -> dict[str, Any]:
        """That of the categories."""
        return self.categorical_column.parse_example_spec

    @property
    def variable_shape(self) -> TensorShape:
        """One number for each category."""
        return TensorShape([1, self.categorical_column.num_buckets])

    def transform(self, features: Features) -> Any:
        """How often each category occurs, or the sum of its weights."""
        ids, weights = self.categorical_column.sparse_tensors(features)
        size = self.categorical_column.num_buckets
        if weights is not None:
            merged = sparse_merge(ids, weights, vocab_size=size)
            merged = sparse_slice(merged, [0, 0], merged.dense_shape)  # without ids of -1
            return scatter_nd(merged.indices, merged.values, merged.dense_shape)
        dense = sparse_tensor_to_dense(ids, default_value=-1)
        return reduce_sum(one_hot(dense, size, 1.0, 0.0), axis=[-2])


class _Embedding(DenseColumn):
    """What embeddings share."""

    __slots__ = ()
    categorical_column: Any
    dimension: int

    @property
    def parse_example_spec(self) -> dict[str, Any]:
        """That of the categories."""
        return self.categorical_column.parse_example_spec

    @property
    def variable_shape(self) -> TensorShape:
        """The embedding's size."""
        return TensorShape([self.dimension])

    def transform(self, features: Features) -> Any:
        """The categories."""
        return features.get(self.categorical_column)


class EmbeddingColumn(_Embedding, namedtuple("EmbeddingColumn", (
        "categorical_column", "dimension", "combiner", "initializer", "ckpt_to_load_from",
        "tensor_name_in_ckpt", "max_norm", "trainable"))):
    """An embedding of categories; made by `embedding_column`."""

    __slots__ = ()

    @property
    def name(self) -> str:
        """The categories' name, with "_embedding"."""
        return f"{self.categorical_column.name}_embedding"

    def dense_tensor(self, features: Features, trainable: bool = True,
                     collections: list[str] | None = None) -> Any:
        """The embeddings of each example's categories, combined."""
        pair = self.categorical_column.sparse_tensors(features)
        return _looked_up(self, pair, _weights(self, trainable, collections))


class SharedEmbeddingColumn(_Embedding, namedtuple("SharedEmbeddingColumn", (
        "categorical_column", "dimension", "combiner", "initializer", "ckpt_to_load_from",
        "tensor_name_in_ckpt", "max_norm", "trainable", "shared_embedding_collection_name"))):
    """One of several columns with one table; made by `shared_embedding_columns`."""

    __slots__ = ()

    @property
    def name(self) -> str:
        """The categories' name, with "_shared_embedding"."""
        return f"{self.categorical_column.name}_shared_embedding"

    @property
    def scope_name(self) -> str:
        """The name that the columns have in common."""
        return self.shared_embedding_collection_name

    def dense_tensor(self, features: Features, trainable: bool = True,
                     collections: list[str] | None = None) -> Any:
        """The embeddings of each example's categories, combined."""
        with name_scope(None, self.name):
            pair = self.categorical_column.sparse_tensors(features)
            key = self.shared_embedding_collection_name
            found = get_collection(key)
            shape = [self.categorical_column.num_buckets, self.dimension]
            if not found:
                add_to_collection(key, _weights(self, trainable, collections))
                found = get_collection(key)
            if len(found) > 1 or TensorShape(found[0].shape).as_list() != shape:
                raise ValueError(located(
                    f"Collection {key} must contain one variable of shape {shape}, found "
                    f"{found!r:.200}.", "Choose a unique shared_embedding_collection_name."))
            return _looked_up(self, pair, found[0])


def _weights(column: Any, trainable: bool, collections: list[str] | None) -> Any:
    if collections and GraphKeys.GLOBAL_VARIABLES not in collections:
        collections = [*collections, GraphKeys.GLOBAL_VARIABLES]
    return get_variable("embedding_weights",
                        [column.categorical_column.num_buckets, column.dimension], dt.float32,
                        column.initializer, trainable=column.trainable and trainable,
                        collections=collections)


def _looked_up(column: Any, pair: Any, weights: Any) -> Any:
    if column.ckpt_to_load_from is not None:
        init_from_checkpoint(column.ckpt_to_load_from, {column.tensor_name_in_ckpt: weights})
    return safe_embedding_lookup_sparse(weights, pair.id_tensor, pair.weight_tensor,
                                        combiner=column.combiner,
                                        name=f"{column.scope_name}_weights",
                                        max_norm=column.max_norm)


def indicator_column(categorical_column: CategoricalColumn) -> IndicatorColumn:
    """Categories as numbers: for each how often it occurs in an example.

    Args:
        categorical_column: the categories.

    Returns:
        The column.

    Raises:
        ValueError: it is no categorical column.

    Example:
        >>> import flowgraph as fg
        >>> word = fg.feature_column.categorical_column_with_identity("word", 3)
        >>> column = fg.feature_column.indicator_column(word)
        >>> fg.Session().run(fg.feature_column.input_layer({"word": [[0, 2], [1, 1]]}, [column]))
        array([[1., 0., 1.],
               [0., 2., 0.]], dtype=float32)
    """
    if not isinstance(categorical_column, CategoricalColumn):
        raise ValueError(located("Unsupported input type. Input must be a CategoricalColumn. "
                                 f"Given: {categorical_column!r:.200}"))
    return IndicatorColumn(categorical_column)


def _check_embedding(dimension: Any, initializer: Any, ckpt_to_load_from: Any,
                     tensor_name_in_ckpt: Any) -> Any:
    """The initializer; refuses what does not go together."""
    if dimension is None or dimension < 1:
        raise ValueError(located(f"Invalid dimension {dimension}."))
    if (ckpt_to_load_from is None) != (tensor_name_in_ckpt is None):
        raise ValueError(located("Must specify both `ckpt_to_load_from` and `tensor_name_in_ckpt` "
                                 "or none of them."))
    if initializer is None:
        return TruncatedNormal(mean=0.0, stddev=1 / math.sqrt(dimension))
    if not callable(initializer):
        raise ValueError(located("initializer must be callable if specified."))
    return initializer


def embedding_column(categorical_column: CategoricalColumn, dimension: int, combiner: str = "mean",
                     initializer: Any = None, ckpt_to_load_from: Any = None,
                     tensor_name_in_ckpt: str | None = None, max_norm: float | None = None,
                     trainable: bool = True) -> EmbeddingColumn:
    """Categories as points in a space, of a table that is learned.

    Args:
        categorical_column: the categories.
        dimension: how many numbers a category gets.
        combiner: "mean", "sqrtn" or "sum": how those of one example are combined.
        initializer: initializer of the table; default a truncated normal one.
        ckpt_to_load_from: checkpoint to read the table from.
        tensor_name_in_ckpt: the table's name there.
        max_norm: embeddings with a larger Euclidean norm are scaled down to it.
        trainable: whether the table is trained.

    Returns:
        The column.

    Raises:
        ValueError: the dimension is not positive, or something is not of its kind.

    Example:
        >>> import flowgraph as fg
        >>> word = fg.feature_column.categorical_column_with_identity("word", 3)
        >>> column = fg.feature_column.embedding_column(word, 2, initializer=fg.ones_initializer())
        >>> layer = fg.feature_column.input_layer({"word": [[0], [2]]}, [column])
        >>> with fg.Session() as sess:
        ...     sess.run(fg.global_variables_initializer())
        ...     sess.run(layer)
        array([[1., 1.],
               [1., 1.]], dtype=float32)
    """
    initializer = _check_embedding(dimension, initializer, ckpt_to_load_from, tensor_name_in_ckpt)
    return EmbeddingColumn(categorical_column, dimension, combiner, initializer, ckpt_to_load_from,
                           tensor_name_in_ckpt, max_norm, trainable)


def shared_embedding_columns(categorical_columns: Any, dimension: int, combiner: str = "mean",
                             initializer: Any = None,
                             shared_embedding_collection_name: str | None = None,
                             ckpt_to_load_from: Any = None, tensor_name_in_ckpt: str | None = None,
                             max_norm: float | None = None,
                             trainable: bool = True) -> list[SharedEmbeddingColumn]:
    """Embeddings of several categorical columns, from one table.

    Args:
        categorical_columns: list of columns of one kind, with one number of categories.
        dimension, combiner, initializer, ckpt_to_load_from, tensor_name_in_ckpt, max_norm,
            trainable: as for `embedding_column`.
        shared_embedding_collection_name: name of the table's scope and of the collection that holds
            it; default one made of the columns' names.

    Returns:
        A list of columns, in the order given.

    Raises:
        ValueError: the columns differ in kind or in the number of categories.

    Example:
        >>> import flowgraph as fg
        >>> seen, bought = (fg.feature_column.categorical_column_with_identity(key, 3)
        ...                 for key in ("seen", "bought"))
        >>> columns = fg.feature_column.shared_embedding_columns([seen, bought], 2)
        >>> with fg.Graph().as_default():
        ...     layer = fg.feature_column.input_layer({"seen": [[0]], "bought": [[1]]}, columns)
        ...     [v.op.name for v in fg.global_variables()]
        ['input_layer/bought_seen_shared_embedding/embedding_weights']
    """
    initializer = _check_embedding(dimension, initializer, ckpt_to_load_from, tensor_name_in_ckpt)
    in_order = sorted(categorical_columns, key=lambda column: column.name)
    kinds = set()
    for column in in_order:
        if not isinstance(column, CategoricalColumn):
            raise ValueError(located("All categorical_columns must be subclasses of "
                                     f"CategoricalColumn. Given: {column!r:.200}"))
        base = column
        while isinstance(base, WeightedCategoricalColumn):
            base = base.categorical_column
        kinds.add((type(base).__name__, column.num_buckets))
    if len(kinds) > 1:
        raise ValueError(located("To use shared_embedding_column, all categorical_columns must "
                                 "have the same type and the same number of buckets. Given: "
                                 f"{sorted(kinds)}"))
    name = shared_embedding_collection_name or (
        "_".join(column.name for column in in_order) + "_shared_embedding")
    return [SharedEmbeddingColumn(column, dimension, combiner, initializer, ckpt_to_load_from,
                                  tensor_name_in_ckpt, max_norm, trainable, name)
            for column in categorical_columns]
