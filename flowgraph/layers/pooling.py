"""Pooling layers: the largest or the mean of each window."""

from __future__ import annotations

from typing import Any, ClassVar

from flowgraph.core.shapes import TensorShape
from flowgraph.layers.base import Layer
from flowgraph.layers.input_spec import InputSpec
from flowgraph.layers.windows import (
    data_format_of,
    joined_shape,
    op_format,
    padding_of,
    per_op_axis,
    sizes_of,
    split_shape,
    window_count,
)
from flowgraph.ops.pooling import avg_pool, max_pool
from flowgraph.ops.pooling_nd import avg_pool3d, max_pool3d
from flowgraph.ops.reshape import expand_dims, squeeze, transpose

_LAST_TO_FIRST, _FIRST_TO_LAST = (0, 4, 1, 2, 3), (0, 2, 3, 4, 1)


class _Pooling(Layer):
    """What pooling layers share; a subclass says over how many axes, and with which op."""

    rank: ClassVar[int] = 2
    op: ClassVar[Any] = None

    def __init__(self, pool_size: Any, strides: Any, padding: str = "valid",
                 data_format: str = "channels_last", name: Any = None, **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        self.pool_size = sizes_of(pool_size, self.rank, "pool_size")
        self.strides = sizes_of(pool_size if strides is None else strides, self.rank, "strides")
        self.padding = padding_of(padding)
        self.data_format = data_format_of(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def call(self, inputs: Any) -> Any:
        """Computes the outputs."""
        first = self.data_format == "channels_first"
        if self.rank == 1:  # as images of width 1
            axis = 3 if first else 2
            pooled = self._pool(expand_dims(inputs, axis), (*self.pool_size, 1), (*self.strides, 1),
                                self.data_format)
            return squeeze(pooled, [axis])
        if self.rank == 3 and first:
            pooled = self._pool(transpose(inputs, _FIRST_TO_LAST), self.pool_size, self.strides,
                                "channels_last")
            return transpose(pooled, _LAST_TO_FIRST)
        return self._pool(inputs, self.pool_size, self.strides, self.data_format)

    def _pool(self, inputs: Any, window: Any, strides: Any, data_format: str) -> Any:
        return type(self).op(inputs, per_op_axis(window, data_format),
                             per_op_axis(strides, data_format), self.padding.upper(),
                             data_format=op_format(data_format, len(window)))

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """The shape that the windows leave."""
        batch, sizes, channels = split_shape(input_shape, self.data_format)
        pooled = [window_count(size, window, self.padding, stride)
                  for size, window, stride in zip(sizes, self.pool_size, self.strides, strict=True)]
        return joined_shape(batch, pooled, channels, self.data_format)


class MaxPooling1D(_Pooling):
    """The largest element of each window of series.

    Args:
        pool_size: int: size of a window.
        strides: int: how far the window moves; None for `pool_size`.
        padding: "valid" or "same".
        data_format: "channels_last" for [batch, width, channels] inputs, "channels_first" for
            [batch, channels, ...].
        name: name of the layer.

    Example:
        >>> import flowgraph as fg
        >>> fg.layers.MaxPooling1D(2, 2)(fg.ones([1, 4, 1])).shape.as_list()
        [1, 2, 1]
    """

    rank = 1
    op = staticmethod(max_pool)

    def __init__(self, pool_size: Any, strides: Any, padding: str = "valid",
                 data_format: str = "channels_last", name: Any = None,
                 **kwargs: Any) -> None:
        super().__init__(pool_size, strides, padding, data_format, name, **kwargs)


def max_pooling1d(inputs: Any, pool_size: Any, strides: Any, padding: str = "valid",
                  data_format: str = "channels_last", name: Any = None) -> Any:
    """Takes the largest element of each window of series.

    Args:
        inputs: [batch, width, channels] tensor, or as `data_format` says.
        pool_size, strides, padding, data_format: as for `tf.layers.MaxPooling1D`.
        name: name of the layer.

    Returns:
        A tensor of the inputs' rank.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.reshape([1.0, 5.0, 2.0, 3.0], [1, 4, 1])
        >>> fg.Session().run(fg.reshape(fg.layers.max_pooling1d(x, 2, 2), [-1]))
        array([5., 3.], dtype=float32)
    """
    return MaxPooling1D(pool_size, strides, padding, data_format, name)(inputs)


class MaxPooling2D(_Pooling):
    """The largest element of each window of images.

    Args:
        pool_size: int, or (height, width): size of a window.
        strides: int, or one per axis: how far the window moves; None for `pool_size`.
        padding: "valid" or "same".
        data_format: "channels_last" for [batch, height, width, channels] inputs,
            "channels_first" for [batch, channels, ...].
        name: name of the layer.

    Example:
        >>> import flowgraph as fg
        >>> fg.layers.MaxPooling2D(2, 2)(fg.ones([1, 4, 4, 1])).shape.as_list()
        [1, 2, 2, 1]
    """

    rank = 2
    op = staticmethod(max_pool)

    def __init__(self, pool_size: Any, strides: Any, padding: str = "valid",
                 data_format: str = "channels_last", name: Any = None,
                 **kwargs: Any) -> None:
        super().__init__(pool_size, strides, padding, data_format, name, **kwargs)


def max_pooling2d(inputs: Any, pool_size: Any, strides: Any, padding: str = "valid",
                  data_format: str = "channels_last", name: Any = None) -> Any:
    """Takes the largest element of each window of images.

    Args:
        inputs: [batch, height, width, channels] tensor, or as `data_format` says.
        pool_size, strides, padding, data_format: as for `tf.layers.MaxPooling2D`.
        name: name of the layer.

    Returns:
        A tensor of the inputs' rank.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.reshape([1.0, 5.0, 2.0, 3.0], [1, 2, 2, 1])
        >>> fg.Session().run(fg.reshape(fg.layers.max_pooling2d(x, 2, 2), [-1]))
        array([5.], dtype=float32)
    """
    return MaxPooling2D(pool_size, strides, padding, data_format, name)(inputs)


class MaxPooling3D(_Pooling):
    """The largest element of each window of volumes.

    Args:
        pool_size: int, or (depth, height, width): size of a window.
        strides: int, or one per axis: how far the window moves; None for `pool_size`.
        padding: "valid" or "same".
        data_format: "channels_last" for [batch, depth, height, width, channels] inputs,
            "channels_first" for [batch, channels, ...].
        name: name of the layer.

    Example:
        >>> import flowgraph as fg
        >>> fg.layers.MaxPooling3D(2, 2)(fg.ones([1, 4, 4, 4, 1])).shape.as_list()
        [1, 2, 2, 2, 1]
    """

    rank = 3
    op = staticmethod(max_pool3d)

    def __init__(self, pool_size: Any, strides: Any, padding: str = "valid",
                 data_format: str = "channels_last", name: Any = None,
                 **kwargs: Any) -> None:
        super().__init__(pool_size, strides, padding, data_format, name, **kwargs)


def max_pooling3d(inputs: Any, pool_size: Any, strides: Any, padding: str = "valid",
                  data_format: str = "channels_last", name: Any = None) -> Any:
    """Takes the largest element of each window of volumes.

    Args:
        inputs: [batch, depth, height, width, channels] tensor, or as `data_format` says.
        pool_size, strides, padding, data_format: as for `tf.layers.MaxPooling3D`.
        name: name of the layer.

    Returns:
        A tensor of the inputs' rank.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.reshape([1.0, 5.0, 2.0, 3.0], [1, 1, 2, 2, 1])
        >>> fg.Session().run(fg.reshape(fg.layers.max_pooling3d(x, (1, 2, 2), (1, 2, 2)), [-1]))
        array([5.], dtype=float32)
    """
    return MaxPooling3D(pool_size, strides, padding, data_format, name)(inputs)


class AveragePooling1D(_Pooling):
    """The mean of each window of series.

    Args:
        pool_size: int: size of a window.
        strides: int: how far the window moves; None for `pool_size`.
        padding: "valid" or "same".
        data_format: "channels_last" for [batch, width, channels] inputs, "channels_first" for
            [batch, channels, ...].
        name: name of the layer.

    Example:
        >>> import flowgraph as fg
        >>> fg.layers.AveragePooling1D(2, 2)(fg.ones([1, 4, 1])).shape.as_list()
        [1, 2, 1]
    """

    rank = 1
    op = staticmethod(avg_pool)

    def __init__(self, pool_size: Any, strides: Any, padding: str = "valid",
                 data_format: str = "channels_last", name: Any = None,
                 **kwargs: Any) -> None:
        super().__init__(pool_size, strides, padding, data_format, name, **kwargs)


def average_pooling1d(inputs: Any, pool_size: Any, strides: Any, padding: str = "valid",
                      data_format: str = "channels_last", name: Any = None) -> Any:
    """Takes the mean of each window of series.

    Args:
        inputs: [batch, width, channels] tensor, or as `data_format` says.
        pool_size, strides, padding, data_format: as for `tf.layers.AveragePooling1D`.
        name: name of the layer.

    Returns:
        A tensor of the inputs' rank.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.reshape([1.0, 5.0, 2.0, 3.0], [1, 4, 1])
        >>> fg.Session().run(fg.reshape(fg.layers.average_pooling1d(x, 2, 2), [-1]))
        array([3. , 2.5], dtype=float32)
    """
    return AveragePooling1D(pool_size, strides, padding, data_format, name)(inputs)


class AveragePooling2D(_Pooling):
    """The mean of each window of images.

    Args:
        pool_size: int, or (height, width): size of a window.
        strides: int, or one per axis: how far the window moves; None for `pool_size`.
        padding: "valid" or "same".
        data_format: "channels_last" for [batch, height, width, channels] inputs,
            "channels_first" for [batch, channels, ...].
        name: name of the layer.

    Example:
        >>> import flowgraph as fg
        >>> fg.layers.AveragePooling2D(2, 2)(fg.ones([1, 4, 4, 1])).shape.as_list()
        [1, 2, 2, 1]
    """

    rank = 2
    op = staticmethod(avg_pool)

    def __init__(self, pool_size: Any, strides: Any, padding: str = "valid",
                 data_format: str = "channels_last", name: Any = None,
                 **kwargs: Any) -> None:
        super().__init__(pool_size, strides, padding, data_format, name, **kwargs)


def average_pooling2d(inputs: Any, pool_size: Any, strides: Any, padding: str = "valid",
                      data_format: str = "channels_last", name: Any = None) -> Any:
    """Takes the mean of each window of images.

    Args:
        inputs: [batch, height, width, channels] tensor, or as `data_format` says.
        pool_size, strides, padding, data_format: as for `tf.layers.AveragePooling2D`.
        name: name of the layer.

    Returns:
        A tensor of the inputs' rank.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.reshape([1.0, 5.0, 2.0, 3.0], [1, 2, 2, 1])
        >>> fg.Session().run(fg.reshape(fg.layers.average_pooling2d(x, 2, 2), [-1]))
        array([2.75], dtype=float32)
    """
    return AveragePooling2D(pool_size, strides, padding, data_format, name)(inputs)


class AveragePooling3D(_Pooling):
    """The mean of each window of volumes.

    Args:
        pool_size: int, or (depth, height, width): size of a window.
        strides: int, or one per axis: how far the window moves; None for `pool_size`.
        padding: "valid" or "same".
        data_format: "channels_last" for [batch, depth, height, width, channels] inputs,
            "channels_first" for [batch, channels, ...].
        name: name of the layer.

    Example:
        >>> import flowgraph as fg
        >>> fg.layers.AveragePooling3D(2, 2)(fg.ones([1, 4, 4, 4, 1])).shape.as_list()
        [1, 2, 2, 2, 1]
    """

    rank = 3
    op = staticmethod(avg_pool3d)

    def __init__(self, pool_size: Any, strides: Any, padding: str = "valid",
                 data_format: str = "channels_last", name: Any = None,
                 **kwargs: Any) -> None:
        super().__init__(pool_size, strides, padding, data_format, name, **kwargs)


def average_pooling3d(inputs: Any, pool_size: Any, strides: Any, padding: str = "valid",
                      data_format: str = "channels_last", name: Any = None) -> Any:
    """Takes the mean of each window of volumes.

    Args:
        inputs: [batch, depth, height, width, channels] tensor, or as `data_format` says.
        pool_size, strides, padding, data_format: as for `tf.layers.AveragePooling3D`.
        name: name of the layer.

    Returns:
        A tensor of the inputs' rank.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.reshape([1.0, 5.0, 2.0, 3.0], [1, 1, 2, 2, 1])
        >>> fg.Session().run(fg.reshape(fg.layers.average_pooling3d(x, (1, 2, 2), (1, 2, 2)), [-1]))
        array([2.75], dtype=float32)
    """
    return AveragePooling3D(pool_size, strides, padding, data_format, name)(inputs)
