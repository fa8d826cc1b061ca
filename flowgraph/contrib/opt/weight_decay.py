"""Weights that decay by themselves, and not by a loss that goes through an optimizer's statistics.

AdamW and SGDW (Loshchilov and Hutter 2017): before each step, w -= weight_decay * w.
"""

from __future__ import annotations

from typing import Any

from flowgraph.graph.graph import control_dependencies
from flowgraph.ops.gather import gather
from flowgraph.ops.identity import no_op
from flowgraph.ops.scatter import scatter_add
from flowgraph.train.adam import AdamOptimizer
from flowgraph.train.momentum import MomentumOptimizer
from flowgraph.train.optimizer import Optimizer


class DecoupledWeightDecayExtension:
    """Makes an optimizer one whose weights decay; to be inherited before the optimizer's class.

    Args:
        weight_decay: number or scalar tensor: which part of the weights each step takes away.
        kwargs: the optimizer's own arguments.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import opt
        >>> class SGDW(opt.DecoupledWeightDecayExtension, fg.train.GradientDescentOptimizer):
        ...     pass
        >>> w = fg.Variable(2.0)
        >>> step = SGDW(weight_decay=0.5, learning_rate=0.1).minimize(0.0 * w)
        >>> with fg.Session() as sess:
        ...     sess.run(fg.global_variables_initializer())
        ...     sess.run(step)
        ...     sess.run(w)
        np.float32(1.0)
    """

    def __init__(self, weight_decay: Any, **kwargs: Any) -> None:
        self._decay_var_list: Any = None
        self._weight_decay = weight_decay
        super().__init__(**kwargs)

    def minimize(self, loss: Any, global_step: Any = None, var_list: Any = None,
                 gate_gradients: int = Optimizer.GATE_OP, aggregation_method: Any = None,
                 colocate_gradients_with_ops: bool = False, name: Any = None,
                 grad_loss: Any = None, decay_var_list: Any = None) -> Any:
        """`Optimizer.minimize`, with a list of the variables that decay.

        Args:
            loss, global_step, var_list, gate_gradients, aggregation_method,
                colocate_gradients_with_ops, name, grad_loss: as for `Optimizer.minimize`.
            decay_var_list: the variables that decay; default all that are trained.
        """
        parent: Any = super()
        gradients = parent.compute_gradients(
            loss, var_list=var_list, gate_gradients=gate_gradients,
            aggregation_method=aggregation_method,
            colocate_gradients_with_ops=colocate_gradients_with_ops, grad_loss=grad_loss)
        return self.apply_gradients(gradients, global_step, name, decay_var_list)

    def apply_gradients(self, grads_and_vars: Any, global_step: Any = None, name: Any = None,
                        decay_var_list: Any = None) -> Any:
        """`Optimizer.apply_gradients`, with a list of the variables that decay.

        Args:
            grads_and_vars, global_step, name: as for `Optimizer.apply_gradients`.
            decay_var_list: the variables that decay; default all that are trained.
        """
        self._decay_var_list = list(decay_var_list or ())
        parent: Any = super()
        return parent.apply_gradients(grads_and_vars, global_step=global_step, name=name)

    def _decays(self, var: Any) -> bool:
        return not self._decay_var_list or any(var is other for other in self._decay_var_list)

    def _decay(self) -> Any:
        return self._weight_decay() if callable(self._weight_decay) else self._weight_decay

    def _apply_dense(self, grad: Any, var: Any) -> Any:
        parent: Any = super()
        decayed = var.assign_sub(self._decay() * var).op if self._decays(var) else no_op()
        with control_dependencies([decayed]):
            return parent._apply_dense(grad, var)

    def _apply_sparse(self, grad: Any, var: Any) -> Any:
        parent: Any = super()
        decayed = no_op()
        if self._decays(var):
            decayed = scatter_add(var._ref(), grad.indices,
                                  -self._decay() * gather(var, grad.indices)).op
        with control_dependencies([decayed]):
            return parent._apply_sparse(grad, var)


def extend_with_decoupled_weight_decay(base_optimizer: Any) -> Any:
    """The class of an optimizer whose weights decay.

    Args:
        base_optimizer: class of the optimizer; its arguments must be given by name.

    Returns:
        A class whose first argument is the `weight_decay`.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import opt
        >>> make = opt.extend_with_decoupled_weight_decay(fg.train.AdamOptimizer)
        >>> isinstance(make(weight_decay=0.01, learning_rate=0.1), fg.train.Optimizer)
        True
    """
    class OptimizerWithDecoupledWeightDecay(DecoupledWeightDecayExtension, base_optimizer):
        """An optimizer whose weights decay."""

    return OptimizerWithDecoupledWeightDecay


class AdamWOptimizer(DecoupledWeightDecayExtension, AdamOptimizer):
    """Adam whose weights decay.

    Args:
        weight_decay: number or scalar tensor: which part of the weights each step takes away.
        learning_rate, beta1, beta2, epsilon, use_locking, name: as for `tf.train.AdamOptimizer`.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import opt
        >>> w = fg.Variable(3.0)
        >>> step = opt.AdamWOptimizer(0.5, 0.5).minimize(w * w)
        >>> with fg.Session() as sess:
        ...     sess.run(fg.global_variables_initializer())
        ...     sess.run(step)
        ...     sess.run(w).round(3)
        np.float32(1.0)
    """

    def __init__(self, weight_decay: Any, learning_rate: Any = 0.001, beta1: Any = 0.9,
                 beta2: Any = 0.999, epsilon: Any = 1e-8, use_locking: bool = False,
                 name: str = "AdamW") -> None:
        super().__init__(weight_decay, learning_rate=learning_rate, beta1=beta1, beta2=beta2,
                         epsilon=epsilon, use_locking=use_locking, name=name)


class MomentumWOptimizer(DecoupledWeightDecayExtension, MomentumOptimizer):
    """Momentum whose weights decay.

    Args:
        weight_decay: number or scalar tensor: which part of the weights each step takes away.
        learning_rate, momentum, use_locking, name, use_nesterov: as for
            `tf.train.MomentumOptimizer`.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import opt
        >>> w = fg.Variable(4.0)
        >>> step = opt.MomentumWOptimizer(0.5, 0.25, 0.9).minimize(0.0 * w)
        >>> with fg.Session() as sess:
        ...     sess.run(fg.global_variables_initializer())
        ...     sess.run(step)
        ...     sess.run(w)
        np.float32(2.0)
    """

    def __init__(self, weight_decay: Any, learning_rate: Any, momentum: Any,
                 use_locking: bool = False, name: str = "MomentumW",
                 use_nesterov: bool = False) -> None:
        super().__init__(weight_decay, learning_rate=learning_rate, momentum=momentum,
                         use_locking=use_locking, name=name, use_nesterov=use_nesterov)
