"""The part of a graph that TensorFlow can load, for SavedModels.

A few ops, of the gradients of image patches and of gradients of gradients, TensorFlow has not; it
refuses a graph that holds one, be it never run. What is served does not need them: a SavedModel
leaves them out, with all that depends on them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from flowgraph.core.logger import logger
from flowgraph.graph.names import node_name
from flowgraph.io.graphs.graph_messages import GraphDef, NodeDef
from flowgraph.io.graphs.meta_messages import MetaGraphDef
from flowgraph.io.graphs.op_table import signature


def leave_out_foreign(meta_graph: MetaGraphDef, needed: Iterable[str]) -> None:
    """Takes out of a graph what TensorFlow has no ops for, unless that is needed.

    Args:
        meta_graph: the graph, with its collections; it is changed.
        needed: names of tensors and operations that must stay.
    """
    graph_def = meta_graph.graph_def
    functions = _foreign_functions(graph_def)
    foreign = {node.name: node.op for node in graph_def.node
               if _is_foreign(node, functions, graph_def)}
    if not foreign:
        return
    gone = _dependent(graph_def, foreign)
    wanted = {node_name(name) for name in needed}
    types = ", ".join(sorted(set(foreign.values())))
    if wanted & gone:
        logger().warning("TensorFlow cannot load this SavedModel: %s needs ops that it has not "
                         "(%s).", sorted(wanted & gone)[0], types)
        return
    logger().info("Left out of the SavedModel, as TensorFlow has no such ops: %s, and what depends "
                  "on them.", types)
    kept = [node for node in graph_def.node if node.name not in gone]
    for node in kept:
        if "_class" in node.attr:
            texts = node.attr["_class"].list.s
            texts[:] = [text for text in texts if text.decode("utf-8", "replace").removeprefix(
                "loc:@") not in gone]
    graph_def.node[:] = kept
    library = graph_def.library.function
    library[:] = [function for function in library if function.signature.name not in functions]
    for key in list(meta_graph.collection_def):
        names = meta_graph.collection_def[key].node_list.value
        if any(node_name(name) in gone for name in names):
            names[:] = [name for name in names if node_name(name) not in gone]
            if not names:
                del meta_graph.collection_def[key]


def names_in(meta_graph: MetaGraphDef) -> Iterator[str]:
    """The names of the tensors and operations that a loader of a SavedModel looks for.

    Args:
        meta_graph: the graph.
    """
    for signature_def in meta_graph.signature_def.values():
        for info in (*signature_def.inputs.values(), *signature_def.outputs.values()):
            yield from (info.name, info.coo_sparse.values_tensor_name,
                        info.coo_sparse.indices_tensor_name,
                        info.coo_sparse.dense_shape_tensor_name)
    saver = meta_graph.saver_def
    yield from (saver.filename_tensor_name, saver.save_tensor_name, saver.restore_op_name)
    for key in ("saved_model_main_op", "legacy_init_op"):
        if key in meta_graph.collection_def:
            yield from meta_graph.collection_def[key].node_list.value


def _foreign_functions(graph_def: GraphDef) -> set[str]:
    """The names of the functions with ops that TensorFlow has not, there or in what they call."""
    foreign: set[str] = set()
    while True:
        more = {function.signature.name for function in graph_def.library.function
                if function.signature.name not in foreign
                and any(_is_foreign(node, foreign, graph_def) for node in function.node_def)}
        if not more:
            return foreign
        foreign |= more


def _is_foreign(node: NodeDef, functions: set[str], graph_def: GraphDef) -> bool:
    names = {node.op, *(value.func.name for value in node.attr.values()
                        if value.WhichOneof("value") == "func")}
    if names & functions:
        return True
    return signature(node.op) is None and all(
        function.signature.name != node.op for function in graph_def.library.function)


def _dependent(graph_def: GraphDef, names: Iterable[str]) -> set[str]:
    """Some nodes, and all that take something from them."""
    users: dict[str, list[str]] = {}
    for node in graph_def.node:
        for name in node.input:
            users.setdefault(node_name(name), []).append(node.name)
    found: set[Any] = set()
    stack = list(names)
    while stack:
        name = stack.pop()
        if name not in found:
            found.add(name)
            stack += users.get(name, ())
    return found
