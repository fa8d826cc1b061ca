"""Recurrent networks as a loop of the graph: any number of time steps, one copy of the cell.

    time  0    1    2          inputs [batch, time, ...] are turned to [time, batch, ...],
          x0   x1   x2         read row by row inside a tf.while_loop,
       s -> s -> s -> s        the state is a loop variable,
          y0   y1   y2         outputs are written to a TensorArray and stacked at the end
"""

from __future__ import annotations

from typing import Any

from flowgraph.core import nest
from flowgraph.core.dtypes import int32
from flowgraph.core.frames import located
from flowgraph.graph.graph import control_dependencies, name_scope
from flowgraph.graph.tensor import Tensor
from flowgraph.nn.rnn_cell.base import check_is_cell, zeros_of
from flowgraph.nn.rnn_steps import (
    finished_rows_keep,
    initial_state_of,
    keep_where,
    state_dtype,
    with_batch,
    zero_outputs,
)
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.arithmetic import maximum, minimum
from flowgraph.ops.cast import cast
from flowgraph.ops.compare import equal
from flowgraph.ops.constant import constant
from flowgraph.ops.identity import identity
from flowgraph.ops.logic import logical_not, logical_or
from flowgraph.ops.print_and_assert import assert_true
from flowgraph.ops.reduce import reduce_all, reduce_max
from flowgraph.ops.reshape import transpose
from flowgraph.ops.roll import reverse_sequence
from flowgraph.ops.select import reverse
from flowgraph.ops.shape import shape as shape_of
from flowgraph.ops.tensor_array import TensorArray
from flowgraph.ops.variable_scope import variable_scope
from flowgraph.ops.while_loop import while_loop


def dynamic_rnn(cell, inputs, sequence_length=None, initial_state=None, dtype=None,
                parallel_iterations=None, swap_memory=False, time_major=False, scope=None):
    """Runs a recurrent cell over time, in a loop of the graph.

    Args:
        cell: an RNNCell.
        inputs: tensor `[batch_size, max_time, ...]`, or a nested structure of such tensors.
        sequence_length: int vector, the number of time steps of each row; default all.
        initial_state: the first state; default zeros.
        dtype: dtype of that state of zeros, and of the outputs.
        parallel_iterations: accepted; steps run one after another, so that a seeded dropout gives
            what TensorFlow does with parallel_iterations=1.
        swap_memory: accepted.
        time_major: whether inputs and outputs are `[max_time, batch_size, ...]`.
        scope: variable scope; default "rnn".

    Returns:
        The outputs `[batch_size, max_time, output_size]`, and the final state. Rows that have ended
        give outputs of 0, and their final state is that of their last time step.

    Raises:
        TypeError: `cell` is no RNNCell.
        ValueError: there is neither `initial_state` nor `dtype`, or the inputs' sizes are unknown
            or do not go together.
        InvalidArgumentError: there is not one sequence length per row (at run).

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     x = fg.placeholder(fg.float32, [None, None, 4])
        ...     cell = fg.nn.rnn_cell.GRUCell(3)
        ...     outputs, state = fg.nn.dynamic_rnn(cell, x, sequence_length=[5, 2],
        ...                                        dtype=fg.float32)
        ...     names = [v.name for v in fg.trainable_variables()]
        >>> outputs.shape.as_list(), names[0]
        ([None, None, 3], 'rnn/gru_cell/gates/kernel:0')
    """
    check_is_cell("cell", cell)
    with variable_scope(scope or "rnn"):
        flat = [convert_to_tensor(x) for x in nest.flatten(inputs)]
        for x in flat:
            _check_rank(x)
        if not time_major:
            flat = [_swapped(x) for x in flat]
        if sequence_length is not None:
            sequence_length = cast(convert_to_tensor(sequence_length), int32)
            if sequence_length.shape.ndims not in (None, 1):
                raise ValueError(located("sequence_length must be a vector of length batch_size, "
                                         f"but saw shape: {sequence_length.shape}"))
            sequence_length = identity(sequence_length, name="sequence_length")
        steps, fixed_batch_size = _static_sizes(flat)
        batch_size = fixed_batch_size
        if batch_size is None:
            batch_size = shape_of(flat[0])[1]
        state = initial_state_of(cell, batch_size, initial_state, dtype)
        if sequence_length is not None:
            sequence_length = _checked_lengths(sequence_length, batch_size)
        loop = _Loop(cell, nest.pack_sequence_as(inputs, flat), steps, batch_size,
                     fixed_batch_size, sequence_length)
        outputs, state = loop.build(state, dtype)
        if not time_major:
            outputs = nest.map_structure(_swapped, outputs)
        return outputs, state


