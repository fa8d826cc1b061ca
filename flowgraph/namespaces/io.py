"""`tf.io`: records, files, and tensors as bytes."""

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.ops.decode_csv import decode_csv
from flowgraph.ops.decoding import decode_base64, decode_compressed, decode_raw, encode_base64
from flowgraph.ops.parse_example import parse_example, parse_single_example
from flowgraph.ops.parse_features import (
    FixedLenFeature,
    FixedLenSequenceFeature,
    SparseFeature,
    VarLenFeature,
)
from flowgraph.ops.parse_sequence import parse_sequence_example, parse_single_sequence_example
from flowgraph.ops.tensor_proto import parse_tensor, serialize_tensor

_SPARSE = "flowgraph.ops.sparse_serialize:"
__getattr__ = _lazy("tf.io", globals(), {
    "deserialize_many_sparse": _SPARSE + "deserialize_many_sparse",
    "serialize_many_sparse": _SPARSE + "serialize_many_sparse",
    "serialize_sparse": _SPARSE + "serialize_sparse",
})
