"""From a Graph to a GraphDef that TensorFlow runs.

Op types, inputs, outputs and attributes are TensorFlow's own, so most nodes are written as they
stand: what the registry of TensorFlow says of the op type (`op_table`) tells which attributes there
are, and each comes from the op, or from the dtypes and numbers of its tensors. What TensorFlow says
in another way has a rule in `rules`; branches and loops become functions
(`functions`). The few op types that only flowgraph has are written under their own names:
flowgraph reads them back, TensorFlow says that it does not know them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.core.tensor_message import shape_message
from flowgraph.core.versions import GRAPH_DEF_VERSION, GRAPH_DEF_VERSION_MIN_CONSUMER
from flowgraph.graph.colocation import recorded
from flowgraph.graph.graph import Graph
from flowgraph.graph.operation import Operation
from flowgraph.graph.tensor import Tensor
from flowgraph.io.exporting.order import SeenWrites, earlier_reads
from flowgraph.io.graphs.attr_values import attr_value, default_value
from flowgraph.io.graphs.graph_messages import (
    AttrValue,
    FunctionDefLibrary,
    GraphDef,
    NodeDef,
    VersionDef,
)
from flowgraph.io.graphs.op_table import MISSING, Arg, Attr, Signature, signature
from flowgraph.ops.variable_handles import is_used_inside
from flowgraph.program.extract import target

# Ops of ours that a rule writes as an op of another type, with the same outputs.
WRITTEN_AS = {"TensorListAddN": "AddN", "TensorListZerosLike": "ZerosLike",
              "TensorListPutItem": "TensorListSetItem", "OrthogonalFactor": "Mul",
              "TensorListFromItem": "TensorListSetItem",
              "TensorListFromItems": "TensorListFromTensor",
              "TensorListGetOrZeros": "TensorListGetItem",
              "TensorListStackOrZeros": "TensorListStack",
              "TensorListGatherOrZeros": "TensorListGather"}

_READS = ("Identity", "CountUpTo")  # their rules say how they take a variable


def graph_def(graph: Graph, add_shapes: bool = False) -> GraphDef:
    """A graph as a message.

    Args:
        graph: the graph.
        add_shapes: whether nodes get an attribute `_output_shapes`.
    """
    message = GraphDef(versions=versions())
    export = Export(graph)
    writer = GraphWriter(message.node, export)
    for op in graph.get_operations():
        before = len(message.node)
        writer.write(op)
        if add_shapes and op.outputs and len(message.node) > before:
            node = message.node[-1]
            if node.name == op.name and _output_count(node) == len(op.outputs):
                node.attr["_output_shapes"].list.shape.extend(
                    # TensorFlow has shapes of its own for handles
                    shape_message(None if tensor.dtype is dt.resource
                                  or node.op == "VarHandleOp" else tensor.spec.shape)
                    for tensor in op.outputs)
    reads = earlier_reads(graph)
    nodes = {node.name: node for node in message.node} if reads else {}
    for op, readers in reads.items():
        nodes[export.writes.get(op, op.name)].input.extend(
            f"^{reader.name}" for reader in readers if reader.name in nodes)
    _drop_unknown_groups(message)
    if export.library.function:
        message.library.CopyFrom(export.library)
    return message


def _drop_unknown_groups(graph_def: GraphDef) -> None:
    """Leaves out groups of operations that are no nodes: TensorFlow refuses such."""
    names = {b"loc:@" + node.name.encode() for node in graph_def.node}
    for node in graph_def.node:
        if "_class" in node.attr:
            groups = node.attr["_class"].list.s
            known = [group for group in groups if group in names]
            if not known:
                del node.attr["_class"]
            elif len(known) < len(groups):
                groups[:] = known


def _output_count(node: NodeDef) -> int:
    """How many outputs TensorFlow's op has; -1 if it has no such op."""
    def attr(name: str) -> Any:
        if name not in node.attr:
            return 0
        value = node.attr[name]
        return value.list.type if value.WhichOneof("value") == "list" else value.i

    row = signature(node.op)
    return -1 if row is None else sum(arg.count(attr) for arg in row.outputs)


def versions() -> VersionDef:
    """The version that GraphDefs are written in: TensorFlow 1.15's."""
    return VersionDef(producer=GRAPH_DEF_VERSION, min_consumer=GRAPH_DEF_VERSION_MIN_CONSUMER)


def node_def(op: Operation) -> NodeDef:
    """An operation as a message; functions that it names are not in it.

    Args:
        op: the operation.
    """
    nodes: list[NodeDef] = []
    GraphWriter(nodes, Export(op.graph, has_handles=False)).write(op)
    return next((node for node in nodes if node.name == op.name), NodeDef(name=op.name, op=op.type))


