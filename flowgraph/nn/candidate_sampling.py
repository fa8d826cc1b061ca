"""Losses over very many classes that look at the true ones and at a sample of the others.

Both build the same logits: for each row of the batch `inputs @ w + b` of its true classes and of
the sampled ones, less the logarithm of how often the class is expected in the sample. NCE asks of
each class by itself whether it is a true one (sigmoid), sampled softmax which one it is.
"""

from __future__ import annotations

from flowgraph.core import dtypes as dt
from flowgraph.graph.graph import name_scope
from flowgraph.nn.embedding import _parts, embedding_lookup
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.arithmetic import multiply
from flowgraph.ops.candidate_sampling import (
    compute_accidental_hits,
    log_uniform_candidate_sampler,
)
from flowgraph.ops.cast import cast
from flowgraph.ops.constant import ones, ones_like, zeros_like
from flowgraph.ops.cross_entropy import (
    sigmoid_cross_entropy_with_logits,
    softmax_cross_entropy_with_logits_v2,
)
from flowgraph.ops.exponential import log
from flowgraph.ops.identity import stop_gradient
from flowgraph.ops.index import slice
from flowgraph.ops.join import concat, stack
from flowgraph.ops.matmul import matmul
from flowgraph.ops.reshape import expand_dims, reshape
from flowgraph.ops.shape import shape
from flowgraph.ops.sparse_dense import sparse_to_dense


def nce_loss(weights, biases, labels, inputs, num_sampled, num_classes, num_true=1,
             sampled_values=None, remove_accidental_hits=False, partition_strategy="mod",
             name="nce_loss"):
    """The noise-contrastive estimation loss: true classes against classes drawn at random.

    Args:
        weights: tensor [num_classes, dim]; or a list of its parts, or a PartitionedVariable.
        biases: tensor [num_classes].
        labels: int64 tensor [batch_size, num_true] of the true classes.
        inputs: tensor [batch_size, dim].
        num_sampled: how many classes to draw for the batch.
        num_classes: how many classes there are.
        num_true: how many true classes each row has; their targets are 1 / num_true.
        sampled_values: what a candidate sampler gave; default `log_uniform_candidate_sampler`.
        remove_accidental_hits: whether drawn classes that are true ones of a row are left out.
        partition_strategy: as for `tf.nn.embedding_lookup`.
        name: name of the scope.

    Returns:
        A tensor [batch_size] of losses.

    Example:
        >>> import flowgraph as fg
        >>> w, b, x = fg.ones([4, 2]), fg.zeros([4]), fg.ones([1, 2])
        >>> every = fg.random.all_candidate_sampler([[1]], 1, 4, True)
        >>> fg.Session().run(fg.nn.nce_loss(w, b, [[1]], x, 4, 4, sampled_values=every)).round(3)
        array([8.635], dtype=float32)
    """
    logits, targets = _sampled_logits(
        weights, biases, labels, inputs, num_sampled, num_classes, num_true, sampled_values,
        remove_accidental_hits, partition_strategy, name, None)
    losses = sigmoid_cross_entropy_with_logits(labels=targets, logits=logits, name="sampled_losses")
    return _sum_rows(losses)


def sampled_softmax_loss(weights, biases, labels, inputs, num_sampled, num_classes, num_true=1,
                         sampled_values=None, remove_accidental_hits=True,
                         partition_strategy="mod", name="sampled_softmax_loss", seed=None):
    """The softmax loss over the true classes and a sample of the others, for training.

    Args:
        weights: tensor [num_classes, dim]; or a list of its parts, or a PartitionedVariable.
        biases: tensor [num_classes].
        labels: int64 tensor [batch_size, num_true] of the true classes.
        inputs: tensor [batch_size, dim].
        num_sampled: how many classes to draw for the batch.
        num_classes: how many classes there are.
        num_true: how many true classes each row has; their targets are 1 / num_true.
        sampled_values: what a candidate sampler gave; default `log_uniform_candidate_sampler`.
        remove_accidental_hits: whether drawn classes that are true ones of a row are left out.
        partition_strategy: as for `tf.nn.embedding_lookup`.
        name: name of the scope.
        seed: int for the default sampler.

    Returns:
        A tensor [batch_size] of losses.

    Example:
        >>> import flowgraph as fg
        >>> w, b, x = fg.ones([4, 2]), fg.zeros([4]), fg.ones([1, 2])
        >>> every = fg.random.all_candidate_sampler([[1]], 1, 4, True)
        >>> loss = fg.nn.sampled_softmax_loss(w, b, [[1]], x, 4, 4, sampled_values=every)
        >>> fg.Session().run(loss)  # one in four: log(4)
        array([1.3862944], dtype=float32)
    """
    logits, targets = _sampled_logits(
        weights, biases, labels, inputs, num_sampled, num_classes, num_true, sampled_values,
        remove_accidental_hits, partition_strategy, name, seed)
    targets = stop_gradient(targets, name="labels_stop_gradient")
    return softmax_cross_entropy_with_logits_v2(labels=targets, logits=logits)


