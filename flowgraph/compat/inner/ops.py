"""`tensorflow.python.framework.ops`: what of it is not public."""

from __future__ import annotations

from typing import Any

import flowgraph as tf
from flowgraph.gradients.registry import gradient_function
from flowgraph.graph.stacks import get_default_session

_numbers: dict[str, int] = {"": 0}


class EagerTensor:
    """What eager execution makes, which flowgraph has not: nothing is one."""


def get_gradient_function(op: Any) -> Any:
    """The function that makes the gradient of an operation, None if it has none."""
    return gradient_function(op)


def internal_convert_to_tensor(value: Any, dtype: Any = None, name: Any = None,
                               as_ref: bool = False, preferred_dtype: Any = None, ctx: Any = None,
                               accept_symbolic_tensors: bool = True) -> Any:
    """`tf.convert_to_tensor`; references are tensors too."""
    return tf.convert_to_tensor(value, dtype, name, preferred_dtype)


def convert_n_to_tensor(values: Any, dtype: Any = None, name: Any = None,
                        preferred_dtype: Any = None) -> list[Any]:
    """`tf.convert_to_tensor` of each value."""
    return [tf.convert_to_tensor(value, dtype, f"{name}_{i}" if name else None, preferred_dtype)
            for i, value in enumerate(values)]


internal_convert_n_to_tensor = convert_n_to_tensor


def get_all_collection_keys() -> list[Any]:
    """The names of the collections of the default graph."""
    return tf.get_default_graph().get_all_collection_keys()


def get_name_scope() -> str:
    """The name scope that is open, without the last slash."""
    return tf.get_default_graph().get_name_scope()


def strip_name_scope(name: str, export_scope: str | None) -> str:
    """A name without the scope in front of it."""
    return name.removeprefix(f"{export_scope}/") if export_scope else name


def prepend_name_scope(name: str, import_scope: str | None) -> str:
    """A name with a scope in front of it."""
    return f"{import_scope.rstrip('/')}/{name}" if import_scope else name


def name_from_scope_name(name: str) -> str:
    """The name of an operation from that of a scope: without the slash at the end."""
    return name.removesuffix("/")


def default_session(session: Any) -> Any:
    """`session.as_default()`."""
    return session.as_default()


def executing_eagerly_outside_functions() -> bool:
    """False: there is no eager execution."""
    return False


def inside_function() -> bool:
    """False: a graph is built, not a function."""
    return False


def is_dense_tensor_like(value: Any) -> bool:
    """Whether a value is a tensor or a variable."""
    return isinstance(value, (tf.Tensor, tf.Variable))


def register_dense_tensor_like_type(tensor_type: type) -> None:
    """Does nothing: `tf.register_tensor_conversion_function` is enough here."""


def uid() -> int:
    """A number that no one has had before."""
    _numbers[""] += 1
    return _numbers[""]


def _get_graph_from_inputs(op_input_list: Any, graph: Any = None) -> Any:
    """The graph of some tensors, the default graph if there are none."""
    if graph is not None:
        return graph
    return next((item.graph for item in op_input_list if hasattr(item, "graph")),
                tf.get_default_graph())


__all__ = ["get_default_session"]
