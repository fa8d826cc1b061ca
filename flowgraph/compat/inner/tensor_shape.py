"""`tensorflow.python.framework.tensor_shape`: what of it is not public."""

from __future__ import annotations

from typing import Any

from flowgraph.core.shapes import (
    Dimension,
    TensorShape,
    dimension_at_index,
    dimension_value,
    unknown_shape,
)

TensorShapeV1 = TensorShape


def scalar() -> TensorShape:
    """The shape of a scalar."""
    return TensorShape([])


def vector(length: Any) -> TensorShape:
    """The shape of a vector of `length` elements."""
    return TensorShape([length])


def matrix(rows: Any, cols: Any) -> TensorShape:
    """The shape of a matrix."""
    return TensorShape([rows, cols])


def as_shape(shape: Any) -> TensorShape:
    """A value as a TensorShape."""
    return shape if isinstance(shape, TensorShape) else TensorShape(shape)


def as_dimension(value: Any) -> Dimension:
    """A value as a Dimension."""
    return value if isinstance(value, Dimension) else Dimension(value)


__all__ = ["dimension_at_index", "dimension_value", "unknown_shape"]
