"""The losses of `tf.losses`: what each element costs, weighed and reduced to one number."""

from __future__ import annotations

from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core.deprecation import renamed_argument
from flowgraph.core.frames import located
from flowgraph.graph.collections import GraphKeys
from flowgraph.graph.graph import control_dependencies, name_scope
from flowgraph.graph.tensor import Tensor
from flowgraph.losses.reduction import Reduction, add_loss, compute_weighted_loss, number_present
from flowgraph.losses.weights import (
    assert_broadcastable,
    remove_squeezable_dimensions,
    squeezed_weights,
)
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.activation import relu
from flowgraph.ops.arithmetic import add, maximum, minimum, multiply, squared_difference, subtract
from flowgraph.ops.cast import cast
from flowgraph.ops.constant import ones_like, range, zeros_like
from flowgraph.ops.cross_entropy import (
    sigmoid_cross_entropy_with_logits,
    softmax_cross_entropy_with_logits_v2,
    sparse_softmax_cross_entropy_with_logits,
)
from flowgraph.ops.division import div_no_nan
from flowgraph.ops.exponential import log
from flowgraph.ops.identity import stop_gradient
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.select import where
from flowgraph.ops.shape import rank
from flowgraph.ops.shape import shape as shape_of
from flowgraph.ops.unary import abs as abs_
from flowgraph.ops.unary import square


def _not_none(**arguments: Any) -> None:
    for name, value in arguments.items():
        if value is None:
            raise ValueError(located(f"{name} must not be None."))


def _same_shape(predictions: Tensor, labels: Tensor, name: str = "predictions") -> None:
    """Raises ValueError; where only one of the two is a column it says how to make both alike."""
    ours, theirs = predictions.shape, labels.shape
    if ours.is_compatible_with(theirs):
        return
    advice = ""
    if ours.is_compatible_with(theirs.concatenate([1])):
        advice = f". {name} is a column: tf.squeeze({name}, -1) makes them alike"
    elif theirs.is_compatible_with(ours.concatenate([1])):
        advice = ". labels is a column: tf.squeeze(labels, -1) makes them alike"
    raise ValueError(located(
        f"Shapes {ours} and {theirs} are incompatible: those of {name} and labels{advice}"))


def absolute_difference(labels: Any, predictions: Any, weights: Any = 1.0, scope: str | None = None,
                        loss_collection: Any = GraphKeys.LOSSES,
                        reduction: Any = Reduction.SUM_BY_NONZERO_WEIGHTS) -> Tensor:
    """Computes the absolute difference of predictions and labels.

    Args:
        labels: tensor of the true values.
        predictions: tensor of the same shape.
        weights: scalar, or tensor of the rank of the losses with sizes that are 1 or theirs.
        scope: name scope of the nodes.
        loss_collection: collection to put the loss in; None for none.
        reduction: a value of `tf.losses.Reduction`.

    Returns:
        A scalar; a tensor of the losses' shape where nothing is reduced.

    Raises:
        ValueError: the shapes do not fit, or an argument is None.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.losses.absolute_difference([1.0, 2.0], [1.0, 5.0]))
        np.float32(1.5)
    """
    _not_none(labels=labels, predictions=predictions)
    with name_scope(scope, "absolute_difference", [predictions, labels, weights]) as scope:
        predictions, labels = cast(predictions, dt.float32), cast(labels, dt.float32)
        _same_shape(predictions, labels)
        losses = abs_(subtract(predictions, labels))
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction)


def cosine_distance(labels: Any, predictions: Any, axis: int | None = None, weights: Any = 1.0,
                    scope: str | None = None, loss_collection: Any = GraphKeys.LOSSES,
                    reduction: Any = Reduction.SUM_BY_NONZERO_WEIGHTS,
                    dim: int | None = None) -> Tensor:
    """Computes 1 - labels . predictions, for vectors of length 1.

    Args:
        labels: tensor of the true vectors.
        predictions: tensor of the same shape.
        axis: the axis along which the vectors lie; it stays, with size 1.
        weights: scalar, or tensor of the rank of the losses with sizes that are 1 or theirs.
        dim: old name of `axis`.
        scope: name scope of the nodes.
        loss_collection: collection to put the loss in; None for none.
        reduction: a value of `tf.losses.Reduction`.

    Returns:
        A scalar; a tensor of the losses' shape where nothing is reduced.

    Raises:
        ValueError: the shapes do not fit, or an argument is None.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.losses.cosine_distance([[1.0, 0.0]], [[0.0, 1.0]], axis=1))
        np.float32(1.0)
    """
    axis = renamed_argument("axis", axis, "dim", dim)
    if axis is None:
        raise ValueError(located("You must specify 'axis'.",
                                 "It is the axis of the vectors: write axis=-1 for the last one."))
    _not_none(labels=labels, predictions=predictions)
    with name_scope(scope, "cosine_distance_loss", [predictions, labels, weights]) as scope:
        predictions, labels = cast(predictions, dt.float32), cast(labels, dt.float32)
        _same_shape(predictions, labels)
        losses = 1 - reduce_sum(multiply(predictions, labels), (axis,), keepdims=True)
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction)


