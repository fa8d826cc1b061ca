"""`tf.saved_model.signature_def_utils`: inputs and outputs of a saved graph."""

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.saved_model.signature_def_utils import (
    build_signature_def,
    classification_signature_def,
    is_valid_signature,
    predict_signature_def,
    regression_signature_def,
)

__getattr__ = _lazy("tf.saved_model.signature_def_utils", globals())