class Export:
    """What the writers of a graph and of its functions share.

    Args:
        graph: the graph that is written.
        has_handles: whether variables that branches and loops write to become resources.

    Attributes:
        graph: the graph.
        library: the functions of branches and loops.
        names: names of those functions.
        added: names of nodes that are not in the graph.
        writes: for an op that writes to a variable, the name of the node which does so, where that
            is not the op's own.
        seen: which writes stand before which ops.
    """

    def __init__(self, graph: Graph, has_handles: bool = True) -> None:
        self.graph = graph
        self.library = FunctionDefLibrary()
        self.names: set[str] = set()
        self.added: set[str] = set()
        self.writes: dict[Operation, str] = {}
        self.seen = SeenWrites()
        self._has_handles = has_handles
        self._resources: dict[Operation, bool] = {}
        self._list_dtypes: Any = None

    def is_resource(self, variable: Operation) -> bool:
        """Whether a variable is written as a resource.

        Args:
            variable: its VariableV2.
        """
        if variable not in self._resources:
            self._resources[variable] = self._has_handles and is_used_inside(variable.outputs[0])
        return self._resources[variable]

    def list_dtype(self, tensor: Tensor) -> dt.DType:
        """The dtype of the items of a list of tensors."""
        if self._list_dtypes is None:
            from flowgraph.io.exporting.lists import ListDTypes
            self._list_dtypes = ListDTypes(self.graph)
        return self._list_dtypes.of(tensor)


