"""`tf.sparse`: sums of gathered rows."""

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.ops.sparse_segment import sparse_segment_mean as segment_mean
from flowgraph.ops.sparse_segment import sparse_segment_sqrt_n as segment_sqrt_n
from flowgraph.ops.sparse_segment import sparse_segment_sum as segment_sum

__getattr__ = _lazy("tf.sparse", globals())
