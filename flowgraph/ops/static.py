"""What the graph alone tells of tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.core.frames import located
from flowgraph.graph.tensor import Tensor, is_tensor_like
from flowgraph.opdef.opdef import is_known
from flowgraph.opdef.static_value import known_value
from flowgraph.ops.variable import Variable


def get_static_value(tensor: Any, partial: bool = False) -> Any:
    """The value of a tensor, if the graph alone tells it.

    Args:
        tensor: a tensor.
        partial: whether a list with None for unknown entries is welcome.

    Returns:
        An array, None when the value depends on the run, or with `partial` maybe an object array
        with None entries.

    Raises:
        TypeError: `tensor` is no tensor.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.placeholder(fg.float32, [None, 3])
        >>> fg.get_static_value(fg.constant([1, 2]) * 2)
        array([2, 4], dtype=int32)
        >>> fg.get_static_value(fg.shape(x), partial=True)
        array([None, 3], dtype=object)
    """
    if isinstance(tensor, Variable):
        return None
    if not isinstance(tensor, Tensor):
        raise TypeError(located(f"get_static_value takes a tensor, got {tensor!r:.100}"))
    if tensor.op.type == "Const":
        return np.array(tensor.op.attrs["value"])
    value = known_value(tensor)
    if value is None or (not is_known(value) and not partial):
        return None
    return np.array(value, tensor.dtype.base_dtype.numpy if is_known(value) else object)


def is_tensor(x: Any) -> bool:
    """Whether `x` is a tensor, a variable or a sparse tensor.

    Args:
        x: any object.

    Example:
        >>> import flowgraph as fg
        >>> fg.is_tensor(fg.constant(1.0)), fg.is_tensor(1.0)
        (True, False)
    """
    from flowgraph.graph.indexed_slices import IndexedSlices
    from flowgraph.ops.sparse_tensor import SparseTensor
    return is_tensor_like(x) or isinstance(x, (Tensor, Variable, SparseTensor, IndexedSlices))
