"""Builds the ops that NodeDefs describe, in a graph or in a branch or loop of it."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from typing import Any

from flowgraph.core.frames import located
from flowgraph.errors import (
    FlowgraphError,
    GraphError,
    InvalidArgumentError,
    UnimplementedError,
)
from flowgraph.graph.colocation import record
from flowgraph.graph.graph import Graph
from flowgraph.graph.operation import Operation
from flowgraph.graph.tensor import Tensor
from flowgraph.io.graphs.graph_messages import FunctionDef, GraphDef, NodeDef
from flowgraph.io.graphs.op_table import Signature, signature
from flowgraph.io.importing.build import Build
from flowgraph.io.importing.dataflow_items import Item
from flowgraph.io.importing.initialized_values import with_initialized_values
from flowgraph.io.importing.order import check_control_flow, check_unique, in_order
from flowgraph.io.importing.rules import rules
from flowgraph.io.op_types import load_every_op
from flowgraph.opdef.opdef import REGISTRY

_MOST_NODES = 20_000  # that functions may add beyond those of the file; they can name each other
_DEEPEST = 40  # functions in functions


class Library:
    """The functions of a GraphDef, and what its nodes must share.

    Attributes:
        functions: by name.
        gradients: from the name of a function to that of its gradient.
        producer: version of the program that wrote the graph.
        left: how many more nodes functions may add.
        variables: the VariableV2 op of each shared name of resource variables.
        queues: the queue that stands for each staging area, by its container and name.
        seeds: the seeds of each object that gives seeds to datasets.
    """

    def __init__(self, graph_def: GraphDef) -> None:
        load_every_op()
        self.functions: dict[str, FunctionDef] = {
            function.signature.name: function for function in graph_def.library.function}
        self.producer = graph_def.versions.producer if graph_def.HasField("versions") else 0
        self.left = _MOST_NODES + 20 * len(graph_def.node)
        self.open: list[str] = []  # the functions that stand around what is built now
        self.variables: dict[tuple[str, str], Tensor] = {}
        self.queues: dict[tuple[str, str], Tensor] = {}
        self.seeds: dict[Tensor, list[Tensor]] = {}

    def function(self, name: str, node: NodeDef) -> FunctionDef:
        """The function called `name`.

        Args:
            name: its name.
            node: the node that names it.

        Raises:
            ValueError: there is none, or it contains itself.
        """
        if name not in self.functions:
            raise ValueError(located(f"{node.op} {node.name!r} names the function {name!r}, which "
                                     "is not in the library of the GraphDef"))
        if name in self.open:
            raise UnimplementedError(None, None, f"The function {name!r} calls itself "
                                     f"(node {node.name!r}); that is not offered")
        if len(self.open) >= _DEEPEST:
            raise ValueError(located(f"Functions of the GraphDef stand in one another more than "
                                     f"{_DEEPEST} deep at node {node.name!r}"))
        return self.functions[name]


class Importer:
    """Builds nodes.

    Args:
        graph: the graph they are built in.
        prefix: what is put before their names: "" or "import/".
        library: the functions that nodes may name.
        inputs: tensors and operations that stand for names: "x:0", "^x".

    Attributes:
        outputs: from the name of a node to its output tensors.
        operations: from the name of a node to its operation.
        mapped: the names of `inputs` that were used.
    """

    def __init__(self, graph: Graph, prefix: str, library: Library,
                 inputs: dict[str, Any] | None = None) -> None:
        self.graph = graph
        self.prefix = prefix
        self.library = library
        self.inputs = inputs or {}
        self.outputs: dict[str, list[Tensor]] = {}
        self.operations: dict[str, Operation] = {}
        self.mapped: set[str] = set()
        self.all_names: set[str] = set()  # of the graph, also those that are no nodes any more
        self._nodes: dict[str, NodeDef] = {}

    def add_graph(self, nodes: Iterable[NodeDef]) -> None:
        """Builds the nodes of a whole graph, in which there may be branches and loops as
        TensorFlow 1 writes them.

        Args:
            nodes: the nodes, in any order.
        """
        nodes = list(nodes)
        check_unique(nodes)
        check_control_flow(nodes)
        self.all_names = {node.name for node in nodes}
        try:
            self.add(self._items(nodes))
        except RecursionError:
            raise ValueError(located("The GraphDef's branches or loops stand in one another too "
                                     "deep to be read")) from None

    def _items(self, nodes: list[NodeDef]) -> list[Item]:
        from flowgraph.io.importing.control_flow_v1 import functionalized
        try:
            return functionalized(with_initialized_values(nodes))
        except InvalidArgumentError as error:
            raise ValueError(located(f"The GraphDef's branches or loops cannot be read: {error}")
                             ) from None

    def add(self, nodes: Iterable[Item]) -> None:
        """Builds nodes, branches and loops, each after those it needs.

        Args:
            nodes: the nodes, in any order.
        """
        items = list(nodes)
        self._nodes = {node.name: node for node in items if isinstance(node, NodeDef)}
        check_unique(items)
        self._check_types([*self._nodes.values()])
        for item in in_order(items, self.given):
            self.library.left -= 1
            if self.library.left < 0:
                raise ValueError(located("The functions of the GraphDef would make far more nodes "
                                         "than it has"))
            if isinstance(item, NodeDef):
                self._add(item)
            else:
                from flowgraph.io.importing.regions import add_item
                add_item(self, item)
        self._colocate([*self._nodes.values()])

    def _check_types(self, nodes: list[NodeDef]) -> None:
        """Names all op types at once that cannot be built."""
        missing: dict[str, list[str]] = {}
        for node in nodes:
            if node.op not in REGISTRY and node.op not in rules() and (
                    node.op not in self.library.functions):
                missing.setdefault(node.op, []).append(node.name)
        unknown = {op: names for op, names in missing.items() if signature(op) is None}
        if unknown:
            raise ValueError(located(
                f"Op type not registered {_listed(unknown)}: neither TensorFlow nor flowgraph has "
                "it", "It may be a custom op, or a function that is not in the library of the "
                "GraphDef."))
        if missing:
            raise UnimplementedError(None, None, (
                f"flowgraph does not have the op type {_listed(missing)}. Cut the graph with "
                "tf.graph_util.extract_sub_graph, or replace these nodes through input_map."))

    # ---- names -----------------------------------------------------------------------------------

    def split(self, text: str) -> tuple[str, int]:
        """(name of the node, number of its output) of an input as "x" or "x:1".

        Args:
            text: the input.
        """
        name, colon, number = text.partition(":")
        if colon and not (number.isdecimal() and len(number) < 10):
            raise ValueError(located(f"{text!r} is no name of a tensor"))
        return name, int(number or 0)

    def tensor(self, text: str, node: str = "") -> Tensor:
        """The tensor that an input names.

        Args:
            text: the input.
            node: the name of the node that takes it.
        """
        name, index = self.split(text)
        key = f"{name}:{index}"
        if key in self.inputs:
            self.mapped.add(key)
            found: Tensor = self.inputs[key]
            return found
        if name not in self.outputs:
            raise ValueError(located(f"Node {node!r}: Unknown input node {text!r}" if node else
                                     f"Requested return tensor {text!r} not found in graph def"))
        outputs = self.outputs[name]
        if index >= len(outputs):
            raise ValueError(located(
                f"Node {node!r}: Connecting to invalid output {index} of source node {name} which "
                f"has {len(outputs)} outputs" if node else
                f"Invalid return output {index} of node {name!r}, which has {len(outputs)} "
                "output(s)"))
        return outputs[index]

    def operation(self, name: str, node: str) -> Operation:
        """The operation that a control input "^name" names.

        Args:
            name: the name.
            node: the name of the node that waits for it.
        """
        if f"^{name}" in self.inputs:
            self.mapped.add(f"^{name}")
            found: Operation = self.inputs[f"^{name}"]
            return found
        if name not in self.operations:
            raise ValueError(located(f"Node {node!r}: Unknown input node '^{name}'"))
        return self.operations[name]

    def element(self, text: str) -> Any:
        """What a name in `return_elements` stands for.

        Args:
            text: name of a tensor, with a colon, or of an operation.
        """
        if ":" in text:
            return self.tensor(text)
        if text not in self.operations:
            raise ValueError(located(f"Requested return node {text!r} not found in graph def"))
        return self.operations[text]

    def has(self, text: str) -> bool:
        """Whether the GraphDef has what a key of `input_map` names.

        Args:
            text: the key.
        """
        name, _, number = text.removeprefix("^").partition(":")
        if name not in self.outputs:
            return False
        return not number or int(number) < max(len(self.outputs[name]), 1)

    def given(self, name: str, text: str) -> bool:
        """Whether `input_map` stands for an input, so that its node need not come before.

        Args:
            name: the node's name.
            text: the input.
        """
        if text.startswith("^"):
            return text in self.inputs
        return f"{name}:{self.split(text)[1]}" in self.inputs

    # ---- building --------------------------------------------------------------------------------

    def _add(self, node: NodeDef) -> None:
        texts = list(node.input)
        inputs = [self.tensor(text, node.name) for text in texts if not text.startswith("^")]
        controls = [self.operation(text[1:], node.name) for text in texts if text.startswith("^")]
        row = signature(node.op)
        build = Build(self, node, row, inputs)
        rule = rules().get(node.op)
        try:
            with ExitStack() as stack:
                stack.enter_context(self.graph.as_default())
                stack.enter_context(self.graph.name_scope(None))
                stack.enter_context(self.graph.control_dependencies(None))
                if controls:
                    stack.enter_context(self.graph.control_dependencies(controls))
                if node.device:
                    stack.enter_context(self.graph.device(node.device))
                if node.op in self.library.functions:
                    from flowgraph.io.importing.functions import call
                    result: Any = call(build, node.op)
                else:
                    if row is not None:
                        build.check(row)
                    result = build.plain(node.op) if rule is None else rule(build)
        except FlowgraphError as error:
            if isinstance(error, ValueError):
                raise
            raise GraphError(str(error)) from None
        except InvalidArgumentError as error:
            raise ValueError(located(f"{node.op} {node.name!r} cannot be built: {error}")) from None
        except (RecursionError, MemoryError, TypeError, KeyError, IndexError, AttributeError,
                ArithmeticError) as error:
            raise ValueError(located(f"{node.op} {node.name!r} cannot be built: "
                                     f"{type(error).__name__} {error}")) from None
        outputs = ([result] if isinstance(result, Tensor) else
                   list(result.outputs) if isinstance(result, Operation) else list(result))
        op = build.operation or (result if isinstance(result, Operation) else
                                 outputs[0].op if outputs else None)
        assert op is not None, node.op
        if rule is None and controls and op.graph is self.graph:
            op._control_inputs = [c for c in dict.fromkeys(controls) if c.graph is self.graph]
        self._keep_attributes(op, node, row)
        if row is not None and not row.outputs:
            outputs = []
        self.outputs[node.name] = outputs
        self.operations[node.name] = op

    def _keep_attributes(self, op: Operation, node: NodeDef, row: Signature | None) -> None:
        """Remembers attributes that say nothing to us, for who writes the graph."""
        kept = {key: node.attr[key] for key in node.attr
                if key.startswith("_") and key not in ("_output_shapes", "_class")}
        if kept:
            op._extra = {**(op._extra or {}), "node_attrs": kept}

    def _colocate(self, nodes: list[NodeDef]) -> None:
        """Gives ops that stand with another one its device, and keeps that they do."""
        for node in nodes:
            if "_class" not in node.attr:
                continue
            groups = [text.decode("utf-8", "replace")[5:] for text in node.attr["_class"].list.s
                      if text.startswith(b"loc:@")]
            op = self.operations[node.name]
            beside = []
            for name in groups:
                other = self.operations.get(name) or self.graph._by_name.get(name)
                if other is None and name in self.all_names:
                    continue  # it is inside a branch or a loop, or was a part of its making
                if other is None and self.library.open:
                    continue  # inside a function, it may be an argument of that
                if other is None:
                    raise ValueError(located("Specified colocation to an op that does not exist "
                                             f"during import: {name} in {self.prefix}{node.name}"))
                beside.append(f"loc:@{other.name}".encode())
                if other.device and other is not op:
                    op._set_device(other.device)
            record(op, beside)


def _listed(types: dict[str, list[str]]) -> str:
    return ", ".join(f"{op!r} (node{'s' * (len(names) > 1)} {', '.join(map(repr, names[:3]))}"
                     f"{f' and {len(names) - 3} more' if len(names) > 3 else ''})"
                     for op, names in types.items())
