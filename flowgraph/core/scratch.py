"""Memory for what a kernel needs while it works on a tile, kept from one run to the next.

The system hands out large pieces of memory page by page, at the first touch: a temporary of 1 MB
costs 256 page faults, which is as long as it takes to fill it five times. A kernel that goes
through its work tile by tile takes its memory from here once, and gives it back at the end:

    with Scratch(np) as scratch:
        columns = scratch.empty((512, 288), np.float32)

A piece belongs to one thread at a time. What lies in it when it is taken is what others have left.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

MOST = 1 << 26  # bytes that are kept, about: a net as VGG on small images takes 40 MB
_ALIGNED = 64  # bytes, a line of the cache
_kept: dict[int, list[np.ndarray]] = {}  # by size


class Scratch:
    """Arrays that live until the end of a `with` block.

    Args:
        xp: the array module; another one than NumPy keeps its memory itself.
    """

    __slots__ = ("_taken", "_xp")

    def __init__(self, xp: Any) -> None:
        self._xp = xp
        self._taken: list[np.ndarray] = []

    def __enter__(self) -> Scratch:
        return self

    def __exit__(self, *error: object) -> None:
        for memory in self._taken:
            _kept.setdefault(len(memory), []).append(memory)
        self._taken = []
        if sum(size * len(pieces) for size, pieces in list(_kept.items())) > MOST:
            _kept.clear()

    def empty(self, shape: tuple[int, ...], dtype: Any) -> Any:
        """An array whose contents are not defined.

        Args:
            shape, dtype: of the array.
        """
        if self._xp is not np:
            return self._xp.empty(shape, dtype)
        dtype = np.dtype(dtype)
        size = math.prod(shape) * dtype.itemsize
        pages = -(-(size + _ALIGNED) // 4096) * 4096
        try:
            memory = _kept[pages].pop()
        except (KeyError, IndexError):
            memory = np.empty(pages, np.uint8)
        self._taken.append(memory)
        first = -memory.ctypes.data % _ALIGNED
        return memory[first:first + size].view(dtype).reshape(shape)
