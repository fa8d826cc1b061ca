"""`tf.contrib.framework.nest`: nested structures of lists, tuples and dicts."""

from flowgraph.core.lazy import lazy as _lazy

__getattr__ = _lazy("tf.contrib.framework.nest", globals())
