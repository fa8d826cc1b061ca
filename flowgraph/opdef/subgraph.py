"""SubGraph: the graph of a branch or of a loop's body, which may use what is built around it.

`tf.cond` and `tf.while_loop` call the user's functions with a SubGraph as the default graph. An op
built there that takes a tensor from outside gets a stand-in for it, a *parameter* of the sub-graph;
the op that holds the sub-graph brings the tensor in as an input. A variable's stand-in is again a
variable: reads and writes inside reach the variable itself.

Names are unique over the whole nest and collections are shared, as if all were one graph: this is
what programs see in TensorFlow 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flowgraph.core.frames import located
from flowgraph.errors import GraphError
from flowgraph.graph.graph import Graph, get_default_graph
from flowgraph.graph.operation import Operation
from flowgraph.graph.scopes import ControlDependencies
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.opdef import op_def


class SubGraph(Graph):
    """A graph inside another one.

    Args:
        outer: the graph around it.

    Attributes:
        captures: from a tensor outside to the parameter that stands for it inside.
        parameters: per input that the op hands to it, what stands for it inside; None if nothing.
        outputs: the tensors it computes for the op that holds it.
        outer_controls: operations outside that something inside must come after.
    """

    outer: Graph

    def __init__(self, outer: Graph) -> None:
        super().__init__()
        self.outer = outer
        self.captures: dict[Tensor, Tensor] = {}
        self.parameters: list[Tensor | None] = []
        self.outputs: list[Tensor] = []
        self.outer_controls: list[Operation] = []
        self.seed = outer.seed
        self._names = outer._names
        self._collections = outer._collections
        scopes, around = self._scopes, outer._scopes
        scopes.name, scopes.devices = around.name, around.devices
        scopes.gradient_overrides = around.gradient_overrides
        scopes.variable_creators = around.variable_creators
        scopes.frame, scopes.forward_op = around.frame, around.forward_op

    def parameter(self, name: str, like: Tensor, shape: Any = "same") -> Tensor:
        """A tensor that the op holding this graph brings in.

        Args:
            name: its wished name.
            like: a tensor of its dtype.
            shape: its static shape; default that of `like`.
        """
        shape = like.spec.shape if isinstance(shape, str) else shape
        with self.as_default():
            return op_def("Parameter").build(name=name, dtype=like.dtype.base_dtype, shape=shape,
                                             source=None)

    def can_adopt(self, other: Graph) -> bool:
        """Whether ops inside may take tensors of `other`: of itself and of the graphs around."""
        return other is self or self.outer.can_adopt(other)

    def adopt(self, tensor: Tensor) -> Tensor:
        """The tensor that stands for `tensor` inside; made when first asked for.

        Raises:
            GraphError: `tensor` is from a graph that is not around this one.
        """
        if tensor.graph is self:
            return tensor
        outside = self.outer.adopt(tensor)
        inside = self.captures.get(outside)
        if inside is None:
            inside = self.captures[outside] = self._stand_in(outside)
        elif inside.spec.shape != outside.spec.shape:  # set_shape told more of it since
            inside.set_shape(outside.spec.shape)
        return inside

    def _stand_in(self, outside: Tensor) -> Tensor:
        op = outside.op
        with self.as_default(), self.control_dependencies(None):
            kind = "VariableParameter" if outside.dtype._is_ref_dtype else "Parameter"
            inside: Tensor = op_def(kind).build(
                name=op.name.rpartition("/")[2].lstrip("_"), source=outside,
                dtype=outside.dtype.base_dtype, shape=outside.spec.shape)
        if op.device:
            inside.op._set_device(op.device)
        return inside

    def check_usable_outside(self, tensor: Tensor) -> None:
        """Raises GraphError: what is inside has a value only while the branch or loop runs."""
        raise GraphError(located(f"{tensor.name!r} ({tensor.op.frame}) is inside a branch of "
                                 "tf.cond or a tf.while_loop and is used outside of it",
                                 "Return it from the function: the results of tf.cond and "
                                 "tf.while_loop can be used outside.", "control-flow"))

    def captured(self) -> list[tuple[Tensor, Tensor]]:
        """(tensor outside, parameter inside) of what was captured."""
        return list(self.captures.items())

    @contextmanager
    def control_dependencies(self, control_inputs: Any) -> Iterator[ControlDependencies]:
        """Orders the ops built in the with block after `control_inputs`.

        What lies outside runs before the op that holds this graph.

        Args:
            control_inputs: as for Graph.control_dependencies.
        """
        inside = []
        for element in control_inputs or []:
            graph = getattr(getattr(element, "op", element), "graph", self)
            if graph is not self and isinstance(graph, Graph) and self.can_adopt(graph):
                self.outer_controls.append(getattr(element, "op", element))
            else:
                inside.append(element)
        with super().control_dependencies(None if control_inputs is None else inside) as block:
            yield block

    def as_graph_element(self, obj: Any, allow_tensor: bool = True,
                         allow_operation: bool = True) -> Any:
        """The Tensor or Operation that `obj` stands for, here or in a graph around."""
        graph = getattr(getattr(obj, "op", obj), "graph", self)
        if graph is not self and isinstance(graph, Graph) and self.can_adopt(graph):
            return graph.as_graph_element(obj, allow_tensor, allow_operation)
        return super().as_graph_element(obj, allow_tensor, allow_operation)


def outermost(graph: Graph) -> Graph:
    """The graph around all others: where variables live."""
    while isinstance(graph, SubGraph):
        graph = graph.outer
    return graph


def building_graph(graph: Graph) -> Graph:
    """Where an op on elements of `graph` is built: the default graph if it lies inside `graph`."""
    default = get_default_graph()
    return default if default.can_adopt(graph) else graph


@contextmanager
def init_scope() -> Iterator[None]:
    """Lifts what is built in the with block out of branches, loops and control dependencies.

    Variables made inside a branch or a loop are built here: they belong to the graph around.

    Example:
        >>> import flowgraph as fg
        >>> def branch():
        ...     with fg.init_scope():
        ...         start = fg.constant(2.0)
        ...     return start * 2.0
        >>> fg.Session().run(fg.cond(fg.constant(True), branch, lambda: 0.0))
        np.float32(4.0)
    """
    default = get_default_graph()
    graph, scope = outermost(default), default.get_name_scope()
    with graph.as_default(), graph.control_dependencies(None), graph.name_scope(
            scope + "/" if scope else None):
        yield
