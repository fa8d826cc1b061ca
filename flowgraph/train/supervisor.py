"""Supervisor: what ran training loops before there were monitored sessions.

    sv = tf.train.Supervisor(logdir=folder)
    with sv.managed_session() as sess:
        while not sv.should_stop():
            sess.run(train)

It restores or initializes, and starts threads that save checkpoints and summaries every so many
seconds, and the queue runners. An OutOfRangeError ends the with block quietly.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core.deprecation import deprecated
from flowgraph.core.frames import located
from flowgraph.core.logger import logger
from flowgraph.graph.collections import GraphKeys
from flowgraph.graph.graph import Graph, get_default_graph
from flowgraph.ops.identity import group
from flowgraph.ops.lookup_static import tables_initializer
from flowgraph.ops.variable_lists import (
    global_variables,
    global_variables_initializer,
    local_variables_initializer,
    report_uninitialized_variables,
)
from flowgraph.train.coordinator import Coordinator, LooperThread
from flowgraph.train.global_step import global_step as number_of_steps
from flowgraph.train.graph_files import write_graph_files
from flowgraph.train.saver import Saver
from flowgraph.train.session_manager import SessionManager
from flowgraph.train.supervisor_threads import (
    SVStepCounterThread,
    SVSummaryThread,
    SVTimerCheckpointThread,
)


class Supervisor:
    """Runs a training loop: initializes or restores, saves checkpoints and summaries, stops.

    What is left at `USE_DEFAULT` is taken from the graph's collection of that purpose, or made. The
    graph is finalized. Deprecated: use `tf.train.MonitoredTrainingSession`.

    Args:
        graph: the graph; default the default graph.
        ready_op: string tensor with the names of variables without a value.
        ready_for_local_init_op: likewise, before `local_init_op` may run; default none.
        is_chief: whether this is the process that initializes and saves.
        init_op: sets the variables, unless a checkpoint is restored.
        init_feed_dict: values to feed when `init_op` runs.
        local_init_op: run in each session, after the variables were set.
        logdir: folder of checkpoints and event file; None for none.
        summary_op: string tensor with all summaries; None for none.
        saver: a Saver; None for none.
        global_step: the variable that counts steps; None for none.
        save_summaries_secs: seconds between summaries; 0 for none.
        save_model_secs: seconds between checkpoints; 0 for none.
        recovery_wait_secs: seconds between two looks for a checkpoint.
        stop_grace_secs: how long threads may take to end, in seconds.
        checkpoint_basename: what the names of checkpoints begin with.
        session_manager: a SessionManager.
        summary_writer: a FileWriter; None for none.
        init_fn: function of the Session, called after `init_op`.
        local_init_run_options: RunOptions for `local_init_op`.

    Raises:
        ValueError: not `is_chief`, and a variable has no device.

    Example:
        >>> import flowgraph as fg
        >>> train = fg.train.get_or_create_global_step().assign_add(1)
        >>> sv = fg.train.Supervisor()
        >>> with sv.managed_session() as sess:
        ...     while not sv.should_stop():
        ...         if sess.run(train) == 3:
        ...             sv.request_stop()
        ...     sess.run(sv.global_step)
        np.int64(3)
    """

    USE_DEFAULT = 0

    def __init__(self, graph: Graph | None = None, ready_op: Any = USE_DEFAULT,
                 ready_for_local_init_op: Any = USE_DEFAULT, is_chief: bool = True,
                 init_op: Any = USE_DEFAULT, init_feed_dict: dict[Any, Any] | None = None,
                 local_init_op: Any = USE_DEFAULT, logdir: Any = None,
                 summary_op: Any = USE_DEFAULT, saver: Any = USE_DEFAULT,
                 global_step: Any = USE_DEFAULT, save_summaries_secs: float = 120,
                 save_model_secs: float = 600, recovery_wait_secs: float = 30,
                 stop_grace_secs: float = 120, checkpoint_basename: str = "model.ckpt",
                 session_manager: SessionManager | None = None,
                 summary_writer: Any = USE_DEFAULT,
                 init_fn: Callable[[Any], Any] | None = None,
                 local_init_run_options: Any = None) -> None:
        deprecated("Please switch to tf.train.MonitoredTrainingSession", name="Supervisor.__init__")
        from flowgraph.summary import FileWriter, merge_all
        default = Supervisor.USE_DEFAULT
        self._graph = graph or get_default_graph()
        with self._graph.as_default():
            self._ready_op = (_found_or_made(GraphKeys.READY_OP, report_uninitialized_variables)
                              if ready_op is default else ready_op)
            self._ready_for_local_init_op = (_found(GraphKeys.READY_FOR_LOCAL_INIT_OP)
                                             if ready_for_local_init_op is default
                                             else ready_for_local_init_op)
            self._init_op = (_found_or_made(GraphKeys.INIT_OP, global_variables_initializer)
                             if init_op is default else init_op)
            self._local_init_op = (_found_or_made(GraphKeys.LOCAL_INIT_OP, _initialize_local)
                                   if local_init_op is default else local_init_op)
            self._saver = (_found_or_made(GraphKeys.SAVERS, _new_saver)
                           if saver is default else saver)
            self._summary_op = (_found_or_made(GraphKeys.SUMMARY_OP, merge_all)
                                if summary_op is default else summary_op)
            self._global_step = (_found_or_made(GraphKeys.GLOBAL_STEP, _step_of_the_graph)
                                 if global_step is default else global_step)
        self._init_feed_dict, self._init_fn = init_feed_dict, init_fn
        self._is_chief = is_chief
        self._coord = Coordinator()
        self._stop_grace_secs = stop_grace_secs
        self._logdir = self._save_path = None
        self._save_summaries_secs: float | None = None
        self._save_model_secs: float | None = None
        self._summary_writer: Any = None
        self._graph_added_to_summary = False
        if is_chief:
            self._logdir = os.fsdecode(logdir) if logdir else None
            self._save_summaries_secs = save_summaries_secs
            self._save_model_secs = save_model_secs
            if self._logdir:
                self._save_path = os.path.join(self._logdir, checkpoint_basename)
            if summary_writer is not default:
                self._summary_writer = summary_writer
            elif self._logdir:
                self._summary_writer = FileWriter(self._logdir)
        self._session_manager = session_manager or SessionManager(
            local_init_op=self._local_init_op, ready_op=self._ready_op,
            ready_for_local_init_op=self._ready_for_local_init_op, graph=self._graph,
            recovery_wait_secs=recovery_wait_secs, local_init_run_options=local_init_run_options)
        if not is_chief:
            _check_devices(self._graph)
        self._graph.finalize()

    # ---- what it is made of ----------------------------------------------------------------------

    @property
    def is_chief(self) -> bool:
        """Whether this is the process that initializes and saves."""
        return self._is_chief

    @property
    def session_manager(self) -> SessionManager:
        """Makes the sessions."""
        return self._session_manager

    @property
    def coord(self) -> Coordinator:
        """The Coordinator of the threads."""
        return self._coord

    @property
    def init_op(self) -> Any:
        """Sets the variables."""
        return self._init_op

    @property
    def init_feed_dict(self) -> dict[Any, Any] | None:
        """Values to feed when `init_op` runs."""
        return self._init_feed_dict

    @property
    def ready_op(self) -> Any:
        """The names of variables without a value."""
        return self._ready_op

    @property
    def ready_for_local_init_op(self) -> Any:
        """The names of variables that `local_init_op` needs and that have no value."""
        return self._ready_for_local_init_op

    @property
    def summary_writer(self) -> Any:
        """The FileWriter; None if there is none."""
        return self._summary_writer

    @property
    def summary_op(self) -> Any:
        """All summaries; None if there are none."""
        return self._summary_op

    @property
    def save_summaries_secs(self) -> float | None:
        """Seconds between summaries."""
        return self._save_summaries_secs

    @property
    def global_step(self) -> Any:
        """The variable that counts steps; None if there is none."""
        return self._global_step

    @property
    def saver(self) -> Any:
        """The Saver; None if there is none."""
        return self._saver

    @property
    def save_model_secs(self) -> float | None:
        """Seconds between checkpoints."""
        return self._save_model_secs

    @property
    def save_path(self) -> str | None:
        """What the names of checkpoints begin with; None without a folder."""
        return self._save_path

    # ---- sessions --------------------------------------------------------------------------------

    @contextmanager
    def managed_session(self, master: str = "", config: Any = None,
                        start_standard_services: bool = True,
                        close_summary_writer: bool = True) -> Iterator[Any]:
        """A session for a with block, which ends when one of its threads fails, and closes it.

        Args:
            master: accepted; there is one process.
            config: a ConfigProto.
            start_standard_services: whether to start the threads, and the queue runners.
            close_summary_writer: whether the event file is closed at the end.

        Raises:
            Exception: what went wrong in the block or in a thread; but not OutOfRangeError, which
                just ends it.
        """
        sess = None
        try:
            sess = self.prepare_or_wait_for_session(
                master, config, start_standard_services=start_standard_services)
            yield sess
        except Exception as error:  # stop() raises it, or what a thread reported before
            self.request_stop(error)
        finally:
            try:
                self.stop(close_summary_writer=close_summary_writer)
            finally:
                if sess is not None:
                    sess.close()

    def prepare_or_wait_for_session(self, master: str = "", config: Any = None,
                                    wait_for_checkpoint: bool = False,
                                    max_wait_secs: float = 7200,
                                    start_standard_services: bool = True) -> Any:
        """Makes a session whose variables are set.

        Args:
            master: accepted; there is one process.
            config: a ConfigProto.
            wait_for_checkpoint: whether to wait until there is a checkpoint.
            max_wait_secs: how long, in seconds.
            start_standard_services: whether to start the threads, and the queue runners.
        """
        self._coord.clear_stop()
        if self._summary_writer:
            self._summary_writer.reopen()
        if self._is_chief:
            sess = self._session_manager.prepare_session(
                master, init_op=self._init_op, saver=self._saver, checkpoint_dir=self._logdir,
                wait_for_checkpoint=wait_for_checkpoint, max_wait_secs=max_wait_secs,
                config=config, init_feed_dict=self._init_feed_dict, init_fn=self._init_fn)
            self._write_graph()
            if start_standard_services:
                logger().info("Starting standard services.")
                self.start_standard_services(sess)
        else:
            sess = self._session_manager.wait_for_session(master, config, max_wait_secs)
        if start_standard_services:
            logger().info("Starting queue runners.")
            self.start_queue_runners(sess)
        return sess

    def _write_graph(self) -> None:
        writer = None if self._graph_added_to_summary else self._summary_writer
        if self._logdir or writer:
            write_graph_files(self._graph, self._logdir, writer, self._saver)
        self._graph_added_to_summary = self._summary_writer is not None

    # ---- threads ---------------------------------------------------------------------------------

    def start_standard_services(self, sess: Any) -> list[LooperThread] | None:
        """Starts the threads that write summaries, speed and checkpoints.

        Args:
            sess: the Session.

        Returns:
            The threads; None without a folder.

        Raises:
            RuntimeError: not `is_chief`.
        """
        if not self._is_chief:
            raise RuntimeError(located("Only chief supervisor can start standard services: only it "
                                       "writes event files."))
        if not self._logdir:
            logger().warning("Standard services need a 'logdir' passed to the Supervisor")
            return None
        if self._global_step is not None and self._summary_writer:
            from flowgraph.summary import SessionLog
            self._summary_writer.add_session_log(SessionLog(status=SessionLog.START),
                                                 number_of_steps(sess, self._global_step))
        threads: list[LooperThread] = []
        if self._save_summaries_secs and self._summary_writer:
            if self._summary_op is not None:
                threads.append(SVSummaryThread(self, sess))
            if self._global_step is not None:
                threads.append(SVStepCounterThread(self, sess))
        if self._saver and self._save_model_secs:
            threads.append(SVTimerCheckpointThread(self, sess))
        for thread in threads:
            thread.start()
        return threads

    def start_queue_runners(self, sess: Any, queue_runners: Iterable[Any] | None = None
                            ) -> list[Any]:
        """Starts the threads of queue runners.

        Args:
            sess: the Session.
            queue_runners: list of QueueRunner; default those of the graph.

        Returns:
            The threads.
        """
        if queue_runners is None:
            queue_runners = self._graph.get_collection(GraphKeys.QUEUE_RUNNERS)
        return [thread for runner in queue_runners for thread in
                runner.create_threads(sess, coord=self._coord, daemon=True, start=True)]

    def loop(self, timer_interval_secs: float | None, target: Callable[..., Any],
             args: Any = None, kwargs: Any = None) -> LooperThread:
        """Starts a thread that calls a function every so many seconds until all stops.

        Args:
            timer_interval_secs: seconds from one call to the next; None for no pause.
            target: the function.
            args: its arguments.
            kwargs: its arguments by name.

        Returns:
            The thread.
        """
        thread = LooperThread(self._coord, timer_interval_secs, target, args, kwargs)
        thread.start()
        return thread

    def stop(self, threads: Iterable[Any] | None = None, close_summary_writer: bool = True,
             ignore_live_threads: bool = False) -> None:
        """Stops the threads, and waits until they have ended.

        Args:
            threads: more threads to wait for.
            close_summary_writer: whether the event file is closed then.
            ignore_live_threads: whether threads may go on after the time they are given.

        Raises:
            RuntimeError: a thread has not ended in time.
            Exception: what went wrong in a thread.
        """
        self._coord.request_stop()
        try:
            self._coord.join(threads, stop_grace_period_secs=self._stop_grace_secs,
                             ignore_live_threads=ignore_live_threads)
        finally:
            if close_summary_writer and self._summary_writer:
                from flowgraph.summary import SessionLog
                self._summary_writer.add_session_log(SessionLog(status=SessionLog.STOP))
                self._summary_writer.close()
                self._graph_added_to_summary = False

    def request_stop(self, ex: Any = None) -> None:
        """Asks the threads to stop.

        Args:
            ex: the exception, or `sys.exc_info()`, that is the reason.
        """
        self._coord.request_stop(ex)

    def should_stop(self) -> bool:
        """Whether somebody has asked to stop."""
        return self._coord.should_stop()

    def stop_on_exception(self) -> AbstractContextManager[Any]:
        """A with block for threads: what goes wrong in it stops all."""
        return self._coord.stop_on_exception()

    def wait_for_stop(self) -> None:
        """Waits until somebody asks to stop."""
        self._coord.wait_for_stop()

    def summary_computed(self, sess: Any, summary: Any, global_step: Any = None) -> None:
        """Writes a summary to the event file.

        Args:
            sess: the Session.
            summary: bytes of a Summary, or a Summary.
            global_step: the step; default that of the session.

        Raises:
            RuntimeError: there is no event file.
        """
        if not self._summary_writer:
            raise RuntimeError(located("Writing a summary requires a summary writer: give the "
                                       "Supervisor a logdir."))
        if global_step is None and self._global_step is not None:
            global_step = number_of_steps(sess, self._global_step)
        self._summary_writer.add_summary(summary, global_step)

    # Names of the first version, which programs of 2016 use.
    PrepareSession = prepare_or_wait_for_session
    StartQueueRunners = start_queue_runners
    StartStandardServices = start_standard_services
    Stop = stop
    RequestStop = request_stop
    Loop = loop
    ShouldStop = should_stop
    StopOnException = stop_on_exception
    WaitForStop = wait_for_stop
    SummaryComputed = summary_computed


def _found(collection: str) -> Any:
    """The first item of a collection; None if it is empty."""
    items = get_default_graph().get_collection(collection)
    if len(items) > 1:
        logger().info("Found %d %s operations. Returning the first one.", len(items), collection)
    return items[0] if items else None


def _found_or_made(collection: str, make: Callable[[], Any]) -> Any:
    """The first item of a collection; or else a new one, unless there is nothing to make it of."""
    item = _found(collection)
    if item is None:
        item = make()
        if item is not None:
            get_default_graph().add_to_collection(collection, item)
    return item


def _initialize_local() -> Any:
    return group(local_variables_initializer(), tables_initializer())


def _new_saver() -> Saver | None:
    return Saver() if global_variables() else None


def _step_of_the_graph() -> Any:
    """The tensor "global_step:0"; None if there is none, or if it is not an integer."""
    try:
        step = get_default_graph().get_tensor_by_name("global_step:0")
    except KeyError:
        return None
    if step.dtype.base_dtype in (dt.int32, dt.int64):
        return step
    logger().warning("Found 'global_step' is not an int type: %s", step.dtype)
    return None


def _check_devices(graph: Graph) -> None:
    for op in graph.get_operations():
        if op.type == "VariableV2" and not op.device:
            raise ValueError(located(
                f"When using replicas, all Variables must have their device set: {op.name!r}"))
