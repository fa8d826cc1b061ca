"""Metrics of yes and no: counts of hits and mistakes, precision, recall."""

from __future__ import annotations

from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.graph.graph import control_dependencies
from flowgraph.graph.tensor import Tensor
from flowgraph.metrics.parts import finished, fitted, metric_variable, value_of
from flowgraph.ops.arithmetic import multiply
from flowgraph.ops.cast import cast
from flowgraph.ops.compare import equal, greater
from flowgraph.ops.division import div
from flowgraph.ops.identity import identity
from flowgraph.ops.logic import logical_and
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.select import where
from flowgraph.ops.shape import rank
from flowgraph.ops.shape_checks import assert_rank_in
from flowgraph.ops.state import assign_add
from flowgraph.ops.variable_scope import variable_scope


def true_positives(labels: Any, predictions: Any, weights: Any = None,
                   metrics_collections: Any = None, updates_collections: Any = None,
                   name: str | None = None) -> tuple[Tensor, Tensor]:
    """How many predictions are true where the label is true.

    Args:
        labels: tensor, cast to bool: what is true.
        predictions: tensor of the same shape, cast to bool.
        weights: scalar, or tensor of the rank of the values with sizes that are 1 or theirs;
            default 1.
        metrics_collections: collections to put the value in.
        updates_collections: collections to put the update in.
        name: name of the variable scope.

    Returns:
        The value over all runs, a float32 scalar, and the op that adds this run and returns the new
            value.

    Raises:
        ValueError: the shapes do not fit.

    Example:
        >>> import flowgraph as fg
        >>> value, update = fg.metrics.true_positives([1, 1, 0, 0], [1, 0, 1, 0])
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     print(sess.run(update))
        1.0
    """
    return _count(labels, predictions, True, True, weights, metrics_collections,
                  updates_collections, name, "true_positives")


def false_positives(labels: Any, predictions: Any, weights: Any = None,
                    metrics_collections: Any = None, updates_collections: Any = None,
                    name: str | None = None) -> tuple[Tensor, Tensor]:
    """How many predictions are true where the label is false.

    Args:
        labels: tensor, cast to bool: what is true.
        predictions: tensor of the same shape, cast to bool.
        weights: scalar, or tensor of the rank of the values with sizes that are 1 or theirs;
            default 1.
        metrics_collections: collections to put the value in.
        updates_collections: collections to put the update in.
        name: name of the variable scope.

    Returns:
        The value over all runs, a float32 scalar, and the op that adds this run and returns the new
            value.

    Raises:
        ValueError: the shapes do not fit.

    Example:
        >>> import flowgraph as fg
        >>> value, update = fg.metrics.false_positives([1, 1, 0, 0], [1, 0, 1, 0])
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     print(sess.run(update))
        1.0
    """
    return _count(labels, predictions, False, True, weights, metrics_collections,
                  updates_collections, name, "false_positives")


def true_negatives(labels: Any, predictions: Any, weights: Any = None,
                   metrics_collections: Any = None, updates_collections: Any = None,
                   name: str | None = None) -> tuple[Tensor, Tensor]:
    """How many predictions are false where the label is false.

    Args:
        labels: tensor, cast to bool: what is true.
        predictions: tensor of the same shape, cast to bool.
        weights: scalar, or tensor of the rank of the values with sizes that are 1 or theirs;
            default 1.
        metrics_collections: collections to put the value in.
        updates_collections: collections to put the update in.
        name: name of the variable scope.

    Returns:
        The value over all runs, a float32 scalar, and the op that adds this run and returns the new
            value.

    Raises:
        ValueError: the shapes do not fit.

    Example:
        >>> import flowgraph as fg
        >>> value, update = fg.metrics.true_negatives([1, 1, 0, 0], [1, 0, 1, 0])
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     print(sess.run(update))
        1.0
    """
    return _count(labels, predictions, False, False, weights, metrics_collections,
                  updates_collections, name, "true_negatives")


def false_negatives(labels: Any, predictions: Any, weights: Any = None,
                    metrics_collections: Any = None, updates_collections: Any = None,
                    name: str | None = None) -> tuple[Tensor, Tensor]:
    """How many predictions are false where the label is true.

    Args:
        labels: tensor, cast to bool: what is true.
        predictions: tensor of the same shape, cast to bool.
        weights: scalar, or tensor of the rank of the values with sizes that are 1 or theirs;
            default 1.
        metrics_collections: collections to put the value in.
        updates_collections: collections to put the update in.
        name: name of the variable scope.

    Returns:
        The value over all runs, a float32 scalar, and the op that adds this run and returns the new
            value.

    Raises:
        ValueError: the shapes do not fit.

    Example:
        >>> import flowgraph as fg
        >>> value, update = fg.metrics.false_negatives([1, 1, 0, 0], [1, 0, 1, 0])
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     print(sess.run(update))
        1.0
    """
    return _count(labels, predictions, True, False, weights, metrics_collections,
                  updates_collections, name, "false_negatives")