class GraphWriter:
    """Writes ops as NodeDefs, one after the other.

    Args:
        nodes: list that NodeDefs are put into.
        export: what the writers share.
    """

    in_function = False

    def __init__(self, nodes: Any, export: Export) -> None:
        self.nodes = nodes
        self.export = export
        self.names: dict[Tensor, str] = {}  # tensors that nodes name in another way
        self.handles: dict[Tensor, str] = {}  # arguments of functions that are handles

    def write(self, op: Operation) -> None:
        """Adds an op, and before it a node for each variable whose value it takes by a handle.

        Args:
            op: the op.
        """
        kept = {}
        for tensor in () if op.type in _READS else self._handles_read(op):
            kept[tensor] = self.names.get(tensor)
            self.names[tensor] = self.read(op, tensor)
        self._write(op)
        for tensor, name in kept.items():
            del self.names[tensor]
            if name is not None:
                self.names[tensor] = name

    def _write(self, op: Operation) -> None:
        from flowgraph.io.exporting.datasets import functions_of, write_caller
        from flowgraph.io.exporting.transforms import RULES  # these, and all others
        rule = RULES.get(op.type)
        if rule is not None and rule(self, op):
            return
        functions = functions_of(op)
        if functions:
            write_caller(self, op, functions)
        else:
            row = row_of(op)
            self.add(op.name, row, [self.name_of(tensor) for tensor in op.inputs],
                     attributes(op, row), op)

    def _handles_read(self, op: Operation) -> list[Tensor]:
        """The variables, held by handles, whose values an op takes."""
        if op.op_def.bodies or not any(tensor.dtype._is_ref_dtype for tensor in op.inputs):
            return []  # branches and loops hand the handles on
        params = op.op_def.flat_params(len(op.inputs))
        return list(dict.fromkeys(
            tensor for param, tensor in zip(params, op.inputs, strict=True)
            if tensor.dtype._is_ref_dtype and param not in op.op_def.refs
            and self.handle(tensor) is not None
            and not (tensor in self.names and self.export.seen.is_newest(op, tensor))))

    def handle(self, reference: Tensor) -> tuple[str, list[str]] | None:
        """The handle of a variable and the control inputs that put its user after a write.

        Args:
            reference: the variable itself, or what an op gives that wrote to it.

        Returns:
            None if the variable is no resource.
        """
        if not reference.dtype._is_ref_dtype:
            return None
        tensor = reference
        while tensor.op.op_def.refs:
            tensor = tensor.op.inputs[0]
        name = self.handles.get(tensor)
        if name is None and tensor.op.type == "VariableV2" and self.export.is_resource(tensor.op):
            name = tensor.op.name
        return None if name is None else (
            name, [] if tensor is reference else [f"^{reference.op.name}"])

    def read(self, op: Operation, reference: Tensor) -> str:
        """Adds a node that reads a resource variable; the name of its value.

        Args:
            op: the op that needs the value; the node waits for what that waits for.
            reference: the variable.
        """
        found = self.handle(reference)
        assert found is not None
        name = self.free_name(op, "read")
        waits = [f"^{before.name}" for before in self.export.seen.before_read(op, reference)]
        self.add(name, "ReadVariableOp", [found[0]],
                 {"dtype": attr_value("type", reference.dtype.base_dtype)}, op,
                 device=target(reference).device, after=[*found[1], *waits])
        return self.output_name(name, "ReadVariableOp", 0)

    def add(self, name: str, row: Signature | str, inputs: list[str],
            attrs: dict[str, AttrValue], op: Operation, controls: bool = True,
            device: str | None = None, after: Iterable[str] = ()) -> NodeDef:
        """Adds a node.

        Args:
            name: its name.
            row: its op type.
            inputs: names of its inputs.
            attrs: its attributes.
            op: the op whose device and control inputs it gets.
            controls: whether it gets the control inputs.
            device: another device than the op's.
            after: more control inputs, as "^name".
        """
        node = NodeDef(name=name, op=row if isinstance(row, str) else row.name, input=inputs,
                       device=op.device if device is None else device)
        waits = [f"^{before.name}" for before in op._control_inputs] if controls else []
        node.input.extend(dict.fromkeys([*waits, *after]))
        kept = (op._extra or {}).get("node_attrs", {}) if name == op.name else {}
        if name == op.name and not self.in_function and (groups := recorded(op)):
            node.attr["_class"].list.s.extend(groups)
        for key, value in {**kept, **attrs}.items():
            node.attr[key].CopyFrom(value)
        self.nodes.append(node)
        return node

    def helper(self, op: Operation, part: str, op_type: str, inputs: list[str],
               **attrs: AttrValue) -> str:
        """Adds one more node that a rule needs beside an op; the name of its first output.

        Args:
            op: the op.
            part: what is put behind the op's name.
            op_type: type of the node.
            inputs: names of its inputs.
            attrs: its attributes.
        """
        name = self.free_name(op, part)
        self.add(name, op_type, inputs, attrs, op, controls=False)
        return self.output_name(name, op_type, 0)

    def free_name(self, op: Operation, part: str) -> str:
        """A name for one more node that stands beside an op.

        Args:
            op: the op.
            part: what is put behind the op's name.
        """
        base = name = f"{op.name}/{part}"
        number = 0
        while name in self.export.added or name in op.graph._by_name:
            number += 1
            name = f"{base}_{number}"
        self.export.added.add(name)
        return name

    def const(self, op: Operation, part: str, value: Any, dtype: Any = np.int32) -> str:
        """Adds a constant that a rule needs beside an op; its name.

        Args:
            op: the op.
            part: what is put behind the op's name.
            value: numbers.
            dtype: their NumPy dtype.
        """
        array = np.asarray(value, dtype)
        return self.helper(op, part, "Const", [], value=attr_value("tensor", array),
                           dtype=attr_value("type", dt.of_numpy(array.dtype)))

    def name_of(self, tensor: Tensor) -> str:
        """How a node names a tensor that it takes: "x", or "x:1".

        Args:
            tensor: the tensor.
        """
        found = self.names.get(tensor)
        if found is not None:
            return found
        op = tensor.op
        return self.output_name(op.name, op.type, tensor.value_index, op)

    def output_name(self, node: str, op_type: str, index: int, op: Operation | None = None) -> str:
        """How a node names the output `index` of another one.

        Args:
            node: the other node's name.
            op_type: its type.
            index: number of the output.
            op: the op that it is, if it is one.
        """
        return node if index == 0 else f"{node}:{index}"


# ---- attributes ----------------------------------------------------------------------------------


def row_of(op: Operation) -> Signature:
    """The op type of an op in TensorFlow; for op types of flowgraph's own, made from the op.

    Args:
        op: the op.
    """
    row = signature(op.type)
    return own_row(op) if row is None else row


def own_row(op: Operation) -> Signature:
    """An op type that TensorFlow does not have, in TensorFlow's terms.

    Args:
        op: an op of the type.
    """
    inputs = tuple(Arg(param, 0, "", "", f"T_{param}", False) if param in op.op_def.lists
                   else Arg(param, 0, f"T_{param}", "", "", param in op.op_def.refs)
                   for param in op.op_def.params)
    attrs = {arg.list_attr or arg.type_attr: Attr("list(type)" if arg.list_attr else "type",
                                                  MISSING, False) for arg in inputs}
    attrs["T_outputs"] = Attr("list(type)", MISSING, False)
    attrs.update((name, Attr(kind_of(value), MISSING, False)) for name, value in op.attrs.items()
                 if not isinstance(value, Tensor) and kind_of(value))
    return Signature(op.type, inputs, (Arg("outputs", 0, "", "", "T_outputs", False),), attrs,
                     bool(op.op_def.effects))


