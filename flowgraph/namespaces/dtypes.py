"""`tf.dtypes`: element types."""

from flowgraph.core.dtypes import (
    DType,
    as_dtype,
    complex64,
    complex128,
    float16,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    resource,
    string,
    uint8,
    uint16,
    uint32,
    uint64,
    variant,
)
from flowgraph.core.dtypes import bool_ as bool
from flowgraph.core.lazy import lazy as _lazy
from flowgraph.ops.cast import cast, saturate_cast
from flowgraph.ops.complex_numbers import complex

__getattr__ = _lazy("tf.dtypes", globals())
