"""Lists that a loop reads, writes and sums up, one item a round, as the rows of one array.

    x_rows = rows_of(x, i_steps, float32)          reading item i:  x_rows[i]
    y_rows = rows_to_write(y, i_steps, ...)        setting item i:  y_rows[i] = h
    sum_items = dict(sum.items())                  adding to it:    add_item(sum_items, i, dx)

Which of a list's items a loop goes through is known when it starts. Where they are not as the rows
of an array can be (some are missing, or of another dtype), the loop runs in the general way.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.ops.tensor_list import TensorList
from flowgraph.plan import rounds
from flowgraph.plan.loops import Loop, is_int_scalar, largest, smallest
from flowgraph.plan.plan import Step
from flowgraph.plan.source import Source, cuts_of_split
from flowgraph.program.ir import Value

_MASKS = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask")
_LARGE = 1 << 12  # bytes; smaller arrays need not begin at a line of the cache


class LoopRows(Source):
    """What a loop's source does about lists."""

    _looks_up_all = True
    loop: Loop
    _inputs: list[str]
    _steps: dict[int, Any]
    _items: dict[Step, str]
    _setters: dict[Step, str]
    _adders: dict[Step, str]
    _readers: dict[Any, str]
    _unsure: list[str]
    _written: dict[int, str]
    _skipped: set[Any]

    def _number(self, j: int) -> str:
        raise NotImplementedError

    def _when(self, what: str) -> None:
        raise NotImplementedError

    def _find_rows(self) -> None:
        """Lists that are read and written at counters become rows of one array."""
        plan = self.loop.body
        uses = Counter(v for instr in plan.program.instrs for v in instr.inputs if v is not None)
        uses.update(plan.program.fetches)
        places = {feed.value: j for j, feed in enumerate(plan.program.feeds)}
        marks = []
        indices: Counter[Value] = Counter()
        for step in plan.steps:
            kind, inputs = step.instr.op_def.type, step.instr.inputs
            if kind == "TensorListGetItem":
                marks += self._read_rows(step, places, uses)
            elif kind == "GatherV2" and is_int_scalar(inputs[1]):
                self._gather_rows(step, places)
            elif kind == "StridedSlice":
                indices.update(self._slice_rows(step, places))
            elif kind == "TensorListSetItem":
                self._write_rows(step, places, uses)
            elif kind == "TensorListAddN":
                self._add_rows(step, places, uses)
        if len(self._unsure) > 1:
            self._when(f"any(rows is None for rows in ({', '.join(self._unsure)}))")
        elif self._unsure:
            self._when(f"{self._unsure[0]} is None")
        for mark in marks:
            self._emit(mark)
        self._skipped |= {plan.program.producers[value] for value, count in indices.items()
                          if uses[value] == count}

    def _counter(self, value: Value | None, places: dict[Any, int]) -> int | None:
        k = places.get(value)
        return k if k in self.loop.counters else None

    def _read_rows(self, step: Step, places: dict[Any, int], uses: Any) -> list[str]:
        """Reading an item at a counter; what is to be noted when nothing can go wrong any more."""
        items, index = step.instr.inputs
        attrs = step.instr.attrs
        j, k = places.get(items), self._counter(index, places)
        once = bool(attrs.get("once"))
        if j not in self.loop.fixed or k is None or attrs["element_dtype"] is dt.variant or (
                once and uses[items] > 1 + (j < self.loop.carried)):
            return []
        key = j, k, attrs["element_dtype"]
        if key not in self._readers:
            name = self._readers[key] = self._unique(f"{self._inputs[j]}_rows")
            dtype = self._global(f"_dtype_{attrs['element_dtype'].name}", attrs["element_dtype"])
            self._emit(f"{name} = {self._global('rows_of', rounds.rows_of)}({self._inputs[j]}, "
                       f"{self._steps[k]}, {dtype}{', True' * once})")
            self._unsure.append(name)
        self._items[step] = f"{self._readers[key]}[{self._inputs[k]}]"
        return [f"{self._inputs[j]}.read.update({self._steps[k]})"] if once else []

    def _gather_rows(self, step: Step, places: dict[Any, int]) -> None:
        """Reading a row of an input at a counter."""
        _, index, axis = step.instr.inputs
        if (axis.const is None or int(axis.const) != 0  # type: ignore[union-attr]
                or step.instr.attrs.get("batch_dims")):
            return
        self._row_of(step, places, self._counter(index, places))

    def _slice_rows(self, step: Step, places: dict[Any, int]) -> list[Value]:
        """Reading `x[i]`, a row of an input at a counter; the arrays of its limits."""
        attrs, producers = step.instr.attrs, self.plan.program.producers
        _, begin, end, strides = step.instr.inputs
        made = producers.get(begin)  # type: ignore[arg-type]
        if (attrs.get("shrink_axis_mask") != 1 or made is None or made.op_def.type != "Pack"
                or any(attrs.get(mask) for mask in _MASKS)
                or begin.spec.shape != (1,) or strides is None or strides.const is None  # type: ignore[union-attr]
                or strides.const.tolist() != [1]):
            return []
        if not self._row_of(step, places, self._counter(made.inputs[0], places)):
            return []
        return [value for value in (begin, end) if value in producers
                and producers[value].op_def.type == "Pack"]

    def _row_of(self, step: Step, places: dict[Any, int], k: int | None) -> bool:
        """Makes a step an index, by a counter, into its first input; False if that cannot be."""
        params = step.instr.inputs[0]
        j = places.get(params)
        if (j not in self.loop.fixed or k is None or not params.spec.shape  # type: ignore[union-attr]
                or params.spec.dtype.kind == "s"):  # type: ignore[union-attr]
            return False
        if not self._is_within(k, params.spec.shape[0]):  # type: ignore[union-attr, arg-type]
            within = self._global("within", rounds.within)
            self._when(f"not {within}({self._steps[k]}, {params.spec.shape[0]})")  # type: ignore[union-attr]
        self._items[step] = f"{self._inputs[j]}[{self._inputs[k]}]"
        return True

    def _is_within(self, k: int, size: int) -> bool:
        """Whether it is known before the run that a counter is an index of so many rows."""
        start = self._number(k)
        return self.loop.counters[k] > 0 and start.isdigit() and any(
            limit.counter == k and not limit.is_input and limit.limit + limit.inclusive <= size
            for limit in self.loop.limits)

    def _write_rows(self, step: Step, places: dict[Any, int], uses: Any) -> None:
        """Setting an item at a counter, of a list that is only written."""
        items, index, item = step.instr.inputs
        j, k = places.get(items), self._counter(index, places)
        out = step.instr.outputs[0]
        if (j is None or k is None or j >= self.loop.carried or uses[items] > 1 or uses[out] > 1
                or self.plan.program.fetches[j] is not out or not item.spec.is_static  # type: ignore[union-attr]
                or item.spec.dtype.kind not in "iufbc" or item.spec.dtype is dt.variant):  # type: ignore[union-attr]
            return
        name = self._unique(f"{self._inputs[j]}_rows")
        dtype = self._global(f"_dtype_{item.spec.dtype.base_dtype.name}",  # type: ignore[union-attr]
                             item.spec.dtype.base_dtype)  # type: ignore[union-attr]
        self._emit(f"{name} = {self._global('rows_to_write', rounds.rows_to_write)}("
                   f"{self._inputs[j]}, {self._steps[k]}, {item.spec.shape}, {dtype}, "  # type: ignore[union-attr]
                   f"{bool(step.instr.attrs.get('grows'))})")
        self._unsure.append(name)
        self._setters[step] = f"{name}[{self._inputs[k]}]"
        written = self._global("written", rounds.written)
        self._written[j] = f"{written}({name}, {self._steps[k]}, {self._inputs[j]})"

    def _add_rows(self, step: Step, places: dict[Any, int], uses: Any) -> None:
        """Adding one item to a list that only sums up."""
        if len(step.instr.inputs) != 2:
            return
        total, one = step.instr.inputs
        made = self.plan.program.producers.get(one)  # type: ignore[arg-type]
        if made is None or made.op_def.type != "TensorListFromItem":
            return
        j, out = places.get(total), step.instr.outputs[0]
        item = made.inputs[1]
        if (j is None or j >= self.loop.carried or uses[total] > 1 or uses[one] > 1
                or uses[out] > 1 or self.plan.program.fetches[j] is not out
                or item.spec.dtype is dt.variant):  # type: ignore[union-attr]
            return
        name = self._unique(f"{self._inputs[j]}_items")
        self._emit(f"{name} = dict({self._inputs[j]}.items())")
        maker = next(other for other in self.plan.steps if other.instr is made)
        self._adders[maker] = name  # added as soon as it is made: its memory may be used again
        self._skipped.add(step.instr)
        lists = self._global("TensorList", TensorList)
        self._written[j] = f"{lists}({name}, {self._inputs[j]}.size)"

    def _is_ahead(self, k: int) -> bool:
        """Whether the next value of a loop variable, of which all are saved, is the next row."""
        program = self.loop.body.program
        value = program.fetches[k]
        return (program.fetches.count(value) == 1 and bool(value.spec.shape)
                and program.fetches.count(program.feeds[k].value) == 1)

    def _parts_of_saved(self) -> dict[int, tuple[int, str]]:
        """Of what is saved, the parts of something else that is: which, and how they are cut."""
        plan = self.loop.body
        program = plan.program
        saved = {program.fetches[s]: s for s in self.loop.rows}
        found = {}
        for s in self.loop.rows:
            maker = program.producers.get(program.fetches[s])
            if maker is None or maker.op_def.type not in ("Split", "SplitV"):
                continue
            whole = saved.get(maker.inputs[1 if maker.op_def.type == "Split" else 0])
            cuts = cuts_of_split(maker)
            if whole is not None and cuts is not None and whole not in found and (
                    program.fetches[whole] in program.producers):
                found[s] = whole, f":, {cuts[maker.outputs.index(program.fetches[s])]}"
        return {s: part for s, part in found.items() if part[0] not in found}

    def _empty(self, value: Value) -> str:
        """The function that makes memory for a value."""
        return self._global("empty", rounds.empty) if (value.spec.nbytes or 0) >= _LARGE \
            else "np.empty"

    def _next(self, k: int) -> str:
        """The next number of a counter, which may overflow."""
        name, by = self._inputs[k], self.loop.counters[k]
        value = self.loop.body.program.feeds[k].value
        low, high = smallest(value), largest(value)
        if by > 0:
            return f"{name} + {by} if {name} <= {high - by} else {name} - {high - low + 1 - by}"
        return f"{name} - {-by} if {name} >= {low - by} else {name} + {high - low + 1 + by}"
