"""RunMetadata: what a run tells about itself, as messages: times, memory, the graph that ran.

    RunMetadata
      step_stats          StepStats
        dev_stats           DeviceStepStats, one a device
          node_stats          NodeExecStats, one a step: when it ran, what came out, how large
      partition_graphs    GraphDefs of what ran
"""

from __future__ import annotations

from flowgraph.core.message import Message
from flowgraph.core.message_fields import Part, Parts
from flowgraph.core.message_scalar import BOOL, INT, TEXT, Repeated, Scalar, ValueMap
from flowgraph.core.tensor_message import DATA_TYPE, UNSIGNED, TensorShapeProto
from flowgraph.io.graphs.graph_messages import GraphDef

# ---- one step ------------------------------------------------------------------------------------


class AllocationRecord(Message):
    """Memory taken at a time, or given back: then the bytes are negative."""

    alloc_micros = Scalar(1, INT)
    alloc_bytes = Scalar(2, INT)


class AllocatorMemoryUsed(Message):
    """The memory that a step took."""

    allocator_name = Scalar(1, TEXT)
    total_bytes = Scalar(2, INT)
    peak_bytes = Scalar(3, INT)
    live_bytes = Scalar(4, INT)
    allocator_bytes_in_use = Scalar(5, INT)
    allocation_records = Parts(6, AllocationRecord)


class AllocationDescription(Message):
    """The memory in which a tensor lies."""

    requested_bytes = Scalar(1, INT)
    allocated_bytes = Scalar(2, INT)
    allocator_name = Scalar(3, TEXT)
    allocation_id = Scalar(4, INT)
    has_single_reference = Scalar(5, BOOL)
    ptr = Scalar(6, UNSIGNED)


class TensorDescription(Message):
    """Dtype, shape and memory of a tensor."""

    dtype = Scalar(1, DATA_TYPE)
    shape = Part(2, TensorShapeProto)
    allocation_description = Part(4, AllocationDescription)


class NodeOutput(Message):
    """A result of a step."""

    slot = Scalar(1, INT)
    tensor_description = Part(3, TensorDescription)


class MemoryStats(Message):
    """The memory that a step took for itself, and that it kept."""

    temp_memory_size = Scalar(1, INT)
    device_temp_memory_size = Scalar(2, INT)
    persistent_memory_size = Scalar(3, INT)
    device_persistent_memory_size = Scalar(4, INT)
    persistent_tensor_alloc_ids = Repeated(5, INT)
    device_persistent_tensor_alloc_ids = Repeated(6, INT)


class NodeExecStats(Message):
    """When a step ran, and what came out."""

    node_name = Scalar(1, TEXT)
    all_start_micros = Scalar(2, INT)
    op_start_rel_micros = Scalar(3, INT)
    op_end_rel_micros = Scalar(4, INT)
    all_end_rel_micros = Scalar(5, INT)
    memory = Parts(6, AllocatorMemoryUsed)
    output = Parts(7, NodeOutput)
    timeline_label = Scalar(8, TEXT)
    scheduled_micros = Scalar(9, INT)
    thread_id = Scalar(10, INT)
    referenced_tensor = Parts(11, AllocationDescription)
    memory_stats = Part(12, MemoryStats)
    all_start_nanos = Scalar(13, INT)
    op_start_rel_nanos = Scalar(14, INT)
    op_end_rel_nanos = Scalar(15, INT)
    all_end_rel_nanos = Scalar(16, INT)
    scheduled_nanos = Scalar(17, INT)


class DeviceStepStats(Message):
    """What ran on a device."""

    device = Scalar(1, TEXT)
    node_stats = Parts(2, NodeExecStats)
    thread_names = ValueMap(3, INT, TEXT)


class StepStats(Message):
    """What ran in one `Session.run`."""

    dev_stats = Parts(1, DeviceStepStats)


# ---- costs ---------------------------------------------------------------------------------------


class InputInfo(Message):
    """Which output of which node a node takes."""

    preceding_node = Scalar(1, INT)
    preceding_port = Scalar(2, INT)


class OutputInfo(Message):
    """Size, shape and dtype of a node's output."""

    size = Scalar(1, INT)
    alias_input_port = Scalar(2, INT)
    shape = Part(3, TensorShapeProto)
    dtype = Scalar(4, DATA_TYPE)


class CostNode(Message):
    """A node of a CostGraphDef."""

    InputInfo = InputInfo
    OutputInfo = OutputInfo
    name = Scalar(1, TEXT)
    device = Scalar(2, TEXT)
    id = Scalar(3, INT)
    input_info = Parts(4, InputInfo)
    output_info = Parts(5, OutputInfo)
    temporary_memory_size = Scalar(6, INT)
    is_final = Scalar(7, BOOL)
    control_input = Repeated(8, INT)
    compute_cost = Scalar(9, INT)
    host_temp_memory_size = Scalar(10, INT)
    device_temp_memory_size = Scalar(11, INT)
    persistent_memory_size = Scalar(12, INT)
    compute_time = Scalar(14, INT)
    memory_time = Scalar(15, INT)
    device_persistent_memory_size = Scalar(16, INT)
    inaccurate = Scalar(17, BOOL)


class CostGraphDef(Message):
    """What TensorFlow believes that nodes cost; flowgraph reads and writes it and fills in none."""

    Node = CostNode
    node = Parts(1, CostNode)


# ---- one run -------------------------------------------------------------------------------------


class FunctionGraphs(Message):
    """The graphs of a function that ran."""

    partition_graphs = Parts(1, GraphDef)
    pre_optimization_graph = Part(2, GraphDef)
    post_optimization_graph = Part(3, GraphDef)


class RunMetadata(Message):
    """What a run tells about itself, when RunOptions ask for it.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.placeholder(fg.float32, [2], name="x")
        >>> options = fg.RunOptions(trace_level=fg.RunOptions.FULL_TRACE)
        >>> metadata = fg.RunMetadata()
        >>> twice = fg.Session().run(fg.multiply(x, 2.0, name="twice"), {x: [1, 2]},
        ...                          options=options, run_metadata=metadata)
        >>> step = metadata.step_stats.dev_stats[0].node_stats[0]
        >>> step.node_name, step.timeline_label
        ('twice', 'twice = Mul(x, twice/y)')
    """

    FunctionGraphs = FunctionGraphs
    step_stats = Part(1, StepStats)
    cost_graph = Part(2, CostGraphDef)
    partition_graphs = Parts(3, GraphDef)
    function_graphs = Parts(4, FunctionGraphs)
