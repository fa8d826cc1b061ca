"""`tf.app`: `run` and the flags."""

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.platform.app import run

__getattr__ = _lazy("tf.app", globals(), {"flags": "flowgraph.namespaces.flags"})
