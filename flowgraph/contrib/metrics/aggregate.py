"""Metrics of one batch, and several metrics taken together."""

from __future__ import annotations

from typing import Any

from flowgraph.core.dtypes import bool_, float32, int32, string
from flowgraph.core.frames import located
from flowgraph.graph.collections import GraphKeys
from flowgraph.graph.graph import get_default_graph, name_scope
from flowgraph.metrics.means import mean
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.arithmetic import multiply
from flowgraph.ops.cast import cast
from flowgraph.ops.compare import equal
from flowgraph.ops.constant import ones_like
from flowgraph.ops.division import div
from flowgraph.ops.identity import identity
from flowgraph.ops.initializers import Zeros
from flowgraph.ops.reduce import reduce_mean, reduce_sum
from flowgraph.ops.shape import size
from flowgraph.ops.state import assign_add
from flowgraph.ops.variable_scope import get_variable, variable_scope


def accuracy(predictions: Any, labels: Any, weights: Any = None, name: str | None = None) -> Any:
    """How often predictions equal labels in one batch.

    Args:
        predictions: tensor.
        labels: tensor of its shape and dtype: integers, bools or strings.
        weights: how much each element counts, or None.
        name: name of the ops.

    Returns:
        A scalar.

    Raises:
        ValueError: the dtypes are others.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import metrics
        >>> fg.Session().run(metrics.accuracy(fg.constant([1, 2]), fg.constant([1, 0])))
        np.float32(0.5)
    """
    predictions, labels = convert_to_tensor(predictions), convert_to_tensor(labels)
    if not (labels.dtype.is_integer or labels.dtype in (bool_, string)):
        raise ValueError(located("Labels should have bool, integer, or string dtype, not "
                                 f"{labels.dtype.name}"))
    if not labels.dtype.is_compatible_with(predictions.dtype):
        raise ValueError(located("Dtypes of predictions and labels should match. Given: "
                                 f"predictions ({predictions.dtype.name}) and labels "
                                 f"({labels.dtype.name})"))
    with name_scope(name, "accuracy", values=[predictions, labels]):
        right = cast(equal(predictions, labels), float32)
        if weights is None:
            return reduce_mean(right)
        right = multiply(right, weights)
        counts = multiply(weights, ones_like(right))
        return div(reduce_sum(right), reduce_sum(counts))


def aggregate_metrics(*value_update_tuples: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """The values and the update ops of several metrics.

    Args:
        *value_update_tuples: pairs (value, update_op).

    Returns:
        (all values, all update ops).

    Raises:
        ValueError: there are none.

    Example:
        >>> from flowgraph.contrib import metrics
        >>> metrics.aggregate_metrics(("a", "up_a"), ("b", "up_b"))
        (('a', 'b'), ('up_a', 'up_b'))
    """
    if not value_update_tuples:
        raise ValueError(located("Expected at least one value_tensor/update_op pair"))
    values, updates = zip(*value_update_tuples, strict=True)
    return values, updates


def aggregate_metric_map(
        names_to_tuples: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The values and the update ops of several metrics, by name.

    Args:
        names_to_tuples: dict from names to pairs (value, update_op).

    Returns:
        (dict of the values, dict of the update ops).

    Example:
        >>> from flowgraph.contrib import metrics
        >>> metrics.aggregate_metric_map({"loss": ("value", "update")})
        ({'loss': 'value'}, {'loss': 'update'})
    """
    return ({name: value for name, (value, _) in names_to_tuples.items()},
            {name: update for name, (_, update) in names_to_tuples.items()})


def count(values: Any, weights: Any = None, metrics_collections: Any = None,
          updates_collections: Any = None, name: str | None = None) -> tuple[Any, Any]:
    """The number of values, over all batches.

    Args:
        values: tensor.
        weights: how much each counts, or None.
        metrics_collections, updates_collections: collections for the two results.
        name: the variable scope; default "count".

    Returns:
        (the number, the op that takes one more batch in and gives it).

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import metrics
        >>> value, update = metrics.count(fg.constant([4, 5, 6]))
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     sess.run(update)
        np.float32(3.0)
    """
    with variable_scope(name, "count", [values, weights]):
        total = get_variable("count", [], float32, Zeros(), trainable=False,
                             collections=[GraphKeys.LOCAL_VARIABLES, GraphKeys.METRIC_VARIABLES])
        if weights is None:
            number = cast(size(values), float32)
        else:
            number = reduce_sum(multiply(cast(weights, float32),
                                         ones_like(cast(values, float32))))
        value = identity(total)
        update = assign_add(total, number)
        graph = get_default_graph()
        if metrics_collections:
            graph.add_to_collections(metrics_collections, value)
        if updates_collections:
            graph.add_to_collections(updates_collections, update)
        return value, update


def streaming_recall_at_k(predictions: Any, labels: Any, k: int, weights: Any = None,
                          metrics_collections: Any = None, updates_collections: Any = None,
                          name: str | None = None) -> tuple[Any, Any]:
    """How often the label is among the k likeliest classes, over all batches.

    Args:
        predictions: [batch, classes] tensor.
        labels: [batch] integer tensor.
        k: how many classes.
        weights, metrics_collections, updates_collections: as for `tf.metrics.mean`.
        name: the variable scope.

    Returns:
        (the metric, the op that takes one more batch in and gives it).

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import metrics
        >>> value, update = metrics.streaming_recall_at_k([[0.1, 0.9], [0.8, 0.2]], [1, 1], 1)
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     sess.run(update)
        np.float32(0.5)
    """
    from flowgraph.ops.sort import in_top_k
    found = cast(in_top_k(convert_to_tensor(predictions), convert_to_tensor(labels), k), float32)
    return mean(found, weights, metrics_collections, updates_collections,
                name or f"recall_at_{k}")


def confusion_matrix(labels: Any, predictions: Any, num_classes: int | None = None,
                     dtype: Any = int32, name: str | None = None, weights: Any = None) -> Any:
    """How often each class was predicted for each class.

    Args:
        labels: integer vector.
        predictions: integer vector of its length.
        num_classes: number of classes; default as many as there are.
        dtype: dtype of the result.
        name: name of the ops.
        weights: how much each element counts, or None.

    Returns:
        A [classes, classes] tensor, a row for each label.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import metrics
        >>> fg.Session().run(metrics.confusion_matrix([0, 1, 1], [0, 0, 1]))
        array([[1, 0],
               [1, 1]], dtype=int32)
    """
    from flowgraph.ops.counting import confusion_matrix as matrix
    return matrix(labels, predictions, num_classes, dtype, name, weights)
