"""Philox 4x32-10: random bits as a function of a key and a counter.

Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (2011). A block is a 128-bit counter;
ten rounds of multiply-and-xor turn it into four 32-bit words. Nothing depends on the block before,
so any number of blocks is made at once, in NumPy or CuPy, with the same bits on both:

    key 64 bits, counter 128 bits  ->  words[0], words[1], words[2], words[3] of each block

`PhiloxState` is what a Session keeps for one random node: the key, and the counter of the next run.
Blocks are made in tiles that stay in the cache, which is three times as fast as in whole arrays;
many tiles are made in several threads.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache, partial
from typing import Any

import numpy as np

from flowgraph.core.pool import parallel
from flowgraph.core.scratch import Scratch

MASK32 = 0xFFFFFFFF
MASK64 = 0xFFFFFFFFFFFFFFFF
TILE = 16384  # blocks made at once on the CPU
_ALONE = 4  # so many tiles are not worth a second thread

_FEW = 4  # blocks that Python makes faster than NumPy
_ROUNDS = 10
_MULTIPLIERS = np.array([[0xD2511F53], [0xCD9E8D57]], np.uint64)
_WEYL = (0x9E3779B9, 0xBB67AE85)  # what each half of the key grows by per round


class PhiloxState:
    """Key and counter of one random node, kept by a Session; `take` advances it, in any thread.

    Args:
        key: 64 bits.
        counter: 128 bits, the first block of the next run.
    """

    __slots__ = ("_lock", "counter", "key")

    def __init__(self, key: int, counter: int) -> None:
        self.key = key & MASK64
        self.counter = counter & (1 << 128) - 1
        self._lock = threading.Lock()

    @classmethod
    def from_seeds(cls, seed: int, seed2: int) -> PhiloxState:
        """The state for a node's attributes `seed` and `seed2`; new entropy when both are 0."""
        if seed == 0 and seed2 == 0:
            seed, seed2 = (int.from_bytes(os.urandom(8), "little") for _ in range(2))
        return cls(seed, (seed2 & MASK64) << 64)

    def take(self, blocks: int) -> PhiloxState:
        """Reserves `blocks` blocks: returns the state as it was, from which they start."""
        with self._lock:
            taken = PhiloxState(self.key, self.counter)
            self.counter = (self.counter + blocks) & (1 << 128) - 1
        return taken

    def __repr__(self) -> str:
        return f"PhiloxState(key={self.key:#x}, counter={self.counter:#x})"


def tiles(count: int, tile: int) -> Iterator[tuple[int, int]]:
    """(start, stop) of the pieces of `range(count)`."""
    return ((at, min(at + tile, count)) for at in range(0, count, tile))


def in_tiles(fill: Callable[[int, int], None], count: int, tile: int) -> None:
    """Calls `fill(start, stop)` for the pieces of `range(count)`, in threads when there are many.

    Every piece writes its own part of a result, so the numbers do not depend on the threads.
    """
    if count <= _ALONE * tile:
        for start, stop in tiles(count, tile):
            fill(start, stop)
    else:
        parallel([partial(fill, start, stop) for start, stop in tiles(count, tile)])


