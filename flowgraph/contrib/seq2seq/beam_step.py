"""One step of beam search: of all words after all beams, those that make the best sequences."""

from __future__ import annotations

import math
from typing import Any

from flowgraph.contrib.seq2seq.attention_wrapper import AttentionWrapperState
from flowgraph.contrib.seq2seq.beam_types import BeamSearchDecoderOutput, BeamSearchDecoderState
from flowgraph.core import nest
from flowgraph.core.dtypes import float32, int32, int64
from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.static_value import known_value
from flowgraph.ops.arithmetic import minimum
from flowgraph.ops.arithmetic import pow as pow_
from flowgraph.ops.cast import cast
from flowgraph.ops.compare import equal
from flowgraph.ops.constant import constant, ones_like
from flowgraph.ops.constant import range as range_
from flowgraph.ops.division import floordiv, floormod
from flowgraph.ops.exponential import log
from flowgraph.ops.gather import gather
from flowgraph.ops.join import stack
from flowgraph.ops.logic import logical_not, logical_or
from flowgraph.ops.reduce import reduce_mean, reduce_sum
from flowgraph.ops.reshape import expand_dims, reshape
from flowgraph.ops.select import one_hot, where, where_v2
from flowgraph.ops.shape import shape as shape_of
from flowgraph.ops.softmax import log_softmax
from flowgraph.ops.sort import top_k
from flowgraph.ops.tensor_array import TensorArray


def beam_search_step(logits: Any, cell_state: Any, state: Any, batch_size: Any, beam_width: int,
                     end_token: Any, length_penalty_weight: Any,
                     coverage_penalty_weight: Any) -> Any:
    """The best continuations of the beams of each row.

    Args:
        logits: `[batch_size, beam_width, vocabulary]`.
        cell_state: the cell's next state, `[batch_size, beam_width, ...]`.
        state: BeamSearchDecoderState before the step.
        batch_size: int32 scalar tensor.
        beam_width: how many sequences of a row are kept.
        end_token: int32 scalar tensor.
        length_penalty_weight: see `BeamSearchDecoder`.
        coverage_penalty_weight: see `BeamSearchDecoder`.

    Returns:
        The BeamSearchDecoderOutput, and the next BeamSearchDecoderState.
    """
    words = logits.shape[-1].value
    vocabulary = shape_of(logits)[-1] if words is None else words
    going_on = logical_not(state.finished)
    total = expand_dims(state.log_probs, 2) + _only_end(log_softmax(logits), vocabulary, end_token,
                                                        state.finished)
    # A finished sequence stays as long as it is; the others grow, unless they end.
    is_word = one_hot(end_token, vocabulary, on_value=constant(0, int64),
                      off_value=constant(1, int64), dtype=int64)
    lengths = expand_dims(state.lengths, 2) + expand_dims(cast(going_on, int64), 2) * is_word
    attended = attention_probabilities(cell_state, coverage_penalty_weight)
    if attended is not None:
        attended = (state.accumulated_attention_probs
                    + attended * expand_dims(cast(going_on, float32), 2))
    scores = _scores(total, lengths, length_penalty_weight, coverage_penalty_weight,
                     state.finished, attended)

    scores, places = top_k(reshape(scores, [batch_size, -1]), k=beam_width)
    known = known_value(batch_size)
    scores.set_shape([known, beam_width])
    places.set_shape([known, beam_width])
    ids = cast(floormod(places, vocabulary, name="next_beam_word_ids"), int32)
    parents = cast(floordiv(places, vocabulary), int32, name="next_beam_parent_ids")
    log_probs = _of_rows(total, places, batch_size, beam_width * vocabulary)
    log_probs.set_shape([known, beam_width])
    was_finished = _of_beams(state.finished, parents, batch_size, beam_width)
    lengths = (_of_beams(state.lengths, parents, batch_size, beam_width)
               + cast(logical_not(was_finished), int64))
    new_state = BeamSearchDecoderState(
        cell_state=nest.map_structure(
            lambda part: _state_of_beams(part, parents, batch_size, beam_width), cell_state),
        log_probs=log_probs,
        finished=logical_or(was_finished, equal(ids, end_token), name="next_beam_finished"),
        lengths=lengths,
        accumulated_attention_probs=() if attended is None else _of_beams(
            attended, parents, batch_size, beam_width))
    return BeamSearchDecoderOutput(scores, ids, parents), new_state


