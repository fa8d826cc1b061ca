"""`tf.keras.optimizers`: keras's arguments and formulas, as optimizers of `tf.train`.

They have `minimize` and `apply_gradients` of `tf.train.Optimizer`, so a Session runs their steps.
The step counter `iterations` stands beside the slots.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.core.dtypes import float32, int64
from flowgraph.core.frames import located
from flowgraph.core.lazy import lazy as _lazy
from flowgraph.graph.graph import control_dependencies, get_default_graph, name_scope
from flowgraph.graph.indexed_slices import IndexedSlices
from flowgraph.keras.graph_state import state_of
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.subgraph import outermost
from flowgraph.ops.arithmetic import maximum
from flowgraph.ops.arithmetic import pow as power
from flowgraph.ops.cast import cast
from flowgraph.ops.clip import clip_by_norm, clip_by_value
from flowgraph.ops.identity import group
from flowgraph.ops.state import assign, assign_add, assign_sub
from flowgraph.ops.unary import abs as abs_
from flowgraph.ops.unary import sqrt, square
from flowgraph.ops.variable import Variable
from flowgraph.train.optimizer import Optimizer as _Optimizer

__getattr__ = _lazy("tf.keras.optimizers", globals())


class Optimizer(_Optimizer):
    """Base of keras's optimizers: the learning rate with its decay, clipped gradients.

    Args:
        name: name scope of the update ops, and name of the slots.
        kwargs: `lr`: old name of `learning_rate`; `decay`: the rate of step t is
            `learning_rate / (1 + decay * t)`; `clipnorm`: greatest norm of each gradient;
            `clipvalue`: greatest absolute value in it.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default(), fg.Session() as sess:
        ...     w = fg.Variable(3.0)
        ...     step = fg.keras.optimizers.SGD(lr=0.5).minimize(w * w)
        ...     sess.run(fg.global_variables_initializer())
        ...     sess.run(step)
        ...     sess.run(w)
        np.float32(0.0)
    """

    def __init__(self, name: str = "Optimizer", **kwargs: Any) -> None:
        super().__init__(False, name)
        for option in kwargs:
            if option not in ("learning_rate", "lr", "decay", "clipnorm", "clipvalue"):
                raise TypeError(located("Unexpected keyword argument passed to optimizer: "
                                        f"{option}"))
        self._rate = kwargs.get("lr", kwargs.get("learning_rate"))
        self._decay = kwargs.get("decay", 0.0)
        self._clipnorm, self._clipvalue = kwargs.get("clipnorm"), kwargs.get("clipvalue")

    def compute_gradients(self, loss: Any, *args: Any, **kwargs: Any) -> Any:
        """The gradients with their variables, clipped."""
        return [(self._clipped(grad), var)
                for grad, var in super().compute_gradients(loss, *args, **kwargs)]

    def _clipped(self, grad: Any) -> Any:
        if grad is None or (self._clipnorm is None and self._clipvalue is None):
            return grad
        grad = convert_to_tensor(grad)
        if self._clipnorm is not None:
            grad = clip_by_norm(grad, self._clipnorm)
        if self._clipvalue is not None:
            grad = clip_by_value(grad, -self._clipvalue, self._clipvalue)
        return grad

    def get_updates(self, loss: Any, params: Any) -> list[Any]:
        """The ops that train `params` to make `loss` small.

        Args:
            loss: a tensor.
            params: list of variables.
        """
        return [self.minimize(loss, var_list=params)]

    @property
    def iterations(self) -> Any:
        """How many steps were taken, a variable; None before the first `minimize`."""
        return self._get_non_slot_variable("iter", outermost(get_default_graph()))

    @property
    def lr(self) -> Any:
        """The learning rate: a variable of the default graph, or what was given, if no number."""
        if not isinstance(self._rate, (int, float, np.number)):
            return self._rate
        graph = outermost(get_default_graph())
        key = "learning_rate", graph
        if key not in self._others:
            with graph.as_default(), control_dependencies(None), name_scope(None):
                rate = Variable(float(self._rate), name=f"{self._name}/learning_rate",
                                trainable=False, dtype=float32)
            self._others[key] = rate
            state_of(graph).variables.append(rate)
        return self._others[key]

    @lr.setter
    def lr(self, value: Any) -> None:
        from flowgraph.keras.backend import set_value

        if ("learning_rate", outermost(get_default_graph())) in self._others:
            set_value(self.lr, value)
        else:
            self._rate = value

    learning_rate = lr

    slots: tuple[str, ...] = ()

    def _create_slots(self, var_list: list[Any]) -> None:
        first = min(var_list, key=lambda var: var.name)
        self._create_non_slot_variable(convert_to_tensor(0, int64), "iter", first)
        for var in var_list:
            for slot in self.slots:
                self._zeros_slot(var, slot, self._name)

    def _prepare(self) -> None:
        self._before = cast(self.iterations, float32)
        rate = self._scalar(self.lr, "learning_rate")
        self._rate_now = rate / (1.0 + self._decay * self._before) if self._decay else rate

    def _finish(self, update_ops: list[Any], name_scope: str) -> Any:
        with control_dependencies(update_ops):
            return group(*update_ops, assign_add(self.iterations, convert_to_tensor(1, int64)),
                         name=name_scope)

    def _apply_sparse(self, grad: IndexedSlices, var: Any) -> Any:
        return self._apply_dense(convert_to_tensor(grad), var)

    def _slot(self, var: Any, name: str) -> Any:
        return self.get_slot(var, name)

    def _typed(self, var: Any) -> tuple[Any, Any]:
        """The learning rate and the number of this step, of the variable's dtype."""
        dtype = var.dtype.base_dtype
        return cast(self._rate_now, dtype), cast(self._before, dtype) + 1.0


