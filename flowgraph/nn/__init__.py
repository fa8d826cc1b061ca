"""`tf.nn`: functions for neural networks."""

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
from flowgraph.ops.counting import zero_fraction
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
from flowgraph.ops.l2_loss import l2_loss, l2_normalize
from flowgraph.ops.softmax import log_softmax, softmax
from flowgraph.ops.sort import in_top_k, top_k
from flowgraph.ops.space import depth_to_space, space_to_batch, space_to_depth

__all__ = [
    "bias_add", "crelu", "depth_to_space", "dropout", "elu", "in_top_k", "l2_loss",
    "l2_normalize", "leaky_relu", "log_poisson_loss", "log_sigmoid", "log_softmax", "relu",
    "relu6", "relu_layer", "selu", "sigmoid", "sigmoid_cross_entropy_with_logits", "softmax",
    "softmax_cross_entropy_with_logits", "softmax_cross_entropy_with_logits_v2", "softplus",
    "softsign", "space_to_batch", "space_to_depth", "sparse_softmax_cross_entropy_with_logits",
    "swish", "tanh", "top_k", "weighted_cross_entropy_with_logits", "xw_plus_b", "zero_fraction",
]
