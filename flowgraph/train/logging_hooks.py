"""Hooks that watch training: they log values and speed, and stop when the loss is NaN."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from flowgraph.core.frames import located
from flowgraph.core.logger import logger
from flowgraph.graph.graph import get_default_graph
from flowgraph.train.global_step import get_global_step, global_step_read
from flowgraph.train.hook_timer import NeverTimer, SecondOrStepTimer
from flowgraph.train.session_run_hook import (
    SessionRunArgs,
    SessionRunContext,
    SessionRunHook,
    SessionRunValues,
)

_MOST_WARNINGS = 5


class LoggingTensorHook(SessionRunHook):
    """Logs the values of tensors, as "loss = 0.5, step = 100 (0.123 sec)".

    Args:
        tensors: list of tensors or their names; or dict of them by what to call them.
        every_n_iter: runs between two lines.
        every_n_secs: seconds between two lines; give one of the two, unless `at_end` is given.
        at_end: whether to log at the end, too.
        formatter: function from the dict of values to the line.

    Raises:
        ValueError: both or none of `every_n_iter` and `every_n_secs` are given, or `every_n_iter`
            is not positive.

    Example:
        >>> import logging, sys
        >>> import flowgraph as fg
        >>> loss = fg.constant(0.5)
        >>> hook = fg.train.LoggingTensorHook({"loss": loss}, every_n_iter=100)
        >>> log, shown = logging.getLogger("tensorflow"), logging.StreamHandler(sys.stdout)
        >>> log.addHandler(shown)
        >>> with fg.train.SingularMonitoredSession(hooks=[hook]) as sess:
        ...     log.setLevel("INFO")
        ...     _ = sess.run([])
        ...     log.setLevel("NOTSET")
        loss = 0.5
        >>> log.removeHandler(shown)
    """

    def __init__(self, tensors: Any, every_n_iter: int | None = None,
                 every_n_secs: float | None = None, at_end: bool = False,
                 formatter: Callable[[dict[Any, Any]], str] | None = None) -> None:
        only_at_end = at_end and every_n_iter is None and every_n_secs is None
        if not only_at_end and (every_n_iter is None) == (every_n_secs is None):
            raise ValueError(located("either at_end and/or exactly one of every_n_iter and "
                                     "every_n_secs must be provided."))
        if every_n_iter is not None and every_n_iter <= 0:
            raise ValueError(located(f"invalid every_n_iter={every_n_iter}."))
        if isinstance(tensors, dict):
            self._tag_order = sorted(tensors)
            self._tensors = tensors
        else:
            self._tag_order = tensors
            self._tensors = {tensor: tensor for tensor in tensors}
        self._formatter = formatter
        self._timer: Any = (NeverTimer() if only_at_end else
                            SecondOrStepTimer(every_secs=every_n_secs, every_steps=every_n_iter))
        self._log_at_end = at_end

    def begin(self) -> None:
        """Finds the tensors in the graph."""
        self._timer.reset()
        self._iter_count = 0
        self._current_tensors = {tag: _element(tensor) for tag, tensor in self._tensors.items()}

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs | None:
        """Asks for the values when it is time to log."""
        self._should_trigger = self._timer.should_trigger_for_step(self._iter_count)
        return SessionRunArgs(self._current_tensors) if self._should_trigger else None

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Logs the values that it asked for."""
        if self._should_trigger:
            self._log_tensors(run_values.results)
        self._iter_count += 1

    def end(self, session: Any) -> None:
        """Logs the values once more if `at_end` was given."""
        if self._log_at_end:
            self._log_tensors(session.run(self._current_tensors))

    def _log_tensors(self, values: dict[Any, Any]) -> None:
        seconds, _ = self._timer.update_last_triggered_step(self._iter_count)
        with np.printoptions(suppress=True):
            if self._formatter:
                logger().info(self._formatter(values))
                return
            line = ", ".join(f"{tag!s} = {values[tag]!s}" for tag in self._tag_order)
            if seconds is None:
                logger().info("%s", line)
            else:
                logger().info("%s (%.3f sec)", line, seconds)


def _element(tensor: Any) -> Any:
    """The tensor of the default graph that is meant; a name may leave out the ":0"."""
    graph = get_default_graph()
    if not isinstance(tensor, str):
        if getattr(tensor, "graph", None) is not graph:
            raise ValueError(located(f"Passed {tensor!r:.200} should have graph attribute that is "
                                     f"equal to current graph {graph!r}."))
        return tensor
    if ":" in tensor:
        return graph.as_graph_element(tensor)
    found = graph.as_graph_element(tensor + ":0")
    if len(found.op.outputs) > 1:
        raise ValueError(located(f"Name {tensor} is ambiguous, as this Operation has multiple "
                                 "outputs (at least 2)."))
    return found


