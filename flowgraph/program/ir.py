"""The intermediate representation: Value, Instr, Program.

A Program is what one `Session.run` computes, in single assignment: every Value is a feed, a
constant, the state of a variable before the run, or the result of one Instr. Variables are not
mutated: a write makes a new Value, and `writes` says which Value each variable has after the run. A
run is thus a pure function from (feeds, old state) to (fetches, new state), and a run that raises
changes nothing.

    feed   x        float32[?, 2]
    state  w        float32[2, 1]
    MatMul          float32[?, 1] = MatMul(x, w)
    return MatMul

Programs are never changed; passes make new ones that share what stayed the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from flowgraph.core.dtypes import of_numpy
from flowgraph.core.spec import Spec
from flowgraph.opdef.opdef import OpDef


class Value:
    """A single-assignment value.

    Attributes:
        name: for people; the tensor's name without `:0`.
        spec: dtype and static shape.
        const: the contents when it is a constant (a read-only array), else None.
        device: in whose memory it is: "gpu:0"; "" for that of the host.
    """

    __slots__ = ("const", "device", "name", "spec")

    def __init__(self, name: str, spec: Spec, const: np.ndarray | None = None,
                 device: str = "") -> None:
        self.name = name
        self.spec = spec
        self.const = const
        self.device = device

    def __repr__(self) -> str:
        return f"<Value {self.name} {self.spec}>"


def constant(name: str, array: Any) -> Value:
    """A constant Value with a private, read-only array."""
    array = np.array(array)
    array.flags.writeable = False
    return Value(name, Spec(of_numpy(array.dtype), array.shape), array)


class Instr:
    """One op applied to values.

    Attributes:
        op_def: the op.
        inputs: its values, flat, lists spread out; None where the op does not need the input.
        outputs: the values it makes.
        attrs: the op's attributes.
        origins: graph operations it comes from; the first names it in errors and pictures.
        keep: whether it runs even if no one uses its results (asserts, prints, fetched operations).
        equals: more graph operations that it stands for, since they compute the same; for people
            who ask where those are, while `origins` also tell what it must come after.
        bodies: the Programs that it runs: branches, or a loop's condition and body. Their feeds are
            the instruction's inputs from `first_body_input` on; they read and write no state.
        device: where its kernel runs: "gpu:0"; "" for the host.
    """

    __slots__ = ("attrs", "bodies", "device", "equals", "inputs", "keep", "op_def", "origins",
                 "outputs")

    def __init__(self, op_def: OpDef, inputs: tuple[Value | None, ...],
                 outputs: tuple[Value, ...], attrs: dict[str, Any], origins: tuple[Any, ...],
                 keep: bool = False, bodies: tuple[Program, ...] = (),
                 equals: tuple[Any, ...] = (), device: str = "") -> None:
        self.op_def = op_def
        self.inputs = inputs
        self.outputs = outputs
        self.attrs = attrs
        self.origins = origins
        self.keep = keep
        self.bodies = bodies
        self.equals = equals
        self.device = device

    @property
    def is_pure(self) -> bool:
        """Whether running it twice, or never, makes no difference but time."""
        op_def = self.op_def
        return not (self.keep or self.bodies or op_def.effects or op_def.takes_state
                    or op_def.tests_ref or op_def.runs_user_code)

    @property
    def waits(self) -> bool:
        """Whether it, or something in its bodies, waits for other runs."""
        return self.op_def.waits or any(instr.waits for body in self.bodies
                                        for instr in body.instrs)

    @property
    def first_body_input(self) -> int:
        """How many inputs the op takes for itself before those that it hands to its bodies."""
        return len(self.op_def.params) - 1

    def with_inputs(self, inputs: tuple[Value | None, ...]) -> Instr:
        """The same with other inputs."""
        return Instr(self.op_def, inputs, self.outputs, self.attrs, self.origins, self.keep,
                     self.bodies, self.equals, self.device)

    def standing_for(self, equals: Iterable[Any]) -> Instr:
        """The same, told that it also stands for these graph operations."""
        return Instr(self.op_def, self.inputs, self.outputs, self.attrs, self.origins, self.keep,
                     self.bodies, tuple(dict.fromkeys((*self.equals, *equals))), self.device)

    def with_outputs(self, outputs: tuple[Value, ...],
                     bodies: tuple[Program, ...] | None = None) -> Instr:
        """The same with other outputs, and other bodies if given."""
        return Instr(self.op_def, self.inputs, outputs, self.attrs, self.origins, self.keep,
                     self.bodies if bodies is None else bodies, self.equals, self.device)

    def __repr__(self) -> str:
        return f"<Instr {instr_text(self)}>"


class Feed(NamedTuple):
    """A value that the caller brings, and the graph tensor it stands for.

    Into a body it may bring the value of `variable`, which must have one when the body runs.
    """

    tensor: Any
    value: Value
    variable: Any = None


class Read(NamedTuple):
    """A variable's value before the run; with `optional` it need not be initialised."""

    variable: Any
    value: Value
    optional: bool


