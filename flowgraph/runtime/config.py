"""ConfigProto and its like: TensorFlow 1's settings of a Session, as plain objects.

They accept what TensorFlow's protos accept, so that programs run unchanged. What means something
here is honoured: `graph_options.optimizer_options.opt_level = L0` and
`graph_options.rewrite_options` switch passes off. Threads, memory fractions and the like are kept.
"""

from __future__ import annotations

from typing import Any, ClassVar


class Message:
    """Fields with defaults, set by keyword or attribute; unknown names raise, as with protos."""

    FIELDS: ClassVar[dict[str, Any]] = {}

    def __init__(self, **fields: Any) -> None:
        for name, default in self.FIELDS.items():
            object.__setattr__(self, name, default() if callable(default) else default)
        for name, value in fields.items():
            setattr(self, name, value)

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self.FIELDS:
            raise AttributeError(f"{type(self).__name__} has no field {name!r}; it has "
                                 f"{', '.join(self.FIELDS)}")
        object.__setattr__(self, name, value)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and vars(other) == vars(self)

    __hash__ = None  # type: ignore[assignment]

    def CopyFrom(self, other: Message) -> None:
        """Takes over every field of `other`."""
        for name, value in vars(other).items():
            setattr(self, name, value)

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={getattr(self, name)!r}" for name, default in
                           self.FIELDS.items() if callable(default) or
                           getattr(self, name) != default)
        return f"{type(self).__name__}({fields})"


class GPUOptions(Message):
    """Settings of GPU memory; kept.

    Args:
        fields: the settings by name; `FIELDS` lists them with their defaults.

    Example:
        >>> import flowgraph as fg
        >>> options = fg.GPUOptions(allow_growth=True)
        >>> fg.ConfigProto(gpu_options=options).gpu_options.allow_growth
        True
    """

    FIELDS: ClassVar[dict[str, Any]] = {
        "per_process_gpu_memory_fraction": 0.0, "allow_growth": False, "allocator_type": "",
        "deferred_deletion_bytes": 0, "visible_device_list": "", "force_gpu_compatible": False,
        "polling_active_delay_usecs": 0}


class OptimizerOptions(Message):
    """How far a graph is optimised: `opt_level=OptimizerOptions.L0` runs it as it was built.

    Args:
        fields: the settings by name; `FIELDS` lists them with their defaults.

    Example:
        >>> import flowgraph as fg
        >>> options = fg.OptimizerOptions(opt_level=fg.OptimizerOptions.L0)
        >>> config = fg.ConfigProto(graph_options=fg.GraphOptions(optimizer_options=options))
        >>> fg.Session(config=config).run(fg.constant(1.0) + 2.0)
        np.float32(3.0)
    """

    L1, L0 = 0, -1
    DEFAULT, OFF, ON_1, ON_2 = 0, -1, 1, 2
    FIELDS: ClassVar[dict[str, Any]] = {
        "do_common_subexpression_elimination": False, "do_constant_folding": False,
        "do_function_inlining": False, "opt_level": 0, "global_jit_level": 0,
        "max_folded_constant_in_bytes": 0, "cpu_global_jit": False}


class RewriterConfig(Message):
    """Passes by their TensorFlow names; `OFF` switches one off."""

    DEFAULT, ON, OFF, AGGRESSIVE = 0, 1, 2, 3
    FIELDS: ClassVar[dict[str, Any]] = {
        "constant_folding": 0, "arithmetic_optimization": 0,
        "common_subgraph_elimination": 0, "dependency_optimization": 0, "shape_optimization": 0,
        "remapping": 0, "loop_optimization": 0, "function_optimization": 0,
        "layout_optimizer": 0, "memory_optimization": 0, "auto_mixed_precision": 0,
        "pin_to_host_optimization": 0, "implementation_selector": 0, "debug_stripper": 0,
        "scoped_allocator_optimization": 0, "disable_model_pruning": False,
        "disable_meta_optimizer": False, "meta_optimizer_iterations": 0, "min_graph_nodes": 0,
        "meta_optimizer_timeout_ms": 0, "optimizers": list}


class GraphOptions(Message):
    """What is done to a graph before it runs.

    Args:
        fields: the settings by name; `FIELDS` lists them with their defaults.

    Example:
        >>> import flowgraph as fg
        >>> options = fg.GraphOptions()
        >>> options.rewrite_options.constant_folding = options.rewrite_options.OFF
        >>> fg.Session(config=fg.ConfigProto(graph_options=options)).run(fg.constant(1.0) + 2.0)
        np.float32(3.0)
    """

    FIELDS: ClassVar[dict[str, Any]] = {
        "optimizer_options": OptimizerOptions, "rewrite_options": RewriterConfig,
        "enable_recv_scheduling": False, "build_cost_model": 0, "build_cost_model_after": 0,
        "infer_shapes": False, "place_pruned_graph": False, "enable_bfloat16_sendrecv": False,
        "timeline_step": 0}


class ConfigProto(Message):
    """Settings of a Session.

    Args:
        fields: the settings by name; `FIELDS` lists them with their defaults.

    Raises:
        AttributeError: there is no such setting.

    Example:
        >>> import flowgraph as fg
        >>> config = fg.ConfigProto(allow_soft_placement=True)
        >>> config.gpu_options.allow_growth = True
    """

    FIELDS: ClassVar[dict[str, Any]] = {
        "device_count": dict, "intra_op_parallelism_threads": 0,
        "inter_op_parallelism_threads": 0, "use_per_session_threads": False,
        "session_inter_op_thread_pool": list, "placement_period": 0, "device_filters": list,
        "gpu_options": GPUOptions, "allow_soft_placement": False, "log_device_placement": False,
        "graph_options": GraphOptions, "operation_timeout_in_ms": 0, "rpc_options": None,
        "cluster_def": None, "isolate_session_state": False,
        "share_cluster_devices_in_session": False, "experimental": None}


class RunOptions(Message):
    """Settings of one run.

    Args:
        fields: the settings by name; `FIELDS` lists them with their defaults.

    Example:
        >>> import flowgraph as fg
        >>> fg.RunOptions(trace_level=fg.RunOptions.FULL_TRACE)
        RunOptions(trace_level=3)
    """

    NO_TRACE, SOFTWARE_TRACE, HARDWARE_TRACE, FULL_TRACE = 0, 1, 2, 3
    FIELDS: ClassVar[dict[str, Any]] = {
        "trace_level": 0, "timeout_in_ms": 0, "inter_op_thread_pool": 0,
        "output_partition_graphs": False, "debug_options": None,
        "report_tensor_allocations_upon_oom": False, "experimental": None}


_REWRITES = {"constant_folding": "fold_constants", "arithmetic_optimization": "simplify",
             "common_subgraph_elimination": "common_subexpressions",
             "dependency_optimization": "dead_code"}


def passes_of(config: ConfigProto | None) -> list[str] | None:
    """The passes that a config leaves switched on; None for all."""
    from flowgraph.program.pipeline import PASSES
    if config is None:
        return None
    options = config.graph_options  # type: ignore[attr-defined]
    rewrite = options.rewrite_options
    if options.optimizer_options.opt_level == OptimizerOptions.L0 or rewrite.disable_meta_optimizer:
        return ["dead_code"]
    off = {ours for theirs, ours in _REWRITES.items()
           if getattr(rewrite, theirs) == RewriterConfig.OFF}
    return [name for name in PASSES if name not in off] if off else None
