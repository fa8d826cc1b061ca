"""Hooks that end training early: when a metric is good enough, or gets no better any more.

They read what `Estimator.evaluate` has written, so that they need evaluations while training goes
on, as `train_and_evaluate` makes them.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from glob import glob
from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.core.logger import logger
from flowgraph.graph.collections import GraphKeys
from flowgraph.ops.initializers import Constant
from flowgraph.ops.state import assign
from flowgraph.ops.variable_scope import AUTO_REUSE, get_variable, variable_scope
from flowgraph.train.global_step import get_global_step
from flowgraph.train.hook_timer import SecondOrStepTimer
from flowgraph.train.session_run_hook import (
    SessionRunArgs,
    SessionRunContext,
    SessionRunHook,
    SessionRunValues,
)


def make_early_stopping_hook(estimator: Any, should_stop_fn: Callable[[], bool],
                             run_every_secs: float | None = 60,
                             run_every_steps: int | None = None) -> SessionRunHook:
    """A hook that ends training when a function says so.

    Args:
        estimator: the Estimator.
        should_stop_fn: function without arguments that tells whether to stop.
        run_every_secs: seconds between two calls of it.
        run_every_steps: steps between two calls; give one of the two, and None for the other.

    Returns:
        The hook.

    Raises:
        TypeError: something is of another kind.
        ValueError: both or none of the last two are given.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.feature_column.numeric_column("x")
        >>> hook = fg.estimator.experimental.make_early_stopping_hook(
        ...     fg.estimator.LinearRegressor([x]), lambda: True)
        >>> isinstance(hook, fg.train.SessionRunHook)
        True
    """
    from flowgraph.estimator.estimator import Estimator
    if not isinstance(estimator, Estimator):
        raise TypeError(located(f"`estimator` must have type `tf.estimator.Estimator`. Got: "
                                f"{type(estimator)}"))
    if not callable(should_stop_fn):
        raise TypeError(located("`should_stop_fn` must be callable."))
    if (run_every_secs is None) == (run_every_steps is None):
        raise ValueError(located("Only one of `run_every_secs` and `run_every_steps` must be set."))
    return _StopWhenHook(should_stop_fn, run_every_secs, run_every_steps)


class _StopWhenHook(SessionRunHook):
    """Ends training when a function says so, and notes that in a variable of the checkpoint."""

    def __init__(self, should_stop_fn: Callable[[], bool], run_every_secs: float | None,
                 run_every_steps: int | None) -> None:
        self._should_stop_fn = should_stop_fn
        self._timer = SecondOrStepTimer(every_secs=run_every_secs, every_steps=run_every_steps)

    def begin(self) -> None:
        """Makes the variable."""
        self._global_step = get_global_step()
        with variable_scope("signal_early_stopping", reuse=AUTO_REUSE):
            stop = get_variable("STOP", shape=[], dtype=dt.bool_, initializer=Constant(False),
                                collections=[GraphKeys.GLOBAL_VARIABLES], trainable=False)
        self._stop_op = assign(stop, True)

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs:
        """Asks for the global step."""
        return SessionRunArgs(self._global_step)

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Asks the function when it is time."""
        step = run_values.results
        if self._timer.should_trigger_for_step(step):
            self._timer.update_last_triggered_step(step)
            if self._should_stop_fn():
                logger().info("Requesting early stopping at global step %d", step)
                run_context.session.run(self._stop_op)
                run_context.request_stop()


def read_eval_metrics(eval_dir: str) -> dict[int, dict[str, float]]:
    """The metrics that evaluations have written.

    Args:
        eval_dir: folder of the event files, as `Estimator.eval_dir()`.

    Returns:
        Dict from global steps, in order, to dicts of metrics by name.

    Example:
        >>> import numpy as np
        >>> import flowgraph as fg
        >>> model = fg.estimator.LinearRegressor([fg.feature_column.numeric_column("x")])
        >>> data = fg.estimator.inputs.numpy_input_fn({"x": np.ones([4])}, np.ones([4]),
        ...                                           shuffle=False)
        >>> results = model.train(data, steps=1).evaluate(data)
        >>> found = fg.contrib.estimator.read_eval_metrics(model.eval_dir())
        >>> [int(step) for step in found], bool(found[1]["loss"] == results["loss"])
        ([1], True)
    """
    from flowgraph.summary.event_file import summary_iterator
    found: dict[int, dict[str, float]] = {}
    for path in sorted(glob(os.path.join(eval_dir, "*.tfevents.*"))):
        for event in summary_iterator(path):
            metrics = {value.tag: value.simple_value for value in event.summary.value
                       if value.HasField("simple_value")}
            if metrics:
                found.setdefault(event.step, {}).update(metrics)
    return dict(sorted(found.items()))


def _threshold_hook(estimator: Any, metric_name: str, threshold: float, sign: int, eval_dir: Any,
                    min_steps: int, run_every_secs: Any, run_every_steps: Any) -> SessionRunHook:
    folder = eval_dir or estimator.eval_dir()

    def should_stop() -> bool:
        for step, metrics in read_eval_metrics(folder).items():
            if step >= min_steps and sign * metrics[metric_name] > sign * threshold:
                logger().info('At step %s, metric "%s" has value %s which is %s the configured '
                              "threshold (%s) for early stopping.", step, metric_name,
                              metrics[metric_name],
                              "greater than" if sign > 0 else "less than", threshold)
                return True
        return False
    return make_early_stopping_hook(estimator, should_stop, run_every_secs, run_every_steps)


