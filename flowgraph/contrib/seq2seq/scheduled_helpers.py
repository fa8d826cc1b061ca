"""Scheduled sampling: true inputs, and now and then what the decoder said itself."""

from __future__ import annotations

from typing import Any

from flowgraph.contrib.rnn.time_major import transpose_batch_time
from flowgraph.contrib.seq2seq.embedding_helpers import drawn, embedding_function
from flowgraph.contrib.seq2seq.helper import TrainingHelper, rows_of
from flowgraph.core.dtypes import bool_, int32
from flowgraph.core.frames import located
from flowgraph.graph.graph import name_scope
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.arithmetic import maximum
from flowgraph.ops.cast import cast
from flowgraph.ops.compare import greater, less
from flowgraph.ops.constant import fill
from flowgraph.ops.join import concat
from flowgraph.ops.logic import logical_and, logical_not
from flowgraph.ops.random_ops import random_uniform
from flowgraph.ops.reduce import reduce_all
from flowgraph.ops.select import where, where_v2


class ScheduledEmbeddingTrainingHelper(TrainingHelper):
    """Feeds a word that the decoder said in place of the true one, with some probability.

    Args:
        inputs: tensor `[batch_size, time, size]`, the true words' vectors.
        sequence_length: int vector, the number of steps of each row.
        embedding: matrix `[vocabulary, size]`, or a function from int32 ids to vectors.
        sampling_probability: float scalar, or vector `[batch_size]`.
        time_major: whether the inputs are `[time, batch_size, size]`.
        seed: int, for the same words in every session.
        scheduling_seed: int, for the same decisions in every session.
        name: name of the scope.

    Raises:
        ValueError: a rank is wrong.

    Example:
        >>> import flowgraph as fg
        >>> s2s, cell = fg.contrib.seq2seq, fg.nn.rnn_cell.GRUCell(10)
        >>> helper = s2s.ScheduledEmbeddingTrainingHelper(fg.ones([2, 5, 3]), [5, 2],
        ...                                               fg.ones([10, 3]), 0.1)
        >>> decoder = s2s.BasicDecoder(cell, helper, cell.zero_state(2, fg.float32))
        >>> s2s.dynamic_decode(decoder)[0].sample_id.shape.as_list()
        [2, None]
    """

    def __init__(self, inputs: Any, sequence_length: Any, embedding: Any,
                 sampling_probability: Any, time_major: bool = False, seed: int | None = None,
                 scheduling_seed: int | None = None, name: str | None = None) -> None:
        with name_scope(name, "ScheduledEmbeddingSamplingWrapper"):
            self._embedding_fn = embedding_function(embedding)
            self._sampling_probability = _probability(sampling_probability)
            self._seed = seed
            self._scheduling_seed = scheduling_seed
            super().__init__(inputs, sequence_length, time_major, name)

    def sample(self, time: Any, outputs: Any, state: Any = None, name: str | None = None,
               **unused: Any) -> Any:
        """Drawn words; -1 in the rows that get the true one."""
        with name_scope(name, "ScheduledEmbeddingTrainingHelperSample"):
            decisions = _decisions(self._sampling_probability, self.batch_size,
                                   self._scheduling_seed)
            return where(decisions, drawn(outputs, self._seed), fill([self.batch_size], -1))

    def next_inputs(self, time: Any, outputs: Any, state: Any, sample_ids: Any = None,
                    name: str | None = None, **unused: Any) -> Any:
        """(which rows are finished, the next inputs, the state)."""
        with name_scope(name, "ScheduledEmbeddingTrainingHelperNextInputs"):
            finished, true_inputs, state = super().next_inputs(time, outputs, state, sample_ids)
            said = logical_and(greater(sample_ids, -1), logical_not(reduce_all(finished)))
            return finished, where(said, self._embedding_fn(maximum(sample_ids, 0)),
                                   true_inputs), state


class ScheduledOutputTrainingHelper(TrainingHelper):
    """Feeds the decoder's output in place of the true input, with some probability.

    Args:
        inputs: tensor `[batch_size, time, size]`, the true inputs.
        sequence_length: int vector, the number of steps of each row.
        sampling_probability: float scalar, or vector `[batch_size]`.
        time_major: whether the inputs are `[time, batch_size, size]`.
        seed: int, for the same decisions in every session.
        next_inputs_fn: function from outputs to inputs; default the outputs.
        auxiliary_inputs: tensor like `inputs`, appended to each input along the last axis; or None.
        name: name of the scope.

    Raises:
        ValueError: a rank is wrong.

    Example:
        >>> import flowgraph as fg
        >>> s2s, cell = fg.contrib.seq2seq, fg.nn.rnn_cell.GRUCell(3)
        >>> helper = s2s.ScheduledOutputTrainingHelper(fg.ones([2, 5, 3]), [5, 2], 0.1)
        >>> decoder = s2s.BasicDecoder(cell, helper, cell.zero_state(2, fg.float32))
        >>> s2s.dynamic_decode(decoder)[0].rnn_output.shape.as_list()
        [2, None, 3]
    """

    def __init__(self, inputs: Any, sequence_length: Any, sampling_probability: Any,
                 time_major: bool = False, seed: int | None = None, next_inputs_fn: Any = None,
                 auxiliary_inputs: Any = None, name: str | None = None) -> None:
        with name_scope(name, "ScheduledOutputTrainingHelper"):
            self._sampling_probability = _probability(sampling_probability)
            self._auxiliary_input_tas = None
            if auxiliary_inputs is not None:
                inputs = convert_to_tensor(inputs, name="inputs")
                more = convert_to_tensor(auxiliary_inputs, name="auxiliary_inputs")
                inputs = concat([inputs, more], -1)
                self._auxiliary_input_tas = rows_of(more if time_major
                                                    else transpose_batch_time(more))
            self._seed = seed
            self._next_inputs_fn = next_inputs_fn
            super().__init__(inputs, sequence_length, time_major, name)

    def sample(self, time: Any, outputs: Any, state: Any = None, name: str | None = None,
               **unused: Any) -> Any:
        """1 for the rows that get the decoder's output, else 0."""
        with name_scope(name, "ScheduledOutputTrainingHelperSample"):
            return cast(_decisions(self._sampling_probability, self.batch_size, self._seed), int32)

    def next_inputs(self, time: Any, outputs: Any, state: Any, sample_ids: Any = None,
                    name: str | None = None, **unused: Any) -> Any:
        """(which rows are finished, the next inputs, the state)."""
        with name_scope(name, "ScheduledOutputTrainingHelperNextInputs"):
            finished, true_inputs, state = super().next_inputs(time, outputs, state, sample_ids)
            all_finished = reduce_all(finished)
            said = logical_and(cast(sample_ids, bool_), logical_not(all_finished))
            own = outputs if self._next_inputs_fn is None else self._next_inputs_fn(outputs)
            if self._auxiliary_input_tas is not None:
                row = self._auxiliary_input_tas.read(where_v2(all_finished, 0, time + 1))
                own = concat([own, row], -1)
            return finished, where(said, own, true_inputs), state


def _probability(value: Any) -> Any:
    probability = convert_to_tensor(value, name="sampling_probability")
    if probability.shape.ndims not in (0, 1):
        raise ValueError(located("sampling_probability must be either a scalar or a vector. saw "
                                 f"shape: {probability.shape}"))
    return probability


def _decisions(probability: Any, batch_size: Any, seed: int | None) -> Any:
    """A bool for each row, true with the probability."""
    return less(random_uniform([batch_size], seed=seed, dtype=probability.dtype), probability)
