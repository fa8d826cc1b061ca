"""`tf.compat`: text and bytes; and for old programs `install`: `import tensorflow` gives flowgraph.

`tf.compat.v1` is flowgraph itself.
"""

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.core.shapes import dimension_at_index, dimension_value
from flowgraph.core.text import (
    as_bytes,
    as_str_any,
    as_text,
    bytes_or_text_types,
    complex_types,
    integral_types,
    path_to_str,
    real_types,
)
from flowgraph.core.text import as_text as as_str

__getattr__ = _lazy("tf.compat", globals(), {
    "forward_compatibility_horizon": "flowgraph.core.versions:forward_compatibility_horizon",
    "forward_compatible": "flowgraph.core.versions:forward_compatible",
    "install": "flowgraph.compat.hook:install",
    "uninstall": "flowgraph.compat.hook:uninstall",
    "v1": "flowgraph",
})
