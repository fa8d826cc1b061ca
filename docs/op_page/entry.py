"""The Markdown of one op: what it is, what it takes, shapes, gradient, example."""

from __future__ import annotations

import inspect
import re

from flowgraph.core import dtypes as dt
from flowgraph.core.dtypes import DTypeSet
from flowgraph.opdef.opdef import REQUIRED

from .cases import OPS, Node, file_of
from .example import example_of
from .gradients import Traced, gradient_of
from .names import builders, names_of, signature_of
from .shapes import attribute_text, result_dtypes, shape_table

WORD = re.compile(r"[A-Za-z]\w*")
EFFECTS = {
    "random": "Gives new numbers in each run.",
    "resource": "Reads or changes an object that outlives the run.",
    "io": "Is seen from outside: it runs whenever it is in the program."}


def page_of(kind: str) -> str:
    """The page that an op is on, as "arithmetic"; rooms other than ops stand before the name."""
    room, _, name = file_of(kind).removeprefix("flowgraph.").partition(".")
    return name.replace(".", "_") if room == "ops" else f"{room}_{name.replace('.', '_')}"


def link(kind: str) -> str:
    """A link to an op from any op page."""
    return f"[`{kind}`]({page_of(kind)}.md#{kind.lower()})"


def meaning(kind: str) -> str:
    """The first sentence or line of an op's docstring, on one line."""
    first = (inspect.getdoc(type(OPS[kind])) or "").split("\n\n")[0]
    return escaped(" ".join(first.split()))


def escaped(text: str) -> str:
    """A docstring as Markdown: what would be a tag or emphasis by chance is neither."""
    if text.startswith("    "):
        return text
    parts = text.split("`")
    parts[::2] = [re.sub(r"<(?=[\w/!])", "&lt;", re.sub(r"(?<=\w)\*(?=\w)", r"\*", part))
                  for part in parts[::2]]
    return "`".join(parts)


