"""Running a group of elementwise instructions tile by tile, on all cores.

A group becomes a function of its own, which generated source shows above `run`:

    def mul_1_tile(first, last, x, bias, mul_1, t0, t1):
        x, mul_1, t0, t1 = x[first:last], mul_1[first:last], t0[:last - first], t1[:last - first]
        add = np.add(x, bias, out=t0)                      # add  model.py:12
        tanh = np.tanh(add, out=t1)                        # Tanh  model.py:12
        np.multiply(add, tanh, out=mul_1)                  # mul_1  model.py:13

`in_tiles` (`plan/tile_runs.py`) calls it for one tile after another. What lies between the members
never leaves the cache: `t0` and `t1` are as large as a tile, and each line is one operation
(`plan/linear.py`). Reductions at the end give a part per tile, and `in_tiles` puts the parts
together; reductions of rows have all that they need in a tile.

Functions of many lines look NumPy's functions up once and give `out` by position: what is done
between two operations is done by one thread at a time, and a chain of 36 operations on 4 million
numbers takes 26.5 ms on two cores instead of 28.0.
"""

from __future__ import annotations

import builtins
import functools
import itertools
import math
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from flowgraph.core import aligned
from flowgraph.core.dtypes import DType
from flowgraph.opdef.opdef import OpDef, op_def
from flowgraph.plan.inline import identifier, is_literal, template, writes_last
from flowgraph.plan.linear import (
    Filled,
    Line,
    Viewed,
    argument_names,
    constant,
    lines_of,
    negated_absolute,
)
from flowgraph.plan.nested import OUT_BY_NAME
from flowgraph.plan.rows import row_max, row_min, row_sum
from flowgraph.plan.tile_runs import Part, in_tiles
from flowgraph.program.cells import name_of
from flowgraph.program.groups import AT_LABELS, Group, axes_of, is_reduction, taken
from flowgraph.program.ir import Instr, Value
from flowgraph.program.passes.column_sums import is_column_sum

# Elements of a tile, at most. Smaller ones fit into the cache better, but two threads that call
# NumPy often wait for each other: a chain of 40 operations on 4 million numbers with one input and
# four arrays of scratch takes 79 ms on two cores of 1 MB in tiles of 16,384, 50 in 32,768, 37 in
# 65,536, 37 in 131,072. One thread alone waits for no one: it gets a quarter of it.
TILE = 1 << 17
# Bytes of all arrays of a tile, for one thread and for several: these gain more by long calls than
# by what stays in the cache. On two cores a chain of 36 operations on 4 million numbers takes 34 ms
# in tiles of 1 MB, 30 in 1.5 MB; on a quieter machine 25.5 in 1.5 MB, 23.9 in 2 MB, 24.7 in 3 MB.
# On two cores of 512 KB, whose third cache is the larger, 20.0 in 2 MB, 19.4 in 4 MB and in 8 MB.
_CACHE = 3 << 19
_CACHES = 1 << 22
# Elements of a tile of several threads, at least: 47 operations on 100 rows of 784 run in two tiles
# of 39,200 numbers; with four of half the size, the whole step of `vae` takes 12 % longer.
_LEAST = 1 << 15
# From which work on several threads pay, in additions: for less than 0.3 ms, waking one and waiting
# for it takes longer than it saves.
_LARGE = 3 << 19
_SLOW = {"np.exp", "np.log", "np.expm1", "np.log1p", "np.tanh", "np.sin", "np.cos", "np.sign",
         "np.power"}  # ufuncs that take three times as long as an addition
_LONG = 1 << 12  # numbers of a tile, beside which a line of the cache is nothing
_MANY = 12  # lines of a function, from which on it looks up NumPy's functions once
_COMMENT_COLUMN = 72
_JOIN = {"Sum": np.add, "Mean": np.add, "Max": np.maximum, "Min": np.minimum}
TILE_FILE = "<flowgraph tile>"  # where tracebacks say that a group's function stands
_numbers = itertools.count()


