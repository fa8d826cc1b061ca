"""RunConfig: where an Estimator keeps its files, and how often it saves and logs."""

from __future__ import annotations

import copy
import json
import os
from typing import Any

from flowgraph.core.frames import located
from flowgraph.core.logger import logger
from flowgraph.estimator.arguments import parameters_of
from flowgraph.runtime.config import ConfigProto

_USE_DEFAULT: Any = object()
_REPLACEABLE = ("model_dir", "tf_random_seed", "save_summary_steps", "save_checkpoints_steps",
                "save_checkpoints_secs", "session_config", "keep_checkpoint_max",
                "keep_checkpoint_every_n_hours", "log_step_count_steps", "train_distribute",
                "device_fn", "protocol", "eval_distribute", "experimental_distribute",
                "experimental_max_worker_delay_secs", "session_creation_timeout_secs")
_BOTH = "`save_checkpoints_steps` and `save_checkpoints_secs` cannot be both set."


class TaskType:
    """Names of the tasks in a cluster; flowgraph's only process is a worker."""

    MASTER = "master"
    PS = "ps"
    WORKER = "worker"
    CHIEF = "chief"
    EVALUATOR = "evaluator"


class RunConfig:
    """Where an Estimator keeps its files, and how often it saves and logs.

    Args:
        model_dir: folder of checkpoints and event files.
        tf_random_seed: seed of the graphs, an int; None for other numbers each time.
        save_summary_steps: steps between two summaries; 0 or None for none.
        save_checkpoints_steps: steps between two checkpoints.
        save_checkpoints_secs: seconds between two checkpoints; give one of the two. Default 600
            seconds; with None for both no checkpoints are saved.
        session_config: a ConfigProto.
        keep_checkpoint_max: how many checkpoints to keep; 0 or None for all.
        keep_checkpoint_every_n_hours: hours between those that are kept for good.
        log_step_count_steps: steps between two lines with the loss; None for none.
        train_distribute: must be None: there is one process.
        device_fn: function of an Operation that returns its device.
        protocol: accepted.
        eval_distribute: must be None.
        experimental_distribute: must be None.
        experimental_max_worker_delay_secs: accepted.
        session_creation_timeout_secs: accepted.

    Raises:
        ValueError: a value is not of its kind or range, or the environment variable TF_CONFIG asks
            for a cluster of several tasks.

    Example:
        >>> import flowgraph as fg
        >>> config = fg.estimator.RunConfig(save_checkpoints_steps=50)
        >>> config.save_checkpoints_secs is None, config.keep_checkpoint_max
        (True, 5)
        >>> config.replace(save_checkpoints_secs=60).save_checkpoints_steps is None
        True
    """

    def __init__(self, model_dir: Any = None, tf_random_seed: int | None = None,
                 save_summary_steps: int | None = 100, save_checkpoints_steps: Any = _USE_DEFAULT,
                 save_checkpoints_secs: Any = _USE_DEFAULT, session_config: Any = None,
                 keep_checkpoint_max: int | None = 5,
                 keep_checkpoint_every_n_hours: float | None = 10000,
                 log_step_count_steps: int | None = 100, train_distribute: Any = None,
                 device_fn: Any = None, protocol: str | None = None, eval_distribute: Any = None,
                 experimental_distribute: Any = None,
                 experimental_max_worker_delay_secs: int | None = None,
                 session_creation_timeout_secs: float = 7200) -> None:
        if save_checkpoints_steps is _USE_DEFAULT and save_checkpoints_secs is _USE_DEFAULT:
            save_checkpoints_secs = 600
        save_checkpoints_steps, save_checkpoints_secs = (
            None if value is _USE_DEFAULT else value
            for value in (save_checkpoints_steps, save_checkpoints_secs))
        if save_checkpoints_steps is not None and save_checkpoints_secs is not None:
            raise ValueError(located(_BOTH))
        if train_distribute or eval_distribute or experimental_distribute:
            raise ValueError(located("Distribution strategies are for several devices or machines; "
                                     "flowgraph runs in one process.",
                                     "Leave train_distribute and eval_distribute out."))
        environment = json.loads(os.environ.get("TF_CONFIG") or "{}")
        if environment:
            logger().info("TF_CONFIG environment variable: %s", environment)
        folder = None if model_dir is None else os.fspath(model_dir)
        if not folder and environment.get("model_dir"):
            folder = environment["model_dir"]
        for name, value in {
                "model_dir": folder, "tf_random_seed": tf_random_seed,
                "save_summary_steps": save_summary_steps,
                "save_checkpoints_steps": save_checkpoints_steps,
                "save_checkpoints_secs": save_checkpoints_secs, "session_config": session_config,
                "keep_checkpoint_max": keep_checkpoint_max,
                "keep_checkpoint_every_n_hours": keep_checkpoint_every_n_hours,
                "log_step_count_steps": log_step_count_steps, "train_distribute": None,
                "device_fn": device_fn, "protocol": protocol, "eval_distribute": None,
                "experimental_distribute": None,
                "experimental_max_worker_delay_secs": experimental_max_worker_delay_secs,
                "session_creation_timeout_secs": session_creation_timeout_secs}.items():
            _check(name, value)
            setattr(self, "_" + name, value)
        _one_task(environment)
        self._service = environment.get("service")
        self._task_type, self._task_id = TaskType.WORKER, 0
        self._global_id_in_cluster = 0
        self._master = self._evaluation_master = ""
        self._is_chief = True
        self._num_ps_replicas, self._num_worker_replicas = 0, 1

    def replace(self, **kwargs: Any) -> RunConfig:
        """A copy with other values.

        Args:
            kwargs: the values by name; all but those about a cluster can be replaced.

        Returns:
            The new RunConfig.

        Raises:
            ValueError: a name is unknown, or a value not of its kind or range.
        """
        new = copy.deepcopy(self)
        for name, value in kwargs.items():
            if name not in _REPLACEABLE:
                raise ValueError(located(f"Replacing {name} is not supported. Allowed properties "
                                         f"are {list(_REPLACEABLE)}."))
            _check(name, value)
            setattr(new, "_" + name, value)
        steps, secs = (kwargs.get("save_checkpoints_" + unit) for unit in ("steps", "secs"))
        if steps is not None and secs is not None:
            raise ValueError(located(_BOTH))
        if steps is not None:
            new.__dict__["_save_checkpoints_secs"] = None
        elif secs is not None:
            new.__dict__["_save_checkpoints_steps"] = None
        return new

    def __getattr__(self, name: str) -> Any:
        # Each value is kept under its name with one underscore, as TensorFlow logs them.
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self.__dict__["_" + name]
        except KeyError:
            raise AttributeError(
                f"{type(self).__name__!r} object has no attribute {name!r}") from None

    @property
    def cluster_spec(self) -> dict[str, Any]:
        """The machines: none but this."""
        return {}


