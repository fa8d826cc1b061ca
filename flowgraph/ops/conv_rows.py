"""Blocks of 3x3 convolution with fewer products: Winograd's F(m, 3) along the rows.

m results that stand under each other come from m + 2 inputs. Directly they take 3 m products of
matrices; here m + 2, of sums of the inputs and sums of the filter's numbers:

    V = B^T d        m + 2 sums of each m + 2 rows of inputs
    U = G w          m + 2 filters [3 * C, O] of one row
    M = columns(V) U
    y = A^T M        m rows of results

and the other way round, dU = columns(V)^T (A dy) and dw = G^T dU. The gradient of the images is a
convolution with the filter turned round. All sums are products with a small matrix, over long rows.

With m = 4, as here, there are half the products. The sums are taken at the points 0, +-5/8, +-3/2
and infinity, which keeps rounding at a millionth of the largest result in single precision; but
where all inputs of a result are 0, it may be a number near 0. Arguments and results are as in
`conv_tiles`, which does what is not safe here: a number that is not finite would spread to results
beside its own. (m = 2 gives zero for zeros, but then the sums take as long as is saved.)
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
from flowgraph.ops import conv_tiles
from flowgraph.ops.conv_tiles import Layer
from flowgraph.ops.padding import image_tiles

_CACHE = 3 << 19  # bytes of the columns and the products of a tile
_LEAST = 1 << 14  # images' rows * columns * channels; with less it takes longer to begin
_CHANNELS, _POOLED = 64, 128  # in and out, at least; with a pooling the sums cost more
_M = 4
_POINTS = (0, 5 / 8, -5 / 8, 3 / 2, -3 / 2)


def pays(shape: tuple[int, ...], filters: tuple[int, ...], layer: Layer) -> bool:
    """Whether a block can be done so, and is quicker.

    Args:
        shape: of the images, [N, height, width, C].
        filters: shape of the filter.
        layer: what the block does.
    """
    windows, channels = layer.windows, min(filters[2:])
    if len(shape) != 4 or windows.sizes != (3, 3) or (
            {*windows.strides, *windows.dilations} != {1} or layer.pool not in ((1, 1), (2, 2))):
        return False
    n, height, width, _ = shape
    return (channels >= (_CHANNELS if layer.pool == (1, 1) else _POOLED)
            and height % _M == width % 2 == 0 and n * height * width * channels >= _LEAST
            and windows.padding != "VALID"  # which does not go with images of two columns
            and windows.place((height, width))[1] == ((1, 1), (1, 1)))


def _is_safe(xp: Any, *arrays: Any) -> bool:
    """Whether all is finite in arrays and in the products of any two: inf - inf is NaN."""
    sizes = [xp.dot(a.reshape(-1), a.reshape(-1)) for a in arrays]
    return bool(xp.isfinite(max(sizes) * max(sizes) + sum(sizes)))


def forwards(xp, x, w, bias, layer: Layer, hits: bool = False, out=None) -> Any:
    """(y, None), as `conv_tiles.forwards`; it does not tell where maxima are."""
    x = xp.ascontiguousarray(x)
    if hits or not _is_safe(xp, x, w, *([] if bias is None else [bias])):
        return conv_tiles.forwards(xp, x, w, bias, layer, hits, out)
    made, is_pooled = w.shape[-1], layer.pool != (1, 1)
    n, height, width, _ = x.shape
    y: Any = None if out is None else out[0]
    if y is None:
        y = xp.empty((n, height // layer.pool[0], width // layer.pool[1], made), x.dtype)
    matrix, (_, _, summed) = _filters(xp, w), _matrices(xp, x.dtype)
    tiles, half = shares(_tiles(x.shape, made)), width // 2

    def work(number: int) -> None:
        with Scratch(xp) as scratch:
            rows: Any = None
            biases = scratch.empty((half, made), x.dtype)
            biases[...] = 0 if bias is None else bias
            zeros = scratch.empty((half * made,), x.dtype)
            zeros[...] = 0
            for tile in tiles[number]:
                count = tile.stop - tile.start
                if rows is None or rows.count != count:
                    rows = _Rows(xp, scratch, count, x.shape, x.dtype)
                    products = scratch.empty((_M + 2, rows.results, made), x.dtype)
                    results = scratch.empty((_M // 2, 4, rows.results // 2, made), x.dtype)
                    pooled = scratch.empty((_M // 2, rows.results // 2, made), x.dtype)
                rows.put(x[tile])
                xp.matmul(rows.columns(), matrix, out=products)
                xp.dot(summed, products.reshape(_M + 2, -1), out=results.reshape(_M, -1))
                part = results
                if is_pooled:
                    part = pooled
                    xp.fmax(results[:, 0], results[:, 1], out=part)
                    xp.fmax(part, results[:, 2], out=part)
                    xp.fmax(part, results[:, 3], out=part)
                wide = part.reshape(-1, half * made)
                if bias is not None:
                    xp.add(wide, biases.reshape(-1), out=wide)
                if layer.relu:
                    xp.maximum(wide, zeros, out=wide)
                view = rows.pooled(y[tile]) if is_pooled else rows.of(y[tile])
                view[...] = part.reshape(view.shape)

    side_by_side(xp, [partial(work, number) for number in range(len(tiles))])
    return y, None


def backwards(xp, x, w, dy, layer: Layer, y=None, where=None,
              wanted: tuple[bool, ...] = (True, True, True), out=None) -> Any:
    """(dx, dw, db), as `conv_tiles.backwards`."""
    wants_x, wants_w, wants_b = wanted
    x, dy = xp.ascontiguousarray(x), xp.ascontiguousarray(dy)
    if not _is_safe(xp, dy, x, w):
        return conv_tiles.backwards(xp, x, w, dy, layer, y, where, wanted, out)
    dx: Any
    dw: Any
    db: Any
    dx, dw, db = out or (None, None, None)
    if wants_x and dx is None:
        dx = xp.empty(x.shape, x.dtype)
    if wants_w and dw is None:
        dw = xp.empty(w.shape, x.dtype)
    channels, made = w.shape[-2:]
    back = _filters(xp, w[::-1, ::-1].swapaxes(-1, -2)) if wants_x else None
    _, filtered, summed = _matrices(xp, x.dtype)
    spread = xp.ascontiguousarray(summed.T)
    tiles = shares(_tiles(x.shape, made))
    dws = xp.zeros((len(tiles), _M + 2, 3 * channels * wants_w, made), x.dtype)
    dbs = xp.zeros((len(tiles), made), x.dtype)

    def work(number: int) -> None:
        with Scratch(xp) as scratch:
            rows: Any = None
            for tile in tiles[number]:
                count = tile.stop - tile.start
                if rows is None or rows.count != count:
                    rows = _Rows(xp, scratch, count, x.shape, x.dtype, made)
                    given = scratch.empty((*rows.shape, made), x.dtype)
                    if where is None and layer.relu:
                        alive = scratch.empty((count, *x.shape[1:3], made), x.dtype)
                    ones = scratch.empty((_M * rows.results,), x.dtype)
                    ones[...] = 1
                    each = (_M + 2) * rows.results
                    memory = scratch.empty((each * max(channels, made),), x.dtype)
                    sums = memory[:each * made].reshape(_M + 2, -1, made)
                    products = memory[:each * channels].reshape(_M + 2, -1, channels)
                    if wants_w:
                        product = scratch.empty(dws.shape[1:], x.dtype)
                    if wants_x:
                        ds = _Rows(xp, scratch, count, (*x.shape[:3], made), x.dtype,
                                   beside=rows)
                        results = scratch.empty((*rows.shape, channels), x.dtype)
                if where is not None:
                    places = given.reshape(_M // 2, 4, *rows.shape[2:], made)
                    for k in range(4):
                        places[:, k] = rows.pooled(where[k, tile])
                    xp.multiply(places, rows.pooled(dy[tile])[:, None], out=places)
                elif layer.relu:
                    xp.greater(y[tile], 0, out=alive)
                    xp.multiply(alive, dy[tile], out=alive)
                    given[...] = rows.of(alive)
                else:
                    given[...] = rows.of(dy[tile])
                if wants_b:
                    dbs[number] += xp.dot(ones, given.reshape(-1, made))
                if wants_w:
                    rows.put(x[tile])
                    xp.dot(spread, given.reshape(_M, -1), out=sums.reshape(_M + 2, -1))
                    xp.matmul(rows.columns().swapaxes(1, 2), sums, out=product)
                    dws[number] += product
                if wants_x:
                    ds.put_places(given)
                    xp.matmul(ds.columns(), back, out=products)
                    xp.dot(summed, products.reshape(_M + 2, -1), out=results.reshape(_M, -1))
                    view = rows.of(dx[tile])
                    view[...] = results

    side_by_side(xp, [partial(work, number) for number in range(len(tiles))])
    if wants_w:
        xp.dot(xp.ascontiguousarray(filtered.T), xp.sum(dws, 0).reshape(_M + 2, -1),
               out=dw.reshape(3, -1))
    if wants_b:
        db = xp.sum(dbs, 0, out=db)
    return dx if wants_x else None, dw if wants_w else None, db if wants_b else None


class _Rows:
    """A tile of images as m + 2 pieces, of every m-th row each, with zeros around the images.

    Args:
        xp, scratch: the array module, and where memory comes from.
        count: how many images.
        shape, dtype: of all images.
        others: how many channels those have that share the memory of the columns.
        beside: with whom to share that; None for memory of its own.

    Attributes:
        count: how many images.
        shape: [m, 2, images, height / m, width / 2], in which results stand.
        results: how many per row of m.
    """

    def __init__(self, xp: Any, scratch: Scratch, count: int, shape: tuple[int, ...],
                 dtype: Any, others: int = 0, beside: _Rows | None = None) -> None:
        _, height, width, channels = shape
        self._xp, self.count, m = xp, count, _M
        self.shape = (m, 2, count, height // m, width // 2)
        self.results = count * height // m * width
        self._pieces = scratch.empty((m + 2, count, height // m, width + 2, channels), dtype)
        self._pieces[...] = 0
        most = max(channels, others)
        self._memory: tuple[Any, Any] = beside._memory if beside else (
            scratch.empty((self._pieces.size // channels * most,), dtype),
            scratch.empty(((m + 2) * self.results * 3 * most,), dtype))
        self._sums = self._memory[0][:self._pieces.size].reshape(self._pieces.shape)
        self._columns = self._memory[1][:(m + 2) * self.results * 3 * channels].reshape(
            m + 2, *self.shape[1:], 3 * channels)
        self._before = _matrices(xp, dtype)[0]

    def of(self, x: Any) -> Any:
        """A view of `shape` and C of images [images, height, width, C]."""
        m, _, n, high, half = self.shape
        return x.reshape(n, high, m, half, 2, x.shape[-1]).transpose(2, 4, 0, 1, 3, 5)

    def pooled(self, y: Any) -> Any:
        """A view [m / 2, images, height / m, width / 2, O] of what is pooled."""
        m, _, n, high, half = self.shape
        return y.reshape(n, high, m // 2, half, y.shape[-1]).transpose(2, 0, 1, 3, 4)

    def put(self, x: Any) -> None:
        """Writes images [images, height, width, C] into the pieces."""
        m, _, n, high, half = self.shape
        self._put(self._pieces[:, :, :, 1:-1],
                  x.reshape(n, high, m, 2 * half, x.shape[-1]).transpose(2, 0, 1, 3, 4))

    def put_places(self, x: Any) -> None:
        """Writes what stands in `shape` into the pieces."""
        for place in (0, 1):
            self._put(self._pieces[:, :, :, 1 + place:-1:2], x[:, place])

    def _put(self, to: Any, x: Any) -> None:
        """The first piece has the rows above, the last those below."""
        to[1:-1] = x
        to[0, :, 1:] = x[-1, :, :-1]
        to[-1, :, :-1] = x[0, :, 1:]

    def columns(self) -> Any:
        """[m + 2, results, 3 * C]; valid until the next call."""
        k, sums = _M + 2, self._sums
        self._xp.dot(self._before, self._pieces.reshape(k, -1), out=sums.reshape(k, -1))
        a, b, c, d, e = (sums.dtype.itemsize * math.prod(sums.shape[i + 1:]) for i in range(5))
        self._columns[...] = self._xp.lib.stride_tricks.as_strided(
            sums, self._columns.shape, (a, d, b, c, 2 * d, e))
        return self._columns.reshape(k, self.results, -1)


def _filters(xp: Any, w: Any) -> Any:
    """U [m + 2, 3 * C, O] of a filter [3, 3, C, O]."""
    made = xp.dot(_matrices(xp, w.dtype)[1], xp.ascontiguousarray(w).reshape(3, -1))
    return made.reshape(_M + 2, -1, w.shape[-1])


def _matrices(xp: Any, dtype: Any) -> tuple[Any, Any, Any]:
    """B^T [m + 2, m + 2], G [m + 2, 3] and A^T [m, m + 2]."""
    return tuple(xp.asarray(a, dtype) for a in _made())


@lru_cache
def _made() -> tuple[Any, Any, Any]:
    points = np.array(_POINTS)
    before, filtered = np.zeros((_M + 2, _M + 2)), np.zeros((_M + 2, 3))
    summed = np.zeros((_M, _M + 2))
    for j, point in enumerate(points):
        others = np.delete(points, j)
        before[j, :-1] = np.poly(others)[::-1]
        filtered[j] = point ** np.arange(3) / np.prod(point - others)
        summed[:, j] = point ** np.arange(_M)
    before[-1] = np.poly(points)[::-1]
    filtered[-1, -1] = summed[-1, -1] = 1
    return before, filtered, summed


def _tiles(shape: tuple[int, ...], made: int) -> list[slice]:
    """Slices of the images [N, height, width, C] of which there are `made` channels of results.

    They are as many for each core, and equal if the batch allows: others need memory of their own.
    """
    each = 4 * math.prod(shape[1:3]) * (3 * shape[3] + made) * (_M + 2) // _M
    count = len(image_tiles(shape[0], each, _CACHE))
    count = min(shape[0], -(-count // cores()) * cores())
    count = next((c for c in range(count, 2 * count, cores()) if shape[0] % c == 0), count)
    edges = [shape[0] * i // count for i in range(count + 1)]
    return [slice(a, b) for a, b in itertools.pairwise(edges)]
