"""Diagram -> DOT text, the language of Graphviz.

The text depends on the graph alone: the same program gives the same text, byte for byte, so that it
can be kept under version control. Data flows upwards, as in TensorBoard.

    digraph {
      subgraph "cluster_layer" { node ... node ... }      an open name scope
      "x" -> "layer/MatMul" [label="?×784" penwidth=2.16]
    }
"""

from __future__ import annotations

from collections import Counter

from flowgraph.core.text import counted
from flowgraph.viz import columns, labels, style
from flowgraph.viz.dottext import attributes, html_label
from flowgraph.viz.legend import legend
from flowgraph.viz.model import Diagram, Edge, Group, Node
from flowgraph.viz.order import Order
from flowgraph.viz.sizes import node_lines
from flowgraph.viz.wrap import Wrap, wrap

_MOST_CURVES = 200  # so many edges at most have curves where there are many nodes
_HUGE = 600  # nodes; curves between more take longer than all else
DIRECTIONS = {"up": "BT", "down": "TB", "right": "LR", "left": "RL"}


def dot_text(diagram: Diagram, *, direction: str = "up", show_legend: bool = True) -> str:
    """The DOT text of a diagram.

    Args:
        diagram: what to draw.
        direction: where data flows: "up", "down", "right" or "left".
        show_legend: whether to explain the kinds of nodes and edges that occur.

    Returns:
        DOT text, ending in a newline.

    Raises:
        ValueError: the direction is unknown.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.viz import diagram, dot_text
        >>> with fg.Graph().as_default() as g:
        ...     y = fg.placeholder(fg.float32, [2], name="x")
        >>> print(dot_text(diagram(g), show_legend=False).splitlines()[-2])
          "x" [class="placeholder" label=... shape="polygon" ...]
    """
    if direction not in DIRECTIONS:
        raise ValueError(f"direction is one of {', '.join(map(repr, DIRECTIONS))}, "
                         f"not {direction!r}")
    order = Order(diagram)
    sideways = direction in ("right", "left")
    broken = wrap(diagram, order, sideways)
    writer = _Writer(diagram, direction == "up", broken)
    lines = ["digraph {", *_defaults(diagram, DIRECTIONS[direction], broken)]
    lines += writer.contents("", "  ")
    if not diagram.nodes:
        lines.append('  "nothing" [shape="plaintext" label="no operations"]')
    lines += _edges(diagram, order, broken)
    if show_legend:
        lines += legend(diagram)
        if broken.is_wide != sideways and order.nodes:  # below, not beside
            first = broken.first[0] if broken.first else order.nodes[0]
            lines.append(f'  "legend" -> {labels.quote(first)} [style="invis"]')
    return "\n".join([*lines, "}", ""])


def _edges(diagram: Diagram, order: Order, broken: Wrap) -> list[str]:
    """The edges, those that lead to another column by its gutter or its marks."""
    lines = []
    muted = {node.id for node in diagram.nodes if node.muted}
    weak = {node.id for node in diagram.nodes if node.kind in ("variable", "constant")}
    for edge in diagram.edges:
        pair = (edge.tail, edge.head)
        marks = _edge(edge, edge.tail in muted or edge.head in muted)
        if pair in broken.quiet:
            marks.pop("label", None)
            marks.pop("labeltooltip", None)
        if edge.kind != "next" and columns.is_broken(broken, pair):
            lines += columns.edge_lines(broken, edge, marks)
            continue
        column, other = (broken.column_of.get(id) for id in pair)
        if pair in order.back or (None not in (column, other) and column != other):
            marks["constraint"] = "false"
        elif edge.kind != "next":
            if edge.kind == "data" and edge.tail not in weak:
                marks["weight"] = "3"  # what flows through is straight, what joins it gives way
            if broken.minlen.get(pair, 1) > 1:
                marks["minlen"] = str(broken.minlen[pair])
        lines.append(f"  {labels.quote(edge.tail)} -> {labels.quote(edge.head)}{attributes(marks)}")
    return lines


