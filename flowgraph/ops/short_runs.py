"""Reductions that NumPy would do by many short runs, done by few long ones.

NumPy reduces a middle axis by a loop over what lies behind it, and the last axis by a loop along
it. Where that is less than some dozens of numbers, starting the loops takes most of the time.

    [32, 1024, 64] over axis 1     as [32, 128, 512] over axis 1, then [32, 8, 64]: 0.7 ms, not 1.6
    [10000, 16] over axis 1        as [16, 10000] over axis 0, copied a block at a time: 0.2 ms,
                                   not 1.0
    sums of [16384, 3] over axis 1     one column after the other: 0.02 ms, not 0.32
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

_FEW = 1 << 13  # numbers that are not worth another step
_SHORT = 128  # numbers behind the reduced axes, or in a row to be added up
_LONG = 512  # numbers that a run should have
_RUNS = 64  # of them, at least
_ROW = 64  # numbers in a row that is worth copying
_BLOCK = 1 << 16  # numbers: so many rows stay in the cache
_COLUMNS = 4  # numbers in a row that are added up column by column


def eased(function: str, x: Any, axes: Any) -> Any:
    """x with most of the work of a reduction done already: the same when reduced over `axes`.

    Args:
        function: "max", "min" or "sum"; sums may differ in their last digit.
        x: array; that of another module than NumPy is left alone.
        axes: int, or tuple of ints.

    Returns:
        x, or an array of its rank with fewer elements along `axes`.
    """
    if x.size < _FEW or not isinstance(x, np.ndarray) or not x.flags.c_contiguous:
        return x
    if axes in (x.ndim - 1, -1, (x.ndim - 1,), (-1,)):
        if function != "sum":
            return _columns(getattr(np, function + "imum"), x)
        return row_sums(x) if 1 < x.shape[-1] <= _SHORT and x.dtype.char in "fd" else x
    places = sorted(axis % x.ndim for axis in (axes if isinstance(axes, tuple) else (axes,)))
    if not places or places[-1] - places[0] != len(places) - 1:
        return x
    first, behind = places[0], x.shape[places[-1] + 1:]
    inner, count = math.prod(behind), math.prod(x.shape[first:places[-1] + 1])
    if not 1 < inner <= _SHORT or count < _RUNS:
        return x
    wide = 1
    while inner * wide * 2 <= _LONG and count % (wide * 2) == 0:
        wide *= 2
    if wide == 1:
        return x
    part = getattr(x.reshape(-1, count // wide, wide * inner), function)(axis=1)
    return part.reshape(*x.shape[:first], wide, *(1,) * (len(places) - 1), *behind)


def _columns(ufunc: np.ufunc, x: np.ndarray) -> np.ndarray:
    """The extreme of each row, as an axis of size 1; x itself if its rows are long."""
    if not 1 < x.shape[-1] <= _ROW:
        return x
    rows = x.reshape(-1, x.shape[-1])
    result = np.empty(len(rows), x.dtype)
    step = _BLOCK // x.shape[-1]
    for start in range(0, len(rows), step):
        columns = np.ascontiguousarray(rows[start:start + step].T)
        ufunc.reduce(columns, axis=0, out=result[start:start + step])
    return result.reshape(*x.shape[:-1], 1)


def row_sums(x: Any) -> Any:
    """The sums of many short rows of float32 or float64, as an axis of size 1.

    An array of another module than NumPy is left alone.

    Example:
        >>> row_sums(np.ones((2, 3)))
        array([[3.],
               [3.]])
    """
    if not isinstance(x, np.ndarray):
        return x
    if not x.flags.c_contiguous and (x.ndim > 2 or x.strides[-1] != x.itemsize):
        # rows would be copied; NumPy's own runs are long where another axis lies together
        return x.sum(axis=-1, keepdims=True)
    rows = x.reshape(-1, x.shape[-1])
    if not 1 < rows.shape[1] <= _COLUMNS:
        return np.einsum("ij->i", rows).reshape(*x.shape[:-1], 1)
    result = np.empty(len(rows), x.dtype)
    step = _BLOCK // rows.shape[1]
    for start in range(0, len(rows), step):
        first, *others = rows[start:start + step].T
        total = np.add(first, others[0], out=result[start:start + step])
        for column in others[1:]:
            total += column
    return result.reshape(*x.shape[:-1], 1)
