"""CuPy's functions for what is recorded as a CUDA graph.

CuPy refuses to record calls of cuBLAS: every one of its products raises NotImplementedError. Here
products of all kinds become products of matrices, or of stacks of them, that one function computes
(see `cublas.py`). And what sends a list of addresses to the GPU does without.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


class RecordedModule:
    """The array module `xp`, with products of matrices that can be recorded.

    Args:
        xp: `cupy`.
        product: computes the product of matrices, or of stacks of them, into an array.
    """

    def __init__(self, xp: Any, product: Callable[[Any, Any, Any], None]) -> None:
        self._xp = xp
        self._product = product

    def __getattr__(self, name: str) -> Any:
        return getattr(self._xp, name)

    def __eq__(self, other: object) -> bool:
        return other is self._xp or other is self  # what is kept by module is found, not kept again

    def __hash__(self) -> int:
        return hash(self._xp)

    def matmul(self, a: Any, b: Any, out: Any = None) -> Any:
        """As `cupy.matmul`."""
        if a.dtype.kind != "f" or a.dtype != b.dtype:
            return self._xp.matmul(a, b) if out is None else self._xp.matmul(a, b, out=out)
        left, right = a[None] if a.ndim == 1 else a, b[:, None] if b.ndim == 1 else b
        lead = np.broadcast_shapes(left.shape[:-2], right.shape[:-2])
        made = self._multiplied(left, right, lead)
        result = made.reshape((*lead, *left.shape[-2:-1][a.ndim == 1:],
                               *right.shape[-1:][b.ndim == 1:]))
        return _into(out, result)

    def dot(self, a: Any, b: Any, out: Any = None) -> Any:
        """As `cupy.dot`."""
        if 0 in (a.ndim, b.ndim) or b.ndim > 2:
            return self._xp.dot(a, b) if out is None else self._xp.dot(a, b, out=out)
        if a.ndim > 2:
            rows = self.matmul(a.reshape(-1, a.shape[-1]), b)
            return _into(out, rows.reshape((*a.shape[:-1], *b.shape[1:])))
        return self.matmul(a, b, out)

    def vdot(self, a: Any, b: Any) -> Any:
        """As `cupy.vdot`."""
        if a.dtype.kind == "c":
            a = a.conj()
        return self.matmul(a.reshape(-1), b.reshape(-1))

    def concatenate(self, tup: Any, axis: Any = 0, out: Any = None) -> Any:
        """As `cupy.concatenate`, which sends a list of addresses to the GPU for many arrays."""
        arrays = [a.reshape(-1) for a in tup] if axis is None else list(tup)
        axis = 0 if axis is None else axis % arrays[0].ndim
        if out is None:
            shape = list(arrays[0].shape)
            shape[axis] = sum(a.shape[axis] for a in arrays)
            out = self._xp.empty(shape, self._xp.result_type(*arrays))
        start = 0
        for a in arrays:
            end = start + a.shape[axis]
            out[(slice(None),) * axis + (slice(start, end),)] = a
            start = end
        return out

    def stack(self, tup: Any, axis: int = 0, out: Any = None) -> Any:
        """As `cupy.stack`."""
        return self.concatenate([self._xp.expand_dims(a, axis) for a in tup], axis, out)

    def tensordot(self, a: Any, b: Any, axes: Any = 2) -> Any:
        """As `cupy.tensordot`."""
        if isinstance(axes, int):
            axes = (range(a.ndim - axes, a.ndim), range(axes))
        ours, theirs = ([axis] if isinstance(axis, int) else list(axis) for axis in axes)
        ours = [axis % a.ndim for axis in ours]
        theirs = [axis % b.ndim for axis in theirs]
        rest = [axis for axis in range(a.ndim) if axis not in ours]
        others = [axis for axis in range(b.ndim) if axis not in theirs]
        length = int(np.prod([a.shape[axis] for axis in ours], dtype=int))
        left = a.transpose(*rest, *ours).reshape(-1, length)
        right = b.transpose(*theirs, *others).reshape(length, -1)
        return self.matmul(left, right).reshape([a.shape[axis] for axis in rest]
                                                + [b.shape[axis] for axis in others])

    def _multiplied(self, a: Any, b: Any, lead: tuple[int, ...]) -> Any:
        """The products of all matrices, as one stack; a matrix where `lead` is ()."""
        xp = self._xp
        rows, columns = a.shape[-2], b.shape[-1]
        if 0 in (*a.shape, *b.shape):  # BLAS takes none that are empty
            return xp.zeros((*lead, rows, columns), a.dtype)
        if b.ndim == 2 and a.ndim > 2 and a.flags.c_contiguous:  # one product of all rows
            a, lead = a.reshape(-1, a.shape[-1]), ()
            rows = a.shape[0]
        if lead:
            a, b = (xp.broadcast_to(x, (*lead, *x.shape[-2:])).reshape((-1, *x.shape[-2:]))
                    for x in (a, b))
        a, b = (x if leading_size(x) is not None else xp.ascontiguousarray(x) for x in (a, b))
        made = xp.empty((rows, columns) if not lead else (a.shape[0], rows, columns), a.dtype)
        self._product(a, b, made)
        return made


def _into(out: Any, result: Any) -> Any:
    if out is None:
        return result
    out[...] = result
    return out


def leading_size(x: Any) -> tuple[bool, int] | None:
    """How BLAS reads a matrix, or a stack of them: (whether it is transposed, its leading size).

    None where it cannot: neither rows nor columns are together.
    """
    size, rows, columns = x.dtype.itemsize, x.shape[-2], x.shape[-1]
    down, across = x.strides[-2], x.strides[-1]
    if any(stride % size for stride in x.strides):
        return None
    if (across == size or columns == 1) and (down >= columns * size or rows == 1):
        return False, max(down // size, columns) if rows > 1 else columns
    if (down == size or rows == 1) and (across >= rows * size or columns == 1):
        return True, max(across // size, rows) if columns > 1 else rows
    return None
