"""`tf.examples`: what programs import of TensorFlow's tutorials."""

from flowgraph.core.lazy import lazy as _lazy

_PARTS = ("tutorials",)

__getattr__ = _lazy("tf.examples", globals(),
                    {part: f"flowgraph.examples.{part}" for part in _PARTS})
