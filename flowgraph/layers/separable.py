"""Separable convolution layers: each channel by itself first, then a mix of the channels."""

from __future__ import annotations

from typing import Any

from flowgraph.core.shapes import TensorShape
from flowgraph.layers.convolution import Convolution
from flowgraph.layers.named import ZEROS, initializer_called
from flowgraph.layers.windows import channels_in, op_format, per_op_axis
from flowgraph.ops.bias import bias_add
from flowgraph.ops.depthwise import separable_conv2d as separable_conv2d_op
from flowgraph.ops.reshape import expand_dims, squeeze


class Separable(Convolution):
    """What separable convolution layers share."""

    def __init__(self, filters: int, kernel_size: Any, strides: Any, padding: str,
                 data_format: str, dilation_rate: Any, depth_multiplier: int, activation: Any,
                 use_bias: bool, depthwise_initializer: Any, pointwise_initializer: Any,
                 bias_initializer: Any, depthwise_regularizer: Any, pointwise_regularizer: Any,
                 bias_regularizer: Any, activity_regularizer: Any, depthwise_constraint: Any,
                 pointwise_constraint: Any, bias_constraint: Any, trainable: bool, name: Any,
                 **kwargs: Any) -> None:
        super().__init__(
            filters, kernel_size, strides, padding, data_format, dilation_rate, activation,
            use_bias, None, bias_initializer, None, bias_regularizer, activity_regularizer, None,
            bias_constraint, trainable, name, **kwargs)
        self.depth_multiplier = depth_multiplier
        self.depthwise_initializer = initializer_called(depthwise_initializer)
        self.pointwise_initializer = initializer_called(pointwise_initializer)
        self.depthwise_regularizer = depthwise_regularizer
        self.pointwise_regularizer = pointwise_regularizer
        self.depthwise_constraint = depthwise_constraint
        self.pointwise_constraint = pointwise_constraint

    def build(self, input_shape: Any) -> None:
        """Makes `depthwise_kernel`, `pointwise_kernel` and `bias`."""
        channels = channels_in(TensorShape(input_shape), self.data_format)
        self.depthwise_kernel = self.add_weight(
            "depthwise_kernel", (*self.kernel_size, channels, self.depth_multiplier),
            initializer=self.depthwise_initializer, regularizer=self.depthwise_regularizer,
            constraint=self.depthwise_constraint)
        self.pointwise_kernel = self.add_weight(
            "pointwise_kernel",
            (*[1] * self.rank, self.depth_multiplier * channels, self.filters),
            initializer=self.pointwise_initializer, regularizer=self.pointwise_regularizer,
            constraint=self.pointwise_constraint)
        self.make_bias()
        self.fix_channels(channels)

    def call(self, inputs: Any) -> Any:
        """Computes the outputs."""
        inputs, padding = self.padded(inputs)
        depthwise, pointwise = self.depthwise_kernel, self.pointwise_kernel
        strides, rates = self.strides, self.dilation_rate
        data_format = op_format(self.data_format, 2)
        axis = 2 if self.data_format == "channels_first" else 1
        if self.rank == 1:  # as images of height 1
            strides, rates = strides * 2, (1, *rates)
            inputs = expand_dims(inputs, axis)
            depthwise, pointwise = expand_dims(depthwise, 0), expand_dims(pointwise, 0)
        outputs = separable_conv2d_op(
            inputs, depthwise, pointwise, per_op_axis(strides, self.data_format),
            padding, rates, data_format=data_format)
        if self.use_bias:
            outputs = bias_add(outputs, self.bias, data_format)
        if self.rank == 1:
            outputs = squeeze(outputs, [axis])
        return outputs if self.activation is None else self.activation(outputs)


