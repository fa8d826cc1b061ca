"""A model for each bucket: sequences of about one length, padded to that of their bucket."""

from __future__ import annotations

from flowgraph.core.frames import located
from flowgraph.graph.graph import name_scope
from flowgraph.nn.legacy_seq2seq import sequence_loss, sequence_loss_by_example
from flowgraph.ops.variable_scope import get_variable_scope, variable_scope


def model_with_buckets(encoder_inputs, decoder_inputs, targets, weights, buckets, seq2seq,
                       softmax_loss_function=None, per_example_loss=False, name=None):
    """Builds a sequence-to-sequence model once for each bucket, all with the same variables.

    Args:
        encoder_inputs: list of tensors, as long as the last bucket's encoder.
        decoder_inputs: list of tensors, as long as the last bucket's decoder.
        targets: list of int vectors, the true words.
        weights: list of float vectors.
        buckets: list of pairs: lengths of encoder and decoder, the greatest last.
        seq2seq: function from (encoder_inputs, decoder_inputs) to outputs and state.
        softmax_loss_function: function of (labels=, logits=) to use in place of the softmax cross
            entropy.
        per_example_loss: whether losses are vectors, one number for each sequence.
        name: name of the scope.

    Returns:
        Two lists, one entry for each bucket: lists of outputs, and losses.

    Raises:
        ValueError: a list is shorter than the last bucket.

    Example:
        >>> import flowgraph as fg
        >>> s2s, words = fg.contrib.legacy_seq2seq, [fg.constant([1, 2])] * 4
        >>> outputs, losses = s2s.model_with_buckets(
        ...     words, words, words, [fg.ones([2])] * 4, [(2, 2), (4, 4)],
        ...     lambda x, y: s2s.embedding_rnn_seq2seq(x, y, fg.nn.rnn_cell.GRUCell(5), 9, 7, 3))
        >>> [len(one) for one in outputs], len(fg.trainable_variables())
        ([2, 4], 12)
    """
    for what, given, needed in (("encoder_inputs", encoder_inputs, buckets[-1][0]),
                                ("targets", targets, buckets[-1][1]),
                                ("weights", weights, buckets[-1][1])):
        if len(given) < needed:
            raise ValueError(located(f"Length of {what} ({len(given)}) must be at least that of "
                                     f"last bucket ({needed})."))
    outputs, losses = [], []
    loss_of = sequence_loss_by_example if per_example_loss else sequence_loss
    with name_scope(name, "model_with_buckets",
                    [*encoder_inputs, *decoder_inputs, *targets, *weights]):
        for i, (encoder_length, decoder_length) in enumerate(buckets):
            with variable_scope(get_variable_scope(), reuse=True if i > 0 else None):
                found, _ = seq2seq(encoder_inputs[:encoder_length],
                                   decoder_inputs[:decoder_length])
            outputs.append(found)
            losses.append(loss_of(found, targets[:decoder_length], weights[:decoder_length],
                                  softmax_loss_function=softmax_loss_function))
    return outputs, losses
