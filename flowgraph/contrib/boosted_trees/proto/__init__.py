"""`tf.contrib.boosted_trees.proto`."""

from flowgraph.contrib.boosted_trees.proto import learner_pb2

__all__ = ["learner_pb2"]
