"""`tf.config.experimental`: which devices sessions see, and how GPUs are divided."""

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.core.tensor_float_32 import (
    enable_tensor_float_32_execution,
    tensor_float_32_execution_enabled,
)
from flowgraph.runtime.physical_devices import (
    PhysicalDevice,
    VirtualDeviceConfiguration,
    get_memory_growth,
    get_virtual_device_configuration,
    get_visible_devices,
    list_logical_devices,
    list_physical_devices,
    set_memory_growth,
    set_virtual_device_configuration,
    set_visible_devices,
)

__getattr__ = _lazy("tf.config.experimental", globals())
