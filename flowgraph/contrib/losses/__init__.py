"""`tf.contrib.losses`: losses with the argument order of TensorFlow's first versions.

Predictions come first here and labels second; in `tf.losses` it is the other way round.
"""

from flowgraph.contrib.losses.functions import (
    absolute_difference,
    add_loss,
    compute_weighted_loss,
    cosine_distance,
    get_losses,
    get_regularization_losses,
    get_total_loss,
    hinge_loss,
    log_loss,
    mean_pairwise_squared_error,
    mean_squared_error,
    sigmoid_cross_entropy,
    softmax_cross_entropy,
    sparse_softmax_cross_entropy,
)
from flowgraph.core.lazy import lazy as _lazy

__getattr__ = _lazy("tf.contrib.losses", globals())
