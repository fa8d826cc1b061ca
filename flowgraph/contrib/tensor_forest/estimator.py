"""TensorForestEstimator: a random forest as an estimator."""

from __future__ import annotations

from typing import Any

from flowgraph.contrib.learn.estimators import BaseEstimator
from flowgraph.contrib.learn.heads import classes_head, numbers_head
from flowgraph.contrib.learn.inputs import named, whole
from flowgraph.contrib.learn.refuse import refuse
from flowgraph.contrib.tensor_forest.forest import RandomForestGraphs
from flowgraph.core.logger import logger
from flowgraph.estimator.mode_keys import ModeKeys
from flowgraph.feature_column.columns import Features, checked_columns
from flowgraph.graph.graph import control_dependencies
from flowgraph.ops.arithmetic import maximum
from flowgraph.ops.exponential import log
from flowgraph.ops.identity import group
from flowgraph.ops.state import assign_add
from flowgraph.summary.scalars import scalar
from flowgraph.train.global_step import get_global_step
from flowgraph.train.session_run_hook import (
    SessionRunArgs,
    SessionRunContext,
    SessionRunHook,
    SessionRunValues,
)

_LEAST = 1e-6  # a share of 0 would have no logarithm


class TensorForestEstimator(BaseEstimator):
    """A random forest, with `fit`, `evaluate` and `predict`.

    Args:
        params: ForestHParams.
        device_assigner: accepted.
        model_dir: folder of the checkpoints and event files.
        feature_columns: list of dense columns; default all features as numbers.
        graph_builder_class: makes the graph; default RandomForestGraphs.
        config: a RunConfig.
        weight_column: must be None.
        keys_column: name of a feature that is not learned from, but predicted as it is.
        feature_engineering_fn: function of features and labels that returns both, changed.
        early_stopping_rounds: training ends when the loss has not fallen for so many steps; None
            or 0 for never.
        early_stopping_loss_threshold: the share by which it must fall to count.
        num_trainers, trainer_id: into how many parts the trees are divided, and the part that
            grows.
        report_feature_importances: whether to log after training how often features split nodes.
        local_eval, version: accepted.
        head: a head, from the logarithms of shares, or the numbers, to predictions and loss.
        include_all_in_serving: must be False.

    Raises:
        ValueError: an argument is not offered.

    Example:
        >>> import numpy as np
        >>> import flowgraph as fg
        >>> x = np.random.RandomState(0).rand(400, 2).astype(np.float32)
        >>> y = (x[:, 1] > 0.5).astype(np.int32)
        >>> params = fg.contrib.tensor_forest.ForestHParams(
        ...     num_classes=2, num_features=2, num_trees=3, base_random_seed=1)
        >>> model = fg.contrib.tensor_forest.TensorForestEstimator(params)
        >>> bool(model.fit(x, y, steps=20).evaluate(x, y)["accuracy"] > 0.9)
        True
    """

    def __init__(self, params: Any, device_assigner: Any = None, model_dir: Any = None,
                 feature_columns: Any = None, graph_builder_class: Any = RandomForestGraphs,
                 config: Any = None, weight_column: Any = None, keys_column: str | None = None,
                 feature_engineering_fn: Any = None, early_stopping_rounds: int | None = 100,
                 early_stopping_loss_threshold: float = 0.001, num_trainers: int = 1,
                 trainer_id: int = 0, report_feature_importances: bool = False,
                 local_eval: bool = False, version: Any = None, head: Any = None,
                 include_all_in_serving: bool = False) -> None:
        refuse(weight_column=weight_column)
        refuse(False, include_all_in_serving=include_all_in_serving)
        filled = params.fill()
        columns = None if feature_columns is None else checked_columns(feature_columns)
        if head is None:
            head = (numbers_head(filled.num_outputs, None) if filled.regression
                    else classes_head(filled.num_classes, None, None))

        def model_fn(features: Any, labels: Any, mode: str, config: Any) -> Any:
            if feature_engineering_fn is not None:
                features, labels = feature_engineering_fn(features, labels)
            features = dict(named(features))
            keys = {}
            if keys_column is not None and keys_column in features:
                keys[keys_column] = features.pop(keys_column)
            if columns is not None:
                cache = Features(features)
                features = {column.name: column.dense_tensor(cache) for column in columns}
            forest = graph_builder_class(filled, device_assigner=device_assigner)
            means, _, variance = forest.inference_graph(features)
            scalar("average_tree_size", forest.average_size())

            def train(loss: Any) -> Any:
                with control_dependencies([means.op]):
                    return group(forest.training_graph(features, labels, num_trainers, trainer_id),
                                 assign_add(get_global_step(), 1))
            spec = head.create_estimator_spec(
                features, mode, means if filled.regression else _logits(means), whole(labels),
                train_op_fn=train)
            spec = spec._replace(predictions={**spec.predictions, **keys,
                                              "prediction_variance": variance})
            if mode != ModeKeys.TRAIN:
                return spec
            hooks = list(spec.training_hooks)
            if early_stopping_rounds:
                hooks.append(_StopWhenLossStays(spec.loss, early_stopping_rounds,
                                                early_stopping_loss_threshold))
            if report_feature_importances:
                hooks.append(_LogAtEnd("feature_importances", forest.feature_importances()))
            return spec._replace(training_hooks=hooks)
        self._model_fn = model_fn
        super().__init__(model_dir, config)


def _logits(shares: Any) -> Any:
    """The logits whose probabilities are these shares; of two classes that of the second."""
    if shares.shape[1].value != 2:
        return log(maximum(shares, _LEAST))
    second = shares[:, 1:]
    return log(maximum(second / maximum(1.0 - second, _LEAST), _LEAST))


class _StopWhenLossStays(SessionRunHook):
    """Ends training when the loss has not fallen for so many steps."""

    def __init__(self, loss: Any, rounds: int, threshold: float) -> None:
        self._loss, self._rounds, self._threshold = loss, rounds, threshold

    def begin(self) -> None:
        self._least, self._steps = float("inf"), 0

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs:
        return SessionRunArgs(self._loss)

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        self._steps += 1
        if run_values.results < self._least * (1 - self._threshold):
            self._least, self._steps = float(run_values.results), 0
        if self._steps > self._rounds:
            logger().info("The loss has not fallen for %d steps: training ends.", self._rounds)
            run_context.request_stop()


class _LogAtEnd(SessionRunHook):
    """Logs a value after training."""

    def __init__(self, name: str, value: Any) -> None:
        self._name, self._value = name, value

    def end(self, session: Any) -> None:
        logger().info("%s: %s", self._name, session.run(self._value))
