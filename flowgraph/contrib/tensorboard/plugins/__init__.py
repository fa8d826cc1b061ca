"""`tf.contrib.tensorboard.plugins`: the projector, which shows embeddings."""

from flowgraph.core.lazy import lazy as _lazy

__getattr__ = _lazy("tf.contrib.tensorboard.plugins", globals(),
                    {"projector": "flowgraph.contrib.tensorboard.plugins.projector"})
