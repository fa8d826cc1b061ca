"""Which reads of variables must come before which writes, where only flowgraph's own order says so.

Here an op that reads a variable sees its value from before the run, unless an edge puts it after a
write. TensorFlow gives it what is there at that moment: in a training step, the weights before or
after the update, as it happens. So an exported step gets control edges from such reads to the
writes. Edges are added among the ops of one step only, those that one group of writes needs: so
that running it needs nothing that it did not need before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import Any

from flowgraph.graph.graph import Graph
from flowgraph.graph.operation import Operation
from flowgraph.graph.tensor import Tensor
from flowgraph.program.extract import target


def earlier_reads(graph: Graph) -> dict[Operation, list[Operation]]:
    """The ops that must run before each op that writes to a variable, beside those it waits for.

    Args:
        graph: the graph.
    """
    variables = {op: _variable_of(op) for op in graph.get_operations()}
    writers = {op: variable for op, variable in variables.items()
               if variable is not None and op.op_def.overwrites}
    before: dict[Operation, list[Operation]] = {}
    for step in _steps(graph, writers):
        readers = _readers(step, variables)
        pairs = [(writer, reader) for writer in sorted(writers.keys() & step, key=_index)
                 for reader in readers.get(writers[writer], ()) if reader is not writer]
        ways = _Ways(step, {op for pair in pairs for op in pair}, before)
        for writer, reader in pairs:
            if not ways.lead(writer, reader) and not ways.lead(reader, writer):
                ways.add(reader, writer)
                before.setdefault(writer, []).append(reader)
    return before


def order_inside(ops: set[Operation], is_chosen: Callable[[Operation], bool]
                 ) -> dict[Operation, list[Operation]]:
    """The ops that must run before each op of a branch or body that writes to a variable.

    All of its ops run together, so that here every order which flowgraph keeps is told: writes come
    one after the other as they were built, and after the reads that no edge puts after them.

    Args:
        ops: the ops of the branch or body that run.
        is_chosen: whether it matters for a variable.
    """
    writers: dict[Operation, list[Operation]] = {}
    readers: dict[Operation, list[Operation]] = {}
    for op in sorted(ops, key=_index):
        taken = {target(tensor) for tensor in op.inputs if tensor.dtype._is_ref_dtype}
        written = ({target(op.inputs[0])} if op.op_def.overwrites else
                   taken & written_inside(op) if op.op_def.bodies else set())
        for variable in filter(is_chosen, taken):
            (writers if variable in written else readers).setdefault(variable, []).append(op)
    pairs = [pair for ops_ in writers.values() for pair in pairwise(ops_)]
    pairs += [(reader, writer) for variable, ops_ in writers.items()
              for reader in readers.get(variable, ()) for writer in ops_]
    before: dict[Operation, list[Operation]] = {}
    ways = _Ways(ops, {op for pair in pairs for op in pair}, before)
    for first, last in pairs:
        if not ways.lead(first, last) and not ways.lead(last, first):
            ways.add(first, last)
            before.setdefault(last, []).append(first)
    return before


def written_inside(op: Operation) -> set[Operation]:
    """The variables that the branches or the body of an op write to.

    Args:
        op: an op with sub-graphs.
    """
    found: set[Operation] = set()
    for graph in op.op_def.sub_graphs(op.attrs):
        for inner in graph.get_operations():
            if inner.op_def.overwrites:
                found.add(target(inner.inputs[0]))
            elif inner.op_def.bodies:
                found |= written_inside(inner)
    return found


def plainly_read(tensor: Tensor) -> Operation | None:
    """The variable whose "w/read" a tensor is, also from inside a branch or body; else None.

    Args:
        tensor: the tensor.
    """
    while tensor.op.type == "Parameter" and tensor.op.attrs["source"] is not None:
        tensor = tensor.op.attrs["source"]
    op = tensor.op
    if op.type != "Identity" or not op.inputs[0].dtype._is_ref_dtype:
        return None
    variable = op.inputs[0].op
    return variable if op.name == f"{variable.name}/read" else None


class SeenWrites:
    """Which writes to variables stand before each op.

    What takes a variable's value after several writes sees that of the last one, though it may take
    the output of another.
    """

    def __init__(self) -> None:
        self._found: dict[Operation, int] = {}  # the op's own write is in its set
        self._count = 0
        self._all: dict[Operation, int] = {}  # of all writes to a variable
        self._graphs: set[Graph] = set()

    def is_newest(self, op: Operation, written: Tensor) -> bool:
        """Whether an op sees no other writes to a variable than those before an output.

        Args:
            op: the op, which takes the output.
            written: the output of an op that writes to the variable.
        """
        self._look_at(op.graph)
        seen = self._before(op) & self._all.get(target(written), 0)
        return not seen & ~self._found[written.op]

    def before_read(self, op: Operation, variable: Tensor) -> list[Operation]:
        """The ops whose outputs an op takes, after writes to a variable whose value it takes too.

        Args:
            op: the op.
            variable: the variable itself.
        """
        self._look_at(op.graph)
        writes = self._all.get(target(variable), 0)
        return list(dict.fromkeys(tensor.op for tensor in op.inputs if tensor is not variable
                                  and self._found[tensor.op] & writes))

    def _before(self, op: Operation) -> int:
        seen = 0
        for needed in _before(op):
            seen |= self._found.get(needed, 0)
        return seen

    def _look_at(self, graph: Graph) -> None:
        if graph in self._graphs:
            return
        self._graphs.add(graph)
        for op in _in_order(set(graph.get_operations()), {}):
            seen = self._before(op)
            for variable in (written_inside(op) if op.op_def.bodies else
                             [target(op.inputs[0])] if op.op_def.overwrites else ()):
                bit = 1 << self._count
                self._count += 1
                self._all[variable] = self._all.get(variable, 0) | bit
                seen |= bit
            self._found[op] = seen


def _index(op: Operation) -> int:
    return op.index


def _variable_of(op: Operation) -> Tensor | None:
    """The variable that an op takes as such: the output of its VariableV2; else None."""
    for tensor in op.inputs:
        while tensor.dtype._is_ref_dtype:
            if not tensor.op.op_def.overwrites:
                return tensor
            tensor = tensor.op.inputs[0]
    return None


def _steps(graph: Graph, writers: Iterable[Operation]) -> Iterator[set[Operation]]:
    """The ops of each training step: what a group of writes needs, with ops of gradients in it."""
    groups = set(writers)
    if not any(op.forward_op is not None for op in graph.get_operations()):
        return
    for op in graph.get_operations():
        if op.inputs or not any(control in groups and _is_part(control, op)
                                for control in op._control_inputs):
            continue
        groups.add(op)  # an optimizer groups the writes for a variable, and then these groups
        step = _needed(op)
        if any(part.forward_op is not None for part in step):
            yield step


def _is_part(op: Operation, group: Operation) -> bool:
    """Whether a write, or a group of writes, is of the same optimizer as a group around it."""
    scope = group.name[:group.name.rfind("/") + 1] or f"{group.name}/"
    return bool(op.inputs) or op.name.startswith(scope)


def _needed(op: Operation) -> set[Operation]:
    """An op with all that it depends on."""
    found: set[Operation] = set()
    stack = [op]
    while stack:
        part = stack.pop()
        if part not in found:
            found.add(part)
            stack += _before(part)
    return found


def _before(op: Operation) -> list[Operation]:
    return [*(tensor.op for tensor in op.inputs), *op._control_inputs]


def _readers(step: set[Operation], variables: dict[Operation, Tensor | None]
             ) -> dict[Any, list[Operation]]:
    """The ops of a step that look at a variable's contents, by variable.

    Identity gives the variable's own memory on in TensorFlow: those count that take its result.
    """
    readers: dict[Any, list[Operation]] = {}
    snapshots = {op.outputs[0]: variables[op] for op in step
                 if op.type == "Identity" and variables.get(op) is not None}
    for op in sorted(step, key=_index):
        found = {snapshots[tensor] for tensor in op.inputs if tensor in snapshots}
        variable = variables.get(op)
        if variable is not None and op.type != "Identity" and not op.op_def.overwrites:
            found.add(variable)
        for tensor in found:
            readers.setdefault(tensor, []).append(op)
    return readers


class _Ways:
    """Which of some ops each op of a step waits for, by the graph's edges and by added ones.

    Each op has the set of those before it as the bits of one number: for a step of 12,000 ops with
    1,200 writes half a second, where following the edges anew for each question took 6.

    Args:
        step: the ops.
        asked: those of them that are asked about.
        more: for some ops, others that they wait for too.
    """

    def __init__(self, step: set[Operation], asked: set[Operation],
                 more: dict[Operation, list[Operation]]) -> None:
        self._bits = {op: 1 << i for i, op in enumerate(sorted(asked, key=_index))}
        self._found: dict[Operation, int] = {}  # the op itself is in its set
        self._users: dict[Operation, list[Operation]] = {}
        for op in _in_order(step, more):
            found = self._bits.get(op, 0)
            for needed in (*_before(op), *more.get(op, ())):
                if needed in step:
                    found |= self._found[needed]
                    self._users.setdefault(needed, []).append(op)
            self._found[op] = found

    def lead(self, first: Operation, last: Operation) -> bool:
        """Whether `last` waits for `first`."""
        return bool(self._found[last] & self._bits[first])

    def add(self, first: Operation, last: Operation) -> None:
        """Adds an edge: `last` waits for `first` from now on."""
        self._users.setdefault(first, []).append(last)
        new = self._found[first]
        stack = [last]
        while stack:
            op = stack.pop()
            if self._found[op] | new != self._found[op]:
                self._found[op] |= new
                stack += self._users.get(op, ())


def _in_order(step: set[Operation], more: dict[Operation, list[Operation]]) -> list[Operation]:
    """The ops of a step, each after those that it waits for."""
    order: dict[Operation, None] = {}
    stack = [(op, False) for op in sorted(step, key=_index, reverse=True)]
    while stack:
        op, is_ready = stack.pop()
        if is_ready:
            order[op] = None
        elif op not in order:
            stack.append((op, True))
            stack += [(needed, False) for needed in (*_before(op), *more.get(op, ()))
                      if needed in step and needed not in order]
    return list(order)
