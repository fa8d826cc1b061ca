"""`tf.saved_model.load`: a graph of a SavedModel with its variables, in a Session."""

from __future__ import annotations

from typing import Any

from flowgraph.core.deprecation import deprecated
from flowgraph.core.frames import located
from flowgraph.core.logger import logger
from flowgraph.errors import NotFoundError
from flowgraph.graph.collections import GraphKeys
from flowgraph.graph.names import in_scope
from flowgraph.io.graphs.meta_graph import import_meta_graph
from flowgraph.io.graphs.meta_messages import AssetFileDef, MetaGraphDef, SavedModel
from flowgraph.saved_model import constants
from flowgraph.saved_model.files import (
    asset_path,
    maybe_saved_model_directory,
    read_saved_model,
    variables_path,
)

__all__ = ["load", "maybe_saved_model_directory"]


def load(sess, tags, export_dir, import_scope=None, **saver_kwargs):
    """Loads a graph of a SavedModel into a Session: nodes, variables' values, files.

    Args:
        sess: the Session; its graph gets the nodes.
        tags: list of texts, all the tags of the graph, as ["serve"].
        export_dir: the SavedModel's folder.
        import_scope: a name scope to put the nodes into.

    Other keywords are those of `tf.train.import_meta_graph`.

    Returns:
        The MetaGraphDef; its `signature_def` tells the inputs and outputs.

    Raises:
        RuntimeError: there is no graph with these tags.
        OSError: there is no SavedModel, or it is damaged.

    Example:
        >>> import os, tempfile
        >>> import flowgraph as fg
        >>> folder = os.path.join(tempfile.mkdtemp(), "model")
        >>> with fg.Graph().as_default(), fg.Session() as sess:
        ...     x = fg.placeholder(fg.float32, name="x")
        ...     fg.saved_model.simple_save(sess, folder, {"x": x}, {"y": 2.0 * x})
        >>> with fg.Graph().as_default(), fg.Session() as sess:
        ...     meta_graph = fg.saved_model.load(sess, ["serve"], folder)
        ...     signature = meta_graph.signature_def["serving_default"]
        ...     sess.run(signature.outputs["y"].name, {signature.inputs["x"].name: 3.0})
        np.float32(6.0)
    """
    deprecated("This function will only be available through the v1 compatibility library as "
               "tf.compat.v1.saved_model.loader.load or tf.compat.v1.saved_model.load.")
    meta_graph = graph_of_tags(read_saved_model(export_dir), tags)
    assets = assets_of(meta_graph, export_dir)  # before anything is changed
    with sess.graph.as_default():
        saver = import_meta_graph(meta_graph, import_scope=import_scope, **saver_kwargs)
        if saver is not None:
            saver.restore(sess, variables_path(export_dir))
        elif _has_variables(sess.graph, import_scope):
            raise ValueError(located("the SavedModel has variables, but no Saver for them"))
        else:
            logger().info("The specified SavedModel has no variables; no checkpoints were "
                          "restored.")
        init_op = _init_op(meta_graph, sess.graph, import_scope)
        if init_op is not None:
            sess.run([init_op], {in_scope(name, import_scope): path
                                 for name, path in assets.items()})
    return meta_graph


def graph_of_tags(saved_model: SavedModel, tags: Any) -> MetaGraphDef:
    """The graph of a SavedModel that has some tags, and no others.

    Args:
        saved_model: the SavedModel.
        tags: the tags.

    Raises:
        RuntimeError: there is none.
    """
    available = [set(meta_graph.meta_info_def.tags) for meta_graph in saved_model.meta_graphs]
    for found, meta_graph in zip(available, saved_model.meta_graphs, strict=True):
        if found == set(tags):
            return meta_graph
    raise RuntimeError(located(
        f"MetaGraphDef associated with tags {str(tags).strip('[]')} could not be found in "
        "SavedModel. To inspect available tag-sets in the SavedModel, please use the SavedModel "
        f"CLI: `saved_model_cli`\navailable_tags: {available}"))


def assets_of(meta_graph: MetaGraphDef, export_dir: Any) -> dict[str, str]:
    """The paths of a SavedModel's assets, by the names of the tensors that hold them.

    Args:
        meta_graph: the graph.
        export_dir: the SavedModel's folder.

    Raises:
        ValueError: a path leads out of the folder, or the message is damaged.
    """
    assets = list(meta_graph.asset_file_def)
    if not assets and constants.ASSETS_KEY in meta_graph.collection_def:
        for held in meta_graph.collection_def[constants.ASSETS_KEY].any_list.value:
            asset = AssetFileDef()
            held.Unpack(asset)
            assets.append(asset)
    return {asset.tensor_info.name: asset_path(export_dir, asset.filename) for asset in assets}


def _has_variables(graph: Any, scope: str | None) -> bool:
    return any(graph.get_collection(key, scope) for key in (GraphKeys.GLOBAL_VARIABLES,
                                                            GraphKeys.SAVEABLE_OBJECTS))


def _init_op(meta_graph: MetaGraphDef, graph: Any, scope: str | None) -> Any:
    """The operation to run after the variables are restored, or None."""
    key = constants.INIT_OP_SIGNATURE_KEY
    if key in meta_graph.signature_def:
        name = in_scope(meta_graph.signature_def[key].outputs[key].name, scope)
        try:
            return graph.as_graph_element(name)
        except (KeyError, ValueError):
            raise NotFoundError(None, None, located(
                f"The {key} could not be found in the graph. Please make sure the SavedModel does "
                f'not contain a SignatureDef of the key "{key}".')) from None
    for key in (constants.MAIN_OP_KEY, constants.LEGACY_INIT_OP_KEY):
        if key in meta_graph.collection_def:
            nodes = meta_graph.collection_def[key].node_list.value
            if len(nodes) != 1:
                raise RuntimeError(located("Expected exactly one SavedModel init op. Found: "
                                           f"{list(nodes)}"))
            return graph.as_graph_element(in_scope(nodes[0], scope))
    return None
