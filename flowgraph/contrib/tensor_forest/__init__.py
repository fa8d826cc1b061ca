"""`tf.contrib.tensor_forest`: random forests that grow while batches of examples come in."""

from flowgraph.core.lazy import lazy as _lazy

_HERE = "flowgraph.contrib.tensor_forest."
__getattr__ = _lazy("tf.contrib.tensor_forest", globals(), {
    **{name: _HERE + f"forest:{name}" for name in ("ForestHParams", "RandomForestGraphs")},
    "TensorForestEstimator": _HERE + "estimator:TensorForestEstimator",
    "client": _HERE + "client",
    "random_forest": _HERE + "client.random_forest",
    "tensor_forest": _HERE + "forest",
})
