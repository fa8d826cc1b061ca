"""Helpers: how a decoder gets the inputs of the next step.

    ids = helper.sample(time, outputs, state)
    finished, inputs, state = helper.next_inputs(time, outputs, state, ids)
"""

from __future__ import annotations

import abc
from typing import Any

from flowgraph.contrib.rnn.time_major import transpose_batch_time
from flowgraph.core import nest
from flowgraph.core.dtypes import as_dtype, int32
from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape
from flowgraph.graph.graph import name_scope
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.argmax import argmax
from flowgraph.ops.compare import equal, greater_equal
from flowgraph.ops.constant import zeros_like
from flowgraph.ops.join import tile
from flowgraph.ops.reduce import reduce_all
from flowgraph.ops.select import where_v2
from flowgraph.ops.shape import shape as shape_of
from flowgraph.ops.shape import size
from flowgraph.ops.tensor_array import TensorArray


class Helper(abc.ABC):
    """Base of helpers: write `batch_size`, `initialize`, `sample` and `next_inputs`.

    Example:
        >>> import flowgraph as fg
        >>> issubclass(fg.contrib.seq2seq.TrainingHelper, fg.contrib.seq2seq.Helper)
        True
    """

    @property
    @abc.abstractmethod
    def batch_size(self) -> Any:
        """The batch size: int or scalar tensor."""

    @property
    def sample_ids_shape(self) -> Any:
        """Shape of what `sample` gives for one row; by default that of a number."""
        return TensorShape([])

    @property
    def sample_ids_dtype(self) -> Any:
        """Dtype of what `sample` gives; by default int32."""
        return int32

    @abc.abstractmethod
    def initialize(self, name: str | None = None) -> Any:
        """(which rows are finished, the first inputs)."""

    @abc.abstractmethod
    def sample(self, time: Any, outputs: Any, state: Any, name: str | None = None) -> Any:
        """Takes ids from a step's outputs."""

    @abc.abstractmethod
    def next_inputs(self, time: Any, outputs: Any, state: Any, sample_ids: Any,
                    name: str | None = None) -> Any:
        """(which rows are finished, the next inputs, the next state)."""


class CustomHelper(Helper):
    """A helper made of functions.

    Args:
        initialize_fn: function without arguments, giving which rows are finished and the first
            inputs.
        sample_fn: function of (time=, outputs=, state=), giving ids.
        next_inputs_fn: function of (time=, outputs=, state=, sample_ids=), giving which rows are
            finished, the next inputs and the next state.
        sample_ids_shape: shape of one row's ids; default that of a number.
        sample_ids_dtype: dtype of the ids; default int32.

    Example:
        >>> import flowgraph as fg
        >>> helper = fg.contrib.seq2seq.CustomHelper(
        ...     lambda: ([False], fg.zeros([1, 3])),
        ...     lambda time, outputs, state: fg.argmax(outputs, 1, output_type=fg.int32),
        ...     lambda time, outputs, state, sample_ids: (time >= [4], outputs, state))
        >>> cell = fg.nn.rnn_cell.GRUCell(3)
        >>> decoder = fg.contrib.seq2seq.BasicDecoder(cell, helper, fg.zeros([1, 3]))
        >>> outputs, _, lengths = fg.contrib.seq2seq.dynamic_decode(decoder)
        >>> lengths.shape.as_list()
        [1]
    """

    def __init__(self, initialize_fn: Any, sample_fn: Any, next_inputs_fn: Any,
                 sample_ids_shape: Any = None, sample_ids_dtype: Any = None) -> None:
        self._initialize_fn = initialize_fn
        self._sample_fn = sample_fn
        self._next_inputs_fn = next_inputs_fn
        self._batch_size: Any = None
        self._sample_ids_shape = TensorShape(sample_ids_shape or [])
        self._sample_ids_dtype = sample_ids_dtype or int32

    @property
    def batch_size(self) -> Any:
        """The batch size. Raises ValueError before `initialize` was called."""
        if self._batch_size is None:
            raise ValueError(located("batch_size accessed before initialize was called"))
        return self._batch_size

    @property
    def sample_ids_shape(self) -> Any:
        """Shape of one row's ids."""
        return self._sample_ids_shape

    @property
    def sample_ids_dtype(self) -> Any:
        """Dtype of the ids."""
        return self._sample_ids_dtype

    def initialize(self, name: str | None = None) -> Any:
        """(which rows are finished, the first inputs)."""
        with name_scope(name, f"{type(self).__name__}Initialize"):
            finished, first = self._initialize_fn()
            finished = convert_to_tensor(finished)
            if self._batch_size is None:
                self._batch_size = size(finished)
        return finished, first

    def sample(self, time: Any, outputs: Any, state: Any, name: str | None = None) -> Any:
        """Takes ids from a step's outputs."""
        with name_scope(name, f"{type(self).__name__}Sample"):
            return self._sample_fn(time=time, outputs=outputs, state=state)

    def next_inputs(self, time: Any, outputs: Any, state: Any, sample_ids: Any,
                    name: str | None = None) -> Any:
        """(which rows are finished, the next inputs, the next state)."""
        with name_scope(name, f"{type(self).__name__}NextInputs"):
            return self._next_inputs_fn(time=time, outputs=outputs, state=state,
                                        sample_ids=sample_ids)


