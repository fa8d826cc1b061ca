"""`device_lib`: the devices of this machine as messages, as `list_local_devices` gives them."""

from __future__ import annotations

from typing import Any

from flowgraph.core.message import Message
from flowgraph.core.message_fields import Part
from flowgraph.core.message_scalar import INT, TEXT, Scalar
from flowgraph.runtime.config import ConfigProto
from flowgraph.runtime.devices import LOCAL, SessionDevices


class DeviceLocality(Message):
    """Where a device is in the machine."""

    bus_id = Scalar(1, INT)
    numa_node = Scalar(2, INT)


class DeviceAttributes(Message):
    """A device.

    Example:
        >>> import flowgraph as fg
        >>> DeviceAttributes(name="/device:CPU:0", device_type="CPU").name
        '/device:CPU:0'
    """

    name = Scalar(1, TEXT)
    device_type = Scalar(2, TEXT)
    memory_limit = Scalar(4, INT)
    locality = Part(5, DeviceLocality)
    incarnation = Scalar(6, INT)
    physical_device_desc = Scalar(7, TEXT)


def list_local_devices(session_config: ConfigProto | None = None) -> list[DeviceAttributes]:
    """The devices of this machine that a session can use.

    Args:
        session_config: the ConfigProto of the session; it may limit the devices.

    Example:
        >>> from flowgraph.runtime import device_lib
        >>> device_lib.list_local_devices()[0].name
        '/device:CPU:0'
    """
    devices = SessionDevices("", session_config)
    told: dict[str, Any] = dict(line.split(" -> ", 1) for line in devices.mapping())
    return [DeviceAttributes(
        name=device.name.removeprefix(LOCAL), device_type=device.device_type,
        memory_limit=device.memory_limit_bytes, incarnation=device.incarnation,
        locality=DeviceLocality(), physical_device_desc=told.get(device.name, ""))
        for device in devices.all]


def experimental_list_devices() -> list[str]:
    """The names of the devices of a session without a config.

    Example:
        >>> import flowgraph as fg
        >>> fg.config.experimental_list_devices()[0]
        '/job:localhost/replica:0/task:0/device:CPU:0'
    """
    return [device.name for device in SessionDevices().all]