def _defaults(diagram: Diagram, rankdir: str, broken: Wrap) -> list[str]:
    graph = {"rankdir": rankdir, "bgcolor": "white",
             "nodesep": "0.12" if broken.quiet else "0.3", "ranksep": "0.35", "pad": "0.2",
             "fontname": style.FONT, "fontsize": "18", "fontcolor": style.INK, "labelloc": "t",
             "tooltip": labels.shorten(diagram.name, 200) or " "}
    if len(diagram.nodes) > 150:  # a better drawing of so many is not worth the minutes
        graph |= {"nslimit": "2", "nslimit1": "2", "mclimit": "0.3"}
        tangled = len(diagram.edges) > max(_MOST_CURVES, 1.2 * len(diagram.nodes))
        if tangled or len(diagram.nodes) > _HUGE:
            # Finding ways around so many takes a minute, and Graphviz may give up on some.
            graph |= {"splines": "line", "outputorder": "edgesfirst"}
        if tangled:  # else Graphviz fails to put some into rows where groups lead back and forth
            graph["newrank"] = "true"
    elif broken.bands:
        graph["mclimit"] = "4"  # columns come into their order only after some tries
    if diagram.name:
        graph["label"] = html_label([(labels.shorten(diagram.name, 120), True, 18, style.INK)])
    node = {"fontname": style.FONT, "fontsize": "12", "fontcolor": style.INK, "margin": "0.12,0.06",
            "height": "0.3", "width": "0.3"}
    edge = {"fontname": style.FONT, "fontsize": "10", "fontcolor": style.SOFT_INK,
            "color": style.LINE, "arrowsize": "0.7"}
    return [f"  graph{attributes(graph)}", f"  node{attributes(node)}", f"  edge{attributes(edge)}"]


class _Writer:
    """Writes nodes inside their groups."""

    def __init__(self, diagram: Diagram, upwards: bool, broken: Wrap) -> None:
        self.diagram = diagram
        self.broken = broken
        self.upwards = upwards
        self.nodes: dict[str, list[Node]] = {}
        self.groups: dict[str, list[Group]] = {}
        for node in diagram.nodes:
            self.nodes.setdefault(node.group, []).append(node)
        for group in diagram.groups:
            self.groups.setdefault(group.parent, []).append(group)

    def contents(self, path: str, indent: str, level: int = 0) -> list[str]:
        """The nodes and sub-groups that stand in the group `path`."""
        broken = self.broken
        if not broken.bands or path != broken.container:
            return self._inside(path, indent, level, None)
        # Before all else: Graphviz keeps to the order it reads. It ranks a cluster by itself, so
        # what holds columns in order must stand in the same one.
        lines = columns.lines(broken, indent)
        for column in range(broken.columns):
            lines += [f"{indent}subgraph \"cluster column {column + 1}\" {{",
                      f'{indent}  graph [style="invis" label="" margin="8"]',
                      *self._inside(path, f"{indent}  ", level, column),
                      *columns.mark_lines(broken, column, f"{indent}  "), f"{indent}}}"]
        return [*lines, *columns.gutter_lines(broken, indent)]

    def _inside(self, path: str, indent: str, level: int, column: int | None) -> list[str]:
        bands = self.broken.bands
        lines = [f"{indent}{_node(node, node.id in self.diagram.fetched)}"
                 for node in self.nodes.get(path, ())
                 if column is None or bands[node.id] == column]
        for group in self.groups.get(path, ()):
            if column is None or bands.get(group.path) == column:
                lines += [f"{indent}subgraph {labels.quote(f'cluster_{group.path}')} {{",
                          *_group_look(group, f"{indent}  ", self.upwards, level),
                          *self.contents(group.path, f"{indent}  ", level + 1),
                          f"{indent}}}"]
        return lines


def _group_look(group: Group, indent: str, upwards: bool, level: int) -> list[str]:
    # Flowing upwards turns groups upside down: Graphviz calls their upper edge the bottom.
    fill = style.GROUP_FILLS[min(level, len(style.GROUP_FILLS) - 1)]
    line, width = style.GROUP_LINE, "1"
    if group.kind in style.GROUP_LOOKS:
        fill, line, width = style.GROUP_LOOKS[group.kind]
    look = {"label": html_label([(labels.shorten(group.title, 40), True, 12, style.INK)]),
            "labeljust": "l", "labelloc": "b" if upwards else "t", "style": "filled,rounded",
            "color": line, "fillcolor": fill, "margin": "10", "tooltip": group.path}
    if width != "1":
        look["penwidth"] = width
    return [f"{indent}graph{attributes(look)}"]


