"""Metrics of the k best classes: how many of the true classes are among them.

Labels and predictions are sets of classes, row by row: labels in their last axis (or sparse, where
rows have different numbers of them), predictions as the k classes of the largest logits.
"""

from __future__ import annotations

from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core.deprecation import deprecated
from flowgraph.core.frames import located
from flowgraph.core.spec import shape_text
from flowgraph.errors import ShapeError
from flowgraph.graph.graph import control_dependencies, name_scope
from flowgraph.graph.tensor import Tensor
from flowgraph.losses.weights import assert_broadcastable, broadcast_weights
from flowgraph.metrics.parts import finished, metric_variable, value_of
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.arithmetic import add, minimum, multiply
from flowgraph.ops.cast import cast
from flowgraph.ops.compare import equal, greater_equal
from flowgraph.ops.cond import cond
from flowgraph.ops.constant import fill, ones_like, zeros_like
from flowgraph.ops.cumulative import cumsum
from flowgraph.ops.division import div, div_no_nan
from flowgraph.ops.join import concat
from flowgraph.ops.reduce import reduce_max, reduce_sum
from flowgraph.ops.reshape import expand_dims
from flowgraph.ops.select import where
from flowgraph.ops.set_ops import set_difference, set_intersection, set_size
from flowgraph.ops.shape import rank, size
from flowgraph.ops.shape import shape as shape_of
from flowgraph.ops.sort import top_k
from flowgraph.ops.sparse_layout import sparse_reshape
from flowgraph.ops.sparse_parts import sparse_concat, sparse_retain
from flowgraph.ops.sparse_tensor import SparseTensor, convert_to_tensor_or_sparse_tensor
from flowgraph.ops.state import assign_add


def recall_at_k(labels: Any, predictions: Any, k: int, class_id: int | None = None,
                weights: Any = None, metrics_collections: Any = None,
                updates_collections: Any = None, name: str | None = None) -> tuple[Tensor, Tensor]:
    """Which part of the true classes is among those of the k largest logits.

    Args:
        labels: integer tensor or SparseTensor [..., n] of the true classes of each row; or [...]
            with one class a row. Classes that are negative or too large are never found.
        predictions: [..., classes] tensor of logits.
        k: how many of the largest logits are taken.
        class_id: count this class only.
        weights: scalar, or tensor of the shape of the rows; default 1.
        metrics_collections: collections to put the value in.
        updates_collections: collections to put the update in.
        name: name of the scope.

    Returns:
        The value over all runs, a float64 scalar, and the op that adds this run and returns the new
            value.

    Raises:
        ValueError: the shapes do not fit.

    Example:
        >>> import flowgraph as fg
        >>> logits = [[0.9, 0.5, 0.1], [0.7, 0.1, 0.2]]
        >>> value, update = fg.metrics.recall_at_k([[0], [1]], logits, 2)
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     print(sess.run(update))
        0.5
    """
    with name_scope(name, _at_k("recall", k, class_id), [predictions, labels, weights]) as scope:
        _, classes = top_k(predictions, k)
        return recall_at_top_k(labels, classes, k, class_id, weights, metrics_collections,
                            updates_collections, name=scope)


