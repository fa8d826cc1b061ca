"""An op's gradient: traced on placeholders that are named after its parameters.

The op is built with the sizes of a test case and again with unknown sizes. The formula for unknown
sizes is the more telling one; it is shown unless it is much longer.
"""

from __future__ import annotations

import contextlib
import inspect
import re
from typing import NamedTuple

import numpy as np

import flowgraph as fg
from flowgraph.core import dtypes as dt
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.opdef import NotDifferentiable, OpDef, is_known
from flowgraph.opdef.static_value import known_value

from .cases import Node
from .expression import lines_of
from .formula import Formula

TRIES = 8  # nodes looked at per op
LINES = 40  # a longer formula teaches nothing


class Traced(NamedTuple):
    """A gradient as text.

    Attributes:
        lines: `let` lines and one `grad(x) = ...` per input.
        flows: the inputs that get a gradient.
        dry: the inputs of a differentiable dtype that get none.
        unbroadcasts: whether gradients are summed to the shape of an input that was stretched.
        dys: the names of the incoming gradients, one per result; "" for a result without one.
        results: the names of the results.
        node: the node whose inputs the stand-ins were modelled on.
    """

    lines: list[str]
    flows: list[str]
    dry: list[str]
    unbroadcasts: bool
    dys: list[str]
    results: list[str]
    node: Node


def gradient_of(op_def: OpDef, nodes: list[Node]) -> Traced | str:
    """The gradient of an op, or in words why there is no formula."""
    if op_def.grad is NotDifferentiable:
        return "Not differentiable: `tf.gradients` gives None through it."
    if op_def.bodies:
        return ("Flows to every floating input, through another node of the kind, which runs the "
                "gradients of the sub-graphs.")
    best, best_score, disabled = None, None, False
    nodes = [node for node in nodes if node.grad] or nodes
    for node in sorted(nodes, key=_unusual)[:TRIES]:
        try:
            traced = _trace(op_def, node, unknown_sizes=False)
            with contextlib.suppress(ValueError, NotImplementedError):  # it needs to know sizes
                traced = _clearer(_trace(op_def, node, unknown_sizes=True), traced)
        except LookupError:
            disabled = True
            continue
        text = "\n".join(traced.lines)
        score = (-len(traced.flows), _unusual(node), len(traced.lines), len(text))
        if traced.flows and (best_score is None or score < best_score):
            best, best_score = traced, score
    if best is not None and len(best.lines) > LINES:
        return f"A formula of {len(best.lines)} steps; read `{op_def.type}.grad`."
    if best is not None:
        return best
    return "Asking for it is an error, on purpose." if disabled else "No gradient flows through it."


def _clearer(general: Traced, of_known_sizes: Traced) -> Traced:
    """The formula that holds for all sizes, unless that of known sizes is much shorter."""
    text = "\n".join(general.lines)
    if "BroadcastGradientArgs" in text or len(general.flows) < len(of_known_sizes.flows):
        return of_known_sizes
    short = len(general.lines) <= 2 * len(of_known_sizes.lines) + 1
    return general if short else of_known_sizes


def _unusual(node: Node) -> float:
    """How far a node is from the plain use of its op: attributes given, scalars, mixed ranks."""
    op, defaults = node.op, node.op.op_def.attr_defaults
    given = sum(1 for key, value in op.attrs.items() if key in defaults
                and not np.array_equal(value, defaults[key]))
    params = op.op_def.flat_params(len(op.inputs))
    ranks = [x.spec.rank for p, x in zip(params, op.inputs, strict=True)
             if p not in op.op_def.host_inputs]
    mixed = len(set(ranks)) > 1
    return given + (1 + op.op_def.elementwise) * mixed + (
        0.5 * (ranks[:1] == [1]) + (ranks[:1] in ([0], [None])))


def _trace(op_def: OpDef, node: Node, unknown_sizes: bool) -> Traced:
    with fg.Graph().as_default():
        names: dict[Tensor, str] = {}
        args = [_argument(op_def, param, group, names, unknown_sizes)
                for param, group in zip(op_def.params, op_def.group(node.op.inputs), strict=True)]
        inputs = dict(names)
        made = type(op_def).build(*args, **node.op.attrs)
        outputs = made if isinstance(made, list) else [made]
        dys, results = _result_names(op_def, len(outputs), set(names.values()))
        used = [i for i, y in enumerate(outputs) if _is_floating(y)]
        grad_ys = [fg.placeholder(outputs[i].dtype.base_dtype, outputs[i].shape) for i in used]
        names.update({outputs[i]: result for i, result in enumerate(results)})
        names.update({dy: dys[i] for i, dy in zip(used, grad_ys, strict=True)})
        xs = [x for x in inputs if _is_floating(x)]
        dxs = fg.gradients([outputs[i] for i in used], xs, grad_ys) if used and xs else []
        formula = Formula(names, node.op.attrs)
        found = {f"grad({inputs[x]})": formula.of(dx)
                 for x, dx in zip(xs, dxs, strict=False) if dx is not None}
        return Traced(lines_of(found),
                      [inputs[x] for x, dx in zip(xs, dxs, strict=False) if dx is not None],
                      [inputs[x] for x, dx in zip(xs, dxs, strict=False) if dx is None],
                      formula.unbroadcasts, [dy if i in used else "" for i, dy in enumerate(dys)],
                      results, node)


def _argument(op_def: OpDef, param: str, group, names: dict[Tensor, str], unknown_sizes: bool):
    """What to give `build` for a parameter; notes what its tensors are called."""
    if param in op_def.lists:
        made = [_stand_in(op_def, param, x, unknown_sizes) for x in group]
        names.update({x: f"{param}[{i}]" for i, x in enumerate(made)})
        return made
    made = _stand_in(op_def, param, group, unknown_sizes)
    names[made] = param
    return made


def _stand_in(op_def: OpDef, param: str, x: Tensor, unknown_sizes: bool) -> Tensor:
    dtype = x.dtype.base_dtype
    value = known_value(x)
    if param in op_def.host_inputs and is_known(value):
        return fg.constant(np.array(value, dtype.numpy), dtype)
    if param in op_def.refs:
        return fg.Variable(np.zeros(x.spec.shape or (), dtype.numpy))._ref()
    shape = x.spec.shape
    if unknown_sizes and shape is not None:
        shape = (None,) * len(shape)
    return fg.placeholder(dtype, shape)


def _is_floating(tensor: Tensor) -> bool:
    dtype = tensor.dtype.base_dtype
    return dtype.is_floating or dtype.is_complex or dtype is dt.variant


def _result_names(op_def: OpDef, count: int, taken: set[str]) -> tuple[list[str], list[str]]:
    """What the incoming gradients and the results are called.

    By the gradient function's own parameters; a single result as the op's docstring calls it.
    """
    parameters = list(inspect.signature(op_def.grad).parameters.values())[1:]
    own = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    if count == 1:
        stated = re.match(r"([a-z]\w?) = ", type(op_def).__doc__ or "")
        result = stated[1] if stated else "y"
        result = next(n for n in (result, "y", "z", "result") if n not in taken)
        return ["dy" if "dy" not in taken else "dz"], [result]
    dys = [own[i] if i < len(own) and not own[i].startswith("_") else f"dy{i}"
           for i in range(count)]
    stems = [dy[1:].strip("_") if dy.startswith("d") else "" for dy in dys]
    return dys, [stem if stem and stem not in taken else f"result{i}"
                 for i, stem in enumerate(stems)]
