"""The order in which the nodes of a GraphDef are built, and what must hold of them before."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable
from typing import Any

from flowgraph.core.frames import located
from flowgraph.graph.names import node_name
from flowgraph.io.graphs.graph_messages import NodeDef
from flowgraph.io.importing.dataflow_items import MERGE, STRUCTURE, SWITCH, Item


def check_unique(items: list[Any]) -> None:
    """No two nodes have one name.

    Args:
        items: nodes, branches and loops.

    Raises:
        ValueError: two of them do.
    """
    names = [item.name for item in items]
    if len(set(names)) != len(names):
        counts = Counter(names)
        twice = next(name for name in names if counts[name] > 1)
        raise ValueError(located(f"Node {twice!r} is not unique"))


def check_control_flow(nodes: list[NodeDef]) -> None:
    """The nodes of v1 branches and loops have the inputs that they must have.

    Args:
        nodes: the nodes.

    Raises:
        ValueError: one has not.
    """
    for node in nodes:
        if node.op in STRUCTURE:
            count = sum(not text.startswith("^") for text in node.input)
            least = 2 if node.op in SWITCH else 1
            if count < least or (count > least and node.op not in MERGE):
                raise ValueError(located(f"{node.op} {node.name!r} has {count} inputs"))


def in_order(nodes: list[Item], given: Callable[[str, str], bool]) -> list[Item]:
    """The nodes, each after those that it takes something from; else in the order given.

    Args:
        nodes: the nodes.
        given: function from (name, input) to whether something from outside stands for it.

    Raises:
        ValueError: some of them need each other.
    """
    by_name = {node.name: node for node in nodes}
    needs: dict[str, set[str]] = {}
    users: dict[str, list[str]] = {}
    for node in nodes:
        before = set()
        for text in node.input:
            name = node_name(text)
            if name in by_name and not given(name, text):
                before.add(name)
        needs[node.name] = before
        for name in before:
            users.setdefault(name, []).append(node.name)
    position = {node.name: i for i, node in enumerate(nodes)}
    ready = [position[name] for name, before in needs.items() if not before]
    heapq.heapify(ready)
    ordered = []
    while ready:
        node = nodes[heapq.heappop(ready)]
        ordered.append(node)
        for user in users.get(node.name, ()):
            needs[user].discard(node.name)
            if not needs[user]:
                heapq.heappush(ready, position[user])
    if len(ordered) != len(nodes):
        done = {node.name for node in ordered}
        stuck = [node.name for node in nodes if node.name not in done]
        raise ValueError(located(f"Graph is invalid, contains a cycle with {len(stuck)} nodes, "
                                 f"including: {', '.join(stuck[:5])}"))
    return ordered
