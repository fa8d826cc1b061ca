"""Decoders of words without attention: words in, vectors of them to the cell, words out."""

from __future__ import annotations

from copy import deepcopy

from flowgraph.contrib.legacy_seq2seq.feed_previous import (
    check_projection,
    fed_or_not,
    last_word,
)
from flowgraph.contrib.rnn.embedding import EmbeddingWrapper
from flowgraph.core.dtypes import float32
from flowgraph.core.frames import located
from flowgraph.nn.embedding import embedding_lookup
from flowgraph.nn.legacy_seq2seq import rnn_decoder
from flowgraph.nn.rnn_cell.base import RNNCell
from flowgraph.nn.rnn_cell.projections import OutputProjectionWrapper
from flowgraph.nn.rnn_static import static_rnn
from flowgraph.ops.variable_scope import get_variable, get_variable_scope, variable_scope


def tied_rnn_seq2seq(encoder_inputs, decoder_inputs, cell, loop_function=None, dtype=float32,
                     scope=None):
    """Reads a sequence with a cell, and starts a decoder with its final state; both share the
    variables.

    Args:
        encoder_inputs: list of tensors `[batch_size, input_size]`.
        decoder_inputs: list of tensors `[batch_size, input_size]`.
        cell: an RNNCell.
        loop_function: function from (output, step) to the next input, as for `rnn_decoder`.
        dtype: dtype of the first state.
        scope: variable scope; default "tied_rnn_seq2seq".

    Returns:
        The list of the decoder's outputs, and its final state.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     outputs, state = fg.contrib.legacy_seq2seq.tied_rnn_seq2seq(
        ...         [fg.ones([2, 3])] * 4, [fg.ones([2, 3])] * 2, fg.nn.rnn_cell.GRUCell(5))
        ...     fg.trainable_variables()[0].name
        'combined_tied_rnn_seq2seq/tied_rnn_seq2seq/gru_cell/gates/kernel:0'
    """
    with variable_scope("combined_tied_rnn_seq2seq"):
        scope = scope or "tied_rnn_seq2seq"
        _, state = static_rnn(cell, encoder_inputs, dtype=dtype, scope=scope)
        get_variable_scope().reuse_variables()
        return rnn_decoder(decoder_inputs, state, cell, loop_function=loop_function, scope=scope)


def embedding_rnn_decoder(decoder_inputs, initial_state, cell, num_symbols, embedding_size,
                          output_projection=None, feed_previous=False,
                          update_embedding_for_previous=True, scope=None):
    """Runs a decoder over words.

    Args:
        decoder_inputs: list of int vectors `[batch_size]`.
        initial_state: the cell's first state.
        cell: an RNNCell.
        num_symbols: number of words.
        embedding_size: size of the vector for each word.
        output_projection: pair of weights and biases, from an output to logits; None if outputs are
            logits. Used to find the last word.
        feed_previous: whether the last word is the next input; all of `decoder_inputs` but the
            first are ignored then.
        update_embedding_for_previous: whether gradients go to the embedding through these words.
        scope: variable scope; default "embedding_rnn_decoder".

    Returns:
        The list of outputs, and the final state.

    Raises:
        ValueError: the projection is for another number of words.

    Example:
        >>> import flowgraph as fg
        >>> outputs, state = fg.contrib.legacy_seq2seq.embedding_rnn_decoder(
        ...     [fg.constant([1, 2])] * 3, fg.zeros([2, 5]), fg.nn.rnn_cell.GRUCell(5), 5, 4,
        ...     feed_previous=True)
        >>> len(outputs), outputs[0].shape.as_list()
        (3, [2, 5])
    """
    with variable_scope(scope or "embedding_rnn_decoder") as scope:
        check_projection(output_projection, num_symbols, scope.dtype)
        embedding = get_variable("embedding", [num_symbols, embedding_size])
        loop_function = (last_word(embedding, output_projection, update_embedding_for_previous)
                         if feed_previous else None)
        vectors = [embedding_lookup(embedding, words) for words in decoder_inputs]
        return rnn_decoder(vectors, initial_state, cell, loop_function=loop_function)


def embedding_rnn_seq2seq(encoder_inputs, decoder_inputs, cell, num_encoder_symbols,
                          num_decoder_symbols, embedding_size, output_projection=None,
                          feed_previous=False, dtype=None, scope=None):
    """From words to words: reads a sequence, and starts a decoder with the final state.

    Args:
        encoder_inputs: list of int vectors `[batch_size]`.
        decoder_inputs: list of int vectors `[batch_size]`.
        cell: an RNNCell, called in both parts; each has variables of its own.
        num_encoder_symbols: number of words of the encoder.
        num_decoder_symbols: number of words of the decoder.
        embedding_size: size of the vector for each word.
        output_projection: pair of weights and biases, from an output to logits; None for a layer
            that is made here, so that outputs are logits.
        feed_previous: whether the last word is the next input; bool, or bool scalar tensor.
        dtype: dtype of the first state and of the variables; default the scope's.
        scope: variable scope; default "embedding_rnn_seq2seq".

    Returns:
        The list of the decoder's outputs, and its final state.

    Example:
        >>> import flowgraph as fg
        >>> words = [fg.constant([1, 2])] * 3
        >>> outputs, state = fg.contrib.legacy_seq2seq.embedding_rnn_seq2seq(
        ...     words, words, fg.nn.rnn_cell.GRUCell(5), 9, 7, 4)
        >>> len(outputs), outputs[0].shape.as_list()
        (3, [2, 7])
    """
    with variable_scope(scope or "embedding_rnn_seq2seq") as scope:
        if dtype is not None:
            scope.set_dtype(dtype)
        encoder = EmbeddingWrapper(deepcopy(cell), num_encoder_symbols, embedding_size)
        _, state = static_rnn(encoder, encoder_inputs, dtype=scope.dtype)
        if output_projection is None:
            cell = OutputProjectionWrapper(cell, num_decoder_symbols)
        return fed_or_not(
            feed_previous,
            lambda feed, update: embedding_rnn_decoder(
                decoder_inputs, state, cell, num_decoder_symbols, embedding_size,
                output_projection, feed, update), state)


