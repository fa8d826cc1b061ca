"""What all metrics share: variables for the sums, shapes that fit each other, collections.

A metric sums over many runs. It is a pair (value, update_op): the update adds what this run's
tensors give to local variables, the value is computed from the variables alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowgraph.core.dtypes import DType
from flowgraph.graph.collections import GraphKeys
from flowgraph.graph.graph import add_to_collections, control_dependencies
from flowgraph.graph.tensor import Tensor
from flowgraph.losses.weights import remove_squeezable_dimensions, with_last_axis
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.compare import equal, not_equal
from flowgraph.ops.constant import zeros
from flowgraph.ops.logic import logical_and
from flowgraph.ops.reshape import expand_dims, reshape, squeeze
from flowgraph.ops.shape import rank as rank_of
from flowgraph.ops.variable import Variable, VariableAggregation, VariableSynchronization


def metric_variable(shape: Any, dtype: DType, name: str) -> Variable:
    """A local variable for a sum over many runs, 0 at first."""
    return Variable(
        lambda: zeros(shape, dtype), trainable=False, name=name,
        collections=[GraphKeys.LOCAL_VARIABLES, GraphKeys.METRIC_VARIABLES],
        synchronization=VariableSynchronization.ON_READ, aggregation=VariableAggregation.SUM)


def value_of(collections: Any, make: Callable[[], Tensor]) -> Tensor:
    """A metric's value, which waits for nothing; it is put in `collections`."""
    with control_dependencies(None):
        value = make()
    if collections:
        add_to_collections(collections, value)
    return value


def finished(value: Tensor, update: Tensor, collections: Any) -> tuple[Tensor, Tensor]:
    """The pair that a metric returns; the update is put in `collections`."""
    if collections:
        add_to_collections(collections, update)
    return value, update


def fitted(predictions: Any, labels: Any, weights: Any) -> tuple[Tensor, Any, Any]:
    """Predictions, labels and weights without, or with, a last axis of size 1, as they need it.

    Args:
        predictions: tensor.
        labels: tensor, or None.
        weights: tensor, or None; a scalar stays as it is.
    """
    predictions = convert_to_tensor(predictions)
    if labels is not None:
        labels, predictions = remove_squeezable_dimensions(labels, predictions)
        predictions.shape.assert_is_compatible_with(labels.shape)
    if weights is None:
        return predictions, labels, None
    weights = convert_to_tensor(weights)
    rank, wanted = weights.shape.ndims, predictions.shape.ndims
    if rank == 0:
        return predictions, labels, weights
    if rank is not None and wanted is not None:
        if rank - wanted == 1:
            weights = squeeze(weights, [-1])
        elif wanted - rank == 1:
            weights = expand_dims(weights, [-1])
        return predictions, labels, weights
    return predictions, labels, _fitted_in_the_run(weights, predictions)


def _fitted_in_the_run(weights: Tensor, values: Tensor) -> Tensor:
    own_rank: Any = rank_of(weights)
    more = own_rank - rank_of(values)
    can_squeeze = weights.shape.ndims is None or weights.shape[-1].value in (1, None)
    return with_last_axis(weights, squeeze_it=equal(more, 1) if can_squeeze else False,
                          expand_it=logical_and(equal(more, -1), not_equal(own_rank, 0)))


def flat(tensor: Tensor) -> Tensor:
    """A tensor as a vector."""
    rank = tensor.shape.ndims
    return tensor if rank is not None and rank <= 1 else reshape(tensor, [-1])
