"""`tf.contrib.learn.datasets.mnist`: the handwritten digits in batches."""

from flowgraph.datasets.batches import (
    DataSet,
    dense_to_one_hot,
    extract_images,
    extract_labels,
    load_mnist,
    read_data_sets,
)

__all__ = ["DataSet", "dense_to_one_hot", "extract_images", "extract_labels", "load_mnist",
           "read_data_sets"]
