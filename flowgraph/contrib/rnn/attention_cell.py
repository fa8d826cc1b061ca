"""AttentionCellWrapper: a cell that attends to its own last outputs."""

from __future__ import annotations

from typing import Any

from flowgraph.contrib.rnn.linear import linear
from flowgraph.core import nest
from flowgraph.core.frames import located
from flowgraph.nn.rnn_cell.base import RNNCell, check_is_cell, input_depth
from flowgraph.ops.conv2d import conv2d
from flowgraph.ops.exponential import tanh
from flowgraph.ops.index import slice as slice_
from flowgraph.ops.join import concat
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.reshape import expand_dims, reshape
from flowgraph.ops.softmax import softmax
from flowgraph.ops.variable_scope import get_variable, variable_scope


class AttentionCellWrapper(RNNCell):
    """Attention of a cell to its last `attn_length` outputs ("Long Short-Term Memory-Networks for
    Machine Reading").

    Args:
        cell: the RNNCell to wrap.
        attn_length: how many outputs are kept.
        attn_size: size of each, and of the output; default the cell's output size.
        attn_vec_size: number of features compared; default `attn_size`.
        input_size: size to which inputs and attention are projected; default that of the inputs.
        state_is_tuple: whether a state is (the cell's, attention, outputs); False for these side
            by side in one tensor.
        reuse: True to find variables that are there already, as `tf.variable_scope` takes it.

    Raises:
        TypeError: `cell` is no RNNCell.
        ValueError: its states are tuples while `state_is_tuple` is False, or `attn_length` is not
            positive.

    Example:
        >>> import flowgraph as fg
        >>> cell = fg.contrib.rnn.AttentionCellWrapper(fg.nn.rnn_cell.GRUCell(3), attn_length=5)
        >>> outputs, state = fg.nn.dynamic_rnn(cell, fg.ones([2, 7, 4]), dtype=fg.float32)
        >>> outputs.shape.as_list(), cell.state_size
        ([2, 7, 3], (3, 3, 15))
    """

    def __init__(self, cell: Any, attn_length: int, attn_size: int | None = None,
                 attn_vec_size: int | None = None, input_size: int | None = None,
                 state_is_tuple: bool = True, reuse: Any = None) -> None:
        super().__init__(_reuse=reuse)
        check_is_cell("cell", cell)
        if nest.is_nested(cell.state_size) and not state_is_tuple:
            raise ValueError(located("Cell returns tuple of states, but the flag state_is_tuple is "
                                     f"not set. State size is: {cell.state_size}"))
        if attn_length <= 0:
            raise ValueError(located("attn_length should be greater than zero, got "
                                     f"{attn_length}"))
        self._cell = cell
        self._state_is_tuple = state_is_tuple
        self._attn_length = attn_length
        self._attn_size = cell.output_size if attn_size is None else attn_size
        self._attn_vec_size = self._attn_size if attn_vec_size is None else attn_vec_size
        self._input_size = input_size

    @property
    def state_size(self) -> Any:
        """Sizes of the cell's state, of the attention, and of the outputs kept."""
        sizes = (self._cell.state_size, self._attn_size, self._attn_size * self._attn_length)
        return sizes if self._state_is_tuple else sum(sizes)

    @property
    def output_size(self) -> int:
        """Size of the output."""
        return self._attn_size

    def call(self, inputs: Any, state: Any) -> Any:
        """One step."""
        size, kept = self._attn_size, self._attn_length
        if self._state_is_tuple:
            state, attention, outputs = state
        else:
            cell_size, together = self._cell.state_size, state
            state = slice_(together, [0, 0], [-1, cell_size])
            attention = slice_(together, [0, cell_size], [-1, size])
            outputs = slice_(together, [0, cell_size + size], [-1, size * kept])
        outputs = reshape(outputs, [-1, kept, size])
        input_size = input_depth(inputs.shape) if self._input_size is None else self._input_size
        inputs = linear([inputs, attention], input_size, True)
        cell_output, new_state = self._cell(inputs, state)
        query = concat(nest.flatten(new_state), 1) if self._state_is_tuple else new_state
        attention, outputs = self._attention(query, outputs)
        with variable_scope("attn_output_projection"):
            output = linear([cell_output, attention], size, True)
        outputs = reshape(concat([outputs, expand_dims(output, 1)], 1), [-1, kept * size])
        parts = (new_state, attention, outputs)
        return output, parts if self._state_is_tuple else concat(list(parts), 1)

    def _attention(self, query: Any, outputs: Any) -> tuple[Any, Any]:
        """(what is attended to, the outputs but the oldest)."""
        size, kept, features = self._attn_size, self._attn_length, self._attn_vec_size
        with variable_scope("attention"):
            dtype = outputs.dtype.base_dtype
            kernel = get_variable("attn_w", [1, 1, size, features], dtype)
            weights = get_variable("attn_v", [features], dtype)
            hidden = reshape(outputs, [-1, kept, 1, size])
            keys = conv2d(hidden, kernel, [1, 1, 1, 1], "SAME")
            query = reshape(linear(query, features, True), [-1, 1, 1, features])
            scores = softmax(reduce_sum(weights * tanh(keys + query), [2, 3]))
            attended = reduce_sum(reshape(scores, [-1, kept, 1, 1]) * hidden, [1, 2])
            return reshape(attended, [-1, size]), slice_(outputs, [0, 1, 0], [-1, -1, -1])
