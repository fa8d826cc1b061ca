"""The arithmetic of convolutions: correlation and its two adjoints, over any number of axes.

Each is one matrix product over *columns*: a matrix with a row per window, which holds the inputs
that the window covers.

    y  = columns(x) @ w          w as a [window * in, out] matrix
    dw = columns(x)^T @ dy
    dx = the elements of dy @ w^T, each added where its input stands; or, where strides are 1, the
         correlation of dy with the filter turned round

Channels are last, so the inputs under one row of a window are one run of k * C numbers; a strided
view whose last two axes are merged into such runs is copied at nearly the speed of memory. Where
runs would be short, the columns are laid out transposed, in runs along the last spatial axis.
Columns are many times the size of x: they are made for a few images at a time, which keeps them in
the cache and bounds the memory.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

from flowgraph.core.pool import shares, side_by_side
from flowgraph.errors import InvalidArgumentError
from flowgraph.ops.padding import Windows, image_tiles

_LEAST = 1 << 14  # results that are worth the care that blocks take


def correlate(xp, x, w, windows: Windows, out=None) -> Any:
    """y [N, *results, O] of x [N, *sizes, C] and w [*window, C, O].

    Args:
        windows: how the window slides over the axes between the first and the last.
        out: C-contiguous array for y, or None.
    """
    from flowgraph.ops import conv_row_columns  # loaded with the first convolution

    counts, pads = windows.place(x.shape[1:-1])
    _equal("channels", x.shape[-1], w.shape[-2])
    if x.dtype.itemsize == 2:  # halves are summed in single precision, and converted once
        y = correlate(xp, x.astype(xp.float32), w.astype(xp.float32), windows)
        return _rounded(y, x.dtype, out)
    if out is None:
        out = xp.empty((x.shape[0], *counts, w.shape[-1]), x.dtype)
    if not out.size:
        return out
    images, filters, slid = conv_row_columns.without_ones(xp.ascontiguousarray(x), w, windows)
    if conv_row_columns.pays(xp, x.dtype, slid, images.shape):
        images, filters, slid = conv_row_columns.with_a_one(images, filters, slid)
        y = out.reshape(x.shape[0], *slid.place(images.shape[1:-1])[0], w.shape[-1])
        conv_row_columns.forwards(images, filters, None, _layer(slid), False, y, None)
        return out
    matrix = w.reshape(-1, w.shape[-1])

    def part(tile: slice) -> None:
        cols = _columns(xp, x[tile], windows, counts, pads)
        xp.dot(cols, matrix, out=out[tile].reshape(-1, matrix.shape[1]))

    side_by_side(xp, [partial(part, tile) for tile in _tiles(xp, x, windows, counts)])
    return out


def filter_adjoint(xp, x, dy, windows: Windows) -> Any:
    """dw [*window, C, O] of x [N, *sizes, C] and dy [N, *results, O]."""
    from flowgraph.ops import conv_row_columns  # loaded with the first convolution

    counts, pads = windows.place(x.shape[1:-1])
    _equal("sizes", (x.shape[0], *counts), dy.shape[:-1])
    if x.dtype.itemsize == 2:
        return filter_adjoint(xp, x.astype(xp.float32), dy.astype(xp.float32),
                              windows).astype(x.dtype)
    dw = xp.empty((*windows.sizes, x.shape[-1], dy.shape[-1]), x.dtype)
    if not dw.size:
        return dw
    images, filters, slid = conv_row_columns.without_ones(xp.ascontiguousarray(x), dw, windows)
    if conv_row_columns.pays(xp, x.dtype, slid, images.shape):
        results = (x.shape[0], *slid.place(images.shape[1:-1])[0], dy.shape[-1])
        conv_row_columns.backwards(images, filters, xp.ascontiguousarray(dy).reshape(results),
                                   _layer(slid), None, None, None, None, (False, True, False),
                                   (filters, None))
        return dw
    tiles = shares(_tiles(xp, x, windows, counts))
    totals = xp.zeros((max(1, len(tiles)), math.prod(windows.sizes) * x.shape[-1], dy.shape[-1]),
                      x.dtype)

    def part(i: int) -> None:
        for tile in tiles[i]:
            cols = _columns(xp, x[tile], windows, counts, pads)
            totals[i] += xp.dot(cols.T, dy[tile].reshape(-1, dy.shape[-1]))

    side_by_side(xp, [partial(part, i) for i in range(len(tiles))])
    return totals.sum(axis=0, dtype=totals.dtype).reshape(*windows.sizes, x.shape[-1],
                                                          dy.shape[-1])


def input_adjoint(xp, shape, w, dy, windows: Windows, out=None) -> Any:
    """dx [N, *sizes, C], of the given shape, of w [*window, C, O] and dy [N, *results, O]."""
    from flowgraph.ops import conv_tiles

    counts, pads = windows.place(shape[1:-1])
    _equal("sizes", (shape[0], *counts), dy.shape[:-1])
    _equal("output channels", w.shape[-1], dy.shape[-1])
    _equal("input channels", w.shape[-2], shape[-1])
    if dy.dtype.itemsize == 2:
        dx = input_adjoint(xp, shape, w.astype(xp.float32), dy.astype(xp.float32), windows)
        return _rounded(dx, dy.dtype, out)
    turned = conv_tiles.turned_windows(shape, w, counts, pads, windows)
    if turned is not None:
        flipped = w[(slice(None, None, -1),) * len(counts)].swapaxes(-1, -2)
        return correlate(xp, dy, flipped, turned, out)
    if out is None:
        out = xp.empty(shape, dy.dtype)
    if shape[-1] <= conv_tiles.FEW and dy.size >= _LEAST:
        conv_tiles.backwards(xp, out, w, dy, _layer(windows), wanted=(True, False, False),
                             out=(out, None, None))
        return out
    out[...] = 0
    if not dy.size:
        return out
    elements = xp.ascontiguousarray(w.reshape(-1, *w.shape[-2:]).swapaxes(-1, -2))
    taps = windows.all_taps(shape[1:-1])

    def part(tile: slice) -> None:
        # one block per element of the window, so that the rows added are long
        blocks = xp.matmul(dy[tile].reshape(-1, dy.shape[-1]), elements)
        blocks = blocks.reshape(len(taps), -1, *counts, shape[-1])
        dx = out[tile]
        for (results, sources), block in zip(taps, blocks, strict=True):
            dx[(slice(None), *sources)] += block[(slice(None), *results)]

    side_by_side(xp, [partial(part, tile) for tile in _tiles(xp, out, windows, counts)])
    return out


def channels_last(xp, x, data_format: str) -> Any:
    """x with its channels as the last axis."""
    return x if data_format.endswith("C") else xp.moveaxis(x, 1, -1)


def as_format(xp, x, data_format: str) -> Any:
    """x, whose channels are last, in `data_format`."""
    return x if data_format.endswith("C") else xp.ascontiguousarray(xp.moveaxis(x, -1, 1))


def _layer(windows: Windows) -> Any:
    from flowgraph.ops.conv_row_columns import Layer

    return Layer(windows, (1,) * len(windows.sizes), False)


def _columns(xp, x, windows: Windows, counts, pads) -> Any:
    """The matrix [N * results, window * C] of the inputs under each window."""
    from flowgraph.ops.conv_tiles import is_short

    n, c, axes = x.shape[0], x.shape[-1], len(counts)
    sizes, strides, dilations = windows.sizes, windows.strides, windows.dilations
    x = padded(xp, x, pads)
    if all(k == 1 for k in sizes):
        at = tuple(slice(0, (count - 1) * s + 1, s)
                   for count, s in zip(counts, strides, strict=True))
        return x[(slice(None), *at)].reshape(-1, c)
    steps = _strides(x)
    rows = tuple(step * s for step, s in zip(steps[1:-1], strides, strict=True))
    inside = tuple(step * r for step, r in zip(steps[1:-1], dilations, strict=True))
    stack = xp.lib.stride_tricks.as_strided
    width = sizes[-1] * c
    if is_short(width, counts[-1]):
        view = stack(x, (*sizes, c, n, *counts), (*inside, steps[-1], steps[0], *rows))
        return view.reshape(math.prod(sizes) * c, n * math.prod(counts)).T
    if dilations[-1] == 1:
        view = stack(x, (n, *counts, *sizes[:-1], width),
                     (steps[0], *rows, *inside[:axes - 1], steps[-1]))
    else:
        view = stack(x, (n, *counts, *sizes, c), (steps[0], *rows, *inside, steps[-1]))
    return view.reshape(n * math.prod(counts), math.prod(sizes) * c)


def _strides(x) -> tuple[int, ...]:
    """The strides of a contiguous array; `x.strides` may say anything of an axis of one element."""
    return tuple(x.dtype.itemsize * math.prod(x.shape[axis + 1:]) for axis in range(x.ndim))


def padded(xp, x, pads) -> Any:
    """x, contiguous, with zeros around the axes between the first and the last."""
    if not any(before or after for before, after in pads):
        return xp.ascontiguousarray(x)
    sizes = [before + n + after for n, (before, after) in zip(x.shape[1:-1], pads, strict=True)]
    wide = xp.zeros((x.shape[0], *sizes, x.shape[-1]), x.dtype)
    inner = tuple(slice(before, before + n)
                  for n, (before, _) in zip(x.shape[1:-1], pads, strict=True))
    wide[(slice(None), *inner)] = x
    return wide


def _tiles(xp, x, windows: Windows, counts) -> list[slice]:
    """Slices of the images, each with a cacheful of columns."""
    row = math.prod(windows.sizes) * x.shape[-1] * x.dtype.itemsize
    return image_tiles(x.shape[0], row * math.prod(counts), 1 << 20, xp)


def _rounded(y, dtype, out) -> Any:
    """y as halves, in `out` if that is given."""
    if out is None:
        return y.astype(dtype)
    out[...] = y
    return out


def _equal(what: str, a, b) -> None:
    if a != b:
        raise InvalidArgumentError(None, None, f"the {what} do not fit: {a} and {b}")
