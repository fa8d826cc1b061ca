"""What `tf.config` sets for sessions that are made without a ConfigProto: fields of one.

Each function changes, or tells, fields of the ConfigProto that such sessions get.
"""

from __future__ import annotations

from typing import Any

from flowgraph.core.frames import located
from flowgraph.runtime import devices
from flowgraph.runtime.config import ConfigProto, OptimizerOptions, RewriterConfig

_TOGGLES = ("layout_optimizer", "constant_folding", "shape_optimization", "remapping",
            "arithmetic_optimization", "dependency_optimization", "loop_optimization",
            "function_optimization", "debug_stripper", "scoped_allocator_optimization",
            "pin_to_host_optimization", "implementation_selector", "auto_mixed_precision")
_PLAIN = ("disable_model_pruning", "disable_meta_optimizer", "min_graph_nodes")


def _config() -> ConfigProto:
    """The ConfigProto of sessions without one; made when something is first set."""
    if devices.settings.config is None:
        devices.settings.config = ConfigProto()
    made: ConfigProto = devices.settings.config
    return made


# ---- devices -------------------------------------------------------------------------------------


def get_soft_device_placement() -> bool:
    """Whether operations run elsewhere when their device is not there, without a config.

    Example:
        >>> import flowgraph as fg
        >>> fg.config.get_soft_device_placement()
        False
    """
    return devices.settings.config is not None and _config().allow_soft_placement


def set_soft_device_placement(enabled: bool) -> None:
    """Says whether operations run elsewhere when their device is not there.

    It counts for sessions made from now on, without a config; `ConfigProto(allow_soft_placement=)`
    says it for one session.

    Args:
        enabled: whether they do.

    Example:
        >>> import flowgraph as fg
        >>> fg.config.set_soft_device_placement(True)
        >>> with fg.device("/gpu:99"):
        ...     x = fg.constant(1.0)
        >>> fg.Session().run(x)
        np.float32(1.0)
        >>> fg.config.set_soft_device_placement(False)
    """
    _config().allow_soft_placement = bool(enabled)


def get_log_device_placement() -> bool:
    """Whether sessions without a config tell on which device each operation is.

    Example:
        >>> import flowgraph as fg
        >>> fg.debugging.get_log_device_placement()
        False
    """
    return devices.settings.config is not None and _config().log_device_placement


def set_log_device_placement(enabled: bool) -> None:
    """Says whether sessions without a config tell on which device each operation is.

    Args:
        enabled: whether they do.

    Example:
        >>> import flowgraph as fg
        >>> fg.debugging.set_log_device_placement(True)
        >>> fg.debugging.get_log_device_placement()
        True
        >>> fg.debugging.set_log_device_placement(False)
    """
    _config().log_device_placement = bool(enabled)


# ---- threads -------------------------------------------------------------------------------------


def get_intra_op_parallelism_threads() -> int:
    """Over how many threads one operation is split; 0 for as many as there are cores.

    Example:
        >>> import flowgraph as fg
        >>> fg.config.threading.get_intra_op_parallelism_threads()
        0
    """
    return 0 if devices.settings.config is None else _config().intra_op_parallelism_threads


def set_intra_op_parallelism_threads(num_threads: int) -> None:
    """Says over how many threads one operation is split, in sessions without a config.

    Args:
        num_threads: 1 for one thread; other numbers mean as many as there are cores.

    Example:
        >>> import flowgraph as fg
        >>> fg.config.threading.set_intra_op_parallelism_threads(1)
        >>> fg.config.threading.get_intra_op_parallelism_threads()
        1
        >>> fg.config.threading.set_intra_op_parallelism_threads(0)
    """
    _config().intra_op_parallelism_threads = num_threads


def get_inter_op_parallelism_threads() -> int:
    """How many independent operations run side by side; 0 for as many as there are cores.

    Example:
        >>> import flowgraph as fg
        >>> fg.config.threading.get_inter_op_parallelism_threads()
        0
    """
    return 0 if devices.settings.config is None else _config().inter_op_parallelism_threads


def set_inter_op_parallelism_threads(num_threads: int) -> None:
    """Says how many independent operations run side by side, in sessions without a config.

    Args:
        num_threads: 1 for one after another; other numbers mean as many as there are cores.

    Example:
        >>> import flowgraph as fg
        >>> fg.config.threading.set_inter_op_parallelism_threads(1)
        >>> fg.config.threading.get_inter_op_parallelism_threads()
        1
        >>> fg.config.threading.set_inter_op_parallelism_threads(0)
    """
    _config().inter_op_parallelism_threads = num_threads


# ---- passes --------------------------------------------------------------------------------------


def get_jit() -> bool:
    """What `set_jit` has said.

    Example:
        >>> import flowgraph as fg
        >>> fg.config.optimizer.get_jit()
        False
    """
    return (devices.settings.config is not None
            and _config().graph_options.optimizer_options.global_jit_level == OptimizerOptions.ON_1)


def set_jit(enabled: bool) -> None:
    """Kept, without effect: flowgraph makes one program of every graph in any case.

    Args:
        enabled: whether TensorFlow should compile with XLA.

    Example:
        >>> import flowgraph as fg
        >>> fg.config.optimizer.set_jit(True)
        >>> fg.config.optimizer.get_jit()
        True
        >>> fg.config.optimizer.set_jit(False)
    """
    _config().graph_options.optimizer_options.global_jit_level = (
        OptimizerOptions.ON_1 if enabled else OptimizerOptions.OFF)


def get_experimental_options() -> dict[str, Any]:
    """What `set_experimental_options` has said: from the name of an option to bool or number.

    Example:
        >>> import flowgraph as fg
        >>> fg.config.optimizer.get_experimental_options()
        {'disable_model_pruning': False, 'disable_meta_optimizer': False}
    """
    config = devices.settings.config or ConfigProto()
    rewrite = config.graph_options.rewrite_options
    told = {name: getattr(rewrite, name) == RewriterConfig.ON for name in _TOGGLES
            if getattr(rewrite, name) != RewriterConfig.DEFAULT}
    told |= {name: getattr(rewrite, name) for name in _PLAIN[:2]}
    return told | ({"min_graph_nodes": rewrite.min_graph_nodes} if rewrite.min_graph_nodes else {})


def set_experimental_options(options: dict[str, Any]) -> None:
    """Switches passes on or off by TensorFlow's names, in sessions without a config.

    Args:
        options: from the name, as "constant_folding", to whether it is on.

    Raises:
        ValueError: there is no such option.

    Example:
        >>> import flowgraph as fg
        >>> fg.config.optimizer.set_experimental_options({"constant_folding": False})
        >>> fg.config.optimizer.get_experimental_options()["constant_folding"]
        False
        >>> fg.config.optimizer.set_experimental_options({"constant_folding": True})
    """
    unknown = sorted(set(options) - {*_TOGGLES, *_PLAIN})
    if unknown:
        raise ValueError(located(f"there is no option {unknown[0]!r} of the optimizer",
                                 f"There are {', '.join(sorted((*_TOGGLES, *_PLAIN)))}."))
    rewrite = _config().graph_options.rewrite_options
    for name, value in options.items():
        setattr(rewrite, name, value if name in _PLAIN
                else RewriterConfig.ON if value else RewriterConfig.OFF)
