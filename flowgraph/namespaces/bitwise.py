"""`tf.bitwise`: the bits of integers."""

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.ops.bitwise import (
    bitwise_and,
    bitwise_or,
    bitwise_xor,
    invert,
    left_shift,
    right_shift,
)

__getattr__ = _lazy("tf.bitwise", globals())
