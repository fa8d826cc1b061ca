"""`tf.sets`: sets along the last dimension of tensors."""

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.ops.set_ops import set_difference as difference
from flowgraph.ops.set_ops import set_difference as set_difference
from flowgraph.ops.set_ops import set_intersection as intersection
from flowgraph.ops.set_ops import set_intersection as set_intersection
from flowgraph.ops.set_ops import set_size as set_size
from flowgraph.ops.set_ops import set_size as size
from flowgraph.ops.set_ops import set_union as set_union
from flowgraph.ops.set_ops import set_union as union

__getattr__ = _lazy("tf.sets", globals())
