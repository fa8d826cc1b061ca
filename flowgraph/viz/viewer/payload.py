"""The payload: all that the viewer shows of a graph, as JSON in which everything is an index.

    {"format": 1, "title": str, "generator": str, "direction": "up",
     "text":   [texts, each once],
     "types":  [[name, what the op's documentation says first]],
     "specs":  [[text "?×784 float32", shape or null, dtype, bytes or -1, elements]],
     "frames": [[file name, full path, line, function, the source line]],
     "groups": [[title, path, parent, kind, op, role]],
     "ops":    [[name, type, group, role, frame, device, outputs, attributes, owner, forward,
                 label]],
     "links":  [[tail, output, head, kind, spec, parameter]],
     "fetched": [ops], "unused": [ops], "runs": [runs]}

-1 stands for none. Texts of a graph are data of strangers: JSON keeps them apart from the page, and
`script_safe` keeps them from ending the element that they stand in.
"""

from __future__ import annotations

import inspect
import json
import linecache
import math
import sys
from collections.abc import Iterable
from typing import Any

from flowgraph.core.frames import NOWHERE, UserFrame
from flowgraph.core.spec import Spec
from flowgraph.graph.graph import Graph
from flowgraph.graph.operation import Operation
from flowgraph.viz import labels
from flowgraph.viz.model import needed
from flowgraph.viz.outline import Link, Outline
from flowgraph.viz.parts import constant_text
from flowgraph.viz.series import add_series
from flowgraph.viz.viewer.costs import run_rows

FORMAT = 1
_KINDS = {"data": 0, "ref": 1, "control": 2, "next": 3}
_LONGEST = 300  # characters of an attribute
_QUIET = {"Const", "Parameter", "VariableParameter", "Identity"}  # not what a graph does


class _Table:
    """Rows, each once, by the order in which they first came."""

    def __init__(self) -> None:
        self.rows: list[Any] = []
        self._numbers: dict[Any, int] = {}

    def number(self, key: Any, row: Any) -> int:
        """The place of the row called `key`; `row` makes it, or is it."""
        found = self._numbers.get(key)
        if found is None:
            found = self._numbers[key] = len(self.rows)
            self.rows.append(None)
            self.rows[found] = row() if callable(row) else row
        return found


class _Writer:
    """Writes the rows of one graph's ops, groups and links."""

    def __init__(self, outline: Outline) -> None:
        self.outline = outline
        self.text, self.types, self.specs, self.frames = _Table(), _Table(), _Table(), _Table()
        self.op_number = {op: i for i, op in enumerate(outline.ops)}
        self.group_number = {group: i for i, group in enumerate(outline.groups)}
        self._text_of_object: dict[int, str] = {}
        self._lines: dict[str, list[str]] = {}

    def say(self, text: str) -> int:
        """The number of a text."""
        return self.text.number(text, text)

    def groups(self) -> list[list[Any]]:
        """A row per group, outer before inner."""
        rows = []
        for group in self.outline.groups:
            parent = -1 if group.parent is None else self.group_number[group.parent]
            op = -1 if group.op is None else self.op_number[group.op]
            rows.append([self.say(group.title), self.say(group.path), parent, self.say(group.kind),
                         op, self.say(group.role)])
        return rows

    def op(self, op: Operation) -> list[Any]:
        """The row of an operation."""
        outline, roles = self.outline, self.outline.roles
        group = outline.group(op)
        owner = roles.folded.get(op, op)
        label = constant_text(op) if op.type == "Const" else None
        attrs = [[self.say(key), self.say(self._value(given))]
                 for key, given in op.attrs.items() if not key.startswith("_")]
        return [self.say(op.name), self.types.number(op.type, lambda: _type_row(op)),
                -1 if group is None else self.group_number[group], self.say(roles.role(op)),
                self._frame(op.frame), self.say(op.device or ""),
                [self._spec(tensor.spec) for tensor in op.outputs], attrs,
                -1 if owner is op else self.op_number[owner],
                self.op_number.get(op.forward_op, -1) if op.forward_op is not None else -1,
                -1 if label is None else self.say(label)]

    def link(self, link: Link) -> list[Any]:
        """The row of a link."""
        if link.tensor is None:
            return [self.op_number[link.tail], -1, self.op_number[link.head], _KINDS[link.kind],
                    -1, -1]
        index = link.tensor.value_index if link.tensor.op is link.tail else 0
        return [self.op_number[link.tail], index, self.op_number[link.head], _KINDS[link.kind],
                self._spec(link.tensor.spec), self.say(link.param)]

    def _spec(self, spec: Spec) -> int:
        return self.specs.number((spec.dtype.name, spec.shape), lambda: _spec_row(spec))

    def _frame(self, frame: UserFrame | None) -> int:
        if frame is None or frame.filename == NOWHERE.filename:
            return -1
        return self.frames.number(frame, lambda: [
            frame.file, frame.filename, frame.lineno, frame.function,
            self._source_line(frame)])

    def _source_line(self, frame: UserFrame) -> str:
        lines = self._lines.get(frame.filename)
        if lines is None:  # a file that is not there is looked for once
            lines = self._lines[frame.filename] = linecache.getlines(frame.filename)
        place = frame.lineno - 1
        return lines[place].strip()[:_LONGEST] if 0 <= place < len(lines) else ""

    def _value(self, given: Any) -> str:
        """An attribute as text; many ops share large ones, which are written once."""
        if isinstance(given, (str, int, float, bool, bytes, type(None))):
            return attribute_text(given)
        if id(given) not in self._text_of_object:
            self._text_of_object[id(given)] = attribute_text(given)
        return self._text_of_object[id(given)]


