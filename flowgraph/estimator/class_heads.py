"""Heads that choose classes: one of two, one of several, or any of several."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.estimator.export_output import (
    ClassificationOutput,
    PredictOutput,
    RegressionOutput,
)
from flowgraph.estimator.head import Head, checked_logits
from flowgraph.graph.graph import control_dependencies, name_scope
from flowgraph.losses import Reduction, sparse_softmax_cross_entropy
from flowgraph.metrics import (
    accuracy,
    auc,
    precision,
    precision_at_thresholds,
    recall,
    recall_at_thresholds,
)
from flowgraph.metrics import mean as mean_metric
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.argmax import argmax
from flowgraph.ops.arithmetic import maximum
from flowgraph.ops.assertions import assert_less_equal, assert_non_negative
from flowgraph.ops.cast import cast
from flowgraph.ops.compare import greater_equal
from flowgraph.ops.constant import ones_like, zeros_like
from flowgraph.ops.constant import range as range_tensor
from flowgraph.ops.cross_entropy import sigmoid_cross_entropy_with_logits
from flowgraph.ops.exponential import sigmoid
from flowgraph.ops.identity import identity
from flowgraph.ops.join import concat, tile
from flowgraph.ops.lookup_vocabulary import (
    index_table_from_tensor,
    index_to_string_table_from_tensor,
)
from flowgraph.ops.reduce import reduce_mean
from flowgraph.ops.reshape import expand_dims, squeeze
from flowgraph.ops.shape import shape
from flowgraph.ops.softmax import softmax
from flowgraph.ops.string_format import as_string


class _ClassHead(Head):
    """What heads for classes share: names for the classes."""

    def __init__(self, n_classes: int, weight_column: Any, label_vocabulary: Any,
                 loss_reduction: str, loss_fn: Callable[..., Any] | None,
                 name: str | None) -> None:
        super().__init__(weight_column, loss_reduction, loss_fn, name)
        if label_vocabulary is not None:
            if not isinstance(label_vocabulary, (list, tuple)):
                raise ValueError(located("label_vocabulary should be a list or a tuple. Given "
                                         f"type: {type(label_vocabulary)}"))
            if len(label_vocabulary) != n_classes:
                raise ValueError(located(f"label_vocabulary has {len(label_vocabulary)} names, "
                                         f"there are {n_classes} classes."))
        self._n_classes = n_classes
        self._label_vocabulary = label_vocabulary

    def predictions(self, logits: Any, keys: Any = None) -> dict[str, Any]:
        """Logits, probabilities and, unless there may be several, the class.

        Args:
            logits: Tensor of shape (batch, logits_dimension).
            keys: list of the names wanted; default all.

        Raises:
            ValueError: there is no prediction of that name.
        """
        predictions = self._all_predictions(checked_logits(logits, self.logits_dimension))
        for key in keys or ():
            if key not in predictions:
                raise ValueError(located(f"Prediction key must be in PredictionKeys, given: {key}. "
                                         f"Valid prediction keys include {[*predictions]}."))
        return {key: predictions[key] for key in keys or predictions}

    @abstractmethod
    def _all_predictions(self, logits: Any) -> dict[str, Any]:
        """The predictions by name."""

    def _names(self, like: Any) -> Any:
        """The names of all classes, for each example."""
        return _for_each(self._label_vocabulary or as_string(range_tensor(self._n_classes)), like)

    def _chosen(self, scores: Any) -> dict[str, Any]:
        """The class with the largest score, and all classes, of each example."""
        ids = expand_dims(argmax(scores, axis=-1, name="class_ids"), -1)
        if self._label_vocabulary:
            classes = index_to_string_table_from_tensor(
                self._label_vocabulary, name="class_string_lookup").lookup(ids)
        else:
            classes = as_string(ids, name="str_classes")
        return {"class_ids": ids, "classes": classes,
                "all_class_ids": _for_each(range_tensor(self._n_classes), scores),
                "all_classes": self._names(scores)}

    def _ids(self, labels: Any) -> Any:
        """The classes' ids that labels mean."""
        if self._label_vocabulary is None:
            return labels
        if labels.dtype.base_dtype != dt.string:
            raise ValueError(located("Labels dtype should be string if there is a vocabulary. "
                                     f"Instead got {labels.dtype}"))
        return index_table_from_tensor(tuple(self._label_vocabulary),
                                       name="class_id_lookup").lookup(labels)

    def _outputs(self, predictions: dict[str, Any]) -> dict[str, Any]:
        scores = predictions["probabilities"]
        classification = ClassificationOutput(scores=scores, classes=self._names(scores))
        return {"serving_default": classification, "classification": classification,
                "predict": PredictOutput(predictions)}


def _for_each(values: Any, like: Any) -> Any:
    """The same values for each example of a batch."""
    return tile(expand_dims(values, 0), [shape(like)[0], 1])


