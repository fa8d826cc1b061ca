"""From Graph to Program: the operations that some fetches need, in single assignment.

What makes this more than a walk is state. A variable's tensor is a reference; who reads it must
get the right version of its value:

- a read sees the value from before the run, unless a data or control edge puts it after a write;
- writes to one variable happen in the order in which they were built, each on the one before.

So every operation carries which writes stand before it; `_seen` holds that as {variable: Version}.
"""

from __future__ import annotations

import heapq
from typing import Any, NamedTuple

from flowgraph.core.spec import Spec
from flowgraph.errors import GraphError, InvalidArgumentError, message
from flowgraph.graph.operation import Operation
from flowgraph.graph.tensor import Tensor
from flowgraph.program.ir import Feed, Instr, Program, Read, Value, Write


class Version(NamedTuple):
    """A variable's value after its n-th write of this run."""

    number: int
    value: Value


def extract(fetches: list[Tensor | Operation], feeds: list[Tensor]) -> Program:
    """The program that computes `fetches` when values for `feeds` are given.

    Args:
        fetches: tensors, whose values are returned in order, and operations, which only run.
        feeds: tensors whose values the caller brings.

    Raises:
        InvalidArgumentError: a placeholder is needed and not fed.
        GraphError: control inputs added later made a cycle.
    """
    return _Extraction(fetches, feeds).program()


class _Extraction:
    def __init__(self, fetches: list[Tensor | Operation], feeds: list[Tensor]) -> None:
        self.fetches = fetches
        self.values: dict[Tensor, Value] = {}
        self.feeds = tuple(Feed(t, Value(_name(t), t.spec)) for t in feeds)
        self.fed = {feed.tensor: feed.value for feed in self.feeds}
        self.reads: dict[Operation, Read] = {}
        self.current: dict[Operation, Version] = {}  # last version of each written variable
        self.seen: dict[Operation, dict[Operation, Version] | None] = {}
        self.instrs: list[Instr] = []

    def program(self) -> Program:
        needed, kept = self._needed()
        for op in in_order(needed):
            self._add(op, op in kept)
        results = tuple(self._input(t, self.seen.get(t.op)) for t in self.fetches
                        if isinstance(t, Tensor))
        writes = tuple(Write(v, version.value) for v, version in self.current.items())
        return Program(self.feeds, tuple(self.reads.values()), tuple(self.instrs), results, writes)

    def _needed(self) -> tuple[set[Operation], set[Operation]]:
        """The operations that must run, and those of them that run for their own sake."""
        needed: set[Operation] = set()
        kept: set[Operation] = set()
        stack: list[Operation] = []
        for fetch in self.fetches:
            if isinstance(fetch, Operation):
                kept.add(fetch)
                stack.append(fetch)
            elif fetch not in self.fed:
                stack.append(fetch.op)
        fed = self.fed
        while stack:
            op = stack.pop()
            if op in needed:
                continue
            needed.add(op)
            for tensor in op.inputs:
                if tensor.op not in needed and tensor not in fed:
                    stack.append(tensor.op)
            for control in op._control_inputs:
                kept.add(control)
                stack.append(control)
        return needed, kept

    def _add(self, op: Operation, kept: bool) -> None:
        op_def = op.op_def
        if op_def.type == "Placeholder":
            if op.outputs[0] in self.fed:
                return
            raise unfed(op, self.fetches)
        seen = self._merged_seen(op)
        self.seen[op] = seen
        if op_def.type == "Const":
            value = op.attrs["value"]
            self.values[op.outputs[0]] = Value(op.name, op.outputs[0].spec, value)
            return
        if op_def.is_ref and not op_def.refs:  # the variable itself
            return
        if not op.inputs and not op.outputs and not op_def.effects:  # NoOp: only its edges count
            return
        variable = self._variable(op, op_def.overwrites) if op_def.overwrites else None
        if variable is not None and variable.outputs[0] in self.fed:
            raise InvalidArgumentError(None, op, message(
                f"{op.type} {op.name!r} ({op.frame}) writes the variable {variable.name!r}, which "
                "is fed in the same run", advice="Feed it in runs that only read it, or write it "
                "with variable.load(value, session).", section="invalid-argument-error"))
        inputs = tuple(self._operand(op, param, tensor, seen) for param, tensor in
                       zip(op_def.flat_params(len(op.inputs)), op.inputs, strict=True))
        outputs = tuple(Value(_name(t), t.spec) for t in op.outputs)
        self.instrs.append(Instr(op_def, inputs, outputs, op.attrs, (op,),
                                 op_def.effects == "io" or (kept and variable is None)))
        self.values.update(zip(op.outputs, outputs, strict=True))
        if variable is not None:
            last = self.current.get(variable)
            version = Version(last.number + 1 if last else 1, outputs[0])
            self.current[variable] = version
            self.seen[op] = {**(seen or {}), variable: version}

    def _operand(self, op: Operation, param: str, tensor: Tensor,
                 seen: dict[Operation, Version] | None) -> Value | None:
        """What `op` gets for one input."""
        op_def = op.op_def
        if param not in op_def.refs:
            return self._input(tensor, seen)
        variable = self._target(tensor)
        if op_def.overwrites != param:
            return self._read(variable, seen, optional=op_def.tests_ref)
        if not op_def.reads_ref:
            return None
        last = self.current.get(variable)
        return last.value if last else self._read(variable, None)

    def _input(self, tensor: Tensor, seen: dict[Operation, Version] | None) -> Value:
        """The value of a tensor, for a reader after the writes in `seen`."""
        if tensor in self.fed:
            return self.fed[tensor]
        if tensor.dtype._is_ref_dtype:
            return self._read(self._target(tensor), seen)
        return self.values[tensor]

    def _read(self, variable: Operation, seen: dict[Operation, Version] | None,
              optional: bool = False) -> Value:
        if seen and variable in seen:
            return seen[variable].value
        fed = self.fed.get(variable.outputs[0])
        if fed is not None:
            return fed
        read = self.reads.get(variable)
        if read is None:
            spec = variable.outputs[0].spec
            if _changes_shape(variable.outputs[0]):
                spec = Spec(spec.dtype, None)
            read = Read(variable, Value(variable.name, spec), optional)
            self.reads[variable] = read
        elif read.optional and not optional:
            read = self.reads[variable] = Read(variable, read.value, False)
        return read.value

    def _variable(self, op: Operation, param: str) -> Operation:
        at = op.op_def.flat_params(len(op.inputs)).index(param)
        return self._target(op.inputs[at])

    @staticmethod
    def _target(tensor: Tensor) -> Operation:
        """The variable that a reference tensor refers to."""
        op = tensor.op
        while op.op_def.refs:
            op = op.inputs[op.op_def.params.index(op.op_def.refs[0])].op
        return op

    def _merged_seen(self, op: Operation) -> dict[Operation, Version] | None:
        """The writes that stand before `op`: the union of what its predecessors saw and did."""
        if not self.current:
            return None
        merged: dict[Operation, Version] | None = None
        owned = False
        before = [t.op for t in op.inputs if t not in self.fed]
        for predecessor in before + op._control_inputs:
            seen = self.seen.get(predecessor)
            if not seen or seen is merged:
                continue
            if merged is None:
                merged = seen
                continue
            if not owned:
                merged, owned = dict(merged), True
            for variable, version in seen.items():
                if variable not in merged or merged[variable].number < version.number:
                    merged[variable] = version
        return merged


