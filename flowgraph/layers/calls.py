"""What a layer was called with and what it gave: `layer.output`, `layer.input_shape` and the like.

TensorFlow numbers the calls of a layer, from 0. A property means the first call; that of a shape
holds for all of them, or raises.
"""

from __future__ import annotations

from typing import Any

from flowgraph.core import nest
from flowgraph.core.frames import located


class Calls:
    """The part of a Layer that knows its calls."""

    name: Any

    def __init__(self) -> None:
        self._inbound_nodes: list[tuple[Any, Any]] = []  # (inputs, outputs)

    def _note_call(self, inputs: Any, outputs: Any) -> None:
        self._inbound_nodes.append((_alone(inputs), _alone(outputs)))

    @property
    def input(self) -> Any:
        """What it was first called with: a tensor, or several. AttributeError before that."""
        return self._first("input")[0]

    @property
    def output(self) -> Any:
        """What it returned at its first call: a tensor, or several. AttributeError before that."""
        return self._first("output")[1]

    @property
    def input_shape(self) -> Any:
        """The static shape of its inputs as a tuple, a list of tuples for several.

        AttributeError before its first call, and where calls differ.
        """
        return self._same_shape("input", [shapes_of(inputs) for inputs, _ in self._inbound_nodes])

    @property
    def output_shape(self) -> Any:
        """The static shape of its outputs, as `input_shape`."""
        shapes = [shapes_of(outputs) for _, outputs in self._inbound_nodes]
        return self._same_shape("output", shapes)

    def get_input_at(self, node_index: int) -> Any:
        """What a call was given.

        Args:
            node_index: number of the call, from 0.

        Raises:
            RuntimeError: the layer has not been called.
            ValueError: there was no such call.
        """
        return self._call_at(node_index, "input")[0]

    def get_output_at(self, node_index: int) -> Any:
        """What a call returned.

        Args:
            node_index: number of the call, as for `get_input_at`.
        """
        return self._call_at(node_index, "output")[1]

    def get_input_shape_at(self, node_index: int) -> Any:
        """The static shape of what a call was given.

        Args:
            node_index: number of the call, as for `get_input_at`.
        """
        return shapes_of(self._call_at(node_index, "input shape")[0])

    def get_output_shape_at(self, node_index: int) -> Any:
        """The static shape of what a call returned.

        Args:
            node_index: number of the call, as for `get_input_at`.
        """
        return shapes_of(self._call_at(node_index, "output shape")[1])

    def _first(self, what: str) -> tuple[Any, Any]:
        if not self._inbound_nodes:
            raise AttributeError(located(f"layer {self.name!r} has never been called and thus has "
                                         f"no defined {what}"))
        return self._inbound_nodes[0]

    def _same_shape(self, what: str, shapes: list[Any]) -> Any:
        self._first(f"{what} shape")
        if any(shape != shapes[0] for shape in shapes):
            raise AttributeError(located(
                f"layer {self.name!r} has been called {len(shapes)} times and has more than one "
                f"{what} shape", f"Use get_{what}_shape_at(0) for that of the first call."))
        return shapes[0]

    def _call_at(self, index: int, what: str) -> tuple[Any, Any]:
        if not self._inbound_nodes:
            raise RuntimeError(located(f"layer {self.name!r} has never been called and thus has no "
                                       f"defined {what}"))
        if index >= len(self._inbound_nodes):
            raise ValueError(located(f"layer {self.name!r} has no {what} at {index}: the calls are "
                                     f"numbered from 0 to {len(self._inbound_nodes) - 1}"))
        return self._inbound_nodes[index]


def shapes_of(tensors: Any) -> Any:
    """The static shape of a tensor as a tuple; a list of them for several.

    Args:
        tensors: tensor, or a nested structure of them.
    """
    shapes = [None if x.shape.ndims is None else tuple(x.shape.as_list())
              for x in nest.flatten(tensors)]
    return shapes[0] if len(shapes) == 1 else shapes


def _alone(tensors: Any) -> Any:
    """A list of one is that one."""
    return tensors[0] if isinstance(tensors, list) and len(tensors) == 1 else tensors
