"""Losses with the argument order and the weights of TensorFlow's first versions.

Weights are a scalar, one for each element of the batch, or more, and broadcast from the left: axes
that weights have not are summed first. The loss is the weighted sum divided by the number of
elements whose weight is not 0.
"""

from __future__ import annotations

from typing import Any

from flowgraph.contrib.framework.argument_scope import add_arg_scope
from flowgraph.core.dtypes import float32
from flowgraph.core.frames import located
from flowgraph.graph.collections import GraphKeys
from flowgraph.graph.graph import get_default_graph, name_scope
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.activation import relu
from flowgraph.ops.arithmetic import add_n, multiply, squared_difference, subtract
from flowgraph.ops.cast import cast
from flowgraph.ops.compare import equal, not_equal
from flowgraph.ops.constant import ones, ones_like, zeros_like
from flowgraph.ops.cross_entropy import (
    sigmoid_cross_entropy_with_logits,
    softmax_cross_entropy_with_logits,
    sparse_softmax_cross_entropy_with_logits,
)
from flowgraph.ops.division import div, div_no_nan
from flowgraph.ops.exponential import log
from flowgraph.ops.index import slice
from flowgraph.ops.reduce import reduce_prod, reduce_sum
from flowgraph.ops.reshape import reshape, squeeze
from flowgraph.ops.select import where
from flowgraph.ops.shape import shape as shape_of
from flowgraph.ops.shape import size as size_of
from flowgraph.ops.unary import abs as abs_
from flowgraph.ops.unary import square

# ---- the collection ------------------------------------------------------------------------------


@add_arg_scope
def add_loss(loss: Any, loss_collection: Any = GraphKeys.LOSSES) -> None:
    """Puts a loss in a collection.

    Args:
        loss: tensor.
        loss_collection: the collection; None for none.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import losses
        >>> losses.add_loss(fg.constant(1.0))
        >>> len(losses.get_losses())
        1
    """
    if loss_collection:
        get_default_graph().add_to_collection(loss_collection, loss)


def get_losses(scope: str | None = None, loss_collection: Any = GraphKeys.LOSSES) -> list[Any]:
    """The losses in a collection.

    Args:
        scope: regular expression for the beginning of their names.
        loss_collection: the collection.

    Example:
        >>> from flowgraph.contrib import losses
        >>> losses.get_losses()
        []
    """
    return get_default_graph().get_collection(loss_collection, scope)


def get_regularization_losses(scope: str | None = None) -> list[Any]:
    """The losses that regularizers made.

    Args:
        scope: regular expression for the beginning of their names.

    Example:
        >>> from flowgraph.contrib import losses
        >>> losses.get_regularization_losses()
        []
    """
    return get_losses(scope, GraphKeys.REGULARIZATION_LOSSES)


def get_total_loss(add_regularization_losses: bool = True, name: str = "total_loss") -> Any:
    """The sum of all losses.

    Args:
        add_regularization_losses: whether those of regularizers count.
        name: name of the op.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import losses
        >>> loss = losses.mean_squared_error(fg.constant([1.0]), fg.constant([3.0]))
        >>> fg.Session().run(losses.get_total_loss())
        np.float32(4.0)
    """
    found = get_losses()
    if add_regularization_losses:
        found = found + get_regularization_losses()
    return add_n(found, name=name)


# ---- weights -------------------------------------------------------------------------------------


def compute_weighted_loss(losses: Any, weights: Any = 1.0, scope: str | None = None) -> Any:
    """The weighted mean of losses, put in the collection LOSSES.

    Args:
        losses: tensor of rank 1 or more, the batch first.
        weights: scalar, or tensor of the losses' first axes.
        scope: name of the ops.

    Returns:
        A scalar.

    Raises:
        ValueError: a rank is not known.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import losses
        >>> loss = losses.compute_weighted_loss(fg.constant([1.0, 3.0]), fg.constant([0.0, 2.0]))
        >>> fg.Session().run(loss)
        np.float32(6.0)
    """
    with name_scope(scope, "weighted_loss", [losses, weights]):
        losses = convert_to_tensor(losses)
        dtype = losses.dtype
        losses, weights = cast(losses, float32), cast(convert_to_tensor(weights), float32)
        for what, value in (("losses", losses), ("weights", weights)):
            if value.shape.ndims is None:
                raise ValueError(located(f"{what}.get_shape().ndims cannot be None"))
        if weights.shape.ndims > 1 and weights.shape[-1].is_compatible_with(1):
            weights = squeeze(weights, [-1])
        total = _scaled_sum(losses, weights)
        mean = div_no_nan(reduce_sum(total), _present(losses, weights), name="value")
        mean = cast(mean, dtype)
        add_loss(mean)
        return mean


