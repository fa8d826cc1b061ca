"""`tf.keras`, as far as programs of TensorFlow 1 use it: layers, losses, small models.

    layer               the base of layers: keras's names, masks, learning phase
    layers/             the layers
    models              Sequential and Model: layers together, training and evaluation
    losses, metrics, optimizers, initializers, regularizers, constraints, activations
                        keras's names and defaults for what flowgraph has
    backend             session, learning phase, and common ops
    datasets            data sets from files on this machine; nothing is downloaded
    preprocessing       sequences, texts and images made ready, in NumPy
"""

from flowgraph.core.lazy import lazy as _lazy

__version__ = "2.2.4-tf"  # TensorFlow 1.15's
_HERE = "flowgraph.keras."
_LAZY = {
    "Input": _HERE + "layers.core:Input",
    "Model": _HERE + "models:Model",
    "Sequential": _HERE + "models:Sequential",
    **{name: _HERE + name for name in (
        "activations", "backend", "callbacks", "constraints", "datasets", "initializers", "layers",
        "losses", "metrics", "models", "optimizers", "preprocessing", "regularizers", "utils")},
}
__getattr__ = _lazy("tf.keras", globals(), _LAZY)