def payload(graph: Graph, fetches: Any = None, *, name: str = "", profile: Any = None,
            ) -> dict[str, Any]:
    """What the viewer shows of a graph, as plain values.

    Args:
        graph: the graph.
        fetches: what the reader asked for, which is marked: tensors, operations, variables, or
            names of them. What these do not need is drawn pale.
        name: the page's title.
        profile: recorded runs, whose times, sizes and values are shown.

    Returns:
        The dict described at the top of this file.

    Raises:
        KeyError: a name in `fetches` is not in the graph.
        ValueError: a fetch is of another graph.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default() as g:
        ...     y = fg.square(fg.placeholder(fg.float32, [None, 2], name="x"), name="y")
        >>> found = payload(g)
        >>> [found["text"][row[0]] for row in found["ops"]], found["specs"][0][0]
        (['x', 'y'], '?×2 float32')
    """
    version = sys.modules["flowgraph"].__version__  # the package around all rooms
    used, fetched = (None, set()) if fetches is None else needed(graph, fetches)
    outline = Outline(graph)
    add_series(outline)
    writer = _Writer(outline)
    groups = writer.groups()
    ops = [writer.op(op) for op in outline.ops]
    links = [writer.link(link) for link in outline.links]
    unused = [] if used is None else _unused(outline, set(used))
    runs = run_rows(profile, graph, writer.op_number)
    return {"format": FORMAT, "title": name or "graph",
            "generator": f"flowgraph {version}", "direction": "up",
            "text": writer.text.rows, "types": writer.types.rows, "specs": writer.specs.rows,
            "frames": writer.frames.rows, "groups": groups, "ops": ops, "links": links,
            "fetched": sorted(writer.op_number[op] for op in fetched),
            "unused": [writer.op_number[op] for op in unused], "runs": runs}


def script_safe(data: Any) -> str:
    """`data` as JSON that may stand in a `<script>` of a page, whatever its texts hold.

    Args:
        data: plain values.

    Returns:
        ASCII text without "<", ">" and "&"; JSON.parse gives the values back.

    Example:
        >>> print(script_safe(["</script>"]))
        ["\\u003c/script\\u003e"]
    """
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def attribute_text(given: Any) -> str:
    """An attribute as it stands in the panel.

    Args:
        given: a plain value, an array, a dtype, a shape, a graph, a function.

    Returns:
        Short text: large arrays are told by their shape.

    Example:
        >>> import numpy as np
        >>> attribute_text(b"NHWC"), attribute_text((1, 2)), attribute_text(np.zeros((3, 4)))
        ('NHWC', '[1, 2]', 'array of 3×4 float64')
    """
    if isinstance(given, bytes):
        text = given.decode(errors="backslashreplace")
    elif isinstance(given, str):
        text = given
    elif isinstance(given, Graph):
        types = [op.type for op in given.get_operations() if op.type not in _QUIET]
        text = f"a graph of {len(given.get_operations())} operations"
        if types:  # what it does: "Cast, Mul"
            text += f": {', '.join(types[:12])}{', …' if len(types) > 12 else ''}"
    elif hasattr(given, "dtype") and hasattr(given, "shape") and hasattr(given, "tolist"):
        short = labels.value(given, 120)
        text = short if short is not None else (
            f"array of {labels.shape(tuple(given.shape))} {given.dtype}")
    elif isinstance(given, (tuple, list)):
        shown = ", ".join(attribute_text(part) for part in given[:24])
        text = f"[{shown}{', …' if len(given) > 24 else ''}]"
    elif callable(given) and hasattr(given, "__name__") and not isinstance(given, type):
        text = f"function {given.__name__}"
    else:
        text = str(given.name if hasattr(given, "as_numpy_dtype") else given)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _unused(outline: Outline, used: set[Operation]) -> Iterable[Operation]:
    for op in outline.ops:
        outer = op
        while outer in outline.holder:
            outer = outline.holder[outer]
        if outer not in used:
            yield op


def _type_row(op: Operation) -> list[str]:
    documentation = inspect.cleandoc(type(op.op_def).__doc__ or "")
    return [op.type, " ".join(documentation.split("\n\n")[0].split())]


def _spec_row(spec: Spec) -> list[Any]:
    shape = spec.shape
    known = shape is not None and None not in shape
    elements = 1 if shape is None else math.prod(n for n in shape if n is not None)
    size = getattr(spec.dtype, "size", 0) or 0
    return [labels.spec(spec, always_dtype=True), None if shape is None else list(shape),
            spec.dtype.name, elements * size if known and size else -1, elements]
