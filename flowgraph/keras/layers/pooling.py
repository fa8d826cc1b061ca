"""Pooling layers: over windows, and over the whole of each element of the batch."""

from __future__ import annotations

from typing import Any

from flowgraph.core.shapes import TensorShape
from flowgraph.keras.layer import Layer
from flowgraph.layers import pooling
from flowgraph.layers.input_spec import InputSpec
from flowgraph.layers.windows import data_format_of
from flowgraph.ops.cast import cast
from flowgraph.ops.reduce import reduce_max, reduce_mean, reduce_sum
from flowgraph.ops.reshape import expand_dims


class MaxPooling1D(pooling.MaxPooling1D, Layer):
    """The largest element of each window of series.

    Args:
        pool_size: int, or one per axis: size of a window.
        strides: int, or one per axis: how far the window moves; None for `pool_size`.
        padding: "valid" or "same".
        data_format: "channels_last" or "channels_first".
        kwargs: `name`.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.layers.MaxPooling1D()(fg.ones([1, 4, 3])).shape.as_list()
        [1, 2, 3]
    """

    def __init__(self, pool_size: Any = 2, strides: Any = None, padding: str = "valid",
                 data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(pool_size, strides, padding, data_format_of(data_format), **kwargs)


class MaxPooling2D(pooling.MaxPooling2D, Layer):
    """The largest element of each window of images.

    Args:
        pool_size: int, or one per axis: size of a window.
        strides: int, or one per axis: how far the window moves; None for `pool_size`.
        padding: "valid" or "same".
        data_format: "channels_last" or "channels_first".
        kwargs: `name`.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.layers.MaxPooling2D()(fg.ones([1, 4, 4, 3])).shape.as_list()
        [1, 2, 2, 3]
    """

    def __init__(self, pool_size: Any = (2, 2), strides: Any = None, padding: str = "valid",
                 data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(pool_size, strides, padding, data_format_of(data_format), **kwargs)


class MaxPooling3D(pooling.MaxPooling3D, Layer):
    """The largest element of each window of volumes.

    Args:
        pool_size: int, or one per axis: size of a window.
        strides: int, or one per axis: how far the window moves; None for `pool_size`.
        padding: "valid" or "same".
        data_format: "channels_last" or "channels_first".
        kwargs: `name`.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.layers.MaxPooling3D()(fg.ones([1, 4, 4, 4, 3])).shape.as_list()
        [1, 2, 2, 2, 3]
    """

    def __init__(self, pool_size: Any = (2, 2, 2), strides: Any = None, padding: str = "valid",
                 data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(pool_size, strides, padding, data_format_of(data_format), **kwargs)


class AveragePooling1D(pooling.AveragePooling1D, Layer):
    """The mean of each window of series.

    Args:
        pool_size: int, or one per axis: size of a window.
        strides: int, or one per axis: how far the window moves; None for `pool_size`.
        padding: "valid" or "same".
        data_format: "channels_last" or "channels_first".
        kwargs: `name`.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.layers.AveragePooling1D()(fg.ones([1, 4, 3])).shape.as_list()
        [1, 2, 3]
    """

    def __init__(self, pool_size: Any = 2, strides: Any = None, padding: str = "valid",
                 data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(pool_size, strides, padding, data_format_of(data_format), **kwargs)


class AveragePooling2D(pooling.AveragePooling2D, Layer):
    """The mean of each window of images.

    Args:
        pool_size: int, or one per axis: size of a window.
        strides: int, or one per axis: how far the window moves; None for `pool_size`.
        padding: "valid" or "same".
        data_format: "channels_last" or "channels_first".
        kwargs: `name`.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.layers.AveragePooling2D()(fg.ones([1, 4, 4, 3])).shape.as_list()
        [1, 2, 2, 3]
    """

    def __init__(self, pool_size: Any = (2, 2), strides: Any = None, padding: str = "valid",
                 data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(pool_size, strides, padding, data_format_of(data_format), **kwargs)


class AveragePooling3D(pooling.AveragePooling3D, Layer):
    """The mean of each window of volumes.

    Args:
        pool_size: int, or one per axis: size of a window.
        strides: int, or one per axis: how far the window moves; None for `pool_size`.
        padding: "valid" or "same".
        data_format: "channels_last" or "channels_first".
        kwargs: `name`.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.layers.AveragePooling3D()(fg.ones([1, 4, 4, 4, 3])).shape.as_list()
        [1, 2, 2, 2, 3]
    """

    def __init__(self, pool_size: Any = (2, 2, 2), strides: Any = None, padding: str = "valid",
                 data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(pool_size, strides, padding, data_format_of(data_format), **kwargs)


class _Global(Layer):
    """Reduces all axes but batch and channels."""

    rank = 2

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = data_format_of(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    @property
    def _axes(self) -> list[int]:
        start = 2 if self.data_format == "channels_first" else 1
        return list(range(start, start + self.rank))

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """Batch and channels."""
        shape = TensorShape(input_shape).as_list()
        return TensorShape([shape[0], shape[1 if self.data_format == "channels_first" else -1]])


class _GlobalMax(_Global):
    def call(self, inputs: Any) -> Any:
        """Computes the outputs."""
        return reduce_max(inputs, self._axes)


class _GlobalAverage(_Global):
    def call(self, inputs: Any) -> Any:
        """Computes the outputs."""
        return reduce_mean(inputs, self._axes)


class GlobalMaxPooling1D(_GlobalMax):
    """The largest element of each channel of series.

    Args:
        data_format: "channels_last" or "channels_first".
        kwargs: `name`.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.layers.GlobalMaxPooling1D()(fg.ones([1, 4, 3])).shape.as_list()
        [1, 3]
    """

    rank = 1


class GlobalMaxPooling2D(_GlobalMax):
    """The largest element of each channel of images.

    Args:
        data_format: "channels_last" or "channels_first".
        kwargs: `name`.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.layers.GlobalMaxPooling2D()(fg.ones([1, 4, 4, 3])).shape.as_list()
        [1, 3]
    """


class GlobalMaxPooling3D(_GlobalMax):
    """The largest element of each channel of volumes.

    Args:
        data_format: "channels_last" or "channels_first".
        kwargs: `name`.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.layers.GlobalMaxPooling3D()(fg.ones([1, 4, 4, 4, 3])).shape.as_list()
        [1, 3]
    """

    rank = 3


class GlobalAveragePooling1D(_GlobalAverage):
    """The mean of each channel of series.

    Args:
        data_format: "channels_last" or "channels_first".
        kwargs: `name`.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.layers.GlobalAveragePooling1D()(fg.ones([1, 4, 3])).shape.as_list()
        [1, 3]
    """

    supports_masking = True
    rank = 1

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """Computes the outputs; of the steps that the mask lets count."""
        if mask is None:
            return super().call(inputs)
        axis = 2 if self.data_format == "channels_first" else 1
        counts = expand_dims(cast(mask, inputs.dtype), 3 - axis)
        return reduce_sum(inputs * counts, axis) / reduce_sum(counts, axis)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """None: there are no steps left."""
        return None


class GlobalAveragePooling2D(_GlobalAverage):
    """The mean of each channel of images.

    Args:
        data_format: "channels_last" or "channels_first".
        kwargs: `name`.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.layers.GlobalAveragePooling2D()(fg.ones([1, 4, 4, 3])).shape.as_list()
        [1, 3]
    """


class GlobalAveragePooling3D(_GlobalAverage):
    """The mean of each channel of volumes.

    Args:
        data_format: "channels_last" or "channels_first".
        kwargs: `name`.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.layers.GlobalAveragePooling3D()(fg.ones([1, 4, 4, 4, 3])).shape.as_list()
        [1, 3]
    """

    rank = 3
