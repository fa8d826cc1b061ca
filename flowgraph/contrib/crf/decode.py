"""The best sequence of tags, found by the Viterbi algorithm: in the graph, or with NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.contrib.crf.scores import TagScores, steps_after_the_first
from flowgraph.core.dtypes import int32
from flowgraph.nn.rnn import dynamic_rnn
from flowgraph.nn.rnn_cell.base import RNNCell
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.argmax import argmax
from flowgraph.ops.constant import range as range_
from flowgraph.ops.gather import gather_nd
from flowgraph.ops.join import concat, stack
from flowgraph.ops.reduce import reduce_max
from flowgraph.ops.reshape import expand_dims, squeeze
from flowgraph.ops.roll import reverse_sequence
from flowgraph.ops.shape import shape as shape_of


def crf_decode(potentials, transition_params, sequence_length):
    """The best sequence of tags for each row, found in the graph.

    Args:
        potentials: float tensor `[batch_size, time, tags]`, what a network says of each tag.
        transition_params: matrix `[tags, tags]`.
        sequence_length: int vector, the number of steps of each row.

    Returns:
        int32 tags `[batch_size, time]`, 0 behind each row's end, and the scores of the sequences.

    Example:
        >>> import flowgraph as fg
        >>> tags, score = fg.contrib.crf.crf_decode(
        ...     fg.constant([[[1.0, 2.0], [3.0, 4.0]]]), [[0.0, 0.0], [10.0, 0.0]], [2])
        >>> fg.Session().run([tags, score])
        [array([[1, 0]], dtype=int32), array([15.], dtype=float32)]
    """
    potentials = convert_to_tensor(potentials)
    state = potentials[:, 0]
    if potentials.shape[1].value == 1:
        return expand_dims(argmax(state, 1, output_type=int32), 1), reduce_max(state, 1)
    after_first = steps_after_the_first(sequence_length)
    came_from, scores = dynamic_rnn(
        CrfDecodeForwardRnnCell(transition_params), potentials[:, 1:],
        sequence_length=after_first, initial_state=state, dtype=int32)
    last = expand_dims(argmax(scores, 1, output_type=int32), -1)
    tags, _ = dynamic_rnn(
        CrfDecodeBackwardRnnCell(potentials.shape[2].value),
        reverse_sequence(came_from, after_first, seq_axis=1), sequence_length=after_first,
        initial_state=last, dtype=int32)
    tags = concat([last, squeeze(tags, [2])], 1)
    return reverse_sequence(tags, sequence_length, seq_axis=1), reduce_max(scores, 1)


class CrfDecodeForwardRnnCell(TagScores):
    """One step forward: the best score of the sequences that end with each tag, and their last
    tag but one.

    Args:
        transition_params: matrix `[tags, tags]`.

    Example:
        >>> import flowgraph as fg
        >>> cell = fg.contrib.crf.CrfDecodeForwardRnnCell([[0.0, 1.0], [2.0, 0.0]])
        >>> fg.Session().run(cell(fg.zeros([1, 2]), fg.zeros([1, 2])))
        (array([[1, 0]], dtype=int32), array([[2., 1.]], dtype=float32))
    """

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        """Runs one step.

        Args:
            inputs: `[batch_size, tags]`.
            state: `[batch_size, tags]`, the best scores so far.
            scope: ignored.

        Returns:
            The tags before, int32 `[batch_size, tags]`, and the new scores.
        """
        scores = expand_dims(state, 2) + self._transition_params
        return argmax(scores, 1, output_type=int32), inputs + reduce_max(scores, [1])


class CrfDecodeBackwardRnnCell(RNNCell):
    """One step back: the tag before the one that was found.

    Args:
        num_tags: number of tags.

    Example:
        >>> import flowgraph as fg
        >>> cell = fg.contrib.crf.CrfDecodeBackwardRnnCell(3)
        >>> output, _ = cell(fg.constant([[2, 0, 1]]), fg.constant([[0]]))
        >>> fg.Session().run(output)
        array([[2]], dtype=int32)
    """

    def __init__(self, num_tags: int) -> None:
        super().__init__()
        self._num_tags = num_tags

    @property
    def state_size(self) -> int:
        """1: a tag."""
        return 1

    @property
    def output_size(self) -> int:
        """1: a tag."""
        return 1

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        """Runs one step.

        Args:
            inputs: int32 `[batch_size, tags]`, the tags before.
            state: int32 `[batch_size, 1]`, the tag found last.
            scope: ignored.

        Returns:
            The tag before it, twice.
        """
        rows = range_(shape_of(inputs)[0])
        tags = expand_dims(gather_nd(inputs, stack([rows, squeeze(state, [1])], 1)), -1)
        return tags, tags


def viterbi_decode(score: Any, transition_params: Any) -> tuple[list[Any], Any]:
    """The best sequence of tags for one row of arrays, found with NumPy.

    Args:
        score: float array `[time, tags]`.
        transition_params: float array `[tags, tags]`.

    Returns:
        The list of tags, and the score of the sequence.

    Example:
        >>> import numpy as np, flowgraph as fg
        >>> tags, score = fg.contrib.crf.viterbi_decode(
        ...     np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[0.0, 0.0], [10.0, 0.0]]))
        >>> [int(tag) for tag in tags], float(score)
        ([1, 0], 15.0)
    """
    best, came_from = score[0], []
    for step in score[1:]:
        scores = best[:, None] + transition_params
        came_from.append(scores.argmax(0))
        best = step + scores.max(0)
    tags = [np.argmax(best)]
    for before in reversed(came_from):
        tags.append(before[tags[-1]])
    return tags[::-1], best.max()
