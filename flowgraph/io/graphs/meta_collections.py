"""Collections of a graph as messages, and back.

Variables, Savers and queue runners become messages of their own, as bytes; tensors and operations
their names; text and numbers stay what they are.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from importlib import import_module
from typing import Any

from flowgraph.core.frames import located
from flowgraph.core.logger import logger
from flowgraph.core.message import Message
from flowgraph.core.variable_message import VariableDef
from flowgraph.graph.collections import GraphKeys
from flowgraph.graph.graph import Graph
from flowgraph.graph.names import in_scope, without_scope
from flowgraph.io.graphs.meta_messages import AnyMessage, CollectionDef, MetaGraphDef
from flowgraph.opdef.subgraph import SubGraph
from flowgraph.ops.variable import Variable

UNBOUND_INPUTS = "unbound_inputs"
VARIABLES = frozenset((
    GraphKeys.GLOBAL_VARIABLES, GraphKeys.TRAINABLE_VARIABLES, GraphKeys.LOCAL_VARIABLES,
    GraphKeys.MODEL_VARIABLES, GraphKeys.METRIC_VARIABLES, GraphKeys.MOVING_AVERAGE_VARIABLES,
    GraphKeys.TRAINABLE_RESOURCE_VARIABLES, GraphKeys.GLOBAL_STEP))
# collection: (class of the message, class with to_proto and from_proto), each imported when needed
_OBJECTS = {
    GraphKeys.SAVERS: ("flowgraph.train.saver_def:SaverDef", "flowgraph.train.saver:Saver"),
    GraphKeys.QUEUE_RUNNERS: ("flowgraph.train.queue_runner:QueueRunnerDef",
                              "flowgraph.train.queue_runner:QueueRunner"),
}
# What TensorFlow needs to build gradients of its own control flow; here that is in the nodes.
_SKIPPED = (GraphKeys.COND_CONTEXT, GraphKeys.WHILE_CONTEXT)


def _classes(key: str) -> tuple[Any, Any] | None:
    """(class of the message, class of the objects) in a collection; None if it has none."""
    if key in VARIABLES:
        return VariableDef, Variable
    if key not in _OBJECTS:
        return None
    found = [getattr(import_module(place.partition(":")[0]), place.partition(":")[2])
             for place in _OBJECTS[key]]
    return found[0], found[1]


# ---- to messages ---------------------------------------------------------------------------------


def add_collection(meta_graph: MetaGraphDef, key: Any, items: list[Any],
                   export_scope: str | None = None, excluded: Collection[str] = ()) -> None:
    """Puts a collection into a MetaGraphDef; what cannot be written is left out with a warning.

    Args:
        meta_graph: the MetaGraphDef.
        key: the collection's name.
        items: what is in it.
        export_scope: a name scope to take off the names; what is outside of it is left out.
        excluded: names of nodes that are left out.
    """
    if not isinstance(key, (str, bytes)):
        logger().warning("Only collections with string type keys will be serialized. This key has "
                         "%s", type(key))
        return
    key = key.decode() if isinstance(key, bytes) else key
    items = [item for item in items if _is_included(item, export_scope, excluded)]
    if not items:
        return
    try:
        message = _collection_def(key, items, export_scope)
    except (AttributeError, TypeError, ValueError, NotImplementedError) as error:
        logger().warning(
            "Issue encountered when serializing %s.\nType is unsupported, or the types of the items"
            " don't match field type in CollectionDef. Note this is a warning and probably safe to "
            "ignore.\n%s", key, error)
        return
    meta_graph.collection_def[key].CopyFrom(message)


def _is_included(item: Any, export_scope: str | None, excluded: Collection[str]) -> bool:
    if isinstance(getattr(item, "graph", None), SubGraph):
        return False  # it is in a function, where no name of the graph leads
    name = getattr(item, "name", None)
    if not isinstance(name, str):
        return True
    return (name.partition(":")[0] not in excluded
            and without_scope(name, export_scope) is not None)


def _collection_def(key: str, items: list[Any], export_scope: str | None) -> CollectionDef:
    message, classes, first = CollectionDef(), _classes(key), items[0]
    if classes is not None and hasattr(first, "to_proto"):
        message.bytes_list.SetInParent()
        protos = [item.to_proto(export_scope=export_scope) for item in items]
        message.bytes_list.value.extend(
            proto.SerializeToString() for proto in protos if proto is not None)
    elif isinstance(first, (str, bytes)):
        message.bytes_list.value.extend(
            item.encode() if isinstance(item, str) else item for item in items)
    elif isinstance(first, int):
        message.int64_list.value.extend(items)
    elif isinstance(first, float):
        message.float_list.value.extend(items)
    elif isinstance(first, AnyMessage):
        message.any_list.value.extend(items)
    else:
        names = [without_scope(item.name, export_scope) for item in items]
        message.node_list.value.extend(name for name in names if name is not None)
    return message


# ---- from messages -------------------------------------------------------------------------------


def restore_collections(meta_graph: MetaGraphDef, graph: Graph, scope: str,
                        wanted: Callable[[str], bool]) -> None:
    """Puts the collections of a MetaGraphDef, whose nodes are in a graph already, into that.

    Args:
        meta_graph: the MetaGraphDef.
        graph: the Graph, which is the default one.
        scope: the name scope that the nodes are in; "" for none.
        wanted: function that says by their names which collections are.

    Raises:
        KeyError: a collection names a node that is not there.
        ValueError: a collection is damaged.
    """
    old = _is_before_1_9(meta_graph.meta_info_def.tensorflow_version)
    objects: dict[Any, Any] = {}  # one Variable for all the collections it is in
    keys = sorted(meta_graph.collection_def, key=lambda k: (k != GraphKeys.TRAINABLE_VARIABLES, k))
    for key in keys:
        if key == UNBOUND_INPUTS or key in _SKIPPED or not wanted(key):
            continue
        message = meta_graph.collection_def[key]
        kind = message.WhichOneof("kind")
        if kind is None:
            logger().error("Cannot identify data type for collection %s. Skipping.", key)
            continue
        values, classes = getattr(message, kind).value, _classes(key)
        if classes is not None and kind == "bytes_list":
            for value in values:
                graph.add_to_collection(key, _object(key, value, classes, scope, old, objects))
        elif kind == "node_list":
            nodes = {node.name for node in meta_graph.graph_def.node}
            for name in values:
                item = _node(graph, key, name, scope, nodes)
                if item is not None:
                    graph.add_to_collection(key, item)
        elif kind == "bytes_list":
            for value in values:
                graph.add_to_collection(key, _text(value, scope))
        else:
            for value in values:
                graph.add_to_collection(key, value)


def _object(key: str, value: bytes, classes: tuple[Any, Any], scope: str, old: bool,
            objects: dict[Any, Any]) -> Any:
    """The Variable, Saver or QueueRunner that a message tells of."""
    message_class, object_class = classes
    if (message_class, value) not in objects:
        proto: Message = message_class.FromString(value)
        if old and isinstance(proto, VariableDef):  # the field was not there yet
            proto.trainable = key == GraphKeys.TRAINABLE_VARIABLES
        objects[message_class, value] = object_class.from_proto(proto, import_scope=scope)
    return objects[message_class, value]


def _is_before_1_9(version: str) -> bool:
    major, _, rest = version.partition(".")
    minor = rest.partition(".")[0]
    if not (major.isdecimal() and minor.isdecimal()):
        return False
    return (int(major), int(minor)) < (1, 9)


def _node(graph: Graph, key: str, name: str, scope: str, nodes: Collection[str]) -> Any:
    """The tensor or operation of a name; None if its node became something else."""
    try:
        return graph.find_element(in_scope(name, scope))
    except (KeyError, ValueError) as error:
        if name.partition(":")[0] not in nodes:
            raise KeyError(located(f"the collection {key!r} names {name!r}, which is not in the "
                                   "graph")) from None
        logger().warning("%s in the collection %s is left out: %s", name, key, error.args[0])
        return None


def _text(value: bytes, scope: str) -> Any:
    """A text of a collection: as bytes, but as a name of a node if there is a name scope."""
    return in_scope(value.decode("utf-8", "surrogateescape"), scope) if scope else value
