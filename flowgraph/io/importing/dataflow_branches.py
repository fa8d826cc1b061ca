"""What lies between Switch and Merge turned into Conditionals; see `control_flow_v1`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from flowgraph.errors import InvalidArgumentError
from flowgraph.graph.names import node_name
from flowgraph.io.graphs.graph_messages import NodeDef
from flowgraph.io.importing.dataflow_items import (
    MERGE,
    SWITCH,
    Conditional,
    Item,
    Region,
    changed,
    data_inputs,
    free_name,
    identity_node,
    is_a,
    renamed,
    tensor_name,
    wrong,
)

Path = tuple[tuple[str, int], ...]  # (predicate, branch) of each branch around, outermost first


def without_branches(items: list[Item], in_loop: bool = False) -> list[Item]:
    """The items of one level with Conditionals for what lies between Switch and Merge.

    Args:
        items: the items.
        in_loop: whether they are those of a loop.
    """
    taken = {item.name for item in items}
    while any(is_a(item, SWITCH | MERGE) for item in items):
        items = _Level(items, taken, in_loop).with_innermost_joined()
    return items


def region_of(items: list[Item], results: list[str], controls: list[str]) -> Region:
    """A region whose branches are found; what it runs for its own sake is a node of it then."""
    if not controls:
        return Region(without_branches(items, in_loop=True), results)
    name = free_name("before_next", {item.name for item in items})
    last = NodeDef(name=name, op="ControlTrigger", input=controls)
    return Region(without_branches([*items, last], in_loop=True), results, ["^" + name])


class _Level:
    """The branches among the items of one level.

    Args:
        items: the items.
        taken: names that are in use.
        in_loop: whether they are those of a loop.
    """

    def __init__(self, items: list[Item], taken: set[str], in_loop: bool) -> None:
        self.in_loop = in_loop
        self.items = {item.name: item for item in in_order({item.name: item for item in items})}
        self.taken = taken
        self.paths: dict[str, Path] = {}  # of what an item computes; of a Switch: before it
        for item in self.items.values():
            self.paths[item.name] = self._path(item)

    def _path(self, item: Item) -> Path:
        if is_a(item, {"ControlTrigger"}):
            return ()  # it runs although what it waits for is dead
        paths = [self.path_of(ref) for ref in item.input]
        if not is_a(item, MERGE):
            return _joined(paths)
        ends = {path[-1][0] for path in paths if path}
        shared = [pred for pred in ends
                  if {k for path in paths for p, k in path if p == pred} == {0, 1}]
        if len(data_inputs(item)) != 2 or not shared:
            raise wrong(item, "it joins no two branches of one condition")
        return tuple(step for step in _joined(paths) if step[0] != shared[0])

    def path_of(self, ref: str) -> Path:
        """The branches around a tensor, or around a node for a control input."""
        source = self.items.get(node_name(ref))
        if source is None:
            return ()
        path = self.paths[source.name]
        if not is_a(source, SWITCH) or ref.startswith("^"):
            return path
        return (*path, (self.predicate(source), 1 if ref.endswith(":1") else 0))

    def predicate(self, switch: Item) -> str:
        """The name of a Switch's predicate, looked up through Identity nodes."""
        ref = tensor_name(switch.input[1])
        while is_a(source := self.items.get(ref, switch), {"Identity"}):
            ref = tensor_name(source.input[0])
        return ref

    def with_innermost_joined(self) -> list[Item]:
        """The items with a Conditional for each pair of branches that has no branches inside."""
        around = {pred for path in self.paths.values() for pred, _ in path[:-1]}
        around |= {path[-1][0] for name, path in self.paths.items()
                   if path and is_a(self.items[name], SWITCH)}
        groups = self._groups(around)
        if not groups:
            raise InvalidArgumentError(None, None, "the Switch and Merge nodes "
                                       f"{sorted(self._switches())[:5]} are not nested")
        group_of = {name: members[0] for _, members in groups for name in members}
        waited: dict[str, list[str]] = defaultdict(list)  # what runs for those outside
        for name, item in self.items.items():
            for ref in item.input:
                source = node_name(ref)
                if (ref.startswith("^") and source in group_of
                        and group_of.get(name) != group_of[source]
                        and not is_a(self.items[source], SWITCH | MERGE)):
                    waited[group_of[source]].append(source)
        made: list[tuple[Item, list[str]]] = []  # with the names that are inside
        new: dict[str, str] = {}
        for pred, members in groups:
            found, places = self._conditionals(pred, members, waited[members[0]])
            made += [(item, members) for item in found]
            new.update(places)
        gone = group_of.keys() - {item.name for item, _ in made}
        rest = [item for name, item in self.items.items() if name not in group_of]
        return [*(changed(item, new, gone) for item in rest),
                *(changed(item, {**new, **{f"^{name}": f"^{name}" for name in members}},
                          gone - set(members)) for item, members in made)]

    def _switches(self) -> Iterator[str]:
        return (name for name, item in self.items.items() if is_a(item, SWITCH | MERGE))

    def _groups(self, around: set[str]) -> list[tuple[str, list[str]]]:
        """(predicate, names) of what belongs together: a Switch, what is behind it, its Merge."""
        parent = {name: name for name in self.items}

        def root(name: str) -> str:
            while parent[name] != name:
                parent[name] = parent[parent[name]]
                name = parent[name]
            return name

        pred_of: dict[str, str] = {}
        for name, item in self.items.items():
            if is_a(item, SWITCH):
                pred_of.setdefault(name, self.predicate(item))
            for ref in item.input:
                path = self.path_of(ref)
                if path and path[-1][0] not in around:
                    pred = path[-1][0]
                    if is_a(item, MERGE) or self.paths[name][-1:] == path[-1:]:
                        pred_of[name] = pred
                        pred_of.setdefault(node_name(ref), pred)
                        parent[root(name)] = root(node_name(ref))
        members: dict[str, list[str]] = defaultdict(list)
        for name, pred in pred_of.items():
            if pred not in around:
                members[root(name)].append(name)
        return [(pred_of[names[0]], names) for names in members.values()]

    def _conditionals(self, pred: str, members: list[str], waited: list[str]
                      ) -> tuple[list[Item], dict[str, str]]:
        """Conditionals of some items and nodes with the names of their results; what is where.

        One is enough, unless what enters it depends on what leaves it, as the gradient of a branch
        does on the branch's result: then there is one for each stage.
        """
        if not any(is_a(self.items[name], MERGE) for name in members):
            return self._only_branch(pred, members), {}
        stages = self._stages(members)
        prefix = next(name for name in members if is_a(self.items[name], MERGE)).rpartition("/")[0]
        wish = f"{prefix}/If" if prefix else "If"
        made = [_Stage(free_name(wish, self.taken)) for _ in range(1 + max(stages.values()))]
        for name in members:
            made[stages[name]].items.append(self.items[name])
        new = {f"{name}{end}": self.items[name].input[0] for name in members
               if is_a(self.items[name], SWITCH) for end in ("", ":1")}
        switches = {name for name in members if is_a(self.items[name], SWITCH)}
        found: list[Item] = []
        for number in reversed(range(len(made))):  # a stage says what it needs of those before
            stage = made[number]
            passed = self._passed(stage, stages, number, made)
            for merge in stage.merges():
                stage.results.append(tuple(self._taken_by(merge, pred, k) for k in (0, 1)))
            regions = tuple(Region(
                [changed(item, {**new, **passed}, switches) for item in stage.items
                 if not is_a(item, SWITCH | MERGE) and self.paths[item.name][-1] == (pred, k)],
                [renamed(ends[k], {**new, **passed}) for ends in stage.results],
                ["^" + name for name in dict.fromkeys(waited)
                 if stages[name] == number and self.paths[name][-1] == (pred, k)]) for k in (0, 1))
            found.append(Conditional(stage.name, pred, regions))  # type: ignore[arg-type]
            first = len(stage.results) - len(stage.merges())
            found += [identity_node(merge.name, f"{stage.name}:{first + i}", merge)
                      for i, merge in enumerate(stage.merges())]
        return found, {f"^{name}": f"^{made[stages[name]].name}" for name in waited}

    def _only_branch(self, pred: str, members: list[str]) -> list[Item]:
        """The items of a branch that is not left: a loop inside that branch asks once more.

        What is outside of loops cannot be fetched, and goes.
        """
        inside = [self.items[name] for name in members if not is_a(self.items[name], SWITCH)]
        if not self.in_loop or not inside:
            return []
        if len({self.paths[item.name][-1] for item in inside}) > 1:
            raise wrong(inside[0], f"both branches of {pred!r} end without a Merge")
        switches = {name for name in members if is_a(self.items[name], SWITCH)}
        new = {f"{name}{end}": self.items[name].input[0] for name in switches
               for end in ("", ":1")}
        return [changed(item, new, switches) for item in inside]

    def _stages(self, members: list[str]) -> dict[str, int]:
        """How often the way to each item leads out of the branches and in again."""
        inside = set(members)
        stages: dict[str, int] = {}
        for name, item in self.items.items():  # in order
            steps = []
            for ref in item.input:
                before = node_name(ref)
                steps.append(stages.get(before, 0) + (
                    1 if before in inside and is_a(self.items[before], MERGE) else 0))
            stages[name] = max(steps, default=0)
        return {name: stages[name] for name in members}

    def _passed(self, stage: _Stage, stages: dict[str, int], number: int,
                made: list[_Stage]) -> dict[str, str]:
        """New names of the tensors inside earlier stages that a stage uses: results of those."""
        passed: dict[str, str] = {}
        for item in stage.items:
            for ref in item.input:
                name = tensor_name(ref)
                before = stages.get(node_name(ref), number)
                if (before < number and not ref.startswith("^") and name not in passed
                        and not is_a(self.items[node_name(ref)], SWITCH | MERGE)):
                    branch = self.path_of(ref)[-1][1]
                    passed[name] = f"{made[before].name}:{len(made[before].results)}"
                    made[before].results.append(("", name) if branch else (name, ""))
        return passed

    def _taken_by(self, merge: Item, pred: str, branch: int) -> str:
        for ref in data_inputs(merge):
            if (pred, branch) in self.path_of(ref):
                return ref
        raise wrong(merge, f"it takes nothing from a branch of {pred!r}")


