"""Partitioners: functions that say into how many parts `tf.get_variable` cuts a variable."""

from __future__ import annotations

import math
from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core.dtypes import DType
from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape
from flowgraph.graph.tensor import Tensor


def fixed_size_partitioner(num_shards, axis=0):
    """A partitioner that cuts into a fixed number of parts.

    Args:
        num_shards: the number of parts; no more than the axis is long.
        axis: the axis along which it cuts.

    Returns:
        A function from a shape (and dtype) to the number of parts along each axis, to be given to
        `tf.get_variable` or `tf.variable_scope`.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     w = fg.get_variable("w", [5, 2], partitioner=fg.fixed_size_partitioner(2))
        >>> [(part.name, part.shape.as_list()) for part in w]
        [('w/part_0:0', [3, 2]), ('w/part_1:0', [2, 2])]
    """
    def partitioner(shape: TensorShape, **unused: Any) -> list[int]:
        return _along(shape, axis, min(num_shards, shape.as_list()[axis]))

    return partitioner


def variable_axis_size_partitioner(max_shard_bytes, axis=0, bytes_per_string_element=16,
                                   max_shards=None):
    """A partitioner that cuts into parts of a greatest size.

    Args:
        max_shard_bytes: the most bytes of a part; a single slice may be larger.
        axis: the axis along which it cuts.
        bytes_per_string_element: how large a string is taken to be.
        max_shards: the most parts, whatever their size.

    Returns:
        A function from a shape and dtype to the number of parts along each axis.

    Raises:
        ValueError: a size is not positive.

    Example:
        >>> import flowgraph as fg
        >>> partitioner = fg.variable_axis_size_partitioner(64)
        >>> partitioner(shape=fg.TensorShape([10, 4]), dtype=fg.float32)
        [3, 1]
    """
    if max_shard_bytes < 1 or bytes_per_string_element < 1:
        raise ValueError(located("Both max_shard_bytes and bytes_per_string_element must be "
                                 "positive."))
    if max_shards and max_shards < 1:
        raise ValueError(located("max_shards must be positive."))

    def partitioner(shape: TensorShape, dtype: DType) -> list[int]:
        if not isinstance(shape, TensorShape):
            raise ValueError(located(f"shape is not a TensorShape: {shape!r:.100}"))
        if not shape.is_fully_defined():
            raise ValueError(located(f"shape is not fully defined: {shape}"))
        if not isinstance(dtype, DType):
            raise ValueError(located(f"dtype is not a DType: {dtype!r:.100}"))
        sizes: list[Any] = shape.as_list()
        slice_bytes = math.prod(sizes) / sizes[axis] * _bytes_of(dtype, bytes_per_string_element)
        slices = max(1, math.floor(max_shard_bytes / slice_bytes))
        count = math.ceil(sizes[axis] / slices)
        return _along(shape, axis, min(max_shards, count) if max_shards else count)

    return partitioner


def min_max_variable_partitioner(max_partitions=1, axis=0, min_slice_size=256 << 10,
                                 bytes_per_string_element=16):
    """A partitioner that cuts into parts of a smallest size, up to a number of parts.

    Args:
        max_partitions: the most parts.
        axis: the axis along which it cuts.
        min_slice_size: how many bytes a part has at least.
        bytes_per_string_element: how large a string is taken to be.

    Returns:
        A function from a shape and dtype to the number of parts along each axis.

    Example:
        >>> import flowgraph as fg
        >>> partitioner = fg.min_max_variable_partitioner(max_partitions=4, min_slice_size=64)
        >>> partitioner(shape=fg.TensorShape([10, 4]), dtype=fg.float32)
        [3, 1]
    """
    def partitioner(shape: TensorShape, dtype: DType) -> list[int]:
        if axis >= len(shape):
            raise ValueError(located(f"Can not partition variable along axis {axis} when shape is "
                                     f"only {shape}"))
        sizes: list[Any] = shape.as_list()
        total = math.prod(sizes) * _bytes_of(dtype, bytes_per_string_element)
        return _along(shape, axis, max(1, min(sizes[axis], max_partitions,
                                              math.ceil(total / min_slice_size))))

    return partitioner


def _along(shape: TensorShape, axis: int, count: int) -> list[int]:
    counts = [1] * len(shape)
    counts[axis] = count
    return counts


def _bytes_of(dtype: DType, bytes_per_string: int) -> int:
    return bytes_per_string if dtype.base_dtype is dt.string else dtype.size


def create_partitioned_variables(shape, slicing, initializer, dtype=dt.float32, trainable=True,
                                 collections=None, name=None, reuse=None):
    """Makes the parts of a variable; the old form of `tf.get_variable` with a partitioner.

    Args:
        shape: list of the sizes of the whole.
        slicing: list of how many parts to cut into along each axis; all but one are 1.
        initializer: a tensor of the whole, or an initializer.
        dtype: dtype of the variables.
        trainable: whether optimizers train them.
        collections: the collections they are put in; default [GLOBAL_VARIABLES].
        name: name of the whole; default "PartitionedVariable".
        reuse: as for `tf.variable_scope`.

    Returns:
        A list of the parts.

    Raises:
        ValueError: `slicing` does not go with `shape`.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     parts = fg.create_partitioned_variables([4], [2], fg.constant([1.0, 2.0, 3.0, 4.0]))
        ...     with fg.Session() as sess:
        ...         sess.run(fg.global_variables_initializer())
        ...         sess.run(parts)
        [array([1., 2.], dtype=float32), array([3., 4.], dtype=float32)]
    """
    from flowgraph.ops.variable_scope import get_variable, variable_scope
    if len(shape) != len(slicing):
        raise ValueError(located("The 'shape' and 'slicing' of a partitioned Variable must have "
                                 f"the length: shape: {shape}, slicing: {slicing}"))
    if len(shape) < 1:
        raise ValueError(located("A partitioned Variable must have rank at least 1: shape: "
                                 f"{shape}"))
    if isinstance(initializer, Tensor):
        dtype = initializer.dtype.base_dtype

    def partitioner(**unused: Any) -> Any:
        return slicing

    with variable_scope(name, "PartitionedVariable", reuse=reuse) as scope:
        if scope.custom_getter is not None:
            raise ValueError(located("create_partitioned_variables cannot be used where a custom "
                                     "getter is set; use tf.get_variable with a partitioner"))
        return list(get_variable("", shape=shape, dtype=dtype, initializer=initializer,
                                 trainable=trainable, collections=collections,
                                 partitioner=partitioner))
