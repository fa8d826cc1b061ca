"""The ops that run one of several branches: `If` and `Case`. Only the branch taken runs.

Each branch is a SubGraph. What the branches use from outside are the op's inputs, the same list for
all of them. The gradient is again such an op: one gradient branch per branch, on the same choice.
What a gradient branch needs of the values inside its branch becomes another output of the op; the
branches not taken give an empty stand-in for it (`FakeParam`).
"""

from __future__ import annotations

from flowgraph.core import dtypes as dt
from flowgraph.core.shapes import widen
from flowgraph.core.spec import Spec
from flowgraph.gradients.subgraph import GradientGraph, as_parts, from_parts
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.opdef import NotDifferentiable, OpDef
from flowgraph.opdef.shape_rules import require_rank
from flowgraph.opdef.subgraph import SubGraph, building_graph
from flowgraph.ops import parameter  # noqa: F401  (its ops stand inside branches)
from flowgraph.ops.tensor_list import TensorList


class FakeParam(OpDef):
    """Stands for a value that only another branch makes; no one uses its contents."""

    grad = NotDifferentiable
    read_only = True

    def infer(self, *, dtype, shape):
        return Spec(dtype, shape)

    def kernel(self, xp, *, dtype, shape):
        if dtype is dt.variant:
            return TensorList()
        sizes = () if shape is None else tuple(n or 0 for n in shape)
        return xp.broadcast_to(xp.zeros((), dtype.numpy), sizes)


class _Branches(OpDef, abstract=True):
    """What If and Case share; the first input chooses."""

    lists = ("inputs",)
    aliases = ("inputs",)
    multiple = True
    takes_missing_gradient = True

    def body_specs(self, inputs, bodies, **attrs):
        """The specs of an instruction's results from those of its bodies."""
        return [Spec(specs[0].dtype, _common([s.shape for s in specs]))
                for specs in zip(*bodies, strict=True)]

    def needed(self, op, used):
        """The outputs that are used, and the tensors that each branch computes for them."""
        outputs = [tensor for tensor in op.outputs if tensor in used]
        places = [tensor.value_index for tensor in outputs]
        return outputs, [[graph.outputs[i] for i in places] for graph in self.sub_graphs(op.attrs)]

    def kept_outputs(self, outputs, used, carried):
        """The numbers of the outputs that an instruction needs."""
        return [k for k, out in enumerate(outputs) if out in used]

    def result_places(self, kept, carried, bodies):
        """Which results each of the bodies keeps when only these outputs are kept; None: all."""
        return [kept] * bodies

    def save(self, op, tensor):
        """The output of `op` that carries `tensor`, a value inside one of its branches."""
        graphs = self.sub_graphs(op.attrs)
        owner = next(graph for graph in graphs if graph is tensor.graph)
        if tensor in owner.outputs:
            return op.outputs[owner.outputs.index(tensor)]
        for graph in graphs:
            if graph is owner:
                graph.outputs.append(tensor)
            else:
                with graph.as_default():
                    graph.outputs.append(FakeParam.build(dtype=tensor.dtype.base_dtype,
                                                         shape=tensor.spec.shape))
        return op._add_output(tensor.spec)

    def grad(self, op, *dys):
        outer = building_graph(op.graph)
        with outer.as_default():
            graphs = [self._gradient_branch(op, graph, outer, dys)
                      for graph in self.sub_graphs(op.attrs)]
            return [None, *_gradient_outputs(op, graphs, self._build_like(op))]

    def _gradient_branch(self, op, branch, outer, dys):
        """The graph that holds the gradient of one branch, and a gradient per input."""
        graph = GradientGraph(outer, branch, op)
        ys = [(y, dy) for y, dy in zip(branch.outputs, dys, strict=False) if dy is not None]
        return graph, graph.differentiate(ys, branch.parameters)


def _gradient_outputs(op, graphs, build):
    """One gradient per input of the branches, out of an op that runs the gradient branches."""
    kinds = []
    for j, tensor in enumerate(op.inputs[1:]):
        parts = [dxs[j] for _, dxs in graphs if dxs[j] is not None]
        kinds.append(None if not parts else
                     "sparse" if all(not isinstance(part, Tensor) for part in parts) else "dense")
        if parts:
            for graph, dxs in graphs:
                with graph.as_default():
                    graph.outputs += as_parts(dxs[j], kinds[j], tensor)
    if not any(kinds):
        return [None] * len(kinds)
    results = iter(build([graph for graph, _ in graphs]))
    return [from_parts(kind, results, tensor)
            for kind, tensor in zip(kinds, op.inputs[1:], strict=True)]


def align(branches: list[SubGraph]) -> list[Tensor]:
    """Gives all branches one list of parameters; the tensors outside that they stand for."""
    outside = list(dict.fromkeys(t for graph in branches for t, _ in graph.captured()))
    for graph in branches:
        graph.parameters = [graph.captures.get(tensor) for tensor in outside]
    return outside


class If(_Branches):
    """Runs `then_branch` if `cond` is true, else `else_branch`."""

    dtypes = {"cond": dt.BOOL, "inputs": dt.ANY}
    bodies = ("then_branch", "else_branch")

    def infer(self, cond, inputs, *, then_branch, else_branch):
        require_rank(cond, 0, "a predicate")
        return tuple(self.body_specs(None, [[t.spec for t in graph.outputs]
                                            for graph in (then_branch, else_branch)]))

    def kernel(self, xp, cond, inputs, *, bodies):
        then_branch, else_branch = bodies
        return then_branch(*inputs) if cond else else_branch(*inputs)

    def _build_like(self, op):
        return lambda graphs: build_if(op.inputs[0], *graphs)


def build_if(pred, then_branch: SubGraph, else_branch: SubGraph, name: str | None = None):
    """Adds an If; its results.

    Args:
        pred: bool scalar.
        then_branch, else_branch: the branches, with as many outputs of the same dtypes.
        name: name of the node.
    """
    inputs = align([then_branch, else_branch])
    graph = then_branch.outer
    with graph.control_dependencies(then_branch.outer_controls + else_branch.outer_controls):
        return If.build(pred, inputs, then_branch=then_branch, else_branch=else_branch, name=name)


class Case(_Branches):
    """Runs the branch with the number `branch_index`; the last one if there is no such branch."""

    dtypes = {"branch_index": dt.DTypeSet("int32", (dt.int32,)), "inputs": dt.ANY}
    bodies = ("branches",)

    def infer(self, branch_index, inputs, *, branches):
        require_rank(branch_index, 0, "the number of a branch")
        return tuple(self.body_specs(None, [[t.spec for t in graph.outputs]
                                            for graph in branches]))

    def kernel(self, xp, branch_index, inputs, *, bodies):
        chosen = int(branch_index)
        return bodies[chosen if 0 <= chosen < len(bodies) else -1](*inputs)

    def _build_like(self, op):
        return lambda graphs: build_case(op.inputs[0], graphs)


def build_case(branch_index, branches: list[SubGraph], name: str | None = None):
    """Adds a Case; its results.

    Args:
        branch_index: int32 scalar.
        branches: the branches, with as many outputs of the same dtypes.
        name: name of the node.
    """
    inputs = align(branches)
    controls = [op for graph in branches for op in graph.outer_controls]
    with branches[0].outer.control_dependencies(controls):
        return Case.build(branch_index, inputs, branches=tuple(branches), name=name)


def _common(shapes):
    result = shapes[0]
    for shape in shapes[1:]:
        result = widen(result, shape)
    return result
