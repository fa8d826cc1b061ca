"""Packed updates: many variables that change by one formula are updated as one array.

    w1 = w1 - 0.1 * g1      w2 = w2 - 0.1 * g2      ...
    w  = w - 0.1 * g        for w and g with all of them, one after another

An optimizer has a few small operations for every variable: of 100 variables, a thousand calls of
NumPy that take longer to begin than to work. Variables are packed whose new values come from the
same operations with the same numbers. From what is written the pass goes back through these
operations, as long as those of all variables are alike: slots are packed in the same order, and
gradients, where they are put together, are written where they will stand in the pack.

    l2_loss(g1) + l2_loss(g2) + ...   ->   half the sum of all squares of the pack

Sums of all parts of a pack that are added up, as for a global norm or for weight decay, become one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from flowgraph.core.spec import Spec
from flowgraph.opdef.opdef import OpDef
from flowgraph.program.convex import in_order
from flowgraph.program.emit import Emitter
from flowgraph.program.ir import Instr, Program, Read, Value, Write, constant
from flowgraph.program.packs import PACKED, UNPACKED, Pack, VariablePack
from flowgraph.program.passes.dead_code import dead_code

LEAST = 24  # calls of NumPy that packing must save
LARGEST = 1 << 20  # elements; the update of a larger variable has enough to do by itself
LARGE = 1 << 18  # elements; writing and reading so many takes as long as a few operations
_CHEAP = {"Add", "AddV2", "Sub", "Mul", "Square", "Neg"}
_MOST_AGAIN = 4  # operations that are done twice
_LINE = 64  # bytes of a line of the cache
_DEEPEST = 60  # operations one after another that are packed


def packed_updates(program: Program) -> Program:
    """Packs variables that are updated alike."""
    if len(program.writes) < 2 or program.runs_user_code or any(
            instr.waits for instr in program.instrs):
        return program
    packed = _Packing(program).run()
    if packed is None:
        packed = _Packing(program, is_careful=True).run()
    return program if packed is None else packed


class _Packing:
    """A program while its updates are being packed.

    Args:
        program: the program.
        is_careful: whether to look for values of which one needs another before they are computed
            together: what batch normalisation divides by, say, which the next layer's depends on.
    """

    def __init__(self, program: Program, is_careful: bool = False) -> None:
        self._program = program
        self._is_careful = is_careful
        self._makers = program.producers
        self._read_of = {read.variable: read for read in program.reads}
        self._read_as = {read.value: read for read in program.reads}
        self._results = set(program.results())
        self._write_of = {write.variable: write for write in program.writes}
        self._numbers: dict[Any, int] = {}
        self._alike: dict[Value, int] = {}  # numbers of elementwise results, by how they are made
        self._flat: dict[tuple[Value, ...], Value] = {}
        self._parts: set[Value] = set()  # what lies in an array of `_flat`, made by its maker
        self._made: dict[Instr, tuple[Value, ...]] = {}  # new instructions, and what they replace
        self._packs: dict[Any, VariablePack] = {}  # by variable
        self._waiting: list[tuple[VariablePack, tuple[Value, ...]]] = []  # with what they become
        self._place: dict[Value, tuple[tuple[Value, ...], int]] = {}  # in an array of `_flat`
        self._gone: set[Instr] = set()
        self._reads: dict[VariablePack, Read] = {}
        self._writes: dict[VariablePack, Write] = {}

    def run(self) -> Program | None:
        """The new program; the same one where nothing is packed, None if parts need each other."""
        for instr in self._program.instrs:
            self._compare(instr)
        groups: dict[Any, list[Write]] = {}
        for write in self._program.writes:
            value = self._handed_on(write.value)
            if value in self._alike and (value.spec.size or 0) <= LARGEST:
                groups.setdefault((self._alike[value], value.spec.dtype), []).append(write)
        for writes in reversed(groups.values()):  # slots are a part of what is written after them
            if (len(writes) - 1) * self._operations(writes[0].value) >= LEAST:
                writes.sort(key=lambda write: (write.value.spec.nbytes or 0) % _LINE > 0)
                self._pack_variables([write.variable for write in writes])
        for pack, values in self._waiting:  # to which `_pack` adds slots
            self._writes[pack] = Write(pack, self._pack(values))
        for instr in self._program.instrs if self._writes else ():
            self._add_up(instr)
        return self._rewritten() if self._writes else self._program

    # ---- which updates are alike -----------------------------------------------------------------

    def _compare(self, instr: Instr) -> None:
        """Numbers the result of an elementwise instruction."""
        if not _is_elementwise(instr):
            return
        out = instr.outputs[0]
        operands = tuple([self._operand(value, out) for value in instr.inputs])  # type: ignore[arg-type]
        made = instr.op_def, _attributes(instr), out.spec.dtype, operands
        self._alike[out] = self._numbers.setdefault(made, len(self._numbers))

    def _operand(self, value: Value, out: Value) -> Any:
        if value.spec.shape != out.spec.shape:  # a number
            return value if value.const is None else (value.spec.dtype, value.const.tobytes())
        kind = value in self._read_as, value.spec.dtype
        return self._alike.get(self._handed_on(value), kind)

    def _handed_on(self, value: Value) -> Value:
        """What an assignment hands on, else the value itself."""
        maker = self._makers.get(value)
        while maker is not None and maker.op_def.type == "Assign":
            given = maker.inputs[1]
            if given is None or given.spec != value.spec or maker.device:
                break
            value, maker = given, self._makers.get(given)
        return value

    def _operations(self, value: Value) -> int:
        """How many operations an update has; no more than are needed for packing to pay."""
        seen: set[Value] = set()
        left = [value]
        while left and len(seen) < LEAST:
            value = self._handed_on(left.pop())
            if value in self._alike and value not in seen:
                seen.add(value)
                left += [v for v in self._makers[value].inputs if v is not None]
        return len(seen)

    # ---- packing ---------------------------------------------------------------------------------

    def _pack_variables(self, variables: Sequence[Any]) -> VariablePack | None:
        """Reads and writes these variables as one array; None if that cannot be."""
        pack = self._packs.get(variables[0])
        if pack is not None and pack.variables == tuple(variables):
            return pack
        writes = [self._write_of.get(variable) for variable in variables]
        if any(write is None or write.variable in self._packs for write in writes):
            return None
        values = tuple([self._handed_on(write.value) for write in writes])  # type: ignore[union-attr]
        if len(set(values)) < len(values) or len({self._alike.get(v, -1) for v in values}) > 1 or (
                values[0] not in self._alike) or self._need_each_other(values):
            return None
        for variable, value in zip(variables, values, strict=True):
            read = self._read_of.get(variable)
            if read is not None and (read.optional or read.value.spec != value.spec):
                return None
        pack = VariablePack(variables, _shapes(values))
        self._packs.update(dict.fromkeys(variables, pack))
        self._waiting.append((pack, values))
        return pack

    def _pack(self, values: tuple[Value, ...], users: Sequence[Instr] = (), depth: int = 0
              ) -> Value:
        """The array in which these values stand one after another, for those that take them."""
        values = tuple(map(self._handed_on, values))
        if values in self._flat:
            return self._flat[values]
        alike = {self._alike.get(value) for value in values}
        if (len(alike) == 1 and None not in alike and depth < _DEEPEST
                and len(set(values)) == len(values) and self._parts.isdisjoint(values)
                and not self._need_each_other(values)):
            self._parts.update(values)
            flat = self._computed(values, depth)
        else:
            flat = self._read(values) or self._joined(values, users)
        self._flat[values] = flat
        for i, value in enumerate(values):
            self._place.setdefault(value, (values, i))
        return flat

    def _need_each_other(self, values: tuple[Value, ...]) -> bool:
        """Whether one of these values depends on another one, if that is looked for."""
        if not self._is_careful:
            return False
        reached = set(values)
        wanted = {self._makers[value] for value in values}
        for instr in self._program.instrs:
            if not reached.isdisjoint(instr.inputs):
                if instr in wanted:
                    return True
                reached.update(instr.outputs)
        return False

    def _computed(self, values: tuple[Value, ...], depth: int) -> Value:
        """The array, computed by one instruction."""
        makers = [self._makers[value] for value in values]
        inputs = []
        for operands in zip(*(maker.inputs for maker in makers), strict=True):
            first: Value = operands[0]
            if first.spec.shape == values[0].spec.shape:
                inputs.append(self._pack(operands, makers, depth + 1))
            else:
                inputs.append(first if first.const is None or not first.spec.shape else
                              constant(first.name, first.const.reshape(())))
        flat = _flat_value(values)
        self._made[_instr(makers, makers[0].op_def, tuple(inputs), (flat,),
                          makers[0].attrs)] = values
        return flat

    def _read(self, values: tuple[Value, ...]) -> Value | None:
        """The array as what variables are before the run, if they are packed."""
        if any(value not in self._read_as for value in values):
            return None
        pack = self._pack_variables([self._read_as[value].variable for value in values])
        if pack is None:
            return None
        if pack not in self._reads:
            flat = Value(pack.name, Spec(values[0].spec.dtype, (pack.size,)))
            self._reads[pack] = Read(pack, flat, False)
        return self._reads[pack].value

    def _joined(self, values: tuple[Value, ...], users: Sequence[Instr]) -> Value:
        """The array, put together."""
        flat = _flat_value(values)
        makers = [self._makers[value] for value in values if value in self._makers] or users
        self._made[_instr(makers, PACKED, values, (flat,), {"pack": Pack(_shapes(values))})] = ()
        return flat

    # ---- sums of all parts -----------------------------------------------------------------------

    def _add_up(self, instr: Instr) -> None:
        """Makes one sum of an instruction that adds up a sum of each part of a pack."""
        out = instr.outputs[0] if len(instr.outputs) == 1 and instr.is_pure else None
        if out is None or out.spec.shape != () or out.spec.dtype.name not in ("float32", "float64"):
            return
        from flowgraph.program.passes.packed_sums import sum_of_parts  # late: for training only
        found = sum_of_parts(instr, self._program, self._makers, self._results, self._handed_on)
        if found is None:
            return
        values, kind, divisor = found
        places = [self._place_of(value) for value in values]
        if None in places or len({place[0] for place in places}) > 1 or (  # type: ignore[index]
                sorted(place[1] for place in places) != list(range(len(places[0][0])))):  # type: ignore[index]
            return
        order = sorted(range(len(values)), key=lambda i: places[i][1])  # type: ignore[index]
        flat = self._pack(tuple([values[i] for i in order]), [instr])
        if (flat.spec.size or 0) >= LARGE and self._is_in_update(out):
            flat = self._again(flat)
        self._gone.add(instr)
        if kind == "L2Loss":
            flat = self._emit("Square", [flat], f"{out.name}/squares", instr)
            divisor = constant(f"{out.name}/two", np.array(2, out.spec.dtype.numpy))
        axes = constant(f"{out.name}/axes", np.array([0], np.int32))
        total = self._emit("Sum", [flat, axes], f"{out.name}/sum" if divisor is not None else out,
                           instr)
        if divisor is not None:
            self._emit("RealDiv", [total, divisor], out, instr)

    def _is_in_update(self, value: Value) -> bool:
        """Whether what is packed depends on a value, so that it has to wait for it."""
        seen: set[Value] = set()
        left = [value]
        while left:
            value = left.pop()
            if value in self._parts:
                return True
            if value not in seen:
                seen.add(value)
                left += [out for user in self._program.users.get(value, ()) for out in user.outputs]
        return False

    def _again(self, flat: Value) -> Value:
        """The same array by operations of its own, if these are few and take what variables are.

        Who waits for a sum of it works it out once more then, rather than have it kept in memory.
        """
        makers = {instr.outputs[0]: instr for instr in self._made}
        copies: dict[Value, Value] = {}
        made: list[Instr] = []

        def again(value: Value) -> Value:
            maker = makers.get(value)
            if maker is None or value in copies:
                return copies.get(value, value)
            inputs = tuple([again(v) for v in maker.inputs])  # type: ignore[arg-type]
            copies[value] = Value(f"{value.name}_again", value.spec)
            made.append(Instr(maker.op_def, inputs, (copies[value],), maker.attrs, maker.origins))
            return copies[value]

        found = again(flat)
        if len(made) > _MOST_AGAIN or any(instr.op_def.type not in _CHEAP for instr in made):
            return flat
        self._made.update(dict.fromkeys(made, ()))
        return found

    def _emit(self, op_type: str, inputs: list[Value], out: Value | str, instr: Instr) -> Value:
        emitter = Emitter()
        made = emitter.emit(op_type, inputs, out, instr.origins)
        self._made[emitter.instrs[0]] = ()
        return made

    def _place_of(self, value: Value, depth: int = 3) -> tuple[tuple[Value, ...], int] | None:
        """Which part of which pack a value is, or would be if it were computed with others."""
        if value in self._place or value not in self._alike or not depth:
            return self._place.get(value)
        places = {self._place_of(self._handed_on(v), depth - 1) for v in self._makers[value].inputs
                  if v is not None and v.spec.shape == value.spec.shape}
        return places.pop() if len(places) == 1 else None

    # ---- the new program -------------------------------------------------------------------------

    def _rewritten(self) -> Program | None:
        program = self._program
        place = {out: i for i, instr in enumerate(program.instrs) for out in instr.outputs}
        rows = [(i, 0, instr) for i, instr in enumerate(program.instrs)
                if self._parts.isdisjoint(instr.outputs) and instr not in self._gone]
        for instr, values in self._made.items():
            replaced = values or [v for v in instr.inputs if v is not None]
            at = max(place.get(value, -1) for value in replaced)
            rows.append((at, 1, instr))
            if values:
                rows.append((at, 2, _instr([instr], UNPACKED, instr.outputs, values,
                                           {"pack": Pack(_shapes(values))})))
        instrs = [instr for *_, instr in sorted(rows, key=lambda row: row[:2])]
        order = in_order(instrs)
        if len(order) < len(instrs):  # the update of one needs that of another one
            return None
        writes = (*(w for w in program.writes if w.variable not in self._packs),
                  *self._writes.values())
        after = dead_code(Program(program.feeds, program.reads, tuple(order), program.fetches,
                                  writes))
        used = {*after.results(), *(v for instr in after.instrs for v in instr.inputs)}
        reads = (*(r for r in program.reads if r.value in used or r.variable not in self._packs),
                 *self._reads.values())
        return Program(program.feeds, reads, after.instrs, program.fetches, writes)


def _is_elementwise(instr: Instr) -> bool:
    """Whether an instruction works on each element alone, whatever the shape of the arrays."""
    definition = instr.op_def
    if (not definition.elementwise or len(instr.outputs) != 1 or definition.host_inputs
            or not instr.is_pure or instr.device):
        return False
    out = instr.outputs[0].spec
    return out.is_static and (out.size or 0) > 1 and out.dtype.kind in "fiub" and all(
        value is not None and value.spec.dtype.kind in "fiub"
        and (value.spec.shape == out.shape or value.spec.shape == ()
             or (value.const is not None and value.spec.size == 1)) for value in instr.inputs)


def _attributes(instr: Instr) -> tuple[Any, ...]:
    return tuple(sorted((key, repr(value)) for key, value in instr.attrs.items()))


def _shapes(values: Sequence[Value]) -> tuple[tuple[int, ...], ...]:
    return tuple([value.spec.shape for value in values])  # type: ignore[misc]


def _flat_value(values: Sequence[Value]) -> Value:
    return Value(f"{values[0].name}_all", Spec(values[0].spec.dtype, (Pack(_shapes(values)).size,)))


def _instr(makers: Sequence[Instr], definition: OpDef, inputs: tuple[Value | None, ...],
           outputs: tuple[Value, ...], attrs: dict[str, Any]) -> Instr:
    """An instruction that stands for all of these."""
    origins = dict.fromkeys(op for maker in makers for op in maker.origins)
    equals = dict.fromkeys(op for maker in makers for op in maker.equals)
    return Instr(definition, inputs, outputs, attrs, tuple(origins), equals=tuple(equals))
