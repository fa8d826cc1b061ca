"""Convolution layers: those of `tf.layers`, named as keras names them."""

from __future__ import annotations

from typing import Any

from flowgraph.core import nest
from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape
from flowgraph.keras.layer import Layer
from flowgraph.layers import convolution, separable, transposed
from flowgraph.layers.windows import (
    channels_in,
    data_format_of,
    joined_shape,
    op_format,
    per_op_axis,
    split_shape,
    window_count,
)
from flowgraph.ops.bias import bias_add
from flowgraph.ops.depthwise import depthwise_conv2d


class Conv1D(convolution.Conv1D, Layer):
    """A convolution of series.

    Args:
        filters, kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias,
            kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer,
            activity_regularizer, kernel_constraint, bias_constraint, trainable, name: as for
            `tf.layers.Conv1D`; activations, initializers, regularizers and constraints also by
            name.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.layers.Conv1D(5, 2)(fg.ones([2, 4, 3])).shape.as_list()
        [2, 3, 5]
    """


class Conv2D(convolution.Conv2D, Layer):
    """A convolution of images.

    Args:
        filters, kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias,
            kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer,
            activity_regularizer, kernel_constraint, bias_constraint, trainable, name: as for
            `tf.layers.Conv2D`; activations, initializers, regularizers and constraints also by
            name.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.layers.Conv2D(5, (2, 2))(fg.ones([2, 4, 4, 3])).shape.as_list()
        [2, 3, 3, 5]
    """


class Conv3D(convolution.Conv3D, Layer):
    """A convolution of volumes.

    Args:
        filters, kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias,
            kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer,
            activity_regularizer, kernel_constraint, bias_constraint, trainable, name: as for
            `tf.layers.Conv3D`; activations, initializers, regularizers and constraints also by
            name.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.layers.Conv3D(5, 2)(fg.ones([2, 4, 4, 4, 3])).shape.as_list()
        [2, 3, 3, 3, 5]
    """


class SeparableConv1D(separable.SeparableConv1D, Layer):
    """A convolution of series channel by channel, and then a mix of the channels.

    Args:
        filters, kernel_size, strides, padding, data_format, dilation_rate, depth_multiplier,
            activation, use_bias, depthwise_initializer, pointwise_initializer, bias_initializer,
            depthwise_regularizer, pointwise_regularizer, bias_regularizer, activity_regularizer,
            depthwise_constraint, pointwise_constraint, bias_constraint, trainable, name: as for
            `tf.layers.SeparableConv1D`; activations, initializers, regularizers and constraints
            also by name.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.layers.SeparableConv1D(5, 2)(fg.ones([2, 4, 3])).shape.as_list()
        [2, 3, 5]
    """


class SeparableConv2D(separable.SeparableConv2D, Layer):
    """A convolution of images channel by channel, and then a mix of the channels.

    Args:
        filters, kernel_size, strides, padding, data_format, dilation_rate, depth_multiplier,
            activation, use_bias, depthwise_initializer, pointwise_initializer, bias_initializer,
            depthwise_regularizer, pointwise_regularizer, bias_regularizer, activity_regularizer,
            depthwise_constraint, pointwise_constraint, bias_constraint, trainable, name: as for
            `tf.layers.SeparableConv2D`; activations, initializers, regularizers and constraints
            also by name.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.layers.SeparableConv2D(5, 2)(fg.ones([2, 4, 4, 3])).shape.as_list()
        [2, 3, 3, 5]
    """


class Conv2DTranspose(transposed.Conv2DTranspose, Layer):
    """A convolution of images the other way round, which enlarges them.

    Args:
        filters, kernel_size, strides, padding, data_format, activation, use_bias,
            kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer,
            activity_regularizer, kernel_constraint, bias_constraint: as for
            `tf.layers.Conv2DTranspose`; activations, initializers, regularizers and constraints
            also by name.
        output_padding, dilation_rate: only their defaults.
        kwargs: `name`, `trainable`.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.layers.Conv2DTranspose(5, 2, strides=2)(fg.ones([2, 4, 4, 3])).shape.as_list()
        [2, 8, 8, 5]
    """

    def __init__(self, filters: int, kernel_size: Any, strides: Any = (1, 1),
                 padding: str = "valid", output_padding: Any = None, data_format: str | None = None,
                 dilation_rate: Any = (1, 1), activation: Any = None, use_bias: bool = True,
                 kernel_initializer: Any = "glorot_uniform", bias_initializer: Any = "zeros",
                 kernel_regularizer: Any = None, bias_regularizer: Any = None,
                 activity_regularizer: Any = None, kernel_constraint: Any = None,
                 bias_constraint: Any = None, **kwargs: Any) -> None:
        _only_defaults(output_padding, dilation_rate)
        super().__init__(
            filters, kernel_size, strides, padding, data_format_of(data_format), activation,
            use_bias, kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer,
            activity_regularizer, kernel_constraint, bias_constraint, **kwargs)


