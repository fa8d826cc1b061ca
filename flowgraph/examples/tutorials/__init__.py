"""`tf.examples.tutorials`: modules of TensorFlow's tutorials that programs import."""

from flowgraph.core.lazy import lazy as _lazy

__getattr__ = _lazy("tf.examples.tutorials", globals(),
                    {"mnist": "flowgraph.examples.tutorials.mnist"})
