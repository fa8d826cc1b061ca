"""`tf.contrib.nn`: functions for networks that never came into `tf.nn`."""

from flowgraph.core.lazy import lazy as _lazy

_HERE = "flowgraph.contrib.nn.functions:"
_LAZY = {
    "alpha_dropout": _HERE + "alpha_dropout",
    "conv1d_transpose": "flowgraph.ops.conv_nd:conv1d_transpose",
    "deprecated_flipped_sigmoid_cross_entropy_with_logits":
        _HERE + "deprecated_flipped_sigmoid_cross_entropy_with_logits",
    "deprecated_flipped_softmax_cross_entropy_with_logits":
        _HERE + "deprecated_flipped_softmax_cross_entropy_with_logits",
    "deprecated_flipped_sparse_softmax_cross_entropy_with_logits":
        _HERE + "deprecated_flipped_sparse_softmax_cross_entropy_with_logits",
    "nth_element": "flowgraph.ops.sort:nth_element",
    "sampled_sparse_softmax_loss": _HERE + "sampled_sparse_softmax_loss",
    "scaled_softplus": _HERE + "scaled_softplus",
}

__getattr__ = _lazy("tf.contrib.nn", globals(), _LAZY)
