"""Values of tensors that the graph tells, and the ops that a GraphDef uses."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.opdef.static_value import known_value


def constant_value(tensor: Any, partial: bool = False) -> Any:
    """The value of a tensor where the graph tells it, else None.

    Args:
        tensor: the tensor.
        partial: accepted; a value known in part is not given.

    Returns:
        An array, or None.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import util
        >>> util.constant_value(fg.constant([1, 2]))
        array([1, 2], dtype=int32)
    """
    value = known_value(tensor)
    return None if value is None else np.asarray(value, tensor.dtype.base_dtype.as_numpy_dtype)


def ops_used_by_graph_def(graph_def: Any) -> set[str]:
    """The types of the ops in a GraphDef and in its functions.

    Args:
        graph_def: the GraphDef.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import util
        >>> x = fg.constant(1.0)
        >>> util.ops_used_by_graph_def(x.graph.as_graph_def())
        {'Const'}
    """
    functions = {function.signature.name: function for function in graph_def.library.function}
    used: set[str] = set()
    left = [node.op for node in graph_def.node]
    while left:
        op = left.pop()
        if op not in used:
            used.add(op)
            if op in functions:
                left += [node.op for node in functions[op].node_def]
    return used - set(functions)
