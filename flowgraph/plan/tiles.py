"""Running a group of elementwise instructions tile by tile, on all cores.

A group becomes a function of its own, which generated source shows above `run`:

    def mul_1_tile(first, last, x, bias, mul_1, t0, t1):
        x, mul_1, t0, t1 = x[first:last], mul_1[first:last], t0[:last - first], t1[:last - first]
        add = np.add(x, bias, out=t0)                      # add  model.py:12
        tanh = np.tanh(add, out=t1)                        # Tanh  model.py:12
        np.multiply(add, tanh, out=mul_1)                  # mul_1  model.py:13

`in_tiles` calls it for one tile after another, the first half of them in one thread, the second in
another. What lies between the members never leaves the cache: `t0` and `t1` are as large as a tile.
Reductions at the end give a part per tile, and `in_tiles` puts the parts together.
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from flowgraph.core.dtypes import DType
from flowgraph.core.machine import cores
from flowgraph.core.pool import parallel
from flowgraph.opdef.opdef import OpDef, op_def
from flowgraph.plan.inline import identifier, is_literal, numpy_name, template, writes_last
from flowgraph.program.groups import Group, axes_of, is_reduction
from flowgraph.program.ir import Instr, Value
from flowgraph.program.passes.column_sums import is_column_sum

TILE = 1 << 15  # elements: a few arrays of so many fit into a core's own cache
_COMMENT_COLUMN = 72
_JOIN = {"Sum": np.add, "Mean": np.add, "Max": np.maximum, "Min": np.minimum}
_banks: list[np.ndarray] = []  # memory for what lies between members, kept between runs


class Part(NamedTuple):
    """How one result comes out of the tiles.

    Attributes:
        dtype, shape: of the whole result.
        join: the ufunc that puts the parts of the tiles together; None where each tile writes its
            rows of the result.
        divisor: by what the joined parts are divided, for a mean; else 1.
    """

    dtype: np.dtype
    shape: tuple[int, ...]
    join: Any = None
    divisor: int = 1


class TileFunction:
    """A group as a function of a tile.

    Args:
        group: the group.

    Attributes:
        lines: its source, but for the line with its name.
        needs: the globals that the source uses.
        parts: how the results come out, in their order.
    """

    def __init__(self, group: Group) -> None:
        self.group = group
        self.needs: dict[str, Any] = {}
        self.parts = tuple(_part(group, value) for value in group.results)
        rows = math.prod(group.shape) if group.is_flat else group.shape[0]
        self.row = () if group.is_flat else group.shape[1:]
        self.rows = rows
        length = max(1, TILE // max(1, math.prod(self.row)))
        tiles = max(1, -(-rows // length))
        self.length = -(-rows // tiles)  # all tiles alike
        self.scratch: list[np.dtype] = []
        self._names: dict[Value, str] = {}
        self._used = {"first", "last", "np", *dir(builtins), *self._globals_of_members(),
                      *(f"t{i}" for i in range(len(group.members)))}
        self.lines = self._write()
        self._function: Callable[..., Any] | None = None

    @property
    def comment(self) -> str:
        """How the work is cut."""
        what = "numbers" if self.group.is_flat else "rows"
        return (f"{-(-self.rows // self.length):,} tiles of {self.length:,} {what}")

    def signature(self, name: str) -> str:
        """The line `def name(...):`."""
        return f"def {name}({', '.join(self._parameters)}):"

    def __call__(self, xp: Any, inputs: Any, *, group: Group, out: Any = None) -> tuple[Any, ...]:
        """The group's results; this is the kernel of its step when it is interpreted."""
        if self._function is None:
            scope = {"np": np, **self.needs}
            text = "\n".join([self.signature("tile"), *self.lines])
            exec(compile(text, "<flowgraph tile>", "exec"), scope)  # our own text
            self._function = scope["tile"]
        return in_tiles(self._function, self, inputs, out)

    # ---- text ------------------------------------------------------------------------------------

    def _globals_of_members(self) -> set[str]:
        """Names that the members' expressions need, which values must not take."""
        names = {"BiasAddGrad"}
        for member in self.group.members:
            definition = member.op_def
            made = None if definition.lists else (
                template(definition, member.attrs, definition.takes_out))
            names.update({definition.type} if made is None else made.needs)
        return names

    def _name(self, value: Value) -> str:
        wish = identifier(value.name.removeprefix("gradients/") if len(value.name) <= 32
                          else "/".join(value.name.split("/")[-2:]))
        found, i = wish, 1
        while found in self._used:
            found, i = f"{wish}_{i}", i + 1
        self._used.add(found)
        return found

    def _write(self) -> list[str]:
        group = self.group
        for value in group.inputs:
            self._names[value] = self._name(value)
        sliced = [self._names[v] for v in group.inputs if self.is_sliced(v)]
        whole_results = [v for v, part in zip(group.results, self.parts, strict=True)
                         if part.join is None]
        places = {}
        for value in whole_results:
            places[value] = self._names[value] = self._name(value)
        body = self._members(places)
        scratch = [f"t{i}" for i in range(len(self.scratch))]
        self._parameters = ["first", "last", *(self._names[v] for v in group.inputs),
                            *places.values(), *scratch]
        rows = [*sliced, *places.values()]
        cut = [*(f"{name}[first:last]" for name in rows),
               *(f"{name}[:last - first]" for name in scratch)]
        lines = [f"    {', '.join(some)}{',' * (len(some) == 1)} = {', '.join(parts)}"
                 f"{',' * (len(some) == 1)}"
                 for some, parts in zip(_few([*rows, *scratch]), _few(cut), strict=True)]
        joined = [self._names[v] for v, part in zip(group.results, self.parts, strict=True)
                  if part.join is not None]
        if joined:
            body.append(f"    return {', '.join(joined)}{',' * (len(joined) == 1)}")
        return lines + body

    def is_sliced(self, value: Value) -> bool:
        """Whether a tile takes only its rows of an input."""
        shape = value.spec.shape or ()
        if self.group.is_flat:
            return shape == self.group.shape
        return len(shape) == len(self.group.shape) and shape[0] == self.group.shape[0] and (
            self.group.shape[0] > 1)

    def _members(self, places: dict[Value, str]) -> list[str]:
        members = self.group.members
        last_use = {v: i for i, m in enumerate(members) for v in m.inputs if v is not None}
        held: dict[Value, int] = {}  # which piece of scratch memory has it
        free: dict[np.dtype, list[int]] = {}
        lines = []
        for i, member in enumerate(members):
            out = member.outputs[0]
            dying = [v for v in held if last_use.get(v, -1) <= i]
            target = places.get(out, "")
            if not target and member.op_def.takes_out and not is_reduction(member):
                dtype = out.spec.dtype.numpy
                mine = [v for v in dying if v in member.inputs and self.scratch[held[v]] == dtype]
                if mine and writes_last(member.op_def):
                    held[out] = held.pop(mine[0])
                    dying.remove(mine[0])
                elif free.get(dtype):
                    held[out] = free[dtype].pop()
                else:
                    held[out] = len(self.scratch)
                    self.scratch.append(dtype)
                target = f"t{held[out]}"
            lines.append(self._line(member, target, out in places))
            for value in dying:
                free.setdefault(self.scratch[held[value]], []).append(held.pop(value))
        return lines

    def _line(self, member: Instr, target: str, is_place: bool) -> str:
        definition, out = member.op_def, member.outputs[0]
        ends = is_reduction(member)
        arguments = [self._argument(v) for v in (member.inputs[:1] if ends else member.inputs)]
        takes_out = bool(target) and definition.takes_out
        attrs = member.attrs
        if ends:
            axes = self._axes(member)
            arguments.append(repr(axes[0] if len(axes) == 1 else axes))
            if definition.type == "Mean" and self.parts[self.group.results.index(out)].join:
                definition = op_def("Sum")
            if definition.type == "Sum" and is_column_sum(member) and not self.group.is_flat:
                definition, arguments, attrs = op_def("BiasAddGrad"), arguments[:1], {}
        if not definition.lists:
            made = template(definition, attrs, takes_out)
        else:
            made = None
        if made is not None:
            holes = dict(zip(definition.params, arguments, strict=True))
            expression = made.text.format(**holes, out=target)
            self.needs.update(made.needs)
        else:
            expression = self._kernel_call(definition, arguments, attrs,
                                           target if takes_out else "")
        if is_place and not takes_out:
            code = f"{target}[...] = {expression}"
        elif is_place:
            code = expression
        else:
            self._names[out] = self._name(out)
            code = f"{self._names[out]} = {expression}"
        op = member.origins[0]
        comment = "".join(c if c.isprintable() else "?" for c in f"{op.name}  {op.frame}")
        return f"{'    ' + code:<{_COMMENT_COLUMN}}  # {comment}"

    def _axes(self, member: Instr) -> tuple[int, ...]:
        """The axes that a reduction takes away, in a tile."""
        axes = axes_of(member) or ()
        return (0,) if self.group.is_flat else axes

    def _kernel_call(self, definition: OpDef, arguments: list[str], attrs: dict[str, Any],
                     out: str) -> str:
        self.needs[definition.type] = definition.kernel
        groups = [f"({', '.join(part)},)" if isinstance(part, tuple) else part
                  for part in definition.group(arguments)]
        keywords = []
        for key, value in attrs.items():
            text = repr(value)
            if not is_literal(value) or isinstance(value, DType):
                text = f"_{definition.type}_{key}_{len(self.needs)}"
                self.needs[text] = value
            keywords.append(f"{key}={text}")
        keywords += [f"out={out}"] * bool(out)
        return f"{definition.type}({', '.join(['np', *groups, *keywords])})"

    def _argument(self, value: Value | None) -> str:
        assert value is not None
        if value in self._names:
            return self._names[value]
        assert value.const is not None  # a single number
        number = value.const.reshape(())
        if number.dtype.kind == "f" and number.dtype.itemsize <= 8 and np.isfinite(number):
            return f"{numpy_name(value.spec.dtype)}({number!s})"
        if number.dtype.kind in "iu":
            return f"{numpy_name(value.spec.dtype)}({int(number)})"
        name = self._names[value] = self._name(value)
        self.needs[name] = number
        return name


