"""Metrics over many batches, each as a pair (value, update_op), with predictions before labels."""

from __future__ import annotations

from typing import Any

from flowgraph import metrics


def streaming_accuracy(predictions: Any, labels: Any, weights: Any = None,
                       metrics_collections: Any = None, updates_collections: Any = None,
                       name: str | None = None) -> Any:
    """How often predictions equal labels, over all batches.

    Args:
        predictions, labels: tensors of one shape.
        weights, metrics_collections, updates_collections: as for `tf.metrics.accuracy`.
        name: name of the ops and of the variable scope.

    Returns:
        (the metric, the op that takes one more batch in and gives it).

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import metrics
        >>> value, update = metrics.streaming_accuracy([1, 2, 3], [1, 0, 3])
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     sess.run(update)
        np.float32(0.6666667)
    """
    return metrics.accuracy(labels, predictions, weights, metrics_collections, updates_collections,
                            name)


def streaming_precision(predictions: Any, labels: Any, weights: Any = None,
                        metrics_collections: Any = None, updates_collections: Any = None,
                        name: str | None = None) -> Any:
    """How many of the predicted positives are positive, over all batches.

    Args:
        predictions, labels: tensors of one shape.
        weights, metrics_collections, updates_collections: as for `tf.metrics.precision`.
        name: name of the ops and of the variable scope.

    Returns:
        (the metric, the op that takes one more batch in and gives it).

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import metrics
        >>> value, update = metrics.streaming_precision([True, True], [True, False])
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     sess.run(update)
        np.float32(0.5)
    """
    return metrics.precision(labels, predictions, weights, metrics_collections, updates_collections,
                             name)


def streaming_recall(predictions: Any, labels: Any, weights: Any = None,
                     metrics_collections: Any = None, updates_collections: Any = None,
                     name: str | None = None) -> Any:
    """How many of the positives are predicted, over all batches.

    Args:
        predictions, labels: tensors of one shape.
        weights, metrics_collections, updates_collections: as for `tf.metrics.recall`.
        name: name of the ops and of the variable scope.

    Returns:
        (the metric, the op that takes one more batch in and gives it).

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import metrics
        >>> value, update = metrics.streaming_recall([True, False], [True, True])
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     sess.run(update)
        np.float32(0.5)
    """
    return metrics.recall(labels, predictions, weights, metrics_collections, updates_collections,
                          name)


def streaming_true_positives(predictions: Any, labels: Any, weights: Any = None,
                             metrics_collections: Any = None, updates_collections: Any = None,
                             name: str | None = None) -> Any:
    """The number of positives predicted as such, over all batches.

    Args:
        predictions, labels: tensors of one shape.
        weights, metrics_collections, updates_collections: as for `tf.metrics.true_positives`.
        name: name of the ops and of the variable scope.

    Returns:
        (the metric, the op that takes one more batch in and gives it).

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import metrics
        >>> value, update = metrics.streaming_true_positives([True, True], [True, False])
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     sess.run(update)
        np.float32(1.0)
    """
    return metrics.true_positives(labels, predictions, weights, metrics_collections,
                                  updates_collections, name)


def streaming_true_negatives(predictions: Any, labels: Any, weights: Any = None,
                             metrics_collections: Any = None, updates_collections: Any = None,
                             name: str | None = None) -> Any:
    """The number of negatives predicted as such, over all batches.

    Args:
        predictions, labels: tensors of one shape.
        weights, metrics_collections, updates_collections: as for `tf.metrics.true_negatives`.
        name: name of the ops and of the variable scope.

    Returns:
        (the metric, the op that takes one more batch in and gives it).

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import metrics
        >>> value, update = metrics.streaming_true_negatives([True, False], [True, False])
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     sess.run(update)
        np.float32(1.0)
    """
    return metrics.true_negatives(labels, predictions, weights, metrics_collections,
                                  updates_collections, name)


