"""IndexedSlices: rows of a tensor at given indices, the sparse form a gather's gradient has."""

from __future__ import annotations

from typing import Any

from flowgraph.core.dtypes import DType
from flowgraph.core.nest import register_composite
from flowgraph.graph.tensor import Tensor


class IndexedSlices:
    """`values[i]` belongs at row `indices[i]` of a tensor of shape `dense_shape`; repeats add up.

    Args:
        values: [n, ...] tensor.
        indices: [n] integer tensor.
        dense_shape: 1-D integer tensor, or None when the full shape is not known.

    Example:
        >>> import flowgraph as fg
        >>> values, indices = fg.constant([[1.0, 2.0]]), fg.constant([1])
        >>> rows = fg.IndexedSlices(values, indices, dense_shape=fg.constant([3, 2]))
        >>> fg.Session().run(fg.convert_to_tensor(rows))
        array([[0., 0.],
               [1., 2.],
               [0., 0.]], dtype=float32)
    """

    __slots__ = ("dense_shape", "indices", "values")

    def __init__(self, values: Tensor, indices: Tensor, dense_shape: Tensor | None = None) -> None:
        self.values = values
        self.indices = indices
        self.dense_shape = dense_shape

    @property
    def dtype(self) -> DType:
        """The dtype of `values`."""
        return self.values.dtype

    @property
    def graph(self) -> Any:
        """The graph of `values`."""
        return self.values.graph

    @property
    def op(self) -> Any:
        """The operation that makes `values`."""
        return self.values.op

    @property
    def name(self) -> str:
        """The name of `values`."""
        return self.values.name

    def consumers(self) -> list[Any]:
        """The operations that take `values` as an input."""
        return self.values.consumers()

    @property
    def device(self) -> str:
        """The device of `values`."""
        return self.values.device

    def __neg__(self) -> IndexedSlices:
        return IndexedSlices(-self.values, self.indices,  # type: ignore[operator]
                             self.dense_shape)

    def __repr__(self) -> str:
        shape = "" if self.dense_shape is None else f", dense_shape={self.dense_shape.name}"
        return f"IndexedSlices(indices={self.indices.name}, values={self.values.name}{shape})"


def _parts(slices: IndexedSlices) -> list[Tensor]:
    shape = [] if slices.dense_shape is None else [slices.dense_shape]
    return [slices.values, slices.indices, *shape]


register_composite(IndexedSlices, _parts, lambda slices, parts: IndexedSlices(*parts))
