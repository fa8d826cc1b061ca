"""`tf.keras.activations`: activations by name."""

from __future__ import annotations

from typing import Any

from flowgraph.core.frames import located
from flowgraph.core.lazy import lazy as _lazy
from flowgraph.keras.backend import hard_sigmoid
from flowgraph.layers import named
from flowgraph.ops.activation import elu as plain_elu
from flowgraph.ops.activation import leaky_relu, selu, softplus, softsign
from flowgraph.ops.activation import relu as plain_relu
from flowgraph.ops.arithmetic import maximum, minimum
from flowgraph.ops.cast import cast
from flowgraph.ops.exponential import exp as exponential
from flowgraph.ops.exponential import sigmoid, tanh
from flowgraph.ops.select import where
from flowgraph.ops.softmax import softmax

__getattr__ = _lazy("tf.keras.activations", globals())

__all__ = ["deserialize", "elu", "exponential", "get", "hard_sigmoid", "linear", "relu", "selu",
           "serialize", "sigmoid", "softmax", "softplus", "softsign", "tanh"]


def linear(x: Any) -> Any:
    """Returns `x`.

    Args:
        x: anything.
    """
    return x


def elu(x: Any, alpha: float = 1.0) -> Any:
    """Computes `x` where that is positive, else `alpha * (exp(x) - 1)`.

    Args:
        x: a tensor.
        alpha: slope at 0 from below.
    """
    y = plain_elu(x)
    return y if alpha == 1 else where(x > 0, y, alpha * y)


def relu(x: Any, alpha: float = 0.0, max_value: float | None = None, threshold: float = 0) -> Any:
    """Computes `x` where that is above a threshold, up to a largest value.

    Args:
        x: a tensor.
        alpha: slope below the threshold.
        max_value: the largest value; default none.
        threshold: what is not above it is `alpha * (x - threshold)`.
    """
    if alpha:
        if max_value is None and threshold == 0:
            return leaky_relu(x, alpha)
        below = plain_relu(-x + threshold) if threshold else plain_relu(-x)
    y = (x * cast(x > threshold, x.dtype.base_dtype)) if threshold else plain_relu(x)
    if max_value is not None:
        y = maximum(minimum(y, max_value), 0.0)
    return y - alpha * below if alpha else y


named.ACTIVATIONS.setdefault("hard_sigmoid", hard_sigmoid)


def get(identifier: Any) -> Any:
    """The activation for a name, a function, or None.

    Args:
        identifier: a name as "relu", a function, or None for `linear`.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.activations.get("relu") is fg.nn.relu
        True
    """
    if identifier is None:
        return linear
    if isinstance(identifier, str) or callable(identifier):
        return named.activation_called(identifier)
    raise TypeError(located(f"Could not interpret activation function identifier: {identifier!r}"))


def serialize(activation: Any) -> str:
    """The name of an activation.

    Args:
        activation: a function.
    """
    return activation.__name__


def deserialize(name: str, custom_objects: Any = None) -> Any:
    """The activation of a name.

    Args:
        name: as "relu".
        custom_objects: dict from further names to functions.
    """
    return (custom_objects or {}).get(name) or get(name)
