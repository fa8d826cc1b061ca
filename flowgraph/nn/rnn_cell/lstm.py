"""Long short-term memory: the basic cell, and the one with peepholes, clipping and projection.

    i, j, f, o = [inputs, h] . kernel + bias
    c' = c * sigmoid(f + forget_bias) + sigmoid(i) * activation(j)
    h' = activation(c') * sigmoid(o)
"""

from __future__ import annotations

from collections import namedtuple
from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.layers.input_spec import InputSpec
from flowgraph.layers.named import ZEROS, initializer_called
from flowgraph.nn.rnn_cell.base import (
    LayerRNNCell,
    activation_of,
    check_dtype,
    check_inputs,
    input_depth,
)
from flowgraph.ops.arithmetic import add, multiply
from flowgraph.ops.bias import bias_add
from flowgraph.ops.clip import clip_by_value
from flowgraph.ops.constant import constant
from flowgraph.ops.exponential import sigmoid
from flowgraph.ops.index import slice as slice_
from flowgraph.ops.join import concat
from flowgraph.ops.matmul import matmul
from flowgraph.ops.partitioners import fixed_size_partitioner
from flowgraph.ops.split import split


class LSTMStateTuple(namedtuple("LSTMStateTuple", ("c", "h"))):
    """The state of an LSTM cell, and its `state_size`.

    Args:
        c: the memory.
        h: the output of the last step.

    Example:
        >>> import flowgraph as fg
        >>> fg.nn.rnn_cell.BasicLSTMCell(3).state_size
        LSTMStateTuple(c=3, h=3)
    """

    __slots__ = ()

    @property
    def dtype(self) -> Any:
        """The dtype of both. Raises TypeError when they differ."""
        c, h = self
        if c.dtype != h.dtype:
            raise TypeError(located(f"Inconsistent internal state: {c.dtype} vs {h.dtype}"))
        return c.dtype


class BasicLSTMCell(LayerRNNCell):
    """Long short-term memory cell without peepholes, clipping or projection.

    Args:
        num_units: size of the memory and of the output.
        forget_bias: added to the forget gates' bias, so that the cell forgets little at first.
        state_is_tuple: whether states are `LSTMStateTuple`s; False for c and h side by side in one
            tensor.
        activation: function, or its name as "relu"; default tanh.
        reuse: True to find variables that are there already, as `tf.variable_scope` takes it.
        name: name of the cell and of its variable scope.
        dtype: dtype of the variables; default that of the first input.
        kwargs: as for `tf.layers.Layer`.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     cell = fg.nn.rnn_cell.BasicLSTMCell(3)
        ...     output, state = cell(fg.ones([2, 4]), cell.zero_state(2, fg.float32))
        >>> state.h is output, cell.variables[0]
        (True, <tf.Variable 'basic_lstm_cell/kernel:0' shape=(7, 12) dtype=float32_ref>)
    """

    def __init__(self, num_units: int, forget_bias: float = 1.0, state_is_tuple: bool = True,
                 activation: Any = None, reuse: Any = None, name: Any = None, dtype: Any = None,
                 **kwargs: Any) -> None:
        super().__init__(_reuse=reuse, name=name, dtype=dtype, **kwargs)
        check_dtype(self.dtype)
        self.input_spec = InputSpec(ndim=2)
        self._num_units = num_units
        self._forget_bias = forget_bias
        self._state_is_tuple = state_is_tuple
        self._activation = activation_of(activation)

    @property
    def state_size(self) -> Any:
        """Sizes of c and h."""
        units = self._num_units
        return LSTMStateTuple(units, units) if self._state_is_tuple else 2 * units

    @property
    def output_size(self) -> int:
        """Size of the output."""
        return self._num_units

    def build(self, inputs_shape: Any) -> None:
        """Makes `kernel` and `bias`."""
        units = self._num_units
        depth = input_depth(inputs_shape)
        check_dtype(self.dtype)
        self._kernel = self.add_weight("kernel", [depth + units, 4 * units])
        self._bias = self.add_weight("bias", [4 * units], initializer=ZEROS)
        self.built = True

    def call(self, inputs: Any, state: Any) -> Any:
        """One step."""
        check_inputs(inputs, state)
        one = constant(1, dt.int32)
        c, h = state if self._state_is_tuple else split(state, 2, one)
        gate_inputs = bias_add(matmul(concat([inputs, h], 1), self._kernel), self._bias)
        i, j, f, o = split(gate_inputs, 4, one)
        forget_bias = constant(self._forget_bias, f.dtype)
        new_c = add(multiply(c, sigmoid(add(f, forget_bias))),
                    multiply(sigmoid(i), self._activation(j)))
        new_h = multiply(self._activation(new_c), sigmoid(o))
        if self._state_is_tuple:
            return new_h, LSTMStateTuple(new_c, new_h)
        return new_h, concat([new_c, new_h], 1)


