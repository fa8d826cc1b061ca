"""`tf.graph_util`: parts of GraphDefs, and frozen ones."""

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.io.graph_import import import_graph_def
from flowgraph.io.graph_util import (
    convert_variables_to_constants,
    extract_sub_graph,
    must_run_on_cpu,
    remove_training_nodes,
    tensor_shape_from_node_def_name,
)

__getattr__ = _lazy("tf.graph_util", globals())
