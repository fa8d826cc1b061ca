"""`diagram`: from a Graph to the Diagram that emitters draw; see `model` for the steps."""

from __future__ import annotations

from typing import Any, Literal

from flowgraph.graph.graph import Graph
from flowgraph.graph.operation import Operation
from flowgraph.graph.tensor import Tensor
from flowgraph.viz import colour as colours
from flowgraph.viz import describe, labels
from flowgraph.viz.boxes import READABLE, Box, Boxes
from flowgraph.viz.model import Diagram, Edge, EdgeKind, Group, Node, needed
from flowgraph.viz.outline import Group as OutlineGroup
from flowgraph.viz.outline import Outline
from flowgraph.viz.parts import Flow, Parts, constant_text, tells_shape
from flowgraph.viz.series import add_series

_LEAST_OF_UNREADABLE = 3  # so many repetitions make a series where the picture would be too large
_EdgeKey = tuple[str, str, EdgeKind]


def diagram(graph: Graph, fetches: Any = None, *, depth: int | None = None,
            gradients: bool = False, name: str = "", unused: Literal["hide", "grey"] = "hide",
            series: bool = True, color: colours.Color = "structure",
            profile: Any = None) -> Diagram:
    """The picture of a graph as plain data.

    Args:
        graph: the graph.
        fetches: draw only what these need: tensors, operations, variables, or names of them.
        depth: how many levels of groups are open; deeper ones become boxes. Default: those are open
            that help most, as long as the picture can be read.
        gradients: whether gradients and optimizers are drawn op by op, not as one box each.
        name: the picture's title.
        unused: what becomes of the rest when `fetches` are given: "hide" or "grey".
        series: whether what a Python loop repeated is drawn once.
        color: what colours tell: "structure", "device", "time" or "memory".
        profile: for "time" and "memory": what `costs()` of it says is shown.

    Returns:
        A Diagram.

    Raises:
        KeyError: a name in `fetches` is not in the graph.
        TypeError: `depth` is no int.
        ValueError: `depth` is negative, a fetch is of another graph, `unused` or `color` is
            unknown, or there is no profile where one is needed.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.viz import diagram
        >>> with fg.Graph().as_default() as g:
        ...     x = fg.placeholder(fg.float32, [None, 2], name="x")
        ...     y = fg.square(x, name="y")
        >>> [(node.kind, node.title, node.name) for node in diagram(g).nodes]
        [('placeholder', 'x', ''), ('op', 'Square', 'y')]
    """
    if depth is not None and (isinstance(depth, bool) or not hasattr(depth, "__index__")):
        raise TypeError(f"depth is the number of open scope levels, an int, not {depth!r}")
    if depth is not None and depth < 0:
        raise ValueError(f"depth is the number of open scope levels, so 0 or more, not {depth}")
    if unused not in ("hide", "grey"):
        raise ValueError(f"unused is 'hide' or 'grey', not {unused!r}")
    colours.check(color, profile)
    ops, wanted = (graph.get_operations(), set()) if fetches is None else needed(graph, fetches)
    outline = Outline(graph, ops if unused == "hide" or fetches is None else None)
    boxes = _boxes(outline, wanted, depth, gradients, series)
    used = set(ops).union(outline.holder) if unused == "grey" and fetches is not None else None
    picture = _Picture(boxes, used).drawn(name, wanted)
    return colours.coloured(picture, color, profile)


def _boxes(outline: Outline, wanted: set[Operation], depth: int | None, gradients: bool,
           series: bool) -> Boxes:
    if series:
        add_series(outline)
    boxes = Boxes(Parts(outline, wanted, depth is None), depth, gradients)
    if series and depth is None and len(boxes.contents(None)) > READABLE:
        add_series(outline, _LEAST_OF_UNREADABLE)
        boxes = Boxes(Parts(outline, wanted, True), depth, gradients)
    return boxes


