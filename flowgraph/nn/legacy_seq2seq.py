"""Sequence to sequence over lists of tensors, one for each time step; `contrib.legacy_seq2seq`."""

from __future__ import annotations

from copy import deepcopy

from flowgraph.core.dtypes import float32
from flowgraph.core.frames import located
from flowgraph.graph.graph import name_scope
from flowgraph.nn.rnn_static import static_rnn
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.arithmetic import add_n
from flowgraph.ops.cast import cast
from flowgraph.ops.cross_entropy import sparse_softmax_cross_entropy_with_logits
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.reshape import reshape
from flowgraph.ops.shape import shape as shape_of
from flowgraph.ops.variable_scope import get_variable_scope, variable_scope


def rnn_decoder(decoder_inputs, initial_state, cell, loop_function=None, scope=None):
    """Runs a cell over a list of inputs, or over what it says itself.

    Args:
        decoder_inputs: list of tensors `[batch_size, input_size]`.
        initial_state: the cell's first state.
        cell: an RNNCell.
        loop_function: function from (output, step) to the next input; all of `decoder_inputs` but
            the first are ignored then. It finds variables, it makes none.
        scope: variable scope; default "rnn_decoder".

    Returns:
        The list of outputs, and the final state.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.nn.legacy_seq2seq import rnn_decoder
        >>> cell = fg.nn.rnn_cell.GRUCell(3)
        >>> outputs, state = rnn_decoder([fg.ones([2, 3])] * 4, fg.zeros([2, 3]), cell,
        ...                              loop_function=lambda output, step: fg.tanh(output))
        >>> len(outputs)
        4
    """
    with variable_scope(scope or "rnn_decoder"):
        state, outputs = initial_state, []
        for i, step_input in enumerate(decoder_inputs):
            if loop_function is not None and i > 0:
                with variable_scope("loop_function", reuse=True):
                    step_input = loop_function(outputs[-1], i)
            if i > 0:
                get_variable_scope().reuse_variables()
            output, state = cell(step_input, state)
            outputs.append(output)
        return outputs, state


def basic_rnn_seq2seq(encoder_inputs, decoder_inputs, cell, dtype=float32, scope=None):
    """Reads a sequence with a cell, and starts a decoder with its final state.

    Args:
        encoder_inputs: list of tensors `[batch_size, input_size]`.
        decoder_inputs: list of tensors `[batch_size, input_size]`.
        cell: an RNNCell, called in both parts; each has variables of its own.
        dtype: dtype of the first state.
        scope: variable scope; default "basic_rnn_seq2seq".

    Returns:
        The list of the decoder's outputs, and its final state.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.nn.legacy_seq2seq import basic_rnn_seq2seq
        >>> with fg.Graph().as_default():
        ...     outputs, state = basic_rnn_seq2seq([fg.ones([2, 3])] * 4, [fg.ones([2, 3])] * 2,
        ...                                        fg.nn.rnn_cell.GRUCell(5))
        ...     names = {v.name.split("/gru")[0] for v in fg.trainable_variables()}
        >>> sorted(names)
        ['basic_rnn_seq2seq/rnn', 'basic_rnn_seq2seq/rnn_decoder']
    """
    with variable_scope(scope or "basic_rnn_seq2seq"):
        _, state = static_rnn(deepcopy(cell), encoder_inputs, dtype=dtype)
        return rnn_decoder(decoder_inputs, state, cell)


def sequence_loss_by_example(logits, targets, weights, average_across_timesteps=True,
                             softmax_loss_function=None, name=None):
    """Weighted cross entropy of each predicted sequence.

    Args:
        logits: list of tensors `[batch_size, num_classes]`.
        targets: list of int vectors, the true classes.
        weights: list of float vectors.
        average_across_timesteps: whether the losses are divided by the sum of the weights.
        softmax_loss_function: function of (labels=, logits=) to use in place of the softmax cross
            entropy.
        name: name of the scope.

    Returns:
        A vector with the loss of each sequence.

    Raises:
        ValueError: the lists differ in length.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.nn.legacy_seq2seq import sequence_loss_by_example
        >>> loss = sequence_loss_by_example([fg.zeros([2, 4])] * 3, [[0, 1]] * 3, [[1.0, 1.0]] * 3)
        >>> fg.Session().run(loss)
        array([1.3862944, 1.3862944], dtype=float32)
    """
    if len(targets) != len(logits) or len(weights) != len(logits):
        raise ValueError(located("Lengths of logits, weights, and targets must be the same "
                                 f"{len(logits)}, {len(weights)}, {len(targets)}."))
    with name_scope(name, "sequence_loss_by_example", [*logits, *targets, *weights]):
        losses = []
        for logit, target, weight in zip(logits, targets, weights, strict=True):
            if softmax_loss_function is None:
                loss = sparse_softmax_cross_entropy_with_logits(labels=reshape(target, [-1]),
                                                                logits=logit)
            else:
                loss = softmax_loss_function(labels=target, logits=logit)
            losses.append(loss * weight)
        total = add_n(losses)
        if average_across_timesteps:
            total = total / (add_n([convert_to_tensor(w) for w in weights]) + 1e-12)
        return total


def sequence_loss(logits, targets, weights, average_across_timesteps=True,
                  average_across_batch=True, softmax_loss_function=None, name=None):
    """Weighted cross entropy of predicted sequences, added up or averaged over the batch.

    Args:
        logits: list of tensors `[batch_size, num_classes]`.
        targets: list of int vectors, the true classes.
        weights: list of float vectors.
        average_across_timesteps: whether the losses are divided by the sum of the weights.
        average_across_batch: whether their sum is divided by the batch size.
        softmax_loss_function: function of (labels=, logits=) to use in place of the softmax cross
            entropy.
        name: name of the scope.

    Returns:
        A scalar.

    Raises:
        ValueError: the lists differ in length.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.nn.legacy_seq2seq import sequence_loss
        >>> loss = sequence_loss([fg.zeros([2, 4])] * 3, [[0, 1]] * 3, [[1.0, 1.0]] * 3)
        >>> fg.Session().run(loss)
        np.float32(1.3862944)
    """
    with name_scope(name, "sequence_loss", [*logits, *targets, *weights]):
        cost = reduce_sum(sequence_loss_by_example(
            logits, targets, weights, average_across_timesteps=average_across_timesteps,
            softmax_loss_function=softmax_loss_function))
        if not average_across_batch:
            return cost
        return cost / cast(shape_of(targets[0])[0], cost.dtype)
