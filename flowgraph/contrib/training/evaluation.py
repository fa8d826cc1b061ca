"""Evaluation of checkpoints, once or again and again as training writes new ones."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from flowgraph.core.frames import located
from flowgraph.graph.graph import control_dependencies
from flowgraph.ops.identity import identity
from flowgraph.ops.state import assign_add
from flowgraph.platform import logging
from flowgraph.summary.file_writer import FileWriterCache
from flowgraph.summary.merging import merge_all
from flowgraph.train.checkpoint_reader import checkpoints_iterator
from flowgraph.train.checkpoint_state import latest_checkpoint
from flowgraph.train.evaluation import StopAfterNEvalsHook, eval_step
from flowgraph.train.global_step import get_or_create_global_step
from flowgraph.train.monitored_session import ChiefSessionCreator, MonitoredSession
from flowgraph.train.session_run_hook import SessionRunHook
from flowgraph.train.stop_hooks import FinalOpsHook

get_or_create_eval_step = eval_step


class SummaryAtEndHook(SessionRunHook):
    """Writes a summary when a session ends.

    Args:
        log_dir: folder of the event file.
        summary_writer: a FileWriter, in its place.
        summary_op: the summary; default all that there are.
        feed_dict: what it is fed.

    Raises:
        ValueError: there is neither a folder nor a writer.

    Example:
        >>> from flowgraph.contrib import training
        >>> import tempfile
        >>> hook = training.SummaryAtEndHook(tempfile.mkdtemp())
    """

    def __init__(self, log_dir: Any = None, summary_writer: Any = None, summary_op: Any = None,
                 feed_dict: Any = None) -> None:
        if log_dir is None and summary_writer is None:
            raise ValueError(located("One of log_dir or summary_writer should be used."))
        self._summary_op, self._feed_dict = summary_op, feed_dict
        self._summary_writer, self._log_dir = summary_writer, log_dir
        self._global_step: Any = None

    def begin(self) -> None:
        """Looks for the summaries there are."""
        if self._summary_op is None:
            self._summary_op = merge_all()
        self._global_step = get_or_create_global_step()

    def after_create_session(self, session: Any, coord: Any) -> None:
        """Opens the event file."""
        if self._summary_writer is None:
            self._summary_writer = FileWriterCache.get(self._log_dir)

    def end(self, session: Any) -> None:
        """Writes the summary."""
        if self._summary_op is not None:
            step, summary = session.run(self._global_step), session.run(self._summary_op,
                                                                        self._feed_dict)
            self._summary_writer.add_summary(summary, step)
        self._summary_writer.flush()


def wait_for_new_checkpoint(checkpoint_dir: Any, last_checkpoint: str | None = None,
                            seconds_to_sleep: float = 1,
                            timeout: float | None = None) -> str | None:
    """Waits until there is a checkpoint other than the last one.

    Args:
        checkpoint_dir: the folder.
        last_checkpoint: the last one, or None.
        seconds_to_sleep: seconds between two looks.
        timeout: seconds to wait; None for as long as it takes.

    Returns:
        The new checkpoint; None when there was none in time.

    Example:
        >>> from flowgraph.contrib import training
        >>> import tempfile
        >>> training.wait_for_new_checkpoint(tempfile.mkdtemp(), timeout=0) is None
        True
    """
    stop = None if timeout is None else time.time() + timeout
    while True:
        path = latest_checkpoint(checkpoint_dir)
        if path is not None and path != last_checkpoint:
            logging.info("Found new checkpoint at %s", path)
            return path
        if stop is not None and time.time() + seconds_to_sleep > stop:
            return None
        time.sleep(seconds_to_sleep)


def _counted(eval_ops: Any, hooks: Any) -> Any:
    """The ops of one step of an evaluation, with one more that counts it for the hooks."""
    count = assign_add(eval_step(), 1)
    if isinstance(eval_ops, dict):
        eval_ops = {**eval_ops, "update_eval_step": count}
    elif isinstance(eval_ops, (tuple, list)):
        eval_ops = [*eval_ops, count]
    else:
        eval_ops = [eval_ops, count]
    with control_dependencies(list(eval_ops.values()) if isinstance(eval_ops, dict) else eval_ops):
        done = identity(eval_step().read_value())
    for hook in hooks:
        if isinstance(hook, StopAfterNEvalsHook):
            hook.count_with(done)
    return eval_ops


def _run(checkpoint_path: Any, master: str, scaffold: Any, config: Any, hooks: Any, eval_ops: Any,
         feed_dict: Any) -> None:
    logging.info("Starting evaluation at %s", time.strftime("%Y-%m-%dT%H:%M:%SZ",
                                                             time.localtime()))
    creator = ChiefSessionCreator(scaffold, master, config,
                                  checkpoint_filename_with_path=checkpoint_path)
    with MonitoredSession(creator, hooks) as session:
        while eval_ops is not None and not session.should_stop():
            session.run(eval_ops, feed_dict)
    logging.info("Finished evaluation at %s", time.strftime("%Y-%m-%d-%H:%M:%S",
                                                             time.localtime()))


def evaluate_once(checkpoint_path: Any, master: str = "", scaffold: Any = None,
                  eval_ops: Any = None, feed_dict: Any = None, final_ops: Any = None,
                  final_ops_feed_dict: Any = None, hooks: Any = None, config: Any = None) -> Any:
    """Restores a checkpoint, runs ops until a hook ends it, and gives the last values of others.

    Args:
        checkpoint_path: the checkpoint; None to initialize.
        master: accepted; there is one process.
        scaffold: a Scaffold.
        eval_ops: op, list or dict of ops run in every step; None for no steps.
        feed_dict: what they are fed.
        final_ops: what to run at the end.
        final_ops_feed_dict: what these are fed.
        hooks: list of hooks, such as `StopAfterNEvalsHook`.
        config: a ConfigProto.

    Returns:
        The values of `final_ops`.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import training
        >>> value, update = fg.metrics.mean([1.0, 3.0])
        >>> training.evaluate_once(None, eval_ops=update, final_ops=value,
        ...                        hooks=[training.StopAfterNEvalsHook(2)])
        np.float32(2.0)
    """
    hooks = list(hooks or [])
    if eval_ops is not None:
        eval_ops = _counted(eval_ops, hooks)
    else:
        eval_step()
    final = FinalOpsHook(final_ops, final_ops_feed_dict)
    _run(checkpoint_path, master, scaffold, config, [*hooks, final], eval_ops, feed_dict)
    return final.final_ops_values


def evaluate_repeatedly(checkpoint_dir: Any, master: str = "", scaffold: Any = None,
                        eval_ops: Any = None, feed_dict: Any = None, final_ops: Any = None,
                        final_ops_feed_dict: Any = None, eval_interval_secs: float = 60,
                        hooks: Any = None, config: Any = None,
                        max_number_of_evaluations: int | None = None,
                        timeout: float | None = None,
                        timeout_fn: Callable[[], bool] | None = None) -> Any:
    """`evaluate_once` for each checkpoint that appears in a folder.

    Args:
        checkpoint_dir: the folder.
        master, scaffold, eval_ops, feed_dict, final_ops, final_ops_feed_dict, hooks, config: as
            for `evaluate_once`.
        eval_interval_secs: seconds between two evaluations at least.
        max_number_of_evaluations: how many there are at most; None for no limit.
        timeout, timeout_fn: as for `tf.train.checkpoints_iterator`.

    Returns:
        The values of `final_ops` in the last evaluation.

    Example:
        >>> from flowgraph.contrib import training
        >>> import tempfile
        >>> training.evaluate_repeatedly(tempfile.mkdtemp(), timeout=0)
    """
    hooks = list(hooks or [])
    if eval_ops is not None:
        eval_ops = _counted(eval_ops, hooks)
    else:
        eval_step()
    final = FinalOpsHook(final_ops, final_ops_feed_dict)
    paths = checkpoints_iterator(checkpoint_dir, eval_interval_secs, timeout, timeout_fn)
    for count, path in enumerate(paths, 1):
        _run(path, master, scaffold, config, [*hooks, final], eval_ops, feed_dict)
        if max_number_of_evaluations is not None and count >= max_number_of_evaluations:
            break
    return final.final_ops_values