class TrainingHelper(Helper):
    """Gives the true inputs, whatever the outputs are.

    Args:
        inputs: tensor `[batch_size, time, ...]`.
        sequence_length: int vector, the number of steps of each row.
        time_major: whether the inputs are `[time, batch_size, ...]`.
        name: name of the scope.

    Raises:
        ValueError: `sequence_length` is no vector.

    Example:
        >>> import flowgraph as fg
        >>> helper = fg.contrib.seq2seq.TrainingHelper(fg.ones([2, 5, 3]), [5, 2])
        >>> finished, first = helper.initialize()
        >>> first.shape.as_list()
        [2, 3]
    """

    def __init__(self, inputs: Any, sequence_length: Any, time_major: bool = False,
                 name: str | None = None) -> None:
        with name_scope(name, "TrainingHelper"):
            self._inputs = convert_to_tensor(inputs, name="inputs")
            major: Any = self._inputs if time_major else transpose_batch_time(self._inputs)
            self._input_tas = rows_of(major)
            self._sequence_length = convert_to_tensor(sequence_length, name="sequence_length")
            if self._sequence_length.shape.ndims != 1:
                raise ValueError(located("Expected sequence_length to be a vector, but received "
                                         f"shape: {self._sequence_length.shape}"))
            self._zero_inputs = zeros_like(major[0])
            self._batch_size = size(self._sequence_length)

    @property
    def inputs(self) -> Any:
        """The inputs, as they were given."""
        return self._inputs

    @property
    def sequence_length(self) -> Any:
        """The number of steps of each row."""
        return self._sequence_length

    @property
    def batch_size(self) -> Any:
        """The batch size: the number of lengths."""
        return self._batch_size

    def initialize(self, name: str | None = None) -> Any:
        """(which rows are finished, the first inputs)."""
        with name_scope(name, "TrainingHelperInitialize"):
            finished = equal(self._sequence_length, 0)
            return finished, self._inputs_at(0, reduce_all(finished))

    def sample(self, time: Any, outputs: Any, state: Any = None, name: str | None = None,
               **unused: Any) -> Any:
        """The ids of the greatest outputs; they are not used further."""
        with name_scope(name, "TrainingHelperSample"):
            return argmax(outputs, axis=-1, output_type=int32)

    def next_inputs(self, time: Any, outputs: Any, state: Any, sample_ids: Any = None,
                    name: str | None = None, **unused: Any) -> Any:
        """(which rows are finished, the next inputs, the state)."""
        with name_scope(name, "TrainingHelperNextInputs"):
            next_time = time + 1
            finished = greater_equal(next_time, self._sequence_length)
            return finished, self._inputs_at(next_time, reduce_all(finished)), state

    def _inputs_at(self, time: Any, all_finished: Any) -> Any:
        """The row of a step; zeros once all are finished, for there may be no row then."""
        row = self._input_tas.read(where_v2(all_finished, 0, time))
        return where_v2(all_finished, self._zero_inputs, row)


def rows_of(x: Any) -> TensorArray:
    """The rows of a tensor, to be read one by one."""
    return TensorArray(x.dtype.base_dtype, size=shape_of(x)[0], element_shape=x.shape[1:],
                       clear_after_read=False).unstack(x)


class InferenceHelper(Helper):
    """Feeds what a function takes from the outputs back as inputs.

    Args:
        sample_fn: function from the outputs to samples.
        sample_shape: shape of one row's sample.
        sample_dtype: dtype of the samples.
        start_inputs: the first inputs, `[batch_size, ...]`.
        end_fn: function from samples to a bool vector: which rows are finished.
        next_inputs_fn: function from samples to the next inputs; default the samples.

    Example:
        >>> import flowgraph as fg
        >>> helper = fg.contrib.seq2seq.InferenceHelper(
        ...     lambda outputs: outputs, [3], fg.float32, fg.zeros([1, 3]),
        ...     lambda samples: samples[:, 0] > 0.9)
        >>> helper.sample_ids_shape.as_list()
        [3]
    """

    def __init__(self, sample_fn: Any, sample_shape: Any, sample_dtype: Any, start_inputs: Any,
                 end_fn: Any, next_inputs_fn: Any = None) -> None:
        self._sample_fn = sample_fn
        self._end_fn = end_fn
        self._sample_shape = TensorShape(sample_shape)
        self._sample_dtype = as_dtype(sample_dtype)
        self._next_inputs_fn = next_inputs_fn
        self._start_inputs = convert_to_tensor(start_inputs, name="start_inputs")
        self._batch_size = shape_of(self._start_inputs)[0]

    @property
    def batch_size(self) -> Any:
        """The batch size of the first inputs."""
        return self._batch_size

    @property
    def sample_ids_shape(self) -> Any:
        """Shape of one row's sample."""
        return self._sample_shape

    @property
    def sample_ids_dtype(self) -> Any:
        """Dtype of the samples."""
        return self._sample_dtype

    def initialize(self, name: str | None = None) -> Any:
        """(which rows are finished: none, the first inputs)."""
        return nobody(self._batch_size), self._start_inputs

    def sample(self, time: Any, outputs: Any, state: Any, name: str | None = None) -> Any:
        """Takes samples from a step's outputs."""
        return self._sample_fn(outputs)

    def next_inputs(self, time: Any, outputs: Any, state: Any, sample_ids: Any,
                    name: str | None = None) -> Any:
        """(which rows are finished, the next inputs, the state)."""
        following = (sample_ids if self._next_inputs_fn is None
                     else self._next_inputs_fn(sample_ids))
        return self._end_fn(sample_ids), following, state


def nobody(batch_size: Any) -> Any:
    """A bool vector that says of no row that it is finished."""
    return tile(convert_to_tensor([False]), [batch_size])


def chosen(condition: Any, x: Any, y: Any) -> Any:
    """Nested tensors: x if the bool scalar is true, else y."""
    return nest.map_structure(lambda a, b: where_v2(condition, a, b), x, y)
