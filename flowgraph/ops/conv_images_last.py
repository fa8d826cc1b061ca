"""Blocks of convolution for few channels: the images of a tile are the last axis.

With 6 channels last, the runs that NumPy's loops and the BLAS library go through are 6 numbers
long. So a tile of 32 images is turned round, to [channels, *sizes, images]: then all runs are 32
numbers or more, and the results are a product with few rows and many columns,

    y [O, results * images]  =  w [O, window * C]  @  columns [window * C, results * images]

which takes half the time of the same product turned round. Columns are made for a strip of rows at
a time, which bounds their memory: strips that fit into the core's own cache would halve the time of
the product once more, but two threads that make twice as many calls wait longer for each other than
that. The arguments and the results are as in `conv_tiles`; only `where` is laid out by tile and
strip.
"""

from __future__ import annotations

import itertools
import math
from functools import partial
from typing import Any

import numpy as np

from flowgraph.core.pool import shares, side_by_side
from flowgraph.core.scratch import Scratch
from flowgraph.ops.padding import by_place, image_tiles

_IMAGES = 32  # of a tile: on every machine the same, since `where` is laid out by tile
_LEAST = 16  # images of a batch
_FEW_IN, _FEW_OUT = 8, 16  # channels
_LARGE = 25  # elements of a window
_STRIP = 1 << 22  # bytes of the columns of a strip, about


def pays(xp: Any, x: Any, w: Any, layer: Any) -> bool:
    """Whether it is quicker so for images x [N, *sizes, C] and a filter w [*window, C, O].

    Without a pooling each number of the results is turned round, which only large windows pay for.

    A filter with inf in it makes NaN of the zeros around the images, which are not there when
    columns are added up.
    """
    return (xp is np and x.shape[0] >= _LEAST and w.shape[-2] <= _FEW_IN and w.shape[-1] <= _FEW_OUT
            and (math.prod(layer.pool) > 1 or math.prod(w.shape[:-2]) > _LARGE)
            and bool(xp.isfinite(w).all()))


