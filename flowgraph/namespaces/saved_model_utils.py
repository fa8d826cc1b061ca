"""`tf.saved_model.utils`: tensors as messages, and back."""

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.saved_model.tensor_info import build_tensor_info, get_tensor_from_tensor_info

__getattr__ = _lazy("tf.saved_model.utils", globals())
