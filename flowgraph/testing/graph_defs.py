"""`tf.test.assert_equal_graph_def`: two graphs with the same nodes, in any order."""

from __future__ import annotations

import difflib
import re
from typing import Any

from flowgraph.io.graphs.graph_messages import GraphDef


def assert_equal_graph_def(actual: GraphDef, expected: GraphDef, checkpoint_v2: bool = False,
                           hash_table_shared_name: bool = False) -> None:
    """Raises AssertionError unless two GraphDefs have the same nodes, whatever their order.

    Versions are not compared.

    Args:
        actual: a GraphDef.
        expected: another one.
        checkpoint_v2: whether to leave out random parts of the names of temporary files.
        hash_table_shared_name: whether to leave out the names that hash tables share.

    Example:
        >>> import flowgraph as fg
        >>> one = fg.constant(1, name="one")
        >>> graph_def = fg.get_default_graph().as_graph_def()
        >>> fg.test.assert_equal_graph_def(graph_def, graph_def)
        >>> fg.test.assert_equal_graph_def(fg.GraphDef(), graph_def)
        Traceback (most recent call last):
        AssertionError: the graphs have other nodes: missing one
    """
    for graph_def in (actual, expected):
        if not isinstance(graph_def, GraphDef):
            raise TypeError(f"Expected tf.GraphDef, got {type(graph_def).__name__}")
    nodes = [_by_name(graph_def, checkpoint_v2, hash_table_shared_name)
             for graph_def in (actual, expected)]
    missing, extra = (sorted(one.keys() - other.keys()) for one, other in (nodes[::-1], nodes))
    if missing or extra:
        raise AssertionError("the graphs have other nodes:" + "".join(
            f" {what} {', '.join(names[:10])}" for what, names in
            (("missing", missing), ("unexpected", extra)) if names))
    for name, text in nodes[0].items():
        if text != nodes[1][name]:
            lines = difflib.unified_diff(nodes[1][name].splitlines(), text.splitlines(),
                                         "expected", "actual", lineterm="")
            raise AssertionError(f"node {name} differs:\n" + "\n".join(lines))


def _by_name(graph_def: Any, checkpoint_v2: bool, hash_tables: bool) -> dict[str, str]:
    """The text of each node; names that stand twice keep the last."""
    result = {}
    for node in graph_def.node:
        node = type(node).FromString(node.SerializeToString())
        if hash_tables and node.op in ("HashTable", "HashTableV2") and "shared_name" in node.attr:
            del node.attr["shared_name"]
        text = str(node)
        if checkpoint_v2:
            text = re.sub(r"_temp_[0-9a-f]{32}/part", "_temp/part", text)
        result[node.name] = text
    return result
