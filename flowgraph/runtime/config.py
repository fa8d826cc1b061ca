"""ConfigProto and its like: TensorFlow 1's settings of a Session, as messages.

They have the fields of TensorFlow's messages, so that programs run unchanged. What means something
here is honoured: `graph_options.optimizer_options.opt_level = L0` and
`graph_options.rewrite_options` switch passes off, `operation_timeout_in_ms` ends waiting, and
RunOptions say what a RunMetadata is filled with. One thread is one thread (see `passes_of`).
`device_count`, `gpu_options.visible_device_list` and `.experimental.virtual_devices` say which
devices there are, `allow_soft_placement` whether they must be; docs/gpu.md tells more. Memory
fractions and the like are kept.
"""

from __future__ import annotations

from flowgraph.core.message import Message
from flowgraph.core.message_fields import Part, Parts
from flowgraph.core.message_scalar import (
    BOOL,
    DOUBLE,
    FLOAT,
    INT,
    TEXT,
    Repeated,
    Scalar,
    ValueMap,
    enum,
)

# ---- what a config holds -------------------------------------------------------------------------


class VirtualDevices(Message):
    """Into how many devices, of how much memory each, a GPU is divided."""

    memory_limit_mb = Repeated(1, FLOAT)


class GPUExperimental(Message):
    """Settings of GPUs that may change."""

    VirtualDevices = VirtualDevices
    virtual_devices = Parts(1, VirtualDevices)
    use_unified_memory = Scalar(2, BOOL)
    num_dev_to_dev_copy_streams = Scalar(3, INT)
    collective_ring_order = Scalar(4, TEXT)
    timestamped_allocator = Scalar(5, BOOL)
    kernel_tracker_max_interval = Scalar(7, INT)
    kernel_tracker_max_bytes = Scalar(8, INT)
    kernel_tracker_max_pending = Scalar(9, INT)


class GPUOptions(Message):
    """Which GPUs a session has; settings of their memory are kept.

    Example:
        >>> import flowgraph as fg
        >>> options = fg.GPUOptions(allow_growth=True)
        >>> fg.ConfigProto(gpu_options=options).gpu_options.allow_growth
        True
    """

    Experimental = GPUExperimental
    per_process_gpu_memory_fraction = Scalar(1, DOUBLE)
    allocator_type = Scalar(2, TEXT)
    deferred_deletion_bytes = Scalar(3, INT)
    allow_growth = Scalar(4, BOOL)
    visible_device_list = Scalar(5, TEXT)
    polling_active_delay_usecs = Scalar(6, INT)
    polling_inactive_delay_msecs = Scalar(7, INT)
    force_gpu_compatible = Scalar(8, BOOL)
    experimental = Part(9, GPUExperimental)


class OptimizerOptions(Message):
    """How far a graph is optimised: `opt_level=OptimizerOptions.L0` runs it as it was built.

    Example:
        >>> import flowgraph as fg
        >>> options = fg.OptimizerOptions(opt_level=fg.OptimizerOptions.L0)
        >>> config = fg.ConfigProto(graph_options=fg.GraphOptions(optimizer_options=options))
        >>> fg.Session(config=config).run(fg.constant(1.0) + 2.0)
        np.float32(3.0)
    """

    L1, L0 = 0, -1
    DEFAULT, OFF, ON_1, ON_2 = 0, -1, 1, 2
    do_common_subexpression_elimination = Scalar(1, BOOL)
    do_constant_folding = Scalar(2, BOOL)
    opt_level = Scalar(3, enum({"L1": 0, "L0": -1}))
    do_function_inlining = Scalar(4, BOOL)
    global_jit_level = Scalar(5, enum({"DEFAULT": 0, "OFF": -1, "ON_1": 1, "ON_2": 2}))
    max_folded_constant_in_bytes = Scalar(6, INT)
    cpu_global_jit = Scalar(7, BOOL)


_TOGGLE = enum({"DEFAULT": 0, "ON": 1, "OFF": 2, "AGGRESSIVE": 3})


class AutoParallelOptions(Message):
    """Whether to split a graph into replicas."""

    enable = Scalar(1, BOOL)
    num_replicas = Scalar(2, INT)


class ScopedAllocatorOptions(Message):
    """Which ops share an allocation."""

    enable_op = Repeated(1, TEXT)


