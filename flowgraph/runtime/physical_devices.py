"""The devices of this machine, and what `tf.config` says of them for sessions without a config.

A physical device is a CPU or a GPU that is there; a logical one is what sessions see: a visible
one, or a part of one. As in TensorFlow, the settings are of the process; they count for sessions
that are made after.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from flowgraph.core import gpu
from flowgraph.core.frames import located
from flowgraph.runtime import devices as shared


class PhysicalDevice(NamedTuple):
    """A CPU or GPU of this machine.

    Args:
        name: as "/physical_device:GPU:0".
        device_type: "CPU" or "GPU".

    Example:
        >>> PhysicalDevice("/physical_device:CPU:0", "CPU").device_type
        'CPU'
    """

    name: str
    device_type: str


class LogicalDevice(NamedTuple):
    """A device as programs name it.

    Args:
        name: as "/device:GPU:0".
        device_type: "CPU" or "GPU".
    """

    name: str
    device_type: str


class VirtualDeviceConfiguration(NamedTuple):
    """A part of a GPU that is a device of its own.

    Args:
        memory_limit: how much memory it may use, in MB; None for no limit of its own.

    Example:
        >>> import flowgraph as fg
        >>> fg.config.experimental.VirtualDeviceConfiguration(memory_limit=1024).memory_limit
        1024
    """

    memory_limit: float | None = None


def list_physical_devices(device_type: str | None = None) -> list[PhysicalDevice]:
    """The CPU and the GPUs of this machine that CuPy can use.

    Args:
        device_type: "CPU" or "GPU" for those only.

    Example:
        >>> import flowgraph as fg
        >>> fg.config.experimental.list_physical_devices("CPU")
        [PhysicalDevice(name='/physical_device:CPU:0', device_type='CPU')]
    """
    every = [PhysicalDevice("/physical_device:CPU:0", "CPU"),
             *(PhysicalDevice(f"/physical_device:GPU:{i}", "GPU")
               for i in range(len(gpu.found())))]
    return [device for device in every if device_type in (None, device.device_type)]


def list_logical_devices(device_type: str | None = None) -> list[LogicalDevice]:
    """The devices that a session without a config has, as programs name them.

    Args:
        device_type: "CPU" or "GPU" for those only.

    Example:
        >>> import flowgraph as fg
        >>> fg.config.experimental.list_logical_devices("CPU")
        [LogicalDevice(name='/device:CPU:0', device_type='CPU')]
    """
    every = [LogicalDevice(f"/device:CPU:{i}", "CPU") for i in range(shared.cpus())]
    if not shared.settings.shows_cpu:
        every = []
    every += [LogicalDevice(f"/device:GPU:{i}", "GPU")
              for i, _ in enumerate(shared.parts(shared.visible_gpus()))]
    return [device for device in every if device_type in (None, device.device_type)]


def get_visible_devices(device_type: str | None = None) -> list[PhysicalDevice]:
    """The devices of this machine that sessions may use.

    Args:
        device_type: "CPU" or "GPU" for those only.

    Example:
        >>> import flowgraph as fg
        >>> fg.config.experimental.get_visible_devices("CPU")
        [PhysicalDevice(name='/physical_device:CPU:0', device_type='CPU')]
    """
    every = list_physical_devices(device_type)
    return [device for device in every if (
        shared.settings.shows_cpu if device.device_type == "CPU"
        else shared.settings.visible is None or _number(device) in shared.settings.visible)]


def set_visible_devices(devices: Any, device_type: str | None = None) -> None:
    """Says which devices of this machine sessions may use that are made from now on.

    A `visible_device_list` in a session's own config goes before it.

    Args:
        devices: PhysicalDevice or list of them; [] for none.
        device_type: "CPU" or "GPU": only the devices of that type are chosen.

    Raises:
        ValueError: a device is not there, or of another type.

    Example:
        >>> import flowgraph as fg
        >>> fg.config.experimental.set_visible_devices([], "GPU")
        >>> fg.config.experimental.get_visible_devices("GPU")
        []
        >>> fg.config.experimental.set_visible_devices(
        ...     fg.config.experimental.list_physical_devices("GPU"), "GPU")
    """
    chosen = [devices] if isinstance(devices, PhysicalDevice) else list(devices or ())
    for device in chosen:
        _check(device)
        if device_type not in (None, device.device_type):
            raise ValueError(located(f"Unrecognized device: {device.name} is not a {device_type}"))
    if device_type in (None, "CPU"):
        shared.settings.shows_cpu = any(device.device_type == "CPU" for device in chosen)
    if device_type in (None, "GPU"):
        shared.settings.visible = tuple([_number(device) for device in chosen
                                  if device.device_type == "GPU"])


def get_memory_growth(device: PhysicalDevice) -> bool | None:
    """Whether memory of a GPU is taken bit by bit, as `set_memory_growth` has said; None if unsaid.

    flowgraph always takes it bit by bit.

    Args:
        device: a PhysicalDevice that is a GPU.

    Example:
        >>> import flowgraph as fg
        >>> all(fg.config.experimental.get_memory_growth(gpu) in (None, True, False)
        ...     for gpu in fg.config.experimental.list_physical_devices("GPU"))
        True
    """
    _check(device)
    return shared.settings.growth.get(_number(device))


def set_memory_growth(device: PhysicalDevice, enable: bool) -> None:
    """Says whether memory of a GPU is taken bit by bit. flowgraph always does so.

    Args:
        device: a PhysicalDevice that is a GPU.
        enable: whether it is.

    Raises:
        ValueError: the device is not there, or a CPU.

    Example:
        >>> import flowgraph as fg
        >>> for gpu in fg.config.experimental.list_physical_devices("GPU"):
        ...     fg.config.experimental.set_memory_growth(gpu, True)
    """
    _check(device)
    if device.device_type != "GPU":
        raise ValueError(located("Cannot set memory growth on non-GPU devices",
                                 "Only GPUs have memory of their own."))
    shared.settings.growth[_number(device)] = bool(enable)


def get_virtual_device_configuration(device: PhysicalDevice
                                     ) -> list[VirtualDeviceConfiguration] | None:
    """The parts into which a device is divided; None if it is not.

    Args:
        device: a PhysicalDevice.

    Example:
        >>> import flowgraph as fg
        >>> cpu, = fg.config.experimental.list_physical_devices("CPU")
        >>> fg.config.experimental.get_virtual_device_configuration(cpu)
    """
    _check(device)
    return shared.settings.divisions.get(device.name)


def set_virtual_device_configuration(device: PhysicalDevice,
                                     virtual_devices: Sequence[VirtualDeviceConfiguration]) -> None:
    """Divides a device into several, for sessions that are made from now on.

    Args:
        device: a PhysicalDevice.
        virtual_devices: its parts, VirtualDeviceConfiguration; [] for an undivided one.

    Raises:
        ValueError: the device is not there, or a CPU's part has a memory limit.

    Example:
        >>> import flowgraph as fg
        >>> cpu, = fg.config.experimental.list_physical_devices("CPU")
        >>> part = fg.config.experimental.VirtualDeviceConfiguration()
        >>> fg.config.experimental.set_virtual_device_configuration(cpu, [part, part])
        >>> with fg.device("/cpu:1"):
        ...     x = fg.constant(1.0)
        >>> fg.Session().run(x)
        np.float32(1.0)
        >>> fg.config.experimental.set_virtual_device_configuration(cpu, [])
    """
    _check(device)
    limits = [part.memory_limit for part in virtual_devices]
    if device.device_type == "CPU" and any(limit is not None for limit in limits):
        raise ValueError(located("Setting memory limit on CPU virtual devices is currently not "
                                 "supported", "Leave memory_limit out."))
    shared.settings.divisions[device.name] = list(virtual_devices)
    if not virtual_devices:
        del shared.settings.divisions[device.name]


def _check(device: Any) -> None:
    if device not in list_physical_devices():
        there = ", ".join(found.name for found in list_physical_devices())
        raise ValueError(located(f"Unrecognized device: {getattr(device, 'name', device)!r:.100}",
                                 f"tf.config.experimental.list_physical_devices() has {there}."))


def _number(device: PhysicalDevice) -> int:
    return int(device.name.rpartition(":")[2])
