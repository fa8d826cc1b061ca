"""From Graph to Program: the operations that some fetches need, in single assignment.

What makes this more than a walk is state. A variable's tensor is a reference; who reads it must
get the right version of its value:

- a read sees the value from before the run, unless a data or control edge puts it after a write;
- writes to one variable happen in the order in which they were built, each on the one before.

So every operation carries which writes stand before it; `_seen` holds that as {variable: Version}.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from flowgraph.core import dtypes as dt
from flowgraph.core.spec import Spec
from flowgraph.errors import GraphError, InvalidArgumentError, message
from flowgraph.graph.operation import Operation
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.opdef import OpDef
from flowgraph.program.ir import Feed, Instr, Program, Read, Value, Write
from flowgraph.program.order import in_order, unfed


class Version(NamedTuple):
    """A variable's value after its n-th write of this run."""

    number: int
    value: Value


def extract(fetches: list[Tensor | Operation], feeds: list[Tensor],
            done: frozenset[Operation] = frozenset()) -> Program:
    """The program that computes `fetches` when values for `feeds` are given.

    Args:
        fetches: tensors, whose values are returned in order, and operations, which only run.
        feeds: tensors whose values the caller brings.
        done: operations that must not run again: those of the parts before, in a partial run.

    Raises:
        InvalidArgumentError: a placeholder is needed and not fed.
        GraphError: control inputs added later made a cycle.
    """
    return Extraction(fetches, feeds, done).program()


