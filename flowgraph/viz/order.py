"""The order of a picture's nodes from its sources to its ends, cycles cut.

Boxes that stand for many operations can lie on a cycle though no operation does, and so can what
goes to the next round. The edges that close a cycle must not count when nodes are put in rows.
"""

from __future__ import annotations

from flowgraph.viz.model import Diagram

Pair = tuple[str, str]


class Order:
    """Who stands before whom.

    Attributes:
        after: for a node, the nodes its edges go to.
        before: for a node, those from which they come.
        back: the pairs whose edges close a cycle.
        rank: how many edges the longest way to a node has.
    """

    def __init__(self, diagram: Diagram) -> None:
        self.after: dict[str, list[str]] = {node.id: [] for node in diagram.nodes}
        self.before: dict[str, list[str]] = {node.id: [] for node in diagram.nodes}
        self.back: set[Pair] = set()
        for edge in diagram.edges:
            if edge.kind != "next" and edge.tail != edge.head:
                self.after[edge.tail].append(edge.head)
        place = {node.id: i for i, node in enumerate(diagram.nodes)}
        part = self._circles()
        for tail, heads in self.after.items():
            for head in heads:
                # What was made first stands first. Small constants come last in the list, but are
                # on no circle.
                if part[tail] == part[head] and place[head] <= place[tail]:
                    self.back.add((tail, head))
            heads[:] = [head for head in dict.fromkeys(heads) if (tail, head) not in self.back]
            for head in heads:
                self.before[head].append(tail)
        self.nodes = self._sorted()
        self.rank: dict[str, int] = {}
        for id in self.nodes:
            self.rank[id] = max((self.rank[tail] + 1 for tail in self.before[id]), default=0)

    def _sorted(self) -> list[str]:
        """The nodes, each after those before it."""
        waits = {id: len(tails) for id, tails in self.before.items()}
        ready = [id for id, count in waits.items() if not count]
        for id in ready:
            for head in self.after[id]:
                waits[head] -= 1
                if not waits[head]:
                    ready.append(head)
        return ready

    def _circles(self) -> dict[str, int]:
        """For each node the number of its strongly connected component (Tarjan)."""
        number: dict[str, int] = {}
        low: dict[str, int] = {}
        part: dict[str, int] = {}
        open_nodes: list[str] = []
        for start in self.after:
            if start in number:
                continue
            stack = [(start, iter(self.after[start]))]
            number[start] = low[start] = len(number)
            open_nodes.append(start)
            while stack:
                id, heads = stack[-1]
                for head in heads:
                    if head not in number:
                        number[head] = low[head] = len(number)
                        open_nodes.append(head)
                        stack.append((head, iter(self.after[head])))
                        break
                    if head not in part:
                        low[id] = min(low[id], number[head])
                else:
                    stack.pop()
                    if stack:
                        low[stack[-1][0]] = min(low[stack[-1][0]], low[id])
                    if low[id] == number[id]:
                        while True:
                            member = open_nodes.pop()
                            part[member] = number[id]
                            if member == id:
                                break
        return part