class LSTMCell(LayerRNNCell):
    """Long short-term memory cell with peepholes, clipping and a projection, each if asked for.

    Args:
        num_units: size of the memory.
        use_peepholes: whether the gates see the memory, through the diagonal weights `w_f_diag`,
            `w_i_diag` and `w_o_diag`.
        cell_clip: the memory is clipped to [-cell_clip, cell_clip]; None for no clipping.
        initializer: first values of the kernels and diagonals; default the scope's.
        num_proj: size of the output, to which it is projected; None for no projection.
        proj_clip: the projected output is clipped to [-proj_clip, proj_clip].
        num_unit_shards, num_proj_shards: into how many parts the kernels are cut.
        forget_bias: added to the forget gates' bias, so that the cell forgets little at first.
        state_is_tuple: whether states are `LSTMStateTuple`s; False for c and h side by side in one
            tensor.
        activation: function, or its name as "relu"; default tanh.
        reuse: True to find variables that are there already, as `tf.variable_scope` takes it.
        name: name of the cell and of its variable scope.
        dtype: dtype of the variables; default that of the first input.
        kwargs: as for `tf.layers.Layer`.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     cell = fg.nn.rnn_cell.LSTMCell(5, num_proj=3)
        ...     output, state = cell(fg.ones([2, 4]), cell.zero_state(2, fg.float32))
        >>> output.shape.as_list(), cell.state_size
        ([2, 3], LSTMStateTuple(c=5, h=3))
    """

    def __init__(self, num_units: int, use_peepholes: bool = False, cell_clip: Any = None,
                 initializer: Any = None, num_proj: int | None = None, proj_clip: Any = None,
                 num_unit_shards: int | None = None, num_proj_shards: int | None = None,
                 forget_bias: float = 1.0, state_is_tuple: bool = True, activation: Any = None,
                 reuse: Any = None, name: Any = None, dtype: Any = None, **kwargs: Any) -> None:
        super().__init__(_reuse=reuse, name=name, dtype=dtype, **kwargs)
        check_dtype(self.dtype)
        self.input_spec = InputSpec(ndim=2)
        self._num_units = num_units
        self._use_peepholes = use_peepholes
        self._cell_clip = cell_clip
        self._initializer = initializer_called(initializer)
        self._num_proj = num_proj
        self._proj_clip = proj_clip
        self._num_unit_shards = num_unit_shards
        self._num_proj_shards = num_proj_shards
        self._forget_bias = forget_bias
        self._state_is_tuple = state_is_tuple
        self._activation = activation_of(activation)

    @property
    def state_size(self) -> Any:
        """Sizes of c and h."""
        sizes = LSTMStateTuple(self._num_units, self.output_size)
        return sizes if self._state_is_tuple else sum(sizes)

    @property
    def output_size(self) -> int:
        """Size of the output."""
        return self._num_proj or self._num_units

    def build(self, inputs_shape: Any) -> None:
        """Makes the variables."""
        units = self._num_units
        rows = input_depth(inputs_shape) + self.output_size
        check_dtype(self.dtype)
        self._kernel = self.add_weight("kernel", [rows, 4 * units], initializer=self._initializer,
                                       partitioner=_cut(self._num_unit_shards))
        self._bias = self.add_weight("bias", [4 * units], initializer=ZEROS)
        if self._use_peepholes:
            self._w_f_diag, self._w_i_diag, self._w_o_diag = (
                self.add_weight(name, [units], initializer=self._initializer)
                for name in ("w_f_diag", "w_i_diag", "w_o_diag"))
        if self._num_proj is not None:
            self._proj_kernel = self.add_weight(
                "projection/kernel", [units, self._num_proj], initializer=self._initializer,
                partitioner=_cut(self._num_proj_shards))
        self.built = True

    def call(self, inputs: Any, state: Any) -> Any:
        """One step."""
        check_inputs(inputs, state)
        if self._state_is_tuple:
            c_prev, m_prev = state
        else:
            c_prev = slice_(state, [0, 0], [-1, self._num_units])
            m_prev = slice_(state, [0, self._num_units], [-1, self.output_size])
        gates = bias_add(matmul(concat([inputs, m_prev], 1), self._kernel), self._bias)
        i, j, f, o = split(gates, 4, 1)
        if self._use_peepholes:
            c = (sigmoid(f + self._forget_bias + self._w_f_diag * c_prev) * c_prev
                 + sigmoid(i + self._w_i_diag * c_prev) * self._activation(j))
        else:
            c = sigmoid(f + self._forget_bias) * c_prev + sigmoid(i) * self._activation(j)
        if self._cell_clip is not None:
            c = clip_by_value(c, -self._cell_clip, self._cell_clip)
        if self._use_peepholes:
            m = sigmoid(o + self._w_o_diag * c) * self._activation(c)
        else:
            m = sigmoid(o) * self._activation(c)
        if self._num_proj is not None:
            m = matmul(m, self._proj_kernel)
            if self._proj_clip is not None:
                m = clip_by_value(m, -self._proj_clip, self._proj_clip)
        return m, LSTMStateTuple(c, m) if self._state_is_tuple else concat([c, m], 1)


def _cut(shards: int | None) -> Any:
    """The partitioner for a number of parts; None for no parts."""
    return None if shards is None else fixed_size_partitioner(shards)
