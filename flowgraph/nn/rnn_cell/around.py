"""What cells around another cell share: the other one's sizes and first state."""

from __future__ import annotations

from typing import Any

from flowgraph.graph.graph import name_scope
from flowgraph.nn.rnn_cell.base import RNNCell, check_is_cell


class AroundCell(RNNCell):
    """A cell that calls another one, its `_cell`, and has the sizes of that one.

    Args:
        cell: the RNNCell inside.
        kwargs: as for `tf.layers.Layer`.

    Raises:
        TypeError: `cell` is no RNNCell.
    """

    def __init__(self, cell: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_is_cell("cell", cell)
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
