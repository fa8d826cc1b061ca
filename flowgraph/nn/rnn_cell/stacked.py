"""MultiRNNCell: cells on top of each other."""

from __future__ import annotations

from typing import Any

from flowgraph.core import nest
from flowgraph.core.frames import located
from flowgraph.errors import ShapeError
from flowgraph.graph.graph import name_scope
from flowgraph.layers.base import Layer
from flowgraph.nn.rnn_cell.base import RNNCell
from flowgraph.ops.index import slice as slice_
from flowgraph.ops.join import concat
from flowgraph.ops.variable_scope import variable_scope


class MultiRNNCell(RNNCell):
    """Cells on top of each other: the output of one is the input of the next.

    Args:
        cells: list of RNNCells, the lowest first.
        state_is_tuple: whether a state is the tuple of the cells' states; False for all states side
            by side in one tensor.

    Raises:
        ValueError: there are no cells, or some have tuples as states while `state_is_tuple` is
            False; or one cell that stands in two places gets inputs of two sizes.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     cell = fg.nn.rnn_cell.MultiRNNCell([fg.nn.rnn_cell.GRUCell(n) for n in (4, 3)])
        ...     output, state = cell(fg.ones([2, 5]), cell.zero_state(2, fg.float32))
        >>> cell.state_size, cell.variables[0].name
        ((4, 3), 'multi_rnn_cell/cell_0/gru_cell/gates/kernel:0')
    """

    def __init__(self, cells: Any, state_is_tuple: bool = True) -> None:
        super().__init__()
        if not cells:
            raise ValueError(located("Must specify at least one cell for MultiRNNCell.",
                                     "Pass a list of cells."))
        if not nest.is_nested(cells):
            raise TypeError(located(f"cells must be a list or tuple, but saw: {cells!r:.100}"))
        self._cells = cells
        self._state_is_tuple = state_is_tuple
        sizes = [cell.state_size for cell in cells]
        if not state_is_tuple and any(nest.is_nested(size) for size in sizes):
            raise ValueError(located("Some cells return tuples of states, but the flag "
                                     f"state_is_tuple is not set.  State sizes are: {sizes}"))

    @property
    def state_size(self) -> Any:
        """The cells' state sizes, as a tuple, or added up."""
        sizes = tuple(cell.state_size for cell in self._cells)
        return sizes if self._state_is_tuple else sum(sizes)

    @property
    def output_size(self) -> Any:
        """The last cell's output size."""
        return self._cells[-1].output_size

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        """A state of zeros.

        Args:
            batch_size: int or scalar tensor.
            dtype: dtype of the state.
        """
        if not self._state_is_tuple:
            return super().zero_state(batch_size, dtype)
        with name_scope(type(self).__name__ + "ZeroState", values=[batch_size]):
            return tuple(cell.zero_state(batch_size, dtype) for cell in self._cells)

    @property
    def trainable_weights(self) -> list[Any]:
        """The cells' variables that are trained; none when this cell is not trainable."""
        return self._weights_of("trainable_weights") if self.trainable else []

    @property
    def non_trainable_weights(self) -> list[Any]:
        """The cells' variables that are not trained."""
        frozen = [] if self.trainable else self._weights_of("trainable_weights")
        return frozen + self._weights_of("non_trainable_weights")

    def _weights_of(self, kind: str) -> list[Any]:
        return [weight for cell in self._cells if isinstance(cell, Layer)
                for weight in getattr(cell, kind)]

    def call(self, inputs: Any, state: Any) -> Any:
        """One step of all cells."""
        if self._state_is_tuple and not nest.is_nested(state):
            raise ValueError(located("Expected state to be a tuple of length "
                                     f"{len(self.state_size)}, but received: {state!r:.200}"))
        at, new_states = 0, []
        depths: dict[int, tuple[int, Any]] = {}  # of a cell: where it stood first, and its inputs
        for i, cell in enumerate(self._cells):
            first, depth = depths.setdefault(id(cell), (i, _depth(inputs)))
            if (first < i and getattr(cell, "variables", None) and depth != _depth(inputs)
                    and None not in (depth, _depth(inputs))):
                raise _shared(cell, (first, i), (depth, _depth(inputs)))
            with variable_scope(f"cell_{i}"):
                if self._state_is_tuple:
                    old = state[i]
                else:
                    old = slice_(state, [0, at], [-1, cell.state_size])
                    at += cell.state_size
                inputs, new = cell(inputs, old)
                new_states.append(new)
        return inputs, tuple(new_states) if self._state_is_tuple else concat(new_states, 1)


def _depth(inputs: Any) -> Any:
    """The size of the last axis of a cell's inputs, where it is known."""
    shape = getattr(inputs, "shape", None)
    return shape[-1] if shape else None


def _shared(cell: Any, places: tuple[int, int], depths: tuple[int, int]) -> ShapeError:
    """What is said of one cell in two places of a stack, which has weights for one size only."""
    return ShapeError(located(
        f"cells {places[0]} and {places[1]} of the MultiRNNCell are one {type(cell).__name__} and "
        f"share its weights, but their inputs have sizes {depths[0]} and {depths[1]}",
        "Make a cell for each layer: MultiRNNCell([LSTMCell(n) for _ in range(layers)]), not "
        "[cell] * layers.", section="shape-error"))
