"""Checkpoints while training: a hook saves them, listeners act around each save."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from flowgraph.core.frames import located
from flowgraph.core.logger import logger
from flowgraph.graph.collections import GraphKeys
from flowgraph.graph.graph import get_default_graph
from flowgraph.train.global_step import global_step_read
from flowgraph.train.graph_files import write_graph_files
from flowgraph.train.hook_timer import SecondOrStepTimer
from flowgraph.train.session_run_hook import (
    SessionRunArgs,
    SessionRunContext,
    SessionRunHook,
    SessionRunValues,
)


class CheckpointSaverListener:
    """Base of objects that a CheckpointSaverHook calls around each save.

    Example:
        >>> import tempfile
        >>> import flowgraph as fg
        >>> class Tell(fg.train.CheckpointSaverListener):
        ...     def after_save(self, session, global_step_value):
        ...         print("saved at", global_step_value)
        >>> train = fg.train.get_or_create_global_step().assign_add(1)
        >>> hook = fg.train.CheckpointSaverHook(tempfile.mkdtemp(), save_steps=100,
        ...                                     scaffold=(parts := fg.train.Scaffold()),
        ...                                     listeners=[Tell()])
        >>> with fg.train.SingularMonitoredSession(hooks=[hook], scaffold=parts) as sess:
        ...     _ = sess.run(train), sess.run(train)
        saved at 0
        saved at 2
    """

    def begin(self) -> None:
        """Called once, before the session is made."""

    def before_save(self, session: Any, global_step_value: int) -> None:
        """Called before each save.

        Args:
            session: the Session.
            global_step_value: the global step.
        """

    def after_save(self, session: Any, global_step_value: int) -> bool | None:
        """Called after each save.

        Args:
            session: the Session.
            global_step_value: the global step.

        Returns:
            True to end the training loop.
        """
        return None

    def end(self, session: Any, global_step_value: int) -> None:
        """Called at the end, after the last save.

        Args:
            session: the Session.
            global_step_value: the global step.
        """


class CheckpointSaverHook(SessionRunHook):
    """Saves a checkpoint when the session is made, every so many seconds or steps, and at the end.

    Args:
        checkpoint_dir: folder of the checkpoints.
        save_secs: seconds between two saves.
        save_steps: global steps between two saves; give one of the two.
        saver: the Saver.
        checkpoint_basename: what the names of checkpoints begin with.
        scaffold: the Scaffold whose saver is used; with neither, the only one of the collection
            SAVERS.
        listeners: list of CheckpointSaverListener.

    Raises:
        ValueError: `saver` and `scaffold` are given, or both or none of `save_secs` and
            `save_steps`.

    Example:
        >>> import tempfile
        >>> import flowgraph as fg
        >>> train = fg.train.get_or_create_global_step().assign_add(1)
        >>> folder = tempfile.mkdtemp()
        >>> hook = fg.train.CheckpointSaverHook(folder, save_steps=2, saver=fg.train.Saver())
        >>> with fg.train.SingularMonitoredSession(hooks=[hook]) as sess:
        ...     for _ in range(3):
        ...         _ = sess.run(train)
        >>> state = fg.train.get_checkpoint_state(folder)
        >>> [path.partition("-")[2] for path in state.all_model_checkpoint_paths]
        ['0', '2', '3']
    """

    def __init__(self, checkpoint_dir: Any, save_secs: float | None = None,
                 save_steps: int | None = None, saver: Any = None,
                 checkpoint_basename: str = "model.ckpt", scaffold: Any = None,
                 listeners: Iterable[Any] | None = None) -> None:
        logger().info("Create CheckpointSaverHook.")
        if saver is not None and scaffold is not None:
            raise ValueError(located("You cannot provide both saver and scaffold."))
        self._checkpoint_dir = os.fsdecode(checkpoint_dir)
        self._save_path = os.path.join(self._checkpoint_dir, checkpoint_basename)
        self._saver, self._scaffold = saver, scaffold
        self._timer = SecondOrStepTimer(every_secs=save_secs, every_steps=save_steps)
        self._listeners = list(listeners or ())

    def begin(self) -> None:
        """Finds the global step, and opens the event file."""
        from flowgraph.summary import FileWriterCache
        self._summary_writer = FileWriterCache.get(self._checkpoint_dir)
        self._global_step_tensor = global_step_read("CheckpointSaverHook")
        for listener in self._listeners:
            listener.begin()

    def after_create_session(self, session: Any, coord: Any) -> None:
        """Writes the graph, and the first checkpoint."""
        step = session.run(self._global_step_tensor)
        write_graph_files(get_default_graph(), self._checkpoint_dir, self._summary_writer,
                          self._get_saver())
        self._save(session, step)
        self._timer.update_last_triggered_step(step)

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs:
        """Asks for the global step."""
        return SessionRunArgs(self._global_step_tensor)

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Saves when it is time; ends the loop when a listener asks for that."""
        if not self._timer.should_trigger_for_step(run_values.results + 1):
            return
        step = run_context.session.run(self._global_step_tensor)
        if self._timer.should_trigger_for_step(step):
            self._timer.update_last_triggered_step(step)
            if self._save(run_context.session, step):
                run_context.request_stop()

    def end(self, session: Any) -> None:
        """Saves the last step, unless that is saved already."""
        step = session.run(self._global_step_tensor)
        if step != self._timer.last_triggered_step():
            self._save(session, step)
        for listener in self._listeners:
            listener.end(session, step)

    def _save(self, session: Any, step: Any) -> bool:
        """Saves a checkpoint; returns whether a listener asks for the end of training."""
        from flowgraph.summary import SessionLog
        logger().info("Saving checkpoints for %d into %s.", step, self._save_path)
        for listener in self._listeners:
            listener.before_save(session, step)
        self._get_saver().save(session, self._save_path, global_step=step)
        self._summary_writer.add_session_log(
            SessionLog(status=SessionLog.CHECKPOINT, checkpoint_path=self._save_path), step)
        should_stop = False
        for listener in self._listeners:
            if listener.after_save(session, step):
                logger().info("A CheckpointSaverListener requested that training be stopped. "
                              "listener: %s", listener)
                should_stop = True
        return should_stop

    def _get_saver(self) -> Any:
        if self._saver is not None:
            return self._saver
        if self._scaffold is not None:
            return self._scaffold.saver
        savers = get_default_graph().get_collection(GraphKeys.SAVERS)
        if len(savers) != 1:
            raise RuntimeError(located(
                f"The collection {GraphKeys.SAVERS} holds {len(savers)} savers; CheckpointSaverHook"
                " needs one.", "Give it the one to use: CheckpointSaverHook(..., saver=saver)."))
        self._saver = savers[0]
        return self._saver
