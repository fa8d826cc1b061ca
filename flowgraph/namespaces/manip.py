"""`tf.manip`: moving elements about."""

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.ops.gather import gather_nd, scatter_nd
from flowgraph.ops.join import tile
from flowgraph.ops.reshape import reshape
from flowgraph.ops.roll import roll
from flowgraph.ops.select import reverse
from flowgraph.ops.space import batch_to_space_nd, space_to_batch_nd

__getattr__ = _lazy("tf.manip", globals())
