"""`tf.contrib.learn.learn_runner`: runs experiments."""

from flowgraph.contrib.learn.experiments import run

__all__ = ["run"]
