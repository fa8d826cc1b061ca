"""`tf.contrib.layers`: layers as functions, first values, regularizers, `optimize_loss`."""

from flowgraph.contrib.layers.batch_normalization import batch_norm
from flowgraph.contrib.layers.convolution import (
    convolution,
    convolution1d,
    convolution2d,
    convolution2d_transpose,
    convolution3d,
    convolution3d_transpose,
)
from flowgraph.contrib.layers.dense import elu, fully_connected, linear, relu, relu6
from flowgraph.contrib.layers.initializers import (
    variance_scaling_initializer,
    xavier_initializer,
    xavier_initializer_conv2d,
)
from flowgraph.contrib.layers.normalization import (
    group_norm,
    instance_norm,
    layer_norm,
    unit_norm,
)
from flowgraph.contrib.layers.pooling import avg_pool2d, avg_pool3d, max_pool2d, max_pool3d
from flowgraph.contrib.layers.regularizers import (
    apply_regularization,
    l1_l2_regularizer,
    l1_regularizer,
    l2_regularizer,
    sum_regularizer,
)
from flowgraph.contrib.layers.separable import convolution2d_in_plane, separable_convolution2d
from flowgraph.contrib.layers.shaping import (
    bias_add,
    dropout,
    flatten,
    maxout,
    one_hot_encoding,
    repeat,
    softmax,
    stack,
)
from flowgraph.core.lazy import lazy as _lazy

conv1d, conv2d, conv3d = convolution1d, convolution2d, convolution3d
conv2d_transpose, conv3d_transpose = convolution2d_transpose, convolution3d_transpose
conv2d_in_plane, separable_conv2d = convolution2d_in_plane, separable_convolution2d

_EMBEDDING = "flowgraph.contrib.layers.embedding:"
_LEGACY = "flowgraph.contrib.layers.legacy:"
_OPTIMIZE = "flowgraph.contrib.layers.optimizing:"
_SHAPING = "flowgraph.contrib.layers.shaping:"
_SUMMARIES = "flowgraph.contrib.layers.summaries:"
_LAZY = {
    **{name: f"flowgraph.contrib.layers.feature_columns:{name}" for name in (
        "bucketized_column", "create_feature_spec_for_parsing", "crossed_column",
        "embedding_column", "input_from_feature_columns", "one_hot_column", "real_valued_column",
        "sparse_column_with_hash_bucket", "sparse_column_with_integerized_feature",
        "sparse_column_with_keys", "sparse_column_with_vocabulary_file",
        "weighted_sparse_column")},
    "OPTIMIZER_CLS_NAMES": _OPTIMIZE + "OPTIMIZER_CLS_NAMES",
    "OPTIMIZER_SUMMARIES": _OPTIMIZE + "OPTIMIZER_SUMMARIES",
    "add_arg_scope": "flowgraph.contrib.framework.argument_scope:add_arg_scope",
    "arg_scope": "flowgraph.contrib.framework.argument_scope:arg_scope",  # its first place
    "adaptive_clipping_fn": "flowgraph.contrib.layers.adaptive_clipping:adaptive_clipping_fn",
    "bow_encoder": _EMBEDDING + "bow_encoder",
    "dense_to_sparse": _SHAPING + "dense_to_sparse",
    "embed_sequence": _EMBEDDING + "embed_sequence",
    "embedding_lookup_unique": _EMBEDDING + "embedding_lookup_unique",
    "images_to_sequence": _SHAPING + "images_to_sequence",
    "legacy_fully_connected": _LEGACY + "legacy_fully_connected",
    "legacy_linear": _LEGACY + "legacy_linear",
    "legacy_relu": _LEGACY + "legacy_relu",
    "optimize_loss": _OPTIMIZE + "optimize_loss",
    "safe_embedding_lookup_sparse": _EMBEDDING + "safe_embedding_lookup_sparse",
    "scale_gradient": "flowgraph.contrib.layers.attention:scale_gradient",
    "sequence_to_images": _SHAPING + "sequence_to_images",
    "spatial_softmax": "flowgraph.contrib.layers.attention:spatial_softmax",
    "summaries": "flowgraph.contrib.layers.summaries",
    "summarize_activation": _SUMMARIES + "summarize_activation",
    "summarize_activations": _SUMMARIES + "summarize_activations",
    "summarize_biases": _SUMMARIES + "summarize_biases",
    "summarize_collection": _SUMMARIES + "summarize_collection",
    "summarize_tensor": _SUMMARIES + "summarize_tensor",
    "summarize_tensors": _SUMMARIES + "summarize_tensors",
    "summarize_variables": _SUMMARIES + "summarize_variables",
    "summarize_weights": _SUMMARIES + "summarize_weights",
}

__getattr__ = _lazy("tf.contrib.layers", globals(), _LAZY)
