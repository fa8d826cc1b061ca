"""TensorFlow's own files: checkpoints, and the ops that write and read them."""
