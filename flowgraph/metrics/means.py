"""Metrics that are a mean: of values, of errors, of what is right."""

from __future__ import annotations

from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.graph.graph import add_to_collections, control_dependencies
from flowgraph.graph.tensor import Tensor
from flowgraph.losses.weights import broadcast_weights, remove_squeezable_dimensions
from flowgraph.metrics.parts import finished, fitted, metric_variable, value_of
from flowgraph.ops.arithmetic import maximum, multiply, squared_difference, subtract
from flowgraph.ops.cast import cast
from flowgraph.ops.compare import equal, less
from flowgraph.ops.constant import ones_like, zeros_like
from flowgraph.ops.division import div, div_no_nan
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.select import where
from flowgraph.ops.shape import size
from flowgraph.ops.state import assign_add
from flowgraph.ops.unary import abs as abs_
from flowgraph.ops.unary import sqrt
from flowgraph.ops.variable_scope import variable_scope


def mean(values: Any, weights: Any = None, metrics_collections: Any = None,
         updates_collections: Any = None, name: str | None = None) -> tuple[Tensor, Tensor]:
    """The mean of all values of all runs.

    Args:
        values: tensor of numbers.
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
        >>> value, update = fg.metrics.mean([1.0, 2.0, 6.0], weights=[1.0, 1.0, 0.0])
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     print(sess.run(update))
        1.5
    """
    with variable_scope(name, "mean", [values, weights]):
        values = cast(values, dt.float32)
        total = metric_variable([], dt.float32, "total")
        count = metric_variable([], dt.float32, "count")
        if weights is None:
            number = cast(size(values), dt.float32)
        else:
            values, _, weights = fitted(values, None, weights)
            weights = broadcast_weights(cast(weights, dt.float32), values)
            values = multiply(values, weights)
            number = reduce_sum(weights)
        new_total = assign_add(total, reduce_sum(values))
        with control_dependencies([values]):
            new_count = assign_add(count, number)
        return _quotient(total, count, new_total, new_count, metrics_collections,
                         updates_collections)


def _quotient(total: Any, count: Any, new_total: Tensor, new_count: Tensor,
              metrics_collections: Any, updates_collections: Any) -> tuple[Tensor, Tensor]:
    """total / count, and the same after the update; 0 where nothing was counted."""
    value = value_of(metrics_collections,
                     lambda: div_no_nan(total, maximum(count, 0), name="value"))
    update = div_no_nan(new_total, maximum(new_count, 0), name="update_op")
    return finished(value, update, updates_collections)


def mean_tensor(values: Any, weights: Any = None, metrics_collections: Any = None,
                updates_collections: Any = None, name: str | None = None) -> tuple[Tensor, Tensor]:
    """The mean of all runs, element by element.

    Args:
        values: tensor of numbers, of a known shape.
        weights: scalar, or tensor of the rank of the values with sizes that are 1 or theirs;
            default 1.
        metrics_collections: collections to put the value in.
        updates_collections: collections to put the update in.
        name: name of the variable scope.

    Returns:
        The value over all runs, a float32 tensor of the shape of `values`, and the op that adds
            this run and returns the new value.

    Raises:
        ValueError: the shapes do not fit.

    Example:
        >>> import flowgraph as fg
        >>> value, update = fg.metrics.mean_tensor([1.0, 2.0])
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     print(sess.run(update))
        [1. 2.]
    """
    with variable_scope(name, "mean", [values, weights]):
        values = cast(values, dt.float32)
        total = metric_variable(values.shape, dt.float32, "total_tensor")
        count = metric_variable(values.shape, dt.float32, "count_tensor")
        number = ones_like(values)
        if weights is not None:
            values, _, weights = fitted(values, None, weights)
            weights = broadcast_weights(cast(weights, dt.float32), values)
            values = multiply(values, weights)
            number = multiply(number, weights)
        new_total = assign_add(total, values)
        with control_dependencies([values]):
            new_count = assign_add(count, number)
        return _quotient(total, count, new_total, new_count, metrics_collections,
                         updates_collections)


def accuracy(labels: Any, predictions: Any, weights: Any = None, metrics_collections: Any = None,
             updates_collections: Any = None, name: str | None = None) -> tuple[Tensor, Tensor]:
    """How often predictions are equal to labels.

    Args:
        labels: tensor of the true values.
        predictions: tensor of the same shape; a last axis of size 1 more, or less, is left out.
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
        >>> value, update = fg.metrics.accuracy([0, 1, 2, 2], [0, 1, 1, 1])
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     print(sess.run(update))
        0.5
    """
    predictions, labels, weights = fitted(predictions, labels, weights)
    if labels.dtype.base_dtype is not predictions.dtype.base_dtype:
        predictions = cast(predictions, labels.dtype.base_dtype)
    correct = cast(equal(predictions, labels), dt.float32)
    return mean(correct, weights, metrics_collections, updates_collections, name or "accuracy")


