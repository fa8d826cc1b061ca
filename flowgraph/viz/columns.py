"""The DOT text of columns: what holds them in order, and the lines that lead to another one.

A column is a cluster without a frame. A row of invisible points before all of them keeps columns
and gutters in order from left to right; in a gutter, an invisible point at each end of a line makes
it go up the whole height and down into the next column.
"""

from __future__ import annotations

from flowgraph.viz import style
from flowgraph.viz.dottext import attributes, html_label
from flowgraph.viz.labels import quote
from flowgraph.viz.model import Edge
from flowgraph.viz.order import Pair
from flowgraph.viz.wrap import Wrap

_POINT = 'shape="point" width="0.01" height="0.01" style="invis" label=""'


def is_broken(broken: Wrap, pair: Pair) -> bool:
    """Whether an edge leads from one column to another."""
    tail, head = pair
    if any(head in heads for heads in broken.marks.get(tail, (0, {}))[1].values()):
        return True
    return any(head in broken.gutters.get((column, tail), ()) for column in range(broken.columns))


def lines(broken: Wrap, indent: str) -> list[str]:
    """DOT lines that keep the columns and the gutters in order."""
    points = []
    edges = []
    for column, first in enumerate(broken.first):
        points.append(f"column {column + 1}")
        edges.append(f'{indent}{quote(points[-1])} -> {quote(first)} [style="invis" weight="1000"]')
        for i, tail in enumerate(_tails(broken, column)):
            if i == 0:
                points.append(f"gutter {column + 1}")
            edges.append(f"{indent}{quote(f'gutter {column + 1}')} -> {_bottom(column, tail)} "
                         '[style="invis"]')
    chain = " -> ".join(map(quote, points))
    return [f'{indent}{{ rank="same"; node [{_POINT}]; {chain} [style="invis"] }}', *edges]


def gutter_lines(broken: Wrap, indent: str) -> list[str]:
    """The clusters of the gutters: two points for each line."""
    found = []
    for column in range(broken.columns):
        tails = _tails(broken, column)
        if tails:
            found.append(f'{indent}subgraph "cluster gutter {column + 1}" {{')
            found.append(f'{indent}  graph [style="invis" label="" margin="0"]')
            for tail in tails:
                found += [f"{indent}  {_bottom(column, tail)} [{_POINT}]",
                          f"{indent}  {_top(column, tail)} [{_POINT}]"]
            found.append(f"{indent}}}")
    return found


def mark_lines(broken: Wrap, column: int, indent: str) -> list[str]:
    """The marks that stand in a column, at either end of a line that is broken."""
    found = []
    for tail, (number, heads) in broken.marks.items():
        look = {"class": "mark", "shape": "circle", "margin": "0.02", "width": "0.22",
                "height": "0.22", "fixedsize": "true", "style": "filled", "fillcolor": "#ffffff",
                "color": style.LINE, "tooltip": f"continues from {tail}",
                "label": html_label([(str(number), True, 10, style.INK)])}
        if column in heads:
            found.append(f"{indent}{_entry(tail, column)}{attributes(look)}")
        if column == _column(broken, tail):
            found.append(f"{indent}{_exit(tail)}{attributes(look | {'tooltip': 'continues'})}")
    return found


def edge_lines(broken: Wrap, edge: Edge, marks: dict[str, str]) -> list[str]:
    """The pieces of an edge that leads to another column."""
    tail, head = edge.tail, edge.head
    plain = {key: text for key, text in marks.items() if key not in ("label", "labeltooltip")}
    for column in range(broken.columns):
        heads = broken.gutters.get((column, tail), [])
        if head in heads:
            last = f"  {_bottom(column, tail)} -> {quote(head)}{attributes(plain)}"
            if head != heads[0]:
                return [last]
            bare = plain | {"dir": "none"}
            return [f"  {quote(tail)} -> {_top(column, tail)}"
                    f"{attributes(bare | {'headport': 'n'})}",
                    f"  {_bottom(column, tail)} -> {_top(column, tail)}"
                    f"{attributes(marks | {'dir': 'none', 'weight': '2'})}", last]
    _, columns = broken.marks[tail]
    found = []
    for i, (column, heads) in enumerate(columns.items()):
        if head in heads:
            found.append(f"  {_entry(tail, column)} -> {quote(head)}{attributes(marks)}")
            if i == 0 and head == heads[0]:
                found.append(f"  {quote(tail)} -> {_exit(tail)}{attributes(plain)}")
    return found


def _column(broken: Wrap, tail: str) -> int:
    return broken.column_of[tail]


def _tails(broken: Wrap, column: int) -> list[str]:
    return [tail for at, tail in broken.gutters if at == column]


def _top(column: int, tail: str) -> str:
    return quote(f"gutter {column + 1} end of {tail}")


def _bottom(column: int, tail: str) -> str:
    return quote(f"gutter {column + 1} start of {tail}")


def _entry(tail: str, column: int) -> str:
    return quote(f"mark {column + 1} of {tail}")


def _exit(tail: str) -> str:
    return quote(f"mark of {tail}")
