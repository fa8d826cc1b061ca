"""NumPy's matrix products, large ones split over the pool.

A plan hands this module to the kernel of a large product in NumPy's place. Each part is one call of
the BLAS library, which is held to one thread meanwhile (see `core.blas`).

The library knows no halves, and NumPy's own loop takes fifty times as long (256 x 256 by 256 x 256:
220 ms): halves are multiplied as float32, and the result is rounded.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from flowgraph.core.pool import cores, parallel

# Multiplications from which on a product is split. Measured on two idle cores, one thread against
# two: 128x784x256 0.84 and 1.07 ms, 320x1120x1024 13.2 and 7.0 ms, 1024^3 36 and 19 ms.
LARGE = 1 << 26
_LEAST = 16  # rows or columns of a part; fewer leave the library's kernels half empty


def dot(a: Any, b: Any, out: Any = None) -> Any:
    """The product of two matrices.

    Args:
        a: [m, k] array.
        b: [k, n] array.
        out: [m, n] array to write into, or None.

    Example:
        >>> dot(np.ones((64, 256), np.float32), np.ones((256, 128), np.float32))[0, 0]
        np.float32(256.0)
    """
    if a.dtype == np.float16:
        return _rounded(dot(a.astype(np.float32), b.astype(np.float32)), out)
    m, n = a.shape[0], b.shape[1]
    count = min(cores(), max(m, n) // _LEAST)
    if count < 2 or m * n * a.shape[1] < LARGE:
        return np.dot(a, b, out=out)
    if out is None:
        out = np.empty((m, n), np.result_type(a, b))
    if m >= n or m >= 8 * _LEAST:  # parts of rows: each is contiguous
        cuts = _cuts(m, count)
        parallel([lambda i=i, j=j: np.dot(a[i:j], b, out=out[i:j])  # type: ignore[misc]
                  for i, j in cuts])
    else:
        cuts = _cuts(n, count)
        parallel([lambda i=i, j=j: np.matmul(a, b[:, i:j], out=out[:, i:j])  # type: ignore[misc]
                  for i, j in cuts])
    return out


def matmul(a: Any, b: Any, out: Any = None) -> Any:
    """The products of two stacks of matrices.

    Args:
        a: [..., m, k] array.
        b: [..., k, n] array; the sizes before the last two broadcast.
        out: array to write into, or None.

    Example:
        >>> matmul(np.ones((4, 64, 128)), np.ones((4, 128, 64))).shape
        (4, 64, 64)
    """
    if a.dtype == np.float16:
        return _rounded(matmul(a.astype(np.float32), b.astype(np.float32)), out)
    shape = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    count = min(cores(), shape[0]) if shape else 1
    size = int(np.prod(shape)) * a.shape[-2] * a.shape[-1] * b.shape[-1]
    if count < 2 or size < LARGE:
        return np.matmul(a, b, out=out)
    if out is None:
        out = np.empty((*shape, a.shape[-2], b.shape[-1]), np.result_type(a, b))

    def part(array: Any, i: int, j: int) -> Any:
        whole = array.ndim < len(shape) + 2 or array.shape[0] == 1
        return array if whole else array[i:j]

    parallel([lambda i=i, j=j: np.matmul(part(a, i, j), part(b, i, j),  # type: ignore[misc]
                                         out=out[i:j]) for i, j in _cuts(shape[0], count)])
    return out


def _rounded(product: Any, out: Any) -> Any:
    """A product as halves, in `out` if that is given."""
    if out is None:
        return product.astype(np.float16)
    out[...] = product
    return out


def _cuts(size: int, count: int) -> list[tuple[int, int]]:
    """`count` ranges of about the same length, cut where the library's kernels like it."""
    unit = _LEAST if size >= 2 * count * _LEAST else 1
    edges = [size * i // count // unit * unit for i in range(count)] + [size]
    return list(pairwise(edges))
