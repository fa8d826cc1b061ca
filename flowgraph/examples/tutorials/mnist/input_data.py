"""`tensorflow.examples.tutorials.mnist.input_data`: MNIST in batches (flowgraph/datasets/batches).

The names of the older versions of this module are here too.
"""

from __future__ import annotations

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.datasets.batches import (
    DEFAULT_SOURCE_URL,
    DataSet,
    Datasets,
    dense_to_one_hot,
    extract_images,
    extract_labels,
    load_mnist,
    read_data_sets,
)

__all__ = ["DEFAULT_SOURCE_URL", "SOURCE_URL", "DataSet", "Datasets", "dense_to_one_hot",
           "extract_images", "extract_labels", "load_mnist", "read_data_sets"]

SOURCE_URL = DEFAULT_SOURCE_URL
__getattr__ = _lazy("tf.examples.tutorials.mnist.input_data", globals())
