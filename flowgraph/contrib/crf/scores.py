"""How likely a sequence of tags is: its score, and the sum over all sequences.

    score(tags) = sum of inputs[t, tags[t]] + sum of transitions[tags[t], tags[t + 1]]
    log likelihood(tags) = score(tags) - log(sum over all sequences of exp(score))

The sum goes over exponentially many sequences; it is carried along time, one number for each tag
that a sequence may end with.
"""

from __future__ import annotations

import math
from typing import Any

from flowgraph.contrib.rnn.sizes import OneState
from flowgraph.core.dtypes import int32, int64
from flowgraph.core.frames import located
from flowgraph.nn.rnn import dynamic_rnn
from flowgraph.nn.rnn_cell.base import RNNCell
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.arithmetic import maximum
from flowgraph.ops.cast import cast
from flowgraph.ops.compare import less_equal
from flowgraph.ops.constant import range as range_
from flowgraph.ops.constant import zeros_like
from flowgraph.ops.gather import gather
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.reduced_statistics import reduce_logsumexp
from flowgraph.ops.reshape import expand_dims, reshape
from flowgraph.ops.select import sequence_mask, where, where_v2
from flowgraph.ops.shape import shape as shape_of
from flowgraph.ops.variable_scope import get_variable


def crf_log_likelihood(inputs, tag_indices, sequence_lengths, transition_params=None):
    """The log likelihood of sequences of tags; its negative mean is the loss of a tagger.

    Args:
        inputs: float tensor `[batch_size, time, tags]`, what a network says of each tag.
        tag_indices: int tensor `[batch_size, time]`, the true tags.
        sequence_lengths: int vector, the number of steps of each row.
        transition_params: matrix `[tags, tags]`; default the variable `transitions`.

    Returns:
        The log likelihood of each row, and the matrix of transitions.

    Example:
        >>> import flowgraph as fg
        >>> likelihood, transitions = fg.contrib.crf.crf_log_likelihood(
        ...     fg.zeros([2, 5, 3]), fg.zeros([2, 5], fg.int32), [5, 2], fg.zeros([3, 3]))
        >>> fg.exp(-likelihood / [5, 2]).eval(session=fg.Session()).round(4)
        array([3., 3.], dtype=float32)
    """
    inputs = convert_to_tensor(inputs)
    if transition_params is None:
        tags = inputs.shape[2].value
        transition_params = get_variable("transitions", [tags, tags])
    scores = crf_sequence_score(inputs, tag_indices, sequence_lengths, transition_params)
    return scores - crf_log_norm(inputs, sequence_lengths, transition_params), transition_params


def crf_sequence_score(inputs, tag_indices, sequence_lengths, transition_params):
    """The score of sequences of tags, not normalized.

    Args:
        inputs: float tensor `[batch_size, time, tags]`.
        tag_indices: int tensor `[batch_size, time]`.
        sequence_lengths: int vector, the number of steps of each row.
        transition_params: matrix `[tags, tags]`.

    Returns:
        A float vector.

    Example:
        >>> import flowgraph as fg
        >>> score = fg.contrib.crf.crf_sequence_score(
        ...     [[[1.0, 2.0], [3.0, 4.0]]], [[1, 0]], [2], [[0.0, 0.0], [10.0, 0.0]])
        >>> fg.Session().run(score)
        array([15.], dtype=float32)
    """
    unary = crf_unary_score(tag_indices, sequence_lengths, inputs)
    if convert_to_tensor(inputs).shape[1].value == 1:
        return unary
    return unary + crf_binary_score(tag_indices, sequence_lengths, transition_params)


def crf_multitag_sequence_score(inputs, tag_bitmap, sequence_lengths, transition_params):
    """The score of all sequences made of the tags that are allowed at each step.

    Args:
        inputs: float tensor `[batch_size, time, tags]`.
        tag_bitmap: bool tensor of this shape: which tags are allowed.
        sequence_lengths: int vector, the number of steps of each row.
        transition_params: matrix `[tags, tags]`.

    Returns:
        A float vector.

    Example:
        >>> import flowgraph as fg
        >>> score = fg.contrib.crf.crf_multitag_sequence_score(
        ...     [[[1.0, 2.0], [3.0, 4.0]]], [[[False, True], [True, False]]], [2],
        ...     [[0.0, 0.0], [10.0, 0.0]])
        >>> fg.Session().run(score)
        array([15.], dtype=float32)
    """
    allowed = where_v2(tag_bitmap, convert_to_tensor(inputs), -math.inf)
    return crf_log_norm(allowed, sequence_lengths, transition_params)


