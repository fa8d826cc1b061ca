"""Which dtype the items of a list of tensors have.

TensorFlow's ops that make a list ask for it; ours do not. What is put into a list, or read from it,
tells; loops and branches hand lists on. So tensors that are the same list, or one that was made of
it, are put in one group, and a group learns its dtype from any of its ops.
"""

from __future__ import annotations

from collections.abc import Iterator

from flowgraph.core import dtypes as dt
from flowgraph.graph.graph import Graph
from flowgraph.graph.operation import Operation
from flowgraph.graph.tensor import Tensor

_LISTS = ("list", "lists", "like", "lengths", "input_handle")  # parameters that are lists


class ListDTypes:
    """The dtypes of the items of all lists in a graph and in its branches and loops.

    Args:
        graph: the graph.
    """

    def __init__(self, graph: Graph) -> None:
        self._parent: dict[Tensor, Tensor] = {}
        self._dtypes: dict[Tensor, dt.DType] = {}
        told: list[tuple[Tensor, dt.DType]] = []
        for op in _operations(graph):
            if op.type.startswith("TensorList") or op.type in ("EmptyTensorList", "Identity"):
                told += self._list_op(op)
            elif op.op_def.bodies:
                told += self._control_flow(op)
        for tensor, dtype in told:
            self._dtypes.setdefault(self._root(tensor), dtype)

    def of(self, tensor: Tensor) -> dt.DType:
        """The dtype of the items of a list; float32 where nobody asks for them.

        Args:
            tensor: the list.
        """
        return self._dtypes.get(self._root(tensor), dt.float32)

    def _root(self, tensor: Tensor) -> Tensor:
        parent = self._parent
        while tensor in parent:
            above = parent[tensor]
            if above in parent:
                parent[tensor] = parent[above]  # a shorter way for the next one who asks
            tensor = above
        return tensor

    def _same(self, a: Tensor | None, b: Tensor | None) -> None:
        if a is None or b is None or a.dtype is not dt.variant:
            return
        a, b = self._root(a), self._root(b)
        if a is not b:
            self._parent[a] = b

    def _list_op(self, op: Operation) -> list[tuple[Tensor, dt.DType]]:
        params = op.op_def.flat_params(len(op.inputs))
        makes_list = op.type == "Identity" or "element_dtype" not in op.attrs
        lists = [tensor for param, tensor in zip(params, op.inputs, strict=True)
                 if tensor.dtype is dt.variant and (param in _LISTS or op.type == "Identity")]
        if makes_list and "GetOrZeros" not in op.type:
            lists += [tensor for tensor in op.outputs if tensor.dtype is dt.variant]
        for other in lists[1:]:
            self._same(lists[0], other)
        dtype = op.attrs.get("element_dtype") or op.op_def.type_attr(op, "element_dtype")
        return [(lists[0], dtype)] if lists and isinstance(dtype, dt.DType) else []

    def _control_flow(self, op: Operation) -> list[tuple[Tensor, dt.DType]]:
        graphs = op.op_def.sub_graphs(op.attrs)
        if op.type != "While":
            for graph in graphs:
                for outside, inside in zip(op.inputs[1:], graph.parameters, strict=False):
                    self._same(outside, inside)
                for made, result in zip(op.outputs, graph.outputs, strict=False):
                    self._same(made, result)
            return []
        carried, body = op.attrs["carried"], op.attrs["body"]
        for graph in graphs:
            for outside, inside in zip(op.inputs, graph.parameters, strict=False):
                self._same(outside, inside)
        for k in range(carried):
            self._same(op.inputs[k], op.outputs[k])
            self._same(op.inputs[k], body.outputs[k])
        return [(made, saved.dtype.base_dtype) for made, saved in zip(
            op.outputs[carried + 1:], body.outputs[carried:], strict=False)]


def _operations(graph: Graph) -> Iterator[Operation]:
    left = [graph]
    while left:
        for op in left.pop().get_operations():
            yield op
            left += op.op_def.sub_graphs(op.attrs)
