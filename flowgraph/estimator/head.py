"""Heads: from the logits of a model to its predictions, loss, metrics and exported outputs.

A head has the last word of a premade model; a model function may use one, too:

    head = tf.estimator.MultiClassHead(n_classes=3)
    return head.create_estimator_spec(features, mode, logits, labels, optimizer)
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import namedtuple
from collections.abc import Callable
from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.estimator.arguments import parameters_of
from flowgraph.estimator.mode_keys import ModeKeys
from flowgraph.estimator.spec import EstimatorSpec
from flowgraph.feature_column.columns import DenseColumn, Features
from flowgraph.feature_column.numeric import numeric_column
from flowgraph.graph.collections import GraphKeys
from flowgraph.graph.graph import control_dependencies, get_collection, name_scope
from flowgraph.losses import Reduction, compute_weighted_loss
from flowgraph.metrics import mean as mean_metric
from flowgraph.ops.arithmetic import add_n
from flowgraph.ops.cast import cast
from flowgraph.ops.compare import equal
from flowgraph.ops.constant import ones_like
from flowgraph.ops.identity import group, identity
from flowgraph.ops.join import concat
from flowgraph.ops.print_and_assert import assert_true as Assert
from flowgraph.ops.reduce import reduce_all, reduce_any, reduce_sum
from flowgraph.ops.reshape import expand_dims
from flowgraph.ops.shape import shape
from flowgraph.ops.sparse_tensor import SparseTensor, convert_to_tensor_or_sparse_tensor
from flowgraph.train.global_step import get_global_step

LossSpec = namedtuple("LossSpec", ("training_loss", "unreduced_loss", "weights",
                                   "processed_labels"))
# Reductions under the names of TensorFlow 2.
_REDUCTIONS = {"sum": Reduction.SUM, "sum_over_batch_size": Reduction.SUM_OVER_BATCH_SIZE}


class Head(ABC):
    """Base of heads: what a model predicts, and how it is trained and evaluated.

    Args:
        weight_column: name of the feature with the examples' weights, or a numeric column; None for
            weights of 1.
        loss_reduction: how the losses of a batch's examples become one: one of
            `tf.losses.Reduction`, but not NONE, or "sum" or "sum_over_batch_size".
        loss_fn: function of `labels` and `logits`, and if it names them `features`, that returns
            the loss of each example.
        name: name of the head, with which metrics are told from those of others.

    Raises:
        ValueError: the reduction is unknown, or `loss_fn` takes other arguments.

    Example:
        >>> import flowgraph as fg
        >>> head = fg.estimator.RegressionHead()
        >>> isinstance(head, fg.estimator.Head), head.logits_dimension
        (True, 1)
    """

    def __init__(self, weight_column: Any = None, loss_reduction: str = Reduction.SUM,
                 loss_fn: Callable[..., Any] | None = None, name: str | None = None) -> None:
        reduction = _REDUCTIONS.get(loss_reduction, loss_reduction)
        if reduction not in Reduction.all() or reduction == Reduction.NONE:
            raise ValueError(located(f"Invalid loss_reduction: {loss_reduction}"))
        if loss_fn is not None:
            takes = set(parameters_of(loss_fn))
            if not {"labels", "logits"} <= takes <= {"labels", "logits", "features"}:
                raise ValueError(located(
                    "loss_fn must take the arguments labels and logits, and may take features. "
                    f"Given arguments: {sorted(takes)}"))
        self._weight_column, self._loss_reduction = weight_column, reduction
        self._loss_fn, self._name = loss_fn, name

    @property
    def name(self) -> str | None:
        """Its name."""
        return self._name

    @property
    def loss_reduction(self) -> str:
        """How the losses of a batch's examples become one: one of `tf.losses.Reduction`."""
        return self._loss_reduction

    @property
    @abstractmethod
    def logits_dimension(self) -> int:
        """How many logits an example has."""

    @abstractmethod
    def predictions(self, logits: Any) -> dict[str, Any]:
        """The predictions by name.

        Args:
            logits: Tensor of shape (batch, logits_dimension).
        """

    @abstractmethod
    def _labels(self, labels: Any) -> Any:
        """The labels as the loss takes them."""

    @abstractmethod
    def _losses(self, labels: Any, logits: Any) -> Any:
        """The loss of each example."""

    @abstractmethod
    def _metrics(self, labels: Any, predictions: dict[str, Any], weights: Any) -> dict[str, Any]:
        """The metrics by name, besides the mean loss."""

    @abstractmethod
    def _outputs(self, predictions: dict[str, Any]) -> dict[str, Any]:
        """The outputs of an exported model."""

    @property
    def _label_dimension(self) -> int:
        """How many labels an example has."""
        return 1

    @property
    def _weighs_logits(self) -> bool:
        """Whether each logit may have a weight of its own."""
        return False

    def create_loss(self, features: Any, mode: str, logits: Any, labels: Any) -> LossSpec:
        """The loss of a batch.

        Args:
            features: dict of the features.
            mode: one of ModeKeys.
            logits: Tensor of shape (batch, logits_dimension).
            labels: Tensor of the labels.

        Returns:
            The loss, that of each example, the examples' weights and the labels as they were used.

        Raises:
            ValueError: there are no labels, or they are of another shape.
        """
        labels = self._labels(_like_logits(labels, logits, self._label_dimension))
        if self._loss_fn is None:
            unreduced = self._losses(labels, logits)
        else:
            more = {"features": features} if "features" in parameters_of(self._loss_fn) else {}
            unreduced = self._loss_fn(labels=labels, logits=logits, **more)
        weights = _weights(features, self._weight_column, logits, self._weighs_logits)
        loss = compute_weighted_loss(unreduced, weights, reduction=self._loss_reduction)
        return LossSpec(loss, unreduced, weights, labels)

    def loss(self, labels: Any, logits: Any, features: Any = None, mode: Any = None,
             regularization_losses: Any = None) -> Any:
        """The loss that training makes smaller.

        Args:
            labels: Tensor of the labels.
            logits: Tensor of shape (batch, logits_dimension).
            features: dict of the features, where the weights of the examples are one.
            mode: one of ModeKeys; it changes nothing.
            regularization_losses: list of losses to add.

        Returns:
            A scalar.

        Raises:
            ValueError: there are no labels, or shapes do not go together.
        """
        with name_scope(None, "losses", [labels, logits]):
            logits = checked_logits(logits, self.logits_dimension)
            loss = self.create_loss(features, mode or ModeKeys.TRAIN, logits, labels).training_loss
            return add_n([loss, *regularization_losses]) if regularization_losses else loss

    def create_estimator_spec(self, features: Any, mode: str, logits: Any, labels: Any = None,
                              optimizer: Any = None, trainable_variables: Any = None,
                              train_op_fn: Any = None, update_ops: Any = None,
                              regularization_losses: Any = None) -> EstimatorSpec:
        """What a model function returns.

        Args:
            features: dict of the features.
            mode: one of ModeKeys.
            logits: Tensor of shape (batch, logits_dimension).
            labels: Tensor of the labels; None for predictions.
            optimizer: Optimizer that trains.
            trainable_variables: list of the variables to train; default all.
            train_op_fn: function from the loss to the operation that trains; give this or the
                optimizer.
            update_ops: list of operations to run with each step; default those of the collection.
            regularization_losses: list of losses to add.

        Returns:
            An EstimatorSpec.

        Raises:
            ValueError: what the mode needs is missing, or shapes do not go together.
        """
        with name_scope(self._name, "head"):
            logits = checked_logits(logits, self.logits_dimension)
            with name_scope(None, "predictions", [logits]):
                predictions = self.predictions(logits)
            if mode == ModeKeys.PREDICT:
                return EstimatorSpec(mode, predictions, export_outputs=self._outputs(predictions))
            spec = self.create_loss(features, mode, logits, labels)
            extra = add_n(list(regularization_losses)) if regularization_losses else None
            loss = spec.training_loss if extra is None else add_n([spec.training_loss, extra])
            if mode == ModeKeys.EVAL:
                with name_scope(None, "metrics"):
                    metrics = {"average_loss": mean_metric(spec.unreduced_loss, spec.weights,
                                                           name="average_loss"),
                               **self._metrics(spec.processed_labels, predictions, spec.weights)}
                    if extra is not None:
                        metrics["regularization_loss"] = mean_metric(extra)
                return EstimatorSpec(mode, predictions, loss, eval_metric_ops={
                    self._key(name): pair for name, pair in metrics.items()})
            train_op = train_op_of(loss, optimizer, train_op_fn, trainable_variables, update_ops)
            mean = None
            if self._loss_reduction == Reduction.SUM:
                mean = spec.training_loss / reduce_sum(
                    spec.weights * ones_like(spec.unreduced_loss))
        self._summarize(loss, mean, extra)
        return EstimatorSpec(mode, predictions, loss, train_op)

    def _key(self, name: str) -> str:
        """The name of a metric, with that of the head."""
        return f"{name}/{self._name}" if self._name else name

    def _summarize(self, loss: Any, mean: Any, extra: Any) -> None:
        from flowgraph.summary import scalar
        with name_scope(""):
            scalar(self._key("loss"), loss)
            if mean is not None:
                scalar(self._key("average_loss"), mean)
            if extra is not None:
                scalar(self._key("regularization_loss"), extra)