class Extraction:
    """The walk over one graph."""

    def __init__(self, fetches: list[Tensor | Operation], feeds: list[Tensor],
                 done: frozenset[Operation] = frozenset()) -> None:
        self.fetches = fetches
        self.done = done
        self.used: set[Tensor] = set()  # tensors that something takes or fetches
        self.values: dict[Tensor, Value] = {}
        self.feeds = tuple(Feed(t, Value(_name(t), t.spec)) for t in feeds)
        self.fed = {feed.tensor: feed.value for feed in self.feeds}
        self.given = frozenset(feeds)  # by the caller of the run, also where this is a body
        self.reads: dict[Operation, Read] = {}
        self.current: dict[Operation, Version] = {}  # last version of each written variable
        self.seen: dict[Operation, dict[Operation, Version] | None] = {}
        self.instrs: list[Instr] = []

    def program(self) -> Program:
        """The program."""
        results = self.results()
        writes = tuple(Write(v, version.value) for v, version in self.current.items())
        return Program(self.feeds, tuple(self.reads.values()), tuple(self.instrs), results, writes)

    def results(self) -> tuple[Value, ...]:
        """Adds all instructions; the fetched values."""
        needed, kept = self._needed()
        usual: dict[OpDef, bool] = {}
        for op in in_order(needed):
            op_def = op.op_def
            plain = usual.get(op_def)
            if plain is None:
                plain = usual[op_def] = _is_usual(op_def)
            if plain and op.inputs and not self.current:
                self._add_usual(op, op in kept)
            else:
                self._add(op, op in kept)
        return tuple(self.input(t, self.seen.get(t.op)) for t in self.fetches
                     if isinstance(t, Tensor))

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
                self.used.add(fetch)
                stack.append(fetch.op)
        fed, used, done = self.fed, self.used, self.done
        while stack:
            op = stack.pop()
            if op in needed or op in done:
                continue
            needed.add(op)
            for tensor in op.inputs:
                used.add(tensor)
                if tensor.op not in needed and tensor not in fed:
                    stack.append(tensor.op)
            if op._control_inputs:
                kept.update(op._control_inputs)
                stack.extend(op._control_inputs)
        return needed, kept

    def _add_usual(self, op: Operation, kept: bool) -> None:
        """Adds an operation on values before which nothing has been written: most are."""
        values, outputs = self.values, op.outputs
        inputs = tuple([values[t] if t in values and t.dtype is t.spec.dtype else
                        self.input(t, None) for t in op.inputs])
        if len(outputs) == 1:
            tensor = outputs[0]
            made: tuple[Value, ...] = (Value(op.name, tensor.spec),)
            if tensor not in self.fed:
                values[tensor] = made[0]
        else:
            made = tuple([Value(_name(t), t.spec) for t in outputs])
            self._keep(op, made)
        self.instrs.append(Instr(op.op_def, inputs, made, op.attrs, (op,), kept))

    def _keep(self, op: Operation, made: tuple[Value, ...]) -> None:
        """Notes the values of an operation's outputs, but of those that are fed."""
        self.values.update([pair for pair in zip(op.outputs, made, strict=True)
                            if pair[0] not in self.fed])

    def _add(self, op: Operation, kept: bool) -> None:
        op_def = op.op_def
        if op_def.type == "Placeholder":
            if op.outputs[0] in self.fed:
                return
            raise unfed(op, self.fetches)
        if op_def.type == "Parameter" and op.outputs[0] in self.fed:  # it comes in from outside
            return
        seen = self._merged_seen(op)
        self.seen[op] = seen
        if op_def.type == "Const":
            value = op.attrs["value"]
            if op.outputs[0] not in self.fed:
                self.values[op.outputs[0]] = Value(op.name, op.outputs[0].spec, value)
            return
        if op_def.is_ref and not op_def.refs:  # the variable itself
            return
        if not op.inputs and not op.outputs and not op_def.effects:  # NoOp: only its edges count
            return
        if op_def.bodies:
            self._add_control_flow(op, seen, kept)
            return
        variable = self._variable(op, op_def.overwrites) if op_def.overwrites else None
        if variable is not None:
            self.check_writable(op, variable)
        inputs: tuple[Value | None, ...]
        if op_def.refs:
            inputs = tuple([self._operand(op, param, tensor, seen) for param, tensor in
                            zip(op_def.flat_params(len(op.inputs)), op.inputs, strict=True)])
        else:
            inputs = tuple([self.input(tensor, seen) for tensor in op.inputs])
        outputs = tuple([Value(_name(t), t.spec) for t in op.outputs])
        self.instrs.append(Instr(op_def, inputs, outputs, op.attrs, (op,),
                                 op_def.effects == "io" or (kept and variable is None)))
        self._keep(op, outputs)
        if variable is not None:
            self.write(op, variable, outputs[0])

    def _add_control_flow(self, op: Operation, seen: dict[Operation, Version] | None,
                          kept: bool) -> None:
        """An op with sub-graphs: their programs, and the state that these read and write.

        A body's program has no state of its own. What it reads comes in as inputs of the
        instruction, what it writes goes out as outputs; in a loop the written state goes round with
        the loop variables.
        """
        op_def, first = op.op_def, len(op.op_def.params) - 1
        is_loop, loop_vars = "carried" in op.attrs, op.attrs.get("carried", 0)
        outputs, wanted = op_def.needed(op, self.used)
        constants = {j: self.values[tensor] for j, tensor in enumerate(op.inputs[first:])
                     if j >= loop_vars and tensor.op.type == "Const" and tensor not in self.fed}
        bodies = [BodyExtraction(graph, fetches, constants, self.given) for graph, fetches in
                  zip(op_def.sub_graphs(op.attrs), wanted, strict=True)]
        results = [body.results() for body in bodies]
        written = list(dict.fromkeys(v for body in bodies for v in body.current))
        for variable in written:
            self.check_writable(op, variable)
        if is_loop and bodies[0].current:
            raise _writes_in_condition(op, written[0])
        data, plain_reads = [], []
        for j, tensor in enumerate(op.inputs[first:]):
            if j in constants or tensor.dtype._is_ref_dtype:
                continue
            inside = [body.parameter(j) for body in bodies]
            read = self._read_plainly(tensor) if j >= loop_vars and is_loop else None
            if read is not None and read in written:  # a round sees what those before it wrote
                plain_reads.append((read, _Inlet(self.read(read, seen), inside)))
            else:
                data.append(_Inlet(self.input(tensor, seen), inside))
        state = plain_reads + self._state_inlets(bodies, written, seen)
        round_trip = [(v, inlet) for v, inlet in state if is_loop and v in written]
        fixed = [inlet for v, inlet in state if not (is_loop and v in written)]
        inlets = [*data[:loop_vars], *(inlet for _, inlet in round_trip), *data[loop_vars:], *fixed]
        new_state = [variable for variable, _ in round_trip] if is_loop else written

        def with_state(values: tuple[Value, ...], state: list[Value]) -> tuple[Value, ...]:
            return (*values[:loop_vars], *state, *values[loop_vars:])

        programs = []
        for b, (body, values) in enumerate(zip(bodies, results, strict=True)):
            if not (is_loop and b == 0):  # a loop's condition only answers
                values = with_state(values, [body.after(variable) for variable in new_state])
            feeds = tuple(Feed(None, inlet.inside[b], inlet.variable if body in inlet.needed_by
                               else None) for inlet in inlets)
            programs.append(Program(feeds, (), tuple(body.instrs), values, ()))
        attrs = {name: value for name, value in op.attrs.items() if name not in op_def.bodies}
        if is_loop:
            attrs["carried"] = loop_vars + len(round_trip)
        made = {tensor: Value(_name(tensor), tensor.spec) for tensor in outputs}
        versions = [Value(v.name, v.outputs[0].spec) for v in new_state]
        self.values.update((t, value) for t, value in made.items() if t not in self.fed)
        self.instrs.append(Instr(
            op_def, (*(self.input(t, seen) for t in op.inputs[:first]),
                     *(inlet.outside for inlet in inlets)),
            with_state(tuple(made.values()), versions), attrs, (op,),
            any(instr.keep for program in programs for instr in program.instrs)
            or (kept and not written), tuple(programs)))
        for variable, version in zip(new_state, versions, strict=True):
            self.write(op, variable, version)  # of two for one variable, the last

    def _read_plainly(self, tensor: Tensor) -> Operation | None:
        """The variable whose "w/read" a tensor is, also from inside a sub-graph."""
        while tensor.op.type == "Parameter" and tensor.op.attrs["source"] is not None:
            tensor = tensor.op.attrs["source"]
        op = tensor.op
        if op.type != "Identity" or tensor in self.given or not op.inputs[0].dtype._is_ref_dtype:
            return None
        variable = op.inputs[0].op
        return variable if op.name == f"{variable.name}/read" else None

    def _state_inlets(self, bodies: list[BodyExtraction], written: list[Operation],
                      seen: dict[Operation, Version] | None) -> list[tuple[Operation, _Inlet]]:
        """What brings variables in: for each that is read, and for each that is written."""
        inlets = []  # which body will run is not known: only that one needs a variable's value
        for variable in dict.fromkeys(v for body in bodies for v in body.reads):
            needed_by = [body for body in bodies if variable in body.reads
                         and not body.reads[variable].optional]
            inlets.append((variable, _Inlet(
                self.read(variable, seen, optional=True),
                [body.before_reads(variable) for body in bodies], variable, needed_by)))
        for variable in written:
            needed_by = [body for body in bodies if variable in body.needs_base]
            inlets.append((variable, _Inlet(
                self.base(variable, optional=True),
                [body.before_writes(variable) for body in bodies], variable, needed_by)))
        return inlets

    def check_writable(self, op: Operation, variable: Operation) -> None:
        """Raises InvalidArgumentError when `op` writes a variable that the caller feeds."""
        if variable.outputs[0] in self.fed:
            raise InvalidArgumentError(None, op, message(
                f"{op.type} {op.name!r} ({op.frame}) writes the variable {variable.name!r}, which "
                "is fed in the same run", advice="Feed it in runs that only read it, or write it "
                "with variable.load(value, session).", section="invalid-argument-error"))

    def write(self, op: Operation, variable: Operation, value: Value) -> None:
        """Notes that `op` gives a variable a new value."""
        last = self.current.get(variable)
        version = Version(last.number + 1 if last else 1, value)
        self.current[variable] = version
        self.seen[op] = {**(self.seen.get(op) or {}), variable: version}

    def _operand(self, op: Operation, param: str, tensor: Tensor,
                 seen: dict[Operation, Version] | None) -> Value | None:
        """What `op` gets for one input."""
        op_def = op.op_def
        if param not in op_def.refs:
            return self.input(tensor, seen)
        variable = target(tensor)
        if op_def.overwrites != param:
            return self.read(variable, seen, optional=op_def.tests_ref)
        return self.base(variable) if op_def.reads_ref else None

    def base(self, variable: Operation, optional: bool = False) -> Value:
        """The value that the next write to a variable replaces."""
        last = self.current.get(variable)
        return last.value if last else self.read(variable, None, optional)

    def input(self, tensor: Tensor, seen: dict[Operation, Version] | None) -> Value:
        """The value of a tensor, for a reader after the writes in `seen`."""
        if tensor in self.fed:
            return self.fed[tensor]
        if tensor.dtype is tensor.spec.dtype:  # a spec's is no reference
            return self.values[tensor]
        return self.read(target(tensor), seen)

    def read(self, variable: Operation, seen: dict[Operation, Version] | None,
             optional: bool = False) -> Value:
        """The value of a variable for a reader after the writes in `seen`.

        Args:
            variable: the variable's operation.
            seen: the writes that stand before the reader.
            optional: whether the reader takes None for an uninitialised variable.
        """
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
        return target(op.inputs[at])

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