_AT_LEAST_0 = ("save_summary_steps", "save_checkpoints_steps", "save_checkpoints_secs",
               "keep_checkpoint_max")
_ABOVE_0 = ("keep_checkpoint_every_n_hours", "log_step_count_steps",
            "session_creation_timeout_secs")


def _check(name: str, value: Any) -> None:
    """Refuses a value that is not of its kind or range."""
    problem = ""
    if value is None:
        return
    if name == "model_dir" and not value:
        problem = "model_dir should be non-empty"
    elif name in _AT_LEAST_0 and not value >= 0:
        problem = f"{name} should be >= 0"
    elif name in _ABOVE_0 and not value > 0:
        problem = f"{name} should be > 0"
    elif name == "session_config" and not isinstance(value, ConfigProto):
        problem = "session_config must be instance of ConfigProto"
    elif name == "tf_random_seed" and not hasattr(value, "__index__"):
        problem = "tf_random_seed must be integer."
    elif name == "experimental_max_worker_delay_secs" and not isinstance(value, int):
        problem = f"{name} must be an integer if set."
    elif name == "device_fn" and (not callable(value) or parameters_of(value) != ("op",)):
        problem = 'device_fn must be callable with exactly one argument "op".'
    elif name == "protocol" and value not in ("grpc", "grpc+verbs"):
        problem = "protocol should be grpc or grpc+verbs"
    elif name.endswith("_distribute"):
        problem = f"{name} must be None: flowgraph runs in one process"
    if problem:
        raise ValueError(located(problem))


def _one_task(environment: dict[str, Any]) -> None:
    """Refuses a TF_CONFIG of a cluster; one with a single task is as none."""
    cluster = environment.get("cluster", {})
    if sum(len(tasks) for tasks in cluster.values()) > 1:
        raise ValueError(located(
            "TF_CONFIG asks for a cluster of several tasks; flowgraph runs in one process.",
            "Unset the environment variable to train here alone."))
    task = environment.get("task", {})
    if not cluster and task.get("type", TaskType.WORKER) != TaskType.WORKER:
        raise ValueError(located('If "cluster" is not set in TF_CONFIG, task type must be WORKER.'))
    if not cluster and int(task.get("index", 0)) != 0:
        raise ValueError(located('If "cluster" is not set in TF_CONFIG, task index must be 0.'))
