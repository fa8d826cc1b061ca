"""What lies between ys and xs: the operations on a path, and the tensors that both stand for."""

from __future__ import annotations

from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core import frames
from flowgraph.core.frames import located
from flowgraph.errors import GraphError
from flowgraph.graph.graph import Graph, get_default_graph
from flowgraph.graph.indexed_slices import IndexedSlices
from flowgraph.graph.operation import Operation
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.convert import to_tensor


def captures_of(graph: Graph) -> dict[Tensor, Tensor]:
    """From each stand-in in `graph`, if it is a sub-graph, to the tensor outside; all levels."""
    captures: dict[Tensor, Tensor] = {}
    at: Any = graph
    while at is not None and at.outer is not None:
        captures.update((inside, outside) for outside, inside in at.captures.items())
        at = at.outer
    return captures


def inputs_of(op: Operation, captures: dict[Tensor, Tensor]) -> Any:
    """The inputs of an op; of a stand-in, the tensor that it stands for."""
    if captures and len(op.outputs) == 1 and op.outputs[0] in captures:
        return [captures[op.outputs[0]]]
    return op.inputs


def reachable(ys: list[Tensor], xs: list[Tensor], stops: list[Tensor],
              captures: dict[Tensor, Tensor] | None = None) -> set[Operation]:
    """The operations that lie on a path from an x (or its op) to a y.

    Args:
        ys, xs, stops: as for `gradients`.
        captures: from stand-ins inside sub-graphs to tensors outside, where paths may lead outside.
    """
    captures = captures or {}
    inside: dict[Tensor, list[Operation]] = {}
    for stand_in, outside in captures.items():
        inside.setdefault(outside, []).append(stand_in.op)
    stopped = {t.op for t in stops}
    forward: set[Operation] = set()
    stack = [x.op for x in xs]
    while stack:
        op = stack.pop()
        if op not in forward:
            forward.add(op)
            for tensor in op.outputs:
                stack.extend(tensor._consumers)
                if inside:
                    stack.extend(inside.get(tensor, ()))
    between: set[Operation] = set()
    stack = [y.op for y in ys]
    while stack:
        op = stack.pop()
        if op in between or op not in forward:
            continue
        between.add(op)
        if op not in stopped:
            stack.extend(tensor.op for tensor in inputs_of(op, captures))
    return between


def is_differentiable(tensor: Tensor) -> bool:
    """Whether gradients pass through `tensor`: it holds floating or complex numbers, or lists."""
    dtype = tensor.dtype.base_dtype
    return dtype.is_floating or dtype.is_complex or dtype is dt.variant


def as_list(value: Any) -> list[Any]:
    """One value, or several, as a list."""
    return list(value) if isinstance(value, (list, tuple)) else [value]


def graph_of(values: list[Any]) -> Graph:
    """The graph in which gradients are built: the one of all values, or one inside of it.

    Raises:
        GraphError: the values are from several graphs.
        TypeError: there is no tensor among them.
    """
    graphs = {id(v.graph): v.graph for v in values if hasattr(v, "graph")}
    default = get_default_graph()
    if graphs and all(default.can_adopt(graph) for graph in graphs.values()):
        return default
    if len(graphs) > 1:
        raise GraphError(located("tf.gradients got ys and xs from different graphs",
                                 "Build them inside one `with graph.as_default():` block.",
                                 "graph-error"))
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
    if handle is not None:
        return handle()
    return x if isinstance(x, Tensor) else to_tensor(graph, x, None, "x")


def gradient_scope() -> str:
    """The name scope of the `tf.gradients` that is at work, also in the bodies of loops."""
    name, graph = "gradients", get_default_graph()
    while graph is not None:
        scopes = graph._scopes
        if scopes.forward_op is not None:
            name = scopes.name[:scopes.name.rfind(f"{scopes.forward_op.name}_grad")].rstrip("/")
        graph = graph.outer  # type: ignore[assignment]
    return name
