"""`train_and_evaluate`: training, with an evaluation and exports after checkpoints."""

from __future__ import annotations

import os
from collections import namedtuple
from collections.abc import Callable
from typing import Any

from flowgraph.core.frames import located
from flowgraph.core.logger import logger
from flowgraph.estimator.estimator import Estimator
from flowgraph.estimator.exporters import Exporter
from flowgraph.graph.collections import GraphKeys
from flowgraph.train.checkpoint_hooks import CheckpointSaverListener
from flowgraph.train.hook_timer import SecondOrStepTimer
from flowgraph.train.session_run_hook import SessionRunHook


def _check_input_fn(input_fn: Any) -> None:
    if not callable(input_fn):
        raise TypeError(located(f"`input_fn` must be callable, given: {input_fn!r:.200}"))


def _all_of(values: Any, kind: type, name: str) -> tuple[Any, ...]:
    values = tuple(values or ())
    for value in values:
        if not isinstance(value, kind):
            raise TypeError(located(f"All {name} must be `{kind.__name__}` instances, given: "
                                    f"{value!r:.200}"))
    return values


def _exporters(exporters: Any) -> tuple[Exporter, ...]:
    if not exporters:
        return ()
    if isinstance(exporters, Exporter):
        exporters = [exporters]
    if not isinstance(exporters, (list, tuple)) or not all(
            isinstance(exporter, Exporter) for exporter in exporters):
        raise TypeError(located("`exporters` must be an Exporter, an iterable of Exporter, or "
                                f"`None`, found {exporters!r:.200}."))
    names = [exporter.name for exporter in exporters]
    for name in names:
        if not name:
            raise ValueError(located("An Exporter cannot have a name that is `None` or empty. All "
                                     f"exporter names: {names}"))
        if not isinstance(name, str):
            raise ValueError(located(f"An Exporter must have a string name. Given: {type(name)}"))
    if len(set(names)) < len(names):
        raise ValueError(located("`exporters` must have unique names. All exporter names: "
                                 f"{names}"))
    return tuple(exporters)


class TrainSpec(namedtuple("TrainSpec", ("input_fn", "max_steps", "hooks", "saving_listeners"))):
    """How `train_and_evaluate` trains.

    Args:
        input_fn: function that returns a Dataset, or features and labels.
        max_steps: the global step to stop at; None to train until the input ends.
        hooks: list of hooks.
        saving_listeners: list of CheckpointSaverListener.

    Raises:
        TypeError: something is not of its kind.
        ValueError: `max_steps` is not positive.

    Example:
        >>> import flowgraph as fg
        >>> fg.estimator.TrainSpec(lambda: None, max_steps=100).max_steps
        100
    """

    __slots__ = ()

    def __new__(cls, input_fn: Callable[..., Any], max_steps: int | None = None,
                hooks: Any = None, saving_listeners: Any = None) -> TrainSpec:
        _check_input_fn(input_fn)
        if max_steps is not None and max_steps <= 0:
            raise ValueError(located(f"Must specify max_steps > 0, given: {max_steps}"))
        return super().__new__(
            cls, input_fn, max_steps, _all_of(hooks, SessionRunHook, "hooks"),
            _all_of(saving_listeners, CheckpointSaverListener, "saving_listeners"))


class EvalSpec(namedtuple("EvalSpec", (
        "input_fn", "steps", "name", "hooks", "exporters", "start_delay_secs", "throttle_secs"))):
    """How `train_and_evaluate` evaluates and exports.

    Args:
        input_fn: function that returns a Dataset, or features and labels.
        steps: how many batches; None for all.
        name: name of the evaluation.
        hooks: list of hooks.
        exporters: an Exporter, or list of them.
        start_delay_secs: accepted; it is for evaluation in a process of its own.
        throttle_secs: least seconds between two evaluations, but for the last one.

    Raises:
        TypeError: something is not of its kind.
        ValueError: a number is negative, or two exporters have one name.

    Example:
        >>> import flowgraph as fg
        >>> fg.estimator.EvalSpec(lambda: None).steps
        100
    """

    __slots__ = ()

    def __new__(cls, input_fn: Callable[..., Any], steps: int | None = 100,
                name: str | None = None, hooks: Any = None, exporters: Any = None,
                start_delay_secs: float = 120, throttle_secs: float = 600) -> EvalSpec:
        _check_input_fn(input_fn)
        if steps is not None and steps <= 0:
            raise ValueError(located(f"Must specify steps > 0, given: {steps}"))
        if name is not None and not isinstance(name, str):
            raise TypeError(located(f"`name` must be string, given: {name!r}"))
        for key, value in (("start_delay_secs", start_delay_secs),
                           ("throttle_secs", throttle_secs)):
            if value < 0:
                raise ValueError(located(f"Must specify {key} >= 0, given: {value}"))
        return super().__new__(cls, input_fn, steps, name,
                               _all_of(hooks, SessionRunHook, "hooks"), _exporters(exporters),
                               start_delay_secs, throttle_secs)


