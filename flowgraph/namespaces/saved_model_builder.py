"""`tf.saved_model.builder`: writes a SavedModel."""

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.saved_model.builder import SavedModelBuilder

__getattr__ = _lazy("tf.saved_model.builder", globals())
