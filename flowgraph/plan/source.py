"""Generated source: the plan as a NumPy function that a person could have written.

    def run(feeds, state, buffers, nodes):
        x, y = feeds
        w, b = state
        b0, b1 = buffers
        MatMul = np.matmul(x, w, out=b0)                              # MatMul  model.py:12
        add = np.add(MatMul, b, out=b0)                               # add     model.py:12
        ...
        return (loss,), (w_1, b_1)

One line is one step, so a line number of a traceback tells the step.

A run of many small operations is as fast as it calls them, so a function that is called sixteen
times or more is looked up once, and is given its `out` by position. Of 0.54 µs for an operation on
16 numbers the look-ups took 0.07 and the name of the keyword 0.04:

        np_tanh, np_add = np.tanh, np.add
        Tanh = np_tanh(x, b0)
"""

from __future__ import annotations

import builtins
import inspect
import itertools
import linecache
import re
import threading
import weakref
from collections import Counter
from typing import Any

import numpy as np

from flowgraph.core.dtypes import DType
from flowgraph.core.spec import shape_text
from flowgraph.opdef.opdef import plain_value
from flowgraph.plan.inline import Template, evaluated, identifier, is_literal, template
from flowgraph.plan.linear import constant
from flowgraph.plan.nested import OUT_BY_NAME, Nested, has_numbers, numbers_of
from flowgraph.plan.plan import Plan, Step, in_kernel, own
from flowgraph.plan.tile_runs import in_tiles
from flowgraph.plan.tiles import TileFunction, constant_name
from flowgraph.program.ir import Instr, Value
from flowgraph.program.transfers import Transfer

_COMMENT_COLUMN = 72
_LONGEST_NAME = 32  # longer names lose leading scopes; the comment has them in full
_DROP_BYTES = 1 << 16  # values outside the arena are deleted at their last use from this size on
_LOOKED_UP_ONCE = 16  # calls of a NumPy function; from so many on it is looked up before all
_CHUNK = 2048  # variables that fit into a chunk of frames
_MANY_LOCALS = 400
_MOST_PARTS = 8  # of a split, for its slices to stand on one line
_numbers = itertools.count(1)
# CPython 3.11 counts the depth of `ast` trees for all threads together: one writes at a time, or
# `ast.parse` raises SystemError.
_writing = threading.Lock()
_forgotten: list[str] = []  # file names of sources that other threads have dropped


def _forget(filename: str) -> None:
    """Takes a source out of linecache; the main thread does so, whose tracebacks walk through it.

    A name that went away while `linecache.checkcache` walks is a KeyError there.
    """
    _forgotten.append(filename)
    if threading.current_thread() is threading.main_thread():
        while _forgotten:
            linecache.cache.pop(_forgotten.pop(), None)


def _give_room(run: Any, plan: Plan) -> None:
    """Sees to it that a function of many variables has room behind its frame.

    CPython keeps frames in chunks of 16 KB. Behind a frame that just fits into one, every call of a
    Python function asks the system for a new chunk and gives it back: 40 µs. A frame that is larger
    than a chunk gets one of its own, with room for those that it calls.
    """
    code = run.__code__
    if code.co_nlocals > _MANY_LOCALS and not all(step.instr.op_def.elementwise
                                                  for step in plan.steps):
        run.__code__ = code.replace(co_stacksize=max(code.co_stacksize, _CHUNK))


