"""Gradients that have the shape of what was not stretched, told without knowing any size.

Where a batch size is unknown, the gradient of `a * b` sums over the axes in which `a` was
stretched, and reshapes: seven instructions of arithmetic on shapes, which specialising and folding
take apart for every shape of the feeds, most often to find that nothing was stretched at all. This
pass runs once, before any shape is known, and drops what it can tell from where shapes come from.

A value's shape is described by the set of *sources* that it is the broadcast of: that of `tanh(x)`
is x's own, that of `a * b` is both together. Broadcasting a set with a part of it gives the set.
"""

from __future__ import annotations

from flowgraph.core.shapes import compatible, merge
from flowgraph.program.ir import Instr, Program, Value
from flowgraph.program.passes.dead_code import dead_code

Sources = frozenset[Value]

# Besides elementwise ops, what keeps the shape of its first input.
_KEEP = {"Identity", "StopGradient", "PreventGradient", "Cast", "BiasAdd", "Relu", "ReluGrad",
         "ZerosLike", "OnesLike", "Softmax", "LogSoftmax", "CheckNumerics"}
_SHAPED = {"Reshape": 1, "Fill": 0, "BroadcastTo": 1}  # where the wanted shape stands


def same_shapes(program: Program) -> Program:
    """Drops sums over no axes, and shapes of which there is one already."""
    if not any(instr.op_def.type == "Shape" or instr.bodies for instr in program.instrs):
        return program
    found = _SameShapes()
    instrs = [instr for old in program.instrs if (instr := found.look_at(old)) is not None]
    if not found.replaced and not found.changed:
        return program
    return dead_code(program.with_instrs(instrs, found.replaced))


class _SameShapes:
    """The walk over one program."""

    def __init__(self) -> None:
        self.replaced: dict[Value, Value] = {}
        self.changed = False
        self._sources: dict[Value, Sources] = {}
        self._shape_of: dict[Value, Sources] = {}  # of results of Shape: what they are the shape of
        self._shapes: dict[tuple[Sources, str], Value] = {}  # the first Shape of each kind
        self._unstretched: dict[Value, Sources] = {}  # axes of which there are none, among sources
        self._summed: dict[Value, tuple[Value, Sources]] = {}  # sums over such axes: of what

    def look_at(self, instr: Instr) -> Instr | None:
        """The instruction with its inputs replaced, or None when it is not needed."""
        inputs = instr.inputs
        if self.replaced and not self.replaced.keys().isdisjoint(inputs):
            inputs = tuple([self.replaced.get(v, v) for v in inputs])  # type: ignore[arg-type]
        if self._is_needless(instr, inputs):
            return None
        if inputs is not instr.inputs:
            instr = instr.with_inputs(inputs)
        return self._with_bodies(instr) if instr.bodies else instr

    def _is_needless(self, instr: Instr, inputs: tuple[Value | None, ...]) -> bool:
        """Whether there is another value for the result; notes what the result's shape is."""
        op_def = instr.op_def
        if not inputs or None in inputs or not instr.is_pure:
            return False
        kind, out = op_def.type, instr.outputs[0]
        if op_def.elementwise or kind in _KEEP:
            sources = self._of(inputs[0])
            for more in inputs[1:] if op_def.elementwise else ():
                others = self._of(more)
                if others is not sources and not others <= sources:
                    sources |= others
            self._sources[out] = sources
        elif kind == "Split":  # into equal parts
            self._sources.update(dict.fromkeys(instr.outputs, self._of(out)))
        elif kind == "Shape":
            return self._is_shape_known(inputs[0], out)
        elif kind == "BroadcastGradientArgs":
            self._note_unstretched(instr, inputs)
        elif kind == "Sum" and inputs[1] in self._unstretched:
            self._summed[out] = inputs[0], self._unstretched[inputs[1]]  # type: ignore[assignment]
        elif kind in _SHAPED:
            wanted = self._shape_of.get(inputs[_SHAPED[kind]])  # type: ignore[arg-type]
            if wanted is not None:
                if kind == "Reshape" and self._drops_reshape(inputs[0], wanted, out):
                    return True
                self._sources[out] = wanted
        return False

    def _of(self, value: Value | None) -> Sources:
        """The sources of a value's shape: itself if nothing is known; a number has none."""
        if value is None or (value.const is not None and value.const.ndim == 0):
            return frozenset()
        found = self._sources.get(value)
        if found is None:  # kept, so that equal sets are mostly the same one
            found = self._sources[value] = frozenset((value,))
        return found

    def _is_shape_known(self, value: Value | None, out: Value) -> bool:
        sources = self._of(value)
        first = self._shapes.setdefault((sources, out.spec.dtype.name), out)
        if first is not out:
            self.replaced[out] = first
            return True
        self._shape_of[out] = sources
        return False

    def _note_unstretched(self, instr: Instr, inputs: tuple[Value | None, ...]) -> None:
        """An input of a broadcast that has all sources of the result was stretched nowhere."""
        first, second = map(self._of_shape, inputs)
        if first is None or second is None:
            return
        both = first | second
        for axes, sources in zip(instr.outputs, (first, second), strict=True):
            if sources == both:
                self._unstretched[axes] = both

    def _of_shape(self, shape: Value | None) -> Sources | None:
        """The sources of what a value is the shape of; none for the shape of a number."""
        if shape is not None and shape.const is not None and not shape.const.size:
            return frozenset()
        return self._shape_of.get(shape)  # type: ignore[arg-type]

    def _drops_reshape(self, value: Value | None, sources: Sources, out: Value) -> bool:
        """Whether a reshape changes nothing, or what a sum over no axes has changed."""
        whole, told = self._summed.get(value, (value, sources))  # type: ignore[arg-type]
        if told != sources or self._of(whole) != sources or not _is_as_precise(whole, out):
            return False
        self.replaced[out] = whole
        return True

    def _with_bodies(self, instr: Instr) -> Instr:
        bodies = tuple(same_shapes(body) for body in instr.bodies)
        if all(new is old for new, old in zip(bodies, instr.bodies, strict=True)):
            return instr
        self.changed = True
        return instr.with_outputs(instr.outputs, bodies)


def _is_as_precise(value: Value, other: Value) -> bool:
    """Whether as much is known of its shape as of the other's."""
    shape, said = value.spec.shape, other.spec.shape
    return shape == said or (compatible(shape, said) and merge(shape, said) == shape)
