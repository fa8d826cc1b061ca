"""The simplest recurrent cell, and the gated recurrent unit (GRU)."""

from __future__ import annotations

from typing import Any

from flowgraph.layers.input_spec import InputSpec
from flowgraph.layers.named import ZEROS, initializer_called
from flowgraph.nn.rnn_cell.base import (
    LayerRNNCell,
    activation_of,
    check_dtype,
    check_inputs,
    input_depth,
)
from flowgraph.ops.bias import bias_add
from flowgraph.ops.exponential import sigmoid
from flowgraph.ops.initializers import Constant
from flowgraph.ops.join import concat
from flowgraph.ops.matmul import matmul
from flowgraph.ops.split import split


class BasicRNNCell(LayerRNNCell):
    """The most basic cell: output = new state = activation([inputs, state] . kernel + bias).

    Args:
        num_units: size of the state and of the output.
        activation: function, or its name as "relu"; default tanh.
        reuse: True to find variables that are there already, as `tf.variable_scope` takes it.
        name: name of the cell and of its variable scope.
        dtype: dtype of the variables; default that of the first input.
        kwargs: as for `tf.layers.Layer`.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     cell = fg.nn.rnn_cell.BasicRNNCell(3)
        ...     output, state = cell(fg.ones([2, 4]), cell.zero_state(2, fg.float32))
        >>> output.shape.as_list(), cell.variables[0]
        ([2, 3], <tf.Variable 'basic_rnn_cell/kernel:0' shape=(7, 3) dtype=float32_ref>)
    """

    def __init__(self, num_units: int, activation: Any = None, reuse: Any = None, name: Any = None,
                 dtype: Any = None, **kwargs: Any) -> None:
        super().__init__(_reuse=reuse, name=name, dtype=dtype, **kwargs)
        check_dtype(self.dtype)
        self.input_spec = InputSpec(ndim=2)
        self._num_units = num_units
        self._activation = activation_of(activation)

    @property
    def state_size(self) -> int:
        """Size of the state."""
        return self._num_units

    @property
    def output_size(self) -> int:
        """Size of the output."""
        return self._num_units

    def build(self, inputs_shape: Any) -> None:
        """Makes `kernel` and `bias`."""
        depth = input_depth(inputs_shape)
        check_dtype(self.dtype)
        self._kernel = self.add_weight("kernel", [depth + self._num_units, self._num_units])
        self._bias = self.add_weight("bias", [self._num_units], initializer=ZEROS)
        self.built = True

    def call(self, inputs: Any, state: Any) -> Any:
        """One step."""
        check_inputs(inputs, state)
        gate_inputs = bias_add(matmul(concat([inputs, state], 1), self._kernel), self._bias)
        output = self._activation(gate_inputs)
        return output, output


class GRUCell(LayerRNNCell):
    """Gated recurrent unit.

        r, u = sigmoid([inputs, state] . gates/kernel + gates/bias)
        c = activation([inputs, r * state] . candidate/kernel + candidate/bias)
        output = new state = u * state + (1 - u) * c

    Args:
        num_units: size of the state and of the output.
        activation: function, or its name as "relu"; default tanh.
        reuse: True to find variables that are there already, as `tf.variable_scope` takes it.
        kernel_initializer: first values of the kernels; default the scope's.
        bias_initializer: first values of the biases; default 1 for the gates, else 0.
        name: name of the cell and of its variable scope.
        dtype: dtype of the variables; default that of the first input.
        kwargs: as for `tf.layers.Layer`.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     cell = fg.nn.rnn_cell.GRUCell(3)
        ...     output, state = cell(fg.ones([2, 4]), cell.zero_state(2, fg.float32))
        >>> [v.name for v in cell.variables]
        ['gru_cell/gates/kernel:0', 'gru_cell/gates/bias:0', 'gru_cell/candidate/kernel:0', \
'gru_cell/candidate/bias:0']
    """

    def __init__(self, num_units: int, activation: Any = None, reuse: Any = None,
                 kernel_initializer: Any = None, bias_initializer: Any = None, name: Any = None,
                 dtype: Any = None, **kwargs: Any) -> None:
        super().__init__(_reuse=reuse, name=name, dtype=dtype, **kwargs)
        check_dtype(self.dtype)
        self.input_spec = InputSpec(ndim=2)
        self._num_units = num_units
        self._activation = activation_of(activation)
        self._kernel_initializer = initializer_called(kernel_initializer)
        self._bias_initializer = initializer_called(bias_initializer)

    @property
    def state_size(self) -> int:
        """Size of the state."""
        return self._num_units

    @property
    def output_size(self) -> int:
        """Size of the output."""
        return self._num_units

    def build(self, inputs_shape: Any) -> None:
        """Makes the kernels and biases of the gates and of the candidate."""
        rows, units = input_depth(inputs_shape) + self._num_units, self._num_units
        check_dtype(self.dtype)
        kernel, bias = self._kernel_initializer, self._bias_initializer
        self._gate_kernel = self.add_weight("gates/kernel", [rows, 2 * units], initializer=kernel)
        self._gate_bias = self.add_weight(
            "gates/bias", [2 * units], initializer=Constant(1.0) if bias is None else bias)
        self._candidate_kernel = self.add_weight("candidate/kernel", [rows, units],
                                                 initializer=kernel)
        self._candidate_bias = self.add_weight("candidate/bias", [units],
                                               initializer=ZEROS if bias is None else bias)
        self.built = True

    def call(self, inputs: Any, state: Any) -> Any:
        """One step."""
        check_inputs(inputs, state)
        gate_inputs = matmul(concat([inputs, state], 1), self._gate_kernel)
        r, u = split(sigmoid(bias_add(gate_inputs, self._gate_bias)), 2, 1)
        r_state = r * state
        candidate = matmul(concat([inputs, r_state], 1), self._candidate_kernel)
        c = self._activation(bias_add(candidate, self._candidate_bias))
        new_h = u * state + (1 - u) * c
        return new_h, new_h
