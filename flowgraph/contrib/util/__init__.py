"""`tf.contrib.util`: arrays and messages, values known from the graph."""

from flowgraph.core.lazy import lazy as _lazy

_LAZY = {
    "constant_value": "flowgraph.ops.static:get_static_value",
    "make_ndarray": "flowgraph.ops.make_tensor_proto:make_ndarray",
    "make_tensor_proto": "flowgraph.ops.make_tensor_proto:make_tensor_proto",
    "ops_used_by_graph_def": "flowgraph.contrib.util.ops_used:ops_used_by_graph_def",
}

__getattr__ = _lazy("tf.contrib.util", globals(), _LAZY)