def _scaled_sum(losses: Any, weights: Any) -> Any:
    axes = list(range(weights.shape.ndims, losses.shape.ndims))
    return reduce_sum(multiply(reduce_sum(losses, axis=axes), weights))


def _present(losses: Any, weights: Any, per_batch: bool = False) -> Any:
    """How many elements count, over all or for each element of the batch."""
    rank = weights.shape.ndims
    if rank == 0:
        batch = reshape(slice(shape_of(losses), [0], [1]), [])
        each = div(cast(size_of(losses), float32), cast(batch, float32))
        each = where(equal(weights, 0), zeros_like(each), each)
        counts = multiply(ones(reshape(batch, [1])), each)
    else:
        counts = reduce_sum(cast(not_equal(weights, 0), float32), axis=list(range(1, rank)))
        rest = slice(shape_of(losses), [rank], [-1])
        counts = multiply(counts, cast(reduce_prod(rest), float32))
    return counts if per_batch else reduce_sum(counts)


def _floats(predictions: Any, labels: Any) -> tuple[Any, Any]:
    predictions, labels = convert_to_tensor(predictions), convert_to_tensor(labels)
    predictions.shape.assert_is_compatible_with(labels.shape)
    return cast(predictions, float32), cast(labels, float32)


# ---- losses --------------------------------------------------------------------------------------


def absolute_difference(predictions: Any, labels: Any = None, weights: Any = 1.0,
                        scope: str | None = None) -> Any:
    """The mean of |predictions - labels|.

    Args:
        predictions: tensor.
        labels: tensor of its shape.
        weights: as for `compute_weighted_loss`.
        scope: name of the ops.

    Returns:
        A scalar, which is in the collection LOSSES.

    Raises:
        ValueError: the shapes differ.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import losses
        >>> fg.Session().run(losses.absolute_difference(fg.constant([1.0, 5.0]), [2.0, 2.0]))
        np.float32(2.0)
    """
    with name_scope(scope, "absolute_difference", [predictions, labels, weights]) as scope:
        predictions, labels = _floats(predictions, labels)
        return compute_weighted_loss(abs_(subtract(predictions, labels)), weights, scope=scope)


def sigmoid_cross_entropy(logits: Any, multi_class_labels: Any, weights: Any = 1.0,
                          label_smoothing: float = 0, scope: str | None = None) -> Any:
    """The mean cross entropy of sigmoids: each class is there or not, whatever the others are.

    Args:
        logits: [batch, classes] tensor.
        multi_class_labels: tensor of its shape, of 0 and 1.
        weights: as for `compute_weighted_loss`.
        label_smoothing: how far labels are moved towards 1/2.
        scope: name of the ops.

    Returns:
        A scalar, which is in the collection LOSSES.

    Raises:
        ValueError: the shapes differ.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import losses
        >>> loss = losses.sigmoid_cross_entropy(fg.zeros([1, 2]), [[0.0, 1.0]])
        >>> float(fg.Session().run(loss).round(4))
        0.6930999755859375
    """
    with name_scope(scope, "sigmoid_cross_entropy_loss",
                    [logits, multi_class_labels, weights]) as scope:
        labels = convert_to_tensor(multi_class_labels)
        logits.shape.assert_is_compatible_with(labels.shape)
        labels = cast(labels, logits.dtype)
        if label_smoothing > 0:
            labels = labels * (1 - label_smoothing) + 0.5 * label_smoothing
        losses = sigmoid_cross_entropy_with_logits(labels=labels, logits=logits, name="xentropy")
        return compute_weighted_loss(losses, weights, scope=scope)