def _tiles(n: int) -> list[slice]:
    count = max(2, -(-n // _IMAGES))
    edges = [n * i // count for i in range(count + 1)]
    return [slice(a, b) for a, b in itertools.pairwise(edges)]


class _Turned:
    """A tile of images, turned round and padded, in memory that all tiles of a thread share.

    Args:
        scratch: where memory comes from.
        layer: the block.
        shape: of all images.
        images: the most images of a tile.
        dtype: of the images.

    Attributes:
        counts: results per axis.
        strips: the results along the first axis, cut for the cache.
        width: numbers under a window.
    """

    def __init__(self, scratch: Scratch, layer: Any, shape: tuple[int, ...], images: int,
                 dtype: Any) -> None:
        self._windows = windows = layer.windows
        self.counts, pads = windows.place(shape[1:-1])
        self.width = math.prod(windows.sizes) * shape[-1]
        self._channels = shape[-1]
        wide = [a + n + b for n, (a, b) in zip(shape[1:-1], pads, strict=True)]
        self.wide = scratch.empty((shape[-1], *wide, images), dtype)
        self.wide[...] = 0
        self._inner = (slice(None), *(slice(a, a + n) for n, (a, _) in zip(
            shape[1:-1], pads, strict=True)))
        step = layer.pool[0]
        each = self.width * math.prod(self.counts[1:]) * images * self.wide.dtype.itemsize * step
        self.strips = [slice(at.start * step, at.stop * step) for at in image_tiles(
            self.counts[0] // step, each, _STRIP)]
        longest = max(at.stop - at.start for at in self.strips)
        self.most = longest * math.prod(self.counts[1:]) * images  # results of a strip
        self.memory = scratch.empty((self.width * self.most,), dtype)

    def inner(self, images: int) -> Any:
        """What is not padding."""
        return self.wide[..., :images][self._inner]

    def view(self, xp: Any, images: int, strip: slice) -> Any:
        """[*window, C, *results, images]: the inputs under the windows of a strip."""
        windows = self._windows
        wide = self.wide[:, strip.start * windows.strides[0]:]
        steps = wide.strides
        rows = [step * s for step, s in zip(steps[1:-1], windows.strides, strict=True)]
        inside = [step * r for step, r in zip(steps[1:-1], windows.dilations, strict=True)]
        shape = (*windows.sizes, self._channels, strip.stop - strip.start, *self.counts[1:],
                 images)
        return xp.lib.stride_tricks.as_strided(wide, shape, (*inside, steps[0], *rows, steps[-1]))

    def columns(self, xp: Any, images: int, strip: slice) -> Any:
        """The matrix [window * C, results * images] of a strip."""
        view = self.view(xp, images, strip)
        matrix = self.memory[:view.size].reshape(view.shape)
        matrix[...] = view
        return matrix.reshape(self.width, -1)


def turned_round(x: Any) -> Any:
    """[images, *sizes, C] as [C, *sizes, images], and the other way round."""
    return x.transpose(x.ndim - 1, *range(1, x.ndim - 1), 0)


def _of_strip(where: Any, tile: slice, pooled: slice, count: int) -> Any:
    """The part of `where` that belongs to a strip of a tile, as one piece of memory."""
    each = where.size // where.shape[1]
    row = each // where.shape[2] * count
    start = tile.start * each + pooled.start * row
    return where.reshape(-1)[start:start + (pooled.stop - pooled.start) * row]


def forwards(xp, x, w, bias, layer, hits, y, where) -> None:
    """As `conv_tiles.forwards`, into y and where."""
    made, pool, places = w.shape[-1], layer.pool, math.prod(layer.pool)
    matrix = xp.ascontiguousarray(w.reshape(-1, made).T)
    tiles = shares(_tiles(x.shape[0]))
    is_finite = bias is None or bool(xp.isfinite(bias).all())
    if bias is not None:
        bias = bias[:, None]

    def work(number: int) -> None:
        with Scratch(xp) as scratch:
            images = max(tile.stop - tile.start for tile in tiles[number])
            inputs = _Turned(scratch, layer, x.shape, images, x.dtype)
            results = scratch.empty((made * inputs.most,), x.dtype)
            most = inputs.most // places
            zeros = scratch.empty((most,), x.dtype)
            zeros[...] = 0
            largest = scratch.empty((made * most,), x.dtype)
            dead = scratch.empty((made * most,), bool)
            for tile, strip in itertools.product(tiles[number], inputs.strips):
                count = tile.stop - tile.start
                if strip.start == 0:
                    inner = inputs.inner(count)
                    inner[...] = turned_round(x[tile])
                rows = (strip.stop - strip.start, *inputs.counts[1:])
                part = results[:made * math.prod(rows) * count].reshape(made, -1)
                xp.dot(matrix, inputs.columns(xp, count, strip), out=part)
                pooled = slice(strip.start // pool[0], strip.stop // pool[0])
                shape = (made, *(r // k for r, k in zip(rows, pool, strict=True)), count)
                if places > 1:
                    if not is_finite:
                        xp.add(part, bias, out=part)
                    apart = by_place(part.reshape(made, *rows, count), pool, 1, 1)
                    each = list(itertools.product(*map(range, pool)))
                    part = largest[:math.prod(shape)].reshape(shape)
                    xp.fmax(apart[(slice(None), *each[0])], apart[(slice(None), *each[1])],
                            out=part)
                    for place in each[2:]:
                        xp.fmax(part, apart[(slice(None), *place)], out=part)
                    if hits:
                        found = _of_strip(where, tile, pooled, count).reshape(
                            (places, *shape))
                        for k, place in enumerate(each):
                            xp.equal(apart[(slice(None), *place)], part, out=found[k])
                    part = part.reshape(made, -1)
                if bias is not None and (is_finite or places == 1):
                    xp.add(part, bias, out=part)
                if layer.relu:
                    xp.maximum(part, zeros[:part.shape[1]], out=part)
                if hits:
                    first(xp, found, part.reshape(shape) if layer.relu else None,
                          dead[:part.size].reshape(shape))
                y[tile, pooled] = turned_round(part.reshape(shape))

    side_by_side(xp, [partial(work, number) for number in range(len(tiles))])


def first(xp, found: Any, results: Any, seen: Any) -> None:
    """Lets only the first hit of each window stand, and none where relu gave 0."""
    if results is None:
        seen[...] = found[0]
    else:
        xp.greater(results, 0, out=seen)
        xp.logical_not(seen, out=seen)
        xp.greater(found[0], seen, out=found[0])
        xp.logical_or(seen, found[0], out=seen)
    for k in range(1, len(found)):
        xp.greater(found[k], seen, out=found[k])
        if k + 1 < len(found):
            xp.logical_or(seen, found[k], out=seen)


def backwards(xp, x, w, dy, layer, y, where, dx, wants_w: bool) -> tuple[Any, Any]:
    """As `conv_tiles.backwards`: (dw [window * C, O], db), and dx written, unless it is None."""
    made, pool, places = w.shape[-1], layer.pool, math.prod(layer.pool)
    matrix = xp.ascontiguousarray(w.reshape(-1, made))
    tiles = shares(_tiles(x.shape[0]))
    dws = xp.zeros((len(tiles), made, len(matrix) if wants_w else 0), x.dtype)
    dbs = xp.zeros((len(tiles), made), x.dtype)
    is_finite = where is None or bool(xp.isfinite(xp.dot(dy.reshape(-1), dy.reshape(-1))))

    def work(number: int) -> None:
        with Scratch(xp) as scratch:
            images = max(tile.stop - tile.start for tile in tiles[number])
            inputs = _Turned(scratch, layer, x.shape, images, x.dtype)
            most = inputs.most // places
            given = scratch.empty((made * most,), x.dtype)
            spread = scratch.empty((made * inputs.most,), x.dtype)
            ones = scratch.empty((inputs.most,), x.dtype)
            ones[...] = 1
            product = scratch.empty(dws.shape[1:], x.dtype)
            if dx is not None:
                back = _Turned(scratch, layer, x.shape, images, x.dtype)
            for tile, strip in itertools.product(tiles[number], inputs.strips):
                count = tile.stop - tile.start
                if strip.start == 0 and wants_w:
                    inner = inputs.inner(count)
                    inner[...] = turned_round(x[tile])
                if strip.start == 0 and dx is not None:
                    back.wide[...] = 0
                rows = (strip.stop - strip.start, *inputs.counts[1:])
                pooled = slice(strip.start // pool[0], strip.stop // pool[0])
                shape = (made, *(r // k for r, k in zip(rows, pool, strict=True)), count)
                d = given[:math.prod(shape)].reshape(shape)
                d[...] = turned_round(dy[tile, pooled])
                if where is not None:
                    hit = _of_strip(where, tile, pooled, count).reshape((places, *shape))
                    wide = spread[:hit.size].reshape(made, *rows, count)
                    apart = by_place(wide, pool, 1, 1)
                    for k, place in enumerate(itertools.product(*map(range, pool))):
                        at = apart[(slice(None), *place)]
                        if is_finite:
                            xp.multiply(d, hit[k], out=at)
                        else:  # inf * 0 is no 0
                            at[...] = xp.where(hit[k], d, d.dtype.type(0))
                    d = wide
                elif layer.relu:
                    xp.multiply(d, turned_round(y[tile, pooled]) > 0, out=d)
                d = d.reshape(made, -1)
                dbs[number] += xp.dot(d, ones[:d.shape[1]])
                if wants_w:
                    xp.dot(d, inputs.columns(xp, count, strip).T, out=product)
                    dws[number] += product
                if dx is not None:
                    view = back.view(xp, count, strip)
                    columns = back.memory[:view.size].reshape(len(matrix), -1)
                    xp.dot(matrix, d, out=columns)
                    columns = columns.reshape(view.shape)
                    for place in itertools.product(*map(range, layer.windows.sizes)):
                        xp.add(view[place], columns[place], out=view[place])
                    if strip is inputs.strips[-1]:
                        dx[tile] = turned_round(back.inner(count))

    side_by_side(xp, [partial(work, number) for number in range(len(tiles))])
    return (xp.sum(dws, 0).T if wants_w else None), xp.sum(dbs, 0)
