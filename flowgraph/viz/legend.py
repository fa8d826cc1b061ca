"""The legend: a sample of each kind of node and edge that occurs in the picture, and no others."""

from __future__ import annotations

from flowgraph.viz import labels, style
from flowgraph.viz.dottext import attributes, html_label
from flowgraph.viz.model import Diagram

_EDGES = {"data": ("tensor and its shape", "? = any size", {"penwidth": "2"}),
          "ref": ("changes the", "variable", {"color": style.REF_LINE, "penwidth": "2"}),
          "control": ("order only:", "runs after", {"style": "dotted"})}
_ROWS = 3


def legend(diagram: Diagram, upwards: bool) -> list[str]:
    """DOT lines of the legend, a group of its own beside the picture.

    Args:
        diagram: the picture to explain.
        upwards: whether data flows upwards in it.
    """
    frame = {"label": html_label([("legend", False, 10, style.SOFT_INK)]), "style": "rounded",
             "labelloc": "b" if upwards else "t", "labeljust": "l", "color": style.GROUP_LINE,
             "margin": "8", "tooltip": "legend"}
    kinds = {node.kind for node in diagram.nodes}
    looks = list(dict.fromkeys(look for kind, look in style.LOOKS.items() if kind in kinds))
    if diagram.fetched:
        looks.append(style.FETCHED)
    lines = ['  subgraph "cluster legend" {', f"    graph{attributes(frame)}"]
    lines += [f"    {_sample(look)}" for look in looks]
    for i in range(0, len(looks), _ROWS):
        column = [labels.quote(f"legend {look.says}") for look in looks[i:i + _ROWS]]
        column = column[::-1] if upwards else column
        if len(column) > 1:
            unseen = attributes({"style": "invis", "weight": "9"})
            lines.append(f"    {' -> '.join(column)}{unseen}")
    edge_kinds = {edge.kind for edge in diagram.edges}
    for kind, (*text, marks) in _EDGES.items():
        if kind in edge_kinds:
            lines += _edge_sample(kind, text, marks)
    return [*lines, "  }"]


def _sample(look: style.Look) -> str:
    marks = {"class": "legend", "label": html_label([(look.says, False, 10, style.INK)]),
             "shape": look.shape, "style": look.style, "fillcolor": look.fill, "color": look.line,
             "margin": "0.1,0.03", "height": "0.2", **dict(look.more), "tooltip": look.says}
    return f"{labels.quote(f'legend {look.says}')}{attributes(marks)}"


def _edge_sample(kind: str, text: list[str], marks: dict[str, str]) -> list[str]:
    """An edge from a point to its explanation."""
    hint = " ".join(text)
    point = {"class": "legend", "shape": "point", "width": "0.04", "label": "", "tooltip": hint}
    says = {"class": "legend", "shape": "plain", "tooltip": hint,
            "label": html_label([(line, False, 10, style.INK) for line in text])}
    tail, head = labels.quote(f"legend {kind} tail"), labels.quote(f"legend {kind} head")
    return [f"    {tail}{attributes(point)}", f"    {head}{attributes(says)}",
            f"    {tail} -> {head}{attributes({**marks, 'tooltip': hint})}"]