def recall_at_top_k(labels: Any, predictions_idx: Any, k: int | None = None,
                    class_id: int | None = None, weights: Any = None,
                    metrics_collections: Any = None, updates_collections: Any = None,
                    name: str | None = None) -> tuple[Tensor, Tensor]:
    """Which part of the true classes is among those of the classes taken.

    Args:
        labels: integer tensor or SparseTensor [..., n] of the true classes of each row; or [...]
            with one class a row. Classes that are negative or too large are never found.
        predictions_idx: [..., k] integer tensor: the classes that were taken.
        k: only used in names.
        class_id: count this class only.
        weights: scalar, or tensor of the shape of the rows; default 1.
        metrics_collections: collections to put the value in.
        updates_collections: collections to put the update in.
        name: name of the scope.

    Returns:
        The value over all runs, a float64 scalar, and the op that adds this run and returns the new
            value.

    Raises:
        ValueError: the shapes do not fit.

    Example:
        >>> import flowgraph as fg
        >>> value, update = fg.metrics.recall_at_top_k([[0], [1]], [[0, 1], [0, 2]])
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     print(sess.run(update))
        0.5
    """
    with name_scope(name, _at_k("recall", k, class_id),
                    [predictions_idx, labels, weights]) as scope:
        labels = _with_class_axis(labels, predictions_idx)
        classes = cast(predictions_idx, dt.int64)
        hits, new_hits = _total(_hits, "true_positive", labels, classes, k, class_id, weights)
        other, new_other = _total(_missed, "false_negative", labels, classes, k, class_id, weights)
        value = value_of(metrics_collections, lambda: div(hits, add(hits, other), name=scope))
        update = div(new_hits, add(new_hits, new_other), name="update")
        return finished(value, update, updates_collections)


def precision_at_k(labels: Any, predictions: Any, k: int, class_id: int | None = None,
                   weights: Any = None, metrics_collections: Any = None,
                   updates_collections: Any = None,
                   name: str | None = None) -> tuple[Tensor, Tensor]:
    """Which part of the classes of the k largest logits is true.

    Args:
        labels: integer tensor or SparseTensor [..., n] of the true classes of each row; or [...]
            with one class a row. Classes that are negative or too large are never found.
        predictions: [..., classes] tensor of logits.
        k: how many of the largest logits are taken.
        class_id: count this class only.
        weights: scalar, or tensor of the shape of the rows; default 1.
        metrics_collections: collections to put the value in.
        updates_collections: collections to put the update in.
        name: name of the scope.

    Returns:
        The value over all runs, a float64 scalar, and the op that adds this run and returns the new
            value.

    Raises:
        ValueError: the shapes do not fit.

    Example:
        >>> import flowgraph as fg
        >>> logits = [[0.9, 0.5, 0.1], [0.7, 0.1, 0.2]]
        >>> value, update = fg.metrics.precision_at_k([[0], [1]], logits, 2)
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     print(sess.run(update))
        0.25
    """
    with name_scope(name, _at_k("precision", k, class_id), [predictions, labels, weights]) as scope:
        _, classes = top_k(predictions, k)
        return precision_at_top_k(labels, classes, k, class_id, weights, metrics_collections,
                            updates_collections, name=scope)


def precision_at_top_k(labels: Any, predictions_idx: Any, k: int | None = None,
                       class_id: int | None = None, weights: Any = None,
                       metrics_collections: Any = None, updates_collections: Any = None,
                       name: str | None = None) -> tuple[Tensor, Tensor]:
    """Which part of the classes of the classes taken is true.

    Args:
        labels: integer tensor or SparseTensor [..., n] of the true classes of each row; or [...]
            with one class a row. Classes that are negative or too large are never found.
        predictions_idx: [..., k] integer tensor: the classes that were taken.
        k: only used in names.
        class_id: count this class only.
        weights: scalar, or tensor of the shape of the rows; default 1.
        metrics_collections: collections to put the value in.
        updates_collections: collections to put the update in.
        name: name of the scope.

    Returns:
        The value over all runs, a float64 scalar, and the op that adds this run and returns the new
            value.

    Raises:
        ValueError: the shapes do not fit.

    Example:
        >>> import flowgraph as fg
        >>> value, update = fg.metrics.precision_at_top_k([[0], [1]], [[0, 1], [0, 2]])
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     print(sess.run(update))
        0.25
    """
    with name_scope(name, _at_k("precision", k, class_id),
                    [predictions_idx, labels, weights]) as scope:
        labels = _with_class_axis(labels, predictions_idx)
        classes = cast(predictions_idx, dt.int64)
        hits, new_hits = _total(_hits, "true_positive", labels, classes, k, class_id, weights)
        other, new_other = _total(_wrong, "false_positive", labels, classes, k, class_id, weights)
        value = value_of(metrics_collections, lambda: div(hits, add(hits, other), name=scope))
        update = div(new_hits, add(new_hits, new_other), name="update")
        return finished(value, update, updates_collections)


