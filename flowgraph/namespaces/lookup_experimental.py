"""`tf.lookup.experimental`: tables that can be written to."""

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.ops.lookup_mutable import DenseHashTable, MutableHashTable

__getattr__ = _lazy("tf.lookup.experimental", globals())
