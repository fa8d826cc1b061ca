"""`tf.nn`: functions for neural networks."""

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.ops.activation import (
    crelu,
    elu,
    leaky_relu,
    log_sigmoid,
    relu,
    relu6,
    relu_layer,
    selu,
    softplus,
    softsign,
    swish,
)
from flowgraph.ops.bias import bias_add, xw_plus_b
from flowgraph.ops.conv2d import (
    atrous_conv2d,
    atrous_conv2d_transpose,
    conv2d,
    conv2d_backprop_filter,
    conv2d_backprop_input,
    conv2d_transpose,
)
from flowgraph.ops.cross_entropy import (
    log_poisson_loss,
    sigmoid_cross_entropy_with_logits,
    softmax_cross_entropy_with_logits,
    softmax_cross_entropy_with_logits_v2,
    sparse_softmax_cross_entropy_with_logits,
    weighted_cross_entropy_with_logits,
)
from flowgraph.ops.dropout import dropout
from flowgraph.ops.exponential import sigmoid, tanh
from flowgraph.ops.fused_batch_norm import fused_batch_norm
from flowgraph.ops.l2_loss import l2_loss, l2_normalize
from flowgraph.ops.pooling import avg_pool, avg_pool2d, max_pool, max_pool2d
from flowgraph.ops.softmax import log_softmax, softmax

# Used rarely: imported when first asked for.
_LAZY = {
    **{name: f"flowgraph.ops.conv_nd:{name}" for name in (
        "conv1d", "conv1d_transpose", "conv3d", "conv3d_backprop_filter", "conv3d_transpose",
        "conv_transpose", "convolution")},
    "zero_fraction": "flowgraph.ops.counting:zero_fraction",
    **{name: f"flowgraph.ops.depthwise:{name}" for name in (
        "depthwise_conv2d", "depthwise_conv2d_backprop_filter", "depthwise_conv2d_backprop_input",
        "depthwise_conv2d_native", "separable_conv2d")},
    **{name: f"flowgraph.ops.dilation:{name}" for name in (
        "dilation2d", "erosion2d")},
    **{name: f"flowgraph.ops.lrn:{name}" for name in (
        "local_response_normalization", "lrn")},
    **{name: f"flowgraph.ops.normalization:{name}" for name in (
        "batch_norm_with_global_normalization", "batch_normalization", "moments",
        "normalize_moments", "sufficient_statistics", "weighted_moments")},
    "max_pool_with_argmax": "flowgraph.ops.pooling_argmax:max_pool_with_argmax",
    **{name: f"flowgraph.ops.pooling_nd:{name}" for name in (
        "avg_pool1d", "avg_pool3d", "avg_pool_v2", "max_pool1d", "max_pool3d", "max_pool_v2",
        "pool")},
    **{name: f"flowgraph.ops.sort:{name}" for name in (
        "in_top_k", "top_k")},
    **{name: f"flowgraph.ops.space:{name}" for name in (
        "depth_to_space", "space_to_batch", "space_to_depth")},
    "conv3d_backprop_filter_v2": "flowgraph.ops.conv_nd:conv3d_backprop_filter",
    "depthwise_conv2d_native_backprop_filter":
        "flowgraph.ops.depthwise:depthwise_conv2d_backprop_filter",
    "depthwise_conv2d_native_backprop_input":
        "flowgraph.ops.depthwise:depthwise_conv2d_backprop_input",
    **{name: f"flowgraph.ops.candidate_sampling:{name}" for name in (
        "all_candidate_sampler", "compute_accidental_hits", "fixed_unigram_candidate_sampler",
        "learned_unigram_candidate_sampler", "log_uniform_candidate_sampler",
        "uniform_candidate_sampler")},
    **{name: f"flowgraph.nn.candidate_sampling:{name}" for name in (
        "nce_loss", "sampled_softmax_loss")},
    **{name: f"flowgraph.nn.embedding:{name}" for name in (
        "embedding_lookup", "embedding_lookup_sparse", "safe_embedding_lookup_sparse")},
    "fractional_avg_pool": "flowgraph.ops.fractional_pool:fractional_avg_pool",
    "fractional_max_pool": "flowgraph.ops.fractional_pool:fractional_max_pool",
    "rnn_cell": "flowgraph.nn.rnn_cell",
    "with_space_to_batch": "flowgraph.ops.atrous:with_space_to_batch",
    **{name: f"flowgraph.nn.rnn_static:{name}" for name in (
        "static_bidirectional_rnn", "static_rnn", "static_state_saving_rnn")},
    **{name: f"flowgraph.nn.rnn:{name}" for name in (
        "bidirectional_dynamic_rnn", "dynamic_rnn", "raw_rnn")},
    **{name: f"flowgraph.ops.ctc_loss:{name}" for name in ("ctc_loss", "ctc_loss_v2")},
    **{name: f"flowgraph.ops.ctc_decoder:{name}" for name in (
        "ctc_beam_search_decoder", "ctc_beam_search_decoder_v2", "ctc_greedy_decoder")},
    **{name: f"flowgraph.ops.ctc_labels:{name}" for name in (
        "collapse_repeated", "ctc_unique_labels")},
}
__getattr__ = _lazy("tf.nn", globals(), _LAZY)