def kind_of(value: Any) -> str:
    """The kind of an attribute that holds a value; "" if none does.

    Args:
        value: the value.
    """
    kinds = {bool: "bool", int: "int", float: "float", str: "string", bytes: "string",
             dt.DType: "type", np.ndarray: "tensor", type(None): "shape"}
    if isinstance(value, tuple) and all(n is None or type(n) is int for n in value):
        return "shape"
    if isinstance(value, (list, tuple)):
        inner = {kind_of(item) for item in value}
        return f"list({inner.pop()})" if len(inner) == 1 and inner != {""} else ""
    return kinds.get(type(value), "")


def attributes(op: Operation, row: Signature) -> dict[str, AttrValue]:
    """The attributes of an op as TensorFlow has them.

    Args:
        op: the op.
        row: its op type in TensorFlow.
    """
    values = {}
    derived = derived_attributes(op, row)
    for name, attr in row.attrs.items():
        if name in derived and (op.attrs.get(name) is None or attr.kind == "list(type)"):
            values[name] = attr_value(attr.kind, derived[name])
        elif attr.kind == "func":
            continue  # who writes the function says its name
        elif name in op.attrs:
            values[name] = attr_value(attr.kind, op.attrs[name])
        elif attr.default is not MISSING:
            values[name] = default_value(attr.kind, attr.default)
        if attr.later and values[name] == default_value(attr.kind, attr.default):
            del values[name]  # so that TensorFlow 1.15 reads the graph
    return values


# Attributes that say how many dtypes another attribute of the op has.
_COUNTED = {"num_sparse": "sparse_types", "Ncontext_sparse": "context_sparse_types",
            "Nfeature_list_sparse": "feature_list_sparse_types",
            "Nfeature_list_dense": "feature_list_dense_types"}


def derived_attributes(op: Operation, row: Signature) -> dict[str, Any]:
    """The attributes that the inputs and outputs of an op tell: dtypes and numbers of tensors.

    Args:
        op: the op.
        row: its op type in TensorFlow.
    """
    found: dict[str, Any] = {}
    groups = op.op_def.group(op.inputs)
    for arg, param, group in zip(row.inputs, op.op_def.params, groups, strict=False):
        _derive(arg, group if param in op.op_def.lists else (group,), found)
    single = [arg for arg in row.outputs if not (arg.number_attr or arg.list_attr)]
    if len(single) == len(row.outputs):
        for arg, tensor in zip(row.outputs, op.outputs, strict=False):
            _derive(arg, (tensor,), found)
    elif len(row.outputs) == 1:
        _derive(row.outputs[0], tuple(op.outputs), found)
    found.update((number, len(op.attrs[types])) for number, types in _COUNTED.items()
                 if number in row.attrs and types in op.attrs)
    return found


def _derive(arg: Arg, tensors: tuple[Tensor, ...], found: dict[str, Any]) -> None:
    if arg.type_attr and tensors:
        found.setdefault(arg.type_attr, tensors[0].dtype.base_dtype)
    if arg.number_attr:
        found.setdefault(arg.number_attr, len(tensors))
    if arg.list_attr:
        found.setdefault(arg.list_attr, tuple(t.dtype.base_dtype for t in tensors))


def python_attribute(op: Operation, name: str) -> Any:
    """An attribute of an op as `Operation.get_attr` gives it.

    Args:
        op: the op.
        name: the attribute's name.

    Raises:
        ValueError: the op has no such attribute.
    """
    if name == "_class" and recorded(op):
        return list(recorded(op))
    values = dict((op._extra or {}).get("node_attrs", {}))
    if not op.op_def.bodies:  # else there are graphs among its attributes
        values.update(attributes(op, row_of(op)))
    if name not in values:
        if name in op.attrs:
            return op.attrs[name]
        raise ValueError(located(f"{op.type} {op.name!r} has no attribute {name!r}; it has "
                                 f"{', '.join(sorted({*values, *op.attrs})) or 'none'}"))
    message = values[name]
    kind = str(message.WhichOneof("value"))
    if kind != "list":
        return dt.as_dtype(message.type) if kind == "type" else getattr(message, kind)
    for field in ("s", "i", "f", "b", "type", "shape", "tensor"):
        items = list(getattr(message.list, field))
        if items:
            return [dt.as_dtype(item) for item in items] if field == "type" else items
    return []
