"""`tf.gradients`: reverse-mode differentiation, op by op, into the same graph.

The walk goes over the operations between `xs` and `ys` in reverse order of creation, which is a
topological order because a graph only grows; inside a branch or loop body, that graph comes before
the ones around it. Each op's `grad` turns the gradients of its outputs
into those of its inputs; where a tensor is used more than once they are added with one `AddN`.
"""

from __future__ import annotations

import heapq
from typing import Any

import numpy as np

from flowgraph.core import collector
from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.errors import DTypeError, ShapeError
from flowgraph.gradients.paths import (
    as_list,
    captures_of,
    graph_of,
    inputs_of,
    is_differentiable,
    reachable,
    x_tensor,
    y_tensor,
)
from flowgraph.gradients.registry import gradient_function
from flowgraph.graph.graph import Graph
from flowgraph.graph.indexed_slices import IndexedSlices
from flowgraph.graph.operation import Operation
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.convert import to_tensor
from flowgraph.opdef.opdef import NotDifferentiable, op_def

Gradient = Tensor | IndexedSlices


class AggregationMethod:
    """How gradients of several uses are added; all ways give the same numbers here.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.constant(3.0)
        >>> add_n = fg.AggregationMethod.ADD_N
        >>> fg.Session().run(fg.gradients(x * x, x, aggregation_method=add_n))
        [np.float32(6.0)]
    """

    ADD_N = 0
    DEFAULT = 0
    EXPERIMENTAL_TREE = 1
    EXPERIMENTAL_ACCUMULATE_N = 2


class UnconnectedGradients:
    """What stands for the gradient of an x that ys do not depend on: None, or zeros.

    Example:
        >>> import flowgraph as fg
        >>> x, y = fg.constant([1.0, 2.0]), fg.constant(3.0)
        >>> fg.gradients(y, x, unconnected_gradients=fg.UnconnectedGradients.NONE)
        [None]
        >>> zero = fg.gradients(y, x, unconnected_gradients=fg.UnconnectedGradients.ZERO)
        >>> fg.Session().run(zero)
        [array([0., 0.], dtype=float32)]
    """

    NONE = "none"
    ZERO = "zero"


def gradients(ys: Any, xs: Any, grad_ys: Any = None, name: str = "gradients",
              colocate_gradients_with_ops: bool = False, gate_gradients: bool = False,
              aggregation_method: int | None = None, stop_gradients: Any = None,
              unconnected_gradients: Any = UnconnectedGradients.NONE) -> list[Any]:
    """Builds d(sum of ys)/dx for each x in `xs`, as nodes of the same graph.

    Args:
        ys: tensor, or list of them; one of an integer dtype passes no gradient on.
        xs: tensor or variable, or list of them.
        grad_ys: gradient to start from for each y, of y's shape and dtype; default ones.
        name: name scope of the new ops.
        colocate_gradients_with_ops: give each gradient op its forward op's device.
        gate_gradients: accepted; a run is deterministic anyway.
        aggregation_method: one of AggregationMethod; all give the same numbers.
        stop_gradients: tensors to treat as constants.
        unconnected_gradients: "none" or "zero".

    Returns:
        One Tensor, IndexedSlices or None per x. `explain_gradient` says why one is None.

    Raises:
        TypeError: a complex y has no grad_ys, or ys and xs hold something other than tensors.
        LookupError: an op asks for a gradient function that is not registered.
        ValueError: ys and xs are from different graphs, grad_ys do not fit, or
            aggregation_method is none of AggregationMethod.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.constant(3.0)
        >>> fg.Session().run(fg.gradients(x * x, x))
        [np.float32(6.0)]
    """
    unconnected = getattr(unconnected_gradients, "value", unconnected_gradients)
    if unconnected not in ("none", "zero"):
        raise ValueError(located("unconnected_gradients must be 'none' or 'zero', not "
                                 f"{unconnected!r}"))
    if aggregation_method not in (None, 0, 1, 2):
        raise ValueError(located(f"Invalid aggregation_method specified {aggregation_method!r}; "
                                 "use one of tf.AggregationMethod"))
    ys, xs = as_list(ys), as_list(xs)
    stops = [] if stop_gradients is None else as_list(stop_gradients)
    grad_ys = [None] * len(ys) if grad_ys is None else as_list(grad_ys)
    if len(grad_ys) != len(ys):
        raise ValueError(located(f"got {len(grad_ys)} grad_ys for {len(ys)} ys"))
    graph = graph_of([*ys, *xs])
    with graph.as_default(), graph.name_scope(name or "gradients"):
        y_tensors = [y_tensor(graph, y) for y in ys]
        x_tensors = [x_tensor(graph, x) for x in xs]
        stop_tensors = [x_tensor(graph, s) for s in stops]
        walk = Walk(graph, y_tensors, x_tensors, stop_tensors, colocate_gradients_with_ops,
                    captures_of(graph))
        for i, (y, dy) in enumerate(zip(y_tensors, grad_ys, strict=True)):
            walk.add(y, _start(graph, y, dy, f"grad_ys_{i}"))
        with collector.paused():
            walk.run()
        result = [walk.total(x) for x in x_tensors]
        result = [graph.adopt(dx) if isinstance(dx, Tensor) else dx for dx in result]
        if unconnected == "zero":
            result = [op_def("ZerosLike").build(x) if dx is None else dx
                      for x, dx in zip(x_tensors, result, strict=True)]
    return result