def _sampled_logits(weights, biases, labels, inputs, num_sampled, num_classes, num_true,
                    sampled_values, remove_accidental_hits, partition_strategy, name, seed):
    """(logits, targets), [batch_size, num_true + num_sampled] each; the true classes come first."""
    weights = _parts(weights)
    with name_scope(name, "compute_sampled_logits", [*weights, biases, inputs, labels]):
        labels, inputs = convert_to_tensor(labels), convert_to_tensor(inputs)
        if labels.dtype is not dt.int64:
            labels = cast(labels, dt.int64)
        true_ids = reshape(labels, [-1])
        if sampled_values is None:
            sampled_values = log_uniform_candidate_sampler(
                labels, num_true, num_sampled, True, num_classes, seed=seed)
        sampled, true_count, sampled_count = (stop_gradient(part) for part in sampled_values)
        sampled = cast(sampled, dt.int64)
        ids = concat([true_ids, sampled], 0)

        rows = _cast_to(embedding_lookup(weights, ids, partition_strategy), inputs.dtype)
        true_rows = slice(rows, [0, 0], stack([shape(true_ids)[0], -1]))
        sampled_rows = slice(rows, stack([shape(true_ids)[0], 0]), [-1, -1])
        sampled_logits = matmul(inputs, sampled_rows, transpose_b=True)
        offsets = _cast_to(embedding_lookup(biases, ids, partition_strategy), inputs.dtype)
        true_offsets = slice(offsets, [0], shape(true_ids))
        sampled_offsets = slice(offsets, shape(true_ids), [-1])

        dim = shape(true_rows)[1:2]
        products = multiply(expand_dims(inputs, 1),
                            reshape(true_rows, concat([[-1, num_true], dim], 0)))
        products = reshape(products, concat([[-1], dim], 0))
        true_logits = reshape(_sum_rows(products), [-1, num_true])
        true_logits += reshape(true_offsets, [-1, num_true])
        sampled_logits += sampled_offsets
        if remove_accidental_hits:
            sampled_logits += _hits(labels, sampled, num_true, num_sampled, inputs.dtype)
        true_logits -= log(true_count)
        sampled_logits -= log(sampled_count)
        logits = concat([true_logits, sampled_logits], 1)
        targets = concat([ones_like(true_logits) / num_true, zeros_like(sampled_logits)], 1)
        return logits, targets


def _hits(labels, sampled, num_true, num_sampled, dtype):
    """[batch_size, num_sampled]: very negative where a sampled class is a true one, else 0."""
    rows, places, weights = compute_accidental_hits(labels, sampled, num_true)
    indices = concat([reshape(rows, [-1, 1]), reshape(cast(places, dt.int32), [-1, 1])], 1,
                     "sparse_indices")
    sizes = concat([shape(labels)[:1], expand_dims(num_sampled, 0)], 0)
    return sparse_to_dense(indices, sizes, _cast_to(weights, dtype), default_value=0.0,
                           validate_indices=False)


def _cast_to(tensor, dtype):
    return tensor if tensor.dtype is dtype else cast(tensor, dtype)


def _sum_rows(matrix):
    """The sum of each row, as a product with a column of ones: its gradient is a product too."""
    column = ones(stack([shape(matrix)[1], 1]), matrix.dtype)
    return reshape(matmul(matrix, column), [-1])