def _no_better_hook(estimator: Any, metric_name: str, most_steps: int, sign: int, eval_dir: Any,
                    min_steps: int, run_every_secs: Any, run_every_steps: Any) -> SessionRunHook:
    folder = eval_dir or estimator.eval_dir()

    def should_stop() -> bool:
        best, best_step = None, 0
        for step, metrics in read_eval_metrics(folder).items():
            if step < min_steps:
                continue
            value = sign * metrics[metric_name]
            if best is None or value > best:
                best, best_step = value, step
            if step - best_step >= most_steps:
                logger().info('No %s in metric "%s" for %s steps, which is greater than or equal '
                              "to max steps (%s) configured for early stopping.",
                              "increase" if sign > 0 else "decrease", metric_name,
                              step - best_step, most_steps)
                return True
        return False
    return make_early_stopping_hook(estimator, should_stop, run_every_secs, run_every_steps)


def stop_if_higher_hook(estimator: Any, metric_name: str, threshold: float, eval_dir: Any = None,
                        min_steps: int = 0, run_every_secs: float | None = 60,
                        run_every_steps: int | None = None) -> SessionRunHook:
    """A hook that ends training when a metric is above a threshold.

    Args:
        estimator: the Estimator.
        metric_name: name of the metric.
        threshold: the threshold.
        eval_dir: folder of the evaluations' event files; default that of the Estimator.
        min_steps: evaluations before this step do not count.
        run_every_secs, run_every_steps: as for `make_early_stopping_hook`.

    Returns:
        The hook.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.feature_column.numeric_column("x")
        >>> hook = fg.estimator.experimental.stop_if_higher_hook(
        ...     fg.estimator.LinearClassifier([x]), "accuracy", 0.9)
        >>> isinstance(hook, fg.train.SessionRunHook)
        True
    """
    return _threshold_hook(estimator, metric_name, threshold, 1, eval_dir, min_steps,
                           run_every_secs, run_every_steps)


def stop_if_lower_hook(estimator: Any, metric_name: str, threshold: float, eval_dir: Any = None,
                       min_steps: int = 0, run_every_secs: float | None = 60,
                       run_every_steps: int | None = None) -> SessionRunHook:
    """A hook that ends training when a metric is below a threshold.

    Args:
        estimator, metric_name, threshold, eval_dir, min_steps, run_every_secs, run_every_steps: as
            for `stop_if_higher_hook`.

    Returns:
        The hook.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.feature_column.numeric_column("x")
        >>> hook = fg.estimator.experimental.stop_if_lower_hook(
        ...     fg.estimator.LinearRegressor([x]), "loss", 0.1)
        >>> isinstance(hook, fg.train.SessionRunHook)
        True
    """
    return _threshold_hook(estimator, metric_name, threshold, -1, eval_dir, min_steps,
                           run_every_secs, run_every_steps)


def stop_if_no_increase_hook(estimator: Any, metric_name: str, max_steps_without_increase: int,
                             eval_dir: Any = None, min_steps: int = 0,
                             run_every_secs: float | None = 60,
                             run_every_steps: int | None = None) -> SessionRunHook:
    """A hook that ends training when a metric has not grown for some steps.

    Args:
        estimator, metric_name, eval_dir, min_steps, run_every_secs, run_every_steps: as for
            `stop_if_higher_hook`.
        max_steps_without_increase: for how many steps.

    Returns:
        The hook.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.feature_column.numeric_column("x")
        >>> hook = fg.estimator.experimental.stop_if_no_increase_hook(
        ...     fg.estimator.LinearClassifier([x]), "accuracy", 1000)
        >>> isinstance(hook, fg.train.SessionRunHook)
        True
    """
    return _no_better_hook(estimator, metric_name, max_steps_without_increase, 1, eval_dir,
                           min_steps, run_every_secs, run_every_steps)


def stop_if_no_decrease_hook(estimator: Any, metric_name: str, max_steps_without_decrease: int,
                             eval_dir: Any = None, min_steps: int = 0,
                             run_every_secs: float | None = 60,
                             run_every_steps: int | None = None) -> SessionRunHook:
    """A hook that ends training when a metric has not fallen for some steps.

    Args:
        estimator, metric_name, eval_dir, min_steps, run_every_secs, run_every_steps: as for
            `stop_if_higher_hook`.
        max_steps_without_decrease: for how many steps.

    Returns:
        The hook.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.feature_column.numeric_column("x")
        >>> hook = fg.estimator.experimental.stop_if_no_decrease_hook(
        ...     fg.estimator.LinearRegressor([x]), "loss", 1000)
        >>> isinstance(hook, fg.train.SessionRunHook)
        True
    """
    return _no_better_hook(estimator, metric_name, max_steps_without_decrease, -1, eval_dir,
                           min_steps, run_every_secs, run_every_steps)
