"""`tensorflow.core.*`: where the messages are that TensorFlow's compiled descriptions declare."""

_GRAPH = "flowgraph.io.graphs.graph_messages"
_META = "flowgraph.io.graphs.meta_messages"
_CONFIG = "flowgraph.runtime.config"
_STEPS = "flowgraph.summary.step_stats"
_TENSOR = "flowgraph.core.tensor_message"

CORE: dict[str, str] = {
    "core.example.example_pb2": "flowgraph.train.example",
    "core.example.feature_pb2": "flowgraph.train.example",
    "core.framework.attr_value_pb2": _GRAPH,
    "core.framework.cost_graph_pb2": _STEPS,
    "core.framework.device_attributes_pb2": "flowgraph.runtime.device_lib",
    "core.framework.function_pb2": _GRAPH,
    "core.framework.graph_pb2": _GRAPH,
    "core.framework.node_def_pb2": _GRAPH,
    "core.framework.op_def_pb2": "flowgraph.io.graphs.op_messages",
    "core.framework.step_stats_pb2": _STEPS,
    "core.framework.summary_pb2": "flowgraph.summary.messages",
    "core.framework.tensor_pb2": _TENSOR,
    "core.framework.tensor_shape_pb2": _TENSOR,
    "core.framework.types_pb2": "flowgraph.compat.inner.types_pb2",
    "core.framework.variable_pb2": "flowgraph.core.variable_message",
    "core.framework.versions_pb2": _GRAPH,
    "core.protobuf.cluster_pb2": _CONFIG,
    "core.protobuf.config_pb2": f"{_CONFIG} {_STEPS}",
    "core.protobuf.meta_graph_pb2": _META,
    "core.protobuf.queue_runner_pb2": "flowgraph.train.queue_runner",
    "core.protobuf.rewriter_config_pb2": _CONFIG,
    "core.protobuf.saved_model_pb2": _META,
    "core.protobuf.saver_pb2": "flowgraph.train.saver_def",
    "core.util.event_pb2": "flowgraph.summary.messages",
}
