"""Graph: append-only store of operations, with TensorFlow 1's names, scopes and collections.

A graph only grows. `version` counts operations; `changes` counts the rare edits of what stands
already (`set_shape`, late control inputs), so that a Session knows when a cached plan is stale.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flowgraph.core import frames
from flowgraph.core.frames import located
from flowgraph.core.spec import Spec
from flowgraph.errors import FinalizedGraphError, GraphError, message
from flowgraph.graph import colocation, devices, stacks
from flowgraph.graph.collections import Collections
from flowgraph.graph.lookup import Lookup
from flowgraph.graph.names import NameTable, check_op_name, check_scope_name
from flowgraph.graph.operation import Operation
from flowgraph.graph.scopes import ControlDependencies, Scopes
from flowgraph.graph.tensor import Tensor


class Graph(Lookup, Collections):
    """A computation: operations and the tensors that flow between them.

    Example:
        >>> import flowgraph as fg
        >>> g = fg.Graph()
        >>> with g.as_default():
        ...     y = fg.constant(2.0, name="x") * 3.0
        >>> [op.name for op in g.get_operations()]
        ['x', 'mul/y', 'mul']
    """

    outer: Graph | None = None  # the graph around, of a branch or loop body
    first_seed: int | None = None  # the seed that graphs begin with; `flowgraph run --seed` sets it

    def __init__(self) -> None:
        super().__init__()
        self._operations: list[Operation] = []
        self._by_name: dict[str, Operation] = {}
        self._names = NameTable()
        self._scopes = Scopes()
        self._lock = threading.RLock()
        self._finalized = False
        self._unfeedable: set[Any] = set()
        self._unfetchable: set[Any] = set()
        self.changes = 0
        self.colocations = 0  # how often an operation was put into a colocation group
        self.device_strings: set[str] = set()  # of its operations, also of those in sub-graphs
        self.seed = self.first_seed
        self.growth_warned = False

    # ---- growing ---------------------------------------------------------------------------------

    def add_operation(self, op_def: Any, inputs: tuple[Tensor, ...], attrs: dict[str, Any],
                      specs: tuple[Spec, ...], name: str) -> Operation:
        """Appends an operation; only `opdef.build` calls this.

        Args:
            op_def: the op's class instance.
            inputs: tensors of this graph.
            attrs: attributes by name.
            specs: one Spec per output.
            name: full and unique, from `unique_name`.
        """
        if self._finalized:
            raise FinalizedGraphError(message(
                f"cannot add {op_def.type} {name!r} ({frames.user_frame(2)}): the graph is "
                "finalized and cannot be modified",
                advice="Build every op before the training loop (a MonitoredSession or Supervisor "
                       "finalizes its graph).", section="finalized-graph-error"))
        scopes = self._scopes
        frame = scopes.frame or frames.user_frame(2)
        with self._lock:
            op = Operation(self, name, op_def, inputs, [], attrs, specs, "", frame,
                           len(self._operations), scopes.forward_op)
            self._operations.append(op)
            self._by_name[name] = op
            for tensor in inputs:
                tensor._consumers.append(op)
        if scopes.controls:
            op._control_inputs = self._controls_for(inputs, op)
        if scopes.devices:
            op._set_device(self._device_for(op))
        elif op_def.refs and inputs and inputs[0].op._device:
            op._set_device(inputs[0].op._device)  # what writes a variable stands beside it
        if scopes.gradient_overrides and op_def.type in scopes.gradient_overrides:
            op._extra = {"_gradient_op_type": scopes.gradient_overrides[op_def.type]}
        if scopes.colocated:
            colocation.record(op, [group for other in scopes.colocated
                                   for group in colocation.groups_of(other)])
        return op

    def _controls_for(self, inputs: tuple[Tensor, ...], op: Operation) -> list[Operation]:
        controls: dict[Operation, None] = {}
        makers = {tensor.op for tensor in inputs}
        for block in self._scopes.controls:
            if makers.isdisjoint(block.seen):
                controls.update(dict.fromkeys(c for c in block.ops if c not in makers))
            block.seen.add(op)
        return list(controls)

    def _device_for(self, op: Operation) -> str:
        """The device of a new operation: of its variable if it takes one itself, as to write it."""
        beside = op.inputs[0] if op.op_def.refs and op.inputs else op.attrs.get("source")
        if isinstance(beside, Tensor) and (beside.dtype._is_ref_dtype or not op.inputs):
            return beside.op.device
        return devices.resolve(self._scopes.devices, op)

    def note_colocation(self) -> None:
        """Remembers that there are colocation groups, and new ones since this was looked at."""
        self.colocations += 1

    def note_device(self, device: str) -> None:
        """Remembers that an operation here was put on a device, for who checks that it is there.

        Args:
            device: the device string.
        """
        graph: Graph | None = self
        while graph is not None and device not in graph.device_strings:
            graph.device_strings.add(device)
            graph = graph.outer

    def note_change(self) -> None:
        """Says that something already built was edited, so that cached plans are dropped."""
        self.changes += 1

    def can_adopt(self, other: Graph) -> bool:
        """Whether ops of this graph may take tensors of `other`; a sub-graph's captures do so."""
        return other is self

    def check_usable_outside(self, tensor: Tensor) -> None:
        """Raises GraphError when `tensor`, of this graph, is of no use outside; a sub-graph's."""

    def adopt(self, tensor: Tensor) -> Tensor:
        """`tensor` as an input for ops of this graph; here only its own tensors are.

        Raises:
            GraphError: the tensor belongs to another graph.
        """
        if tensor.graph is self:
            return tensor
        tensor.graph.check_usable_outside(tensor)
        raise GraphError(message(
            f"{tensor.name!r} ({tensor.op.frame}) belongs to another graph than the op built here "
            f"({frames.user_frame(2)})",
            advice="All inputs of an op must be from the same graph: build both inside one "
                   "`with graph.as_default():` block.", section="graph-error"))

    def add_to_collection(self, name: Any, value: Any) -> None:
        """Appends `value` to the collection `name`.

        Args:
            name: the collection's name.
            value: any object.

        Raises:
            FinalizedGraphError: the graph is finalized.

        Example:
            >>> import flowgraph as fg
            >>> fg.add_to_collection("losses", "a")
            >>> fg.get_collection("losses")
            ['a']
        """
        if self._finalized:
            raise FinalizedGraphError(message(
                f"cannot add to the collection {name!r} ({frames.user_frame(2)}): the graph is "
                "finalized and cannot be modified", section="finalized-graph-error"))
        super().add_to_collection(name, value)

    building_function = False  # whether it is the body of a tf.function

    def switch_to_thread_local(self) -> None:
        """Gives each thread its own with-blocks; they are so from the start."""

    def finalize(self) -> None:
        """Makes the graph read-only: building an op raises FinalizedGraphError from now on."""
        self._finalized = True

    def _unsafe_unfinalize(self) -> None:
        self._finalized = False

    @property
    def finalized(self) -> bool:
        """Whether `finalize` was called."""
        return self._finalized

    @property
    def version(self) -> int:
        """Number of operations ever added."""
        return len(self._operations)

    # ---- names and scopes ------------------------------------------------------------------------

    def unique_name(self, name: str, mark_as_used: bool = True) -> str:
        """A name for a new operation, inside the open name scope.

        Args:
            name: the wish; a number is appended when it is taken.
            mark_as_used: whether to take the name; False only looks.
        """
        scope = self._scopes.name
        return self._names.unique(f"{scope}/{name}" if scope else name, mark_as_used)

    def op_name(self, name: str) -> str:
        """The full name for a new op: unique in the open scope; `"a/b/"` is taken as it stands."""
        if not isinstance(name, str) or name[-1:] != "/":
            scope = self._scopes.name  # inside one, a name may start with _
            check_op_name(f"{scope}/{name}" if scope and isinstance(name, str) else name)
            return self.unique_name(name)
        name = name[:-1]
        check_op_name(name)
        if name in self._by_name:
            return self._names.unique(name)
        self._names.mark(name)
        return name

    @contextmanager
    def name_scope(self, name: str | None) -> Iterator[str]:
        """Puts a prefix before the names of the ops built in the with block.

        Args:
            name: the scope; made unique. Ending in `/` it is entered as it stands (also again).
                None or "" goes back to the root.

        Yields:
            The prefix with its slash, to enter the same scope again.
        """
        scopes = self._scopes
        old = scopes.name
        if not name:
            new = ""
        elif name[-1] == "/":
            new = name[:-1]
        else:
            check_scope_name(name, at_root=not old)
            new = self.unique_name(name)
        scopes.name = new
        try:
            yield f"{new}/" if new else ""
        finally:
            scopes.name = old

    def get_name_scope(self) -> str:
        """The open name scope, without a trailing slash."""
        return self._scopes.name

    @contextmanager
    def device(self, device_name_or_function: Any) -> Iterator[None]:
        """Asks for a device for the ops built in the with block.

        A session that has no such device refuses to run the graph, unless its config has
        allow_soft_placement.

        Args:
            device_name_or_function: `"/gpu:0"`, a function from Operation to such a string, or None
                to forget the outer blocks.

        Example:
            >>> import flowgraph as fg
            >>> with fg.device("/gpu:0"):
            ...     fg.constant(1.0).device
            '/device:GPU:0'
        """
        if isinstance(device_name_or_function, str):
            devices.parse(device_name_or_function)
        entry = device_name_or_function
        if entry is not None and not callable(entry) and not isinstance(entry, str):
            if not hasattr(entry, "to_string"):
                raise TypeError(located("a device is a string as '/cpu:0', a function or None, "
                                        f"not {entry!r:.100}"))
            entry = entry.to_string()
        stack = self._scopes.devices
        self._scopes.devices = [*stack, entry]
        try:
            yield
        finally:
            self._scopes.devices = stack

    @contextmanager
    def colocate_with(self, op: Any, ignore_existing: bool = False) -> Iterator[None]:
        """Asks for the device of `op` for the ops built in the with block.

        They are in the groups of `op`, as `colocation_groups()` of each tells: whatever one of a
        group asks for counts for all. Placement errors name two that ask for different devices.

        Args:
            op: an operation, tensor or variable; None, with ignore_existing, for none.
            ignore_existing: whether to forget outer blocks of this kind too; blocks of
                `tf.device` around this one are forgotten in any case.

        Example:
            >>> import flowgraph as fg
            >>> with fg.device("/gpu:0"):
            ...     x = fg.constant(1.0)
            >>> with fg.colocate_with(x):
            ...     y = fg.constant(2.0)
            >>> y.device, y.op.colocation_groups()
            ('/device:GPU:0', [b'loc:@Const'])
        """
        if op is None and not ignore_existing:
            raise ValueError(located("colocate_with needs an op, or ignore_existing=True to stand "
                                     "beside none"))
        if op is not None:
            op = self.as_graph_element(op, allow_tensor=True, allow_operation=True)
        op = getattr(op, "op", op)
        stack, colocated = self._scopes.devices, self._scopes.colocated
        self._scopes.colocated = ([] if ignore_existing else colocated) + [op] * (op is not None)
        self._scopes.devices = [*stack, devices.Beside(next(
            (other._device for other in reversed(self._scopes.colocated) if other._device), ""))]
        try:
            yield
        finally:
            self._scopes.devices, self._scopes.colocated = stack, colocated

    @contextmanager
    def control_dependencies(self, control_inputs: Any) -> Iterator[ControlDependencies]:
        """Orders the ops built in the with block after `control_inputs`.

        Args:
            control_inputs: list of operations, tensors or variables; None forgets the outer blocks.

        Example:
            >>> import flowgraph as fg
            >>> v = fg.Variable(1.0)
            >>> with fg.control_dependencies([v.assign(5.0)]):
            ...     after = v.read_value()
            >>> fg.Session().run(after)
            np.float32(5.0)
        """
        if isinstance(control_inputs, (Tensor, Operation)):
            raise TypeError(located("control_dependencies takes a list: write "
                                    f"tf.control_dependencies([{control_inputs.name!r}])"))
        ops = []
        for element in control_inputs or []:
            element = self.as_graph_element(getattr(element, "indices", element)
                                            if hasattr(element, "dense_shape") else element)
            ops.append(element.op if isinstance(element, Tensor) else element)
        block = ControlDependencies(ops)
        stack = self._scopes.controls
        self._scopes.controls = [block] if control_inputs is None else [*stack, block]
        try:
            yield block
        finally:
            self._scopes.controls = stack

    @contextmanager
    def container(self, container_name: str) -> Iterator[str]:
        """Names the resource container for stateful ops built in the with block.

        Args:
            container_name: the name; each session keeps its state apart, whatever the name.

        Example:
            >>> import flowgraph as fg
            >>> with fg.container("experiment"):
            ...     v = fg.Variable(1.0)
        """
        old, self._scopes.container = self._scopes.container, container_name
        try:
            yield container_name
        finally:
            self._scopes.container = old

    @contextmanager
    def gradient_override_map(self, op_type_map: dict[str, str]) -> Iterator[None]:
        """Uses gradients registered under other names for op types built in the with block.

        Args:
            op_type_map: from op type to the name given to `tf.RegisterGradient`.
        """
        if not isinstance(op_type_map, dict) or not all(
                isinstance(text, str) for pair in op_type_map.items() for text in pair):
            raise TypeError(located("op_type_map must be a dictionary mapping strings to strings, "
                                    f"not {op_type_map!r:.100}"))
        old = self._scopes.gradient_overrides
        self._scopes.gradient_overrides = {**old, **op_type_map}
        try:
            yield
        finally:
            self._scopes.gradient_overrides = old

    def gradient_of(self, forward_op: Operation, scope: str = "") -> GradientOf:
        """Ops built in the with block belong to the gradient of `forward_op` and carry its line.

        Args:
            forward_op: the op that is differentiated.
            scope: name scope of the ops; "" to stay in the open one.
        """
        return GradientOf(self, forward_op, scope)

    @contextmanager
    def as_default(self) -> Iterator[Graph]:
        """Makes this the graph that new ops go to, in this thread, inside the with block."""
        with stacks.graphs.pushed(self):
            yield self

    # ---- feeding and fetching --------------------------------------------------------------------

    def prevent_feeding(self, tensor: Tensor) -> None:
        """Forbids `tensor` as a key of `feed_dict`."""
        self._unfeedable.add(tensor)

    def is_feedable(self, tensor: Tensor) -> bool:
        """Whether `tensor` may be a key of `feed_dict`."""
        return tensor not in self._unfeedable

    def prevent_fetching(self, op: Any) -> None:
        """Forbids `op` as a fetch."""
        self._unfetchable.add(getattr(op, "op", op))

    def is_fetchable(self, tensor_or_op: Any) -> bool:
        """Whether this element may be fetched."""
        return getattr(tensor_or_op, "op", tensor_or_op) not in self._unfetchable