def _in_range(labels: Any, n_classes: int) -> Any:
    """The labels, checked when they are used."""
    with name_scope(None, "assert_range", [labels]):
        largest = convert_to_tensor(n_classes - 1, labels.dtype.base_dtype)
        checks = [assert_less_equal(labels, largest, message="Labels must <= n_classes - 1"),
                  assert_non_negative(labels, message="Labels must >= 0")]
        with control_dependencies(checks):
            return identity(labels)


def _checked_thresholds(thresholds: Any) -> tuple[float, ...]:
    thresholds = tuple(thresholds or ())
    for threshold in thresholds:
        if not 0 < threshold < 1:
            raise ValueError(located(f"thresholds not in (0, 1): {thresholds}."))
    return thresholds


def _at_thresholds(thresholds: tuple[float, ...], labels: Any, scores: Any,
                   weights: Any) -> dict[str, Any]:
    """Accuracy, precision and recall where a score from a threshold on means yes."""
    metrics = {}
    for threshold in thresholds:
        decided = cast(greater_equal(scores, threshold), dt.float32)
        metrics[f"accuracy/positive_threshold_{threshold:g}"] = accuracy(labels, decided, weights)
        for name, metric in (("precision", precision_at_thresholds),
                             ("recall", recall_at_thresholds)):
            metrics[f"{name}/positive_threshold_{threshold:g}"] = tuple(
                squeeze(part) for part in metric(labels, scores, [threshold], weights))
    return metrics


class BinaryClassHead(_ClassHead):
    """One of two classes, by one logit.

    Args:
        weight_column, loss_reduction, loss_fn, name: as for `tf.estimator.Head`.
        thresholds: list of numbers between 0 and 1 for further metrics.
        label_vocabulary: list of two texts, if labels are such.

    Raises:
        ValueError: a threshold is out of range, or something is not of its kind.

    Example:
        >>> import flowgraph as fg
        >>> head = fg.estimator.BinaryClassHead()
        >>> spec = head.create_estimator_spec({}, "infer", fg.constant([[0.0], [2.0]]))
        >>> fg.Session().run(spec.predictions["class_ids"])
        array([[0],
               [1]])
    """

    def __init__(self, weight_column: Any = None, thresholds: Any = None,
                 label_vocabulary: Any = None,
                 loss_reduction: str = "sum_over_batch_size",
                 loss_fn: Callable[..., Any] | None = None, name: str | None = None) -> None:
        super().__init__(2, weight_column, label_vocabulary, loss_reduction, loss_fn, name)
        self._thresholds = _checked_thresholds(thresholds)

    @property
    def logits_dimension(self) -> int:
        """1."""
        return 1

    def _all_predictions(self, logits: Any) -> dict[str, Any]:
        two = concat((zeros_like(logits), logits), axis=-1, name="two_class_logits")
        return {"logits": logits, "logistic": sigmoid(logits, name="logistic"),
                "probabilities": softmax(two, name="probabilities"), **self._chosen(two)}

    def _labels(self, labels: Any) -> Any:
        return _in_range(cast(self._ids(labels), dt.float32), 2)

    def _losses(self, labels: Any, logits: Any) -> Any:
        return sigmoid_cross_entropy_with_logits(labels=labels, logits=logits)

    def _metrics(self, labels: Any, predictions: dict[str, Any], weights: Any) -> dict[str, Any]:
        ids, logistic = predictions["class_ids"], predictions["logistic"]
        share: tuple[Any, Any] = mean_metric(labels, weights, name="label/mean")
        weighted: Any = weights * ones_like(labels)
        return {"accuracy": accuracy(labels, ids, weights, name="accuracy"),
                "precision": precision(labels, ids, weights, name="precision"),
                "recall": recall(labels, ids, weights, name="recall"),
                "prediction/mean": mean_metric(logistic, weights, name="prediction/mean"),
                "label/mean": share,
                "accuracy_baseline": tuple(maximum(part, 1 - part) for part in share),
                "auc": auc(labels, logistic, weighted, name="auc"),
                "auc_precision_recall": auc(labels, logistic, weighted, curve="PR",
                                            name="auc_precision_recall"),
                **_at_thresholds(self._thresholds, labels, logistic, weights)}

    def _outputs(self, predictions: dict[str, Any]) -> dict[str, Any]:
        return {**super()._outputs(predictions),
                "regression": RegressionOutput(predictions["logistic"])}


