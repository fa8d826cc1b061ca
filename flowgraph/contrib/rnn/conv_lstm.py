"""Convolutional LSTMs: states are pictures, and the kernel is convolved with them."""

from __future__ import annotations

from typing import Any

from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape
from flowgraph.layers.named import ZEROS
from flowgraph.nn.rnn_cell.base import RNNCell
from flowgraph.nn.rnn_cell.lstm import LSTMStateTuple
from flowgraph.ops.conv2d import conv2d
from flowgraph.ops.conv_nd import conv1d, conv3d
from flowgraph.ops.exponential import sigmoid, tanh
from flowgraph.ops.join import concat
from flowgraph.ops.split import split
from flowgraph.ops.variable_scope import get_variable


class ConvLSTMCell(RNNCell):
    """Long short-term memory over pictures, lines or volumes.

    Args:
        conv_ndims: over how many axes is convolved: 1, 2 or 3.
        input_shape: list, the shape of an input without the batch; channels last.
        output_channels: number of channels of the memory and of the output.
        kernel_shape: sizes of the kernel, one per axis.
        use_bias: whether there is a bias.
        skip_connection: whether the inputs are appended to the outputs' channels.
        forget_bias: added to the forget gates' inputs.
        initializers: ignored, as it was in TensorFlow; set the variable scope's.
        name: name of the cell and of its variable scope.

    Raises:
        ValueError: `input_shape` has another number of axes.

    Example:
        >>> import flowgraph as fg
        >>> cell = fg.contrib.rnn.ConvLSTMCell(2, [8, 8, 1], 3, [5, 5])
        >>> outputs, state = fg.nn.dynamic_rnn(cell, fg.ones([2, 4, 8, 8, 1]), dtype=fg.float32)
        >>> outputs.shape.as_list()
        [2, 4, 8, 8, 3]
    """

    def __init__(self, conv_ndims: int, input_shape: Any, output_channels: int,
                 kernel_shape: Any, use_bias: bool = True, skip_connection: bool = False,
                 forget_bias: float = 1.0, initializers: Any = None,
                 name: Any = "conv_lstm_cell") -> None:
        super().__init__(name=name)
        input_shape = list(input_shape)
        if conv_ndims != len(input_shape) - 1:
            raise ValueError(located(f"Invalid input_shape {input_shape} for "
                                     f"conv_ndims={conv_ndims}."))
        self._conv_ndims = conv_ndims
        self._input_shape = input_shape
        self._output_channels = output_channels
        self._kernel_shape = list(kernel_shape)
        self._use_bias = use_bias
        self._skip_connection = skip_connection
        self._forget_bias = forget_bias

    @property
    def state_size(self) -> Any:
        """Shapes of c and h."""
        shape = TensorShape([*self._input_shape[:-1], self._output_channels])
        return LSTMStateTuple(shape, shape)

    @property
    def output_size(self) -> Any:
        """Shape of the output."""
        skipped = self._input_shape[-1] if self._skip_connection else 0
        return TensorShape([*self._input_shape[:-1], self._output_channels + skipped])

    def call(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        """One step."""
        c, h = state
        gates = _convolved(concat([inputs, h], -1), self._kernel_shape, 4 * self._output_channels,
                           self._use_bias)
        i, j, f, o = split(gates, 4, self._conv_ndims + 1)
        new_c = sigmoid(f + self._forget_bias) * c + sigmoid(i) * tanh(j)
        output = tanh(new_c) * sigmoid(o)
        if self._skip_connection:
            output = concat([output, inputs], -1)
        return output, LSTMStateTuple(new_c, output)


class Conv1DLSTMCell(ConvLSTMCell):
    """Long short-term memory over lines.

    Args:
        name: name of the cell and of its variable scope.
        kwargs: as for `ConvLSTMCell`.

    Example:
        >>> import flowgraph as fg
        >>> cell = fg.contrib.rnn.Conv1DLSTMCell(input_shape=[8, 1], output_channels=3,
        ...                                      kernel_shape=[5])
        >>> cell.output_size.as_list()
        [8, 3]
    """

    def __init__(self, name: Any = "conv_1d_lstm_cell", **kwargs: Any) -> None:
        super().__init__(conv_ndims=1, name=name, **kwargs)


class Conv2DLSTMCell(ConvLSTMCell):
    """Long short-term memory over pictures.

    Args:
        name: name of the cell and of its variable scope.
        kwargs: as for `ConvLSTMCell`.

    Example:
        >>> import flowgraph as fg
        >>> cell = fg.contrib.rnn.Conv2DLSTMCell(input_shape=[8, 8, 1], output_channels=3,
        ...                                      kernel_shape=[5, 5])
        >>> cell.output_size.as_list()
        [8, 8, 3]
    """

    def __init__(self, name: Any = "conv_2d_lstm_cell", **kwargs: Any) -> None:
        super().__init__(conv_ndims=2, name=name, **kwargs)


class Conv3DLSTMCell(ConvLSTMCell):
    """Long short-term memory over volumes.

    Args:
        name: name of the cell and of its variable scope.
        kwargs: as for `ConvLSTMCell`.

    Example:
        >>> import flowgraph as fg
        >>> cell = fg.contrib.rnn.Conv3DLSTMCell(input_shape=[8, 8, 8, 1], output_channels=3,
        ...                                      kernel_shape=[5, 5, 5])
        >>> cell.output_size.as_list()
        [8, 8, 8, 3]
    """

    def __init__(self, name: Any = "conv_3d_lstm_cell", **kwargs: Any) -> None:
        super().__init__(conv_ndims=3, name=name, **kwargs)


def _convolved(x: Any, kernel_shape: list[int], channels: int, bias: bool) -> Any:
    axes = x.shape.ndims - 2
    if axes not in (1, 2, 3):
        raise ValueError(located("Conv Linear expects 3D, 4D or 5D arguments, not the shape "
                                 f"{x.shape}"))
    dtype = x.dtype.base_dtype
    kernel = get_variable("kernel", [*kernel_shape, x.shape[-1].value, channels], dtype)
    if axes == 1:
        result = conv1d(x, kernel, 1, padding="SAME")
    else:
        result = (conv2d if axes == 2 else conv3d)(x, kernel, [1] * (axes + 2), padding="SAME")
    if not bias:
        return result
    return result + get_variable("biases", [channels], dtype, initializer=ZEROS)
