"""What TensorFlow 1's dataflow control flow is turned into: regions, Conditionals and Loops.

`control_flow_v1` says how. Items are NodeDefs, Conditionals and Loops; all name what they take as
NodeDefs do: "x", "x:1", and "^x" for a control input.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from flowgraph.errors import InvalidArgumentError
from flowgraph.graph.names import node_name
from flowgraph.io.graphs.graph_messages import NodeDef

SWITCH = frozenset(("Switch", "RefSwitch"))
MERGE = frozenset(("Merge", "RefMerge"))
ENTER = frozenset(("Enter", "RefEnter"))
EXIT = frozenset(("Exit", "RefExit"))
NEXT = frozenset(("NextIteration", "RefNextIteration"))
STRUCTURE = SWITCH | MERGE | ENTER | EXIT | NEXT | {"LoopCond"}


@dataclass
class Region:
    """What is inside a branch, or inside the condition or the body of a loop.

    Attributes:
        items: nodes, and the branches and loops among them, in no particular order.
        results: names of the tensors that it computes, here or around; "" for a result that only
            the other branch has, and that is used only where that one was taken.
        controls: names of nodes that run although no result needs them.
    """

    items: list[Item]
    results: list[str]
    controls: list[str] = field(default_factory=list)


@dataclass
class Conditional:
    """One of two regions, as a predicate says.

    Attributes:
        name: its name; "name:k" is result k.
        pred: name of the predicate.
        branches: the region for false and the one for true.
    """

    name: str
    pred: str
    branches: tuple[Region, Region]

    @property
    def input(self) -> list[str]:
        """Names of what it takes from around."""
        return [self.pred, *_free(self.branches)]


@dataclass
class Loop:
    """A region that is repeated as long as another one says so.

    Attributes:
        name: its name; "name:k" is the last value of loop variable k.
        starts: names of the first values of the loop variables.
        variables: the names by which condition and body know the loop variables.
        cond, body: the regions.
    """

    name: str
    starts: list[str]
    variables: list[str]
    cond: Region
    body: Region

    @property
    def input(self) -> list[str]:
        """Names of what it takes from around."""
        own = set(self.variables)
        return [*self.starts, *(ref for ref in _free((self.cond, self.body))
                                if node_name(ref) not in own)]


Item = NodeDef | Conditional | Loop


def plain_nodes(items: Iterable[Item]) -> list[NodeDef]:
    """All nodes among some items and inside them."""
    nodes: list[NodeDef] = []
    stack = list(items)
    while stack:
        item = stack.pop()
        if isinstance(item, Conditional):
            stack += [inner for region in item.branches for inner in region.items]
        elif isinstance(item, Loop):
            stack += [*item.cond.items, *item.body.items]
        else:
            nodes.append(item)
    return nodes


def tensor_name(ref: str) -> str:
    """The name of a tensor in one form: "x" for "x:0"."""
    return ref.removesuffix(":0")


def _free(regions: Iterable[Region]) -> list[str]:
    """Names of what regions use from around, control inputs too."""
    refs: dict[str, None] = {}
    for region in regions:
        inside = {item.name for item in region.items}
        for ref in (*(ref for item in region.items for ref in item.input), *region.results,
                    *region.controls):
            if ref and node_name(ref) not in inside:
                refs[ref] = None
    return list(refs)


def wrong(item: Item, problem: str) -> InvalidArgumentError:
    return InvalidArgumentError(None, None, f"node {item.name!r}: {problem}; TensorFlow's "
                                "tf.cond and tf.while_loop build no such graph")


def is_a(item: Item, ops: frozenset[str] | set[str]) -> bool:
    return isinstance(item, NodeDef) and item.op in ops


def data_inputs(item: Item) -> list[str]:
    return [ref for ref in item.input if not ref.startswith("^")]


def changed(item: Item, new: dict[str, str], dropped: frozenset[str] | set[str]) -> Item:
    """An item whose inputs have other names, without control inputs on nodes that are gone.

    Args:
        item: the item.
        new: from names of tensors, and of control inputs, to their new names.
        dropped: names of the nodes that are gone.
    """
    if isinstance(item, NodeDef):
        refs = without(dropped, [renamed(ref, new) for ref in item.input])
        if refs == list(item.input):
            return item
        node = NodeDef()
        node.CopyFrom(item)
        del node.input[:]
        node.input.extend(refs)
        return node
    if isinstance(item, Conditional):
        return Conditional(item.name, renamed(item.pred, new),
                           (_changed_region(item.branches[0], new, dropped),
                            _changed_region(item.branches[1], new, dropped)))
    return Loop(item.name, [renamed(ref, new) for ref in item.starts], item.variables,
                _changed_region(item.cond, new, dropped), _changed_region(item.body, new, dropped))


def _changed_region(region: Region, new: dict[str, str],
                    dropped: frozenset[str] | set[str]) -> Region:
    return Region([changed(item, new, dropped) for item in region.items],
                  [renamed(ref, new) for ref in region.results],
                  without(dropped, [renamed(ref, new) for ref in region.controls]))


def without(dropped: frozenset[str] | set[str], refs: Iterable[str]) -> list[str]:
    """Names without control inputs on nodes that are gone, each control input once."""
    kept = []
    controls = set()
    for ref in refs:
        if ref.startswith("^"):
            if ref[1:] in dropped or ref in controls:
                continue
            controls.add(ref)
        kept.append(ref)
    return kept


def renamed(ref: str, new: dict[str, str]) -> str:
    while (found := new.get(tensor_name(ref), ref)) != ref:
        ref = found
    return ref


def identity_node(name: str, ref: str, like: Item) -> NodeDef:
    """An Identity with the name of a node that is gone."""
    node = NodeDef(name=name, op="Identity", input=[ref])
    if isinstance(like, NodeDef):
        node.device = like.device
        if "T" in like.attr:
            node.attr["T"].CopyFrom(like.attr["T"])
    return node


def free_name(wish: str, taken: set[str]) -> str:
    name, number = wish, 0
    while name in taken:
        number += 1
        name = f"{wish}_{number}"
    taken.add(name)
    return name
