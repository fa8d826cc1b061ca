"""The diagram: what a picture of a graph shows, before any drawing language.

A `Diagram` is plain data: nodes, edges, and the open groups the nodes stand in. Emitters only
translate it. `build.diagram` makes one in these steps:

    outline    the tree of groups: scopes, variables, side jobs, loops, branches
    series     what a Python loop repeated becomes one group
    parts      shape arithmetic, small constants and the like become part of what they serve
    boxes      which groups are open, and so which box each operation goes into
    build      an edge between two boxes stands for all tensors, or all waits, between them
    wrap       what is too long or too wide to be read is broken into columns or rows
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from flowgraph.graph.graph import Graph
from flowgraph.graph.operation import Operation
from flowgraph.graph.tensor import Tensor

EdgeKind = Literal["data", "ref", "control", "next", "shape"]


@dataclass(frozen=True, slots=True)
class Node:
    """One shape of the picture.

    Attributes:
        id: unique in the diagram; the op's, variable's or group's name where there is one.
        kind: key of `style.LOOKS`.
        title: what it is, the big line.
        group: path of the group it stands in; "" for none.
        name: its name inside the group; "" when the title says it already.
        details: further short lines: shape, attributes.
        ops: the operations it stands for; that which it is named after first.
        fill: its colour, where that says something else than the kind; "" for that of its kind.
        muted: whether it is not needed for what was asked for.
    """

    id: str
    kind: str
    title: str
    group: str
    name: str = ""
    details: tuple[str, ...] = ()
    ops: tuple[Operation, ...] = ()
    fill: str = ""
    muted: bool = False


@dataclass(frozen=True, slots=True)
class Edge:
    """All tensors of one kind that go from one node to another, or the order between the two.

    Kinds: "data"; "ref", a variable handed over to be written; "control", an order; "next", what a
    round or repetition hands to the next one; "shape", of a tensor only its shape.
    """

    tail: str
    head: str
    kind: EdgeKind
    tensors: tuple[Tensor, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """An open group: `path` is its full name, `parent` that of the group around it."""

    path: str
    parent: str
    title: str
    kind: str = "scope"


@dataclass(frozen=True, slots=True)
class Diagram:
    """A picture as data, in the order of creation of the ops.

    Attributes:
        name: the picture's title; "" for none.
        nodes: what is drawn.
        edges: what connects it.
        groups: open groups, outer before inner.
        fetched: ids of the nodes that hold what was asked for.
        scale: what colours stand for where they do not tell the kind: (words, colour).
    """

    name: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    groups: tuple[Group, ...]
    fetched: frozenset[str] = field(default_factory=frozenset)
    scale: tuple[tuple[str, str], ...] = ()


def needed(graph: Graph, fetches: Any) -> tuple[list[Operation], set[Operation]]:
    """The ops that `fetches` need, and those that make them.

    Args:
        graph: the graph.
        fetches: tensor, operation, variable, or name of one; or a list, tuple or dict of them.

    Raises:
        KeyError: there is no element of such a name.
        GraphError: an element belongs to another graph.
        TypeError: something else than an element of a graph was given.
    """
    wanted = {getattr(item, "op", item) for item in _elements(graph, fetches)}
    seen: set[Operation] = set()
    stack = list(wanted)
    while stack:
        op = stack.pop()
        if op not in seen:
            seen.add(op)
            stack.extend(tensor.op for tensor in op.inputs)
            stack.extend(op.control_inputs)
    return sorted(seen, key=lambda op: op.index), wanted


def _elements(graph: Graph, fetches: Any) -> Iterable[Any]:
    if isinstance(fetches, dict):
        fetches = list(fetches.values())
    if not isinstance(fetches, (list, tuple)):
        return [graph.as_graph_element(fetches)]
    return [element for fetch in fetches for element in _elements(graph, fetch)]
