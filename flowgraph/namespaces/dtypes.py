"""`tf.dtypes`: element types."""

from flowgraph.core.dtypes import (
    QUANTIZED_DTYPES,
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
    qint8,
    qint16,
    qint32,
    quint8,
    quint16,
    resource,
    string,
    uint8,
    uint16,
    uint32,
    uint64,
    variant,
)
from flowgraph.core.dtypes import bool_ as bool
from flowgraph.core.dtypes import float16 as half
from flowgraph.core.dtypes import float64 as double
from flowgraph.core.lazy import lazy as _lazy
from flowgraph.ops.cast import cast, saturate_cast
from flowgraph.ops.complex_numbers import complex

__getattr__ = _lazy("tf.dtypes", globals(), {
    "as_string": "flowgraph.ops.string_format:as_string",
})
