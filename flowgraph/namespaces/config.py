"""`tf.config`: the devices of this machine, and what sessions without a ConfigProto do."""

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.runtime.default_config import get_soft_device_placement, set_soft_device_placement
from flowgraph.runtime.device_lib import experimental_list_devices
from flowgraph.runtime.physical_devices import (
    get_visible_devices,
    list_logical_devices,
    list_physical_devices,
    set_visible_devices,
)

__getattr__ = _lazy("tf.config", globals(), {
    "experimental": "flowgraph.namespaces.config_experimental",
    "optimizer": "flowgraph.namespaces.config_optimizer",
    "threading": "flowgraph.namespaces.config_threading",
})
