"""What is drawn as a part of something else, and what flows between the rest.

Many operations only serve one other: a reader wants to see that one. Here is what becomes of them:

    Shape -> StridedSlice -> Pack -> Reshape     the chain is part of Reshape, whose shape it makes
    "two" -> Mul                                 a small constant stands beside each op taking it
    x -> [loop: parameter -> MatMul]             what a loop takes from outside is x itself
    [loop: Add] -> Exit -> y                     what leaves a loop comes from the op that made it
    i -> [i + 1] -> next round                   a counter counts itself
    layer_2, layer_3, ... of a series            are drawn as the first
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from flowgraph.graph.operation import Operation
from flowgraph.graph.tensor import Tensor
from flowgraph.viz import labels
from flowgraph.viz.outline import Link, LinkKind, Outline, inside

_EXIT = re.compile(r"(Exit|Merge)(_\d+)?$")
_PIVOT = re.compile(r"/(pred_id|switch_[tf]|pivot_[tf])(_\d+)?$")  # of a cond read from a file
_CHECK = re.compile(r"(^|/)(assert|Assert)|check_success$")
_SHAPES = {"Shape", "ShapeN", "Size", "Rank"}
_PLUMBING = _SHAPES | {"StridedSlice", "Slice", "Pack", "Concat", "ConcatV2", "Prod", "Cast", "Mul",
                       "Add", "AddV2", "Sub", "FloorDiv", "Maximum", "Minimum", "Reshape",
                       "ExpandDims", "Squeeze", "GatherV2", "Gather", "Range", "Identity", "Fill",
                       "BroadcastArgs", "Const", "Unpack", "Split"}


@dataclass(frozen=True, slots=True)
class Flow:
    """A link between operations that are drawn, or that are parts of such.

    Attributes:
        tail, head, kind, tensor, param: as in `Link`.
        again: whether the head is of another repetition of a series than the tail.
    """

    tail: Operation
    head: Operation
    kind: LinkKind
    tensor: Tensor | None
    param: str
    again: bool = False


class Parts:
    """The parts of an outline.

    Args:
        outline: the tree; series may be in it.
        wanted: the ops that were asked for, which are always drawn.
        tidy: whether checks are left out: assertions, and what only they take.

    Attributes:
        whole: for an op that is drawn as a part of another, that other one.
        beside: small constants, drawn beside each op that takes them.
        unseen: ops that are only handed through, or that tell a shape to several ops.
        loop_variables: for the op inside a loop that is a variable of it, which one it is.
        counts: for a loop variable that is a counter, by how much: "+ 1".
        flows: what flows, handed-through ops left out.
    """

    def __init__(self, outline: Outline, wanted: set[Operation], tidy: bool) -> None:
        self.outline = outline
        self.wanted = wanted
        self.whole: dict[Operation, Operation] = {}
        self.unseen: set[Operation] = set()
        self.loop_variables: dict[Operation, int] = {}
        self.counts: dict[Operation, str] = {}
        self._through: dict[Operation, list[Link]] = {}
        self._into: dict[Operation, list[Link]] = {}
        for link in outline.links:
            self._into.setdefault(link.head, []).append(link)
        self._read_bodies()
        self._find_exits()
        self.flows = [flow for link in outline.links for flow in self._flows(link)]
        self.users: dict[Operation, list[Flow]] = {}
        for flow in self.flows:
            self.users.setdefault(flow.tail, []).append(flow)
        self.beside = {op for op in outline.ops if self._is_beside(op)}
        if tidy:
            self._hide_checks()
        self._find_counters()
        self._find_plumbing()
        self.whole.update((op, first) for op, first in outline.copies.items()
                          if first not in self.unseen)

    def main(self, op: Operation) -> Operation:
        """The op that `op` is drawn as, or as a part of."""
        while op in self.whole:
            op = self.whole[op]
        return op

    # ---- loops and branches ----------------------------------------------------------------------

    def _read_bodies(self) -> None:
        for op in self.outline.ops:
            graphs = inside(op)
            carried = op.attrs.get("carried", 0)
            for graph in graphs:
                for i, parameter in enumerate(graph.parameters):
                    if parameter is None:
                        continue
                    if i >= carried:
                        self._hand_through(parameter.op)
                        continue
                    of_body = graphs[-1].parameters[i]
                    if of_body is None or of_body is parameter:
                        self.loop_variables[parameter.op] = i
                    else:  # the condition sees the variables of the body
                        self.whole[parameter.op] = of_body.op

    def _hand_through(self, op: Operation) -> None:
        """Leaves `op` out: what takes it takes what it is given."""
        links = [link for link in self._into.get(op, ()) if link.kind == "data"]
        if links and op not in self.wanted:
            self._through[op] = links
            self.unseen.add(op)

    def _find_exits(self) -> None:
        for op in self.outline.ops:
            if op.type == "Identity" and (_PIVOT.search(op.name) or (
                    op.inputs[0].op.op_def.bodies and _EXIT.search(op.name))):
                self._hand_through(op)
            elif op.type == "FakeParam":
                self.unseen.add(op)

    def _flows(self, link: Link) -> list[Flow]:
        if link.head in self.unseen:
            return []
        again = self._is_again(link)
        kind: LinkKind = "next" if again and link.kind == "data" else link.kind
        return [Flow(tail, link.head, kind, link.tensor if tensor is None else tensor, link.param,
                     again)
                for tail, tensor in self._origins(link.tail, None)]

    def _origins(self, op: Operation, tensor: Tensor | None) -> list[
            tuple[Operation, Tensor | None]]:
        if op not in self._through:
            return [(op, tensor)]
        return [found for link in self._through[op]
                for found in self._origins(link.tail, link.tensor)]

    def _is_again(self, link: Link) -> bool:
        """Whether a link goes from one repetition of a series to another."""
        copies = self.outline.copies
        if link.tail not in copies and link.head not in copies:
            return False
        places = dict(self._repetitions(link.tail))
        return any(places.get(series, repeat) != repeat
                   for series, repeat in self._repetitions(link.head))

    def _repetitions(self, op: Operation) -> list[tuple[str, str]]:
        return [(group.parent.path, group.path) for group in self.outline.around(op)
                if group.parent is not None and group.parent.kind == "series"]

    # ---- small things ----------------------------------------------------------------------------

    def _is_beside(self, op: Operation) -> bool:
        return (op.type == "Const" and op not in self.wanted and op in self.users
                and op not in self.outline.roles.folded and constant_text(op) is not None)

    def _hide_checks(self) -> None:
        """Assertions say what must hold, not what is computed."""
        checks = {op for op in self.outline.ops if op not in self.wanted and (
            op.type == "Assert" or (op.type == "NoOp" and _CHECK.search(op.name)))}
        for op in reversed(self.outline.ops):
            if op not in checks and op not in self.wanted and op in self.users and (
                    op not in self.outline.roles.folded) and all(
                    flow.head in checks for flow in self.users[op]) and any(
                    flow.kind == "data" for flow in self.users[op]) and (
                    op.type not in ("Placeholder", "PlaceholderWithDefault")):
                checks.add(op)
        self.unseen |= checks

    def _find_counters(self) -> None:
        """The sum that only the next round takes is part of the variable that it counts."""
        for parameter in self.loop_variables:
            for link in self._into.get(parameter, ()):
                op = link.tail
                if link.kind != "next" or op.type not in ("Add", "AddV2") or op in self.wanted:
                    continue
                given = [source for tensor in op.inputs
                         for source, _ in self._origins(tensor.op, None)]
                steps = [source for source in given if source in self.beside]
                if len(steps) == 1 and parameter in given and all(
                        flow.kind == "next" for flow in self.users.get(op, ())):
                    self.whole[op] = parameter
                    self.unseen.add(steps[0])
                    self.counts[parameter] = f"+ {constant_text(steps[0])}"

    def _find_plumbing(self) -> None:
        """Whole numbers that are only made to tell an op a shape, place or size are part of it."""
        roles = self.outline.roles
        for op in reversed(self.outline.ops):
            if (op.type not in _PLUMBING or op in self.wanted or op not in self.users
                    or op in roles.folded or op in self.beside or op in self.unseen
                    or op in roles.sides or op in self.whole
                    or not all(t.dtype.is_integer for t in op.outputs)):
                continue
            served: set[Operation] = set()
            for flow in self.users[op]:
                if flow.head in self.whole and flow.head.type in _PLUMBING:
                    served.add(self.whole[flow.head])
                elif flow.param in flow.head.op_def.host_inputs:
                    served.add(flow.head)
                elif flow.head not in self.unseen:
                    served.clear()
                    break
            else:
                if len(served) == 1:
                    self.whole[op] = served.pop()
                elif op.type in _SHAPES or all(self._tells_shape(t) for t in op.inputs):
                    self.unseen.add(op)
        for op in reversed(self.outline.ops):  # what only serves what is left out
            if op.type in _SHAPES and op in self.users and op not in self.whole and (
                    op not in self.wanted) and all(
                    flow.head in self.unseen for flow in self.users[op]):
                self.unseen.add(op)

    def _tells_shape(self, tensor: Tensor) -> bool:
        return tensor.op.type in _SHAPES or tensor.op.type in ("Const", "StridedSlice", "Pack")


def tells_shape(op: Operation) -> bool:
    """Whether `op` takes no more of a tensor than its shape."""
    return op.type in _SHAPES


def constant_text(op: Operation) -> str | None:
    """What the Const `op` holds, when that is short enough for a picture."""
    array = op.attrs.get("value")
    return None if array is None else labels.value(array)
