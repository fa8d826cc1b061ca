"""How large things come out: the widths of letters, and the size of a node.

Graphviz measures text itself. These estimates only serve to decide where a picture is broken.
"""

from __future__ import annotations

from flowgraph.viz import labels, style
from flowgraph.viz.dottext import Line
from flowgraph.viz.model import Node

_NARROW, _WIDE = set("ijl.,:;'|!I/ ()[]ft-r"), set("mwMWO@%×…—")


def node_lines(node: Node) -> list[Line]:
    """The lines of a node's label: (text, bold, size in points, colour)."""
    small = node.kind == "constant" and not node.details
    lines = [(labels.shorten(line), not small, 9 if small else 12, style.INK)
             for line in labels.wrap(node.title)]
    lines += [(labels.shorten(text, 40), False, 10, style.SOFT_INK)
              for text in (node.name, *node.details) if text]
    return lines


def text_width(text: str, size: float) -> float:
    """About how wide a line of Helvetica is, in points."""
    return size * sum(0.3 if c in _NARROW else 0.85 if c in _WIDE else 0.7 if c.isupper() else 0.55
                      for c in text)


def node_size(node: Node) -> tuple[float, float]:
    """About how wide and high a node is, in points."""
    lines = node_lines(node)
    width = max(text_width(text, size * (1.06 if bold else 1)) for text, bold, size, _ in lines)
    height = sum(size * 1.2 for _, _, size, _ in lines)
    shape = style.LOOKS[node.kind].shape
    if shape in ("ellipse", "polygon", "hexagon"):
        return width * 1.41 + 18, height * 1.41 + 9
    return width + 18, height + (22 if shape == "cylinder" else 10)