def train_op_of(loss: Any, optimizer: Any, train_op_fn: Any, variables: Any,
                update_ops: Any) -> Any:
    """The operation that trains, with the updates of each step.

    Args:
        loss, optimizer, train_op_fn, update_ops: as for `Head.create_estimator_spec`.
        variables: list of the variables to train; default all.

    Raises:
        ValueError: both an optimizer and a function are given, or neither.
    """
    if (optimizer is None) == (train_op_fn is None):
        raise ValueError(located("train_op_fn and optimizer cannot both be "
                                 f"{'None' if optimizer is None else 'set'}."))
    train_op = (train_op_fn(loss) if optimizer is None else optimizer.minimize(
        loss, global_step=get_global_step(), var_list=variables or None))
    updates = get_collection(GraphKeys.UPDATE_OPS) if update_ops is None else update_ops
    return group(train_op, *updates) if updates else train_op


def checked_logits(logits: Any, expected: int) -> Any:
    """The logits as float32, if their last axis is as long as expected.

    Args:
        logits: Tensor of shape (…, expected).
        expected: the length of the last axis.

    Raises:
        ValueError: it is of another shape.
    """
    logits = cast(logits, dt.float32)
    if logits.shape.ndims is not None and (
            logits.shape.ndims < 2 or logits.shape[-1].value not in (None, expected)):
        raise ValueError(located(f"logits shape must be [D0, D1, ... DN, logits_dimension="
                                 f"{expected}], got {logits.shape}.",
                                 f"Let the last layer have {expected} units."))
    return logits


