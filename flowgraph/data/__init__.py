"""Data to learn from: MNIST and Fashion-MNIST images, the IDX reader, batches."""

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.data.idx import read_idx
from flowgraph.data.images import ImageSet, Split, batches, load_fashion_mnist, load_mnist

__all__ = ["ImageSet", "Split", "batches", "load_fashion_mnist", "load_mnist", "read_idx"]

__getattr__ = _lazy("tf.data", globals())
