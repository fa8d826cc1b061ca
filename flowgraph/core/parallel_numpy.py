"""NumPy's matrix products, stacks of small ones split over the pool.

A plan hands this module to the kernel of a product in NumPy's place. The BLAS library splits a
large product over threads of its own (see `core.blas`); of a stack it gets one small product after
another, which are shared out here.

The library knows no halves, and NumPy's own loop takes fifty times as long (256 x 256 by 256 x 256:
220 ms): halves are multiplied as float32, and the result is rounded.
"""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from flowgraph.core.pool import parallel, width

LARGE = 1 << 23  # multiplications of a stack from which on it is split
SMALL = 1 << 21  # of one product up to which the library's own threads are no quicker


def dot(a: Any, b: Any, out: Any = None) -> Any:
    """The product of two matrices.

    Args:
        a: [m, k] array.
        b: [k, n] array.
        out: [m, n] array to write into, or None.

    Example:
        >>> dot(np.ones((64, 256), np.float16), np.ones((256, 128), np.float16))[0, 0]
        np.float16(256.0)
    """
    if a.dtype == np.float16:
        return _rounded(dot(a.astype(np.float32), b.astype(np.float32)), out)
    return np.dot(a, b, out=out)


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
    count = min(width(), shape[0]) if shape else 1
    each = a.shape[-2] * a.shape[-1] * b.shape[-1]
    if count < 2 or each > SMALL or each * int(np.prod(shape)) < LARGE:
        return np.matmul(a, b, out=out)
    if out is None:
        out = np.empty((*shape, a.shape[-2], b.shape[-1]), np.result_type(a, b))

    def part(array: Any, i: int, j: int) -> Any:
        whole = array.ndim < len(shape) + 2 or array.shape[0] == 1
        return array if whole else array[i:j]

    parallel([partial(np.matmul, part(a, i, j), part(b, i, j), out=out[i:j])
              for i, j in pairwise(shape[0] * i // count for i in range(count + 1))])
    return out


def _rounded(product: Any, out: Any) -> Any:
    """A product as halves, in `out` if that is given."""
    if out is None:
        return product.astype(np.float16)
    out[...] = product
    return out
