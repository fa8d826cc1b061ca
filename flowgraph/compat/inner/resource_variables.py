"""`tensorflow.python.ops.resource_variable_ops`: what of it is not public."""

from __future__ import annotations

import functools
from typing import Any

import flowgraph as tf


class _ResourceVariable(type):
    """`isinstance(v, ResourceVariable)` holds for variables made with use_resource=True."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return is_resource_variable(instance)

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        return tf.Variable(*args, **{**kwargs, "use_resource": True})


class ResourceVariable(metaclass=_ResourceVariable):
    """`tf.Variable(..., use_resource=True)`."""


def is_resource_variable(var: Any) -> bool:
    """Whether a value is a variable made with use_resource=True."""
    return isinstance(var, tf.Variable) and getattr(var, "handle", None) is not None


@functools.wraps(tf.Variable)
def variable(*args: Any, **kwargs: Any) -> Any:
    """`tf.Variable(..., use_resource=True)`."""
    return ResourceVariable(*args, **kwargs)
