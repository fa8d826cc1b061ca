"""TensorFlow 1's dataflow control flow turned into branches and loops.

A GraphDef of TensorFlow 1 has no functions for branches and loops. A value that enters a branch
goes through a Switch, whose outputs are dead or alive, and a Merge takes the one that is alive:

    x ──> Switch(x, pred) ──0──> false branch ──┐
                          ──1──> true branch  ──┴─> Merge ──>

A loop is a frame: Enter brings values in, Merge joins them with the NextIteration of the round
before, Switch sends them to Exit or into the body, as LoopCond says.

`functionalized` finds both and puts a Conditional or a Loop, with the nodes inside, in the place of
the nodes that made them up. Names of results stay: for "while/Exit" and "cond/Merge" there are
Identity nodes. Loops are taken out of the innermost frame first, then branches, the innermost ones
first (J. Dean et al., "Dynamic Control Flow in Large-Scale Machine Learning", EuroSys 2018,
describes what the nodes mean).
"""

from __future__ import annotations

from collections.abc import Iterable

from flowgraph.io.graphs.graph_messages import NodeDef
from flowgraph.io.importing.dataflow_branches import without_branches
from flowgraph.io.importing.dataflow_items import STRUCTURE, SWITCH, Item, data_inputs, is_a, wrong
from flowgraph.io.importing.dataflow_loops import without_loops


def functionalized(nodes: Iterable[NodeDef]) -> list[Item]:
    """The nodes with branches and loops in the place of what makes them up.

    Args:
        nodes: the nodes of a graph; they are not changed.

    Raises:
        InvalidArgumentError: the nodes make up no branches and loops as TensorFlow builds them.
    """
    items: list[Item] = list(nodes)
    if not any(node.op in STRUCTURE for node in items):  # type: ignore[union-attr]
        return items
    for node in items:
        needed = 2 if is_a(node, SWITCH) else 1 if is_a(node, STRUCTURE | {"Identity"}) else 0
        if len(data_inputs(node)) < needed or any(
                ref.startswith("^") for ref in node.input[:needed]):
            raise wrong(node, f"it needs {needed} inputs")
    return without_branches(without_loops(items))
