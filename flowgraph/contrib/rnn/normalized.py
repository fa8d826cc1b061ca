"""Layer normalization inside a cell: `gamma` and `beta` in a scope of their own."""

from __future__ import annotations

from typing import Any

from flowgraph.core.dtypes import float16
from flowgraph.ops.initializers import Constant
from flowgraph.ops.normalization import batch_normalization, moments
from flowgraph.ops.variable_scope import get_variable, variable_scope


class NormalizedGates:
    """A cell that may be told to normalize its gates' inputs and its memory."""

    _layer_norm: bool
    _norm_gain: float
    _norm_shift: float

    def _norm(self, x: Any, scope: str) -> Any:
        return (normalized(x, scope, self._norm_gain, self._norm_shift) if self._layer_norm
                else x)


def normalized(x: Any, scope: str, gain: float, shift: float) -> Any:
    """x with each row brought to mean 0 and variance 1, times gamma plus beta.

    Args:
        x: tensor `[batch_size, size]`.
        scope: name of the variable scope.
        gain: first value of `gamma`.
        shift: first value of `beta`.

    Returns:
        A tensor like x.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib.rnn.normalized import normalized
        >>> with fg.Graph().as_default(), fg.Session() as session:
        ...     y = normalized(fg.constant([[1.0, 3.0]]), "input", 1.0, 0.0)
        ...     session.run(fg.global_variables_initializer())
        ...     session.run(y)
        array([[-1.,  1.]], dtype=float32)
    """
    dtype = x.dtype.base_dtype
    with variable_scope(scope):
        gamma = get_variable("gamma", x.shape[-1:], dtype, initializer=Constant(gain))
        beta = get_variable("beta", x.shape[-1:], dtype, initializer=Constant(shift))
        mean, variance = moments(x, [1], keep_dims=True)
        epsilon = 1e-3 if dtype is float16 else 1e-12
        return batch_normalization(x, mean, variance, beta, gamma, epsilon)