def bidirectional_dynamic_rnn(cell_fw, cell_bw, inputs, sequence_length=None,
                              initial_state_fw=None, initial_state_bw=None, dtype=None,
                              parallel_iterations=None, swap_memory=False, time_major=False,
                              scope=None):
    """Runs one cell over time and another over the inputs in reverse.

    Args:
        cell_fw: RNNCell for the inputs in order.
        cell_bw: RNNCell for the inputs in reverse.
        inputs: tensor `[batch_size, max_time, ...]`, or a nested structure of such tensors.
        sequence_length: int vector, the number of time steps of each row; what comes after stays in
            its place when the inputs are reversed.
        initial_state_fw, initial_state_bw: the first states; default zeros.
        dtype: dtype of these states of zeros, and of the outputs.
        parallel_iterations: accepted; steps run one after another.
        swap_memory: accepted.
        time_major: whether inputs and outputs are `[max_time, batch_size, ...]`.
        scope: variable scope; default "bidirectional_rnn".

    Returns:
        The pair of both cells' outputs, each in the order of the inputs, and the pair of final
        states. `tf.concat(outputs, 2)` puts the outputs side by side.

    Raises:
        TypeError: a cell is no RNNCell.
        ValueError: as for `dynamic_rnn`.

    Example:
        >>> import flowgraph as fg
        >>> cells = fg.nn.rnn_cell.GRUCell(3), fg.nn.rnn_cell.GRUCell(3)
        >>> outputs, states = fg.nn.bidirectional_dynamic_rnn(*cells, fg.ones([2, 5, 4]),
        ...                                                   dtype=fg.float32)
        >>> fg.concat(outputs, 2).shape.as_list()
        [2, 5, 6]
    """
    check_is_cell("cell_fw", cell_fw)
    check_is_cell("cell_bw", cell_bw)
    time_axis = 0 if time_major else 1

    def reversed_in_time(x: Any) -> Tensor:
        if sequence_length is None:
            return reverse(x, [time_axis])
        return reverse_sequence(x, sequence_length, seq_axis=time_axis, batch_axis=1 - time_axis)

    options = {"sequence_length": sequence_length, "dtype": dtype, "time_major": time_major,
               "parallel_iterations": parallel_iterations, "swap_memory": swap_memory}
    with variable_scope(scope or "bidirectional_rnn"):
        with variable_scope("fw") as fw_scope:
            outputs_fw, state_fw = dynamic_rnn(cell_fw, inputs, initial_state=initial_state_fw,
                                               scope=fw_scope, **options)
        with variable_scope("bw") as bw_scope:
            backwards = nest.map_structure(reversed_in_time, inputs)
            outputs_bw, state_bw = dynamic_rnn(cell_bw, backwards, initial_state=initial_state_bw,
                                               scope=bw_scope, **options)
    outputs_bw = nest.map_structure(reversed_in_time, outputs_bw)
    return (outputs_fw, outputs_bw), (state_fw, state_bw)


