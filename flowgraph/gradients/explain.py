"""Why is a gradient None? The question every user has once, answered from the graph."""

from __future__ import annotations

from typing import Any

from flowgraph.gradients.paths import (
    as_list,
    graph_of,
    is_differentiable,
    reachable,
    x_tensor,
    y_tensor,
)
from flowgraph.gradients.registry import gradient_function
from flowgraph.graph.operation import Operation
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.opdef import NotDifferentiable


def explain_gradient(y: Any, x: Any, stop_gradients: Any = None) -> str:
    """Says how `y` depends on `x`, or where the way between them ends.

    Args:
        y: tensor that is differentiated.
        x: tensor or variable it is differentiated by.
        stop_gradients: as for `tf.gradients`.

    Returns:
        A text: the path along which the gradient flows, or why there is none.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.constant([1.0, 3.0], name="x")
        >>> y = fg.cast(fg.argmax(x), fg.float32, name="y")
        >>> print(fg.explain_gradient(y, x))
        The gradient of 'y:0' with respect to 'x:0' is None: every path is cut.
          ArgMax 'ArgMax' passes no gradient to 'x:0': it is not differentiable
    """
    graph = graph_of([y, x])
    top, bottom = y_tensor(graph, y), x_tensor(graph, x)
    stops = ([] if stop_gradients is None
             else [x_tensor(graph, s) for s in as_list(stop_gradients)])
    head = f"The gradient of {top.name!r} with respect to {bottom.name!r}"
    for tensor in (bottom, top):
        if not is_differentiable(tensor):
            return (f"{head} is None: {tensor.name!r} is {tensor.dtype.base_dtype.name}, and only "
                    "floating and complex tensors have gradients.")
    between = reachable([top], [bottom], [])
    if top.op not in between:
        return (f"{head} is None: {top.name!r} does not depend on {bottom.name!r}; no path of "
                "operations leads from one to the other.")
    path, cuts = _walk(top, bottom, between, stops)
    if path is not None:
        steps = " -> ".join(f"{op.type} {op.name!r}" for op in path) or "they are one tensor"
        return f"{head} flows: {steps}"
    return "\n".join([f"{head} is None: every path is cut.", *(f"  {cut}" for cut in cuts)])


def _walk(top: Tensor, bottom: Tensor, between: set[Operation],
          stops: list[Tensor]) -> tuple[list[Operation] | None, list[str]]:
    """A path from `bottom` to `top` that a gradient can take, or the places that cut every path."""
    cuts: list[str] = []
    came_from: dict[Tensor, Tensor | None] = {top: None}
    stack = [top]
    while stack:
        tensor = stack.pop()
        if tensor is bottom:
            path, at = [], came_from[tensor]
            while at is not None:
                path.append(at.op)
                at = came_from[at]
            return path, []
        if tensor in stops:
            cuts.append(f"{tensor.name!r} is in stop_gradients")
            continue
        op = tensor.op
        for param, source in zip(op.op_def.flat_params(len(op.inputs)), op.inputs, strict=True):
            if source.op not in between or source in came_from:
                continue
            cut = _cut(op, param, source)
            if cut:
                cuts.append(cut)
            else:
                came_from[source] = tensor
                stack.append(source)
    return None, cuts


def _cut(op: Operation, param: str, source: Tensor) -> str | None:
    """Why no gradient passes from `op` to one of its inputs; None if one does.

    Of an integer that comes from an op without a gradient (argmax, then cast), that op is the
    reason; the walk finds it next.
    """
    if gradient_function(op) is NotDifferentiable:
        why = ("stop_gradient ends gradients on purpose" if op.type == "StopGradient"
               else "it is not differentiable")
        return f"{op.type} {op.name!r} passes no gradient to {source.name!r}: {why}"
    if op.op_def.bodies:
        return _cut_inside(op, source)
    if not is_differentiable(source) and gradient_function(source.op) is not NotDifferentiable:
        return (f"{op.type} {op.name!r} passes no gradient to {source.name!r} ({param}): it is "
                f"{source.dtype.base_dtype.name}")
    return None


def _cut_inside(op: Operation, source: Tensor) -> str | None:
    """Why no gradient passes through the branches or the loop that `op` holds; None if one does."""
    passes = f"{op.type} {op.name!r} passes no gradient to {source.name!r}"
    if not op.attrs.get("back_prop", True):
        return f"{passes}: the loop was built with back_prop=False"
    number = op.inputs.index(source) - (len(op.op_def.params) - 1)
    if number < op.attrs.get("carried", 0):
        return None if is_differentiable(source) else (
            f"{passes}: it is {source.dtype.base_dtype.name}")
    cuts: list[str] = []
    for graph in op.op_def.sub_graphs(op.attrs):
        bottom = graph.parameters[number] if number >= 0 else None
        if bottom is None or not is_differentiable(bottom):
            continue
        for top in graph.outputs:
            path, found = _walk(top, bottom, reachable([top], [bottom], []), [])
            if path is not None and is_differentiable(top):
                return None
            cuts += found
    return f"{passes}: {'; '.join(dict.fromkeys(cuts)) or 'no result depends on its value'}"
