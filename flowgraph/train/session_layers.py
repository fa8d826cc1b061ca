"""The layers between a MonitoredSession and its Session, each doing one thing around `run`.

    MonitoredSession
      RecoverableSession     makes a new session after an AbortedError or UnavailableError
        CoordinatedSession   stops the threads; reports what went wrong in them
          HookedSession      calls the hooks
            Session

Each keeps the next one in `_sess`; programs go down that way to reach the Session itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from flowgraph.core.frames import located
from flowgraph.core.logger import logger
from flowgraph.errors import AbortedError, UnavailableError
from flowgraph.runtime.config import RunOptions
from flowgraph.summary.step_stats import RunMetadata
from flowgraph.train.session_run_hook import SessionRunArgs, SessionRunContext, SessionRunValues

PREEMPTION = (AbortedError, UnavailableError)  # a new session may do better after these


class StepContext:
    """What the function of `run_step_fn` is given.

    Args:
        session: the Session; running it calls no hooks.
        run_with_hooks_fn: runs like `MonitoredSession.run`.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.constant(2.0)
        >>> def step(step_context):
        ...     return step_context.run_with_hooks(x) + step_context.session.run(x)
        >>> with fg.train.MonitoredSession() as sess:
        ...     sess.run_step_fn(step)
        np.float32(4.0)
    """

    def __init__(self, session: Any, run_with_hooks_fn: Callable[..., Any]) -> None:
        self._session = session
        self._run_with_hooks_fn = run_with_hooks_fn

    @property
    def session(self) -> Any:
        """The Session; running it calls no hooks."""
        return self._session

    def run_with_hooks(self, *args: Any, **kwargs: Any) -> Any:
        """Runs as `MonitoredSession.run` does.

        Args:
            args, kwargs: as for `MonitoredSession.run`.
        """
        return self._run_with_hooks_fn(*args, **kwargs)

    def request_stop(self) -> None:
        """Ends the loop: leaves the step function and the with block."""
        raise StopIteration("step_fn has requested the iterations to stop.")


class WrappedSession:
    """A session around another one.

    Args:
        sess: the session inside.
    """

    def __init__(self, sess: Any) -> None:
        self._sess = sess

    @property
    def graph(self) -> Any:
        """The graph."""
        return self._sess.graph

    @property
    def sess_str(self) -> str:
        """The target, as given."""
        return self._sess.sess_str

    def should_stop(self) -> bool:
        """Whether the loop is to end, by this layer or one inside."""
        if self._sess is None or self._check_stop():
            return True
        return isinstance(self._sess, WrappedSession) and self._sess.should_stop()

    def _check_stop(self) -> bool:
        """Whether this layer wants the loop to end."""
        return False

    def close(self) -> None:
        """Closes the session inside."""
        if self._sess is None:
            return
        try:
            self._sess.close()
        except PREEMPTION as error:
            logger().warning("Closing the session failed: %s", error)
        finally:
            self._sess = None

    def run(self, fetches: Any, feed_dict: dict[Any, Any] | None = None, options: Any = None,
            run_metadata: Any = None) -> Any:
        """Runs the session inside; parameters as those of `Session.run`."""
        return self._sess.run(fetches, feed_dict, options, run_metadata)

    def run_step_fn(self, step_fn: Callable[[StepContext], Any], raw_session: Any,
                    run_with_hooks: Callable[..., Any] | None) -> Any:
        """Calls `step_fn` with a StepContext."""
        return step_fn(StepContext(raw_session, run_with_hooks or self.run))


class RecoverableSession(WrappedSession):
    """Makes a new session when one was aborted, and runs again.

    Args:
        sess_creator: object whose `create_session()` makes the session inside.
    """

    def __init__(self, sess_creator: Any) -> None:
        self._sess_creator = sess_creator
        super().__init__(self._create_session())

    def _create_session(self) -> Any:
        while True:
            try:
                return self._sess_creator.create_session()
            except PREEMPTION as error:
                logger().info("A session could not be made, another one is tried: %s", error)

    def _replace(self, error: Exception) -> None:
        logger().info("The session is closed and a new one is made, after an error: %s", error)
        self.close()

    def should_stop(self) -> bool:
        """Whether the loop is to end; makes a new session if a thread reports that one helps."""
        try:
            return super().should_stop()
        except PREEMPTION as error:
            self._replace(error)
            self._sess = self._create_session()
            return False
        except Exception:  # of a thread; it is raised when the session is closed
            return True

    def run(self, fetches: Any, feed_dict: dict[Any, Any] | None = None, options: Any = None,
            run_metadata: Any = None) -> Any:
        """Runs, in a new session after an error that one may help against."""
        while True:
            try:
                if self._sess is None:
                    self._sess = self._create_session()
                return self._sess.run(fetches, feed_dict, options, run_metadata)
            except PREEMPTION as error:
                self._replace(error)

    def run_step_fn(self, step_fn: Callable[[StepContext], Any], raw_session: Any,
                    run_with_hooks: Callable[..., Any] | None) -> Any:
        """Calls `step_fn`, again after an error that a new session may help against."""
        while True:
            try:
                if self._sess is None:
                    self._sess = self._create_session()
                    raw_session = self._sess_creator.tf_sess
                return self._sess.run_step_fn(step_fn, raw_session, self._sess.run)
            except PREEMPTION as error:
                self._replace(error)


class CoordinatedSession(WrappedSession):
    """Stops the threads that feed the session before it is closed.

    Args:
        sess: the session inside.
        coord: the Coordinator of the threads.
        stop_grace_period_secs: how long they may take to end, in seconds.
    """

    def __init__(self, sess: Any, coord: Any, stop_grace_period_secs: float = 120) -> None:
        super().__init__(sess)
        self._coord = coord
        self._stop_grace_period_secs = stop_grace_period_secs

    def _check_stop(self) -> bool:
        self._coord.raise_requested_exception()
        return self._coord.should_stop()

    def close(self) -> None:
        """Asks the threads to end, waits for them, and closes the session.

        Raises:
            Exception: what went wrong in a thread.
        """
        self._coord.request_stop()
        try:
            self._coord.join(stop_grace_period_secs=self._stop_grace_period_secs,
                             ignore_live_threads=True)
        finally:
            super().close()

    def run(self, fetches: Any, feed_dict: dict[Any, Any] | None = None, options: Any = None,
            run_metadata: Any = None) -> Any:
        """Runs; after an error, one of a thread that a new session helps against comes first."""
        try:
            return self._sess.run(fetches, feed_dict, options, run_metadata)
        except PREEMPTION:
            raise
        except Exception as error:
            try:
                self._coord.raise_requested_exception()
            except PREEMPTION:
                raise
            except Exception:  # it is raised when the session is closed
                raise error from None
            raise


class HookedSession(WrappedSession):
    """Calls hooks before and after each run.

    Args:
        sess: the Session.
        hooks: the hooks, in the order in which they are called.
    """

    def __init__(self, sess: Any, hooks: Iterable[Any]) -> None:
        super().__init__(sess)
        self._hooks = hooks
        self._should_stop = False
        # What hooks are shown of runs without options; to make them anew takes 5 us a run.
        self._options, self._run_metadata = RunOptions(), RunMetadata()

    def _check_stop(self) -> bool:
        return self._should_stop

    def run(self, fetches: Any, feed_dict: dict[Any, Any] | None = None, options: Any = None,
            run_metadata: Any = None) -> Any:
        """Runs what the caller and the hooks ask for, in one run.

        Raises:
            RuntimeError: the loop should have ended, or two feed one tensor.
        """
        if self._should_stop:
            raise RuntimeError(located("Run called even after should_stop requested.",
                                       "Write the loop as `while not sess.should_stop():`."))
        context = SessionRunContext(SessionRunArgs(fetches, feed_dict), self._sess)
        asked, places = [fetches], []
        hook_feeds: dict[Any, Any] = {}
        for hook in self._hooks:
            request = hook.before_run(context)
            if request is None or request.fetches is None:
                places.append(0)
            else:
                places.append(len(asked))
                asked.append(request.fetches)
            if request is None:
                continue
            if request.feed_dict:
                _refuse_common(hook_feeds, request.feed_dict, "Same tensor is fed by two hooks.")
                hook_feeds.update(request.feed_dict)
            if request.options:
                options = _merged(options, request.options)
        if hook_feeds and feed_dict:
            _refuse_common(feed_dict, hook_feeds,
                           "Same tensor is fed by a SessionRunHook and user.")
            hook_feeds.update(feed_dict)
        if options is not None:
            run_metadata = run_metadata or RunMetadata()
        outputs = self._sess.run(asked, hook_feeds or feed_dict, options, run_metadata)
        options, run_metadata = options or self._options, run_metadata or self._run_metadata
        for hook, place in zip(self._hooks, places, strict=True):
            hook.after_run(context, SessionRunValues(outputs[place] if place else None, options,
                                                     run_metadata))
        self._should_stop = self._should_stop or context.stop_requested
        return outputs[0]


def _refuse_common(feeds: dict[Any, Any], more: dict[Any, Any], problem: str) -> None:
    common = feeds.keys() & more.keys()
    if common:
        raise RuntimeError(located(f"{problem} Conflict(s): {list(common)}"))


def _merged(options: Any, more: Any) -> RunOptions:
    """Options that ask for what both ask for; the caller's own stay as they are."""
    result = RunOptions()
    if options is not None:
        result.CopyFrom(options)
    for field in ("trace_level", "timeout_in_ms", "inter_op_thread_pool",
                  "output_partition_graphs", "report_tensor_allocations_upon_oom"):
        setattr(result, field, max(getattr(result, field), getattr(more, field)))
    return result
