"""`tf.contrib.boosted_trees`: gradient boosted trees, as estimators of `tf.contrib.learn`."""

from flowgraph.core.lazy import lazy as _lazy

_HERE = "flowgraph.contrib.boosted_trees."
__getattr__ = _lazy("tf.contrib.boosted_trees", globals(), {
    "estimator_batch": _HERE + "estimator_batch", "proto": _HERE + "proto"})
