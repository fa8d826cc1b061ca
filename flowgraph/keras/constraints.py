"""`tf.keras.constraints`: functions from a trained value to the one to keep."""

from __future__ import annotations

from typing import Any

from flowgraph.core.frames import located
from flowgraph.core.lazy import lazy as _lazy
from flowgraph.keras.backend import epsilon
from flowgraph.layers import named
from flowgraph.ops.cast import cast
from flowgraph.ops.clip import clip_by_value
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.unary import sqrt, square

__getattr__ = _lazy("tf.keras.constraints", globals())


class Constraint:
    """Base of constraints.

    Example:
        >>> import flowgraph as fg
        >>> isinstance(fg.keras.constraints.NonNeg(), fg.keras.constraints.Constraint)
        True
    """

    def __call__(self, w: Any) -> Any:
        """The value to keep.

        Args:
            w: the trained value.
        """
        return w

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return dict(vars(self))


def _norms(w: Any, axis: Any) -> Any:
    return sqrt(reduce_sum(square(w), axis=axis, keepdims=True))


class MaxNorm(Constraint):
    """Shortens vectors that are longer than a limit.

    Args:
        max_value: the limit.
        axis: the axis of the vectors.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.keras.constraints.MaxNorm(1.0)(fg.constant([3.0, 4.0]))))
        [0.6 0.8]
    """

    def __init__(self, max_value: float = 2, axis: Any = 0) -> None:
        self.max_value, self.axis = max_value, axis

    def __call__(self, w: Any) -> Any:
        norms = _norms(w, self.axis)
        return w * (clip_by_value(norms, 0.0, self.max_value) / (epsilon() + norms))


class NonNeg(Constraint):
    """Sets negative values to 0.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.keras.constraints.NonNeg()(fg.constant([-3.0, 4.0]))))
        [-0.  4.]
    """

    def __call__(self, w: Any) -> Any:
        return w * cast(w >= 0.0, w.dtype.base_dtype)


class UnitNorm(Constraint):
    """Scales vectors to length 1.

    Args:
        axis: the axis of the vectors.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.keras.constraints.UnitNorm()(fg.constant([3.0, 4.0]))))
        [0.6 0.8]
    """

    def __init__(self, axis: Any = 0) -> None:
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        return w / (epsilon() + _norms(w, self.axis))


class MinMaxNorm(Constraint):
    """Scales vectors whose length is outside a range towards it.

    Args:
        min_value, max_value: the range.
        rate: how far they are scaled: 1 is all the way.
        axis: the axis of the vectors.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.keras.constraints.MinMaxNorm()(fg.constant([3.0, 4.0]))))
        [0.6 0.8]
    """

    def __init__(self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0,
                 axis: Any = 0) -> None:
        self.min_value, self.max_value, self.rate, self.axis = min_value, max_value, rate, axis

    def __call__(self, w: Any) -> Any:
        norms = _norms(w, self.axis)
        wanted = (self.rate * clip_by_value(norms, self.min_value, self.max_value)
                  + (1 - self.rate) * norms)
        return w * (wanted / (epsilon() + norms))


max_norm, non_neg, unit_norm, min_max_norm = MaxNorm, NonNeg, UnitNorm, MinMaxNorm


def get(identifier: Any) -> Any:
    """The constraint for a name, a function, or None.

    Args:
        identifier: a name as "non_neg", a callable, or None.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.constraints.get(None) is None
        True
    """
    if identifier is None or isinstance(identifier, str) or callable(identifier):
        return named.constraint_called(identifier)
    raise ValueError(located(f"Could not interpret constraint identifier: {identifier!r}"))
