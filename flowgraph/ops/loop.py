"""The op that runs a loop: `While`.

Its condition and its body are SubGraphs over the same inputs: first the loop variables, which the
body computes anew in each round, then what both use from outside. Results are the last values of
the loop variables, the number of rounds, and a list with each round's value of every tensor of the
body that a gradient needs.

The gradient is again a loop, over the rounds from last to first: it carries the gradients of the
loop variables, and sums up those of what comes from outside (gradients that are IndexedSlices are
collected, not added: they stay sparse).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.shapes import widen
from flowgraph.core.spec import Spec
from flowgraph.gradients.gradients import zeros_like
from flowgraph.gradients.paths import is_differentiable
from flowgraph.gradients.subgraph import GradientGraph, as_parts
from flowgraph.graph.graph import Graph
from flowgraph.graph.indexed_slices import IndexedSlices
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.opdef import OpDef
from flowgraph.opdef.subgraph import SubGraph, building_graph
from flowgraph.ops import parameter  # noqa: F401  (its ops stand inside loops)
from flowgraph.ops.arithmetic import add, subtract
from flowgraph.ops.compare import greater_equal
from flowgraph.ops.shape import shape
from flowgraph.ops.tensor_list import LIST_SPEC, TensorList, TensorListAddN, TensorListGetItem
from flowgraph.ops.tensor_list_batch import TensorListConcat


class While(OpDef):
    """Runs `body` on its own results as long as `cond` is true of them."""

    dtypes = {"inputs": dt.ANY}
    lists = ("inputs",)
    aliases = ("inputs",)
    multiple = True
    takes_missing_gradient = True
    bodies = ("cond", "body")

    def infer(self, inputs, *, cond, body, carried, shapes, back_prop=True):
        return (*(Spec(spec.dtype, shape) for spec, shape in zip(inputs, shapes, strict=False)),
                Spec(dt.int32, ()), *[LIST_SPEC] * (len(body.outputs) - carried))

    def kernel(self, xp, inputs, *, bodies, carried, shapes, back_prop=True):
        cond, body = bodies
        state, fixed = inputs[:carried], inputs[carried:]
        lists = [[] for _ in range(body.results - carried)]
        rounds = 0
        while cond(*state, *fixed)[0]:
            results = body(*state, *fixed)
            state = results[:carried]
            for items, item in zip(lists, results[carried:], strict=True):
                items.append(item)
            rounds += 1
        return (*state, np.int32(rounds),
                *(TensorList(dict(enumerate(items)), rounds) for items in lists))

    def body_specs(self, inputs, bodies, *, carried, shapes, back_prop=True):
        """The specs of an instruction's results from those of its inputs and its bodies."""
        after = bodies[1]
        return [*(Spec(a.dtype, widen(a.shape, b.shape))
                  for a, b in zip(inputs[:carried], after, strict=False)),
                Spec(dt.int32, ()), *[LIST_SPEC] * (len(after) - carried)]

    def needed(self, op, used):
        """The outputs that are used, and the tensors that condition and body compute for them."""
        count, body = op.attrs["carried"], op.attrs["body"]
        saved = [t for t in op.outputs[count + 1:] if t in used]
        values = [body.outputs[t.value_index - 1] for t in saved]
        return ([*op.outputs[:count + 1], *saved],
                [op.attrs["cond"].outputs, [*body.outputs[:count], *values]])

    def kept_outputs(self, outputs, used, carried):
        """The numbers of the outputs that an instruction needs: all but unused lists."""
        return [k for k, out in enumerate(outputs) if k <= carried or out in used]

    def result_places(self, kept, carried, bodies):
        """Which results condition and body keep when only these outputs are kept; None: all."""
        return [None, [k if k < carried else k - 1 for k in kept if k != carried]]

    def save(self, op, tensor):
        """The output of `op` that carries the values of `tensor`, one per round, as a list."""
        count, body = op.attrs["carried"], op.attrs["body"]
        saved = body.outputs[count:]
        if tensor in saved:
            return op.outputs[count + 1 + saved.index(tensor)]
        body.outputs.append(tensor)
        return op._add_output(LIST_SPEC)

    def grad(self, op, *dys):
        if not op.attrs["back_prop"]:
            return [None] * len(op.inputs)
        outer = building_graph(op.graph)
        with outer.as_default():
            return _Backward(op, outer, dys).gradients()