def _node(node: Node, fetched: bool) -> str:
    look = style.LOOKS[node.kind]
    lines = node_lines(node)
    if node.muted:
        lines = [(text, bold, size, style.MUTED_INK) for text, bold, size, _ in lines]
    marks = {"class": node.kind, "label": html_label(lines), "shape": look.shape,
             "style": look.style, "fillcolor": node.fill or look.fill, "color": look.line,
             **dict(look.more), "tooltip": tooltip(node)}
    if node.muted:
        marks |= {"class": f"{node.kind} muted", "fillcolor": "#ffffff", "color": style.MUTED_LINE}
    if fetched:
        marks["penwidth"] = style.FETCHED_WIDTH
    if node.kind == "constant" and not node.details:
        marks["margin"] = "0.04,0.02"
        marks["height"] = "0.2"
    return f"{labels.quote(node.id)}{attributes(marks)}"


def tooltip(node: Node) -> str:
    """What the pointer shows: full name, type, shapes, device, and the user's line."""
    first = node.ops[0]
    is_op = node.id == first.name or node.kind in ("constant", "variable")
    lines = [first.name if is_op else node.id.rstrip("/")]
    if is_op:
        lines.append(first.type)
        lines += [f"output {t.value_index}: {labels.spec(t.spec, always_dtype=True)}"
                  for t in first.outputs]
        lines += [first.device] if first.device else []
    else:
        lines.append(counted(len(node.ops), "operation"))
    return "\n".join(labels.shorten(line, 200) for line in (*lines, str(first.frame)))


def _edge(edge: Edge, muted: bool) -> dict[str, str]:
    marks: dict[str, str] = {}
    if edge.kind == "control":
        marks = {"style": "dotted", "tooltip": f"{edge.head} runs after {edge.tail}"}
    elif edge.kind == "shape":
        marks = {"style": "dashed", "label": "shape", "tooltip": f"the shape of {edge.tail}"}
    else:
        sizes = [tensor.spec.size or _known_part(tensor.spec.shape) for tensor in edge.tensors]
        if not edge.tail.endswith(f" -> {edge.head}"):  # a small constant shows its value already
            marks["label"] = edge_text(edge)
        marks["penwidth"] = str(style.edge_width(max(sizes, default=1)))
        marks["tooltip"] = "\n".join(
            f"{labels.shorten(t.name, 200)}  {labels.spec(t.spec, always_dtype=True)}"
            for t in edge.tensors[:20])
    if edge.kind == "ref":
        marks |= {"color": style.REF_LINE, "fontcolor": style.REF_LINE}
    if edge.kind == "next":
        marks |= {"style": "dashed", "color": style.NEXT_LINE, "constraint": "false",
                  "fontcolor": style.NEXT_LINE, "label": "next"}
    if muted:
        marks |= {"color": style.MUTED_LINE, "fontcolor": style.MUTED_INK}
    if "label" in marks:
        marks["label"] = f" {marks['label']} "
        marks["labeltooltip"] = marks["tooltip"]
    return marks


def edge_text(edge: Edge) -> str:
    """What stands on an edge: the tensor's shape, or that of several alike: "35 of 20×200"."""
    if len(edge.tensors) <= 1:
        return labels.spec(edge.tensors[0].spec) if edge.tensors else ""
    shown = Counter(labels.spec(tensor.spec) for tensor in edge.tensors)
    if len(shown) == 1 and edge.kind != "ref":
        return f"{len(edge.tensors)} of {next(iter(shown))}"
    return f"{len(edge.tensors)} {'variables' if edge.kind == 'ref' else 'tensors'}"


def _known_part(dims: tuple[int | None, ...] | None) -> int:
    """Elements of a tensor, unknown sizes counted as 1."""
    count = 1
    for n in dims or ():
        count *= 1 if n is None else n
    return count
