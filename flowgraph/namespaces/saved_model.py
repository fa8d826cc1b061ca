"""`tf.saved_model`: folders with graphs, variables and files, as TensorFlow's servers load them."""

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.saved_model.builder import SavedModelBuilder as Builder
from flowgraph.saved_model.builder import simple_save
from flowgraph.saved_model.constants import (
    ASSETS_DIRECTORY,
    ASSETS_KEY,
    LEGACY_INIT_OP_KEY,
    MAIN_OP_KEY,
    SAVED_MODEL_FILENAME_PB,
    SAVED_MODEL_FILENAME_PBTXT,
    SAVED_MODEL_SCHEMA_VERSION,
    VARIABLES_DIRECTORY,
    VARIABLES_FILENAME,
)
from flowgraph.saved_model.files import contains_saved_model, maybe_saved_model_directory
from flowgraph.saved_model.loader import load
from flowgraph.saved_model.main_op import main_op_with_restore
from flowgraph.saved_model.signature_constants import (
    CLASSIFY_INPUTS,
    CLASSIFY_METHOD_NAME,
    CLASSIFY_OUTPUT_CLASSES,
    CLASSIFY_OUTPUT_SCORES,
    DEFAULT_SERVING_SIGNATURE_DEF_KEY,
    PREDICT_INPUTS,
    PREDICT_METHOD_NAME,
    PREDICT_OUTPUTS,
    REGRESS_INPUTS,
    REGRESS_METHOD_NAME,
    REGRESS_OUTPUTS,
)
from flowgraph.saved_model.signature_def_utils import (
    build_signature_def,
    classification_signature_def,
    is_valid_signature,
    predict_signature_def,
    regression_signature_def,
)
from flowgraph.saved_model.tag_constants import GPU, SERVING, TPU, TRAINING
from flowgraph.saved_model.tensor_info import build_tensor_info, get_tensor_from_tensor_info

__getattr__ = _lazy("tf.saved_model", globals(), {
    "builder": "flowgraph.namespaces.saved_model_builder",
    "constants": "flowgraph.saved_model.constants",
    "loader": "flowgraph.namespaces.saved_model_loader",
    "main_op": "flowgraph.namespaces.saved_model_main_op",
    "signature_constants": "flowgraph.saved_model.signature_constants",
    "signature_def_utils": "flowgraph.namespaces.saved_model_signatures",
    "tag_constants": "flowgraph.saved_model.tag_constants",
    "utils": "flowgraph.namespaces.saved_model_utils",
})
