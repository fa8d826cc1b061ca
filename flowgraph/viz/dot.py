"""Diagram -> DOT text, the language of Graphviz.

The text depends on the graph alone: the same program gives the same text, byte for byte, so that it
can be kept under version control. Data flows upwards, as in TensorBoard.

    digraph {
      subgraph "cluster_layer" { node ... node ... }      an open name scope
      "x" -> "layer/MatMul" [label="?×784" penwidth=2.16]
    }
"""

from __future__ import annotations

from flowgraph.viz import labels, style
from flowgraph.viz.dottext import attributes, html_label
from flowgraph.viz.legend import legend
from flowgraph.viz.model import Diagram, Edge, Group, Node

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
    lines = ["digraph {", *_defaults(diagram, DIRECTIONS[direction])]
    lines += _contents(diagram, "", "  ", direction == "up")
    lines += [f"  {_edge(edge)}" for edge in diagram.edges]
    if show_legend:
        lines += legend(diagram, direction == "up")
    return "\n".join([*lines, "}", ""])


def _defaults(diagram: Diagram, rankdir: str) -> list[str]:
    graph = {"rankdir": rankdir, "bgcolor": "white", "nodesep": "0.3", "ranksep": "0.35",
             "pad": "0.2", "fontname": style.FONT, "fontsize": "18", "fontcolor": style.INK,
             "labelloc": "t", "tooltip": diagram.name or " "}
    if diagram.name:
        graph["label"] = html_label([(diagram.name, True, 18, style.INK)])
    node = {"fontname": style.FONT, "fontsize": "12", "fontcolor": style.INK, "margin": "0.12,0.06",
            "height": "0.3", "width": "0.3"}
    edge = {"fontname": style.FONT, "fontsize": "10", "fontcolor": style.SOFT_INK,
            "color": style.LINE, "arrowsize": "0.7"}
    return [f"  graph{attributes(graph)}", f"  node{attributes(node)}", f"  edge{attributes(edge)}"]


def _contents(diagram: Diagram, path: str, indent: str, upwards: bool,
              level: int = 0) -> list[str]:
    """The nodes and sub-groups that stand in the group `path`."""
    lines = [f"{indent}{_node(node, node.id in diagram.fetched)}"
             for node in diagram.nodes if node.group == path]
    for group in diagram.groups:
        if group.parent == path and group.path != path:
            lines += [f"{indent}subgraph {labels.quote(f'cluster_{group.path}')} {{",
                      *_group_look(group, f"{indent}  ", upwards, level),
                      *_contents(diagram, group.path, f"{indent}  ", upwards, level + 1),
                      f"{indent}}}"]
    return lines


def _group_look(group: Group, indent: str, upwards: bool, level: int) -> list[str]:
    # Flowing upwards turns groups upside down: Graphviz calls their upper edge the bottom.
    fill = style.GROUP_FILLS[min(level, len(style.GROUP_FILLS) - 1)]
    look = {"label": html_label([(labels.shorten(group.title, 40), True, 12, style.INK)]),
            "labeljust": "l", "labelloc": "b" if upwards else "t", "style": "filled,rounded",
            "color": style.GROUP_LINE, "fillcolor": fill, "margin": "10", "tooltip": group.path}
    return [f"{indent}graph{attributes(look)}"]


def _node(node: Node, fetched: bool) -> str:
    look = style.LOOKS[node.kind]
    small = node.kind == "constant" and not node.details
    lines = [(labels.shorten(line), not small, 9 if small else 12, style.INK)
             for line in labels.wrap(node.title)]
    lines += [(labels.shorten(text, 40), False, 10, style.SOFT_INK)
              for text in (node.name, *node.details) if text]
    marks = {"class": node.kind, "label": html_label(lines), "shape": look.shape,
             "style": look.style, "fillcolor": look.fill, "color": look.line,
             **dict(look.more), "tooltip": tooltip(node)}
    if fetched:
        marks["penwidth"] = style.FETCHED_WIDTH
    if small:
        marks["margin"] = "0.04,0.02"
        marks["height"] = "0.2"
    return f"{labels.quote(node.id)}{attributes(marks)}"


def tooltip(node: Node) -> str:
    """What the pointer shows: full name, type, shapes, device, and the user's line."""
    first = node.ops[0]
    lines = [node.id.rstrip("/") if len(node.ops) > 1 else first.name]
    if len(node.ops) == 1 or node.kind == "variable":
        lines.append(first.type)
        lines += [f"output {t.value_index}: {labels.spec(t.spec, always_dtype=True)}"
                  for t in first.outputs]
        lines += [first.device] if first.device else []
    else:
        lines.append(f"{len(node.ops)} operations")
    return "\n".join([*lines, str(first.frame)])


def _edge(edge: Edge) -> str:
    marks: dict[str, str] = {}
    if edge.kind == "control":
        marks = {"style": "dotted", "tooltip": f"{edge.head} runs after {edge.tail}"}
    else:
        sizes = [tensor.spec.size or _known_part(tensor.spec.shape) for tensor in edge.tensors]
        text = labels.spec(edge.tensors[0].spec)
        if len(edge.tensors) > 1:
            text = f"{len(edge.tensors)} {'variables' if edge.kind == 'ref' else 'tensors'}"
        if not edge.tail.endswith(f" -> {edge.head}"):  # a small constant shows its value already
            marks["label"] = text
        marks["penwidth"] = str(style.edge_width(sum(sizes)))
        marks["tooltip"] = "\n".join(
            f"{t.name}  {labels.spec(t.spec, always_dtype=True)}" for t in edge.tensors)
    if edge.kind == "ref":
        marks |= {"color": style.REF_LINE, "fontcolor": style.REF_LINE}
    if "label" in marks:
        marks["label"] = f" {marks['label']} "
        marks["labeltooltip"] = marks["tooltip"]
    return f"{labels.quote(edge.tail)} -> {labels.quote(edge.head)}{attributes(marks)}"


def _known_part(dims: tuple[int | None, ...] | None) -> int:
    """Elements of a tensor, unknown sizes counted as 1."""
    count = 1
    for n in dims or ():
        count *= 1 if n is None else n
    return count
