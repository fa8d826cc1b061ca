"""An LSTM over time and, within each time step, over frequencies."""

from __future__ import annotations

from typing import Any

from flowgraph.contrib.rnn.shards import matrix_in_shards
from flowgraph.layers.named import ZEROS
from flowgraph.nn.rnn_cell.base import RNNCell, input_depth, zeros_of
from flowgraph.ops.bias import bias_add
from flowgraph.ops.clip import clip_by_value
from flowgraph.ops.exponential import sigmoid, tanh
from flowgraph.ops.index import slice as slice_
from flowgraph.ops.join import concat
from flowgraph.ops.matmul import matmul
from flowgraph.ops.shape import shape as shape_of
from flowgraph.ops.split import split
from flowgraph.ops.variable_scope import get_variable


class TimeFreqLSTMCell(RNNCell):
    """Long short-term memory that sees a window of the inputs at a time, and its own last output.

    The states of all windows are side by side in one tensor: c, m of the first, c, m of the second.

    Args:
        num_units: size of the memory and of the output for each window.
        use_peepholes: whether the gates see the memory.
        cell_clip: the memory is clipped to [-cell_clip, cell_clip]; None for no clipping.
        initializer: ignored, as it was in TensorFlow; set the variable scope's.
        num_unit_shards: into how many variables the matrix is cut.
        forget_bias: added to the forget gates' inputs.
        feature_size: size of a window.
        frequency_skip: how far the next window lies.
        reuse: True to find variables that are there already, as `tf.variable_scope` takes it.

    Example:
        >>> import flowgraph as fg
        >>> cell = fg.contrib.rnn.TimeFreqLSTMCell(3, feature_size=2)
        >>> output, state = cell(fg.ones([1, 4]), fg.zeros([1, 18]))  # three windows of 2
        >>> output.shape.as_list(), state.shape.as_list()
        ([1, 9], [1, 18])
    """

    def __init__(self, num_units: int, use_peepholes: bool = False, cell_clip: Any = None,
                 initializer: Any = None, num_unit_shards: int = 1, forget_bias: float = 1.0,
                 feature_size: int | None = None, frequency_skip: int = 1,
                 reuse: Any = None) -> None:
        super().__init__(_reuse=reuse)
        self._num_units = num_units
        self._use_peepholes = use_peepholes
        self._cell_clip = cell_clip
        self._num_unit_shards = num_unit_shards
        self._forget_bias = forget_bias
        self._feature_size = feature_size
        self._frequency_skip = frequency_skip

    @property
    def state_size(self) -> int:
        """Size of one window's c and m, as in TensorFlow."""
        return 2 * self._num_units

    @property
    def output_size(self) -> int:
        """Size of one window's output, as in TensorFlow."""
        return self._num_units

    def call(self, inputs: Any, state: Any) -> Any:
        """One step."""
        units, dtype, size = self._num_units, inputs.dtype.base_dtype, self._feature_size
        if size is None:
            size = input_depth(inputs.shape)
        kernel = matrix_in_shards("W", [size + 2 * units, 4 * units], dtype, self._num_unit_shards)
        bias = get_variable("B", [4 * units], dtype, initializer=ZEROS)
        if self._use_peepholes:
            w_f, w_i, w_o = (get_variable(f"W_{gate}_diag", [units], dtype) for gate in "FIO")
        batch = inputs.shape[0].value
        m = zeros_of(shape_of(inputs)[0] if batch is None else batch, units, dtype)
        outputs, states = [], []
        windows = (input_depth(inputs.shape) - size) // self._frequency_skip + 1
        for window in range(windows):
            x = slice_(inputs, [0, window * self._frequency_skip], [-1, size])
            c_prev, m_prev = (slice_(state, [0, (2 * window + k) * units], [-1, units])
                              for k in (0, 1))
            i, j, f, o = split(bias_add(matmul(concat([x, m_prev, m], 1), kernel), bias), 4, 1)
            f = f + self._forget_bias
            if self._use_peepholes:
                f, i = f + w_f * c_prev, i + w_i * c_prev
            c = sigmoid(f) * c_prev + sigmoid(i) * tanh(j)
            if self._cell_clip is not None:
                c = clip_by_value(c, -self._cell_clip, self._cell_clip)
            m = sigmoid(o + w_o * c if self._use_peepholes else o) * tanh(c)
            outputs.append(m)
            states += [c, m]
        return (outputs[0] if windows == 1 else concat(outputs, 1)), concat(states, 1)