class Write(NamedTuple):
    """The value that a variable has after the run."""

    variable: Any
    value: Value


class Program:
    """Feeds, reads, instructions in a valid order, fetched values, writes."""

    __slots__ = ("_op_defs", "_producers", "_types", "_users", "feeds", "fetches", "instrs",
                 "reads", "writes")

    def __init__(self, feeds: tuple[Feed, ...], reads: tuple[Read, ...], instrs: tuple[Instr, ...],
                 fetches: tuple[Value, ...], writes: tuple[Write, ...]) -> None:
        self.feeds = feeds
        self.reads = reads
        self.instrs = instrs
        self.fetches = fetches
        self.writes = writes
        self._producers: dict[Value, Instr] | None = None
        self._users: dict[Value, list[Instr]] | None = None
        self._op_defs: frozenset[OpDef] | None = None
        self._types: frozenset[str] | None = None

    @property
    def op_defs(self) -> frozenset[OpDef]:
        """The ops of its instructions, those of bodies left out."""
        if self._op_defs is None:
            self._op_defs = frozenset([instr.op_def for instr in self.instrs])
        return self._op_defs

    @property
    def types(self) -> frozenset[str]:
        """The types of these ops, by which a pass knows that there is nothing for it."""
        if self._types is None:
            self._types = frozenset([op_def.type for op_def in self.op_defs])
        return self._types

    @property
    def producers(self) -> dict[Value, Instr]:
        """The instruction that makes each value."""
        if self._producers is None:
            self._producers = {out: instr for instr in self.instrs for out in instr.outputs}
        return self._producers

    @property
    def users(self) -> dict[Value, list[Instr]]:
        """The instructions that take each value, each once, in order."""
        if self._users is None:
            self._users = {}
            for instr in self.instrs:
                for value in dict.fromkeys(instr.inputs):
                    if value is not None:
                        self._users.setdefault(value, []).append(instr)
        return self._users

    def results(self) -> Iterable[Value]:
        """The values that leave the program: fetched or written."""
        yield from self.fetches
        for write in self.writes:
            yield write.value

    def with_instrs(self, instrs: Iterable[Instr], replaced: dict[Value, Value]) -> Program:
        """The same program with other instructions; results follow `replaced`."""
        return Program(
            self.feeds, self.reads, tuple(instrs),
            tuple(replaced.get(v, v) for v in self.fetches),
            tuple(Write(w.variable, replaced.get(w.value, w.value)) for w in self.writes))

    @property
    def bodies(self) -> Iterable[Program]:
        """The bodies of its instructions."""
        if not any(op_def.bodies for op_def in self.op_defs):
            return []
        return [body for instr in self.instrs for body in instr.bodies]

    @property
    def uses_gpu(self) -> bool:
        """Whether anything of it is on a GPU."""
        return (any(instr.device for instr in self.instrs)
                or any(feed.value.device for feed in self.feeds)
                or any(read.value.device for read in self.reads)
                or any(body.uses_gpu for body in self.bodies))

    @property
    def runs_user_code(self) -> bool:
        """Whether it calls Python functions of the user's."""
        return (any(op_def.runs_user_code for op_def in self.op_defs)
                or any(body.runs_user_code for body in self.bodies))

    def __str__(self) -> str:
        return program_text(self)

    def __repr__(self) -> str:
        return f"<Program of {len(self.instrs)} instrs>"


