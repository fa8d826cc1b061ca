"""Cells with few gates: update gate (UGRNN), intersection, and simple recurrent unit (SRU)."""

from __future__ import annotations

from typing import Any

from flowgraph.contrib.rnn.linear import linear
from flowgraph.contrib.rnn.sizes import OneState
from flowgraph.core.frames import located
from flowgraph.layers.input_spec import InputSpec
from flowgraph.layers.named import ZEROS
from flowgraph.nn.rnn_cell.base import LayerRNNCell, RNNCell, input_depth
from flowgraph.ops.activation import relu
from flowgraph.ops.bias import bias_add
from flowgraph.ops.exponential import sigmoid, tanh
from flowgraph.ops.join import concat
from flowgraph.ops.matmul import matmul
from flowgraph.ops.split import split
from flowgraph.ops.variable_scope import get_variable_scope, variable_scope


class UGRNNCell(OneState, RNNCell):
    """Update gate network: new state = g * state + (1 - g) * candidate.

    Args:
        num_units: size of the state and of the output.
        initializer: first values of the kernel; default the scope's.
        forget_bias: added to the gate's inputs.
        activation: function; default tanh.
        reuse: True to find variables that are there already, as `tf.variable_scope` takes it.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     cell = fg.contrib.rnn.UGRNNCell(3)
        ...     output, state = cell(fg.ones([2, 4]), cell.zero_state(2, fg.float32))
        >>> cell.variables[0]
        <tf.Variable 'ugrnn_cell/kernel:0' shape=(7, 6) dtype=float32_ref>
    """

    def __init__(self, num_units: int, initializer: Any = None, forget_bias: float = 1.0,
                 activation: Any = tanh, reuse: Any = None) -> None:
        super().__init__(_reuse=reuse)
        self._num_units = num_units
        self._initializer = initializer
        self._forget_bias = forget_bias
        self._activation = activation

    def call(self, inputs: Any, state: Any) -> Any:
        """One step."""
        with variable_scope(get_variable_scope(), initializer=self._initializer):
            gate, candidate = split(linear(concat([inputs, state], 1), 2 * self._num_units, True),
                                    2, 1)
        g = sigmoid(gate + self._forget_bias)
        new_state = g * state + (1.0 - g) * self._activation(candidate)
        return new_state, new_state


class IntersectionRNNCell(OneState, RNNCell):
    """Intersection network: one gate lets the state past, another one the inputs.

    Args:
        num_units: size of the state and of the output.
        num_in_proj: given when the inputs have another size, and are to be projected.
        initializer: first values of the kernels; default the scope's.
        forget_bias: added to the gates' inputs.
        y_activation: function for the output's candidate; default relu.
        reuse: True to find variables that are there already, as `tf.variable_scope` takes it.

    Raises:
        ValueError: the inputs have another size, and there is no `num_in_proj` (at a call).

    Example:
        >>> import flowgraph as fg
        >>> cell = fg.contrib.rnn.IntersectionRNNCell(3, num_in_proj=3)
        >>> output, state = cell(fg.ones([2, 4]), cell.zero_state(2, fg.float32))
        >>> output.shape.as_list()
        [2, 3]
    """

    def __init__(self, num_units: int, num_in_proj: int | None = None, initializer: Any = None,
                 forget_bias: float = 1.0, y_activation: Any = relu, reuse: Any = None) -> None:
        super().__init__(_reuse=reuse)
        self._num_units = num_units
        self._initializer = initializer
        self._forget_bias = forget_bias
        self._num_input_proj = num_in_proj
        self._y_activation = y_activation

    def call(self, inputs: Any, state: Any) -> Any:
        """One step."""
        with variable_scope(get_variable_scope(), initializer=self._initializer):
            if input_depth(inputs.shape) != self._num_units:
                if not self._num_input_proj:
                    raise ValueError(located("Must have input size == output size for "
                                             "Intersection RNN. To fix, num_in_proj should be set "
                                             "to num_units at cell init."))
                with variable_scope("in_projection"):
                    inputs = linear(inputs, self._num_units, True)
            gates = linear(concat([inputs, state], 1), 4 * self._num_units, True)
        of_state, h, of_input, y = split(gates, 4, 1)
        g = sigmoid(of_state + self._forget_bias)
        g_y = sigmoid(of_input + self._forget_bias)
        new_state = g * state + (1.0 - g) * tanh(h)
        return g_y * inputs + (1.0 - g_y) * self._y_activation(y), new_state


class SRUCell(OneState, LayerRNNCell):
    """Simple recurrent unit: its gates do not see the state, so that one product does for a step.

    Args:
        num_units: size of the state and of the output; that of the inputs is the same.
        activation: function; default tanh.
        reuse: True to find variables that are there already, as `tf.variable_scope` takes it.
        name: name of the cell and of its variable scope.
        kwargs: as for `tf.layers.Layer`.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     cell = fg.contrib.rnn.SRUCell(3)
        ...     output, state = cell(fg.ones([2, 3]), cell.zero_state(2, fg.float32))
        >>> [v.shape.as_list() for v in cell.variables]
        [[3, 12], [6]]
    """

    def __init__(self, num_units: int, activation: Any = None, reuse: Any = None,
                 name: Any = None, **kwargs: Any) -> None:
        super().__init__(_reuse=reuse, name=name, **kwargs)
        self._num_units = num_units
        self._activation = activation or tanh
        self.input_spec = InputSpec(ndim=2)

    def build(self, inputs_shape: Any) -> None:
        """Makes `kernel` and `bias`."""
        self._kernel = self.add_weight("kernel", [input_depth(inputs_shape), 4 * self._num_units])
        self._bias = self.add_weight("bias", [2 * self._num_units], initializer=ZEROS)
        self.built = True

    def call(self, inputs: Any, state: Any) -> Any:
        """One step."""
        candidate, f, r, x = split(matmul(inputs, self._kernel), 4, 1)
        f, r = split(sigmoid(bias_add(concat([f, r], 1), self._bias)), 2, 1)
        c = f * state + (1.0 - f) * candidate
        return r * self._activation(c) + (1.0 - r) * x, c
