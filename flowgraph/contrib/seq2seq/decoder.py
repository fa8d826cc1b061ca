"""Decoder: what a sequence is made by, and `dynamic_decode`, the loop that calls it.

    finished, inputs, state = decoder.initialize()
    while not all(finished):
        outputs, state, inputs, finished = decoder.step(time, inputs, state)
    outputs, state = decoder.finalize(outputs, state, lengths)
"""

from __future__ import annotations

import abc
from contextlib import suppress
from typing import Any

from flowgraph.contrib.rnn.time_major import transpose_batch_time
from flowgraph.core import nest
from flowgraph.core.dtypes import int32
from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape
from flowgraph.graph.tensor import Tensor
from flowgraph.layers.base import Layer
from flowgraph.nn.rnn_cell.base import zeros_of
from flowgraph.nn.rnn_steps import keep_where, with_batch
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.static_value import known_value
from flowgraph.ops.compare import less_equal
from flowgraph.ops.constant import constant, fill, zeros_like
from flowgraph.ops.logic import logical_not, logical_or
from flowgraph.ops.reduce import reduce_all
from flowgraph.ops.select import where
from flowgraph.ops.shape import shape as shape_of
from flowgraph.ops.tensor_array import TensorArray
from flowgraph.ops.variable_scope import variable_scope
from flowgraph.ops.while_loop import while_loop


class Decoder(abc.ABC):
    """Base of decoders: write `batch_size`, `output_size`, `output_dtype`, `initialize`, `step`.

    Example:
        >>> import flowgraph as fg
        >>> class Countdown(fg.contrib.seq2seq.Decoder):
        ...     batch_size, output_size, output_dtype = 2, fg.TensorShape([]), fg.int32
        ...     def initialize(self, name=None):
        ...         return fg.constant([False, False]), fg.constant([3, 1]), ()
        ...     def step(self, time, inputs, state, name=None):
        ...         return inputs, state, inputs - 1, inputs <= 1
        >>> outputs, _, lengths = fg.contrib.seq2seq.dynamic_decode(Countdown(),
        ...                                                         impute_finished=True)
        >>> fg.Session().run([outputs, lengths])
        [array([[3, 2, 1],
               [1, 0, 0]], dtype=int32), array([3, 1], dtype=int32)]
    """

    @property
    def batch_size(self) -> Any:
        """The batch size: int or scalar tensor."""
        raise NotImplementedError(located(f"{type(self).__name__} has no batch_size"))

    @property
    def output_size(self) -> Any:
        """Sizes of a step's outputs without the batch: ints or TensorShapes, nested."""
        raise NotImplementedError(located(f"{type(self).__name__} has no output_size"))

    @property
    def output_dtype(self) -> Any:
        """Dtypes of a step's outputs, nested as `output_size`."""
        raise NotImplementedError(located(f"{type(self).__name__} has no output_dtype"))

    @abc.abstractmethod
    def initialize(self, name: str | None = None) -> Any:
        """Called once, before the loop.

        Args:
            name: name of the scope.

        Returns:
            Which rows are finished (bool vector), the first inputs, the first state.
        """

    @abc.abstractmethod
    def step(self, time: Any, inputs: Any, state: Any, name: str | None = None) -> Any:
        """Makes the ops of one step.

        Args:
            time: int32 scalar tensor, from 0.
            inputs: nested tensors.
            state: nested tensors and TensorArrays.
            name: name of the scope.

        Returns:
            The outputs, the next state, the next inputs, and which rows are finished.
        """

    def finalize(self, outputs: Any, final_state: Any, sequence_lengths: Any) -> Any:
        """Called after the loop, if it is written.

        Args:
            outputs: the outputs of all steps, time-major.
            final_state: the last state.
            sequence_lengths: int32 vector.

        Returns:
            The outputs and the state that `dynamic_decode` gives.
        """
        raise NotImplementedError(located(f"{type(self).__name__} has no finalize"))

    @property
    def tracks_own_finished(self) -> bool:
        """Whether `step` says of all rows whether they are finished; else those that once were
        stay so."""
        return False