class StepCounterHook(SessionRunHook):
    """Logs how many global steps a second are made, and writes it as the summary
    "global_step/sec".

    Args:
        every_n_steps: steps between two lines.
        every_n_secs: seconds between two lines; then `every_n_steps` must be None.
        output_dir: folder of the event file.
        summary_writer: a FileWriter to use instead of one for `output_dir`.

    Raises:
        ValueError: both or none of `every_n_steps` and `every_n_secs` are given.

    Example:
        >>> import flowgraph as fg
        >>> train = fg.train.get_or_create_global_step().assign_add(1)
        >>> hook = fg.train.StepCounterHook(every_n_steps=10)
        >>> with fg.train.SingularMonitoredSession(hooks=[hook]) as sess:
        ...     for _ in range(12):
        ...         step = sess.run(train)
        >>> step
        np.int64(12)
    """

    def __init__(self, every_n_steps: int | None = 100, every_n_secs: float | None = None,
                 output_dir: str | None = None, summary_writer: Any = None) -> None:
        if (every_n_steps is None) == (every_n_secs is None):
            raise ValueError(located("exactly one of every_n_steps and every_n_secs should be "
                                     "provided."))
        self._timer = SecondOrStepTimer(every_steps=every_n_steps, every_secs=every_n_secs)
        self._summary_writer = summary_writer
        self._output_dir = output_dir
        self._last_global_step: int | None = None
        self._warnings = 0

    def begin(self) -> None:
        """Finds the global step, and opens the event file."""
        if self._summary_writer is None and self._output_dir:
            from flowgraph.summary import FileWriterCache
            self._summary_writer = FileWriterCache.get(self._output_dir)
        self._global_step_tensor = global_step_read("StepCounterHook")
        self._summary_tag = f"{get_global_step().op.name}/sec"

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs:
        """Asks for the global step."""
        return SessionRunArgs(self._global_step_tensor)

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Logs the speed when it is time; warns when the global step stands still."""
        before = run_values.results
        if self._timer.should_trigger_for_step(before + 1):
            step = run_context.session.run(self._global_step_tensor)
            if self._timer.should_trigger_for_step(step):
                seconds, steps = self._timer.update_last_triggered_step(step)
                if seconds is not None:
                    self._log_and_record(steps, seconds, step)
        if before == self._last_global_step and self._warnings < _MOST_WARNINGS:
            self._warnings += 1
            logger().warning(
                "The global step has not increased: it is %s, as before the last run. Is it "
                "missing in optimizer.minimize(loss, global_step="
                "tf.train.get_or_create_global_step())?", before)
        self._last_global_step = before

    def _log_and_record(self, elapsed_steps: Any, elapsed_time: Any, global_step: Any) -> None:
        speed = elapsed_steps / elapsed_time if elapsed_time else float("inf")
        if self._summary_writer is not None:
            from flowgraph.summary import Summary
            self._summary_writer.add_summary(
                Summary(value=[Summary.Value(tag=self._summary_tag, simple_value=speed)]),
                global_step)
        logger().info("%s: %g", self._summary_tag, speed)


class NanLossDuringTrainingError(RuntimeError):
    """The loss became NaN. NanTensorHook raises it."""

    def __str__(self) -> str:
        return "NaN loss during training."


class NanTensorHook(SessionRunHook):
    """Ends training when the loss is NaN.

    Args:
        loss_tensor: the loss, a scalar.
        fail_on_nan_loss: whether to raise NanLossDuringTrainingError; else the loop just ends.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.placeholder(fg.float32, [])
        >>> hook = fg.train.NanTensorHook(fg.sqrt(x), fail_on_nan_loss=True)
        >>> with fg.train.SingularMonitoredSession(hooks=[hook]) as sess:
        ...     _ = sess.run([], {x: 4.0})
        ...     _ = sess.run([], {x: -4.0})
        Traceback (most recent call last):
        flowgraph.train.logging_hooks.NanLossDuringTrainingError: NaN loss during training.
    """

    def __init__(self, loss_tensor: Any, fail_on_nan_loss: bool = True) -> None:
        self._loss_tensor = loss_tensor
        self._fail_on_nan_loss = fail_on_nan_loss

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs:
        """Asks for the loss."""
        return SessionRunArgs(self._loss_tensor)

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Raises, or ends the loop, if the loss is NaN."""
        if not np.isnan(run_values.results):
            return
        problem = "Model diverged with loss = NaN."
        if self._fail_on_nan_loss:
            logger().error(problem)
            raise NanLossDuringTrainingError
        logger().warning(problem)
        run_context.request_stop()
