"""Recurrent networks unrolled over a list of inputs: one copy of the cell per time step.

    outputs = []
    for x in inputs:
        output, state = cell(x, state)
        outputs.append(output)

With a `sequence_length`, the rows of the batch that have ended give outputs of 0 and keep their
state. The dynamic networks of `rnn.py` do the same in a loop of the graph.
"""

from __future__ import annotations

from typing import Any

from flowgraph.core import nest
from flowgraph.core.dtypes import int32
from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape
from flowgraph.graph.graph import control_dependencies
from flowgraph.nn.rnn_cell.base import check_is_cell
from flowgraph.nn.rnn_steps import finished_rows_keep, initial_state_of, zero_outputs
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.cast import cast
from flowgraph.ops.identity import identity
from flowgraph.ops.join import concat, stack
from flowgraph.ops.roll import reverse_sequence
from flowgraph.ops.shape import shape as shape_of
from flowgraph.ops.split import unstack
from flowgraph.ops.variable_scope import variable_scope


def static_rnn(cell, inputs, initial_state=None, dtype=None, sequence_length=None, scope=None):
    """Runs a recurrent cell over a list of inputs, one copy of its ops per time step.

    Args:
        cell: an RNNCell.
        inputs: list of tensors `[batch_size, input_size]`, or of nested structures of them, one for
            each time step.
        initial_state: the first state; default zeros.
        dtype: dtype of that state of zeros.
        sequence_length: int vector, the number of time steps of each row; default all.
        scope: variable scope; default "rnn".

    Returns:
        The list of outputs, and the final state. Rows that have ended give outputs of 0, and their
        final state is that of their last time step.

    Raises:
        TypeError: `cell` is no RNNCell, or `inputs` is no list.
        ValueError: there are no inputs, their sizes are unknown or differ, or neither
            `initial_state` nor `dtype` is given.

    Example:
        >>> import flowgraph as fg
        >>> cell = fg.nn.rnn_cell.GRUCell(3)
        >>> outputs, state = fg.nn.static_rnn(cell, [fg.ones([2, 4])] * 5, dtype=fg.float32)
        >>> len(outputs), state is outputs[-1]
        (5, True)
    """
    check_is_cell("cell", cell)
    _check_list(inputs)
    with variable_scope(scope or "rnn") as varscope:
        batch_size, fixed_batch_size = _batch_size(inputs)
        state = initial_state_of(cell, batch_size, initial_state, dtype)
        if sequence_length is not None:
            sequence_length = convert_to_tensor(sequence_length, name="sequence_length")
            if sequence_length.shape.ndims not in (None, 1):
                raise ValueError(located("sequence_length must be a vector of length batch_size, "
                                         f"got shape {sequence_length.shape}"))
            zeros = zero_outputs(cell, batch_size, fixed_batch_size, dtype, state)
            sequence_length = cast(sequence_length, int32)
        outputs = []
        for time, step_input in enumerate(inputs):
            if time > 0:
                varscope.reuse_variables()
            output, new_state = cell(step_input, state)
            if sequence_length is None:
                state = new_state
            else:
                output, state = finished_rows_keep(time >= sequence_length, zeros, state, output,
                                                   new_state)
            outputs.append(output)
        return outputs, state


def static_bidirectional_rnn(cell_fw, cell_bw, inputs, initial_state_fw=None,
                             initial_state_bw=None, dtype=None, sequence_length=None, scope=None):
    """Runs one cell over a list of inputs and another over the inputs in reverse.

    Args:
        cell_fw: RNNCell for the inputs in order.
        cell_bw: RNNCell for the inputs in reverse.
        inputs: list of tensors `[batch_size, input_size]`, one for each time step.
        initial_state_fw, initial_state_bw: the first states; default zeros.
        dtype: dtype of these states of zeros.
        sequence_length: int vector, the number of time steps of each row; what comes after stays in
            its place when the inputs are reversed.
        scope: variable scope; default "bidirectional_rnn".

    Returns:
        The list of outputs, those of both cells side by side, and the two final states.

    Raises:
        TypeError: a cell is no RNNCell, or `inputs` is no list.
        ValueError: as for `static_rnn`.

    Example:
        >>> import flowgraph as fg
        >>> forward, backward = fg.nn.rnn_cell.GRUCell(3), fg.nn.rnn_cell.GRUCell(2)
        >>> outputs, _, _ = fg.nn.static_bidirectional_rnn(
        ...     forward, backward, [fg.ones([2, 4])] * 5, dtype=fg.float32)
        >>> outputs[0].shape.as_list()
        [2, 5]
    """
    check_is_cell("cell_fw", cell_fw)
    check_is_cell("cell_bw", cell_bw)
    _check_list(inputs)
    with variable_scope(scope or "bidirectional_rnn"):
        with variable_scope("fw") as fw_scope:
            outputs_fw, state_fw = static_rnn(cell_fw, inputs, initial_state_fw, dtype,
                                              sequence_length, fw_scope)
        with variable_scope("bw") as bw_scope:
            reversed_outputs, state_bw = static_rnn(
                cell_bw, _reversed(inputs, sequence_length), initial_state_bw, dtype,
                sequence_length, bw_scope)
    outputs_bw = _reversed(reversed_outputs, sequence_length)
    outputs = [concat(pair, 1) for pair in zip(nest.flatten(outputs_fw), nest.flatten(outputs_bw),
                                               strict=True)]
    return nest.pack_sequence_as(outputs_fw, outputs), state_fw, state_bw


