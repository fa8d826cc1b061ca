"""Adagrad: each entry has a learning rate of its own, which falls as its gradients add up."""

from __future__ import annotations

from typing import Any

from flowgraph.core.frames import located
from flowgraph.ops.unary import sqrt
from flowgraph.ops.variable import Variable
from flowgraph.train.rowwise import RowwiseOptimizer


class AdagradOptimizer(RowwiseOptimizer):
    """Adagrad (Duchi, Hazan and Singer 2011).

        a += gradient**2
        w -= learning_rate * gradient / sqrt(a)

    The slot "accumulator" holds a. Of a sparse gradient, only the rows that occur are changed.

    Args:
        learning_rate: number or scalar tensor.
        initial_accumulator_value: what a starts from, positive.
        use_locking: accepted.
        name: name scope of the update ops, and name of the slots.

    Raises:
        ValueError: `initial_accumulator_value` is not positive.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default(), fg.Session() as sess:
        ...     w = fg.Variable(3.0)
        ...     step = fg.train.AdagradOptimizer(0.5, 3.0).minimize(w)
        ...     sess.run(fg.global_variables_initializer())
        ...     sess.run(step)
        ...     sess.run(w)
        np.float32(2.75)
    """

    hyperparameters = ("learning_rate",)

    def __init__(self, learning_rate: Any, initial_accumulator_value: float = 0.1,
                 use_locking: bool = False, name: str = "Adagrad") -> None:
        check_positive(initial_accumulator_value=initial_accumulator_value)
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._initial_accumulator_value = initial_accumulator_value

    def _create_slots(self, var_list: list[Variable]) -> None:
        for var in var_list:
            self._filled_slot(var, self._initial_accumulator_value, "accumulator", self._name)

    def _rule(self, grad, part, rate):
        total = part.add("accumulator", grad * grad)
        part.step(grad * rate / sqrt(total))


def check_positive(**start: float) -> None:
    """Raises ValueError unless what an accumulator starts from is positive."""
    for name, value in start.items():
        if value <= 0.0:
            raise ValueError(located(f"{name} must be positive: {value}"))
