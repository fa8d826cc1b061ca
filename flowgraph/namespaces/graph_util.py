"""`tf.graph_util`: parts of GraphDefs, and frozen ones."""

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.io.graphs.graph_util import (
    convert_variables_to_constants,
    extract_sub_graph,
    must_run_on_cpu,
    remove_training_nodes,
    tensor_shape_from_node_def_name,
)
from flowgraph.io.importing.graph_import import import_graph_def

__getattr__ = _lazy("tf.graph_util", globals())
