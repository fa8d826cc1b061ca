"""`tf.debugging`: checks inside a graph."""

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.ops.assertions import (
    assert_equal,
    assert_greater,
    assert_greater_equal,
    assert_less,
    assert_less_equal,
    assert_near,
    assert_negative,
    assert_non_negative,
    assert_non_positive,
    assert_none_equal,
    assert_positive,
)
from flowgraph.ops.counting import is_non_decreasing, is_strictly_increasing
from flowgraph.ops.identity import check_numerics
from flowgraph.ops.print_and_assert import assert_true as Assert
from flowgraph.ops.rounding import is_finite, is_inf, is_nan
from flowgraph.ops.shape_checks import (
    assert_rank,
    assert_rank_at_least,
    assert_rank_in,
    assert_shapes,
)
from flowgraph.ops.type_checks import (
    assert_all_finite,
    assert_integer,
    assert_proper_iterable,
    assert_same_float_dtype,
    assert_scalar,
    assert_type,
    is_numeric_tensor,
)

__getattr__ = _lazy("tf.debugging", globals(), {
    f"{verb}_log_device_placement": f"flowgraph.runtime.default_config:{verb}_log_device_placement"
    for verb in ("get", "set")})
