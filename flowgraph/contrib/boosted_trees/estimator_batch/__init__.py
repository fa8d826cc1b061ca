"""`tf.contrib.boosted_trees.estimator_batch`."""

from flowgraph.core.lazy import lazy as _lazy

__getattr__ = _lazy("tf.contrib.boosted_trees.estimator_batch", globals(), {
    "estimator": "flowgraph.contrib.boosted_trees.estimator_batch.estimator"})
