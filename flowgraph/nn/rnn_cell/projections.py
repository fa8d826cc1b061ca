"""Cells with a linear layer before or after them; `tf.contrib.rnn`'s."""

from __future__ import annotations

from typing import Any

from flowgraph.core.frames import located
from flowgraph.layers.named import ZEROS
from flowgraph.nn.rnn_cell.around import AroundCell
from flowgraph.nn.rnn_cell.base import input_depth
from flowgraph.ops.bias import bias_add
from flowgraph.ops.matmul import matmul
from flowgraph.ops.variable_scope import get_variable


class _Projection(AroundCell):
    """A cell around another one that projects its inputs or outputs."""

    def __init__(self, cell: Any, size: int, activation: Any, reuse: Any) -> None:
        super().__init__(cell, _reuse=reuse)
        self._size = size
        self._activation = activation

    def _projected(self, x: Any) -> Any:
        kind = x.dtype.base_dtype
        kernel = get_variable("kernel", [input_depth(x.shape), self._size], kind)
        bias = get_variable("bias", [self._size], kind, initializer=ZEROS)
        result = bias_add(matmul(x, kernel), bias)
        return self._activation(result) if self._activation else result


class InputProjectionWrapper(_Projection):
    """Projects a cell's inputs to another size.

    Args:
        cell: the RNNCell to wrap.
        num_proj: the size.
        activation: function applied to the projected inputs, or None.
        input_size: ignored.
        reuse: True to find variables that are there already, as `tf.variable_scope` takes it.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.nn.rnn_cell.projections import InputProjectionWrapper
        >>> with fg.Graph().as_default():
        ...     cell = InputProjectionWrapper(fg.nn.rnn_cell.GRUCell(3), 2)
        ...     output, state = cell(fg.ones([1, 9]), cell.zero_state(1, fg.float32))
        ...     fg.trainable_variables()[0]
        <tf.Variable 'input_projection_wrapper/kernel:0' shape=(9, 2) dtype=float32_ref>
    """

    def __init__(self, cell: Any, num_proj: int, activation: Any = None, input_size: Any = None,
                 reuse: Any = None) -> None:
        super().__init__(cell, num_proj, activation, reuse)

    def call(self, inputs: Any, state: Any) -> Any:
        """One step."""
        return self._cell(self._projected(inputs), state)


class OutputProjectionWrapper(_Projection):
    """Projects a cell's outputs to another size.

    Args:
        cell: the RNNCell to wrap.
        output_size: the size.
        activation: function applied to the projected outputs, or None.
        reuse: True to find variables that are there already, as `tf.variable_scope` takes it.

    Raises:
        ValueError: the size is not positive.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.nn.rnn_cell.projections import OutputProjectionWrapper
        >>> cell = OutputProjectionWrapper(fg.nn.rnn_cell.GRUCell(3), output_size=7)
        >>> outputs, state = fg.nn.dynamic_rnn(cell, fg.ones([1, 4, 2]), dtype=fg.float32)
        >>> outputs.shape.as_list()
        [1, 4, 7]
    """

    def __init__(self, cell: Any, output_size: int, activation: Any = None,
                 reuse: Any = None) -> None:
        super().__init__(cell, output_size, activation, reuse)
        if output_size < 1:
            raise ValueError(located(f"Parameter output_size must be > 0: {output_size}."))

    @property
    def output_size(self) -> Any:
        """The projected size."""
        return self._size

    def call(self, inputs: Any, state: Any) -> Any:
        """One step."""
        output, new_state = self._cell(inputs, state)
        return self._projected(output), new_state
