"""NASCell: the recurrent cell that a search over architectures found."""

from __future__ import annotations

from typing import Any

from flowgraph.contrib.rnn.sizes import MemoryAndOutput
from flowgraph.layers.named import ZEROS
from flowgraph.nn.rnn_cell.base import LayerRNNCell, input_depth
from flowgraph.nn.rnn_cell.lstm import LSTMStateTuple
from flowgraph.ops.activation import relu
from flowgraph.ops.bias import bias_add
from flowgraph.ops.exponential import sigmoid, tanh
from flowgraph.ops.matmul import matmul
from flowgraph.ops.split import split

_PARTS = 8


class NASCell(MemoryAndOutput, LayerRNNCell):
    """The cell of "Neural Architecture Search with Reinforcement Learning".

    Args:
        num_units: size of the memory.
        num_proj: size of the output, to which it is projected; None for no projection.
        use_bias: whether there is a bias.
        reuse: True to find variables that are there already, as `tf.variable_scope` takes it.
        kwargs: as for `tf.layers.Layer`.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     cell = fg.contrib.rnn.NASCell(3)
        ...     output, state = cell(fg.ones([2, 4]), cell.zero_state(2, fg.float32))
        >>> [v.name for v in cell.variables]
        ['nas_cell/recurrent_kernel:0', 'nas_cell/kernel:0']
    """

    def __init__(self, num_units: int, num_proj: int | None = None, use_bias: bool = False,
                 reuse: Any = None, **kwargs: Any) -> None:
        super().__init__(_reuse=reuse, **kwargs)
        self._num_units = num_units
        self._num_proj = num_proj
        self._use_bias = use_bias

    def build(self, inputs_shape: Any) -> None:
        """Makes the kernels."""
        units = self._num_units
        self.recurrent_kernel = self.add_weight("recurrent_kernel",
                                                [self.output_size, _PARTS * units])
        self.kernel = self.add_weight("kernel", [input_depth(inputs_shape), _PARTS * units])
        if self._use_bias:
            self.bias = self.add_weight("bias", [_PARTS * units], initializer=ZEROS)
        if self._num_proj is not None:
            self.projection_weights = self.add_weight("projection_weights",
                                                      [units, self._num_proj])
        self.built = True

    def call(self, inputs: Any, state: Any) -> Any:
        """One step."""
        c_prev, m_prev = state
        of_output = matmul(m_prev, self.recurrent_kernel)
        if self._use_bias:
            of_output = bias_add(of_output, self.bias)
        m = split(of_output, _PARTS, 1)
        x = split(matmul(inputs, self.kernel), _PARTS, 1)
        first = tanh(sigmoid(x[0] + m[0]) * relu(x[1] + m[1]))
        second = tanh(sigmoid(x[2] + m[2]) + relu(x[3] * m[3]))
        third = tanh(tanh(x[4] + m[4]) * sigmoid(x[5] + m[5]))
        fourth = sigmoid(tanh(x[6] + m[6]) + sigmoid(x[7] + m[7]))
        new_c = tanh(first + c_prev) * second
        new_m = tanh(new_c * tanh(third + fourth))
        if self._num_proj is not None:
            new_m = matmul(new_m, self.projection_weights)
        return new_m, LSTMStateTuple(new_c, new_m)
