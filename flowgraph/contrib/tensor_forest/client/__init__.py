"""`tf.contrib.tensor_forest.client`: random forests as estimators."""

from flowgraph.contrib.tensor_forest.client import random_forest

__all__ = ["random_forest"]
