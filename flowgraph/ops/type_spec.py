"""Descriptions of values: of a tensor its shape and dtype, of a SparseTensor those of the whole.

A spec is a plain object, equal to others with the same contents, and no part of a graph. Two
questions can be asked: whether a value or spec may stand where another is expected
(`is_compatible_with`), and what holds for two of them (`most_specific_compatible_type`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.dtypes import DType, as_dtype
from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape, widen
from flowgraph.graph.indexed_slices import IndexedSlices
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.static_value import known_value
from flowgraph.ops.sparse_tensor import SparseTensor, SparseTensorValue
from flowgraph.ops.tensor_array import TensorArray


class TypeSpec:
    """What is known of a value: base of TensorSpec, SparseTensorSpec and the others.

    Example:
        >>> import flowgraph as fg
        >>> spec = fg.TensorSpec([None, 2], fg.float32)
        >>> isinstance(spec, fg.TypeSpec), spec.is_compatible_with(fg.zeros([3, 2]))
        (True, True)
    """

    __slots__ = ()

    @property
    def value_type(self) -> type:
        """The class of the values described."""
        raise NotImplementedError(located(f"{type(self).__name__}.value_type"))

    def _contents(self) -> tuple[Any, ...]:
        """The arguments to make this spec again: shapes, dtypes and plain values."""
        raise NotImplementedError(located(f"{type(self).__name__}._contents"))

    def is_compatible_with(self, spec_or_value: Any) -> bool:
        """Whether some value could fit this description and the other.

        Args:
            spec_or_value: a TypeSpec, or a value to describe.

        Raises:
            TypeError: a value has no description.
        """
        other = (spec_or_value if isinstance(spec_or_value, TypeSpec)
                 else type_spec_from_value(spec_or_value))
        return type(self) is type(other) and all(
            mine.is_compatible_with(its) if isinstance(mine, (TensorShape, DType)) and
            isinstance(its, type(mine)) else mine == its
            for mine, its in zip(self._contents(), other._contents(), strict=True))

    def most_specific_compatible_type(self, other: TypeSpec) -> Any:
        """The description that says what is true of both: sizes that differ become unknown.

        Args:
            other: a TypeSpec of the same class.

        Raises:
            ValueError: they differ in more than sizes.
        """
        if type(self) is not type(other):
            raise ValueError(located(f"No TypeSpec is compatible with both {self} and {other}"))
        return type(self)(*(self._common(mine, its, other) for mine, its in
                            zip(self._contents(), other._contents(), strict=True)))

    def _common(self, mine: Any, its: Any, other: TypeSpec) -> Any:
        if isinstance(mine, TensorShape) and isinstance(its, TensorShape):
            return TensorShape(widen(mine.as_tuple(), its.as_tuple()))
        if mine != its:
            raise ValueError(located(f"Types are not compatible: {self!r} vs {other!r}"))
        return mine

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self._contents() == other._contents()

    def __hash__(self) -> int:
        return hash((type(self), self._contents()))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self._contents()

    def __repr__(self) -> str:
        return f"{type(self).__name__}{self._contents()!r}"


class TensorSpec(TypeSpec):
    """Shape, dtype and name of a tensor.

    Args:
        shape: its static shape; None for an unknown rank.
        dtype: its dtype.
        name: a name for it.

    Raises:
        TypeError: the shape or dtype is none.

    Example:
        >>> import flowgraph as fg
        >>> fg.TensorSpec([None, 2], fg.int32, name="pairs")
        TensorSpec(shape=(?, 2), dtype=tf.int32, name='pairs')
    """

    __slots__ = ("_dtype", "_name", "_shape")

    def __init__(self, shape: Any, dtype: Any = dt.float32, name: str | None = None) -> None:
        self._shape = TensorShape(shape)
        self._dtype = as_dtype(dtype)
        self._name = name

    @classmethod
    def from_spec(cls, spec: TensorSpec, name: str | None = None) -> TensorSpec:
        """A copy, with another name if one is given.

        Args:
            spec: a TensorSpec.
            name: the new name.
        """
        return cls(spec.shape, spec.dtype, name or spec.name)

    @classmethod
    def from_tensor(cls, tensor: Tensor, name: str | None = None) -> TensorSpec:
        """The description of a tensor.

        Args:
            tensor: a tf.Tensor.
            name: a name; default that of the tensor's operation.

        Raises:
            ValueError: it is no tensor.
        """
        if not isinstance(tensor, Tensor):
            raise ValueError(located(f"`tensor` should be a tf.Tensor, not {tensor!r:.100}"))
        return cls(tensor.shape, tensor.dtype, name or tensor.op.name)

    @property
    def shape(self) -> TensorShape:
        """The static shape."""
        return self._shape

    @property
    def dtype(self) -> DType:
        """The dtype."""
        return self._dtype

    @property
    def name(self) -> str | None:
        """The name, or None."""
        return self._name

    @property
    def value_type(self) -> type:
        """tf.Tensor."""
        return Tensor

    def _contents(self) -> tuple[Any, ...]:
        return self._shape, self._dtype, self._name

    def is_compatible_with(self, spec_or_tensor: Any) -> bool:
        """Whether a tensor could have this shape and dtype, and the other's; names do not count.

        Args:
            spec_or_tensor: a TensorSpec or tf.Tensor.
        """
        return (isinstance(spec_or_tensor, (TensorSpec, Tensor))
                and self._dtype.is_compatible_with(spec_or_tensor.dtype)
                and self._shape.is_compatible_with(spec_or_tensor.shape))

    def _common(self, mine: Any, its: Any, other: TypeSpec) -> Any:
        names = mine is self._name
        return None if names and mine != its else super()._common(mine, its, other)

    def __repr__(self) -> str:
        return f"TensorSpec(shape={self._shape}, dtype={self._dtype!r}, name={self._name!r})"


class SparseTensorSpec(TypeSpec):
    """Shape and dtype of a SparseTensor.

    Args:
        shape: its dense shape; None for an unknown rank.
        dtype: dtype of its values.

    Example:
        >>> import flowgraph as fg
        >>> sparse = fg.SparseTensor([[0, 0]], [1.0], [3, 4])
        >>> fg.SparseTensorSpec([None, 4], fg.float32).is_compatible_with(sparse)
        True
    """

    __slots__ = ("_dtype", "_shape")

    def __init__(self, shape: Any = None, dtype: Any = dt.float32) -> None:
        self._shape = TensorShape(shape)
        self._dtype = as_dtype(dtype)

    @classmethod
    def from_value(cls, value: SparseTensor | SparseTensorValue) -> SparseTensorSpec:
        """The description of a SparseTensor or SparseTensorValue.

        Args:
            value: the sparse tensor.

        Raises:
            TypeError: it is neither.
        """
        if isinstance(value, SparseTensor):
            return cls(value.shape, value.dtype)
        if isinstance(value, SparseTensorValue):
            values = value.values
            return cls(value.dense_shape, getattr(values, "dtype", np.array(values).dtype))
        raise TypeError(located("Expected SparseTensor or SparseTensorValue, not "
                                f"{type(value).__name__}"))

    @property
    def shape(self) -> TensorShape:
        """The dense shape."""
        return self._shape

    @property
    def dtype(self) -> DType:
        """The dtype of the values."""
        return self._dtype

    @property
    def value_type(self) -> type:
        """tf.SparseTensor."""
        return SparseTensor

    def _contents(self) -> tuple[Any, ...]:
        return self._shape, self._dtype


class IndexedSlicesSpec(TypeSpec):
    """Shape and dtypes of IndexedSlices.

    Args:
        shape: the dense shape; None for an unknown rank.
        dtype: dtype of the values.
        indices_dtype: dtype of the indices, int32 or int64.
        dense_shape_dtype: dtype of the dense shape, int32 or int64; None where it has none.
        indices_shape: shape of the indices, which tells how many slices there are.

    Example:
        >>> import flowgraph as fg
        >>> rows = fg.IndexedSlices(fg.zeros([2, 3]), fg.constant([0, 4]))
        >>> fg.IndexedSlicesSpec([None, 3], indices_dtype=fg.int32).is_compatible_with(rows)
        True
    """

    __slots__ = ("_dense_shape_dtype", "_indices_dtype", "_indices_shape", "_shape",
                 "_values_dtype")

    def __init__(self, shape: Any = None, dtype: Any = dt.float32, indices_dtype: Any = dt.int64,
                 dense_shape_dtype: Any = None, indices_shape: Any = None) -> None:
        self._shape = TensorShape(shape)
        self._values_dtype = as_dtype(dtype)
        self._indices_dtype = as_dtype(indices_dtype)
        self._dense_shape_dtype = (None if dense_shape_dtype is None
                                   else as_dtype(dense_shape_dtype))
        self._indices_shape = TensorShape(indices_shape).with_rank(1)

    @property
    def value_type(self) -> type:
        """tf.IndexedSlices."""
        return IndexedSlices

    def _contents(self) -> tuple[Any, ...]:
        return (self._shape, self._values_dtype, self._indices_dtype, self._dense_shape_dtype,
                self._indices_shape)


class TensorArraySpec(TypeSpec):
    """Element shape and dtype of a TensorArray.

    Args:
        element_shape: shape of the elements; None for an unknown rank.
        dtype: dtype of the elements.
        dynamic_size: whether it may grow.
        infer_shape: whether writes tell the shape of the elements.

    Example:
        >>> import flowgraph as fg
        >>> array = fg.TensorArray(fg.float32, 3, element_shape=[2])
        >>> fg.TensorArraySpec([None], fg.float32).is_compatible_with(array)
        True
    """

    __slots__ = ("_dtype", "_dynamic_size", "_element_shape", "_infer_shape")

    def __init__(self, element_shape: Any = None, dtype: Any = dt.float32,
                 dynamic_size: bool = False, infer_shape: bool = True) -> None:
        self._element_shape = TensorShape(element_shape)
        self._dtype = as_dtype(dtype)
        self._dynamic_size = dynamic_size
        self._infer_shape = infer_shape

    @staticmethod
    def from_value(value: TensorArray) -> TensorArraySpec:
        """The description of a TensorArray.

        Args:
            value: the TensorArray.

        Raises:
            TypeError: it is none.
        """
        if not isinstance(value, TensorArray):
            raise TypeError(located(f"Expected value to be a TensorArray, but saw: {type(value)}"))
        return TensorArraySpec(value.element_shape, value.dtype, value.dynamic_size,
                               value._infer_shape)

    @property
    def value_type(self) -> type:
        """tf.TensorArray."""
        return TensorArray

    def _contents(self) -> tuple[Any, ...]:
        return self._element_shape, self._dtype, self._dynamic_size, self._infer_shape

    def is_compatible_with(self, spec_or_value: Any) -> bool:
        """Whether some TensorArray could fit both descriptions; `infer_shape` does not count.

        Args:
            spec_or_value: a TensorArraySpec or TensorArray.
        """
        other = (spec_or_value if isinstance(spec_or_value, TypeSpec)
                 else type_spec_from_value(spec_or_value))
        return (isinstance(other, TensorArraySpec)
                and self._dtype.is_compatible_with(other._dtype)
                and self._element_shape.is_compatible_with(other._element_shape)
                and self._dynamic_size == other._dynamic_size)

    def most_specific_compatible_type(self, other: TypeSpec) -> TensorArraySpec:
        """The description that says what is true of both.

        Args:
            other: a TensorArraySpec.

        Raises:
            ValueError: the two are not compatible.
        """
        if not isinstance(other, TensorArraySpec) or not self.is_compatible_with(other):
            raise ValueError(located(f"Types are not compatible: {self!r} vs {other!r}"))
        shape = widen(self._element_shape.as_tuple(), other._element_shape.as_tuple())
        return TensorArraySpec(shape, self._dtype, self._dynamic_size,
                               self._infer_shape and other._infer_shape)


def type_spec_from_value(value: Any) -> TypeSpec:
    """The description of a value.

    Args:
        value: a tensor, SparseTensor, IndexedSlices, TensorArray or array, a list of them, or what
            converts to a tensor.

    Raises:
        TypeError: it is none of them.
    """
    if isinstance(value, (Tensor, np.ndarray)):
        return TensorSpec(value.shape, value.dtype)
    if isinstance(value, (SparseTensor, SparseTensorValue)):
        return SparseTensorSpec.from_value(value)
    if isinstance(value, TensorArray):
        return TensorArraySpec.from_value(value)
    if isinstance(value, IndexedSlices):
        return _of_slices(value)
    batch = _of_list(value) if isinstance(value, list) and value else None
    if batch is not None:
        return batch
    try:
        tensor = convert_to_tensor(value)
    except (TypeError, ValueError):
        raise TypeError(located(f"Could not build a TypeSpec for {value!r:.100} with type "
                                f"{type(value).__name__}")) from None
    return TensorSpec(tensor.shape, tensor.dtype)


def _of_list(values: list[Any]) -> TensorSpec | SparseTensorSpec | None:
    """What a list of tensors, arrays or sparse tensors makes; None where they do not fit."""
    if not all(isinstance(value, (Tensor, np.ndarray, SparseTensor, SparseTensorValue))
               for value in values):
        return None
    merged: Any = type_spec_from_value(values[0])
    for value in values[1:]:
        try:
            merged = merged.most_specific_compatible_type(type_spec_from_value(value))
        except ValueError:
            return None
    return type(merged)(TensorShape([len(values)]).concatenate(merged.shape), merged.dtype)


def _of_slices(value: IndexedSlices) -> IndexedSlicesSpec:
    indices = value.indices.shape.merge_with(value.values.shape[:1])
    shape = TensorShape([None]).concatenate(value.values.shape[1:])
    if value.dense_shape is None:
        return IndexedSlicesSpec(shape, value.dtype, value.indices.dtype, None, indices)
    shape = shape.merge_with(known_value(value.dense_shape))
    return IndexedSlicesSpec(shape, value.dtype, value.indices.dtype, value.dense_shape.dtype,
                             indices)
