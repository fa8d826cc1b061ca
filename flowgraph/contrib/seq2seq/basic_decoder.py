"""BasicDecoder: a cell, whose inputs a helper chooses."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

from flowgraph.contrib.seq2seq.decoder import Decoder, output_size_of
from flowgraph.contrib.seq2seq.helper import Helper
from flowgraph.core import nest
from flowgraph.core.frames import located
from flowgraph.graph.graph import name_scope
from flowgraph.nn.rnn_cell.base import check_is_cell


class BasicDecoderOutput(namedtuple("BasicDecoderOutput", ("rnn_output", "sample_id"))):
    """What a BasicDecoder puts out.

    Args:
        rnn_output: the outputs of the cell, or of the layer behind it.
        sample_id: what the helper took from them.

    Example:
        >>> import flowgraph as fg
        >>> fg.contrib.seq2seq.BasicDecoderOutput(1, 2).sample_id
        2
    """


class BasicDecoder(Decoder):
    """Runs a cell on the inputs that a helper chooses.

    Args:
        cell: an RNNCell.
        helper: a Helper.
        initial_state: the cell's first state.
        output_layer: a layer for the cell's outputs, as `tf.layers.Dense(vocabulary)`; the helper
            sees what it gives.

    Raises:
        TypeError: the cell is no RNNCell, the helper no Helper, or the layer no layer.

    Example:
        >>> import flowgraph as fg
        >>> s2s, cell = fg.contrib.seq2seq, fg.nn.rnn_cell.GRUCell(4)
        >>> helper = s2s.GreedyEmbeddingHelper(fg.ones([10, 3]), start_tokens=[1, 1], end_token=2)
        >>> decoder = s2s.BasicDecoder(cell, helper, cell.zero_state(2, fg.float32),
        ...                            fg.layers.Dense(10))
        >>> outputs, state, lengths = s2s.dynamic_decode(decoder, maximum_iterations=7)
        >>> outputs.sample_id.shape.as_list(), outputs.rnn_output.shape.as_list()
        ([2, None], [2, None, 10])
    """

    def __init__(self, cell: Any, helper: Any, initial_state: Any,
                 output_layer: Any = None) -> None:
        check_is_cell("cell", cell)
        if not isinstance(helper, Helper):
            raise TypeError(located(f"helper must be a Helper, received: {type(helper)}"))
        self._cell = cell
        self._helper = helper
        self._initial_state = initial_state
        self._output_layer = output_layer
        self._rnn_output_size()  # complains about a layer that is none

    @property
    def batch_size(self) -> Any:
        """The helper's batch size."""
        return self._helper.batch_size

    def _rnn_output_size(self) -> Any:
        return output_size_of(self._cell, self._output_layer)

    @property
    def output_size(self) -> BasicDecoderOutput:
        """Sizes of a step's outputs."""
        return BasicDecoderOutput(self._rnn_output_size(), self._helper.sample_ids_shape)

    @property
    def output_dtype(self) -> BasicDecoderOutput:
        """Dtypes of a step's outputs: the state's, and the helper's."""
        dtype = nest.flatten(self._initial_state)[0].dtype
        return BasicDecoderOutput(nest.map_structure(lambda _: dtype, self._rnn_output_size()),
                                  self._helper.sample_ids_dtype)

    def initialize(self, name: str | None = None) -> Any:
        """Which rows are finished, the first inputs, and the first state.

        Args:
            name: ignored.
        """
        return (*self._helper.initialize(), self._initial_state)

    def step(self, time: Any, inputs: Any, state: Any, name: str | None = None) -> Any:
        """One step.

        Args:
            time: int32 scalar tensor.
            inputs: the cell's inputs.
            state: the cell's state.
            name: name of the scope.

        Returns:
            The BasicDecoderOutput, the next state, the next inputs, and which rows are finished.
        """
        with name_scope(name, "BasicDecoderStep", [time, *nest.flatten(inputs)]):
            outputs, new_state = self._cell(inputs, state)
            if self._output_layer is not None:
                outputs = self._output_layer(outputs)
            ids = self._helper.sample(time=time, outputs=outputs, state=new_state)
            finished, next_inputs, next_state = self._helper.next_inputs(
                time=time, outputs=outputs, state=new_state, sample_ids=ids)
        return BasicDecoderOutput(outputs, ids), next_state, next_inputs, finished
