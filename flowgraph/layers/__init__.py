"""`tf.layers`: layers that make their variables, as functions and as classes."""

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.layers.base import Layer
from flowgraph.layers.input_spec import InputSpec

__getattr__ = _lazy("tf.layers", globals())