class RewriterConfig(Message):
    """Passes by their TensorFlow names; `OFF` switches one off."""

    DEFAULT, ON, OFF, AGGRESSIVE = 0, 1, 2, 3
    DEFAULT_NUM_ITERS, ONE, TWO = 0, 1, 2
    DEFAULT_MEM_OPT, NO_MEM_OPT, MANUAL, HEURISTICS = 0, 1, 2, 3
    SWAPPING_HEURISTICS, RECOMPUTATION_HEURISTICS, SCHEDULING_HEURISTICS = 4, 5, 6
    layout_optimizer = Scalar(1, _TOGGLE)
    disable_model_pruning = Scalar(2, BOOL)
    constant_folding = Scalar(3, _TOGGLE)
    memory_optimization = Scalar(4, enum({
        "DEFAULT_MEM_OPT": 0, "NO_MEM_OPT": 1, "MANUAL": 2, "HEURISTICS": 3,
        "SWAPPING_HEURISTICS": 4, "RECOMPUTATION_HEURISTICS": 5, "SCHEDULING_HEURISTICS": 6}))
    auto_parallel = Part(5, AutoParallelOptions)
    memory_optimizer_target_node_name_scope = Scalar(6, TEXT)
    arithmetic_optimization = Scalar(7, _TOGGLE)
    dependency_optimization = Scalar(8, _TOGGLE)
    loop_optimization = Scalar(9, _TOGGLE)
    function_optimization = Scalar(10, _TOGGLE)
    debug_stripper = Scalar(11, _TOGGLE)
    meta_optimizer_iterations = Scalar(12, enum({"DEFAULT_NUM_ITERS": 0, "ONE": 1, "TWO": 2}))
    shape_optimization = Scalar(13, _TOGGLE)
    remapping = Scalar(14, _TOGGLE)
    scoped_allocator_optimization = Scalar(15, _TOGGLE)
    scoped_allocator_opts = Part(16, ScopedAllocatorOptions)
    min_graph_nodes = Scalar(17, INT)
    pin_to_host_optimization = Scalar(18, _TOGGLE)
    disable_meta_optimizer = Scalar(19, BOOL)
    meta_optimizer_timeout_ms = Scalar(20, INT)
    fail_on_optimizer_errors = Scalar(21, BOOL)
    implementation_selector = Scalar(22, _TOGGLE)
    auto_mixed_precision = Scalar(23, _TOGGLE)
    common_subgraph_elimination = Scalar(24, _TOGGLE)
    optimizers = Repeated(100, TEXT)


class GraphOptions(Message):
    """What is done to a graph before it runs.

    Example:
        >>> import flowgraph as fg
        >>> options = fg.GraphOptions()
        >>> options.rewrite_options.constant_folding = options.rewrite_options.OFF
        >>> fg.Session(config=fg.ConfigProto(graph_options=options)).run(fg.constant(1.0) + 2.0)
        np.float32(3.0)
    """

    enable_recv_scheduling = Scalar(2, BOOL)
    optimizer_options = Part(3, OptimizerOptions)
    build_cost_model = Scalar(4, INT)
    infer_shapes = Scalar(5, BOOL)
    place_pruned_graph = Scalar(6, BOOL)
    enable_bfloat16_sendrecv = Scalar(7, BOOL)
    timeline_step = Scalar(8, INT)
    build_cost_model_after = Scalar(9, INT)
    rewrite_options = Part(10, RewriterConfig)


class ThreadPoolOptionProto(Message):
    """How many threads a pool has."""

    num_threads = Scalar(1, INT)
    global_name = Scalar(2, TEXT)


class RPCOptions(Message):
    """How machines of a cluster talk."""

    use_rpc_for_inprocess_master = Scalar(1, BOOL)
    compression_algorithm = Scalar(2, TEXT)
    compression_level = Scalar(3, INT)
    cache_rpc_response = Scalar(4, BOOL)
    disable_session_connection_sharing = Scalar(5, BOOL)


class JobDef(Message):
    """Machines of one job, by number.

    Example:
        >>> import flowgraph as fg
        >>> job = fg.train.JobDef(name="worker")
        >>> job.tasks[0] = "localhost:2222"
        >>> job.name, dict(job.tasks)
        ('worker', {0: 'localhost:2222'})
    """

    name = Scalar(1, TEXT)
    tasks = ValueMap(2, INT, TEXT)


class ClusterDef(Message):
    """Machines of a cluster.

    Example:
        >>> import flowgraph as fg
        >>> cluster = fg.train.ClusterSpec({"worker": ["localhost:2222"]}).as_cluster_def()
        >>> [job.name for job in cluster.job]
        ['worker']
    """

    job = Parts(1, JobDef)


class ConfigExperimental(Message):
    """Settings of a Session that may change."""

    collective_group_leader = Scalar(1, TEXT)
    executor_type = Scalar(3, TEXT)
    recv_buf_max_chunk = Scalar(4, INT)
    use_numa_affinity = Scalar(5, BOOL)
    collective_deterministic_sequential_execution = Scalar(6, BOOL)
    collective_nccl = Scalar(7, BOOL)
    share_session_state_in_clusterspec_propagation = Scalar(8, BOOL)
    disable_thread_spinning = Scalar(9, BOOL)
    share_cluster_devices_in_session = Scalar(10, BOOL)
    optimize_for_static_graph = Scalar(12, BOOL)


