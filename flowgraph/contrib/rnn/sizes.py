"""Sizes that the cells of this folder have: one state of `num_units`, or an LSTM's two."""

from __future__ import annotations

from typing import Any

from flowgraph.nn.rnn_cell.lstm import LSTMStateTuple


class OneState:
    """A cell whose state and output have `_num_units` elements."""

    _num_units: int

    @property
    def state_size(self) -> int:
        """Size of the state."""
        return self._num_units

    @property
    def output_size(self) -> int:
        """Size of the output."""
        return self._num_units


class MemoryAndOutput:
    """A cell with a memory of `_num_units` elements and an output of `_num_proj`, if that is set.
    """

    _num_units: int
    _num_proj: int | None = None
    _state_is_tuple = True

    @property
    def state_size(self) -> Any:
        """Sizes of c and h."""
        sizes = LSTMStateTuple(self._num_units, self.output_size)
        return sizes if self._state_is_tuple else sum(sizes)

    @property
    def output_size(self) -> int:
        """Size of the output."""
        return self._num_proj or self._num_units
