"""Operation: a node of the graph, made by an op's `build` and by nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowgraph.core.frames import UserFrame, located
from flowgraph.core.spec import Spec
from flowgraph.errors import FinalizedGraphError, GraphError
from flowgraph.graph.colocation import groups_of
from flowgraph.graph.tensor import Tensor, evaluate

if TYPE_CHECKING:
    from flowgraph.graph.graph import Graph


class Operation:
    """A node: an op with inputs, control inputs, attributes and outputs.

    Attributes:
        graph: the Graph it belongs to.
        name: unique in the graph, scopes separated by `/`.
        op_def: the op's class instance (`opdef.OpDef`); shared by all nodes of the type.
        inputs: the tensors it takes.
        outputs: the tensors it makes.
        attrs: attributes by name.
        frame: the user's line that built it; for gradient ops, the line of the forward op.
        index: its place in the order of creation.
        forward_op: for an op of a gradient, the forward op it came from; else None.

    Example:
        >>> import flowgraph as fg
        >>> op = fg.add(fg.constant(1.0, name="a"), 2.0, name="sum").op
        >>> op.name, op.type, [x.name for x in op.inputs]
        ('sum', 'Add', ['a:0', 'sum/y:0'])
    """

    __slots__ = ("__weakref__", "_control_inputs", "_device", "_extra", "attrs", "forward_op",
                 "frame", "graph", "index", "inputs", "name", "op_def", "outputs")

    def __init__(self, graph: Graph, name: str, op_def: Any, inputs: tuple[Tensor, ...],
                 control_inputs: list[Operation], attrs: dict[str, Any],
                 specs: tuple[Spec, ...], device: str, frame: UserFrame, index: int,
                 forward_op: Operation | None) -> None:
        self.graph = graph
        self.name = name
        self.op_def = op_def
        self.inputs = inputs
        self.attrs = attrs
        self.frame = frame
        self.index = index
        self.forward_op = forward_op
        self._control_inputs = control_inputs
        self._device = device
        self._extra: dict[str, Any] | None = None
        is_ref = op_def.is_ref
        self.outputs = [Tensor(self, i, spec, is_ref) for i, spec in enumerate(specs)]

    @property
    def type(self) -> str:
        """The op's type, as in GraphDef: `"MatMul"`."""
        return self.op_def.type

    @property
    def control_inputs(self) -> list[Operation]:
        """The operations that must run before this one, besides those that make its inputs."""
        return list(self._control_inputs)

    @property
    def device(self) -> str:
        """Device string; empty when none was asked for."""
        return self._device

    def _set_device(self, device: Any) -> None:
        self._device = device = device if isinstance(device, str) else device.to_string()
        if device:
            self.graph.note_device(device)

    @property
    def traceback(self) -> list[tuple[str, int, str, str | None]]:
        """The user's line as [(file, line, function, text of the line)]."""
        from linecache import getline  # late: it is asked for when something went wrong
        frame = self.frame
        return [(*frame, getline(frame.filename, frame.lineno).strip() or None)]

    def values(self) -> tuple[Tensor, ...]:
        """The outputs as a tuple."""
        return tuple(self.outputs)

    def get_attr(self, name: str) -> Any:
        """The attribute `name`. Raises ValueError naming the attributes there are."""
        if name in self.attrs:
            return self.attrs[name]
        found = self.op_def.type_attr(self, name)
        if found is None:
            raise ValueError(located(f"{self.type} {self.name!r} has no attribute {name!r}; it has "
                                     f"{', '.join(sorted(self.attrs)) or 'none'}"))
        return found

    def colocation_groups(self) -> list[bytes]:
        """The groups of ops that share this op's device; its own name when there is no other."""
        return list(groups_of(self))

    def run(self, feed_dict: dict[Any, Any] | None = None, session: Any = None) -> None:
        """Runs this operation in `session`, or in the default session.

        Raises:
            ValueError: no session is given and there is no default one.
        """
        evaluate(self, feed_dict, session, "run")

    def _add_control_input(self, op: Operation) -> None:
        self._add_control_inputs([op])

    def _add_control_inputs(self, ops: list[Operation]) -> None:
        """Orders this operation after `ops`; for library code that wires graphs up late."""
        if self.graph.finalized:
            raise FinalizedGraphError(located(
                f"cannot add a control input to {self.name!r}: the graph is finalized",
                section="finalized-graph-error"))
        for op in ops:
            if op.graph is not self.graph:
                raise GraphError(located(
                    f"{op.name!r} ({op.frame}) is in another graph than {self.name!r} "
                    f"({self.frame})", section="graph-error"))
            if op not in self._control_inputs:
                self._control_inputs.append(op)
        self.graph.note_change()

    def _add_output(self, spec: Spec) -> Tensor:
        """One more output, for an op with sub-graphs: a value inside that a gradient needs."""
        tensor = Tensor(self, len(self.outputs), spec, False)
        self.outputs.append(tensor)
        self.graph.note_change()
        return tensor

    def __repr__(self) -> str:
        return f"<tf.Operation {self.name!r} type={self.type}>"

    def __copy__(self) -> Operation:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Operation:
        return self