# ---- text ----------------------------------------------------------------------------------------


def program_text(program: Program) -> str:
    """The program as text, one line per value; constants of up to eight elements in place."""
    rows: list[tuple[str, str, str]] = []
    below: dict[int, list[str]] = {}  # lines of bodies, by the row of their instruction
    for feed in program.feeds:
        rows.append(("feed", feed.value.name, f"{feed.value.spec}{_where(feed.value)}"))
    for read in program.reads:
        unsure = " or uninitialized" if read.optional else ""
        rows.append(("state", read.value.name, f"{read.value.spec}{unsure}{_where(read.value)}"
                                               f"{_parts(read.variable)}"))
    shown: set[Value] = set()
    for instr in program.instrs:
        for value in instr.inputs:
            if value is not None and _is_large(value) and value not in shown:
                shown.add(value)
                rows.append(("const", value.name, str(value.spec)))
    for instr in program.instrs:
        names = ", ".join(out.name for out in instr.outputs) or "-"
        specs = ", ".join(str(out.spec) for out in instr.outputs)
        rows.append(("", names, f"{specs} = {instr_text(instr)}{_where(instr)}".lstrip()))
        if instr.bodies:
            below[len(rows) - 1] = _body_lines(instr)
    for write in program.writes:
        rows.append(("write", write.variable.name,
                     f"= {value_text(write.value)}{_parts(write.variable)}"))
    width = min(max((len(name) for _, name, _ in rows), default=0), 40)
    lines: list[str] = []
    for i, (kind, name, text) in enumerate(rows):
        lines += [f"{kind:<6} {name:<{width}} {text}".rstrip(), *below.get(i, ())]
    lines.append("return " + (", ".join(value_text(v) for v in program.fetches) or "nothing"))
    return "\n".join(lines) + "\n"


def _where(placed: Value | Instr) -> str:
    return f"  on {placed.device}" if placed.device else ""


def _parts(variable: Any) -> str:
    """The variables that are read or written as one (`program/packs.py`), in order."""
    names = [part.name for part in getattr(variable, "variables", ())]
    return f", parts: {', '.join(names)}" if names else ""


def _body_lines(instr: Instr) -> list[str]:
    """The bodies of an instruction as text, indented."""
    names = instr.op_def.bodies
    lines = []
    for i, body in enumerate(instr.bodies):
        name = names[i] if len(names) == len(instr.bodies) else f"{names[0]}[{i}]"
        lines += [f"         {name}:", *(f"           {line}" for line in str(body).splitlines())]
    return lines


def instr_text(instr: Instr) -> str:
    """`MatMul(x, w, transpose_a=True)`: inputs, then attributes that differ from the default."""
    defaults = instr.op_def.attr_defaults if not instr.bodies else instr.attrs
    parts = ["-" if v is None else value_text(v) for v in instr.inputs]
    parts += [f"{key}={value!r}" for key, value in instr.attrs.items()
              if not _same(defaults.get(key), value)]
    return f"{instr.op_def.type}({', '.join(parts)})"


def value_text(value: Value) -> str:
    """The value's name, or its contents when it is a small constant."""
    if value.const is None or _is_large(value):
        return value.name
    if value.const.dtype == object:
        return repr(value.const.tolist())
    return np.array2string(value.const, separator=", ", threshold=10).replace("\n", "")


def _is_large(value: Value) -> bool:
    return value.const is not None and value.const.size > 8


def _same(default: Any, value: Any) -> bool:
    return default is value or (type(default) is type(value) and not isinstance(value, np.ndarray)
                                and bool(default == value))
