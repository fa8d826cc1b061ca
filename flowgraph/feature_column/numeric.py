"""Columns of numbers: as they are, or sorted into buckets."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape
from flowgraph.feature_column.columns import (
    CategoricalColumn,
    DenseColumn,
    Features,
    IdWeightPair,
    check_key,
)
from flowgraph.ops.cast import cast
from flowgraph.ops.compare import less
from flowgraph.ops.constant import constant
from flowgraph.ops.constant import range as range_tensor
from flowgraph.ops.join import stack, tile
from flowgraph.ops.logic import logical_not
from flowgraph.ops.parse_features import FixedLenFeature
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.reshape import expand_dims, reshape, transpose
from flowgraph.ops.select import one_hot
from flowgraph.ops.shape import shape as shape_of
from flowgraph.ops.sparse_tensor import SparseTensor


class NumericColumn(DenseColumn, namedtuple("NumericColumn", (
        "key", "shape", "default_value", "dtype", "normalizer_fn"))):
    """A feature of numbers; made by `numeric_column`."""

    __slots__ = ()

    @property
    def name(self) -> str:
        """The feature's name."""
        return self.key

    @property
    def parse_example_spec(self) -> dict[str, Any]:
        """The feature, of fixed length."""
        return {self.key: FixedLenFeature(self.shape, self.dtype, self.default_value)}

    @property
    def variable_shape(self) -> TensorShape:
        """The shape of one example's numbers."""
        return TensorShape(self.shape)

    def transform(self, features: Features) -> Any:
        """The numbers as float32."""
        tensor = features.get(self.key)
        if isinstance(tensor, SparseTensor):
            raise ValueError(located("The corresponding Tensor of numerical column must be a "
                                     f"Tensor. SparseTensor is not supported. key: {self.key}"))
        if self.normalizer_fn is not None:
            tensor = self.normalizer_fn(tensor)
        return cast(tensor, dt.float32)


class BucketizedColumn(DenseColumn, CategoricalColumn,
                       namedtuple("BucketizedColumn", ("source_column", "boundaries"))):
    """Numbers sorted into buckets; made by `bucketized_column`."""

    __slots__ = ()

    @property
    def name(self) -> str:
        """The feature's name, with "_bucketized"."""
        return f"{self.source_column.name}_bucketized"

    @property
    def parse_example_spec(self) -> dict[str, Any]:
        """That of the numbers."""
        return self.source_column.parse_example_spec

    @property
    def variable_shape(self) -> TensorShape:
        """The numbers' shape, and an axis for the buckets."""
        return TensorShape([*self.source_column.shape, len(self.boundaries) + 1])

    @property
    def num_buckets(self) -> int:
        """The buckets of all the numbers of an example."""
        return (len(self.boundaries) + 1) * self.source_column.shape[0]

    def transform(self, features: Features) -> Any:
        """The bucket of each number: how many boundaries it is not below."""
        numbers = features.get(self.source_column)
        below = less(expand_dims(numbers, -1), constant(self.boundaries, dt.float32))
        return reduce_sum(cast(logical_not(below), dt.int32), axis=-1)

    def dense_tensor(self, features: Features, trainable: bool = True,
                     collections: list[str] | None = None) -> Any:
        """A 1 at each number's bucket."""
        return one_hot(cast(features.get(self), dt.int64), len(self.boundaries) + 1, 1.0, 0.0)

    def sparse_tensors(self, features: Features) -> IdWeightPair:
        """The buckets as ids; each number of an example has buckets of its own."""
        buckets = features.get(self)
        batch, size = shape_of(buckets)[0], self.source_column.shape[0]
        row = reshape(tile(expand_dims(range_tensor(0, batch), 1), [1, size]), (-1,))
        place = tile(range_tensor(0, size), [batch])
        ids = reshape(buckets, (-1,)) + (len(self.boundaries) + 1) * place
        return IdWeightPair(SparseTensor(
            cast(transpose(stack((row, place))), dt.int64), cast(ids, dt.int64),
            cast(stack([batch, size]), dt.int64)), None)


