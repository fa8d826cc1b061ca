"""`tf.keras.regularizers`: losses for the size of variables."""

from __future__ import annotations

from typing import Any

from flowgraph.core.frames import located
from flowgraph.core.lazy import lazy as _lazy
from flowgraph.layers import named
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.unary import abs as abs_
from flowgraph.ops.unary import square

__getattr__ = _lazy("tf.keras.regularizers", globals())


class Regularizer:
    """Base of regularizers: a function from a variable to a loss.

    Example:
        >>> import flowgraph as fg
        >>> isinstance(fg.keras.regularizers.l2(), fg.keras.regularizers.Regularizer)
        True
    """

    def __call__(self, x: Any) -> Any:
        """The loss.

        Args:
            x: a variable or tensor.
        """
        return 0.0


class L1L2(Regularizer):
    """The weighed sums of absolute values and of squares.

    Args:
        l1: weight of the absolute values.
        l2: weight of the squares.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.keras.regularizers.L1L2(l1=1.0, l2=2.0)(fg.constant([-3.0])))
        np.float32(21.0)
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        self.l1, self.l2 = l1, l2

    def __call__(self, x: Any) -> Any:
        total: Any = 0.0
        if self.l1:
            total += reduce_sum(self.l1 * abs_(x))
        if self.l2:
            total += reduce_sum(self.l2 * square(x))
        return total

    def get_config(self) -> dict[str, float]:
        """The constructor's arguments."""
        return {"l1": float(self.l1), "l2": float(self.l2)}


def l1(l: float = 0.01) -> L1L2:  # noqa: E741
    """The weighed sum of absolute values.

    Args:
        l: the weight.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.keras.regularizers.l1(1.0)(fg.constant([-3.0])))
        np.float32(3.0)
    """
    return L1L2(l1=l)


def l2(l: float = 0.01) -> L1L2:  # noqa: E741
    """The weighed sum of squares.

    Args:
        l: the weight.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.keras.regularizers.l2(1.0)(fg.constant([-3.0])))
        np.float32(9.0)
    """
    return L1L2(l2=l)


def l1_l2(l1: float = 0.01, l2: float = 0.01) -> L1L2:
    """The weighed sums of absolute values and of squares.

    Args:
        l1: weight of the absolute values.
        l2: weight of the squares.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.keras.regularizers.l1_l2(1.0, 1.0)(fg.constant([-3.0])))
        np.float32(12.0)
    """
    return L1L2(l1, l2)


def get(identifier: Any) -> Any:
    """The regularizer for a name, a function, or None.

    Args:
        identifier: a name as "l2", a callable, a dict of `serialize`, or None.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.regularizers.get(None) is None
        True
    """
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if identifier is None or isinstance(identifier, str) or callable(identifier):
        return named.regularizer_called(identifier)
    raise ValueError(located(f"Could not interpret regularizer identifier: {identifier!r}"))


def serialize(regularizer: L1L2) -> dict[str, Any]:
    """A regularizer as a dict.

    Args:
        regularizer: a regularizer.
    """
    return {"class_name": "L1L2", "config": regularizer.get_config()}


def deserialize(config: Any, custom_objects: Any = None) -> Any:
    """The regularizer that `serialize` gave a dict of, or of a name.

    Args:
        config: the dict, or a name.
        custom_objects: dict from further names to functions.
    """
    if isinstance(config, str):
        return (custom_objects or {}).get(config) or get(config)
    return L1L2(**config["config"])
