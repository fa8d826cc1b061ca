"""An LSTM whose memory forgets as much as it takes in."""

from __future__ import annotations

from typing import Any

from flowgraph.contrib.rnn.normalized import NormalizedGates
from flowgraph.contrib.rnn.shards import matrix_in_shards
from flowgraph.contrib.rnn.sizes import MemoryAndOutput
from flowgraph.layers.named import ZEROS
from flowgraph.nn.rnn_cell.base import RNNCell, input_depth
from flowgraph.nn.rnn_cell.lstm import LSTMStateTuple
from flowgraph.ops.bias import bias_add
from flowgraph.ops.clip import clip_by_value
from flowgraph.ops.exponential import sigmoid, tanh
from flowgraph.ops.index import slice as slice_
from flowgraph.ops.join import concat
from flowgraph.ops.matmul import matmul
from flowgraph.ops.split import split
from flowgraph.ops.variable_scope import get_variable


class CoupledInputForgetGateLSTMCell(NormalizedGates, MemoryAndOutput, RNNCell):
    """Long short-term memory with f for the forget gate and 1 - f for the input gate.

    Args:
        num_units: size of the memory.
        use_peepholes: whether the gates see the memory, through `W_F_diag` and `W_O_diag`.
        initializer: ignored, as it was in TensorFlow; set the variable scope's.
        num_proj: size of the output, to which it is projected; None for no projection.
        proj_clip: the projected output is clipped to [-proj_clip, proj_clip].
        num_unit_shards, num_proj_shards: into how many variables the matrices are cut.
        forget_bias: added to the forget gates' inputs.
        state_is_tuple: whether states are `LSTMStateTuple`s; False for c and h side by side in one
            tensor.
        activation: function; default tanh.
        reuse: True to find variables that are there already, as `tf.variable_scope` takes it.
        layer_norm: whether the gates' inputs and the memory are normalized, instead of a bias.
        norm_gain: first value of the `gamma`s.
        norm_shift: first value of the `beta`s.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     cell = fg.contrib.rnn.CoupledInputForgetGateLSTMCell(3)
        ...     output, state = cell(fg.ones([2, 4]), cell.zero_state(2, fg.float32))
        >>> [v.name.split("/")[1] for v in cell.variables]
        ['W_0:0', 'B:0']
    """

    def __init__(self, num_units: int, use_peepholes: bool = False, initializer: Any = None,
                 num_proj: int | None = None, proj_clip: Any = None, num_unit_shards: int = 1,
                 num_proj_shards: int = 1, forget_bias: float = 1.0, state_is_tuple: bool = True,
                 activation: Any = tanh, reuse: Any = None, layer_norm: bool = False,
                 norm_gain: float = 1.0, norm_shift: float = 0.0) -> None:
        super().__init__(_reuse=reuse)
        self._num_units = num_units
        self._use_peepholes = use_peepholes
        self._num_proj = num_proj
        self._proj_clip = proj_clip
        self._num_unit_shards = num_unit_shards
        self._num_proj_shards = num_proj_shards
        self._forget_bias = forget_bias
        self._state_is_tuple = state_is_tuple
        self._activation = activation
        self._layer_norm = layer_norm
        self._norm_gain, self._norm_shift = norm_gain, norm_shift

    def call(self, inputs: Any, state: Any) -> Any:
        """One step."""
        units, dtype = self._num_units, inputs.dtype.base_dtype
        if self._state_is_tuple:
            c_prev, m_prev = state
        else:
            c_prev = slice_(state, [0, 0], [-1, units])
            m_prev = slice_(state, [0, units], [-1, self.output_size])
        rows = input_depth(inputs.shape) + self.output_size
        kernel = matrix_in_shards("W", [rows, 3 * units], dtype, self._num_unit_shards)
        bias = get_variable("B", [3 * units], dtype, initializer=ZEROS)
        gates = matmul(concat([inputs, m_prev], 1), kernel)
        if not self._layer_norm:
            gates = bias_add(gates, bias)
        j, f, o = (self._norm(part, scope) for part, scope in zip(
            split(gates, 3, 1), ("transform", "forget", "output"), strict=True))
        f = f + self._forget_bias
        if self._use_peepholes:
            f = f + get_variable("W_F_diag", [units], dtype) * c_prev
            w_o = get_variable("W_O_diag", [units], dtype)
        forget = sigmoid(f)
        c = self._norm(forget * c_prev + (1 - forget) * self._activation(j), "state")
        m = sigmoid(o + w_o * c if self._use_peepholes else o) * self._activation(c)
        if self._num_proj is not None:
            m = matmul(m, matrix_in_shards("W_P", [units, self._num_proj], dtype,
                                           self._num_proj_shards))
            if self._proj_clip is not None:
                m = clip_by_value(m, -self._proj_clip, self._proj_clip)
        return m, LSTMStateTuple(c, m) if self._state_is_tuple else concat([c, m], 1)
