"""What keras keeps for each graph: its session, the learning phase, where tensors came from."""

from __future__ import annotations

from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from flowgraph.graph.graph import get_default_graph
from flowgraph.graph.tensor import Tensor


class LayerCall(NamedTuple):
    """The call of a layer that a tensor is a result of."""

    layer: Any
    inputs: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    place: int  # which of the results


class GraphState:
    """One per graph, made when keras is first used in it."""

    def __init__(self) -> None:
        self.learning_phase: Any = None
        self.session: Any = None
        self.variables: list[Any] = []  # made by keras, which initialises them by itself
        self.initialized: WeakKeyDictionary[Any, set[Any]] = WeakKeyDictionary()  # by session
        self.calls: WeakKeyDictionary[Tensor, LayerCall] = WeakKeyDictionary()
        self.masks: WeakKeyDictionary[Tensor, Any] = WeakKeyDictionary()
        self.iterators: dict[Any, list[Any]] = {}  # by Dataset, those that no one goes through


def state_of(graph: Any = None) -> GraphState:
    """The state of a graph, default the default graph's."""
    return vars(graph or get_default_graph()).setdefault("_keras", GraphState())


def mask_of(tensor: Any) -> Any:
    """The mask that came with a tensor: True where it counts; or None."""
    return state_of(tensor.graph).masks.get(tensor) if isinstance(tensor, Tensor) else None
