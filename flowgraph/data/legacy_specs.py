"""Old names of TypeSpecs, with their parameters in the old order."""

from __future__ import annotations

from typing import Any

from flowgraph.ops.type_spec import SparseTensorSpec, TensorArraySpec, TensorSpec


def TensorStructure(dtype: Any, shape: Any) -> TensorSpec:
    """A TensorSpec.

    Args:
        dtype: dtype of the tensor.
        shape: its static shape.

    Returns:
        The TensorSpec.

    Example:
        >>> import flowgraph as tf
        >>> tf.data.experimental.TensorStructure(tf.int32, [2])
        TensorSpec(shape=(2,), dtype=tf.int32, name=None)
    """
    return TensorSpec(shape, dtype)


def SparseTensorStructure(dtype: Any, shape: Any) -> SparseTensorSpec:
    """A SparseTensorSpec.

    Args:
        dtype: dtype of the values.
        shape: the dense shape.

    Returns:
        The SparseTensorSpec.

    Example:
        >>> import flowgraph as tf
        >>> tf.data.experimental.SparseTensorStructure(tf.int32, [2]).dtype
        tf.int32
    """
    return SparseTensorSpec(shape, dtype)


def TensorArrayStructure(dtype: Any, element_shape: Any, dynamic_size: bool,
                         infer_shape: bool) -> TensorArraySpec:
    """A TensorArraySpec.

    Args:
        dtype: dtype of the elements.
        element_shape: their shape.
        dynamic_size: whether it may grow.
        infer_shape: whether writes tell the shape of the elements.

    Returns:
        The TensorArraySpec.

    Example:
        >>> import flowgraph as tf
        >>> tf.data.experimental.TensorArrayStructure(tf.int32, [2], False, True).value_type
        <class 'flowgraph.ops.tensor_array.TensorArray'>
    """
    return TensorArraySpec(element_shape, dtype, dynamic_size, infer_shape)
