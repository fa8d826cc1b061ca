"""`tf.contrib.boosted_trees.estimator_batch`."""

from flowgraph.contrib.boosted_trees.estimator_batch import estimator

__all__ = ["estimator"]
