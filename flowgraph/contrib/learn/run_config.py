"""RunConfig of `tf.contrib.learn`: other parameters than that of `tf.estimator`."""

from __future__ import annotations

from typing import Any

from flowgraph.estimator.run_config import RunConfig as CoreRunConfig
from flowgraph.runtime.config import ConfigProto


class RunConfig(CoreRunConfig):
    """Where an estimator keeps its files, and how often it saves and logs.

    Args:
        master: accepted; there is one process.
        num_cores: how many cores a session uses; 0 for all.
        log_device_placement: whether sessions log the devices of operations.
        gpu_memory_fraction: accepted.
        tf_random_seed, save_summary_steps, keep_checkpoint_max, keep_checkpoint_every_n_hours,
            log_step_count_steps, protocol, model_dir, session_config: as for
            `tf.estimator.RunConfig`.
        save_checkpoints_secs: seconds between two checkpoints.
        save_checkpoints_steps: steps between two checkpoints; instead of seconds when given.
        evaluation_master, session_creation_timeout_secs: accepted.

    Raises:
        ValueError: a value is not of its kind or range.

    Example:
        >>> import flowgraph as fg
        >>> fg.contrib.learn.RunConfig(save_checkpoints_steps=5).save_checkpoints_secs is None
        True
    """

    def __init__(self, master: Any = None, num_cores: int = 0, log_device_placement: bool = False,
                 gpu_memory_fraction: float = 1, tf_random_seed: int | None = None,
                 save_summary_steps: int | None = 100, save_checkpoints_secs: Any = 600,
                 save_checkpoints_steps: Any = None, keep_checkpoint_max: int | None = 5,
                 keep_checkpoint_every_n_hours: float | None = 10000,
                 log_step_count_steps: int | None = 100, protocol: str | None = None,
                 evaluation_master: str = "", model_dir: Any = None,
                 session_config: Any = None, session_creation_timeout_secs: int = 7200) -> None:
        if save_checkpoints_steps is not None:
            save_checkpoints_secs = None
        if session_config is None:
            session_config = ConfigProto(log_device_placement=log_device_placement,
                                         inter_op_parallelism_threads=num_cores,
                                         intra_op_parallelism_threads=num_cores,
                                         allow_soft_placement=True)
        super().__init__(model_dir, tf_random_seed, save_summary_steps, save_checkpoints_steps,
                         save_checkpoints_secs, session_config, keep_checkpoint_max,
                         keep_checkpoint_every_n_hours, log_step_count_steps, protocol=protocol)
        self._tf_config = session_config

    @property
    def tf_config(self) -> Any:
        """The ConfigProto of sessions."""
        return self._tf_config
