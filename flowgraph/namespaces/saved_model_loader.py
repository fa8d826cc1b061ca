"""`tf.saved_model.loader`: loads a SavedModel."""

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.saved_model.files import maybe_saved_model_directory
from flowgraph.saved_model.loader import load

__getattr__ = _lazy("tf.saved_model.loader", globals())
