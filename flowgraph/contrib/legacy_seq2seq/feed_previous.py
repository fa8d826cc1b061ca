"""A decoder's last word as its next input: always, never, or as a tensor decides at run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowgraph.core import nest
from flowgraph.nn.embedding import embedding_lookup
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.argmax import argmax
from flowgraph.ops.bias import xw_plus_b
from flowgraph.ops.cond import cond
from flowgraph.ops.identity import stop_gradient
from flowgraph.ops.variable_scope import get_variable_scope, variable_scope


def last_word(embedding: Any, output_projection: Any = None,
              update_embedding: bool = True) -> Callable[..., Any]:
    """A loop function for `rnn_decoder`: the vector of the most likely word.

    Args:
        embedding: matrix `[words, size]`.
        output_projection: pair of weights and biases, from an output to logits; None if outputs are
            logits.
        update_embedding: whether gradients go to the matrix through these lookups.

    Returns:
        The function.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib.legacy_seq2seq.feed_previous import last_word
        >>> fg.Session().run(last_word(fg.constant([[1.0], [2.0]]))(fg.constant([[0.3, 0.7]]), 1))
        array([[2.]], dtype=float32)
    """
    def loop_function(previous: Any, step: Any) -> Any:
        if output_projection is not None:
            previous = xw_plus_b(previous, *output_projection)
        vectors = embedding_lookup(embedding, argmax(previous, 1))
        return vectors if update_embedding else stop_gradient(vectors)

    return loop_function


def fed_or_not(feed_previous: Any, decoder: Callable[[bool, bool], Any], like: Any) -> Any:
    """Runs a decoder with or without its last words as inputs.

    Args:
        feed_previous: bool, or bool scalar tensor.
        decoder: function from (whether to feed the last words, whether gradients go to the
            embedding through them) to outputs and state.
        like: the structure of the state.

    Returns:
        The list of outputs, and the final state.
    """
    if isinstance(feed_previous, bool):
        return decoder(feed_previous, True)
    count: list[int] = []

    def flat(feed: bool) -> list[Any]:
        # The second branch finds the variables that the first one made.
        with variable_scope(get_variable_scope(), reuse=None if feed else True):
            outputs, state = decoder(feed, False)
        count.append(len(outputs))
        return [*outputs, *nest.flatten(state)]

    results = cond(feed_previous, lambda: flat(True), lambda: flat(False))
    return results[:count[0]], nest.pack_sequence_as(like, results[count[0]:])


def check_projection(output_projection: Any, words: int, dtype: Any = None) -> None:
    """Raises ValueError when a pair of weights and biases is not for this number of words."""
    if output_projection is not None:
        weights, biases = output_projection
        convert_to_tensor(weights, dtype).shape.assert_is_compatible_with([None, words])
        convert_to_tensor(biases, dtype).shape.assert_is_compatible_with([words])
