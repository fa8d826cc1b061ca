"""`tf.contrib.tensor_forest.client.random_forest`."""

from flowgraph.contrib.tensor_forest.estimator import TensorForestEstimator

__all__ = ["TensorForestEstimator"]
