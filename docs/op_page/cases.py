"""The nodes of each op in the test cases, and its wrong uses.

A node comes from the graph that a row of tests/cases builds. Ops that only gradients use are found
in the gradients of the rows that have one. Rows that are named after the op come first.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np

import flowgraph as fg
from flowgraph.core.values import to_array
from flowgraph.errors import ShapeError
from flowgraph.graph.operation import Operation
from flowgraph.opdef.opdef import REGISTRY
from tests.cases.tables import BAD, CASES

OPS = {name: op_def for name, op_def in REGISTRY.items()
       if type(op_def).__module__.startswith("flowgraph.")}
PER_OP = 60  # nodes kept; a common op as Mul stands in hundreds of rows
LATE = 4  # nodes kept of an op that only gradients use
ORDERS = 3  # of derivatives looked into for ops that only gradients use
LINE = re.compile(r" *\(?(\w+\.py|<unknown>):\d+\)?")  # as (file.py:12), which often moves


class Node(NamedTuple):
    """One node of an op.

    Attributes:
        op: the node.
        row: the name of the row whose graph it is in.
        grad: whether that row has a gradient.
        feeds: what the row feeds.
    """

    op: Operation
    row: str
    grad: bool
    feeds: dict


def arrays_of(row) -> list[np.ndarray]:
    """The inputs of a row as arrays."""
    return [x if isinstance(x, np.ndarray) else to_array(x) for x in row.inputs]


def flat(outputs) -> list:
    """What a row's `build` returns, as one list of tensors."""
    if isinstance(outputs, (list, tuple)):
        return [t for part in outputs for t in flat(part)]
    return [fg.convert_to_tensor(outputs) if hasattr(outputs, "indices") else outputs]


def operations_of(graph):
    """All operations of a graph and of the branches and loops in it."""
    for op in graph.get_operations():
        yield op
        for body in op.op_def.sub_graphs(op.attrs):
            yield from operations_of(body)


def nodes_by_type() -> dict[str, list[Node]]:
    """The nodes of every op type, the most telling rows first."""
    found: dict[str, list[Node]] = {name: [] for name in OPS}
    graphs = []
    for case in CASES:
        arrays = arrays_of(case)
        with fg.Graph().as_default() as graph:
            xs = [fg.placeholder(fg.as_dtype(a.dtype), a.shape) for a in arrays]
            ys = flat(case.build(*xs))
        graphs.append((graph, case, dict(zip(xs, arrays, strict=True)), ys))
    for graph, case, feeds, _ in sorted(graphs, key=lambda entry: not entry[1].grad):
        _collect(found, graph, case, feeds, PER_OP)
    late = {name: nodes for name, nodes in found.items() if not nodes or "Grad" in name}
    for graph, case, feeds, ys in sorted(graphs, key=lambda entry: not _is_of_an_op(entry[1])):
        # an op for gradients stands in the same file as the op it serves
        wanted = {file_of(name) for name, nodes in late.items() if len(nodes) < LATE}
        if case.grad and wanted & {file_of(op.type) for op in operations_of(graph)}:
            _differentiate(graph, feeds, ys)
            _collect(late, graph, case, feeds, LATE)
    for bad in BAD:
        if bad.phase == "run" and not all(late.values()):
            with fg.Graph().as_default() as graph:
                bad.build(*[fg.placeholder(fg.as_dtype(a.dtype)) for a in arrays_of(bad)])
            _collect(late, graph, bad, {}, 1)
    for name, nodes in found.items():
        nodes.sort(key=lambda node, name=name: not node.row.startswith(f"{name}/"))
    return found


def file_of(kind: str) -> str:
    """The module that an op type is in, as "flowgraph.ops.bias"."""
    return type(REGISTRY[kind]).__module__


def _is_of_an_op(case) -> bool:
    """Whether a row is named after an op, and not after a function made of several."""
    return case.name.partition("/")[0] in OPS


def _collect(found, graph, case, feeds, most) -> None:
    """Notes the nodes of a graph; rows named after an op are never too many."""
    for op in operations_of(graph):
        if op.type in found and (case.name.startswith(f"{op.type}/")
                                 or len(found[op.type]) < most):
            found[op.type].append(Node(op, case.name, getattr(case, "grad", False), feeds))


def _differentiate(graph, feeds, ys) -> None:
    """Adds the derivatives up to some order to a row's graph."""
    with graph.as_default():
        xs = [x for x in feeds if x.dtype.is_floating]
        for _ in range(ORDERS):
            ys = [y for y in ys if isinstance(y, fg.Tensor) and y.dtype.base_dtype.is_floating]
            try:
                ys = [fg.convert_to_tensor(dx) for dx in fg.gradients(ys, xs) if dx is not None]
            except LookupError:  # a derivative that is not offered
                break
            if not ys:
                break


def shape_errors() -> dict[str, str]:
    """Per op type the text of the ShapeError of its first wrong use, without files and lines."""
    texts: dict[str, str] = {}
    for bad in BAD:
        if bad.phase != "build":
            continue
        with fg.Graph().as_default():
            try:
                bad.build(*[fg.placeholder(fg.as_dtype(a.dtype)) for a in arrays_of(bad)])
            except ShapeError as error:
                text = str(error)
            except Exception:  # rows of other errors are tested where they belong
                continue
            else:
                continue
        kind = text.partition(" ")[0]
        if kind in OPS and text.startswith(f"{kind} '"):
            texts.setdefault(kind, "\n".join(LINE.sub("", line).rstrip()
                                             for line in text.splitlines()))
    return texts