class BodyExtraction(Extraction):
    """The walk over a sub-graph: its parameters are fed, and it reads no state by itself.

    Args:
        graph: the sub-graph.
        fetches: tensors of it.
        constants: the values of parameters that are constant, by number.
        given: the tensors that the caller of the run feeds.

    Attributes:
        bases: per variable that is written, what stands for its value before the first write.
        needs_base: the variables for which that value is used in a computation.
    """

    def __init__(self, graph: Any, fetches: list[Tensor | Operation],
                 constants: dict[int, Value], given: frozenset[Tensor]) -> None:
        super().__init__(fetches, [p for p in graph.parameters
                                   if p is not None and not p.dtype._is_ref_dtype])
        self.given = given
        self._parameters = graph.parameters
        self.fed.update((self._parameters[j], value) for j, value in constants.items()
                        if self._parameters[j] is not None)
        self.bases: dict[Operation, Value] = {}
        self.needs_base: set[Operation] = set()

    def parameter(self, number: int) -> Value:
        """What stands for an input of the op that holds the sub-graph."""
        tensor = self._parameters[number]
        return self.fed[tensor] if tensor is not None else Value("unused", Spec(dt.variant, None))

    def base(self, variable: Operation, optional: bool = False) -> Value:
        """The value that the next write to a variable replaces."""
        if variable in self.current:
            return self.current[variable].value
        if not optional:
            self.needs_base.add(variable)
        return self.before_writes(variable)

    def before_reads(self, variable: Operation) -> Value:
        """What stands for the variable's value where it is read."""
        if variable in self.reads:
            return self.reads[variable].value
        return Value(variable.name, variable.outputs[0].spec)

    def before_writes(self, variable: Operation) -> Value:
        """What stands for the variable's value before the sub-graph's own writes."""
        if variable not in self.bases:
            self.bases[variable] = Value(variable.name, variable.outputs[0].spec)
        return self.bases[variable]

    def after(self, variable: Operation) -> Value:
        """The variable's value after the sub-graph."""
        version = self.current.get(variable)
        return self.before_writes(variable) if version is None else version.value


