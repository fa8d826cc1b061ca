"""FTRL-proximal: follow the regularized leader, for linear models with many zero weights."""

from __future__ import annotations

from typing import Any

from flowgraph.core.frames import located
from flowgraph.ops.arithmetic import pow as power_of
from flowgraph.ops.clip import clip_by_value
from flowgraph.ops.constant import zeros_like
from flowgraph.ops.select import where
from flowgraph.ops.unary import abs as magnitude
from flowgraph.ops.unary import sqrt
from flowgraph.ops.variable import Variable
from flowgraph.train.rowwise import RowwiseOptimizer


class FtrlOptimizer(RowwiseOptimizer):
    """FTRL-proximal (McMahan et al. 2013).

        a' = a + gradient**2
        z += gradient - (a'**p - a**p) / learning_rate * w        with p = -learning_rate_power
        w = (clip(z, -l1, l1) - z) / (a'**p / learning_rate + 2 * l2)

    so w is zero where |z| <= l1. The slots "accum" and "linear" hold a and z. Of a sparse gradient,
    only the rows that occur are changed.

    Args:
        learning_rate: number or scalar tensor.
        learning_rate_power: how fast the learning rate falls; zero or negative, 0 keeps it fixed.
        initial_accumulator_value: what a starts from; zero or positive.
        l1_regularization_strength: l1, zero or positive.
        l2_regularization_strength: l2, zero or positive.
        use_locking: accepted.
        name: name scope of the update ops, and name of the slots.
        accum_name: name of the slots "accum"; default `name`.
        linear_name: name of the slots "linear"; default `name`, made unique.
        l2_shrinkage_regularization_strength: adds 2 * this * w to the gradient that z sums up, as
            an L2 penalty in the loss would; zero or positive.

    Raises:
        ValueError: a number has the wrong sign.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default(), fg.Session() as sess:
        ...     w = fg.Variable([3.0, 0.0])
        ...     step = fg.train.FtrlOptimizer(
        ...         1.0, initial_accumulator_value=3.0,
        ...         l1_regularization_strength=0.5).minimize(fg.reduce_sum(w * [0.0, 1.0]))
        ...     sess.run(fg.global_variables_initializer())
        ...     sess.run(step)
        ...     sess.run(w)
        array([ 0.  , -0.25], dtype=float32)
    """

    hyperparameters = ("learning_rate", "l1_regularization_strength",
                       "l2_regularization_strength", "l2_shrinkage_regularization_strength",
                       "learning_rate_power")

    def __init__(self, learning_rate: Any, learning_rate_power: float = -0.5,
                 initial_accumulator_value: float = 0.1,
                 l1_regularization_strength: float = 0.0, l2_regularization_strength: float = 0.0,
                 use_locking: bool = False, name: str = "Ftrl", accum_name: str | None = None,
                 linear_name: str | None = None,
                 l2_shrinkage_regularization_strength: float = 0.0) -> None:
        check_not_negative(
            initial_accumulator_value=initial_accumulator_value,
            l1_regularization_strength=l1_regularization_strength,
            l2_regularization_strength=l2_regularization_strength,
            l2_shrinkage_regularization_strength=l2_shrinkage_regularization_strength)
        if learning_rate_power > 0.0:
            raise ValueError(located(f"learning_rate_power {learning_rate_power:f} needs to be "
                                     "negative or zero"))
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._learning_rate_power = learning_rate_power
        self._initial_accumulator_value = initial_accumulator_value
        self._l1_regularization_strength = l1_regularization_strength
        self._l2_regularization_strength = l2_regularization_strength
        self._l2_shrinkage_regularization_strength = l2_shrinkage_regularization_strength
        self._accum_name = accum_name
        self._linear_name = linear_name

    def _create_slots(self, var_list: list[Variable]) -> None:
        for var in var_list:
            self._filled_slot(var, self._initial_accumulator_value, "accum",
                              self._accum_name or self._name)
            self._zeros_slot(var, "linear", self._linear_name or self._name)

    def _rule(self, grad, part, rate, l1, l2, shrinkage, power):
        def raised(total):
            return sqrt(total) if self._learning_rate_power == -0.5 else power_of(total, -power)

        var, old = part.variable, part.read("accum")
        before = raised(old)
        after = raised(part.add("accum", grad * grad))
        pull = grad
        if self._l2_shrinkage_regularization_strength > 0.0:
            pull = grad + 2.0 * shrinkage * var
        linear = part.add("linear", pull - (after - before) / rate * var)
        moved = (clip_by_value(linear, -l1, l1) - linear) / (after / rate + 2.0 * l2)
        # Where nothing was added up yet the quotient is 0 / 0: it is zero there too.
        part.become(where(magnitude(linear) > l1, moved, zeros_like(moved)))


def check_not_negative(**numbers: float) -> None:
    """Raises ValueError for a number below zero."""
    for name, value in numbers.items():
        if value < 0.0:
            raise ValueError(located(f"{name} {value:f} needs to be positive or zero"))
