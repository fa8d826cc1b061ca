"""Gradient functions registered by name: `tf.RegisterGradient` and `gradient_override_map`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowgraph.core.frames import located, user_frame
from flowgraph.errors import OpDefError
from flowgraph.opdef.opdef import REGISTRY, NotDifferentiable

_by_name: dict[str, Any] = {}


class RegisterGradient:
    """Decorator that registers a gradient function under a name.

    Args:
        op_type: name to register under; used for ops of this type that have no gradient of their
            own, and by `Graph.gradient_override_map`.

    Raises:
        KeyError: the name has a gradient function already.

    Example:
        >>> import flowgraph as fg
        >>> @fg.RegisterGradient("ClippedIdentity")
        ... def _clipped(op, dy):
        ...     return fg.clip_by_value(dy, -1.0, 1.0)
    """

    def __init__(self, op_type: str) -> None:
        if not isinstance(op_type, str):
            raise TypeError(located("op_type must be a string"))
        self._op_type = op_type

    def __call__(self, f: Callable) -> Callable:
        _register(self._op_type, f)
        return f


def no_gradient(op_type: str) -> None:
    """Says that ops of this type have no gradient (`tf.NotDifferentiable`, `tf.NoGradient`).

    Args:
        op_type: the op type, or a name for `Graph.gradient_override_map`.

    Raises:
        KeyError: the type has a gradient function already.
        TypeError: `op_type` is not text.

    Example:
        >>> import flowgraph as fg
        >>> fg.NoGradient("SquareWithoutGradient")
        >>> x = fg.constant(3.0)
        >>> overrides = {"Square": "SquareWithoutGradient"}
        >>> with fg.get_default_graph().gradient_override_map(overrides):
        ...     y = fg.square(x)
        >>> fg.gradients(y, x)
        [None]
    """
    if not isinstance(op_type, str):
        raise TypeError(located("op_type must be a string"))
    _register(op_type, NotDifferentiable)


def _register(op_type: str, function: Any) -> None:
    if op_type in _by_name or op_type in REGISTRY:
        raise KeyError(f"{op_type!r} has a gradient already ({user_frame()}); register under a new "
                       "name and use graph.gradient_override_map")
    _by_name[op_type] = function


def set_gradient_function(op: Any, function: Callable) -> None:
    """Gives one node a gradient function of its own, which lives as long as its graph.

    Args:
        op: the node.
        function: f(op, *dys), as for RegisterGradient.
    """
    op._extra = {**(op._extra or {}), "_gradient_function": function}


def gradient_function(op: Any) -> Any:
    """The gradient function of a node: f(op, *dys), or NotDifferentiable.

    Raises:
        LookupError: the node asks for a registered name that does not exist.
    """
    extra = op._extra or {}
    if "_gradient_function" in extra:
        return extra["_gradient_function"]
    name = extra.get("_gradient_op_type")
    if name is None:
        grad = op.op_def.grad
        if grad is None:
            raise OpDefError(f"op {op.type} has no gradient decision")
        return grad
    if name in _by_name:
        return _by_name[name]
    if name in REGISTRY:
        return REGISTRY[name].grad
    raise LookupError(f"{op.name!r} ({op.frame}) asks for the gradient {name!r}, which is not "
                      "registered; register it with @tf.RegisterGradient")
