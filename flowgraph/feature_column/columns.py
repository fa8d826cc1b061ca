"""What all feature columns share: their base classes, and the features on their way through them.

A column turns a feature, or several, into a tensor: a dense column into numbers for each example, a
categorical one into the ids of the categories that each example has, as a SparseTensor. Columns are
named tuples: two with the same fields are equal, and their work is done once for one batch.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections import namedtuple
from collections.abc import Iterator
from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape
from flowgraph.graph.graph import name_scope
from flowgraph.ops.cast import cast
from flowgraph.ops.compare import equal, not_equal
from flowgraph.ops.cond import cond
from flowgraph.ops.gather import gather_nd
from flowgraph.ops.reshape import expand_dims
from flowgraph.ops.select import where
from flowgraph.ops.shape import rank, shape
from flowgraph.ops.sparse_layout import sparse_reshape
from flowgraph.ops.sparse_tensor import SparseTensor, convert_to_tensor_or_sparse_tensor

# The ids of each example's categories, and how much each counts (None: 1).
IdWeightPair = namedtuple("IdWeightPair", ("id_tensor", "weight_tensor"))


class FeatureColumn(ABC):
    """Base of all feature columns."""

    @property
    @abstractmethod
    def name(self) -> str:
        """Its name, which tells it from all others of a model."""

    @property
    def scope_name(self) -> str:
        """The name of the scope of its variables."""
        return re.sub(r"[^A-Za-z0-9_.\-]", "_", self.name) or "column"

    @property
    @abstractmethod
    def parse_example_spec(self) -> dict[str, Any]:
        """The features that it reads, as for `tf.io.parse_example`."""

    @abstractmethod
    def transform(self, features: Features) -> Any:
        """What it makes of the features, before anything with variables.

        Args:
            features: the features of a batch.
        """


class DenseColumn(FeatureColumn):
    """Base of columns that give numbers."""

    @property
    @abstractmethod
    def variable_shape(self) -> TensorShape:
        """The shape of one example's numbers."""

    def dense_tensor(self, features: Features, trainable: bool = True,
                     collections: list[str] | None = None) -> Any:
        """The numbers of a batch.

        Args:
            features: the features of a batch.
            trainable: whether its variables are trained.
            collections: names of the collections for its variables.
        """
        return features.get(self)


class CategoricalColumn(FeatureColumn):
    """Base of columns that give the ids of categories."""

    @property
    @abstractmethod
    def num_buckets(self) -> int:
        """How many categories there are."""

    def sparse_tensors(self, features: Features) -> IdWeightPair:
        """The ids of a batch, and their weights.

        Args:
            features: the features of a batch.
        """
        return IdWeightPair(features.get(self), None)


class Features:
    """The features of a batch, and what columns have made of them so far.

    Args:
        features: dict of tensors by name; columns stand for what they make.
    """

    def __init__(self, features: dict[Any, Any]) -> None:
        self._given = dict(features)
        self._made: dict[Any, Any] = {}

    def get(self, key: Any) -> Any:
        """A feature with at least two axes, or what a column makes.

        Args:
            key: the name of a feature, or a column.

        Raises:
            ValueError: there is no such feature, or it has no axis for the examples.
        """
        if key not in self._made:
            if key in self._given:
                self._made[key] = _with_two_axes(self._given[key], key)
            elif isinstance(key, FeatureColumn):
                self._made[key] = key.transform(self)
            elif isinstance(key, str):
                raise ValueError(located(f"Feature {key} is not in features dictionary.",
                                         f"It holds {', '.join(map(str, self._given)) or 'none'}."))
            else:
                raise TypeError(located('"key" must be either a "str" or "FeatureColumn". '
                                        f"Provided: {key!r}"))
        return self._made[key]


def _with_two_axes(feature: Any, key: Any) -> Any:
    tensor = convert_to_tensor_or_sparse_tensor(feature)
    dims = tensor.shape.ndims
    if dims == 0:
        raise ValueError(located(f"Feature (key: {key}) cannot have rank 0. Given: {tensor}",
                                 "Its first axis counts the examples."))
    if dims == 1:
        return _as_column(tensor)
    if dims is None and not isinstance(tensor, SparseTensor):
        return cond(equal(1, rank(tensor)), lambda: _as_column(tensor), lambda: tensor)
    return tensor