class SGD(Optimizer):
    """Gradient descent: `w -= learning_rate * gradient`, with momentum if wanted.

    Args:
        learning_rate: number or scalar tensor.
        momentum: how much of a step goes on in the next.
        nesterov: whether to look ahead by the momentum.
        name: name of the scope and of the slots.
        kwargs: `lr`, `decay`, `clipnorm`, `clipvalue`.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.optimizers.SGD(0.1, momentum=0.9).get_name()
        'SGD'
    """

    slots: tuple[str, ...] = ("momentum",)

    def __init__(self, learning_rate: Any = 0.01, momentum: float = 0.0, nesterov: bool = False,
                 name: str = "SGD", **kwargs: Any) -> None:
        super().__init__(name, **{"learning_rate": learning_rate} | kwargs)
        self._momentum, self._nesterov = momentum, nesterov
        if not momentum:
            self.slots = ()

    def _apply_dense(self, grad: Any, var: Any) -> Any:
        rate, _ = self._typed(var)
        if not self._momentum:
            return assign_sub(var, rate * grad)
        slot = self._slot(var, "momentum")
        velocity = assign(slot, self._momentum * slot - rate * grad)
        step = self._momentum * velocity - rate * grad if self._nesterov else velocity
        return assign_add(var, step)


class Adam(Optimizer):
    """Adam: steps of nearly equal size, from decaying means of gradients and of their squares.

    Args:
        learning_rate: number or scalar tensor.
        beta_1, beta_2: decay of the means.
        epsilon: small number that keeps the division defined.
        amsgrad: whether to divide by the largest mean of squares so far.
        name: name of the scope and of the slots.
        kwargs: `lr`, `decay`, `clipnorm`, `clipvalue`.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.optimizers.Adam(lr=0.1).get_name()
        'Adam'
    """

    slots: tuple[str, ...] = ("m", "v")

    def __init__(self, learning_rate: Any = 0.001, beta_1: float = 0.9, beta_2: float = 0.999,
                 epsilon: float | None = 1e-7, amsgrad: bool = False, name: str = "Adam",
                 **kwargs: Any) -> None:
        super().__init__(name, **{"learning_rate": learning_rate} | kwargs)
        self._beta_1, self._beta_2 = beta_1, beta_2
        self._epsilon = 1e-7 if epsilon is None else epsilon
        if amsgrad:
            self.slots = ("m", "v", "vhat")

    def _apply_dense(self, grad: Any, var: Any) -> Any:
        rate, step = self._typed(var)
        m, v = self._slot(var, "m"), self._slot(var, "v")
        m = assign(m, self._beta_1 * m + (1.0 - self._beta_1) * grad)
        v = assign(v, self._beta_2 * v + (1.0 - self._beta_2) * square(grad))
        if "vhat" in self.slots:
            vhat = self._slot(var, "vhat")
            v = assign(vhat, maximum(vhat, v))
        rate *= sqrt(1.0 - power(self._beta_2, step)) / (1.0 - power(self._beta_1, step))
        return assign_sub(var, rate * m / (sqrt(v) + self._epsilon))


class Adamax(Optimizer):
    """Adam with the largest gradient, decaying, in place of the mean of squares.

    Args:
        learning_rate: number or scalar tensor.
        beta_1, beta_2: decay of the mean and of the largest.
        epsilon: small number that keeps the division defined.
        name: name of the scope and of the slots.
        kwargs: `lr`, `decay`, `clipnorm`, `clipvalue`.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.optimizers.Adamax().get_name()
        'Adamax'
    """

    slots: tuple[str, ...] = ("m", "v")

    def __init__(self, learning_rate: Any = 0.001, beta_1: float = 0.9, beta_2: float = 0.999,
                 epsilon: float = 1e-7, name: str = "Adamax", **kwargs: Any) -> None:
        super().__init__(name, **{"learning_rate": learning_rate} | kwargs)
        self._beta_1, self._beta_2, self._epsilon = beta_1, beta_2, epsilon

    def _apply_dense(self, grad: Any, var: Any) -> Any:
        rate, step = self._typed(var)
        m, v = self._slot(var, "m"), self._slot(var, "v")
        m = assign(m, self._beta_1 * m + (1.0 - self._beta_1) * grad)
        v = assign(v, maximum(self._beta_2 * v, abs_(grad)))
        return assign_sub(var, rate / (1.0 - power(self._beta_1, step)) * m / (v + self._epsilon))


