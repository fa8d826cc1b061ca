"""Cells that run over a whole sequence at once, and ordinary cells made such."""

from __future__ import annotations

import abc
from typing import Any

from flowgraph.nn.rnn import dynamic_rnn
from flowgraph.nn.rnn_static import static_rnn
from flowgraph.ops.join import stack
from flowgraph.ops.roll import reverse_sequence
from flowgraph.ops.select import reverse
from flowgraph.ops.split import unstack


class FusedRNNCell(abc.ABC):
    """Base of what runs over all time steps in one call: write `__call__`.

    Example:
        >>> import flowgraph as fg
        >>> issubclass(fg.contrib.rnn.FusedRNNCellAdaptor, fg.contrib.rnn.FusedRNNCell)
        True
    """

    @abc.abstractmethod
    def __call__(self, inputs: Any, initial_state: Any = None, dtype: Any = None,
                 sequence_length: Any = None, scope: Any = None) -> Any:
        """Runs over the sequence.

        Args:
            inputs: tensor `[time, batch_size, input_size]`, or a list with a tensor per time step.
            initial_state: the first state; default zeros.
            dtype: dtype of that state of zeros.
            sequence_length: int vector, the number of time steps of each row; default all.
            scope: variable scope.

        Returns:
            The outputs, in the form of the inputs, and the final state.
        """


class FusedRNNCellAdaptor(FusedRNNCell):
    """Makes an RNNCell run over a whole sequence in one call.

    Args:
        cell: an RNNCell.
        use_dynamic_rnn: whether the steps are a loop of the graph; else they are unrolled.

    Example:
        >>> import flowgraph as fg
        >>> cell = fg.contrib.rnn.FusedRNNCellAdaptor(fg.nn.rnn_cell.GRUCell(3), True)
        >>> outputs, state = cell(fg.ones([5, 2, 4]), dtype=fg.float32)
        >>> outputs.shape.as_list(), state.shape.as_list()
        ([5, 2, 3], [2, 3])
    """

    def __init__(self, cell: Any, use_dynamic_rnn: bool = False) -> None:
        self._cell = cell
        self._use_dynamic_rnn = use_dynamic_rnn

    def __call__(self, inputs: Any, initial_state: Any = None, dtype: Any = None,
                 sequence_length: Any = None, scope: Any = None) -> Any:
        """Runs over the sequence.

        Args:
            inputs: tensor `[time, batch_size, input_size]`, or a list with a tensor per time step.
            initial_state: the first state; default zeros.
            dtype: dtype of that state of zeros.
            sequence_length: int vector, the number of time steps of each row; default all.
            scope: variable scope; default "rnn".

        Returns:
            The outputs, in the form of the inputs, and the final state.
        """
        is_list = isinstance(inputs, list)
        given = {"initial_state": initial_state, "dtype": dtype,
                 "sequence_length": sequence_length, "scope": scope}
        if self._use_dynamic_rnn:
            outputs, state = dynamic_rnn(self._cell, stack(inputs) if is_list else inputs,
                                         time_major=True, **given)
            return unstack(outputs) if is_list else outputs, state
        outputs, state = static_rnn(self._cell, inputs if is_list else unstack(inputs), **given)
        return outputs if is_list else stack(outputs), state


class TimeReversedFusedRNN(FusedRNNCell):
    """Runs a fused cell over the sequence from its end.

    Args:
        cell: a FusedRNNCell.

    Example:
        >>> import flowgraph as fg
        >>> forward = fg.contrib.rnn.LSTMBlockFusedCell(3)
        >>> backward = fg.contrib.rnn.TimeReversedFusedRNN(fg.contrib.rnn.LSTMBlockFusedCell(3))
        >>> outputs, state = backward(fg.ones([5, 2, 4]), dtype=fg.float32)
        >>> outputs.shape.as_list()
        [5, 2, 3]
    """

    def __init__(self, cell: Any) -> None:
        self._cell = cell

    def __call__(self, inputs: Any, initial_state: Any = None, dtype: Any = None,
                 sequence_length: Any = None, scope: Any = None) -> Any:
        """Runs over the sequence in reverse, each row from its own end.

        Args:
            inputs: tensor `[time, batch_size, input_size]`, or a list with a tensor per time step.
            initial_state: the first state; default zeros.
            dtype: dtype of that state of zeros.
            sequence_length: int vector, the number of time steps of each row; default all.
            scope: variable scope.

        Returns:
            The outputs, in the order and form of the inputs, and the final state.
        """
        outputs, state = self._cell(_reversed(inputs, sequence_length),
                                    initial_state=initial_state, dtype=dtype,
                                    sequence_length=sequence_length, scope=scope)
        return _reversed(outputs, sequence_length), state


def _reversed(x: Any, lengths: Any) -> Any:
    if isinstance(x, list):
        return list(reversed(x))
    return reverse(x, [0]) if lengths is None else reverse_sequence(x, lengths, 0, 1)