class _Inlet(NamedTuple):
    """One input of a control flow instruction: the value outside and its stand-in in each body.

    Of a variable also which one it is, and the bodies that cannot do without its value.
    """

    outside: Value
    inside: list[Value]
    variable: Operation | None = None
    needed_by: Sequence[BodyExtraction] = ()


def _writes_in_condition(op: Operation, variable: Operation) -> GraphError:
    return GraphError(message(
        f"the condition of the loop {op.name!r} ({op.frame}) writes the variable "
        f"{variable.name!r}", advice="Write variables in the loop's body; the condition only "
        "answers.", section="graph-error"))


def _is_usual(op_def: OpDef) -> bool:
    """Whether an op neither knows variables nor sub-graphs, nor is seen from outside."""
    return not (op_def.type in ("Placeholder", "Const") or op_def.is_ref or op_def.refs
                or op_def.overwrites or op_def.bodies or op_def.effects == "io")


def target(tensor: Tensor) -> Operation:
    """The variable that a reference tensor refers to, also from inside a sub-graph."""
    op = tensor.op
    while op.op_def.refs or op.type == "VariableParameter":
        op = (op.inputs[op.op_def.params.index(op.op_def.refs[0])] if op.op_def.refs
              else op.attrs["source"]).op
    return op


def _changes_shape(reference: Tensor) -> bool:
    """Whether the graph assigns the variable without asking for its static shape."""
    return any(
        (op.type == "Assign" and not op.attrs["validate_shape"]) or _changes_shape(op.outputs[0])
        for op in reference._consumers if op.op_def.overwrites)


def _name(tensor: Tensor) -> str:
    return tensor.op.name if tensor.value_index == 0 else tensor.name
