"""CRC-32C, the checksum of TensorFlow's files, in NumPy.

A checksum is the remainder of the data, read as a polynomial over the field of two elements, by a
fixed polynomial. Remainders are linear, which serves twice.

A row of at most 1024 bytes: a table tells for each byte at each place its share of the remainder,
and the shares are added (`xor`) in one go. Longer data is rows; the remainder of what stands before
a row moves on by 1024 bytes with four look-ups.

Long data is first *folded*: cut into rows of many 32-bit words, it has the same remainder as one
row,

    sum over k of  row[k] * x^(bits after row k)

and `a * x^n` needs, for all words of a row at once, two look-ups in tables of 65536 entries.
Measured on one core of a busy machine: 100 bytes take 8 us, 100 KB 0.4 ms, 100 MB 0.12 s.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

_POLYNOMIAL = 0x82F63B78  # with the highest power in the lowest bit, as all numbers here
_FOLDED = 1 << 14  # words in a row of the folding
_ROW = 1024  # bytes in a row of the table of places
LONGEST_PART = _ROW
_FEW = 16  # bytes that are quicker one by one
_MASK = 0xA282EAD8


def crc32c(data: Any, crc: int = 0) -> int:
    """The checksum of bytes.

    Args:
        data: bytes, or any contiguous buffer of bytes.
        crc: the checksum of what stands before `data`; then the result is that of both.
    """
    state = crc ^ 0xFFFFFFFF
    if len(data) <= _FEW:
        table = _byte_table()
        for byte in bytes(data):
            state = table[(state ^ byte) & 255] ^ state >> 8
        return state ^ 0xFFFFFFFF
    row = np.frombuffer(data, np.uint8)
    size = 4 * _FOLDED
    if len(row) >= 4 * size:
        whole = len(row) // size * size
        folded = _fold(row[:whole].view("<u4").reshape(-1, _FOLDED), state)
        row, state = np.concatenate([folded.view(np.uint8), row[whole:]]), 0
    whole = len(row) // _ROW * _ROW
    places, shares = _places()
    if whole:
        first, second, third, fourth = _tables_of_a_row()
        for share in np.bitwise_xor.reduce(
                shares.take(row[:whole].reshape(-1, _ROW) + places), axis=1).tolist():
            state = (first[state & 255] ^ second[state >> 8 & 255] ^ third[state >> 16 & 255]
                     ^ fourth[state >> 24] ^ share)
        row = row[whole:]
    if len(row) <= _FEW:
        return crc32c(row.tobytes(), state ^ 0xFFFFFFFF)
    # What stands before a row is added to its first four bytes.
    row = row + places[-len(row):]
    row[:4] ^= (state & 255, state >> 8 & 255, state >> 16 & 255, state >> 24)
    return int(np.bitwise_xor.reduce(shares.take(row))) ^ 0xFFFFFFFF


def crc32c_of_parts(data: Any, starts: Sequence[int], lengths: Sequence[int]) -> np.ndarray:
    """The checksums of many short parts of a buffer at once, 1 us each or so.

    Args:
        data: bytes, or any contiguous buffer of bytes.
        starts: where the parts start.
        lengths: how long each is; at most LONGEST_PART.

    Returns:
        Array of uint32.
    """
    sizes = np.array(lengths, np.int64)
    shares = _places()[1]
    ends = np.cumsum(sizes)
    count = int(ends[-1]) if len(ends) else 0
    order = np.arange(count)
    # of each byte: where it is in the buffer, and its place in a row that its part is the end of
    where = np.repeat(np.array(starts, np.int64) - (ends - sizes), sizes) + order
    row = np.repeat(_ROW - ends, sizes) + order
    each = shares.take(np.frombuffer(data, np.uint8).take(where) + (row << 8))
    result = _ones_followed_by_zeros().take(sizes)
    filled = sizes > 0  # reduceat has no empty parts
    result[filled] ^= np.bitwise_xor.reduceat(each, (ends - sizes)[filled]) if count else 0
    return result ^ np.uint32(0xFFFFFFFF)


def masked(crcs: np.ndarray) -> np.ndarray:
    """Checksums as files hold them.

    Args:
        crcs: array of uint32.
    """
    return (crcs >> np.uint32(15) | crcs << np.uint32(17)) + np.uint32(_MASK)


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
def _places() -> tuple[np.ndarray, np.ndarray]:
    """For each byte of a row: where its entries start in the table, and the table.

    An entry is the share of a byte's value at a place in the remainder.
    """
    table = np.array(_byte_table(), np.uint32)
    shares = np.empty((_ROW, 256), np.uint32)
    shares[-1] = table
    for place in range(_ROW - 2, -1, -1):
        after = shares[place + 1]
        shares[place] = table[after & 255] ^ after >> 8
    return np.arange(_ROW) * 256, shares.reshape(-1)


@cache
def _ones_followed_by_zeros() -> np.ndarray:
    """By the number of zero bytes: the remainder when they follow 32 bits that are one."""
    table, states = _byte_table(), [0xFFFFFFFF]
    for _ in range(_ROW):
        states.append(table[states[-1] & 255] ^ states[-1] >> 8)
    return np.array(states, np.uint32)


@cache
def _tables_of_a_row() -> tuple[list[int], ...]:
    """For each byte of a remainder: the remainder when a row follows."""
    return tuple(_places()[1].reshape(_ROW, 256)[:4].tolist())


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
