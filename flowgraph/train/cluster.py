"""`tf.train.ClusterSpec`, `Server`, `replica_device_setter`: clusters whose tasks are all here.

flowgraph runs in one process. A Server listens to nobody: its target names a session in which
every task of the cluster is this process, so that `tf.device("/job:worker/task:1")` is a place that
is there. A program that shows a cluster on one machine runs as it is. Of one that is started once
for each task, each process is alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flowgraph.core.frames import located
from flowgraph.core.logger import logger
from flowgraph.core.message import Message
from flowgraph.core.message_fields import Part
from flowgraph.core.message_scalar import INT, TEXT, Scalar
from flowgraph.graph.device_spec import DeviceSpec
from flowgraph.runtime.config import ClusterDef, ConfigProto

_VARIABLES = ("Variable", "VariableV2", "AutoReloadVariable", "MutableHashTable",
              "MutableHashTableV2", "MutableHashTableOfTensors", "MutableHashTableOfTensorsV2",
              "MutableDenseHashTable", "MutableDenseHashTableV2", "VarHandleOp",
              "BoostedTreesEnsembleResourceHandleOp")


class ServerDef(Message):
    """What a server is told: the cluster, and which task of it it is.

    Args:
        cluster: the ClusterDef.
        job_name: the job of the task.
        task_index: its number.
        default_session_config: ConfigProto of sessions that have none.
        protocol: "grpc".

    Example:
        >>> import flowgraph as fg
        >>> fg.train.ServerDef(job_name="worker", task_index=1).task_index
        1
    """

    cluster = Part(1, ClusterDef)
    job_name = Scalar(2, TEXT)
    task_index = Scalar(3, INT)
    default_session_config = Part(4, ConfigProto)
    protocol = Scalar(5, TEXT)


class ClusterSpec:
    """The tasks of a cluster, by job.

    Args:
        cluster: dict from the name of a job to its addresses: a list, or a dict by number of the
            task; or a ClusterDef, or another ClusterSpec.

    Raises:
        TypeError: it is none of these.

    Example:
        >>> import flowgraph as fg
        >>> spec = fg.train.ClusterSpec({"ps": ["a:2222"], "worker": ["b:2222", "c:2222"]})
        >>> spec.jobs, spec.num_tasks("worker"), spec.task_address("worker", 1)
        (['ps', 'worker'], 2, 'c:2222')
    """

    def __init__(self, cluster: Any) -> None:
        self._tasks: dict[str, dict[int, str]] = {}
        if isinstance(cluster, ClusterSpec):
            cluster = cluster._tasks
        elif isinstance(cluster, ClusterDef):
            cluster = {job.name: dict(job.tasks) for job in cluster.job}
        if not isinstance(cluster, Mapping):
            raise TypeError(located("`cluster` must be a dictionary mapping one or more job names "
                                    "to lists of network addresses, or a `ClusterDef` protocol "
                                    f"buffer, got {cluster!r:.100}"))
        for job, tasks in cluster.items():
            numbered = tasks.items() if isinstance(tasks, Mapping) else enumerate(tasks)
            self._tasks[str(job)] = {int(number): str(address) for number, address in numbered}

    def __bool__(self) -> bool:
        return bool(self._tasks)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ClusterSpec) and self._tasks == other._tasks

    __hash__ = None  # type: ignore[assignment]  # as TensorFlow's

    def __repr__(self) -> str:
        return f"ClusterSpec({self.as_dict()!r})"

    @property
    def jobs(self) -> list[str]:
        """The names of the jobs."""
        return list(self._tasks)

    def as_dict(self) -> dict[str, Any]:
        """From each job to its addresses: a list, or a dict where numbers are missing."""
        return {job: ([tasks[i] for i in range(len(tasks))] if set(tasks) == set(range(len(tasks)))
                      else dict(tasks)) for job, tasks in self._tasks.items()}

    def as_cluster_def(self) -> ClusterDef:
        """The same as a message."""
        message = ClusterDef()
        for job, tasks in sorted(self._tasks.items()):
            part = message.job.add()
            part.name = job
            for number, address in sorted(tasks.items()):
                part.tasks[number] = address
        return message

    def num_tasks(self, job_name: str) -> int:
        """How many tasks a job has."""
        return len(self._job(job_name))

    def task_indices(self, job_name: str) -> list[int]:
        """The numbers of a job's tasks."""
        return sorted(self._job(job_name))

    def task_address(self, job_name: str, task_index: int) -> str:
        """The address of a task.

        Raises:
            ValueError: there is no such task.
        """
        tasks = self._job(job_name)
        if task_index not in tasks:
            raise ValueError(located(f"No task with index {task_index!r} in job {job_name!r}"))
        return tasks[task_index]

    def job_tasks(self, job_name: str) -> list[str | None]:
        """The addresses of a job's tasks, None where a number is missing."""
        tasks = self._job(job_name)
        return [tasks.get(number) for number in range(max(tasks, default=-1) + 1)]

    def _job(self, name: str) -> dict[int, str]:
        if name not in self._tasks:
            raise ValueError(located(f"No such job in cluster: {name!r}"))
        return self._tasks[name]


