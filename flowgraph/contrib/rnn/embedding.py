"""EmbeddingWrapper: a cell whose inputs are ids, looked up in a matrix of its own."""

from __future__ import annotations

import math
from typing import Any

from flowgraph.core.frames import located
from flowgraph.graph.graph import device
from flowgraph.nn.embedding import embedding_lookup
from flowgraph.nn.rnn_cell.around import AroundCell
from flowgraph.ops.initializers import RandomUniform
from flowgraph.ops.reshape import reshape
from flowgraph.ops.variable_scope import get_variable, get_variable_scope


class EmbeddingWrapper(AroundCell):
    """Looks up a cell's inputs, which are ids, in a matrix that is trained.

    Args:
        cell: the RNNCell to wrap.
        embedding_classes: how many ids there are.
        embedding_size: size of the vector for each.
        initializer: first values of the matrix; default the scope's, else uniform with variance 1.
        reuse: True to find variables that are there already, as `tf.variable_scope` takes it.

    Raises:
        TypeError: `cell` is no RNNCell.
        ValueError: a size is not positive.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     cell = fg.contrib.rnn.EmbeddingWrapper(fg.nn.rnn_cell.GRUCell(3), 10, 4)
        ...     output, state = cell(fg.constant([[1], [9]]), cell.zero_state(2, fg.float32))
        ...     fg.trainable_variables()[0]
        <tf.Variable 'embedding_wrapper/embedding:0' shape=(10, 4) dtype=float32_ref>
    """

    def __init__(self, cell: Any, embedding_classes: int, embedding_size: int,
                 initializer: Any = None, reuse: Any = None) -> None:
        super().__init__(cell, _reuse=reuse)
        if embedding_classes <= 0 or embedding_size <= 0:
            raise ValueError(located("Both embedding_classes and embedding_size must be > 0: "
                                     f"{embedding_classes}, {embedding_size}."))
        self._embedding_classes = embedding_classes
        self._embedding_size = embedding_size
        self._initializer = initializer

    def call(self, inputs: Any, state: Any) -> Any:
        """One step."""
        with device("/cpu:0"):
            bound = math.sqrt(3)  # uniform numbers with variance 1
            first = (self._initializer or get_variable_scope().initializer
                     or RandomUniform(-bound, bound))
            part = state[0] if isinstance(state, tuple) else state
            embedding = get_variable("embedding", [self._embedding_classes, self._embedding_size],
                                     part.dtype, initializer=first)
            return self._cell(embedding_lookup(embedding, reshape(inputs, [-1])), state)
