"""Monitored sessions: sessions for training loops, which initialize, restore, save and recover.

    with tf.train.MonitoredTrainingSession(checkpoint_dir=folder, hooks=hooks) as sess:
        while not sess.should_stop():
            sess.run(train)

Entering makes what the model needs around it (`Scaffold`), finalizes the graph, restores the latest
checkpoint or initializes, and starts the queue runners. Each run calls the hooks. An
OutOfRangeError ends the with block quietly, any other error is passed on. Leaving lets the hooks
end, which saves the last checkpoint, and stops the threads. The layers of such a session:
`session_layers.py`.
"""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Any

from flowgraph.core.frames import located
from flowgraph.errors import OutOfRangeError
from flowgraph.graph.collections import GraphKeys
from flowgraph.graph.graph import get_default_graph
from flowgraph.train.checkpoint_hooks import CheckpointSaverHook
from flowgraph.train.coordinator import Coordinator
from flowgraph.train.logging_hooks import StepCounterHook
from flowgraph.train.queue_runner import start_queue_runners
from flowgraph.train.scaffold import Scaffold
from flowgraph.train.session_layers import (
    CoordinatedSession,
    HookedSession,
    RecoverableSession,
    StepContext,
    WrappedSession,
)
from flowgraph.train.session_manager import SessionManager
from flowgraph.train.summary_hook import SummarySaverHook

USE_DEFAULT: Any = object()


class SessionCreator(ABC):
    """Base of objects that make the sessions of a monitored session.

    Example:
        >>> import flowgraph as fg
        >>> class Plain(fg.train.SessionCreator):
        ...     def create_session(self):
        ...         return fg.Session()
        >>> x = fg.constant(1.0)
        >>> with fg.train.MonitoredSession(Plain()) as sess:
        ...     sess.run(x)
        np.float32(1.0)
    """

    @abstractmethod
    def create_session(self) -> Any:
        """Makes a Session whose variables are set."""


class ChiefSessionCreator(SessionCreator):
    """Makes sessions that restore the latest checkpoint, or else initialize.

    Args:
        scaffold: the Scaffold; default a new one.
        master: accepted; there is one process.
        config: a ConfigProto.
        checkpoint_dir: folder of checkpoints.
        checkpoint_filename_with_path: name of a checkpoint; give this or the folder.

    Example:
        >>> import flowgraph as fg
        >>> v = fg.get_variable("v", initializer=1.0)
        >>> with fg.train.MonitoredSession(fg.train.ChiefSessionCreator()) as sess:
        ...     sess.run(v)
        np.float32(1.0)
    """

    def __init__(self, scaffold: Scaffold | None = None, master: str = "", config: Any = None,
                 checkpoint_dir: Any = None, checkpoint_filename_with_path: Any = None) -> None:
        self._scaffold = scaffold or Scaffold()
        self._master, self._config = master, config
        self._checkpoint_dir = checkpoint_dir
        self._checkpoint_filename_with_path = checkpoint_filename_with_path
        self._session_manager: SessionManager | None = None

    def create_session(self) -> Any:
        """Makes a Session whose variables are set."""
        scaffold = self._scaffold.finalize()
        self._session_manager = self._session_manager or _manager(scaffold)
        return self._session_manager.prepare_session(
            self._master, saver=scaffold.saver, checkpoint_dir=self._checkpoint_dir,
            checkpoint_filename_with_path=self._checkpoint_filename_with_path,
            config=self._config, init_op=scaffold.init_op,
            init_feed_dict=scaffold.init_feed_dict, init_fn=scaffold.init_fn)