def hinge_loss(labels: Any, logits: Any, weights: Any = 1.0, scope: str | None = None,
               loss_collection: Any = GraphKeys.LOSSES,
               reduction: Any = Reduction.SUM_BY_NONZERO_WEIGHTS) -> Tensor:
    """Computes max(0, 1 - label * logit), with labels 0 and 1 taken as -1 and 1.

    Args:
        labels: tensor of zeros and ones.
        logits: tensor of the same shape.
        weights: scalar, or tensor of the rank of the losses with sizes that are 1 or theirs.
        scope: name scope of the nodes.
        loss_collection: collection to put the loss in; None for none.
        reduction: a value of `tf.losses.Reduction`.

    Returns:
        A scalar; a tensor of the losses' shape where nothing is reduced.

    Raises:
        ValueError: the shapes do not fit, or an argument is None.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.losses.hinge_loss([0.0, 1.0], [0.5, 0.5]))
        np.float32(1.0)
    """
    _not_none(labels=labels, logits=logits)
    with name_scope(scope, "hinge_loss", [logits, labels, weights]) as scope:
        logits, labels = cast(logits, dt.float32), cast(labels, dt.float32)
        _same_shape(logits, labels, "logits")
        ones = ones_like(labels)
        labels = subtract(2 * labels, ones)
        losses = relu(subtract(ones, multiply(labels, logits)))
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction)


def huber_loss(labels: Any, predictions: Any, weights: Any = 1.0, delta: Any = 1.0,
               scope: str | None = None, loss_collection: Any = GraphKeys.LOSSES,
               reduction: Any = Reduction.SUM_BY_NONZERO_WEIGHTS) -> Tensor:
    """Computes the Huber loss: half the squared error up to `delta`, linear beyond it.

    Args:
        labels: tensor of the true values.
        predictions: tensor of the same shape.
        weights: scalar, or tensor of the rank of the losses with sizes that are 1 or theirs.
        delta: where it becomes linear.
        scope: name scope of the nodes.
        loss_collection: collection to put the loss in; None for none.
        reduction: a value of `tf.losses.Reduction`.

    Returns:
        A scalar; a tensor of the losses' shape where nothing is reduced.

    Raises:
        ValueError: the shapes do not fit, or an argument is None.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.losses.huber_loss([0.0, 0.0], [1.0, 3.0]))
        np.float32(1.5)
    """
    _not_none(labels=labels, predictions=predictions)
    with name_scope(scope, "huber_loss", [predictions, labels, weights]) as scope:
        predictions, labels = cast(predictions, dt.float32), cast(labels, dt.float32)
        _same_shape(predictions, labels)
        error = abs_(subtract(predictions, labels))
        quadratic = minimum(error, delta)
        linear = subtract(error, quadratic)
        half = convert_to_tensor(0.5, quadratic.dtype)
        losses = add(multiply(half, multiply(quadratic, quadratic)), multiply(delta, linear))
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction)


def log_loss(labels: Any, predictions: Any, weights: Any = 1.0, epsilon: float = 1e-7,
             scope: str | None = None, loss_collection: Any = GraphKeys.LOSSES,
             reduction: Any = Reduction.SUM_BY_NONZERO_WEIGHTS) -> Tensor:
    """Computes the cross entropy of probabilities, for labels 0 and 1.

    Args:
        labels: tensor of the true values.
        predictions: tensor of the same shape.
        weights: scalar, or tensor of the rank of the losses with sizes that are 1 or theirs.
        epsilon: small number that keeps the logarithm from 0.
        scope: name scope of the nodes.
        loss_collection: collection to put the loss in; None for none.
        reduction: a value of `tf.losses.Reduction`.

    Returns:
        A scalar; a tensor of the losses' shape where nothing is reduced.

    Raises:
        ValueError: the shapes do not fit, or an argument is None.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.losses.log_loss([1.0, 0.0], [0.5, 0.5])).round(4)
        np.float32(0.6931)
    """
    _not_none(labels=labels, predictions=predictions)
    with name_scope(scope, "log_loss", [predictions, labels, weights]) as scope:
        predictions, labels = cast(predictions, dt.float32), cast(labels, dt.float32)
        _same_shape(predictions, labels)
        losses = (-multiply(labels, log(predictions + epsilon))
                  - multiply(1 - labels, log(1 - predictions + epsilon)))
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction)


