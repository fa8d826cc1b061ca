"""One evaluation of a checkpoint: its metrics over an input, until that ends or for some steps."""

from __future__ import annotations

import time
from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.core.logger import logger
from flowgraph.graph.collections import GraphKeys
from flowgraph.graph.graph import get_default_graph
from flowgraph.ops.identity import identity
from flowgraph.ops.initializers import Zeros
from flowgraph.ops.state import assign_add
from flowgraph.ops.variable_scope import get_variable, variable_scope
from flowgraph.train.monitored_session import ChiefSessionCreator, MonitoredSession
from flowgraph.train.session_run_hook import (
    SessionRunArgs,
    SessionRunContext,
    SessionRunHook,
    SessionRunValues,
)
from flowgraph.train.stop_hooks import FinalOpsHook


def eval_step() -> Any:
    """The local variable that counts the batches of an evaluation, made when there is none.

    Raises:
        ValueError: the collection EVAL_STEP holds several.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     fg.contrib.training.get_or_create_eval_step().op.name
        'eval_step'
    """
    graph = get_default_graph()
    found = graph.get_collection(GraphKeys.EVAL_STEP)
    if len(found) > 1:
        raise ValueError(located("Multiple tensors added to tf.GraphKeys.EVAL_STEP"))
    if found:
        return found[0]
    with variable_scope(""):
        return get_variable("eval_step", shape=[], dtype=dt.int64, initializer=Zeros(),
                            trainable=False,
                            collections=[GraphKeys.LOCAL_VARIABLES, GraphKeys.EVAL_STEP])


class StopAfterNEvalsHook(SessionRunHook):
    """Ends an evaluation after so many batches, and logs how far it has come.

    Args:
        num_evals: how many batches; None for all there are.
        log_progress: whether to log about ten times.

    Example:
        >>> import flowgraph as fg
        >>> hook = fg.contrib.training.StopAfterNEvalsHook(100)
        >>> isinstance(hook, fg.train.SessionRunHook)
        True
    """

    def __init__(self, num_evals: int | None, log_progress: bool = True) -> None:
        self._num_evals = num_evals
        self._evals_completed: Any = None
        self._log_progress = log_progress
        self._log_frequency = 1 if num_evals is None or num_evals < 20 else num_evals // 10

    def count_with(self, evals_completed: Any) -> None:
        """Tells it the tensor that counts.

        Args:
            evals_completed: int64 Tensor.
        """
        self._evals_completed = evals_completed

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs:
        """Asks for the count."""
        return SessionRunArgs({"evals_completed": self._evals_completed})

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Logs, and ends the loop when it is time."""
        done = run_values.results["evals_completed"]
        if self._log_progress:
            if self._num_evals is None:
                logger().info("Evaluation [%d]", done)
            elif done % self._log_frequency == 0 or self._num_evals == done:
                logger().info("Evaluation [%d/%d]", done, self._num_evals)
        if self._num_evals is not None and done >= self._num_evals:
            run_context.request_stop()


def evaluate_once(checkpoint_path: Any, scaffold: Any, update_op: Any, final_ops: Any, hooks: Any,
                  config: Any) -> Any:
    """Runs an update for each batch of the default graph's input, and then what is asked for.

    Args:
        checkpoint_path: name of the checkpoint to restore; None to initialize.
        scaffold: the Scaffold of the model.
        update_op: what to run for each batch; None to run none.
        final_ops: what to run at the end.
        hooks: list of hooks.
        config: a ConfigProto.

    Returns:
        The values of `final_ops`.
    """
    step = eval_step()
    hooks = list(hooks)
    if update_op is not None:
        counted = assign_add(step, 1, use_locking=True)
        with get_default_graph().control_dependencies([update_op, counted]):
            done = identity(step.read_value())
        update_op = [update_op, counted]
        for hook in hooks:
            if isinstance(hook, StopAfterNEvalsHook):
                hook.count_with(done)
    logger().info("Starting evaluation at %s", time.strftime("%Y-%m-%dT%H:%M:%SZ",
                                                              time.localtime()))
    started = time.time()
    final = FinalOpsHook(final_ops)
    creator = ChiefSessionCreator(scaffold, checkpoint_filename_with_path=checkpoint_path,
                                  config=config)
    with MonitoredSession(creator, [*hooks, final]) as session:
        if update_op is not None:
            while not session.should_stop():
                session.run(update_op)
    logger().info("Inference Time : %0.5fs", time.time() - started)
    logger().info("Finished evaluation at %s", time.strftime("%Y-%m-%d-%H:%M:%S",
                                                              time.localtime()))
    return final.final_ops_values
