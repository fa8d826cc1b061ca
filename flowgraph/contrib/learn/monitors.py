"""Monitors: hooks of `tf.contrib.learn`'s `fit`."""

from __future__ import annotations

from typing import Any

from flowgraph.contrib.learn.refuse import refuse
from flowgraph.core.frames import located
from flowgraph.core.logger import logger
from flowgraph.train.global_step import get_global_step
from flowgraph.train.logging_hooks import LoggingTensorHook, NanTensorHook
from flowgraph.train.session_run_hook import (
    SessionRunArgs,
    SessionRunContext,
    SessionRunHook,
    SessionRunValues,
)
from flowgraph.train.stop_hooks import StopAtStepHook as StopAtStep

__all__ = ["NanTensorHook", "PrintTensor", "StopAtStep", "ValidationMonitor"]


class PrintTensor(LoggingTensorHook):
    """Logs tensors every so many steps, and in the first one.

    Args:
        tensor_names: list of names of tensors, or dict from tags to them.
        every_n: steps between two logs.
        first_n: must be 1: it is the first step that is logged besides.

    Raises:
        ValueError: `first_n` is another.

    Example:
        >>> import flowgraph as fg
        >>> monitor = fg.contrib.learn.monitors.PrintTensor(["global_step:0"], every_n=10)
        >>> isinstance(monitor, fg.train.SessionRunHook)
        True
    """

    def __init__(self, tensor_names: Any, every_n: int = 100, first_n: int = 1) -> None:
        refuse(1, first_n=first_n)
        super().__init__(tensor_names, every_n)


class ValidationMonitor(SessionRunHook):
    """Evaluates while training, each time there is a new checkpoint; may stop early.

    Args:
        x, y, input_fn, batch_size: the data, as for `evaluate`.
        eval_steps: how many batches; None for all.
        every_n_steps: steps between two looks for a new checkpoint.
        metrics: as for `evaluate`.
        hooks: list of hooks for the evaluations.
        early_stopping_rounds: training ends when the metric has not been better for so many steps;
            None for never.
        early_stopping_metric: name of the metric.
        early_stopping_metric_minimize: whether smaller is better.
        name: name of the evaluations.
        check_interval_secs: accepted.

    Raises:
        ValueError: no data is given.

    Example:
        >>> import numpy as np
        >>> import flowgraph as fg
        >>> monitor = fg.contrib.learn.monitors.ValidationMonitor(np.zeros([2, 1]), np.zeros([2]))
        >>> monitor.best_value is None
        True
    """

    def __init__(self, x: Any = None, y: Any = None, input_fn: Any = None,
                 batch_size: int | None = None, eval_steps: int | None = None,
                 every_n_steps: int = 100, metrics: Any = None, hooks: Any = None,
                 early_stopping_rounds: int | None = None, early_stopping_metric: str = "loss",
                 early_stopping_metric_minimize: bool = True, name: str | None = None,
                 check_interval_secs: float = 5) -> None:
        if x is None and input_fn is None:
            raise ValueError(located("Either x or input_fn should be provided."))
        self._data = {"x": x, "y": y, "input_fn": input_fn, "batch_size": batch_size,
                      "steps": eval_steps, "metrics": metrics, "hooks": hooks, "name": name}
        self._every, self._rounds = every_n_steps, early_stopping_rounds
        self._metric = early_stopping_metric
        self._sign = 1 if early_stopping_metric_minimize else -1
        self._estimator: Any = None
        self._seen: Any = None
        self._next = 0
        self.best_value: Any = None
        self.best_step: int | None = None
        self.early_stopped = False

    def set_estimator(self, estimator: Any) -> None:
        """Tells it the estimator that is trained; `fit` does.

        Args:
            estimator: the estimator.
        """
        self._estimator = estimator

    def begin(self) -> None:
        """Finds the global step."""
        self._global_step = get_global_step()

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs:
        """Asks for the global step."""
        return SessionRunArgs(self._global_step)

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Evaluates a new checkpoint when it is time."""
        step = int(run_values.results)
        if step < self._next:
            return
        self._next = step + self._every
        path = self._estimator._estimator.latest_checkpoint()
        if path is None or path == self._seen:
            logger().debug("Skipping evaluation since model has not been saved yet at step %d.",
                           step)
            return
        self._seen = path
        results = self._estimator.evaluate(**self._data)
        logger().info("Validation (step %d): %s", step, ", ".join(
            f"{key} = {value}" for key, value in sorted(results.items())))
        if self._rounds is None:
            return
        value = results[self._metric]
        if self.best_value is None or self._sign * value < self._sign * self.best_value:
            self.best_value, self.best_step = value, step
        elif step - (self.best_step or 0) >= self._rounds:
            logger().info("Stopping. Best step: %s with %s = %s.", self.best_step, self._metric,
                          self.best_value)
            self.early_stopped = True
            run_context.request_stop()


def hooks_of(monitors: Any, estimator: Any) -> list[SessionRunHook]:
    """The hooks that monitors are.

    Args:
        monitors: list of monitors and hooks, or one, or None.
        estimator: the estimator that is trained.
    """
    if monitors is None:
        return []
    hooks = [monitors] if isinstance(monitors, SessionRunHook) else list(monitors)
    for hook in hooks:
        if hasattr(hook, "set_estimator"):
            hook.set_estimator(estimator)
    return hooks