def sparse_precision_at_k(labels: Any, predictions: Any, k: int, class_id: int | None = None,
                          weights: Any = None, metrics_collections: Any = None,
                          updates_collections: Any = None,
                          name: str | None = None) -> tuple[Tensor, Tensor]:
    """Old name of `tf.metrics.precision_at_k`.

    Args:
        labels: integer tensor or SparseTensor [..., n] of the true classes of each row; or [...]
            with one class a row. Classes that are negative or too large are never found.
        predictions: [..., classes] tensor of logits.
        k: how many of the largest logits are taken.
        class_id: count this class only.
        weights: scalar, or tensor of the shape of the rows; default 1.
        metrics_collections: collections to put the value in.
        updates_collections: collections to put the update in.
        name: name of the scope.

    Returns:
        The value over all runs, a float64 scalar, and the op that adds this run and returns the new
            value.

    Raises:
        ValueError: the shapes do not fit.

    Example:
        >>> import flowgraph as fg
        >>> value, update = fg.metrics.sparse_precision_at_k([[0]], [[0.9, 0.5, 0.1]], 2)
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     print(sess.run(update))
        0.5
    """
    deprecated("Use `tf.metrics.precision_at_k` instead.")
    return precision_at_k(labels, predictions, k, class_id, weights, metrics_collections,
                          updates_collections, name)


def average_precision_at_k(labels: Any, predictions: Any, k: int, weights: Any = None,
                           metrics_collections: Any = None, updates_collections: Any = None,
                           name: str | None = None) -> tuple[Tensor, Tensor]:
    """The mean over the rows of the average precision of the k largest logits.

    The average precision of a row is the sum, over those of its k classes that are true, of the
    precision down to them, divided by the number of true classes, at most k.

    Args:
        labels: integer tensor or SparseTensor [..., n] of the true classes of each row; or [...]
            with one class a row. Classes that are negative or too large are never found.
        predictions: [..., classes] tensor of logits.
        k: how many of the largest logits are taken.
        weights: scalar, or tensor of the shape of the rows; default 1.
        metrics_collections: collections to put the value in.
        updates_collections: collections to put the update in.
        name: name of the scope.

    Returns:
        The value over all runs, a float64 scalar, and the op that adds this run and returns the new
            value.

    Raises:
        ValueError: k is below 1, or the shapes do not fit.

    Example:
        >>> import flowgraph as fg
        >>> value, update = fg.metrics.average_precision_at_k([[0, 2]], [[0.9, 0.5, 0.1]], 3)
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     print(sess.run(update))
        0.8333333333333333
    """
    if k < 1:
        raise ValueError(located(f"Invalid k={k}.", "It must be 1 or more."))
    with name_scope(name, _at_k("average_precision", k), [predictions, labels, weights]) as scope:
        _, classes = top_k(predictions, k)
        labels = _without_large(labels, cast(shape_of(predictions)[-1], dt.int64))
        return _mean_average_precision(labels, classes, weights, metrics_collections,
                                       updates_collections, scope)


def sparse_average_precision_at_k(labels: Any, predictions: Any, k: int, weights: Any = None,
                                  metrics_collections: Any = None, updates_collections: Any = None,
                                  name: str | None = None) -> tuple[Tensor, Tensor]:
    """Old name of `tf.metrics.average_precision_at_k`.

    Args:
        labels: integer tensor or SparseTensor [..., n] of the true classes of each row; or [...]
            with one class a row. Classes that are negative or too large are never found.
        predictions: [..., classes] tensor of logits.
        k: how many of the largest logits are taken.
        weights: scalar, or tensor of the shape of the rows; default 1.
        metrics_collections: collections to put the value in.
        updates_collections: collections to put the update in.
        name: name of the scope.

    Returns:
        The value over all runs, a float64 scalar, and the op that adds this run and returns the new
            value.

    Raises:
        ValueError: k is below 1, or the shapes do not fit.

    Example:
        >>> import flowgraph as fg
        >>> value, update = fg.metrics.sparse_average_precision_at_k([[0]], [[0.9, 0.5, 0.1]], 2)
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     print(sess.run(update))
        1.0
    """
    deprecated("Use `tf.metrics.average_precision_at_k` instead.")
    return average_precision_at_k(labels, predictions, k, weights, metrics_collections,
                                  updates_collections, name)


