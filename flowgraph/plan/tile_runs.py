"""Running the function of a group tile by tile: its memory, its threads, and joining the parts.

Each thread takes the next tile when it is done with its last. What lies between the members of the
group stands in memory that is kept from run to run, and begins at lines of the cache.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from flowgraph.core import aligned
from flowgraph.core.pool import parallel, width

if TYPE_CHECKING:
    from flowgraph.plan.tiles import TileFunction

_MOST_VIEWS = 256
_banks: list[_Bank] = []  # memory for what lies between members, kept between runs


class Part(NamedTuple):
    """How one result comes out of the tiles.

    Attributes:
        dtype, shape: of the whole result.
        join: the ufunc that puts the parts of the tiles together; None where each tile writes its
            rows of the result.
        divisor: by what the joined parts are divided, for a mean; else 1.
    """

    dtype: np.dtype
    shape: tuple[int, ...]
    join: Any = None
    divisor: int = 1


def in_tiles(function: Callable[..., Any], tiles: TileFunction, inputs: Any,
             out: Any = None) -> tuple[Any, ...]:
    """Calls a function for every tile, and returns the whole results.

    Args:
        function: the group as a function of a tile.
        tiles: how it is cut.
        inputs: the group's inputs.
        out: per result an array to write it into, or None.
    """
    group = tiles.group
    given: Any = inputs
    if group.is_flat:
        given = [_flat(array) if group.is_sliced(value) else array.reshape(())
                 for value, array in zip(group.inputs, inputs, strict=True)]
    results: list[Any] = []
    places = []
    for i, part in enumerate(tiles.parts):
        place = None
        if part.join is None:
            place = out[i] if out is not None and out[i] is not None else np.empty(part.shape,
                                                                                   part.dtype)
            places.append(place.reshape(-1) if group.is_flat and place.ndim != 1 else place)
        results.append(place)
    firsts = range(0, tiles.rows, tiles.length)
    joined: list[Any] = [None] * len(firsts)
    numbers = iter(range(len(firsts)))  # each thread takes the next tile

    def work() -> None:
        bank = _take_bank(tiles)
        arrays = (*given, *places, *tiles.full_tiles(), *bank.views(tiles))
        for number in numbers:
            first = firsts[number]
            joined[number] = function(first, min(first + tiles.length, tiles.rows), *arrays)
        _banks.append(bank)

    workers = min(width(), len(firsts)) if tiles.is_large else 1
    if workers == 1:
        work()
    else:
        parallel([work] * workers)
    if any(part.join is not None for part in tiles.parts):
        rest = iter(zip(*joined, strict=True))
        for i, part in enumerate(tiles.parts):
            if part.join is not None:
                total = part.join.reduce(np.array(next(rest)), axis=0)
                if part.divisor > 1:
                    total = total / total.dtype.type(part.divisor)
                whole = np.asarray(total, part.dtype).reshape(part.shape)
                results[i] = whole if part.shape else whole[()]
    return tuple(results)


class _Bank:
    """Memory for what lies between members, in one piece, and how groups have cut it."""

    __slots__ = ("_views", "memory")

    def __init__(self, size: int) -> None:
        self.memory = aligned.empty((size,), np.uint8)
        self._views: dict[int, list[np.ndarray]] = {}

    def views(self, tiles: TileFunction) -> list[np.ndarray]:
        """The arrays for a tile."""
        views = self._views.get(tiles.number)
        if views is None:
            views, at = [], 0
            count = tiles.length * math.prod(tiles.row)
            for dtype in tiles.scratch:
                views.append(self.memory[at:at + count * dtype.itemsize].view(dtype).reshape(
                    (tiles.length, *tiles.row)))
                at += _size(tiles, dtype)
            if len(self._views) >= _MOST_VIEWS:  # of groups that may be gone
                self._views.clear()
            self._views[tiles.number] = views
        return views


def _flat(array: Any) -> np.ndarray:
    """An array as a row of numbers, its own memory where it can be."""
    return array if array.ndim == 1 and array.flags.c_contiguous else (
        np.ascontiguousarray(array).reshape(-1))


def _take_bank(tiles: TileFunction) -> _Bank:
    """Memory that is large enough; what is too small is dropped."""
    size = sum(_size(tiles, dtype) for dtype in tiles.scratch)
    while _banks:
        try:
            bank = _banks.pop()
        except IndexError:  # another thread was quicker
            break
        if bank.memory.nbytes >= size:
            return bank
    return _Bank(size)


def _size(tiles: TileFunction, dtype: np.dtype) -> int:
    """Bytes of one tile of scratch memory."""
    return -(-tiles.length * math.prod(tiles.row) * dtype.itemsize // 64) * 64
