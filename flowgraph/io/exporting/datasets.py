"""Ops that call the user's functions, as those of datasets do: these go into the library."""

from __future__ import annotations

from flowgraph.graph.operation import Operation
from flowgraph.io.exporting.functions import FunctionWriter
from flowgraph.io.exporting.graph_export import Export, GraphWriter, attributes, row_of
from flowgraph.io.graphs.attr_values import attr_value
from flowgraph.io.graphs.graph_messages import NameAttrList
from flowgraph.opdef.subgraph import SubGraph

CAPTURED = "_other_arguments"


def functions_of(op: Operation) -> dict[str, SubGraph]:
    """The functions among an op's attributes; not the branches and bodies of control flow.

    Args:
        op: the op.
    """
    if op.op_def.bodies:
        return {}
    return {name: value for name, value in op.attrs.items() if isinstance(value, SubGraph)}


def write_caller(writer: GraphWriter, op: Operation, functions: dict[str, SubGraph]) -> None:
    """Adds an op and the functions that it calls.

    Args:
        writer: adds nodes.
        op: the op.
        functions: from `functions_of`.
    """
    row = row_of(op)
    attrs = attributes(op, row)
    for name, graph in functions.items():
        attrs[name] = attr_value("func", NameAttrList(
            name=_write_function(graph, f"{op.name}_{name}", writer.export)))
    # TensorFlow has a list of captured tensors for each function, and one of other tensors.
    tensors = [tensor for param, group in zip(op.op_def.params, op.op_def.group(op.inputs),
                                              strict=True)
               if param in op.op_def.lists for tensor in group]
    at = 0
    for arg in row.inputs:
        if not arg.list_attr:
            continue
        if arg.name.endswith(CAPTURED[1:]):
            graph = functions.get(arg.name.removesuffix(CAPTURED), next(iter(functions.values())))
            count = len(graph.captured())
        else:
            count = len(tensors) - sum(len(graph.captured()) for graph in functions.values())
        attrs[arg.list_attr] = attr_value("list(type)", [
            tensor.dtype.base_dtype for tensor in tensors[at:at + count]])
        at += count
    writer.add(op.name, row, [writer.name_of(tensor) for tensor in op.inputs], attrs, op)


def _write_function(graph: SubGraph, name: str, export: Export) -> str:
    """Writes a function into the library; its name there."""
    writer = FunctionWriter(name, export)
    for parameter in graph.parameters:
        assert parameter is not None
        writer.argument(parameter.dtype, parameter)
    writer.write_all(graph.outputs)
    for tensor in graph.outputs:
        writer.result(writer.name_of(tensor), tensor.dtype)
    return writer.finish()
