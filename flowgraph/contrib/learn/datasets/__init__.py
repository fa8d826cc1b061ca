"""`tf.contrib.learn.datasets`: small data sets that come with flowgraph, and readers of files."""

from flowgraph.contrib.learn.datasets.named import DATASETS, load_dataset
from flowgraph.core.lazy import lazy as _lazy
from flowgraph.datasets.batches import load_mnist
from flowgraph.datasets.tables import load_boston, load_iris

__all__ = ["DATASETS", "load_boston", "load_dataset", "load_iris", "load_mnist"]
__getattr__ = _lazy("tf.contrib.learn.datasets", globals(), {
    "base": "flowgraph.contrib.learn.datasets.base",
    "mnist": "flowgraph.contrib.learn.datasets.mnist"})
