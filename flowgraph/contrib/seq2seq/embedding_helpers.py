"""Helpers that feed a decoder's own words back to it."""

from __future__ import annotations

from typing import Any

from flowgraph.contrib.seq2seq.helper import Helper, chosen, nobody
from flowgraph.core.dtypes import int32
from flowgraph.core.frames import located
from flowgraph.graph.tensor import Tensor
from flowgraph.nn.embedding import embedding_lookup
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.argmax import argmax
from flowgraph.ops.compare import equal
from flowgraph.ops.random_ops import multinomial
from flowgraph.ops.reduce import reduce_all
from flowgraph.ops.reshape import reshape
from flowgraph.ops.shape import size


def embedding_function(embedding: Any) -> Any:
    """The function from ids to vectors: `embedding` itself, or a lookup in it."""
    return embedding if callable(embedding) else (lambda ids: embedding_lookup(embedding, ids))


class GreedyEmbeddingHelper(Helper):
    """Takes the most likely word, and feeds its vector back.

    Args:
        embedding: matrix `[vocabulary, size]`, or a function from int32 ids to vectors.
        start_tokens: int32 vector, the first word of each row.
        end_token: int32 scalar, the word behind which a row is finished.

    Raises:
        ValueError: `start_tokens` is no vector, or `end_token` no scalar.

    Example:
        >>> import flowgraph as fg
        >>> helper = fg.contrib.seq2seq.GreedyEmbeddingHelper(fg.ones([10, 3]), [1, 1], 2)
        >>> ids = helper.sample(time=0, outputs=fg.one_hot([4, 2], 10), state=())
        >>> finished, inputs, _ = helper.next_inputs(0, None, (), ids)
        >>> fg.Session().run([ids, finished])
        [array([4, 2], dtype=int32), array([False,  True])]
    """

    def __init__(self, embedding: Any, start_tokens: Any, end_token: Any) -> None:
        self._embedding_fn = embedding_function(embedding)
        self._start_tokens = convert_to_tensor(start_tokens, int32, name="start_tokens")
        self._end_token = convert_to_tensor(end_token, int32, name="end_token")
        if self._start_tokens.shape.ndims != 1:
            raise ValueError(located("start_tokens must be a vector, saw shape: "
                                     f"{self._start_tokens.shape}"))
        if self._end_token.shape.ndims != 0:
            raise ValueError(located("end_token must be a scalar, saw shape: "
                                     f"{self._end_token.shape}"))
        self._batch_size = size(self._start_tokens)
        self._start_inputs = self._embedding_fn(self._start_tokens)

    @property
    def batch_size(self) -> Any:
        """The batch size: the number of first words."""
        return self._batch_size

    def initialize(self, name: str | None = None) -> Any:
        """(which rows are finished: none, the vectors of the first words)."""
        return nobody(self._batch_size), self._start_inputs

    def sample(self, time: Any, outputs: Any, state: Any, name: str | None = None) -> Any:
        """The most likely words. Raises TypeError when the outputs are no single tensor."""
        return argmax(_single(outputs), axis=-1, output_type=int32)

    def next_inputs(self, time: Any, outputs: Any, state: Any, sample_ids: Any,
                    name: str | None = None) -> Any:
        """(which rows are finished, the words' vectors, the state)."""
        finished = equal(sample_ids, self._end_token)
        inputs = chosen(reduce_all(finished), self._start_inputs, self._embedding_fn(sample_ids))
        return finished, inputs, state


class SampleEmbeddingHelper(GreedyEmbeddingHelper):
    """Draws a word by its probability, and feeds its vector back.

    Args:
        embedding: matrix `[vocabulary, size]`, or a function from int32 ids to vectors.
        start_tokens: int32 vector, the first word of each row.
        end_token: int32 scalar, the word behind which a row is finished.
        softmax_temperature: float scalar that divides the logits: below 1 likely words come more
            often. Default 1.
        seed: int, for the same words in every session.

    Raises:
        ValueError: `start_tokens` is no vector, or `end_token` no scalar.

    Example:
        >>> import flowgraph as fg
        >>> helper = fg.contrib.seq2seq.SampleEmbeddingHelper(fg.ones([10, 3]), [1, 1], 2, seed=1)
        >>> helper.sample(time=0, outputs=fg.zeros([2, 10]), state=()).shape.as_list()
        [2]
    """

    def __init__(self, embedding: Any, start_tokens: Any, end_token: Any,
                 softmax_temperature: Any = None, seed: int | None = None) -> None:
        super().__init__(embedding, start_tokens, end_token)
        self._softmax_temperature = softmax_temperature
        self._seed = seed

    def sample(self, time: Any, outputs: Any, state: Any, name: str | None = None) -> Any:
        """Words drawn by their probability. Raises TypeError when the outputs are no tensor."""
        logits = _single(outputs)
        if self._softmax_temperature is not None:
            logits = logits / self._softmax_temperature
        return drawn(logits, self._seed)


def drawn(logits: Any, seed: int | None) -> Any:
    """One int32 id for each row of the logits, drawn by its probability."""
    return reshape(multinomial(logits, 1, seed=seed, output_dtype=int32), [-1])


def _single(outputs: Any) -> Any:
    if not isinstance(outputs, Tensor):
        raise TypeError(located("Expected outputs to be a single Tensor, got: "
                                f"{type(outputs).__name__}"))
    return outputs
