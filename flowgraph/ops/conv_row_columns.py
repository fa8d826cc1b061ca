"""Convolutions by the rows of their windows: an input is copied once per place in such a row.

A window of 3x3 holds three rows, and what lies under one of them is under the next one as well, for
the results one further up. So only the inputs under single rows of windows are laid out, place by
place below each other, and all results of a row of an image are a sum of three products:

    rows[h] [images * W, kw * C]        the inputs under a row of each window that lies in row h

    y[h] = rows[h] @ w[0] + rows[h + 1] @ w[1] + rows[h + 2] @ w[2]
    dw[i] = rows[i : i + H]^T @ dy

That is a third of what whole windows take, for 5x5 a fifth. The products are a stack, which one
call of NumPy goes through: those of up to a million multiplications OpenBLAS does without laying
out its factors anew first, which else takes as long as the product where there are few channels.
`row_columns` lays them out. Arguments and results are as in `conv_tiles`.
"""

from __future__ import annotations

import itertools
import math
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from flowgraph.core.machine import cores
from flowgraph.core.pool import shares, side_by_side
from flowgraph.core.scratch import Scratch
from flowgraph.ops.conv_images_last import first
from flowgraph.ops.padding import Windows, image_tiles
from flowgraph.ops.row_columns import RowColumns

_CACHE = 3 << 20  # bytes of a tile: its rows, and the products before they are added up
_LEAST = 1 << 10  # windows; with fewer it takes longer to begin
_RUN = 32  # numbers under a row of a window; fewer give products that are too thin


def pays(xp: Any, dtype: Any, windows: Windows, shape: tuple[int, ...]) -> bool:
    """Whether a convolution is quicker so.

    Args:
        xp: the array module.
        dtype: of the images.
        windows: of the convolution.
        shape: of the images, [N, *sizes, C].
    """
    counts = windows.place(shape[1:-1])[0]
    return (xp is np and dtype.itemsize > 2 and math.prod(windows.sizes) > 1
            and math.prod(windows.sizes[1:]) * shape[-1] >= _RUN
            and shape[0] * math.prod(counts) >= _LEAST)


def without_ones(x: Any, w: Any, windows: Windows) -> tuple[Any, Any, Windows]:
    """The same convolution without axes of one element and windows of one, as conv1d has them."""
    pads = windows.place(x.shape[1:-1])[1]
    kept = [axis for axis, (n, k, pair) in enumerate(zip(
        x.shape[1:-1], windows.sizes, pads, strict=True)) if n != 1 or k != 1 or any(pair)]
    if len(kept) == len(windows.sizes) or not kept:
        return x, w, windows
    sizes, strides, dilations = (tuple(values[axis] for axis in kept) for values in windows[:3])
    return (x.reshape(x.shape[0], *(x.shape[1 + axis] for axis in kept), x.shape[-1]),
            w.reshape(*sizes, *w.shape[-2:]),
            Windows(sizes, strides, dilations, "EXPLICIT", tuple(pads[axis] for axis in kept)))


def with_a_one(x: Any, w: Any, windows: Windows) -> tuple[Any, Any, Windows]:
    """The same convolution along one axis as one along two, of which the first has one element.

    A window is one row then, laid out whole: from some 32 channels of results on it takes longer to
    add up a product for each element of the window.
    """
    if len(windows.sizes) > 1 or w.shape[-1] < _RUN:
        return x, w, windows
    sizes, strides, dilations = ((1, *values) for values in windows[:3])
    explicit = ((0, 0), *windows.explicit) if windows.explicit else ()
    return x[:, None], w[None], Windows(sizes, strides, dilations, windows.padding, explicit)


class Layer(NamedTuple):
    """What a block of convolution does with each image.

    Attributes:
        windows: of the convolution.
        pool: size of the pooling windows along each axis, which is their stride too; 1: no pooling.
        relu: whether negative results become 0.
    """

    windows: Windows
    pool: tuple[int, ...]
    relu: bool


