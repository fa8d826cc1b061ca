"""SessionManager: sessions whose variables are set, from a checkpoint or by an `init_op`.

    prepare_session    restores a checkpoint, or else initializes; for the one who is in charge
    recover_session    restores a checkpoint; says whether that was enough
    wait_for_session   waits until others have initialized
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from flowgraph.core.frames import located
from flowgraph.core.logger import logger
from flowgraph.errors import DeadlineExceededError, FailedPreconditionError
from flowgraph.graph.graph import Graph, get_default_graph
from flowgraph.runtime.session import Session
from flowgraph.train.checkpoint_state import get_checkpoint_state

_FOREVER = float("inf")


class SessionManager:
    """Makes sessions whose variables are set.

    Args:
        local_init_op: run in each session, after the variables were set.
        ready_op: string tensor with the names of variables without a value; the session is ready
            when it is empty.
        ready_for_local_init_op: likewise, before `local_init_op` may run.
        graph: the graph; default the default graph.
        recovery_wait_secs: seconds between two looks for a checkpoint or an initialized variable.
        local_init_run_options: RunOptions for `local_init_op`.

    Raises:
        ValueError: `ready_for_local_init_op` is given without `local_init_op`.

    Example:
        >>> import flowgraph as fg
        >>> v = fg.get_variable("v", initializer=1.0)
        >>> manager = fg.train.SessionManager(ready_op=fg.report_uninitialized_variables())
        >>> sess = manager.prepare_session("", init_op=fg.global_variables_initializer())
        >>> sess.run(v)
        np.float32(1.0)
    """

    def __init__(self, local_init_op: Any = None, ready_op: Any = None,
                 ready_for_local_init_op: Any = None, graph: Graph | None = None,
                 recovery_wait_secs: float = 30, local_init_run_options: Any = None) -> None:
        if ready_for_local_init_op is not None and local_init_op is None:
            raise ValueError(located("If you pass a ready_for_local_init_op you must also pass a "
                                     f"local_init_op: {ready_for_local_init_op!r:.100}"))
        self._local_init_op, self._ready_op = local_init_op, ready_op
        self._ready_for_local_init_op = ready_for_local_init_op
        self._graph = graph or get_default_graph()
        self._recovery_wait_secs = recovery_wait_secs
        self._local_init_run_options = local_init_run_options

    def prepare_session(self, master: str, init_op: Any = None, saver: Any = None,
                        checkpoint_dir: Any = None, checkpoint_filename_with_path: Any = None,
                        wait_for_checkpoint: bool = False, max_wait_secs: float = 7200,
                        config: Any = None, init_feed_dict: dict[Any, Any] | None = None,
                        init_fn: Callable[[Any], Any] | None = None) -> Session:
        """Makes a session that is ready: from a checkpoint, or else by `init_op` and `init_fn`.

        Args:
            master: accepted; there is one process.
            init_op: sets the variables when there is no checkpoint.
            saver: the Saver to restore with.
            checkpoint_dir: folder of checkpoints, of which the latest is restored.
            checkpoint_filename_with_path: name of a checkpoint; give this or the folder.
            wait_for_checkpoint: whether to wait until there is a checkpoint.
            max_wait_secs: how long, in seconds.
            config: a ConfigProto.
            init_feed_dict: values to feed when `init_op` runs.
            init_fn: function of the Session, called after `init_op`.

        Raises:
            RuntimeError: there are variables without a value then, or nothing to set them with.
            ValueError: a folder and a checkpoint's name are given.
        """
        sess, restored = self._restored(saver, checkpoint_dir, checkpoint_filename_with_path,
                                        wait_for_checkpoint, max_wait_secs, config)
        if not restored:
            if init_op is None and not init_fn and self._local_init_op is None:
                raise RuntimeError(located("Model is not initialized and no init_op or init_fn or "
                                           "local_init_op was given"))
            if init_op is not None:
                sess.run(init_op, init_feed_dict)
            if init_fn:
                init_fn(sess)
        problem = self._initialize_local(sess)
        if problem is not None:
            raise RuntimeError(located(
                f"Init operations did not make model ready for local_init.  Init op: "
                f"{_name(init_op)}, init fn: {init_fn}, error: {problem}"))
        problem = not_ready(self._ready_op, sess, "Model not ready")
        if problem is not None:
            raise RuntimeError(located(
                f"Init operations did not make model ready.  Init op: {_name(init_op)}, init fn: "
                f"{init_fn}, local_init_op: {_name(self._local_init_op)}, error: {problem}"))
        return sess

    def recover_session(self, master: str, saver: Any = None, checkpoint_dir: Any = None,
                        checkpoint_filename_with_path: Any = None,
                        wait_for_checkpoint: bool = False, max_wait_secs: float = 7200,
                        config: Any = None) -> tuple[Session, bool]:
        """Makes a session, from a checkpoint if there is one.

        Args:
            master: accepted; there is one process.
            saver: the Saver to restore with.
            checkpoint_dir: folder of checkpoints, of which the latest is restored.
            checkpoint_filename_with_path: name of a checkpoint; give this or the folder.
            wait_for_checkpoint: whether to wait until there is a checkpoint.
            max_wait_secs: how long, in seconds.
            config: a ConfigProto.

        Returns:
            The session, and whether it was restored and is ready.

        Raises:
            ValueError: a folder and a checkpoint's name are given.
        """
        sess, restored = self._restored(saver, checkpoint_dir, checkpoint_filename_with_path,
                                        wait_for_checkpoint, max_wait_secs, config)
        problem = self._initialize_local(sess)
        if not restored:
            return sess, False
        source = checkpoint_dir or checkpoint_filename_with_path
        if problem is not None:
            logger().info("Restoring model from %s did not make model ready for local init: %s",
                          source, problem)
            return sess, False
        problem = not_ready(self._ready_op, sess, "Model not ready")
        if problem is not None:
            logger().info("Restoring model from %s did not make model ready: %s", source, problem)
            return sess, False
        logger().info("Restored model from %s", source)
        return sess, True

    def wait_for_session(self, master: str, config: Any = None,
                         max_wait_secs: float | None = _FOREVER) -> Session:
        """Makes a session when `ready_op` says that it is ready.

        Variables belong to one Session: only an init_op in `local_init_op`, or a `ready_op` that
        asks for nothing, makes one ready.

        Args:
            master: accepted; there is one process.
            config: a ConfigProto.
            max_wait_secs: how long to wait, in seconds; None for ever.

        Raises:
            DeadlineExceededError: it was not ready in time.
        """
        most = _FOREVER if max_wait_secs is None else max_wait_secs
        end = time.monotonic() + most
        while True:
            sess = Session("", self._graph, config)
            unready = None
            local = self._initialize_local(sess)
            if local is None:
                unready = not_ready(self._ready_op, sess, "Model not ready")
                if unready is None:
                    return sess
            sess.close()
            if time.monotonic() + self._recovery_wait_secs > end:
                raise DeadlineExceededError(None, None, located(
                    f"Session was not ready after waiting {most:g} secs: {local or unready}"))
            logger().info("Waiting for model to be ready.  Ready_for_local_init_op:  %s, ready: %s",
                          local, unready)
            time.sleep(self._recovery_wait_secs)

    def _restored(self, saver: Any, folder: Any, checkpoint: Any, wait: bool, most: float,
                  config: Any) -> tuple[Session, bool]:
        """A session, and whether a checkpoint was restored in it."""
        sess = Session("", self._graph, config)
        if folder and checkpoint:
            raise ValueError(located("Can not provide both checkpoint_dir and "
                                     "checkpoint_filename_with_path."))
        if not saver or not (folder or checkpoint):
            return sess, False
        if checkpoint:
            saver.restore(sess, checkpoint)
            return sess, True
        waited = 0.0
        state = get_checkpoint_state(folder)
        while state is None:
            if not wait or waited >= most:
                return sess, False
            logger().info("Waiting for checkpoint to be available.")
            time.sleep(self._recovery_wait_secs)
            waited += self._recovery_wait_secs
            state = get_checkpoint_state(folder)
        saver.restore(sess, state.model_checkpoint_path)
        saver.recover_last_checkpoints(state.all_model_checkpoint_paths)
        return sess, True

    def _initialize_local(self, sess: Session) -> str | None:
        """Runs `local_init_op`; returns why it could not, None if all is well."""
        if self._local_init_op is None:
            return None
        problem = not_ready(self._ready_for_local_init_op, sess, "Model not ready for local init")
        if problem is None:
            logger().info("Running local_init_op.")
            sess.run(self._local_init_op, options=self._local_init_run_options)
            logger().info("Done running local_init_op.")
        return problem


def not_ready(ready_op: Any, sess: Any, what: str) -> str | None:
    """Why a session is not ready; None when it is.

    Args:
        ready_op: string tensor with the names of variables without a value, or an op that fails;
            None asks for nothing.
        sess: the session.
        what: what is not ready, for the log.
    """
    if ready_op is None:
        return None
    try:
        names = sess.run(ready_op)
    except FailedPreconditionError as error:
        if "uninitialized" not in str(error):
            logger().warning("%s : error [%s]", what, error)
            raise
        return str(error)
    if names is None or names.dtype == np.int32 or names.size == 0:
        return None
    return "Variables not initialized: " + ", ".join(name.decode() for name in names)


def _name(op: Any) -> str:
    return "None" if op is None else getattr(op, "name", f"<no name for {type(op)}>")