def mean_pairwise_squared_error(labels: Any, predictions: Any, weights: Any = 1.0,
                                scope: str | None = None,
                                loss_collection: Any = GraphKeys.LOSSES) -> Tensor:
    """Compares the differences between the elements of an example with those in its labels.

    For each pair of elements of an example, it is the squared error of their difference; the mean
    of these, summed over the examples.

    Args:
        labels: [batch, sizes...] tensor of the true values.
        predictions: tensor of the same shape.
        weights: scalar, or tensor of the rank of `labels` with sizes that are 1 or theirs.
        scope: name scope of the nodes.
        loss_collection: collection to put the loss in; None for none.

    Returns:
        A scalar.

    Raises:
        ValueError: the shapes do not fit, or an argument is None.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.losses.mean_pairwise_squared_error([[0.0, 1.0]], [[5.0, 8.0]]))
        np.float32(4.0)
    """
    _not_none(labels=labels, predictions=predictions)
    with name_scope(scope, "mean_pairwise_squared_error", [predictions, labels, weights]) as scope:
        weights, labels = cast(weights, dt.float32), cast(labels, dt.float32)
        with control_dependencies([assert_broadcastable(weights, labels)]):
            predictions = cast(predictions, dt.float32)
            _same_shape(predictions, labels)
            diffs = subtract(predictions, labels)
            axes = range(1, rank(diffs))
            squares = reduce_sum(square(diffs), axes, keepdims=True)
            count = number_present(diffs, weights, per_batch=True)
            term1 = 2.0 * div_no_nan(squares, maximum(count - 1, 0), name="value")
            total = reduce_sum(diffs, axes, keepdims=True)
            pairs = maximum(multiply(count, count - 1), 0)
            term2 = 2.0 * div_no_nan(square(total), pairs, name="value")
            loss = reduce_sum(multiply(term1 - term2, weights))
            loss = where(reduce_sum(count) > 0, loss, zeros_like(loss), name="value")
            add_loss(loss, loss_collection)
            return loss


def mean_squared_error(labels: Any, predictions: Any, weights: Any = 1.0, scope: str | None = None,
                       loss_collection: Any = GraphKeys.LOSSES,
                       reduction: Any = Reduction.SUM_BY_NONZERO_WEIGHTS) -> Tensor:
    """Computes the squared difference of predictions and labels.

    Args:
        labels: tensor of the true values.
        predictions: tensor of the same shape.
        weights: scalar, or tensor of the rank of the losses with sizes that are 1 or theirs.
        scope: name scope of the nodes.
        loss_collection: collection to put the loss in; None for none.
        reduction: a value of `tf.losses.Reduction`.

    Returns:
        A scalar; a tensor of the losses' shape where nothing is reduced.

    Raises:
        ValueError: the shapes do not fit, or an argument is None.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.losses.mean_squared_error([1.0, 2.0], [1.0, 4.0]))
        np.float32(2.0)
    """
    _not_none(labels=labels, predictions=predictions)
    with name_scope(scope, "mean_squared_error", [predictions, labels, weights]) as scope:
        predictions, labels = cast(predictions, dt.float32), cast(labels, dt.float32)
        _same_shape(predictions, labels)
        losses = squared_difference(predictions, labels)
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction)