def softmax_cross_entropy(logits: Any, onehot_labels: Any, weights: Any = 1.0,
                          label_smoothing: float = 0, scope: str | None = None) -> Any:
    """The mean cross entropy of a softmax.

    Args:
        logits: [batch, classes] tensor.
        onehot_labels: tensor of its shape.
        weights: as for `compute_weighted_loss`.
        label_smoothing: how far labels are moved towards 1/classes.
        scope: name of the ops.

    Returns:
        A scalar, which is in the collection LOSSES.

    Raises:
        ValueError: the shapes differ.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import losses
        >>> loss = losses.softmax_cross_entropy(fg.zeros([1, 2]), [[0.0, 1.0]])
        >>> float(fg.Session().run(loss).round(4))
        0.6930999755859375
    """
    with name_scope(scope, "softmax_cross_entropy_loss",
                    [logits, onehot_labels, weights]) as scope:
        labels = convert_to_tensor(onehot_labels)
        logits.shape.assert_is_compatible_with(labels.shape)
        labels = cast(labels, logits.dtype)
        if label_smoothing > 0:
            classes = cast(shape_of(labels)[1], logits.dtype)
            labels = labels * (1.0 - label_smoothing) + label_smoothing / classes
        losses = softmax_cross_entropy_with_logits(labels=labels, logits=logits, name="xentropy")
        return compute_weighted_loss(losses, weights, scope=scope)


def sparse_softmax_cross_entropy(logits: Any, labels: Any, weights: Any = 1.0,
                                 scope: str | None = None) -> Any:
    """The mean cross entropy of a softmax, with the classes given by number.

    Args:
        logits: [batch, classes] tensor.
        labels: [batch] or [batch, 1] integer tensor.
        weights: as for `compute_weighted_loss`.
        scope: name of the ops.

    Returns:
        A scalar, which is in the collection LOSSES.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import losses
        >>> loss = losses.sparse_softmax_cross_entropy(fg.zeros([1, 2]), fg.constant([1]))
        >>> float(fg.Session().run(loss).round(4))
        0.6930999755859375
    """
    with name_scope(scope, "sparse_softmax_cross_entropy_loss",
                    [logits, labels, weights]) as scope:
        labels = reshape(labels, [shape_of(labels)[0]])
        losses = sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits,
                                                          name="xentropy")
        return compute_weighted_loss(losses, weights, scope=scope)


def log_loss(predictions: Any, labels: Any = None, weights: Any = 1.0, epsilon: float = 1e-7,
             scope: str | None = None) -> Any:
    """The mean cross entropy of probabilities.

    Args:
        predictions: tensor of probabilities.
        labels: tensor of its shape.
        weights: as for `compute_weighted_loss`.
        epsilon: small number added to probabilities.
        scope: name of the ops.

    Returns:
        A scalar, which is in the collection LOSSES.

    Raises:
        ValueError: the shapes differ.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import losses
        >>> loss = losses.log_loss(fg.constant([0.5]), fg.constant([1.0]))
        >>> float(fg.Session().run(loss).round(4))
        0.6930999755859375
    """
    with name_scope(scope, "log_loss", [predictions, labels, weights]) as scope:
        predictions, labels = _floats(predictions, labels)
        losses = (-multiply(labels, log(predictions + epsilon))
                  - multiply(1 - labels, log(1 - predictions + epsilon)))
        return compute_weighted_loss(losses, weights, scope=scope)


def hinge_loss(logits: Any, labels: Any = None, scope: str | None = None) -> Any:
    """The hinge loss of each element: max(0, 1 - y * logit), y being -1 for label 0.

    Args:
        logits: tensor.
        labels: tensor of its shape, of 0 and 1.
        scope: name of the ops.

    Returns:
        A tensor of the logits' shape, in no collection.

    Raises:
        ValueError: the shapes differ.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import losses
        >>> fg.Session().run(losses.hinge_loss(fg.constant([0.5, 0.5]), fg.constant([1.0, 0.0])))
        array([0.5, 1.5], dtype=float32)
    """
    with name_scope(scope, "hinge_loss", [logits, labels]):
        logits = convert_to_tensor(logits)
        labels = convert_to_tensor(labels)
        logits.shape.assert_is_compatible_with(labels.shape)
        labels = cast(labels, float32)
        all_ones = ones_like(labels)
        signs = subtract(2 * labels, all_ones)
        return relu(subtract(all_ones, multiply(signs, logits)))


