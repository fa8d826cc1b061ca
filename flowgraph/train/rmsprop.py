"""RMSProp: the gradient is divided by a decaying mean of its size."""

from __future__ import annotations

from typing import Any

from flowgraph.ops.unary import sqrt
from flowgraph.ops.variable import Variable
from flowgraph.train.rowwise import RowwiseOptimizer


class RMSPropOptimizer(RowwiseOptimizer):
    """RMSProp (Tieleman and Hinton 2012).

        s = decay * s + (1 - decay) * gradient**2
        a = momentum * a + learning_rate * gradient / sqrt(s + epsilon)
        w -= a

    `centered=True` estimates the variance: it keeps g = decay * g + (1 - decay) * gradient too,
    and divides by sqrt(s - g**2 + epsilon). The slots "rms", "momentum" and "mg" hold s, which
    starts from one, a and g. Of a sparse gradient, only the rows that occur are changed.

    Args:
        learning_rate: number or scalar tensor.
        decay: decay of the means.
        momentum: decay of the sum of steps.
        epsilon: small number that keeps the division defined.
        use_locking: accepted.
        centered: divide by the standard deviation, not by the root mean square.
        name: name scope of the update ops, and name of the slots.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default(), fg.Session() as sess:
        ...     w = fg.Variable(3.0)
        ...     step = fg.train.RMSPropOptimizer(0.5, epsilon=0.0).minimize(w)
        ...     sess.run(fg.global_variables_initializer())
        ...     sess.run(step)
        ...     sess.run(w)
        np.float32(2.5)
    """

    hyperparameters = ("learning_rate", "decay", "momentum", "epsilon")

    def __init__(self, learning_rate: Any, decay: Any = 0.9, momentum: Any = 0.0,
                 epsilon: Any = 1e-10, use_locking: bool = False, centered: bool = False,
                 name: str = "RMSProp") -> None:
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._decay = decay
        self._momentum = momentum
        self._epsilon = epsilon
        self._centered = centered

    def _create_slots(self, var_list: list[Variable]) -> None:
        for var in var_list:
            self._filled_slot(var, 1.0, "rms", self._name)
            if self._centered:
                self._zeros_slot(var, "mg", self._name)
            self._zeros_slot(var, "momentum", self._name)

    def _rule(self, grad, part, rate, decay, momentum, epsilon):
        rest = 1.0 - decay
        spread = part.add("rms", (grad * grad - part.read("rms")) * rest)
        if self._centered:
            mean = part.add("mg", (grad - part.read("mg")) * rest)
            spread = spread - mean * mean
        step = part.read("momentum") * momentum + grad * rate / sqrt(spread + epsilon)
        part.step(part.write("momentum", step))
