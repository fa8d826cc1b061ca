"""From a loss to a training op, and the loop that runs it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from flowgraph.core.frames import located
from flowgraph.graph.collections import GraphKeys
from flowgraph.graph.graph import control_dependencies, get_default_graph, name_scope
from flowgraph.graph.indexed_slices import IndexedSlices
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.arithmetic import multiply
from flowgraph.ops.clip import clip_by_norm, global_norm
from flowgraph.ops.identity import check_numerics as check_numerics_op
from flowgraph.ops.identity import no_op, with_dependencies
from flowgraph.ops.variable_lists import trainable_variables
from flowgraph.platform import logging
from flowgraph.summary.histograms import histogram
from flowgraph.summary.scalars import scalar
from flowgraph.train.global_step import get_or_create_global_step
from flowgraph.train.monitored_session import MonitoredTrainingSession
from flowgraph.train.optimizer import Optimizer

USE_GLOBAL_STEP = 0


def _mapped(gradient: Any, function: Callable[[Any], Any]) -> Any:
    """A gradient, dense or sparse, with a function applied to its values."""
    if isinstance(gradient, IndexedSlices):
        return IndexedSlices(function(gradient.values), gradient.indices, gradient.dense_shape)
    return function(gradient)


def add_gradients_summaries(grads_and_vars: Any) -> list[Any]:
    """Summaries of gradients: a histogram and the norm of each.

    Args:
        grads_and_vars: list of (gradient, variable).

    Returns:
        The list of summaries.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import training
        >>> w = fg.get_variable("w", [2])
        >>> [summary.op.name for summary in training.add_gradients_summaries([(w, w)])]
        ['w_gradient', 'w_gradient_norm']
    """
    return gradients_summaries(grads_and_vars, "_")


def gradients_summaries(grads_and_vars: Any, separator: str) -> list[Any]:
    """What `add_gradients_summaries` does, here with "_" and in slim with "/" in the names.

    Args:
        grads_and_vars: list of (gradient, variable).
        separator: what stands between the variable's name and "gradient".

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib.training.train_op import gradients_summaries
        >>> w = fg.get_variable("w", [2])
        >>> gradients_summaries([(w, w)], "/")[0].op.name
        'w/gradient'
    """
    summaries = []
    for gradient, variable in grads_and_vars:
        name = variable.op.name
        if gradient is None:
            logging.info("Var %s has no gradient", name)
            continue
        values = gradient.values if isinstance(gradient, IndexedSlices) else gradient
        summaries += [histogram(f"{name}{separator}gradient", values),
                      scalar(f"{name}{separator}gradient_norm", global_norm([values]))]
    return summaries


def clip_gradient_norms(gradients_to_variables: Any, max_norm: Any) -> list[Any]:
    """Scales each gradient down to a largest norm.

    Args:
        gradients_to_variables: list of (gradient, variable).
        max_norm: the largest norm.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import training
        >>> [(clipped, _)] = training.clip_gradient_norms([(fg.constant([3.0, 4.0]), "w")], 1.0)
        >>> fg.Session().run(clipped)
        array([0.6, 0.8], dtype=float32)
    """
    return [(None if gradient is None
             else _mapped(gradient, lambda values: clip_by_norm(values, max_norm)), variable)
            for gradient, variable in gradients_to_variables]


def clip_gradient_norms_fn(max_norm: Any) -> Callable[[Any], list[Any]]:
    """`clip_gradient_norms` with a norm, for `create_train_op(transform_grads_fn=...)`.

    Args:
        max_norm: the largest norm.

    Example:
        >>> from flowgraph.contrib import training
        >>> training.clip_gradient_norms_fn(1.0)([(None, "w")])
        [(None, 'w')]
    """
    return lambda gradients_to_variables: clip_gradient_norms(gradients_to_variables, max_norm)


def multiply_gradients(grads_and_vars: Any, gradient_multipliers: Any) -> list[Any]:
    """Multiplies the gradients of some variables.

    Args:
        grads_and_vars: list of (gradient, variable).
        gradient_multipliers: dict from variables or their names, without ":0", to factors.

    Raises:
        ValueError: the arguments are no list and no dict, or a gradient to multiply is None.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import training
        >>> w = fg.get_variable("w", [2])
        >>> [(dx, _)] = training.multiply_gradients([(fg.constant([3.0, 4.0]), w)], {"w": 10.0})
        >>> fg.Session().run(dx)
        array([30., 40.], dtype=float32)
    """
    if not isinstance(grads_and_vars, list):
        raise ValueError(located("`grads_and_vars` must be a list."))
    if not gradient_multipliers:
        raise ValueError(located("`gradient_multipliers` is empty."))
    if not isinstance(gradient_multipliers, dict):
        raise ValueError(located("`gradient_multipliers` must be a dict."))
    multiplied = []
    for gradient, variable in grads_and_vars:
        key = next((key for key in gradient_multipliers
                    if key is variable or (isinstance(key, str) and key == variable.op.name)), None)
        if key is not None:
            if gradient is None:
                raise ValueError(located("Requested multiple of `None` gradient."))
            factor = convert_to_tensor(gradient_multipliers[key], dtype=gradient.dtype)
            gradient = _mapped(gradient, functools.partial(multiply, factor))
        multiplied.append((gradient, variable))
    return multiplied


def create_train_op(total_loss: Any, optimizer: Any, global_step: Any = USE_GLOBAL_STEP,
                    update_ops: Any = None, variables_to_train: Any = None,
                    transform_grads_fn: Any = None, summarize_gradients: bool = False,
                    gate_gradients: int = Optimizer.GATE_OP, aggregation_method: Any = None,
                    colocate_gradients_with_ops: bool = False,
                    check_numerics: bool = True) -> Any:
    """The op that trains one step and gives the loss.

    Args:
        total_loss: scalar tensor.
        optimizer: the optimizer.
        global_step: the variable that counts steps; None for none; default the graph's.
        update_ops: ops to run in every step; default those in UPDATE_OPS.
        variables_to_train: the variables to train; default all trainable ones.
        transform_grads_fn: function from a list of (gradient, variable) to another.
        summarize_gradients: whether to summarize the gradients.
        gate_gradients, aggregation_method, colocate_gradients_with_ops: as for
            `Optimizer.compute_gradients`.
        check_numerics: whether a loss that is not finite is an error.

    Returns:
        The loss, as a tensor whose evaluation trains one step; it is in TRAIN_OP.

    Raises:
        ValueError: there is nothing to train.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import training
        >>> w = fg.get_variable("w", initializer=2.0)
        >>> train = training.create_train_op(w * w, fg.train.GradientDescentOptimizer(0.25))
        >>> with fg.Session() as sess:
        ...     sess.run(fg.global_variables_initializer())
        ...     sess.run(train), sess.run(w)
        (np.float32(4.0), np.float32(1.0))
    """
    graph = get_default_graph()
    if global_step is USE_GLOBAL_STEP:
        global_step = get_or_create_global_step()
    collected = list(dict.fromkeys(graph.get_collection(GraphKeys.UPDATE_OPS)))
    update_ops = collected if update_ops is None else list(dict.fromkeys(update_ops))
    if not set(collected) <= set(update_ops):
        logging.warning("update_ops in create_train_op does not contain all the update_ops in "
                        "GraphKeys.UPDATE_OPS")
    if update_ops:
        with control_dependencies(update_ops):
            barrier = no_op(name="update_barrier")
        total_loss = with_dependencies([barrier], total_loss)
    if variables_to_train is None:
        variables_to_train = trainable_variables()
    if not variables_to_train:
        raise ValueError(located("There are no variables to train."))
    gradients = optimizer.compute_gradients(
        total_loss, variables_to_train, gate_gradients=gate_gradients,
        aggregation_method=aggregation_method,
        colocate_gradients_with_ops=colocate_gradients_with_ops)
    if transform_grads_fn:
        gradients = transform_grads_fn(gradients)
    if summarize_gradients:
        with name_scope("summarize_grads"):
            add_gradients_summaries(gradients)
    update = optimizer.apply_gradients(gradients, global_step=global_step)
    with name_scope("train_op"):
        if check_numerics:
            total_loss = check_numerics_op(total_loss, "LossTensor is inf or nan")
        train_op = with_dependencies([update], total_loss)
    graph.add_to_collection(GraphKeys.TRAIN_OP, train_op)
    return train_op


def train(train_op: Any, logdir: Any, master: str = "", is_chief: bool = True, scaffold: Any = None,
          hooks: Any = None, chief_only_hooks: Any = None, save_checkpoint_secs: int = 600,
          save_summaries_steps: int = 100, config: Any = None, max_wait_secs: int = 7200,
          run_metadata: Any = None) -> Any:
    """Trains until a hook says so or the data end.

    Args:
        train_op: the op of one step.
        logdir: folder for checkpoints and summaries, or None.
        master, is_chief, scaffold, hooks, chief_only_hooks, save_checkpoint_secs,
            save_summaries_steps, config, max_wait_secs: as for `tf.train.MonitoredTrainingSession`.
        run_metadata: RunMetadata that every step is recorded in.

    Returns:
        The value of `train_op` in the last step; None when there was none.

    Raises:
        ValueError: checkpoints or summaries are wanted, and there is no folder.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import training
        >>> step = fg.train.get_or_create_global_step()
        >>> training.train(step.assign_add(1), None, hooks=[fg.train.StopAtStepHook(3)],
        ...                save_checkpoint_secs=None, save_summaries_steps=None)
        np.int64(3)
    """
    if logdir is None and is_chief:
        for name, value in (("save_summaries_steps", save_summaries_steps),
                            ("save_checkpoint_secs", save_checkpoint_secs)):
            if value:
                raise ValueError(located(f"logdir cannot be None when {name} is not None"))
    with MonitoredTrainingSession(
            master=master, is_chief=is_chief, checkpoint_dir=logdir, scaffold=scaffold,
            hooks=hooks, chief_only_hooks=chief_only_hooks,
            save_checkpoint_secs=save_checkpoint_secs, save_summaries_steps=save_summaries_steps,
            config=config, max_wait_secs=max_wait_secs) as session:
        loss = None
        while not session.should_stop():
            loss = session.run(train_op, run_metadata=run_metadata)
    return loss