class RMSprop(Optimizer):
    """RMSprop: divides by the root of a decaying mean of squared gradients.

    Args:
        learning_rate: number or scalar tensor.
        rho: decay of the mean.
        momentum: how much of a step goes on in the next.
        epsilon: small number that keeps the division defined.
        centered: whether to take the variance in place of the mean of squares.
        name: name of the scope and of the slots.
        kwargs: `lr`, `decay`, `clipnorm`, `clipvalue`.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.optimizers.RMSprop().get_name()
        'RMSprop'
    """

    def __init__(self, learning_rate: Any = 0.001, rho: float = 0.9, momentum: float = 0.0,
                 epsilon: float = 1e-7, centered: bool = False, name: str = "RMSprop",
                 **kwargs: Any) -> None:
        super().__init__(name, **{"learning_rate": learning_rate} | kwargs)
        self._rho, self._momentum, self._epsilon = rho, momentum, epsilon
        self._centered = centered
        self.slots = ("rms", *(("momentum",) if momentum else ()),
                      *(("mg",) if centered else ()))

    def _apply_dense(self, grad: Any, var: Any) -> Any:
        rate, _ = self._typed(var)
        rms = self._slot(var, "rms")
        spread = assign(rms, self._rho * rms + (1.0 - self._rho) * square(grad))
        if self._centered:
            mean = self._slot(var, "mg")
            spread = spread - square(assign(mean, self._rho * mean + (1.0 - self._rho) * grad))
        if not self._momentum:
            return assign_sub(var, rate * grad / (sqrt(spread) + self._epsilon))
        slot = self._slot(var, "momentum")
        step = self._momentum * slot + rate * grad / sqrt(spread + self._epsilon)
        return assign_sub(var, assign(slot, step))


class Adagrad(Optimizer):
    """Adagrad: divides by the root of the sum of squared gradients.

    Args:
        learning_rate: number or scalar tensor.
        initial_accumulator_value: what the sums start from.
        epsilon: small number that keeps the division defined.
        name: name of the scope and of the slots.
        kwargs: `lr`, `decay`, `clipnorm`, `clipvalue`.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.optimizers.Adagrad().get_name()
        'Adagrad'
    """

    def __init__(self, learning_rate: Any = 0.001, initial_accumulator_value: float = 0.1,
                 epsilon: float = 1e-7, name: str = "Adagrad", **kwargs: Any) -> None:
        super().__init__(name, **{"learning_rate": learning_rate} | kwargs)
        self._first, self._epsilon = initial_accumulator_value, epsilon

    def _create_slots(self, var_list: list[Any]) -> None:
        super()._create_slots(var_list)
        for var in var_list:
            self._filled_slot(var, self._first, "accumulator", self._name)

    def _apply_dense(self, grad: Any, var: Any) -> Any:
        rate, _ = self._typed(var)
        total = assign_add(self._slot(var, "accumulator"), square(grad))
        return assign_sub(var, rate * grad / (sqrt(total) + self._epsilon))


class Adadelta(Optimizer):
    """Adadelta: steps in proportion to decaying means of steps over those of gradients.

    Args:
        learning_rate: number or scalar tensor.
        rho: decay of the means.
        epsilon: small number that keeps the division defined.
        name: name of the scope and of the slots.
        kwargs: `lr`, `decay`, `clipnorm`, `clipvalue`.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.optimizers.Adadelta().get_name()
        'Adadelta'
    """

    slots: tuple[str, ...] = ("accum_grad", "accum_var")

    def __init__(self, learning_rate: Any = 0.001, rho: float = 0.95, epsilon: float = 1e-7,
                 name: str = "Adadelta", **kwargs: Any) -> None:
        super().__init__(name, **{"learning_rate": learning_rate} | kwargs)
        self._rho, self._epsilon = rho, epsilon

    def _apply_dense(self, grad: Any, var: Any) -> Any:
        rate, _ = self._typed(var)
        of_grad, of_step = self._slot(var, "accum_grad"), self._slot(var, "accum_var")
        mean = assign(of_grad, self._rho * of_grad + (1.0 - self._rho) * square(grad))
        step = sqrt(of_step + self._epsilon) / sqrt(mean + self._epsilon) * grad
        kept = assign(of_step, self._rho * of_step + (1.0 - self._rho) * square(step))
        with control_dependencies([kept]):
            return assign_sub(var, rate * step)


def get(identifier: Any) -> Any:
    """The optimizer for a name, or an optimizer of keras or of `tf.train` as it is.

    Args:
        identifier: a name as "adam", or an optimizer.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.optimizers.get("sgd").get_name()
        'SGD'
    """
    if isinstance(identifier, _Optimizer):
        return identifier
    classes = {cls.__name__.lower(): cls for cls in (SGD, Adam, Adamax, RMSprop, Adagrad, Adadelta)}
    found = classes.get(identifier.lower()) if isinstance(identifier, str) else None
    if found is None:
        raise ValueError(located(f"Could not interpret optimizer identifier: {identifier!r}",
                                 f"There are {', '.join(classes)}."))
    return found()
