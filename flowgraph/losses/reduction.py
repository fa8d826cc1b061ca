"""How the losses of the elements become one number, and the collection of losses."""

from __future__ import annotations

from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.graph.collections import GraphKeys
from flowgraph.graph.graph import (
    add_to_collection,
    control_dependencies,
    get_collection,
    name_scope,
)
from flowgraph.graph.tensor import Tensor
from flowgraph.losses.weights import assert_broadcastable, broadcast_weights
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.arithmetic import add_n, multiply
from flowgraph.ops.cast import cast
from flowgraph.ops.compare import equal
from flowgraph.ops.constant import constant, ones_like, range, zeros_like
from flowgraph.ops.division import div_no_nan
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.select import where
from flowgraph.ops.shape import rank, size


class Reduction:
    """How the weighted losses of the elements become one number.

    NONE leaves them as they are; SUM adds them; the others divide the sum: MEAN by the sum of the
    weights, SUM_OVER_BATCH_SIZE by the number of elements, SUM_BY_NONZERO_WEIGHTS (also called
    SUM_OVER_NONZERO_WEIGHTS) by the number of those whose weight is not 0.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run([fg.losses.absolute_difference([0.0, 0.0], [3.0, 5.0], [2.0, 0.0],
        ...                                                 reduction=reduction)
        ...                   for reduction in (fg.losses.Reduction.SUM, fg.losses.Reduction.MEAN)])
        [np.float32(6.0), np.float32(3.0)]
    """

    NONE = "none"
    SUM = "weighted_sum"
    SUM_OVER_BATCH_SIZE = "weighted_sum_over_batch_size"
    MEAN = "weighted_mean"
    SUM_BY_NONZERO_WEIGHTS = "weighted_sum_by_nonzero_weights"
    SUM_OVER_NONZERO_WEIGHTS = SUM_BY_NONZERO_WEIGHTS

    @classmethod
    def all(cls) -> tuple[str, ...]:
        """All values there are."""
        return (cls.NONE, cls.SUM, cls.MEAN, cls.SUM_OVER_BATCH_SIZE,
                cls.SUM_OVER_NONZERO_WEIGHTS, cls.SUM_BY_NONZERO_WEIGHTS)

    @classmethod
    def validate(cls, key: Any) -> None:
        """Raises ValueError unless `key` is one of the values."""
        if key not in cls.all():
            raise ValueError(located(f"Invalid Reduction Key {key}. It must be one of "
                                     f"{', '.join(dict.fromkeys(cls.all()))}."))


def compute_weighted_loss(losses: Any, weights: Any = 1.0, scope: str | None = None,
                          loss_collection: Any = GraphKeys.LOSSES,
                          reduction: Any = Reduction.SUM_BY_NONZERO_WEIGHTS) -> Tensor:
    """Weighs the losses of elements and makes one number of them.

    Args:
        losses: tensor with the loss of each element.
        weights: scalar, or tensor of the rank of `losses` with sizes that are 1 or its own.
        scope: name scope of the nodes.
        loss_collection: collection to put the loss in; None for none.
        reduction: a value of `tf.losses.Reduction`.

    Returns:
        A scalar of the dtype of `losses`; a tensor of their shape where nothing is reduced.

    Raises:
        ValueError: the shape of `weights` does not fit.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.losses.compute_weighted_loss([1.0, 2.0, 6.0], [1.0, 1.0, 0.0]))
        np.float32(1.5)
    """
    Reduction.validate(reduction)
    with name_scope(scope, "weighted_loss", [losses, weights]), \
            control_dependencies([assert_broadcastable(weights, losses)]):
        losses = convert_to_tensor(losses)
        dtype = losses.dtype.base_dtype
        losses = cast(losses, dt.float32)
        weights = cast(weights, dt.float32)
        loss = multiply(losses, weights)
        if reduction != Reduction.NONE:
            loss = reduce_sum(loss)
        if reduction == Reduction.MEAN:
            loss = _safe_mean(loss, reduce_sum(ones_like(losses) * weights))
        elif reduction == Reduction.SUM_BY_NONZERO_WEIGHTS:
            loss = _safe_mean(loss, number_present(losses, weights))
        elif reduction == Reduction.SUM_OVER_BATCH_SIZE:
            loss = _safe_mean(loss, _number_of_elements(losses))
        loss = cast(loss, dtype)
        add_loss(loss, loss_collection)
        return loss