_first_default = Graph()


class GradientOf:
    """The with block of `Graph.gradient_of`; a class, as a gradient enters one for every op."""

    __slots__ = ("_forward_op", "_graph", "_old", "_scope")

    def __init__(self, graph: Graph, forward_op: Operation, scope: str) -> None:
        self._graph = graph
        self._forward_op = forward_op
        self._scope = scope

    def __enter__(self) -> None:
        scopes, forward_op = self._graph._scopes, self._forward_op
        self._old = scopes.frame, scopes.forward_op, scopes.name
        scopes.frame, scopes.forward_op = forward_op.frame, forward_op
        if self._scope:
            scopes.name = self._graph.unique_name(self._scope)

    def __exit__(self, *error: object) -> None:
        scopes = self._graph._scopes
        scopes.frame, scopes.forward_op, scopes.name = self._old


def get_default_graph() -> Graph:
    """The graph that new ops go to in this thread.

    Example:
        >>> import flowgraph as fg
        >>> g = fg.Graph()
        >>> with g.as_default():
        ...     fg.get_default_graph() is g
        True
    """
    return stacks.graphs.items[-1] if stacks.graphs.items else _first_default


def reset_default_graph() -> None:
    """Replaces the global default graph by an empty one. Not inside `with graph.as_default():`.

    Raises:
        AssertionError: a graph's `with` block is open, as in TensorFlow 1.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     fg.reset_default_graph()
        Traceback (most recent call last):
        AssertionError: Do not use tf.reset_default_graph() to clear nested graphs. ...
    """
    global _first_default
    if stacks.graphs.items:
        raise AssertionError("Do not use tf.reset_default_graph() to clear nested graphs. If you "
                             "need a cleared graph, exit the nesting and create a new graph.")
    _first_default = Graph()


