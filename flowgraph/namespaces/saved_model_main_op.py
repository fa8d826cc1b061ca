"""`tf.saved_model.main_op`: what is run when a SavedModel is loaded."""

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.saved_model.main_op import main_op, main_op_with_restore

__getattr__ = _lazy("tf.saved_model.main_op", globals())
