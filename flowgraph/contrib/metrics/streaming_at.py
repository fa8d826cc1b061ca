"""Metrics over many batches at thresholds, of the likeliest classes, and over classes."""

from __future__ import annotations

from typing import Any

from flowgraph import metrics


def streaming_auc(predictions: Any, labels: Any, weights: Any = None, num_thresholds: int = 200,
                  metrics_collections: Any = None, updates_collections: Any = None,
                  curve: str = "ROC", name: str | None = None) -> Any:
    """The area under a curve, over all batches.

    Args:
        predictions: tensor of probabilities.
        labels: tensor of its shape, of bools.
        num_thresholds: number of points of the curve.
        curve: "ROC" or "PR".
        weights, metrics_collections, updates_collections: as for `tf.metrics.auc`.
        name: name of the ops and of the variable scope.

    Returns:
        (the metric, the op that takes one more batch in and gives it).

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import metrics
        >>> value, update = metrics.streaming_auc([0.1, 0.9], [False, True])
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     sess.run(update).round(3)
        np.float32(1.0)
    """
    return metrics.auc(labels, predictions, weights, num_thresholds, metrics_collections,
                       updates_collections, curve, name)


def streaming_mean_iou(predictions: Any, labels: Any, num_classes: int, weights: Any = None,
                       metrics_collections: Any = None, updates_collections: Any = None,
                       name: str | None = None) -> Any:
    """The mean over classes of intersection divided by union, over all batches.

    Args:
        predictions, labels: tensors of one shape.
        num_classes: number of classes.
        weights, metrics_collections, updates_collections: as for `tf.metrics.mean_iou`.
        name: name of the ops and of the variable scope.

    Returns:
        (the metric, the op that takes one more batch in and gives it).

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import metrics
        >>> value, update = metrics.streaming_mean_iou([0, 1], [0, 1], 2)
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     sess.run(update)
        array([[1., 0.],
               [0., 1.]])
    """
    return metrics.mean_iou(labels, predictions, num_classes, weights, metrics_collections,
                            updates_collections, name)


def streaming_precision_at_thresholds(predictions: Any, labels: Any, thresholds: Any,
                                      weights: Any = None, metrics_collections: Any = None,
                                      updates_collections: Any = None,
                                      name: str | None = None) -> Any:
    """The precision for several thresholds of probabilities, over all batches.

    Args:
        predictions: tensor of probabilities.
        labels: tensor of its shape, of bools.
        thresholds: list of thresholds.
        weights, metrics_collections, updates_collections: as for
            `tf.metrics.precision_at_thresholds`.
        name: name of the ops and of the variable scope.

    Returns:
        (the metric, the op that takes one more batch in and gives it).

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import metrics
        >>> value, update = metrics.streaming_precision_at_thresholds(
        ...     [0.1, 0.9], [False, True], [0.5])
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     sess.run(update).round(3)
        array([1.], dtype=float32)
    """
    return metrics.precision_at_thresholds(labels, predictions, thresholds, weights,
                                           metrics_collections, updates_collections, name)


def streaming_sparse_precision_at_k(predictions: Any, labels: Any, k: int, class_id: Any = None,
                                    weights: Any = None, metrics_collections: Any = None,
                                    updates_collections: Any = None,
                                    name: str | None = None) -> Any:
    """The precision of the k likeliest classes, over all batches.

    Args:
        predictions: [..., classes] tensor.
        labels: [..., labels] int64 tensor or SparseTensor.
        k: how many classes.
        class_id: the only class that counts, or None.
        weights, metrics_collections, updates_collections: as for `tf.metrics.precision_at_k`.
        name: name of the ops and of the variable scope.

    Returns:
        (the metric, the op that takes one more batch in and gives it).

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import metrics
        >>> value, update = metrics.streaming_sparse_precision_at_k(
        ...     [[0.1, 0.9]], fg.constant([[1]], fg.int64), 1)
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     sess.run(update)
        np.float64(1.0)
    """
    return metrics.precision_at_k(labels, predictions, k, class_id, weights, metrics_collections,
                                  updates_collections, name)


def streaming_recall_at_thresholds(predictions: Any, labels: Any, thresholds: Any,
                                   weights: Any = None, metrics_collections: Any = None,
                                   updates_collections: Any = None, name: str | None = None) -> Any:
    """The recall for several thresholds of probabilities, over all batches.

    Args:
        predictions: tensor of probabilities.
        labels: tensor of its shape, of bools.
        thresholds: list of thresholds.
        weights, metrics_collections, updates_collections: as for `tf.metrics.recall_at_thresholds`.
        name: name of the ops and of the variable scope.

    Returns:
        (the metric, the op that takes one more batch in and gives it).

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import metrics
        >>> value, update = metrics.streaming_recall_at_thresholds([0.1, 0.9], [False, True], [0.5])
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     sess.run(update).round(3)
        array([1.], dtype=float32)
    """
    return metrics.recall_at_thresholds(labels, predictions, thresholds, weights,
                                        metrics_collections, updates_collections, name)


