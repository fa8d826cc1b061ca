"""CompiledWrapper: compiles nothing here, as every graph is planned as a whole."""

from __future__ import annotations

from typing import Any

from flowgraph.graph.graph import name_scope
from flowgraph.nn.rnn_cell.base import RNNCell


class CompiledWrapper(RNNCell):
    """Calls a cell; in TensorFlow its ops were compiled together, here those of every graph are.

    Args:
        cell: the RNNCell to wrap.
        compile_stateful: ignored.

    Example:
        >>> import flowgraph as fg
        >>> cell = fg.contrib.rnn.CompiledWrapper(fg.nn.rnn_cell.GRUCell(3))
        >>> outputs, state = fg.nn.dynamic_rnn(cell, fg.ones([1, 4, 2]), dtype=fg.float32)
        >>> outputs.shape.as_list()
        [1, 4, 3]
    """

    def __init__(self, cell: Any, compile_stateful: bool = False) -> None:
        super().__init__()
        self._cell = cell

    @property
    def state_size(self) -> Any:
        """The wrapped cell's state size."""
        return self._cell.state_size

    @property
    def output_size(self) -> Any:
        """The wrapped cell's output size."""
        return self._cell.output_size

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        """The wrapped cell's state of zeros.

        Args:
            batch_size: int or scalar tensor.
            dtype: dtype of the state.
        """
        with name_scope(type(self).__name__ + "ZeroState", values=[batch_size]):
            return self._cell.zero_state(batch_size, dtype)

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        """Runs one step.

        Args:
            inputs: the wrapped cell's inputs.
            state: the wrapped cell's state.
            scope: variable scope for the wrapped cell.

        Returns:
            The output and the new state.
        """
        return self._cell(inputs, state, scope=scope)
