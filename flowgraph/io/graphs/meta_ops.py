"""The op types that a graph uses, as a MetaGraphDef lists them, and attributes left at defaults.

A reader that is older or newer than the graph compares its op types with these.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from flowgraph.io.graphs.attr_values import default_value
from flowgraph.io.graphs.graph_messages import GraphDef, NodeDef
from flowgraph.io.graphs.op_messages import OpDefMessage, OpList
from flowgraph.io.graphs.op_table import MISSING, Signature, signature


def op_list(graph_def: GraphDef) -> OpList:
    """The op types of TensorFlow's in a graph and in its functions, sorted by name.

    Args:
        graph_def: the graph.
    """
    result = OpList()
    for name in sorted({node.op for node in _nodes(graph_def)}):
        if signature(name) is not None:
            result.op.append(_described(name))
    return result


def strip_defaults(graph_def: GraphDef) -> None:
    """Removes the attributes that have TensorFlow's default from the nodes of a graph.

    Args:
        graph_def: the graph; it is changed.
    """
    functions = {function.signature.name for function in graph_def.library.function}
    for node in _nodes(graph_def):
        found = None if node.op in functions else signature(node.op)
        for name, attr in found.attrs.items() if found is not None else ():
            if (attr.default is not MISSING and name in node.attr
                    and node.attr[name] == default_value(attr.kind, attr.default)):
                del node.attr[name]


def _nodes(graph_def: GraphDef) -> Iterator[NodeDef]:
    yield from graph_def.node
    for function in graph_def.library.function:
        yield from function.node_def


@cache
def _described(name: str) -> OpDefMessage:
    """An op type as a message."""
    found: Any = signature(name)
    assert isinstance(found, Signature)
    message: Any = OpDefMessage(name=name, is_stateful=found.stateful)
    for args, field in ((found.inputs, message.input_arg), (found.outputs, message.output_arg)):
        for arg in args:
            field.add(name=arg.name, type=arg.dtype, type_attr=arg.type_attr,
                      number_attr=arg.number_attr, type_list_attr=arg.list_attr, is_ref=arg.is_ref)
    for attr_name, attr in found.attrs.items():
        entry = message.attr.add(name=attr_name, type=attr.kind)
        if attr.default is not MISSING:
            entry.default_value.CopyFrom(default_value(attr.kind, attr.default))
    return message
