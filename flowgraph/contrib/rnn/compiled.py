"""CompiledWrapper: compiles nothing here, as every graph is planned as a whole."""

from __future__ import annotations

from typing import Any

from flowgraph.nn.rnn_cell.around import AroundCell


class CompiledWrapper(AroundCell):
    """Calls a cell; in TensorFlow its ops were compiled together, here those of every graph are.

    Args:
        cell: the RNNCell to wrap.
        compile_stateful: ignored.

    Raises:
        TypeError: `cell` is no RNNCell.

    Example:
        >>> import flowgraph as fg
        >>> cell = fg.contrib.rnn.CompiledWrapper(fg.nn.rnn_cell.GRUCell(3))
        >>> outputs, state = fg.nn.dynamic_rnn(cell, fg.ones([1, 4, 2]), dtype=fg.float32)
        >>> outputs.shape.as_list()
        [1, 4, 3]
    """

    def __init__(self, cell: Any, compile_stateful: bool = False) -> None:
        super().__init__(cell)

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
