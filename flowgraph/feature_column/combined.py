"""Categorical columns made of others: with weights, or crossed."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.feature_column.categorical import HashedCategoricalColumn
from flowgraph.feature_column.columns import (
    CategoricalColumn,
    FeatureColumn,
    Features,
    IdWeightPair,
    to_sparse,
)
from flowgraph.ops.cast import cast
from flowgraph.ops.parse_features import VarLenFeature
from flowgraph.ops.sparse_cross import sparse_cross_hashed


class WeightedCategoricalColumn(CategoricalColumn, namedtuple("WeightedCategoricalColumn", (
        "categorical_column", "weight_feature_key", "dtype"))):
    """Categories of which each has a weight; made by `weighted_categorical_column`."""

    __slots__ = ()

    @property
    def name(self) -> str:
        """The names of categories and weights."""
        return f"{self.categorical_column.name}_weighted_by_{self.weight_feature_key}"

    @property
    def parse_example_spec(self) -> dict[str, Any]:
        """The features of both."""
        spec = self.categorical_column.parse_example_spec
        if self.weight_feature_key in spec:
            raise ValueError(located(f"Parse config {spec[self.weight_feature_key]} already exists "
                                     f"for {self.weight_feature_key}."))
        return {**spec, self.weight_feature_key: VarLenFeature(self.dtype)}

    @property
    def num_buckets(self) -> int:
        """That of the categories."""
        return self.categorical_column.num_buckets

    def transform(self, features: Features) -> Any:
        """Ids and weights."""
        weights = features.get(self.weight_feature_key)
        if self.dtype != weights.dtype.base_dtype:
            raise ValueError(located(f"Bad dtype, expected {self.dtype}, but got "
                                     f"{weights.dtype}."))
        weights = to_sparse(weights, ignore_value=0.0)
        if not weights.dtype.base_dtype.is_floating:
            weights = cast(weights, dt.float32)
        return features.get(self.categorical_column), weights

    def sparse_tensors(self, features: Features) -> IdWeightPair:
        """Ids and weights."""
        return IdWeightPair(*features.get(self))


class CrossedColumn(CategoricalColumn,
                    namedtuple("CrossedColumn", ("keys", "hash_bucket_size", "hash_key"))):
    """Combinations of categories by their hash; made by `crossed_column`."""

    __slots__ = ()

    @property
    def leaves(self) -> list[Any]:
        """What is crossed, that of crossed columns within taken apart."""
        found: list[Any] = []
        for key in self.keys:
            found.extend(key.leaves if isinstance(key, CrossedColumn) else [key])
        return found

    @property
    def name(self) -> str:
        """The names in order, joined."""
        return "_X_".join(sorted(leaf.name if isinstance(leaf, FeatureColumn) else leaf
                                 for leaf in self.leaves))

    @property
    def parse_example_spec(self) -> dict[str, Any]:
        """The features of all."""
        spec: dict[str, Any] = {}
        for key in self.keys:
            spec.update(key.parse_example_spec if isinstance(key, FeatureColumn)
                        else {key: VarLenFeature(dt.string)})
        return spec

    @property
    def num_buckets(self) -> int:
        """How many hashes there are."""
        return self.hash_bucket_size

    def transform(self, features: Features) -> Any:
        """The hash of each combination."""
        tensors = []
        for leaf in self.leaves:
            if isinstance(leaf, str):
                tensors.append(features.get(leaf))
                continue
            pair = leaf.sparse_tensors(features)
            if pair.weight_tensor is not None:
                raise ValueError(located(
                    "crossed_column does not support weight_tensor, but the given column populates "
                    f"weight_tensor. Given column: {leaf.name}"))
            tensors.append(pair.id_tensor)
        return sparse_cross_hashed(tensors, self.hash_bucket_size, self.hash_key)


def weighted_categorical_column(categorical_column: CategoricalColumn, weight_feature_key: str,
                                dtype: Any = dt.float32) -> WeightedCategoricalColumn:
    """Categories of which each has a weight in another feature.

    Args:
        categorical_column: the categories.
        weight_feature_key: the name of the feature with the weights, of the same shape.
        dtype: its dtype.

    Returns:
        The column.

    Raises:
        ValueError: the dtype is no number.

    Example:
        >>> import flowgraph as fg
        >>> word = fg.feature_column.categorical_column_with_identity("word", 3)
        >>> column = fg.feature_column.weighted_categorical_column(word, "count")
        >>> features = {"word": [[0, 2]], "count": [[0.5, 2.0]]}
        >>> fg.Session().run(fg.feature_column.input_layer(
        ...     features, [fg.feature_column.indicator_column(column)]))
        array([[0.5, 0. , 2. ]], dtype=float32)
    """
    dtype = None if dtype is None else dt.as_dtype(dtype)
    if dtype is None or not (dtype.is_integer or dtype.is_floating):
        raise ValueError(located(f"dtype {dtype} is not convertible to float."))
    return WeightedCategoricalColumn(categorical_column, weight_feature_key, dtype)


def crossed_column(keys: Any, hash_bucket_size: int, hash_key: int | None = None) -> CrossedColumn:
    """Combinations of categories, each by its hash.

    Args:
        keys: list of at least two names of features, or categorical columns without hashes.
        hash_bucket_size: how many hashes; two combinations may have the same.
        hash_key: which hash function; default TensorFlow's.

    Returns:
        The column.

    Raises:
        ValueError: there are fewer, something else, or no size.

    Example:
        >>> import flowgraph as fg
        >>> column = fg.feature_column.crossed_column(["country", "language"], 5)
        >>> features = {"country": [["be"], ["be"]], "language": [["fr"], ["nl"]]}
        >>> fg.Session().run(fg.feature_column.input_layer(
        ...     features, [fg.feature_column.indicator_column(column)])).shape
        (2, 5)
    """
    if not hash_bucket_size or hash_bucket_size < 1:
        raise ValueError(located("hash_bucket_size must be > 1. hash_bucket_size: "
                                 f"{hash_bucket_size}"))
    if not keys or isinstance(keys, str) or len(keys) < 2:
        raise ValueError(located(f"keys must be a list with length > 1. Given: {keys!r:.200}"))
    for key in keys:
        if not isinstance(key, (str, CategoricalColumn)):
            raise ValueError(located(
                "Unsupported key type. All keys must be either string, or categorical column "
                f"except HashedCategoricalColumn. Given: {key!r:.200}"))
        if isinstance(key, HashedCategoricalColumn):
            raise ValueError(located(
                "categorical_column_with_hash_bucket is not supported for crossing. Hashing before "
                "crossing will increase probability of collision.",
                f"Use the feature name as a string: {key.key!r}"))
    return CrossedColumn(tuple(keys), hash_bucket_size, hash_key)
