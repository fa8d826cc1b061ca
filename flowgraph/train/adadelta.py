"""Adadelta: steps as large as recent steps were, whatever the scale of the gradients."""

from __future__ import annotations

from typing import Any

from flowgraph.ops.unary import sqrt
from flowgraph.ops.variable import Variable
from flowgraph.train.rowwise import RowwiseOptimizer


class AdadeltaOptimizer(RowwiseOptimizer):
    """Adadelta (Zeiler 2012); `learning_rate=1.0` is the paper's form.

        a = rho * a + (1 - rho) * gradient**2
        step = gradient * sqrt(u + epsilon) / sqrt(a + epsilon)
        u = rho * u + (1 - rho) * step**2
        w -= learning_rate * step

    The slots "accum" and "accum_update" hold a and u. Of a sparse gradient, only the rows that
    occur are changed.

    Args:
        learning_rate: number or scalar tensor.
        rho: decay of the means, number or scalar tensor.
        epsilon: small number that starts the steps and keeps the division defined.
        use_locking: accepted.
        name: name scope of the update ops, and name of the slots.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default(), fg.Session() as sess:
        ...     w = fg.Variable(3.0)
        ...     step = fg.train.AdadeltaOptimizer(1.0, rho=0.0, epsilon=1.0).minimize(w)
        ...     sess.run(fg.global_variables_initializer())
        ...     sess.run(step)
        ...     round(float(sess.run(w)), 4)
        2.2929
    """

    hyperparameters = ("lr", "rho", "epsilon")

    def __init__(self, learning_rate: Any = 0.001, rho: Any = 0.95, epsilon: Any = 1e-8,
                 use_locking: bool = False, name: str = "Adadelta") -> None:
        super().__init__(use_locking, name)
        self._lr = learning_rate
        self._rho = rho
        self._epsilon = epsilon

    def _create_slots(self, var_list: list[Variable]) -> None:
        for var in var_list:
            self._zeros_slot(var, "accum", self._name)
            self._zeros_slot(var, "accum_update", self._name)

    def _rule(self, grad, part, rate, rho, epsilon):
        steps = part.read("accum_update")
        total = part.write("accum", part.read("accum") * rho + grad * grad * (1.0 - rho))
        step = sqrt(steps + epsilon) / sqrt(total + epsilon) * grad
        part.write("accum_update", steps * rho + step * step * (1.0 - rho))
        part.step(step * rate)
