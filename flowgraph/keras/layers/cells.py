"""Cells of recurrent layers: what happens in one step."""

from __future__ import annotations

from typing import Any

from flowgraph.core.shapes import TensorShape
from flowgraph.keras import activations
from flowgraph.keras.backend import learning_phase
from flowgraph.keras.layer import Layer
from flowgraph.layers.named import initializer_called
from flowgraph.layers.smart_cond import smart_cond
from flowgraph.ops.bias import bias_add
from flowgraph.ops.constant import ones_like, zeros
from flowgraph.ops.dropout import dropout
from flowgraph.ops.initializers import Ones
from flowgraph.ops.join import concat
from flowgraph.ops.matmul import matmul
from flowgraph.ops.shape import shape as shape_of
from flowgraph.ops.split import split, unstack


class Cell(Layer):
    """What the cells share: their variables, dropout, states of zeros."""

    gates = 1

    def __init__(self, units: int, activation: Any = "tanh", use_bias: bool = True,
                 kernel_initializer: Any = "glorot_uniform",
                 recurrent_initializer: Any = "orthogonal", bias_initializer: Any = "zeros",
                 kernel_regularizer: Any = None, recurrent_regularizer: Any = None,
                 bias_regularizer: Any = None, kernel_constraint: Any = None,
                 recurrent_constraint: Any = None, bias_constraint: Any = None,
                 dropout: float = 0.0, recurrent_dropout: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units, self.use_bias = units, use_bias
        self.activation = activations.get(activation)
        self.kernel_initializer, self.bias_initializer = kernel_initializer, bias_initializer
        self.recurrent_initializer = recurrent_initializer
        self.kernel_regularizer, self.bias_regularizer = kernel_regularizer, bias_regularizer
        self.recurrent_regularizer = recurrent_regularizer
        self.kernel_constraint, self.bias_constraint = kernel_constraint, bias_constraint
        self.recurrent_constraint = recurrent_constraint
        self.dropout = min(1.0, max(0.0, dropout))
        self.recurrent_dropout = min(1.0, max(0.0, recurrent_dropout))
        self.state_size: Any = units
        self.output_size = units
        self.bias: Any = None
        self._masks: Any = None

    def build(self, input_shape: Any) -> None:
        """Makes `kernel`, `recurrent_kernel` and `bias`."""
        size = TensorShape(input_shape)[-1].value
        self.kernel = self.add_weight(
            "kernel", (size, self.gates * self.units), initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer, constraint=self.kernel_constraint)
        self.recurrent_kernel = self.add_weight(
            "recurrent_kernel", (self.units, self.gates * self.units),
            initializer=self.recurrent_initializer, regularizer=self.recurrent_regularizer,
            constraint=self.recurrent_constraint)
        if self.use_bias:
            self.bias = self.add_weight(
                "bias", self._bias_shape(), initializer=self._first_bias(),
                regularizer=self.bias_regularizer, constraint=self.bias_constraint)
        self.built = True

    def _bias_shape(self) -> tuple[int, ...]:
        return (self.gates * self.units,)

    def _first_bias(self) -> Any:
        return self.bias_initializer

    def get_initial_state(self, inputs: Any = None, batch_size: Any = None, dtype: Any = None
                          ) -> Any:
        """Zeros for each state.

        Args:
            inputs: the inputs, to take batch size and dtype from.
            batch_size, dtype: those, where there are no inputs.
        """
        if inputs is not None:
            batch_size, dtype = shape_of(inputs)[0], inputs.dtype.base_dtype
        return zero_states(self.state_size, batch_size, dtype)

    def make_masks(self, inputs: Any, states: Any, training: Any) -> None:
        """Draws what is dropped in all steps of a series.

        Args:
            inputs: the inputs of one step.
            states: the states before it.
            training: bool, tensor, or None for the learning phase.
        """
        training = learning_phase() if training is None else training
        self._masks = [_mask(x, rate, training) if rate else None
                       for x, rate in ((inputs, self.dropout),
                                       (states[0], self.recurrent_dropout))]

    def _dropped(self, inputs: Any, state: Any, training: Any) -> tuple[Any, Any]:
        if not (self.dropout or self.recurrent_dropout):
            return inputs, state
        if self._masks is None:
            self.make_masks(inputs, [state], training)
        for_inputs, for_state = self._masks
        return (inputs if for_inputs is None else inputs * for_inputs,
                state if for_state is None else state * for_state)


def zero_states(sizes: Any, batch_size: Any, dtype: Any) -> list[Any]:
    """Zeros for a state size, or for each of several."""
    several = sizes if isinstance(sizes, (list, tuple)) else [sizes]
    return [zeros([batch_size, *TensorShape(size).as_list()] if not isinstance(size, int)
                  else [batch_size, size], dtype) for size in several]


def _mask(x: Any, rate: float, training: Any) -> Any:
    ones = ones_like(x)
    return smart_cond(training, lambda: dropout(ones, rate=rate), lambda: ones)


class SimpleRNNCell(Cell):
    """One step of a simple recurrent layer: `activation(x . kernel + h . recurrent + bias)`.

    Args:
        units: size of the output and of the state.
        activation: function applied to the new state, or its name.
        use_bias: whether a bias is added.
        kernel_initializer, recurrent_initializer, bias_initializer, kernel_regularizer,
            recurrent_regularizer, bias_regularizer, kernel_constraint, recurrent_constraint,
            bias_constraint: as for a Dense layer; `recurrent` is the kernel for the state.
        dropout, recurrent_dropout: fractions of the inputs and of the state dropped in training.
        kwargs: `name`.

    Example:
        >>> import flowgraph as fg
        >>> output, states = fg.keras.layers.SimpleRNNCell(4)(fg.ones([2, 3]), [fg.zeros([2, 4])])
        >>> output.shape.as_list()
        [2, 4]
    """

    def call(self, inputs: Any, states: Any, training: Any = None) -> Any:
        """Computes the output and the new states."""
        inputs, h = self._dropped(inputs, states[0], training)
        z = matmul(inputs, self.kernel)
        z = z if self.bias is None else bias_add(z, self.bias)
        output = self.activation(z + matmul(h, self.recurrent_kernel))
        return output, [output]


class GRUCell(Cell):
    """One step of a gated recurrent layer.

    Args:
        units: size of the output and of the state.
        activation, recurrent_activation: functions for the new state and for the gates, or names.
        use_bias: whether a bias is added.
        kernel_initializer, recurrent_initializer, bias_initializer, kernel_regularizer,
            recurrent_regularizer, bias_regularizer, kernel_constraint, recurrent_constraint,
            bias_constraint: as for a Dense layer; `recurrent` is the kernel for the state.
        dropout, recurrent_dropout: fractions of the inputs and of the state dropped in training.
        implementation: accepted; the results are the same.
        reset_after: whether the reset gate works after the product with the state.
        kwargs: `name`.

    Example:
        >>> import flowgraph as fg
        >>> output, states = fg.keras.layers.GRUCell(4)(fg.ones([2, 3]), [fg.zeros([2, 4])])
        >>> output.shape.as_list()
        [2, 4]
    """

    gates = 3

    def __init__(self, units: int, activation: Any = "tanh",
                 recurrent_activation: Any = "hard_sigmoid", use_bias: bool = True,
                 kernel_initializer: Any = "glorot_uniform",
                 recurrent_initializer: Any = "orthogonal", bias_initializer: Any = "zeros",
                 kernel_regularizer: Any = None, recurrent_regularizer: Any = None,
                 bias_regularizer: Any = None, kernel_constraint: Any = None,
                 recurrent_constraint: Any = None, bias_constraint: Any = None,
                 dropout: float = 0.0, recurrent_dropout: float = 0.0, implementation: int = 1,
                 reset_after: bool = False, **kwargs: Any) -> None:
        super().__init__(
            units, activation, use_bias, kernel_initializer, recurrent_initializer,
            bias_initializer, kernel_regularizer, recurrent_regularizer, bias_regularizer,
            kernel_constraint, recurrent_constraint, bias_constraint, dropout, recurrent_dropout,
            **kwargs)
        self.recurrent_activation = activations.get(recurrent_activation)
        self.implementation, self.reset_after = implementation, reset_after

    def _bias_shape(self) -> tuple[int, ...]:
        return (2, 3 * self.units) if self.reset_after else (3 * self.units,)

    def call(self, inputs: Any, states: Any, training: Any = None) -> Any:
        """Computes the output and the new states."""
        before = states[0]
        inputs, h = self._dropped(inputs, before, training)
        for_inputs, for_state = (unstack(self.bias) if self.use_bias and self.reset_after
                                 else (self.bias, None))
        x = matmul(inputs, self.kernel)
        x_z, x_r, x_h = split(x if for_inputs is None else bias_add(x, for_inputs), 3, axis=1)
        if self.reset_after:
            inner = matmul(h, self.recurrent_kernel)
            inner = inner if for_state is None else bias_add(inner, for_state)
            h_z, h_r, h_h = split(inner, 3, axis=1)
        else:
            h_z, h_r = split(matmul(h, self.recurrent_kernel[:, :2 * self.units]), 2, axis=1)
        z = self.recurrent_activation(x_z + h_z)
        r = self.recurrent_activation(x_r + h_r)
        h_h = r * h_h if self.reset_after else matmul(r * h,
                                                      self.recurrent_kernel[:, 2 * self.units:])
        output = z * before + (1 - z) * self.activation(x_h + h_h)
        return output, [output]


class LSTMCell(Cell):
    """One step of a layer with long short-term memory.

    Args:
        units: size of the output and of the two states.
        activation, recurrent_activation: functions for the new state and for the gates, or names.
        use_bias: whether a bias is added.
        kernel_initializer, recurrent_initializer, bias_initializer, kernel_regularizer,
            recurrent_regularizer, bias_regularizer, kernel_constraint, recurrent_constraint,
            bias_constraint: as for a Dense layer; `recurrent` is the kernel for the state.
        unit_forget_bias: whether the bias of the forget gate starts at 1.
        dropout, recurrent_dropout: fractions of the inputs and of the state dropped in training.
        implementation: accepted; the results are the same.
        kwargs: `name`.

    Example:
        >>> import flowgraph as fg
        >>> cell = fg.keras.layers.LSTMCell(4)
        >>> output, states = cell(fg.ones([2, 3]), [fg.zeros([2, 4]), fg.zeros([2, 4])])
        >>> output.shape.as_list(), len(states)
        ([2, 4], 2)
    """

    gates = 4

    def __init__(self, units: int, activation: Any = "tanh",
                 recurrent_activation: Any = "hard_sigmoid", use_bias: bool = True,
                 kernel_initializer: Any = "glorot_uniform",
                 recurrent_initializer: Any = "orthogonal", bias_initializer: Any = "zeros",
                 unit_forget_bias: bool = True, kernel_regularizer: Any = None,
                 recurrent_regularizer: Any = None, bias_regularizer: Any = None,
                 kernel_constraint: Any = None, recurrent_constraint: Any = None,
                 bias_constraint: Any = None, dropout: float = 0.0, recurrent_dropout: float = 0.0,
                 implementation: int = 1, **kwargs: Any) -> None:
        super().__init__(
            units, activation, use_bias, kernel_initializer, recurrent_initializer,
            bias_initializer, kernel_regularizer, recurrent_regularizer, bias_regularizer,
            kernel_constraint, recurrent_constraint, bias_constraint, dropout, recurrent_dropout,
            **kwargs)
        self.recurrent_activation = activations.get(recurrent_activation)
        self.unit_forget_bias, self.implementation = unit_forget_bias, implementation
        self.state_size = [units, units]

    def _first_bias(self) -> Any:
        if not self.unit_forget_bias:
            return self.bias_initializer
        first, units = initializer_called(self.bias_initializer), self.units

        def with_open_forget_gate(shape: Any, dtype: Any = None, partition_info: Any = None) -> Any:
            return concat([first([units], dtype=dtype), Ones()([units], dtype=dtype),
                           first([2 * units], dtype=dtype)], -1)
        return with_open_forget_gate

    def call(self, inputs: Any, states: Any, training: Any = None) -> Any:
        """Computes the output and the new states."""
        inputs, h = self._dropped(inputs, states[0], training)
        z = matmul(inputs, self.kernel) + matmul(h, self.recurrent_kernel)
        i, f, c, o = split(z if self.bias is None else bias_add(z, self.bias), 4, axis=1)
        carry = (self.recurrent_activation(f) * states[1]
                 + self.recurrent_activation(i) * self.activation(c))
        output = self.recurrent_activation(o) * self.activation(carry)
        return output, [output, carry]


class StackedRNNCells(Layer):
    """Several cells, each taking the output of the one before.

    Args:
        cells: list of cells.
        kwargs: `name`.

    Example:
        >>> import flowgraph as fg
        >>> cells = fg.keras.layers.StackedRNNCells([fg.keras.layers.GRUCell(n) for n in (4, 5)])
        >>> fg.keras.layers.RNN(cells)(fg.ones([2, 6, 3])).shape.as_list()
        [2, 5]
    """

    def __init__(self, cells: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.cells = list(cells)

    @property
    def state_size(self) -> Any:
        """The sizes of the states of all cells."""
        return [size for cell in self.cells for size in _as_list(cell.state_size)]

    @property
    def output_size(self) -> Any:
        """The size of the last cell's output."""
        return _output_size(self.cells[-1])

    def build(self, input_shape: Any) -> None:
        """Builds the cells."""
        shape = TensorShape(input_shape)
        for cell in self.cells:
            if not cell.built:
                cell.build(shape)
                cell.built = True
            shape = TensorShape([shape.as_list()[0], _output_size(cell)])
        self.built = True

    def get_initial_state(self, inputs: Any = None, batch_size: Any = None, dtype: Any = None
                          ) -> Any:
        """Zeros for each state.

        Args:
            inputs: the inputs, to take batch size and dtype from.
            batch_size, dtype: those, where there are no inputs.
        """
        if inputs is not None:
            batch_size, dtype = shape_of(inputs)[0], inputs.dtype.base_dtype
        return zero_states(self.state_size, batch_size, dtype)

    def call(self, inputs: Any, states: Any, training: Any = None) -> Any:
        """Computes the output and the new states."""
        new: list[Any] = []
        for cell in self.cells:
            count = len(_as_list(cell.state_size))
            part = states[len(new):len(new) + count]
            inputs, made = cell.call(inputs, part)
            new += _as_list(made)
        return inputs, new


def _as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _output_size(cell: Any) -> Any:
    size = getattr(cell, "output_size", None)
    return _as_list(cell.state_size)[0] if size is None else size
