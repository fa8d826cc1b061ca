"""The arithmetic of depthwise convolution: rows of pixels times rows of weights.

There is no sum over channels, so there is no matrix product to make of it: each element of the
window is multiplied with all the inputs that it meets, and the products are added up. NumPy is
quick at that where its inner loops are long. So the images are laid out by where a window finds
them, with zeros around; then what one element of the window meets are whole rows, of
width * channels numbers, whatever the stride:

    stride 2    a b c d        a c   b d        the upper left element of the windows meets a, c,
                e f g h        i k   j l        i, k; the one right of it b, d, j, l
                i j k l        e g   f h
                m n o p        m o   n p

Where strides are 1, one call of `einsum` over a strided view adds up all elements of the window
while a row of results is in the cache, in half the time. `depthwise_planes` does so where there are
strides, or rows are short. A few images at a time go through all that, in memory that is kept from
run to run.
"""

from __future__ import annotations

import itertools
import math
from functools import partial
from typing import Any

import numpy as np

from flowgraph.core.pool import shares, side_by_side
from flowgraph.core.scratch import Scratch
from flowgraph.ops.padding import Windows, image_tiles

_CACHE = 1 << 19  # bytes; a tile of images laid out takes about so many
_ALONE = 1 << 19  # multiplications; so many are not worth a second thread
_SHORT = 1 << 8  # numbers of a row of an image


