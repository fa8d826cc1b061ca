"""The ops that a GraphDef uses."""

from __future__ import annotations

from typing import Any


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
