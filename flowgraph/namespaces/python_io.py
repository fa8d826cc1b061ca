"""`tf.python_io`: TFRecord files in Python."""

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.platform.python_io import (
    TFRecordCompressionType,
    TFRecordOptions,
    TFRecordWriter,
    tf_record_iterator,
)

__getattr__ = _lazy("tf.python_io", globals())
