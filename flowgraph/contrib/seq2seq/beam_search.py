"""BeamSearchDecoder: keeps the most likely sequences of each row, as many as the beam is wide.

The cell sees batch and beams as one axis, `[batch_size * beam_width, ...]`; the state between the
steps has two, `[batch_size, beam_width, ...]`. A step's words and the beams they follow are put
out; `finalize` reads the sequences from them, from the end back.
"""

from __future__ import annotations

import math
from typing import Any

from flowgraph.contrib.seq2seq.beam_step import attention_probabilities, beam_search_step
from flowgraph.contrib.seq2seq.beam_types import (
    BeamSearchDecoderOutput,
    BeamSearchDecoderState,
    FinalBeamSearchDecoderOutput,
)
from flowgraph.contrib.seq2seq.decoder import Decoder, output_size_of
from flowgraph.contrib.seq2seq.embedding_helpers import embedding_function
from flowgraph.contrib.seq2seq.helper import chosen
from flowgraph.contrib.seq2seq.tile_beams import gather_tree_from_array
from flowgraph.core import nest
from flowgraph.core.dtypes import bool_, int32, int64
from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape
from flowgraph.graph.graph import name_scope
from flowgraph.graph.tensor import Tensor
from flowgraph.nn.rnn_cell.base import check_is_cell
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.static_value import known_value
from flowgraph.ops.cast import cast
from flowgraph.ops.constant import constant, zeros
from flowgraph.ops.gather_tree import gather_tree
from flowgraph.ops.join import concat, tile
from flowgraph.ops.reduce import reduce_all, reduce_max
from flowgraph.ops.reshape import expand_dims, reshape
from flowgraph.ops.select import one_hot
from flowgraph.ops.shape import shape as shape_of
from flowgraph.ops.shape import size
from flowgraph.ops.tensor_array import TensorArray


