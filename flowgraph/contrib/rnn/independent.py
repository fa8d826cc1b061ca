"""Independent cells: each unit sees its own last state only, so that `kernel_u` is a row."""

from __future__ import annotations

from typing import Any

from flowgraph.contrib.rnn.sizes import MemoryAndOutput, OneState
from flowgraph.layers.input_spec import InputSpec
from flowgraph.layers.named import ZEROS
from flowgraph.nn.rnn_cell.base import LayerRNNCell, input_depth
from flowgraph.nn.rnn_cell.lstm import LSTMStateTuple
from flowgraph.ops.bias import bias_add
from flowgraph.ops.exponential import sigmoid, tanh
from flowgraph.ops.initializers import Constant, RandomUniform
from flowgraph.ops.join import tile
from flowgraph.ops.matmul import matmul
from flowgraph.ops.split import split


class IndRNNCell(OneState, LayerRNNCell):
    """output = new state = activation(inputs . kernel_w + state * kernel_u + bias).

    Args:
        num_units: size of the state and of the output.
        activation: function; default tanh.
        reuse: True to find variables that are there already, as `tf.variable_scope` takes it.
        name: name of the cell and of its variable scope.
        dtype: dtype of the variables; default that of the first input.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     cell = fg.contrib.rnn.IndRNNCell(3)
        ...     output, state = cell(fg.ones([2, 4]), cell.zero_state(2, fg.float32))
        >>> [v.shape.as_list() for v in cell.variables]
        [[4, 3], [1, 3], [3]]
    """

    def __init__(self, num_units: int, activation: Any = None, reuse: Any = None,
                 name: Any = None, dtype: Any = None) -> None:
        super().__init__(_reuse=reuse, name=name, dtype=dtype)
        self.input_spec = InputSpec(ndim=2)
        self._num_units = num_units
        self._activation = activation or tanh

    def build(self, inputs_shape: Any) -> None:
        """Makes the kernels and the bias."""
        units = self._num_units
        self._kernel_w = self.add_weight("kernel_w", [input_depth(inputs_shape), units])
        self._kernel_u = self.add_weight("kernel_u", [1, units],
                                         initializer=RandomUniform(-1.0, 1.0))
        self._bias = self.add_weight("bias", [units], initializer=ZEROS)
        self.built = True

    def call(self, inputs: Any, state: Any) -> Any:
        """One step."""
        total = matmul(inputs, self._kernel_w) + state * self._kernel_u
        output = self._activation(bias_add(total, self._bias))
        return output, output