def bits(xp: Any, state: PhiloxState, count: int, tile: int = TILE,
         finish: Callable[[Any], object] | None = None) -> Any:
    """The first `count` 32-bit words from `state` on, in TensorFlow's order.

    Args:
        xp: array module.
        state: from where on.
        count: how many.
        tile: blocks made at once.
        finish: what to do, in place, with the words of each tile while they are in the cache.

    Returns:
        uint32 array of shape (count,).
    """
    blocks = -(-count // 4)
    pairs_of_words = xp.empty((blocks, 2), np.uint64)

    def fill(start: int, stop: int) -> None:
        rows = pairs_of_words[start:stop]
        with Scratch(xp) as scratch:
            even, odd = pairs(xp, state, start, stop - start, scratch)
            xp.left_shift(odd, 32, out=odd)
            xp.bitwise_or(odd, even, out=odd)
            for i in range(2):  # by columns: half the time of the transposed array
                rows[:, i] = odd[i]
        if finish is not None:
            finish(rows.view(np.uint32))

    in_tiles(fill, blocks, tile)
    return pairs_of_words.view(np.uint32).reshape(-1)[:count]


def pairs(xp: Any, state: PhiloxState, start: int, count: int, scratch: Scratch | None = None
          ) -> tuple[Any, Any]:
    """`count` blocks, from block `start` after `state` on.

    Args:
        xp: array module.
        state: from where on.
        start, count: which blocks.
        scratch: memory for them, which then ends with it.

    Returns:
        Two uint64 arrays of shape (2, count) with 32-bit contents: words 0 and 2, words 1 and 3.
    """
    if xp is np and count <= _FEW:
        return _few_blocks(state, range(start, start + count))
    return blocks_at(xp, state, xp.arange(start, start + count, dtype=np.uint64), scratch)


def blocks_at(xp: Any, state: PhiloxState, offsets: Any, scratch: Scratch | None = None
              ) -> tuple[Any, Any]:
    """The blocks at `offsets` (1-D uint64) after `state`; see `pairs`."""
    if xp is np and offsets.shape[0] <= _FEW:
        return _few_blocks(state, offsets.tolist())
    low, high = state.counter & MASK64, state.counter >> 64
    shape = (2, offsets.shape[0])
    even, odd, product = [(scratch or xp).empty(shape, np.uint64) for _ in range(3)]
    position = offsets + np.uint64(low)
    xp.bitwise_and(position, MASK32, out=even[0])
    xp.right_shift(position, 32, out=odd[0])
    even[1] = high & MASK32
    odd[1] = high >> 32
    if low > 1 << 63:  # the low half may wrap
        upper = xp.where(position < low, np.uint64(high + 1 & MASK64), np.uint64(high))
        xp.bitwise_and(upper, MASK32, out=even[1])
        xp.right_shift(upper, 32, out=odd[1])
    return _rounds(xp, even, odd, product, state.key)


def _few_blocks(state: PhiloxState, offsets: Iterable[int]) -> tuple[Any, Any]:
    """The same for a few blocks in Python's integers: 46 us for one, where NumPy takes 246."""
    blocks = []
    for offset in offsets:
        counter = state.counter + offset
        word0, word1, word2, word3 = [counter >> shift & MASK32 for shift in (0, 32, 64, 96)]
        key0, key1 = state.key & MASK32, state.key >> 32
        for _ in range(_ROUNDS):
            first, second = word0 * 0xD2511F53, word2 * 0xCD9E8D57
            word0, word1 = second >> 32 ^ word1 ^ key0, second & MASK32
            word2, word3 = first >> 32 ^ word3 ^ key1, first & MASK32
            key0, key1 = key0 + _WEYL[0] & MASK32, key1 + _WEYL[1] & MASK32
        blocks.append((word0, word2, word1, word3))
    words = np.array(blocks, np.uint64).reshape(-1, 4).T
    return words[:2], words[2:]


def _rounds(xp: Any, even: Any, odd: Any, product: Any, key: int) -> tuple[Any, Any]:
    """Ten rounds on the words 0 and 2 (`even`) and 1 and 3 (`odd`) of many counters, in place.

    `product` is memory of their size.

    In a round each even word is multiplied to 64 bits; the high half of the *other* product, xored
    with the odd word and the key, becomes the even word; its low half becomes the odd word.
    """
    multipliers = xp.asarray(_MULTIPLIERS)
    keys = xp.asarray(_round_keys(key))
    for i in range(_ROUNDS):
        xp.multiply(even, multipliers, out=product)
        xp.bitwise_xor(odd, keys[i], out=odd)
        xp.right_shift(product, 32, out=even)
        xp.bitwise_xor(even[::-1], odd, out=odd)
        xp.bitwise_and(product, MASK32, out=product)
        even, odd, product = odd, product[::-1], even
    return even, odd


@lru_cache(maxsize=256)
def _round_keys(key: int) -> np.ndarray:
    """The two halves of the key in each round: shape (rounds, 2, 1)."""
    low, high = key & MASK32, key >> 32
    table = [[[low + i * _WEYL[0] & MASK32], [high + i * _WEYL[1] & MASK32]]
             for i in range(_ROUNDS)]
    return np.array(table, np.uint64)
