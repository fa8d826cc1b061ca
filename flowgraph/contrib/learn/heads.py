"""Heads of the premade models of `tf.contrib.learn`: their predictions and metrics by name."""

from __future__ import annotations

from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.estimator.class_heads import BinaryClassHead, MultiClassHead
from flowgraph.estimator.head import Head, LossSpec
from flowgraph.estimator.mode_keys import ModeKeys
from flowgraph.estimator.regression_heads import RegressionHead
from flowgraph.estimator.spec import EstimatorSpec
from flowgraph.losses import Reduction, compute_weighted_loss
from flowgraph.metrics import accuracy, auc, precision_at_thresholds, recall_at_thresholds
from flowgraph.metrics import mean as mean_metric
from flowgraph.ops.argmax import argmax
from flowgraph.ops.cast import cast
from flowgraph.ops.compare import greater_equal
from flowgraph.ops.constant import ones_like, zeros_like
from flowgraph.ops.exponential import sigmoid
from flowgraph.ops.join import concat
from flowgraph.ops.lookup_vocabulary import index_to_string_table_from_tensor
from flowgraph.ops.reshape import expand_dims, squeeze
from flowgraph.ops.softmax import softmax


class _LearnHead(Head):
    """What the heads share: training takes the mean over the batch, evaluation the weighted one."""

    scope = ""  # the variable scope of what trains

    def create_loss(self, features: Any, mode: str, logits: Any, labels: Any) -> LossSpec:
        """The loss of a batch; divided by the sum of the weights in an evaluation.

        Args:
            features, mode, logits, labels: as for `Head.create_loss`.
        """
        spec = super().create_loss(features, mode, logits, labels)
        if mode != ModeKeys.EVAL:
            return spec
        return spec._replace(training_loss=compute_weighted_loss(
            spec.unreduced_loss, spec.weights, reduction=Reduction.MEAN))

    def create_estimator_spec(self, *args: Any, **kwargs: Any) -> EstimatorSpec:
        """As `Head.create_estimator_spec`, without the metric that tells the mean loss again.

        Args:
            args, kwargs: as for `Head.create_estimator_spec`.
        """
        spec = super().create_estimator_spec(*args, **kwargs)
        if spec.mode != ModeKeys.EVAL:
            return spec
        return spec._replace(eval_metric_ops={
            name: pair for name, pair in spec.eval_metric_ops.items() if name != "average_loss"})


class _TwoClasses(_LearnHead, BinaryClassHead):

    scope = "binary_logistic_head"

    def predictions(self, logits: Any, keys: Any = None) -> dict[str, Any]:
        """Logits, "logistic", probabilities, and the class of each example as a number.

        Args:
            logits: Tensor of shape (batch, logits_dimension).
            keys: accepted.
        """
        two = concat((zeros_like(logits), logits), axis=-1, name="two_class_logits")
        return {"logits": logits, "logistic": sigmoid(logits, name="logistic"),
                "probabilities": softmax(two, name="probabilities"),
                "classes": argmax(two, 1, name="classes")}

    def _metrics(self, labels: Any, predictions: dict[str, Any], weights: Any) -> dict[str, Any]:
        classes, yes = expand_dims(predictions["classes"], -1), predictions["logistic"]
        weighted = weights * ones_like(labels)
        decided = cast(greater_equal(yes, 0.5), dt.float32)
        at_half = {name: tuple(squeeze(part, [0]) for part in metric(labels, yes, [0.5], weights))
                   for name, metric in (("precision", precision_at_thresholds),
                                        ("recall", recall_at_thresholds))}
        return {"accuracy": accuracy(labels, classes, weights),
                "labels/prediction_mean": mean_metric(yes, weights),
                "labels/actual_label_mean": mean_metric(labels, weights),
                "accuracy/baseline_label_mean": mean_metric(labels, weights),
                "auc": auc(labels, yes, weighted),
                "auc_precision_recall": auc(labels, yes, weighted, curve="PR"),
                "accuracy/threshold_0.500000_mean": accuracy(labels, decided, weights),
                **{f"{name}/positive_threshold_0.500000_mean": pair
                   for name, pair in at_half.items()}}


class _SeveralClasses(_LearnHead, MultiClassHead):

    scope = "multi_class_head"

    def predictions(self, logits: Any, keys: Any = None) -> dict[str, Any]:
        """Logits, probabilities, and the class of each example: a number, or its name.

        Args:
            logits: Tensor of shape (batch, logits_dimension).
            keys: accepted.
        """
        classes = argmax(logits, 1, name="classes")
        if self._label_vocabulary:
            classes = index_to_string_table_from_tensor(
                self._label_vocabulary, name="class_string_lookup").lookup(classes)
        return {"logits": logits, "probabilities": softmax(logits, name="probabilities"),
                "classes": classes}

    def _metrics(self, labels: Any, predictions: dict[str, Any], weights: Any) -> dict[str, Any]:
        ids = expand_dims(argmax(predictions["logits"], 1), -1)
        return {"accuracy": accuracy(labels, ids, weights)}


class _Scores(_LearnHead, RegressionHead):

    scope = "regression_head"
    _numbers_key = "scores"

    def predictions(self, logits: Any, keys: Any = None) -> dict[str, Any]:
        """The numbers under "scores"; a single one without an axis of its own.

        Args:
            logits: Tensor of shape (batch, logits_dimension).
            keys: accepted.
        """
        return {"scores": logits[:, 0] if self.logits_dimension == 1 else logits}

    def _metrics(self, labels: Any, predictions: dict[str, Any], weights: Any) -> dict[str, Any]:
        return {}


def classes_head(n_classes: int, weight_column_name: Any, label_keys: Any) -> Any:
    """The head of a classifier.

    Args:
        n_classes: how many classes, at least two.
        weight_column_name: name of the feature with the examples' weights, or None.
        label_keys: list of the classes' names, or None.

    Raises:
        ValueError: two classes have names.
    """
    if n_classes != 2:
        return _SeveralClasses(n_classes, weight_column_name, label_keys,
                               Reduction.SUM_OVER_BATCH_SIZE)
    if label_keys:
        raise ValueError(located("label_keys is not supported for n_classes=2.",
                                 "Give the labels as 0 and 1."))
    return _TwoClasses(weight_column_name, loss_reduction=Reduction.SUM_OVER_BATCH_SIZE)


def numbers_head(label_dimension: int, weight_column_name: Any) -> Any:
    """The head of a model that predicts numbers.

    Args:
        label_dimension: how many numbers a label has.
        weight_column_name: name of the feature with the examples' weights, or None.
    """
    return _Scores(label_dimension, weight_column_name, Reduction.SUM_OVER_BATCH_SIZE)