class Conv3DTranspose(transposed.Conv3DTranspose, Layer):
    """A convolution of volumes the other way round, which enlarges them.

    Args:
        filters, kernel_size, strides, padding, data_format, activation, use_bias,
            kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer,
            activity_regularizer, kernel_constraint, bias_constraint: as for
            `tf.layers.Conv3DTranspose`; activations, initializers, regularizers and constraints
            also by name.
        output_padding: only None.
        kwargs: `name`, `trainable`.

    Example:
        >>> import flowgraph as fg
        >>> layer = fg.keras.layers.Conv3DTranspose(5, 2, strides=2)
        >>> layer(fg.ones([2, 4, 4, 4, 3])).shape.as_list()
        [2, 8, 8, 8, 5]
    """

    def __init__(self, filters: int, kernel_size: Any, strides: Any = (1, 1, 1),
                 padding: str = "valid", output_padding: Any = None, data_format: str | None = None,
                 activation: Any = None, use_bias: bool = True,
                 kernel_initializer: Any = "glorot_uniform", bias_initializer: Any = "zeros",
                 kernel_regularizer: Any = None, bias_regularizer: Any = None,
                 activity_regularizer: Any = None, kernel_constraint: Any = None,
                 bias_constraint: Any = None, **kwargs: Any) -> None:
        _only_defaults(output_padding, 1)
        super().__init__(
            filters, kernel_size, strides, padding, data_format_of(data_format), activation,
            use_bias, kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer,
            activity_regularizer, kernel_constraint, bias_constraint, **kwargs)


def _only_defaults(output_padding: Any, dilation_rate: Any) -> None:
    if output_padding is not None:
        raise ValueError(located("transposed convolutions take no output_padding here",
                                 "Crop or pad the outputs."))
    if set(nest.flatten(dilation_rate)) != {1}:
        raise ValueError(located("transposed convolutions take no dilation_rate here",
                                 "Use strides."))


class DepthwiseConv2D(convolution.Convolution, Layer):
    """A convolution of images channel by channel, without a mix.

    Args:
        kernel_size: int, or (height, width): size of a window.
        strides: int, or one per axis: how far the window moves.
        padding: "valid" or "same".
        depth_multiplier: number of results for each input channel.
        data_format: "channels_last" or "channels_first".
        activation: function applied to the outputs, or its name.
        use_bias: whether a bias is added.
        depthwise_initializer, bias_initializer, depthwise_regularizer, bias_regularizer,
            activity_regularizer, depthwise_constraint, bias_constraint: as for
            `tf.layers.SeparableConv2D`.
        kwargs: `name`, `dilation_rate`.

    Example:
        >>> import flowgraph as fg
        >>> layer = fg.keras.layers.DepthwiseConv2D(2, depth_multiplier=2)
        >>> layer(fg.ones([1, 4, 4, 3])).shape.as_list(), layer.depthwise_kernel.shape.as_list()
        ([1, 3, 3, 6], [2, 2, 3, 2])
    """

    rank = 2

    def __init__(self, kernel_size: Any, strides: Any = (1, 1), padding: str = "valid",
                 depth_multiplier: int = 1, data_format: str | None = None, activation: Any = None,
                 use_bias: bool = True, depthwise_initializer: Any = "glorot_uniform",
                 bias_initializer: Any = "zeros", depthwise_regularizer: Any = None,
                 bias_regularizer: Any = None, activity_regularizer: Any = None,
                 depthwise_constraint: Any = None, bias_constraint: Any = None, **kwargs: Any
                 ) -> None:
        super().__init__(
            0, kernel_size, strides, padding, data_format_of(data_format),
            kwargs.pop("dilation_rate", (1, 1)), activation, use_bias, None, bias_initializer, None,
            bias_regularizer, activity_regularizer, None, bias_constraint,
            kwargs.pop("trainable", True), kwargs.pop("name", None), **kwargs)
        self.depth_multiplier = depth_multiplier
        self.depthwise_initializer = depthwise_initializer
        self.depthwise_regularizer = depthwise_regularizer
        self.depthwise_constraint = depthwise_constraint

    def build(self, input_shape: Any) -> None:
        """Makes `depthwise_kernel` and `bias`."""
        channels = channels_in(TensorShape(input_shape), self.data_format)
        self.filters = channels * self.depth_multiplier
        self.depthwise_kernel = self.add_weight(
            "depthwise_kernel", (*self.kernel_size, channels, self.depth_multiplier),
            initializer=self.depthwise_initializer, regularizer=self.depthwise_regularizer,
            constraint=self.depthwise_constraint)
        self.make_bias()
        self.fix_channels(channels)

    def call(self, inputs: Any) -> Any:
        """Computes the outputs."""
        data_format = op_format(self.data_format, 2)
        outputs = depthwise_conv2d(
            inputs, self.depthwise_kernel, per_op_axis(self.strides, self.data_format),
            self.padding.upper(), self.dilation_rate, data_format=data_format)
        if self.use_bias:
            outputs = bias_add(outputs, self.bias, data_format)
        return outputs if self.activation is None else self.activation(outputs)

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """The shape that the windows leave."""
        batch, sizes, channels = split_shape(input_shape, self.data_format)
        counts = [window_count(size, window, self.padding, stride, dilation)
                  for size, window, stride, dilation
                  in zip(sizes, self.kernel_size, self.strides, self.dilation_rate, strict=True)]
        return joined_shape(batch, counts, channels * self.depth_multiplier, self.data_format)
