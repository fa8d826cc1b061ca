"""Estimators of `tf.contrib.learn`: fit, evaluate and predict on top of `tf.estimator`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from flowgraph.contrib.learn.inputs import input_of
from flowgraph.contrib.learn.metric_spec import MetricSpec
from flowgraph.contrib.learn.model_fn import as_spec
from flowgraph.contrib.learn.monitors import hooks_of
from flowgraph.contrib.learn.refuse import refuse
from flowgraph.contrib.learn.tensor_signature import placeholders_of, signatures_of
from flowgraph.core.frames import located
from flowgraph.estimator.arguments import parameters_of
from flowgraph.estimator.estimator import Estimator as CoreEstimator
from flowgraph.estimator.mode_keys import ModeKeys
from flowgraph.estimator.receivers import ServingInputReceiver


class BaseEstimator:
    """What the estimators of `tf.contrib.learn` share. It has no model of its own.

    Args:
        model_dir: folder of the checkpoints and event files.
        config: a RunConfig.

    Example:
        >>> import flowgraph as fg
        >>> issubclass(fg.contrib.learn.Estimator, fg.contrib.learn.BaseEstimator)
        True
    """

    # Classes with a model set it: function of `features`, `labels`, `mode` and `config` that
    # returns an EstimatorSpec.
    _model_fn: Callable[..., Any] | None = None

    def __init__(self, model_dir: Any = None, config: Any = None) -> None:
        self._estimator = CoreEstimator(self._spec, model_dir, config)
        self._metrics: dict[Any, Any] = {}
        self._labels: Any = None

    def _spec(self, features: Any, labels: Any, mode: str, config: Any) -> Any:
        if mode == ModeKeys.PREDICT:
            labels = placeholders_of(self._labels)
        elif labels is not None:
            self._labels = signatures_of(labels)
        if self._model_fn is None:
            raise NotImplementedError(located(
                f"{type(self).__name__} has no model.",
                "Use tf.contrib.learn.Estimator(model_fn=...), or one of the premade models."))
        spec = self._model_fn(features, labels, mode, config)
        if mode != ModeKeys.EVAL or not self._metrics:
            return spec
        return spec._replace(eval_metric_ops={**spec.eval_metric_ops, **{
            _name(key): _metric(key, metric).create_metric_ops(features, labels, spec.predictions)
            for key, metric in self._metrics.items()}})

    @property
    def model_dir(self) -> str:
        """The folder of its checkpoints and event files."""
        return self._estimator.model_dir

    @property
    def config(self) -> Any:
        """A copy of its RunConfig."""
        return self._estimator.config

    @property
    def params(self) -> Any:
        """A copy of its parameters."""
        return self._estimator.params

    def get_variable_names(self) -> list[str]:
        """The names of the variables in the latest checkpoint."""
        return self._estimator.get_variable_names()

    def get_variable_value(self, name: str) -> Any:
        """The value of a variable in the latest checkpoint.

        Args:
            name: its name.
        """
        return self._estimator.get_variable_value(name)

    def fit(self, x: Any = None, y: Any = None, input_fn: Any = None, steps: int | None = None,
            batch_size: int | None = None, monitors: Any = None,
            max_steps: int | None = None) -> Any:
        """Trains, from the latest checkpoint if there is one.

        Args:
            x: array of the examples, or dict of arrays by name.
            y: array of the labels.
            input_fn: function that returns features and labels; give this or the arrays.
            steps: how many steps to make; None until the input ends, which arrays never do.
            batch_size: examples per batch of arrays; default 128.
            monitors: list of hooks.
            max_steps: the global step to stop at.

        Returns:
            This estimator.

        Raises:
            ValueError: arguments do not go together.
        """
        if x is not None and steps is None and max_steps is None:
            raise ValueError(located("Give fit the number of steps: arrays have no end."))
        self._estimator.train(input_of(x, y, input_fn, batch_size, train=True),
                              hooks_of(monitors, self), steps, max_steps)
        return self

    def partial_fit(self, x: Any = None, y: Any = None, input_fn: Any = None,
                    steps: int | None = 1, batch_size: int | None = None,
                    monitors: Any = None) -> Any:
        """As `fit`, which goes on from where it was, too.

        Args:
            x, y, input_fn, steps, batch_size, monitors: as for `fit`.

        Returns:
            This estimator.
        """
        return self.fit(x, y, input_fn, steps, batch_size, monitors)

    def evaluate(self, x: Any = None, y: Any = None, input_fn: Any = None, feed_fn: Any = None,
                 batch_size: int | None = None, steps: int | None = None, metrics: Any = None,
                 name: str | None = None, checkpoint_path: Any = None, hooks: Any = None,
                 log_progress: bool = True) -> dict[str, Any]:
        """Computes the metrics of the latest checkpoint.

        Args:
            x, y, input_fn: as for `fit`; arrays are gone through once.
            feed_fn: must be None.
            batch_size: examples per batch of arrays; default all.
            steps: how many batches; None for all.
            metrics: dict from names to MetricSpecs, or to functions of predictions and labels.
            name: name of the evaluation.
            checkpoint_path: name of a checkpoint; default the latest.
            hooks: list of hooks.
            log_progress: accepted.

        Returns:
            Dict of the metrics by name.

        Raises:
            ValueError: arguments do not go together.
        """
        if feed_fn is not None:
            raise ValueError(located("feed_fn is not offered.",
                                     "Give an input_fn, or hooks=[tf.train.FeedFnHook(feed_fn)]."))
        self._metrics = dict(metrics or {})
        try:
            return self._estimator.evaluate(input_of(x, y, input_fn, batch_size, train=False),
                                            steps, hooks, checkpoint_path, name)
        finally:
            self._metrics = {}

    def predict(self, x: Any = None, input_fn: Any = None, batch_size: int | None = None,
                outputs: Any = None, as_iterable: bool = True,
                iterate_batches: bool = False) -> Any:
        """Predicts with the latest checkpoint.

        Args:
            x, input_fn: as for `fit`.
            batch_size: examples per batch of arrays; default all.
            outputs: list of names of predictions; default all.
            as_iterable: whether to return an iterator, or all predictions at once.
            iterate_batches: whether the iterator gives batches.

        Returns:
            An iterator over predictions, or arrays of them.
        """
        rows = self._estimator.predict(input_of(x, None, input_fn, batch_size, train=False),
                                       outputs, yield_single_examples=not iterate_batches)
        return rows if as_iterable else _together(list(rows))

    def export_savedmodel(self, export_dir_base: Any, serving_input_fn: Any,
                          default_output_alternative_key: Any = None, assets_extra: Any = None,
                          as_text: bool = False, checkpoint_path: Any = None,
                          graph_rewrite_specs: Any = None,
                          strip_default_attrs: bool = False) -> bytes:
        """Writes the model as a SavedModel.

        Args:
            export_dir_base: folder that gets a new one.
            serving_input_fn: function that returns a `tf.estimator.export.ServingInputReceiver`,
                or a tuple of features, labels and inputs.
            default_output_alternative_key, graph_rewrite_specs: must be None.
            assets_extra, as_text, checkpoint_path, strip_default_attrs: as for
                `tf.estimator.Estimator.export_savedmodel`.

        Returns:
            The new folder, as bytes.

        Raises:
            ValueError: there is no checkpoint, or an argument is not offered.
        """
        refuse(default_output_alternative_key=default_output_alternative_key,
               graph_rewrite_specs=graph_rewrite_specs)

        def receiver() -> Any:
            made = serving_input_fn()
            if isinstance(made, ServingInputReceiver):
                return made
            features, _, inputs = made
            return ServingInputReceiver(features, inputs)
        return self._estimator.export_savedmodel(export_dir_base, receiver, assets_extra, as_text,
                                                 checkpoint_path, strip_default_attrs)


def _name(key: Any) -> str:
    return key[0] if isinstance(key, tuple) else key


def _metric(key: Any, metric: Any) -> MetricSpec:
    """The MetricSpec that is meant; a key may be a pair of a name and that of the prediction."""
    if isinstance(metric, MetricSpec):
        return metric
    return MetricSpec(metric, prediction_key=key[1] if isinstance(key, tuple) else None)


def _together(rows: list[Any]) -> Any:
    if rows and isinstance(rows[0], dict):
        return {key: np.array([row[key] for row in rows]) for key in rows[0]}
    return np.array(rows)


class Estimator(BaseEstimator):
    """A model given as one function.

    Args:
        model_fn: function of features and labels, and if it names them `mode`, `params`, `config`
            and `model_dir`; returns ModelFnOps or a tuple (predictions, loss, train_op). For
            predictions, the labels are placeholders like the labels of `fit`; None before `fit`.
        model_dir: folder of the checkpoints and event files.
        config: a RunConfig.
        params: dict that is given to `model_fn`.
        feature_engineering_fn: function of features and labels that returns both, changed.

    Example:
        >>> import numpy as np
        >>> import flowgraph as fg
        >>> def model_fn(features, labels, mode):
        ...     w = fg.get_variable("w", [])
        ...     loss = fg.reduce_mean((w * features - labels) ** 2)
        ...     train = fg.train.GradientDescentOptimizer(0.1).minimize(
        ...         loss, fg.train.get_global_step())
        ...     return w * features, loss, train
        >>> x = np.array([1.0, 2.0], np.float32)
        >>> model = fg.contrib.learn.Estimator(model_fn).fit(x, 3 * x, steps=50)
        >>> [round(float(y), 3) for y in model.predict(x)]
        [3.0, 6.0]
    """

    def __init__(self, model_fn: Callable[..., Any], model_dir: Any = None, config: Any = None,
                 params: Any = None, feature_engineering_fn: Any = None) -> None:
        takes = parameters_of(model_fn)
        given_params = params or {}

        def spec(features: Any, labels: Any, mode: str, config: Any) -> Any:
            if feature_engineering_fn is not None:
                features, labels = feature_engineering_fn(features, labels)
            more = {"mode": mode, "params": given_params, "config": config,
                    "model_dir": self.model_dir}
            return as_spec(model_fn(features, labels, **{
                key: value for key, value in more.items() if key in takes}), mode)
        self._model_fn = spec
        super().__init__(model_dir, config)


class SKCompat:
    """An estimator whose methods take and return arrays, as those of scikit-learn.

    Args:
        estimator: the estimator.

    Example:
        >>> import numpy as np
        >>> import flowgraph as fg
        >>> x = np.array([[0.0], [1.0]])
        >>> columns = fg.contrib.learn.infer_real_valued_columns_from_input(x)
        >>> model = fg.contrib.learn.SKCompat(fg.contrib.learn.LinearRegressor(columns))
        >>> model.fit(x, x[:, 0], steps=1).predict(x)["scores"].shape
        (2,)
    """

    def __init__(self, estimator: BaseEstimator) -> None:
        self._estimator = estimator

    def fit(self, x: Any, y: Any, batch_size: int = 128, steps: int | None = None,
            max_steps: int | None = None, monitors: Any = None) -> SKCompat:
        """Trains.

        Args:
            x, y, batch_size, steps, max_steps, monitors: as for `Estimator.fit`.

        Returns:
            This object.
        """
        self._estimator.fit(x, y, None, steps, batch_size, monitors, max_steps)
        return self

    def score(self, x: Any, y: Any, batch_size: int = 128, steps: int | None = None,
              metrics: Any = None, name: str | None = None) -> dict[str, Any]:
        """Computes the metrics.

        Args:
            x, y, batch_size, steps, metrics, name: as for `Estimator.evaluate`.

        Returns:
            Dict of the metrics by name.
        """
        return self._estimator.evaluate(x, y, batch_size=batch_size, steps=steps, metrics=metrics,
                                        name=name)

    def predict(self, x: Any, batch_size: int = 128, outputs: Any = None) -> Any:
        """Predicts.

        Args:
            x, batch_size, outputs: as for `Estimator.predict`.

        Returns:
            Arrays by name, or an array.
        """
        rows: Iterator[Any] = BaseEstimator.predict(self._estimator, x, None, batch_size, outputs)
        return _together(list(rows))
