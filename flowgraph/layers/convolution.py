"""Convolution layers over one, two or three axes."""

from __future__ import annotations

from typing import Any, ClassVar

from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape
from flowgraph.layers.base import Layer
from flowgraph.layers.input_spec import InputSpec
from flowgraph.layers.named import ZEROS, activation_called, initializer_called
from flowgraph.layers.windows import (
    channel_axis,
    channels_in,
    data_format_of,
    joined_shape,
    op_format,
    padding_of,
    per_op_axis,
    sizes_of,
    split_shape,
    window_count,
)
from flowgraph.ops.bias import bias_add
from flowgraph.ops.conv2d import conv2d as conv2d_op
from flowgraph.ops.conv_nd import conv1d as conv1d_op
from flowgraph.ops.conv_nd import conv3d as conv3d_op
from flowgraph.ops.pad import pad
from flowgraph.ops.reshape import reshape


class Convolution(Layer):
    """What all convolution layers share; a subclass says over how many axes it convolves."""

    rank: ClassVar[int] = 2

    def __init__(self, filters: int, kernel_size: Any, strides: Any, padding: str,
                 data_format: str, dilation_rate: Any, activation: Any, use_bias: bool,
                 kernel_initializer: Any, bias_initializer: Any, kernel_regularizer: Any,
                 bias_regularizer: Any, activity_regularizer: Any, kernel_constraint: Any,
                 bias_constraint: Any, trainable: bool, name: Any, **kwargs: Any) -> None:
        super().__init__(trainable=trainable, name=name, activity_regularizer=activity_regularizer,
                         **kwargs)
        self.filters = filters
        self.kernel_size = sizes_of(kernel_size, self.rank, "kernel_size")
        self.strides = sizes_of(strides, self.rank, "strides")
        self.padding = padding_of(padding, causal=self.rank == 1)
        self.data_format = data_format_of(data_format)
        self.dilation_rate = sizes_of(dilation_rate, self.rank, "dilation_rate")
        self.activation = activation_called(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializer_called(kernel_initializer)
        self.bias_initializer = initializer_called(bias_initializer)
        self.kernel_regularizer, self.bias_regularizer = kernel_regularizer, bias_regularizer
        self.kernel_constraint, self.bias_constraint = kernel_constraint, bias_constraint
        self.kernel: Any = None
        self.bias: Any = None
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def build(self, input_shape: Any) -> None:
        """Makes `kernel` and `bias`."""
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ValueError(located("strides > 1 not supported in conjunction with dilation_rate "
                                     "> 1",
                                     "Let the strides or the dilation_rate be 1."))
        channels = channels_in(TensorShape(input_shape), self.data_format)
        self.make_kernel((*self.kernel_size, channels, self.filters))
        self.make_bias()
        self.fix_channels(channels)

    def make_kernel(self, shape: tuple[int, ...]) -> None:
        """Makes `kernel`."""
        self.kernel = self.add_weight(
            "kernel", shape, initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer, constraint=self.kernel_constraint)

    def make_bias(self) -> None:
        """Makes `bias`, if there is to be one."""
        if self.use_bias:
            self.bias = self.add_weight(
                "bias", (self.filters,), initializer=self.bias_initializer,
                regularizer=self.bias_regularizer, constraint=self.bias_constraint)

    def fix_channels(self, channels: int) -> None:
        """From now on, inputs must have this number of channels."""
        self.input_spec = InputSpec(ndim=self.rank + 2,
                                    axes={channel_axis(self.data_format): channels})
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Computes the outputs."""
        inputs, padding = self.padded(inputs)
        data_format = op_format(self.data_format, self.rank)
        if self.rank == 1:
            outputs = conv1d_op(inputs, self.kernel, self.strides[0], padding,
                                data_format=data_format, dilations=self.dilation_rate[0])
        else:
            op = conv2d_op if self.rank == 2 else conv3d_op
            outputs = op(inputs, self.kernel, per_op_axis(self.strides, self.data_format), padding,
                         data_format=data_format,
                         dilations=per_op_axis(self.dilation_rate, self.data_format))
        return self.finished(outputs)

    def padded(self, inputs: Any) -> tuple[Any, str]:
        """The inputs and the padding for the op: a causal one stands before a series only."""
        if self.padding != "causal":
            return inputs, self.padding.upper()
        before = [self.dilation_rate[0] * (self.kernel_size[0] - 1), 0]
        first = self.data_format == "channels_first"
        return pad(inputs, [[0, 0], [0, 0], before] if first else [[0, 0], before, [0, 0]]), "VALID"

    def finished(self, outputs: Any) -> Any:
        """The outputs with the bias and the activation."""
        if self.use_bias and self.rank == 1 and self.data_format == "channels_first":
            outputs += reshape(self.bias, [1, self.filters, 1])
        elif self.use_bias:
            outputs = bias_add(outputs, self.bias, op_format(self.data_format, 2))
        return outputs if self.activation is None else self.activation(outputs)

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """The shape that the windows leave, with a channel for each filter."""
        batch, sizes, _ = split_shape(input_shape, self.data_format)
        counts = [window_count(size, window, self.padding, stride, dilation)
                  for size, window, stride, dilation
                  in zip(sizes, self.kernel_size, self.strides, self.dilation_rate, strict=True)]
        return joined_shape(batch, counts, self.filters, self.data_format)


class Conv1D(Convolution):
    """A convolution of series.

    Args:
        filters: number of output channels.
        kernel_size: int: size of a window.
        strides: int: how far the window moves.
        padding: "valid", "same", or "causal": no output depends on later inputs.
        data_format: "channels_last" for [batch, width, channels] inputs, "channels_first" for
            [batch, channels, ...].
        dilation_rate: int: distance between the elements of a window; not with strides above 1.
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
        >>> layer = fg.layers.Conv1D(5, 2)
        >>> layer(fg.ones([2, 4, 3])).shape.as_list(), layer.kernel.shape.as_list()
        ([2, 3, 5], [2, 3, 5])
    """

    rank = 1

    def __init__(self, filters: int, kernel_size: Any, strides: Any = 1, padding: str = "valid",
                 data_format: str = "channels_last", dilation_rate: Any = 1, activation: Any = None,
                 use_bias: bool = True, kernel_initializer: Any = None,
                 bias_initializer: Any = ZEROS, kernel_regularizer: Any = None,
                 bias_regularizer: Any = None, activity_regularizer: Any = None,
                 kernel_constraint: Any = None, bias_constraint: Any = None, trainable: bool = True,
                 name: Any = None, **kwargs: Any) -> None:
        super().__init__(
            filters, kernel_size, strides, padding, data_format, dilation_rate, activation,
            use_bias, kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer,
            activity_regularizer, kernel_constraint, bias_constraint, trainable, name, **kwargs)


def conv1d(inputs: Any, filters: int, kernel_size: Any, strides: Any = 1, padding: str = "valid",
           data_format: str = "channels_last", dilation_rate: Any = 1, activation: Any = None,
           use_bias: bool = True, kernel_initializer: Any = None, bias_initializer: Any = ZEROS,
           kernel_regularizer: Any = None, bias_regularizer: Any = None,
           activity_regularizer: Any = None, kernel_constraint: Any = None,
           bias_constraint: Any = None, trainable: bool = True, name: Any = None,
           reuse: Any = None) -> Any:
    """Convolves series.

    Args:
        inputs: [batch, width, channels] tensor, or as `data_format` says.
        filters, kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias,
            kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer,
            activity_regularizer, kernel_constraint, bias_constraint, trainable: as for
            `tf.layers.Conv1D`.
        name: name of the layer and of its variable scope.
        reuse: whether to find the variables of an earlier layer of this name.

    Returns:
        A tensor of the inputs' rank, with `filters` channels.

    Raises:
        ValueError: the number of channels is not known, or the variables exist already.

    Example:
        >>> import flowgraph as fg
        >>> fg.layers.conv1d(fg.ones([2, 4, 3]), 5, 2, padding="same").shape.as_list()
        [2, 4, 5]
    """
    return Conv1D(
        filters, kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias,
        kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer,
        activity_regularizer, kernel_constraint, bias_constraint, trainable, name, _scope=name,
        _reuse=reuse)(inputs)


class Conv2D(Convolution):
    """A convolution of images.

    Args:
        filters: number of output channels.
        kernel_size: int, or (height, width): size of a window.
        strides: int, or one per axis: how far the window moves.
        padding: "valid" or "same".
        data_format: "channels_last" for [batch, height, width, channels] inputs, "channels_first"
            for [batch, channels, ...].
        dilation_rate: int, or one per axis: distance between the elements of a window; not with
            strides above 1.
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
        >>> layer = fg.layers.Conv2D(5, 2)
        >>> layer(fg.ones([2, 4, 4, 3])).shape.as_list(), layer.kernel.shape.as_list()
        ([2, 3, 3, 5], [2, 2, 3, 5])
    """

    rank = 2

    def __init__(self, filters: int, kernel_size: Any, strides: Any = (1, 1),
                 padding: str = "valid", data_format: str = "channels_last",
                 dilation_rate: Any = (1, 1), activation: Any = None, use_bias: bool = True,
                 kernel_initializer: Any = None, bias_initializer: Any = ZEROS,
                 kernel_regularizer: Any = None, bias_regularizer: Any = None,
                 activity_regularizer: Any = None, kernel_constraint: Any = None,
                 bias_constraint: Any = None, trainable: bool = True, name: Any = None,
                 **kwargs: Any) -> None:
        super().__init__(
            filters, kernel_size, strides, padding, data_format, dilation_rate, activation,
            use_bias, kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer,
            activity_regularizer, kernel_constraint, bias_constraint, trainable, name, **kwargs)


def conv2d(inputs: Any, filters: int, kernel_size: Any, strides: Any = (1, 1),
           padding: str = "valid", data_format: str = "channels_last", dilation_rate: Any = (1, 1),
           activation: Any = None, use_bias: bool = True, kernel_initializer: Any = None,
           bias_initializer: Any = ZEROS, kernel_regularizer: Any = None,
           bias_regularizer: Any = None, activity_regularizer: Any = None,
           kernel_constraint: Any = None, bias_constraint: Any = None, trainable: bool = True,
           name: Any = None, reuse: Any = None) -> Any:
    """Convolves images.

    Args:
        inputs: [batch, height, width, channels] tensor, or as `data_format` says.
        filters, kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias,
            kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer,
            activity_regularizer, kernel_constraint, bias_constraint, trainable: as for
            `tf.layers.Conv2D`.
        name: name of the layer and of its variable scope.
        reuse: whether to find the variables of an earlier layer of this name.

    Returns:
        A tensor of the inputs' rank, with `filters` channels.

    Raises:
        ValueError: the number of channels is not known, or the variables exist already.

    Example:
        >>> import flowgraph as fg
        >>> fg.layers.conv2d(fg.ones([2, 4, 4, 3]), 5, 2, padding="same").shape.as_list()
        [2, 4, 4, 5]
    """
    return Conv2D(
        filters, kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias,
        kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer,
        activity_regularizer, kernel_constraint, bias_constraint, trainable, name, _scope=name,
        _reuse=reuse)(inputs)


class Conv3D(Convolution):
    """A convolution of volumes.

    Args:
        filters: number of output channels.
        kernel_size: int, or (depth, height, width): size of a window.
        strides: int, or one per axis: how far the window moves.
        padding: "valid" or "same".
        data_format: "channels_last" for [batch, depth, height, width, channels] inputs,
            "channels_first" for [batch, channels, ...].
        dilation_rate: int, or one per axis: distance between the elements of a window; not with
            strides above 1.
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
        >>> layer = fg.layers.Conv3D(5, 2)
        >>> layer(fg.ones([2, 4, 4, 4, 3])).shape.as_list(), layer.kernel.shape.as_list()
        ([2, 3, 3, 3, 5], [2, 2, 2, 3, 5])
    """

    rank = 3

    def __init__(self, filters: int, kernel_size: Any, strides: Any = (1, 1, 1),
                 padding: str = "valid", data_format: str = "channels_last",
                 dilation_rate: Any = (1, 1, 1), activation: Any = None, use_bias: bool = True,
                 kernel_initializer: Any = None, bias_initializer: Any = ZEROS,
                 kernel_regularizer: Any = None, bias_regularizer: Any = None,
                 activity_regularizer: Any = None, kernel_constraint: Any = None,
                 bias_constraint: Any = None, trainable: bool = True, name: Any = None,
                 **kwargs: Any) -> None:
        super().__init__(
            filters, kernel_size, strides, padding, data_format, dilation_rate, activation,
            use_bias, kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer,
            activity_regularizer, kernel_constraint, bias_constraint, trainable, name, **kwargs)


def conv3d(inputs: Any, filters: int, kernel_size: Any, strides: Any = (1, 1, 1),
           padding: str = "valid", data_format: str = "channels_last",
           dilation_rate: Any = (1, 1, 1), activation: Any = None, use_bias: bool = True,
           kernel_initializer: Any = None, bias_initializer: Any = ZEROS,
           kernel_regularizer: Any = None, bias_regularizer: Any = None,
           activity_regularizer: Any = None, kernel_constraint: Any = None,
           bias_constraint: Any = None, trainable: bool = True, name: Any = None,
           reuse: Any = None) -> Any:
    """Convolves volumes.

    Args:
        inputs: [batch, depth, height, width, channels] tensor, or as `data_format` says.
        filters, kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias,
            kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer,
            activity_regularizer, kernel_constraint, bias_constraint, trainable: as for
            `tf.layers.Conv3D`.
        name: name of the layer and of its variable scope.
        reuse: whether to find the variables of an earlier layer of this name.

    Returns:
        A tensor of the inputs' rank, with `filters` channels.

    Raises:
        ValueError: the number of channels is not known, or the variables exist already.

    Example:
        >>> import flowgraph as fg
        >>> fg.layers.conv3d(fg.ones([2, 4, 4, 4, 3]), 5, 2, padding="same").shape.as_list()
        [2, 4, 4, 4, 5]
    """
    return Conv3D(
        filters, kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias,
        kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer,
        activity_regularizer, kernel_constraint, bias_constraint, trainable, name, _scope=name,
        _reuse=reuse)(inputs)
