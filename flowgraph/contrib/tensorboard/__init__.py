"""`tf.contrib.tensorboard`: what TensorBoard's plugins are told."""

from flowgraph.core.lazy import lazy as _lazy

__getattr__ = _lazy("tf.contrib.tensorboard", globals(),
                    {"plugins": "flowgraph.contrib.tensorboard.plugins"})
