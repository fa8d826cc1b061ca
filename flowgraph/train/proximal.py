"""Proximal optimizers: L1 and L2 penalties are applied exactly, so that weights become zero.

After a step of the gradient to v, the penalties pull v towards zero:

    prox(v) = sign(v) * max(|v| - rate * l1, 0) / (1 + rate * l2)
"""

from __future__ import annotations

from typing import Any

from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.arithmetic import maximum
from flowgraph.ops.cast import cast
from flowgraph.ops.unary import abs as magnitude
from flowgraph.ops.unary import sign, sqrt
from flowgraph.ops.variable import Variable
from flowgraph.train.adagrad import check_positive
from flowgraph.train.rowwise import RowwiseOptimizer


class ProximalGradientDescentOptimizer(RowwiseOptimizer):
    """Proximal gradient descent (Duchi and Singer 2009): w = prox(w - learning_rate * gradient).

    prox(v) = sign(v) * max(|v| - learning_rate * l1, 0) / (1 + learning_rate * l2). Of a sparse
    gradient, only the rows that occur are changed.

    Args:
        learning_rate: number or scalar tensor.
        l1_regularization_strength: l1, zero or positive.
        l2_regularization_strength: l2, zero or positive.
        use_locking: accepted.
        name: name scope of the update ops.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default(), fg.Session() as sess:
        ...     w = fg.Variable([3.0, 0.75])
        ...     optimizer = fg.train.ProximalGradientDescentOptimizer(0.5, 1.0)
        ...     step = optimizer.minimize(fg.reduce_sum(w))
        ...     sess.run(fg.global_variables_initializer())
        ...     sess.run(step)
        ...     sess.run(w)
        array([2., 0.], dtype=float32)
    """

    hyperparameters = ("learning_rate", "l1_regularization_strength",
                       "l2_regularization_strength")

    def __init__(self, learning_rate: Any, l1_regularization_strength: Any = 0.0,
                 l2_regularization_strength: Any = 0.0, use_locking: bool = False,
                 name: str = "ProximalGradientDescent") -> None:
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._l1_regularization_strength = l1_regularization_strength
        self._l2_regularization_strength = l2_regularization_strength

    def _rule(self, grad, part, rate, l1, l2):
        part.become(_prox(part.variable - grad * rate, rate, l1, l2))


class ProximalAdagradOptimizer(RowwiseOptimizer):
    """Proximal gradient descent with Adagrad's learning rates.

        a += gradient**2
        rate = learning_rate / sqrt(a)
        w = prox(w - rate * gradient)

    prox(v) = sign(v) * max(|v| - rate * l1, 0) / (1 + rate * l2). The slot "accumulator" holds a.
    Of a sparse gradient, only the rows that occur are changed.

    Args:
        learning_rate: number or scalar tensor.
        initial_accumulator_value: what a starts from, positive.
        l1_regularization_strength: l1, zero or positive.
        l2_regularization_strength: l2, zero or positive.
        use_locking: accepted.
        name: name scope of the update ops, and name of the slots.

    Raises:
        ValueError: `initial_accumulator_value` is not positive.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default(), fg.Session() as sess:
        ...     w = fg.Variable(3.0)
        ...     step = fg.train.ProximalAdagradOptimizer(
        ...         1.0, initial_accumulator_value=3.0, l1_regularization_strength=1.0).minimize(w)
        ...     sess.run(fg.global_variables_initializer())
        ...     sess.run(step)
        ...     sess.run(w)
        np.float32(2.0)
    """

    hyperparameters = ("learning_rate", "l1_regularization_strength",
                       "l2_regularization_strength")

    def __init__(self, learning_rate: Any, initial_accumulator_value: float = 0.1,
                 l1_regularization_strength: Any = 0.0, l2_regularization_strength: Any = 0.0,
                 use_locking: bool = False, name: str = "ProximalAdagrad") -> None:
        check_positive(initial_accumulator_value=initial_accumulator_value)
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._l1_regularization_strength = l1_regularization_strength
        self._l2_regularization_strength = l2_regularization_strength
        self._initial_accumulator_value = initial_accumulator_value

    def _create_slots(self, var_list: list[Variable]) -> None:
        for var in var_list:
            self._filled_slot(var, self._initial_accumulator_value, "accumulator", self._name)

    def _rule(self, grad, part, rate, l1, l2):
        rate = rate / sqrt(part.add("accumulator", grad * grad))
        part.become(_prox(part.variable - grad * rate, rate, l1, l2))


class AdagradDAOptimizer(RowwiseOptimizer):
    """Adagrad with dual averaging: w follows the sums of all gradients, not its own last value.

        g += gradient;  a += gradient**2
        w = -sign(g) * learning_rate * max(|g| - t * l1, 0) / (sqrt(a) + t * l2 * learning_rate)

    where t is the global step plus one. The slots "gradient_accumulator" and
    "gradient_squared_accumulator" hold g and a. Of a sparse gradient, only the rows that occur are
    changed; they catch up with the steps that did not name them.

    Args:
        learning_rate: number or scalar tensor.
        global_step: integer scalar variable: the training steps so far.
        initial_gradient_squared_accumulator_value: what a starts from, positive.
        l1_regularization_strength: l1, zero or positive.
        l2_regularization_strength: l2, zero or positive.
        use_locking: accepted.
        name: name scope of the update ops, and name of the slots.

    Raises:
        ValueError: `initial_gradient_squared_accumulator_value` is not positive.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default(), fg.Session() as sess:
        ...     w = fg.Variable(3.0)
        ...     count = fg.train.get_or_create_global_step()
        ...     step = fg.train.AdagradDAOptimizer(1.0, count, 3.0).minimize(w, global_step=count)
        ...     sess.run(fg.global_variables_initializer())
        ...     sess.run(step)
        ...     sess.run(w)
        np.float32(-0.5)
    """

    hyperparameters = ("learning_rate", "l1_regularization_strength",
                       "l2_regularization_strength")

    def __init__(self, learning_rate: Any, global_step: Any,
                 initial_gradient_squared_accumulator_value: float = 0.1,
                 l1_regularization_strength: Any = 0.0, l2_regularization_strength: Any = 0.0,
                 use_locking: bool = False, name: str = "AdagradDA") -> None:
        check_positive(initial_gradient_squared_accumulator_value=(
            initial_gradient_squared_accumulator_value))
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._l1_regularization_strength = l1_regularization_strength
        self._l2_regularization_strength = l2_regularization_strength
        self._global_step = global_step
        self._initial_gradient_squared_accumulator_value = (
            initial_gradient_squared_accumulator_value)

    def _create_slots(self, var_list: list[Variable]) -> None:
        for var in var_list:
            self._zeros_slot(var, "gradient_accumulator", self._name)
            self._filled_slot(var, self._initial_gradient_squared_accumulator_value,
                              "gradient_squared_accumulator", self._name)

    def _prepare(self):
        super()._prepare()
        self._steps = convert_to_tensor(self._global_step) + 1

    def _rule(self, grad, part, rate, l1, l2):
        steps = cast(self._steps, rate.dtype)
        total = part.add("gradient_accumulator", grad)
        squares = part.add("gradient_squared_accumulator", grad * grad)
        part.become(-sign(total) * rate * maximum(magnitude(total) - steps * l1, 0.0)
                    / (sqrt(squares) + steps * l2 * rate))


def _prox(value, rate, l1, l2):
    """`value`, pulled towards zero by the penalties."""
    return sign(value) * maximum(magnitude(value) - rate * l1, 0.0) / (1.0 + l2 * rate)
