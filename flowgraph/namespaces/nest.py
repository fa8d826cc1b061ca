"""`tf.nest`: nested structures of lists, tuples and dicts."""

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.core.nest import (
    assert_same_structure,
    flatten,
    is_nested,
    map_structure,
    pack_sequence_as,
)

__getattr__ = _lazy("tf.nest", globals())
