"""The training of an Estimator: the graph, the hooks around it, and the loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowgraph.core.frames import located
from flowgraph.core.logger import logger
from flowgraph.estimator.mode_keys import ModeKeys
from flowgraph.graph.collections import GraphKeys
from flowgraph.graph.graph import Graph, add_to_collection, get_collection
from flowgraph.ops.random_ops import set_random_seed
from flowgraph.train.checkpoint_hooks import CheckpointSaverHook
from flowgraph.train.global_step import get_global_step
from flowgraph.train.logging_hooks import LoggingTensorHook, NanTensorHook
from flowgraph.train.monitored_session import MonitoredTrainingSession
from flowgraph.train.saver import Saver


def train_model(estimator: Any, input_fn: Callable[..., Any], hooks: list[Any],
                saving_listeners: list[Any]) -> Any:
    """Trains an Estimator's model in a new graph, until a hook or the input ends it.

    Args:
        estimator: the Estimator.
        input_fn: its input function.
        hooks: list of hooks.
        saving_listeners: list of CheckpointSaverListener.

    Returns:
        The loss of the last step; None when there was none.
    """
    config = estimator._config
    with Graph().as_default() as graph, graph.device(config.device_fn):
        set_random_seed(config.tf_random_seed)
        estimator._create_global_step()
        features, labels, input_hooks = estimator._input(input_fn, ModeKeys.TRAIN)
        spec = estimator._call_model_fn(features, labels, ModeKeys.TRAIN, estimator.config)
        if not estimator.latest_checkpoint():
            estimator._maybe_warm_start(None)
        return _loop(estimator, spec, [*input_hooks, *hooks], saving_listeners)


def _loop(estimator: Any, spec: Any, hooks: list[Any], saving_listeners: list[Any]) -> Any:
    config = estimator._config
    _report_loss(spec.loss)
    hooks = [*hooks, NanTensorHook(spec.loss)]
    if config.log_step_count_steps is not None:
        hooks.append(LoggingTensorHook({"loss": spec.loss, "step": get_global_step()},
                                       every_n_iter=config.log_step_count_steps))
    hooks += spec.training_hooks
    if spec.scaffold.saver is None and not get_collection(GraphKeys.SAVERS):
        add_to_collection(GraphKeys.SAVERS, Saver(
            sharded=True, max_to_keep=config.keep_checkpoint_max,
            keep_checkpoint_every_n_hours=config.keep_checkpoint_every_n_hours, defer_build=True,
            save_relative_paths=True))
    chief_hooks = list(spec.training_chief_hooks)
    savers = [hook for hook in [*hooks, *chief_hooks] if isinstance(hook, CheckpointSaverHook)]
    if not savers and (config.save_checkpoints_secs or config.save_checkpoints_steps):
        savers = [CheckpointSaverHook(estimator.model_dir, save_secs=config.save_checkpoints_secs,
                                      save_steps=config.save_checkpoints_steps,
                                      scaffold=spec.scaffold)]
        chief_hooks = savers + chief_hooks
    if saving_listeners and not savers:
        raise ValueError(located(
            "There should be a CheckpointSaverHook to use saving_listeners.",
            "Set one of the RunConfig.save_checkpoints_steps or RunConfig.save_checkpoints_secs."))
    for listener in saving_listeners:
        if listener not in savers[0]._listeners:
            savers[0]._listeners.append(listener)
    loss, steps = None, 0
    with MonitoredTrainingSession(
            checkpoint_dir=estimator.model_dir, scaffold=spec.scaffold, hooks=hooks,
            chief_only_hooks=chief_hooks, save_checkpoint_secs=0,
            save_summaries_steps=config.save_summary_steps, config=config.session_config,
            log_step_count_steps=config.log_step_count_steps) as session:
        fetches = [spec.train_op, spec.loss]
        while not session.should_stop():
            steps += 1
            _, loss = session.run(fetches)
    if not steps:
        logger().warning("Training with estimator made no steps. Perhaps input is empty or "
                         "misspecified.")
    return loss


def _report_loss(loss: Any) -> None:
    """Makes the summary of the loss, unless the model has one, and collects the loss."""
    from flowgraph.summary import scalar
    if not any(summary.op.name == "loss" for summary in get_collection(GraphKeys.SUMMARIES)):
        scalar("loss", loss)
    add_to_collection(GraphKeys.LOSSES, loss)