def raw_rnn(cell, loop_fn, parallel_iterations=None, swap_memory=False, scope=None):
    """Runs a recurrent cell in a loop whose inputs, outputs and end a function decides.

    The function is called before the first step, with None for everything but the time, and after
    each step:

        finished, next_input, next_state, emit, loop_state = loop_fn(
            time, output, state, loop_state)

    Args:
        cell: an RNNCell.
        loop_fn: the function. `finished` is a bool vector: rows that are finished emit 0 and keep
            their state, and the loop ends when all are; `emit` is what is put out, by default
            (None at the first call) the cell's output; `loop_state` is the function's own, tensors
            or TensorArrays, or None.
        parallel_iterations: accepted; steps run one after another.
        swap_memory: accepted.
        scope: variable scope; default "rnn".

    Returns:
        A TensorArray of what was emitted (in a structure, if there are several), the final state,
        and the final loop state.

    Raises:
        TypeError: `cell` is no RNNCell, or `loop_fn` cannot be called.
        ValueError: what `loop_fn` returns has another structure than before.

    Example:
        >>> import flowgraph as fg
        >>> cell = fg.nn.rnn_cell.GRUCell(3)
        >>> def loop_fn(time, output, state, loop_state):
        ...     state = cell.zero_state(2, fg.float32) if output is None else state
        ...     return time >= [4, 1], fg.ones([2, 5]), state, output, None
        >>> emitted, state, _ = fg.nn.raw_rnn(cell, loop_fn)
        >>> emitted.stack().shape.as_list()
        [None, 2, 3]
    """
    check_is_cell("cell", cell)
    if not callable(loop_fn):
        raise TypeError(located("loop_fn must be a callable",
                                "Pass a function of (time, cell_output, cell_state, loop_state)."))
    with variable_scope(scope or "rnn"):
        time = constant(0, int32)
        finished, next_input, state, emit, first_loop_state = loop_fn(time, None, None, None)
        finished = convert_to_tensor(finished)
        next_input = nest.map_structure(_tensor, next_input)
        state = nest.map_structure(_tensor, state)
        nest.assert_same_structure(state, cell.state_size)
        loop_state = constant(0, int32) if first_loop_state is None else first_loop_state
        batch_size, fixed_batch_size = _batch_of(next_input)
        arrays, zeros = _emitted(cell, emit, state, batch_size, fixed_batch_size)

        def body(time: Any, finished: Any, current_input: Any, arrays: Any, state: Any,
                 loop_state: Any) -> Any:
            output, new_state = cell(current_input, state)
            nest.assert_same_structure(state, new_state)
            nest.assert_same_structure(cell.output_size, output)
            next_finished, next_input, new_state, emit, new_loop_state = loop_fn(
                time + 1, output, new_state, loop_state)
            nest.assert_same_structure(state, new_state)
            nest.assert_same_structure(current_input, next_input)
            nest.assert_same_structure(arrays, emit)
            emit = keep_where(finished, zeros, nest.map_structure(_tensor, emit))
            new_state = keep_where(finished, state, nest.map_structure(_tensor, new_state))
            arrays = nest.map_structure(lambda array, item: array.write(time, item), arrays, emit)
            return (time + 1, logical_or(finished, next_finished), next_input, arrays, new_state,
                    loop_state if new_loop_state is None else new_loop_state)

        *_, arrays, state, loop_state = while_loop(
            lambda time, finished, *_: logical_not(reduce_all(finished)), body,
            (time, finished, next_input, arrays, state, loop_state),
            parallel_iterations=parallel_iterations or 32, swap_memory=swap_memory)
        return arrays, state, None if first_loop_state is None else loop_state


# ---- dynamic_rnn ---------------------------------------------------------------------------------


class _Loop:
    """The loop of one dynamic_rnn.

    Args:
        cell: the cell.
        inputs: time-major tensors, in the structure that the cell takes.
        steps: the number of time steps where the graph tells it, else None.
        batch_size: number or tensor.
        fixed_batch_size: number or None.
        lengths: int32 vector, or None.
    """

    def __init__(self, cell: Any, inputs: Any, steps: int | None, batch_size: Any,
                 fixed_batch_size: int | None, lengths: Tensor | None) -> None:
        self.cell, self.inputs, self.steps = cell, inputs, steps
        self.batch_size, self.fixed_batch_size = batch_size, fixed_batch_size
        self.lengths = lengths

    def build(self, state: Any, dtype: Any) -> tuple[Any, Any]:
        """(time-major outputs, final state)."""
        flat = nest.flatten(self.inputs)
        total = shape_of(flat[0])[0]
        zeros = zero_outputs(self.cell, self.batch_size, self.fixed_batch_size, dtype, state)
        time = constant(0, int32, name="time")
        kind = state_dtype(dtype, state)
        with name_scope("dynamic_rnn"):
            written = nest.map_structure(
                lambda zero: TensorArray(kind, size=total, element_shape=zero.shape), zeros)
            read = [TensorArray(x.dtype.base_dtype, size=total,
                                element_shape=x.shape[1:]).unstack(x) for x in flat]
        # One step at least, where there is one: the outputs' sizes come from it.
        last = (total if self.lengths is None
                else minimum(total, maximum(1, reduce_max(self.lengths))))

        def step(time: Any, written: Any, state: Any) -> Any:
            rows = [array.read(time) for array in read]
            for row, x in zip(rows, flat, strict=True):
                row.set_shape(x.shape[1:])
            output, new_state = self.cell(nest.pack_sequence_as(self.inputs, rows), state)
            if self.lengths is not None:
                output, new_state = finished_rows_keep(time >= self.lengths, zeros, state, output,
                                                       new_state)
            nest.assert_same_structure(zeros, output)
            written = nest.map_structure(lambda array, item: array.write(time, item), written,
                                         output)
            return time + 1, written, new_state

        # The bound makes the names of the results TensorFlow's: rnn/while/Exit_3 is the state.
        _, written, state = while_loop(lambda time, *_: time < last, step, (time, written, state),
                                       maximum_iterations=total)
        outputs = nest.map_structure(lambda array: array.stack(), written)
        for output, zero in zip(nest.flatten(outputs), nest.flatten(zeros), strict=True):
            output.set_shape([self.steps, *zero.shape.as_list()])
        return outputs, state


