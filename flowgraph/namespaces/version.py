"""`tf.version`: the TensorFlow that flowgraph is like."""

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.core.versions import (
    GIT_VERSION,
    GRAPH_DEF_VERSION,
    GRAPH_DEF_VERSION_MIN_CONSUMER,
    GRAPH_DEF_VERSION_MIN_PRODUCER,
    VERSION,
)

__getattr__ = _lazy("tf.version", globals())