# ---- of a session, of a run ----------------------------------------------------------------------


class ConfigProto(Message):
    """Settings of a Session.

    Raises:
        ValueError, AttributeError: there is no such setting.

    Example:
        >>> import flowgraph as fg
        >>> config = fg.ConfigProto(allow_soft_placement=True)
        >>> config.gpu_options.allow_growth = True
        >>> config
        gpu_options {
          allow_growth: true
        }
        allow_soft_placement: true
        <BLANKLINE>
    """

    Experimental = ConfigExperimental
    device_count = ValueMap(1, TEXT, INT)
    intra_op_parallelism_threads = Scalar(2, INT)
    placement_period = Scalar(3, INT)
    device_filters = Repeated(4, TEXT)
    inter_op_parallelism_threads = Scalar(5, INT)
    gpu_options = Part(6, GPUOptions)
    allow_soft_placement = Scalar(7, BOOL)
    log_device_placement = Scalar(8, BOOL)
    use_per_session_threads = Scalar(9, BOOL)
    graph_options = Part(10, GraphOptions)
    operation_timeout_in_ms = Scalar(11, INT)
    session_inter_op_thread_pool = Parts(12, ThreadPoolOptionProto)
    rpc_options = Part(13, RPCOptions)
    cluster_def = Part(14, ClusterDef)
    isolate_session_state = Scalar(15, BOOL)
    experimental = Part(16, ConfigExperimental)
    share_cluster_devices_in_session = Scalar(17, BOOL)


class DebugTensorWatch(Message):
    """A tensor that TensorFlow's debugger watches."""

    node_name = Scalar(1, TEXT)
    output_slot = Scalar(2, INT)
    debug_ops = Repeated(3, TEXT)
    debug_urls = Repeated(4, TEXT)
    tolerate_debug_op_creation_failures = Scalar(5, BOOL)


class DebugOptions(Message):
    """Settings of TensorFlow's debugger."""

    debug_tensor_watch_opts = Parts(4, DebugTensorWatch)
    global_step = Scalar(10, INT)
    reset_disk_byte_usage = Scalar(11, BOOL)


class RunExperimental(Message):
    """Settings of a run that may change."""

    collective_graph_key = Scalar(1, INT)
    use_run_handler_pool = Scalar(2, BOOL)


class RunOptions(Message):
    """Settings of one run.

    Example:
        >>> import flowgraph as fg
        >>> fg.RunOptions(trace_level=fg.RunOptions.FULL_TRACE)
        trace_level: FULL_TRACE
        <BLANKLINE>
    """

    Experimental = RunExperimental
    NO_TRACE, SOFTWARE_TRACE, HARDWARE_TRACE, FULL_TRACE = 0, 1, 2, 3
    trace_level = Scalar(1, enum({"NO_TRACE": 0, "SOFTWARE_TRACE": 1, "HARDWARE_TRACE": 2,
                                  "FULL_TRACE": 3}))
    timeout_in_ms = Scalar(2, INT)
    inter_op_thread_pool = Scalar(3, INT)
    output_partition_graphs = Scalar(5, BOOL)
    debug_options = Part(6, DebugOptions)
    report_tensor_allocations_upon_oom = Scalar(7, BOOL)
    experimental = Part(8, RunExperimental)


# ---- what is honoured ----------------------------------------------------------------------------

_REWRITES = {"constant_folding": "fold_constants", "arithmetic_optimization": "simplify",
             "common_subgraph_elimination": "common_subexpressions",
             "dependency_optimization": "dead_code"}


def passes_of(config: ConfigProto | None) -> list[str] | None:
    """The passes and techniques of PLANNING that a config leaves switched on; None for all.

    One thread for each operation (`intra_op_parallelism_threads=1`) switches off that operations
    are split over the cores, one between them (`inter_op_parallelism_threads=1`) that independent
    parts run side by side. Other numbers change nothing: flowgraph takes the cores that there are.
    """
    from flowgraph.program.pipeline import PASSES, PLANNING
    if config is None:
        return None
    options = config.graph_options
    rewrite = options.rewrite_options
    off = {ours for theirs, ours in _REWRITES.items()
           if getattr(rewrite, theirs) == RewriterConfig.OFF}
    if config.intra_op_parallelism_threads == 1:
        off.add("parallel")
    if config.inter_op_parallelism_threads == 1:
        off.add("independent_parts")
    if options.optimizer_options.opt_level == OptimizerOptions.L0 or rewrite.disable_meta_optimizer:
        return ["dead_code", *(name for name in PLANNING if name not in off)]
    return [name for name in [*PASSES, *PLANNING] if name not in off] if off else None
