"""Cells that compute what cuDNN's networks do, one step at a time."""

from __future__ import annotations

from typing import Any

from flowgraph.contrib.rnn.block_cells import LSTMBlockCell
from flowgraph.layers.named import ZEROS
from flowgraph.nn.rnn_cell.base import input_depth
from flowgraph.nn.rnn_cell.basic import GRUCell
from flowgraph.ops.bias import bias_add
from flowgraph.ops.exponential import sigmoid
from flowgraph.ops.initializers import Constant
from flowgraph.ops.join import concat
from flowgraph.ops.matmul import matmul
from flowgraph.ops.split import split


class CudnnCompatibleLSTMCell(LSTMBlockCell):
    """Long short-term memory as cuDNN has it: nothing is added to the forget gates' inputs.

    Args:
        num_units: size of the memory and of the output.
        reuse: True to find variables that are there already, as `tf.variable_scope` takes it.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     cell = fg.contrib.cudnn_rnn.CudnnCompatibleLSTMCell(3)
        ...     output, state = cell(fg.ones([2, 4]), cell.zero_state(2, fg.float32))
        >>> cell.variables[0].name
        'cudnn_compatible_lstm_cell/kernel:0'
    """

    def __init__(self, num_units: int, reuse: Any = None) -> None:
        super().__init__(num_units, forget_bias=0, reuse=reuse, name="cudnn_compatible_lstm_cell")


class CudnnCompatibleGRUCell(GRUCell):
    """Gated recurrent unit as cuDNN has it: the state is reset behind its product.

        c = tanh(inputs . input_projection + r * (state . hidden_projection))

    Args:
        num_units: size of the state and of the output.
        reuse: True to find variables that are there already, as `tf.variable_scope` takes it.
        kernel_initializer: first values of the kernels; default the scope's.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     cell = fg.contrib.cudnn_rnn.CudnnCompatibleGRUCell(3)
        ...     output, state = cell(fg.ones([2, 4]), cell.zero_state(2, fg.float32))
        >>> [v.name.partition("/")[2] for v in cell.variables[2:4]]
        ['candidate/input_projection/kernel:0', 'candidate/hidden_projection/kernel:0']
    """

    def __init__(self, num_units: int, reuse: Any = None, kernel_initializer: Any = None) -> None:
        super().__init__(num_units, reuse=reuse, kernel_initializer=kernel_initializer)

    def build(self, inputs_shape: Any) -> None:
        """Makes the kernels and biases of the gates and of the candidate."""
        depth, units, kernel = input_depth(inputs_shape), self._num_units, self._kernel_initializer
        self._gate_kernel = self.add_weight("gates/kernel", [depth + units, 2 * units],
                                            initializer=kernel)
        self._gate_bias = self.add_weight("gates/bias", [2 * units], initializer=Constant(1.0))
        self._input_kernel, self._hidden_kernel = (
            self.add_weight(f"candidate/{part}_projection/kernel", [rows, units],
                            initializer=kernel)
            for part, rows in (("input", depth), ("hidden", units)))
        self._input_bias, self._hidden_bias = (
            self.add_weight(f"candidate/{part}_projection/bias", [units], initializer=ZEROS)
            for part in ("input", "hidden"))
        self.built = True

    def call(self, inputs: Any, state: Any) -> Any:
        """One step."""
        gates = bias_add(matmul(concat([inputs, state], 1), self._gate_kernel), self._gate_bias)
        r, u = split(sigmoid(gates), 2, 1)
        of_input = bias_add(matmul(inputs, self._input_kernel), self._input_bias)
        of_state = bias_add(matmul(state, self._hidden_kernel), self._hidden_bias)
        candidate = self._activation(of_input + r * of_state)
        new_h = (1 - u) * candidate + u * state
        return new_h, new_h