def _check_rank(x: Tensor) -> None:
    if x.shape.ndims is not None and x.shape.ndims < 3:
        raise ValueError(located(
            f"Shape {x.shape} must have rank at least 3: inputs are a vector for each row and time "
            f"step, {x.name!r} is not. A series of numbers becomes one of vectors of size 1 by "
            "tf.expand_dims(inputs, -1)"))


def _swapped(x: Tensor) -> Tensor:
    """x with its first two axes swapped, if it has two."""
    if x.shape.ndims is None:
        raise ValueError(located(f"inputs must have a known rank, but {x.name!r} has an unknown "
                                 "shape; call set_shape, or give the placeholder one"))
    return x if x.shape.ndims < 2 else transpose(x, [1, 0, *range(2, x.shape.ndims)])


def _static_sizes(flat: list[Tensor]) -> tuple[int | None, int | None]:
    """(time steps, batch size) of time-major inputs, as far as the graph tells."""
    sizes = [x.shape.as_list() for x in flat]
    for x, size in zip(flat, sizes, strict=True):
        if None in size[2:]:
            raise ValueError(located("Input size (depth of inputs) must be accessible via shape "
                                     f"inference, but saw value None in the shape {size} of "
                                     f"{x.name!r}; give the placeholder its last sizes, or call "
                                     "set_shape"))
        if size[0] != sizes[0][0]:
            raise ValueError(located("Time steps is not the same for all the elements in the input "
                                     f"in a batch: {sizes[0][0]} and {size[0]}"))
        if size[1] != sizes[0][1]:
            raise ValueError(located("Batch_size is not the same for all the elements in the "
                                     f"input: {sizes[0][1]} and {size[1]}"))
    return sizes[0][0], sizes[0][1]


def _checked_lengths(lengths: Tensor, batch_size: Any) -> Tensor:
    """The sequence lengths, after a check at run that there is one per row."""
    if lengths.shape.as_tuple() == (batch_size,):
        return identity(lengths, name="CheckSeqLen")
    found = shape_of(lengths)
    fits = reduce_all(equal(found, [batch_size]))
    check = assert_true(fits, ["sequence_length needs one number per row of the batch, it has the "
                               "shape", found, "and the batch size is", batch_size])
    with control_dependencies([check]):
        return identity(lengths, name="CheckSeqLen")


# ---- raw_rnn -------------------------------------------------------------------------------------


def _tensor(value: Any) -> Any:
    return value if nest.is_composite(value) else convert_to_tensor(value)


def _batch_of(inputs: Any) -> tuple[Any, int | None]:
    """(the batch size as a number or a tensor, the number or None)."""
    flat = nest.flatten(inputs)
    first = flat[0].shape[:1]
    for x in flat[1:]:
        first = first.merge_with(x.shape[:1])
    fixed = None if first.ndims is None else first.as_list()[0]
    return (shape_of(flat[0])[0] if fixed is None else fixed), fixed


def _emitted(cell: Any, emit: Any, state: Any, batch_size: Any,
             fixed_batch_size: int | None) -> tuple[Any, Any]:
    """(TensorArrays for what is emitted, zeros for rows that are finished)."""
    if emit is None:
        emit = cell.output_size
        sizes = nest.flatten(emit)
        kinds = [nest.flatten(state)[0].dtype.base_dtype] * len(sizes)
    else:
        flat = [convert_to_tensor(x) for x in nest.flatten(emit)]
        sizes = [x.shape if x.shape.is_fully_defined() else shape_of(x) for x in flat]
        kinds = [x.dtype.base_dtype for x in flat]
    arrays = [TensorArray(kind, size=0, dynamic_size=True, name=f"rnn_output_{i}",
                          element_shape=with_batch(fixed_batch_size, size))
              for i, (kind, size) in enumerate(zip(kinds, sizes, strict=True))]
    zeros = [zeros_of(batch_size, size, kind) for kind, size in zip(kinds, sizes, strict=True)]
    return nest.pack_sequence_as(emit, arrays), nest.pack_sequence_as(emit, zeros)
