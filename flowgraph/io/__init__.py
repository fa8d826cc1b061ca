"""`tf.io`: records, files, and tensors as bytes; and the room of TensorFlow's own file formats.

The modules of this package read and write checkpoints and graphs. The public names come from the
ops, each imported when it is first used.
"""

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.io import methods as _methods

_methods.attach()  # Graph.as_graph_def and Operation.node_def

__getattr__ = _lazy("tf.io", globals(), {
    "FixedLenFeature": "flowgraph.ops.parse_features:FixedLenFeature",
    "FixedLenSequenceFeature": "flowgraph.ops.parse_features:FixedLenSequenceFeature",
    "PaddingFIFOQueue": "flowgraph.ops.queues:PaddingFIFOQueue",
    "PriorityQueue": "flowgraph.ops.queues:PriorityQueue",
    "QueueBase": "flowgraph.ops.queues:QueueBase",
    "RandomShuffleQueue": "flowgraph.ops.queues:RandomShuffleQueue",
    "SparseFeature": "flowgraph.ops.parse_features:SparseFeature",
    "TFRecordCompressionType": "flowgraph.platform.python_io:TFRecordCompressionType",
    "TFRecordOptions": "flowgraph.platform.python_io:TFRecordOptions",
    "TFRecordWriter": "flowgraph.platform.python_io:TFRecordWriter",
    "VarLenFeature": "flowgraph.ops.parse_features:VarLenFeature",
    "decode_and_crop_jpeg": "flowgraph.ops.image_codecs:decode_and_crop_jpeg",
    "decode_base64": "flowgraph.ops.decoding:decode_base64",
    "decode_bmp": "flowgraph.ops.image_codecs:decode_bmp",
    "decode_compressed": "flowgraph.ops.decoding:decode_compressed",
    "decode_csv": "flowgraph.ops.decode_csv:decode_csv",
    "decode_gif": "flowgraph.ops.image_codecs:decode_gif",
    "decode_image": "flowgraph.ops.image_codecs:decode_image",
    "decode_jpeg": "flowgraph.ops.image_codecs:decode_jpeg",
    "decode_json_example": "flowgraph.ops.json_example:decode_json_example",
    "decode_png": "flowgraph.ops.image_codecs:decode_png",
    "decode_raw": "flowgraph.ops.decoding:decode_raw",
    "deserialize_many_sparse": "flowgraph.ops.sparse_serialize:deserialize_many_sparse",
    "encode_base64": "flowgraph.ops.decoding:encode_base64",
    "encode_jpeg": "flowgraph.ops.image_codecs:encode_jpeg",
    "extract_jpeg_shape": "flowgraph.ops.image_codecs:extract_jpeg_shape",
    "gfile": "flowgraph.namespaces.io_gfile",
    "is_jpeg": "flowgraph.ops.image_codecs:is_jpeg",
    "match_filenames_once": "flowgraph.train.input_producers:match_filenames_once",
    "matching_files": "flowgraph.ops.files:matching_files",
    "parse_example": "flowgraph.ops.parse_example:parse_example",
    "parse_graph": "flowgraph.io.graphs.graph_files:parse_graph",
    "parse_sequence_example": "flowgraph.ops.parse_sequence:parse_sequence_example",
    "parse_single_example": "flowgraph.ops.parse_example:parse_single_example",
    "parse_single_sequence_example": "flowgraph.ops.parse_sequence:parse_single_sequence_example",
    "parse_tensor": "flowgraph.ops.tensor_proto:parse_tensor",
    "read_file": "flowgraph.ops.files:read_file",
    "read_graph": "flowgraph.io.graphs.graph_files:read_graph",
    "serialize_many_sparse": "flowgraph.ops.sparse_serialize:serialize_many_sparse",
    "serialize_sparse": "flowgraph.ops.sparse_serialize:serialize_sparse",
    "serialize_tensor": "flowgraph.ops.tensor_proto:serialize_tensor",
    "tf_record_iterator": "flowgraph.platform.python_io:tf_record_iterator",
    "write_file": "flowgraph.ops.files:write_file",
    "write_graph": "flowgraph.io.graphs.graph_files:write_graph",
})
