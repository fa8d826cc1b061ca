"""CRC-32C, the checksum of TensorFlow's files, in NumPy.

A checksum is the remainder of the data, read as a polynomial over the field of two elements, by a
fixed polynomial. Remainders are linear, so long data is *folded*: cut into rows of many 32-bit
words, it has the same remainder as one row,

    sum over k of  row[k] * x^(bits after row k)

and `a * x^n` needs, for all words of a row at once, two look-ups in tables of 65536 entries. What
is left after folding, about a thousand bytes at most, is divided byte by byte. Measured on one core
of a busy machine: 100 MB take 0.36 s.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

_POLYNOMIAL = 0x82F63B78  # with the highest power in the lowest bit, as all numbers here
_ROWS = (1 << 14, 1 << 6)  # words in a row of the first and second folding
_MASK = 0xA282EAD8


def crc32c(data: Any, crc: int = 0) -> int:
    """The checksum of bytes.

    Args:
        data: bytes, or any contiguous buffer of bytes.
        crc: the checksum of what stands before `data`; then the result is that of both.
    """
    view = memoryview(data)
    state = crc ^ 0xFFFFFFFF
    for row in _ROWS:
        size = 4 * row
        if len(view) >= 4 * size:
            whole = len(view) // size * size
            folded = _fold(np.frombuffer(view[:whole], "<u4").reshape(-1, row), state)
            view, state = memoryview(folded.tobytes() + view[whole:].tobytes()), 0
    table = _byte_table()
    for byte in view.tobytes():
        state = table[(state ^ byte) & 255] ^ state >> 8
    return state ^ 0xFFFFFFFF


def masked_crc32c(data: Any, crc: int = 0) -> int:
    """The checksum as files hold it: mixed, so that data holding checksums is no special case.

    Args:
        data: bytes, or any contiguous buffer of bytes.
        crc: the checksum of what stands before `data`.
    """
    return mask(crc32c(data, crc))


def mask(crc: int) -> int:
    """A checksum as files hold it.

    Args:
        crc: the checksum.
    """
    return ((crc >> 15 | crc << 17) + _MASK) & 0xFFFFFFFF


def _fold(rows: np.ndarray, state: int) -> np.ndarray:
    """One row with the remainder of all `rows`; `state` is the remainder of what is before them."""
    low, high = _tables(4 * rows.shape[1])
    total = rows[0].copy()
    total[0] ^= state
    halves = total.view("<u2")
    first, second = np.empty_like(total), np.empty_like(total)
    for row in rows[1:]:
        np.take(low, halves[0::2], out=first, mode="clip")
        np.take(high, halves[1::2], out=second, mode="clip")
        np.bitwise_xor(first, second, out=first)
        np.bitwise_xor(first, row, out=total)
    return total


@cache
def _byte_table() -> list[int]:
    """The remainder of each byte, followed by 32 zero bits."""
    table = []
    for state in range(256):
        for _ in range(8):
            state = state >> 1 ^ (_POLYNOMIAL if state & 1 else 0)
        table.append(state)
    return table


@cache
def _tables(zeros: int) -> tuple[np.ndarray, np.ndarray]:
    """For the low and the high 16 bits of a word: its remainder when so many zero bytes follow."""
    table = _byte_table()
    columns = [1 << bit for bit in range(32)]  # where each bit of a word goes; now nowhere
    step = [table[column & 255] ^ column >> 8 for column in columns]  # where a zero byte moves it
    while zeros:
        if zeros & 1:
            columns = [_apply(step, column) for column in columns]
        step = [_apply(step, column) for column in step]
        zeros >>= 1
    return _spread(columns[:16]), _spread(columns[16:])


def _apply(columns: list[int], word: int) -> int:
    """A linear map, given by where it takes each bit, of a word."""
    result = 0
    for bit in range(32):
        if word >> bit & 1:
            result ^= columns[bit]
    return result


def _spread(columns: list[int]) -> np.ndarray:
    """The table of a linear map of 16 bits."""
    table = np.zeros(1, np.uint32)
    for column in columns:
        table = np.concatenate([table, table ^ np.uint32(column)])
    return table
