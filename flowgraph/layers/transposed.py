"""Transposed convolution layers: they make larger images of images."""

from __future__ import annotations

from typing import Any

from flowgraph.core.shapes import TensorShape
from flowgraph.layers.convolution import Convolution
from flowgraph.layers.named import ZEROS
from flowgraph.layers.windows import (
    channels_in,
    joined_shape,
    op_format,
    per_op_axis,
    split_shape,
    spread_size,
)
from flowgraph.ops.conv2d import conv2d_transpose as conv2d_transpose_op
from flowgraph.ops.conv_nd import conv3d_transpose as conv3d_transpose_op
from flowgraph.ops.join import stack
from flowgraph.ops.shape import shape as shape_of


class Transposed(Convolution):
    """What transposed convolution layers share."""

    def build(self, input_shape: Any) -> None:
        """Makes `kernel` and `bias`."""
        channels = channels_in(TensorShape(input_shape), self.data_format)
        self.make_kernel((*self.kernel_size, self.filters, channels))
        self.make_bias()
        self.fix_channels(channels)

    def call(self, inputs: Any) -> Any:
        """Computes the outputs."""
        shape = shape_of(inputs)
        first = self.data_format == "channels_first"
        static = split_shape(inputs.shape, self.data_format)[1]
        batch = shape[0]
        spatial = [shape[i + (2 if first else 1)] if size is None else size
                   for i, size in enumerate(static)]
        sizes = self._spread(spatial)
        output_shape = stack([batch, self.filters, *sizes] if first
                             else [batch, *sizes, self.filters])
        op = conv2d_transpose_op if self.rank == 2 else conv3d_transpose_op
        outputs = op(inputs, self.kernel, output_shape,
                     per_op_axis(self.strides, self.data_format), self.padding.upper(),
                     data_format=op_format(self.data_format, self.rank))
        outputs.set_shape(self.compute_output_shape(inputs.shape))
        return self.finished(outputs)

    def _spread(self, sizes: Any) -> list[Any]:
        return [spread_size(size, window, self.padding, stride)
                for size, window, stride in zip(sizes, self.kernel_size, self.strides, strict=True)]

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """The larger shape, with a channel for each filter."""
        batch, sizes, _ = split_shape(input_shape, self.data_format)
        return joined_shape(batch, self._spread(sizes), self.filters, self.data_format)


class Conv2DTranspose(Transposed):
    """The transpose of a convolution: makes larger images of images.

    Args:
        filters: number of output channels.
        kernel_size: int, or (height, width): size of a window.
        strides: int, or one per axis: how far the window moves.
        padding: "valid" or "same".
        data_format: "channels_last" for [batch, height, width, channels] inputs, "channels_first"
            for [batch, channels, ...].
        activation: function applied to the outputs, or its name as "relu"; None for none.
        use_bias: whether a bias is added.
        kernel_initializer, bias_initializer: first values; None for the scope's default.
        kernel_regularizer, bias_regularizer: function from the variable to a loss, or None.
        activity_regularizer: function from the outputs to a loss, or None.
        kernel_constraint, bias_constraint: function from a trained value to the one to keep.
        trainable: whether the variables are trained.
        name: name of the layer.

    Example:
        >>> import flowgraph as fg
        >>> layer = fg.layers.Conv2DTranspose(5, 2)
        >>> layer(fg.ones([2, 4, 4, 3])).shape.as_list(), layer.kernel.shape.as_list()
        ([2, 5, 5, 5], [2, 2, 5, 3])
    """

    rank = 2

    def __init__(self, filters: int, kernel_size: Any, strides: Any = (1, 1),
                 padding: str = "valid", data_format: str = "channels_last", activation: Any = None,
                 use_bias: bool = True, kernel_initializer: Any = None,
                 bias_initializer: Any = ZEROS, kernel_regularizer: Any = None,
                 bias_regularizer: Any = None, activity_regularizer: Any = None,
                 kernel_constraint: Any = None, bias_constraint: Any = None, trainable: bool = True,
                 name: Any = None, **kwargs: Any) -> None:
        super().__init__(
            filters, kernel_size, strides, padding, data_format, (1, 1), activation, use_bias,
            kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer,
            activity_regularizer, kernel_constraint, bias_constraint, trainable, name, **kwargs)


