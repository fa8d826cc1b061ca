"""`tensorflow.examples.tutorials.mnist`: the data and the model of the first tutorials."""

from flowgraph.core.lazy import lazy as _lazy

_HERE = "flowgraph.examples.tutorials.mnist"
__getattr__ = _lazy("tf.examples.tutorials.mnist", globals(),
                    {"input_data": f"{_HERE}.input_data", "mnist": f"{_HERE}.mnist"})