def train_and_evaluate(estimator: Estimator, train_spec: TrainSpec,
                       eval_spec: EvalSpec) -> tuple[Any, Any]:
    """Trains, and after checkpoints evaluates and exports; at the end once more.

    Args:
        estimator: the Estimator.
        train_spec: a TrainSpec.
        eval_spec: an EvalSpec.

    Returns:
        The metrics of the last evaluation and a list of what the exporters returned; None for both
        when there was none, as nothing was left to train.

    Raises:
        TypeError: an argument is of another kind.

    Example:
        >>> import numpy as np
        >>> import flowgraph as fg
        >>> x = fg.feature_column.numeric_column("x")
        >>> data = fg.estimator.inputs.numpy_input_fn(
        ...     {"x": np.ones([4, 1])}, np.ones([4]), num_epochs=None, shuffle=True)
        >>> metrics, exports = fg.estimator.train_and_evaluate(
        ...     fg.estimator.LinearRegressor([x]), fg.estimator.TrainSpec(data, max_steps=3),
        ...     fg.estimator.EvalSpec(data, steps=2))
        >>> metrics["global_step"], exports
        (np.int64(3), [])
    """
    for name, value, kind in (("estimator", estimator, Estimator),
                              ("train_spec", train_spec, TrainSpec),
                              ("eval_spec", eval_spec, EvalSpec)):
        if not isinstance(value, kind):
            raise TypeError(located(f"`{name}` must have type `tf.estimator.{kind.__name__}`. Got: "
                                    f"{type(value)}"))
    config = estimator.config
    logger().info("Running training and evaluation locally (non-distributed).")
    logger().info("Start train and evaluate loop. The evaluate will happen after every checkpoint. "
                  "Checkpoint frequency is determined based on RunConfig arguments: "
                  "save_checkpoints_steps %s or save_checkpoints_secs %s.",
                  config.save_checkpoints_steps, config.save_checkpoints_secs)
    evaluations = _Evaluations(estimator, eval_spec, train_spec.max_steps)
    estimator.train(train_spec.input_fn, hooks=train_spec.hooks, max_steps=train_spec.max_steps,
                    saving_listeners=(*train_spec.saving_listeners, evaluations))
    return evaluations.metrics, evaluations.exports


class _Evaluations(CheckpointSaverListener):
    """Evaluates and exports after checkpoints."""

    def __init__(self, estimator: Estimator, spec: EvalSpec, max_steps: int | None) -> None:
        self._estimator, self._spec, self._max_steps = estimator, spec, max_steps
        self.metrics: Any = None
        self.exports: Any = None

    def begin(self) -> None:
        """Starts to measure time."""
        self._timer = SecondOrStepTimer(every_secs=self._spec.throttle_secs)
        self._is_first = True

    def after_save(self, session: Any, global_step_value: int) -> None:
        """Evaluates, but for the checkpoint before training."""
        if self._is_first:
            self._is_first = False
        elif self._timer.should_trigger_for_step(global_step_value):
            self._evaluate(global_step_value)
        else:
            logger().info("Skip the current checkpoint eval due to throttle secs (%s secs).",
                          self._spec.throttle_secs)

    def end(self, session: Any, global_step_value: int) -> None:
        """Evaluates the last checkpoint, unless that is done."""
        if global_step_value != self._timer.last_triggered_step():
            self._evaluate(global_step_value)

    def _evaluate(self, step: int) -> None:
        self._timer.update_last_triggered_step(step)
        spec, checkpoint = self._spec, self._estimator.latest_checkpoint()
        self.metrics = self._estimator.evaluate(spec.input_fn, spec.steps, spec.hooks, checkpoint,
                                                spec.name)
        is_last = bool(self._max_steps
                       and self.metrics[GraphKeys.GLOBAL_STEP] >= self._max_steps)
        self.exports = [
            exporter.export(self._estimator, os.path.join(self._estimator.model_dir, "export",
                                                          exporter.name),
                            checkpoint, self.metrics, is_last) for exporter in spec.exporters]