class _Backward:
    """Builds the loop that differentiates a loop."""

    def __init__(self, op, outer: Graph, dys) -> None:
        self.op = op
        self.outer = outer
        self.count = op.attrs["carried"]
        self.forward = op.attrs["body"]
        self.variables = [i for i in range(self.count) if is_differentiable(op.outputs[i])]
        starts = [zeros_like(op.outputs[i]) if dys[i] is None else dys[i] for i in self.variables]
        saved_dys = dys[self.count + 1:]
        graph = self.graph = _LoopGradientGraph(outer, self.forward, op)
        self.last_round = subtract(op.outputs[self.count], 1)
        graph.round = graph.parameter("round", self.last_round)
        carried = [graph.parameter(f"gradient_{i}", op.outputs[i],
                                   self.forward.parameters[i].spec.shape) for i in self.variables]
        ys = [(self.forward.outputs[i], dy) for i, dy in zip(self.variables, carried, strict=True)]
        ys += [(tensor, graph.saved(dlist, tensor)) for tensor, dlist in
               zip(self.forward.outputs[self.count:], saved_dys, strict=False) if dlist is not None]
        self.dxs = graph.differentiate(ys, self.forward.parameters)
        with graph.as_default():
            graph.outputs = [subtract(graph.round, 1)]
            for i in self.variables:
                graph.outputs += as_parts(self.dxs[i], "dense", self.forward.parameters[i])
        self.parameters = [graph.round, *carried]
        self.starts = [self.last_round, *starts]

    def gradients(self):
        """One gradient per input of the loop."""
        sums, sparse = {}, {}
        saved = []
        for j in range(self.count, len(self.op.inputs)):
            dx = self.dxs[j]
            if isinstance(dx, IndexedSlices):
                sparse[j] = len(saved)
                saved += as_parts_in(self.graph, dx, self.op.inputs[j])
            elif dx is not None:
                sums[j] = len(self.parameters)
                self._sum_up(dx, self.op.inputs[j])
        self.graph.outputs += saved
        carried = len(self.parameters)
        condition = SubGraph(self.outer)
        left = condition.parameter("round", self.last_round)
        with condition.as_default():
            condition.outputs = [greater_equal(left, 0)]
        results = build_while(condition, self.graph, self.starts, [left] + [None] * (carried - 1),
                              self.parameters, [p.spec.shape for p in self.parameters])
        of_variable = {i: results[1 + k] for k, i in enumerate(self.variables)}
        lists = results[carried + 1:]
        return [of_variable.get(j) if j < self.count else
                results[sums[j]] if j in sums else
                _collected(lists[sparse[j]:sparse[j] + 2], saved[sparse[j]], self.op.inputs[j])
                if j in sparse else None for j in range(len(self.op.inputs))]

    def _sum_up(self, dx: Tensor, like: Tensor) -> None:
        """Makes the sum of `dx` over all rounds one more loop variable."""
        start = zeros_like(like)
        assert start is not None  # it has a gradient
        total = self.graph.parameter("sum", start, dx.spec.shape if dx.dtype is not dt.variant
                                     else ())
        with self.graph.as_default():
            self.graph.outputs.append(
                TensorListAddN.build([total, dx]) if dx.dtype is dt.variant else add(total, dx))
        self.parameters.append(total)
        self.starts.append(start)


class _LoopGradientGraph(GradientGraph):
    """The gradient of a loop's body: forward values come from the lists that the loop saves."""

    round: Tensor

    def saved(self, output: Tensor, tensor: Tensor) -> Tensor:
        with self.as_default():
            return TensorListGetItem.build(self.adopt(output), self.round,
                                           element_dtype=tensor.dtype.base_dtype,
                                           element_shape=tensor.spec.shape)


def as_parts_in(graph: Graph, dx: IndexedSlices, like: Tensor) -> list[Tensor]:
    """Values and indices of a sparse gradient as tensors of `graph`."""
    with graph.as_default():
        return [graph.adopt(part) for part in as_parts(dx, "sparse", like)]


def _collected(lists: list[Tensor], values: Tensor, like: Tensor) -> IndexedSlices:
    """The slices of all rounds, as one IndexedSlices."""
    element = values.spec.shape
    rows = None if like.spec.shape is None else (None, *like.spec.shape[1:])
    return IndexedSlices(
        TensorListConcat.build(lists[0], element_dtype=values.dtype, element_shape=element or rows),
        TensorListConcat.build(lists[1], element_dtype=dt.int64, element_shape=(None,)),
        shape(like))


def build_while(cond: SubGraph, body: SubGraph, starts: list[Tensor],
                in_cond: Sequence[Tensor | None], in_body: list[Tensor], shapes,
                back_prop: bool = True, name: str | None = None) -> list[Tensor]:
    """Adds a While.

    Args:
        cond: the condition; its only output is a bool scalar.
        body: the body; its first outputs are the new values of the loop variables.
        starts: first values of the loop variables.
        in_cond, in_body: what stands for the loop variables in condition and body.
        shapes: static shape of each loop variable that holds in all rounds.
        back_prop: whether gradients may go through the loop.
        name: name of the node.

    Returns:
        The last values of the loop variables, the number of rounds, and a list for each further
        output of the body.
    """
    outside = list(dict.fromkeys(t for graph in (cond, body) for t, _ in graph.captured()))
    cond.parameters = [*in_cond, *(cond.captures.get(tensor) for tensor in outside)]
    body.parameters = [*in_body, *(body.captures.get(tensor) for tensor in outside)]
    with body.outer.control_dependencies(cond.outer_controls + body.outer_controls):
        return While.build([*starts, *outside], cond=cond, body=body, carried=len(starts),
                           shapes=tuple(shapes), back_prop=back_prop, name=name)
