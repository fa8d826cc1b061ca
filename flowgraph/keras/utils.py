"""`tf.keras.utils`: helpers for labels and arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.core.lazy import lazy as _lazy


def to_categorical(y: Any, num_classes: int | None = None, dtype: str = "float32") -> Any:
    """Numbers of classes as rows with a 1 at the class.

    Args:
        y: integers, of any shape; a last axis of size 1 is dropped.
        num_classes: how many classes there are; default the largest number plus 1.
        dtype: dtype of the result.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.utils.to_categorical([0, 2])
        array([[1., 0., 0.],
               [0., 0., 1.]], dtype=float32)
    """
    classes = np.array(y, dtype=int)
    shape = classes.shape[:-1] if classes.ndim > 1 and classes.shape[-1] == 1 else classes.shape
    flat = classes.ravel()
    count = num_classes or (int(flat.max()) + 1 if flat.size else 0)
    rows = np.zeros((flat.size, count), dtype)
    rows[np.arange(flat.size), flat] = 1
    return rows.reshape(*shape, count)


def normalize(x: Any, axis: int = -1, order: int = 2) -> Any:
    """Rows of an array, each scaled to length 1.

    Args:
        x: an array.
        axis: the axis of the rows.
        order: of the norm, 2 for the usual length.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.utils.normalize([[3.0, 4.0]])
        array([[0.6, 0.8]])
    """
    lengths = np.atleast_1d(np.linalg.norm(x, order, axis))
    lengths[lengths == 0] = 1
    return np.asarray(x) / np.expand_dims(lengths, axis)


__getattr__ = _lazy("tf.keras.utils", globals())
