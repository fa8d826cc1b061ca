"""What each operation is there for: the model itself, a variable's upkeep, or a side job.

A training script of ten lines makes hundreds of operations. Most of them fall into few parts:

    w, w/initial_value, w/Assign, w/read      -> the variable "w"
    gradients/...                             -> gradients
    Adam/update_w/ApplyAdam, w/Adam, ...      -> the optimizer "Adam", with its own variables
    save/SaveV2, save/RestoreV2, save/Assign  -> save
    init                                      -> init

What is left is the model, which is what pictures show.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from flowgraph.graph.operation import Operation

_UPKEEP = re.compile(r"(read|Read|Assign|initial_value|Initializer|IsInitialized)(_\d+)?$")
_APPLY = re.compile(r"(Resource)?(Sparse)?Apply[A-Z]")
_GRADIENTS = re.compile(r"((?:.*?/)??gradients(?:_\d+)?)/.*_grad(_\d+)?/")
_SAVE = re.compile(r"(Merge)?(Save|Restore)(V2|Slices?)?$")
_SAVE_SCOPE = re.compile(r"(.*/)?save(_\d+)?$")
_PLACEHOLDER = re.compile(r"Placeholder(V2|WithDefault)?$")
_SUMMARY = re.compile(r"(.*Summary(V2)?|Write.*Summary)$")

Side = tuple[str, str]  # kind of the side job, and the name of the group


class Roles:
    """The roles of some operations of one graph, given in the order of creation.

    Attributes:
        folded: for an op that belongs to a variable, the op that is the variable.
        sides: for an op of a side job, (kind, group): `("gradients", "gradients_1")`.
        users: the ops that take something from an op, or wait for it.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default() as g:
        ...     w = fg.Variable(1.0, name="w")
        >>> roles = Roles(g.get_operations())
        >>> sorted({roles.role(op) for op in g.get_operations()})
        ['variable']
    """

    def __init__(self, ops: Iterable[Operation]) -> None:
        self.ops = list(ops)
        self.folded: dict[Operation, Operation] = {}
        self.sides: dict[Operation, Side] = {}
        self.users = _users(self.ops)
        self._fold_variables()
        self._fold_initial_values()
        self._claim("gradients", _gradient_scopes(self.ops))
        self._claim_bodies()
        self._claim("optimizer", _optimizer_scopes(self.ops))
        self._claim("save", _save_scopes(self.ops))
        self._give_what_follows_gradients_to_optimizers()
        self._find_train_ops()
        self._find_init()
        self._give_slots_to_optimizers()

    def role(self, op: Operation) -> str:
        """What `op` is: placeholder, variable, constant, summary, op, or the kind of a side job."""
        if op in self.sides:
            return self.sides[op][0]
        if op in self.folded:
            return "variable"
        if _PLACEHOLDER.match(op.type):
            return "placeholder"
        if op.type == "Const":
            return "constant"
        return "summary" if _SUMMARY.match(op.type) else "op"

    def _fold_variables(self) -> None:
        variables = {op.name: op for op in self.ops if is_variable(op)}
        for op in self.ops:
            if op.name in variables:
                self.folded[op] = op
                continue
            for prefix, rest in prefixes(op.name):
                if prefix in variables and _UPKEEP.match(rest.partition("/")[0]):
                    self.folded[op] = variables[prefix]

    def _fold_initial_values(self) -> None:
        """Ops that only one variable's first value needs belong to that variable."""
        for op in reversed(self.ops):
            if op not in self.folded and not _PLACEHOLDER.match(op.type):
                owners = {self.folded.get(user) for user in self.users[op]}
                if len(owners) == 1 and None not in owners:
                    self.folded[op] = owners.pop()  # type: ignore[assignment]

    def _claim(self, kind: str, scopes: dict[str, str]) -> None:
        """Gives the ops called like a scope, or inside one, to the scope's group."""
        if not scopes:
            return
        for op in self.ops:
            if op in self.sides or op in self.folded:
                continue
            for prefix in [op.name, *(prefix for prefix, _ in prefixes(op.name))]:
                if prefix in scopes:
                    self.sides[op] = (kind, scopes[prefix])
                    break

    def _claim_bodies(self) -> None:
        """A loop or branch that holds nothing but gradients is one of them."""
        for op in self.ops:
            if op.op_def.bodies and op not in self.sides:
                inside = {self.sides.get(inner) for graph in op.op_def.sub_graphs(op.attrs)
                          for inner in graph.get_operations()
                          if inner.type not in ("Parameter", "VariableParameter", "Const")}
                if len(inside) == 1 and None not in inside:
                    self.sides[op] = inside.pop()  # type: ignore[assignment]

    def _give_what_follows_gradients_to_optimizers(self) -> None:
        """Clipping and the like: what is made of gradients, and only for an optimizer."""
        made: set[Operation] = set()
        for op in self.ops:
            sources = [*(tensor.op for tensor in op.inputs), *op.control_inputs]
            if op not in self.sides and op not in self.folded and any(
                    source in made or self.sides.get(source, "?")[0] == "gradients"
                    for source in sources):
                made.add(op)
        absorbed: set[Operation] = set()
        for op in reversed(self.ops):
            takers = {self.sides.get(user) for user in self.users[op]}
            if len(takers) != 1 or op in self.sides or op in self.folded:
                continue
            side = takers.pop()
            helps = set(self.users[op]) <= absorbed and not _PLACEHOLDER.match(op.type)
            if side is not None and side[0] == "optimizer" and (op in made or helps):
                self.sides[op] = side
                absorbed.add(op)

    def _find_train_ops(self) -> None:
        """An op that only waits for one optimizer, as `tf.group(train_step)`, is part of it."""
        for op in self.ops:
            waits = {self.sides.get(source) for source in op.control_inputs}
            if op.type == "NoOp" and op not in self.sides and len(waits) == 1:
                side = waits.pop()
                if side is not None and side[0] == "optimizer":
                    self.sides[op] = side

    def _find_init(self) -> None:
        for op in self.ops:
            if op.type != "NoOp" or op in self.sides:
                continue
            waits = op.control_inputs
            starts = all(w in self.folded or self.sides.get(w, "?")[0] == "init" for w in waits)
            if starts if waits else op.name.startswith("init") and not self.users[op]:
                self.sides[op] = ("init", op.name)

    def _give_slots_to_optimizers(self) -> None:
        """A variable that only an optimizer uses (`w/Adam`, `beta1_power`) is part of it."""
        jobs: dict[Operation, set[Side | None]] = {}
        for op, variable in self.folded.items():
            found = jobs.setdefault(variable, set())
            for user in self.users[op]:
                side = self.sides.get(user)
                if self.folded.get(user) is not variable and (side or "?")[0] not in (
                        "save", "init"):
                    found.add(side)
        for op, variable in self.folded.items():
            sides = jobs[variable]
            if len(sides) == 1:
                side = next(iter(sides))
                if side is not None and side[0] == "optimizer":
                    self.sides[op] = side


