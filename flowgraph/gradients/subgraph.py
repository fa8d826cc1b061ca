"""GradientGraph: the gradient of a branch or of a loop's body, a sub-graph of its own.

It stands beside its *forward* graph and uses values of it. A parameter of the forward graph is
taken from outside again, a constant is copied; any other value is saved: the op that holds the
forward graph gets one more output (`save`), from which the gradient reads it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flowgraph.core import collector
from flowgraph.core import dtypes as dt
from flowgraph.gradients.gradients import Gradient, Walk, dense, zeros_like
from flowgraph.gradients.paths import is_differentiable
from flowgraph.graph.graph import Graph, get_default_graph
from flowgraph.graph.indexed_slices import IndexedSlices
from flowgraph.graph.operation import Operation
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.convert import to_tensor
from flowgraph.opdef.opdef import op_def
from flowgraph.opdef.subgraph import SubGraph


class GradientGraph(SubGraph):
    """The graph of the gradient of `forward`.

    Args:
        outer: the graph in which the gradient op will stand.
        forward: the sub-graph that is differentiated.
        op: the op that holds `forward`.
    """

    def __init__(self, outer: Graph, forward: SubGraph, op: Operation) -> None:
        super().__init__(outer)
        self.forward = forward
        self._op = op
        self._values: dict[Tensor, Tensor] = {}

    def can_adopt(self, other: Graph) -> bool:
        """Whether ops inside may take tensors of `other`; those of the forward graph as well."""
        return other is self.forward or super().can_adopt(other)

    def adopt(self, tensor: Tensor) -> Tensor:
        """The tensor that stands for `tensor` inside."""
        if tensor.graph is not self.forward:
            return super().adopt(tensor)
        found = self._values.get(tensor)
        if found is None:
            found = self._values[tensor] = self._forward_value(tensor)
        return found

    def _forward_value(self, tensor: Tensor) -> Tensor:
        op = tensor.op
        if op.type == "Const":
            with self.as_default():
                return op_def("Const").build(name=op.name.rpartition("/")[2], **op.attrs)
        if op.type in ("Parameter", "VariableParameter") and op.attrs["source"] is not None:
            return self.adopt(op.attrs["source"])
        return self.saved(self._op.op_def.save(self._op, tensor), tensor)

    def saved(self, output: Tensor, tensor: Tensor) -> Tensor:
        """The value inside of `tensor`, which `output` of the forward op carries."""
        return self.adopt(output)

    def differentiate(self, ys: list[tuple[Tensor, Tensor]],
                      xs: list[Tensor | None]) -> list[Gradient | None]:
        """The gradients with respect to tensors of the forward graph.

        Args:
            ys: (tensor of the forward graph, its gradient) pairs.
            xs: tensors of the forward graph; None gives None.
        """
        with self.as_default():
            asked = [x for x in xs if x is not None and is_differentiable(x)]
            walk = Walk(self, [y for y, _ in ys], asked, [])
            for y, dy in ys:
                walk.add(y, self.adopt(dy))
            with collector.paused():
                walk.run()
            return [None if x is None or x not in walk.pending else walk.total(x) for x in xs]


def as_parts(dx: Gradient | None, kind: str, like: Tensor) -> list[Tensor]:
    """A gradient as tensors that a sub-graph, now the default graph, can return.

    Args:
        dx: the gradient; None for zero.
        kind: "dense", or "sparse" for the values and indices of IndexedSlices.
        like: the tensor whose gradient it is.
    """
    if kind == "sparse":
        if dx is None:
            none = to_tensor(get_default_graph(), [], dt.int64, "indices")
            return [op_def("GatherV2").build(like, none, 0), none]
        return [dx.values, op_def("Cast").build(dx.indices, DstT=dt.int64)]  # type: ignore[union-attr]
    if dx is None:
        dx = zeros_like(like)
    return [dense(dx)]


def from_parts(kind: str | None, parts: Iterator[Any], like: Tensor) -> Gradient | None:
    """The gradient again, from what `as_parts` made of it."""
    if kind is None:
        return None
    if kind == "sparse":
        return IndexedSlices(next(parts), next(parts), op_def("Shape").build(like))
    return next(parts)
