"""Memory of a GPU that is not there, with CuPy's manners: it is limited, kept, and used again.

What is freed is filled with NaN, in bytes 0xFF, as it is any array's next; and blocks that were
given back to the device are marked, so that a graph that still writes there is caught.
"""

from __future__ import annotations

from typing import Any

import numpy as np

_UNIT = 512
_POISON = 0xFF


class OutOfMemoryError(MemoryError):
    """CuPy's error of this name."""

    def __init__(self, size: int, total: int, limit: int) -> None:
        super().__init__(f"Out of memory allocating {size:,} bytes (allocated so far: {total:,} "
                         f"bytes, limit set to: {limit:,} bytes).")
        self._size, self._total, self._limit = size, total, limit


class Slab(np.ndarray):
    """Bytes of the device, which Python keeps as long as anything has their address."""

    is_mapped = True


class Lease:
    """Memory that an array, and all its views, have; it is free when the last of them is gone."""

    def __init__(self, slab: Slab, size: int) -> None:
        self.slab = slab
        self.size = size
        self.ptr = slab.ctypes.data

    @property
    def __array_interface__(self) -> dict[str, Any]:
        return {"data": (self.ptr, False), "shape": (self.size,), "typestr": "|u1", "version": 3}


class PooledLease(Lease):
    """Memory of a pool."""

    def __init__(self, pool: Pool, slab: Slab, size: int) -> None:
        super().__init__(slab, size)
        self._pool = pool

    def __del__(self) -> None:
        self.slab[...] = _POISON
        self._pool.used -= self.slab.nbytes
        self._pool.kept.setdefault(self.slab.nbytes, []).append(self.slab)


class BorrowedLease(Lease):
    """Memory that is lent while a graph is rehearsed or recorded."""

    def __init__(self, loan: Any, size: int) -> None:
        super().__init__(loan.block.memory.slab, size)
        self._loan = loan

    def __del__(self) -> None:
        self.slab[...] = _POISON


class Pool:
    """cupy.cuda.MemoryPool.

    Args:
        limit: bytes.

    Attributes:
        used, total: bytes that arrays have, and those that are kept for others too.
        peak: the most that were used.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = self.total = self.peak = 0
        self.kept: dict[int, list[Slab]] = {}

    def malloc(self, size: int) -> PooledLease:
        rounded = max(1, -(-size // _UNIT)) * _UNIT
        kept = self.kept.get(rounded)
        if kept:
            slab = kept.pop()
        else:
            if self.total + rounded > self.limit:
                self.free_all_blocks()
            if self.total + rounded > self.limit:
                raise OutOfMemoryError(rounded, self.total, self.limit)
            slab = np.full(rounded, _POISON, np.uint8).view(Slab)
            self.total += rounded
        self.used += rounded
        self.peak = max(self.peak, self.used)
        return PooledLease(self, slab, size)

    def free_all_blocks(self) -> None:
        for kept in self.kept.values():
            while kept:
                slab = kept.pop()
                slab.is_mapped = False
                self.total -= slab.nbytes


def lease_of(array: np.ndarray) -> Lease | None:
    """The device's memory that an array is in; None where it is the host's."""
    base: Any = array
    while isinstance(base, np.ndarray):
        base = base.base
    return base if isinstance(base, Lease) else None


def placed(array: np.ndarray, malloc: Any) -> np.ndarray:
    """An array in memory of the device: itself if it is there, else a copy."""
    if array.nbytes == 0 or lease_of(array) is not None or _slab_of(array) is not None:
        return array
    order = "F" if array.flags.f_contiguous and not array.flags.c_contiguous else "C"
    there = np.asarray(malloc(array.nbytes)).view(array.dtype).reshape(array.shape, order=order)
    there[...] = array
    return there


def without_lease(array: np.ndarray) -> np.ndarray:
    """The same memory, as one has it who knows the address only."""
    lease = lease_of(array)
    if lease is None:
        return array
    slab = lease.slab
    return np.ndarray(array.shape, array.dtype, slab, array.ctypes.data - slab.ctypes.data,
                      array.strides)


def _slab_of(array: np.ndarray) -> Slab | None:
    base: Any = array
    while isinstance(base, np.ndarray) and not isinstance(base, Slab):
        base = base.base
    return base if isinstance(base, Slab) else None


def check_mapped(array: np.ndarray) -> None:
    """Raises what CUDA does where memory is written that was given back to the device."""
    slab = _slab_of(array)
    if slab is not None and not slab.is_mapped:
        raise RuntimeError("cudaErrorIllegalAddress: a graph writes memory that was given back")
