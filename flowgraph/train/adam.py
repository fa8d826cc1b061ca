"""Adam: steps of nearly equal size, from decaying means of gradients and of their squares."""

from __future__ import annotations

from typing import Any

from flowgraph.core.dtypes import DType
from flowgraph.graph.graph import control_dependencies, get_default_graph
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.subgraph import outermost
from flowgraph.ops.cast import cast
from flowgraph.ops.identity import group
from flowgraph.ops.scatter import scatter_add
from flowgraph.ops.state import assign, assign_add, assign_sub
from flowgraph.ops.unary import sqrt
from flowgraph.ops.variable import Variable
from flowgraph.train.optimizer import Optimizer


class AdamOptimizer(Optimizer):
    """Adam (Kingma and Ba 2015), with epsilon outside the correction of the bias, as in TensorFlow.

        m = beta1 * m + (1 - beta1) * gradient
        v = beta2 * v + (1 - beta2) * gradient**2
        w -= learning_rate * sqrt(1 - beta2**t) / (1 - beta1**t) * m / (sqrt(v) + epsilon)

    The slots "m" and "v" hold the means. A sparse gradient counts as zero in the rows it does not
    name: all rows of m, v and w change.

    Args:
        learning_rate: number or scalar tensor.
        beta1, beta2: decay of the means.
        epsilon: small number that keeps the division defined.
        use_locking: accepted.
        name: name scope of the update ops, and name of the slots.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default(), fg.Session() as sess:
        ...     w = fg.Variable(3.0)
        ...     step = fg.train.AdamOptimizer(0.5).minimize(w * w)
        ...     sess.run(fg.global_variables_initializer())
        ...     sess.run(step)
        ...     sess.run(w)
        np.float32(2.5)
    """

    def __init__(self, learning_rate: Any = 0.001, beta1: Any = 0.9, beta2: Any = 0.999,
                 epsilon: Any = 1e-8, use_locking: bool = False, name: str = "Adam") -> None:
        super().__init__(use_locking, name)
        self._lr = learning_rate
        self._beta1 = beta1
        self._beta2 = beta2
        self._epsilon = epsilon

    def _create_slots(self, var_list: list[Variable]) -> None:
        first = min(var_list, key=lambda var: var.name)
        self._create_non_slot_variable(self._call_if_callable(self._beta1), "beta1_power", first)
        self._create_non_slot_variable(self._call_if_callable(self._beta2), "beta2_power", first)
        for var in var_list:
            self._zeros_slot(var, "m", self._name)
            self._zeros_slot(var, "v", self._name)

    def _get_beta_accumulators(self) -> tuple[Variable, Variable]:
        """The variables that hold beta1**t and beta2**t."""
        graph = outermost(get_default_graph())
        return self._others["beta1_power", graph], self._others["beta2_power", graph]

    def _prepare(self) -> None:
        self._lr_t = self._scalar(self._lr, "learning_rate")
        self._beta1_t = self._scalar(self._beta1, "beta1")
        self._beta2_t = self._scalar(self._beta2, "beta2")
        self._epsilon_t = self._scalar(self._epsilon, "epsilon")
        self._by_dtype: dict[DType, tuple[Tensor, ...]] = {}
        self._scope = get_default_graph().get_name_scope() + "/"

    def _constants(self, dtype):
        """What all updates of one dtype share: the learning rate with the bias of both means
        corrected, beta1, 1 - beta1, beta2, 1 - beta2, epsilon."""
        if dtype not in self._by_dtype:
            with get_default_graph().name_scope(self._scope):
                power1, power2 = (cast(power, dtype) for power in self._get_beta_accumulators())
                rate = cast(self._lr_t, dtype) * sqrt(1.0 - power2) / (1.0 - power1)
                beta1, beta2 = cast(self._beta1_t, dtype), cast(self._beta2_t, dtype)
                self._by_dtype[dtype] = (rate, beta1, 1.0 - beta1, beta2, 1.0 - beta2,
                                         cast(self._epsilon_t, dtype))
        return self._by_dtype[dtype]

    def _apply_dense(self, grad, var):
        m, v = (self._slots[name][var.op]._ref() for name in "mv")
        rate, _, rest1, _, rest2, epsilon = self._constants(var.dtype.base_dtype)
        m_new = assign_add(m, (grad - m) * rest1)
        v_new = assign_add(v, (grad * grad - v) * rest2)
        return assign_sub(var, m_new * rate / (sqrt(v_new) + epsilon))

    def _apply_sparse(self, grad, var):
        m, v = (self._slots[name][var.op]._ref() for name in "mv")
        rate, beta1, rest1, beta2, rest2, epsilon = self._constants(var.dtype.base_dtype)
        rows = grad.values
        m_new = scatter_add(assign(m, m * beta1), grad.indices, rows * rest1)
        v_new = scatter_add(assign(v, v * beta2), grad.indices, rows * rows * rest2)
        step = assign_sub(var, m_new * rate / (sqrt(v_new) + epsilon))
        return group(step, m_new, v_new)

    def _finish(self, update_ops, name_scope):
        power1, power2 = self._get_beta_accumulators()
        with control_dependencies(update_ops), power1.graph.colocate_with(power1.op):
            decays = [assign(power1, power1 * self._beta1_t).op,
                      assign(power2, power2 * self._beta2_t).op]
        return group(*update_ops, *decays, name=name_scope)
