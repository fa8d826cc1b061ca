"""What lies between ys and xs: the operations on a path, and the tensors that both stand for."""

from __future__ import annotations

from typing import Any

from flowgraph.core import frames
from flowgraph.errors import GraphError, message
from flowgraph.graph.graph import Graph
from flowgraph.graph.indexed_slices import IndexedSlices
from flowgraph.graph.operation import Operation
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.convert import to_tensor


def reachable(ys: list[Tensor], xs: list[Tensor], stops: list[Tensor]) -> set[Operation]:
    """The operations that lie on a path from an x (or its op) to a y."""
    stopped = {t.op for t in stops}
    forward: set[Operation] = set()
    stack = [x.op for x in xs]
    while stack:
        op = stack.pop()
        if op not in forward:
            forward.add(op)
            stack.extend(c for tensor in op.outputs for c in tensor._consumers)
    between: set[Operation] = set()
    stack = [y.op for y in ys]
    while stack:
        op = stack.pop()
        if op in between or op not in forward:
            continue
        between.add(op)
        if op not in stopped:
            stack.extend(tensor.op for tensor in op.inputs)
    return between


def is_differentiable(tensor: Tensor) -> bool:
    """Whether gradients pass through `tensor`: it is of a floating or complex dtype."""
    dtype = tensor.dtype.base_dtype
    return dtype.is_floating or dtype.is_complex


def as_list(value: Any) -> list[Any]:
    """One value, or several, as a list."""
    return list(value) if isinstance(value, (list, tuple)) else [value]


def graph_of(values: list[Any]) -> Graph:
    """The one graph of all values. Raises GraphError when there are two, TypeError when none."""
    graphs = {id(v.graph): v.graph for v in values if hasattr(v, "graph")}
    if len(graphs) > 1:
        raise GraphError(message(
            f"tf.gradients ({frames.user_frame()}) got ys and xs from different graphs",
            advice="Build them inside one `with graph.as_default():` block.",
            section="graph-error"))
    if not graphs:
        raise TypeError(f"tf.gradients ({frames.user_frame()}) needs tensors for ys and xs")
    return next(iter(graphs.values()))


def y_tensor(graph: Graph, y: Any) -> Tensor:
    """The tensor that is differentiated."""
    return to_tensor(graph, y, None, "y")


def x_tensor(graph: Graph, x: Any) -> Tensor:
    """The tensor that differentiating by x means: for a variable, the variable itself."""
    if isinstance(x, IndexedSlices):
        return x.values
    handle = getattr(x, "_ref", None)
    return handle() if handle is not None else to_tensor(graph, x, None, "x")
