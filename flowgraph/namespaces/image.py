"""`tf.image`: images."""

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.ops.patches import extract_image_patches

__getattr__ = _lazy("tf.image", globals())
