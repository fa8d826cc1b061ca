"""Packages that TensorFlow had outside its list of public names, imported by their path.

Nobody can say of them by that list whether TensorFlow had them; what to do is said where it is
known.
"""

from __future__ import annotations

_COPY = "Copy the files that the program imports into its folder, and import them from there"

# From the package below `tf` to what to say of it and of all below.
PACKAGES: dict[str, str] = {
    "tf.models.rnn.ptb": "`flowgraph run --legacy` offers tensorflow.models.rnn.ptb.reader. "
    f"What else the package held: {_COPY.lower()}.",
    "tf.models": "The package held example programs until TensorFlow 0.12; they are in the "
    f"repository tensorflow/models since then. {_COPY}. Of it, models.rnn has moved to tf.nn and "
    "tf.nn.rnn_cell: `flowgraph run --legacy` offers rnn, rnn_cell, seq2seq, linear and "
    "ptb.reader of models.rnn.",
    "tf.tools": "The package held TensorFlow's own tools. In place of graph_transforms, use "
    "tf.graph_util: convert_variables_to_constants, remove_training_nodes, extract_sub_graph; "
    "tensorflow.python.tools has freeze_graph and inspect_checkpoint.",
    "tf.tensorboard": "TensorBoard is a package of its own: `pip install tensorboard`. The "
    "projector's settings are in tf.contrib.tensorboard.plugins.projector.",
    "tf.examples": f"The package held TensorFlow's example programs. {_COPY}; "
    "tensorflow.examples.tutorials.mnist is offered.",
    "tf.lite": "It converts models for phones. Save the model with tf.saved_model, or "
    "tf.train.Saver.",
    "tf.compiler": "It belongs to TensorFlow's compiler XLA. Leave it out: the numbers are the "
    "same.",
    "tf.stream_executor": "It belongs to the inside of TensorFlow.",
    "tf.user_ops": "It held compiled operations of the user's own. Use tf.py_func.",
    "tf.nn.inference_top_k": "It is a name of before TensorFlow 1.0. Use tf.nn.top_k.",
    "tf.g3doc": f"The package held TensorFlow's documentation with its programs. {_COPY}.",
}


def by_path(name: str) -> str:
    """What to say of a package that TensorFlow had outside its public names; "" of any other.

    Args:
        name: the full name, as `tf.tools.graph_transforms`.

    Example:
        >>> by_path("tf.stream_executor")
        'flowgraph has no tensorflow.stream_executor. It belongs to the inside of TensorFlow.'
    """
    for package, what in PACKAGES.items():
        if name == package or name.startswith(package + "."):
            return f"flowgraph has no tensorflow.{name.removeprefix('tf.')}. {what}"
    return ""
