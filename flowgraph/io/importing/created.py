"""`Graph.create_op`: one operation by the name of its type, for programs that make them so.

It is a GraphDef of one node, imported; dtypes and counts of the inputs are filled in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flowgraph.core.dtypes import as_dtype
from flowgraph.core.frames import located
from flowgraph.graph.graph import Graph
from flowgraph.graph.operation import Operation
from flowgraph.graph.tensor import Tensor
from flowgraph.io.graphs.graph_messages import AttrValue, GraphDef, NodeDef
from flowgraph.io.graphs.op_table import Signature, signature
from flowgraph.io.importing.graph_import import import_graph_def


def create_op(graph: Graph, op_type: str, inputs: Any, dtypes: Any, name: str | None,
              attrs: dict[str, AttrValue] | None) -> Operation:
    """Adds an operation; the arguments are those of `Graph.create_op`."""
    inputs = list(inputs)
    for number, given in enumerate(inputs):
        if not isinstance(given, Tensor):
            raise TypeError(located(f"create_op: input {number} of {op_type} is not a tensor but "
                                    f"{type(given).__name__}", "Use tf.convert_to_tensor."))
    full_name = (name[:-1] if name and name.endswith("/") else  # what name_scope gives
                 graph.unique_name(name or op_type, mark_as_used=False))
    node = NodeDef(name=full_name, op=op_type)
    node.input.extend(f"input_{number}:0" for number in range(len(inputs)))
    for key, value in (attrs or {}).items():
        if not isinstance(value, AttrValue):
            raise TypeError(located(f"create_op: the attribute {key!r} is no tf.AttrValue but "
                                    f"{type(value).__name__}"))
        node.attr[key].CopyFrom(value)
    row = signature(op_type)
    if row is not None:
        _fill(node, row, inputs)
    with graph.as_default():
        found = import_graph_def(GraphDef(node=[node]),
                                 {f"input_{number}:0": x for number, x in enumerate(inputs)},
                                 [full_name], name="")
    assert found is not None
    op: Operation = found[0]
    wanted = [as_dtype(dtype).base_dtype for dtype in dtypes or ()]
    if dtypes is not None and wanted != [x.dtype.base_dtype for x in op.outputs]:
        raise TypeError(located(
            f"create_op: {op_type} {full_name!r} has outputs of the dtypes "
            f"{[x.dtype.name for x in op.outputs]}, and dtypes= says {[d.name for d in wanted]}"))
    return op


def _fill(node: NodeDef, row: Signature, inputs: Sequence[Tensor]) -> None:
    """Sets the attributes that the inputs tell, as TensorFlow does."""
    lists = [arg for arg in row.inputs if arg.number_attr or arg.list_attr]
    rest = len(inputs) - (len(row.inputs) - len(lists))  # all that one list can have
    at = 0
    for arg in row.inputs:
        count = 1
        if arg in lists:
            if arg.number_attr and arg.number_attr in node.attr:
                count = node.attr[arg.number_attr].i
            elif arg.list_attr and arg.list_attr in node.attr:
                count = len(node.attr[arg.list_attr].list.type)
            elif len(lists) == 1:
                count = rest
            if arg.number_attr and arg.number_attr not in node.attr:
                node.attr[arg.number_attr].i = count
        kinds = [x.dtype.base_dtype.as_datatype_enum for x in inputs[at:at + count]]
        if arg.list_attr and arg.list_attr not in node.attr:
            node.attr[arg.list_attr].list.type.extend(kinds)
        if arg.type_attr and arg.type_attr not in node.attr and kinds:
            node.attr[arg.type_attr].type = kinds[0]
        at += count
