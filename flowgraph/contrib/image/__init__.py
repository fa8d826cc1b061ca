"""`tf.contrib.image`: rotated, shifted and otherwise transformed images; matched boxes."""

from flowgraph.contrib.image.transforms import (
    angles_to_projective_transforms,
    compose_transforms,
    flat_transforms_to_matrices,
    matrices_to_flat_transforms,
    rotate,
    transform,
    translate,
    translations_to_projective_transforms,
)
from flowgraph.core.lazy import lazy as _lazy
from flowgraph.ops.bipartite import bipartite_match

__getattr__ = _lazy("tf.contrib.image", globals())
