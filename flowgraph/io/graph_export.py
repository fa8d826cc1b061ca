"""From a Graph to a GraphDef that TensorFlow runs.

Op types, inputs, outputs and attributes are TensorFlow's own, so most nodes are written as they
stand: `node_of` looks up what the registry of TensorFlow says of the op type (`op_table`) and takes
each attribute from the op, or from the dtypes and numbers of its tensors. What TensorFlow says in
another way has a rule in `export_rules`; branches and loops become functions (`export_functions`).
"""

from __future__ import annotations

from typing import Any

from flowgraph.core.tensor_message import shape_message
from flowgraph.core.versions import GRAPH_DEF_VERSION, GRAPH_DEF_VERSION_MIN_CONSUMER
from flowgraph.errors import UnimplementedError
from flowgraph.graph.graph import Graph
from flowgraph.graph.operation import Operation
from flowgraph.graph.tensor import Tensor
from flowgraph.io.attr_values import attr_value, default_value
from flowgraph.io.graph_messages import AttrValue, FunctionDefLibrary, GraphDef, NodeDef, VersionDef
from flowgraph.io.op_table import MISSING, Arg, Signature, signature


def graph_def(graph: Graph, add_shapes: bool = False) -> GraphDef:
    """A graph as a message.

    Args:
        graph: the graph.
        add_shapes: whether nodes get an attribute `_output_shapes`.

    Raises:
        UnimplementedError: an op has no counterpart in TensorFlow.
    """
    message = GraphDef(versions=VersionDef(producer=GRAPH_DEF_VERSION,
                                           min_consumer=GRAPH_DEF_VERSION_MIN_CONSUMER))
    library = FunctionDefLibrary()
    writer = GraphWriter(message.node, library)
    for op in graph.get_operations():
        node = writer.write(op)
        if add_shapes and op.outputs:
            node.attr["_output_shapes"].list.shape.extend(
                shape_message(tensor.spec.shape) for tensor in op.outputs)
    if library.function:
        message.library.CopyFrom(library)
    return message


def node_def(op: Operation) -> NodeDef:
    """An operation as a message; functions that it names are not in it.

    Args:
        op: the operation.

    Raises:
        UnimplementedError: it has no counterpart in TensorFlow.
    """
    return GraphWriter([], FunctionDefLibrary()).write(op)


class GraphWriter:
    """Writes ops as NodeDefs, one after the other.

    Args:
        nodes: list that NodeDefs are put into.
        library: where the functions of branches and loops go.
    """

    def __init__(self, nodes: Any, library: FunctionDefLibrary) -> None:
        self.nodes = nodes
        self.library = library
        self.names: dict[Tensor, str] = {}  # tensors that nodes name in another way
        self.used: set[str] = set()  # names of nodes that rules added

    def write(self, op: Operation) -> NodeDef:
        """Adds an op; its NodeDef."""
        from flowgraph.io.export_rules import RULES
        rule = RULES.get(op.type)
        if rule is not None:
            node: NodeDef = rule(self, op)
            return node
        row = signature(op.type)
        if row is None:
            raise cannot_export(op)
        return self.add(op.name, row, [self.name_of(tensor) for tensor in op.inputs],
                        attributes(op, row), op)

    def add(self, name: str, row: Signature | str, inputs: list[str],
            attrs: dict[str, AttrValue], op: Operation, controls: bool = True) -> NodeDef:
        """Adds a node.

        Args:
            name: its name.
            row: its op type.
            inputs: names of its inputs.
            attrs: its attributes.
            op: the op whose device and control inputs it gets.
            controls: whether it gets the control inputs.
        """
        node = NodeDef(name=name, op=row if isinstance(row, str) else row.name, input=inputs,
                       device=op.device)
        if controls:
            node.input.extend("^" + before.name for before in op._control_inputs)
        for key, value in attrs.items():
            node.attr[key].CopyFrom(value)
        self.nodes.append(node)
        return node

    def name_of(self, tensor: Tensor) -> str:
        """How a node names a tensor that it takes: "x", or "x:1"."""
        found = self.names.get(tensor)
        if found is not None:
            return found
        return self.output_name(tensor.op.name, tensor.op.type, tensor.value_index,
                                lambda: _attr_getter(tensor.op))

    def output_name(self, node: str, op_type: str, index: int, attrs: Any = None) -> str:
        """How a node names the output `index` of another one.

        Args:
            node: the other node's name.
            op_type: its op type.
            index: the number of the output.
            attrs: function that gives a function from the name of an attribute to its value.
        """
        return node if index == 0 else f"{node}:{index}"

    def helper_name(self, op: Operation, part: str) -> str:
        """A name for one more node that a rule needs beside an op."""
        base = name = f"{op.name}/{part}"
        number = 0
        while name in self.used or name in op.graph._by_name:
            number += 1
            name = f"{base}_{number}"
        self.used.add(name)
        return name


def cannot_export(op: Operation, why: str = "") -> UnimplementedError:
    """The error for an op that no GraphDef can hold."""
    why = why or "TensorFlow has no such op type"
    return UnimplementedError(None, op, f"{op.type} {op.name!r} ({op.frame}) cannot be written into "
                              f"a GraphDef: {why}. Write the part of the graph without it, as "
                              "tf.graph_util.extract_sub_graph does, or build it from other ops.")


# ---- attributes ----------------------------------------------------------------------------------


def attributes(op: Operation, row: Signature) -> dict[str, AttrValue]:
    """The attributes of an op as TensorFlow has them.

    Args:
        op: the op.
        row: its op type in TensorFlow.
    """
    values = {}
    derived = derived_attributes(op, row)
    for name, attr in row.attrs.items():
        if name in derived and (name not in op.attrs or attr.kind == "list(type)"):
            values[name] = attr_value(attr.kind, derived[name])
        elif name in op.attrs and not (attr.kind == "type" and op.attrs[name] is None):
            values[name] = attr_value(attr.kind, op.attrs[name])
            if attr.later and values[name] == default_value(attr.kind, attr.default):
                del values[name]
        elif attr.default is not MISSING:
            if not attr.later:
                values[name] = default_value(attr.kind, attr.default)
        else:
            raise cannot_export(op, f"its attribute {name!r} is not known")
    return values


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
    return found


def _derive(arg: Arg, tensors: tuple[Tensor, ...], found: dict[str, Any]) -> None:
    if arg.type_attr and tensors:
        found.setdefault(arg.type_attr, tensors[0].dtype.base_dtype)
    if arg.number_attr:
        found.setdefault(arg.number_attr, len(tensors))
    if arg.list_attr:
        found.setdefault(arg.list_attr, tuple(t.dtype.base_dtype for t in tensors))


def _attr_getter(op: Operation) -> Any:
    row = signature(op.type)
    derived = {} if row is None else derived_attributes(op, row)
    return lambda name: derived[name] if name in derived else op.attrs[name]