def _changes_shape(reference: Tensor) -> bool:
    """Whether the graph assigns the variable without asking for its static shape."""
    return any(
        (op.type == "Assign" and not op.attrs["validate_shape"]) or _changes_shape(op.outputs[0])
        for op in reference._consumers if op.op_def.overwrites)


def in_order(needed: set[Operation]) -> list[Operation]:
    """The operations so that each comes after what it needs; the order of creation if it can be."""
    order = sorted(needed, key=_index)
    if all(before.index < op.index for op in order
           for before in _before(op) if before in needed):
        return order
    waiting = {op: sum(1 for before in _before(op) if before in needed) for op in order}
    after: dict[Operation, list[Operation]] = {}
    for op in order:
        for before in _before(op):
            after.setdefault(before, []).append(op)
    ready = [(op.index, op) for op in order if not waiting[op]]
    heapq.heapify(ready)
    result: list[Operation] = []
    while ready:
        op = heapq.heappop(ready)[1]
        result.append(op)
        for later in after.get(op, ()):
            if later in waiting:
                waiting[later] -= 1
                if not waiting[later]:
                    heapq.heappush(ready, (later.index, later))
    if len(result) < len(order):
        raise _cycle(order, waiting)
    return result


def _cycle(order: list[Operation], waiting: dict[Operation, int]) -> GraphError:
    """The error for operations that wait for each other; those after them wait too."""
    at = next(op for op in order if waiting[op])
    path: list[Operation] = []
    while at not in path:
        path.append(at)
        at = next(before for before in _before(at) if waiting.get(before))
    cycle = path[path.index(at):]
    first = min(cycle, key=_index)
    return GraphError(message(
        f"{first.name!r} ({first.frame}) waits for itself: its control inputs form a cycle",
        [(repr(op.name), "waits for", repr(before.name), str(op.frame))
         for op, before in zip(cycle, [*cycle[1:], at], strict=True)], section="graph-error"))


def _before(op: Operation) -> list[Operation]:
    return [t.op for t in op.inputs] + op._control_inputs


def _index(op: Operation) -> int:
    return op.index


def _name(tensor: Tensor) -> str:
    return tensor.op.name if tensor.value_index == 0 else tensor.name


def unfed(placeholder: Operation, fetches: list[Any]) -> InvalidArgumentError:
    """The error for a placeholder that a fetch needs and no one feeds."""
    tensor = placeholder.outputs[0]
    needs = next((f for f in fetches if _depends_on(f, placeholder)), fetches[0])
    return InvalidArgumentError(None, placeholder, message(
        f"You must feed a value for placeholder tensor {placeholder.name!r} ({placeholder.frame}) "
        f"with dtype {tensor.dtype.name} and shape {tensor.shape}",
        [(f"{needs.name!r} needs it", str(getattr(needs, "op", needs).frame))],
        f"Write sess.run(..., feed_dict={{{placeholder.name}: value}}).", "unfed-placeholder"))


def _depends_on(fetch: Any, op: Operation) -> bool:
    stack, visited = [getattr(fetch, "op", fetch)], set()
    while stack:
        at = stack.pop()
        if at is op:
            return True
        if at not in visited:
            visited.add(at)
            stack.extend(_before(at))
    return False
