"""Which groups are open, and so which box each operation goes into.

A picture shows an outline with some of its groups open. An operation is drawn itself if all groups
around it are; else the outermost closed one is drawn. Without a `depth` the groups are opened one
by one, the most useful first, for as long as the picture can be read:

    1. loops, branches and series, and the scopes around them
    2. outer scopes before inner, small before large; all that are built alike, or none of them
"""

from __future__ import annotations

from functools import cache

from flowgraph.graph.operation import Operation
from flowgraph.viz.outline import Group
from flowgraph.viz.parts import Parts
from flowgraph.viz.series import stem

_KNOWN = {"dropout", "random_uniform", "random_normal", "truncated_normal", "zeros_like",
          "ones_like", "Assert", "assert_equal", "zeros", "ones", "moments", "AssignMovingAvg",
          "num_present", "assert_broadcastable", "broadcast_weights", "div_no_nan", "weights",
          "Tensordot"}
READABLE = 60  # so many nodes can still be read
_ALL_OF_GRADIENTS = 400  # who asks for gradients gets them all, up to so many nodes

Box = Group | Operation


class Boxes:
    """The boxes of an outline.

    Attributes:
        parts: what is drawn as a part of something else.
        outline: the tree.
        open: the open groups.
        expanded: whether gradients and optimizers are shown op by op.
    """

    def __init__(self, parts: Parts, depth: int | None, expanded: bool) -> None:
        self.parts = parts
        self.outline = parts.outline
        self.expanded = expanded
        self.open: set[Group] = set()
        self._boxes: dict[Operation, Box] = {}
        self.contents = cache(self._contents)
        self._order = {group: i for i, group in enumerate(self.outline.groups)}
        if depth is not None:
            self.open = {group for group in self.outline.groups
                         if self._is_openable(group) and _level(group) < depth}
        else:
            self._choose()

    def side(self, group: Group | None) -> Group | None:
        """The closed side job that `group` is or stands in."""
        while group is not None and not (group.kind == "side" and group not in self.open):
            group = group.parent
        return group

    def is_drawn(self, op: Operation) -> bool:
        """Whether `op` has a node of its own when every group around it is open."""
        parts = self.parts
        return not (op in parts.whole or op in parts.beside or op in parts.unseen
                    or op in self.outline.roles.folded or _is_loop(op))

    def box(self, op: Operation) -> Box:
        """What is drawn for `op`: an operation, or a closed group."""
        found = self._boxes.get(op)
        if found is None:
            found = self._boxes[op] = self._find(self.parts.main(op))
        return found

    def _find(self, op: Operation) -> Box:
        for group in self.outline.around(op):
            if group not in self.open:
                return group
        if _is_loop(op):
            loop = self.outline.group(op)
            for inner in loop.groups if loop is not None else ():
                if inner.kind == "branch":
                    return inner
        return op

    def _is_openable(self, group: Group) -> bool:
        if group.kind == "variable":
            return False
        if group.kind == "side":
            return self.expanded and group.role in ("gradients", "optimizer")
        if group.kind == "branch":
            return group.parent is not None and group.parent.kind == "branches"
        return True

    def _contents(self, group: Group | None) -> tuple[Box, ...]:
        """What comes to stand in the picture when a group is opened."""
        if group is None:
            return (*self.outline.top, *filter(self.is_drawn, self.outline.loose))
        if group.kind == "series":
            return self.contents(group.groups[0])
        found: list[Box] = []
        for inner in group.groups:
            if inner.kind in ("repeat", "branch") and group.kind != "loop":
                found += self.contents(inner)
            elif not self._is_empty(inner):
                found.append(inner)
        return (*found, *filter(self.is_drawn, group.ops))

    def _is_empty(self, group: Group) -> bool:
        """Whether nothing would be seen of a group if it were open."""
        return group.kind == "scope" and not self.contents(group)

    def _drawn(self, group: Group | None) -> list[Box]:
        found: list[Box] = []
        for box in self.contents(group):
            if isinstance(box, Group) and box in self.open:
                found += self._drawn(box)
            else:
                found.append(box)
        return found

    # ---- choosing --------------------------------------------------------------------------------

    def _choose(self) -> None:
        count = len(self.contents(None))
        expand = [group for group in self.outline.groups
                  if group.kind == "side" and self._is_openable(group)]
        limit = READABLE
        if expand:
            limit = _ALL_OF_GRADIENTS
            for group in expand:
                count += self._open(group)
        while True:
            alike: dict[object, list[Group]] = {}
            for group in self._candidates(None):
                alike.setdefault(self._likeness(group), []).append(group)
            fits = [groups for groups in alike.values()
                    if count + sum(len(self.contents(g)) - 1 for g in groups) <= limit]
            if not fits:
                return
            for group in min(fits, key=lambda groups: self._rank(groups[0])):
                count += self._open(group)

    def _candidates(self, group: Group | None) -> list[Group]:
        """The closed groups in the picture that could be opened."""
        return [box for box in self._drawn(group)
                if isinstance(box, Group) and self._is_openable(box) and self.contents(box)
                and not self._is_known(box)
                and (self.expanded or not self._holds_gradients(box))]

    def _is_known(self, group: Group) -> bool:
        """Whether a scope is known to readers by its name, so that it may stay closed."""
        around: Group | None = group
        while around is not None and around.kind != "side":
            around = around.parent
        return group.kind == "scope" and around is None and (
            stem(group.title).rpartition("/")[2] in _KNOWN)

    def _holds_gradients(self, group: Group) -> bool:
        """Whether a loop or branch has gradients inside, as graphs read from files may."""
        sides = self.outline.roles.sides
        return group.kind in ("loop", "branches") and any(
            op in sides for inner in (group, *group.groups) for op in self._all_ops(inner))

    def _all_ops(self, group: Group) -> list[Operation]:
        return [*group.ops, *(op for inner in group.groups for op in self._all_ops(inner))]

    def _open(self, group: Group) -> int:
        """Opens a group with what has no door of its own; returns how many more nodes that makes.
        """
        more = len(self.contents(group)) - 1
        pending = [group]
        while pending:
            group = pending.pop()
            self.open.add(group)
            if group.kind == "series":
                pending.append(group.groups[0])
            else:
                pending += [inner for inner in group.groups if inner.kind == "repeat"
                            or (inner.kind == "branch" and group.kind == "branches")]
        return more

    def _likeness(self, group: Group) -> object:
        inside = [stem(box.title) if isinstance(box, Group) else box.type
                  for box in self.contents(group)]
        return group.kind, group.role, tuple(sorted(inside))

    def _rank(self, group: Group) -> tuple[object, ...]:
        return (not self._holds_special(group), _level(group), len(self.contents(group)),
                self._order[group])

    def _holds_special(self, group: Group) -> bool:
        return group.kind in ("loop", "branches", "series") or any(
            isinstance(box, Group) and self._holds_special(box) for box in self.contents(group))


def _level(group: Group) -> int:
    """How many groups that a reader would count are around `group`."""
    level, around = 0, group.parent
    while around is not None:
        level += around.kind in ("scope", "loop", "branches")
        around = around.parent
    opens_with_parent = group.kind in ("repeat", "branch") or (
        group.kind == "series" and group.groups[0].kind == "repeat")
    return level - opens_with_parent


def _is_loop(op: Operation) -> bool:
    return "carried" in op.attrs and bool(op.op_def.bodies)
