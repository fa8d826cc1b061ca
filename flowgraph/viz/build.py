"""`diagram`: from a Graph to the Diagram that emitters draw; see `model` for the steps."""

from __future__ import annotations

from typing import Any

from flowgraph.graph.graph import Graph
from flowgraph.graph.operation import Operation
from flowgraph.graph.tensor import Tensor
from flowgraph.viz import describe
from flowgraph.viz.boxes import Boxes, constant_text
from flowgraph.viz.model import Diagram, Edge, EdgeKind, Group, Node, needed
from flowgraph.viz.roles import Roles

_EdgeKey = tuple[str, str, EdgeKind]


def diagram(graph: Graph, fetches: Any = None, *, depth: int | None = None,
            gradients: bool = False, name: str = "") -> Diagram:
    """The picture of a graph as plain data.

    Args:
        graph: the graph.
        fetches: draw only what these need: tensors, operations, variables, or names of them.
        depth: how many levels of name scopes are open; deeper ones become boxes. Default: as many
            as stay readable.
        gradients: whether gradients and optimizers are drawn op by op, not as one box each.
        name: the picture's title.

    Returns:
        A Diagram.

    Raises:
        KeyError: a name in `fetches` is not in the graph.
        ValueError: `depth` is negative, or a fetch is of another graph.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.viz import diagram
        >>> with fg.Graph().as_default() as g:
        ...     x = fg.placeholder(fg.float32, [None, 2], name="x")
        ...     y = fg.square(x, name="y")
        >>> [(node.kind, node.title, node.name) for node in diagram(g).nodes]
        [('placeholder', 'x', ''), ('op', 'Square', 'y')]
    """
    if depth is not None and depth < 0:
        raise ValueError(f"depth is the number of open scope levels, so 0 or more, not {depth}")
    ops, wanted = (graph.get_operations(), set()) if fetches is None else needed(graph, fetches)
    boxes = Boxes(Roles(ops), wanted, depth, gradients)
    edges = _Edges(boxes)
    return Diagram(name, tuple(_nodes(boxes, edges)), tuple(edges.drawn()), _groups(boxes),
                   frozenset(boxes.box(op) for op in wanted))


def _nodes(boxes: Boxes, edges: _Edges) -> list[Node]:
    """One node per box in the order of creation, then the small constants."""
    members: dict[str, list[Operation]] = {}
    for op in boxes.roles.ops:
        if not boxes.is_satellite(op) or boxes.box(op) != op.name:
            members.setdefault(boxes.box(op), []).append(op)
    nodes = {id: describe.node(boxes, id, ops, edges.settings.get(id, ()))
             for id, ops in members.items()}
    for id, (op, head) in edges.satellites.items():
        group = nodes[head].group
        nodes[id] = Node(id, "constant", constant_text(op) or "", group, ops=(op,))
    return list(nodes.values())


def _groups(boxes: Boxes) -> tuple[Group, ...]:
    """The open scopes that hold something, outer before inner."""
    groups: dict[str, Group] = {}
    for op in boxes.roles.ops:
        if boxes.is_unit(op):
            parent = ""
            for scope in boxes.path(op)[:boxes.depth]:
                groups.setdefault(scope, Group(scope, parent, describe.within(scope, parent)))
                parent = scope
    return tuple(groups.values())


class _Edges:
    """Collects what goes between boxes.

    Attributes:
        settings: for the node of an op, its small constants that say how it works: "axis = 0".
        satellites: the other small constants, one node per op that takes it: id -> (op, head).
    """

    def __init__(self, boxes: Boxes) -> None:
        self.boxes = boxes
        self.settings: dict[str, list[str]] = {}
        self.satellites: dict[str, tuple[Operation, str]] = {}
        self._found: dict[_EdgeKey, dict[Tensor, None]] = {}
        self._losses: dict[_EdgeKey, list[Tensor]] = {}
        for op in boxes.roles.ops:
            self._into(op)
        self._from_losses()

    def _into(self, op: Operation) -> None:
        head = self.boxes.box(op)
        params = op.op_def.flat_params(len(op.inputs))
        for param, tensor in zip(params, op.inputs, strict=True):
            source = tensor.op
            tail = self.boxes.box(source)
            if tail == head:
                continue
            if self.boxes.is_satellite(source) and tail == source.name:
                self._constant(source, op, head, param)
            elif source in self.boxes.roles.users:
                is_ref = tensor.dtype._is_ref_dtype and param in op.op_def.refs
                self._note((tail, head, "ref" if is_ref else "data"), tensor)
        if self.boxes.is_satellite(op) and head == op.name:
            return  # it is drawn beside the ops that take it; what it waits for says nothing
        for source in op.control_inputs:
            tail = self.boxes.box(source)
            if tail != head and not self.boxes.is_satellite(source):
                self._note((tail, head, "control"))

    def _constant(self, source: Operation, op: Operation, head: str, param: str) -> None:
        if op in self.boxes.roles.folded or self._ignores_constants(op):
            return
        if param in op.op_def.host_inputs and head == op.name:
            self.settings.setdefault(head, []).append(f"{param} = {constant_text(source)}")
            return
        id = f"{source.name} -> {head}"
        self.satellites[id] = (source, head)
        self._note((id, head, "data"), source.outputs[0])

    def _ignores_constants(self, op: Operation) -> bool:
        """Whether `op` is of a side job; an optimizer's learning rate is worth showing."""
        side = self.boxes.side(op)
        return side is not None and side[0] != "optimizer"

    def _note(self, key: _EdgeKey, *tensors: Tensor) -> None:
        self._found.setdefault(key, {}).update(dict.fromkeys(tensors))

    def _from_losses(self) -> None:
        """Draws an edge from what is differentiated to its box of gradients."""
        roles = self.boxes.roles
        differentiated: dict[str, set[Operation]] = {}
        for op in roles.ops:
            side = self.boxes.side(op)
            if side and side[0] == "gradients" and op.forward_op in roles.users:
                differentiated.setdefault(self.boxes.box(op), set()).add(op.forward_op)
        for head, ops in differentiated.items():
            for op in sorted(ops, key=lambda op: op.index):
                tail = self.boxes.box(op)
                if tail != head and not ops.intersection(roles.users[op]):
                    self._losses.setdefault((tail, head, "data"), []).append(op.outputs[0])

    def drawn(self) -> list[Edge]:
        """The edges worth drawing.

        A side job takes something from nearly everywhere, so only what has no other use is drawn:
        the loss that goes to the gradients, the learning rate that goes to the optimizer.
        """
        sides = self.boxes.sides
        found = {key: tensors for key, tensors in self._found.items() if key not in self._losses}
        busy = {tail for tail, head, _ in self._found if head not in sides}
        kept = {(tail, head, kind): tensors for (tail, head, kind), tensors in found.items()
                if head not in sides or (sides[head] in ("gradients", "optimizer")
                                         and (tail not in busy or tail in sides))}
        return [Edge(*key, tuple(tensors)) for key, tensors in (kept | self._losses).items()]