def when_default(method: str) -> Callable[..., Any]:
    """The function that calls `method` of the default graph: `tf.device`, `tf.container`, …"""
    target = getattr(Graph, method)

    def call(*args: Any, **kwargs: Any) -> Any:
        return getattr(get_default_graph(), method)(*args, **kwargs)

    call.__name__ = call.__qualname__ = method
    call.__doc__ = target.__doc__
    return call


device = when_default("device")
control_dependencies = when_default("control_dependencies")
colocate_with = when_default("colocate_with")
container = when_default("container")
add_to_collection = when_default("add_to_collection")
add_to_collections = when_default("add_to_collections")
get_collection = when_default("get_collection")
get_collection_ref = when_default("get_collection_ref")


class name_scope:
    """Puts a prefix before the names of the ops built in the with block.

    Args:
        name: the scope, or None to use `default_name`.
        default_name: used when `name` is None.
        values: tensors the ops will take; they must be from one graph, which becomes the default.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default(), fg.name_scope("layer") as scope:
        ...     fg.constant(1.0, name="c").name, scope
        ('layer/c:0', 'layer/')
    """

    def __init__(self, name: str | None, default_name: str | None = None,
                 values: Any = None) -> None:
        if name is not None and not isinstance(name, str):
            raise TypeError(located(f"name_scope's name must be a string, not {name!r}"))
        if name is None and default_name is None and values is not None:
            raise ValueError(located("name_scope needs a name or a default_name for its values"))
        self._name = default_name if name is None else name
        self._values = values

    @property
    def name(self) -> str | None:
        """The scope's name as it was asked for."""
        return self._name

    def __enter__(self) -> str:
        default = get_default_graph()
        tensors = [value for value in self._values or () if isinstance(value, Tensor)]
        graph = next((t.graph for t in tensors if not default.can_adopt(t.graph)), default)
        if graph is not default:
            for tensor in tensors:
                tensor.graph.check_usable_outside(tensor)
                graph.adopt(tensor)  # raises where they are from several graphs
        self._default = stacks.graphs.pushed(graph)
        self._default.__enter__()
        self._scope = graph.name_scope(self._name)
        try:
            return self._scope.__enter__()
        except BaseException:
            self._default.__exit__(None, None, None)
            raise

    def __exit__(self, *exc: Any) -> None:
        self._scope.__exit__(*exc)
        self._default.__exit__(*exc)
