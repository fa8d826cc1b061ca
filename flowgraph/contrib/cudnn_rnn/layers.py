"""Networks of several layers over whole sequences, with the arguments of the cuDNN layers.

cuDNN kept all weights in one vector, `opaque_kernel`, and TensorFlow's checkpoints the variables
of compatible cells, as `cudnn_lstm/rnn/multi_rnn_cell/cell_0/cudnn_compatible_lstm_cell/kernel`.
Here these variables are all there is, so that such checkpoints are restored.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowgraph.contrib.cudnn_rnn.cells import CudnnCompatibleGRUCell, CudnnCompatibleLSTMCell
from flowgraph.contrib.rnn.stacked_bidirectional import stack_bidirectional_dynamic_rnn
from flowgraph.core.dtypes import as_dtype, float16, float32, float64
from flowgraph.core.frames import located
from flowgraph.graph.tensor import Tensor
from flowgraph.layers.base import Layer
from flowgraph.layers.input_spec import InputSpec
from flowgraph.nn.rnn import dynamic_rnn
from flowgraph.nn.rnn_cell.base import input_depth
from flowgraph.nn.rnn_cell.basic import BasicRNNCell
from flowgraph.nn.rnn_cell.lstm import LSTMStateTuple
from flowgraph.nn.rnn_cell.stacked import MultiRNNCell
from flowgraph.nn.rnn_cell.wrappers import DropoutWrapper
from flowgraph.ops.activation import relu
from flowgraph.ops.exponential import tanh
from flowgraph.ops.initializers import Constant, GlorotUniform
from flowgraph.ops.join import concat, stack
from flowgraph.ops.reshape import transpose
from flowgraph.ops.select import where_v2
from flowgraph.ops.split import unstack
from flowgraph.ops.variable_scope import get_variable_scope, variable_scope


class _CudnnRNN(Layer):
    """What the networks share."""

    _rnn_mode: str
    _new_cell: Callable[[int], Any]

    def __init__(self, num_layers: int, num_units: int, input_mode: str = "linear_input",
                 direction: str = "unidirectional", dropout: float = 0.0, seed: int | None = None,
                 dtype: Any = float32, kernel_initializer: Any = None,
                 bias_initializer: Any = None, name: Any = None) -> None:
        if direction not in ("unidirectional", "bidirectional"):
            raise ValueError(located(f"Invalid direction: {direction}, expecting unidirectional or "
                                     "bidirectional"))
        if input_mode not in ("linear_input", "auto_select"):
            raise ValueError(located(f"input_mode {input_mode!r} is not offered: the inputs always "
                                     "go through weights, as with 'linear_input'"))
        if as_dtype(dtype) not in (float16, float32, float64):
            raise ValueError(located(f"Only support float16, float32, float64, provided {dtype}"))
        super().__init__(dtype=dtype, name=name)
        self._num_layers, self._num_units = num_layers, num_units
        self._input_mode, self._direction = input_mode, direction
        self._dropout, self._seed = dropout, seed
        self._kernel_initializer = kernel_initializer or GlorotUniform(seed=seed)
        self._bias_initializer = bias_initializer or Constant(0.0)
        self._cells = [[type(self)._new_cell(num_units) for _ in range(num_layers)]
                       for _ in range(self.num_dirs)]
        self._input_size: int | None = None

    @property
    def num_layers(self) -> int:
        """Number of layers."""
        return self._num_layers

    @property
    def num_units(self) -> int:
        """Size of each layer's state."""
        return self._num_units

    @property
    def input_mode(self) -> str:
        """How the inputs come in."""
        return self._input_mode

    @property
    def rnn_mode(self) -> str:
        """The kind of network, as "lstm"."""
        return self._rnn_mode

    @property
    def direction(self) -> str:
        """"unidirectional" or "bidirectional"."""
        return self._direction

    @property
    def num_dirs(self) -> int:
        """1 or 2 directions."""
        return 1 if self._direction == "unidirectional" else 2

    @property
    def input_size(self) -> int:
        """Size of the inputs. Raises ValueError before the first call."""
        if self._input_size is None:
            raise ValueError(located("'input_size' is unknown since layer has not been built."))
        return self._input_size

    def state_shape(self, batch_size: Any) -> Any:
        """Shapes of the states.

        Args:
            batch_size: int.
        """
        return ([self.num_layers * self.num_dirs, batch_size, self.num_units],)

    def build(self, input_shape: Any) -> None:
        """Notes the size of the inputs; the variables are made by the cells."""
        self._input_size = input_depth(input_shape)
        self.input_spec = InputSpec(ndim=3, axes={-1: self._input_size})
        self.built = True

    def call(self, inputs: Any, initial_state: Any = None, sequence_lengths: Any = None,
             time_major: bool = True, training: Any = True) -> Any:
        """Runs over the sequences.

        Args:
            inputs: tensor `[time, batch_size, input_size]`.
            initial_state: tuple of the first states, `[layers * directions, batch_size, units]`
                each: (h, c) for an LSTM, else (h,). Default zeros.
            sequence_lengths: int vector, the number of time steps of each row; default all.
            time_major: whether inputs and outputs have time as their first axis; else the batch.
            training: whether there is dropout between the layers; bool, or bool scalar tensor.

        Returns:
            The outputs `[time, batch_size, directions * units]`, and the tuple of final states.

        Raises:
            TypeError: `initial_state` is no tuple.
        """
        if initial_state is not None and not isinstance(initial_state, tuple):
            raise TypeError(located(f"Invalid initial_state type: {initial_state}, expecting "
                                    "tuple."))
        firsts = self._by_layer(initial_state)
        cells = [self._with_dropout(each, training) for each in self._cells]
        options = {"dtype": as_dtype(self.dtype), "sequence_length": sequence_lengths,
                   "time_major": time_major}
        with variable_scope(get_variable_scope(), custom_getter=self._with_first_values):
            if self.num_dirs == 1:
                outputs, states = dynamic_rnn(
                    MultiRNNCell(cells[0]), inputs,
                    initial_state=None if firsts is None else tuple(firsts), **options)
            else:
                outputs, forward, backward = stack_bidirectional_dynamic_rnn(
                    cells[0], cells[1], inputs, initial_states_fw=firsts and firsts[::2],
                    initial_states_bw=firsts and firsts[1::2], **options)
                states = [state for pair in zip(forward, backward, strict=True) for state in pair]
        self._trainable_weights = [weight for each in self._cells for cell in each
                                   for weight in cell.trainable_weights]
        return outputs, self._side_by_side(states)

    def _with_dropout(self, cells: list[Any], training: Any) -> list[Any]:
        """The cells, with dropout of the outputs of all but the last."""
        if not self._dropout or training is False:
            return list(cells)
        keep: Any = 1.0 - self._dropout
        if isinstance(training, Tensor):
            keep = where_v2(training, keep, 1.0)
        return [*(DropoutWrapper(cell, output_keep_prob=keep, seed=self._seed)
                  for cell in cells[:-1]), cells[-1]]

    def _by_layer(self, states: Any) -> list[Any] | None:
        """The first state of each layer and direction."""
        return None if states is None else unstack(states[0], self.num_layers * self.num_dirs)

    def _side_by_side(self, states: Any) -> Any:
        return (stack(list(states)),)

    def _with_first_values(self, getter: Any, name: str, shape: Any = None, **kwargs: Any) -> Any:
        """A custom getter: first values are drawn for each matrix and bias that cuDNN has."""
        units, (*rows, columns) = self._num_units, [int(size) for size in shape]
        projection = "_projection/" in name

        def kernel(shape: Any, dtype: Any = float32, partition_info: Any = None) -> Any:
            depths = rows if projection else [rows[0] - units, units]
            return concat([concat([
                transpose(self._kernel_initializer([units, depth], dtype=dtype))
                for depth in depths], 0) for _ in range(columns // units)], 1)

        def bias(shape: Any, dtype: Any = float32, partition_info: Any = None) -> Any:
            draw: Any = self._bias_initializer
            return (draw(shape, dtype=dtype) if projection
                    else draw(shape, dtype=dtype) + draw(shape, dtype=dtype))

        return getter(name, shape=shape, **{**kwargs, "initializer": kernel if rows else bias})


class CudnnLSTM(_CudnnRNN):
    """Layers of long short-term memory over whole sequences, time-major.

    Args:
        num_layers: number of layers.
        num_units: size of each layer's state.
        input_mode: "linear_input".
        direction: "unidirectional" or "bidirectional".
        dropout: which part of the outputs between layers is dropped in training.
        seed: int, for the same first values and dropout in every session.
        dtype: float16, float32 or float64.
        kernel_initializer: first values of each matrix of the kernel; default Glorot's uniform one.
        bias_initializer: first values of the two biases of each gate; default zeros.
        name: name of the layer and of its variable scope.

    Raises:
        ValueError: another direction, input mode or dtype.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     lstm = fg.contrib.cudnn_rnn.CudnnLSTM(2, 3, direction="bidirectional")
        ...     outputs, (h, c) = lstm(fg.ones([5, 2, 4]))
        >>> outputs.shape.as_list(), h.shape.as_list()
        ([5, 2, 6], [4, 2, 3])
    """

    _rnn_mode = "lstm"
    _new_cell = CudnnCompatibleLSTMCell

    def state_shape(self, batch_size: Any) -> Any:
        """Shapes of h and c.

        Args:
            batch_size: int.
        """
        return super().state_shape(batch_size) * 2

    def _by_layer(self, states: Any) -> list[Any] | None:
        if states is None:
            return None
        count = self.num_layers * self.num_dirs
        return [LSTMStateTuple(c, h) for h, c in zip(*(unstack(part, count) for part in states),
                                                     strict=True)]

    def _side_by_side(self, states: Any) -> Any:
        return stack([state.h for state in states]), stack([state.c for state in states])


class CudnnGRU(_CudnnRNN):
    """Layers of gated recurrent units over whole sequences, time-major.

    Args:
        num_layers, num_units, input_mode, direction, dropout, seed, dtype: as for `CudnnLSTM`.
        kernel_initializer, bias_initializer: as for `CudnnLSTM`.
        name: name of the layer and of its variable scope.

    Raises:
        ValueError: another direction, input mode or dtype.

    Example:
        >>> import flowgraph as fg
        >>> outputs, (h,) = fg.contrib.cudnn_rnn.CudnnGRU(2, 3)(fg.ones([5, 2, 4]))
        >>> outputs.shape.as_list(), h.shape.as_list()
        ([5, 2, 3], [2, 2, 3])
    """

    _rnn_mode = "gru"
    _new_cell = CudnnCompatibleGRUCell


class CudnnRNNTanh(_CudnnRNN):
    """Layers of basic cells with tanh over whole sequences, time-major.

    Args:
        num_layers, num_units, input_mode, direction, dropout, seed, dtype: as for `CudnnLSTM`.
        kernel_initializer, bias_initializer: as for `CudnnLSTM`.
        name: name of the layer and of its variable scope.

    Raises:
        ValueError: another direction, input mode or dtype.

    Example:
        >>> import flowgraph as fg
        >>> outputs, (h,) = fg.contrib.cudnn_rnn.CudnnRNNTanh(1, 3)(fg.ones([5, 2, 4]))
        >>> h.shape.as_list()
        [1, 2, 3]
    """

    _rnn_mode = "rnn_tanh"

    @staticmethod
    def _new_cell(units: int) -> Any:
        return BasicRNNCell(units, activation=tanh)


class CudnnRNNRelu(_CudnnRNN):
    """Layers of basic cells with relu over whole sequences, time-major.

    Args:
        num_layers, num_units, input_mode, direction, dropout, seed, dtype: as for `CudnnLSTM`.
        kernel_initializer, bias_initializer: as for `CudnnLSTM`.
        name: name of the layer and of its variable scope.

    Raises:
        ValueError: another direction, input mode or dtype.

    Example:
        >>> import flowgraph as fg
        >>> outputs, (h,) = fg.contrib.cudnn_rnn.CudnnRNNRelu(1, 3)(fg.ones([5, 2, 4]))
        >>> h.shape.as_list()
        [1, 2, 3]
    """

    _rnn_mode = "rnn_relu"

    @staticmethod
    def _new_cell(units: int) -> Any:
        return BasicRNNCell(units, activation=relu)