def _like_logits(labels: Any, logits: Any, expected: int) -> Any:
    """The labels with the axes of the logits, of which the last is as long as expected."""
    if labels is None:
        raise ValueError(located(
            "You must provide a labels Tensor. Given: None.",
            "Check that your input_fn returns (features, labels)."))
    with name_scope(None, "labels", [labels, logits]):
        labels = convert_to_tensor_or_sparse_tensor(labels)
        if isinstance(labels, SparseTensor):
            raise ValueError(located(
                "SparseTensor labels are not supported. labels must be a Tensor of shape "
                f"[D0, D1, ..., DN, {expected}].",
                "Turn them into a Tensor with tf.sparse_tensor_to_dense in your input_fn."))
        if None not in (labels.shape.ndims, logits.shape.ndims) and (
                labels.shape.ndims == logits.shape.ndims - 1):
            labels = expand_dims(labels, -1)
        if labels.shape.ndims is not None and (
                labels.shape.ndims < 2 or labels.shape[-1].value not in (None, expected)):
            raise ValueError(located(
                f"Mismatched label shape. Expected labels dimension={expected}.  Received "
                f"{labels.shape}.", "If your classifier expects one-hot encoding label, check your "
                "n_classes argument to the estimator and/or the shape of your label. Otherwise, "
                "check the shape of your label."))
        wanted = concat([shape(logits)[:-1], [expected]], axis=0)
        check = Assert(reduce_all(equal(wanted, shape(labels))), [
            f"labels shape must be [D0, D1, ... DN, {expected}]. expected:", wanted, "given:",
            shape(labels)])
        with control_dependencies([check]):
            return identity(labels)


def _weights(features: Any, column: Any, logits: Any, per_logit: bool) -> Any:
    """The examples' weights with the axes of the logits; 1 when there is no column for them."""
    if column is None:
        return 1.0
    if isinstance(column, str):
        column = numeric_column(column)
    if not isinstance(column, DenseColumn):
        raise TypeError(located("Weight column must be either a string or DenseColumn. Given type: "
                                f"{type(column)}."))
    with name_scope(None, "weights", [logits]):
        weights = cast(column.dense_tensor(Features(features)), dt.float32, name="weights")
        if None not in (weights.shape.ndims, logits.shape.ndims) and (
                weights.shape.ndims == logits.shape.ndims - 1):
            return expand_dims(weights, -1)
        one_each = concat([shape(logits)[:-1], [1]], axis=0)
        fits = reduce_all(equal(one_each, shape(weights)))
        if per_logit:
            fits = reduce_any([fits, reduce_all(equal(shape(logits), shape(weights)))])
        check = Assert(fits, ["weights shape must be [D0, D1, ... DN, 1]. logits:", shape(logits),
                              "weights:", shape(weights)])
        with control_dependencies([check]):
            return identity(weights)