class Server:
    """A task of a cluster; here all tasks are in this process, and nobody listens.

    Args:
        server_or_cluster_def: the cluster, as for ClusterSpec, or a ServerDef.
        job_name: the job of this task; needed where there are several.
        task_index: its number; needed where there are several.
        protocol: "grpc".
        config: ConfigProto of the session; what it says counts where the session is given it.
        start: says nothing here.

    Raises:
        ValueError: the cluster has no such task.

    Example:
        >>> import flowgraph as fg
        >>> server = fg.train.Server.create_local_server()
        >>> with fg.device("/job:local/task:0"):
        ...     x = fg.constant(2.0)
        >>> fg.Session(server.target).run(x * 3.0)
        np.float32(6.0)
    """

    def __init__(self, server_or_cluster_def: Any, job_name: str | None = None,
                 task_index: int | None = None, protocol: str | None = None,
                 config: ConfigProto | None = None, start: bool = True) -> None:
        self._def = ServerDef()
        if isinstance(server_or_cluster_def, ServerDef):
            self._def.CopyFrom(server_or_cluster_def)
        else:
            self._def.cluster.CopyFrom(ClusterSpec(server_or_cluster_def).as_cluster_def())
        cluster = ClusterSpec(self._def.cluster)
        self._def.job_name = job_name or self._def.job_name or _only(cluster.jobs, "job_name")
        if task_index is not None:
            self._def.task_index = task_index
        elif not isinstance(server_or_cluster_def, ServerDef):
            self._def.task_index = _only(cluster.task_indices(self._def.job_name), "task_index")
        self._def.protocol = protocol or self._def.protocol or "grpc"
        if config is not None:
            self._def.default_session_config.CopyFrom(config)
        self._address = cluster.task_address(self._def.job_name, self._def.task_index)

    @property
    def server_def(self) -> ServerDef:
        """The cluster, and which task this is."""
        return self._def

    @property
    def target(self) -> str:
        """What to give a Session, as "grpc://localhost:2222"."""
        return f"{self._def.protocol}://{self._address}"

    def start(self) -> None:
        """Does nothing: there is nothing to start."""

    def join(self) -> None:
        """Returns at once, and logs it: there is nobody to wait for."""
        logger().warning(
            "tf.train.Server.join() returns at once: all tasks of a cluster are in the process "
            "that has the session. Start the program once, as a worker.")

    @staticmethod
    def create_local_server(config: ConfigProto | None = None, start: bool = True) -> Server:
        """The server of a cluster of one task.

        Args:
            config: as for Server.
            start: as for Server.
        """
        return Server({"local": ["localhost:0"]}, protocol="grpc", config=config, start=start)


def _only(choices: list[Any], argument: str) -> Any:
    """The one choice that there is.

    Raises:
        ValueError: there are several.
    """
    if len(choices) != 1:
        raise ValueError(located(f"Server needs {argument}: the cluster has {choices}"))
    return choices[0]


def replica_device_setter(ps_tasks: int = 0, ps_device: str = "/job:ps",
                          worker_device: str = "/job:worker", merge_devices: bool = True,
                          cluster: Any = None, ps_ops: Any = None, ps_strategy: Any = None
                          ) -> Callable[[Any], str] | None:
    """A function for `tf.device`: variables go in turn to the tasks of "ps", the rest to "worker".

    Args:
        ps_tasks: how many tasks the job "ps" has; taken from the cluster if that is given.
        ps_device: device of the variables; without a job all is on `worker_device`.
        worker_device: device of the other operations.
        merge_devices: whether what outer blocks say counts where these say nothing.
        cluster: ClusterSpec, or what it is made from.
        ps_ops: types of operations that count as variables.
        ps_strategy: function from an operation to the number of its task; default in turn.

    Returns:
        The function; None where there are no tasks for variables.

    Raises:
        TypeError: ps_strategy is no function.

    Example:
        >>> import flowgraph as fg
        >>> with fg.device(fg.train.replica_device_setter(ps_tasks=2)):
        ...     v = fg.Variable(1.0)
        ...     w = fg.Variable(2.0)
        ...     s = v + w
        >>> v.device, w.device, s.device
        ('/job:ps/task:0', '/job:ps/task:1', '/job:worker')
    """
    if cluster is not None:
        tasks = ClusterSpec(cluster).as_dict()
        job = DeviceSpec.from_string(ps_device).job
        if job not in tasks:
            return None
        ps_tasks = len(tasks[job])
    if ps_tasks == 0:
        return None
    if ps_strategy is not None and not callable(ps_strategy):
        raise TypeError(located(f"ps_strategy must be callable, not {ps_strategy!r:.100}"))
    kinds = frozenset(_VARIABLES if ps_ops is None else ps_ops)
    turn = 0

    def device_of(op: Any) -> str:
        nonlocal turn
        given = DeviceSpec.from_string(op.device or "")
        if not merge_devices and op.device:
            return op.device
        spec = DeviceSpec.from_string(worker_device or "")
        kind = op.type if hasattr(op, "type") else op.op  # an Operation, or a NodeDef
        if ps_device and kind in kinds:
            spec = DeviceSpec.from_string(ps_device)
            if given.job in (None, spec.job) and spec.task is None:
                if ps_strategy is None:
                    task, turn = turn % ps_tasks, turn + 1
                else:
                    task = ps_strategy(op)
                spec = spec.replace(task=task)
        merged = DeviceSpec.from_string(spec.to_string())
        merged.merge_from(given)
        return merged.to_string()

    return device_of
