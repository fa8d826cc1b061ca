"""Reductions of the rows of a tile, the way that is the quickest for their length."""

from __future__ import annotations

import numpy as np

from flowgraph.ops.short_runs import row_sums

_SHORT = 64  # numbers in a row; of such rows NumPy's loop starts too often: 16 take 6 ns each
_VERY_SHORT = 20  # numbers in a row, where there are few rows
_FEW = 1 << 13  # numbers


def row_sum(x: np.ndarray) -> np.ndarray:
    """The sum of each row of floats, as an axis of size 1: by BLAS, as a product with ones.

    Example:
        >>> row_sum(np.ones((2, 3), np.float32))
        array([[3.],
               [3.]], dtype=float32)
    """
    if x.ndim != 2:
        return row_sums(x) if x.shape[-1] <= _SHORT else x.sum(axis=-1, keepdims=True)
    return np.dot(x, np.ones(x.shape[1], x.dtype))[:, None]


def row_max(x: np.ndarray) -> np.ndarray:
    """The largest number of each row, as an axis of size 1.

    Example:
        >>> row_max(np.eye(2, dtype=np.float32))
        array([[1.],
               [1.]], dtype=float32)
    """
    return _row_extreme(np.maximum, x)


def row_min(x: np.ndarray) -> np.ndarray:
    """The smallest number of each row, as an axis of size 1.

    Example:
        >>> row_min(np.eye(2, dtype=np.float32))
        array([[0.],
               [0.]], dtype=float32)
    """
    return _row_extreme(np.minimum, x)


def _row_extreme(ufunc: np.ufunc, x: np.ndarray) -> np.ndarray:
    length = x.shape[-1]
    if not 1 < length <= (_SHORT if x.size >= _FEW else _VERY_SHORT):
        return ufunc.reduce(x, axis=-1, keepdims=True)
    columns = np.ascontiguousarray(np.moveaxis(x, -1, 0))  # half the time of going through them
    return ufunc.reduce(columns, axis=0)[..., None]
