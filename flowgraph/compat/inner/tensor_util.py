"""`tensorflow.python.framework.tensor_util`: what of it is not public."""

from __future__ import annotations

from typing import Any

import flowgraph as tf
from flowgraph.ops.make_tensor_proto import make_ndarray
from flowgraph.ops.static import get_static_value

MakeNdarray = make_ndarray
constant_value = get_static_value


def constant_value_as_shape(tensor: Any) -> Any:
    """The shape that a vector stands for, as far as it is known.

    Args:
        tensor: a vector of sizes, or a scalar -1 for an unknown shape.
    """
    value = get_static_value(tensor, partial=True)
    if value is None:
        return tf.TensorShape([None] * tensor.shape[0].value if tensor.shape.ndims == 1
                              and tensor.shape[0].value is not None else None)
    sizes = [None if size is None or size < 0 else int(size) for size in value]
    return tf.TensorShape(sizes)


def is_tensor(x: Any) -> bool:
    """Whether a value is a tensor, a variable or alike."""
    return tf.is_tensor(x)


def shape_tensor(shape: Any) -> Any:
    """A shape as a tensor."""
    return tf.convert_to_tensor(shape, dtype=tf.int32 if isinstance(shape, (list, tuple)) else None)


def ShapeEquals(tensor_proto: Any, shape: Any) -> bool:
    """Whether a TensorProto has a shape."""
    return [dim.size for dim in tensor_proto.tensor_shape.dim] == list(shape)
