"""Breaking what is too long or too wide to be read: columns, like the columns of a newspaper.

Graphviz puts a chain of sixty operations into one column, eight times as high as wide, and eighty
parallel ones into one row. From estimated sizes this finds

    minlen     how many rows an edge spans at least: open groups that follow one another come to
               stand one above the other, and the many inputs of one node in several rows
    bands      into which column each unit goes, where one column would be too high

A line that leads from one column to the next goes through the gutter between them; where many
would, each end gets a small mark with one and the same number.

    y2        y4
    ^   .--.  ^
    x2  |  |  y3
    ^   |  |  ^
    x1 -'  '- ...
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from flowgraph.viz.model import Diagram, Edge
from flowgraph.viz.order import Order, Pair
from flowgraph.viz.sizes import node_size

TALLEST = 1.6  # height by width above which a picture is broken into columns
WIDEST = 0.5  # height by width below which the inputs of a node are put into several rows
_SMALL = 1000.0  # points; what is no higher is broken only when it is very thin
_GAP = 46.0  # points between two rows, the label of an edge included
_BESIDE = 24.0  # points between two nodes of a row
_PASSING = 14.0  # points that an edge takes which passes a row
_MOST = 3000  # so many units at most are put into columns; more cannot be read anyway
_MANY = 300  # with so many units, only that number of columns is tried which makes a square
_MOST_COLUMNS = 8
_HUB = 8  # so many nodes that only lead to one other can stand in several rows
_THROUGH_GUTTER = 2  # so many lines can be followed through one gutter


@dataclass(slots=True)
class Wrap:
    """How a picture is broken.

    Attributes:
        minlen: for (tail, head), how many rows the edge spans at least, where more than one.
        container: path of the group whose contents stand in columns; "" for the whole picture.
        bands: for the id of a node or the path of a group that stands directly in the container,
            its column; empty if there is one column only.
        columns: how many columns there are.
        column_of: for the id of a node in a column, which.
        first: for each column, a node of its first row.
        gutters: for (column, tail), the heads in the next column that a line leads to.
        marks: for a tail whose line ends in a mark: its number, and the heads in each column.
        quiet: (tail, head) of edges that have no label, as many alike would stand in the way.
        is_wide: whether it comes out wider than high.
    """

    minlen: dict[Pair, int] = field(default_factory=dict)
    container: str = ""
    bands: dict[str, int] = field(default_factory=dict)
    columns: int = 1
    column_of: dict[str, int] = field(default_factory=dict)
    first: list[str] = field(default_factory=list)
    gutters: dict[tuple[int, str], list[str]] = field(default_factory=dict)
    marks: dict[str, tuple[int, dict[int, list[str]]]] = field(default_factory=dict)
    quiet: set[Pair] = field(default_factory=set)
    is_wide: bool = False


def wrap(diagram: Diagram, order: Order, sideways: bool = False) -> Wrap:
    """Finds out how a picture is broken best.

    Args:
        diagram: the picture.
        order: the order of its nodes.
        sideways: whether data flows to the side, so that rows are columns.
    """
    if not diagram.nodes:
        return Wrap()
    sheet = _Sheet(diagram, order, sideways)
    sheet.stack_groups()
    width, height = sheet.measure()
    tallest, widest = (1 / WIDEST, 1 / TALLEST) if sideways else (TALLEST, WIDEST)
    if height < widest * width:
        sheet.stagger(width, height)
        width, height = sheet.measure()
    if height > tallest * width and (height > _SMALL or height > 1.7 * tallest * width):
        sheet.break_up(height)
    sheet.result.is_wide = width > height
    return sheet.result


class _Sheet:
    """Nodes in rows, with their sizes."""

    def __init__(self, diagram: Diagram, order: Order, sideways: bool) -> None:
        self.order = order
        self.result = Wrap()
        self.sideways = sideways
        sizes = {node.id: node_size(node) for node in diagram.nodes}
        self.size = {id: (h, w) for id, (w, h) in sizes.items()} if sideways else sizes
        self.spread = 1.5 if diagram.groups else 1.1  # groups and labels push nodes apart, measured
        self.gap = 90.0 if sideways else _GAP
        self.group = {node.id: node.group for node in diagram.nodes}
        self.kind = {group.path: group.kind for group in diagram.groups}
        self.parent = {group.path: group.parent for group in diagram.groups}
        self.edges: list[Edge] = [
            edge for edge in diagram.edges if edge.kind != "next" and edge.tail != edge.head
            and (edge.tail, edge.head) not in order.back]
        self.rank: dict[str, int] = {}
        self.depth: dict[str, int] = {}  # of a group: the longest way inside
        self._chains: dict[str, list[str]] = {}

    def chain(self, path: str) -> list[str]:
        """A group and those around it, the outermost first."""
        found = self._chains.get(path)
        if found is None:
            found = [] if not path else [*self.chain(self.parent[path]), path]
            self._chains[path] = found
        return found

    def _sides(self, tail: str, head: str) -> tuple[str, str]:
        """The outermost groups that hold only one of two nodes; "" for none."""
        one, other = self.chain(self.group[tail]), self.chain(self.group[head])
        i = 0
        while i < min(len(one), len(other)) and one[i] == other[i]:
            i += 1
        return (one[i] if i < len(one) else ""), (other[i] if i < len(other) else "")

    def stack_groups(self) -> None:
        """Lets what comes after a group stand above all of it, not beside."""
        members: dict[str, list[str]] = {}
        for id in self.order.nodes:
            for path in self.chain(self.group[id]):
                members.setdefault(path, []).append(id)
        cross = {(tail, head): self._sides(tail, head)
                 for tail, heads in self.order.after.items() for head in heads}
        below: dict[tuple[str, str], int] = {}
        above: dict[tuple[str, str], int] = {}
        minlen = self.result.minlen

        def note(pair: Pair) -> None:
            one, other = cross[pair]
            if not one and not self.order.before[pair[0]]:
                return  # a source stands beside the sources inside
            length = 1 + above.get((one, pair[0]), 0) + below.get((other, pair[1]), 0)
            if length > 1:
                minlen[pair] = length

        for path in sorted(members, key=lambda path: -len(self.chain(path))):
            inside = set(members[path])
            pairs = [(tail, head) for tail in members[path] for head in self.order.after[tail]
                     if head in inside]
            for pair in pairs:
                note(pair)
            for tail, head in pairs:
                length = below.get((path, tail), 0) + minlen.get((tail, head), 1)
                below[path, head] = max(below.get((path, head), 0), length)
            for tail, head in reversed(pairs):
                length = above.get((path, head), 0) + minlen.get((tail, head), 1)
                above[path, tail] = max(above.get((path, tail), 0), length)
            self.depth[path] = max((length for (around, _), length in below.items()
                                    if around == path), default=0)
        for pair in cross:
            note(pair)

    def measure(self) -> tuple[float, float]:
        """Puts the nodes in rows; returns about how wide and high the picture is."""
        rank: dict[str, int] = {}
        minlen = self.result.minlen
        for id in self.order.nodes:
            rank[id] = max((rank[tail] + minlen.get((tail, id), 1)
                            for tail in self.order.before[id]), default=0)
        for id in reversed(self.order.nodes):  # what has no inputs stands near what takes it
            heads = self.order.after[id]
            if heads and not self.order.before[id]:
                rank[id] = min(rank[head] - minlen.get((id, head), 1) for head in heads)
        self.rank = rank
        rows = max(rank.values()) + 1
        widths, heights = [0.0] * rows, [0.0] * rows
        for id, row in rank.items():
            width, height = self.size[id]
            widths[row] += width + _BESIDE
            heights[row] = max(heights[row], height)
        for tail, heads in self.order.after.items():
            for head in heads:
                if rank[head] - rank[tail] < 40:
                    for row in range(rank[tail] + 1, rank[head]):
                        widths[row] += _PASSING
        self.heights = [height + self.gap for height in heights]
        return max(widths) * self.spread, sum(self.heights)

    # ---- too wide --------------------------------------------------------------------------------

    def stagger(self, width: float, height: float) -> None:
        """Puts the nodes that only lead to one other, or only come from it, into several rows."""
        before, after = self.order.before, self.order.after
        minlen = self.result.minlen
        # A row that edges pass is wider: more rows than the square root of what is too wide.
        rows = min(20, max(2, round((width / max(height, 1.0)) ** 0.5 * 2.6)))
        for hub in self.order.nodes:
            alone = [tail for tail in before[hub] if len(after[tail]) == 1]
            if len(alone) >= _HUB:
                span = 1 + max(self._depth(tail) for tail in alone)
                for i, tail in enumerate(alone):
                    minlen[tail, hub] = minlen.get((tail, hub), 1) + (i % rows) * span
                self.result.quiet.update((tail, hub) for tail in alone)
                for tail in alone:
                    self.result.quiet.update((root, tail) for root in before[tail]
                                             if len(after[root]) >= _HUB)
            ends = [head for head in after[hub] if not after[head] and len(before[head]) == 1]
            if len(ends) >= _HUB:
                for i, head in enumerate(ends):
                    minlen[hub, head] = minlen.get((hub, head), 1) + i % rows

    def _depth(self, id: str) -> int:
        """How many rows the nodes take that only lead to `id`."""
        return max((1 + self._depth(tail) for tail in self.order.before[id]
                    if len(self.order.after[tail]) == 1), default=0)

    # ---- too high --------------------------------------------------------------------------------

    def break_up(self, height: float) -> None:
        """Puts the units of the picture, or of the group that is most of it, into columns."""
        container = self._container(height)
        units = self._units(container)
        if not 4 <= len(units) <= _MOST:
            return
        # What waits for little may stand far below the rest of its group: count from the top.
        lowest = {unit: max(self.rank[id] for id in ids)
                  - (0 if unit in self.group else self.depth.get(unit.removeprefix("cluster "), 0))
                  for unit, ids in units.items()}
        unit_of = {id: unit for unit, ids in units.items() for id in ids}
        ranks = [self.rank[id] for ids in units.values() for id in ids]
        rest = height - sum(self.heights[min(ranks):max(ranks) + 1])
        best: list[int] = []
        best_badness = self._badness([], units, lowest, rest) * 0.85  # else it is not worth it
        width = max(sum(self.size[id][0] for id in ids) for ids in units.values()) + 60
        square = math.ceil((height / width) ** 0.5)
        tried = {*range(2, _MOST_COLUMNS + 1)} if len(units) < _MANY else {square * 3 // 4, square}
        for columns in sorted(tried):
            found = self._cuts(columns, lowest, unit_of)
            if found is None:
                continue
            cuts, broken = found
            badness = self._badness(cuts, units, lowest, rest) + 0.05 * columns + 0.1 * broken
            if badness < best_badness - 0.01:
                best, best_badness = cuts, badness
        if best:
            self._assign(container, best, units, lowest, unit_of)

    def _container(self, height: float) -> str:
        container = ""
        while True:
            groups = [path for path, parent in self.parent.items()
                      if parent == container and self.kind[path] in ("scope", "series")]
            for path in groups:
                ranks = [self.rank[id] for id, group in self.group.items()
                         if path in self.chain(group)]
                around = sum(not container or container in self.chain(group)
                             for group in self.group.values())
                inside = sum(self.heights[min(ranks):max(ranks) + 1]) if ranks else 0.0
                if 2 * len(ranks) > around and inside > 0.6 * height:
                    container = path
                    break
            else:
                return container

    def _units(self, container: str) -> dict[str, list[str]]:
        """What stands directly in the container: for each node or group the nodes that it holds."""
        units: dict[str, list[str]] = {}
        for id in self.order.nodes:
            chain = self.chain(self.group[id])
            if not container:
                units.setdefault(f"cluster {chain[0]}" if chain else id, []).append(id)
            elif container in chain:
                i = chain.index(container) + 1
                units.setdefault(f"cluster {chain[i]}" if i < len(chain) else id, []).append(id)
        return units

    def _cuts(self, columns: int, lowest: dict[str, int],
              unit_of: dict[str, str]) -> tuple[list[int], int] | None:
        """The rows at which the columns after the first begin, where few edges are cut.

        Also how many nodes have an edge there that does not fit through the gutter.
        """
        starts = sorted(set(lowest.values()))
        if len(starts) < columns:
            return None
        ranks = [self.rank[id] for id in unit_of]
        bottom, top = min(ranks), max(ranks) + 1
        total = sum(self.heights[bottom:top])
        at = [0.0]
        for row in range(bottom, top):
            at.append(at[-1] + self.heights[row])
        crossing: dict[int, set[str]] = {}
        for tail, heads in self.order.after.items():
            if tail in unit_of:
                ends = [lowest[unit_of[head]] for head in heads if head in unit_of]
                for row in starts:
                    if lowest[unit_of[tail]] < row <= max(ends, default=-1):
                        crossing.setdefault(row, set()).add(tail)
        cuts: list[int] = []
        for i in range(1, columns):
            goal = total * i / columns
            window = total / columns * 0.45
            allowed = [row for row in starts[1:] if abs(at[row - bottom] - goal) <= window
                       and (not cuts or row > cuts[-1])]
            if not allowed:
                return None
            cuts.append(min(allowed, key=lambda row: (
                min(len(crossing.get(row, ())), 9) + abs(at[row - bottom] - goal) / window * 2,
                row)))
        return cuts, sum(len(crossing.get(row, ())) for row in cuts
                         if len(crossing.get(row, ())) > _THROUGH_GUTTER)

    def _badness(self, cuts: list[int], units: dict[str, list[str]],
                 lowest: dict[str, int], rest: float) -> float:
        """How far from square the columns are together, and the `rest` above and below them."""
        sizes: dict[int, dict[int, list[float]]] = {}
        for unit, ids in units.items():
            column = sum(lowest[unit] >= cut for cut in cuts)
            for id in ids:
                row = sizes.setdefault(column, {}).setdefault(self.rank[id], [0.0, 0.0])
                row[0] += self.size[id][0] + _BESIDE
                row[1] = max(row[1], self.size[id][1])
        width = sum(max(row[0] for row in rows.values()) * self.spread + 60
                    for rows in sizes.values())
        height = max(sum(row[1] + self.gap for row in rows.values()) for rows in sizes.values())
        height += rest
        ratio = width / height if self.sideways else height / width
        return max(ratio / 0.9, 0.9 / ratio)

    def _assign(self, container: str, cuts: list[int], units: dict[str, list[str]],
                lowest: dict[str, int], unit_of: dict[str, str]) -> None:
        result = self.result
        band = {unit: sum(row >= cut for cut in cuts) for unit, row in lowest.items()}
        result.container, result.bands = container, {
            unit.removeprefix("cluster ") if unit.startswith("cluster ") and unit not in self.group
            else unit: column for unit, column in band.items()}
        result.columns = len(cuts) + 1
        where = {id: band[unit] for id, unit in unit_of.items()}
        result.column_of = where
        result.first = [min((id for id in where if where[id] == column),
                            key=lambda id: (lowest[unit_of[id]],
                                            self.rank[id] < lowest[unit_of[id]],
                                            self.rank[id], id)) for column in
                        range(result.columns)]
        bases = [min(lowest[unit_of[id]] for id in where if where[id] == column)
                 for column in range(result.columns)]
        spans = [max(self.rank[id] for id in where if where[id] == column) - bases[column]
                 for column in range(result.columns)]
        top = max(spans)
        for tail, head in list(result.minlen):  # what leads out of the columns, or into one
            if tail in where and head not in where:
                column = where[tail]
                result.minlen[tail, head] = max(
                    1, 1 + top - max(self.rank[tail] - bases[column], 0))
            elif head in where and tail not in where:
                result.minlen[tail, head] = max(1, 1 + self.rank[head] - bases[where[head]])
        crossing: dict[int, dict[str, list[str]]] = {}
        far: dict[str, dict[int, list[str]]] = {}
        for edge in self.edges:
            one, other = where.get(edge.tail), where.get(edge.head)
            if one is None or other is None or one == other:
                continue
            if other == one + 1 and self.rank[edge.head] - bases[other] > (
                    self.rank[edge.tail] - bases[one] + 1):
                continue  # the way there leads up anyway
            is_short = self.rank[edge.tail] - bases[one] > 0.6 * spans[one] and (
                self.rank[edge.head] - bases[other] < 0.4 * spans[other])
            if other == one + 1 and is_short:
                heads = crossing.setdefault(one, {}).setdefault(edge.tail, [])
            else:
                heads = far.setdefault(edge.tail, {}).setdefault(other, [])
            if edge.head not in heads:
                heads.append(edge.head)
        for column, tails in crossing.items():
            for tail, heads in tails.items():
                if len(tails) <= _THROUGH_GUTTER:
                    result.gutters[column, tail] = heads
                else:
                    far.setdefault(tail, {}).setdefault(column + 1, []).extend(heads)
        for number, (tail, columns) in enumerate(far.items(), 1):
            result.marks[tail] = (number, columns)
