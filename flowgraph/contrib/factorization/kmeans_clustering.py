"""KMeansClustering: k-means as an Estimator."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from flowgraph.contrib.factorization.kmeans import (
    RANDOM_INIT,
    SQUARED_EUCLIDEAN_DISTANCE,
    KMeans,
)
from flowgraph.core import dtypes as dt
from flowgraph.core.logger import logger
from flowgraph.estimator.estimator import Estimator
from flowgraph.estimator.export_output import PredictOutput
from flowgraph.estimator.mode_keys import ModeKeys
from flowgraph.estimator.spec import EstimatorSpec
from flowgraph.feature_column.layers import input_layer
from flowgraph.graph.collections import GraphKeys
from flowgraph.graph.graph import control_dependencies, get_collection
from flowgraph.metrics import mean as mean_metric
from flowgraph.ops.cast import cast
from flowgraph.ops.identity import group
from flowgraph.ops.join import concat
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.state import assign_add
from flowgraph.train.global_step import get_global_step
from flowgraph.train.session_run_hook import (
    SessionRunArgs,
    SessionRunContext,
    SessionRunHook,
    SessionRunValues,
)


class _Begin(SessionRunHook):
    """Chooses the first centres, before the first step.

    They are saved, as the input may end with the batch that they come from: the next training then
    begins with them.
    """

    def __init__(self, ready: Any, init_op: Any, folder: str) -> None:
        self._ready, self._init_op, self._folder = ready, init_op, folder

    def after_create_session(self, session: Any, coord: Any) -> None:
        """Runs the operation until all centres are chosen; each time with the next batch."""
        if session.run(self._ready):
            return
        while not session.run(self._ready):
            session.run(self._init_op)
        for saver in get_collection(GraphKeys.SAVERS):
            saver.save(session, os.path.join(self._folder, "model.ckpt"),
                       global_step=get_global_step())


class _StopWhenSteady(SessionRunHook):
    """Ends training when the loss changes by less than a share of it."""

    def __init__(self, loss: Any, tolerance: float) -> None:
        self._loss, self._tolerance = loss, tolerance
        self._last: float | None = None

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs:
        """Asks for the loss."""
        return SessionRunArgs(self._loss)

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Compares it with the last one."""
        loss, last = float(run_values.results), self._last
        self._last = loss
        if last is not None and abs(loss - last) <= self._tolerance * abs(last):
            logger().info("KMeans has converged: loss %s after %s.", loss, last)
            run_context.request_stop()


class KMeansClustering(Estimator):
    """k-means as an Estimator.

    Args:
        num_clusters: how many clusters.
        model_dir: folder of the checkpoints and event files.
        initial_clusters, distance_metric, random_seed, use_mini_batch,
            mini_batch_steps_per_iteration, kmeans_plus_plus_num_retries: as for KMeans.
        relative_tolerance: training ends when the loss changes by less than this share.
        config: a RunConfig.
        feature_columns: list of dense columns; default all features side by side.

    Example:
        >>> import numpy as np
        >>> import flowgraph as fg
        >>> x = np.array([[0.0], [0.1], [9.0], [9.1]], np.float32)
        >>> def data():
        ...     return fg.train.limit_epochs(fg.constant(x), num_epochs=5)
        >>> model = fg.contrib.factorization.KMeansClustering(
        ...     2, initial_clusters="kmeans_plus_plus", use_mini_batch=False)
        >>> _ = model.train(data)
        >>> np.sort(model.cluster_centers(), 0).round(2)
        array([[0.05],
               [9.05]], dtype=float32)
    """

    SQUARED_EUCLIDEAN_DISTANCE = SQUARED_EUCLIDEAN_DISTANCE
    COSINE_DISTANCE = "cosine"
    RANDOM_INIT = RANDOM_INIT
    KMEANS_PLUS_PLUS_INIT = "kmeans_plus_plus"
    SCORE = "score"
    CLUSTER_INDEX = "cluster_index"
    ALL_DISTANCES = "all_distances"
    CLUSTER_CENTERS_VAR_NAME = "clusters"

    def __init__(self, num_clusters: int, model_dir: Any = None,
                 initial_clusters: Any = RANDOM_INIT,
                 distance_metric: str = SQUARED_EUCLIDEAN_DISTANCE, random_seed: int = 0,
                 use_mini_batch: bool = True, mini_batch_steps_per_iteration: int = 1,
                 kmeans_plus_plus_num_retries: int = 2, relative_tolerance: float | None = None,
                 config: Any = None, feature_columns: Any = None) -> None:
        def model_fn(features: Any, mode: str, config: Any) -> EstimatorSpec:
            points = _points(features, feature_columns)
            scores, nearest, distances, ready, init_op, train_op = KMeans(
                points, num_clusters, initial_clusters, distance_metric, use_mini_batch,
                mini_batch_steps_per_iteration, random_seed,
                kmeans_plus_plus_num_retries).training_graph()
            loss = reduce_sum(distances[0])
            with control_dependencies([train_op]):
                step = assign_add(get_global_step(), 1)
            hooks: list[SessionRunHook] = [_Begin(ready, init_op, config.model_dir)]
            if relative_tolerance is not None:
                hooks.append(_StopWhenSteady(loss, relative_tolerance))
            predictions = {"all_distances": scores[0], "cluster_index": nearest[0]}
            outputs = ({"serving_default": PredictOutput(predictions)}
                       if mode == ModeKeys.PREDICT else None)
            return EstimatorSpec(mode, predictions, loss, group(step),
                                 {"score": mean_metric(loss)}, outputs, training_hooks=hooks)
        super().__init__(model_fn, model_dir, config)

    def predict_cluster_index(self, input_fn: Callable[..., Any]) -> Iterator[Any]:
        """The number of the nearest centre, for each example.

        Args:
            input_fn: function that returns the features.
        """
        for row in self.predict(input_fn, ["cluster_index"]):
            yield row["cluster_index"]

    def score(self, input_fn: Callable[..., Any]) -> float:
        """The sum of the distances of one batch's examples to their centres.

        Args:
            input_fn: function that returns the features.
        """
        return self.evaluate(input_fn, steps=1)["score"]

    def transform(self, input_fn: Callable[..., Any]) -> Iterator[Any]:
        """The distances to all centres, for each example.

        Args:
            input_fn: function that returns the features.
        """
        for row in self.predict(input_fn, ["all_distances"]):
            yield row["all_distances"]

    def cluster_centers(self) -> np.ndarray[Any, Any]:
        """The centres of the latest checkpoint."""
        return self.get_variable_value("clusters")


def _points(features: Any, columns: Any) -> Any:
    """The examples as rows of numbers."""
    if columns is not None:
        return input_layer(features, columns)
    if not isinstance(features, dict):
        return cast(features, dt.float32)
    return concat([cast(features[key], dt.float32) for key in sorted(features)], 1)
