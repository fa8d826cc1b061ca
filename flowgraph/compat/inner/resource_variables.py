"""`tensorflow.python.ops.resource_variable_ops`: what of it is not public.

flowgraph has one kind of variable. It has no handle, and so is no ResourceVariable to programs that
ask; made as one, it is a `tf.Variable`.
"""

from __future__ import annotations

from typing import Any

import flowgraph as tf


class ResourceVariable:
    """Called, it makes a `tf.Variable`; no variable is an instance."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        return tf.Variable(*args, **kwargs)


def is_resource_variable(var: Any) -> bool:
    """False: a variable has no handle."""
    return False