# ---- sets of classes -----------------------------------------------------------------------------


def _at_k(name: str, k: int | None = None, class_id: int | None = None) -> str:
    name = f"{name}_at_k" if k is None else f"{name}_at_{k}"
    return name if class_id is None else f"{name}_class{class_id}"


def _with_class_axis(labels: Any, classes: Any) -> Any:
    """Labels with a last axis for the classes of a row: one more if they have one class a row."""
    with name_scope(None, "expand_labels", [classes]) as scope:
        labels = convert_to_tensor_or_sparse_tensor(labels)
        classes = convert_to_tensor(classes)
        if isinstance(labels, SparseTensor):
            parts = cond(equal(rank(classes), size(labels.dense_shape) + 1),
                         lambda: _parts(_one_more_axis(labels)), lambda: _parts(labels))
            return SparseTensor(*parts)
        own, wanted = labels.shape.ndims, classes.shape.ndims
        if own is not None and wanted is not None:
            if own == wanted:
                return labels
            if own + 1 == wanted:
                return expand_dims(labels, -1, name=scope)
            raise ShapeError(located(
                f"Unexpected labels shape {shape_text(labels.shape.as_tuple())} for predictions "
                f"shape {shape_text(classes.shape.as_tuple())}",
                "Labels have the rank of the predictions, or one less.", "shape-error"))
        return cond(equal(rank(classes), rank(labels) + 1),
                    lambda: expand_dims(labels, -1, name="expanded"), lambda: labels)


def _parts(sparse: SparseTensor) -> tuple[Tensor, Tensor, Tensor]:
    return sparse.indices, sparse.values, sparse.dense_shape


def _one_more_axis(sparse: SparseTensor) -> SparseTensor:
    return sparse_reshape(sparse, concat([sparse.dense_shape, [1]], 0))


def _only(ids: Any, class_id: int | None) -> Any:
    """The sets without all other classes."""
    if class_id is None:
        return ids
    if isinstance(ids, SparseTensor):
        return sparse_retain(ids, equal(ids.values, class_id))
    rows = concat([shape_of(ids)[:-1], [1]], 0)
    kept = set_intersection(fill(rows, cast(class_id, dt.int64)), cast(ids, dt.int64))
    return SparseTensor(kept.indices, kept.values, shape_of(ids, out_type=dt.int64))


def _hits(labels: Any, classes: Any) -> Any:
    return set_intersection(classes, labels)


def _missed(labels: Any, classes: Any) -> Any:
    return set_difference(classes, labels, aminusb=False)


def _wrong(labels: Any, classes: Any) -> Any:
    return set_difference(classes, labels, aminusb=True)


def _counted(sets: Any, weights: Any) -> Tensor:
    """The size of each set, weighted."""
    count = cast(set_size(sets), dt.float64)
    if weights is None:
        return count
    with control_dependencies([assert_broadcastable(weights, count)]):
        return multiply(count, cast(weights, dt.float64))


def _total(found: Any, name: str, labels: Any, classes: Any, k: int | None, class_id: int | None,
           weights: Any) -> tuple[Any, Tensor]:
    """The number of classes `found`, over all runs, and the update of it."""
    with name_scope(None, _at_k(name, k, class_id), [classes, weights]) as scope:
        with name_scope(None, name + "s", [classes, weights]):
            if not isinstance(labels, SparseTensor):
                labels = cast(labels, dt.int64)
            count = _counted(found(_only(labels, class_id), _only(classes, class_id)), weights)
        total = metric_variable([], dt.float64, scope)
        return total, assign_add(total, reduce_sum(count), name="update")