class SeparableConv1D(Separable):
    """A convolution of series channel by channel, and then a mix of the channels.

    Args:
        filters: number of output channels.
        kernel_size: int: size of a window.
        strides: int: how far the window moves.
        padding: "valid", "same", or "causal": no output depends on later inputs.
        data_format: "channels_last" for [batch, width, channels] inputs, "channels_first" for
            [batch, channels, ...].
        dilation_rate: int: distance between the elements of a window; not with strides above 1.
        depth_multiplier: number of results for each input channel, before they are mixed.
        activation: function applied to the outputs, or its name as "relu"; None for none.
        use_bias: whether a bias is added.
        depthwise_initializer, pointwise_initializer, bias_initializer: first values; None for the
            scope's default.
        depthwise_regularizer, pointwise_regularizer, bias_regularizer: function from the variable
            to a loss, or None.
        activity_regularizer: function from the outputs to a loss, or None.
        depthwise_constraint, pointwise_constraint, bias_constraint: function from a trained value
            to the one to keep.
        trainable: whether the variables are trained.
        name: name of the layer.

    Example:
        >>> import flowgraph as fg
        >>> layer = fg.layers.SeparableConv1D(5, 2)
        >>> layer(fg.ones([2, 4, 3])).shape.as_list(), layer.pointwise_kernel.shape.as_list()
        ([2, 3, 5], [1, 3, 5])
    """

    rank = 1

    def __init__(self, filters: int, kernel_size: Any, strides: Any = 1, padding: str = "valid",
                 data_format: str = "channels_last", dilation_rate: Any = 1,
                 depth_multiplier: int = 1, activation: Any = None, use_bias: bool = True,
                 depthwise_initializer: Any = None, pointwise_initializer: Any = None,
                 bias_initializer: Any = ZEROS, depthwise_regularizer: Any = None,
                 pointwise_regularizer: Any = None, bias_regularizer: Any = None,
                 activity_regularizer: Any = None, depthwise_constraint: Any = None,
                 pointwise_constraint: Any = None, bias_constraint: Any = None,
                 trainable: bool = True, name: Any = None, **kwargs: Any) -> None:
        super().__init__(
            filters, kernel_size, strides, padding, data_format, dilation_rate, depth_multiplier,
            activation, use_bias, depthwise_initializer, pointwise_initializer, bias_initializer,
            depthwise_regularizer, pointwise_regularizer, bias_regularizer, activity_regularizer,
            depthwise_constraint, pointwise_constraint, bias_constraint, trainable, name, **kwargs)


def separable_conv1d(inputs: Any, filters: int, kernel_size: Any, strides: Any = 1,
                     padding: str = "valid", data_format: str = "channels_last",
                     dilation_rate: Any = 1, depth_multiplier: int = 1, activation: Any = None,
                     use_bias: bool = True, depthwise_initializer: Any = None,
                     pointwise_initializer: Any = None, bias_initializer: Any = ZEROS,
                     depthwise_regularizer: Any = None, pointwise_regularizer: Any = None,
                     bias_regularizer: Any = None, activity_regularizer: Any = None,
                     depthwise_constraint: Any = None, pointwise_constraint: Any = None,
                     bias_constraint: Any = None, trainable: bool = True, name: Any = None,
                     reuse: Any = None) -> Any:
    """Convolves series channel by channel, then mixes the channels.

    Args:
        inputs: [batch, width, channels] tensor, or as `data_format` says.
        filters, kernel_size, strides, padding, data_format, dilation_rate, depth_multiplier,
            activation, use_bias, depthwise_initializer, pointwise_initializer, bias_initializer,
            depthwise_regularizer, pointwise_regularizer, bias_regularizer, activity_regularizer,
            depthwise_constraint, pointwise_constraint, bias_constraint, trainable: as for
            `tf.layers.SeparableConv1D`.
        name: name of the layer and of its variable scope.
        reuse: whether to find the variables of an earlier layer of this name.

    Returns:
        A tensor of the inputs' rank, with `filters` channels.

    Raises:
        ValueError: the number of channels is not known, or the variables exist already.

    Example:
        >>> import flowgraph as fg
        >>> fg.layers.separable_conv1d(fg.ones([2, 4, 3]), 5, 2, padding="same").shape.as_list()
        [2, 4, 5]
    """
    return SeparableConv1D(
        filters, kernel_size, strides, padding, data_format, dilation_rate, depth_multiplier,
        activation, use_bias, depthwise_initializer, pointwise_initializer, bias_initializer,
        depthwise_regularizer, pointwise_regularizer, bias_regularizer, activity_regularizer,
        depthwise_constraint, pointwise_constraint, bias_constraint, trainable, name, _scope=name,
        _reuse=reuse)(inputs)


