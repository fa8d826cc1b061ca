"""Placement: which instructions run on which GPU, and the transfers that this takes.

What the user has put on a device goes there, if it is there and the op can run on it. The rest goes
to the first GPU, as in TensorFlow, but for what is better off on the host:

- ops that have no kernel for a GPU, or whose tensors it has not: text, handles;
- what stands beside another operation by `tf.colocate_with` goes where that is;
- what is small and made of small things of the host: step counters, learning rates, shapes. A
  kernel of a GPU takes a number of the host as it is, and a launch costs more than NumPy's sum.

A variable is where its new value is made, and moves there when it is first written or read. Loop
variables, and results of branches, are on a GPU as soon as one round or branch makes them there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from flowgraph.graph.colocation import beside, group_device
from flowgraph.graph.devices import parse
from flowgraph.program.ir import Instr, Program, Read, Value, Write
from flowgraph.program.loops import is_loop
from flowgraph.program.transfers import Transfer, transfer

SMALL = 16  # elements
_MOST_ROUNDS = 100  # each moves a variable to a GPU, or is the last one


def place(program: Program, gpus: Sequence[str], for_graph: bool = False) -> Program:
    """The program with a device for each instruction, and transfers between devices.

    Args:
        program: as optimised, without devices.
        gpus: the names of the GPUs that there are, as "gpu:0".
        for_graph: whether a GPU gets the host's numbers in its memory, those that are known aside.

    Returns:
        The same program when all of it is better off on the host.
    """
    if not gpus:
        return program
    at: dict[Value, str] = {}
    for read in program.reads:
        at[read.value] = _at_first(read, gpus)
    for _ in range(_MOST_ROUNDS):
        placed = _Placed(program, gpus, at, for_graph)
        moved = {read.value: there for read in program.reads
                 if not at[read.value] and (there := placed.written.get(read.variable))}
        if not moved:
            break
        at.update(moved)
    return placed.program() if placed.uses_gpu else program


def _at_first(read: Read, gpus: Sequence[str]) -> str:
    """Where a variable is, unless it is small and its new value is made elsewhere."""
    if not _is_array(read.value):
        return ""
    asked = asked_for(read.variable, gpus)
    return asked if asked is not None else "" if _is_small(read.value) else gpus[0]


def asked_for(op: Any, gpus: Sequence[str]) -> str | None:
    """The device that the user has asked for, "" for the host; None for none that is there.

    Args:
        op: the graph operation.
        gpus: the names of the GPUs that there are.

    Example:
        >>> import flowgraph as fg
        >>> with fg.device("/gpu:1"):
        ...     x = fg.constant(1.0)
        >>> asked_for(x.op, ["gpu:0", "gpu:1"])
        'gpu:1'
    """
    device = group_device(op)
    if not device:
        return None
    kind, _, number = parse(device).get("device", "").partition(":")
    if kind == "CPU":
        return ""
    name = f"gpu:{0 if number == '*' else number}"
    return name if kind == "GPU" and name in gpus else None


def can_run_on_gpu(instr: Instr) -> bool:
    """Whether an instruction has a kernel for GPUs, and they have arrays of its dtypes."""
    op_def = instr.op_def
    return not (op_def.host_only or op_def.runs_user_code or instr.bodies) and all(
        value is None or value.spec.dtype.kind in "fciubq" or value.spec.dtype.name == "variant"
        for value in (*instr.inputs, *instr.outputs))


def only_looks(instr: Instr) -> bool:
    """Whether an instruction needs to know of its inputs only their shape, or whether they are."""
    return instr.op_def.folds_by_shape or instr.op_def.tests_ref


def is_number(value: Value) -> bool:
    """Whether a value is a number in the host's memory."""
    return not value.device and value.spec.shape == () and value.spec.dtype.kind in "fciubq"


def misplaced(instr: Instr) -> Value | None:
    """An input or result of a placed instruction that is not where it should be; None if all are.

    Args:
        instr: the instruction. A kernel of a GPU takes numbers of the host too.
    """
    if isinstance(instr.op_def, Transfer) or instr.bodies or only_looks(instr):
        return None
    for value, is_array in zip(instr.inputs, _as_arrays(instr), strict=True):
        if value is None:
            continue
        if value.device != (instr.device if is_array else "") and not (
                is_array and is_number(value)):
            return value
    return next((out for out in instr.outputs if out.device != instr.device), None)