class _Rows:
    """How images are laid out: [*strides, N, rows, width * outputs].

    Args:
        place: the windows.
        sizes: of the images, [N, height, width, C].
        multiplier: outputs per channel; a channel stands there as often.

    Attributes:
        counts: results per axis.
        made: outputs per pixel.
        taps: where each element of the window has its inputs: two phases, and the first row and
            the first column there.
        is_dense: whether the strides are 1.
    """

    def __init__(self, place: Windows, sizes: tuple[int, ...], multiplier: int) -> None:
        self.counts, pads = place.place(sizes[1:3])
        self.made = sizes[3] * multiplier
        self._strides, self._multiplier = place.strides, multiplier
        self._window, self._dilations = place.sizes, place.dilations
        self.is_dense = place.strides == (1, 1)
        along = [[divmod(element * dilation, stride) for element in range(size)]
                 for size, stride, dilation in zip(place.sizes, place.strides, place.dilations,
                                                   strict=True)]
        self.taps = [(a, b, i, j) for (i, a), (j, b) in itertools.product(*along)]
        self._lengths = [count + max(first for first, _ in steps)
                         for count, steps in zip(self.counts, along, strict=True)]
        self._phases = [
            [(phase, *_phase(phase, sizes[axis + 1], place.strides[axis], pads[axis][0],
                             self._lengths[axis])) for phase in sorted({p for _, p in steps})]
            for axis, steps in enumerate(along)]
        self.bytes_each = 4 * math.prod(self.shape(1))

    def shape(self, images: int) -> tuple[int, ...]:
        """The shape of so many images laid out."""
        return (*self._strides, images, self._lengths[0], self._lengths[1] * self.made)

    def fill(self, laid: Any, x: Any) -> None:
        """Lays out images; what is padding is left as it is."""
        for sources, part in self._parts(laid, len(x)):
            part[...] = x[sources][..., None]

    def take(self, laid: Any, x: Any) -> None:
        """The other way round: the sums over what stands for each channel, into x."""
        for sources, part in self._parts(laid, len(x)):
            x[sources] = part[..., 0] if self._multiplier == 1 else part.sum(-1)

    def _parts(self, laid: Any, images: int):
        """Pairs of a part of the images and where it is laid out, [N, rows, width, C, outputs]."""
        for (a, rows, at_rows), (b, columns, at) in itertools.product(*self._phases):
            part = laid[a, b, :images, at_rows, at.start * self.made:at.stop * self.made]
            yield (slice(None), rows, columns), part.reshape(
                *part.shape[:2], at.stop - at.start, self.made // self._multiplier,
                self._multiplier)

    def met(self, laid: Any, images: int, tap: tuple[int, ...]) -> Any:
        """[N, rows, width * outputs]: what an element of the window meets."""
        a, b, row, column = tap
        height, width = self.counts
        start = column * self.made
        return laid[a, b, :images, row:row + height, start:start + width * self.made]

    def all_met(self, xp: Any, laid: Any, images: int) -> Any:
        """[h, w, N, rows, width * outputs]: what each element of a dense window meets."""
        steps = laid.strides
        down, right = self._dilations
        return xp.lib.stride_tricks.as_strided(
            laid[0, 0, :images],
            (*self._window, images, self.counts[0], self.counts[1] * self.made),
            (down * steps[3], right * self.made * steps[4], *steps[2:]))

    def spread(self, filter: Any) -> Any:
        """A row of weights for each element of the window."""
        elements = filter.reshape(len(self.taps), 1, self.made)
        return elements.repeat(self.counts[1], 1).reshape(len(self.taps), -1)

    def tiles(self, xp: Any, images: int) -> list[Any]:
        """Slices of the images for each core."""
        if xp is not np:
            return [image_tiles(images, self.bytes_each, xp=xp)]
        work = images * math.prod(self.counts) * self.made * len(self.taps)
        budget = _CACHE if work < _ALONE else min(_CACHE, self.bytes_each * -(-images // 2))
        tiles = image_tiles(images, self.bytes_each, budget)
        return [tiles] if work < _ALONE else shares(tiles)


def _phase(phase: int, n: int, stride: int, before: int, length: int) -> tuple[slice, slice]:
    """Which elements of an axis stand in a phase, and where they stand there."""
    first = (phase - before) % stride
    start = (first + before) // stride
    count = max(0, min(len(range(first, n, stride)), length - start))
    return slice(first, first + count * stride, stride), slice(start, start + count)


def forwards(xp, x, filter, place: Windows, out=None) -> Any:
    """y [N, height, width, C * M] of x [N, height, width, C] and a filter [h, w, C, M].

    Args:
        place: the windows.
        out: C-contiguous array for y, or None.
    """
    if x.dtype.itemsize == 2:  # halves are summed in single precision
        return forwards(xp, x.astype(xp.float32), filter.astype(xp.float32), place).astype(x.dtype)
    y = out
    if y is None:
        y = xp.empty((len(x), *place.place(x.shape[1:3])[0], math.prod(filter.shape[2:])), x.dtype)
    if not y.size:
        return y
    if _has_planes(xp, x.shape, filter.shape, place):
        from flowgraph.ops import depthwise_planes
        depthwise_planes.forwards(x, filter, place, y)
        return y
    rows = _Rows(place, x.shape, filter.shape[3])
    weights = rows.spread(filter)

    def work(tiles: list[slice]) -> None:
        with Scratch(xp) as scratch:
            images = tiles[0].stop - tiles[0].start
            laid = scratch.empty(rows.shape(images), x.dtype)
            laid[...] = 0
            product = scratch.empty((images, rows.counts[0], weights.shape[1]), x.dtype)
            for tile in tiles:
                count = tile.stop - tile.start
                rows.fill(laid, x[tile])
                total = y[tile].reshape(count, *product.shape[1:])
                if rows.is_dense:
                    total[...] = xp.einsum("abnhx,abx->nhx", rows.all_met(xp, laid, count),
                                           weights.reshape(*filter.shape[:2], -1))
                    continue
                for k, tap in enumerate(rows.taps):
                    met = rows.met(laid, count, tap)
                    if k == 0:
                        xp.multiply(met, weights[k], out=total)
                    else:
                        xp.multiply(met, weights[k], out=product[:count])
                        xp.add(total, product[:count], out=total)

    side_by_side(xp, [partial(work, tiles) for tiles in rows.tiles(xp, len(x))])
    return y


def input_adjoint(xp, sizes, filter, dy, place: Windows, out=None) -> Any:
    """dx, of the given shape, of a filter [h, w, C, M] and dy [N, height, width, C * M].

    Args:
        place: the windows.
        out: C-contiguous array for dx, or None.
    """
    if dy.dtype.itemsize == 2:
        return input_adjoint(xp, sizes, filter.astype(xp.float32), dy.astype(xp.float32),
                             place).astype(dy.dtype)
    turned = _turned(place, sizes) if filter.shape[3] == 1 and dy.size else None
    if turned is not None:
        return forwards(xp, dy, filter[::-1, ::-1], turned, out)
    dx = xp.empty(sizes, dy.dtype) if out is None else out
    if dy.size and _has_planes(xp, sizes, filter.shape, place) and xp.isfinite(filter).all():
        from flowgraph.ops import depthwise_planes
        depthwise_planes.input_adjoint(sizes, filter, dy, place, dx)
        return dx
    dx[...] = 0  # no window may reach the last rows
    if not dy.size:
        return dx
    rows = _Rows(place, sizes, filter.shape[3])
    weights = rows.spread(filter)

    def work(tiles: list[slice]) -> None:
        with Scratch(xp) as scratch:
            images = tiles[0].stop - tiles[0].start
            laid = scratch.empty(rows.shape(images), dy.dtype)
            product = scratch.empty((images, rows.counts[0], weights.shape[1]), dy.dtype)
            for tile in tiles:
                count = tile.stop - tile.start
                d = dy[tile].reshape(count, *product.shape[1:])
                laid[...] = 0
                for k, tap in enumerate(rows.taps):
                    met = rows.met(laid, count, tap)
                    xp.multiply(d, weights[k], out=product[:count])
                    xp.add(met, product[:count], out=met)
                rows.take(laid, dx[tile])

    side_by_side(xp, [partial(work, tiles) for tiles in rows.tiles(xp, len(dy))])
    return dx


def filter_adjoint(xp, x, sizes, dy, place: Windows) -> Any:
    """dw, of the given shape [h, w, C, M], of x and dy [N, height, width, C * M]."""
    if x.dtype.itemsize == 2:
        return filter_adjoint(xp, x.astype(xp.float32), sizes, dy.astype(xp.float32),
                              place).astype(x.dtype)
    if not dy.size:
        return xp.zeros(sizes, x.dtype)
    if _has_planes(xp, x.shape, sizes, place):
        from flowgraph.ops import depthwise_planes
        return depthwise_planes.filter_adjoint(x, sizes, dy, place)
    rows = _Rows(place, x.shape, sizes[3])
    shared = rows.tiles(xp, len(x))
    height, width = rows.counts
    totals = xp.zeros((len(shared), len(rows.taps), width * rows.made), x.dtype)

    def work(number: int) -> None:
        tiles = shared[number]
        with Scratch(xp) as scratch:
            images = tiles[0].stop - tiles[0].start
            laid = scratch.empty(rows.shape(images), x.dtype)
            laid[...] = 0
            product = scratch.empty((images, height, totals.shape[2]), x.dtype)
            ones = scratch.empty((images * height,), x.dtype)
            ones[...] = 1
            for tile in tiles:
                count = tile.stop - tile.start
                rows.fill(laid, x[tile])
                d = dy[tile].reshape(count, *product.shape[1:])
                if rows.is_dense:
                    totals[number] += xp.einsum("abnhx,nhx->abx", rows.all_met(xp, laid, count),
                                                d).reshape(totals.shape[1:])
                    continue
                flat = product[:count].reshape(count * height, -1)
                for k, tap in enumerate(rows.taps):
                    xp.multiply(rows.met(laid, count, tap), d, out=product[:count])
                    totals[number, k] += xp.dot(ones[:len(flat)], flat)

    side_by_side(xp, [partial(work, number) for number in range(len(shared))])
    return totals.reshape(len(shared), len(rows.taps), width, rows.made).sum((0, 2)).reshape(sizes)


def _has_planes(xp, sizes, filter_sizes, place: Windows) -> bool:
    """Whether `depthwise_planes` does it, more quickly: windows move by more than one or rows are
    short, with one result per channel, on the processor.
    """
    return (xp is np and filter_sizes[3] == 1 and place.dilations == (1, 1)
            and (place.strides != (1, 1) or sizes[2] * sizes[3] <= _SHORT))


def _turned(place: Windows, sizes: tuple[int, ...]) -> Windows | None:
    """How a filter turned round slides over dy to give dx; None if it cannot."""
    counts, pads = place.place(sizes[1:3])
    around = tuple(
        ((k - 1) * dilation - before, n + before - count) for k, dilation, (before, _), n, count
        in zip(place.sizes, place.dilations, pads, sizes[1:3], counts, strict=True))
    if place.strides != (1, 1) or min(map(min, around)) < 0:
        return None
    return place._replace(padding="EXPLICIT", explicit=around)
