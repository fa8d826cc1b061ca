"""Clipping of gradients by what their norms were so far, for `optimize_loss`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowgraph.core.dtypes import float32
from flowgraph.graph.indexed_slices import IndexedSlices
from flowgraph.ops.arithmetic import maximum, minimum
from flowgraph.ops.cast import cast
from flowgraph.ops.clip import global_norm
from flowgraph.ops.constant import ones_like
from flowgraph.ops.exponential import exp, log
from flowgraph.ops.initializers import Zeros
from flowgraph.ops.select import where
from flowgraph.ops.unary import sqrt, square
from flowgraph.ops.variable_scope import get_variable, variable_scope
from flowgraph.summary.scalars import scalar
from flowgraph.train.moving_averages import assign_moving_average


def adaptive_clipping_fn(std_factor: float = 2.0, decay: float = 0.95,
                         static_max_norm: float | None = None, global_step: Any = None,
                         report_summary: bool = False, epsilon: float = 1e-8,
                         name: str | None = None) -> Callable[[Any], list[Any]]:
    """A function that scales gradients down whose norm is far above what it was so far.

    Args:
        std_factor: how many standard deviations of the norm's logarithm are far.
        decay: how much of the moving statistics stays at each step.
        static_max_norm: a largest norm besides.
        global_step: the global step; the first steps then count more.
        report_summary: whether the largest norm is summarized.
        epsilon: small number added to the norm, and smallest variance.
        name: scope of the variables; default "AdaptiveMaxNorm".

    Returns:
        A function from a list of (gradient, variable) to another.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib.layers.adaptive_clipping import adaptive_clipping_fn
        >>> w = fg.get_variable("w", [2])
        >>> [(gradient, variable)] = adaptive_clipping_fn()([(fg.constant([3.0, 4.0]), w)])
        >>> gradient.shape.as_list(), variable is w
        ([2], True)
    """

    def clip(grads_and_vars: Any) -> list[Any]:
        norm = global_norm([gradient for gradient, _ in grads_and_vars])
        largest, log_mean = _largest_norm(norm, std_factor, decay, global_step, epsilon, name)
        if report_summary:
            scalar("global_norm/adaptive_max_gradient_norm", largest)
        factor = where(norm < largest, ones_like(norm), exp(log_mean) / norm)
        if static_max_norm is not None:
            factor = minimum(static_max_norm / norm, factor)
        return [(_scaled(gradient, factor), variable) for gradient, variable in grads_and_vars]

    return clip


def _scaled(gradient: Any, factor: Any) -> Any:
    if isinstance(gradient, IndexedSlices):
        return IndexedSlices(gradient.values * factor, gradient.indices, gradient.dense_shape)
    return None if gradient is None else gradient * factor


def _largest_norm(norm: Any, std_factor: float, decay: Any, global_step: Any, epsilon: float,
                  name: str | None) -> tuple[Any, Any]:
    """(the largest norm allowed, the mean of the norms' logarithms)."""
    with variable_scope(name, "AdaptiveMaxNorm", [norm]):
        logarithm = log(norm + epsilon)
        if global_step is not None:
            steps = cast(global_step, float32)
            decay = minimum(decay, steps / (steps + 1.0))

        def average(name: str, value: Any) -> Any:
            variable = get_variable(name, shape=value.shape, dtype=value.dtype,
                                    initializer=Zeros(), trainable=False)
            return assign_moving_average(variable, value, decay, zero_debias=False)

        mean = average("mean", logarithm)
        variance = average("sq_mean", square(logarithm)) - square(mean)
        return exp(mean + std_factor * sqrt(maximum(epsilon, variance))), mean