def streaming_false_positives(predictions: Any, labels: Any, weights: Any = None,
                              metrics_collections: Any = None, updates_collections: Any = None,
                              name: str | None = None) -> Any:
    """The number of negatives predicted as positives, over all batches.

    Args:
        predictions, labels: tensors of one shape.
        weights, metrics_collections, updates_collections: as for `tf.metrics.false_positives`.
        name: name of the ops and of the variable scope.

    Returns:
        (the metric, the op that takes one more batch in and gives it).

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import metrics
        >>> value, update = metrics.streaming_false_positives([True, True], [True, False])
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     sess.run(update)
        np.float32(1.0)
    """
    return metrics.false_positives(labels, predictions, weights, metrics_collections,
                                   updates_collections, name)


def streaming_false_negatives(predictions: Any, labels: Any, weights: Any = None,
                              metrics_collections: Any = None, updates_collections: Any = None,
                              name: str | None = None) -> Any:
    """The number of positives predicted as negatives, over all batches.

    Args:
        predictions, labels: tensors of one shape.
        weights, metrics_collections, updates_collections: as for `tf.metrics.false_negatives`.
        name: name of the ops and of the variable scope.

    Returns:
        (the metric, the op that takes one more batch in and gives it).

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import metrics
        >>> value, update = metrics.streaming_false_negatives([False, True], [True, True])
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     sess.run(update)
        np.float32(1.0)
    """
    return metrics.false_negatives(labels, predictions, weights, metrics_collections,
                                   updates_collections, name)


def streaming_mean_absolute_error(predictions: Any, labels: Any, weights: Any = None,
                                  metrics_collections: Any = None, updates_collections: Any = None,
                                  name: str | None = None) -> Any:
    """The mean of |predictions - labels|, over all batches.

    Args:
        predictions, labels: tensors of one shape.
        weights, metrics_collections, updates_collections: as for `tf.metrics.mean_absolute_error`.
        name: name of the ops and of the variable scope.

    Returns:
        (the metric, the op that takes one more batch in and gives it).

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import metrics
        >>> value, update = metrics.streaming_mean_absolute_error([1.0, 5.0], [2.0, 2.0])
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     sess.run(update)
        np.float32(2.0)
    """
    return metrics.mean_absolute_error(labels, predictions, weights, metrics_collections,
                                       updates_collections, name)


def streaming_mean_squared_error(predictions: Any, labels: Any, weights: Any = None,
                                 metrics_collections: Any = None, updates_collections: Any = None,
                                 name: str | None = None) -> Any:
    """The mean of (predictions - labels)**2, over all batches.

    Args:
        predictions, labels: tensors of one shape.
        weights, metrics_collections, updates_collections: as for `tf.metrics.mean_squared_error`.
        name: name of the ops and of the variable scope.

    Returns:
        (the metric, the op that takes one more batch in and gives it).

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import metrics
        >>> value, update = metrics.streaming_mean_squared_error([1.0, 5.0], [2.0, 2.0])
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     sess.run(update)
        np.float32(5.0)
    """
    return metrics.mean_squared_error(labels, predictions, weights, metrics_collections,
                                      updates_collections, name)


def streaming_root_mean_squared_error(predictions: Any, labels: Any, weights: Any = None,
                                      metrics_collections: Any = None,
                                      updates_collections: Any = None,
                                      name: str | None = None) -> Any:
    """The square root of the mean of (predictions - labels)**2, over all batches.

    Args:
        predictions, labels: tensors of one shape.
        weights, metrics_collections, updates_collections: as for
            `tf.metrics.root_mean_squared_error`.
        name: name of the ops and of the variable scope.

    Returns:
        (the metric, the op that takes one more batch in and gives it).

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import metrics
        >>> value, update = metrics.streaming_root_mean_squared_error([1.0, 5.0], [4.0, 2.0])
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     sess.run(update)
        np.float32(3.0)
    """
    return metrics.root_mean_squared_error(labels, predictions, weights, metrics_collections,
                                           updates_collections, name)


