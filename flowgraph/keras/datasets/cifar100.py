"""`tf.keras.datasets.cifar100`: colour images of 100 kinds of things."""

from __future__ import annotations

from typing import Any

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.datasets.cifar import load_cifar100


def load_data(label_mode: str = "fine") -> Any:
    """Loads `~/.keras/datasets/cifar-100-python`, a folder or a .tar.gz.

    Args:
        label_mode: "fine" for the 100 kinds, "coarse" for their 20 groups.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: uint8 images [n, 32, 32, 3] and labels [n, 1].

    Raises:
        DatasetError: the files are not there or damaged.
        ValueError: another label_mode.
    """
    return load_cifar100(label_mode=label_mode)


__getattr__ = _lazy("tf.keras.datasets.cifar100", globals())
