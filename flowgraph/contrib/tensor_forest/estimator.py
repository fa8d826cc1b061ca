"""TensorForestEstimator: a random forest as an estimator."""

from __future__ import annotations

from typing import Any

from flowgraph.contrib.learn.estimators import BaseEstimator
from flowgraph.contrib.tensor_forest.forest import RandomForestGraphs
from flowgraph.core import dtypes as dt
from flowgraph.estimator.mode_keys import ModeKeys
from flowgraph.estimator.spec import EstimatorSpec
from flowgraph.graph.graph import control_dependencies
from flowgraph.metrics import accuracy, mean_squared_error
from flowgraph.ops.argmax import argmax
from flowgraph.ops.cast import cast
from flowgraph.ops.identity import identity
from flowgraph.ops.join import concat
from flowgraph.ops.reshape import reshape
from flowgraph.ops.state import assign_add
from flowgraph.train.global_step import get_global_step


class TensorForestEstimator(BaseEstimator):
    """A random forest, with `fit`, `evaluate` and `predict`.

    Args:
        params: ForestHParams.
        device_assigner: accepted.
        model_dir: folder of the checkpoints and event files.
        graph_builder_class: makes the graph; default RandomForestGraphs.
        config: a RunConfig.
        kwargs: accepted.

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
                 graph_builder_class: Any = RandomForestGraphs, config: Any = None,
                 **kwargs: Any) -> None:
        filled = params.fill()

        def model_fn(features: Any, labels: Any, mode: str, config: Any) -> EstimatorSpec:
            if isinstance(features, dict):
                features = concat([cast(features[key], dt.float32) for key in sorted(features)], 1)
            forest = graph_builder_class(filled)
            means, _, _ = forest.inference_graph(features)
            if filled.regression:
                predictions = {"scores": means[:, 0]}
            else:
                predictions = {"probabilities": means, "classes": argmax(means, 1)}
            if mode == ModeKeys.PREDICT:
                return EstimatorSpec(mode, predictions)
            train = forest.training_graph(features, labels)
            with control_dependencies([train]):
                step = assign_add(get_global_step(), 1)
            flat = reshape(labels, [-1])
            metrics = ({"mean_squared_error": mean_squared_error(flat, predictions["scores"])}
                       if filled.regression else
                       {"accuracy": accuracy(flat, predictions["classes"])})
            return EstimatorSpec(mode, predictions, identity(forest.training_loss(None, None)),
                                 step, metrics)
        super().__init__(model_fn, model_dir, config)