@dataclass
class _Stage:
    """A Conditional in the making.

    Attributes:
        name: its name.
        items: what is in it, with its Switch and Merge nodes.
        results: for each result its name in the region for false and in the one for true.
    """

    name: str
    items: list[Item] = field(default_factory=list)
    results: list[tuple[str, ...]] = field(default_factory=list)

    def merges(self) -> list[Item]:
        """Its Merge nodes."""
        return [item for item in self.items if is_a(item, MERGE)]


def _joined(paths: list[Path]) -> Path:
    """The path of something that needs what is on all of some paths."""
    longest = max(paths, key=len, default=())
    missing = {step: None for path in paths for step in path if step not in longest}
    return (*missing, *longest)


def in_order(items: dict[str, Item]) -> list[Item]:
    """The items, each after those that it needs."""
    order: list[Item] = []
    state: dict[str, int] = {}
    for first in items:
        stack = [first]
        while stack:
            name = stack[-1]
            if state.get(name, 0) == 2:
                stack.pop()
                continue
            if state.get(name, 0) == 1:
                state[name] = 2
                order.append(items[name])
                stack.pop()
                continue
            state[name] = 1
            for ref in items[name].input:
                before = node_name(ref)
                if before in items:
                    if state.get(before, 0) == 1:
                        raise wrong(items[before], "it needs itself")
                    if state.get(before, 0) == 0:
                        stack.append(before)
    return order