class Source:
    """The text of a plan, its globals, and which step stands on which line.

    Attributes:
        text: the source.
        filename: under which linecache has it, so that tracebacks show it.
        step_of_line: the step of a line number.
    """

    _looks_up_all = False  # whether functions that are called once get a name, too
    _often: tuple[str, ...] | list[str] = ()  # NumPy's functions that many steps call
    _row = ""  # what a row is called that one line needs several times

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.filename = f"<flowgraph plan {next(_numbers)}>"
        self.step_of_line: dict[int, Step] = {}
        self._names: dict[int, str] = {}
        self.globals: dict[str, Any] = {"np": np, "host": plain_value, "own": own}
        self._used = {"cp", "feeds", "state", "buffers", "nodes", "run", *self.globals,
                      *dir(builtins)}
        self._globals: dict[tuple[str, int], str] = {}  # names of globals by wish
        self._tiles: dict[Step, str] = {}  # names of the functions of groups
        self._gpu_kernels: dict[Step, str] = {}  # names of the kernels of groups on a GPU
        self._shown: set[str] = set()  # constants of groups that have their line
        self._templates: dict[Step, Template | None] = {}
        self._loops: dict[Step, Any] = {}  # how the functions of loops are called
        self._functions: dict[str, str] = {}  # names of NumPy's functions that are called often
        self._lines: list[str] = []
        with _writing:
            self._write()
        self.text = "\n".join(self._lines) + "\n"

    def compile(self) -> Any:
        """The function run(feeds, state, buffers, nodes) -> (fetches, new state)."""
        linecache.cache[self.filename] = (len(self.text), None,
                                          self.text.splitlines(keepends=True), self.filename)
        weakref.finalize(self, _forget, self.filename)
        # Who sees a frame of it may ask for names.
        scope = dict(self.globals, __source__=weakref.ref(self))
        exec(compile(self.text, self.filename, "exec"), scope)  # our own text
        _give_room(scope["run"], self.plan)
        scope.update(self.globals)  # the program's read-only constants for those made by the text
        return scope["run"]

    def names(self) -> dict[str, str]:
        """What the values of the plan are called, by their names in the text."""
        return {self._names[slot]: value.name for value, slot in self.plan.slots.items()
                if slot in self._names}

    # ---- names -----------------------------------------------------------------------------------

    def _unique(self, name: str) -> str:
        scopes = name.removeprefix("gradients/").split("/")
        while len(scopes) > 1 and sum(map(len, scopes)) + len(scopes) - 1 > _LONGEST_NAME:
            del scopes[0]
        wish = identifier("/".join(scopes))
        found, i = wish, 1
        while found in self._used:
            found, i = f"{wish}_{i}", i + 1
        self._used.add(found)
        return found

    def _global(self, name: str, value: Any) -> str:
        """A global called `name`, or the like if another value has that name."""
        if (name, id(value)) not in self._globals:
            found = self._unique(name)  # a value of the plan may have the name
            self._globals[name, id(value)] = found
            self.globals[found] = value
        return self._globals[name, id(value)]

    # ---- text ------------------------------------------------------------------------------------

    def _write(self) -> None:
        plan = self.plan
        views = [self._unique(f"b{i}") for i in range(len(plan.buffers.views))]
        views += [self._unique(f"{plan.program.writes[i].variable.name}_next")
                  for _, i in plan.buffers.outgoing]
        self._write_above()
        self._lines += ["", ""] if self._lines else []
        self._lines.append("def run(feeds, state, buffers, nodes):")
        values = {slot: value for value, slot in plan.slots.items()}
        self._unpack("feeds", plan.feed_slots, values)
        self._unpack("state", plan.read_slots, values)
        if views:
            self._emit(f"{', '.join(views)}{',' * (len(views) == 1)} = buffers")
        self._look_up()
        self._write_steps(views, "nodes")
        fetches = [self._result(slot, copy) for slot, copy in plan.fetches]
        writes = [self._result(slot, copy) for _, slot, copy in plan.writes]
        self._emit(f"return {_tuple(fetches)}, {_tuple(writes)}")

    def _write_above(self) -> None:
        """What stands above the function: constants, the functions of groups and of loops."""
        plan = self.plan
        values = {slot: value for value, slot in plan.slots.items()}
        used = {slot for step in plan.steps if self._is_written(step)
                for j, slot in enumerate(step.inputs)
                if not (j in step.host and slot in plan.host_constants)}
        used |= {slot for slot, _ in plan.fetches} | {slot for _, slot, _ in plan.writes}
        for slot, array in plan.constants:
            if slot in used:
                self._names[slot] = self._unique(values[slot].name)
                self._constant(self._names[slot], array)
        for step in plan.steps:
            if isinstance(step.kernel, TileFunction):
                self._tile(step, step.kernel)
            elif in_kernel(step.instr):
                self._gpu_kernel(step)
            elif step.instr in plan.loops:
                from flowgraph.plan.loop_source import LoopSource  # which writes by this class
                self._loops[step] = LoopSource(self, step)
        if not self._looks_up_all:
            self._often = self._called_often()
        self._write_numbers()

    def _write_numbers(self) -> None:
        """The numbers that steps whose function is called often give to NumPy, as arrays."""
        if not (self._often or self._looks_up_all):
            return
        for step in self.plan.steps:
            if step.xp is np and self._is_written(step) and has_numbers(step.instr.op_def):
                made = template(step.instr.op_def, step.instr.attrs, True)
                if made is None or made.nested is None or not (
                        self._looks_up_all or made.function in self._often):
                    continue
                for value in numbers_of(step.instr, made.nested):
                    number = constant(value, step.instr.outputs[0].spec.dtype.numpy)
                    name = self._global(constant_name(number), number)
                    if name not in self._shown:
                        self._constant(name, number)
                        self._shown.add(name)

    def _is_written(self, step: Step) -> bool:
        """Whether a step has a line of its own."""
        return True

    def _write_steps(self, views: list[str], nodes: str) -> None:
        """All steps, a line each; `nodes` is the text of the session's objects for them."""
        values = {slot: value for value, slot in self.plan.slots.items()}
        node = 0
        for step in self.plan.steps:
            mine = ""
            if step.instr.op_def.takes_state or step.instr.bodies:
                mine, node = f"{nodes}[{node}]", node + 1
            self._write_step(step, views, mine)
            drops = [self._names[slot] for slot in step.drops
                     if self._is_worth_dropping(values[slot]) and slot in self._names]
            if drops:
                self._emit(f"del {', '.join(drops)}")

    def _write_step(self, step: Step, views: list[str], node: str) -> None:
        text = self._call(step, views, self._made(step), node)
        self.step_of_line[len(self._lines) + 1] = step
        self._emit(text, f"{step.op.name}  {step.op.frame}")

    def _emit(self, code: str, comment: str = "") -> None:
        code = "    " + code
        if not comment.isprintable():  # file names are not ours
            comment = "".join(c if c.isprintable() else "?" for c in comment)
        self._lines.append(f"{code:<{_COMMENT_COLUMN}}  # {comment}" if comment else code)

    def _unpack(self, what: str, slots: tuple[int, ...], values: dict[int, Value]) -> None:
        if not slots:
            return
        for slot in slots:
            self._names[slot] = self._unique(values[slot].name)
        names = ", ".join(self._names[slot] for slot in slots)
        specs = ", ".join(str(values[slot].spec) for slot in slots[:4])
        self._emit(f"{names}{',' * (len(slots) == 1)} = {what}",
                   specs + (", ..." if len(slots) > 4 else ""))

    def _constant(self, name: str, array: np.ndarray) -> None:
        """A constant: as text when it is a number, else bound by name and described."""
        self.globals[name] = array
        if isinstance(array, np.ndarray) and array.ndim == 0 and array.dtype.kind in "iufb":
            dtype = f"np.{array.dtype.name}"
            self._lines.append(f"{name} = np.array({array!s}, {dtype})" if np.isfinite(array)
                               else f"{name} = np.array(float('{array!s}'), {dtype})")
        else:
            where = "" if isinstance(array, np.ndarray) else ", on the GPU"
            self._lines.append(f"# {name}: a constant, {array.dtype.name}"
                               f"{shape_text(array.shape, '[]')}{where}")

    def _tile(self, step: Step, tiles: TileFunction) -> None:
        """A group as a function of a tile, above `run`."""
        if any(name != self._global(name, value) for name, value in tiles.needs.items()):
            return  # something else has such a name: the group is called as a whole
        for number in sorted(tiles.constants.keys() - self._shown):
            self._constant(number, tiles.constants[number])
        self._shown |= tiles.constants.keys()
        name = self._tiles[step] = self._unique(f"{step.instr.outputs[0].name}_tile")
        self._lines += ["", ""] if self._lines else []
        self._lines.append(f"{tiles.signature(name):<{_COMMENT_COLUMN}}  # {tiles.comment}")
        for line in tiles.lines:
            self._lines.append(line)
            member = tiles.member_of.get(line)
            self.step_of_line[len(self._lines)] = (
                step if member is None else Step(member, (), (), (), (), ()))

    def _gpu_kernel(self, step: Step) -> None:
        """A kernel of a GPU: its text for people, and its name."""
        kernel: Any = inspect.unwrap(step.kernel)  # it may be for another GPU than the others
        name = self._gpu_kernels[step] = self._global(kernel.name, step.kernel)
        self._lines += [f"# {line}".rstrip() for line in f"{name} = {kernel.source}".splitlines()]

    def _in_tiles(self, step: Step, views: list[str]) -> str:
        inputs = _tuple(self._argument(step, j) for j in range(len(step.inputs)))
        out = _tuple(views[view] if view >= 0 else "None" for view in step.views)
        name = self._tiles[step]
        tiles = self._global(f"{name}s", step.kernel)
        call = self._global("in_tiles", in_tiles)
        return self._assign(step, f"{call}({name}, {tiles}, {inputs}, {out})")

    def _made(self, step: Step) -> Template | None:
        """The step's template, found once."""
        if step not in self._templates:
            self._templates[step] = self._template(step)
        return self._templates[step]

    def _template(self, step: Step) -> Template | None:
        """The step's kernel as an expression; None where it is called by its op's name."""
        instr = step.instr
        if (step in self._tiles or step in self._gpu_kernels or instr.op_def.takes_state
                or instr.bodies
                or (step.gpu is not None and not self._is_written_for(step))):
            return None
        return template(instr.op_def, instr.attrs, step.view >= 0)

    def _is_written_for(self, step: Step) -> bool:
        """Whether a step of a GPU can be a line of CuPy's: all lines are for one GPU."""
        op_def = step.instr.op_def
        return (step.gpu is self.plan.gpu and not op_def.checks_data
                and not hasattr(op_def, "kernel_cupy"))

    def _called_often(self) -> list[str]:
        """NumPy's functions that many steps call."""
        calls = Counter(function for step in self.plan.steps if step.xp is np and (
            found := self._made(step)) is not None for function in found.functions)
        return [function for function, count in calls.items() if count >= _LOOKED_UP_ONCE]

    def _look_up(self) -> None:
        """Names for NumPy's functions that are called often."""
        for function in self._often:
            if function not in self._functions:
                self._functions[function] = self._unique(f"np_{function}")
        for some in _few(list(self._functions)):
            self._emit(f"{', '.join(self._functions[name] for name in some)} = "
                       f"{', '.join(f'np.{name}' for name in some)}")

    def _looked_up(self, expression: str, made: Template, out: str) -> str:
        """The expression with the name that its function has in this run, if it has one."""
        name = self._functions.get(made.function)
        if name is None or not expression.startswith(f"np.{made.function}("):
            return expression
        expression = name + expression.removeprefix(f"np.{made.function}")
        if made.is_ufunc and out and made.function not in OUT_BY_NAME:
            return expression.removesuffix(f"out={out})") + f"{out})"
        return expression

    def _nested(self, step: Step, made: Nested, holes: dict[str, str], out: str) -> str:
        """Several functions of NumPy, by the names that they have in this run."""
        names = {f"np_{function}": self._functions.get(function, f"np.{function}")
                 for function in made.functions}
        numbers = {f"number_{i}": repr(number) for i, number in enumerate(made.numbers)}
        for i, number in enumerate(numbers_of(step.instr, made)):
            array = constant(number, step.instr.outputs[0].spec.dtype.numpy)
            numbers[f"number_{i}"] = self._global(constant_name(array), array)
        text = made.text
        if not out.isidentifier():  # a row of an array: it is looked for once
            self._row = self._row or self._unique("row")
            text, out = text.replace("{out}", f"({self._row} := {out})", 1), self._row
        return text.format(**holes, **names, **numbers, out=out)

    def _call(self, step: Step, views: list[str], made: Template | None, node: str = "") -> str:
        """One step as an assignment; `node` is the text of the session's object for it."""
        if step in self._tiles:
            return self._in_tiles(step, views)
        if step in self._loops:
            return self._loops[step].call(self, views, node)
        if step in self._gpu_kernels:
            self.globals["cp"] = step.xp
            inputs = _tuple(self._argument(step, j) for j in range(len(step.inputs)))
            return self._assign(step, f"{self._gpu_kernels[step]}(cp, {inputs})")
        instr = step.instr
        op_def = instr.op_def
        if op_def.type in ("Split", "SplitV") and len(instr.outputs) <= _MOST_PARTS:
            cuts = cuts_of_split(instr)
            if cuts is not None:
                whole = self._argument(step, 1 if op_def.type == "Split" else 0)
                return self._assign(step, ", ".join(f"{whole}[{cut}]" for cut in cuts)
                                    + "," * (len(cuts) == 1))
        arguments = [self._argument(step, j) for j in range(len(step.inputs))]
        out = views[step.view] if step.view >= 0 else ""
        if any(view >= 0 for view in step.views):
            out = _tuple(views[view] if view >= 0 else "None" for view in step.views)
        if made is not None:
            holes = {param: group if isinstance(group, str) else _tuple(group)
                     for param, group in zip(op_def.params, op_def.group(arguments), strict=True)}
            is_nested = (made.nested is not None and made.function in self._functions
                         and step.xp is np)
            expression = (self._nested(step, made.nested, holes, out) if is_nested else  # type: ignore[arg-type]
                          made.text.format(**holes, out=out))
            needs = made.needs
            if needs and step.host:
                expression = evaluated(expression, needs)
                needs = {name: value for name, value in needs.items()
                         if re.search(rf"\b{name}\b", expression)}
            if step.gpu is not None:
                self.globals["cp"] = step.xp
                expression = re.sub(r"\bnp\b", "cp", expression)
            elif step.xp is not np:
                parallel = self._global("parallel", step.xp)
                expression = re.sub(r"^(\w+\()?np\b", rf"\1{parallel}", expression)
            expression = self._looked_up(expression, made, out)
            if all(name == self._global(name, value) for name, value in needs.items()):
                if not op_def.multiple and instr.outputs and (
                        instr.outputs[0].spec.dtype.kind == "s"):  # a lone text is no array else
                    expression = f"np.asarray({expression}, object)"
                return self._assign(step, expression)
        groups = [group if isinstance(group, str) else _tuple(group)
                  for group in op_def.group(arguments)]
        defaults = type(op_def).kernel.__kwdefaults__ or {}
        keywords = [f"{key}={self._attribute(step, key, value)}"
                    for key, value in instr.attrs.items()
                    if not (key in defaults and is_literal(value) and defaults[key] == value)]
        keywords += [f"out={out}"] * bool(out)
        keywords += [f"{'bodies' if instr.bodies else 'state'}={node}"] * bool(node)
        kernel = self._global(op_def.type, step.kernel)
        if step.gpu is not None:
            if isinstance(op_def, Transfer) and not (instr.device and instr.inputs[0].device):  # type: ignore[union-attr]
                gpu = self._global(step.gpu.name.replace(":", ""), step.gpu)
                return self._assign(step, f"{gpu}.upload({arguments[0]})" if instr.device
                                    else f"{gpu}.download([{arguments[0]}])[0]")
            self.globals["cp"] = step.xp
        xp = ("np" if step.xp is np else "cp" if step.gpu is not None
              else self._global("parallel", step.xp))
        return self._assign(step, f"{kernel}({', '.join([xp, *groups, *keywords])})")

    def _assign(self, step: Step, expression: str) -> str:
        values = step.instr.outputs
        for slot, value in zip(step.outputs, values, strict=True):
            if slot not in self._names:
                self._names[slot] = self._unique(value.name)
        names = [self._names[slot] for slot in step.outputs]
        if not names:
            return expression
        return f"{', '.join(names)}{',' * (step.instr.op_def.multiple and len(names) == 1)} = " \
               f"{expression}"

    def _argument(self, step: Step, j: int) -> str:
        slot = step.inputs[j]
        if slot < 0:
            return "None"
        if j in step.host:
            if slot in self.plan.host_constants:
                return self._literal(step.instr.inputs[j].name,  # type: ignore[union-attr]
                                     self.plan.host_constants[slot])
            return f"host({self._names[slot]})"
        return f"{self._names[slot]}[()]" if j in step.scalars else self._names[slot]

    def _attribute(self, step: Step, key: str, value: Any) -> str:
        if isinstance(value, DType):
            return self._global(f"_dtype_{value.base_dtype.name}", value)
        return self._literal(f"{step.op.name}_{key}", value)

    def _literal(self, name: str, value: Any) -> str:
        return repr(value) if is_literal(value) else self._global(identifier(name), value)

    def _result(self, slot: int, copy: bool) -> str:
        name = self._names[slot]
        if not copy:
            return name
        plain = self.plan.gpu is None and not any(step.instr.bodies for step in self.plan.nodes)
        return f"np.array({name})" if plain else f"own({name})"

    def _is_worth_dropping(self, value: Value) -> bool:
        nbytes = value.spec.nbytes
        return value not in self.plan.buffers.view_of and (nbytes is None or nbytes >= _DROP_BYTES)


def cuts_of_split(instr: Instr) -> list[str] | None:
    """The index of each part of a split, as text: `:, 128:`; None where sizes are not known."""
    of_equals = instr.op_def.type == "Split"
    value, axis = instr.inputs[1 if of_equals else 0], instr.inputs[0 if of_equals else 2]
    if (value is None or axis is None or axis.const is None or not value.spec.shape
            or not all(out.spec.is_static for out in instr.outputs)):
        return None
    place = int(axis.const) % len(value.spec.shape)
    sizes: list[Any] = [(out.spec.shape or ())[place] for out in instr.outputs]
    if value.spec.shape[place] != sum(sizes):
        return None
    ends = list(itertools.accumulate(sizes))
    return [":, " * place + f"{start or ''}:{end if end < ends[-1] else ''}"
            for start, end in zip([0, *ends], ends, strict=False)]


def _few(names: list[str]) -> list[list[str]]:
    """Names in rows of a few, as many as fit on a line."""
    return [names[i:i + 4] for i in range(0, len(names), 4)]


def _tuple(parts: Any) -> str:
    parts = list(parts)
    return f"({', '.join(parts)}{',' * (len(parts) == 1)})"