def _few(names: list[str]) -> list[list[str]]:
    """Names in rows of a few, as many as fit on a line of source."""
    return [names[i:i + 4] for i in range(0, len(names), 4)]


def _part(group: Group, value: Value) -> Part:
    member = next(m for m in group.members if value in m.outputs)
    dtype = value.spec.dtype.numpy
    shape: tuple[int, ...] = value.spec.shape or ()  # type: ignore[assignment]
    if value not in group.joined:
        return Part(dtype, shape)
    axes = axes_of(member) or ()
    count = 1
    if member.op_def.type == "Mean":
        count = math.prod(group.shape[axis] for axis in axes)
    return Part(dtype, shape, _JOIN[member.op_def.type], count)


def in_tiles(function: Callable[..., Any], tiles: TileFunction, inputs: Any,
             out: Any = None) -> tuple[Any, ...]:
    """Calls a function for every tile, and returns the whole results.

    Args:
        function: the group as a function of a tile.
        tiles: how it is cut.
        inputs: the group's inputs.
        out: per result an array to write it into, or None.
    """
    group = tiles.group
    given = []
    for value, array in zip(group.inputs, inputs, strict=True):
        if group.is_flat:
            array = np.ascontiguousarray(array).reshape(-1) if tiles.is_sliced(value) else (
                array.reshape(()) if isinstance(array, np.ndarray) else array)
        given.append(array)
    results: list[Any] = []
    places = []
    for i, part in enumerate(tiles.parts):
        place = None
        if part.join is None:
            place = out[i] if out is not None and out[i] is not None else np.empty(part.shape,
                                                                                   part.dtype)
            places.append(place.reshape(-1) if group.is_flat else place)
        results.append(place)
    firsts = range(0, tiles.rows, tiles.length)
    workers = min(cores(), len(firsts))
    joined: list[list[Any]] = [[] for _ in range(workers)]

    def work(number: int) -> None:
        bank = _take_bank(tiles)
        scratch = _views(bank, tiles)
        begin, end = (len(firsts) * n // workers for n in (number, number + 1))
        for first in firsts[begin:end]:
            found = function(first, min(first + tiles.length, tiles.rows), *given, *places,
                             *scratch)
            if found is not None:
                joined[number].append(found)
        _banks.append(bank)

    with np.errstate(all="ignore"):
        if workers == 1:
            work(0)
        else:
            parallel([partial(work, number) for number in range(workers)])
    found = [parts for of_worker in joined for parts in of_worker]
    if found:
        rest = iter(zip(*found, strict=True))
        for i, part in enumerate(tiles.parts):
            if part.join is not None:
                total = part.join.reduce(np.array(next(rest)), axis=0)
                if part.divisor > 1:
                    total = total / total.dtype.type(part.divisor)
                whole = np.asarray(total, part.dtype).reshape(part.shape)
                results[i] = whole if part.shape else whole[()]
    return tuple(results)


def _take_bank(tiles: TileFunction) -> np.ndarray:
    """Memory for what lies between members, in one piece."""
    size = sum(_size(tiles, dtype) for dtype in tiles.scratch)
    while _banks:
        bank = _banks.pop()
        if bank.nbytes >= size:
            return bank
    return np.empty(size, np.uint8)


def _size(tiles: TileFunction, dtype: np.dtype) -> int:
    return -(-tiles.length * math.prod(tiles.row) * dtype.itemsize // 64) * 64


def _views(bank: np.ndarray, tiles: TileFunction) -> list[np.ndarray]:
    views, at = [], 0
    count = tiles.length * math.prod(tiles.row)
    for dtype in tiles.scratch:
        views.append(bank[at:at + count * dtype.itemsize].view(dtype).reshape(
            (tiles.length, *tiles.row)))
        at += _size(tiles, dtype)
    return views
