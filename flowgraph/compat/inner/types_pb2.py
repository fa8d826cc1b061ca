"""`tensorflow.core.framework.types_pb2`: the numbers of dtypes in messages, as `DT_FLOAT`."""

from flowgraph.core import dtypes

_NAMES = {
    "DT_BOOL": dtypes.bool_, "DT_COMPLEX64": dtypes.complex64, "DT_COMPLEX128": dtypes.complex128,
    "DT_DOUBLE": dtypes.float64, "DT_FLOAT": dtypes.float32, "DT_HALF": dtypes.float16,
    "DT_INT16": dtypes.int16, "DT_INT32": dtypes.int32, "DT_INT64": dtypes.int64,
    "DT_INT8": dtypes.int8, "DT_QINT16": dtypes.qint16, "DT_QINT32": dtypes.qint32,
    "DT_QINT8": dtypes.qint8, "DT_QUINT16": dtypes.quint16, "DT_QUINT8": dtypes.quint8,
    "DT_RESOURCE": dtypes.resource, "DT_STRING": dtypes.string, "DT_UINT16": dtypes.uint16,
    "DT_UINT32": dtypes.uint32, "DT_UINT64": dtypes.uint64, "DT_UINT8": dtypes.uint8,
    "DT_VARIANT": dtypes.variant,
}
globals().update({name: dtype.as_datatype_enum for name, dtype in _NAMES.items()},
                 DT_INVALID=0)
