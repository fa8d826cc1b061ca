"""The source of a loop: a function with a Python loop, above the function that calls it.

    def while_loop(i, value, x, buffers, nodes):
        b0, = buffers
        i_steps = range(0, 1000)
        value_next = np.empty((16,), np.float32)
        np_tanh, np_add = np.tanh, np.add
        for i in i_steps:
            Tanh = np_tanh(value, b0)                               # while/Tanh  model.py:7
            value = np_add(Tanh, x, value_next)                     # while/add   model.py:7
        return value

Counters are Python's integers; one that an operation needs as an array is made into one there. What
is saved of each round, and what is written into a TensorArray, becomes the rows of one array. Where
something is not as the source takes it to be, the loop runs in the general way (`rounds.General`).
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.ops.tensor_list import TensorList
from flowgraph.plan import rounds
from flowgraph.plan.loop_rows import LoopRows
from flowgraph.plan.loops import IN_TURN, Loop, is_int_scalar, largest, smallest
from flowgraph.plan.plan import Plan, Step
from flowgraph.plan.source import Source, _few
from flowgraph.program.ir import Value

_COMPARISONS = {"Less": "<", "LessEqual": "<=", "Greater": ">", "GreaterEqual": ">=",
                "Equal": "==", "NotEqual": "!="}
_PARAMETER = re.compile(r"(^|/)Identity(_\d+)?$")  # TensorFlow's name of each loop variable
_LOGIC = {"LogicalAnd": "and", "LogicalOr": "or"}
# Inputs that a kernel takes as a Python integer too.
_INDICES = {("TensorListGetItem", 1), ("TensorListSetItem", 1), ("TensorListGetOrZeros", 1),
            ("TensorListFromItem", 0)}


class LoopSource(LoopRows):
    """Writes the function of a loop, and the calls of it.

    Args:
        outer: the source that it is a part of.
        step: the loop's step there.
    """

    def __init__(self, outer: Source, step: Step) -> None:
        self.step = step
        self.loop: Loop = outer.plan.loops[step.instr]
        self.filename = outer.filename
        self.step_of_line, self.globals = outer.step_of_line, outer.globals
        self._used, self._globals, self._lines = outer._used, outer._globals, outer._lines
        self._shown = outer._shown
        self._tiles, self._loops, self._functions, self._templates = {}, {}, {}, {}
        self._gpu_kernels = {}
        self._scope = step.op.name.rpartition("/")[0] + "/"
        self.results = _used_results(outer.plan, step)
        self.name = super()._unique(f"{step.op.name}_loop")
        self._depth = 1
        self._inline = False  # whether Python's numbers need no lines of their own
        self._inputs: list[str] = []
        self._named: dict[Plan, dict[int, str]] = {}
        self._views: dict[Plan, list[str]] = {}
        self._inner: dict[Plan, str] = {}  # what the steps keep in the session
        self._host: dict[Value, str] = {}  # values that are Python's numbers, as expressions
        self._numbers: dict[Value, str] = {}  # inputs as Python's numbers
        self._arrays: dict[int, Any] = {}  # arrays made of such numbers, by slot
        self._steps: dict[int, Any] = {}  # the ranges of counters
        self._rounds = self._round = ""
        self._enumerates = False
        self._items: dict[Step, str] = {}  # steps that are done by an index into rows
        self._unsure: list[str] = []  # rows that are None where the list is no array
        self._readers: dict[Any, str] = {}  # the rows of lists that are read
        self._setters: dict[Step, str] = {}  # steps that set a row
        self._adders: dict[Step, str] = {}  # steps that make an item to be added, and to what
        self._rows: dict[int, str] = {}  # by result of the body: the array of what is saved
        self._direct: set[int] = set()  # those that steps write into
        self._ahead: dict[int, int] = {}  # of a loop variable: its next value is the next row
        self._lists: dict[int, str] = {}  # by result of the body: the list of what is saved
        self._written: dict[int, str] = {}  # by loop variable: the list that it becomes
        self._turns: list[list[str]] = []  # names of memory that is written into in turn
        self._skipped: set[Any] = set()  # instructions that the loop itself stands for
        self._write_loop()

    def call(self, source: Source, views: list[str], node: str) -> str:
        """The call, as a statement of the source it stands in."""
        step = self.step
        lent = [views[view] for view in source.plan.buffers.lent.get(step.instr, ())]
        inputs = [source._argument(step, j) for j in range(len(step.inputs))]
        for k in self.results:
            if step.outputs[k] not in source._names:
                source._names[step.outputs[k]] = source._unique(step.instr.outputs[k].name)
        names = ", ".join(source._names[step.outputs[k]] for k in self.results)
        called = f"{self.name}({', '.join([*inputs, _tuple(lent), node])})"
        return f"{names} = {called}" if names else called

    # ---- the function ----------------------------------------------------------------------------

    def _write_loop(self) -> None:
        loop = self.loop
        for plan in (loop.cond, loop.body):
            self._named[plan] = {}
        for j, feed in enumerate(loop.body.program.feeds):
            other = loop.cond.program.feeds[j].value
            wish = other.name if feed.value.name == "unused" else feed.value.name
            name = self._unique(self._variable(j) if _PARAMETER.search(wish) else wish)
            self._inputs.append(name)
            for plan in (loop.cond, loop.body):
                self._named[plan][plan.feed_slots[j]] = name
        body = loop.body.program
        used = {v for instr in body.instrs for v in instr.inputs} | {*body.fetches[loop.carried:]}
        self._skipped = {body.producers[body.fetches[k]] for k in loop.counters
                         if loop.is_counted or body.fetches[k] not in used}
        for plan in loop.plans:
            self._part(plan)
            self._write_above()
        self._lines += ["", ""] if self._lines else []
        self._lines.append(f"def {self.name}({', '.join([*self._inputs, 'buffers', 'nodes'])}):")
        for plan in loop.plans:
            self._part(plan)
            self._views[plan] = [self._unique(f"b{i}") for i in range(len(plan.buffers.views))]
        views = [view for some in self._views.values() for view in some]
        if views:
            self._emit(f"{', '.join(views)}{',' * (len(views) == 1)} = buffers")
        for number, plan in enumerate((loop.cond, loop.body)):
            if plan.nodes:
                self._inner[plan] = self._unique("inner")
                self._emit(f"{self._inner[plan]} = nodes[{number}].nodes")
        general = self._global("general", rounds.General(self.step.instr, self.results))
        self._in_general = f"return {general}(nodes, {', '.join(self._inputs)})"
        if loop.is_counted:
            self._write_ranges()
            self._part(loop.body)
            self._find_rows()
        else:
            self._write_counters()
        self._write_places()
        self._look_up()
        if loop.is_counted:
            self._emit(self._for())
            self._depth += 1
        else:
            self._write_condition()
        self._part(loop.body)
        self._write_round()
        self._depth -= 1
        returned = [self._returned(k) for k in self.results]
        self._emit(f"return {', '.join(returned)}")

    def _variable(self, k: int) -> str:
        """What a loop variable is called, whose name in the graph says nothing."""
        if k in self.loop.counters:
            return "i"
        is_list = self.loop.body.program.feeds[k].value.spec.dtype is dt.variant
        return "items" if is_list else "value"

    def _unique(self, name: str) -> str:
        return super()._unique(name.removeprefix(self._scope))

    def _is_written(self, step: Step) -> bool:
        return step.instr not in self._skipped

    def _look_up(self) -> None:
        calls = dict.fromkeys(
            function for plan in self.loop.plans for step in plan.steps
            if step.xp is np and self._is_written(step) and step not in self._items
            and not (self._inline and step.instr.op_def.type in _COMPARISONS)
            and (made := self._made(step)) is not None for function in made.functions)
        for function in calls:
            self._functions[function] = self._unique(f"np_{function}")
        for some in _few(list(self._functions)):
            self._emit(f"{', '.join(self._functions[name] for name in some)} = "
                       f"{', '.join(f'np.{name}' for name in some)}")

    def _part(self, plan: Plan) -> None:
        """What is written next is of the condition's or of the body's plan."""
        self.plan = plan
        self._names = self._named[plan]

    def _emit(self, code: str, comment: str = "") -> None:
        super()._emit("    " * (self._depth - 1) + code, comment)

    def _when(self, what: str) -> None:
        """Runs the loop in the general way when something holds."""
        self._emit(f"if {what}:")
        self._emit(f"    {self._in_general}")

    # ---- counters --------------------------------------------------------------------------------

    def _number(self, j: int) -> str:
        """An input as a Python integer."""
        value = self.step.instr.inputs[j]
        if value is not None and value.const is not None:
            return str(int(value.const))
        return f"int({self._inputs[j]})"

    def _write_ranges(self) -> None:
        """The numbers of each counter, as a range."""
        loop = self.loop
        feeds = loop.body.program.feeds
        unsure = []
        for limit in loop.limits:
            k, by = limit.counter, loop.counters[limit.counter]
            stop = self._number(limit.limit) if limit.is_input else str(limit.limit)
            if limit.inclusive:
                number = 1 if by > 0 else -1
                stop = str(int(stop) + number) if not stop.endswith(")") else _plus(stop, number)
            start = self._number(k)
            text = f"range({start}, {stop}{f', {by}' if by != 1 else ''})"
            if k in self._steps:
                self._steps[k].append(text)
            else:
                self._steps[k] = [text]
            bound = feeds[k].value
            if not (abs(by) == 1 and not limit.inclusive) and not (
                    not stop.endswith(")") and not stop.startswith("int(")
                    and smallest(bound) <= int(stop) + by <= largest(bound)):
                unsure.append(k)
            if limit.inclusive and stop.startswith("int("):
                unsure.append(k)
        texts = self._steps
        self._steps = {}
        for k, some in texts.items():
            name = self._steps[k] = self._unique(f"{self._inputs[k]}_steps")
            shortest = some[0] if len(some) == 1 else f"min({', '.join(some)}, key=len)"
            self._emit(f"{name} = {shortest}")
        first = loop.limits[0].counter
        limited = list(self._steps)
        others = [k for k in loop.counters if k not in self._steps]
        if len(limited) > 1 or others or loop.rows or loop.carried in self.results:
            self._rounds = self._unique("rounds")
            lengths = [f"len({self._steps[k]})" for k in limited]
            self._emit(f"{self._rounds} = " + (lengths[0] if len(lengths) == 1
                                               else f"min({', '.join(lengths)})"))
        if len(limited) > 1:
            for k in limited:
                self._emit(f"{self._steps[k]} = {self._steps[k]}[:{self._rounds}]")
        for k in others:
            start, by = self._number(k), loop.counters[k]
            name = self._steps[k] = self._unique(f"{self._inputs[k]}_steps")
            self._emit(f"{name} = range({start}, {start} + {by} * {self._rounds}, {by})")
            unsure.append(k)
        for k in dict.fromkeys(unsure):
            fit = self._global("fit", rounds.fit)
            self._when(f"not {fit}(np.{feeds[k].value.spec.dtype.name}, {self._steps[k]})")
        for k in loop.counters:
            self._host[feeds[k].value] = self._inputs[k]
            self._host[loop.body.program.fetches[k]] = _plus(self._inputs[k], loop.counters[k])
        self._first = first
        starts = [k for k in self._steps if loop.counters[k] == 1 and self._number(k) == "0"]
        self._round = self._inputs[starts[0]] if starts else ""
        if loop.rows:
            self._enumerates = not starts
            self._round = self._round or self._unique("round")
            most = rounds.MOST_BYTES // max(1, sum(
                loop.body.program.fetches[s].spec.nbytes or 0 for s in loop.rows))
            self._when(f"{self._rounds} > {most}")

    def _for(self) -> str:
        """The head of the loop."""
        loop = self.loop
        program = loop.body.program
        used = {value for instr in program.instrs if instr not in self._skipped
                for value in instr.inputs} | set(program.fetches[loop.carried:])
        running = [k for k in loop.counters
                   if program.feeds[k].value in used or program.fetches[k] in used
                   or (self._inputs[k] == self._round and loop.rows)]
        if not running:
            running = [self._first]
        names = [self._inputs[k] for k in running]
        steps = [self._steps[k] for k in running]
        head, numbers = ", ".join(names), steps[0]
        if len(running) > 1:
            numbers = f"zip({', '.join(steps)})"
        if self._enumerates:
            head = f"{self._round}, {head if len(running) == 1 else f'({head})'}"
            numbers = f"enumerate({numbers})"
        return f"for {head} in {numbers}:"

    def _write_counters(self) -> None:
        """Counters that go on as long as the condition says."""
        loop = self.loop
        for k in loop.counters:
            self._emit(f"{self._inputs[k]} = {self._number(k)}")
        for plan in (loop.cond, loop.body):
            for k in loop.counters:
                self._host[plan.program.feeds[k].value] = self._inputs[k]
        if loop.carried in self.results or any(k > loop.carried for k in self.results):
            self._rounds = self._unique("rounds")
            self._emit(f"{self._rounds} = 0")
        for plan in (loop.cond, loop.body):  # what counters are compared with
            places: dict[Any, int] = {
                feed.value: j for j, feed in enumerate(plan.program.feeds)}
            for instr in plan.program.instrs:
                if instr.op_def.type in _COMPARISONS and any(v in self._host for v in instr.inputs):
                    for value in instr.inputs:
                        j = places.get(value, -1)
                        if j in loop.fixed and is_int_scalar(value) and value not in self._numbers:
                            name = self._unique(f"{self._inputs[j]}_number")
                            self._emit(f"{name} = {self._number(j)}")
                            self._numbers[value] = name

    # ---- memory ----------------------------------------------------------------------------------

    def _write_places(self) -> None:
        """Memory for the values of loop variables, and for what is saved of each round."""
        loop, plan = self.loop, self.loop.body
        self._part(plan)
        index = {out: step for step in plan.steps for out in step.instr.outputs}
        parts = self._parts_of_saved()
        feeds = {feed.value: k for k, feed in enumerate(plan.program.feeds)}
        for s in sorted(loop.rows):
            value = plan.program.fetches[s]
            k = feeds.get(value, -1)
            if k in loop.places and self._is_ahead(k):
                self._ahead[s] = k
        for s in sorted(loop.rows):
            value = plan.program.fetches[s]
            k = feeds.get(value, -1)
            if s in parts:
                continue
            self._rows[s] = self._unique(f"{value.name}_rows")
            if k in loop.counters:
                self._emit(f"{self._rows[s]} = {self._global('numbers', rounds.numbers)}("
                           f"{self._steps[k]}, np.{np.dtype(value.spec.dtype.numpy).name})")
                self._direct.add(s)
                continue
            shape = "".join(f", {n}" for n in value.spec.shape or ())
            more = " + 1" * (s in self._ahead)
            self._emit(f"{self._rows[s]} = {self._global('empty', rounds.empty)}(("
                       f"{self._rounds}{more}{shape}{',' * (not shape)}), "
                       f"np.{np.dtype(value.spec.dtype.numpy).name})")
            step = index.get(value)
            if (step is not None and value.spec.shape and step.view < 0 and not step.views
                    and step.instr.op_def.takes_out and len(step.instr.outputs) == 1
                    and value.spec.size and plan.lifetimes.roots[value] == {value}
                    and value not in self._host and step not in self._items):
                step.view = len(self._views[plan])
                self._views[plan].append(f"{self._rows[s]}[{self._round}]")
                self._direct.add(s)
        for s in range(loop.carried, len(plan.program.fetches)):
            if s not in loop.rows:
                self._lists[s] = self._unique("items")
                self._emit(f"{self._lists[s]} = []")
        for s, (whole, cut) in parts.items():
            self._rows[s] = self._unique(f"{plan.program.fetches[s].name}_rows")
            self._emit(f"{self._rows[s]} = {self._rows[whole]}[{cut}]")
            self._direct.add(s)
        for s, k in self._ahead.items():
            step = index[plan.program.fetches[k]]
            self._emit(f"{self._rows[s]}[0] = {self._inputs[k]}")
            self._direct.add(s)
            step.view = len(self._views[plan])
            self._views[plan].append(f"{self._rows[s]}[{_plus(self._round, 1)}]")
        for k, how in loop.places.items():
            if k in self._ahead.values():
                continue
            value = plan.program.fetches[k]
            names = [self._unique(f"{self._inputs[k]}_next")]
            if how == IN_TURN:
                names.append(self._unique(f"{self._inputs[k]}_spare"))
                self._turns.append(names)
            for name in names:
                self._emit(f"{name} = {self._empty(value)}({value.spec.shape}, "
                           f"np.{np.dtype(value.spec.dtype.numpy).name})")
            index[value].view = len(self._views[plan])
            self._views[plan].append(names[0])

    # ---- a round ---------------------------------------------------------------------------------

    def _write_condition(self) -> None:
        plan = self.loop.cond
        self._part(plan)
        at, self._inline = len(self._lines), True
        self._depth += 1
        self._write_steps(self._views[plan], self._inner.get(plan, ""))
        self._depth -= 1
        self._inline = False
        slot, _ = plan.fetches[0]
        answer = self._host.get(plan.program.fetches[0]) or self._names[slot]
        if len(self._lines) == at:
            self._emit(f"while {answer}:")
            self._depth += 1
            return
        written = self._lines[at:]
        steps = {line: self.step_of_line.pop(line) for line in range(at + 1, len(self._lines) + 1)
                 if line in self.step_of_line}
        del self._lines[at:]
        self._emit("while True:")
        self._lines += written
        self.step_of_line.update({line + 1: step for line, step in steps.items()})
        self._depth += 1
        self._emit(f"if not {answer}:" if answer.isidentifier() else f"if not ({answer}):")
        self._emit("    break")

    def _write_round(self) -> None:
        """The steps of the body, and what makes the next round."""
        loop, plan = self.loop, self.loop.body
        program = plan.program
        feeds = {feed.value: k for k, feed in enumerate(program.feeds)}
        begun = set()
        for s in sorted(loop.rows):
            value = program.fetches[s]
            if value in feeds and s not in self._direct:
                self._emit(f"{self._rows[s]}[{self._round}] = {self._inputs[feeds[value]]}")
                begun.add(s)
        renamed = self._rename()
        self._write_steps(self._views[plan], self._inner.get(plan, ""))
        for s, rows in self._rows.items():
            if s not in begun and s not in self._direct:
                slot, _ = plan.fetches[s]
                self._emit(f"{rows}[{self._round}] = "
                           f"{self._host.get(program.fetches[s]) or self._names[slot]}")
        for s, items in self._lists.items():
            slot, copy = plan.fetches[s]
            self._emit(f"{items}.append({self._of(program.fetches[s], slot, copy)})")
        names, values = [], []
        for k in range(loop.carried):
            if k in renamed or k in loop.fixed or k in self._written:
                continue
            if k in loop.counters:
                if loop.is_counted:
                    continue
                found = self._host.get(program.fetches[k], self._next(k))
                names.append(self._inputs[k])
                values.append(found)
                continue
            slot, copy = plan.fetches[k]
            names.append(self._inputs[k])
            values.append(self._of(program.fetches[k], slot, copy))
        counters = [i for i, value in enumerate(values) if " if " in value]
        for i in counters:
            values[i] = f"({values[i]})" if len(values) > 1 else values[i]
        if names:
            self._emit(f"{', '.join(names)} = {', '.join(values)}")
        for one, other in self._turns:
            self._emit(f"{one}, {other} = {other}, {one}")
        if self._rounds and not loop.is_counted:
            self._emit(f"{self._rounds} += 1")
        elif len(self._lines) and self._lines[-1].endswith(":"):
            self._emit("pass")

    def _of(self, value: Value, slot: int, copy: bool) -> str:
        """A result of the body, as an array."""
        if value in self._host:
            return f"np.{np.dtype(value.spec.dtype.numpy).name}({self._host[value]})"
        return self._result(slot, copy)

    def _rename(self) -> set[int]:
        """Gives new values of loop variables these variables' names, where no one needs the old."""
        loop, plan = self.loop, self.loop.body
        program = plan.program
        made = {slot: i for i, step in enumerate(plan.steps) for slot in step.outputs}
        last = {slot: i for i, step in enumerate(plan.steps) for slot in step.inputs}
        renamed = set()
        for k in range(loop.carried):
            slot, copy = plan.fetches[k]
            value, old = program.fetches[k], plan.feed_slots[k]
            if (not copy and k not in loop.fixed and k not in loop.counters and slot in made
                    and slot not in self._names and program.fetches.count(value) == 1
                    and last.get(old, -1) <= made[slot] and value not in self._host
                    and not any(program.feeds[k].value is v for s, v in enumerate(program.fetches)
                                if s not in loop.rows)
                    and plan.steps[made[slot]].instr not in self._skipped):
                self._names[slot] = self._inputs[k]
                renamed.add(k)
        return renamed

    def _write_steps(self, views: list[str], nodes: str) -> None:
        plan = self.plan
        values = {slot: value for value, slot in plan.slots.items()}
        kept = {*plan.feed_slots, *(slot for slot, _ in plan.fetches)}
        node = 0
        for step in plan.steps:
            mine = ""
            if step.instr.op_def.takes_state or step.instr.bodies:
                mine, node = f"{nodes}[{node}]", node + 1
            if step.instr in self._skipped or self._write_host_step(step):
                continue
            self._write_step(step, views, mine)
            drops = [self._names[slot] for slot in step.drops if slot not in kept
                     and self._is_worth_dropping(values[slot]) and slot in self._names]
            if drops:
                self._emit(f"del {', '.join(drops)}")

    def _call(self, step: Step, views: list[str], made: Any, node: str = "") -> str:
        if step in self._items:
            return self._assign(step, self._items[step])
        if step in self._setters:
            return f"{self._setters[step]} = {self._argument(step, 2)}"
        if step in self._adders:
            add = self._global("add_item", rounds.add_item)
            return (f"{add}({self._adders[step]}, {self._argument(step, 0)}, "
                    f"{self._argument(step, 1)})")
        return super()._call(step, views, made, node)

    def _write_host_step(self, step: Step) -> bool:
        """Writes what is done with Python's numbers; False if the step is not of that kind."""
        instr = step.instr
        kind = instr.op_def.type
        if not instr.outputs:
            return False
        out = instr.outputs[0]
        if kind in ("Add", "AddV2", "Sub") and out in self.loop.body.program.fetches and any(
                out is self.loop.body.program.fetches[k] for k in self.loop.counters):
            k = next(k for k in self.loop.counters if out is self.loop.body.program.fetches[k])
            expression = self._next(k)
        elif kind in _COMPARISONS and out.spec.shape == () and any(
                v in self._host for v in instr.inputs):
            parts: list[Any] = [self._operand(v) for v in instr.inputs]
            if None in parts or any(v is None or v.spec.dtype.kind != "i" for v in instr.inputs):
                return False
            expression = f"{parts[0]} {_COMPARISONS[kind]} {parts[1]}"
        elif kind in _LOGIC and out.spec.shape == () and any(
                v in self._host for v in instr.inputs):
            if any(v is None or v.spec.shape != () for v in instr.inputs):
                return False
            parts = [self._host.get(v) or self._argument(step, j)  # type: ignore[arg-type]
                     for j, v in enumerate(instr.inputs)]
            expression = f" {_LOGIC[kind]} ".join(
                part if part.isidentifier() else f"({part})" for part in parts)
        elif kind == "LogicalNot" and instr.inputs[0] in self._host:
            expression = f"not ({self._host[instr.inputs[0]]})"
        elif step in self._items and is_int_scalar(out):
            expression = f"int({self._items[step]})"
        else:
            return False
        if self._inline:
            self._host[out] = expression
            return True
        name = self._unique(out.name)
        self._host[out] = name
        self._emit(f"{name} = {expression}", f"{step.op.name}  {step.op.frame}")
        return True

    def _operand(self, value: Value | None) -> str | None:
        """A number that is compared, as a Python expression; None if it is an array."""
        if value is None or value.spec.shape != ():
            return None
        if value.const is not None:
            return str(int(value.const)) if value.spec.dtype.kind == "i" else None
        return self._host.get(value) or self._numbers.get(value)

    def _argument(self, step: Step, j: int) -> str:
        value = step.instr.inputs[j]
        if value is None or value not in self._host:
            return super()._argument(step, j)
        if j in step.host or (step.instr.op_def.type, j) in _INDICES:
            return self._host[value]
        slot = step.inputs[j]
        arrays = self._arrays
        if slot not in arrays or self.plan is not arrays[slot][0]:
            name = self._unique(f"{value.name}_array")
            self._emit(f"{name} = np.{np.dtype(value.spec.dtype.numpy).name}({self._host[value]})")
            arrays[slot] = self.plan, name
        return arrays[slot][1]

    # ---- results ---------------------------------------------------------------------------------

    def _returned(self, k: int) -> str:
        loop = self.loop
        if k == loop.carried:
            return f"np.int32({self._rounds})"
        if k > loop.carried:
            s = k - 1
            lists = self._global("TensorList", TensorList)
            if s in self._ahead:
                return f"{lists}.of_rows({self._rows[s]}[:-1])"
            if s in self._rows:
                return f"{lists}.of_rows({self._rows[s]})"
            return f"{lists}(dict(enumerate({self._lists[s]})), {self._rounds})"
        if k in loop.counters:
            name = np.dtype(loop.body.program.feeds[k].value.spec.dtype.numpy).name
            if loop.is_counted:
                return f"np.{name}({self._global('after', rounds.after)}({self._steps[k]}))"
            return f"np.{name}({self._inputs[k]})"
        value = loop.body.program.fetches[k]
        if k in self._ahead.values() or any(
                loop.body.program.fetches[s] is value for s in self._direct):
            return f"np.array({self._inputs[k]})"  # a row would keep all rows alive
        return self._written.get(k, self._inputs[k])


def _used_results(plan: Plan, step: Step) -> list[int]:
    """The numbers of a step's results that something needs."""
    used = {slot for other in plan.steps for slot in other.inputs}
    used |= {slot for slot, _ in plan.fetches} | {slot for _, slot, _ in plan.writes}
    return [k for k, slot in enumerate(step.outputs) if slot in used]


def _plus(name: str, number: int) -> str:
    return f"{name} + {number}" if number >= 0 else f"{name} - {-number}"


def _tuple(parts: list[str]) -> str:
    return f"({', '.join(parts)}{',' * (len(parts) == 1)})"
