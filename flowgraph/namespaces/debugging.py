"""`tf.debugging`: checks inside a graph."""

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.ops.counting import is_non_decreasing, is_strictly_increasing
from flowgraph.ops.identity import check_numerics
from flowgraph.ops.rounding import is_finite, is_inf, is_nan
from flowgraph.ops.script import assert_true as Assert

__getattr__ = _lazy("tf.debugging", globals())
