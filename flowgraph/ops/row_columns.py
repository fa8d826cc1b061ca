"""What lies under the rows of the windows of a convolution, laid out for matrix products.

`conv_row_columns` says what it is for. Where windows move by s rows, rows h, h + s, h + 2 s... lie
together; where results are pooled, those of one place in the pooling windows do.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from flowgraph.core.scratch import Scratch
from flowgraph.ops.padding import Windows, by_place

_SMALL = 1000000  # multiplications of a product which are done without laying out the factors
_PIECES = 512, 128  # rows of such a product, of a matrix that is transposed, and of one that is not
_FEW_ROWS, _NARROW = 48, 8  # with fewer rows, or a narrower factor, it is no quicker


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
                self._inner = by_place(self._inner, given[1:], 2, 1)
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


def _phase(n: int, length: int, phase: int, stride: int, before: int) -> tuple[slice, slice]:
    """(rows of n, places of `length`) that lie together."""
    begin = (phase - before) % stride
    at = (begin + before) // stride
    count = max(0, min(-(-(n - begin) // stride), length - at))
    return slice(begin, begin + count * stride, stride), slice(at, at + count)