def conv2d_transpose(inputs: Any, filters: int, kernel_size: Any, strides: Any = (1, 1),
                     padding: str = "valid", data_format: str = "channels_last",
                     activation: Any = None, use_bias: bool = True, kernel_initializer: Any = None,
                     bias_initializer: Any = ZEROS, kernel_regularizer: Any = None,
                     bias_regularizer: Any = None, activity_regularizer: Any = None,
                     kernel_constraint: Any = None, bias_constraint: Any = None,
                     trainable: bool = True, name: Any = None, reuse: Any = None) -> Any:
    """Transposes a convolution of images: larger ones come out.

    Args:
        inputs: [batch, height, width, channels] tensor, or as `data_format` says.
        filters, kernel_size, strides, padding, data_format, activation, use_bias,
            kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer,
            activity_regularizer, kernel_constraint, bias_constraint, trainable: as for
            `tf.layers.Conv2DTranspose`.
        name: name of the layer and of its variable scope.
        reuse: whether to find the variables of an earlier layer of this name.

    Returns:
        A tensor of the inputs' rank, with `filters` channels.

    Raises:
        ValueError: the number of channels is not known, or the variables exist already.

    Example:
        >>> import flowgraph as fg
        >>> fg.layers.conv2d_transpose(fg.ones([2, 4, 4, 3]), 5, 2, padding="same").shape.as_list()
        [2, 4, 4, 5]
    """
    return Conv2DTranspose(
        filters, kernel_size, strides, padding, data_format, activation, use_bias,
        kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer,
        activity_regularizer, kernel_constraint, bias_constraint, trainable, name, _scope=name,
        _reuse=reuse)(inputs)


class Conv3DTranspose(Transposed):
    """The transpose of a convolution: makes larger volumes of volumes.

    Args:
        filters: number of output channels.
        kernel_size: int, or (depth, height, width): size of a window.
        strides: int, or one per axis: how far the window moves.
        padding: "valid" or "same".
        data_format: "channels_last" for [batch, depth, height, width, channels] inputs,
            "channels_first" for [batch, channels, ...].
        activation: function applied to the outputs, or its name as "relu"; None for none.
        use_bias: whether a bias is added.
        kernel_initializer, bias_initializer: first values; None for the scope's default.
        kernel_regularizer, bias_regularizer: function from the variable to a loss, or None.
        activity_regularizer: function from the outputs to a loss, or None.
        kernel_constraint, bias_constraint: function from a trained value to the one to keep.
        trainable: whether the variables are trained.
        name: name of the layer.

    Example:
        >>> import flowgraph as fg
        >>> layer = fg.layers.Conv3DTranspose(5, 2)
        >>> layer(fg.ones([2, 4, 4, 4, 3])).shape.as_list(), layer.kernel.shape.as_list()
        ([2, 5, 5, 5, 5], [2, 2, 2, 5, 3])
    """

    rank = 3

    def __init__(self, filters: int, kernel_size: Any, strides: Any = (1, 1, 1),
                 padding: str = "valid", data_format: str = "channels_last", activation: Any = None,
                 use_bias: bool = True, kernel_initializer: Any = None,
                 bias_initializer: Any = ZEROS, kernel_regularizer: Any = None,
                 bias_regularizer: Any = None, activity_regularizer: Any = None,
                 kernel_constraint: Any = None, bias_constraint: Any = None, trainable: bool = True,
                 name: Any = None, **kwargs: Any) -> None:
        super().__init__(
            filters, kernel_size, strides, padding, data_format, (1, 1, 1), activation, use_bias,
            kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer,
            activity_regularizer, kernel_constraint, bias_constraint, trainable, name, **kwargs)


def conv3d_transpose(inputs: Any, filters: int, kernel_size: Any, strides: Any = (1, 1, 1),
                     padding: str = "valid", data_format: str = "channels_last",
                     activation: Any = None, use_bias: bool = True, kernel_initializer: Any = None,
                     bias_initializer: Any = ZEROS, kernel_regularizer: Any = None,
                     bias_regularizer: Any = None, activity_regularizer: Any = None,
                     kernel_constraint: Any = None, bias_constraint: Any = None,
                     trainable: bool = True, name: Any = None, reuse: Any = None) -> Any:
    """Transposes a convolution of volumes: larger ones come out.

    Args:
        inputs: [batch, depth, height, width, channels] tensor, or as `data_format` says.
        filters, kernel_size, strides, padding, data_format, activation, use_bias,
            kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer,
            activity_regularizer, kernel_constraint, bias_constraint, trainable: as for
            `tf.layers.Conv3DTranspose`.
        name: name of the layer and of its variable scope.
        reuse: whether to find the variables of an earlier layer of this name.

    Returns:
        A tensor of the inputs' rank, with `filters` channels.

    Raises:
        ValueError: the number of channels is not known, or the variables exist already.

    Example:
        >>> import flowgraph as fg
        >>> y = fg.layers.conv3d_transpose(fg.ones([2, 4, 4, 4, 3]), 5, 2, padding="same")
        >>> y.shape.as_list()
        [2, 4, 4, 4, 5]
    """
    return Conv3DTranspose(
        filters, kernel_size, strides, padding, data_format, activation, use_bias,
        kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer,
        activity_regularizer, kernel_constraint, bias_constraint, trainable, name, _scope=name,
        _reuse=reuse)(inputs)