def _count(labels: Any, predictions: Any, label: bool, prediction: bool, weights: Any,
           metrics_collections: Any, updates_collections: Any, name: str | None,
           default_name: str) -> tuple[Tensor, Tensor]:
    """How often this label and this prediction come together."""
    with variable_scope(name, default_name, [predictions, labels, weights]):
        predictions, labels, weights = fitted(cast(predictions, dt.bool_), cast(labels, dt.bool_),
                                              weights)
        hits = logical_and(equal(labels, label), equal(predictions, prediction))
        count = metric_variable([], dt.float32, "count")
        values = cast(hits, dt.float32)
        if weights is not None:
            with control_dependencies([assert_rank_in(weights, (0, rank(values)))]):
                values = multiply(values, cast(weights, dt.float32))
        value = value_of(metrics_collections, lambda: identity(count))
        return finished(value, assign_add(count, reduce_sum(values)), updates_collections)


def precision(labels: Any, predictions: Any, weights: Any = None, metrics_collections: Any = None,
              updates_collections: Any = None, name: str | None = None) -> tuple[Tensor, Tensor]:
    """Which part of the true predictions is right: hits / (hits + false positives).

    Args:
        labels: tensor, cast to bool: what is true.
        predictions: tensor of the same shape, cast to bool.
        weights: scalar, or tensor of the rank of the values with sizes that are 1 or theirs;
            default 1.
        metrics_collections: collections to put the value in.
        updates_collections: collections to put the update in.
        name: name of the variable scope.

    Returns:
        The value over all runs, a float32 scalar, and the op that adds this run and returns the new
            value.

    Raises:
        ValueError: the shapes do not fit.

    Example:
        >>> import flowgraph as fg
        >>> value, update = fg.metrics.precision([1, 1, 0, 0], [1, 0, 1, 0])
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     print(sess.run(update))
        0.5
    """
    with variable_scope(name, "precision", [predictions, labels, weights]):
        predictions, labels, weights = fitted(cast(predictions, dt.bool_), cast(labels, dt.bool_),
                                              weights)
        hits, new_hits = true_positives(labels, predictions, weights)
        misses, new_misses = false_positives(labels, predictions, weights)
        value = value_of(metrics_collections, lambda: _part(hits, misses, "value"))
        return finished(value, _part(new_hits, new_misses, "update_op"), updates_collections)


def recall(labels: Any, predictions: Any, weights: Any = None, metrics_collections: Any = None,
           updates_collections: Any = None, name: str | None = None) -> tuple[Tensor, Tensor]:
    """Which part of the true labels is found: hits / (hits + false negatives).

    Args:
        labels: tensor, cast to bool: what is true.
        predictions: tensor of the same shape, cast to bool.
        weights: scalar, or tensor of the rank of the values with sizes that are 1 or theirs;
            default 1.
        metrics_collections: collections to put the value in.
        updates_collections: collections to put the update in.
        name: name of the variable scope.

    Returns:
        The value over all runs, a float32 scalar, and the op that adds this run and returns the new
            value.

    Raises:
        ValueError: the shapes do not fit.

    Example:
        >>> import flowgraph as fg
        >>> value, update = fg.metrics.recall([1, 1, 0, 0], [1, 0, 1, 0])
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     print(sess.run(update))
        0.5
    """
    with variable_scope(name, "recall", [predictions, labels, weights]):
        predictions, labels, weights = fitted(cast(predictions, dt.bool_), cast(labels, dt.bool_),
                                              weights)
        hits, new_hits = true_positives(labels, predictions, weights)
        misses, new_misses = false_negatives(labels, predictions, weights)
        value = value_of(metrics_collections, lambda: _part(hits, misses, "value"))
        return finished(value, _part(new_hits, new_misses, "update_op"), updates_collections)


def _part(hits: Any, misses: Any, name: str) -> Tensor:
    """hits / (hits + misses); 0 where there is neither."""
    return where(greater(hits + misses, 0), div(hits, hits + misses), 0, name)
