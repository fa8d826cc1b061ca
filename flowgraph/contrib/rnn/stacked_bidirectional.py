"""Bidirectional networks on top of each other: both directions' outputs feed the next layer."""

from __future__ import annotations

from typing import Any

from flowgraph.core.frames import located
from flowgraph.nn.rnn import bidirectional_dynamic_rnn
from flowgraph.nn.rnn_static import static_bidirectional_rnn
from flowgraph.ops.join import concat
from flowgraph.ops.variable_scope import variable_scope


def stack_bidirectional_rnn(cells_fw, cells_bw, inputs, initial_states_fw=None,
                            initial_states_bw=None, dtype=None, sequence_length=None, scope=None):
    """Layers of bidirectional networks over a list of inputs, unrolled.

    Args:
        cells_fw: list of RNNCells, one per layer, for the inputs in order.
        cells_bw: list of as many RNNCells for the inputs in reverse.
        inputs: list of tensors `[batch_size, input_size]`, one for each time step.
        initial_states_fw, initial_states_bw: lists of first states; default zeros.
        dtype: dtype of these states of zeros.
        sequence_length: int vector, the number of time steps of each row; default all.
        scope: variable scope; default "stack_bidirectional_rnn".

    Returns:
        The list of the last layer's outputs, and two tuples with each layer's final states.

    Raises:
        ValueError: the lists are empty, no lists, or differ in length.

    Example:
        >>> import flowgraph as fg
        >>> cells = [[fg.nn.rnn_cell.GRUCell(3) for _ in range(2)] for _ in range(2)]
        >>> outputs, fw, bw = fg.contrib.rnn.stack_bidirectional_rnn(
        ...     *cells, [fg.ones([2, 4])] * 5, dtype=fg.float32)
        >>> outputs[0].shape.as_list(), len(fw)
        ([2, 6], 2)
    """
    layers = _layers(cells_fw, cells_bw, initial_states_fw, initial_states_bw)
    states_fw, states_bw = [], []
    with variable_scope(scope or "stack_bidirectional_rnn"):
        for i, (cell_fw, cell_bw, first_fw, first_bw) in enumerate(layers):
            with variable_scope(f"cell_{i}") as cell_scope:
                inputs, state_fw, state_bw = static_bidirectional_rnn(
                    cell_fw, cell_bw, inputs, initial_state_fw=first_fw, initial_state_bw=first_bw,
                    sequence_length=sequence_length, dtype=dtype, scope=cell_scope)
            states_fw.append(state_fw)
            states_bw.append(state_bw)
    return inputs, tuple(states_fw), tuple(states_bw)


def stack_bidirectional_dynamic_rnn(cells_fw, cells_bw, inputs, initial_states_fw=None,
                                    initial_states_bw=None, dtype=None, sequence_length=None,
                                    parallel_iterations=None, time_major=False, scope=None,
                                    swap_memory=False):
    """Layers of bidirectional networks, each in loops of the graph.

    Args:
        cells_fw: list of RNNCells, one per layer, for the inputs in order.
        cells_bw: list of as many RNNCells for the inputs in reverse.
        inputs: tensor `[batch_size, max_time, input_size]`.
        initial_states_fw, initial_states_bw: lists of first states; default zeros.
        dtype: dtype of these states of zeros.
        sequence_length: int vector, the number of time steps of each row; default all.
        parallel_iterations: accepted; steps run one after another.
        time_major: whether inputs and outputs are `[max_time, batch_size, ...]`.
        scope: variable scope; default "stack_bidirectional_rnn".
        swap_memory: accepted.

    Returns:
        The last layer's outputs, both directions side by side, and two tuples with each layer's
        final states.

    Raises:
        ValueError: the lists are empty, no lists, or differ in length.

    Example:
        >>> import flowgraph as fg
        >>> cells = [[fg.nn.rnn_cell.GRUCell(3) for _ in range(2)] for _ in range(2)]
        >>> outputs, fw, bw = fg.contrib.rnn.stack_bidirectional_dynamic_rnn(
        ...     *cells, fg.ones([2, 5, 4]), dtype=fg.float32)
        >>> outputs.shape.as_list(), len(fw)
        ([2, 5, 6], 2)
    """
    layers = _layers(cells_fw, cells_bw, initial_states_fw, initial_states_bw)
    states_fw, states_bw = [], []
    with variable_scope(scope or "stack_bidirectional_rnn"):
        for i, (cell_fw, cell_bw, first_fw, first_bw) in enumerate(layers):
            with variable_scope(f"cell_{i}"):
                outputs, (state_fw, state_bw) = bidirectional_dynamic_rnn(
                    cell_fw, cell_bw, inputs, initial_state_fw=first_fw, initial_state_bw=first_bw,
                    sequence_length=sequence_length, parallel_iterations=parallel_iterations,
                    dtype=dtype, swap_memory=swap_memory, time_major=time_major)
                inputs = concat(outputs, 2)
            states_fw.append(state_fw)
            states_bw.append(state_bw)
    return inputs, tuple(states_fw), tuple(states_bw)


def _layers(cells_fw: Any, cells_bw: Any, states_fw: Any, states_bw: Any) -> list[Any]:
    """(forward cell, backward cell, their first states) of each layer, after checks."""
    for what, cells in (("fw", cells_fw), ("bw", cells_bw)):
        if not cells:
            raise ValueError(located(f"Must specify at least one {what} cell for "
                                     "BidirectionalRNN."))
        if not isinstance(cells, list):
            raise ValueError(located(f"cells_{what} must be a list of RNNCells (one per layer)."))
    if len(cells_fw) != len(cells_bw):
        raise ValueError(located("Forward and Backward cells must have the same depth: "
                                 f"{len(cells_fw)} and {len(cells_bw)}."))
    for what, states in (("fw", states_fw), ("bw", states_bw)):
        if states is not None and (not isinstance(states, list) or len(states) != len(cells_fw)):
            raise ValueError(located(f"initial_states_{what} must be a list of state tensors (one "
                                     "per layer)."))
    none = [None] * len(cells_fw)
    return list(zip(cells_fw, cells_bw, states_fw or none, states_bw or none, strict=True))