class WorkerSessionCreator(SessionCreator):
    """Makes sessions when others have set the variables.

    Variables belong to one Session, so that only a model without any, or one that its
    `local_init_op` sets, ever gets ready.

    Args:
        scaffold: the Scaffold; default a new one.
        master: accepted; there is one process.
        config: a ConfigProto.
        max_wait_secs: how long to wait, in seconds.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.constant(1.0)
        >>> with fg.train.MonitoredSession(fg.train.WorkerSessionCreator()) as sess:
        ...     sess.run(x)
        np.float32(1.0)
    """

    def __init__(self, scaffold: Scaffold | None = None, master: str = "", config: Any = None,
                 max_wait_secs: float = 1800) -> None:
        self._scaffold = scaffold or Scaffold()
        self._master, self._config = master, config
        self._max_wait_secs = max_wait_secs
        self._session_manager: SessionManager | None = None

    def create_session(self) -> Any:
        """Makes a Session whose variables are set.

        Raises:
            DeadlineExceededError: they were not set in time.
        """
        scaffold = self._scaffold.finalize()
        self._session_manager = self._session_manager or _manager(scaffold)
        return self._session_manager.wait_for_session(
            self._master, config=self._config, max_wait_secs=self._max_wait_secs)


def _manager(scaffold: Scaffold) -> SessionManager:
    return SessionManager(local_init_op=scaffold.local_init_op, ready_op=scaffold.ready_op,
                          ready_for_local_init_op=scaffold.ready_for_local_init_op,
                          graph=get_default_graph())


class _CoordinatedSessionCreator(SessionCreator):
    """Makes a session, starts its threads, and tells the hooks.

    Attributes:
        tf_sess: the Session itself; None when it is closed.
        coord: the Coordinator of its threads.
    """

    def __init__(self, session_creator: Any, hooks: list[Any],
                 stop_grace_period_secs: float) -> None:
        self._session_creator = session_creator
        self._hooks = hooks
        self._stop_grace_period_secs = stop_grace_period_secs
        self.tf_sess: Any = None
        self.coord: Any = None

    def create_session(self) -> CoordinatedSession:
        """Makes the layers that know threads and hooks, around a new Session."""
        self.tf_sess = self._session_creator.create_session()
        # An OutOfRangeError of a thread, too, is to come out of the run that waits for its data.
        self.coord = Coordinator(clean_stop_exception_types=[])
        try:
            if get_default_graph().get_collection(GraphKeys.QUEUE_RUNNERS):
                start_queue_runners(sess=self.tf_sess, coord=self.coord)
            for hook in self._hooks:
                hook.after_create_session(self.tf_sess, self.coord)
        except BaseException:  # nobody will close it, nor end the waiting of its threads
            self.coord.request_stop()
            self.tf_sess.close()
            raise
        return CoordinatedSession(HookedSession(self.tf_sess, self._hooks), self.coord,
                                  self._stop_grace_period_secs)


