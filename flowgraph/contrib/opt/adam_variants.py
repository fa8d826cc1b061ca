"""Variants of Adam: NAdam, AdaMax, and one that leaves rows alone that a gradient does not name."""

from __future__ import annotations

from typing import Any

from flowgraph.graph.graph import control_dependencies, get_default_graph
from flowgraph.opdef.subgraph import outermost
from flowgraph.ops.arithmetic import maximum
from flowgraph.ops.cast import cast
from flowgraph.ops.gather import gather
from flowgraph.ops.identity import group
from flowgraph.ops.scatter import scatter_add, scatter_sub, scatter_update
from flowgraph.ops.state import assign, assign_add, assign_sub
from flowgraph.ops.unary import abs as abs_
from flowgraph.ops.unary import sqrt, square
from flowgraph.train.adam import AdamOptimizer


class NadamOptimizer(AdamOptimizer):
    """Adam with Nesterov's momentum: a step looks ahead by one gradient.

    Args:
        learning_rate, beta1, beta2, epsilon, use_locking, name: as for `tf.train.AdamOptimizer`.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import opt
        >>> w = fg.Variable(3.0)
        >>> step = opt.NadamOptimizer(0.5).minimize(w * w)
        >>> with fg.Session() as sess:
        ...     sess.run(fg.global_variables_initializer())
        ...     sess.run(step)
        ...     sess.run(w).round(2)
        np.float32(2.05)
    """

    def _apply_dense(self, grad: Any, var: Any) -> Any:
        m, v = (self._slots[name][var.op]._ref() for name in "mv")
        rate, beta1, rest1, _, rest2, epsilon = self._constants(var.dtype.base_dtype)
        m_new = assign_add(m, (grad - m) * rest1)
        v_new = assign_add(v, (grad * grad - v) * rest2)
        ahead = grad * rest1 + m_new * beta1
        return assign_sub(var, ahead * rate / (sqrt(v_new) + epsilon))

    def _apply_sparse(self, grad: Any, var: Any) -> Any:
        m, v = (self._slots[name][var.op]._ref() for name in "mv")
        rate, beta1, rest1, beta2, rest2, epsilon = self._constants(var.dtype.base_dtype)
        rows, indices = grad.values, grad.indices
        m_new = scatter_add(assign(m, m * beta1), indices, rows * rest1)
        v_new = scatter_add(assign(v, v * beta2), indices, rows * rows * rest2)
        ahead = rows * rest1 + beta1 * gather(m_new, indices)
        step = scatter_add(var._ref(), indices,
                           -rate * ahead / (sqrt(gather(v_new, indices)) + epsilon))
        return group(step, m_new, v_new)


class LazyAdamOptimizer(AdamOptimizer):
    """Adam that changes the rows of a variable, and its means, only where a gradient names them.

    Args:
        learning_rate, beta1, beta2, epsilon, use_locking, name: as for `tf.train.AdamOptimizer`.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import opt
        >>> table = fg.Variable([[1.0], [1.0]])
        >>> loss = fg.reduce_sum(fg.nn.embedding_lookup(table, [1]))
        >>> step = opt.LazyAdamOptimizer(0.5).minimize(loss)
        >>> with fg.Session() as sess:
        ...     sess.run(fg.global_variables_initializer())
        ...     sess.run(step)
        ...     sess.run(table).round(3).tolist()
        [[1.0], [0.5]]
    """

    def _apply_sparse(self, grad: Any, var: Any) -> Any:
        m, v = (self._slots[name][var.op]._ref() for name in "mv")
        rate, beta1, rest1, beta2, rest2, epsilon = self._constants(var.dtype.base_dtype)
        rows, indices = grad.values, grad.indices
        m_new = scatter_update(m, indices, beta1 * gather(m, indices) + rest1 * rows)
        v_new = scatter_update(v, indices, beta2 * gather(v, indices) + rest2 * square(rows))
        step = scatter_sub(var._ref(), indices, rate * gather(m_new, indices)
                           / (sqrt(gather(v_new, indices)) + epsilon))
        return group(step, m_new, v_new)


class AdaMaxOptimizer(AdamOptimizer):
    """AdaMax: Adam with the largest gradient so far, decayed, in place of the mean of squares.

    Args:
        learning_rate, beta1, beta2, epsilon, use_locking, name: as for `tf.train.AdamOptimizer`.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import opt
        >>> w = fg.Variable(3.0)
        >>> step = opt.AdaMaxOptimizer(0.5).minimize(w * w)
        >>> with fg.Session() as sess:
        ...     sess.run(fg.global_variables_initializer())
        ...     sess.run(step)
        ...     sess.run(w).round(3)
        np.float32(2.5)
    """

    def __init__(self, learning_rate: Any = 0.001, beta1: Any = 0.9, beta2: Any = 0.999,
                 epsilon: Any = 1e-8, use_locking: bool = False, name: str = "AdaMax") -> None:
        super().__init__(learning_rate, beta1, beta2, epsilon, use_locking, name)

    def _create_slots(self, var_list: Any) -> None:
        first = min(var_list, key=lambda var: var.name)
        self._create_non_slot_variable(self._call_if_callable(self._beta1), "beta1_power", first)
        for var in var_list:
            self._zeros_slot(var, "m", self._name)
            self._zeros_slot(var, "v", self._name)

    def _power(self) -> Any:
        return self._others["beta1_power", outermost(get_default_graph())]

    def _numbers(self, dtype: Any) -> tuple[Any, ...]:
        rate = cast(self._lr_t, dtype) / (1 - cast(self._power(), dtype))
        return (rate, cast(self._beta1_t, dtype), cast(self._beta2_t, dtype),
                cast(self._epsilon_t, dtype))

    def _apply_dense(self, grad: Any, var: Any) -> Any:
        m, v = (self._slots[name][var.op]._ref() for name in "mv")
        rate, beta1, beta2, epsilon = self._numbers(var.dtype.base_dtype)
        m_new = assign_add(m, (grad - m) * (1 - beta1))
        v_new = assign(v, maximum(beta2 * v, abs_(grad)))
        return assign_sub(var, rate * (m_new / (v_new + epsilon)))

    def _apply_sparse(self, grad: Any, var: Any) -> Any:
        m, v = (self._slots[name][var.op]._ref() for name in "mv")
        rate, beta1, beta2, epsilon = self._numbers(var.dtype.base_dtype)
        rows, indices = grad.values, grad.indices
        m_rows = gather(m, indices) * beta1 + rows * (1 - beta1)
        v_rows = maximum(gather(v, indices) * beta2, abs_(rows))
        step = scatter_add(var._ref(), indices, -rate * (m_rows / (v_rows + epsilon)))
        return group(step, scatter_update(m, indices, m_rows), scatter_update(v, indices, v_rows))

    def _finish(self, update_ops: Any, name_scope: Any) -> Any:
        power = self._power()
        with control_dependencies(update_ops), power.graph.colocate_with(power.op):
            decay = assign(power, power * self._beta1_t).op
        return group(*update_ops, decay, name=name_scope)