class Entry:
    """What is known of one op for its page.

    Args:
        kind: the op's type.
        nodes: its nodes in the cases.
        error: the text of a ShapeError, or "".
    """

    def __init__(self, kind: str, nodes: list[Node], error: str) -> None:
        self.kind = kind
        self.op_def = OPS[kind]
        self.nodes = nodes
        self.error = error
        self.gradient = gradient_of(self.op_def, nodes)

    def types_in_formula(self) -> list[str]:
        """The op types that the formula names."""
        text = "\n".join(self.gradient.lines) if isinstance(self.gradient, Traced) else ""
        return sorted({word for word in WORD.findall(text) if word in OPS})

    def markdown(self, used_by: list[str]) -> str:
        """The section of the page.

        Args:
            used_by: the op types whose gradients name this one.
        """
        doc = (inspect.getdoc(type(self.op_def)) or "").split("\n\n")
        parts = [f"## {self.kind}", meaning(self.kind), *(escaped(p) for p in doc[1:]),
                 self._functions(used_by), self._inputs(), self._attributes(), self._facts(),
                 self._shapes(), self._gradient(), self._example()]
        return "\n\n".join(part for part in parts if part)

    # -- what it takes --------------------------------------------------------------------------

    def _functions(self, used_by: list[str]) -> str:
        lines = []
        for value in builders()[self.kind]:
            others = [f"`{name}`" for name in names_of(value)[1:]]
            also = f", also {', '.join(others)}" if others else ""
            summary = (inspect.getdoc(value) or "").split("\n\n")[0].replace("\n", " ")
            lines.append(f"- `{signature_of(value)}`{also}: {escaped(summary)}")
        if lines:
            return "**Built by**\n\n" + "\n".join(lines)
        if used_by:
            return f"No public function builds it. Used in the gradient of {_and(used_by)}."
        return "No public function builds it."

    def _inputs(self) -> str:
        op_def, rows = self.op_def, []
        for param in op_def.params:
            dtype = op_def.dtypes[param]
            text = f"`{dtype}`" if isinstance(dtype, str) else _members(dtype)
            rows.append((f"`{param}`", text, self._about(param)))
        for i, text in enumerate(self._results()):
            rows.append((f"result{f' {i}' if op_def.multiple else ''}", text, ""))
        if not rows:
            return ""
        sets = [f"`{name}` is {_members(getattr(op_def, name))}."
                for name in dict.fromkeys(op_def.dtypes.values()) if isinstance(name, str)]
        width = 3 if any(about for *_, about in rows) else 2
        table = "\n".join(f"| {' | '.join(row[:width])} |" for row in
                          [("tensor", "dtype", "remark"), ("---",) * 3, *rows])
        return "\n\n".join([table, " ".join(sets)]) if sets else table

    def _results(self) -> list[str]:
        """The dtypes of the results; one line for the many of a list."""
        if self.op_def.bodies or not self.nodes:
            return []
        texts = result_dtypes(self.op_def, self.nodes[0])
        return texts[:1] if len(set(texts)) == 1 and len(texts) > 3 else texts

    def _about(self, param: str) -> str:
        op_def, notes = self.op_def, []
        if param in op_def.lists:
            notes.append("a list of tensors")
        if param in op_def.host_inputs:
            notes.append("its contents shape the result")
        if param in op_def.refs:
            notes.append("the variable itself" + (", which is overwritten"
                                                  if param == op_def.overwrites else ""))
        return ", ".join(notes)

    def _attributes(self) -> str:
        op_def = self.op_def
        texts = []
        for key, default in op_def.attr_defaults.items():
            if key in op_def.bodies:
                texts.append(f"`{key}` (a sub-graph, or several)")
            elif default is REQUIRED:
                texts.append(f"`{key}` (must be given)")
            else:
                texts.append(f"`{key}={attribute_text(default)}`")
        return f"Attributes: {', '.join(texts)}." if texts else ""

    def _facts(self) -> str:
        op_def, facts = self.op_def, []
        if op_def.elementwise:
            facts.append("Works element by element, so it may run in place.")
        if op_def.commutative:
            facts.append("The inputs may be swapped.")
        if op_def.maps_values:
            facts.append("Takes a SparseTensor too, by its values.")
        if op_def.aliases:
            shared = ", ".join(f"`{param}`" for param in op_def.aliases)
            facts.append(f"The result may share the memory of {shared}.")
        if op_def.read_only:
            facts.append("The result may be a view that cannot be written to.")
        if op_def.folds_by_shape:
            facts.append("Needs only the input's shape.")
        if op_def.takes_state:
            facts.append("Keeps something in the Session between runs.")
        if op_def.effects:
            facts.append(EFFECTS[op_def.effects])
        if op_def.runs_user_code:
            facts.append("Runs the user's own Python.")
        if op_def.host_only:
            facts.append(f"Runs on the CPU only: {escaped(op_def.host_only).rstrip('.')}.")
        return " ".join(facts)

    # -- what it gives --------------------------------------------------------------------------

    def _shapes(self) -> str:
        table = shape_table(self.op_def, self.nodes)
        parts = ["**Shapes**\n\n" + "\n".join(table)] if table else []
        if self.error:
            parts.append("Shapes that do not fit raise a ShapeError:\n\n"
                         f"```text\n{self.error}\n```")
        return "\n\n".join(parts)

    def _gradient(self) -> str:
        traced = self.gradient
        if not isinstance(traced, Traced):
            return f"**Gradient.** {traced}"
        text = "\n".join(traced.lines)
        words = set(WORD.findall(text))
        told = []
        for i, (dy, result) in enumerate(zip(traced.dys, traced.results, strict=True)):
            which = "the result" if len(traced.results) == 1 else f"result {i}"
            if dy in words and result in words:
                told.append(f"`{result}` is {which} and `{dy}` its gradient")
            elif dy in words:
                told.append(f"`{dy}` is the gradient of {which}")
            elif result in words:
                told.append(f"`{result}` is {which}")
        none = [*traced.dry, *(p for p in self.op_def.params if p not in traced.dry
                               and p not in {flow.split("[")[0] for flow in traced.flows})]
        sentences = [f"Flows to {_and([f'`{x}`' for x in _shortened(traced.flows)])}"
                     + (f"; none to {_and([f'`{x}`' for x in _shortened(none)])}" if none else "")
                     + "."]
        if told:
            sentences.append(", ".join(told) + ".")
        if traced.unbroadcasts:
            sentences.append("What was stretched by broadcasting is summed back to its shape.")
        parts = [f"**Gradient.** {' '.join(sentences)}", f"```text\n{text}\n```"]
        parts += ["\n".join(f"- {link(kind)}: {meaning(kind)}" for kind in self.types_in_formula()
                            if kind != self.kind)]
        return "\n\n".join(part for part in parts if part)

    def _example(self) -> str:
        code = example_of(self.op_def, self.nodes)
        return f"**Example**\n\n```python\n{code}\n```" if code else ""


def named_sets() -> list[DTypeSet]:
    """The sets of dtypes that most ops use, which the index explains."""
    return [value for value in vars(dt).values() if isinstance(value, DTypeSet)]


def _members(members: DTypeSet) -> str:
    """A set of dtypes by its name, with the members where that is the op's own."""
    names = [dtype.name for dtype in members.members]
    if members in named_sets() or all(name in members.name for name in names):
        return members.name
    return f"{members.name} ({', '.join(names)})"


def _shortened(names: list[str]) -> list[str]:
    """values[0], values[1], ... as values."""
    return list(dict.fromkeys(name.split("[")[0] for name in names))


def _and(texts: list[str]) -> str:
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"
