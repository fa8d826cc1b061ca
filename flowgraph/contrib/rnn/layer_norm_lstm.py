"""LSTM cells whose gates' inputs and memory are normalized, each over the units of a row."""

from __future__ import annotations

from typing import Any

from flowgraph.contrib.rnn.linear import linear
from flowgraph.contrib.rnn.normalized import NormalizedGates
from flowgraph.contrib.rnn.sizes import MemoryAndOutput
from flowgraph.nn.rnn_cell.base import RNNCell, input_depth
from flowgraph.nn.rnn_cell.lstm import LSTMStateTuple
from flowgraph.ops.bias import bias_add
from flowgraph.ops.clip import clip_by_value
from flowgraph.ops.dropout import dropout
from flowgraph.ops.exponential import sigmoid, tanh
from flowgraph.ops.initializers import Constant
from flowgraph.ops.join import concat
from flowgraph.ops.matmul import matmul
from flowgraph.ops.split import split
from flowgraph.ops.variable_scope import get_variable, get_variable_scope, variable_scope


class LayerNormBasicLSTMCell(NormalizedGates, MemoryAndOutput, RNNCell):
    """Long short-term memory with layer normalization and dropout of what is added to the memory.

    Args:
        num_units: size of the memory and of the output.
        forget_bias: added to the forget gates' inputs.
        input_size: ignored.
        activation: function; default tanh.
        layer_norm: whether there is normalization; else there is a bias.
        norm_gain: first value of the `gamma`s.
        norm_shift: first value of the `beta`s.
        dropout_keep_prob: with which probability an element is kept; float or scalar tensor.
        dropout_prob_seed: int, for the same decisions in every session.
        reuse: True to find variables that are there already, as `tf.variable_scope` takes it.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     cell = fg.contrib.rnn.LayerNormBasicLSTMCell(3)
        ...     output, state = cell(fg.ones([2, 4]), cell.zero_state(2, fg.float32))
        >>> [v.name for v in cell.variables[:2]]
        ['layer_norm_basic_lstm_cell/kernel:0', 'layer_norm_basic_lstm_cell/input/gamma:0']
    """

    def __init__(self, num_units: int, forget_bias: float = 1.0, input_size: Any = None,
                 activation: Any = tanh, layer_norm: bool = True, norm_gain: float = 1.0,
                 norm_shift: float = 0.0, dropout_keep_prob: Any = 1.0,
                 dropout_prob_seed: int | None = None, reuse: Any = None) -> None:
        super().__init__(_reuse=reuse)
        self._num_units = num_units
        self._activation = activation
        self._forget_bias = forget_bias
        self._keep_prob = dropout_keep_prob
        self._seed = dropout_prob_seed
        self._layer_norm = layer_norm
        self._norm_gain, self._norm_shift = norm_gain, norm_shift

    def call(self, inputs: Any, state: Any) -> Any:
        """One step."""
        c, h = state
        together = concat([inputs, h], 1)
        dtype = together.dtype.base_dtype
        columns = 4 * self._num_units
        gates = matmul(together, get_variable("kernel", [input_depth(together.shape), columns],
                                              dtype))
        if not self._layer_norm:
            gates = bias_add(gates, get_variable("bias", [columns], dtype))
        i, j, f, o = (self._norm(part, scope) for part, scope in zip(
            split(gates, 4, 1), ("input", "transform", "forget", "output"), strict=True))
        g = self._activation(j)
        if not isinstance(self._keep_prob, float) or self._keep_prob < 1:
            g = dropout(g, self._keep_prob, seed=self._seed)
        new_c = c * sigmoid(f + self._forget_bias) + sigmoid(i) * g
        new_c = self._norm(new_c, "state")
        new_h = self._activation(new_c) * sigmoid(o)
        return new_h, LSTMStateTuple(new_c, new_h)


class LayerNormLSTMCell(NormalizedGates, MemoryAndOutput, RNNCell):
    """Long short-term memory with peepholes, clipping, projection and layer normalization.

    Args:
        num_units: size of the memory.
        use_peepholes: whether the gates see the memory.
        cell_clip: the memory is clipped to [-cell_clip, cell_clip]; None for no clipping.
        initializer: first values of the variables; default the scope's.
        num_proj: size of the output, to which it is projected; None for no projection.
        proj_clip: the projected output is clipped to [-proj_clip, proj_clip].
        forget_bias: added to the forget gates' inputs.
        activation: function; default tanh.
        layer_norm: whether there is normalization; the bias is made but not used then.
        norm_gain: first value of the `gamma`s.
        norm_shift: first value of the `beta`s.
        reuse: True to find variables that are there already, as `tf.variable_scope` takes it.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib.rnn.layer_norm_lstm import LayerNormLSTMCell
        >>> cell = LayerNormLSTMCell(3, layer_norm=True)
        >>> outputs, state = fg.nn.dynamic_rnn(cell, fg.ones([1, 4, 2]), dtype=fg.float32)
        >>> outputs.shape.as_list()
        [1, 4, 3]
    """

    def __init__(self, num_units: int, use_peepholes: bool = False, cell_clip: Any = None,
                 initializer: Any = None, num_proj: int | None = None, proj_clip: Any = None,
                 forget_bias: float = 1.0, activation: Any = None, layer_norm: bool = False,
                 norm_gain: float = 1.0, norm_shift: float = 0.0, reuse: Any = None) -> None:
        super().__init__(_reuse=reuse)
        self._num_units = num_units
        self._use_peepholes = use_peepholes
        self._cell_clip = cell_clip
        self._initializer = initializer
        self._num_proj = num_proj
        self._proj_clip = proj_clip
        self._forget_bias = forget_bias
        self._activation = activation or tanh
        self._layer_norm = layer_norm
        self._norm_gain, self._norm_shift = norm_gain, norm_shift

    def call(self, inputs: Any, state: Any) -> Any:
        """One step."""
        c_prev, m_prev = state
        dtype, units = inputs.dtype.base_dtype, self._num_units
        with variable_scope(get_variable_scope(), initializer=self._initializer):
            gates = linear([inputs, m_prev], 4 * units, bias=not self._layer_norm)
            if self._layer_norm:
                get_variable("bias", [4 * units], dtype, initializer=Constant(0.0))
            i, j, f, o = (self._norm(part, scope) for part, scope in zip(
                split(gates, 4, 1), ("input", "transform", "forget", "output"), strict=True))
            f = f + self._forget_bias
            if self._use_peepholes:
                w_f, w_i, w_o = (get_variable(f"w_{gate}_diag", [units], dtype) for gate in "fio")
                f, i = f + w_f * c_prev, i + w_i * c_prev
            c = self._norm(sigmoid(f) * c_prev + sigmoid(i) * self._activation(j), "state")
            if self._cell_clip is not None:
                c = clip_by_value(c, -self._cell_clip, self._cell_clip)
            m = sigmoid(o + w_o * c if self._use_peepholes else o) * self._activation(c)
            if self._num_proj is not None:
                with variable_scope("projection"):
                    m = linear(m, self._num_proj, bias=False)
                if self._proj_clip is not None:
                    m = clip_by_value(m, -self._proj_clip, self._proj_clip)
        return m, LSTMStateTuple(c, m)
