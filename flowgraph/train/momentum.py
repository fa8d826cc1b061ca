"""Momentum: the step follows a decaying sum of all gradients so far."""

from __future__ import annotations

from typing import Any

from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.gather import gather
from flowgraph.ops.identity import group
from flowgraph.ops.scatter import scatter_sub, scatter_update
from flowgraph.ops.state import assign, assign_sub
from flowgraph.ops.variable import Variable
from flowgraph.train.optimizer import Optimizer, cast_like


class MomentumOptimizer(Optimizer):
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

    def __init__(self, learning_rate: Any, momentum: Any, use_locking: bool = False,
                 name: str = "Momentum", use_nesterov: bool = False) -> None:
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._momentum = momentum
        self._use_nesterov = use_nesterov

    def _create_slots(self, var_list: list[Variable]) -> None:
        for var in var_list:
            self._zeros_slot(var, "momentum", self._name)

    def _prepare(self) -> None:
        self._rate = convert_to_tensor(self._call_if_callable(self._learning_rate),
                                       name="learning_rate")
        self._decay = convert_to_tensor(self._call_if_callable(self._momentum), name="momentum")

    def _step(self, grad, total, var):
        """What is subtracted, given the gradient and the new decaying sum."""
        rate = cast_like(self._rate, var)
        if self._use_nesterov:
            return grad * rate + total * cast_like(self._decay, var) * rate
        return total * rate

    def _apply_dense(self, grad, var):
        slot = self._slots["momentum"][var.op]._ref()
        total = assign(slot, slot * cast_like(self._decay, var) + grad)
        return assign_sub(var, self._step(grad, total, var))

    def _apply_sparse(self, grad, var):
        slot = self._slots["momentum"][var.op]._ref()
        rows = gather(slot, grad.indices) * cast_like(self._decay, var) + grad.values
        return group(scatter_update(slot, grad.indices, rows),
                     scatter_sub(var, grad.indices, self._step(grad.values, rows, var)))
