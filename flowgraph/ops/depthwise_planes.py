"""Depthwise convolution with strides or short rows: a plane for each column of the window.

What the windows meet through one of their columns is copied out of the images once, as a plane:
row by row, and in a row of the plane image by image, result by result. A window moves on by whole
rows there, so that one call of `einsum` adds up all elements of the window, in runs of images *
results * channels numbers:

    stride 2    a b c d e        plane 0   a c     plane 1   b d     plane 2   c e
                f g h i j                  f h               g i               h j
                k l m n o                  k m               l n               m o

The gradient of the images is made the other way round: all pixels that meet the same elements of
the window, every second of every second row, are a convolution without strides of the gradient dy.
Arguments are as in `depthwise_rows`, which says what is done so.
"""

from __future__ import annotations

import itertools
import math
from functools import lru_cache, partial
from typing import Any

import numpy as np

from flowgraph.core.machine import cores
from flowgraph.core.pool import shares, side_by_side
from flowgraph.core.scratch import Scratch
from flowgraph.ops.padding import Windows, axis_taps, image_tiles

_CACHE = 1 << 19  # bytes of the planes of a tile
_ALONE = 1 << 19  # multiplications; so many are not worth a second thread


def _shares(images: int, each: int, work: int) -> list[Any]:
    """Slices of the images for each core, about as many in each.

    Args:
        images: how many.
        each: bytes of the planes of an image.
        work: multiplications in all.
    """
    count = len(image_tiles(images, each, _CACHE))
    if work >= _ALONE:
        count = min(images, -(-count // cores()) * cores())
    edges = [images * i // count for i in range(count + 1)]
    tiles = [slice(a, b) for a, b in itertools.pairwise(edges)]
    return shares(tiles) if work >= _ALONE else [tiles]


def _by_pixel(array: Any, channels: int) -> Any:
    """An array whose last axis is pixels * channels, with a pixel as one item: quickly copied."""
    return array.view(f"V{array.itemsize * channels}")


class _Planes:
    """Planes of a tile of images, with zeros where a window reaches beyond them.

    Args:
        scratch: where memory comes from.
        dtype: of the images.
        rows, columns: of what a plane holds.
        images, channels: how many.
        taken: for each plane, (columns of it, columns of the images that stand there).
        first: the row where the first row of the images stands.
        high: rows of the images.
    """

    def __init__(self, scratch: Scratch, dtype: Any, rows: int, columns: int, images: int,
                 channels: int, taken: list[tuple[slice, slice]], first: int, high: int
                 ) -> None:
        self._channels, self._taken = channels, taken
        self.made = scratch.empty((len(taken), rows, images, columns * channels), dtype)
        self._high = max(0, min(high, rows - first))
        self.made[:, :first] = 0
        self.made[:, first + self._high:] = 0
        filled = self.made[:, first:first + self._high]
        for plane, (to, _) in zip(filled, taken, strict=True):
            plane[:, :, :to.start * channels] = 0
            plane[:, :, to.stop * channels:] = 0
        self._pixels = _by_pixel(filled, channels)

    def fill(self, x: Any) -> None:
        """Copies images [images, height, width, C] into the planes."""
        pixels = _by_pixel(x, self._channels)[:, :self._high, :, 0].swapaxes(0, 1)
        for plane, (to, sources) in zip(self._pixels, self._taken, strict=True):
            plane[:, :, to] = pixels[:, :, sources]

    def met(self, window: tuple[slice, slice], first: int, stride: int, rows: int) -> Any:
        """[h, w, rows, images * columns * C]: what elements of the window meet.

        Args:
            window: rows of the window as they lie below each other, and planes.
            first: row under the first of those for the first row of results.
            stride: rows from one row of results to the next.
            rows: rows of results.
        """
        planes = self.made[window[1], first:]
        plane, row = planes.strides[:2]
        item = self.made.itemsize
        return np.ndarray(
            (window[0].stop - window[0].start, len(planes), rows, row // item), planes.dtype,
            self.made, self.made.strides[0] * window[1].start + row * first,
            (row * window[0].step, plane, row * stride, item))


def _weights(filter: Any, images: int, columns: int) -> Any:
    """[h, w, images * columns * C]: what a row of a plane is multiplied with."""
    high, wide, channels, _ = filter.shape
    row = filter.reshape(high, wide, 1, channels).repeat(columns, 2).reshape(high, wide, 1, -1)
    return row.repeat(images, 2).reshape(high, wide, -1)


class _Layout:
    """How the windows of a convolution meet images [N, height, width, C]."""

    def __init__(self, place: Windows, sizes: tuple[int, ...]) -> None:
        self.counts, pads = place.place(sizes[1:3])
        self.window, self.stride = place.sizes, place.strides[0]
        self._first, self._high = pads[0][0], sizes[1]
        self._rows = (self.counts[0] - 1) * place.strides[0] + place.sizes[0]
        self._taken = axis_taps(sizes[2], self.counts[1], place.sizes[1], place.strides[1], 1,
                                pads[1][0])
        self._channels = sizes[3]
        row = self.counts[1] * sizes[3]
        self.each = 4 * place.sizes[1] * self._rows * row
        self.work = sizes[0] * self.counts[0] * row * math.prod(place.sizes)

    def planes(self, scratch: Scratch, dtype: Any, images: int) -> tuple[_Planes, Any]:
        """Planes for some images, and what the elements of the window meet in them."""
        planes = _Planes(scratch, dtype, self._rows, self.counts[1], images, self._channels,
                         self._taken, self._first, self._high)
        high, wide = self.window
        return planes, planes.met((slice(0, high, 1), slice(0, wide)), 0, self.stride,
                                  self.counts[0])


_layout = lru_cache(256)(_Layout)


def forwards(x: Any, filter: Any, place: Windows, y: Any) -> None:
    """Writes y [N, height, width, C]."""
    x = np.ascontiguousarray(x)
    layout = _layout(place, x.shape)

    def work(tiles: list[slice]) -> None:
        count = 0
        with Scratch(np) as scratch:
            for tile in tiles:
                if count != tile.stop - tile.start:
                    count = tile.stop - tile.start
                    planes, met = layout.planes(scratch, x.dtype, count)
                    weights = _weights(filter, count, layout.counts[1])
                planes.fill(x[tile])
                part = y[tile].swapaxes(0, 1)
                part[...] = np.einsum("abhy,aby->hy", met, weights).reshape(part.shape)

    side_by_side(np, [partial(work, tiles)
                      for tiles in _shares(len(x), layout.each, layout.work)])


def filter_adjoint(x: Any, sizes: tuple[int, ...], dy: Any, place: Windows) -> Any:
    """dw [h, w, C, 1]."""
    x = np.ascontiguousarray(x)
    layout = _layout(place, x.shape)
    shared = _shares(len(x), layout.each, layout.work)
    totals = np.zeros((len(shared), math.prod(sizes[:2]), 1, sizes[2]), x.dtype)

    def work(number: int) -> None:
        count = 0
        with Scratch(np) as scratch:
            for tile in shared[number]:
                if count != tile.stop - tile.start:
                    count = tile.stop - tile.start
                    planes, met = layout.planes(scratch, x.dtype, count)
                    ones = np.ones((1, count * layout.counts[1]), x.dtype)
                planes.fill(x[tile])
                d = dy[tile].swapaxes(0, 1).reshape(layout.counts[0], -1)
                found = np.einsum("abhy,hy->aby", met, d)
                totals[number] += np.matmul(
                    ones, found.reshape(totals.shape[1], -1, sizes[2]))

    side_by_side(np, [partial(work, number) for number in range(len(shared))])
    return totals.sum(0).reshape(sizes)


class _Back:
    """How gradients [N, height, width, C] of results meet the pixels of images.

    Pixel p of an axis, counted from where the padding begins, is p % s-th among those that meet the
    same elements of the window: p % s, p % s + s, ... The t-th of those has it from result
    p // s - t.
    """

    def __init__(self, place: Windows, sizes: tuple[int, ...]) -> None:
        counts, pads = place.place(sizes[1:3])
        (high, wide), before = place.sizes, [pair[0] for pair in pads]
        self._most = -(-high // place.strides[0])
        self._high, self._channels = counts[0], sizes[3]
        self.rows, self.columns = ((n - 1 + first) // s + 1 for n, first, s in zip(
            sizes[1:3], before, place.strides, strict=True))
        self._taken = [(slice(t, max(t, min(self.columns, counts[1] + t))),
                        slice(0, max(0, min(counts[1], self.columns - t))))
                       for t in range(-(-wide // place.strides[1]))]
        self.phases = list(itertools.product(*(
            [(phase, *_pixels(n, first, phase, s)) for phase in range(min(k, s))]
            for n, first, k, s in zip(sizes[1:3], before, place.sizes, place.strides,
                                      strict=True))))
        self.has_gaps = any(k < s for k, s in zip(place.sizes, place.strides, strict=True))
        self.each = 4 * len(self._taken) * (self.rows + self._most) * self.columns * sizes[3]

    def planes(self, scratch: Scratch, dtype: Any, images: int) -> _Planes:
        """Planes for the gradients of some images."""
        return _Planes(scratch, dtype, self.rows + self._most - 1, self.columns, images,
                       self._channels, self._taken, self._most - 1, self._high)

    def met(self, planes: _Planes, taps: tuple[int, ...]) -> Any:
        """What some elements of the window meet, the last row of them first."""
        return planes.met((slice(0, taps[0], -1), slice(0, taps[1])), self._most - 1, 1, self.rows)


_back = lru_cache(256)(_Back)


def input_adjoint(sizes: tuple[int, ...], filter: Any, dy: Any, place: Windows, dx: Any) -> None:
    """Writes dx [N, height, width, C]."""
    dy = np.ascontiguousarray(dy)
    layout, channels, (down, right) = _back(place, tuple(sizes)), sizes[3], place.strides
    if layout.has_gaps:
        dx[...] = 0

    def work(tiles: list[slice]) -> None:
        count = 0
        with Scratch(np) as scratch:
            for tile in tiles:
                if count != tile.stop - tile.start:
                    count = tile.stop - tile.start
                    planes = layout.planes(scratch, dy.dtype, count)
                    every = _weights(filter, count, layout.columns)
                planes.fill(dy[tile])
                part = _by_pixel(dx[tile], channels)[..., 0].swapaxes(0, 1)
                for (a, high, to_rows), (b, wide, to_columns) in layout.phases:
                    weights = every[a::down, b::right]
                    met = layout.met(planes, weights.shape)
                    made = np.einsum("abhy,aby->hy", met, weights)
                    pixels = _by_pixel(made.reshape(layout.rows, count, -1), channels)
                    part[to_rows, :, to_columns] = pixels[high, :, wide]

    side_by_side(np, [partial(work, tiles) for tiles in _shares(
        len(dy), layout.each, dy.size * math.prod(place.sizes))])


def _pixels(n: int, before: int, phase: int, stride: int) -> tuple[slice, slice]:
    """(where they stand in a plane, where in the images) of the pixels of a phase."""
    start = (phase - before) % stride
    first = (start + before) // stride
    return (slice(first, first + len(range(start, n, stride))), slice(start, n, stride))
