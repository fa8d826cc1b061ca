"""Checkpoints in files: TensorFlow's two formats, NumPy's, and the ops that write and read them."""
