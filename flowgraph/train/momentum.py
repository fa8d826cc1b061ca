"""Momentum: the step follows a decaying sum of all gradients so far."""

from __future__ import annotations

from typing import Any

from flowgraph.ops.variable import Variable
from flowgraph.train.rowwise import RowwiseOptimizer


class MomentumOptimizer(RowwiseOptimizer):
    """Gradient descent with momentum: a = momentum * a + gradient; w -= learning_rate * a.

    The slot "momentum" holds a. Of a sparse gradient, only the rows that occur are changed.

    Args:
        learning_rate: number or scalar tensor.
        momentum: number or scalar tensor.
        use_locking: accepted.
        name: name scope of the update ops, and name of the slots.
        use_nesterov: w -= learning_rate * (gradient + momentum * a), which looks one step ahead.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default(), fg.Session() as sess:
        ...     w = fg.Variable(3.0)
        ...     step = fg.train.MomentumOptimizer(0.5, 0.5).minimize(w)
        ...     sess.run(fg.global_variables_initializer())
        ...     for _ in range(2):
        ...         sess.run(step)
        ...     sess.run(w)
        np.float32(1.75)
    """

    hyperparameters = ("learning_rate", "momentum")

    def __init__(self, learning_rate: Any, momentum: Any, use_locking: bool = False,
                 name: str = "Momentum", use_nesterov: bool = False) -> None:
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._momentum = momentum
        self._use_nesterov = use_nesterov

    def _create_slots(self, var_list: list[Variable]) -> None:
        for var in var_list:
            self._zeros_slot(var, "momentum", self._name)

    def _rule(self, grad, part, rate, momentum):
        total = part.write("momentum", part.read("momentum") * momentum + grad)
        if self._use_nesterov:
            part.step(grad * rate + total * momentum * rate)
        else:
            part.step(total * rate)