class Walk:
    """One reverse walk: pending gradients by tensor, and which operations are on the way.

    Args:
        graph: where the new ops go.
        ys, xs, stops: as for `gradients`.
        colocate: give each gradient op its forward op's device.
        captures: from a stand-in inside a sub-graph to the tensor outside, where the walk is to go
            on outside.
    """

    def __init__(self, graph: Graph, ys: list[Tensor], xs: list[Tensor], stops: list[Tensor],
                 colocate: bool = False, captures: dict[Tensor, Tensor] | None = None) -> None:
        self.graph = graph
        self.colocate = colocate
        self.ys = ys
        self.captures = captures or {}
        self.stopped = {tensor.op for tensor in stops}
        self.between = reachable(ys, xs, stops, self.captures)
        self.pending: dict[Tensor, list[Gradient]] = {}

    def add(self, tensor: Tensor, dy: Gradient) -> None:
        """Notes one more contribution to the gradient of `tensor`."""
        self.pending.setdefault(tensor, []).append(dy)

    def run(self) -> None:
        """Goes through the operations, the last built first."""
        queued = {y.op for y in self.ys if y.op in self.between}
        queue = [_last_first(op) for op in queued]
        heapq.heapify(queue)
        while queue:
            op = heapq.heappop(queue)[-1]
            self._through(op)
            for tensor in inputs_of(op, self.captures):
                if tensor.op in self.between and tensor.op not in queued:
                    queued.add(tensor.op)
                    heapq.heappush(queue, _last_first(tensor.op))

    def total(self, tensor: Tensor) -> Gradient | None:
        """The gradient of `tensor` from all its uses, or None."""
        parts = self.pending.get(tensor)
        if parts is None:
            return None
        if len(parts) > 1:
            with self.graph.gradient_of(tensor.op):
                parts = self.pending[tensor] = [aggregate(parts)]
        return parts[0]

    def _through(self, op: Operation) -> None:
        """From the gradients of an op's outputs to those of its inputs."""
        dys = [self.total(tensor) if is_differentiable(tensor) else None for tensor in op.outputs]
        if op in self.stopped or all(dy is None for dy in dys):
            return
        if self.captures and len(dys) == 1 and op.outputs[0] in self.captures:
            self.add(self.captures[op.outputs[0]], dys[0])  # type: ignore[arg-type]
            return
        if not any(tensor.op in self.between for tensor in op.inputs):
            return  # it makes an x, and nothing before it is asked for
        function = gradient_function(op)
        if function is NotDifferentiable:
            return
        with self.graph.gradient_of(op, f"{op.name}_grad"):
            if self.colocate:
                with self.graph.colocate_with(op, ignore_existing=True):
                    dxs = self._call(op, function, dys)
            else:
                dxs = self._call(op, function, dys)
        for tensor, dx in zip(op.inputs, dxs, strict=True):
            if dx is not None:
                self.add(tensor, dx)

    def _call(self, op: Operation, function: Any, dys: list[Any]) -> list[Any]:
        filled = dys if op.op_def.takes_missing_gradient else [
            zeros_like(tensor) if dy is None else dy
            for dy, tensor in zip(dys, op.outputs, strict=True)]
        if not op.op_def.takes_sparse_gradient:
            filled = [dense(dy) for dy in filled]
        dxs = function(op, *filled)
        dxs = list(dxs) if isinstance(dxs, (list, tuple)) else [dxs]
        if len(dxs) != len(op.inputs):
            raise ValueError(located(f"the gradient function of {op.type} {op.name!r} ({op.frame}) "
                                     f"returned {len(dxs)} gradients for {len(op.inputs)} inputs"))
        return [dx if dx is None or isinstance(dx, IndexedSlices) else
                _checked(op, tensor, dx if isinstance(dx, Tensor) else
                         to_tensor(self.graph, dx, tensor.dtype.base_dtype, None))
                for tensor, dx in zip(op.inputs, dxs, strict=True)]


