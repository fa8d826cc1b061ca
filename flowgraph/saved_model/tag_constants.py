"""`tf.saved_model.tag_constants`: usual tags of the graphs in a SavedModel."""

EVAL = "eval"
GPU = "gpu"
SERVING = "serve"
TPU = "tpu"
TRAINING = "train"
