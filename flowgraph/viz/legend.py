"""The legend: a sample of each kind of node and edge that occurs in the picture, and no others.

It is one node, a table, so that it stays compact wherever Graphviz puts it.
"""

from __future__ import annotations

from flowgraph.viz import labels, style
from flowgraph.viz.dottext import Html, attributes
from flowgraph.viz.model import Diagram

_EDGES = {"data": ("—▸", "tensor: wider is larger, ? is any size", style.LINE),
          "ref": ("—▸", "changes the variable", style.REF_LINE),
          "next": ("– –▸", "goes to the next round or repetition", style.NEXT_LINE),
          "shape": ("– –▸", "only its shape is needed", style.LINE),
          "control": ("· · ▸", "order only: runs after", style.LINE)}
_ROWS = 4
SIZE = (215.0, 21.0)  # of a cell, in points, about


def rows(diagram: Diagram) -> list[str]:
    """The cells of the legend, each an HTML-like cell of a table."""
    kinds = {node.kind for node in diagram.nodes}
    looks = {look.says: look for kind, look in style.LOOKS.items() if kind in kinds}
    if diagram.scale:
        looks = {words: style.Look("box", fill, style.LINE, words)
                 for words, fill in diagram.scale}
    cells = [_cell(look) for look in looks.values()]
    if diagram.fetched:
        cells.append(_cell(style.FETCHED, border=2))
    if any(node.muted for node in diagram.nodes):
        cells.append(_cell(style.Look("box", "#ffffff", style.MUTED_LINE, "not needed for it"),
                           ink=style.MUTED_INK))
    edge_kinds = {edge.kind for edge in diagram.edges}
    cells += [f'<TD ALIGN="LEFT">{_text(sample, colour, 12)} {_text(words, style.INK, 10)}</TD>'
              for kind, (sample, words, colour) in _EDGES.items() if kind in edge_kinds]
    return cells


def legend(diagram: Diagram) -> list[str]:
    """DOT lines of the legend, a node of its own beside the picture.

    Args:
        diagram: the picture to explain.
    """
    cells = rows(diagram)
    if not cells:
        return []
    across = -(-len(cells) // _ROWS)
    per_column = -(-len(cells) // across)
    lines = []
    for i in range(per_column):
        row = cells[i::per_column]
        row += ["<TD></TD>"] * (across - len(row))
        lines.append(f"<TR>{''.join(row)}</TR>")
    table = (f'<<TABLE BORDER="1" COLOR="{style.GROUP_LINE}" STYLE="ROUNDED" BGCOLOR="#ffffff" '
             f'CELLBORDER="0" CELLSPACING="4" CELLPADDING="3">{"".join(lines)}</TABLE>>')
    marks = {"class": "legend", "shape": "plain", "label": Html(table), "tooltip": "legend"}
    return [f'  "legend"{attributes(marks)}']


def _cell(look: style.Look, border: int = 1, ink: str = style.INK) -> str:
    dashed = ' STYLE="DASHED"' if "dashed" in look.style else ' STYLE="ROUNDED"'
    return (f'<TD ALIGN="LEFT" BORDER="{border}" COLOR="{look.line}" BGCOLOR="{look.fill}"{dashed}>'
            f'{_text(look.says, ink, 10)}</TD>')


def _text(words: str, colour: str, size: int) -> str:
    return f'<FONT POINT-SIZE="{size}" COLOR="{colour}">{labels.html(words)}</FONT>'