class _MonitoredSession:
    """What MonitoredSession and SingularMonitoredSession share."""

    StepContext = StepContext

    def __init__(self, session_creator: Any, hooks: Iterable[Any] | None, should_recover: bool,
                 stop_grace_period_secs: float) -> None:
        self._graph_was_finalized = get_default_graph().finalized
        self._hooks = list(hooks or ())
        for hook in self._hooks:
            hook.begin()
        self._coordinated_creator = _CoordinatedSessionCreator(
            session_creator or ChiefSessionCreator(), self._hooks, stop_grace_period_secs)
        self._sess: WrappedSession | None = (
            RecoverableSession(self._coordinated_creator) if should_recover
            else self._coordinated_creator.create_session())

    @property
    def graph(self) -> Any:
        """The graph; None when the session is closed."""
        sess = self._tf_sess()
        return None if sess is None else sess.graph

    def run(self, fetches: Any, feed_dict: dict[Any, Any] | None = None, options: Any = None,
            run_metadata: Any = None) -> Any:
        """Runs as `Session.run` does, and calls the hooks.

        Args:
            fetches, feed_dict, options, run_metadata: as for `Session.run`.

        Returns:
            As `Session.run`.

        Raises:
            RuntimeError: the session is closed, or a hook has asked for the end of the loop.
        """
        return self._layers().run(fetches, feed_dict, options, run_metadata)

    def run_step_fn(self, step_fn: Callable[..., Any]) -> Any:
        """Calls a function that may run several times, with hooks and without.

        Args:
            step_fn: function of one argument, which must be called `step_context`: a StepContext.

        Returns:
            What the function returns.

        Raises:
            ValueError: the function takes other arguments.
            StopIteration: it has called `step_context.request_stop()`; the with block ends then.
        """
        names = tuple(inspect.signature(step_fn).parameters)
        if names not in (("step_context",), ("self", "step_context")):
            raise ValueError(located(
                "`step_fn` may either have one `step_context` argument, or `self` and "
                f"`step_context` arguments if it's an instance method. Got {names} instead."))
        return self._layers().run_step_fn(step_fn, self._tf_sess(), None)

    def should_stop(self) -> bool:
        """Whether the loop is to end: a hook or a thread asks for it, or the session is closed."""
        return self._sess is None or self._sess.should_stop()

    def close(self) -> None:
        """Lets the hooks end, stops the threads, and closes the session."""
        self._close_internal()

    def __enter__(self) -> Any:
        return self

    def __exit__(self, exception_type: Any, exception_value: Any, traceback: Any) -> bool:
        if exception_type in (OutOfRangeError, StopIteration):
            exception_type = None
        self._close_internal(exception_type)
        return exception_type is None

    def _close_internal(self, exception_type: Any = None) -> None:
        try:
            if not exception_type:
                for hook in self._hooks:
                    hook.end(self._coordinated_creator.tf_sess)
        finally:
            try:
                self._layers().close()
            finally:
                self._sess = None
                self._coordinated_creator.tf_sess = self._coordinated_creator.coord = None
                if not self._graph_was_finalized:
                    get_default_graph()._unsafe_unfinalize()

    def _layers(self) -> WrappedSession:
        if self._sess is None:
            raise RuntimeError(located("Session is already closed."))
        return self._sess

    def _is_closed(self) -> bool:
        return self._coordinated_creator.tf_sess is None

    def _tf_sess(self) -> Any:
        return self._coordinated_creator.tf_sess


class MonitoredSession(_MonitoredSession):
    """A session for loops: it initializes, calls hooks, and recovers.

    After an AbortedError or UnavailableError a new session is made, which restores the latest
    checkpoint, and the run is tried again.

    Args:
        session_creator: makes the Session; default `ChiefSessionCreator()`.
        hooks: list of hooks.
        stop_grace_period_secs: how long threads may take to end, in seconds.

    Example:
        >>> import flowgraph as fg
        >>> v = fg.get_variable("v", initializer=1.0)
        >>> double = v.assign(v * 2.0)
        >>> with fg.train.MonitoredSession() as sess:
        ...     while sess.run(double) < 8.0:
        ...         print(sess.run(v))
        2.0
        4.0
    """

    def __init__(self, session_creator: Any = None, hooks: Iterable[Any] | None = None,
                 stop_grace_period_secs: float = 120) -> None:
        super().__init__(session_creator, hooks, True, stop_grace_period_secs)


class SingularMonitoredSession(_MonitoredSession):
    """A session for loops that initializes and calls hooks, and does not recover.

    Args:
        hooks: list of hooks.
        scaffold: the Scaffold; default a new one.
        master: accepted; there is one process.
        config: a ConfigProto.
        checkpoint_dir: folder of checkpoints, of which the latest is restored.
        stop_grace_period_secs: how long threads may take to end, in seconds.
        checkpoint_filename_with_path: name of a checkpoint; give this or the folder.

    Example:
        >>> import flowgraph as fg
        >>> v = fg.get_variable("v", initializer=1.0)
        >>> with fg.train.SingularMonitoredSession() as sess:
        ...     sess.raw_session().run(v)
        np.float32(1.0)
    """

    def __init__(self, hooks: Iterable[Any] | None = None, scaffold: Scaffold | None = None,
                 master: str = "", config: Any = None, checkpoint_dir: Any = None,
                 stop_grace_period_secs: float = 120,
                 checkpoint_filename_with_path: Any = None) -> None:
        creator = ChiefSessionCreator(scaffold, master, config, checkpoint_dir,
                                      checkpoint_filename_with_path)
        super().__init__(creator, hooks, False, stop_grace_period_secs)

    def raw_session(self) -> Any:
        """The Session itself; running it calls no hooks."""
        return self._tf_sess()