def dynamic_decode(decoder, output_time_major=False, impute_finished=False,
                   maximum_iterations=None, parallel_iterations=32, swap_memory=False, scope=None,
                   **kwargs):
    """Calls a decoder step by step, in a loop of the graph, until all rows are finished.

    Args:
        decoder: a Decoder.
        output_time_major: whether outputs are `[time, batch_size, ...]`; else
            `[batch_size, time, ...]`.
        impute_finished: whether rows that are finished give zeros and keep their state. Without it
            they go on with whatever the decoder gives.
        maximum_iterations: int scalar, the most steps; default no bound.
        parallel_iterations: accepted; steps run one after another.
        swap_memory: accepted.
        scope: variable scope; default "decoder".
        kwargs: ignored.

    Returns:
        The outputs, the final state, and the length of each row's sequence (int32 vector).

    Raises:
        TypeError: `decoder` is no Decoder.
        ValueError: `maximum_iterations` is no scalar, or a step gives other structures than before.

    Example:
        >>> import flowgraph as fg
        >>> s2s, cell = fg.contrib.seq2seq, fg.nn.rnn_cell.GRUCell(4)
        >>> helper = s2s.TrainingHelper(fg.ones([2, 5, 3]), sequence_length=[5, 2])
        >>> decoder = s2s.BasicDecoder(cell, helper, cell.zero_state(2, fg.float32))
        >>> outputs, state, lengths = s2s.dynamic_decode(decoder)
        >>> outputs.rnn_output.shape.as_list()
        [2, None, 4]
    """
    if not isinstance(decoder, Decoder):
        raise TypeError(located(f"Expected decoder to be type Decoder, but saw: {type(decoder)}"))
    with variable_scope(scope, "decoder"):
        if maximum_iterations is not None:
            maximum_iterations = convert_to_tensor(maximum_iterations, int32,
                                                   name="maximum_iterations")
            if maximum_iterations.shape.ndims != 0:
                raise ValueError(located("maximum_iterations must be a scalar, saw shape: "
                                         f"{maximum_iterations.shape}"))
        finished, inputs, state = decoder.initialize()
        finished = convert_to_tensor(finished)
        zeros, arrays = _zeros_and_arrays(decoder)
        if maximum_iterations is not None:
            finished = logical_or(finished, less_equal(maximum_iterations, 0))

        def body(time: Any, arrays: Any, state: Any, inputs: Any, finished: Any,
                 lengths: Any) -> Any:
            outputs, next_state, next_inputs, now_finished = decoder.step(time, inputs, state)
            nest.assert_same_structure(state, next_state)
            nest.assert_same_structure(arrays, outputs)
            nest.assert_same_structure(inputs, next_inputs)
            next_state = nest.map_structure(_shaped_as, next_state, state)
            next_inputs = nest.map_structure(_shaped_as, next_inputs, inputs)
            next_finished = (now_finished if decoder.tracks_own_finished
                             else logical_or(now_finished, finished))
            lengths = where(logical_not(finished), fill(shape_of(lengths), time + 1), lengths)
            if impute_finished:
                outputs = nest.map_structure(lambda out, zero: where(finished, zero, out),
                                             outputs, zeros)
                next_state = keep_where(finished, state, next_state)
            arrays = nest.map_structure(lambda array, out: array.write(time, out), arrays,
                                        outputs)
            return time + 1, arrays, next_state, next_inputs, next_finished, lengths

        _, arrays, state, _, _, lengths = while_loop(
            lambda time, arrays, state, inputs, finished, lengths: logical_not(
                reduce_all(finished)), body,
            (constant(0, int32), arrays, state, inputs, finished, zeros_like(finished, int32)),
            parallel_iterations=parallel_iterations, maximum_iterations=maximum_iterations,
            swap_memory=swap_memory)
        outputs = nest.map_structure(lambda array: array.stack(), arrays)
        # A decoder without a finalize has that of the base, which says so by this error.
        with suppress(NotImplementedError):
            outputs, state = decoder.finalize(outputs, state, lengths)
        if not output_time_major:
            outputs = nest.map_structure(transpose_batch_time, outputs)
    return outputs, state, lengths


def _zeros_and_arrays(decoder: Any) -> tuple[Any, Any]:
    """(what finished rows give, TensorArrays for the outputs), nested as the outputs."""
    batch_size = decoder.batch_size
    known = known_value(batch_size) if isinstance(batch_size, Tensor) else int(batch_size)

    def zero(size: Any, dtype: Any) -> Any:
        result = zeros_of(batch_size if known is None else known, size, dtype)
        result.set_shape(with_batch(known, size))
        return result

    def array(size: Any, dtype: Any) -> Any:
        return TensorArray(dtype, size=0, dynamic_size=True, element_shape=with_batch(known, size))

    return (nest.map_structure(zero, decoder.output_size, decoder.output_dtype),
            nest.map_structure(array, decoder.output_size, decoder.output_dtype))


def _shaped_as(new: Any, old: Any) -> Any:
    """The new value of a loop variable, with what is known of the old one's shape."""
    if not nest.is_composite(old):
        new = convert_to_tensor(new)
        new.set_shape(old.shape)
    return new


def output_size_of(cell: Any, output_layer: Any) -> Any:
    """Sizes of a cell's outputs after the layer, if there is one."""
    if output_layer is None:
        return cell.output_size
    if not isinstance(output_layer, Layer):
        raise TypeError(located(f"output_layer must be a Layer, received: {type(output_layer)}"))
    shapes = nest.map_structure(lambda size: TensorShape([None]).concatenate(size),
                                cell.output_size)
    return nest.map_structure(lambda shape: shape[1:], output_layer.compute_output_shape(shapes))
