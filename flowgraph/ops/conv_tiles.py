"""Convolution, bias, activation and pooling together, a few images at a time.

A convolution of a whole batch writes more than fits into a cache, and what follows it (adding the
bias, the activation, the pooling) reads it from memory and writes it there again. Here a tile of a
few images goes through all of it before the next one begins, and the tiles are shared out to the
cores. Going back, a tile of dy goes through pooling and activation and into the two products.

A pooling whose windows do not overlap asks for the results of a convolution by their place in the
window: all that stand first in their window, then all that stand second... The rows of the columns
are laid out so. Each place is then one piece of memory, and pooling is a maximum of whole pieces:

    images   a b  c d       places  a c i k     pooled  max(a, b, e, f)  max(c, d, g, h)  ...
             e f  g h               b d j l
             i j  k l               e g m o
             m n  o p               f h n p

The bias is added to what is pooled, and the activation applied to it: both keep the order of
numbers. For the way back it is enough to know which place had the maximum: four bits, in place of
the results of the convolution.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

from flowgraph.core.pool import shares, side_by_side
from flowgraph.core.scratch import Scratch
from flowgraph.ops import conv_images_last as images_last
from flowgraph.ops import conv_pixels, conv_row_columns
from flowgraph.ops.conv_row_columns import Layer
from flowgraph.ops.padding import Windows, by_place, image_tiles
from flowgraph.ops.row_columns import dot

_CACHE = 3 << 19  # bytes; a tile needs about so many: more than fit into a core's own cache
FEW = 4  # channels of images whose gradient has the images last while it is added up
_SHORT = 16  # numbers; columns in shorter runs are laid out transposed


def is_short(width: int, count: int) -> bool:
    """Whether columns are laid out transposed.

    Args:
        width: numbers under a row of a window.
        count: windows along the last axis.
    """
    return width < _SHORT and count > 2 * width


class _Sizes:
    """The sizes of a convolution.

    Attributes:
        shape: of the images, [N, *sizes, C].
        windows: of the convolution.
        counts, pads: of the windows, per axis.
        rows: results per image.
        width: inputs under a window.
        is_image: whether the columns are the images.
        is_short: whether the columns are laid out transposed.
        order: how many places there are along each axis: results stand by place, then by image,
            then by window.
    """

    def __init__(self, windows: Windows, shape: tuple[int, ...],
                 pool: tuple[int, ...] | None = None) -> None:
        self.shape = shape
        self.windows = windows
        self.counts, self.pads = windows.place(shape[1:-1])
        self.rows = math.prod(self.counts)
        self.width = math.prod(windows.sizes) * shape[-1]
        run = windows.sizes[-1] * shape[-1]
        self.is_short = is_short(run, self.counts[-1])
        self.is_image = (pool is None and all(k == 1 for k in windows.sizes + windows.strides)
                         and not any(a or b for a, b in self.pads))
        if pool is not None:
            self.order = pool
        elif self.is_short or self.is_image:
            self.order = (1,) * len(self.counts)
        else:  # a window after the one below it: half the time of one after the one to its left
            self.order = (*(1,) * (len(self.counts) - 1), max(1, self.counts[-1]))

    @property
    def is_ordered(self) -> bool:
        """Whether the results stand in another order than row by row."""
        return any(k != 1 for k in self.order)


class _Columns:
    """The inputs under each window of a tile of images, in memory that all tiles share.

    Args:
        xp, scratch: the array module, and where memory comes from.
        sizes: of the convolution.
        images: the most images of a tile.
        dtype: of the images.
        order: in which the images are given; None: row by row.
    """

    def __init__(self, xp: Any, scratch: Scratch, sizes: _Sizes, images: int, dtype: Any,
                 order: tuple[int, ...] | None = None) -> None:
        self._xp, self._sizes, self._order = xp, sizes, order
        self._wide = None
        if order is not None or any(a or b for a, b in sizes.pads):
            wide = [a + n + b for n, (a, b) in zip(sizes.shape[1:-1], sizes.pads, strict=True)]
            self._wide = scratch.empty((images, *wide, sizes.shape[-1]), dtype)
            self._wide[...] = 0
            self._inner = (slice(None), *(slice(a, a + n) for n, (a, _) in zip(
                sizes.shape[1:-1], sizes.pads, strict=True)))
        if not sizes.is_image:
            self._memory = scratch.empty((images * sizes.rows * sizes.width,), dtype)

    def of(self, x: Any) -> Any:
        """The matrix [results, window * C] of some images; valid until the next call."""
        sizes = self._sizes
        n = x.size // math.prod(sizes.shape[1:])
        if self._wide is not None:
            wide = self._wide[:n]
            inner = wide[self._inner]
            if self._order is None:
                inner[...] = x
            else:
                inner = by_place(inner, self._order, 1, 0)
                inner[...] = x.reshape(inner.shape)
        else:
            wide = x
        if sizes.is_image:
            return wide.reshape(n * sizes.rows, sizes.width)
        shape, strides = self._view(wide, n)
        view = self._xp.lib.stride_tricks.as_strided(wide, shape, strides)
        matrix = self._memory[:n * sizes.rows * sizes.width]
        matrix.reshape(shape)[...] = view
        if sizes.is_short:
            return matrix.reshape(sizes.width, n * sizes.rows).T
        return matrix.reshape(n * sizes.rows, sizes.width)

    def _view(self, wide: Any, n: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Shape and strides of the columns as a view of the padded images."""
        sizes, windows = self._sizes, self._sizes.windows
        steps = [wide.dtype.itemsize * math.prod(wide.shape[axis + 1:])
                 for axis in range(wide.ndim)]
        rows = [step * s for step, s in zip(steps[1:-1], windows.strides, strict=True)]
        inside = [step * r for step, r in zip(steps[1:-1], windows.dilations, strict=True)]
        apart = [step * k for step, k in zip(rows, sizes.order, strict=True)]
        results = (*sizes.order, n, *(c // k for c, k in zip(sizes.counts, sizes.order,
                                                             strict=True)))
        result_steps = (*rows, steps[0], *apart)
        channels = wide.shape[-1]
        if sizes.is_short:
            return (*windows.sizes, channels, *results), (*inside, steps[-1], *result_steps)
        if windows.dilations[-1] == 1:
            return ((*results, *windows.sizes[:-1], windows.sizes[-1] * channels),
                    (*result_steps, *inside[:-1], steps[-1]))
        return (*results, *windows.sizes, channels), (*result_steps, *inside, steps[-1])