class BeamSearchDecoder(Decoder):
    """Searches the most likely sequences.

    Args:
        cell: an RNNCell. If it attends to a memory, the memory must have been tiled by
            `tile_batch`.
        embedding: matrix `[vocabulary, size]`, or a function from int32 ids
            `[batch_size, beam_width]` to vectors.
        start_tokens: int32 vector `[batch_size]`, the first word of each row.
        end_token: int32 scalar, the word behind which a sequence is finished.
        initial_state: the cell's first state, `[batch_size * beam_width, ...]`.
        beam_width: how many sequences of a row are kept.
        output_layer: layer from the cell's outputs to logits, as `tf.layers.Dense(vocabulary)`.
        length_penalty_weight: above 0 longer sequences are preferred: log probabilities are divided
            by ((5 + length) / 6) ** weight.
        coverage_penalty_weight: above 0 sequences that attended to the whole memory are preferred.
        reorder_tensor_arrays: whether TensorArrays of the cell's state, as `alignment_history`, are
            stacked and put in order along the beams at the end.

    Raises:
        TypeError: the cell is no RNNCell, or the layer no layer.
        ValueError: `start_tokens` is no vector, `end_token` no scalar, or the state's batch size is
            not batch size times beam width.

    Example:
        >>> import flowgraph as fg
        >>> s2s, cell = fg.contrib.seq2seq, fg.nn.rnn_cell.GRUCell(4)
        >>> decoder = s2s.BeamSearchDecoder(
        ...     cell, fg.ones([10, 3]), start_tokens=[1, 1], end_token=2,
        ...     initial_state=s2s.tile_batch(fg.ones([2, 4]), multiplier=3), beam_width=3,
        ...     output_layer=fg.layers.Dense(10))
        >>> outputs, state, lengths = s2s.dynamic_decode(decoder, maximum_iterations=7)
        >>> outputs.predicted_ids.shape.as_list()
        [2, None, 3]
    """

    def __init__(self, cell: Any, embedding: Any, start_tokens: Any, end_token: Any,
                 initial_state: Any, beam_width: int, output_layer: Any = None,
                 length_penalty_weight: Any = 0.0, coverage_penalty_weight: Any = 0.0,
                 reorder_tensor_arrays: bool = True) -> None:
        check_is_cell("cell", cell)
        self._cell = cell
        self._embedding_fn = embedding_function(embedding)
        self._output_layer = output_layer
        self._beam_width = beam_width
        self._length_penalty_weight = length_penalty_weight
        self._coverage_penalty_weight = coverage_penalty_weight
        self._reorder_tensor_arrays = reorder_tensor_arrays
        self._rnn_output_size()  # complains about a layer that is none
        start_tokens = convert_to_tensor(start_tokens, int32, name="start_tokens")
        if start_tokens.shape.ndims != 1:
            raise ValueError(located("start_tokens must be a vector, saw shape: "
                                     f"{start_tokens.shape}"))
        self._end_token = convert_to_tensor(end_token, int32, name="end_token")
        if self._end_token.shape.ndims != 0:
            raise ValueError(located("end_token must be a scalar, saw shape: "
                                     f"{self._end_token.shape}"))
        self._batch_size = size(start_tokens)
        self._known_batch_size = known_value(self._batch_size)
        self._initial_cell_state = nest.map_structure(self._maybe_split, initial_state)
        self._start_tokens = tile(expand_dims(start_tokens, 1), [1, beam_width])
        self._start_inputs = self._embedding_fn(self._start_tokens)
        # All beams of a row are the same at first: one of them is enough.
        self._finished = self._first_beam(False, True, bool_)

    def _first_beam(self, on: Any, off: Any, dtype: Any) -> Any:
        """One value for each row's first beam, another for its other beams."""
        return one_hot(zeros([self._batch_size], int32), self._beam_width,
                       on_value=constant(on, dtype), off_value=constant(off, dtype), dtype=dtype)

    @property
    def batch_size(self) -> Any:
        """The batch size, without the beams."""
        return self._batch_size

    @property
    def tracks_own_finished(self) -> bool:
        """True: beams change their places, so that finished ones may not stay where they were."""
        return True

    def _rnn_output_size(self) -> Any:
        return output_size_of(self._cell, self._output_layer)

    @property
    def output_size(self) -> BeamSearchDecoderOutput:
        """Sizes of a step's outputs."""
        beams = TensorShape([self._beam_width])
        return BeamSearchDecoderOutput(beams, beams, beams)

    @property
    def output_dtype(self) -> BeamSearchDecoderOutput:
        """Dtypes of a step's outputs."""
        return BeamSearchDecoderOutput(self._dtype(), int32, int32)

    def _dtype(self) -> Any:
        return nest.flatten(self._initial_cell_state)[0].dtype.base_dtype

    def initialize(self, name: str | None = None) -> Any:
        """Which beams are finished, the first inputs, and the first state.

        Args:
            name: ignored.
        """
        attended = attention_probabilities(self._initial_cell_state,
                                           self._coverage_penalty_weight)
        state = BeamSearchDecoderState(
            cell_state=self._initial_cell_state,
            log_probs=self._first_beam(0.0, -math.inf, self._dtype()), finished=self._finished,
            lengths=zeros([self._batch_size, self._beam_width], int64),
            accumulated_attention_probs=() if attended is None else attended)
        return self._finished, self._start_inputs, state

    def step(self, time: Any, inputs: Any, state: Any, name: str | None = None) -> Any:
        """One step.

        Args:
            time: int32 scalar tensor.
            inputs: `[batch_size, beam_width, ...]` tensors.
            state: BeamSearchDecoderState.
            name: name of the scope.

        Returns:
            The BeamSearchDecoderOutput, the next state, the next inputs, and which beams are
            finished.
        """
        with name_scope(name, "BeamSearchDecoderStep", [time, *nest.flatten(inputs)]):
            inputs = nest.map_structure(self._merged, inputs)
            cell_state = nest.map_structure(self._maybe_merge, state.cell_state)
            outputs, cell_state = self._cell(inputs, cell_state)
            if self._output_layer is not None:
                outputs = self._output_layer(outputs)
            outputs = nest.map_structure(self._split, outputs)
            cell_state = nest.map_structure(self._maybe_split, cell_state)
            output, new_state = beam_search_step(
                outputs, cell_state, state, self._batch_size, self._beam_width, self._end_token,
                self._length_penalty_weight, self._coverage_penalty_weight)
            next_inputs = chosen(reduce_all(new_state.finished), self._start_inputs,
                                 self._embedding_fn(output.predicted_ids))
        return output, new_state, next_inputs, new_state.finished

    def finalize(self, outputs: Any, final_state: Any, sequence_lengths: Any) -> Any:
        """Reads the sequences from what the steps put out.

        Args:
            outputs: BeamSearchDecoderOutput of all steps, time-major.
            final_state: the last state.
            sequence_lengths: ignored, for the places of beams change; the state has the lengths.

        Returns:
            The FinalBeamSearchDecoderOutput, and the state.
        """
        longest = cast(reduce_max(final_state.lengths, 1), int32)
        words = gather_tree(outputs.predicted_ids, outputs.parent_ids, longest, self._end_token)
        if self._reorder_tensor_arrays:
            final_state = final_state._replace(cell_state=nest.map_structure(
                lambda part: self._in_order(part, outputs.parent_ids, final_state.lengths),
                final_state.cell_state))
        return FinalBeamSearchDecoderOutput(words, outputs), final_state

    def _in_order(self, part: Any, parent_ids: Any, lengths: Any) -> Any:
        """A TensorArray whose items are beams, stacked in the sequences' order; others as they are.
        """
        if not isinstance(part, TensorArray) or not part.element_shape.ndims:
            return part
        rows, batch_size = part.element_shape[0].value, self._known_batch_size
        if (None not in (rows, batch_size) and rows != batch_size * self._beam_width
                and part.element_shape.as_list()[:2] != [batch_size, self._beam_width]):
            return part
        return gather_tree_from_array(part.stack(), parent_ids, lengths)

    # ---- one axis for batch and beams, or two ----------------------------------------------------

    def _merged(self, t: Any) -> Any:
        """[batch_size, beam_width, ...] -> [batch_size * beam_width, ...]"""
        known = self._known_batch_size
        result = reshape(t, concat([[self._batch_size * self._beam_width], shape_of(t)[2:]], 0))
        result.set_shape(TensorShape([None if known is None else known * self._beam_width])
                         .concatenate(t.shape[2:]))
        return result

    def _split(self, t: Any) -> Any:
        """[batch_size * beam_width, ...] -> [batch_size, beam_width, ...]"""
        wanted = TensorShape([self._known_batch_size, self._beam_width]).concatenate(t.shape[1:])
        known = self._known_batch_size
        if None not in (known, t.shape[0].value) and t.shape[0] != known * self._beam_width:
            raise ValueError(located(
                "Unexpected behavior when reshaping between beam width and batch size.  The tensor "
                f"has shape: {t.shape}.  We expected it to be reshapable to (batch_size, "
                f"beam_width, depth) == {wanted}.  Perhaps you forgot to create a zero_state with "
                "batch_size=encoder_batch_size * beam_width?"))
        result = reshape(t, concat([[self._batch_size, self._beam_width], shape_of(t)[1:]], 0))
        result.set_shape(wanted)
        return result

    def _maybe_merge(self, t: Any) -> Any:
        """As `_merged`; scalars, vectors and TensorArrays pass."""
        return t if isinstance(t, TensorArray) or _rank(t) < 2 else self._merged(t)

    def _maybe_split(self, t: Any) -> Any:
        """As `_split`; scalars and TensorArrays pass."""
        return t if isinstance(t, TensorArray) or _rank(t) < 1 else self._split(t)


def _rank(t: Tensor) -> int:
    if t.shape.ndims is None:
        raise ValueError(located(f"Expected tensor ({t.name}) to have known rank, but ndims == "
                                 "None."))
    return t.shape.ndims
