"""`tf.keras.preprocessing`: sequences, texts and images made ready for a model, in NumPy."""

from flowgraph.core.lazy import lazy as _lazy

_HERE = "flowgraph.keras.preprocessing."
__getattr__ = _lazy("tf.keras.preprocessing", globals(),
                    {name: _HERE + name for name in ("image", "sequence", "text")})