def mean_absolute_error(labels: Any, predictions: Any, weights: Any = None,
                        metrics_collections: Any = None, updates_collections: Any = None,
                        name: str | None = None) -> tuple[Tensor, Tensor]:
    """The mean of |predictions - labels|.

    Args:
        labels: tensor of the true values.
        predictions: tensor of the same shape; a last axis of size 1 more, or less, is left out.
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
        >>> value, update = fg.metrics.mean_absolute_error([1.0, 2.0], [1.0, 5.0])
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     print(sess.run(update))
        1.5
    """
    predictions, labels, weights = fitted(predictions, labels, weights)
    return mean(abs_(predictions - labels), weights, metrics_collections, updates_collections,
                name or "mean_absolute_error")


def mean_cosine_distance(labels: Any, predictions: Any, dim: int, weights: Any = None,
                         metrics_collections: Any = None, updates_collections: Any = None,
                         name: str | None = None) -> tuple[Tensor, Tensor]:
    """The mean of 1 - labels . predictions, for vectors of length 1.

    Args:
        labels: tensor of the true vectors.
        predictions: tensor of the same shape; a last axis of size 1 more, or less, is left out.
        dim: the axis along which the vectors lie.
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
        >>> value, update = fg.metrics.mean_cosine_distance([[1.0, 0.0]], [[0.6, 0.8]], 1)
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     print(sess.run(update))
        0.39999998
    """
    predictions, labels, weights = fitted(predictions, labels, weights)
    products = reduce_sum(multiply(predictions, labels), [dim], keepdims=True)
    value, update = mean(products, weights, None, None, name or "mean_cosine_distance")
    value, update = subtract(1.0, value), subtract(1.0, update)
    if metrics_collections:
        add_to_collections(metrics_collections, value)
    return finished(value, update, updates_collections)


def mean_relative_error(labels: Any, predictions: Any, normalizer: Any, weights: Any = None,
                        metrics_collections: Any = None, updates_collections: Any = None,
                        name: str | None = None) -> tuple[Tensor, Tensor]:
    """The mean of |labels - predictions| / normalizer, 0 where that is 0.

    Args:
        labels: tensor of the true values.
        predictions: tensor of the same shape; a last axis of size 1 more, or less, is left out.
        normalizer: tensor of the same shape.
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
        >>> value, update = fg.metrics.mean_relative_error([1.0, 2.0], [2.0, 4.0], [1.0, 2.0])
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     print(sess.run(update))
        1.0
    """
    predictions, labels, weights = fitted(predictions, labels, weights)
    predictions, normalizer = remove_squeezable_dimensions(predictions, normalizer)
    predictions.shape.assert_is_compatible_with(normalizer.shape)
    errors = where(equal(normalizer, 0.0), zeros_like(labels),
                   div(abs_(labels - predictions), normalizer))
    return mean(errors, weights, metrics_collections, updates_collections,
                name or "mean_relative_error")


def mean_squared_error(labels: Any, predictions: Any, weights: Any = None,
                       metrics_collections: Any = None, updates_collections: Any = None,
                       name: str | None = None) -> tuple[Tensor, Tensor]:
    """The mean of the squared difference of predictions and labels.

    Args:
        labels: tensor of the true values.
        predictions: tensor of the same shape; a last axis of size 1 more, or less, is left out.
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
        >>> value, update = fg.metrics.mean_squared_error([1.0, 2.0], [1.0, 4.0])
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     print(sess.run(update))
        2.0
    """
    predictions, labels, weights = fitted(predictions, labels, weights)
    return mean(squared_difference(labels, predictions), weights, metrics_collections,
                updates_collections, name or "mean_squared_error")


def root_mean_squared_error(labels: Any, predictions: Any, weights: Any = None,
                            metrics_collections: Any = None, updates_collections: Any = None,
                            name: str | None = None) -> tuple[Tensor, Tensor]:
    """The square root of the mean squared difference of predictions and labels.

    Args:
        labels: tensor of the true values.
        predictions: tensor of the same shape; a last axis of size 1 more, or less, is left out.
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
        >>> value, update = fg.metrics.root_mean_squared_error([1.0, 2.0], [3.0, 4.0])
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     print(sess.run(update))
        2.0
    """
    predictions, labels, weights = fitted(predictions, labels, weights)
    square, update = mean_squared_error(labels, predictions, weights, None, None,
                                        name or "root_mean_squared_error")
    value = value_of(metrics_collections, lambda: sqrt(square))
    return finished(value, sqrt(update), updates_collections)


def percentage_below(values: Any, threshold: Any, weights: Any = None,
                     metrics_collections: Any = None, updates_collections: Any = None,
                     name: str | None = None) -> tuple[Tensor, Tensor]:
    """Which part of all values is below a threshold.

    Args:
        values: tensor of numbers.
        threshold: number or tensor that they are compared with.
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
        >>> value, update = fg.metrics.percentage_below([1.0, 2.0, 3.0, 4.0], 2.5)
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     print(sess.run(update))
        0.5
    """
    below = cast(less(values, threshold), dt.float32)
    return mean(below, weights, metrics_collections, updates_collections,
                name or "percentage_below_threshold")
