"""Frames turned into Loops; `control_flow_v1` tells what frames are."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from flowgraph.errors import InvalidArgumentError
from flowgraph.graph.names import node_name
from flowgraph.io.graphs.graph_messages import NodeDef
from flowgraph.io.importing.dataflow_branches import region_of
from flowgraph.io.importing.dataflow_items import (
    ENTER,
    EXIT,
    MERGE,
    NEXT,
    SWITCH,
    Item,
    Loop,
    changed,
    data_inputs,
    free_name,
    identity_node,
    is_a,
    renamed,
    without,
    wrong,
)


@dataclass
class _Frame:
    """A loop's frame.

    Attributes:
        name: what its Enter nodes call it.
        parent: the frame around it; None for the one around all.
        items: what is in it: its Enter nodes, but not its Exit nodes.
        exits: its Exit nodes, which are in the frame around it.
    """

    name: str
    parent: _Frame | None
    items: dict[str, Item] = field(default_factory=dict)
    exits: list[NodeDef] = field(default_factory=list)

    @property
    def depth(self) -> int:
        return 0 if self.parent is None else self.parent.depth + 1


def without_loops(items: list[Item]) -> list[Item]:
    taken = {item.name for item in items}
    root = _Frame("", None)
    frames = _frames(items, root)
    for frame in sorted(frames, key=lambda frame: -frame.depth):
        loop = _loop(frame, taken)
        assert frame.parent is not None
        frame.parent.items[loop.name] = loop
        for node in frame.exits:
            frame.parent.items[node.name] = node
    return list(root.items.values())


def _frames(items: list[Item], root: _Frame) -> list[_Frame]:
    """Puts each item into its frame; all frames but `root`."""
    by_name = {item.name: item for item in items}
    users: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        for ref in item.input:
            users[node_name(ref)].append(item)
    frames: dict[tuple[int, str], _Frame] = {}
    inside: dict[str, _Frame] = {}  # where the outputs of each item are
    stack: list[tuple[Item, _Frame]] = [
        (item, root) for item in items
        if not any(node_name(ref) in by_name for ref in item.input)]
    while stack:
        item, around = stack.pop()
        at = around
        if is_a(item, ENTER):
            name = item.attr["frame_name"].s.decode("utf-8", "replace")  # type: ignore[union-attr]
            at = frames.setdefault((id(around), name), _Frame(name, around))
        elif is_a(item, EXIT):
            if around.parent is None:
                raise wrong(item, "it leaves a loop and is in none")
            at = around.parent
        before = inside.get(item.name)
        if before is None:
            inside[item.name] = at
            stack += [(user, at) for user in users[item.name]]
        elif at.depth > before.depth and not is_a(item, ENTER | EXIT):
            inside[item.name] = at  # its other inputs are constants of a frame around
            stack += [(user, at) for user in users[item.name]]
    for item in items:
        if is_a(item, EXIT):
            source = inside.get(node_name(item.input[0]))
            if source is None or source.parent is None:
                raise wrong(item, "it leaves a loop and is in none")
            source.exits.append(item)  # type: ignore[arg-type]
        else:
            inside.get(item.name, root).items[item.name] = item
    return list(frames.values())


def _loop(frame: _Frame, taken: set[str]) -> Loop:
    """The Loop that a frame is; the inputs of its Exit nodes are changed to name its results."""
    items = frame.items
    conditions = [item for item in items.values() if is_a(item, {"LoopCond"})]
    if len(conditions) != 1:
        raise InvalidArgumentError(None, None, f"the frame {frame.name!r} has {len(conditions)} "
                                   "LoopCond nodes; a loop has one")
    condition = conditions[0]
    merges = [item for item in items.values() if is_a(item, MERGE) and any(
        is_a(items.get(node_name(ref), item), NEXT) for ref in item.input)]
    variables = {merge.name: number for number, merge in enumerate(merges)}
    starts, nexts, controls = _starts(merges, items)
    new = {item.name: item.input[0] for item in items.values()
           if is_a(item, ENTER) and item.name not in starts}
    exits = {}
    structure = {condition.name, *variables}
    for item in items.values():
        if is_a(item, SWITCH) and node_name(item.input[1]) == condition.name:
            merge = node_name(item.input[0])
            if merge not in variables:
                raise wrong(item, "it takes no loop variable")
            structure.add(item.name)
            new[f"{item.name}:1"] = merge
            exits[item.name] = variables[merge]
        elif is_a(item, ENTER | NEXT):
            structure.add(item.name)
    name = free_name(frame.name.removesuffix("while_context") + "While"
                      if frame.name.endswith("while_context") else f"{frame.name}/While", taken)
    for i, node in enumerate(frame.exits):
        switch, between = _switch_before(node, items)
        if switch not in exits:
            raise wrong(node, "it leaves no loop")
        structure.update(between)
        frame.exits[i] = identity_node(node.name, f"{name}:{exits[switch]}", node)
    inner = {item.name: changed(item, new, structure) for item in items.values()
             if item.name not in structure}
    answer = renamed(condition.input[0], new)
    results = [renamed(ref, new) for ref in nexts]
    in_cond = _needed([answer], inner)
    used = _needed(results, inner)
    in_body = [item for key, item in inner.items() if key not in in_cond or key in used]
    return Loop(name, [items[start].input[0] for start in starts], list(variables),
                region_of([item for key, item in inner.items() if key in in_cond], [answer], []),
                region_of(in_body, results, without(structure, controls)))


def _switch_before(leaving: Item, items: dict[str, Item]) -> tuple[str, list[str]]:
    """The name of the Switch that an Exit node takes from, and of the Identity nodes between."""
    between: list[str] = []
    name = node_name(leaving.input[0])
    while name not in between and is_a(items.get(name, leaving), {"Identity"}):
        between.append(name)
        name = node_name(items[name].input[0])
    return name, between


def _starts(merges: list[Item], items: dict[str, Item]
            ) -> tuple[list[str], list[str], list[str]]:
    """Names of each loop variable's Enter node, of its next value, and of what runs before that."""
    starts, nexts, controls = [], [], []
    for merge in merges:
        sources = [items.get(node_name(ref), merge) for ref in data_inputs(merge)]
        enters = [item.name for item in sources if is_a(item, ENTER)]
        following = [item.input[0] for item in sources if is_a(item, NEXT)]
        controls += [ref for item in sources if is_a(item, NEXT) for ref in item.input[1:]]
        if len(enters) != 1 or len(following) != 1:
            raise wrong(merge, "it joins something else than an Enter and a NextIteration")
        starts += enters
        nexts += following
    return starts, nexts, controls


def _needed(results: list[str], items: dict[str, Item]) -> set[str]:
    """Names of the items that some results need."""
    found: set[str] = set()
    stack = [node_name(ref) for ref in results]
    while stack:
        name = stack.pop()
        if name in items and name not in found:
            found.add(name)
            stack += [node_name(ref) for ref in items[name].input]
    return found
