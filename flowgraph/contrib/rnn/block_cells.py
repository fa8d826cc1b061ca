"""The block cells: LSTM and GRU with the variables that TensorFlow's one-op cells have.

TensorFlow computed a step of these cells in one op, to save the cost of many small ones. Here the
ops of any cell become one program, so that these classes differ from `LSTMCell` and `GRUCell` in
the names of their variables, in their arguments, and, for the fused one, in the product of all
inputs with the kernel, which is taken before the loop.
"""

from __future__ import annotations

import abc
from typing import Any

from flowgraph.contrib.rnn.fused import FusedRNNCell
from flowgraph.contrib.rnn.sizes import MemoryAndOutput, OneState
from flowgraph.core.frames import located
from flowgraph.layers.base import Layer
from flowgraph.layers.input_spec import InputSpec
from flowgraph.layers.named import ZEROS
from flowgraph.nn.rnn import dynamic_rnn
from flowgraph.nn.rnn_cell.base import LayerRNNCell, check_inputs, input_depth, zeros_of
from flowgraph.nn.rnn_cell.lstm import LSTMStateTuple
from flowgraph.ops.bias import bias_add
from flowgraph.ops.clip import clip_by_value
from flowgraph.ops.exponential import sigmoid, tanh
from flowgraph.ops.initializers import Constant
from flowgraph.ops.join import concat, stack
from flowgraph.ops.matmul import matmul
from flowgraph.ops.reshape import reshape
from flowgraph.ops.shape import shape as shape_of
from flowgraph.ops.split import split, unstack


class LSTMBlockCell(MemoryAndOutput, LayerRNNCell):
    """Long short-term memory cell; its variables are those of `LSTMCell`, as is its scope's name.

    Args:
        num_units: size of the memory and of the output.
        forget_bias: added to the forget gates' bias.
        cell_clip: the memory is clipped to [-cell_clip, cell_clip]; None or -1 for no clipping.
        use_peephole: whether the gates see the memory, through the diagonal weights `w_i_diag`,
            `w_f_diag` and `w_o_diag`.
        dtype: dtype of the variables; default that of the first input.
        reuse: True to find variables that are there already, as `tf.variable_scope` takes it.
        name: name of the cell and of its variable scope.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     cell = fg.contrib.rnn.LSTMBlockCell(3)
        ...     output, state = cell(fg.ones([2, 4]), cell.zero_state(2, fg.float32))
        >>> cell.variables[0]
        <tf.Variable 'lstm_cell/kernel:0' shape=(7, 12) dtype=float32_ref>
    """

    _kernel: Any
    _bias: Any

    def __init__(self, num_units: int, forget_bias: float = 1.0, cell_clip: Any = None,
                 use_peephole: bool = False, dtype: Any = None, reuse: Any = None,
                 name: Any = "lstm_cell") -> None:
        super().__init__(_reuse=reuse, dtype=dtype, name=name)
        self.input_spec = InputSpec(ndim=2)
        self._num_units = num_units
        self._forget_bias = forget_bias
        self._cell_clip = cell_clip
        self._use_peephole = use_peephole

    def build(self, inputs_shape: Any) -> None:
        """Makes `kernel`, `bias` and the diagonals."""
        _make_variables(self, input_depth(inputs_shape))

    def call(self, inputs: Any, state: Any) -> Any:
        """One step."""
        if len(state) != 2:
            raise ValueError(located("Expecting state to be a tuple with length 2."))
        check_inputs(inputs, state)
        c, h = state
        gates = bias_add(matmul(concat([inputs, h], 1), self._kernel), self._bias)
        new_c, new_h = _lstm_step(self, gates, c)
        return new_h, LSTMStateTuple(new_c, new_h)


def _make_variables(cell: Any, depth: int) -> None:
    units = cell._num_units
    cell._kernel = cell.add_weight("kernel", [depth + units, 4 * units])
    cell._bias = cell.add_weight("bias", [4 * units], initializer=ZEROS)
    if cell._use_peephole:
        cell._w_i_diag, cell._w_f_diag, cell._w_o_diag = (
            cell.add_weight(name, [units]) for name in ("w_i_diag", "w_f_diag", "w_o_diag"))
    cell.built = True


def _lstm_step(cell: Any, gates: Any, c: Any) -> tuple[Any, Any]:
    """(new c, new h) from the gates' inputs; TensorFlow calls their order icfo."""
    i, j, f, o = split(gates, 4, 1)
    if cell._use_peephole:
        i, f = i + cell._w_i_diag * c, f + cell._w_f_diag * c
    new_c = sigmoid(f + cell._forget_bias) * c + sigmoid(i) * tanh(j)
    if cell._cell_clip is not None and cell._cell_clip > 0:
        new_c = clip_by_value(new_c, -cell._cell_clip, cell._cell_clip)
    if cell._use_peephole:
        o = o + cell._w_o_diag * new_c
    return new_c, sigmoid(o) * tanh(new_c)


