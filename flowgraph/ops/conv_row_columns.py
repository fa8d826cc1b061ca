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

Where windows move by s rows, rows h, h + s, h + 2 s... lie together. Arguments and results are as
in `conv_tiles`.
"""

from __future__ import annotations

import itertools
import math
from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np

from flowgraph.core.machine import cores
from flowgraph.core.pool import shares, side_by_side
from flowgraph.core.scratch import Scratch
from flowgraph.ops.conv_images_last import first
from flowgraph.ops.padding import Windows, image_tiles

_CACHE = 3 << 20  # bytes of a tile: its rows, and the products before they are added up
_SMALL = 1000000  # multiplications of a product which are done without laying out the factors
_PIECES = 512, 128  # rows of such a product, of a matrix that is transposed, and of one that is not
_FEW_ROWS, _NARROW = 48, 8  # with fewer rows, or a narrower factor, it is no quicker
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


class _Layout(NamedTuple):
    """Where the numbers of a tile lie.

    Attributes:
        results: how results stand, [H, *places, images, *windows].
        width: inputs under a row of a window.
        taps: for each row of the window, (phase, first row of that phase) of what lies under it.
        rows: shape of the rows, [phases, length, places * images * windows, width].
        phases: (rows of the images, phase, its rows) that belong together.
        gaps: (phase, its rows) that no image fills.
        wide: shape of the images with zeros around their rows; () where the images can be taken.
        inner, edges: where the images lie there, and the zeros.
        view, steps: shape and strides of the rows as a view of the images.
        together: from what lies under a row of the window to what lies under the next one, in
            bytes; 0 where windows move by more than one row.
    """

    results: tuple[int, ...]
    width: int
    taps: tuple[tuple[int, int], ...]
    rows: tuple[int, ...]
    phases: tuple[tuple[slice, int, slice], ...]
    gaps: tuple[tuple[int, slice], ...]
    wide: tuple[int, ...]
    inner: tuple[slice, ...]
    edges: tuple[tuple[slice, ...], ...]
    view: tuple[int, ...]
    steps: tuple[int, ...]
    together: int


@lru_cache(256)
def _layout(windows: Windows, shape: tuple[int, ...], item: int, pool: tuple[int, ...],
            given: tuple[int, ...]) -> _Layout:
    """The layout for images of a shape, with numbers of `item` bytes."""
    images, high, *sizes, channels = shape
    counts, pads = windows.place(shape[1:-1])
    stride, dilation = windows.strides[0], windows.dilations[0]
    places = pool[1:]
    results = (counts[0], *places, images,
               *(c // k for c, k in zip(counts[1:], places, strict=True)))
    width = math.prod(windows.sizes[1:]) * channels
    each = math.prod(results[1:])
    taps = tuple(divmod(i * dilation, stride)[::-1] for i in range(windows.sizes[0]))
    length = counts[0] + max(start for _, start in taps)
    phases, gaps = [], []
    for phase in sorted({phase for phase, _ in taps}):
        inputs, rows = _phase(high, length, phase, stride, pads[0][0])
        phases.append((inputs, phase, rows))
        gaps += [(phase, gap) for gap in (slice(0, rows.start), slice(rows.stop, length))
                 if gap.start < gap.stop]
    wide: tuple[int, ...] = ()
    edges: list[tuple[slice, ...]] = []
    every = slice(None)
    by_rows = bool(given)
    if math.prod(given[1:]) > 1 or any(map(any, pads[1:])):
        for a, (n, (before, after)) in enumerate(zip(sizes, pads[1:], strict=True)):
            edges += [(every,) * (a + 2) + (edge,) for edge in (
                slice(0, before), slice(before + n, before + n + after)) if edge.start < edge.stop]
        wide_sizes = [n + sum(pair) for n, pair in zip(sizes, pads[1:], strict=True)]
        wide, by_rows = (high, images, *wide_sizes, channels), True
    inner = (every, every, *(slice(before, before + n) for n, (before, _) in zip(
        sizes, pads[1:], strict=True)))
    across = wide[2:-1] or sizes
    steps = [item * channels * math.prod(across[i + 1:]) for i in range(len(across))]
    line = item * channels * math.prod(across)
    image, row = (line, line * images) if by_rows else (line * high, line)
    along = [step * s for step, s in zip(steps, windows.strides[1:], strict=True)]
    inside = [step * r for step, r in zip(steps, windows.dilations[1:], strict=True)] + [item]
    apart = [step * k for step, k in zip(along, places, strict=True)]
    window: tuple[int, ...] = (*windows.sizes[1:], channels)
    if len(window) > 1 and windows.dilations[-1] == 1:
        window, inside = (*window[:-2], window[-2] * channels), [*inside[:-2], inside[-1]]
    return _Layout(results, width, taps, (1 + max(phase for phase, _ in taps), length, each, width),
                   tuple(phases), tuple(gaps), wide, inner, tuple(edges),
                   (high, *results[1:], *window), (row, *along, image, *apart, *inside),
                   item * width * each * dilation if stride == 1 else 0)


class RowColumns:
    """The inputs under the rows of windows, of a tile of images.

    Results stand as [H, *places, images, *windows, O]: row by row, then by their place in the
    pooling windows along the other axes, then image by image.

    Args:
        scratch: where memory comes from.
        windows: of the convolution.
        shape: of the images of the tile, [images, *sizes, C].
        dtype: of the images.
        pool: size of the pooling windows.
        given: size of the pooling windows by whose places the images are given, as results stand;
            () for images that are given one after the other.
    """

    def __init__(self, scratch: Scratch, windows: Windows, shape: tuple[int, ...], dtype: Any,
                 pool: tuple[int, ...] = (), given: tuple[int, ...] = ()) -> None:
        pool = pool or (1,) * len(windows.sizes)
        layout = self.layout = _layout(windows, shape, dtype.itemsize, pool, given)
        self._is_given = bool(given)
        self._rows = scratch.empty(layout.rows, dtype)
        for phase, places in layout.gaps:
            self._rows[phase, places] = 0
        self._wide = None
        if layout.wide:
            self._wide = scratch.empty(layout.wide, dtype)
            for edge in layout.edges:
                self._wide[edge] = 0
            self._inner = self._wide[layout.inner]
            if math.prod(given[1:]) > 1:
                self._inner = by_place(self._inner, given[1:])
            self._view = np.ndarray(layout.view, dtype, self._wide, strides=layout.steps)

    def put(self, x: Any) -> None:
        """Takes images [images, *sizes, C], contiguous, or as results stand if `given` so."""
        if self._wide is None:
            view = np.ndarray(self.layout.view, x.dtype, x, strides=self.layout.steps)
        else:
            self._inner[...] = x.reshape(self._inner.shape) if self._is_given else x.swapaxes(0, 1)
            view = self._view
        for inputs, phase, places in self.layout.phases:
            part = view[inputs]
            self._rows[phase, places].reshape(part.shape)[...] = part

    def times(self, w: Any, products: Any) -> None:
        """The products with each row of the filter.

        Args:
            w: [kh, 1, width, O], the filter.
            products: [kh, ...] array for them, each as results stand.
        """
        (_, _, each, width), high, made = self.layout.rows, self.layout.results[0], w.shape[-1]
        work = max(1, each * width * made)
        most = high if work > 2 * _SMALL else max(1, _SMALL // work)
        together = next(k for k in range(min(high, most), 0, -1) if high % k == 0)
        shape = (high // together, together * each, width)
        out = products.reshape(len(w), *shape[:2], made)
        if self.layout.together:
            np.matmul(self._together(shape), w, out=out)
        else:
            for i, (phase, start) in enumerate(self.layout.taps):
                rows = self._rows[phase, start:start + high]
                np.matmul(rows.reshape(shape), w[i], out=out[i])

    def transposed_times(self, d: Any, out: Any) -> None:
        """The gradient of the filter, [kh, width, O], into `out`.

        Args:
            d: gradient of the results, as they stand.
        """
        (_, _, each, width), high = self.layout.rows, self.layout.results[0]
        d = d.reshape(-1, d.shape[-1])
        if self.layout.together:
            np.matmul(self._together((1, high * each, width))[:, 0].swapaxes(1, 2), d, out=out)
        else:
            for i, (phase, start) in enumerate(self.layout.taps):
                rows = self._rows[phase, start:start + high]
                np.matmul(rows.reshape(-1, width).T, d, out=out[i])

    def _together(self, shape: tuple[int, ...]) -> Any:
        """What lies under each row of the windows, some rows of results in one matrix."""
        step = self._rows.itemsize * shape[2]
        return np.ndarray((len(self.layout.taps), *shape), self._rows.dtype, self._rows, strides=(
            self.layout.together, step * shape[1], step, self._rows.itemsize))


def dot(xp: Any, a: Any, b: Any, out: Any) -> None:
    """out = a @ b for many rows and few columns, as a stack of products if they are quicker.

    Args:
        xp: the array module.
        a: [rows, k] matrix, or the transposition of one.
        b: [k, n] matrix.
        out: [rows, n] matrix.
    """
    most = min(_SMALL // max(1, b.size), _PIECES[a.flags.c_contiguous])
    is_quicker = xp is np and most >= _FEW_ROWS and min(b.shape) >= _NARROW
    whole = len(a) // most * most if is_quicker else 0
    if whole:
        np.matmul(a[:whole].reshape(-1, most, a.shape[1]), b,
                  out=out[:whole].reshape(-1, most, b.shape[1]))
    if whole < len(a):
        xp.dot(a[whole:], b, out=out[whole:])


def by_place(x: Any, pool: tuple[int, ...]) -> Any:
    """A view [H, *places, images, *windows, C] of [H, images, *sizes, C]."""
    n = len(pool)
    split = [part for count, k in zip(x.shape[2:-1], pool, strict=True)
             for part in (count // k, k)]
    return x.reshape(*x.shape[:2], *split, x.shape[-1]).transpose(
        0, *range(3, 3 + 2 * n, 2), 1, *range(2, 2 + 2 * n, 2), 2 + 2 * n)


def _phase(n: int, length: int, phase: int, stride: int, before: int) -> tuple[slice, slice]:
    """(rows of n, places of `length`) that lie together."""
    begin = (phase - before) % stride
    at = (begin + before) // stride
    count = max(0, min(-(-(n - begin) // stride), length - at))
    return slice(begin, begin + count * stride, stride), slice(at, at + count)


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