def sigmoid_cross_entropy(multi_class_labels: Any, logits: Any, weights: Any = 1.0,
                          label_smoothing: float = 0, scope: str | None = None,
                          loss_collection: Any = GraphKeys.LOSSES,
                          reduction: Any = Reduction.SUM_BY_NONZERO_WEIGHTS) -> Tensor:
    """Computes the cross entropy of logits with labels that do not exclude each other.

    Args:
        multi_class_labels: tensor of zeros and ones.
        logits: tensor of the same shape and of a floating dtype.
        weights: scalar, or tensor of the rank of the losses with sizes that are 1 or theirs.
        label_smoothing: how far the labels are moved towards 0.5, from 0 to 1.
        scope: name scope of the nodes.
        loss_collection: collection to put the loss in; None for none.
        reduction: a value of `tf.losses.Reduction`.

    Returns:
        A scalar; a tensor of the losses' shape where nothing is reduced.

    Raises:
        ValueError: the shapes do not fit, or an argument is None.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.losses.sigmoid_cross_entropy([1.0, 0.0], [0.0, 0.0])).round(4)
        np.float32(0.6931)
    """
    _not_none(multi_class_labels=multi_class_labels, logits=logits)
    with name_scope(scope, "sigmoid_cross_entropy_loss",
                    [logits, multi_class_labels, weights]) as scope:
        logits = convert_to_tensor(logits)
        labels = cast(multi_class_labels, logits.dtype.base_dtype)
        _same_shape(logits, labels, "logits")
        if label_smoothing > 0:
            labels = labels * (1 - label_smoothing) + 0.5 * label_smoothing
        losses = sigmoid_cross_entropy_with_logits(labels=labels, logits=logits, name="xentropy")
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction)


def softmax_cross_entropy(onehot_labels: Any, logits: Any, weights: Any = 1.0,
                          label_smoothing: float = 0, scope: str | None = None,
                          loss_collection: Any = GraphKeys.LOSSES,
                          reduction: Any = Reduction.SUM_BY_NONZERO_WEIGHTS) -> Tensor:
    """Computes the cross entropy of logits with a distribution over classes.

    Args:
        onehot_labels: [batch, classes] tensor; each row is a distribution.
        logits: tensor of the same shape and of a floating dtype.
        weights: scalar, or a [batch] tensor.
        label_smoothing: how far the labels are moved towards 1 / classes, from 0 to 1.
        scope: name scope of the nodes.
        loss_collection: collection to put the loss in; None for none.
        reduction: a value of `tf.losses.Reduction`.

    Returns:
        A scalar; a tensor of the losses' shape where nothing is reduced.

    Raises:
        ValueError: the shapes do not fit, or an argument is None.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.losses.softmax_cross_entropy([[1, 0]], [[0.0, 0.0]])).round(4)
        np.float32(0.6931)
    """
    _not_none(onehot_labels=onehot_labels, logits=logits)
    with name_scope(scope, "softmax_cross_entropy_loss", [logits, onehot_labels, weights]) as scope:
        logits = convert_to_tensor(logits)
        dtype = logits.dtype.base_dtype
        labels = cast(onehot_labels, dtype)
        _same_shape(logits, labels, "logits")
        if label_smoothing > 0:
            classes = cast(shape_of(labels)[-1], dtype)
            labels = labels * (1.0 - label_smoothing) + label_smoothing / classes
        labels = stop_gradient(labels, name="labels_stop_gradient")
        losses = softmax_cross_entropy_with_logits_v2(labels=labels, logits=logits, name="xentropy")
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction)


def sparse_softmax_cross_entropy(labels: Any, logits: Any, weights: Any = 1.0,
                                 scope: str | None = None, loss_collection: Any = GraphKeys.LOSSES,
                                 reduction: Any = Reduction.SUM_BY_NONZERO_WEIGHTS) -> Tensor:
    """Computes the cross entropy of logits with the numbers of the true classes.

    Args:
        labels: integer tensor of classes, one per row of logits; a last axis of size 1 may stand.
        logits: [batch, classes] tensor of a floating dtype.
        weights: scalar, or a tensor of the shape of the labels.
        scope: name scope of the nodes.
        loss_collection: collection to put the loss in; None for none.
        reduction: a value of `tf.losses.Reduction`.

    Returns:
        A scalar; a tensor of the losses' shape where nothing is reduced.

    Raises:
        ValueError: the shapes do not fit, or an argument is None.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.losses.sparse_softmax_cross_entropy([0], [[0.0, 0.0]])).round(4)
        np.float32(0.6931)
    """
    _not_none(labels=labels, logits=logits)
    with name_scope(scope, "sparse_softmax_cross_entropy_loss", [logits, labels, weights]) as scope:
        labels, logits = remove_squeezable_dimensions(labels, logits, expected_rank_diff=1)
        if weights is not None:
            weights = squeezed_weights(weights, labels)
        losses = sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits,
                                                          name="xentropy")
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction)
