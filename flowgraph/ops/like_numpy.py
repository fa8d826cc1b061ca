"""What CuPy computes otherwise than NumPy, with NumPy's numbers: for the kernels of a GPU.

A remainder of floats is x - floor(x / y) y to CuPy (1e8 % 3 is 0, 5 % inf is NaN), `fmod` of
integers goes by double, a cast of what does not fit is left to the GPU, which stops at the largest
number, and `linspace` of arrays looks at what is in them. What cannot be solved, or decomposed, is
told to nobody.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from importlib import import_module
from typing import Any

_LONG = 512  # rows that are summed at once


def remainder(xp: Any, x: Any, y: Any) -> Any:
    """`x % y` of floats, with the sign of y, exactly.

    Args:
        xp: the array module.
        x, y: arrays of one floating dtype.
    """
    rest = xp.fmod(x, y)
    turned = xp.where((rest < 0) != (y < 0), rest + y, rest)
    return xp.where(rest == 0, xp.copysign(x.dtype.type(0), y), turned)


def truncated_remainder(xp: Any, x: Any, y: Any) -> Any:
    """What division rounded towards zero leaves of integers, with the sign of x, of all bits.

    Args:
        xp: the array module.
        x, y: arrays of one integer dtype.
    """
    rest = xp.remainder(x, y)
    return rest - y * ((rest != 0) & ((x < 0) != (y < 0)))


def to_integers(xp: Any, x: Any, dtype: Any) -> Any:
    """Floats as integers. What does not fit becomes what a processor of the x86 kind makes of it:
    the least int32, or int64, of which smaller integers keep the low bits.

    Args:
        xp: the array module.
        x: array of a floating dtype.
        dtype: NumPy's, of integers.
    """
    if x.dtype.itemsize == 2:
        x = x.astype("float32")
    top = x.dtype.type(2.0 ** (63 if dtype.itemsize == 8 else 31))
    is_wide_unsigned = dtype.kind == "u" and dtype.itemsize >= 4
    if is_wide_unsigned:  # the upper half of the numbers comes by way of the lower one
        is_high = x >= top
        x = xp.where(is_high, x - top, x)
    fits = (x >= -top) & (x < top)
    found = xp.where(fits, x, -top).astype("int64" if dtype.itemsize == 8 else "int32")
    found = found.astype(dtype)
    return found + is_high * dtype.type(int(top)) if is_wide_unsigned else found


def linspace(xp: Any, start: Any, stop: Any, count: int) -> Any:
    """`count` evenly spaced numbers from `start` to `stop`, which the host does not look at.

    Args:
        xp: the array module.
        start, stop: of one floating dtype, rank 0.
        count: 1 or more.
    """
    at = xp.arange(count)
    steps = at.astype(start.dtype)
    width = stop - start
    if count == 1:
        return steps * width + start
    step = width / (count - 1)  # which is 0 if the numbers are too close to each other
    spread = xp.where(step == 0, steps / (count - 1) * width, steps * step) + start
    return xp.where(at == count - 1, stop, spread)


def channel_sums(xp: Any, x: Any, axes: tuple[int, ...]) -> Any:
    """The sums over all axes but that of the channels.

    CuPy gives 32 columns to a block of threads, however long they are: long ones are cut into
    pieces, of which there are as many as each is long.

    Args:
        xp: the array module.
        x: array.
        axes: all but one.
    """
    channels = next(axis for axis in range(x.ndim) if axis not in axes)
    if channels != x.ndim - 1 or x.size // max(1, x.shape[-1]) < _LONG:
        return xp.sum(x, axes, dtype=x.dtype)
    rows = x.reshape(-1, x.shape[-1])
    pieces = 1 << (len(rows).bit_length() // 2)
    whole = len(rows) // pieces * pieces
    sums = xp.sum(rows[:whole].reshape(pieces, -1, x.shape[-1]), 1, dtype=x.dtype)
    total = xp.sum(sums, 0, dtype=x.dtype)
    return total if whole == len(rows) else total + xp.sum(rows[whole:], 0, dtype=x.dtype)


def told_of_failure(xp: Any) -> AbstractContextManager[None]:
    """A context in which `xp.linalg` raises LinAlgError as NumPy does; the host waits to see it.

    Args:
        xp: CuPy.
    """
    return import_module(f"{xp.__name__}x").errstate(linalg="raise")