class _Picture:
    """Collects the nodes, the groups, and what goes between them."""

    def __init__(self, boxes: Boxes, used: set[Operation] | None) -> None:
        self.boxes = boxes
        self.parts = boxes.parts
        self.outline = boxes.outline
        self.used = used
        self.groups: dict[OutlineGroup, Group] = {}
        self.settings: dict[Box, list[str]] = {}
        self.beside: dict[str, tuple[Operation, Box]] = {}
        self._ids: dict[Box, str] = {}
        self._taken: set[str] = set()
        self._members: dict[Box, list[Operation]] = {}
        self._found: dict[_EdgeKey, dict[Tensor, None]] = {}
        self._losses: dict[_EdgeKey, list[Tensor]] = {}
        self._busy: set[Box] = set()
        self._sides: dict[str, str] = {}
        for op in self.outline.ops:
            if op not in self.parts.beside and op not in self.parts.unseen and (
                    self.parts.main(op) not in self.parts.unseen):
                self._members.setdefault(boxes.box(op), []).append(op)

    def id(self, box: Box) -> str:
        """A node's id: the name of what it is, as long as no other has that."""
        found = self._ids.get(box)
        if found is None:
            if isinstance(box, Operation):
                found = box.name
            else:
                found = box.path if box.kind in ("side", "variable") else f"{box.path}/"
            found = labels.key(found)
            name, number = found, 2
            while found in self._taken:
                found = f"{name} ({number})"
                number += 1
            self._taken.add(found)
            self._ids[box] = found
            if isinstance(box, OutlineGroup) and box.kind == "side":
                self._sides[found] = box.role
        return found

    def drawn(self, name: str, wanted: set[Operation]) -> Diagram:
        """The whole picture."""
        for box in self._members:
            self.id(box)
        for flow in self.parts.flows:
            self._flow(flow)
        self._from_losses()
        nodes = [self._node(box, ops) for box, ops in self._members.items()]
        groups = {box: node.group for box, node in zip(self._members, nodes, strict=True)}
        for id, (op, head) in self.beside.items():
            muted = self.used is not None and op not in self.used
            nodes.append(Node(id, "constant", constant_text(op) or "", groups[head], ops=(op,),
                              muted=muted))
        edges = self._edges()
        fetched = frozenset(self.id(self.boxes.box(op)) for op in wanted)
        return Diagram(name, tuple(nodes), tuple(edges), tuple(self.groups.values()), fetched)

    # ---- nodes and groups ------------------------------------------------------------------------

    def _node(self, box: Box, ops: list[Operation]) -> Node:
        around = self.outline.group(box) if isinstance(box, Operation) else box.parent
        group = self._group(around)
        muted = self.used is not None and not self.used.intersection(ops)
        kind, title, name, details = describe.box(
            self.boxes, box, around, self.settings.get(box, ()), group)
        first = box if isinstance(box, Operation) else box.op
        if first is not None:
            ops = [first, *(op for op in ops if op is not first)]
        return Node(self.id(box), kind, title, group, name, details, tuple(ops), muted=muted)

    def _group(self, group: OutlineGroup | None) -> str:
        """The path of the drawn group for an open one; such as say nothing are left out."""
        while group is not None and self._is_transparent(group):
            group = group.parent
        if group is None:
            return ""
        found = self.groups.get(group)
        if found is None:
            parent = self._group(group.parent)
            title = describe.title(group, self._only_inside)
            found = Group(labels.key(group.path), parent, title, group.kind)
            self.groups[group] = found
        return found.path

    def _is_transparent(self, group: OutlineGroup) -> bool:
        if group.kind == "repeat" or (group.parent is not None and group.parent.kind == "series"):
            return True
        return group.kind != "series" and self._only_inside(group) is not None

    def _only_inside(self, group: OutlineGroup) -> OutlineGroup | None:
        """The one open group that is all there is to see of a scope."""
        contents = self.boxes.contents(group) if group.kind == "scope" else ()
        if len(contents) == 1 and isinstance(contents[0], OutlineGroup) and (
                contents[0] in self.boxes.open and contents[0].kind != "scope"):
            return contents[0]
        return None

    # ---- edges -----------------------------------------------------------------------------------

    def _flow(self, flow: Flow) -> None:
        parts, boxes = self.parts, self.boxes
        head = boxes.box(flow.head)
        if flow.tail in parts.beside:
            if flow.kind != "control" and flow.head not in parts.unseen:
                self._constant(flow, head)
            return
        if flow.head in parts.beside or flow.tail in parts.unseen or flow.head in parts.unseen:
            return
        sides = self.outline.roles.sides
        if flow.kind == "control" and self.outline.roles.role(flow.head) == "placeholder":
            return  # it is fed: whatever it waits for says nothing
        tail = boxes.box(flow.tail)
        if not boxes.expanded and any(
                "gradients" in sides.get(op, ()) and not self._is_side(box)
                for op, box in ((flow.head, head), (flow.tail, tail))):
            return  # a gradient that a graph from a file has inside of a branch of the model
        if tail not in self._members or head not in self._members:
            return
        if tail is head and not (flow.kind == "next" and isinstance(head, Operation)
                                 and head not in parts.counts):
            return
        kind: EdgeKind = flow.kind
        if flow.head in parts.whole and tells_shape(flow.head) and kind == "data":
            kind = "shape"
        copies = self.outline.copies
        if flow.tail in copies and flow.head in copies and not flow.again:
            return  # the first repetition shows it
        found = self._found.setdefault((self.id(tail), self.id(head), kind), {})
        if flow.tensor is not None:
            found[flow.tensor] = None

    def _is_side(self, box: Box) -> bool:
        return isinstance(box, OutlineGroup) and self.boxes.side(box) is not None

    def _constant(self, flow: Flow, head: Box) -> None:
        parts = self.parts
        if flow.head in self.outline.roles.folded or flow.tail in parts.unseen:
            return
        if flow.head in self.outline.copies or head not in self._members:
            return
        side = self.boxes.side(head if isinstance(head, OutlineGroup) else None)
        if side is not None and not (side.role == "optimizer" and "Apply" in flow.head.type):
            return
        if head is self.boxes.box(flow.tail) and isinstance(head, OutlineGroup):
            return
        if flow.head in parts.whole and parts.whole[flow.head] is not flow.head:
            return  # arithmetic of shapes
        if flow.param in flow.head.op_def.host_inputs and head is flow.head:
            self.settings.setdefault(head, []).append(
                f"{flow.param} = {constant_text(flow.tail)}")
            return
        id = f"{labels.key(flow.tail.name)} -> {self.id(head)}"
        self.beside[id] = (flow.tail, head)
        self._found.setdefault((id, self.id(head), "data"), {})[flow.tail.outputs[0]] = None

    def _from_losses(self) -> None:
        """Draws an edge from what is differentiated to its box of gradients."""
        outline, roles = self.outline, self.outline.roles
        names = {op.name: op for op in outline.ops}
        sources: dict[Operation, set[Operation]] = {}
        for flow in self.parts.flows:
            sources.setdefault(flow.head, set()).add(flow.tail)
        differentiated: dict[Box, set[Operation]] = {}
        for op in self.outline.ops:
            side = self.boxes.side(self.outline.group(op))
            if side is not None and side.role == "gradients":
                forward = op.forward_op or self._named_forward(op, names)
                if forward in roles.users and forward not in roles.sides and (
                        forward not in self.outline.holder
                        and forward not in self.parts.unseen):
                    differentiated.setdefault(side, set()).add(forward)
        for head, ops in differentiated.items():
            # Those on a way to another differentiated op; of a loop or branch, what is inside is.
            followed: set[Operation] = set()
            pending = list(ops)
            while pending:
                found = sources.get(pending.pop(), set())
                found = found | {outline.holder[op] for op in found if op in outline.holder}
                new = found - followed
                followed |= new
                pending += new
            for op in sorted(ops - followed, key=lambda op: op.index):
                tail = self.boxes.box(op)
                if tail is not head and tail in self._members:
                    self._losses.setdefault((self.id(tail), self.id(head), "data"), []).append(
                        op.outputs[0])

    def _named_forward(self, op: Operation, names: dict[str, Operation]) -> Operation | None:
        """The op whose gradient `op` is by its name: a graph read from a file has no more."""
        side = self.outline.roles.sides.get(op)
        if side is None or not op.name.startswith(f"{side[1]}/"):
            return None
        forward, found, _ = op.name[len(side[1]) + 1:].partition("_grad/")
        return names.get(forward) if found else None

    def _edges(self) -> list[Edge]:
        """The edges worth drawing.

        A side job takes something from nearly everywhere, so only what has no other use is drawn:
        the loss that goes to the gradients, the learning rate that goes to the optimizer.
        """
        sides = self._sides
        busy = {tail for tail, head, _ in self._found if head not in sides}
        kept: dict[_EdgeKey, Any] = {}
        for (tail, head, kind), tensors in self._found.items():
            if (tail, head, kind) in self._losses:
                continue
            if kind == "shape" and any((tail, head, other) in self._found
                                       for other in ("data", "next")):
                continue
            if head not in sides or (sides[head] in ("gradients", "optimizer")
                                     and (tail not in busy or tail in sides)):
                kept[tail, head, kind] = tensors
        return [Edge(*key, tuple(tensors)) for key, tensors in (kept | self._losses).items()]

