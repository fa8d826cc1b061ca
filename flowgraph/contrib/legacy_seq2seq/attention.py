"""Decoders with attention to the encoder's outputs; their words come in and go out as vectors.

    x = [input, attention] . kernel + bias
    output, state = cell(x, state)
    attention = sum over steps of softmax(v * tanh(state . kernel + steps . AttnW)) * steps
    output = [output, attention] . AttnOutputProjection/kernel + bias
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from flowgraph.contrib.legacy_seq2seq.feed_previous import (
    check_projection,
    fed_or_not,
    last_word,
)
from flowgraph.contrib.rnn.embedding import EmbeddingWrapper
from flowgraph.contrib.rnn.linear import linear
from flowgraph.core import nest
from flowgraph.core.dtypes import float32
from flowgraph.core.frames import located
from flowgraph.nn.embedding import embedding_lookup
from flowgraph.nn.rnn_cell.base import zeros_of
from flowgraph.nn.rnn_cell.projections import OutputProjectionWrapper
from flowgraph.nn.rnn_static import static_rnn
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.cast import cast
from flowgraph.ops.conv2d import conv2d
from flowgraph.ops.exponential import tanh
from flowgraph.ops.join import concat
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.reshape import reshape
from flowgraph.ops.shape import shape as shape_of
from flowgraph.ops.softmax import softmax
from flowgraph.ops.variable_scope import get_variable, get_variable_scope, variable_scope


def attention_decoder(decoder_inputs, initial_state, attention_states, cell, output_size=None,
                      num_heads=1, loop_function=None, dtype=None, scope=None,
                      initial_state_attention=False):
    """Runs a cell over a list of inputs, or over what it says itself, with attention.

    Args:
        decoder_inputs: list of tensors `[batch_size, input_size]`.
        initial_state: the cell's first state.
        attention_states: tensor `[batch_size, steps, size]` to attend to.
        cell: an RNNCell.
        output_size: size of the outputs; default the cell's.
        num_heads: how many attentions there are, with weights of their own.
        loop_function: function from (output, step) to the next input; all of `decoder_inputs` but
            the first are ignored then.
        dtype: dtype of the variables; default the scope's.
        scope: variable scope; default "attention_decoder".
        initial_state_attention: whether the first step sees what the first state attends to; else
            zeros.

    Returns:
        The list of outputs, and the final state.

    Raises:
        ValueError: there are no inputs or no heads, or a size is unknown.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     outputs, state = fg.contrib.legacy_seq2seq.attention_decoder(
        ...         [fg.ones([2, 3])] * 4, fg.zeros([2, 5]), fg.ones([2, 6, 7]),
        ...         fg.nn.rnn_cell.GRUCell(5))
        ...     print(outputs[0].shape, [v.name for v in fg.trainable_variables()[:2]])
        (2, 5) ['attention_decoder/AttnW_0:0', 'attention_decoder/AttnV_0:0']
    """
    if not decoder_inputs:
        raise ValueError(located("Must provide at least 1 input to attention decoder."))
    if num_heads < 1:
        raise ValueError(located("With less than 1 heads, use a non-attention decoder."))
    attention_states = convert_to_tensor(attention_states)
    if attention_states.shape[2].value is None:
        raise ValueError(located("Shape[2] of attention_states must be known: "
                                 f"{attention_states.shape}"))
    with variable_scope(scope or "attention_decoder", dtype=dtype) as scope:
        dtype = scope.dtype
        attend = _Attention(attention_states, num_heads, dtype)
        batch_size = shape_of(decoder_inputs[0])[0]
        if initial_state_attention:
            attentions = attend(initial_state)
        else:
            attentions = [zeros_of(batch_size, attend.size, dtype) for _ in range(num_heads)]
        state, outputs = initial_state, []
        for i, step_input in enumerate(decoder_inputs):
            if i > 0:
                get_variable_scope().reuse_variables()
                if loop_function is not None:
                    with variable_scope("loop_function", reuse=True):
                        step_input = loop_function(outputs[-1], i)
            depth = step_input.shape.with_rank(2)[1].value
            if depth is None:
                raise ValueError(located("Could not infer input size from input: "
                                         f"{step_input.name}"))
            x = linear([cast(part, dtype) for part in (step_input, *attentions)], depth, True)
            output, state = cell(x, state)
            # The variables are there already if the first state has been attended with.
            found = True if initial_state_attention else None
            with variable_scope(get_variable_scope(), reuse=found):
                attentions = attend(state)
            with variable_scope("AttnOutputProjection"):
                outputs.append(linear([cast(output, dtype), *attentions],
                                      cell.output_size if output_size is None else output_size,
                                      True))
    return outputs, state


class _Attention:
    """What a decoder attends to, and the weights for it.

    Args:
        states: tensor `[batch_size, steps, size]`.
        heads: how many attentions there are.
        dtype: dtype of the variables.
    """

    def __init__(self, states: Any, heads: int, dtype: Any) -> None:
        steps = states.shape[1].value
        self.steps = shape_of(states)[1] if steps is None else steps
        self.size, self.dtype = states.shape[2].value, dtype
        self.hidden = reshape(states, [-1, self.steps, 1, self.size])
        self.keys, self.weights = [], []
        for head in range(heads):
            kernel = get_variable(f"AttnW_{head}", [1, 1, self.size, self.size], dtype)
            self.keys.append(conv2d(self.hidden, kernel, [1, 1, 1, 1], "SAME"))
            self.weights.append(get_variable(f"AttnV_{head}", [self.size], dtype))

    def __call__(self, query: Any) -> list[Any]:
        """What each head attends to.

        Args:
            query: the cell's state, tensors `[batch_size, size]`.
        """
        parts = nest.flatten(query)
        for part in parts:
            if part.shape.ndims not in (None, 2):
                raise ValueError(located("attention needs states of two axes, but "
                                         f"{part.name!r} has the shape {part.shape}"))
        together = parts[0] if len(parts) == 1 else concat(parts, 1)
        attended = []
        for head, (keys, weights) in enumerate(zip(self.keys, self.weights, strict=True)):
            with variable_scope(f"Attention_{head}"):
                y = cast(reshape(linear(together, self.size, True), [-1, 1, 1, self.size]),
                         self.dtype)
                scores = reduce_sum(weights * tanh(keys + y), [2, 3])
                alignments = cast(softmax(cast(scores, float32)), self.dtype)
                total = reduce_sum(reshape(alignments, [-1, self.steps, 1, 1]) * self.hidden,
                                   [1, 2])
                attended.append(reshape(total, [-1, self.size]))
        return attended


def embedding_attention_decoder(decoder_inputs, initial_state, attention_states, cell,
                                num_symbols, embedding_size, num_heads=1, output_size=None,
                                output_projection=None, feed_previous=False,
                                update_embedding_for_previous=True, dtype=None, scope=None,
                                initial_state_attention=False):
    """Runs a decoder with attention over words.

    Args:
        decoder_inputs: list of int vectors `[batch_size]`.
        initial_state: the cell's first state.
        attention_states: tensor `[batch_size, steps, size]` to attend to.
        cell: an RNNCell.
        num_symbols: number of words.
        embedding_size: size of the vector for each word.
        num_heads: how many attentions there are.
        output_size: size of the outputs; default the cell's.
        output_projection: pair of weights and biases, from an output to logits; None if outputs are
            logits. Used to find the last word.
        feed_previous: whether the last word is the next input.
        update_embedding_for_previous: whether gradients go to the embedding through these words.
        dtype: dtype of the variables; default the scope's.
        scope: variable scope; default "embedding_attention_decoder".
        initial_state_attention: whether the first step sees what the first state attends to.

    Returns:
        The list of outputs, and the final state.

    Raises:
        ValueError: the projection is for another number of words, or as for `attention_decoder`.

    Example:
        >>> import flowgraph as fg
        >>> outputs, state = fg.contrib.legacy_seq2seq.embedding_attention_decoder(
        ...     [fg.constant([1, 2])] * 3, fg.zeros([2, 5]), fg.ones([2, 6, 7]),
        ...     fg.nn.rnn_cell.GRUCell(5), num_symbols=9, embedding_size=4, output_size=9,
        ...     feed_previous=True)
        >>> outputs[0].shape.as_list()
        [2, 9]
    """
    with variable_scope(scope or "embedding_attention_decoder", dtype=dtype) as scope:
        check_projection(output_projection, num_symbols, scope.dtype)
        embedding = get_variable("embedding", [num_symbols, embedding_size])
        loop_function = (last_word(embedding, output_projection, update_embedding_for_previous)
                         if feed_previous else None)
        vectors = [embedding_lookup(embedding, words) for words in decoder_inputs]
        return attention_decoder(
            vectors, initial_state, attention_states, cell, output_size=output_size,
            num_heads=num_heads, loop_function=loop_function,
            initial_state_attention=initial_state_attention)


def embedding_attention_seq2seq(encoder_inputs, decoder_inputs, cell, num_encoder_symbols,
                                num_decoder_symbols, embedding_size, num_heads=1,
                                output_projection=None, feed_previous=False, dtype=None,
                                scope=None, initial_state_attention=False):
    """From words to words with attention to the encoder's outputs.

    Args:
        encoder_inputs: list of int vectors `[batch_size]`.
        decoder_inputs: list of int vectors `[batch_size]`.
        cell: an RNNCell, called in both parts; each has variables of its own.
        num_encoder_symbols: number of words of the encoder.
        num_decoder_symbols: number of words of the decoder.
        embedding_size: size of the vector for each word.
        num_heads: how many attentions there are.
        output_projection: pair of weights and biases, from an output to logits; None for a layer
            that is made here, so that outputs are logits.
        feed_previous: whether the last word is the next input; bool, or bool scalar tensor.
        dtype: dtype of the first state and of the variables; default the scope's.
        scope: variable scope; default "embedding_attention_seq2seq".
        initial_state_attention: whether the first step sees what the first state attends to.

    Returns:
        The list of the decoder's outputs, and its final state.

    Example:
        >>> import flowgraph as fg
        >>> words = [fg.constant([1, 2])] * 3
        >>> outputs, state = fg.contrib.legacy_seq2seq.embedding_attention_seq2seq(
        ...     words, words, fg.nn.rnn_cell.BasicLSTMCell(5), 9, 7, 4)
        >>> len(outputs), outputs[0].shape.as_list()
        (3, [2, 7])
    """
    with variable_scope(scope or "embedding_attention_seq2seq", dtype=dtype) as scope:
        encoder = EmbeddingWrapper(deepcopy(cell), num_encoder_symbols, embedding_size)
        encoder_outputs, state = static_rnn(encoder, encoder_inputs, dtype=scope.dtype)
        to_attend = concat([reshape(output, [-1, 1, cell.output_size])
                            for output in encoder_outputs], 1)
        output_size = None
        if output_projection is None:
            cell = OutputProjectionWrapper(cell, num_decoder_symbols)
            output_size = num_decoder_symbols
        return fed_or_not(
            feed_previous,
            lambda feed, update: embedding_attention_decoder(
                decoder_inputs, state, to_attend, cell, num_decoder_symbols, embedding_size,
                num_heads, output_size, output_projection, feed, update,
                initial_state_attention=initial_state_attention), state)
