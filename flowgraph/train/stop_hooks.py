"""Hooks about when training starts and ends, and about what is fed and run then."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from flowgraph.core.frames import located
from flowgraph.core.logger import logger
from flowgraph.errors import OutOfRangeError
from flowgraph.train.global_step import global_step_read
from flowgraph.train.session_run_hook import (
    SessionRunArgs,
    SessionRunContext,
    SessionRunHook,
    SessionRunValues,
)

_WAIT = 0.5  # seconds between two looks at the global step
_LOG_EVERY = 1000  # steps between two lines of one who waits


class StopAtStepHook(SessionRunHook):
    """Ends the loop at a global step.

    Args:
        num_steps: how many more steps are made.
        last_step: the global step after which it ends; give one of the two.

    Raises:
        ValueError: both are given, or neither.

    Example:
        >>> import flowgraph as fg
        >>> train = fg.train.get_or_create_global_step().assign_add(1)
        >>> hook = fg.train.StopAtStepHook(last_step=3)
        >>> with fg.train.MonitoredSession(hooks=[hook]) as sess:
        ...     while not sess.should_stop():
        ...         print(sess.run(train))
        1
        2
        3
    """

    def __init__(self, num_steps: int | None = None, last_step: int | None = None) -> None:
        if num_steps is None and last_step is None:
            raise ValueError(located("One of num_steps or last_step must be specified."))
        if num_steps is not None and last_step is not None:
            raise ValueError(located("Only one of num_steps or last_step can be specified."))
        self._num_steps = num_steps
        self._last_step: Any = last_step

    def begin(self) -> None:
        """Finds the global step."""
        self._global_step_tensor = global_step_read("StopAtStepHook")

    def after_create_session(self, session: Any, coord: Any) -> None:
        """Works out the last step, the first time."""
        if self._last_step is None:
            self._last_step = session.run(self._global_step_tensor) + self._num_steps

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs:
        """Asks for the global step."""
        return SessionRunArgs(self._global_step_tensor)

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Ends the loop at the last step."""
        # What the run fetched is the step before it or after it: ask again when it is close.
        if (run_values.results + 1 >= self._last_step
                and run_context.session.run(self._global_step_tensor) >= self._last_step):
            run_context.request_stop()


class GlobalStepWaiterHook(SessionRunHook):
    """Lets the first run wait until others have brought the global step so far.

    Args:
        wait_until_step: the global step to wait for.

    Example:
        >>> import flowgraph as fg
        >>> train = fg.train.get_or_create_global_step().assign_add(1)
        >>> hook = fg.train.GlobalStepWaiterHook(wait_until_step=0)
        >>> with fg.train.MonitoredSession(hooks=[hook]) as sess:
        ...     sess.run(train)
        np.int64(1)
    """

    def __init__(self, wait_until_step: int) -> None:
        self._wait_until_step = wait_until_step

    def begin(self) -> None:
        """Finds the global step."""
        self._worker_is_started = False
        self._global_step_tensor = global_step_read("GlobalStepWaiterHook")

    def before_run(self, run_context: SessionRunContext) -> None:
        """Waits, before the first run."""
        if self._worker_is_started:
            return
        if self._wait_until_step > 0:
            self._wait(run_context.session)
        self._worker_is_started = True

    def _wait(self, session: Any) -> None:
        goal, logged = self._wait_until_step, 0
        logger().info("Waiting for global step %d before starting training.", goal)
        while True:
            step = session.run(self._global_step_tensor)
            if step >= goal:
                return
            if step - logged > _LOG_EVERY:
                logger().info("Waiting for global step %d before starting training. Current step "
                              "is %d.", goal, step)
                logged = step
            time.sleep(_WAIT)


class FinalOpsHook(SessionRunHook):
    """Runs something at the end, and keeps the values.

    Args:
        final_ops: what to run, as for `Session.run`; None for nothing.
        final_ops_feed_dict: values to feed then.

    Example:
        >>> import flowgraph as fg
        >>> step = fg.train.get_or_create_global_step()
        >>> hook = fg.train.FinalOpsHook(step)
        >>> train = step.assign_add(1)
        >>> with fg.train.MonitoredSession(hooks=[hook]) as sess:
        ...     _ = sess.run(train), sess.run(train)
        >>> hook.final_ops_values
        np.int64(2)
    """

    def __init__(self, final_ops: Any, final_ops_feed_dict: dict[Any, Any] | None = None) -> None:
        self._final_ops = final_ops
        self._final_ops_feed_dict = final_ops_feed_dict
        self._final_ops_values: Any = None

    @property
    def final_ops_values(self) -> Any:
        """The values, nested as what was run; None before the end."""
        return self._final_ops_values

    def end(self, session: Any) -> None:
        """Runs it.

        Raises:
            OutOfRangeError: what is run reads from an input that has come to its end.
        """
        if self._final_ops is None:
            return
        try:
            self._final_ops_values = session.run(self._final_ops, self._final_ops_feed_dict)
        except (OutOfRangeError, StopIteration):
            logger().warning("What FinalOpsHook runs reads from an input that has come to its end. "
                             "Let it read variables only: of a metric, the value and not the "
                             "update.")
            raise


class FeedFnHook(SessionRunHook):
    """Feeds each run what a function returns.

    Args:
        feed_fn: function without arguments that returns a feed_dict.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.placeholder(fg.float32, [])
        >>> hook = fg.train.FeedFnHook(lambda: {x: 3.0})
        >>> with fg.train.MonitoredSession(hooks=[hook]) as sess:
        ...     sess.run(x)
        np.float32(3.0)
    """

    def __init__(self, feed_fn: Callable[[], dict[Any, Any]]) -> None:
        self.feed_fn = feed_fn

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs:
        """Calls the function."""
        return SessionRunArgs(None, self.feed_fn())