def _as_column(tensor: Any) -> Any:
    if isinstance(tensor, SparseTensor):
        return sparse_reshape(tensor, [shape(tensor)[0], 1])
    return expand_dims(tensor, -1)


def to_sparse(tensor: Any, ignore_value: Any = None) -> SparseTensor:
    """A tensor as a SparseTensor, without the values that mean none: "", -1, or 0.0.

    Args:
        tensor: Tensor or SparseTensor.
        ignore_value: another value that means none.
    """
    tensor = convert_to_tensor_or_sparse_tensor(tensor)
    if isinstance(tensor, SparseTensor):
        return tensor
    dtype = tensor.dtype.base_dtype
    if ignore_value is None:
        ignore_value = "" if dtype == dt.string else -1 if dtype.is_integer else 0.0
    with name_scope(None, "to_sparse_input", [tensor]):
        ignored = ignore_value if dtype == dt.string else cast(ignore_value, dtype)
        indices = where(not_equal(tensor, ignored), name="indices")
        return SparseTensor(indices, gather_nd(tensor, indices, name="values"),
                            shape(tensor, out_type=dt.int64, name="dense_shape"))


def checked_columns(feature_columns: Any) -> list[Any]:
    """Columns in the order of their names.

    Args:
        feature_columns: a column, or several.

    Raises:
        ValueError: there are none, something is no column, or two have one name.
    """
    if isinstance(feature_columns, FeatureColumn):
        feature_columns = [feature_columns]
    if isinstance(feature_columns, dict):
        raise ValueError(located("Expected feature_columns to be iterable, found dict."))
    if isinstance(feature_columns, Iterator):
        feature_columns = list(feature_columns)
    by_name: dict[str, FeatureColumn] = {}
    for column in feature_columns or ():
        if not isinstance(column, FeatureColumn):
            raise ValueError(located(
                "Items of feature_columns must be a FeatureColumn. Given (type "
                f"{type(column)}): {column!r:.200}.", "Make one with tf.feature_column."))
        if column.name in by_name:
            raise ValueError(located(
                f"Duplicate feature column name found for columns: {column!r:.200} and "
                f"{by_name[column.name]!r:.200}. This usually means that these columns refer to "
                "same base feature.", "Leave one of them out, or give the feature a second name in "
                "the features dictionary."))
        by_name[column.name] = column
    if not by_name:
        raise ValueError(located("feature_columns must not be empty."))
    return sorted(by_name.values(), key=lambda column: column.name)


def check_key(key: Any) -> None:
    """Refuses names of features that are no text.

    Args:
        key: the name.

    Raises:
        ValueError: it is something else.
    """
    if not isinstance(key, str):
        raise ValueError(located(f"key must be a string. Got: type {type(key)}. Given key: "
                                 f"{key!r:.200}."))


def check_string_or_int(dtype: Any, prefix: str) -> None:
    """Refuses dtypes of features that cannot be categories.

    Args:
        dtype: the dtype.
        prefix: whose it is, for the message.

    Raises:
        ValueError: it is neither text nor integer.
    """
    if dtype != dt.string and not dtype.is_integer:
        raise ValueError(located(f"{prefix} dtype must be string or integer. dtype: {dtype}."))


def check_kind(column: Any, tensor: Any) -> None:
    """Refuses a feature that is text where the column takes integers, or the other way round.

    Args:
        column: a column with `key` and `dtype`.
        tensor: the feature.

    Raises:
        ValueError: they do not go together.
    """
    check_string_or_int(tensor.dtype.base_dtype, f"column_name: {column.key} input_tensor")
    if column.dtype.is_integer != tensor.dtype.base_dtype.is_integer:
        raise ValueError(located("Column dtype and SparseTensors dtype must be compatible. key: "
                                 f"{column.key}, column dtype: {column.dtype}, tensor dtype: "
                                 f"{tensor.dtype}"))