class _Placed:
    """A program, or a body, while its instructions get their devices.

    Args:
        program: the program.
        gpus: the names of the GPUs.
        at: where the values are that it is given: feeds and reads.
        for_graph: whether a GPU gets the host's numbers in its memory.

    Attributes:
        at: where each value is.
        written: where each variable is that it writes.
        uses_gpu: whether anything is on a GPU.
    """

    def __init__(self, program: Program, gpus: Sequence[str], at: dict[Value, str],
                 for_graph: bool = False) -> None:
        self._for_graph = for_graph
        self._program = program
        self._gpus = gpus
        self._instrs: list[Instr] = []
        self._new: dict[Value, Value] = {}  # by the values of the program
        self._copies: dict[tuple[Value, str], Value] = {}
        self._ops: dict[Any, str] = {}  # where operations are that still are one instruction
        self.at: dict[Value, str] = {}
        self.uses_gpu = False
        self._feeds = tuple([feed._replace(value=self._given(feed.value, at))
                             for feed in program.feeds])
        self._reads = tuple([read._replace(value=self._given(read.value, at))
                             for read in program.reads])
        for instr in program.instrs:
            self._add(instr)
        self.written = {write.variable: self.place_of(write.value) for write in program.writes}

    def _given(self, value: Value, at: dict[Value, str]) -> Value:
        self.at[value] = at.get(value, "")
        if self.at[value]:
            self.uses_gpu = True
            self._new[value] = Value(value.name, value.spec, device=self.at[value])
        return self._new.get(value, value)

    def place_of(self, value: Value) -> str:
        """Where a value of the program is."""
        return self.at.get(value, "")

    def program(self, fetches_at: Sequence[str] | None = None) -> Program:
        """The placed program.

        Args:
            fetches_at: where each fetch has to be; None for where it is.
        """
        fetches = self._program.fetches
        where = map(self.place_of, fetches) if fetches_at is None else fetches_at
        origins: tuple[Any, ...] = self._instrs[-1].origins if self._instrs else ()
        moved = tuple([self._brought(value, device, origins)
                       for value, device in zip(fetches, where, strict=True)])
        writes = tuple([Write(w.variable, self._brought(w.value, self._home(w), origins))
                        for w in self._program.writes])
        return Program(self._feeds, self._reads, tuple(self._instrs), moved, writes)

    def _home(self, write: Write) -> str:
        """Where the new value of a variable has to be."""
        asked = asked_for(write.variable, self._gpus)
        return self.place_of(write.value) if asked is None else asked

    # ---- one instruction -------------------------------------------------------------------------

    def _add(self, instr: Instr) -> None:
        if is_loop(instr):
            return self._add_loop(instr)
        if instr.op_def.type in ("If", "Case"):
            return self._add_branches(instr)
        self._put(instr, self._device(instr))

    def _device(self, instr: Instr) -> str:
        """Where an instruction goes."""
        if not can_run_on_gpu(instr) or only_looks(instr):
            return ""
        asked = asked_for(instr.origins[0], self._gpus)
        if asked is not None:
            return asked
        follows = self._beside(instr.origins[0])
        if follows is not None:
            return follows
        taken = [v for v, is_array in zip(instr.inputs, _as_arrays(instr), strict=True)
                 if is_array and v is not None]
        if (all(not self.place_of(v) and _is_small(v) for v in taken)
                and all(map(_is_small, instr.outputs))):
            return ""
        return self._gpus[0]

    def _beside(self, op: Any) -> str | None:
        """Where the operation is that an operation is to stand beside; None where there is none.

        A variable does not count: that goes where its new value is made.
        """
        if op is None or not op.graph.colocations or op.op_def.refs:
            return None
        return next((self._ops[other] for other in beside(op)
                     if other in self._ops and not other.op_def.is_ref), None)

    def _put(self, instr: Instr, device: str) -> None:
        """Adds an instruction on a device, after the transfers that it needs."""
        here = [value and self._new.get(value, value) for value in instr.inputs]
        # A kernel that works element by element on an array takes numbers of the host as they are.
        takes_numbers = bool(device) and instr.op_def.elementwise and not all(
            value is None or is_number(value) for value in here)
        inputs: list[Value | None] = []
        for value, now, is_array in zip(instr.inputs, here, _as_arrays(instr), strict=True):
            if value is None or only_looks(instr) or (
                    takes_numbers and is_number(now)  # type: ignore[arg-type]
                    and not (self._for_graph and now.const is None)):  # type: ignore[union-attr]
                inputs.append(now)
            else:
                inputs.append(self._brought(value, device if is_array else "", instr.origins))
        self.uses_gpu |= bool(device)
        if len(instr.origins) == 1:
            self._ops[instr.origins[0]] = device
        outputs = tuple([self._made(out, device) for out in instr.outputs])
        self._instrs.append(Instr(instr.op_def, tuple(inputs), outputs, instr.attrs, instr.origins,
                                  instr.keep, instr.bodies, instr.equals, device))

    def _made(self, value: Value, device: str) -> Value:
        """What stands for a result that is made on a device."""
        self.at[value] = device
        if device:
            self._new[value] = Value(value.name, value.spec, device=device)
        return self._new.get(value, value)

    def _brought(self, value: Value, device: str, origins: tuple[Any, ...]) -> Value:
        """What stands for a value on a device; a copy if it is elsewhere."""
        value_here = self._new.get(value, value)
        if self.place_of(value) == device:
            return value_here
        copy = self._copies.get((value, device))
        if copy is None:
            instr = transfer(value_here, device, origins)
            self._instrs.append(instr)
            self.uses_gpu = True
            copy = self._copies[value, device] = instr.outputs[0]
        return copy

    # ---- bodies ----------------------------------------------------------------------------------

    def _add_branches(self, instr: Instr) -> None:
        first = instr.first_body_input
        at = [self._entering(value) for value in instr.inputs[first:]]
        bodies = [self._body(body, at) for body in instr.bodies]
        ends = [_any(places) for places in zip(*map(_Placed.ends, bodies), strict=True)]
        self._put_bodies(instr, at, [body.program(ends) for body in bodies], ends)

    def _add_loop(self, instr: Instr) -> None:
        cond, body = instr.bodies
        carried = instr.attrs["carried"]
        at = [self._entering(value) for value in instr.inputs]
        for _ in range(_MOST_ROUNDS):
            placed = self._body(body, at)
            ends = placed.ends()
            agreed = [*map(_either, at, ends[:carried]), *at[carried:]]
            if agreed == at:
                break
            at = agreed
        ends = [*at[:carried], *ends[carried:]]
        self._put_bodies(instr, at, [self._body(cond, at).program([""]), placed.program(ends)],
                         [*at[:carried], "", *ends[carried:]])

    def _entering(self, value: Value | None) -> str:
        """Where a value should be for a body that is run again and again."""
        if value is None:
            return ""
        if self.place_of(value) or _is_small(value) or not _is_array(value):
            return self.place_of(value)
        return self._gpus[0]

    def _body(self, body: Program, at: Iterable[str]) -> _Placed:
        values = [feed.value for feed in body.feeds]
        return _Placed(body, self._gpus, {
            value: place if _is_array(value) else ""
            for value, place in zip(values, at, strict=True)})

    def ends(self) -> list[str]:
        """Where the fetches are."""
        return [self.place_of(value) for value in self._program.fetches]

    def _put_bodies(self, instr: Instr, at: list[str], bodies: list[Program],
                    ends: list[str]) -> None:
        first = instr.first_body_input
        inputs = [value and self._brought(value, "", instr.origins)
                  for value in instr.inputs[:first]]
        inputs += [value and self._brought(value, device, instr.origins)
                   for value, device in zip(instr.inputs[first:], at, strict=True)]
        self.uses_gpu |= any(ends)
        outputs = tuple([self._made(out, device)
                         for out, device in zip(instr.outputs, ends, strict=True)])
        self._instrs.append(instr.with_inputs(tuple(inputs)).with_outputs(outputs, tuple(bodies)))


def _as_arrays(instr: Instr) -> list[bool]:
    """Which inputs the kernel computes with; those at whose numbers Python looks are the others."""
    host = {*instr.op_def.host_inputs, *instr.op_def.on_host}
    return [param not in host for param in instr.op_def.flat_params(len(instr.inputs))]


def _is_small(value: Value) -> bool:
    return value.spec.size is not None and value.spec.size <= SMALL


def _is_array(value: Value) -> bool:
    return value.spec.dtype.kind in "fciubq" or value.spec.dtype.name == "variant"


def _either(one: str, other: str) -> str:
    return one or other


def _any(places: Iterable[str]) -> str:
    return next(filter(None, places), "")
