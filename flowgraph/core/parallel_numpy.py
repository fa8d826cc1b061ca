"""NumPy's matrix products, done the way that is the quickest for their sizes.

A plan hands this module to the kernel of a product in NumPy's place; what else a kernel asks for is
NumPy's.

- A large product is `np.matmul`'s, since `np.dot` fills the memory that it is given with zeros
  first: 784x128 by 128x256 takes 0.24 ms on two threads, and 0.32 with that. Small ones stay with
  `np.dot`, which is called more quickly.
- A few rows times large weights that are transposed: BLAS lays out the weights anew, and that goes
  down their columns. (W aᵀ)ᵀ is the same product, for which it reads them row by row: 32x1024 by
  1024x1024 takes 0.55 ms in place of 0.80, with the transposition of the result. With more than
  32 rows, or in float64, that is no quicker.
- The BLAS library splits a large product over threads of its own (see `core.blas`); of a stack it
  gets one small product after another, which are shared out here. So are the rows of a very large
  product while others use the cores, and the library is held to fewer threads, since these spin:
  threads that sleep get their part of the cores. Four products of 1024x1024 beside two busy
  programs take 0.81 of the time (in turn).

The library knows no halves, and NumPy's own loop takes fifty times as long (256 x 256 by 256 x 256:
220 ms): halves are multiplied as float32, and the result is rounded.
"""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from flowgraph.core.blas import is_held_back
from flowgraph.core.pool import parallel, width
from flowgraph.core.scratch import Scratch

LARGE = 1 << 23  # multiplications of a stack from which on it is split
SMALL = 1 << 21  # of one product up to which the library's own threads are no quicker
_VERY_LARGE = 1 << 27  # of one product from which on its rows are shared out on a busy machine
_MANY_RESULTS = 1 << 14  # from which on `np.dot` takes notable time to fill them with zeros
_PARTS = 2  # of such a product for each thread: one that waits for a core leaves its to the others
_FEW_ROWS = range(4, 33)  # of a first factor, with which the second is laid out most of the time
_LEAST_SIDE = 192  # of a second factor; what is narrow is laid out quickly


def is_large(out: tuple[int, ...], b: tuple[int, ...]) -> bool:
    """Whether `dot` may be quicker than `np.dot`.

    Args:
        out: shape of the product.
        b: shape of the second factor.

    Example:
        >>> [is_large((rows, 256), (512, 256)) for rows in (1, 8, 256)]
        [False, True, True]
    """
    return ((min(out) > 1 and out[0] * out[1] >= _MANY_RESULTS)
            or (out[0] in _FEW_ROWS and min(b) >= _LEAST_SIDE))


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
    if (len(a) in _FEW_ROWS and b.flags.fnc and min(b.shape) >= _LEAST_SIDE
            and b.dtype == np.float32):
        return _turned(a, b, out)
    if a.flags.forc and b.flags.forc:
        if a.size * b.shape[1] >= _VERY_LARGE and width() > 1 and is_held_back():
            return _shared_out(a, b, out)
        return np.matmul(a, b, out=out)
    return np.dot(a, b, out=out)  # NumPy before 2.3 does without BLAS in np.matmul


def _shared_out(a: Any, b: Any, out: Any) -> Any:
    """The product, some rows at a time."""
    if out is None:
        out = np.empty((len(a), b.shape[1]), np.result_type(a, b))
    count = min(_PARTS * width(), len(a))
    parallel([partial(np.matmul, a[i:j], b, out=out[i:j])
              for i, j in pairwise(len(a) * i // count for i in range(count + 1))])
    return out


def _turned(a: Any, b: Any, out: Any) -> Any:
    """(bᵀ aᵀ)ᵀ."""
    if out is None:
        out = np.empty((len(a), b.shape[1]), a.dtype)
    with Scratch(np) as scratch:
        product = scratch.empty(out.shape[::-1], a.dtype)
        np.matmul(b.T, a.T, out=product)
        out[...] = product.T
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
    if a.shape[-1] == 1 and a.ndim > 2 and a.dtype.kind in "fc":
        # Columns by rows, as in the gradient of attention: 32 of 30 x 128 take np.matmul 330 us,
        # and the product with broadcasting 76.
        return np.multiply(a, b, out=out)
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


def __getattr__(name: str) -> Any:
    return getattr(np, name)


def _rounded(product: Any, out: Any) -> Any:
    """A product as halves, in `out` if that is given."""
    if out is None:
        return product.astype(np.float16)
    out[...] = product
    return out