def is_variable(op: Operation) -> bool:
    """Whether `op` is a variable itself, not something that reads or changes one."""
    return bool(op.op_def.is_ref and not op.op_def.refs and not op.inputs)


def _users(ops: list[Operation]) -> dict[Operation, list[Operation]]:
    users: dict[Operation, list[Operation]] = {op: [] for op in ops}
    for op in ops:
        for source in [*(tensor.op for tensor in op.inputs), *op.control_inputs]:
            if source in users:
                users[source].append(op)
    return users


def prefixes(name: str) -> list[tuple[str, str]]:
    """(scope, what is left of the name) for each scope a name stands in, the outermost first."""
    parts = name.split("/")
    return [("/".join(parts[:i]), "/".join(parts[i:])) for i in range(1, len(parts))]


def _gradient_scopes(ops: list[Operation]) -> dict[str, str]:
    """The scopes that `tf.gradients` opened; a gradient op outside of one stands for itself."""
    made = [op for op in ops if op.forward_op is not None]
    scopes: dict[str, str] = {}
    for op in made:
        inside = f"/{op.name}".find(f"/{op.forward_op.name}_grad")  # type: ignore[union-attr]
        if inside > 0:
            scope = op.name[:inside - 1]
            scopes[scope] = scope
    for op in ops:  # a graph read from a file does not say whose gradient an op is
        named = _GRADIENTS.match(op.name)
        if named and op.forward_op is None:
            scopes.setdefault(named[1], named[1])
    alone = {op.name: "gradients" for op in made
             if not any(prefix in scopes for prefix, _ in prefixes(op.name))}
    return {**alone, **scopes}


def _optimizer_scopes(ops: list[Operation]) -> dict[str, str]:
    """The optimizers' scopes; an apply op outside of one stands for itself."""
    scopes: dict[str, str] = {}
    for op in ops:
        scope, update, _ = op.name.partition("/update_")
        if update and (_APPLY.match(op.type) or op.op_def.overwrites):
            scopes[scope] = scope
        elif _APPLY.match(op.type):
            scopes[op.name] = "optimizer"
    return scopes


def _save_scopes(ops: list[Operation]) -> dict[str, str]:
    scopes: dict[str, str] = {}
    for op in ops:
        if _SAVE.match(op.type):
            scope = op.name.rpartition("/")[0]
            named = _SAVE_SCOPE.match(scope)
            scopes[scope if named else op.name] = scope if named else "save"
    return scopes
