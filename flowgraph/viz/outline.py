"""The outline: every operation's place in a tree of groups, and what flows between operations.

Pictures and the viewer both start here. A group is something that a reader can open or close:

    scope       a name scope: "layer1"
    variable    a variable with its upkeep: first value, assignment, read
    side        gradients, an optimizer, save, init
    loop        a while_loop; inside, its condition and the ops of its body
    branches    a cond or case; inside, one group of kind `branch` for each branch
    branch      what runs in one case; or the condition of a loop
    series      what a Python loop made many times, as `series.add_series` finds it; inside, the
                scopes that repeat, or groups of kind `repeat`
    repeat      one of these times

What stands in a branch or in a loop's body is in the tree like anything else. Links go to the ops
inside that really take a tensor, and come from those that really compute it, so that a group may be
opened or closed without changing what is connected:

    x -> loop's body/MatMul -> y        open
    x -> [loop] -> y                    closed: both ends inside are the box of the loop
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from flowgraph.graph.graph import Graph
from flowgraph.graph.operation import Operation
from flowgraph.graph.tensor import Tensor
from flowgraph.viz.roles import Roles

GroupKind = Literal["scope", "variable", "side", "loop", "branches", "branch", "series", "repeat"]
LinkKind = Literal["data", "ref", "control", "next"]
_BESIDE = {"Const", "Parameter", "VariableParameter"}  # named like parts of the op that takes them


@dataclass(eq=False, slots=True)
class Group:
    """Something to open or close.

    Attributes:
        path: its unique name in the graph.
        title: what it is called inside its parent.
        kind: what it is.
        parent: the group around it; None at the top.
        op: the operation that it is when closed: the variable, the While or If; else None.
        scope: the name scope that it is; for what is none, the scope that it stands in.
        role: for a side job its kind, as `Roles.sides` has it; else "".
        groups, ops: what stands directly inside, in the order of creation.
    """

    path: str
    title: str
    kind: GroupKind
    parent: Group | None
    op: Operation | None = None
    scope: str = ""
    role: str = ""
    groups: list[Group] = field(default_factory=list)
    ops: list[Operation] = field(default_factory=list)

    @property
    def level(self) -> int:
        """How many groups are around it."""
        return 0 if self.parent is None else self.parent.level + 1

    def __repr__(self) -> str:
        return f"<Group {self.kind} {self.path!r}>"


@dataclass(frozen=True, slots=True)
class Link:
    """A tensor that goes from one operation to another, or an order between the two.

    Attributes:
        tail, head: the operations.
        kind: "data"; "ref" for a variable handed over to be written; "control" for an order;
            "next" for what the next round of a loop takes from this one.
        tensor: what is handed over, as the graph around a loop or branch names it; None for an
            order.
        param: the name of the input that takes it; "" for an order.
    """

    tail: Operation
    head: Operation
    kind: LinkKind
    tensor: Tensor | None = None
    param: str = ""


class Outline:
    """The tree of groups of a graph, and its links.

    Args:
        graph: the graph.
        ops: which of its operations; default all. Those in branches and bodies come along.

    Attributes:
        ops: the operations with those of branches and bodies, each holder before what it holds.
        roles: what each is there for.
        top: the groups that are in no other.
        loose: the operations that are in no group.
        holder: for an op in a branch or body, the op that holds it.
        links: what flows, in the order of the heads.
        copies: for an op of a later repetition of a series, the op of the first that it repeats.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default() as g:
        ...     with fg.name_scope("layer"):
        ...         y = fg.square(fg.placeholder(fg.float32, [2], name="x"), name="y")
        >>> outline = Outline(g)
        >>> [(group.kind, group.title, [op.name for op in group.ops]) for group in outline.top]
        [('scope', 'layer', ['layer/x', 'layer/y'])]
        >>> [(link.tail.name, link.head.name, link.kind) for link in outline.links]
        [('layer/x', 'layer/y', 'data')]
    """

    def __init__(self, graph: Graph, ops: Iterable[Operation] | None = None) -> None:
        self.holder: dict[Operation, Operation] = {}
        self._branch: dict[Operation, str] = {}
        self.ops: list[Operation] = []
        self._add(graph.get_operations() if ops is None
                  else sorted(ops, key=lambda op: op.index))
        self._number = {op: i for i, op in enumerate(self.ops)}
        self.roles = Roles(self.ops)
        self._scopes = self._find_scopes()
        self._groups: dict[str, Group] = {}
        self._unsorted = False
        self._group: dict[Operation, Group | None] = {}
        self.top: list[Group] = []
        self.loose: list[Operation] = []
        for op in self.ops:
            group = self._group[op] = self._place(op)
            (self.loose if group is None else group.ops).append(op)
        for group in self.groups:
            if group.kind == "scope" and len(group.groups) + len(group.ops) == 1:
                self._dissolve(group)
        self.links = list(self._all_links())
        self._bring_variables_home()
        self.copies: dict[Operation, Operation] = {}

    @property
    def groups(self) -> list[Group]:
        """Every group, outer before inner."""
        if self._unsorted:
            self._unsorted = False
            self._groups = {group.path: group for group in _below(self.top)}
        return list(self._groups.values())

    def group(self, op: Operation) -> Group | None:
        """The innermost group around `op`; for a variable or a loop, the group that it is."""
        return self._group[op]

    def around(self, op: Operation) -> list[Group]:
        """The groups around `op`, the outermost first."""
        found: list[Group] = []
        group = self._group[op]
        while group is not None:
            found.append(group)
            group = group.parent
        return found[::-1]

    def add_group(self, group: Group) -> Group:
        """Puts a new group, still empty, last among those around it; gives it a path of its own."""
        path, number = group.path, 2
        while group.path in self._groups:
            group.path = f"{path} ({number})"
            number += 1
        self._groups[group.path] = group
        self._unsorted = True
        (self.top if group.parent is None else group.parent.groups).append(group)
        return group

    def move(self, child: Group | Operation, group: Group) -> None:
        """Puts what stands in one group into another."""
        if isinstance(child, Group):
            (self.top if child.parent is None else child.parent.groups).remove(child)
            child.parent = group
            group.groups.append(child)
            return
        around = self._group[child]
        (self.loose if around is None else around.ops).remove(child)
        self._group[child] = group
        group.ops.append(child)

    def _add(self, ops: Iterable[Operation]) -> None:
        for op in ops:
            self.ops.append(op)
            for i, graph in enumerate(inside(op)):
                held = graph.get_operations()
                for inner in held:
                    self.holder[inner] = op
                    self._branch[inner] = _branch_title(op, i)
                self._add(held)

    # ---- places ----------------------------------------------------------------------------------

    def _find_scopes(self) -> set[str]:
        """The names that are scopes: the constant "mul/y" does not make one of its op "mul"."""
        names = {op.name for op in self.ops}
        found = set()
        for op in self.ops:
            scope = op.name.rpartition("/")[0]
            while scope and op.type in _BESIDE and scope in names:
                scope = scope.rpartition("/")[0]
            found.add(scope)
        return {"/".join(parts[:i + 1]) for parts in (scope.split("/") for scope in found)
                for i in range(len(parts))}

    def _scope_of(self, op: Operation) -> str:
        """The scope that an op stands in: its own name, if that is a scope too."""
        scope = op.name
        while scope and scope not in self._scopes:
            scope = scope.rpartition("/")[0]
        return scope

    def _dissolve(self, group: Group) -> None:
        """Takes away a scope around one thing, which then stands in the group around it."""
        siblings = self.top if group.parent is None else group.parent.groups
        at = siblings.index(group)
        for inner in group.groups:
            inner.parent = group.parent
            inner.title = f"{group.title}/{inner.title}"
        siblings[at:at + 1] = group.groups
        for op in group.ops:
            self._group[op] = group.parent
            around = self.loose if group.parent is None else group.parent.ops
            around.append(op)
            around.sort(key=self._number.__getitem__)
        del self._groups[group.path]

    def _place(self, op: Operation) -> Group | None:
        """The group that `op` stands in."""
        roles = self.roles
        side = roles.sides.get(op)
        variable = roles.folded.get(op)
        if variable is not None:
            # All of a variable stands where the variable does.
            around = self._around(variable, roles.sides.get(variable))
            return self._sub_group(around, variable.name, "variable", variable)
        group = self._around(op, side)
        if op.op_def.bodies:
            return self._sub_group(group, op.name, _kind(op), op)
        return group

    def _around(self, op: Operation, side: tuple[str, str] | None) -> Group | None:
        """The group that `op` stands in, were it neither a variable nor a loop."""
        holder = self.holder.get(op)
        group: Group | None = None
        scope, path = self._scope_of(op), ""
        if op in self.roles.folded:
            scope = op.name.rpartition("/")[0]
        if holder is not None:
            # What stands inside a loop is named as if it stood beside it.
            group = self._inside(op, holder)
            path = _common_scope(scope, holder.name.rpartition("/")[0])
        elif side is not None:
            kind, name = side
            outside = _common_scope(name.rpartition("/")[0], scope)
            group = self._open(None, "", outside)
            group = self._sub_group(group, f"{kind}: {name}", "side", None, kind,
                                    title=name[len(outside) + 1:] if outside else name)
            path = _common_scope(scope, name)
        return self._open(group, path, scope)

    def _inside(self, op: Operation, holder: Operation) -> Group:
        group = self._place(holder)
        assert group is not None
        title = self._branch[op]
        if not title:
            return group
        found = self._sub_group(group, f"{holder.name}: {title}", "branch", None, title=title)
        assert found is not None
        return found

    def _open(self, group: Group | None, path: str, scope: str) -> Group | None:
        """The group of `scope`, whose part `path` is said by `group` already."""
        rest = scope[len(path):].strip("/")
        for name in rest.split("/") if rest else ():
            path = f"{path}/{name}" if path else name
            is_plain = group is None or (group.kind == "scope" and not _is_inner(group))
            full = path if is_plain or group is None else f"{group.path}/{name}"
            group = self._sub_group(group, full, "scope", None, title=name)
            group.scope = path
        return group

    def _sub_group(self, parent: Group | None, path: str, kind: GroupKind,
                   op: Operation | None, role: str = "", title: str = "") -> Group:
        found = self._groups.get(path)
        if found is not None and found.kind != kind:  # an op and a scope of one name
            path = f"{path} ({kind})"
            found = self._groups.get(path)
        if found is None:
            title = title or path.rpartition("/")[2]
            scope = "" if parent is None else parent.scope
            found = Group(path, title, kind, parent, op, scope, role)
            self._groups[path] = found
            (self.top if parent is None else parent.groups).append(found)
        return found

    def _bring_variables_home(self) -> None:
        """Puts variables into the scope of the same title that reads them.

        Within a name scope a layer's variables are named as if there were none: "dense/kernel" is
        read by "model/dense/MatMul".
        """
        readers: dict[Operation, set[Operation]] = {}
        folded, sides = self.roles.folded, self.roles.sides
        for link in self.links:
            variable = folded.get(link.tail)
            if variable is not None and link.head not in folded and link.head not in sides:
                readers.setdefault(variable, set()).add(link.head)
        for group in self.groups:
            if group.kind != "scope" or group.ops or any(
                    inner.kind != "variable" for inner in group.groups):
                continue
            homes = {home.path: home for inner in group.groups if inner.op is not None
                     for reader in readers.get(inner.op, ()) for home in self.around(reader)
                     if home.kind == "scope" and home.title == group.title
                     and not _is_inner(home)}
            if len(homes) == 1:
                home = next(iter(homes.values()))
                for inner in list(group.groups):
                    self.move(inner, home)
                (self.top if group.parent is None else group.parent.groups).remove(group)
                self._unsorted = True

    # ---- links -----------------------------------------------------------------------------------

    def _all_links(self) -> Iterable[Link]:
        known = set(self.ops)
        for op in self.ops:
            params = op.op_def.flat_params(len(op.inputs))
            for i, (param, tensor) in enumerate(zip(params, op.inputs, strict=True)):
                is_ref = tensor.dtype._is_ref_dtype and param in op.op_def.refs
                kind: LinkKind = "ref" if is_ref else "data"
                for tail in sources(tensor):
                    if tail in known:
                        for head in _takers(op, i):
                            yield Link(tail, head, kind, tensor, param)
            for tail in op.control_inputs:
                if tail in known:
                    yield Link(tail, op, "control")
            if _kind(op) == "loop" and op.op_def.bodies:
                yield from _rounds(op)


def inside(op: Operation) -> list[Any]:
    """The graphs of a loop or branch.

    Functions that an input pipeline calls are none: no tensor of the graph goes through them.
    """
    return op.op_def.sub_graphs(op.attrs) if op.op_def.bodies else []


def sources(tensor: Tensor) -> list[Operation]:
    """The operations that compute `tensor`: those inside, where a loop or branch hands it out."""
    op = tensor.op
    graphs = inside(op)
    if not graphs:
        return [op]
    if _kind(op) == "loop":
        graphs = graphs[-1:]
        place = tensor.value_index - (tensor.value_index > op.attrs["carried"])
        if tensor.value_index == op.attrs["carried"]:
            return [op]  # the number of rounds is the loop's own
    else:
        place = tensor.value_index
    found = [source for graph in graphs if place < len(graph.outputs)
             for source in sources(graph.outputs[place])]
    return list(dict.fromkeys(found)) or [op]


def _takers(op: Operation, i: int) -> list[Operation]:
    """The operations that input `i` of `op` reaches: `op`, or its stand-ins inside."""
    graphs = inside(op)
    place = i if _kind(op) == "loop" else i - 1
    found = [] if place < 0 else [graph.parameters[place].op for graph in graphs
                                  if graph.parameters[place] is not None]
    return found or [op]


def _rounds(op: Operation) -> Iterable[Link]:
    cond, body = inside(op)
    for i in range(op.attrs["carried"]):
        for graph in (body, cond):
            parameter = graph.parameters[i]
            if parameter is not None:
                for tail in sources(body.outputs[i]):
                    if tail is not parameter.op:
                        yield Link(tail, parameter.op, "next", op.outputs[i], "")


def _below(groups: list[Group]) -> Iterable[Group]:
    for group in groups:
        yield group
        yield from _below(group.groups)


def _kind(op: Operation) -> GroupKind:
    return "loop" if "carried" in op.attrs else "branches"


def _branch_title(op: Operation, i: int) -> str:
    """What the sub-graph `i` of `op` is called; "" for the body of a loop, which is the loop."""
    if _kind(op) == "loop":
        return ("condition", "")[i]
    return ("if true", "if false")[i] if op.type.endswith("If") else f"case {i}"


def _common_scope(one: str, other: str) -> str:
    """The scopes at the front that two names share."""
    shared = []
    for a, b in zip(one.split("/"), other.split("/"), strict=False):
        if a != b:
            break
        shared.append(a)
    return "/".join(shared)


def _is_inner(group: Group) -> bool:
    """Whether a scope's path begins with a loop, branch or side job around it."""
    around: Group | None = group
    while around is not None and around.kind == "scope":
        around = around.parent
    return around is not None
