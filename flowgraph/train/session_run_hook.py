"""Hooks: objects that a monitored session calls before and after each run.

    hook.begin()                             before the session is made; may add to the graph
    hook.after_create_session(sess, coord)   each time a session was made; also after a recovery
        hook.before_run(context)             before each run; asks for more fetches and feeds
        hook.after_run(context, values)      after each run, with the values that it asked for
    hook.end(sess)                           at the end, unless an error ended the loop
"""

from __future__ import annotations

from typing import Any, NamedTuple


class SessionRunHook:
    """Base of hooks; each method does nothing unless a subclass overrides it.

    Example:
        >>> import flowgraph as fg
        >>> class Steps(fg.train.SessionRunHook):
        ...     def begin(self):
        ...         self.steps = 0
        ...     def after_run(self, run_context, run_values):
        ...         self.steps += 1
        >>> hook, x = Steps(), fg.constant(1.0)
        >>> with fg.train.MonitoredSession(hooks=[hook]) as sess:
        ...     _ = sess.run(x), sess.run(x)
        >>> hook.steps
        2
    """

    def begin(self) -> None:
        """Called once, before the session is made: the last moment to add to the graph."""

    def after_create_session(self, session: Any, coord: Any) -> None:
        """Called when a session was made: once, and again after each recovery.

        Args:
            session: the new Session, its variables set.
            coord: the Coordinator of the session's threads.
        """

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs | None:
        """Called before each run.

        Args:
            run_context: the run to come.

        Returns:
            What to fetch and feed in addition, as SessionRunArgs; or None.
        """
        return None

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Called after each run that did not fail.

        Args:
            run_context: the run; `run_context.request_stop()` ends the loop after it.
            run_values: the values of what `before_run` asked for.
        """

    def end(self, session: Any) -> None:
        """Called at the end, before the session is closed; not when an error ends the loop.

        Args:
            session: the Session, which can still be run.
        """


class SessionRunArgs(NamedTuple):
    """What a run is asked for: the user's own request, or what a hook adds to it.

    Args:
        fetches: as for `Session.run`; None for nothing.
        feed_dict: values by tensor.
        options: a RunOptions.

    Example:
        >>> import flowgraph as fg
        >>> fg.train.SessionRunArgs("loss:0")
        SessionRunArgs(fetches='loss:0', feed_dict=None, options=None)
    """

    fetches: Any
    feed_dict: Any = None
    options: Any = None


class SessionRunContext:
    """One run of a monitored session, as hooks see it.

    Args:
        original_args: what the user asked for, as SessionRunArgs.
        session: the Session that runs it.

    Example:
        >>> import flowgraph as fg
        >>> class StopAtOnce(fg.train.SessionRunHook):
        ...     def after_run(self, run_context, run_values):
        ...         run_context.request_stop()
        >>> x = fg.constant(1.0)
        >>> with fg.train.MonitoredSession(hooks=[StopAtOnce()]) as sess:
        ...     while not sess.should_stop():
        ...         _ = sess.run(x)
    """

    def __init__(self, original_args: SessionRunArgs, session: Any) -> None:
        self._original_args = original_args
        self._session = session
        self._stop_requested = False

    @property
    def original_args(self) -> SessionRunArgs:
        """What the user asked for."""
        return self._original_args

    @property
    def session(self) -> Any:
        """The Session that runs it; running it calls no hooks."""
        return self._session

    @property
    def stop_requested(self) -> bool:
        """Whether the loop is to end after this run."""
        return self._stop_requested

    def request_stop(self) -> None:
        """Lets the monitored session's `should_stop()` be True after this run."""
        self._stop_requested = True


class SessionRunValues(NamedTuple):
    """What a hook gets after a run.

    Args:
        results: the values of what the hook asked for, nested as it asked; None if for nothing.
        options: the RunOptions of the run.
        run_metadata: the RunMetadata of the run.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.constant(3.0)
        >>> class Show(fg.train.SessionRunHook):
        ...     def before_run(self, run_context):
        ...         return fg.train.SessionRunArgs({"x": x})
        ...     def after_run(self, run_context, run_values):
        ...         print(run_values.results)
        >>> with fg.train.MonitoredSession(hooks=[Show()]) as sess:
        ...     _ = sess.run([])
        {'x': np.float32(3.0)}
    """

    results: Any
    options: Any
    run_metadata: Any
