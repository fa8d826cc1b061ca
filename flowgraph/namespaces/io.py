"""`tf.io`: records, files, and tensors as bytes."""

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.ops.decode_csv import decode_csv
from flowgraph.ops.decoding import decode_base64, decode_compressed, decode_raw, encode_base64
from flowgraph.ops.files import matching_files, read_file, write_file
from flowgraph.ops.image_codecs import (
    decode_and_crop_jpeg,
    decode_bmp,
    decode_gif,
    decode_image,
    decode_jpeg,
    decode_png,
    encode_jpeg,
    extract_jpeg_shape,
    is_jpeg,
)
from flowgraph.ops.json_example import decode_json_example
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