def _only_end(log_probs: Any, vocabulary: Any, end_token: Any, finished: Any) -> Any:
    """Log probabilities in which a finished sequence can only be followed by the end."""
    dtype = log_probs.dtype
    ended = one_hot(end_token, vocabulary, on_value=constant(0.0, dtype),
                    off_value=constant(dtype.min, dtype), dtype=dtype)
    return where_v2(expand_dims(finished, 2), ended, log_probs)


def attention_probabilities(cell_state: Any, coverage_penalty_weight: Any) -> Any:
    """The alignments in a cell's state, averaged if there are several.

    Args:
        cell_state: an AttentionWrapperState, or a tuple with such.
        coverage_penalty_weight: None is the answer when this is 0.

    Returns:
        A tensor `[batch_size, beam_width, steps]`, or None.

    Raises:
        ValueError: there is a penalty, but nothing attends.
    """
    if isinstance(coverage_penalty_weight, (int, float)) and coverage_penalty_weight == 0:
        return None
    states = ([cell_state] if isinstance(cell_state, AttentionWrapperState)
              else cell_state if isinstance(cell_state, tuple) else [])
    found = [_average(state.alignments) for state in states
             if isinstance(state, AttentionWrapperState)]
    if not found:
        raise ValueError(located("coverage_penalty_weight must be 0.0 if no cell is attentional."))
    return _average(tuple(found))


def _average(alignments: Any) -> Any:
    if not isinstance(alignments, tuple):
        return alignments
    return alignments[0] if len(alignments) == 1 else reduce_mean(stack(alignments, -1), -1)


# ---- scores --------------------------------------------------------------------------------------


def _scores(log_probs: Any, lengths: Any, length_weight: Any, coverage_weight: Any,
            finished: Any, attended: Any) -> Any:
    """Log probabilities with the penalties."""
    scores = log_probs
    if _known_number(length_weight) != 0:
        penalty = _length_penalty(lengths, length_weight)
        scores = scores / cast(penalty, scores.dtype)
    coverage_weight = convert_to_tensor(coverage_weight, name="coverage_penalty_weight")
    if coverage_weight.shape.ndims != 0:
        raise ValueError(located("coverage_penalty_weight should be a scalar, but saw shape: "
                                 f"{coverage_weight.shape}"))
    if attended is None or known_value(coverage_weight) == 0:
        return scores
    # What was never attended to counts nothing, so that log(0) does not come up.
    attended = where(equal(attended, 0.0), ones_like(attended), attended)
    penalty = reduce_sum(log(minimum(attended, 1.0)), 2) * cast(finished, float32)
    return scores + expand_dims(penalty * coverage_weight, 2)


def _length_penalty(lengths: Any, weight: Any) -> Any:
    """((5 + length) / 6) ** weight"""
    weight = convert_to_tensor(weight, name="penalty_factor")
    weight.set_shape(())
    return pow_(5.0 + cast(lengths, float32), weight) / pow_(constant(6.0), weight)


def _known_number(value: Any) -> Any:
    return value if isinstance(value, (int, float)) else known_value(convert_to_tensor(value))


# ---- what belongs to the beams chosen ------------------------------------------------------------


def _of_rows(x: Any, places: Any, batch_size: Any, row_size: Any) -> Any:
    """x[row, place] for the places of each row, a row of x being as long as `row_size`."""
    starts = expand_dims(range_(batch_size) * row_size, 1)
    return gather(reshape(x, [-1]), places + starts)


def _of_beams(x: Any, parents: Any, batch_size: Any, beam_width: int) -> Any:
    """x[row, parent] for the beams that each row's new ones follow."""
    starts = expand_dims(range_(batch_size) * beam_width, 1)
    sizes = shape_of(x)
    from_beams = gather(reshape(x, _joined(x, sizes)), parents + starts)
    from_beams.set_shape(TensorShape([known_value(batch_size), beam_width])
                         .concatenate(x.shape[2:]))
    return from_beams


def _joined(x: Any, sizes: Any) -> Any:
    """The shape of x with its first two axes as one."""
    rest = [sizes[axis] if size is None else size
            for axis, size in enumerate(x.shape.as_list()) if axis >= 2]
    return [-1, *rest] if math.prod(s for s in rest if isinstance(s, int)) else [
        sizes[0] * sizes[1], *rest]


def _state_of_beams(part: Any, parents: Any, batch_size: Any, beam_width: int) -> Any:
    """A part of the cell's state for the new beams; scalars, vectors and TensorArrays pass."""
    if isinstance(part, TensorArray) or part.shape.ndims < 2:
        return part
    return _of_beams(part, parents, batch_size, beam_width)
