"""Functions with gradients of their own: `custom_gradient`, and two that stand on it."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from flowgraph.core import nest
from flowgraph.core.frames import located
from flowgraph.gradients.gradients import gradients
from flowgraph.gradients.registry import set_gradient_function
from flowgraph.graph.operation import Operation
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.identity import IdentityN, identity
from flowgraph.ops.variable import Variable
from flowgraph.ops.variable_lists import global_variables, local_variables


def custom_gradient(f: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: the function says itself what its gradient is.

    Args:
        f: function from tensors to `(result, grad_fn)`. `grad_fn` takes one gradient per result and
            returns one per argument of `f`. If `f` uses variables, `grad_fn` takes a keyword
            `variables`, a list of them, and returns (gradients of the arguments, list of gradients
            of these variables).

    Returns:
        A function from tensors to the result.

    Raises:
        TypeError: when called: `f` uses variables and its `grad_fn` does not take `variables`.
        ValueError: when differentiated: `grad_fn` returns too few or too many gradients.

    Example:
        >>> import flowgraph as fg
        >>> @fg.custom_gradient
        ... def log1pexp(x):
        ...     e = fg.exp(x)
        ...     return fg.log(1 + e), lambda dy: dy * (1 - 1 / (1 + e))
        >>> x = fg.constant(100.0)
        >>> float(fg.Session().run(fg.gradients(log1pexp(x), x)[0]))
        1.0
    """
    @functools.wraps(f)
    def with_gradient(*args: Any, **kwargs: Any) -> Any:
        tensors = [convert_to_tensor(arg) for arg in nest.flatten(args)]
        inside = [identity(tensor) for tensor in tensors]
        result, grad_fn = f(*nest.pack_sequence_as(args, inside), **kwargs)
        results = [convert_to_tensor(value) for value in nest.flatten(result)]
        variables = _variables_between(results, inside)
        if variables and not _takes_variables(grad_fn):
            raise TypeError(located(
                "the function decorated with tf.custom_gradient uses the variables "
                f"{', '.join(v.name for v in variables)}, and its grad_fn does not take them",
                "Write def grad_fn(*dys, variables=None) and return (gradients of the arguments, "
                "gradients of the variables).", "custom-gradient"))

        def gradient(op: Operation, *dys: Any) -> list[Any]:
            found = _gradients(grad_fn, dys[:len(results)], variables)
            if len(found) != len(tensors) + len(variables):
                raise ValueError(located(
                    f"custom_gradient function expected to return {len(tensors)} gradients but "
                    f"returned {len(found) - len(variables)} instead ({op.frame})",
                    advice="Return one gradient per argument of the decorated function, None where "
                           "there is none.", section="custom-gradient"))
            return [None] * len(results) + found

        made = IdentityN.build([*results, *tensors, *(v._ref() for v in variables)])
        set_gradient_function(made[0].op, gradient)
        return nest.pack_sequence_as(result, made[:len(results)])

    return with_gradient


def _takes_variables(grad_fn: Any) -> bool:
    parameters = inspect.signature(grad_fn).parameters
    return "variables" in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values())


def _gradients(grad_fn: Any, dys: Any, variables: list[Variable]) -> list[Any]:
    """One gradient per argument, then one per variable."""
    if not variables:
        return nest.flatten(grad_fn(*dys))
    of_arguments, of_variables = grad_fn(*dys, variables=variables)
    if len(of_variables) != len(variables):
        raise ValueError(located("Must return gradient for each variable from @custom_gradient "
                                 "grad_fn.",
                                 "Return (gradients of the arguments, gradients of `variables`)."))
    return [*nest.flatten(of_arguments), *of_variables]


def _variables_between(results: list[Tensor], arguments: list[Tensor]) -> list[Variable]:
    """The trainable or other variables that the results use, not through the arguments."""
    of_op = {variable.op: variable for variable in [*global_variables(), *local_variables()]
             if isinstance(variable, Variable)}
    stop = {tensor.op for tensor in arguments}
    found: dict[Operation, None] = {}
    visited: set[Operation] = set()
    stack = [tensor.op for tensor in results]
    while stack:
        op = stack.pop()
        if op in visited or op in stop:
            continue
        visited.add(op)
        if op in of_op:
            found[op] = None
        stack.extend(tensor.op for tensor in op.inputs)
        source = op.attrs.get("source") if op.type in ("Parameter", "VariableParameter") else None
        if source is not None:
            stack.append(source.op)
    return [of_op[op] for op in sorted(found, key=lambda op: op.index)]


def grad_pass_through(f: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: the function's gradient is that of the identity.

    Args:
        f: function from tensors to tensors of the same shapes.

    Returns:
        A function with the same result, through which gradients pass unchanged.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.constant(2.6)
        >>> y = fg.grad_pass_through(fg.round)(x)
        >>> [float(v) for v in fg.Session().run([y, fg.gradients(y, x)[0]])]
        [3.0, 1.0]
    """
    @custom_gradient
    def passing(*args: Any, **kwargs: Any) -> Any:
        def grad_fn(*dys: Any, variables: Any = None) -> Any:
            return (dys, [None] * len(variables)) if variables else dys
        return f(*args, **kwargs), grad_fn

    return functools.wraps(f)(passing)


def recompute_grad(f: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: the gradient is built from nodes of its own, not from those of the result.

    Args:
        f: function from tensors to tensors.

    Returns:
        A function with the same result and gradient. A run that needs both computes equal nodes
        once: it takes no less memory than without.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.constant(3.0)
        >>> y = fg.recompute_grad(lambda x: x * x)(x)
        >>> float(fg.Session().run(fg.gradients(y, x)[0]))
        6.0
    """
    @custom_gradient
    def recomputing(*args: Any, **kwargs: Any) -> Any:
        def grad_fn(*dys: Any, variables: Any = None) -> Any:
            again = f(*args, **kwargs)
            found = gradients(nest.flatten(again), [*nest.flatten(args), *(variables or [])],
                              list(dys))
            count = len(nest.flatten(args))
            return (found[:count], found[count:]) if variables else found
        return f(*args, **kwargs), grad_fn

    return functools.wraps(f)(recomputing) if hasattr(f, "__name__") else recomputing