def mean_squared_error(predictions: Any, labels: Any = None, weights: Any = 1.0,
                       scope: str | None = None) -> Any:
    """The mean of (predictions - labels)**2.

    Args:
        predictions: tensor.
        labels: tensor of its shape.
        weights: as for `compute_weighted_loss`.
        scope: name of the ops.

    Returns:
        A scalar, which is in the collection LOSSES.

    Raises:
        ValueError: the shapes differ.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import losses
        >>> fg.Session().run(losses.mean_squared_error(fg.constant([1.0, 5.0]), [2.0, 2.0]))
        np.float32(5.0)
    """
    with name_scope(scope, "mean_squared_error", [predictions, labels, weights]) as scope:
        predictions, labels = _floats(predictions, labels)
        return compute_weighted_loss(squared_difference(predictions, labels), weights,
                                     scope=scope)


def mean_pairwise_squared_error(predictions: Any, labels: Any = None, weights: Any = 1.0,
                                scope: str | None = None) -> Any:
    """How much the differences between pairs of predictions are off from those of labels.

    Args:
        predictions: [batch, ...] tensor.
        labels: tensor of its shape.
        weights: scalar, or [batch] or [batch, 1] tensor.
        scope: name of the ops.

    Returns:
        A scalar, which is in the collection LOSSES.

    Raises:
        ValueError: the shapes differ.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import losses
        >>> predictions, labels = fg.constant([[1.0, 3.0]]), fg.constant([[1.0, 1.0]])
        >>> fg.Session().run(losses.mean_pairwise_squared_error(predictions, labels))
        np.float32(2.0)
    """
    with name_scope(scope, "mean_pairwise_squared_error", [predictions, labels, weights]):
        predictions, labels = _floats(predictions, labels)
        weights = cast(convert_to_tensor(weights), float32)
        differences = subtract(predictions, labels)
        for what, value in (("diffs", differences), ("weights", weights)):
            if value.shape.ndims is None:
                raise ValueError(located(f"{what}.get_shape().ndims cannot be None"))
        axes = list(range(1, differences.shape.ndims))
        counts = _present(differences, weights, per_batch=True)
        squares = reduce_sum(square(differences), axis=axes)
        sums = reduce_sum(differences, axis=axes)
        loss = _scaled_sum(2.0 * div_no_nan(squares, counts, name="value")
                           - 2.0 * div_no_nan(square(sums), square(counts), name="value"), weights)
        mean = where(reduce_sum(counts) > 0, loss, zeros_like(loss), name="value")
        add_loss(mean)
        return mean


def cosine_distance(predictions: Any, labels: Any = None, axis: int | None = None,
                    weights: Any = 1.0, scope: str | None = None, dim: int | None = None) -> Any:
    """The mean of 1 - predictions . labels, of vectors of length 1.

    Args:
        predictions: tensor of vectors along an axis.
        labels: tensor of its shape.
        axis: that axis.
        weights: as for `compute_weighted_loss`.
        scope: name of the ops.
        dim: old name of `axis`.

    Returns:
        A scalar, which is in the collection LOSSES.

    Raises:
        ValueError: the shapes differ, or there is no axis.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import losses
        >>> loss = losses.cosine_distance(fg.constant([[1.0, 0.0]]), [[0.0, 1.0]], axis=1)
        >>> fg.Session().run(loss)
        np.float32(1.0)
    """
    axis = dim if axis is None else axis
    if axis is None:
        raise ValueError(located("You must specify 'axis'."))
    with name_scope(scope, "cosine_distance_loss", [predictions, labels, weights]) as scope:
        predictions, labels = _floats(predictions, labels)
        losses = 1 - reduce_sum(multiply(predictions, labels), axis=[axis])
        return compute_weighted_loss(losses, weights, scope=scope)
