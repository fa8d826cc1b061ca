"""`tf.keras.datasets.cifar10`: colour images of 10 kinds of things."""

from __future__ import annotations

from typing import Any

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.datasets.cifar import load_cifar10


def load_data() -> Any:
    """Loads `~/.keras/datasets/cifar-10-batches-py`, a folder or a .tar.gz.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: uint8 images [n, 32, 32, 3] and labels [n, 1].

    Raises:
        DatasetError: the files are not there or damaged.
    """
    return load_cifar10()


__getattr__ = _lazy("tf.keras.datasets.cifar10", globals())
