"""The shapes of the items of lists, as far as a program tells.

A list stands in a value of dtype `variant` and shape (): its spec says nothing of its items, and an
op that reads one says only what the graph's static shapes told. Once the shapes of the feeds are
known, so are those of the items: of the rows of a tensor, of what a loop keeps in each round. What
reads them is told.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flowgraph.core import shapes
from flowgraph.core.spec import Shape
from flowgraph.program.ir import Instr, Value

EMPTY: Any = "no items"  # whatever comes into such a list has its shape
_READERS = ("TensorListGetItem", "TensorListStack", "TensorListGather")


class ItemShapes:
    """The shape that all items of a list have, by the list.

    Sizes in which items differ are None; a list of which nothing is known is not in it.
    """

    def __init__(self) -> None:
        self._of: dict[Value, Any] = {}

    def of(self, value: Value | None) -> Any:
        """The shape of the items of a list; EMPTY, or None where nothing is known."""
        return self._of.get(value)  # type: ignore[arg-type]

    def note(self, value: Value, shape: Any) -> None:
        """Keeps what is known of a list, if anything is."""
        if shape is not None:
            self._of[value] = shape

    def add(self, instr: Instr) -> None:
        """Notes the lists that an instruction makes; those of loops and branches are `note`d."""
        kind = instr.op_def.type
        if not kind.startswith(("TensorList", "EmptyTensorList", "Identity")):
            return
        out = instr.outputs[0]
        if kind == "Identity":
            self.note(out, self.of(instr.inputs[0]))
        elif kind in ("TensorListReserve", "EmptyTensorList"):
            self._of[out] = EMPTY
        elif kind == "TensorListFromTensor":
            shape = instr.inputs[0].spec.shape  # type: ignore[union-attr]
            self.note(out, shape and shape[1:])
        elif kind == "TensorListFromItem":
            self.note(out, instr.inputs[1].spec.shape)  # type: ignore[union-attr]
        elif kind == "TensorListSetItem":
            made, _, item = instr.inputs
            self.note(out, joined([self.of(made), item.spec.shape]))  # type: ignore[union-attr]
        elif kind == "TensorListAddN":
            self.note(out, joined(map(self.of, instr.inputs)))

    def told(self, instr: Instr) -> Instr:
        """The instruction, told of the shape of the items that it reads."""
        if instr.op_def.type not in _READERS:
            return instr
        found, said = self.of(instr.inputs[0]), instr.attrs.get("element_shape")
        if found is None or found is EMPTY or not shapes.compatible(found, said):
            return instr
        shape = shapes.merge(said, found)
        if shape == said:
            return instr
        return Instr(instr.op_def, instr.inputs, instr.outputs,
                     {**instr.attrs, "element_shape": shape}, instr.origins, instr.keep,
                     instr.bodies, instr.equals, instr.device)


def joined(found: Iterable[Any]) -> Shape | Any:
    """What items have in common that have one of these shapes; None if one is not known."""
    shape: Any = EMPTY
    for other in found:
        if other is None:
            return None
        if shape is EMPTY:
            shape = other
        elif other is not EMPTY:
            shape = shapes.widen(shape, other)
            if shape is None:
                return None
    return shape