def forwards(xp, x, w, bias, layer: Layer, hits: bool = False, out=None) -> Any:
    """(y, where): the results of a block, and where each pooling window has its maximum.

    Args:
        xp: the array module.
        x: [N, *sizes, C] images.
        w: [*window, C, O] filter.
        bias: [O], or None.
        layer: what to do.
        hits: whether `where` is asked for: bools [places, N, *pooled, O], at most one of a window
            true; none where relu has taken the maximum away. Else it is None.
        out: C-contiguous arrays for the results, or None each.
    """
    places = math.prod(layer.pool)
    y: Any
    where: Any
    y, where = out or (None, None)
    if places == 1 and conv_pixels.fits(xp, layer.windows):
        if y is None:
            y = xp.empty((*x.shape[:-1], w.shape[-1]), x.dtype)
        conv_pixels.forwards(x, w, bias, layer.relu, y)
        return y, where
    sizes = _Sizes(layer.windows, x.shape, layer.pool if places > 1 else None)
    pooled = tuple(c // k for c, k in zip(sizes.counts, layer.pool, strict=True))
    n, made = x.shape[0], w.shape[-1]
    if y is None:
        y = xp.empty((n, *pooled, made), x.dtype)
    if hits and where is None:
        where = xp.empty((places, n, *pooled, made), bool)
    x = xp.ascontiguousarray(x)
    if images_last.pays(xp, x, w, layer):
        images_last.forwards(xp, x, w, bias, layer, hits, y, where)
        return y, where
    if conv_row_columns.pays(xp, x.dtype, layer.windows, x.shape):
        conv_row_columns.forwards(x, w, bias, layer, hits, y, where)
        return y, where
    matrix = xp.ascontiguousarray(w.reshape(-1, made))
    early = None  # a bias that is not finite makes numbers equal that were not
    if bias is not None and places > 1 and not xp.isfinite(bias).all():
        early, bias = bias, None
    each = x.dtype.itemsize * sizes.rows * (sizes.width + made)
    tiles = shares(image_tiles(n, each, _CACHE, xp))
    run = pooled[-1] if places > 1 else sizes.counts[0]
    is_direct = places == 1 and not sizes.is_ordered

    def work(number: int) -> None:
        with Scratch(xp) as scratch:
            images = tiles[number][0].stop - tiles[number][0].start
            columns = _Columns(xp, scratch, sizes, images, x.dtype)
            if not is_direct:
                results = scratch.empty((images * sizes.rows, made), x.dtype)
            if layer.relu:
                zeros = scratch.empty((run * made,), x.dtype)
                zeros[...] = 0
            if bias is not None:
                biases = scratch.empty((run * made,), x.dtype)
                biases.reshape(run, made)[...] = bias
            if hits:
                seen = scratch.empty((images * math.prod(pooled), made), bool)
            for tile in tiles[number]:
                cols = columns.of(x[tile])
                product = y[tile].reshape(-1, made) if is_direct else results[:len(cols)]
                dot(xp, cols, matrix, product)
                if places > 1:
                    if early is not None:
                        xp.add(product, early, out=product)
                    part = y[tile].reshape(-1, made)
                    apart = product.reshape(places, *part.shape)
                    xp.fmax(apart[0], apart[1], out=part)  # as in TensorFlow, NaN is no maximum
                    for k in range(2, places):
                        xp.fmax(part, apart[k], out=part)
                    if hits:
                        found = where[:, tile].reshape(places, *part.shape)
                        xp.equal(apart, part, out=found)
                else:
                    part = product
                wide = part.reshape(-1, run * made)
                if bias is not None:
                    xp.add(wide, biases, out=wide)
                if layer.relu:
                    xp.maximum(wide, zeros, out=wide)
                if hits:
                    images_last.first(xp, found, part if layer.relu else None,
                                      seen[:len(part)])
                if places == 1 and not is_direct:
                    target = by_place(y[tile], sizes.order, 1, 0)
                    target[...] = part.reshape(target.shape)

    side_by_side(xp, [partial(work, number) for number in range(len(tiles))])
    return y, where


def backwards(xp, x, w, dy, layer: Layer, y=None, where=None,
              wanted: tuple[bool, ...] = (True, True, True), out=None) -> Any:
    """(dx, dw, db) of a block, None for what is not wanted.

    Args:
        xp: the array module.
        x: [N, *sizes, C] images.
        w: [*window, C, O] filter.
        dy: [N, *pooled, O], of what the block gives.
        layer: what the block does.
        y: what the block gives, where it has a relu and no pooling.
        where: the places of the maxima, as `forwards` gives them; None without pooling.
        wanted: whether dx, dw and db are.
        out: three C-contiguous arrays for the results, or None each.
    """
    wants_x, wants_w, wants_b = wanted
    dx, dw, db = out or (None, None, None)
    x, dy = xp.ascontiguousarray(x), xp.ascontiguousarray(dy)
    if wants_x and dx is None:
        dx = xp.empty(x.shape, dy.dtype)
    if where is None and conv_pixels.fits(xp, layer.windows):
        dw, db = conv_pixels.backwards(x, w, dy, y if layer.relu else None, wanted, (dx, dw, db))
        return dx if wants_x else None, dw if wants_w else None, db if wants_b else None
    if images_last.pays(xp, x, w, layer):
        dw, db = images_last.backwards(xp, x, w, dy, layer, y, where, dx if wants_x else None,
                                       wants_w)
        return dx if wants_x else None, dw.reshape(w.shape) if wants_w else None, db
    turned = None
    if wants_x:
        counts, pads = layer.windows.place(x.shape[1:-1])
        turned = turned_windows(x.shape, w, counts, pads, layer.windows)
    pays = partial(conv_row_columns.pays, xp, x.dtype)
    x_by_rows = turned is not None and pays(turned, (x.shape[0], *counts, w.shape[-1]))
    w_by_rows = wants_w and pays(layer.windows, x.shape)
    rest = wanted
    if x_by_rows or w_by_rows:
        dw, db = conv_row_columns.backwards(x, w, dy, layer, y, where, dx, turned,
                                            (x_by_rows, w_by_rows, wants_b), (dw, db))
        rest = wants_x and not x_by_rows, wants_w and not w_by_rows, False
    if any(rest):
        dw, db = _by_windows(xp, x, w, dy, layer, y, where, rest, (dx, dw, db), turned)
    return dx if wants_x else None, dw if wants_w else None, db if wants_b else None


def _by_windows(xp, x, w, dy, layer: Layer, y: Any, where: Any, wanted: tuple[bool, ...],
                out: tuple[Any, ...], windows: Windows | None) -> tuple[Any, Any]:
    """(dw, db), and dx written, with the columns of whole windows; others are left as they are.

    Args:
        windows: how the filter, turned round, slides over dy; None to add up columns.
    """
    wants_x, wants_w, wants_b = wanted
    dx, dw, db = out
    places = math.prod(layer.pool)
    sizes = _Sizes(layer.windows, x.shape, layer.pool if places > 1 else None)
    n, channels, made = x.shape[0], x.shape[-1], w.shape[-1]
    turned = None
    if wants_x:
        if windows is None:
            taps = layer.windows.all_taps(x.shape[1:-1])
            elements = xp.ascontiguousarray(w.reshape(-1, channels, made).swapaxes(-1, -2))
        else:
            turned = _Sizes(windows, (n, *sizes.counts, made))
            flipped = xp.ascontiguousarray(w[(slice(None, None, -1),) * len(sizes.counts)]
                                           .swapaxes(-1, -2)).reshape(-1, channels)
    width = max(sizes.width * wants_w, 0 if not wants_x else sizes.width if turned is None
                else sizes.width // channels * made)
    each = x.dtype.itemsize * sizes.rows * (width + made)
    tiles = shares(image_tiles(n, each, _CACHE, xp))
    dws = xp.zeros((len(tiles), sizes.width * wants_w, made), x.dtype)
    dbs = xp.zeros((len(tiles), made * wants_b), x.dtype)
    is_finite = where is None or bool(xp.isfinite(xp.dot(dy.reshape(-1), dy.reshape(-1))))

    def work(number: int) -> None:
        with Scratch(xp) as scratch:
            images = tiles[number][0].stop - tiles[number][0].start
            rows = images * sizes.rows
            if wants_w:
                columns = _Columns(xp, scratch, sizes, images, x.dtype)
                product = scratch.empty(dws.shape[1:], x.dtype)
            if turned is not None:
                back = _Columns(xp, scratch, turned, images, x.dtype,
                                layer.pool if places > 1 else None)
                if turned.is_ordered:
                    results = scratch.empty((images * turned.rows, channels), x.dtype)
            elif wants_x:
                blocks = scratch.empty((len(taps), rows, channels), x.dtype)
                if channels <= FEW:
                    last = scratch.empty((rows, made), x.dtype)
                    totals = scratch.empty((images * math.prod(x.shape[1:]),), x.dtype)
            if wants_b:
                ones = scratch.empty((rows,), x.dtype)
                ones[...] = 1
            if where is not None or layer.relu:
                memory = scratch.empty((rows, made), x.dtype)
            if where is None and layer.relu:
                alive = scratch.empty((rows, made), bool)
            if sizes.is_ordered and (places == 1 or (wants_x and turned is None)):
                ordered = scratch.empty((rows, made), x.dtype)
            for tile in tiles[number]:
                d = dy[tile].reshape(-1, made)
                count = tile.stop - tile.start
                if where is not None:
                    hit = where[:, tile].reshape(places, len(d), made)
                    spread = memory[:places * len(d)].reshape(hit.shape)
                    if is_finite:
                        xp.multiply(d, hit, out=spread)
                    else:  # inf * 0 is no 0
                        spread[...] = xp.where(hit, d, d.dtype.type(0))
                    d = spread.reshape(-1, made)
                elif layer.relu:
                    xp.greater(y[tile].reshape(-1, made), 0, out=alive[:len(d)])
                    d = xp.multiply(d, alive[:len(d)], out=memory[:len(d)])
                if wants_b:
                    dbs[number] += xp.dot(ones[:len(d)], d)
                if wants_w:
                    in_order = d
                    if places == 1 and sizes.is_ordered:
                        view = by_place(d.reshape(count, *sizes.counts, made), sizes.order, 1, 0)
                        in_order = ordered[:len(d)]
                        in_order.reshape(view.shape)[...] = view
                    xp.dot(columns.of(x[tile]).T, in_order, out=product)
                    dws[number] += product
                if turned is not None:
                    cols = back.of(d if places > 1 else d.reshape(count, *sizes.counts, made))
                    if not turned.is_ordered:
                        dot(xp, cols, flipped, dx[tile].reshape(-1, channels))
                    else:
                        view = by_place(dx[tile], turned.order, 1, 0)
                        view[...] = xp.dot(cols, flipped,
                                           out=results[:len(cols)]).reshape(view.shape)
                elif wants_x:
                    if places > 1:
                        view = by_place(ordered[:len(d)].reshape(count, *sizes.counts, made),
                                        layer.pool, 1, 0)
                        view[...] = d.reshape(view.shape)
                        d = ordered[:len(d)]
                    stack = blocks.reshape(-1)[:len(taps) * len(d) * channels].reshape(
                        len(taps), len(d), channels)
                    if channels <= FEW:  # images last: one product, sums of long runs
                        turned_d = last[:len(d)]
                        view = turned_d.reshape(*sizes.counts, count, made)
                        view[...] = xp.moveaxis(d.reshape(count, *sizes.counts, made), 0, -2)
                        xp.dot(w.reshape(-1, made), turned_d.T,
                               out=stack.reshape(-1, len(d)))
                        total = totals[:dx[tile].size].reshape(channels, *x.shape[1:-1], count)
                        add_up(xp, total, taps,
                               stack.reshape(len(taps), channels, *sizes.counts, count))
                        dx[tile] = images_last.turned_round(total)
                    else:
                        xp.matmul(d, elements, out=stack)
                        add_up(xp, dx[tile], taps,
                               stack.reshape(len(taps), count, *sizes.counts, channels))

    side_by_side(xp, [partial(work, number) for number in range(len(tiles))])
    if wants_w:
        dw = xp.sum(dws, 0, out=None if dw is None else dw.reshape(dws.shape[1:])).reshape(w.shape)
    if wants_b:
        db = xp.sum(dbs, 0, out=db)
    return dw, db


def turned_windows(shape: Any, w: Any, counts: Any, pads: Any,
                   windows: Windows) -> Windows | None:
    """How a flipped filter slides over dy to give dx; None where adding up columns is quicker.

    Adding up wins where the results are far fewer than the inputs, and where the product would be
    narrow: dy's channels many, dx's few. With strides or very wide padding it is the only way.
    """
    if (any(s != 1 for s in windows.strides) or 2 * math.prod(shape[1:-1]) > 3 * math.prod(counts)
            or w.shape[-1] > 16 * w.shape[-2]):
        return None
    reach = [(k - 1) * r for k, r in zip(windows.sizes, windows.dilations, strict=True)]
    around = tuple((far - before, n + before - count) for far, (before, _), n, count
                   in zip(reach, pads, shape[1:-1], counts, strict=True))
    if any(extra < 0 for pair in around for extra in pair):
        return None
    return windows._replace(padding="EXPLICIT", explicit=around)


def add_up(xp, dx: Any, taps: Any, blocks: Any) -> None:
    """dx = the sum of the blocks, one per element of the window, each where its inputs stand."""
    dx[...] = 0
    for (results, sources), block in zip(taps, blocks, strict=True):
        at = (slice(None), *sources)
        xp.add(dx[at], block[(slice(None), *results)], out=dx[at])
