"""`tensorflow.python.tools.freeze_graph`, `.optimize_for_inference_lib`: graphs for inference."""

from __future__ import annotations

from typing import Any

import flowgraph as tf


def freeze_graph(input_graph: Any, input_saver: Any, input_binary: bool, input_checkpoint: Any,
                 output_node_names: str, restore_op_name: Any, filename_tensor_name: Any,
                 output_graph: Any, clear_devices: bool, initializer_nodes: Any,
                 variable_names_whitelist: str = "", variable_names_blacklist: str = "",
                 input_meta_graph: Any = None, input_saved_model_dir: Any = None,
                 saved_model_tags: str = "serve", checkpoint_version: int = 2) -> Any:
    """Writes a graph whose variables have become constants, from a graph and a checkpoint.

    Args:
        input_graph: file of a GraphDef; "" if a MetaGraph or a SavedModel is given.
        input_saver: says nothing here.
        input_binary: whether the file is binary; found by itself here.
        input_checkpoint: the checkpoint with the values.
        output_node_names: what must stay, with commas between.
        restore_op_name, filename_tensor_name: say nothing here.
        output_graph: the file to write; "" for none.
        clear_devices: whether devices are left out.
        initializer_nodes: operations to run in place of restoring what the checkpoint lacks.
        variable_names_whitelist: only these become constants.
        variable_names_blacklist: these do not.
        input_meta_graph: file of a MetaGraph.
        input_saved_model_dir: folder of a SavedModel.
        saved_model_tags: its tags, with commas between.
        checkpoint_version: says nothing here.

    Returns:
        The GraphDef.
    """
    with tf.Graph().as_default() as graph, tf.Session(graph=graph) as session:
        if input_saved_model_dir:
            tf.saved_model.load(session, saved_model_tags.split(","), input_saved_model_dir)
        elif input_meta_graph:
            saver = tf.train.import_meta_graph(input_meta_graph, clear_devices=clear_devices)
            saver.restore(session, input_checkpoint)
        else:
            tf.import_graph_def(tf.io.read_graph(input_graph), name="")
            _restore(session, graph, input_checkpoint)
        for name in (initializer_nodes or "").split(","):
            if name.strip():
                session.run(name.strip())
        graph_def: Any = graph.as_graph_def()  # type: ignore[attr-defined]  # put there by io
        if clear_devices:
            for node in graph_def.node:
                node.device = ""
        frozen = tf.graph_util.convert_variables_to_constants(
            session, graph_def, [name.strip() for name in output_node_names.split(",")],
            variable_names_whitelist.split(",") if variable_names_whitelist else None,
            variable_names_blacklist.split(",") if variable_names_blacklist else None)
    if output_graph:
        with tf.gfile.GFile(output_graph, "wb") as file:
            file.write(frozen.SerializeToString())
    return frozen


def _restore(session: Any, graph: Any, checkpoint: Any) -> None:
    """Gives the variables of an imported graph, which are ops only, the values of a checkpoint."""
    reader = tf.train.NewCheckpointReader(checkpoint)
    assigns = {op.inputs[0].op.name: op for op in graph.get_operations()
               if op.type in ("Assign", "AssignVariableOp")}
    for name in reader.get_variable_to_shape_map():
        if name in assigns:
            op = assigns[name]
            session.run(op, {op.inputs[1]: reader.get_tensor(name)})


def optimize_for_inference(input_graph_def: Any, input_node_names: Any, output_node_names: Any,
                           placeholder_type_enum: Any, toco_compatible: bool = False) -> Any:
    """A GraphDef with only what its outputs need, without what is for training alone.

    Args:
        input_graph_def: the GraphDef.
        input_node_names: nodes that are fed; placeholders stay as they are.
        output_node_names: nodes that are fetched.
        placeholder_type_enum: says nothing here.
        toco_compatible: says nothing here.
    """
    return tf.graph_util.remove_training_nodes(
        tf.graph_util.extract_sub_graph(input_graph_def, list(output_node_names)),
        list(output_node_names))
