"""Optimizers from outside: a loss and its gradient as functions of one vector, for SciPy.

SciPy is imported when `minimize` is called; it is no dependency of flowgraph.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from flowgraph.core.frames import located
from flowgraph.errors import MissingDependencyError
from flowgraph.gradients.gradients import gradients
from flowgraph.graph import stacks
from flowgraph.ops.constant import zeros_like
from flowgraph.ops.join import concat
from flowgraph.ops.placeholder import placeholder
from flowgraph.ops.reshape import reshape
from flowgraph.ops.variable_lists import trainable_variables
from flowgraph.platform import logging


class ExternalOptimizerInterface:
    """Base of optimizers from outside: a subclass writes `_minimize`.

    Args:
        loss: scalar tensor.
        var_list: the variables; default all trainable ones.
        equalities: list of scalar tensors that must be 0.
        inequalities: list of scalar tensors that must not be negative.
        var_to_bounds: dict from variables to (lowest, highest) values, numbers or arrays.
        optimizer_kwargs: further arguments of the optimizer.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import opt
        >>> class Newton(opt.ExternalOptimizerInterface):
        ...     def _minimize(self, initial_val, loss_grad_func, **kwargs):
        ...         loss, gradient = loss_grad_func(initial_val)
        ...         return initial_val - gradient / 2
        >>> w = fg.Variable([3.0, 4.0])
        >>> with fg.Session() as sess:
        ...     sess.run(w.initializer)
        ...     Newton(fg.reduce_sum(w * w), [w]).minimize(sess)
        ...     sess.run(w)
        array([0., 0.], dtype=float32)
    """

    def __init__(self, loss: Any, var_list: Any = None, equalities: Any = None,
                 inequalities: Any = None, var_to_bounds: Any = None,
                 **optimizer_kwargs: Any) -> None:
        self._loss = loss
        self._equalities, self._inequalities = list(equalities or []), list(inequalities or [])
        self._vars = trainable_variables() if var_list is None else list(var_list)
        self._shapes = [tuple(variable.shape.as_list()) for variable in self._vars]
        self._packed_bounds = self._bounds(var_to_bounds)
        self._update_placeholders = [placeholder(variable.dtype.base_dtype)
                                     for variable in self._vars]
        self._var_updates = [
            variable.assign(reshape(fed, shape)) for variable, fed, shape in
            zip(self._vars, self._update_placeholders, self._shapes, strict=True)]
        self.optimizer_kwargs = optimizer_kwargs
        self._packed_var = _packed(self._vars)
        self._packed_loss_grad = self._gradient(loss)
        self._equality_grads = [self._gradient(value) for value in self._equalities]
        self._inequality_grads = [self._gradient(value) for value in self._inequalities]
        ends = [0, *itertools.accumulate(math.prod(shape) for shape in self._shapes)]
        self._packing_slices = [slice(*pair) for pair in itertools.pairwise(ends)]

    def _bounds(self, var_to_bounds: Any) -> Any:
        if var_to_bounds is None:
            return None
        bounds: list[Any] = []
        for variable, shape in zip(self._vars, self._shapes, strict=True):
            pair = next((pair for key, pair in var_to_bounds.items() if key is variable),
                        (-np.inf, np.inf))
            bounds += zip(*(np.broadcast_to(bound, shape).flat for bound in pair), strict=True)
        return bounds

    def _gradient(self, tensor: Any) -> Any:
        return _packed([zeros_like(variable) if dx is None else dx for dx, variable in
                        zip(gradients(tensor, self._vars), self._vars, strict=True)])

    def minimize(self, session: Any = None, feed_dict: Any = None, fetches: Any = None,
                 step_callback: Any = None, loss_callback: Any = None, **run_kwargs: Any) -> None:
        """Minimizes the loss, and sets the variables.

        Args:
            session: the session; default the default one.
            feed_dict: what is fed besides.
            fetches: what is fetched besides, for `loss_callback`.
            step_callback: function called with the packed variables after each step.
            loss_callback: function called with the fetches at each evaluation of the loss.
            run_kwargs: further arguments of the last `Session.run`.
        """
        session = session or stacks.get_default_session()
        feeds, fetches = dict(feed_dict or {}), list(fetches or [])
        final = self._minimize(
            initial_val=session.run(self._packed_var),
            loss_grad_func=self._function([self._loss, self._packed_loss_grad], session, feeds,
                                          fetches, loss_callback),
            equality_funcs=self._functions(self._equalities, session, feeds),
            equality_grad_funcs=self._functions(self._equality_grads, session, feeds),
            inequality_funcs=self._functions(self._inequalities, session, feeds),
            inequality_grad_funcs=self._functions(self._inequality_grads, session, feeds),
            packed_bounds=self._packed_bounds, step_callback=step_callback or _nothing,
            optimizer_kwargs=self.optimizer_kwargs)
        values = [final[place] for place in self._packing_slices]
        session.run(self._var_updates,
                    feed_dict=dict(zip(self._update_placeholders, values, strict=True)),
                    **run_kwargs)

    def _minimize(self, initial_val: Any, loss_grad_func: Any, equality_funcs: Any,
                  equality_grad_funcs: Any, inequality_funcs: Any, inequality_grad_funcs: Any,
                  packed_bounds: Any, step_callback: Any, optimizer_kwargs: Any) -> Any:
        """The best values for the packed variables; a subclass writes it."""
        raise NotImplementedError(located("To use ExternalOptimizerInterface, subclass from it and "
                                          "implement the _minimize() method."))

    def _function(self, tensors: list[Any], session: Any, feeds: dict[Any, Any],
                  fetches: list[Any], callback: Any = None) -> Callable[[Any], Any]:
        def evaluate(packed: Any) -> Any:
            values = {variable: packed[place].reshape(shape) for variable, place, shape in
                      zip(self._vars, self._packing_slices, self._shapes, strict=True)}
            found = session.run([*tensors, *fetches], feed_dict={**values, **feeds})
            if callback is not None:
                callback(*found[len(tensors):])
            return found[:len(tensors)]
        return evaluate

    def _functions(self, tensors: list[Any], session: Any,
                   feeds: dict[Any, Any]) -> list[Callable[[Any], Any]]:
        def one(tensor: Any) -> Callable[[Any], Any]:
            evaluate = self._function([tensor], session, feeds, [])
            return lambda packed: evaluate(packed)[0]
        return [one(tensor) for tensor in tensors]


class ScipyOptimizerInterface(ExternalOptimizerInterface):
    """Minimizes with `scipy.optimize.minimize`.

    Args:
        loss, var_list, equalities, inequalities, var_to_bounds: as for
            `ExternalOptimizerInterface`.
        optimizer_kwargs: `method` (default "L-BFGS-B"; "SLSQP" for equalities and inequalities),
            `options` and others of SciPy's.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import opt
        >>> w = fg.Variable([3.0, 4.0])
        >>> optimizer = opt.ScipyOptimizerInterface(fg.reduce_sum(fg.square(w - 1.0)))
        >>> with fg.Session() as sess:  # doctest: +SKIP
        ...     sess.run(w.initializer)
        ...     optimizer.minimize(sess)  # needs SciPy, which may not be there
        ...     sess.run(w).round(3)
        array([1., 1.], dtype=float32)
    """

    _DEFAULT_METHOD = "L-BFGS-B"

    def _minimize(self, initial_val: Any, loss_grad_func: Any, equality_funcs: Any,
                  equality_grad_funcs: Any, inequality_funcs: Any, inequality_grad_funcs: Any,
                  packed_bounds: Any, step_callback: Any, optimizer_kwargs: Any) -> Any:
        try:
            minimize = import_module("scipy.optimize").minimize
        except ImportError:
            raise MissingDependencyError(located(
                "ScipyOptimizerInterface needs SciPy, which is not installed",
                "Install it: python -m pip install scipy")) from None

        def loss_and_gradient(packed: Any) -> tuple[float, Any]:
            loss, gradient = loss_grad_func(packed)
            return float(loss), gradient.astype("float64")

        constraints = [
            {"type": kind, "fun": value, "jac": gradient}
            for kind, values, slopes in (("eq", equality_funcs, equality_grad_funcs),
                                         ("ineq", inequality_funcs, inequality_grad_funcs))
            for value, gradient in zip(values, slopes, strict=True)]
        set_here = {"jac": True, "callback": step_callback, "constraints": constraints,
                    "bounds": packed_bounds}
        for name in set_here:
            if name in optimizer_kwargs:
                raise ValueError(located(
                    "Bounds must be set using the var_to_bounds argument" if name == "bounds" else
                    f"Optimizer keyword arg '{name}' is set automatically and cannot be injected "
                    "manually"))
        chosen = {"method": self._DEFAULT_METHOD, **optimizer_kwargs, **set_here}
        result = minimize(loss_and_gradient, initial_val.astype("float64"), **chosen)
        logging.info("Optimization terminated with:\n  Message: %s\n  Objective function value: "
                     "%f\n  Number of iterations: %s\n  Number of functions evaluations: %s",
                     result.message, result.fun, result.get("nit"), result.get("nfev"))
        return result["x"]


def _packed(tensors: list[Any]) -> Any:
    flat = [reshape(tensor, [-1]) for tensor in tensors]
    return flat[0] if len(flat) == 1 else concat(flat, 0)


def _nothing(packed: Any) -> None:
    """No callback."""