def _filters(w: Any) -> Any:
    """[kh, 1, width, O] of a filter [kh, ..., C, O]."""
    return np.ascontiguousarray(w).reshape(w.shape[0], 1, math.prod(w.shape[1:-1]), w.shape[-1])


def _tiles(n: int, each: int) -> list[slice]:
    """Slices of the images, about as many in each, as many for each core."""
    count = len(image_tiles(n, each, _CACHE))
    count = min(n, -(-count // cores()) * cores())
    edges = [n * i // count for i in range(count + 1)]
    return [slice(a, b) for a, b in itertools.pairwise(edges)]


def _size(windows: Windows, shape: tuple[int, ...], made: int) -> int:
    """Bytes of the rows and products of an image, about."""
    counts = windows.place(shape[1:-1])[0]
    width = math.prod(windows.sizes[1:]) * shape[-1]
    return 4 * math.prod(counts) * (width + windows.sizes[0] * made)


def _apart(results: Any, pool: tuple[int, ...]) -> Any:
    """[places, H / pool, images, *windows, O], a view per place, of what stands as results do."""
    high, *rest = results.shape
    split = results.reshape(high // pool[0], pool[0], *rest)
    return [split[(slice(None), *place)] for place in itertools.product(*map(range, pool))]


def _finish(steps: list[tuple[Any, Any]], part: Any, out: Any) -> None:
    """out = part, after steps (function, other argument)."""
    if not steps:
        out[...] = part
    for i, (function, other) in enumerate(steps):
        function(part, other, out=out if i == len(steps) - 1 else part)


def forwards(x: Any, w: Any, bias: Any, layer: Layer, hits: bool, y: Any, where: Any) -> None:
    """As `conv_tiles.forwards`, into y and where."""
    pool, places, made = layer.pool, math.prod(layer.pool), w.shape[-1]
    windows = layer.windows
    matrices = _filters(w)
    run = y.shape[2:-1]
    early = None  # a bias that is not finite makes numbers equal that were not
    if bias is not None and places > 1 and not np.isfinite(bias).all():
        early, bias = bias, None
    tiles = shares(_tiles(x.shape[0], _size(windows, x.shape, made)))
    line = np.zeros((*run, made), x.dtype)
    steps: list[tuple[Any, Any]] = [] if bias is None else [(np.add, line + bias)]
    if layer.relu:
        steps.append((np.maximum, line))

    def work(number: int) -> None:
        columns: Any = None
        count = 0
        with Scratch(np) as scratch:
            for tile in tiles[number]:
                if columns is None or count != tile.stop - tile.start:
                    count = tile.stop - tile.start
                    columns = RowColumns(scratch, windows, (count, *x.shape[1:]), x.dtype, pool)
                    shape = (y.shape[1], count, *y.shape[2:])
                    results = columns.layout.results if places > 1 else shape[:-1]
                    products = scratch.empty((len(matrices), *results, made), x.dtype)
                    if places > 1:
                        part = scratch.empty(shape, x.dtype)
                        found = scratch.empty((places, *shape), bool)
                        seen = scratch.empty(shape, bool)
                columns.put(x[tile])
                columns.times(matrices, products)
                target = y[tile].swapaxes(0, 1)
                sums = [(np.add, other) for other in products[1:]]
                if places == 1:
                    _finish(sums + steps, products[0], target)
                    continue
                if early is not None:
                    sums.append((np.add, early))
                _finish(sums, products[0], products[0])
                apart = _apart(products[0], pool)
                np.fmax(apart[0], apart[1], out=part)  # as in TensorFlow, NaN is no maximum
                for other in apart[2:]:
                    np.fmax(part, other, out=part)
                if not hits:
                    _finish(steps, part, target)
                    continue
                for k, other in enumerate(apart):
                    np.equal(other, part, out=found[k])
                _finish(steps, part, part)
                first(np, found, part if layer.relu else None, seen)
                target[...] = part
                where[:, tile] = found.swapaxes(1, 2)

    side_by_side(np, [partial(work, number) for number in range(len(tiles))])


def backwards(x: Any, w: Any, dy: Any, layer: Layer, y: Any, where: Any, dx: Any,
              turned: Windows | None, wanted: tuple[bool, ...], out: tuple[Any, Any]
              ) -> tuple[Any, Any]:
    """As `conv_tiles.backwards`: (dw, db), and dx written; `out` is left where they are not wanted.

    Args:
        turned: how the filter, turned round, slides over the gradient of the results.
        wanted: whether dx, dw and db are.
    """
    wants_x, wants_w, wants_b = wanted
    windows, pool, places = layer.windows, layer.pool, math.prod(layer.pool)
    channels, made = w.shape[-2:]
    counts = windows.place(x.shape[1:-1])[0]
    each = 0
    if wants_w:
        each = _size(windows, x.shape, made)
    if wants_x:
        assert turned is not None
        back = _filters(w[(slice(None, None, -1),) * len(counts)].swapaxes(-1, -2))
        each = max(each, _size(turned, (1, *counts, made), channels))
    tiles = shares(_tiles(x.shape[0], each))
    dws = np.zeros((len(tiles), w.shape[0], w.size // w.shape[0] // made * wants_w, made), x.dtype)
    dbs = np.zeros((len(tiles), made * wants_b), x.dtype)
    is_finite = where is None or bool(np.isfinite(np.dot(dy.reshape(-1), dy.reshape(-1))))

    def work(number: int) -> None:
        count = 0
        with Scratch(np) as scratch:
            product = scratch.empty(dws.shape[1:], x.dtype)
            for tile in tiles[number]:
                if count != tile.stop - tile.start:
                    count = tile.stop - tile.start
                    results = (counts[0], *pool[1:], count,
                               *(c // k for c, k in zip(counts[1:], pool[1:], strict=True)))
                    if places == 1:
                        results = (counts[0], count, *counts[1:])
                    d = scratch.empty((*results, made), x.dtype)
                    ones = scratch.empty((d.size // made,), x.dtype)
                    ones[...] = 1
                    alive = scratch.empty(d.shape, bool)
                    if wants_w:
                        columns = RowColumns(scratch, windows, (count, *x.shape[1:]), x.dtype,
                                             pool)
                    if wants_x and turned is not None:
                        backs = RowColumns(scratch, turned, (count, *counts, made), x.dtype,
                                           given=pool)
                        products = scratch.empty(
                            (len(back), x.shape[1], count, *x.shape[2:]), x.dtype)
                given = dy[tile].swapaxes(0, 1)
                if where is not None:
                    for to, hit in zip(_apart(d, pool), where[:, tile].swapaxes(1, 2),
                                       strict=True):
                        if is_finite:
                            np.multiply(given, hit, out=to)
                        else:  # inf * 0 is no 0
                            to[...] = np.where(hit, given, d.dtype.type(0))
                elif layer.relu:
                    np.greater(y[tile].swapaxes(0, 1), 0, out=alive)
                    np.multiply(given, alive, out=d)
                else:
                    d[...] = given
                if wants_b:
                    dbs[number] += np.dot(ones, d.reshape(-1, made))
                if wants_w:
                    columns.put(x[tile])
                    columns.transposed_times(d, product)
                    dws[number] += product
                if wants_x:
                    backs.put(d)
                    backs.times(back, products)
                    _finish([(np.add, other) for other in products[1:]], products[0],
                            dx[tile].swapaxes(0, 1))

    side_by_side(np, [partial(work, number) for number in range(len(tiles))])
    dw, db = out
    if wants_w:
        dw = np.sum(dws, 0, out=None if dw is None else dw.reshape(dws.shape[1:])).reshape(w.shape)
    if wants_b:
        db = np.sum(dbs, 0, out=db)
    return dw, db