def streaming_sparse_recall_at_k(predictions: Any, labels: Any, k: int, class_id: Any = None,
                                 weights: Any = None, metrics_collections: Any = None,
                                 updates_collections: Any = None, name: str | None = None) -> Any:
    """The recall of the k likeliest classes, over all batches.

    Args:
        predictions: [..., classes] tensor.
        labels: [..., labels] int64 tensor or SparseTensor.
        k: how many classes.
        class_id: the only class that counts, or None.
        weights, metrics_collections, updates_collections: as for `tf.metrics.recall_at_k`.
        name: name of the ops and of the variable scope.

    Returns:
        (the metric, the op that takes one more batch in and gives it).

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import metrics
        >>> value, update = metrics.streaming_sparse_recall_at_k(
        ...     [[0.1, 0.9]], fg.constant([[1]], fg.int64), 1)
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     sess.run(update)
        np.float64(1.0)
    """
    return metrics.recall_at_k(labels, predictions, k, class_id, weights, metrics_collections,
                               updates_collections, name)


def streaming_sensitivity_at_specificity(predictions: Any, labels: Any, specificity: float,
                                         weights: Any = None, num_thresholds: int = 200,
                                         metrics_collections: Any = None,
                                         updates_collections: Any = None,
                                         name: str | None = None) -> Any:
    """The sensitivity where the specificity is as wanted, over all batches.

    Args:
        predictions: tensor of probabilities.
        labels: tensor of its shape, of bools.
        specificity: the wanted value.
        num_thresholds: number of thresholds tried.
        weights, metrics_collections, updates_collections: as for
            `tf.metrics.sensitivity_at_specificity`.
        name: name of the ops and of the variable scope.

    Returns:
        (the metric, the op that takes one more batch in and gives it).

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import metrics
        >>> value, update = metrics.streaming_sensitivity_at_specificity(
        ...     [0.1, 0.9], [False, True], 0.5)
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     sess.run(update).round(3)
        np.float32(1.0)
    """
    return metrics.sensitivity_at_specificity(labels, predictions, specificity, weights,
                                              num_thresholds, metrics_collections,
                                              updates_collections, name)


def streaming_specificity_at_sensitivity(predictions: Any, labels: Any, sensitivity: float,
                                         weights: Any = None, num_thresholds: int = 200,
                                         metrics_collections: Any = None,
                                         updates_collections: Any = None,
                                         name: str | None = None) -> Any:
    """The specificity where the sensitivity is as wanted, over all batches.

    Args:
        predictions: tensor of probabilities.
        labels: tensor of its shape, of bools.
        sensitivity: the wanted value.
        num_thresholds: number of thresholds tried.
        weights, metrics_collections, updates_collections: as for
            `tf.metrics.specificity_at_sensitivity`.
        name: name of the ops and of the variable scope.

    Returns:
        (the metric, the op that takes one more batch in and gives it).

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import metrics
        >>> value, update = metrics.streaming_specificity_at_sensitivity(
        ...     [0.1, 0.9], [False, True], 0.5)
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     sess.run(update).round(3)
        np.float32(1.0)
    """
    return metrics.specificity_at_sensitivity(labels, predictions, sensitivity, weights,
                                              num_thresholds, metrics_collections,
                                              updates_collections, name)


def streaming_sparse_average_precision_at_k(predictions: Any, labels: Any, k: int,
                                            weights: Any = None, metrics_collections: Any = None,
                                            updates_collections: Any = None,
                                            name: str | None = None) -> Any:
    """The average precision of the k likeliest classes, over all batches.

    Args:
        predictions: [..., classes] tensor.
        labels: [..., labels] int64 tensor or SparseTensor.
        k: how many classes.
        weights, metrics_collections, updates_collections: as for
            `tf.metrics.average_precision_at_k`.
        name: name of the ops and of the variable scope.

    Returns:
        (the metric, the op that takes one more batch in and gives it).

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import metrics
        >>> value, update = metrics.streaming_sparse_average_precision_at_k(
        ...     [[0.1, 0.9]], fg.constant([[1]], fg.int64), 1)
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     sess.run(update)
        np.float64(1.0)
    """
    return metrics.average_precision_at_k(labels, predictions, k, weights, metrics_collections,
                                          updates_collections, name)


def sparse_recall_at_top_k(labels: Any, top_k_predictions: Any, class_id: Any = None,
                           weights: Any = None, metrics_collections: Any = None,
                           updates_collections: Any = None, name: str | None = None) -> Any:
    """The recall of classes that were chosen already, over all batches. Labels come first.

    Args:
        labels: [..., labels] int64 tensor or SparseTensor.
        top_k_predictions: [..., k] integer tensor: the classes chosen.
        class_id: the only class that counts, or None.
        weights, metrics_collections, updates_collections: as for `tf.metrics.recall_at_top_k`.
        name: name of the ops and of the variable scope.

    Returns:
        (the metric, the op that takes one more batch in and gives it).

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import metrics
        >>> value, update = metrics.sparse_recall_at_top_k([[0], [1]], [[0, 1], [0, 2]], 1)
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     sess.run(update)
        np.float64(0.0)
    """
    return metrics.recall_at_top_k(labels, top_k_predictions, None, class_id, weights,
                                   metrics_collections, updates_collections, name)