def streaming_mean(values: Any, weights: Any = None, metrics_collections: Any = None,
                   updates_collections: Any = None, name: str | None = None) -> Any:
    """The mean of values, over all batches.

    Args:
        values: tensor.
        weights, metrics_collections, updates_collections: as for `tf.metrics.mean`.
        name: name of the ops and of the variable scope.

    Returns:
        (the metric, the op that takes one more batch in and gives it).

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import metrics
        >>> value, update = metrics.streaming_mean([1.0, 5.0])
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     sess.run(update)
        np.float32(3.0)
    """
    return metrics.mean(values, weights, metrics_collections, updates_collections, name)


def streaming_mean_tensor(values: Any, weights: Any = None, metrics_collections: Any = None,
                          updates_collections: Any = None, name: str | None = None) -> Any:
    """The mean of tensors of one shape, element by element, over all batches.

    Args:
        values: tensor.
        weights, metrics_collections, updates_collections: as for `tf.metrics.mean_tensor`.
        name: name of the ops and of the variable scope.

    Returns:
        (the metric, the op that takes one more batch in and gives it).

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import metrics
        >>> value, update = metrics.streaming_mean_tensor([1.0, 5.0])
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     sess.run(update)
        array([1., 5.], dtype=float32)
    """
    return metrics.mean_tensor(values, weights, metrics_collections, updates_collections, name)


def streaming_percentage_less(values: Any, threshold: float, weights: Any = None,
                              metrics_collections: Any = None, updates_collections: Any = None,
                              name: str | None = None) -> Any:
    """How many values are below a threshold, over all batches.

    Args:
        values: tensor.
        threshold: the threshold.
        weights, metrics_collections, updates_collections: as for `tf.metrics.percentage_below`.
        name: name of the ops and of the variable scope.

    Returns:
        (the metric, the op that takes one more batch in and gives it).

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import metrics
        >>> value, update = metrics.streaming_percentage_less([1.0, 5.0], 2.0)
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     sess.run(update)
        np.float32(0.5)
    """
    return metrics.percentage_below(values, threshold, weights, metrics_collections,
                                    updates_collections, name)


def streaming_mean_relative_error(predictions: Any, labels: Any, normalizer: Any,
                                  weights: Any = None, metrics_collections: Any = None,
                                  updates_collections: Any = None, name: str | None = None) -> Any:
    """The mean of |predictions - labels| / normalizer, over all batches.

    Args:
        predictions, labels: tensors of one shape.
        normalizer: tensor of their shape.
        weights, metrics_collections, updates_collections: as for `tf.metrics.mean_relative_error`.
        name: name of the ops and of the variable scope.

    Returns:
        (the metric, the op that takes one more batch in and gives it).

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import metrics
        >>> value, update = metrics.streaming_mean_relative_error(
        ...     [1.0, 5.0], [2.0, 2.0], [2.0, 2.0])
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     sess.run(update)
        np.float32(1.0)
    """
    return metrics.mean_relative_error(labels, predictions, normalizer, weights,
                                       metrics_collections, updates_collections, name)


def streaming_mean_cosine_distance(predictions: Any, labels: Any, dim: int, weights: Any = None,
                                   metrics_collections: Any = None, updates_collections: Any = None,
                                   name: str | None = None) -> Any:
    """The mean of 1 - predictions . labels, of vectors of length 1, over all batches.

    Args:
        predictions, labels: tensors of one shape.
        dim: axis of the vectors.
        weights, metrics_collections, updates_collections: as for `tf.metrics.mean_cosine_distance`.
        name: name of the ops and of the variable scope.

    Returns:
        (the metric, the op that takes one more batch in and gives it).

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import metrics
        >>> value, update = metrics.streaming_mean_cosine_distance([[1.0, 0.0]], [[0.0, 1.0]], 1)
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     sess.run(update)
        np.float32(1.0)
    """
    return metrics.mean_cosine_distance(labels, predictions, dim, weights, metrics_collections,
                                        updates_collections, name)
