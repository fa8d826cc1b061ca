"""Metrics over numbered classes: mean intersection over union, mean accuracy of the classes."""

from __future__ import annotations

from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.graph.tensor import Tensor
from flowgraph.metrics.parts import finished, flat, metric_variable, value_of
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.arithmetic import maximum
from flowgraph.ops.cast import cast
from flowgraph.ops.compare import equal, greater, not_equal
from flowgraph.ops.constant import ones, ones_like
from flowgraph.ops.counting import confusion_matrix
from flowgraph.ops.diagonal import diag_part
from flowgraph.ops.division import div, div_no_nan
from flowgraph.ops.reduce import reduce_mean, reduce_sum
from flowgraph.ops.scatter import scatter_add
from flowgraph.ops.select import where
from flowgraph.ops.shape import size
from flowgraph.ops.state import assign_add
from flowgraph.ops.variable_scope import variable_scope


def mean_iou(labels: Any, predictions: Any, num_classes: Any, weights: Any = None,
             metrics_collections: Any = None, updates_collections: Any = None,
             name: str | None = None) -> tuple[Tensor, Tensor]:
    """The mean over the classes of: hits / (labels + predictions - hits).

    Classes that neither labels nor predictions have are left out.

    Args:
        labels: integer tensor of the true classes.
        predictions: tensor of the same shape: the predicted classes.
        num_classes: number of classes.
        weights: tensor of the same shape; default 1.
        metrics_collections: collections to put the value in.
        updates_collections: collections to put the update in.
        name: name of the variable scope.

    Returns:
        The value over all runs, a float32 scalar, and the op that adds this run and returns the new
            matrix of counts [label, prediction].

    Raises:
        ValueError: the shapes do not fit.

    Example:
        >>> import flowgraph as fg
        >>> value, update = fg.metrics.mean_iou([0, 1, 1], [0, 0, 1], 2)
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     print(sess.run(update))
        [[1. 0.]
         [1. 1.]]
    """
    with variable_scope(name, "mean_iou", [predictions, labels, weights]):
        labels, predictions = convert_to_tensor(labels), convert_to_tensor(predictions)
        predictions.shape.assert_is_compatible_with(labels.shape)
        counts = metric_variable([num_classes, num_classes], dt.float64, "total_confusion_matrix")
        predictions = flat(cast(predictions, dt.int64))
        labels = flat(cast(labels, dt.int64))
        if weights is not None:
            weights = flat(convert_to_tensor(weights))
        current = confusion_matrix(labels, predictions, cast(num_classes, dt.int64),
                                   dtype=dt.float64, weights=weights)
        update = assign_add(counts, current)
        return finished(value_of(metrics_collections, lambda: _mean_iou(counts)), update,
                        updates_collections)


def _mean_iou(counts: Any) -> Tensor:
    predicted = cast(reduce_sum(counts, 0), dt.float32)
    labelled = cast(reduce_sum(counts, 1), dt.float32)
    hits = cast(diag_part(counts), dt.float32)
    union = predicted + labelled - hits
    classes = reduce_sum(cast(not_equal(union, 0), dt.float32))
    union = where(greater(union, 0), union, ones_like(union))
    iou = reduce_sum(div(hits, union), name="mean_iou")
    return where(greater(classes, 0), iou / classes, 0)


def mean_per_class_accuracy(labels: Any, predictions: Any, num_classes: Any, weights: Any = None,
                            metrics_collections: Any = None, updates_collections: Any = None,
                            name: str | None = None) -> tuple[Tensor, Tensor]:
    """The mean over the classes of how often their label is predicted.

    Args:
        labels: integer tensor of the true classes.
        predictions: tensor of the same shape: the predicted classes.
        num_classes: number of classes.
        weights: tensor of the same shape; default 1.
        metrics_collections: collections to put the value in.
        updates_collections: collections to put the update in.
        name: name of the variable scope.

    Returns:
        The value over all runs, a float32 scalar, and the op that adds this run and returns the new
            accuracy of each class.

    Raises:
        ValueError: the shapes do not fit.

    Example:
        >>> import flowgraph as fg
        >>> value, update = fg.metrics.mean_per_class_accuracy([0, 1, 1], [0, 0, 1], 2)
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     print(sess.run(update))
        [1.  0.5]
    """
    with variable_scope(name, "mean_accuracy", [predictions, labels, weights]):
        labels = flat(cast(labels, dt.int64))
        predictions = flat(convert_to_tensor(predictions))
        predictions.shape.assert_is_compatible_with(labels.shape)
        total = metric_variable([num_classes], dt.float32, "total")
        count = metric_variable([num_classes], dt.float32, "count")
        each = ones([size(labels)], dt.float32)
        if predictions.dtype.base_dtype is not labels.dtype.base_dtype:
            predictions = cast(predictions, labels.dtype.base_dtype)
        correct = cast(equal(predictions, labels), dt.float32)
        if weights is not None:
            weights = cast(flat(convert_to_tensor(weights)), dt.float32)
            correct *= weights
            each *= weights
        new_total = scatter_add(total, labels, each)
        new_count = scatter_add(count, labels, correct)

        def mean_accuracy() -> Tensor:
            return reduce_mean(div_no_nan(count, maximum(total, 0)), name="mean_accuracy")

        value = value_of(metrics_collections, mean_accuracy)
        update = div_no_nan(new_count, maximum(new_total, 0), name="update_op")
        return finished(value, update, updates_collections)