def static_state_saving_rnn(cell, inputs, state_saver, state_name, sequence_length=None,
                            scope=None):
    """Runs a cell over a list of inputs, from a saved state to a saved state.

    Args:
        cell: an RNNCell.
        inputs: list of tensors `[batch_size, input_size]`, one for each time step.
        state_saver: object with the methods `state(name)`, which gives a tensor, and
            `save_state(name, tensor)`, which gives an operation.
        state_name: name of the state; a tuple of names where the cell's state is a tuple.
        sequence_length: int vector, the number of time steps of each row.
        scope: variable scope; default "rnn".

    Returns:
        The list of outputs, and the final state. The state is saved before the last output.

    Raises:
        ValueError: the names do not fit the cell's state, or as for `static_rnn`.

    Example:
        >>> import flowgraph as fg
        >>> class Saver:
        ...     def __init__(self):
        ...         self.saved = fg.Variable(fg.zeros([1, 2]), trainable=False)
        ...     def state(self, name):
        ...         return fg.identity(self.saved)
        ...     def save_state(self, name, value):
        ...         return fg.assign(self.saved, value)
        >>> cell = fg.nn.rnn_cell.GRUCell(2)
        >>> outputs, state = fg.nn.static_state_saving_rnn(cell, [fg.ones([1, 3])], Saver(), "h")
        >>> state.shape.as_list()
        [1, 2]
    """
    sizes = cell.state_size
    if nest.is_nested(sizes) != nest.is_nested(state_name):
        raise ValueError(located("state_name should be the same type as cell.state_size.  "
                                 f"state_name: {state_name}, cell.state_size: {sizes}"))
    names = nest.flatten(state_name)
    if len(names) != len(nest.flatten(sizes)):
        raise ValueError(located(f"#elems(state_name) != #elems(state_size): {len(names)} vs. "
                                 f"{len(nest.flatten(sizes))}"))
    initial = nest.pack_sequence_as(sizes, [state_saver.state(name) for name in names])
    outputs, state = static_rnn(cell, inputs, initial, sequence_length=sequence_length,
                                scope=scope)
    saved = [state_saver.save_state(name, part)
             for name, part in zip(names, nest.flatten(state), strict=True)]
    with control_dependencies(saved):
        outputs[-1] = nest.map_structure(identity, outputs[-1])
        return outputs, nest.map_structure(identity, state)


def _check_list(inputs: Any) -> None:
    if not nest.is_nested(inputs):
        raise TypeError(located("inputs must be a sequence: a list with a tensor for each time "
                                "step, as tf.unstack(x, axis=1) makes; for one tensor there is "
                                "tf.nn.dynamic_rnn"))
    if not inputs:
        raise ValueError(located("inputs must not be empty"))


def _batch_size(inputs: Any) -> tuple[Any, int | None]:
    """(the batch size as a number or a tensor, the number or None)."""
    first = nest.flatten(inputs)[0]
    if first.shape.ndims == 1:
        fixed = first.shape[0].value
    else:
        fixed = None
        for tensor in nest.flatten(inputs):
            sizes = tensor.shape.with_rank_at_least(2).as_list()
            if None in sizes[1:]:
                raise ValueError(located("Input size (the sizes after the first of each input) "
                                         f"must be known to the graph, but {tensor.name!r} has the "
                                         f"shape {sizes}"))
            fixed = TensorShape([fixed]).merge_with([sizes[0]])[0].value
    return (fixed, fixed) if fixed else (shape_of(first)[0], fixed)


def _reversed(steps: Any, lengths: Any) -> Any:
    """The list in reverse; with lengths, each row by itself up to its length."""
    if lengths is None:
        return list(reversed(steps))
    columns = []
    for column in zip(*(nest.flatten(step) for step in steps), strict=True):
        shape = TensorShape(None)
        for tensor in column:
            shape = shape.merge_with(tensor.shape)
        together = reverse_sequence(stack(column), lengths, seq_axis=0, batch_axis=1)
        parts = unstack(together, len(steps))
        for part in parts:
            part.set_shape(shape)
        columns.append(parts)
    return [nest.pack_sequence_as(steps[0], list(row)) for row in zip(*columns, strict=True)]
