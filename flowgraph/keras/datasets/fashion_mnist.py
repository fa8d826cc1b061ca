"""`tf.keras.datasets.fashion_mnist`: pictures of clothes."""

from __future__ import annotations

from typing import Any

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.datasets.mnist import load_mnist_arrays


def load_data() -> Any:
    """Loads the four files in `~/.keras/datasets/fashion-mnist`, or the built-in subset.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: uint8 images [n, 28, 28] and labels [n].

    Raises:
        DatasetError: a file is there but damaged.

    Example:
        >>> import flowgraph as fg
        >>> (x, y), _ = fg.keras.datasets.fashion_mnist.load_data()
        >>> x.shape[1:], y.dtype
        ((28, 28), dtype('uint8'))
    """
    x, y, x_test, y_test, _ = load_mnist_arrays("fashion_mnist")
    return (x, y), (x_test, y_test)


__getattr__ = _lazy("tf.keras.datasets.fashion_mnist", globals())
