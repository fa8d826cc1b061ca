"""A Program as DOT text: what runs, in which order, on which shapes.

    feeds, variables and constants  ->  instructions, numbered as they run  ->  what is fetched

Instructions are those after the passes: merged, folded and fused, so the picture shows what of the
graph is left to do.
"""

from __future__ import annotations

import textwrap

from flowgraph.program.ir import Instr, Program, Value
from flowgraph.viz import labels, style
from flowgraph.viz.dottext import attributes, html_label

_MOST_LINES = 4  # of the types of a group


def program_dot(program: Program) -> str:
    """The DOT text of a Program.

    Args:
        program: the program.

    Returns:
        DOT text, ending in a newline.

    Example:
        >>> import io
        >>> import flowgraph as fg
        >>> y = fg.square(fg.placeholder(fg.float32, [2], name="x"), name="y")
        >>> program = fg.Session().explain(y, {"x:0": [1, 2]}, file=io.StringIO()).optimised
        >>> [line.split(" [")[0].strip() for line in program_dot(program).splitlines()[4:-1]]
        ['"v0"', '"i0"', '"v0" -> "i0"', '"fetch0"', '"i0" -> "fetch0"']
    """
    return "\n".join(_Writer(program).lines()) + "\n"


class _Writer:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.nodes: dict[Value, str] = {}  # the node that gives a value
        self._sources = 0

    def lines(self) -> list[str]:
        """All lines of the text."""
        font = {"fontname": style.FONT, "fontcolor": style.INK}
        lines = ["digraph {", "  graph" + attributes({"rankdir": "BT", "bgcolor": "white"}),
                 "  node" + attributes({**font, "fontsize": "12", "margin": "0.12,0.06",
                                        "height": "0.3", "width": "0.3"}),
                 "  edge" + attributes({**font, "fontsize": "10", "color": style.LINE,
                                        "arrowsize": "0.7"})]
        program = self.program
        for feed in program.feeds:
            lines.append(self._source(feed.value, "placeholder", feed.value.name))
        for read in program.reads:
            lines.append(self._source(read.value, "variable", read.value.name))
        for i, instr in enumerate(program.instrs):
            id = f"i{i}"
            inputs = [value for value in dict.fromkeys(instr.inputs) if value is not None]
            lines += [self._source(value, "constant", _contents(value))
                      for value in inputs if value not in self.nodes]
            title = f"{i + 1}. {instr.op_def.type}"
            lines.append(self._node(id, "op", title, *_origins(instr)))
            lines += [self._edge(value, id) for value in inputs]
            self.nodes.update((value, id) for value in instr.outputs)
        for i, value in enumerate(program.fetches):
            lines += self._result(f"fetch{i}", "fetched", value)
        for i, write in enumerate(program.writes):
            lines += self._result(f"write{i}", f"new value of {write.variable.name}", write.value)
        return [*lines, "}"]

    def _source(self, value: Value, kind: str, title: str) -> str:
        id = self.nodes[value] = f"v{self._sources}"
        self._sources += 1
        return self._node(id, kind, title, labels.spec(value.spec, always_dtype=True))

    def _node(self, id: str, kind: str, title: str, *details: str) -> str:
        look = style.LOOKS[kind]
        label = html_label([(labels.shorten(title, 40), True, 12, style.INK),
                            *((detail, False, 10, style.SOFT_INK) for detail in details)])
        return "  " + labels.quote(id) + attributes(
            {"label": label, "shape": look.shape, "style": look.style, "fillcolor": look.fill,
             "color": look.line, **dict(look.more), "tooltip": "\n".join([title, *details])})

    def _edge(self, value: Value, head: str) -> str:
        return f"  {labels.quote(self.nodes[value])} -> {labels.quote(head)}" + attributes(
            {"label": f" {labels.spec(value.spec)} ", "tooltip": value.name,
             "penwidth": str(style.edge_width(value.spec.size))})

    def _result(self, id: str, what: str, value: Value) -> list[str]:
        lines = [] if value in self.nodes else [self._source(value, "constant", _contents(value))]
        lines.append("  " + labels.quote(id) + attributes(
            {"label": html_label([(labels.shorten(what, 40), False, 10, style.SOFT_INK)]),
             "shape": "plaintext", "tooltip": what}))
        return [*lines, self._edge(value, id)]


def _origins(instr: Instr) -> list[str]:
    """The operations that an instruction stands for: the name of one, the types of many."""
    if len(instr.origins) == 1:
        return [labels.shorten(instr.origins[0].name, 40)]
    types = ", ".join(op.type for op in reversed(instr.origins))
    lines = textwrap.wrap(types, 30, break_long_words=False)
    return [f"{len(instr.origins)} operations:", *lines[:_MOST_LINES],
            *(["…"] if len(lines) > _MOST_LINES else [])]


def _contents(value: Value) -> str:
    text = None if value.const is None else labels.value(value.const)
    return text or value.name