def MonitoredTrainingSession(master: str = "", is_chief: bool = True, checkpoint_dir: Any = None,
                             scaffold: Scaffold | None = None, hooks: Iterable[Any] | None = None,
                             chief_only_hooks: Iterable[Any] | None = None,
                             save_checkpoint_secs: Any = USE_DEFAULT,
                             save_summaries_steps: Any = USE_DEFAULT,
                             save_summaries_secs: Any = USE_DEFAULT, config: Any = None,
                             stop_grace_period_secs: float = 120,
                             log_step_count_steps: int | None = 100, max_wait_secs: float = 7200,
                             save_checkpoint_steps: Any = USE_DEFAULT,
                             summary_dir: Any = None) -> MonitoredSession:
    """A MonitoredSession with the hooks that training needs: checkpoints, summaries, speed.

    Args:
        master: accepted; there is one process.
        is_chief: whether this is the process that initializes and saves; another one waits until
            the variables are set.
        checkpoint_dir: folder of the checkpoints; the latest is restored. None for none.
        scaffold: the Scaffold; default a new one.
        hooks: list of hooks.
        chief_only_hooks: list of hooks that are left out unless `is_chief`.
        save_checkpoint_secs: seconds between checkpoints; default 600; None for none.
        save_summaries_steps: steps between summaries; default 100; None for none.
        save_summaries_secs: seconds between summaries.
        config: a ConfigProto.
        stop_grace_period_secs: how long threads may take to end, in seconds.
        log_step_count_steps: steps between two lines about the speed; None for none.
        max_wait_secs: how long to wait if not `is_chief`, in seconds.
        save_checkpoint_steps: steps between checkpoints.
        summary_dir: folder of the event file; default `checkpoint_dir`.

    Returns:
        A MonitoredSession.

    Example:
        >>> import tempfile
        >>> import flowgraph as fg
        >>> folder = tempfile.mkdtemp()
        >>> train = fg.train.get_or_create_global_step().assign_add(1)
        >>> for last in 3, 5:
        ...     hooks = [fg.train.StopAtStepHook(last_step=last)]
        ...     with fg.train.MonitoredTrainingSession(checkpoint_dir=folder, hooks=hooks) as sess:
        ...         while not sess.should_stop():
        ...             print(sess.run(train), end=" ")
        1 2 3 4 5
    """
    if save_summaries_steps is USE_DEFAULT and save_summaries_secs is USE_DEFAULT:
        save_summaries_steps = 100
    if save_checkpoint_steps is USE_DEFAULT and save_checkpoint_secs is USE_DEFAULT:
        save_checkpoint_secs = 600
    save_summaries_steps, save_summaries_secs, save_checkpoint_steps, save_checkpoint_secs = (
        None if value is USE_DEFAULT else value for value in (
            save_summaries_steps, save_summaries_secs, save_checkpoint_steps,
            save_checkpoint_secs))
    scaffold = scaffold or Scaffold()
    if not is_chief:
        worker = WorkerSessionCreator(scaffold, master, config, max_wait_secs)
        return MonitoredSession(worker, hooks, stop_grace_period_secs)
    all_hooks = list(chief_only_hooks or ())
    summary_dir = summary_dir or checkpoint_dir
    if summary_dir and (log_step_count_steps or 0) > 0:
        all_hooks.append(StepCounterHook(log_step_count_steps, output_dir=summary_dir))
    if summary_dir and ((save_summaries_steps or 0) > 0 or (save_summaries_secs or 0) > 0):
        all_hooks.append(SummarySaverHook(save_summaries_steps, save_summaries_secs, summary_dir,
                                          scaffold=scaffold))
    if checkpoint_dir and ((save_checkpoint_secs or 0) > 0 or (save_checkpoint_steps or 0) > 0):
        all_hooks.append(CheckpointSaverHook(checkpoint_dir, save_checkpoint_secs,
                                             save_checkpoint_steps, scaffold=scaffold))
    chief = ChiefSessionCreator(scaffold, master, config, checkpoint_dir)
    return MonitoredSession(chief, [*all_hooks, *(hooks or ())], stop_grace_period_secs)