class SeparableConv2D(Separable):
    """A convolution of images channel by channel, and then a mix of the channels.

    Args:
        filters: number of output channels.
        kernel_size: int, or (height, width): size of a window.
        strides: int, or one per axis: how far the window moves.
        padding: "valid" or "same".
        data_format: "channels_last" for [batch, height, width, channels] inputs, "channels_first"
            for [batch, channels, ...].
        dilation_rate: int, or one per axis: distance between the elements of a window; not with
            strides above 1.
        depth_multiplier: number of results for each input channel, before they are mixed.
        activation: function applied to the outputs, or its name as "relu"; None for none.
        use_bias: whether a bias is added.
        depthwise_initializer, pointwise_initializer, bias_initializer: first values; None for the
            scope's default.
        depthwise_regularizer, pointwise_regularizer, bias_regularizer: function from the variable
            to a loss, or None.
        activity_regularizer: function from the outputs to a loss, or None.
        depthwise_constraint, pointwise_constraint, bias_constraint: function from a trained value
            to the one to keep.
        trainable: whether the variables are trained.
        name: name of the layer.

    Example:
        >>> import flowgraph as fg
        >>> layer = fg.layers.SeparableConv2D(5, 2)
        >>> layer(fg.ones([2, 4, 4, 3])).shape.as_list(), layer.pointwise_kernel.shape.as_list()
        ([2, 3, 3, 5], [1, 1, 3, 5])
    """

    rank = 2

    def __init__(self, filters: int, kernel_size: Any, strides: Any = (1, 1),
                 padding: str = "valid", data_format: str = "channels_last",
                 dilation_rate: Any = (1, 1), depth_multiplier: int = 1, activation: Any = None,
                 use_bias: bool = True, depthwise_initializer: Any = None,
                 pointwise_initializer: Any = None, bias_initializer: Any = ZEROS,
                 depthwise_regularizer: Any = None, pointwise_regularizer: Any = None,
                 bias_regularizer: Any = None, activity_regularizer: Any = None,
                 depthwise_constraint: Any = None, pointwise_constraint: Any = None,
                 bias_constraint: Any = None, trainable: bool = True, name: Any = None,
                 **kwargs: Any) -> None:
        super().__init__(
            filters, kernel_size, strides, padding, data_format, dilation_rate, depth_multiplier,
            activation, use_bias, depthwise_initializer, pointwise_initializer, bias_initializer,
            depthwise_regularizer, pointwise_regularizer, bias_regularizer, activity_regularizer,
            depthwise_constraint, pointwise_constraint, bias_constraint, trainable, name, **kwargs)


def separable_conv2d(inputs: Any, filters: int, kernel_size: Any, strides: Any = (1, 1),
                     padding: str = "valid", data_format: str = "channels_last",
                     dilation_rate: Any = (1, 1), depth_multiplier: int = 1, activation: Any = None,
                     use_bias: bool = True, depthwise_initializer: Any = None,
                     pointwise_initializer: Any = None, bias_initializer: Any = ZEROS,
                     depthwise_regularizer: Any = None, pointwise_regularizer: Any = None,
                     bias_regularizer: Any = None, activity_regularizer: Any = None,
                     depthwise_constraint: Any = None, pointwise_constraint: Any = None,
                     bias_constraint: Any = None, trainable: bool = True, name: Any = None,
                     reuse: Any = None) -> Any:
    """Convolves images channel by channel, then mixes the channels.

    Args:
        inputs: [batch, height, width, channels] tensor, or as `data_format` says.
        filters, kernel_size, strides, padding, data_format, dilation_rate, depth_multiplier,
            activation, use_bias, depthwise_initializer, pointwise_initializer, bias_initializer,
            depthwise_regularizer, pointwise_regularizer, bias_regularizer, activity_regularizer,
            depthwise_constraint, pointwise_constraint, bias_constraint, trainable: as for
            `tf.layers.SeparableConv2D`.
        name: name of the layer and of its variable scope.
        reuse: whether to find the variables of an earlier layer of this name.

    Returns:
        A tensor of the inputs' rank, with `filters` channels.

    Raises:
        ValueError: the number of channels is not known, or the variables exist already.

    Example:
        >>> import flowgraph as fg
        >>> fg.layers.separable_conv2d(fg.ones([2, 4, 4, 3]), 5, 2, padding="same").shape.as_list()
        [2, 4, 4, 5]
    """
    return SeparableConv2D(
        filters, kernel_size, strides, padding, data_format, dilation_rate, depth_multiplier,
        activation, use_bias, depthwise_initializer, pointwise_initializer, bias_initializer,
        depthwise_regularizer, pointwise_regularizer, bias_regularizer, activity_regularizer,
        depthwise_constraint, pointwise_constraint, bias_constraint, trainable, name, _scope=name,
        _reuse=reuse)(inputs)