class MultiClassHead(_ClassHead):
    """One of several classes, by a logit for each.

    Args:
        n_classes: how many classes, more than two.
        weight_column, loss_reduction, loss_fn, name: as for `tf.estimator.Head`.
        label_vocabulary: list of texts, if labels are such.

    Raises:
        ValueError: there are fewer classes, or something is not of its kind.

    Example:
        >>> import flowgraph as fg
        >>> head = fg.estimator.MultiClassHead(3)
        >>> spec = head.create_estimator_spec({}, "infer", fg.constant([[0.0, 5.0, 2.0]]))
        >>> fg.Session().run(spec.predictions["classes"])
        array([[b'1']], dtype=object)
    """

    def __init__(self, n_classes: int, weight_column: Any = None, label_vocabulary: Any = None,
                 loss_reduction: str = "sum_over_batch_size",
                 loss_fn: Callable[..., Any] | None = None, name: str | None = None) -> None:
        if n_classes is None or n_classes <= 2:
            raise ValueError(located(f"n_classes must be > 2: {n_classes}.",
                                     "For two classes use BinaryClassHead."))
        super().__init__(n_classes, weight_column, label_vocabulary, loss_reduction, loss_fn, name)

    @property
    def logits_dimension(self) -> int:
        """The number of classes."""
        return self._n_classes

    def _all_predictions(self, logits: Any) -> dict[str, Any]:
        return {"logits": logits, "probabilities": softmax(logits, name="probabilities"),
                **self._chosen(logits)}

    def _labels(self, labels: Any) -> Any:
        ids = self._ids(labels)
        if not ids.dtype.base_dtype.is_integer:
            raise ValueError(located(f"Labels dtype should be integer. Instead got {labels.dtype}.",
                                     "Cast the labels: tf.cast(labels, tf.int64)."))
        return _in_range(ids, self._n_classes)

    def _losses(self, labels: Any, logits: Any) -> Any:
        return expand_dims(sparse_softmax_cross_entropy(labels, logits, reduction=Reduction.NONE),
                           -1)

    def _metrics(self, labels: Any, predictions: dict[str, Any], weights: Any) -> dict[str, Any]:
        return {"accuracy": accuracy(labels, predictions["class_ids"], weights, name="accuracy")}


class MultiLabelHead(_ClassHead):
    """Any of several classes, each by a logit of its own.

    Args:
        n_classes: how many classes, at least two.
        weight_column, loss_reduction, loss_fn, name: as for `tf.estimator.Head`.
        thresholds: list of numbers between 0 and 1 for further metrics.
        label_vocabulary: list of texts: names of the classes for exported models.
        classes_for_class_based_metrics: must be None.

    Raises:
        ValueError: there are fewer classes, or something is not of its kind.

    Example:
        >>> import flowgraph as fg
        >>> head = fg.estimator.MultiLabelHead(3)
        >>> labels = fg.constant([[1, 0, 1]])
        >>> spec = head.create_estimator_spec({}, "eval", fg.zeros([1, 3]), labels)
        >>> fg.Session().run(spec.loss)
        np.float32(0.6931472)
    """

    def __init__(self, n_classes: int, weight_column: Any = None, thresholds: Any = None,
                 label_vocabulary: Any = None,
                 loss_reduction: str = "sum_over_batch_size",
                 loss_fn: Callable[..., Any] | None = None,
                 classes_for_class_based_metrics: Any = None, name: str | None = None) -> None:
        if n_classes is None or n_classes < 2:
            raise ValueError(located(f"n_classes must be > 1 for multi-label classification. "
                                     f"Given: {n_classes}"))
        if classes_for_class_based_metrics:
            raise ValueError(located("classes_for_class_based_metrics is not offered.",
                                     "Add the metrics with tf.estimator.add_metrics."))
        super().__init__(n_classes, weight_column, label_vocabulary, loss_reduction, loss_fn, name)
        self._thresholds = _checked_thresholds(thresholds)

    @property
    def logits_dimension(self) -> int:
        """The number of classes."""
        return self._n_classes

    @property
    def _label_dimension(self) -> int:
        return self._n_classes

    def _all_predictions(self, logits: Any) -> dict[str, Any]:
        return {"logits": logits, "probabilities": sigmoid(logits, name="probabilities"),
                "classes": self._names(logits)}

    def _labels(self, labels: Any) -> Any:
        return _in_range(labels, 2)

    def _losses(self, labels: Any, logits: Any) -> Any:
        losses = sigmoid_cross_entropy_with_logits(labels=cast(labels, dt.float32), logits=logits)
        return reduce_mean(losses, axis=-1, keepdims=True)

    def _metrics(self, labels: Any, predictions: dict[str, Any], weights: Any) -> dict[str, Any]:
        scores = predictions["probabilities"]
        weighted = weights * ones_like(scores)
        return {"auc": auc(labels, scores, weighted, name="auc"),
                "auc_precision_recall": auc(labels, scores, weighted, curve="PR",
                                            name="auc_precision_recall"),
                **_at_thresholds(self._thresholds, cast(labels, dt.float32), scores, weighted)}


def classes_head(n_classes: int, weight_column: Any = None, label_vocabulary: Any = None,
                 loss_reduction: str = Reduction.SUM) -> Head:
    """The head of a premade classifier.

    Args:
        n_classes: how many classes, at least two.
        weight_column, label_vocabulary, loss_reduction: as for `BinaryClassHead`.
    """
    if n_classes == 2:
        return BinaryClassHead(weight_column, None, label_vocabulary, loss_reduction)
    return MultiClassHead(n_classes, weight_column, label_vocabulary, loss_reduction)
