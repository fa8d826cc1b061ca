"""`tf.keras.datasets.mnist`: handwritten digits."""

from __future__ import annotations

from typing import Any

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.datasets.mnist import load_mnist_arrays, read_npz_file
from flowgraph.datasets.places import first_of


def load_data(path: str = "mnist.npz") -> Any:
    """Loads keras's file, or the original ones; where neither is there, the built-in subset.

    Args:
        path: name of keras's file in $FLOWGRAPH_DATA or `~/.keras/datasets`, or an absolute path.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: uint8 images [n, 28, 28] and labels [n].

    Raises:
        DatasetError: a file is there but damaged.

    Example:
        >>> import flowgraph as fg
        >>> (x, y), _ = fg.keras.datasets.mnist.load_data()
        >>> x.shape[1:], y.dtype
        ((28, 28), dtype('uint8'))
    """
    file = first_of([path], ["mnist"])
    x, y, x_test, y_test, _ = load_mnist_arrays() if file is None else read_npz_file(file)
    return (x, y), (x_test, y_test)


__getattr__ = _lazy("tf.keras.datasets.mnist", globals())
