"""Gradient descent: w -= learning_rate * gradient."""

from __future__ import annotations

from typing import Any

from flowgraph.ops.scatter import scatter_sub
from flowgraph.ops.state import assign_sub
from flowgraph.train.optimizer import Optimizer, cast_like


class GradientDescentOptimizer(Optimizer):
    """Plain gradient descent: w -= learning_rate * gradient.

    Args:
        learning_rate: number or scalar tensor.
        use_locking: accepted.
        name: name scope of the update ops.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default(), fg.Session() as sess:
        ...     w = fg.Variable([3.0, 4.0])
        ...     step = fg.train.GradientDescentOptimizer(0.5).minimize(fg.reduce_sum(w))
        ...     sess.run(fg.global_variables_initializer())
        ...     sess.run(step)
        ...     sess.run(w)
        array([2.5, 3.5], dtype=float32)
    """

    def __init__(self, learning_rate: Any, use_locking: bool = False,
                 name: str = "GradientDescent") -> None:
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate

    def _prepare(self) -> None:
        self._learning_rate_tensor = self._scalar(self._learning_rate, "learning_rate")

    def _apply_dense(self, grad, var):
        return assign_sub(var, grad * cast_like(self._learning_rate_tensor, var))

    def _apply_sparse_duplicate_indices(self, grad, var):
        rate = cast_like(self._learning_rate_tensor, var)
        return scatter_sub(var, grad.indices, grad.values * rate)
