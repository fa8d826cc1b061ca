"""Cross entropies of large logits, taken apart into what a group can run with its neighbours.

    loss, backprop = SoftmaxCrossEntropyWithLogits(x, labels)

    shifted  = x - max(x, -1)              loss     = sum(labels * (log(sums) - shifted), -1)
    e        = exp(shifted)                backprop = e / sums - labels
    sums     = sum(e, -1)

The kernel goes through whole arrays, and makes new ones; the parts join the bias before them and
the gradient after them, tile by tile. They keep the op that they come from. What is only part of
the sparse form (labels are numbers of classes) are the ops of this module, which no graph has.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.core.spec import Spec
from flowgraph.opdef.opdef import OpDef, op_def
from flowgraph.ops.cross_entropy import check_labels
from flowgraph.program.groups import AT_LABELS
from flowgraph.program.ir import Instr, Program, Value, constant
from flowgraph.program.specs import Contents, derive

_OPS = ("SoftmaxCrossEntropyWithLogits", "SparseSoftmaxCrossEntropyWithLogits")


class CheckedLabels(OpDef, abstract=True):
    """The labels, when all are numbers of classes of the logits. It stands in Programs only.

    Of the logits it needs the shape only, and can run before there are any; `features` is their
    Value, which an error tells of.
    """

    type = "CheckedLabels"
    params = ("labels",)
    checks_data = True

    def infer(self, labels: Spec, *, features: Value) -> Spec:
        return labels

    def kernel(self, xp: Any, labels: Any, *, features: Value) -> Any:
        check_labels(xp, features.spec.shape, labels)
        return xp.array(labels)


class AtLabels(OpDef, abstract=True):
    """Of each row, the number at its label. It stands in Programs only."""

    type = AT_LABELS[0]
    params = ("x", "labels")

    def infer(self, x: Spec, labels: Spec) -> Spec:
        return Spec(x.dtype, (x.shape or (None,))[:1])

    def kernel(self, xp: Any, x: Any, labels: Any) -> Any:
        return x[xp.arange(len(labels)), labels]


class OneLessAtLabels(OpDef, abstract=True):
    """Rows, with 1 taken from the number at the label of each. It stands in Programs only."""

    type = AT_LABELS[1]
    params = ("x", "labels")
    takes_out = True

    def infer(self, x: Spec, labels: Spec) -> Spec:
        return Spec(x.dtype, x.shape)

    def kernel(self, xp: Any, x: Any, labels: Any, *, out: Any = None) -> Any:
        if out is None:
            out = xp.empty_like(x)
        if out is not x:
            out[...] = x
        out[xp.arange(len(labels)), labels] -= 1
        return out


CHECKED_LABELS, _AT_LABELS, _ONE_LESS = CheckedLabels(), AtLabels(), OneLessAtLabels()


def cross_entropy_parts(program: Program, least: int) -> Program:
    """Takes cross entropies of so many logits or more apart.

    Args:
        program: the program.
        least: elements.
    """
    if not any(_is_large(instr, least) for instr in program.instrs):
        return program
    instrs: list[Instr] = []
    for instr in program.instrs:
        instrs += _Parts(instr).instrs if _is_large(instr, least) else [instr]
    return program.with_instrs(instrs, {})


def _is_large(instr: Instr, least: int) -> bool:
    if instr.op_def.type not in _OPS or not instr.is_pure:
        return False
    features, labels, out = instr.inputs[0], instr.inputs[1], instr.outputs[1].spec
    if features is None or labels is None or not labels.spec.is_static or features.spec != out:
        return False
    fits = labels.spec == out or (instr.op_def.type == _OPS[1]
                                  and labels.spec.shape == (out.shape or ())[:1])
    return fits and out.is_static and (out.size or 0) >= least and (out.shape or (0,))[0] != 1


class _Parts:
    """The instructions in place of one cross entropy."""

    def __init__(self, instr: Instr) -> None:
        self.instr = instr
        self.instrs: list[Instr] = []
        features, labels = instr.inputs
        loss, backprop = instr.outputs
        last = constant(f"{loss.name}/axis", np.array([1], np.int32))
        shifted = self._emit("Sub", features, self._emit("Max", features, last, keep_dims=True))
        powers = self._emit("Exp", shifted)
        sums = self._emit("Sum", powers, last, keep_dims=True)
        softmax = self._emit("RealDiv", powers, sums)
        logs = self._emit("Log", sums)
        if instr.op_def.type == _OPS[0]:
            terms = self._emit("Mul", labels, self._emit("Sub", logs, shifted))
            self._emit("Sum", terms, last, out=loss, keep_dims=False)
            self._emit("Sub", softmax, labels, out=backprop)
            return
        labels = self._emit(CHECKED_LABELS, labels, features=features)
        rows = constant(f"{loss.name}/shape", np.array(loss.spec.shape, np.int32))
        self._emit("Sub", self._emit("Reshape", logs, rows),
                   self._emit(_AT_LABELS, shifted, labels), out=loss)
        self._emit(_ONE_LESS, softmax, labels, out=backprop)

    def _emit(self, op: Any, *inputs: Value | None, out: Value | None = None,
              **attrs: Any) -> Value:
        definition = op_def(op) if isinstance(op, str) else op
        attrs = {**definition.attr_defaults, **attrs}
        if out is None:
            probe = Instr(definition, inputs, (), attrs, self.instr.origins)
            spec, = derive(probe, Contents())
            out = Value(f"{self.instr.outputs[0].name}/{definition.type}", spec)
        self.instrs.append(Instr(definition, inputs, (out,), attrs, self.instr.origins,
                                 equals=self.instr.equals))
        return out