def aggregate(parts: list[Gradient]) -> Gradient:
    """The sum of several gradients: sparse if all are, else dense."""
    if all(isinstance(part, IndexedSlices) for part in parts):
        concat = op_def("ConcatV2")
        return IndexedSlices(concat.build([p.values for p in parts], 0),  # type: ignore[union-attr]
                             concat.build(_one_dtype([p.indices for p in parts]), 0),  # type: ignore[union-attr]
                             parts[0].dense_shape)  # type: ignore[union-attr]
    kind = "TensorListAddN" if parts[0].dtype is dt.variant else "AddN"
    return op_def(kind).build([dense(part) for part in parts])


def _one_dtype(indices: list[Tensor]) -> list[Tensor]:
    """The indices of several gradients, as int64 if their dtypes differ."""
    if len({each.dtype for each in indices}) == 1:
        return indices
    return [op_def("Cast").build(each, DstT=dt.int64) for each in indices]


def _last_first(op: Operation) -> tuple[int, int, Operation]:
    depth, graph = 0, op.graph
    while graph.outer is not None:
        depth, graph = depth + 1, graph.outer
    return -depth, -op.index, op


def dense(dy: Any) -> Any:
    """A gradient as a Tensor."""
    return to_tensor(dy.graph, dy, None, None) if isinstance(dy, IndexedSlices) else dy


def _start(graph: Graph, y: Tensor, dy: Any, name: str) -> Gradient:
    """The gradient of y itself: ones, or what the caller gave."""
    if dy is None:
        if y.dtype.base_dtype.is_complex:
            raise DTypeError(located(
                f"the gradient of the complex {y.name!r} ({y.op.frame}) needs a grad_ys",
                advice="Pass grad_ys, or differentiate a real function as tf.abs(y).",
                section="dtype-error"))
        sizes = (to_tensor(graph, np.array(y.spec.shape, np.int32), None, "Shape")
                 if y.spec.is_static else op_def("Shape").build(y))
        one = np.ones((), y.dtype.base_dtype.numpy)
        return op_def("Fill").build(sizes, to_tensor(graph, one, None, name))
    if isinstance(dy, IndexedSlices):
        return dy
    dy = to_tensor(graph, dy, y.dtype.base_dtype, name)
    if not dy.shape.is_compatible_with(y.shape):
        raise ShapeError(located(
            f"grad_ys has shape {dy.shape}, but its y {y.name!r} ({y.op.frame}) has {y.shape}",
            section="shape-error"))
    return dy


def zeros_like(tensor: Tensor) -> Tensor | None:
    """The gradient of a tensor on which nothing depends; None if it has none anyway."""
    if tensor.dtype is dt.variant:
        return op_def("EmptyTensorList").build()
    return op_def("ZerosLike").build(tensor) if is_differentiable(tensor) else None


def _checked(op: Operation, tensor: Tensor, dx: Tensor) -> Tensor:
    """`dx`, known to have the shape and dtype of the input `tensor` whose gradient it is."""
    if dx.dtype.base_dtype is not tensor.dtype.base_dtype:
        raise DTypeError(located(f"the gradient function of {op.type} {op.name!r} ({op.frame}) "
                                 f"returned a gradient of {dx.dtype.base_dtype.name} for the input "
                                 f"{tensor.name!r} of {tensor.dtype.base_dtype.name}",
                                 section="dtype-error"))
    try:
        if dx.spec.shape != tensor.spec.shape:
            dx.set_shape(tensor.spec.shape)
        return dx
    except ShapeError:
        raise ShapeError(located(
            f"the gradient function of {op.type} {op.name!r} ({op.frame}) returned a gradient of "
            f"shape {dx.shape} for the input {tensor.name!r} of shape {tensor.shape}",
            section="shape-error")) from None
