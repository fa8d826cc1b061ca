"""A graph with its collections in one file: `tf.train.export_meta_graph`, `import_meta_graph`.

    saver.save(sess, "model")                                 writes model.meta too
    saver = tf.train.import_meta_graph("model.meta")          the graph anew, in another program
    saver.restore(sess, "model")
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from typing import Any

from flowgraph.core.frames import located
from flowgraph.core.logger import logger
from flowgraph.core.versions import GIT_VERSION, VERSION
from flowgraph.graph.collections import GraphKeys
from flowgraph.graph.graph import Graph, get_default_graph
from flowgraph.graph.names import in_scope, without_scope
from flowgraph.io.graphs.graph_messages import GraphDef, NodeDef
from flowgraph.io.graphs.message_files import read_message, serialized, write_bytes
from flowgraph.io.graphs.meta_collections import UNBOUND_INPUTS, add_collection, restore_collections
from flowgraph.io.graphs.meta_messages import MetaGraphDef, MetaInfoDef, checked
from flowgraph.train.saver_def import SaverDef

_UNBOUND = "$unbound_inputs_"
_SAVING = ("SaveV2", "Save", "SaveSlices", "RestoreV2", "Restore", "RestoreSlice")


# ---- export --------------------------------------------------------------------------------------


def export_meta_graph(filename=None, meta_info_def=None, graph_def=None, saver_def=None,
                      collection_list=None, as_text=False, graph=None, export_scope=None,
                      clear_devices=False, clear_extraneous_savers=False,
                      strip_default_attrs=False, save_debug_info=False, *,
                      unbound_inputs_col_name=UNBOUND_INPUTS):
    """Makes a message of a graph with its collections, and writes it to a file.

    Args:
        filename: the file; None to write none.
        meta_info_def: MetaInfoDef, what else is known of the graph.
        graph_def: GraphDef; default that of the graph.
        saver_def: SaverDef that names the nodes which save and restore the variables.
        collection_list: list of the names of collections to write; default all.
        as_text: whether the file is text.
        graph: the Graph; default the default graph.
        export_scope: a name scope; only what is in it is exported, and its name taken off.
        clear_devices: whether to leave out the nodes' devices.
        clear_extraneous_savers: whether to leave out the nodes of Savers other than that of
            `saver_def`.
        strip_default_attrs: whether to leave out attributes that have TensorFlow's default, so that
            older versions can read the graph.
        save_debug_info: accepted; the lines that built the nodes are not written.
        unbound_inputs_col_name: the collection in the result that names what the nodes of
            `export_scope` take from outside.

    Returns:
        A MetaGraphDef.

    Raises:
        TypeError: an argument is of another class.
        UnimplementedError: the graph has an op that cannot be written.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.placeholder(fg.float32, name="x")
        >>> fg.add_to_collection("inputs", x)
        >>> meta = fg.train.export_meta_graph()
        >>> meta.collection_def["inputs"]
        node_list {
          value: "x:0"
        }
        <BLANKLINE>
    """
    graph = get_default_graph() if graph is None else graph
    if not isinstance(graph, Graph):
        raise TypeError(located(f"graph must be of type Graph, not {type(graph).__name__}"))
    for value, kind, what in ((graph_def, GraphDef, "graph_def"),
                              (saver_def, SaverDef, "saver_def")):
        if value is not None:
            checked(value, kind, what)
    excluded, unbound = (), []
    if export_scope or clear_extraneous_savers or clear_devices:
        whole = graph.as_graph_def(add_shapes=True) if graph_def is None else graph_def
        if clear_extraneous_savers:
            excluded = set(_other_savers(whole, saver_def))
        graph_def = _part(whole, export_scope, excluded, clear_devices, unbound)
    meta_graph = create_meta_graph_def(
        meta_info_def, graph_def, saver_def, collection_list, graph, export_scope, excluded,
        clear_extraneous_savers, strip_default_attrs)
    if unbound and unbound_inputs_col_name and (
            collection_list is None or unbound_inputs_col_name in collection_list):
        field = meta_graph.collection_def[unbound_inputs_col_name].bytes_list
        field.value.extend(name.encode() for name in unbound)
    if filename:
        write_meta_graph(filename, meta_graph, as_text)
    return meta_graph


def create_meta_graph_def(meta_info_def: Any = None, graph_def: Any = None, saver_def: Any = None,
                          collection_list: Any = None, graph: Any = None,
                          export_scope: str | None = None, excluded: Collection[str] = (),
                          clear_extraneous_savers: bool = False,
                          strip_default_attrs: bool = False) -> MetaGraphDef:
    """The MetaGraphDef of a graph.

    Args:
        meta_info_def, graph_def, saver_def, collection_list, graph, export_scope,
            clear_extraneous_savers, strip_default_attrs: as for `export_meta_graph`.
        excluded: names of nodes that are not in `graph_def`.
    """
    graph = get_default_graph() if graph is None else graph
    meta_graph = MetaGraphDef()
    info = meta_graph.meta_info_def
    if meta_info_def is not None:
        info.MergeFrom(checked(meta_info_def, MetaInfoDef, "meta_info_def"))
    info.tensorflow_version, info.tensorflow_git_version = VERSION, GIT_VERSION
    if graph_def is None:
        meta_graph.adopt("graph_def", graph.as_graph_def(add_shapes=True))
    else:
        meta_graph.graph_def.CopyFrom(graph_def)
    if strip_default_attrs:
        from flowgraph.io.graphs.meta_ops import strip_defaults
        strip_defaults(meta_graph.graph_def)
        info.stripped_default_attrs = True
    if not info.stripped_op_list.op:
        from flowgraph.io.graphs.meta_ops import op_list
        info.stripped_op_list.CopyFrom(op_list(meta_graph.graph_def))
    if saver_def is not None:
        meta_graph.saver_def.CopyFrom(saver_def)
    keys = graph.get_all_collection_keys() if collection_list is None else collection_list
    for key in keys:
        items = graph.get_collection(key)
        if clear_extraneous_savers and key == GraphKeys.SAVERS:
            from flowgraph.train.saver import Saver
            items = [] if saver_def is None else [Saver.from_proto(saver_def)]
        add_collection(meta_graph, key, items, export_scope, excluded)
    return meta_graph


def write_meta_graph(filename: Any, meta_graph: MetaGraphDef, as_text: bool = False) -> None:
    """Writes a MetaGraphDef to a file, all or nothing; its folder is made where it is missing.

    Args:
        filename: the file.
        meta_graph: the MetaGraphDef.
        as_text: whether the file is text.

    Raises:
        ValueError: the message is too large for its readers.
        OpError: the system could not write.
    """
    content = str(meta_graph).encode() if as_text else serialized(meta_graph)
    write_bytes(os.fsdecode(filename), content)


def _other_savers(graph_def: GraphDef, saver_def: Any) -> Iterator[str]:
    """The names of the nodes in the scopes of all Savers but one."""
    kept = [] if saver_def is None else [saver_def.save_tensor_name.partition(":")[0],
                                         saver_def.restore_op_name]
    scopes = {_scope_of(node.name) for node in graph_def.node if node.op in _SAVING}
    scopes -= {_scope_of(name) for name in kept} | {""}
    for node in graph_def.node:
        if any(node.name.startswith(scope) for scope in scopes):
            yield node.name


def _scope_of(name: str) -> str:
    """The name scope of a node, with its slash."""
    return name[:name.rfind("/") + 1]


def _part(whole: GraphDef, scope: str | None, excluded: Collection[str], clear_devices: bool,
          unbound: list[str]) -> GraphDef:
    """The nodes of a name scope, less some; what they take from outside is put into `unbound`."""
    part = GraphDef()
    if whole.HasField("versions"):
        part.versions.CopyFrom(whole.versions)
    if whole.HasField("library"):
        part.library.CopyFrom(whole.library)
    for node in whole.node:
        name = without_scope(node.name, scope)
        if name is None or node.name in excluded:
            continue
        copy: Any = part.node.add()
        copy.CopyFrom(node)
        copy.name = name
        if clear_devices:
            copy.device = ""
        if scope:
            _take_off(copy, scope, unbound)
    return part


def _take_off(node: NodeDef, scope: str, unbound: list[str]) -> None:
    """Takes a name scope off the names in a node."""
    for i, name in enumerate(node.input):
        inside = without_scope(name, scope)
        if inside is None:
            mark = "^" if name.startswith("^") else ""
            inside = f"{mark}{_UNBOUND}{name.removeprefix('^')}"
            unbound.append(inside)
        node.input[i] = inside
    if "_class" in node.attr:
        together = [without_scope(text.decode(), scope) for text in node.attr["_class"].list.s]
        node.attr["_class"].list.s[:] = [text.encode() for text in together if text is not None]


# ---- import --------------------------------------------------------------------------------------


def read_meta_graph_file(filename: Any) -> MetaGraphDef:
    """The MetaGraphDef that is in a file, as bytes or as text.

    Args:
        filename: the file.

    Raises:
        OSError: there is no such file, or it holds something else.
    """
    path = os.fsdecode(filename)
    if not os.path.exists(path):
        raise OSError(located(f"File {path} does not exist."))
    return read_message(path, MetaGraphDef())


def import_meta_graph(meta_graph_or_file, clear_devices=False, import_scope=None, *, graph=None,
                      input_map=None, unbound_inputs_col_name=UNBOUND_INPUTS,
                      restore_collections_predicate=None, return_elements=None):
    """Puts a graph that was exported, and its collections, into the default graph.

    Args:
        meta_graph_or_file: MetaGraphDef, or the name of a file with one, as "model.meta".
        clear_devices: whether to forget the nodes' devices.
        import_scope: a name scope to put the nodes into.
        graph: the Graph to put it into, in place of the default one.
        input_map: dict from names of tensors in the file to tensors that take their places.
        unbound_inputs_col_name: the collection that names what has to be in `input_map`.
        restore_collections_predicate: function that says by their names which collections are put
            into the graph.
        return_elements: accepted; their names are checked.

    Returns:
        A Saver for the variables; None if there are none.

    Raises:
        OSError: there is no such file, or it holds something else.
        ValueError: the graph has an op that flowgraph has not, or needs an `input_map`.

    Example:
        >>> import os, tempfile
        >>> import flowgraph as fg
        >>> path = os.path.join(tempfile.mkdtemp(), "model")
        >>> with fg.Graph().as_default(), fg.Session() as sess:
        ...     w = fg.Variable(2.0, name="w")
        ...     y = fg.multiply(w, 3.0, name="y")
        ...     sess.run(w.initializer)
        ...     path = fg.train.Saver().save(sess, path)
        >>> with fg.Graph().as_default(), fg.Session() as sess:
        ...     saver = fg.train.import_meta_graph(path + ".meta")
        ...     saver.restore(sess, path)
        ...     sess.run("y:0")
        np.float32(6.0)
    """
    return import_with_elements(meta_graph_or_file, clear_devices, import_scope, graph, input_map,
                                unbound_inputs_col_name, restore_collections_predicate,
                                return_elements)[0]


def import_with_elements(meta_graph_or_file: Any, clear_devices: bool = False,
                         import_scope: str | None = None, graph: Graph | None = None,
                         input_map: Any = None, unbound_inputs_col_name: str = UNBOUND_INPUTS,
                         restore_collections_predicate: Callable[[str], bool] | None = None,
                         return_elements: Any = None) -> tuple[Any, Any]:
    """`import_meta_graph`, and the tensors and operations named in `return_elements`."""
    meta_graph = (meta_graph_or_file if isinstance(meta_graph_or_file, MetaGraphDef)
                  else read_meta_graph_file(meta_graph_or_file))
    _check_unbound(meta_graph, unbound_inputs_col_name, input_map)
    graph = get_default_graph() if graph is None else graph
    with graph.as_default():
        from flowgraph.io.importing.graph_import import import_graph_def
        scope = graph.unique_name(import_scope, mark_as_used=False) if import_scope else (
            graph.get_name_scope())
        graph_def = meta_graph.graph_def
        if clear_devices:
            graph_def = GraphDef.FromString(graph_def.SerializeToString())
            for node in graph_def.node:
                node.device = ""
        elements = import_graph_def(
            graph_def, input_map=input_map, return_elements=return_elements,
            name=import_scope or (scope + "/" if scope else ""),
            producer_op_list=meta_graph.meta_info_def.stripped_op_list
            if meta_graph.meta_info_def.HasField("stripped_op_list") else None)
        restore_collections(meta_graph, graph, scope,
                            restore_collections_predicate or (lambda key: True))
        return _saver(meta_graph, graph, scope), elements


def _check_unbound(meta_graph: MetaGraphDef, key: str, input_map: Any) -> None:
    if not key or key not in meta_graph.collection_def:
        return
    field = meta_graph.collection_def[key]
    kind = field.WhichOneof("kind")
    values = getattr(field, kind).value if kind in ("bytes_list", "node_list") else ()
    names = [value.decode("utf-8", "replace") if isinstance(value, bytes) else value
             for value in values]
    missing = [name for name in names if name not in (input_map or {})]
    if missing:
        raise ValueError(located(f"Graph contains unbound inputs: {','.join(missing)}. Must "
                                 "provide these inputs through input_map."))


def _saver(meta_graph: MetaGraphDef, graph: Graph, scope: str) -> Any:
    """A Saver for what was imported; None if it has no variables."""
    from flowgraph.train.saver import Saver
    if meta_graph.HasField("saver_def"):
        saver_def = SaverDef.FromString(meta_graph.saver_def.SerializeToString())
        return Saver(saver_def=saver_def, name=scope)
    pattern = in_scope("", scope) if scope else None
    if any(graph.get_collection(key, pattern) for key in (
            GraphKeys.GLOBAL_VARIABLES, GraphKeys.SAVEABLE_OBJECTS)):
        return Saver()
    logger().info("Saver not created because there are no variables in the graph to restore")
    return None
