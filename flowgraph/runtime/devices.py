"""The devices of a session, as TensorFlow 1 names and limits them.

    ConfigProto, tf.config, core.gpu.found()  -->  /job:localhost/replica:0/task:0/device:GPU:0, ...

A session has one CPU unless `device_count={"CPU": n}` says otherwise, and all GPUs that CuPy can
use, unless a setting leaves some out or divides them. Given a target and a cluster, all tasks
of the cluster are in this process, and have the same devices.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from flowgraph.core import gpu
from flowgraph.core.frames import located
from flowgraph.core.gpu import GpuInfo
from flowgraph.errors import InvalidArgumentError
from flowgraph.graph.devices import parse

if TYPE_CHECKING:
    from flowgraph.runtime.config import ConfigProto

CPU_MEMORY = 256 << 20  # bytes; what TensorFlow says of any CPU
LOCAL = "/job:localhost/replica:0/task:0"


class DeviceAttributes(NamedTuple):
    """What a session tells about a device.

    Attributes:
        name: as "/job:localhost/replica:0/task:0/device:GPU:0".
        device_type: "CPU" or "GPU".
        memory_limit_bytes: how much memory it may use; for a CPU what TensorFlow says, 256 MB.
        incarnation: a number that is another one for each device and process.
    """

    name: str
    device_type: str
    memory_limit_bytes: int
    incarnation: int

    def __repr__(self) -> str:
        return f"_DeviceAttributes({', '.join(map(str, self))})"


class SessionDevices:
    """The devices of one session.

    Args:
        target: of the session; "" for this process alone.
        config: its ConfigProto; what it does not say of devices, `tf.config` says.

    Attributes:
        gpus: the GPUs that it may use, in the order of their names; one that is divided comes as
            often as it has parts, each with a part of the memory.
        soft: whether an operation runs elsewhere when its device is not there.
        logs_placement: whether to tell which operation is on which device.
        takes_any_task: whether every job and task is there.
        lacks_tasks_softly: whether an operation runs here when its job or task is not there.

    Raises:
        InvalidArgumentError: the config asks for GPUs that are not there.
    """

    def __init__(self, target: str | bytes = "", config: ConfigProto | None = None) -> None:
        self.gpus = tuple(_gpus(config))
        self.soft = (settings.told_missing is not None
                     or (config is not None and config.allow_soft_placement))
        self.logs_placement = config is not None and config.log_device_placement
        count = None if config is None else config.device_count.get("CPU")
        self._cpus = cpus() if count is None else max(1, count)
        self._tasks = tuple(_tasks(config)) if target else ()
        self.takes_any_task = bool(target) and not self._tasks
        self.lacks_tasks_softly = settings.told_missing is not None

    @functools.cached_property
    def all(self) -> tuple[DeviceAttributes, ...]:
        """All devices: the CPUs first."""
        return tuple([device for task in self._tasks or (LOCAL,) for device in self._of_task(task)])

    def _of_task(self, task: str) -> Iterable[DeviceAttributes]:
        memory = [("CPU", i, CPU_MEMORY) for i in range(self._cpus)]
        memory += [("GPU", i, info.memory) for i, info in enumerate(self.gpus)]
        for kind, number, limit in memory:
            name = f"{task}/device:{kind}:{number}"
            yield DeviceAttributes(name, kind, limit, _incarnation(name))

    @functools.cached_property
    def names(self) -> tuple[str, ...]:
        """The names of all devices, sorted as TensorFlow lists them in errors."""
        return tuple(sorted(device.name for device in self.all))

    def matching(self, device: str, kinds: Sequence[str] = ("CPU", "GPU"), with_kind: bool = True,
                 with_task: bool = True) -> list[DeviceAttributes]:
        """The devices that a device string, which may leave parts open, stands for.

        Args:
            device: as "/job:worker/device:GPU:*"; "" for all.
            kinds: the types of devices that count.
            with_kind: whether the type and number in `device` count.
            with_task: whether its job, replica and task count.
        """
        wanted = parse(device)
        if self.takes_any_task or not with_task:
            wanted = {key: value for key, value in wanted.items() if key == "device"}
        if not with_kind:
            wanted.pop("device", None)
        return [found for found in self.all
                if found.device_type in kinds and _fits(parse(found.name), wanted)]

    def mapping(self) -> list[str]:
        """Which GPU each name stands for, a line each, as TensorFlow logs it."""
        parts = [device for device in self.all if device.device_type == "GPU"]
        infos = self.gpus * (len(parts) // max(1, len(self.gpus)))
        return [f"{device.name} -> device: {info.number}, name: {info.model}, pci bus id: "
                f"{info.bus}, compute capability: {info.capability[0]}.{info.capability[1]}"
                for device, info in zip(parts, infos, strict=True)]


def _fits(there: dict[str, str], wanted: dict[str, str]) -> bool:
    for key, value in wanted.items():
        any_number = key == "device" and value.endswith(":*")
        if there[key] != value and not (any_number and there[key].startswith(value[:-1])):
            return False
    return True


def _tasks(config: ConfigProto | None) -> Iterable[str]:
    if config is not None:
        for job in config.cluster_def.job:
            for task in job.tasks:
                yield f"/job:{job.name}/replica:0/task:{task}"


@functools.cache
def _incarnation(name: str) -> int:
    return int.from_bytes(os.urandom(8), "little") >> 1


# ---- what tf.config says ------------------------------------------------------------------------


class Settings:
    """What the functions of `tf.config` have set.

    Attributes:
        config: the ConfigProto of sessions without one; None while nothing of it was set.
        visible: numbers of the GPUs that are visible; None for all.
        shows_cpu: whether CPUs are listed among the visible devices.
        growth: by number of a GPU, whether its memory is taken bit by bit.
        divisions: by name of a device, its parts.
        told_missing: where every session places softly: called with each device string of a
            session that no device fits, without its ConfigProto's or tf.config's leave. Not one of
            tf.config's; `flowgraph run` sets it.
    """

    def __init__(self) -> None:
        self.config: Any = None
        self.told_missing: Callable[[str], None] | None = None
        self.visible: tuple[int, ...] | None = None
        self.shows_cpu = True
        self.growth: dict[int, bool] = {}
        self.divisions: dict[str, list[Any]] = {}


settings = Settings()


def visible_gpus() -> tuple[GpuInfo, ...]:
    """The GPUs that `tf.config.experimental.set_visible_devices` has left."""
    found = gpu.found()
    if settings.visible is None:
        return found
    return tuple([found[number] for number in settings.visible if number < len(found)])


def parts(gpus: Iterable[GpuInfo]) -> Iterable[GpuInfo]:
    """The GPUs, those that are divided once for each part, with its memory.

    Args:
        gpus: GPUs of this machine.
    """
    for info in gpus:
        divided = settings.divisions.get(f"/physical_device:GPU:{_place(info)}")
        if not divided:
            yield info
        for part in divided or ():
            limit = part.memory_limit
            yield info if limit is None else info._replace(memory=int(limit * (1 << 20)))


def _place(info: GpuInfo) -> int:
    return next((i for i, other in enumerate(gpu.found()) if other.number == info.number), -1)


def cpus() -> int:
    """How many CPUs a session without a config has."""
    return len(settings.divisions.get("/physical_device:CPU:0", ())) or 1


# ---- which GPUs ----------------------------------------------------------------------------------


def _gpus(config: ConfigProto | None) -> Iterable[GpuInfo]:
    """The GPUs that a session may use, in order; the parts of divided ones."""
    if config is None:
        yield from parts(visible_gpus())
        return
    count = config.device_count.get("GPU")
    options = config.gpu_options
    if count == 0:
        return
    if options.visible_device_list:
        chosen = _listed(options.visible_device_list, gpu.found())
    else:
        chosen = visible_gpus()
    if count is not None:
        chosen = chosen[:max(0, count)]
    divisions = [part.memory_limit_mb for part in options.experimental.virtual_devices]
    if not divisions:
        fraction = options.per_process_gpu_memory_fraction or 1.0
        if fraction < 0:
            raise InvalidArgumentError(None, None, located(
                f"gpu_options.per_process_gpu_memory_fraction is {fraction}",
                "Give the part of a GPU's memory that the session may use, as 0.5."))
        yield from (info._replace(memory=int(info.memory * fraction))
                    for info in parts(chosen))
        return
    if len(divisions) > len(chosen):
        raise InvalidArgumentError(None, None, located(
            f"gpu_options.experimental.virtual_devices divides {len(divisions)} GPUs, and this "
            f"session has {len(chosen)}", _none_advice(chosen)))
    for i, info in enumerate(chosen):
        limits = list(divisions[i]) if i < len(divisions) else []
        yield from (info._replace(memory=int(limit * (1 << 20))) for limit in limits)
        if not limits:
            yield info


def _listed(text: str, found: Sequence[GpuInfo]) -> tuple[GpuInfo, ...]:
    """The GPUs of a `visible_device_list`, as "1,0"."""
    if not found:
        return ()  # as in TensorFlow, where no GPU is there
    numbers: list[int] = []
    for item in text.split(","):
        if not item.strip().isdigit():
            raise InvalidArgumentError(None, None, located(
                f"Could not parse entry in 'visible_device_list': {item!r}. visible_device_list = "
                f"{text}", "It lists numbers of GPUs, as \"0,1\"."))
        number = int(item)
        if number >= len(found):
            raise InvalidArgumentError(None, None, located(
                f"'visible_device_list' listed an invalid GPU id '{number}' but visible device "
                f"count is {len(found)}", f"Numbers go from 0 to {len(found) - 1}."))
        if number in numbers:
            raise InvalidArgumentError(None, None, located(
                f"visible_device_list contained a duplicate entry: {text}", "List each GPU once."))
        numbers.append(number)
    return tuple([found[number] for number in numbers])


def _none_advice(chosen: Sequence[GpuInfo]) -> str:
    return "" if chosen else f"There is no GPU: {gpu.why_none()}."
