"""Which box each operation goes into: itself, its variable, its closed scope, or its side job."""

from __future__ import annotations

from flowgraph.graph.operation import Operation
from flowgraph.viz import labels
from flowgraph.viz.roles import Roles, prefixes

READABLE = 60  # so many nodes can still be read; without a `depth`, scopes close until they are few


class Boxes:
    """The boxes of some operations, for one depth of open scopes.

    Attributes:
        roles: what each op is there for.
        depth: how many levels of scopes are open.
        expanded: whether gradients and optimizers are shown op by op.
        sides: for the id of a side job's box, its kind.
    """

    def __init__(self, roles: Roles, wanted: set[Operation], depth: int | None,
                 expanded: bool) -> None:
        self.roles = roles
        self.expanded = expanded
        self.sides: dict[str, str] = {}
        self._wanted = wanted
        self._paths: dict[Operation, list[str]] = {}
        units = [op for op in roles.ops if self.is_unit(op)]
        self._scopes = _scopes(units, roles)
        self.depth = self._readable_depth(units) if depth is None else depth

    def side(self, op: Operation) -> tuple[str, str] | None:
        """The side job that `op` is drawn with, (kind, group); None for what is drawn itself."""
        side = self.roles.sides.get(op)
        return None if side and self.expanded and side[0] in ("gradients", "optimizer") else side

    def is_unit(self, op: Operation) -> bool:
        """Whether `op` has a node of its own when every scope is open."""
        return (self.roles.folded.get(op, op) is op and not self.is_satellite(op)
                and self.side(op) is None)

    def is_satellite(self, op: Operation) -> bool:
        """Whether `op` is a small constant, drawn beside each op that takes it."""
        return (op.type == "Const" and op not in self._wanted and bool(self.roles.users[op])
                and op not in self.roles.folded and constant_text(op) is not None)

    def path(self, op: Operation) -> list[str]:
        """The scopes around `op`, the outermost first."""
        found = self._paths.get(op)
        if found is None:
            found = [scope for scope in _around(op, self.roles) if scope in self._scopes]
            self._paths[op] = found
        return found

    def scope_box(self, op: Operation) -> str | None:
        """The closed scope that hides `op`, if one does."""
        path = self.path(op)
        return path[self.depth] if len(path) > self.depth else None

    def group(self, op: Operation) -> str:
        """The innermost open scope around `op`."""
        path = self.path(op)[:self.depth]
        return path[-1] if path else ""

    def box(self, op: Operation) -> str:
        """The id of the node that stands for `op`."""
        side = self.side(op)
        if side is not None:
            id = f"{side[0]}: {side[1]}"
            self.sides[id] = side[0]
            return id
        op = self.roles.folded.get(op, op)
        scope = self.scope_box(op)
        return op.name if scope is None else f"{scope}/"

    def _readable_depth(self, units: list[Operation]) -> int:
        """The depth at which few enough nodes are left; who asks for gradients gets all of them."""
        deepest = max((len(self.path(op)) for op in units), default=0)
        if any(op in self.roles.sides for op in units):
            return deepest
        for self.depth in range(deepest, 0, -1):
            if len({self.box(op) for op in units}) <= READABLE:
                return self.depth
        return 0


def constant_text(op: Operation) -> str | None:
    """What the Const `op` holds, when that is short enough for a picture."""
    array = op.attrs.get("value")
    return None if array is None else labels.value(array)


def _around(op: Operation, roles: Roles) -> list[str]:
    """Every scope that could be drawn around `op`; slots of an optimizer stand in its scope."""
    side = roles.sides.get(op)
    if side and side[0] == "optimizer" and op in roles.folded:
        return [*(prefix for prefix, _ in prefixes(side[1])), side[1]]
    return [*(prefix for prefix, _ in prefixes(op.name)), op.name]


def _scopes(units: list[Operation], roles: Roles) -> set[str]:
    """The names drawn as scopes: those around two nodes or more.

    The constant "mul/y" does not make its op "mul" a scope, other ops do.
    """
    names = {op.name for op in roles.ops}
    inside: dict[str, set[Operation]] = {}
    for op in units:
        for scope in _around(op, roles):
            if scope != op.name and (scope not in names or op.type != "Const"):
                inside.setdefault(scope, set()).add(op)
    for op in units:
        if op.name in inside:
            inside[op.name].add(op)
    return {scope for scope, members in inside.items() if len(members) > 1}
