"""First values of weights, as `tf.contrib.layers` draws them."""

from __future__ import annotations

import math
from typing import Any

from flowgraph.core.dtypes import as_dtype, float32
from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape
from flowgraph.ops.random_ops import random_uniform, truncated_normal

_MODES = ("FAN_IN", "FAN_OUT", "FAN_AVG")


def xavier_initializer(uniform: bool = True, seed: int | None = None, dtype: Any = float32) -> Any:
    """Values whose spread keeps gradients of about one size through the layers (Glorot's).

    Args:
        uniform: uniform values up to sqrt(6 / (in + out)); else truncated normal ones.
        seed: seed of the op.
        dtype: dtype of the values, a floating one.

    Returns:
        An initializer: a function from a shape to a tensor.

    Raises:
        TypeError: `dtype` is not a floating one.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import layers
        >>> w = fg.get_variable("w", [100, 50], initializer=layers.xavier_initializer())
        >>> with fg.Session() as sess:
        ...     sess.run(w.initializer)
        ...     bool(abs(sess.run(w)).max() <= 0.2)
        True
    """
    return variance_scaling_initializer(factor=1.0, mode="FAN_AVG", uniform=uniform, seed=seed,
                                        dtype=dtype)


xavier_initializer_conv2d = xavier_initializer


def variance_scaling_initializer(factor: float = 2.0, mode: str = "FAN_IN", uniform: bool = False,
                                 seed: int | None = None, dtype: Any = float32) -> Any:
    """Values whose variance is `factor` divided by a number of connections.

    Args:
        factor: 2 for layers followed by relu (He), 1 for Glorot's and for linear ones.
        mode: "FAN_IN", "FAN_OUT" or "FAN_AVG": connections into a unit, out of it, or the mean.
        uniform: uniform values; else truncated normal ones.
        seed: seed of the op.
        dtype: dtype of the values, a floating one.

    Returns:
        An initializer: a function from a shape to a tensor.

    Raises:
        TypeError: `dtype` is not a floating one, or `mode` is unknown.

    Example:
        >>> from flowgraph.contrib import layers
        >>> layers.variance_scaling_initializer()([3, 3, 8, 16]).shape.as_list()
        [3, 3, 8, 16]
    """
    _check_floating(dtype)
    if mode not in _MODES:
        raise TypeError(located(f"Unknown mode {mode} {list(_MODES)}"))
    default = dtype

    def initializer(shape: Any, dtype: Any = default, partition_info: Any = None) -> Any:
        _check_floating(dtype)
        sizes: Any = TensorShape(shape).as_list()
        window = math.prod(sizes[:-2])
        fan_in = float(sizes[-2 if len(sizes) > 1 else -1] * window) if sizes else 1.0
        fan_out = float(sizes[-1] * window) if sizes else 1.0
        fan = {"FAN_IN": fan_in, "FAN_OUT": fan_out, "FAN_AVG": (fan_in + fan_out) / 2.0}[mode]
        if uniform:
            limit = math.sqrt(3.0 * factor / fan)
            return random_uniform(sizes, -limit, limit, dtype, seed=seed)
        # Cutting the tails off takes about a quarter of a normal distribution's variance.
        return truncated_normal(sizes, 0.0, math.sqrt(1.3 * factor / fan), dtype, seed=seed)

    return initializer


def _check_floating(dtype: Any) -> None:
    if not as_dtype(dtype).is_floating:
        raise TypeError(located("Cannot create initializer for non-floating point type."))
