"""`tf.saved_model`: folders with graphs, variables and files, as TensorFlow loads and serves them.

The modules of this package do the work; the public names come from them, each imported when it is
first used.
"""

from flowgraph.core.lazy import lazy as _lazy

_ROOM = "flowgraph.saved_model."
_CONSTANTS = _ROOM + "constants:"
_DEFS = _ROOM + "signature_def_utils:"
_SIGNATURES = _ROOM + "signature_constants:"
_TAGS = _ROOM + "tag_constants:"

__getattr__ = _lazy("tf.saved_model", globals(), {
    "ASSETS_DIRECTORY": _CONSTANTS + "ASSETS_DIRECTORY",
    "ASSETS_KEY": _CONSTANTS + "ASSETS_KEY",
    "Builder": _ROOM + "builder:SavedModelBuilder",
    "CLASSIFY_INPUTS": _SIGNATURES + "CLASSIFY_INPUTS",
    "CLASSIFY_METHOD_NAME": _SIGNATURES + "CLASSIFY_METHOD_NAME",
    "CLASSIFY_OUTPUT_CLASSES": _SIGNATURES + "CLASSIFY_OUTPUT_CLASSES",
    "CLASSIFY_OUTPUT_SCORES": _SIGNATURES + "CLASSIFY_OUTPUT_SCORES",
    "DEFAULT_SERVING_SIGNATURE_DEF_KEY": _SIGNATURES + "DEFAULT_SERVING_SIGNATURE_DEF_KEY",
    "GPU": _TAGS + "GPU",
    "LEGACY_INIT_OP_KEY": _CONSTANTS + "LEGACY_INIT_OP_KEY",
    "MAIN_OP_KEY": _CONSTANTS + "MAIN_OP_KEY",
    "PREDICT_INPUTS": _SIGNATURES + "PREDICT_INPUTS",
    "PREDICT_METHOD_NAME": _SIGNATURES + "PREDICT_METHOD_NAME",
    "PREDICT_OUTPUTS": _SIGNATURES + "PREDICT_OUTPUTS",
    "REGRESS_INPUTS": _SIGNATURES + "REGRESS_INPUTS",
    "REGRESS_METHOD_NAME": _SIGNATURES + "REGRESS_METHOD_NAME",
    "REGRESS_OUTPUTS": _SIGNATURES + "REGRESS_OUTPUTS",
    "SAVED_MODEL_FILENAME_PB": _CONSTANTS + "SAVED_MODEL_FILENAME_PB",
    "SAVED_MODEL_FILENAME_PBTXT": _CONSTANTS + "SAVED_MODEL_FILENAME_PBTXT",
    "SAVED_MODEL_SCHEMA_VERSION": _CONSTANTS + "SAVED_MODEL_SCHEMA_VERSION",
    "SERVING": _TAGS + "SERVING",
    "TPU": _TAGS + "TPU",
    "TRAINING": _TAGS + "TRAINING",
    "VARIABLES_DIRECTORY": _CONSTANTS + "VARIABLES_DIRECTORY",
    "VARIABLES_FILENAME": _CONSTANTS + "VARIABLES_FILENAME",
    "build_signature_def": _DEFS + "build_signature_def",
    "build_tensor_info": _ROOM + "tensor_info:build_tensor_info",
    "builder": _ROOM + "builder",
    "classification_signature_def": _DEFS + "classification_signature_def",
    "constants": _ROOM + "constants",
    "contains_saved_model": _ROOM + "files:contains_saved_model",
    "get_tensor_from_tensor_info": _ROOM + "tensor_info:get_tensor_from_tensor_info",
    "is_valid_signature": _DEFS + "is_valid_signature",
    "load": _ROOM + "loader:load",
    "loader": _ROOM + "loader",
    "main_op": _ROOM + "main_op",
    "main_op_with_restore": _ROOM + "main_op:main_op_with_restore",
    "maybe_saved_model_directory": _ROOM + "files:maybe_saved_model_directory",
    "predict_signature_def": _DEFS + "predict_signature_def",
    "regression_signature_def": _DEFS + "regression_signature_def",
    "signature_constants": _ROOM + "signature_constants",
    "signature_def_utils": _ROOM + "signature_def_utils",
    "simple_save": _ROOM + "builder:simple_save",
    "tag_constants": _ROOM + "tag_constants",
    "utils": _ROOM + "tensor_info",
})
