"""`Variable.initialized_value()` in graphs of TensorFlow 1: one op in the place of a branch.

TensorFlow writes "the variable's value, or its initial value while it has none" as a branch:

    IsVariableInitialized(v) ──> pred
    RefSwitch(v, pred):1 ──> Identity ──┐
    Switch(initial, pred):0 ────────────┴─> Merge

A branch here may not take a variable that has no value, so the Merge becomes an InitializedValue.
"""

from __future__ import annotations

from collections import Counter

from flowgraph.graph.names import node_name
from flowgraph.io.graphs.graph_messages import NodeDef

_TESTS = ("IsVariableInitialized", "VarIsInitializedOp")
_SWITCHES = ("Switch", "RefSwitch")


def with_initialized_values(nodes: list[NodeDef]) -> list[NodeDef]:
    """The nodes with InitializedValue where such a branch stood.

    Args:
        nodes: the nodes of a graph; they are not changed.
    """
    if not any(node.op in _TESTS for node in nodes):
        return nodes
    by_name = {node.name: node for node in nodes}
    second = {text.partition(":")[0] for node in nodes for text in node.input
              if text.endswith(":1") and not text.startswith("^")}
    replaced, freed = {}, set()
    for node in nodes:
        if node.op != "Merge" or node.name in second:
            continue
        found = _matched(node, by_name)
        if found is not None:
            variable, initial, inside = found
            replaced[node.name] = NodeDef(name=node.name, op="InitializedValue",
                                          input=[variable, initial], device=node.device)
            freed |= inside
    nodes = [replaced.get(node.name, node) for node in nodes]
    return _without(nodes, freed) if replaced else nodes


def _matched(merge: NodeDef, by_name: dict[str, NodeDef]
             ) -> tuple[str, str, set[str]] | None:
    """(variable, initial value, names of the nodes between) of a Merge; None if it is another."""
    data = [text for text in merge.input if not text.startswith("^")]
    if len(data) != 2:
        return None
    for read, start in (data, data[::-1]):
        value, inside = _behind(read, by_name, ("Identity", "ReadVariableOp"), "1")
        initial, others = _behind(start, by_name, ("Identity",), "0")
        if value is None or initial is None or value.input[1] != initial.input[1]:
            continue
        test = _source(value.input[1], by_name)
        if test is not None and test.op in _TESTS and test.input and (
                _plain(test.input[0]) == _plain(value.input[0])):
            return value.input[0], initial.input[0], inside | others
    return None


def _behind(text: str, by_name: dict[str, NodeDef], between: tuple[str, ...], output: str
            ) -> tuple[NodeDef | None, set[str]]:
    """The Switch whose output a tensor is, behind some ops, and the names of all these."""
    names: set[str] = set()
    for _ in range(8):
        name, _, number = text.partition(":")
        node = by_name.get(name)
        if node is None or not node.input:
            break
        names.add(name)
        if node.op in _SWITCHES:
            whole = len(node.input) >= 2 and (number or "0") == output
            return (node if whole else None), names
        if node.op not in between:
            break
        text = node.input[0]
    return None, names


def _source(text: str, by_name: dict[str, NodeDef]) -> NodeDef | None:
    """The node that makes a tensor, behind Identity nodes."""
    node = by_name.get(_plain(text))
    for _ in range(8):
        if node is None or node.op != "Identity" or not node.input:
            break
        node = by_name.get(_plain(node.input[0]))
    return node


def _plain(text: str) -> str:
    return text.removesuffix(":0")


def _without(nodes: list[NodeDef], freed: set[str]) -> list[NodeDef]:
    """The nodes less those of some names that nothing takes any more."""
    while True:
        users = Counter(node_name(text) for node in nodes for text in node.input)
        kept = [node for node in nodes if node.name not in freed or users[node.name]]
        if len(kept) == len(nodes):
            return kept
        nodes = kept