# ---- over whole sequences ------------------------------------------------------------------------


class LSTMBlockWrapper(Layer, FusedRNNCell):
    """Base of LSTMs that run over a whole sequence: write `num_units` and `_call_cell`.

    Args:
        trainable: whether the variables are trained.
        name: name of the layer and of its variable scope.
        dtype: dtype of the variables; default that of the first input.
        kwargs: as for `tf.layers.Layer`.

    Example:
        >>> import flowgraph as fg
        >>> issubclass(fg.contrib.rnn.LSTMBlockFusedCell, fg.contrib.rnn.LSTMBlockWrapper)
        True
    """

    @property
    @abc.abstractmethod
    def num_units(self) -> int:
        """Size of the memory and of the output."""

    @abc.abstractmethod
    def _call_cell(self, inputs: Any, initial_cell_state: Any, initial_output: Any, dtype: Any,
                   sequence_length: Any) -> Any:
        """(outputs `[time, batch_size, num_units]`, the final LSTMStateTuple)."""

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Runs over the sequence.

        Args:
            inputs: tensor `[time, batch_size, input_size]`, or a list with a tensor per time step.
            args, kwargs: as for `call`; `scope` names the variable scope to use.

        Returns:
            The outputs, in the form of the inputs, and the final LSTMStateTuple.
        """
        if not isinstance(inputs, list):
            return super().__call__(inputs, *args, **kwargs)
        outputs, state = super().__call__(stack(inputs), *args, **kwargs)
        return unstack(outputs, len(inputs)), state

    def call(self, inputs: Any, initial_state: Any = None, dtype: Any = None,
             sequence_length: Any = None) -> Any:
        """Runs over the sequence.

        Args:
            inputs: tensor `[time, batch_size, input_size]`.
            initial_state: pair of the first memory and output; default zeros.
            dtype: dtype of these zeros.
            sequence_length: int vector, the number of time steps of each row; default all. Behind
                their end rows give outputs of 0.

        Returns:
            The outputs and the final LSTMStateTuple.

        Raises:
            ValueError: there is neither `initial_state` nor `dtype`, or the state is no pair.
        """
        if initial_state is None:
            if dtype is None:
                raise ValueError(located("Either initial_state or dtype needs to be specified"))
            batch_size = inputs.shape[1].value
            zeros = zeros_of(shape_of(inputs)[1] if batch_size is None else batch_size,
                             self.num_units, dtype)
            initial_state = zeros, zeros
        elif len(initial_state) != 2:
            raise ValueError(located("Expecting initial_state to be a tuple with length 2 or None"))
        c, h = initial_state
        return self._call_cell(inputs, c, h, dtype or c.dtype, sequence_length)


class LSTMBlockFusedCell(LSTMBlockWrapper):
    """Long short-term memory over a whole sequence.

    Args:
        num_units: size of the memory and of the output.
        forget_bias: added to the forget gates' bias.
        cell_clip: the memory is clipped to [-cell_clip, cell_clip]; None or -1 for no clipping.
        use_peephole: whether the gates see the memory, through the diagonal weights `w_i_diag`,
            `w_f_diag` and `w_o_diag`.
        reuse: True to find variables that are there already, as `tf.variable_scope` takes it.
        dtype: dtype of the variables; default that of the first input.
        name: name of the cell and of its variable scope.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     cell = fg.contrib.rnn.LSTMBlockFusedCell(3)
        ...     outputs, state = cell(fg.ones([5, 2, 4]), dtype=fg.float32)
        >>> outputs.shape.as_list(), cell.variables[0].name
        ([5, 2, 3], 'lstm_fused_cell/kernel:0')
    """

    _kernel: Any
    _bias: Any

    def __init__(self, num_units: int, forget_bias: float = 1.0, cell_clip: Any = None,
                 use_peephole: bool = False, reuse: Any = None, dtype: Any = None,
                 name: Any = "lstm_fused_cell") -> None:
        super().__init__(_reuse=reuse, name=name, dtype=dtype)
        self.input_spec = InputSpec(ndim=3)
        self._num_units = num_units
        self._forget_bias = forget_bias
        self._cell_clip = cell_clip
        self._use_peephole = use_peephole

    @property
    def num_units(self) -> int:
        """Size of the memory and of the output."""
        return self._num_units

    def build(self, input_shape: Any) -> None:
        """Makes `kernel`, `bias` and the diagonals."""
        _make_variables(self, input_depth(input_shape))

    def _call_cell(self, inputs: Any, initial_cell_state: Any, initial_output: Any, dtype: Any,
                   sequence_length: Any) -> Any:
        units, depth = self._num_units, input_depth(inputs.shape)
        kernel = self._kernel
        flat = reshape(inputs, [-1, depth])
        sizes = [size.value if size.value is not None else shape_of(inputs)[axis]
                 for axis, size in enumerate(inputs.shape.dims[:2])]
        of_inputs = reshape(bias_add(matmul(flat, kernel[:depth]), self._bias),
                            [*sizes, 4 * units])
        step = _StepOfFused(self, kernel[depth:])
        return dynamic_rnn(step, of_inputs, sequence_length,
                           LSTMStateTuple(initial_cell_state, initial_output), dtype,
                           time_major=True)


class _StepOfFused(MemoryAndOutput):
    """A cell whose inputs have been multiplied by the kernel already.

    Args:
        cell: the fused cell.
        recurrent: the rows of the kernel for the last output.
    """

    def __init__(self, cell: Any, recurrent: Any) -> None:
        self._cell, self._recurrent, self._num_units = cell, recurrent, cell._num_units

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        """A state of zeros.

        Args:
            batch_size: int or scalar tensor.
            dtype: dtype of the state.
        """
        zeros = zeros_of(batch_size, self._num_units, dtype)
        return LSTMStateTuple(zeros, zeros)

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        """(output, new state).

        Args:
            inputs: the gates' inputs, without what the last output adds.
            state: LSTMStateTuple.
            scope: ignored; there are no variables to make.
        """
        c, h = _lstm_step(self._cell, inputs + matmul(state.h, self._recurrent), state.c)
        return h, LSTMStateTuple(c, h)


# ---- GRU -----------------------------------------------------------------------------------------


class GRUBlockCell(OneState, LayerRNNCell):
    """Gated recurrent unit, with variables `w_ru`, `b_ru`, `w_c` and `b_c`.

    Args:
        num_units: size of the state and of the output.
        cell_size: old name of `num_units`.
        reuse: True to find variables that are there already, as `tf.variable_scope` takes it.
        name: name of the cell and of its variable scope.

    Raises:
        ValueError: both sizes are given, or none.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     cell = fg.contrib.rnn.GRUBlockCell(3)
        ...     output, state = cell(fg.ones([2, 4]), cell.zero_state(2, fg.float32))
        >>> [v.name for v in cell.variables]
        ['gru_cell/w_ru:0', 'gru_cell/b_ru:0', 'gru_cell/w_c:0', 'gru_cell/b_c:0']
    """

    _variable_names = ("w_ru", "b_ru", "w_c", "b_c")

    def __init__(self, num_units: int | None = None, cell_size: int | None = None,
                 reuse: Any = None, name: Any = "gru_cell") -> None:
        super().__init__(_reuse=reuse, name=name)
        if (cell_size is None) == (num_units is None):
            raise ValueError(located("Exactly one of num_units or cell_size must be provided."))
        self._num_units = cell_size if num_units is None else num_units  # type: ignore[assignment]
        self.input_spec = InputSpec(ndim=2)

    def build(self, input_shape: Any) -> None:
        """Makes the kernels and biases."""
        rows, units = input_depth(input_shape) + self._num_units, self._num_units
        gate_kernel, gate_bias, candidate_kernel, candidate_bias = self._variable_names
        self._gate_kernel = self.add_weight(gate_kernel, [rows, 2 * units])
        self._gate_bias = self.add_weight(gate_bias, [2 * units], initializer=Constant(1.0))
        self._candidate_kernel = self.add_weight(candidate_kernel, [rows, units])
        self._candidate_bias = self.add_weight(candidate_bias, [units], initializer=ZEROS)
        self.built = True

    def call(self, inputs: Any, h_prev: Any) -> Any:
        """One step."""
        columns = h_prev.shape.with_rank(2)[1].value
        if columns != self._num_units:
            raise ValueError(located(f"Shape of h_prev[1] incorrect: cell_size {self._num_units} "
                                     f"vs {columns}"))
        gates = bias_add(matmul(concat([inputs, h_prev], 1), self._gate_kernel), self._gate_bias)
        r, u = split(sigmoid(gates), 2, 1)
        candidate = matmul(concat([inputs, h_prev * r], 1), self._candidate_kernel)
        c = tanh(bias_add(candidate, self._candidate_bias))
        new_h = u * h_prev + (1 - u) * c
        return new_h, new_h


class GRUBlockCellV2(GRUBlockCell):
    """Gated recurrent unit, with the variables of `GRUCell`.

    Args:
        num_units: size of the state and of the output.
        cell_size: old name of `num_units`.
        reuse: True to find variables that are there already, as `tf.variable_scope` takes it.
        name: name of the cell and of its variable scope.

    Raises:
        ValueError: both sizes are given, or none.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     cell = fg.contrib.rnn.GRUBlockCellV2(3)
        ...     output, state = cell(fg.ones([2, 4]), cell.zero_state(2, fg.float32))
        >>> cell.variables[0].name
        'gru_cell/gates/kernel:0'
    """

    _variable_names = ("gates/kernel", "gates/bias", "candidate/kernel", "candidate/bias")
