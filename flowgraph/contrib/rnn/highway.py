"""HighwayWrapper: a cell whose inputs are let past it by a gate."""

from __future__ import annotations

from typing import Any

from flowgraph.core import nest
from flowgraph.nn.rnn_cell.around import AroundCell
from flowgraph.nn.rnn_cell.base import input_depth
from flowgraph.ops.bias import xw_plus_b
from flowgraph.ops.exponential import sigmoid
from flowgraph.ops.initializers import Constant
from flowgraph.ops.variable_scope import get_variable


class HighwayWrapper(AroundCell):
    """output = carry * inputs + transform * output of the cell.

    Args:
        cell: the RNNCell to wrap.
        couple_carry_transform_gates: whether transform is 1 - carry; else it has weights of its
            own.
        carry_bias_init: first value of the carry gate's bias.

    Raises:
        TypeError: `cell` is no RNNCell.
        ValueError: inputs and outputs of the cell differ in size (at a call).

    Example:
        >>> import flowgraph as fg
        >>> cell = fg.contrib.rnn.HighwayWrapper(fg.nn.rnn_cell.GRUCell(3))
        >>> outputs, state = fg.nn.dynamic_rnn(cell, fg.ones([1, 4, 3]), dtype=fg.float32)
        >>> outputs.shape.as_list()
        [1, 4, 3]
    """

    def __init__(self, cell: Any, couple_carry_transform_gates: bool = True,
                 carry_bias_init: float = 1.0) -> None:
        super().__init__(cell)
        self._couple_carry_transform_gates = couple_carry_transform_gates
        self._carry_bias_init = carry_bias_init

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        """Runs one step.

        Args:
            inputs: the wrapped cell's inputs.
            state: the wrapped cell's state.
            scope: variable scope for the wrapped cell.

        Returns:
            The output and the new state.
        """
        outputs, new_state = self._cell(inputs, state, scope=scope)
        nest.assert_same_structure(inputs, outputs)
        return nest.map_structure(self._highway, inputs, outputs), new_state

    def _highway(self, x: Any, y: Any) -> Any:
        x.shape.assert_is_compatible_with(y.shape)
        carry = self._gate("carry", x, self._carry_bias_init)
        transform = (1 - carry if self._couple_carry_transform_gates
                     else self._gate("transform", x, -self._carry_bias_init))
        return x * carry + y * transform

    def _gate(self, name: str, x: Any, bias: float) -> Any:
        size, dtype = input_depth(x.shape), x.dtype.base_dtype
        weights = get_variable(f"{name}_w", [size, size], dtype)
        biases = get_variable(f"{name}_b", [size], dtype, initializer=Constant(bias))
        return sigmoid(xw_plus_b(x, weights, biases))
