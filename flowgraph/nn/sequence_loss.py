"""The loss of predicted sequences, weighted step by step; `tf.contrib.seq2seq.sequence_loss`."""

from __future__ import annotations

from flowgraph.core.frames import located
from flowgraph.graph.graph import name_scope
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.cast import cast
from flowgraph.ops.cross_entropy import sparse_softmax_cross_entropy_with_logits
from flowgraph.ops.division import div_no_nan
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.reduced_statistics import count_nonzero
from flowgraph.ops.reshape import reshape
from flowgraph.ops.shape import shape as shape_of


def sequence_loss(logits, targets, weights, average_across_timesteps=True,
                  average_across_batch=True, sum_over_timesteps=False, sum_over_batch=False,
                  softmax_loss_function=None, name=None):
    """Weighted cross entropy of predicted sequences.

    Args:
        logits: float tensor `[batch_size, sequence_length, num_classes]`.
        targets: int tensor `[batch_size, sequence_length]`, the true classes.
        weights: float tensor `[batch_size, sequence_length]`, as 1 for the steps that count and 0
            for padding; `tf.sequence_mask` makes such.
        average_across_timesteps, average_across_batch: whether the losses are added up along this
            axis and divided by the sum of the weights.
        sum_over_timesteps, sum_over_batch: whether the losses are added up along this axis and
            divided by the number of weights that are not 0.
        softmax_loss_function: function of (labels=, logits=) to use in place of the softmax cross
            entropy; it gets `[batch_size * sequence_length]` labels.
        name: name of the scope.

    Returns:
        The loss: a scalar by default, else with the axes that were not reduced.

    Raises:
        ValueError: a tensor has another rank, or both kinds of reduction are asked for.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.nn.sequence_loss import sequence_loss
        >>> loss = sequence_loss(fg.zeros([1, 3, 4]), fg.zeros([1, 3], fg.int32),
        ...                      fg.constant([[1.0, 1.0, 0.0]]))
        >>> fg.Session().run(loss)
        np.float32(1.3862944)
    """
    logits, targets = convert_to_tensor(logits), convert_to_tensor(targets)
    weights = convert_to_tensor(weights, preferred_dtype=logits.dtype.base_dtype)
    for what, tensor, form in (("Logits", logits, "[batch_size x sequence_length x logits]"),
                               ("Targets", targets, "[batch_size x sequence_length]"),
                               ("Weights", weights, "[batch_size x sequence_length]")):
        if tensor.shape.ndims != form.count("x ") + 1:
            raise ValueError(located(f"{what} must be a {form} tensor, got shape {tensor.shape}"))
    for axis, average, total in (("timesteps", average_across_timesteps, sum_over_timesteps),
                                 ("batch", average_across_batch, sum_over_batch)):
        if average and total:
            raise ValueError(located(f"average_across_{axis} and sum_over_{axis} cannot be set to "
                                     "True at same time."))
    with name_scope(name, "sequence_loss", [logits, targets, weights]):
        function = softmax_loss_function or sparse_softmax_cross_entropy_with_logits
        losses = function(labels=reshape(targets, [-1]),
                          logits=reshape(logits, [-1, shape_of(logits)[2]]))
        losses = losses * reshape(weights, [-1])
        if average_across_timesteps and average_across_batch:
            return div_no_nan(reduce_sum(losses), reduce_sum(weights))
        if sum_over_timesteps and sum_over_batch:
            return div_no_nan(reduce_sum(losses), cast(count_nonzero(weights), losses.dtype))
        losses = reshape(losses, shape_of(logits)[:2])
        if average_across_timesteps or average_across_batch:
            axis = [0] if average_across_batch else [1]
            return div_no_nan(reduce_sum(losses, axis), reduce_sum(weights, axis))
        if sum_over_timesteps or sum_over_batch:
            axis = [0] if sum_over_batch else [1]
            count = cast(count_nonzero(weights, axis), losses.dtype)
            return div_no_nan(reduce_sum(losses, axis), count)
        return losses