def numeric_column(key: str, shape: Any = (1,), default_value: Any = None, dtype: Any = dt.float32,
                   normalizer_fn: Callable[[Any], Any] | None = None) -> NumericColumn:
    """A feature of numbers, taken as they are.

    Args:
        key: the feature's name.
        shape: shape of one example's numbers: an int, or tuple of ints.
        default_value: numbers for Examples without the feature: one, or nested as the shape.
        dtype: dtype of the feature in Examples; the column gives float32.
        normalizer_fn: function from the feature's tensor to another of its shape.

    Returns:
        The column.

    Raises:
        TypeError: the shape or the default is not of its kind.
        ValueError: a size is not positive, or the dtype no number.

    Example:
        >>> import flowgraph as fg
        >>> age = fg.feature_column.numeric_column("age", normalizer_fn=lambda x: x / 10.0)
        >>> layer = fg.feature_column.input_layer({"age": [[20.0], [35.0]]}, [age])
        >>> fg.Session().run(layer)
        array([[2. ],
               [3.5]], dtype=float32)
    """
    sizes = tuple(shape) if isinstance(shape, (list, tuple, TensorShape)) else (shape,)
    for size in sizes:
        if not isinstance(size, (int, np.integer)):
            raise TypeError(located(f"shape dimensions must be integer. shape: {sizes}, key: "
                                    f"{key}"))
        if size < 1:
            raise ValueError(located("shape dimensions must be greater than 0. shape: "
                                     f"{sizes}, key: {key}"))
    dtype = dt.as_dtype(dtype)
    if not (dtype.is_integer or dtype.is_floating):
        raise ValueError(located(f"dtype must be convertible to float. dtype: {dtype}, key: "
                                 f"{key}"))
    if normalizer_fn is not None and not callable(normalizer_fn):
        raise TypeError(located(f"normalizer_fn must be a callable. Given: {normalizer_fn}"))
    check_key(key)
    return NumericColumn(key, sizes, _default(default_value, sizes, dtype, key), dtype,
                         normalizer_fn)


def _default(value: Any, shape: tuple[int, ...], dtype: Any, key: str) -> Any:
    """A default for each number of an example, as nested tuples; None for none."""
    if value is None:
        return None
    array = np.asarray(value)
    if array.dtype.kind not in "biuf" or (array.dtype.kind == "f" and dtype.is_integer):
        raise TypeError(located(f"default_value must be compatible with dtype. default_value: "
                                f"{value}, dtype: {dtype}, key: {key}"))
    if array.shape not in ((), shape):
        raise ValueError(located("The shape of default_value must be equal to given shape. "
                                 f"default_value: {value}, shape: {shape}, key: {key}"))
    return _tuples(np.broadcast_to(array, shape).astype(dtype.as_numpy_dtype).tolist())


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def bucketized_column(source_column: NumericColumn, boundaries: Any) -> BucketizedColumn:
    """Numbers sorted into buckets: below the first boundary, from it to below the second, …

    Args:
        source_column: a column of `numeric_column`, of one axis.
        boundaries: list of growing numbers.

    Returns:
        The column, both dense (a 1 at the bucket) and categorical (the bucket as id).

    Raises:
        ValueError: the source is something else, or the boundaries are not in order.

    Example:
        >>> import flowgraph as fg
        >>> age = fg.feature_column.numeric_column("age")
        >>> column = fg.feature_column.bucketized_column(age, [18, 65])
        >>> fg.Session().run(fg.feature_column.input_layer({"age": [[18.0], [70.0]]}, [column]))
        array([[0., 1., 0.],
               [0., 0., 1.]], dtype=float32)
    """
    if not isinstance(source_column, NumericColumn):
        raise ValueError(located("source_column must be a column generated with numeric_column(). "
                                 f"Given: {source_column!r:.200}"))
    if len(source_column.shape) > 1:
        raise ValueError(located("source_column must be one-dimensional column. Given: "
                                 f"{source_column}"))
    if not isinstance(boundaries, (list, tuple)) or not boundaries or any(
            a >= b for a, b in pairwise(boundaries)):
        raise ValueError(located(f"boundaries must be a sorted list. Given: {boundaries!r:.200}"))
    return BucketizedColumn(source_column, tuple(boundaries))
