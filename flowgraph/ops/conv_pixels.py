"""Convolutions of single pixels, 1x1: products of matrices whose rows are pixels.

Nothing is laid out, so tiles need not be whole images: they are some thousand pixels, and where
there are few, one tile that needs no second thread. Arguments and results are as in `conv_tiles`.
"""

from __future__ import annotations

import itertools
import math
from functools import partial
from typing import Any

import numpy as np

from flowgraph.core.machine import cores
from flowgraph.core.pool import shares, side_by_side
from flowgraph.core.scratch import Scratch
from flowgraph.ops.padding import Windows
from flowgraph.ops.row_columns import dot

_CACHE = 3 << 19  # bytes of inputs and results of a tile
_ALONE = 1 << 23  # multiplications; so many are not worth a second thread
_RUN = 512  # numbers; so long are the runs in which the bias is added


def fits(xp: Any, windows: Windows) -> bool:
    """Whether each result is made of one pixel, and each pixel gives one, on the processor."""
    return (xp is np and math.prod(windows.sizes) == math.prod(windows.strides) == 1
            and not any(map(any, windows.explicit)))


def _shares(x: Any, w: Any) -> tuple[list[Any], int]:
    """Slices of the pixels for each core, and how many of them at most are one run.

    All runs but the last one of all have so many pixels.
    """
    channels, made = w.shape
    run = 1 << max(0, (_RUN // made).bit_length() - 1)
    count = -(-len(x) * (channels + made) * x.itemsize // _CACHE)
    is_alone = x.size * made < _ALONE
    if not is_alone:
        count = -(-count // cores()) * cores()
    runs = -(-len(x) // run)
    count = min(count, runs)
    edges = [runs * i // count * run for i in range(count)] + [len(x)]
    tiles = [slice(a, b) for a, b in itertools.pairwise(edges)]
    return [tiles] if is_alone else shares(tiles), run


def _in_runs(steps: list[tuple[Any, Any]], rows: Any, run: int) -> None:
    """Does steps (function, other argument for a run) in place, in long runs of rows."""
    whole = len(rows) // run * run
    long = rows[:whole].reshape(-1, run * rows.shape[1])
    short = rows[whole:].reshape(-1)
    for function, other in steps:
        function(long, other, out=long)
        function(short, other[:short.size], out=short)


def forwards(x: Any, w: Any, bias: Any, relu: bool, y: Any) -> None:
    """Writes y [N, *sizes, O]."""
    matrix = np.ascontiguousarray(w.reshape(w.shape[-2:]))
    x, y = x.reshape(-1, len(matrix)), y.reshape(-1, matrix.shape[1])
    tiles, run = _shares(x, matrix)
    steps: list[tuple[Any, Any]] = []
    if bias is not None:
        steps.append((np.add, np.tile(bias, run)))
    if relu:
        steps.append((np.maximum, np.zeros(run * y.shape[1], y.dtype)))

    def work(number: int) -> None:
        for tile in tiles[number]:
            dot(np, x[tile], matrix, y[tile])
            _in_runs(steps, y[tile], run)

    side_by_side(np, [partial(work, number) for number in range(len(tiles))])


def backwards(x: Any, w: Any, dy: Any, y: Any, wanted: tuple[bool, ...], out: tuple[Any, ...]
              ) -> tuple[Any, Any]:
    """(dw, db), and dx written.

    Args:
        y: what the block gives, if it has a relu; else None.
        wanted: whether dx, dw and db are.
        out: arrays for them, or None each for dw and db.
    """
    wants_x, wants_w, wants_b = wanted
    dx: Any
    dw: Any
    db: Any
    dx, dw, db = out
    matrix = w.reshape(w.shape[-2:])
    turned = np.ascontiguousarray(matrix.T)
    channels, made = matrix.shape
    x, dy = x.reshape(-1, channels), dy.reshape(-1, made)
    y = None if y is None else y.reshape(dy.shape)
    dx = None if dx is None else dx.reshape(x.shape)
    tiles, _ = _shares(x, matrix)
    dws = np.zeros((len(tiles), channels * wants_w, made), x.dtype)
    dbs = np.zeros((len(tiles), made * wants_b), x.dtype)

    def work(number: int) -> None:
        with Scratch(np) as scratch:
            most = max(tile.stop - tile.start for tile in tiles[number])
            if wants_b:
                ones = scratch.empty((most,), x.dtype)
                ones[...] = 1
            if wants_w:
                product = scratch.empty(dws.shape[1:], x.dtype)
            if y is not None:
                alive = scratch.empty((most, made), bool)
                memory = scratch.empty((most, made), x.dtype)
            for tile in tiles[number]:
                d = dy[tile]
                if y is not None:
                    np.greater(y[tile], 0, out=alive[:len(d)])
                    d = np.multiply(d, alive[:len(d)], out=memory[:len(d)])
                if wants_b:
                    dbs[number] += np.dot(ones[:len(d)], d)
                if wants_w:
                    dws[number] += np.dot(x[tile].T, d, out=product)
                if wants_x:
                    dot(np, d, turned, dx[tile])

    side_by_side(np, [partial(work, number) for number in range(len(tiles))])
    if wants_w:
        dw = np.sum(dws, 0, out=None if dw is None else dw.reshape(matrix.shape)).reshape(w.shape)
    if wants_b:
        db = np.sum(dbs, 0, out=db)
    return dw, db
