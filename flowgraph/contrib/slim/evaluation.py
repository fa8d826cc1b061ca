"""`slim.evaluation`: evaluation of checkpoints, once or as they appear."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowgraph.contrib.training import evaluation as _evaluation
from flowgraph.contrib.training.evaluation import (
    wait_for_new_checkpoint as wait_for_new_checkpoint,
)
from flowgraph.summary.merging import merge_all
from flowgraph.train.checkpoint_reader import checkpoints_iterator as checkpoints_iterator
from flowgraph.train.evaluation import StopAfterNEvalsHook
from flowgraph.train.saver import Saver
from flowgraph.train.scaffold import Scaffold

_USE_DEFAULT = 0


def _hooks(num_evals: int | None, logdir: Any, summary_op: Any, summary_op_feed_dict: Any,
           hooks: Any) -> list[Any]:
    if summary_op is _USE_DEFAULT:
        summary_op = merge_all()
    found: list[Any] = [StopAfterNEvalsHook(num_evals)]
    if summary_op is not None:
        found.append(_evaluation.SummaryAtEndHook(logdir, None, summary_op, summary_op_feed_dict))
    return [*found, *(hooks or [])]


def _saver(variables_to_restore: Any) -> Saver | None:
    return None if variables_to_restore is None else Saver(variables_to_restore)


def evaluate_once(master: str, checkpoint_path: Any, logdir: Any, num_evals: int = 1,
                  initial_op: Any = None, initial_op_feed_dict: Any = None, eval_op: Any = None,
                  eval_op_feed_dict: Any = None, final_op: Any = None,
                  final_op_feed_dict: Any = None, summary_op: Any = _USE_DEFAULT,
                  summary_op_feed_dict: Any = None, variables_to_restore: Any = None,
                  session_config: Any = None, hooks: Any = None) -> Any:
    """Restores a checkpoint, runs an op some times, and writes a summary.

    Args:
        master: accepted; there is one process.
        checkpoint_path: the checkpoint.
        logdir: folder of the event file.
        num_evals: how often `eval_op` runs.
        initial_op: op run at the start; default the initializers.
        initial_op_feed_dict, eval_op_feed_dict, final_op_feed_dict, summary_op_feed_dict: what the
            ops are fed.
        eval_op: op run `num_evals` times, as the update ops of metrics.
        final_op: what to run at the end.
        summary_op: the summary; default all that there are; None for none.
        variables_to_restore: list or dict of variables; default all.
        session_config: a ConfigProto.
        hooks: list of further hooks.

    Returns:
        The value of `final_op`.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import slim
        >>> value, update = fg.metrics.mean([1.0, 3.0])
        >>> slim.evaluation.evaluate_once("", None, None, 2, eval_op=update, final_op=value)
        np.float32(2.0)
    """
    scaffold = Scaffold(init_op=initial_op, init_feed_dict=initial_op_feed_dict,
                        saver=_saver(variables_to_restore))
    return _evaluation.evaluate_once(
        checkpoint_path, master, scaffold, eval_op, eval_op_feed_dict, final_op,
        final_op_feed_dict, _hooks(num_evals, logdir, summary_op, summary_op_feed_dict, hooks),
        session_config)


def evaluation_loop(master: str, checkpoint_dir: Any, logdir: Any, num_evals: int = 1,
                    initial_op: Any = None, initial_op_feed_dict: Any = None, init_fn: Any = None,
                    eval_op: Any = None, eval_op_feed_dict: Any = None, final_op: Any = None,
                    final_op_feed_dict: Any = None, summary_op: Any = _USE_DEFAULT,
                    summary_op_feed_dict: Any = None, variables_to_restore: Any = None,
                    eval_interval_secs: float = 60, max_number_of_evaluations: int | None = None,
                    session_config: Any = None, timeout: float | None = None,
                    timeout_fn: Callable[[], bool] | None = None, hooks: Any = None) -> Any:
    """`evaluate_once` for each checkpoint that appears in a folder.

    Args:
        master: accepted; there is one process.
        checkpoint_dir: folder of the checkpoints.
        logdir, num_evals, initial_op, initial_op_feed_dict, eval_op, eval_op_feed_dict, final_op,
            final_op_feed_dict, summary_op, summary_op_feed_dict, variables_to_restore,
            session_config, hooks: as for `evaluate_once`.
        init_fn: function of Scaffold and session, called after `initial_op`.
        eval_interval_secs: seconds between two evaluations at least.
        max_number_of_evaluations: how many there are at most; None for no limit.
        timeout: seconds to wait for the next checkpoint; None for as long as it takes.
        timeout_fn: function called when the time is up; True ends the loop.

    Returns:
        The value of `final_op` in the last evaluation.

    Example:
        >>> from flowgraph.contrib import slim
        >>> import tempfile
        >>> slim.evaluation.evaluation_loop("", tempfile.mkdtemp(), None, timeout=0)
    """
    scaffold = Scaffold(init_op=initial_op, init_feed_dict=initial_op_feed_dict, init_fn=init_fn,
                        saver=_saver(variables_to_restore))
    return _evaluation.evaluate_repeatedly(
        checkpoint_dir, master, scaffold, eval_op, eval_op_feed_dict, final_op,
        final_op_feed_dict, eval_interval_secs,
        _hooks(num_evals, logdir, summary_op, summary_op_feed_dict, hooks), session_config,
        max_number_of_evaluations, timeout, timeout_fn)
