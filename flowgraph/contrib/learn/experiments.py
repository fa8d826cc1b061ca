"""Experiments: an estimator with its data, trained and evaluated by one call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowgraph.contrib.learn.refuse import refuse
from flowgraph.core.frames import located
from flowgraph.estimator.estimator import Estimator as CoreEstimator


class Experiment:
    """An estimator with the data to train and evaluate it.

    Args:
        estimator: an estimator of `tf.contrib.learn` or of `tf.estimator`.
        train_input_fn: function that returns features and labels for training.
        eval_input_fn: function that returns those for evaluation.
        eval_metrics: dict of MetricSpecs, as for `evaluate`.
        train_steps: the global step to stop at; None until the input ends.
        eval_steps: batches of an evaluation; None for all.
        train_monitors: list of hooks for training.
        eval_hooks: list of hooks for evaluations.
        local_eval_frequency, eval_delay_secs, continuous_eval_throttle_secs, min_eval_frequency,
            delay_workers_by_global_step, check_interval_secs: accepted: they say when to evaluate
            besides, or in other processes.
        export_strategies: must be None.
        train_steps_per_iteration: accepted.
        checkpoint_and_export: must be False.
        saving_listeners: list of CheckpointSaverListeners, with an estimator of `tf.estimator`.

    Raises:
        ValueError: an argument is not offered.

    Example:
        >>> import numpy as np
        >>> import flowgraph as fg
        >>> x = fg.feature_column.numeric_column("x")
        >>> data = fg.estimator.inputs.numpy_input_fn({"x": np.zeros([4, 1])}, np.zeros([4]),
        ...                                           shuffle=False)
        >>> experiment = fg.contrib.learn.Experiment(
        ...     fg.contrib.learn.LinearRegressor([x]), data, data, train_steps=1, eval_steps=1)
        >>> metrics, _ = experiment.train_and_evaluate()
        >>> metrics["global_step"]
        np.int64(1)
    """

    def __init__(self, estimator: Any, train_input_fn: Callable[..., Any],
                 eval_input_fn: Callable[..., Any], eval_metrics: Any = None,
                 train_steps: int | None = None, eval_steps: int | None = 100,
                 train_monitors: Any = None, eval_hooks: Any = None,
                 local_eval_frequency: int | None = None, eval_delay_secs: float = 120,
                 continuous_eval_throttle_secs: float = 60, min_eval_frequency: int | None = None,
                 delay_workers_by_global_step: bool = False, export_strategies: Any = None,
                 train_steps_per_iteration: int | None = None, checkpoint_and_export: bool = False,
                 saving_listeners: Any = None, check_interval_secs: float = 5) -> None:
        refuse(export_strategies=export_strategies)
        refuse(False, checkpoint_and_export=checkpoint_and_export)
        if not isinstance(estimator, CoreEstimator):
            refuse(saving_listeners=saving_listeners)
        self._saving_listeners = saving_listeners
        self._estimator = estimator
        self._train_input_fn, self._eval_input_fn = train_input_fn, eval_input_fn
        self._eval_metrics = eval_metrics
        self._train_steps, self._eval_steps = train_steps, eval_steps
        self._train_monitors, self._eval_hooks = list(train_monitors or ()), eval_hooks

    @property
    def estimator(self) -> Any:
        """The estimator."""
        return self._estimator

    @property
    def eval_metrics(self) -> Any:
        """The MetricSpecs by name."""
        return self._eval_metrics

    @property
    def train_steps(self) -> int | None:
        """The global step to stop at."""
        return self._train_steps

    @property
    def eval_steps(self) -> int | None:
        """Batches of an evaluation."""
        return self._eval_steps

    def extend_train_hooks(self, additional_hooks: Any) -> None:
        """Adds hooks for training.

        Args:
            additional_hooks: list of hooks.
        """
        self._train_monitors.extend(additional_hooks)

    def train(self, delay_secs: float | None = None) -> Any:
        """Trains up to the number of steps.

        Args:
            delay_secs: accepted.

        Returns:
            The estimator.
        """
        if isinstance(self._estimator, CoreEstimator):
            return self._estimator.train(self._train_input_fn, self._train_monitors,
                                         max_steps=self._train_steps,
                                         saving_listeners=self._saving_listeners)
        return self._estimator.fit(input_fn=self._train_input_fn, max_steps=self._train_steps,
                                   monitors=self._train_monitors)

    def evaluate(self, delay_secs: float | None = None, name: str | None = None) -> Any:
        """Evaluates the latest checkpoint.

        Args:
            delay_secs: accepted.
            name: name of the evaluation.

        Returns:
            Dict of the metrics by name.
        """
        more = {} if isinstance(self._estimator, CoreEstimator) else {"metrics": self._eval_metrics}
        return self._estimator.evaluate(input_fn=self._eval_input_fn, steps=self._eval_steps,
                                        hooks=self._eval_hooks, name=name, **more)

    def train_and_evaluate(self) -> tuple[Any, list[Any]]:
        """Trains, then evaluates.

        Returns:
            Dict of the metrics by name, and a list of exports, which is empty.
        """
        self.train()
        return self.evaluate(name="one_pass"), []

    def test(self) -> tuple[Any, list[Any]]:
        """Makes one step and one evaluation, to see that they work.

        Returns:
            As `train_and_evaluate`.
        """
        steps, self._train_steps = self._train_steps, 1
        try:
            return self.train_and_evaluate()
        finally:
            self._train_steps = steps


def run(experiment_fn: Callable[..., Experiment], output_dir: Any = None,
        schedule: str | None = None, run_config: Any = None, hparams: Any = None) -> Any:
    """Makes an experiment and calls one of its methods; also `tf.contrib.learn.learn_runner.run`.

    Args:
        experiment_fn: function of `output_dir`, or of `run_config` and `hparams`, that returns an
            Experiment.
        output_dir: the folder that it is given.
        schedule: name of the method; default "train_and_evaluate".
        run_config: a RunConfig, instead of `output_dir`.
        hparams: hyper-parameters.

    Returns:
        What the method returns.

    Raises:
        ValueError: the experiment has no such method, or arguments do not go together.

    Example:
        >>> import flowgraph as fg
        >>> class Nothing(fg.contrib.learn.Experiment):
        ...     def __init__(self, folder):
        ...         self.folder = folder
        ...     def train(self):
        ...         return "trained in " + self.folder
        >>> fg.contrib.learn.run(Nothing, "here", "train")
        'trained in here'
    """
    if (output_dir is None) == (run_config is None):
        raise ValueError(located("Give either output_dir or run_config."))
    experiment = (experiment_fn(output_dir) if run_config is None
                  else experiment_fn(run_config, hparams))
    if not isinstance(experiment, Experiment):
        raise TypeError(located(f"Experiment builder did not return an Experiment instance, got "
                                f"{type(experiment)} instead."))
    method = getattr(experiment, schedule or "train_and_evaluate", None)
    if not callable(method):
        raise ValueError(located(f"Allowed schedules are train, evaluate, train_and_evaluate and "
                                 f"test, got {schedule!r}."))
    return method()