class _Code(NamedTuple):
    """One line of the function, before it is known which memory it writes.

    Attributes:
        member: of the group.
        result: what it makes: a Value, or (member, number) for what lies within a member.
        uses: what it takes.
        text: function from the names of these, and of the memory to write into or "", to source.
        dtype, shape: of the result, the whole of it.
        takes_out: whether it writes into memory that it is given.
        in_place: whether that may be what it takes.
        is_statement: whether the call, with memory given, has another value than its result.
    """

    member: Instr
    result: Any
    uses: tuple[Any, ...]
    text: Callable[[list[str], str], str]
    dtype: np.dtype
    shape: tuple[int, ...]
    takes_out: bool
    in_place: bool
    is_statement: bool = False


class TileFunction:
    """A group as a function of a tile.

    Args:
        group: the group.

    Attributes:
        lines: its source, but for the line with its name.
        code: the source of each member.
        member_of: the member that each line of the source belongs to.
        needs: the globals that the source uses.
        constants: those of them that are numbers.
        filled: the tiles full of one number that it takes, by name.
        number: which no other one has.
        is_large: whether it is worth several threads.
        parts: how the results come out, in their order.
    """

    def __init__(self, group: Group) -> None:
        self.group = group
        self.needs: dict[str, Any] = {}
        self.constants: dict[str, np.ndarray] = {}
        self.filled: dict[str, np.ndarray] = {}
        self.parts = tuple(_part(group, value) for value in group.results)
        rows = math.prod(group.shape) if group.is_flat else group.shape[0]
        self.row = () if group.is_flat else group.shape[1:]
        self.rows = rows
        self.scratch: list[np.dtype] = []
        self.number = next(_numbers)
        self._names: dict[Any, str] = {}
        self._functions: dict[str, str] = {}  # names of NumPy's functions that are looked up once
        self._looks_up = False
        self._used = {"first", "last", "np", *dir(builtins)}
        self.code: list[str] = []
        self.lines = self._write()
        self.length = self._length()
        self._function: Callable[..., Any] | None = None
        self._full: list[np.ndarray] | None = None

    def _length(self) -> int:
        """How many rows a tile has."""
        cut = [*(v.spec.dtype.numpy for v in self.group.inputs if self.group.is_sliced(v)),
               *(part.dtype for part in self.parts if part.join is None), *self.scratch,
               *(number.dtype for number in self.filled.values())]
        each = max(1, sum(dtype.itemsize for dtype in cut))
        most = (min(TILE, max(_LEAST, _CACHES // each)) if self.is_large
                else min(TILE // 4, _CACHE // each))
        tiles = max(1, -(-self.rows // max(1, most // max(1, math.prod(self.row)))))
        tiles += tiles % 2 if tiles > 1 else 0  # for two threads
        length = max(1, -(-self.rows // tiles))  # all tiles alike
        if self.group.is_flat and length >= _LONG:  # each begins at a line of the cache
            length = -(-length // aligned.LINE) * aligned.LINE
        return length

    @property
    def comment(self) -> str:
        """How the work is cut."""
        what = "numbers" if self.group.is_flat else "rows"
        tiles = f"{-(-self.rows // self.length):,} tiles of {self.length:,} {what}"
        name = name_of(self.group.members)
        return f"{name}: {tiles}" if name else tiles

    def signature(self, name: str) -> str:
        """The line `def name(...):`."""
        return f"def {name}({', '.join(self._parameters)}):"

    def __call__(self, xp: Any, inputs: Any, *, group: Group, out: Any = None) -> tuple[Any, ...]:
        """The group's results; this is the kernel of its step when it is interpreted."""
        if self._function is None:
            scope = {"np": np, **self.needs}
            text = "\n".join([self.signature("tile"), *self.lines])
            exec(compile(text, TILE_FILE, "exec"), scope)  # our own text
            self._function = scope["tile"]
        return in_tiles(self._function, self, inputs, out)

    def member_at(self, number: int) -> Instr | None:
        """The member whose source stands on a line of the function that an interpreted run calls.

        Args:
            number: of the line.
        """
        return self.member_of.get(self.lines[number - 2]) if number > 1 else None

    def full_tiles(self) -> list[np.ndarray]:
        """The tiles full of one number, made when the group runs for the first time."""
        if self._full is None:
            made = []
            for number in self.filled.values():
                made.append(aligned.empty((self.length, *self.row), number.dtype))
                made[-1][...] = number
            self._full = made  # only now: filling lets other threads in
        return self._full

    # ---- text ------------------------------------------------------------------------------------

    def _name(self, value: Any) -> str:
        name = value.name if isinstance(value, Value) else f"{value[0].outputs[0].name}_in"
        name = name.removeprefix("gradients/")
        wish = identifier(name if len(name) <= 32 else "/".join(name.split("/")[-2:]))
        found, i = wish, 1
        while found in self._used:
            found, i = f"{wish}_{i}", i + 1
        self._used.add(found)
        return found

    def _write(self) -> list[str]:
        group = self.group
        code = [line for member in _needed(group) for line in self._code(member)]
        self._used.update(self.needs, self.filled, (f"t{i}" for i in range(len(code))))
        for value in group.inputs:
            self._names[value] = self._name(value)
        sliced = [self._names[v] for v in group.inputs if group.is_sliced(v)]
        whole_results = [v for v, part in zip(group.results, self.parts, strict=True)
                         if part.join is None]
        places = {}
        for value in whole_results:
            places[value] = self._names[value] = self._name(value)
        self._looks_up = len(code) >= _MANY
        body = self._body(code, places)
        work = sum(3 if any(f"{name}(" in text for name in self._slow()) else 1 for text in body)
        self.is_large = math.prod(group.shape) * work >= _LARGE
        scratch = [*self.filled, *(f"t{i}" for i in range(len(self.scratch)))]
        self._parameters = ["first", "last", *(self._names[v] for v in group.inputs),
                            *places.values(), *scratch]
        rows = [*sliced, *places.values()]
        cut = [*(f"{name}[first:last]" for name in rows),
               *(f"{name}[:last - first]" for name in scratch)]
        lines = [f"    {', '.join(some)}{',' * (len(some) == 1)} = {', '.join(parts)}"
                 f"{',' * (len(some) == 1)}"
                 for some, parts in zip(_few([*rows, *scratch]), _few(cut), strict=True)]
        lines += [f"    {', '.join(self._functions[name] for name in some)} = {', '.join(some)}"
                  for some in _few(list(self._functions))]
        joined = [self._names[v] for v, part in zip(group.results, self.parts, strict=True)
                  if part.join is not None]
        if joined:
            body.append(f"    return {', '.join(joined)}{',' * (len(joined) == 1)}")
        return lines + body

    def _body(self, code: list[_Code], places: dict[Value, str]) -> list[str]:
        """The lines, each told which memory to write into: what is free, or what dies with it."""
        last_use = {key: i for i, line in enumerate(code) for key in line.uses}
        held: dict[Any, int] = {}  # which piece of scratch memory has it
        free: dict[np.dtype, list[int]] = {}
        lines = []
        of_member: dict[Instr, list[str]] = {member: [] for member in self.group.members}
        self.member_of: dict[str, Instr] = {}
        for i, line in enumerate(code):
            dying = [key for key in held if last_use.get(key, -1) <= i]
            target = places.get(line.result, "")
            if not target and line.takes_out and line.shape == self.group.shape:
                mine = [key for key in dying if key in line.uses
                        and self.scratch[held[key]] == line.dtype]
                if mine and line.in_place:
                    held[line.result] = held.pop(mine[0])
                    dying.remove(mine[0])
                elif free.get(line.dtype):
                    held[line.result] = free[line.dtype].pop()
                else:
                    held[line.result] = len(self.scratch)
                    self.scratch.append(line.dtype)
                target = f"t{held[line.result]}"
            text = self._line(line, target, line.result in places)
            of_member[line.member].append(text)
            op = line.member.origins[0]
            comment = "".join(c if c.isprintable() else "?" for c in f"{op.name}  {op.frame}")
            lines.append(f"{'    ' + text:<{_COMMENT_COLUMN}}  # {comment}")
            self.member_of[lines[-1]] = line.member
            for key in dying:
                free.setdefault(self.scratch[held[key]], []).append(held.pop(key))
        self.code = ["; ".join(of_member[member]) for member in self.group.members]
        return lines

    def _line(self, line: _Code, target: str, is_place: bool) -> str:
        expression = line.text([self._names[key] for key in line.uses],
                               target if line.takes_out else "")
        if is_place:
            return expression if line.takes_out else f"{target}[...] = {expression}"
        if target and line.takes_out and (line.is_statement or not isinstance(line.result, Value)):
            self._names[line.result] = target
            return expression
        self._names[line.result] = self._name(line.result)
        return f"{self._names[line.result]} = {expression}"

    # ---- the lines of a member -------------------------------------------------------------------

    def _code(self, member: Instr) -> list[_Code]:
        if is_reduction(member):
            return [self._reduction(member)]
        out = member.outputs[0]
        if member.op_def.type == "Reshape":
            rest = ", ".join(map(str, out.spec.shape[1:]))  # type: ignore[index]
            return [_Code(member, out, (member.inputs[0],),
                          lambda names, _: f"{names[0]}.reshape({f'-1, {rest}' if rest else '-1'})",
                          out.spec.dtype.numpy, _shape(out), False, False)]
        size_of = self.group.absolutes.get(member)
        if size_of is not None:
            return self._linear(member, negated_absolute(out.spec.dtype.numpy), {"x": size_of})
        lines = None if member.op_def.type in AT_LABELS else lines_of(member)
        if lines is None:
            return [self._whole(member)]
        return self._linear(member, lines, dict(zip(argument_names(member), member.inputs,
                                                    strict=True)))

    def _linear(self, member: Instr, lines: list[Line],
                inputs: dict[str, Value | None]) -> list[_Code]:
        """A member whose kernel is taken apart into lines."""
        code: list[_Code] = []
        for i, line in enumerate(lines):
            keys: list[Any] = []
            shapes: list[tuple[int, ...]] = []
            holes: list[Callable[[list[str]], str]] = []
            for argument in line.arguments:
                view, inner = "", argument
                if isinstance(argument, Viewed):
                    inner, view = argument.of, f".view(np.{argument.dtype.name})"
                if isinstance(inner, str):
                    value = inputs[inner]
                    assert value is not None
                    inner = value if value.const is None or value.spec.size != 1 else (
                        constant(value.const.reshape(()), value.const.dtype))
                elif isinstance(inner, int):
                    shapes.append(code[inner].shape)
                    inner = (member, inner)
                if isinstance(inner, Value):
                    shapes.append(_shape(inner))
                if isinstance(inner, (np.ndarray, Filled)):
                    holes.append(partial(self._number_text, inner, view))
                else:
                    keys.append(inner)
                    holes.append(partial(_argument_text, len(keys) - 1, view))
            shape = np.broadcast_shapes(*shapes)
            if line.is_reduction:
                shape = (*shape[:-1], 1)
            if shape != self.group.shape:  # a full tile would make it large
                holes = [partial(self._number_text, a.number, "") if isinstance(a, Filled) else hole
                         for a, hole in zip(line.arguments, holes, strict=True)]
            for argument in line.arguments if shape == self.group.shape else ():
                if isinstance(argument, Filled):
                    self.filled[_filled_name(argument.number)] = argument.number
            is_last = i == len(lines) - 1
            takes_out = not line.is_reduction and (shape == self.group.shape or (
                is_last and member.outputs[0] in self.group.results))
            code.append(_Code(member, member.outputs[0] if is_last else (member, i), tuple(keys),
                              partial(self._call, line, holes), line.dtype, shape, takes_out,
                              not line.is_reduction and line.function != "copy",
                              line.function == "copy" or line.out_dtype is not None))
        return code

    def _number_text(self, number: Any, view: str, _names: list[str]) -> str:
        """A constant, as an argument."""
        if isinstance(number, Filled):
            return _filled_name(number.number)
        if view:
            number = constant(number.view(view.removeprefix(".view(np.").removesuffix(")")),
                              np.dtype(view.removeprefix(".view(np.").removesuffix(")")))
        name = constant_name(number)
        self.needs[name] = self.constants[name] = number
        return name

    def _call(self, line: Line, holes: list[Callable[[list[str]], str]], names: list[str],
              out: str) -> str:
        """A line as source."""
        arguments = [hole(names) for hole in holes]
        if line.function in ("max", "sum"):
            function = {"max": row_max, "sum": row_sum}[line.function]
            self.needs[function.__name__] = function
            return f"{function.__name__}({arguments[0]})"
        if line.function == "copy":
            return (f"np.copyto({out}, {arguments[0]}, casting='unsafe')" if out else
                    f"{arguments[0]}.astype(np.{line.dtype.name})")
        if line.keywords:
            arguments.append(line.keywords)
        if out:
            view = f".view(np.{line.out_dtype.name})" if line.out_dtype is not None else ""
            called = line.function if line.keywords else self._function_name(line.function)
            by_name = "out=" if called == line.function else ""
            return f"{called}({', '.join(arguments)}, {by_name}{out}{view})"
        call = f"{line.function}({', '.join(arguments)})"
        if line.out_dtype is None:
            return call
        if line.keywords:  # the mask, in its own memory
            call = f"np.negative({arguments[0]}).astype(np.{line.out_dtype.name})"
        return f"{call}.view(np.{line.dtype.name})"

    def _slow(self) -> set[str]:
        """What the slow functions of NumPy are called here."""
        return {self._functions.get(name, name) for name in _SLOW}

    def _function_name(self, function: str) -> str:
        """What `np.add` is called here: `np_add` where functions are looked up once."""
        name = function.removeprefix("np.")
        if not self._looks_up or name in OUT_BY_NAME:
            return function
        if function not in self._functions:
            found, i = f"np_{name}", 1
            while found in self._used:
                found, i = f"np_{name}_{i}", i + 1
            self._used.add(found)
            self._functions[function] = found
        return self._functions[function]

    def _whole(self, member: Instr) -> _Code:
        """A member as one expression, which may need memory of its own."""
        definition, out = member.op_def, member.outputs[0]
        keys = tuple(v for v in member.inputs if v is not None and not _is_number(v))
        numbers = [v.const.reshape(()) if v is not None and _is_number(v) else None  # type: ignore[union-attr]
                   for v in member.inputs]
        made = None if definition.lists else template(definition, member.attrs,
                                                      definition.takes_out)

        def text(names: list[str], target: str) -> str:
            rest = iter(names)
            arguments = [next(rest) if number is None else self._number_text(
                constant(number, number.dtype), "", []) for number in numbers]
            if made is None:
                return self._kernel_call(definition, arguments, member.attrs, target)
            self.needs.update(made.needs)
            holes = dict(zip(definition.params, arguments, strict=True))
            return made.text.format(**holes, out=target or "None")

        self.needs.update({definition.type: _kernel(definition)} if made is None else made.needs)
        return _Code(member, out, keys, text, out.spec.dtype.numpy, _shape(out),
                     definition.takes_out,
                     writes_last(definition) or definition.type in AT_LABELS)

    def _reduction(self, member: Instr) -> _Code:
        """A reduction: of rows, or a part of the whole."""
        value, out = member.inputs[0], member.outputs[0]
        assert value is not None
        axes = (0,) if self.group.is_flat else axes_of(member) or ()
        kind, keep = member.op_def.type, member.attrs["keep_dims"]
        rank = len(value.spec.shape or ())
        dtype, shape = out.spec.dtype.numpy, _shape(out)
        is_float = value.spec.dtype.name in ("float32", "float64")
        squared = self.group.squares.get(member)
        if squared is not None:
            return _Code(member, out, (squared,),
                         lambda names, _: f"np.vdot({names[0]}, {names[0]})",
                         dtype, shape, False, False)
        if (not self.group.is_flat and axes == (rank - 1,) and rank > 1 and is_float
                and kind in ("Sum", "Max", "Min")):
            function = {"Sum": row_sum, "Max": row_max, "Min": row_min}[kind]
            self.needs[function.__name__] = function
            ending = "" if keep else "[..., 0]"
            return _Code(member, out, (value,),
                         lambda names, _: f"{function.__name__}({names[0]}){ending}",
                         dtype, shape, False, False)
        definition, attrs, arguments = member.op_def, member.attrs, [
            repr(axes[0] if len(axes) == 1 else axes)]
        if kind == "Mean" and out in self.group.joined:
            definition = op_def("Sum")
        if definition.type == "Sum" and is_column_sum(member) and not self.group.is_flat:
            definition, arguments, attrs = op_def("BiasAddGrad"), [], {}
        made = template(definition, attrs, False)
        self.needs.update({definition.type: _kernel(definition)} if made is None else made.needs)

        def text(names: list[str], _: str) -> str:
            if made is None:
                return self._kernel_call(definition, [names[0], *arguments], attrs, "")
            holes = dict(zip(definition.params, [names[0], *arguments], strict=True))
            return made.text.format(**holes, out="")

        return _Code(member, out, (value,), text, dtype, shape, False, False)

    def _kernel_call(self, definition: OpDef, arguments: list[str], attrs: dict[str, Any],
                     out: str) -> str:
        self.needs[definition.type] = _kernel(definition)
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


def _needed(group: Group) -> list[Instr]:
    """The members, but for those that are done by who takes them.

    A sum of squares multiplies their root by itself; a negated absolute value sets signs.
    """
    gone = {instr.inputs[0] for instr in (*group.squares, *group.absolutes)}
    return [member for member in group.members if member.outputs[0] not in gone]


@functools.cache
def _kernel(definition: OpDef) -> Callable[..., Any]:
    """The kernel of an op, the same object each time: groups share their globals."""
    return definition.kernel


def _argument_text(at: int, view: str, names: list[str]) -> str:
    """An argument that has a name, perhaps read as another dtype."""
    return f"{names[at]}{view}"


def _shape(value: Value) -> tuple[int, ...]:
    """The shape of a value, whose sizes are known."""
    return value.spec.shape or ()  # type: ignore[return-value]


def _is_number(value: Value) -> bool:
    return value.const is not None and value.spec.size == 1


def constant_name(number: np.ndarray) -> str:
    """The name of a constant in source: `c1_5` is 1.5."""
    text = str(number).replace("-", "m").replace("+", "").replace(".", "_")
    return f"c{text}" + ("" if number.dtype == np.float32 else f"_{number.dtype.name}")


def _filled_name(number: np.ndarray) -> str:
    """The name of a tile full of a number."""
    return "zeros" if not any(number.tobytes()) else f"full_{constant_name(number)}"


def _few(names: list[str]) -> list[list[str]]:
    """Names in rows of a few, as many as fit on a line of source."""
    return [names[i:i + 4] for i in range(0, len(names), 4)]


def _part(group: Group, value: Value) -> Part:
    member = next(m for m in group.members if value in m.outputs)
    dtype = value.spec.dtype.numpy
    shape = _shape(value)
    if value not in group.joined:
        return Part(dtype, shape)
    axes = axes_of(member) or ()
    count = 1
    if member.op_def.type == "Mean":
        count = math.prod(_shape(taken(member)[0])[axis] for axis in axes)
    return Part(dtype, shape, _JOIN[member.op_def.type], count)
