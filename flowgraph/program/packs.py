"""Packs: tensors of one dtype whose elements stand one after another in one flat array.

    for each of 100 variables: w -= rate * g      200 calls of NumPy on a few thousand numbers
    all_w -= rate * all_g                         two on all of them, in tiles, on all cores

The session keeps variables that are updated together as parts of one array, so that a run reads
and writes all of them at once (`runtime/packed_values.py`): such a Read or Write of a Program has a
Pack in place of a variable. Other tensors are put together by `Packed`, or are written by their
instruction where they will stand. `Unpacked` gives the parts, as views. The pass `packed_updates`
makes packs; neither op is ever in a graph.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

from flowgraph.core.spec import Spec
from flowgraph.graph.operation import Operation
from flowgraph.opdef.opdef import OpDef


class Pack:
    """How tensors lie in a flat array.

    Attributes:
        shapes: of the tensors, in order.
        firsts: where each begins.
        size: how many elements all of them have.
    """

    __slots__ = ("firsts", "shapes", "size")

    def __init__(self, shapes: tuple[tuple[int, ...], ...]) -> None:
        self.shapes = shapes
        *self.firsts, self.size = itertools.accumulate(map(math.prod, shapes), initial=0)

    def parts(self, flat: Any) -> list[Any]:
        """The tensors, as views of the flat array."""
        return [flat[first:last].reshape(shape) for first, last, shape
                in zip(self.firsts, [*self.firsts[1:], self.size], self.shapes, strict=True)]

    def __repr__(self) -> str:
        return f"<{len(self.shapes)} tensors, {self.size} elements>"


class VariablePack(Pack):
    """Variables that a run reads and writes as one.

    Attributes:
        variables: the variables.
        name: for people.
    """

    __slots__ = ("name", "variables")

    def __init__(self, variables: Sequence[Operation], shapes: tuple[tuple[int, ...], ...]) -> None:
        super().__init__(shapes)
        self.variables = tuple(variables)
        self.name = f"{variables[0].name}_all"


class Packed(OpDef, abstract=True):
    """The parts, one after another in one array."""

    type = "Packed"
    params = ("parts",)
    lists = ("parts",)
    takes_out = True
    plain = False

    def infer(self, parts: Any, *, pack: Pack) -> Spec:
        return Spec(parts[0].dtype, (pack.size,))

    def kernel(self, xp: Any, parts: Any, *, pack: Pack, out: Any = None) -> Any:
        return xp.concatenate([part.reshape(-1) for part in parts], out=out)


class Unpacked(OpDef, abstract=True):
    """The parts of an array, each in its own shape."""

    type = "Unpacked"
    params = ("whole",)
    aliases = ("whole",)
    multiple = True

    def infer(self, whole: Spec, *, pack: Pack) -> tuple[Spec, ...]:
        return tuple([Spec(whole.dtype, shape) for shape in pack.shapes])

    def kernel(self, xp: Any, whole: Any, *, pack: Pack) -> Any:
        return pack.parts(whole)


PACKED = Packed()
UNPACKED = Unpacked()