def crf_log_norm(inputs, sequence_lengths, transition_params):
    """The logarithm of the sum of exp(score) over all sequences of tags.

    Args:
        inputs: float tensor `[batch_size, time, tags]`.
        sequence_lengths: int vector, the number of steps of each row.
        transition_params: matrix `[tags, tags]`.

    Returns:
        A float vector; 0 for rows without steps.

    Example:
        >>> import flowgraph as fg
        >>> norm = fg.contrib.crf.crf_log_norm(fg.zeros([1, 3, 2]), [3], fg.zeros([2, 2]))
        >>> fg.exp(norm).eval(session=fg.Session()).round(4)
        array([8.], dtype=float32)
    """
    inputs = convert_to_tensor(inputs)
    sequence_lengths = convert_to_tensor(sequence_lengths)
    state = inputs[:, 0]
    if inputs.shape[1].value != 1:
        _, state = dynamic_rnn(CrfForwardRnnCell(transition_params), inputs[:, 1:],
                               sequence_length=steps_after_the_first(sequence_lengths),
                               initial_state=state, dtype=inputs.dtype)
    norm = reduce_logsumexp(state, [1])
    return where(less_equal(sequence_lengths, 0), zeros_like(norm), norm)


def crf_unary_score(tag_indices, sequence_lengths, inputs):
    """The part of the score that comes from the inputs.

    Args:
        tag_indices: int tensor `[batch_size, time]`.
        sequence_lengths: int vector, the number of steps of each row.
        inputs: float tensor `[batch_size, time, tags]`.

    Returns:
        A float vector.

    Example:
        >>> import flowgraph as fg
        >>> score = fg.contrib.crf.crf_unary_score([[1, 0]], [2], [[[1.0, 2.0], [3.0, 4.0]]])
        >>> fg.Session().run(score)
        array([5.], dtype=float32)
    """
    tags, inputs = convert_to_tensor(tag_indices), convert_to_tensor(inputs)
    batch_size, steps, count = (shape_of(inputs)[axis] if size is None else size
                                for axis, size in enumerate(inputs.shape.as_list()))
    starts = (expand_dims(range_(batch_size) * (steps * count), 1)
              + expand_dims(range_(steps) * count, 0))
    if tags.dtype.base_dtype is int64:
        starts = cast(starts, int64)
    chosen = gather(reshape(inputs, [-1]), starts + tags)
    return reduce_sum(chosen * sequence_mask(sequence_lengths, steps, dtype=inputs.dtype), 1)


def crf_binary_score(tag_indices, sequence_lengths, transition_params):
    """The part of the score that comes from the transitions.

    Args:
        tag_indices: int tensor `[batch_size, time]`.
        sequence_lengths: int vector, the number of steps of each row.
        transition_params: matrix `[tags, tags]`.

    Returns:
        A float vector.

    Example:
        >>> import flowgraph as fg
        >>> score = fg.contrib.crf.crf_binary_score([[1, 0]], [2], [[0.0, 0.0], [10.0, 0.0]])
        >>> fg.Session().run(score)
        array([10.], dtype=float32)
    """
    tags = convert_to_tensor(tag_indices)
    transitions = convert_to_tensor(transition_params)
    count = transitions.shape[0].value
    if count is None:
        count = cast(shape_of(transitions)[0], tags.dtype.base_dtype)
    pairs = gather(reshape(transitions, [-1]), tags[:, :-1] * count + tags[:, 1:])
    mask = sequence_mask(sequence_lengths, shape_of(tags)[1], dtype=transitions.dtype)
    return reduce_sum(pairs * mask[:, 1:], 1)


class TagScores(OneState, RNNCell):
    """A cell whose state is a score for each tag, and which knows the transitions between tags.

    Args:
        transition_params: matrix `[tags, tags]`.

    Raises:
        ValueError: it is no matrix of known size.
    """

    def __init__(self, transition_params: Any) -> None:
        super().__init__()
        self._transition_params = transitions_of(transition_params)
        self._num_units = self._transition_params.shape[1].value


class CrfForwardRnnCell(TagScores):
    """One step of the sum over all sequences: of those that end with each tag.

    Args:
        transition_params: matrix `[tags, tags]`.

    Example:
        >>> import flowgraph as fg
        >>> cell = fg.contrib.crf.CrfForwardRnnCell(fg.zeros([2, 2]))
        >>> alphas, _ = cell(fg.zeros([1, 2]), fg.zeros([1, 2]))
        >>> fg.exp(alphas).eval(session=fg.Session()).round(4)
        array([[2., 2.]], dtype=float32)
    """

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        """Runs one step.

        Args:
            inputs: `[batch_size, tags]`.
            state: `[batch_size, tags]`, the logarithms of the sums so far.
            scope: ignored.

        Returns:
            The new state, twice.
        """
        alphas = inputs + reduce_logsumexp(expand_dims(state, 2) + self._transition_params, [1])
        return alphas, alphas


def transitions_of(transition_params: Any) -> Any:
    """The matrix of transitions with an axis for the batch in front."""
    matrix = convert_to_tensor(transition_params)
    if matrix.shape.ndims != 2 or matrix.shape[0].value is None:
        raise ValueError(located("transition_params must be a matrix [tags, tags] of known size, "
                                 f"but saw the shape {matrix.shape}"))
    return expand_dims(matrix, 0)


def steps_after_the_first(lengths: Any) -> Any:
    """int32 lengths less one, at least 0."""
    return maximum(cast(convert_to_tensor(lengths), int32) - 1, 0)
