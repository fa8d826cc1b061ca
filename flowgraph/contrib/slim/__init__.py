"""`tf.contrib.slim`: the layers, argument scopes and variables of contrib under one name; training.

    from flowgraph.contrib import slim

    with slim.arg_scope([slim.conv2d], weights_regularizer=slim.l2_regularizer(0.0005)):
        net = slim.repeat(images, 2, slim.conv2d, 64, [3, 3], scope="conv1")
        net = slim.max_pool2d(net, [2, 2], scope="pool1")
"""

from flowgraph.contrib import framework as _framework
from flowgraph.contrib import layers as _layers
from flowgraph.core.lazy import lazy as _lazy


def _names_of(module, where):
    """Where each public name of a module of contrib is found."""
    return {name: f"{where}:{name}" for name in dir(module) if not name.startswith("_")}


_LAZY = {
    **_names_of(_layers, "flowgraph.contrib.layers"),
    **{name: where for name, where in _names_of(_framework, "flowgraph.contrib.framework").items()
       if name not in ("argument_scope", "nest", "variables")},
    **{module: f"flowgraph.contrib.slim.{module}" for module in (
        "data_decoder", "data_provider", "dataset", "dataset_data_provider", "parallel_reader",
        "prefetch_queue", "tfexample_decoder")},
    "evaluation": "flowgraph.contrib.slim.evaluation",
    "layers": "flowgraph.contrib.layers",  # in TensorFlow the module of the layers alone
    "learning": "flowgraph.contrib.slim.learning",
    "losses": "flowgraph.contrib.losses",
    "metrics": "flowgraph.contrib.metrics",
    "model_analyzer": "flowgraph.contrib.slim.model_analyzer",
    "nets": "flowgraph.contrib.slim.nets",
    "queues": "flowgraph.contrib.slim.queues",
    "summaries": "flowgraph.contrib.slim.summaries",
    "utils": "flowgraph.contrib.layers.outputs",
    "variable_scope": "flowgraph.ops.variable_scope",  # the module, as slim has it
}

__getattr__ = _lazy("tf.contrib.slim", globals(), _LAZY)
