"""`optimize_loss`: one call from a loss to a training op, with what goes between them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowgraph.core.frames import located
from flowgraph.graph.collections import GraphKeys
from flowgraph.graph.graph import get_default_graph
from flowgraph.graph.indexed_slices import IndexedSlices
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.cast import cast
from flowgraph.ops.clip import clip_by_global_norm, global_norm
from flowgraph.ops.identity import with_dependencies
from flowgraph.ops.initializers import Constant
from flowgraph.ops.random_ops import truncated_normal
from flowgraph.ops.shape import shape as shape_of
from flowgraph.ops.type_checks import assert_scalar
from flowgraph.ops.variable import Variable
from flowgraph.ops.variable_lists import trainable_variables
from flowgraph.ops.variable_scope import get_variable, variable_scope
from flowgraph.summary.histograms import histogram
from flowgraph.summary.scalars import scalar
from flowgraph.train.global_step import assert_global_step, get_global_step
from flowgraph.train.momentum import MomentumOptimizer
from flowgraph.train.optimizer import Optimizer
from flowgraph.train.optimizer_names import OPTIMIZERS_BY_NAME

OPTIMIZER_CLS_NAMES: dict[str, Callable[..., Any]] = {
    **OPTIMIZERS_BY_NAME,
    "Momentum": lambda learning_rate: MomentumOptimizer(learning_rate, momentum=0.9),
}

OPTIMIZER_SUMMARIES = ["learning_rate", "loss", "gradients", "gradient_norm",
                       "global_gradient_norm"]


def optimize_loss(loss: Any, global_step: Any, learning_rate: Any, optimizer: Any,
                  gradient_noise_scale: float | None = None, gradient_multipliers: Any = None,
                  clip_gradients: Any = None, learning_rate_decay_fn: Any = None,
                  update_ops: Any = None, variables: Any = None, name: str | None = None,
                  summaries: Any = None, colocate_gradients_with_ops: bool = False,
                  increment_global_step: bool = True) -> Any:
    """Makes the training op for a loss.

    Args:
        loss: scalar tensor.
        global_step: the global step; None for the graph's, if it has one.
        learning_rate: float or scalar tensor; None where the optimizer has one already.
        optimizer: "Adagrad", "Adam", "Ftrl", "Momentum", "RMSProp" or "SGD"; an optimizer, or its
            class; or a function from the learning rate to an optimizer.
        gradient_noise_scale: how much random noise is added to the gradients.
        gradient_multipliers: dict from variables or their names to factors.
        clip_gradients: float, the largest global norm of the gradients; or function from a list of
            (gradient, variable) to another.
        learning_rate_decay_fn: function from learning rate and global step to the rate to use.
        update_ops: ops to run in every step; default those in UPDATE_OPS.
        variables: the variables to train; default all trainable ones.
        name: the variable scope; default "OptimizeLoss".
        summaries: list of what to summarize, from "learning_rate", "loss", "gradients",
            "gradient_norm", "global_gradient_norm"; default the two first and the last.
        colocate_gradients_with_ops: accepted; placement follows the graph.
        increment_global_step: whether a step counts.

    Returns:
        The loss, as a tensor whose evaluation trains one step.

    Raises:
        ValueError: an argument is none of these.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import layers
        >>> w = fg.get_variable("w", initializer=2.0)
        >>> step = fg.train.get_or_create_global_step()
        >>> train = layers.optimize_loss(w * w, step, learning_rate=0.25, optimizer="SGD")
        >>> with fg.Session() as sess:
        ...     sess.run(fg.global_variables_initializer())
        ...     sess.run(train), sess.run([w, step])
        (np.float32(4.0), [np.float32(1.0), np.int64(1)])
    """
    loss = convert_to_tensor(loss)
    assert_scalar(loss)
    if global_step is None:
        global_step = get_global_step()
    else:
        assert_global_step(global_step)
    with variable_scope(name, "OptimizeLoss", [loss, global_step]):
        if update_ops is None:
            update_ops = get_default_graph().get_collection(GraphKeys.UPDATE_OPS)
        if update_ops:
            loss = with_dependencies(list(dict.fromkeys(update_ops)), loss)
        rate = _rate(learning_rate)
        summaries = _checked_summaries(summaries)
        if learning_rate is not None and learning_rate_decay_fn is not None:
            if global_step is None:
                raise ValueError(located("global_step is required for learning_rate_decay_fn."))
            rate = learning_rate_decay_fn(rate, global_step)
            if "learning_rate" in summaries:
                scalar("learning_rate", rate)
        chosen = optimizer_of(optimizer, rate)
        gradients = chosen.compute_gradients(
            loss, trainable_variables() if variables is None else variables,
            colocate_gradients_with_ops=colocate_gradients_with_ops)
        if gradient_noise_scale is not None:
            gradients = _noisy(gradients, gradient_noise_scale)
        if gradient_multipliers is not None:
            gradients = _multiplied(gradients, gradient_multipliers)
        norms = "global_gradient_norm" in summaries or "gradient_norm" in summaries
        if norms:
            scalar("global_norm/gradient_norm", global_norm([dx for dx, _ in gradients]))
        gradients = _clipped(gradients, clip_gradients)
        if "loss" in summaries:
            scalar("loss", loss)
        _summarize(gradients, summaries)
        if clip_gradients is not None and norms:
            scalar("global_norm/clipped_gradient_norm", global_norm([dx for dx, _ in gradients]))
        update = chosen.apply_gradients(
            gradients, global_step=global_step if increment_global_step else None, name="train")
        return with_dependencies([update], loss)


def _rate(learning_rate: Any) -> Any:
    """The learning rate: a number becomes a variable, which a program may change."""
    if learning_rate is None:
        return None
    if isinstance(learning_rate, (Tensor, Variable)) and learning_rate.shape.ndims == 0:
        return learning_rate
    if not isinstance(learning_rate, float):
        raise ValueError(located("Learning rate should be 0d Tensor or float. Got "
                                 f"{learning_rate!r:.100} of type "
                                 f"{type(learning_rate).__name__}"))
    if learning_rate < 0.0:
        raise ValueError(located(f"Invalid learning_rate {learning_rate}."))
    return get_variable("learning_rate", [], trainable=False,
                        initializer=Constant(learning_rate))


def _checked_summaries(summaries: Any) -> list[str]:
    if summaries is None:
        return ["loss", "learning_rate", "global_gradient_norm"]
    for summary in summaries:
        if summary not in OPTIMIZER_SUMMARIES:
            raise ValueError(located(f"Summaries should be one of "
                                     f"[{', '.join(OPTIMIZER_SUMMARIES)}], you provided "
                                     f"{summary}."))
    return list(summaries)


def optimizer_of(optimizer: Any, rate: Any) -> Any:
    """The Optimizer that is meant.

    Args:
        optimizer: as for `optimize_loss`.
        rate: the learning rate, or None.

    Raises:
        ValueError: it is none, or needs a learning rate and there is none.
    """
    if isinstance(optimizer, Optimizer):
        return optimizer
    is_name, is_class = isinstance(optimizer, str), (
        isinstance(optimizer, type) and issubclass(optimizer, Optimizer))
    if (is_name or is_class) and rate is None:
        raise ValueError(located("Learning rate is None, but should be specified if optimizer is "
                                 f"{'string' if is_name else 'class'} ({optimizer})."))
    if is_name:
        if optimizer not in OPTIMIZER_CLS_NAMES:
            raise ValueError(located(f"Optimizer name should be one of "
                                     f"[{', '.join(OPTIMIZER_CLS_NAMES)}], you provided "
                                     f"{optimizer}."))
        return OPTIMIZER_CLS_NAMES[optimizer](learning_rate=rate)
    if is_class:
        return optimizer(learning_rate=rate)
    made = None
    if callable(optimizer):
        made = optimizer() if rate is None else optimizer(rate)
    if not isinstance(made, Optimizer):
        raise ValueError(located("Unrecognized optimizer: should be string, subclass of Optimizer, "
                                 "instance of subclass of Optimizer or function with one "
                                 f"argument. Got {optimizer!r:.100}."))
    return made


# ---- what happens to gradients -------------------------------------------------------------------


def _noisy(gradients: Any, scale: float) -> list[Any]:
    noisy: list[Any] = []
    for gradient, variable in gradients:
        if gradient is not None:
            sparse = isinstance(gradient, IndexedSlices)
            shape = gradient.dense_shape if sparse else gradient.shape
            if not sparse and not shape.is_fully_defined():
                shape = shape_of(gradient)
            gradient = convert_to_tensor(gradient) + truncated_normal(shape) * scale
        noisy.append((gradient, variable))
    return noisy


def _multiplied(gradients: Any, multipliers: Any) -> list[Any]:
    multiplied: list[Any] = []
    for gradient, variable in gradients:
        key = next((key for key in multipliers if key is variable or key == variable.name), None)
        if gradient is not None and key is not None:
            factor = multipliers[key]
            if isinstance(gradient, IndexedSlices):
                gradient = IndexedSlices(gradient.values * factor, gradient.indices,
                                         gradient.dense_shape)
            else:
                gradient = gradient * cast(factor, gradient.dtype)
        multiplied.append((gradient, variable))
    if not multiplied:
        raise ValueError(located("Empty list of (gradient, var) pairs encountered. This is most "
                                 "likely to be caused by an improper value of "
                                 "gradient_multipliers."))
    return multiplied


def _clipped(gradients: Any, clip_gradients: Any) -> Any:
    if clip_gradients is None:
        return gradients
    if isinstance(clip_gradients, float):
        values, _ = clip_by_global_norm([dx for dx, _ in gradients], clip_gradients)
        return list(zip(values, [variable for _, variable in gradients], strict=True))
    if callable(clip_gradients):
        return clip_gradients(gradients)
    raise ValueError(located(f"Unknown type {type(clip_gradients).__name__} for clip_gradients",
                             "Pass a float, as clip_gradients=5.0, or a function."))


def _summarize(gradients: Any, summaries: list[str]) -> None:
    for gradient, variable in gradients:
        values = gradient.values if isinstance(gradient, IndexedSlices) else gradient
        if values is None:
            continue
        name = variable.name.replace(":", "_")
        if "gradients" in summaries:
            histogram(f"gradients/{name}", values)
        if "gradient_norm" in summaries:
            scalar(f"gradient_norm/{name}", global_norm([values]))