def _safe_mean(losses: Tensor, count: Tensor) -> Tensor:
    """Their sum divided by `count`; 0 for 0."""
    return div_no_nan(reduce_sum(losses), count, name="value")


def number_present(losses: Tensor, weights: Tensor, per_batch: bool = False) -> Any:
    """How many elements have a weight that is not 0: all in all, or in each example."""
    with name_scope(None, "num_present", [losses, weights]) as scope:
        weights = cast(weights, dt.float32)
        present = where(equal(weights, 0.0), zeros_like(weights), ones_like(weights))
        present = broadcast_weights(present, losses)
        if per_batch:
            return reduce_sum(present, range(1, rank(present)), keepdims=True, name=scope)
        return reduce_sum(present, name=scope)


def _number_of_elements(losses: Tensor) -> Tensor:
    with name_scope(None, "num_elements", [losses]) as scope:
        return cast(size(losses, name=scope), losses.dtype.base_dtype)


# ---- the collection ------------------------------------------------------------------------------


def add_loss(loss: Any, loss_collection: Any = GraphKeys.LOSSES) -> None:
    """Puts a loss in the collection that `tf.losses.get_total_loss` adds up.

    Args:
        loss: tensor.
        loss_collection: name of the collection; None for none.

    Example:
        >>> import flowgraph as fg
        >>> fg.losses.add_loss(fg.constant(2.0, name="extra"))
        >>> fg.losses.get_losses()
        [<tf.Tensor 'extra:0' shape=() dtype=float32>]
    """
    if loss_collection:
        add_to_collection(loss_collection, loss)


def get_losses(scope: str | None = None, loss_collection: Any = GraphKeys.LOSSES) -> list[Any]:
    """The losses in the collection.

    Args:
        scope: only those whose name this regular expression matches from the start.
        loss_collection: name of the collection.

    Example:
        >>> import flowgraph as fg
        >>> loss = fg.losses.mean_squared_error([1.0], [3.0])
        >>> fg.losses.get_losses() == [loss]
        True
    """
    return get_collection(loss_collection, scope)


def get_regularization_losses(scope: str | None = None) -> list[Any]:
    """The losses that the regularizers of variables and layers made.

    Args:
        scope: only those whose name this regular expression matches from the start.

    Example:
        >>> import flowgraph as fg
        >>> w = fg.get_variable("w", [2], regularizer=fg.nn.l2_loss)
        >>> fg.losses.get_regularization_losses()
        [<tf.Tensor 'w/Regularizer/L2Loss:0' shape=() dtype=float32>]
    """
    return get_collection(GraphKeys.REGULARIZATION_LOSSES, scope)


def get_regularization_loss(scope: str | None = None,
                            name: str = "total_regularization_loss") -> Tensor:
    """The sum of the regularization losses; 0 if there are none.

    Args:
        scope: only those whose name this regular expression matches from the start.
        name: name of the node.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.losses.get_regularization_loss())
        np.float32(0.0)
    """
    losses = get_regularization_losses(scope)
    return add_n(losses, name=name) if losses else constant(0.0)


def get_total_loss(add_regularization_losses: bool = True, name: str = "total_loss",
                   scope: str | None = None) -> Tensor:
    """The sum of all losses in the collection.

    Args:
        add_regularization_losses: whether those of regularizers are added, too.
        name: name of the node.
        scope: only losses whose name this regular expression matches from the start.

    Raises:
        ValueError: there are none.

    Example:
        >>> import flowgraph as fg
        >>> _ = fg.losses.mean_squared_error([1.0], [3.0])
        >>> _ = fg.losses.absolute_difference([1.0], [3.0])
        >>> fg.Session().run(fg.losses.get_total_loss())
        np.float32(6.0)
    """
    losses = get_losses(scope=scope)
    if add_regularization_losses:
        losses += get_regularization_losses(scope=scope)
    return add_n(losses, name=name)
