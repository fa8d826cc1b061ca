"""Dropout for selu, losses with the argument order of first versions, and sampled losses."""

from __future__ import annotations

import numbers
from typing import Any

from flowgraph.core.frames import located
from flowgraph.graph.graph import name_scope
from flowgraph.nn import candidate_sampling
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.static_value import known_value
from flowgraph.ops.activation import softplus
from flowgraph.ops.arithmetic import minimum
from flowgraph.ops.cast import cast
from flowgraph.ops.compare import greater_equal
from flowgraph.ops.cross_entropy import (
    sigmoid_cross_entropy_with_logits,
    softmax_cross_entropy_with_logits,
    sparse_softmax_cross_entropy_with_logits,
)
from flowgraph.ops.random_ops import random_uniform
from flowgraph.ops.shape import shape as shape_of

_DROPPED = -1.7580993408473766  # what selu gives for very negative inputs


def alpha_dropout(x: Any, keep_prob: Any, noise_shape: Any = None, seed: int | None = None,
                  name: str | None = None) -> Any:
    """Dropout that keeps mean 0 and variance 1, for layers with selu.

    Args:
        x: tensor of a floating dtype.
        keep_prob: the fraction that is kept, above 0 up to 1.
        noise_shape: shape of the random decisions; default that of `x`.
        seed: int, for the same decisions in every session.
        name: name of the ops.

    Returns:
        A tensor like `x`.

    Raises:
        ValueError: `keep_prob` is outside of (0, 1].

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import nn
        >>> y = fg.Session().run(nn.alpha_dropout(fg.zeros([2000]), 0.5, seed=1))
        >>> bool(abs(y.mean()) < 0.1)
        True
    """
    with name_scope(name, "alpha_dropout", [x]):
        x = convert_to_tensor(x, name="x")
        if isinstance(keep_prob, numbers.Real) and not 0 < float(keep_prob) <= 1:
            raise ValueError(located("keep_prob must be a scalar tensor or a float in the range "
                                     f"(0, 1], got {float(keep_prob):g}"))
        keep_prob = convert_to_tensor(keep_prob, dtype=x.dtype, name="keep_prob")
        if known_value(keep_prob) == 1:
            return x
        shape = shape_of(x) if noise_shape is None else noise_shape
        drawn = random_uniform(shape, seed=seed, dtype=x.dtype)
        kept = cast(greater_equal(drawn, 1 - keep_prob), x.dtype)
        x = x * kept + _DROPPED * (1 - kept)
        a = (keep_prob + keep_prob * (1 - keep_prob) * _DROPPED ** 2) ** -0.5
        return a * x - a * _DROPPED * (1 - keep_prob)


def deprecated_flipped_softmax_cross_entropy_with_logits(logits: Any, labels: Any, dim: int = -1,
                                                         name: str | None = None) -> Any:
    """`tf.nn.softmax_cross_entropy_with_logits` with logits before labels.

    Args:
        logits, labels, dim, name: as for `tf.nn.softmax_cross_entropy_with_logits`.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import nn
        >>> nn.deprecated_flipped_softmax_cross_entropy_with_logits(
        ...     fg.zeros([3, 2]), fg.ones([3, 2])).shape.as_list()
        [3]
    """
    return softmax_cross_entropy_with_logits(labels=labels, logits=logits, dim=dim, name=name)


def deprecated_flipped_sparse_softmax_cross_entropy_with_logits(
        logits: Any, labels: Any, name: str | None = None) -> Any:
    """`tf.nn.sparse_softmax_cross_entropy_with_logits` with logits before labels.

    Args:
        logits, labels, name: as for `tf.nn.sparse_softmax_cross_entropy_with_logits`.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import nn
        >>> nn.deprecated_flipped_sparse_softmax_cross_entropy_with_logits(
        ...     fg.zeros([3, 2]), [0, 1, 1]).shape.as_list()
        [3]
    """
    return sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits, name=name)


def deprecated_flipped_sigmoid_cross_entropy_with_logits(logits: Any, targets: Any,
                                                         name: str | None = None) -> Any:
    """`tf.nn.sigmoid_cross_entropy_with_logits` with logits before labels.

    Args:
        logits: tensor.
        targets: the labels, a tensor of its shape.
        name: name of the op.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import nn
        >>> nn.deprecated_flipped_sigmoid_cross_entropy_with_logits(
        ...     fg.zeros([3]), fg.ones([3])).shape.as_list()
        [3]
    """
    return sigmoid_cross_entropy_with_logits(labels=targets, logits=logits, name=name)


def sampled_sparse_softmax_loss(weights: Any, biases: Any, labels: Any, inputs: Any,
                                num_sampled: int, num_classes: int, sampled_values: Any = None,
                                remove_accidental_hits: bool = True,
                                partition_strategy: str = "mod",
                                name: str = "sampled_sparse_softmax_loss") -> Any:
    """`tf.nn.sampled_softmax_loss` for one true class each.

    Args:
        weights, biases, labels, inputs, num_sampled, num_classes, sampled_values,
            remove_accidental_hits, partition_strategy, name: as for `tf.nn.sampled_softmax_loss`.

    Returns:
        A [batch] tensor of losses.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import nn
        >>> nn.sampled_sparse_softmax_loss(fg.ones([10, 3]), fg.zeros([10]), [[1], [2]],
        ...                                fg.ones([2, 3]), 4, 10).shape.as_list()
        [2]
    """
    return candidate_sampling.sampled_softmax_loss(
        weights, biases, labels, inputs, num_sampled, num_classes, 1, sampled_values,
        remove_accidental_hits, partition_strategy, name)


def scaled_softplus(x: Any, alpha: Any, clip: Any = None, name: str | None = None) -> Any:
    """alpha * softplus(x / alpha), and no more than `clip`.

    Args:
        x: tensor.
        alpha: how far softplus is stretched.
        clip: the largest result, or None.
        name: name of the ops.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import nn
        >>> fg.Session().run(nn.scaled_softplus(fg.constant(30.0), 2.0, clip=6.0))
        np.float32(6.0)
    """
    with name_scope(name, "scaled_softplus", [x, alpha]):
        x = convert_to_tensor(x, name="x")
        alpha = convert_to_tensor(alpha, dtype=x.dtype, name="alpha")
        y = alpha * softplus(x / alpha)
        return y if clip is None else minimum(y, convert_to_tensor(clip, x.dtype, name="clip"))