class IndyGRUCell(OneState, LayerRNNCell):
    """Gated recurrent unit whose units see their own last state only.

    Args:
        num_units: size of the state and of the output.
        activation: function; default tanh.
        reuse: True to find variables that are there already, as `tf.variable_scope` takes it.
        kernel_initializer: first values of the kernels for the inputs; default the scope's.
        bias_initializer: first values of the biases; default 1 for the gates, else 0.
        name: name of the cell and of its variable scope.
        dtype: dtype of the variables; default that of the first input.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     cell = fg.contrib.rnn.IndyGRUCell(3)
        ...     output, state = cell(fg.ones([2, 4]), cell.zero_state(2, fg.float32))
        >>> [v.name.partition("/")[2] for v in cell.variables[:3]]
        ['gates/kernel_w:0', 'gates/kernel_u:0', 'gates/bias:0']
    """

    def __init__(self, num_units: int, activation: Any = None, reuse: Any = None,
                 kernel_initializer: Any = None, bias_initializer: Any = None, name: Any = None,
                 dtype: Any = None) -> None:
        super().__init__(_reuse=reuse, name=name, dtype=dtype)
        self.input_spec = InputSpec(ndim=2)
        self._num_units = num_units
        self._activation = activation or tanh
        self._kernel_initializer = kernel_initializer
        self._bias_initializer = bias_initializer

    def build(self, inputs_shape: Any) -> None:
        """Makes the kernels and biases of the gates and of the candidate."""
        depth, units, bias = input_depth(inputs_shape), self._num_units, self._bias_initializer
        uniform = RandomUniform(-1.0, 1.0)
        self._gate_kernel_w = self.add_weight("gates/kernel_w", [depth, 2 * units],
                                              initializer=self._kernel_initializer)
        self._gate_kernel_u = self.add_weight("gates/kernel_u", [1, 2 * units],
                                              initializer=uniform)
        self._gate_bias = self.add_weight("gates/bias", [2 * units],
                                          initializer=Constant(1.0) if bias is None else bias)
        self._candidate_kernel_w = self.add_weight("candidate/kernel", [depth, units],
                                                   initializer=self._kernel_initializer)
        self._candidate_kernel_u = self.add_weight("candidate/kernel_u", [1, units],
                                                   initializer=uniform)
        self._candidate_bias = self.add_weight("candidate/bias", [units],
                                               initializer=ZEROS if bias is None else bias)
        self.built = True

    def call(self, inputs: Any, state: Any) -> Any:
        """One step."""
        gates = matmul(inputs, self._gate_kernel_w) + tile(state, [1, 2]) * self._gate_kernel_u
        r, u = split(sigmoid(bias_add(gates, self._gate_bias)), 2, 1)
        candidate = matmul(inputs, self._candidate_kernel_w) + r * state * self._candidate_kernel_u
        c = self._activation(bias_add(candidate, self._candidate_bias))
        new_h = u * state + (1 - u) * c
        return new_h, new_h


class IndyLSTMCell(MemoryAndOutput, LayerRNNCell):
    """Long short-term memory whose units see their own last output only.

    Args:
        num_units: size of the memory and of the output.
        forget_bias: added to the forget gates' inputs.
        activation: function; default tanh.
        reuse: True to find variables that are there already, as `tf.variable_scope` takes it.
        kernel_initializer: first values of the kernel for the inputs; default the scope's.
        bias_initializer: first values of the bias; default 0.
        name: name of the cell and of its variable scope.
        dtype: dtype of the variables; default that of the first input.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     cell = fg.contrib.rnn.IndyLSTMCell(3)
        ...     output, state = cell(fg.ones([2, 4]), cell.zero_state(2, fg.float32))
        >>> [v.shape.as_list() for v in cell.variables]
        [[4, 12], [1, 12], [12]]
    """

    def __init__(self, num_units: int, forget_bias: float = 1.0, activation: Any = None,
                 reuse: Any = None, kernel_initializer: Any = None, bias_initializer: Any = None,
                 name: Any = None, dtype: Any = None) -> None:
        super().__init__(_reuse=reuse, name=name, dtype=dtype)
        self.input_spec = InputSpec(ndim=2)
        self._num_units = num_units
        self._forget_bias = forget_bias
        self._activation = activation or tanh
        self._kernel_initializer = kernel_initializer
        self._bias_initializer = bias_initializer

    def build(self, inputs_shape: Any) -> None:
        """Makes the kernels and the bias."""
        columns, bias = 4 * self._num_units, self._bias_initializer
        self._kernel_w = self.add_weight("kernel_w", [input_depth(inputs_shape), columns],
                                         initializer=self._kernel_initializer)
        self._kernel_u = self.add_weight("kernel_u", [1, columns],
                                         initializer=RandomUniform(-1.0, 1.0))
        self._bias = self.add_weight("bias", [columns],
                                     initializer=ZEROS if bias is None else bias)
        self.built = True

    def call(self, inputs: Any, state: Any) -> Any:
        """One step."""
        c, h = state
        gates = matmul(inputs, self._kernel_w) + tile(h, [1, 4]) * self._kernel_u
        i, j, f, o = split(bias_add(gates, self._bias), 4, 1)
        new_c = c * sigmoid(f + self._forget_bias) + sigmoid(i) * self._activation(j)
        new_h = self._activation(new_c) * sigmoid(o)
        return new_h, LSTMStateTuple(new_c, new_h)
