"""Losses that keep weights small: functions from a variable to a scalar, or None."""

from __future__ import annotations

import numbers
from collections.abc import Callable
from typing import Any

from flowgraph.core.frames import located
from flowgraph.graph.collections import GraphKeys
from flowgraph.graph.graph import get_default_graph, name_scope
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.arithmetic import add_n, multiply
from flowgraph.ops.constant import constant
from flowgraph.ops.l2_loss import l2_loss
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.unary import abs as abs_
from flowgraph.platform import logging


def _is_off(scale: Any, argument: str = "scale") -> bool:
    """Whether a scale is 0. Raises ValueError for an int, or a scale below 0."""
    if isinstance(scale, numbers.Integral):
        raise ValueError(located(f"{argument} cannot be an integer: {scale}",
                                 f"Write {argument}={int(scale)}.0."))
    if isinstance(scale, numbers.Real) and scale < 0:
        raise ValueError(located(f"Setting a scale less than 0 on a regularizer: {scale:g}"))
    if isinstance(scale, numbers.Real) and scale == 0:
        logging.info("Scale of 0 disables regularizer.")
        return True
    return False


def _scaled(measure: Callable[[Any], Any], default_name: str, scale: Any, scope: Any) -> Any:
    """The regularizer `scale * measure(weights)`."""
    if _is_off(scale):
        return lambda weights: None

    def regularizer(weights: Any) -> Any:
        with name_scope(scope, default_name, [weights]) as name:
            factor = convert_to_tensor(scale, dtype=weights.dtype.base_dtype, name="scale")
            return multiply(factor, measure(weights), name=name)

    return regularizer


def l1_regularizer(scale: float, scope: str | None = None) -> Any:
    """The regularizer scale * sum(|w|).

    Args:
        scale: float or scalar tensor; 0.0 for no regularizer.
        scope: name of the op; default "l1_regularizer".

    Returns:
        A function from a tensor to a scalar.

    Raises:
        ValueError: `scale` is an int, or below 0.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import layers
        >>> fg.Session().run(layers.l1_regularizer(0.5)(fg.constant([1.0, -3.0])))
        np.float32(2.0)
    """
    return _scaled(lambda weights: reduce_sum(abs_(weights)), "l1_regularizer", scale, scope)


def l2_regularizer(scale: float, scope: str | None = None) -> Any:
    """The regularizer scale * sum(w**2) / 2.

    Args:
        scale, scope: as for `l1_regularizer`.

    Returns:
        A function from a tensor to a scalar.

    Raises:
        ValueError: `scale` is an int, or below 0.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import layers
        >>> fg.Session().run(layers.l2_regularizer(0.5)(fg.constant([1.0, -3.0])))
        np.float32(2.5)
    """
    return _scaled(l2_loss, "l2_regularizer", scale, scope)


def l1_l2_regularizer(scale_l1: float = 1.0, scale_l2: float = 1.0,
                      scope: str | None = None) -> Any:
    """The sum of `l1_regularizer` and `l2_regularizer`.

    Args:
        scale_l1, scale_l2: factors of the two; 0.0 leaves one out.
        scope: name of the op; default "l1_l2_regularizer".

    Returns:
        A function from a tensor to a scalar.

    Raises:
        ValueError: a scale is an int, or below 0.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import layers
        >>> fg.Session().run(layers.l1_l2_regularizer(0.5, 0.5)(fg.constant([1.0, -3.0])))
        np.float32(4.5)
    """
    for argument, scale in (("scale_l1", scale_l1), ("scale_l2", scale_l2)):
        if isinstance(scale, numbers.Integral):
            _is_off(scale, argument)
    scope = scope or "l1_l2_regularizer"
    if scale_l1 == 0.0:
        return l2_regularizer(scale_l2, scope)
    if scale_l2 == 0.0:
        return l1_regularizer(scale_l1, scope)
    return sum_regularizer([l1_regularizer(scale_l1), l2_regularizer(scale_l2)], scope=scope)


def sum_regularizer(regularizer_list: Any, scope: str | None = None) -> Any:
    """The sum of several regularizers.

    Args:
        regularizer_list: list of regularizers; None among them is left out.
        scope: name of the op; default "sum_regularizer".

    Returns:
        A function from a tensor to a scalar; None when the list has nothing in it.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import layers
        >>> both = layers.sum_regularizer([layers.l1_regularizer(0.5), None])
        >>> fg.Session().run(both(fg.constant([1.0, -3.0])))
        np.float32(2.0)
    """
    regularizers = [regularizer for regularizer in regularizer_list if regularizer is not None]
    if not regularizers:
        return None

    def regularizer(weights: Any) -> Any:
        with name_scope(scope, "sum_regularizer", [weights]) as name:
            losses = [loss for loss in (one(weights) for one in regularizers) if loss is not None]
            return add_n(losses, name=name) if losses else None

    return regularizer


def apply_regularization(regularizer: Any, weights_list: Any = None) -> Any:
    """The sum of a regularizer over several variables, put in REGULARIZATION_LOSSES.

    Args:
        regularizer: function from a tensor to a scalar, or to None for no penalty.
        weights_list: the variables; default those in the collection WEIGHTS.

    Returns:
        A scalar.

    Raises:
        ValueError: there are no variables, or the regularizer gives no scalar.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import layers
        >>> weights = [fg.constant([1.0, 2.0]), fg.constant([3.0])]
        >>> fg.Session().run(layers.apply_regularization(layers.l1_regularizer(0.5), weights))
        np.float32(3.0)
    """
    graph = get_default_graph()
    weights_list = weights_list or graph.get_collection(GraphKeys.WEIGHTS)
    if not weights_list:
        raise ValueError(located("No weights to regularize.",
                                 "Pass the variables: apply_regularization(regularizer, weights)."))
    with name_scope("get_regularization_penalty", values=weights_list) as scope:
        penalties = [regularizer(weights) for weights in weights_list]
        penalties = [constant(0.0) if penalty is None else penalty for penalty in penalties]
        for penalty in penalties:
            if penalty.shape.ndims != 0:
                raise ValueError(located("regularizer must return a scalar Tensor instead of a "
                                         f"Tensor with rank {penalty.shape.ndims}."))
        total = add_n(penalties, name=scope)
        graph.add_to_collection(GraphKeys.REGULARIZATION_LOSSES, total)
        return total