# ---- average precision ---------------------------------------------------------------------------


def _without_large(labels: Any, class_count: Tensor) -> Any:
    """Labels with -1 in place of classes that no prediction is for."""
    def clean(values: Tensor) -> Tensor:
        limit = cast(class_count, values.dtype.base_dtype)
        return cond(greater_equal(reduce_max(values), limit),
                    lambda: where(greater_equal(values, limit), -ones_like(values), values),
                    lambda: values)

    labels = convert_to_tensor_or_sparse_tensor(labels)
    if isinstance(labels, SparseTensor):
        return SparseTensor(labels.indices, clean(labels.values), labels.dense_shape)
    return clean(labels)


def _average_precision(labels: Any, classes: Tensor) -> Tensor:
    """The average precision of each row."""
    with name_scope(None, "average_precision", [classes]) as scope:
        classes = cast(classes, dt.int64, name="predictions_idx")
        k = classes.shape[-1].value
        if k is None:
            raise ValueError(located("The last dimension of predictions_idx must be set.",
                                     "It is k: pass indices of tf.nn.top_k, or call set_shape."))
        labels = _with_class_axis(labels, classes)
        each = expand_dims(classes, -1, name="predictions_idx_per_k")
        relevant = cast(set_size(set_intersection(each, _for_each_of(labels, k))), dt.float64)
        hits = cumsum(relevant, axis=-1, name="tp_per_k")
        taken = cumsum(ones_like(relevant), axis=-1, name="retrieved_per_k")
        precision = div(hits, taken, name="precision_per_k")
        total = reduce_sum(multiply(precision, relevant), axis=(-1,), name="precision_sum")
        return div(total, cast(_number_relevant(labels, k), dt.float64), name=scope)


def _for_each_of(labels: Any, k: int) -> Any:
    """The labels of a row k times, in an axis before the last."""
    if isinstance(labels, SparseTensor):
        shape: Any = labels.dense_shape
        more = sparse_reshape(labels, concat([shape[:-1], [1], shape[-1:]], 0))
        return sparse_concat(-2, [more] * k)
    return concat([expand_dims(cast(labels, dt.int64), -2)] * k, axis=-2)


def _number_relevant(labels: Any, k: int) -> Tensor:
    """How many true classes each row has, at most k."""
    with name_scope(None, "num_relevant") as scope:
        if isinstance(labels, SparseTensor):
            return minimum(set_size(labels), k, name=scope)
        real = where(greater_equal(labels, 0), ones_like(labels), zeros_like(labels))
        return minimum(reduce_sum(real, axis=-1), k, name=scope)


def _mean_average_precision(labels: Any, classes: Tensor, weights: Any, metrics_collections: Any,
                            updates_collections: Any, name: str) -> tuple[Tensor, Tensor]:
    with name_scope(name, None, [classes, weights]) as scope:
        each = _average_precision(labels, classes)
        if weights is not None:
            weights = broadcast_weights(cast(weights, dt.float64), each)
            each = multiply(each, weights)
        with name_scope(None, "max", [each]) as inner:
            most = metric_variable([], dt.float64, inner)
            now = (cast(size(each, name="batch_max"), dt.float64) if weights is None
                   else reduce_sum(weights, name="batch_max"))
            new_most = assign_add(most, now, name="update")
        with name_scope(None, "total", [each]) as inner:
            total = metric_variable([], dt.float64, inner)
            new_total = assign_add(total, reduce_sum(each, name="batch_total"), name="update")
        value = value_of(metrics_collections, lambda: div_no_nan(total, most, name="mean"))
        return finished(value, div_no_nan(new_total, new_most, name=scope), updates_collections)