def embedding_tied_rnn_seq2seq(encoder_inputs, decoder_inputs, cell, num_symbols, embedding_size,
                               num_decoder_symbols=None, output_projection=None,
                               feed_previous=False, dtype=None, scope=None):
    """From words to words with one cell and one embedding for both parts.

    Args:
        encoder_inputs: list of int vectors `[batch_size]`.
        decoder_inputs: list of int vectors `[batch_size]`.
        cell: an RNNCell.
        num_symbols: number of words.
        embedding_size: size of the vector for each word.
        num_decoder_symbols: number of words that are put out, if it is another one.
        output_projection: pair of weights and biases, from an output to logits; None for a layer
            that is made here, so that outputs are logits.
        feed_previous: whether the last word is the next input; bool, or bool scalar tensor.
        dtype: dtype of the first state and of the variables; default the scope's.
        scope: variable scope; default "embedding_tied_rnn_seq2seq".

    Returns:
        The list of the decoder's outputs, and its final state.

    Raises:
        ValueError: the projection is for another number of words.

    Example:
        >>> import flowgraph as fg
        >>> words = [fg.constant([1, 2])] * 3
        >>> outputs, state = fg.contrib.legacy_seq2seq.embedding_tied_rnn_seq2seq(
        ...     words, words, fg.nn.rnn_cell.GRUCell(5), 9, 4)
        >>> outputs[0].shape.as_list()
        [2, 9]
    """
    with variable_scope(scope or "embedding_tied_rnn_seq2seq", dtype=dtype) as scope:
        dtype = scope.dtype
        check_projection(output_projection, num_symbols, dtype)
        embedding = get_variable("embedding", [num_symbols, embedding_size], dtype)
        into_encoder, into_decoder = ([embedding_lookup(embedding, words) for words in inputs]
                                      for inputs in (encoder_inputs, decoder_inputs))
        if output_projection is None:
            cell = OutputProjectionWrapper(cell, num_decoder_symbols or num_symbols)
        return fed_or_not(
            feed_previous,
            lambda feed, update: tied_rnn_seq2seq(
                into_encoder, into_decoder, cell,
                last_word(embedding, output_projection, update) if feed else None, dtype),
            cell.state_size)


def one2many_rnn_seq2seq(encoder_inputs, decoder_inputs_dict, enc_cell, dec_cells_dict,
                         num_encoder_symbols, num_decoder_symbols_dict, embedding_size,
                         feed_previous=False, dtype=None, scope=None):
    """One encoder of words, and several decoders that start with its final state.

    Args:
        encoder_inputs: list of int vectors `[batch_size]`.
        decoder_inputs_dict: from a decoder's name to its list of int vectors.
        enc_cell: RNNCell of the encoder.
        dec_cells_dict: from a decoder's name to its RNNCell.
        num_encoder_symbols: number of words of the encoder.
        num_decoder_symbols_dict: from a decoder's name to its number of words.
        embedding_size: size of the vector for each word.
        feed_previous: whether the last word is the next input; bool, or bool scalar tensor.
        dtype: dtype of the first state and of the variables; default the scope's.
        scope: variable scope; default "one2many_rnn_seq2seq".

    Returns:
        Two dicts by the decoders' names: lists of outputs, and final states.

    Raises:
        TypeError: a cell is no RNNCell.
        ValueError: the dicts have other names.

    Example:
        >>> import flowgraph as fg
        >>> words = [fg.constant([1, 2])] * 3
        >>> outputs, states = fg.contrib.legacy_seq2seq.one2many_rnn_seq2seq(
        ...     words, {"a": words, "b": words}, fg.nn.rnn_cell.GRUCell(5),
        ...     {"a": fg.nn.rnn_cell.GRUCell(5), "b": fg.nn.rnn_cell.GRUCell(5)}, 9,
        ...     {"a": 7, "b": 8}, 4)
        >>> outputs["b"][0].shape.as_list()
        [2, 8]
    """
    if set(dec_cells_dict) != set(decoder_inputs_dict):
        raise ValueError(located("keys of dec_cells_dict != keys of decoder_inputs_dict: "
                                 f"{sorted(dec_cells_dict)} and {sorted(decoder_inputs_dict)}"))
    for what, cell in [("enc_cell", enc_cell), *(("dec_cell", c) for c in dec_cells_dict.values())]:
        if not isinstance(cell, RNNCell):
            raise TypeError(located(f"{what} is not an RNNCell: {type(cell)}"))
    outputs, states = {}, {}
    with variable_scope(scope or "one2many_rnn_seq2seq", dtype=dtype) as scope:
        encoder = EmbeddingWrapper(enc_cell, num_encoder_symbols, embedding_size)
        _, state = static_rnn(encoder, encoder_inputs, dtype=scope.dtype)
        for name, inputs in decoder_inputs_dict.items():
            words = num_decoder_symbols_dict[name]
            with variable_scope(f"one2many_decoder_{name}"):
                cell = OutputProjectionWrapper(dec_cells_dict[name], words)
                outputs[name], states[name] = fed_or_not(
                    feed_previous,
                    lambda feed, update, inputs=inputs, cell=cell, words=words:
                        embedding_rnn_decoder(inputs, state, cell, words, embedding_size,
                                              feed_previous=feed), state)
    return outputs, states
