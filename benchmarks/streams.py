"""The random numbers that TensorFlow 1 draws for an operation with a seed, by hand.

    words = Stream(seed=1, count=3)
    words()                             # the words of the first run, then of the second, ...
    uniform(Stream(1, 6)()).reshape(2, 3)     # what tf.random_uniform([2, 3], seed=1) gives first

A block of four 32-bit words is a function of the seeds and the block's number (Philox 4x32-10:
Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011), so the words of many runs are
made at once. With them, programs by hand draw what graphs draw, and values can be compared.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = Any

GRAPH_SEED = 87654321  # that of a graph for which none was set
PER_NUMBER = 256  # blocks that a run takes for each number it draws, used or not
_LOW = np.uint64(0xFFFFFFFF)


def philox(seed: int, blocks: Array) -> Array:
    """The four words of each block, by its number: uint32 of the shape `[*blocks.shape, 4]`."""
    zero, high = np.uint64(0), np.uint64(32)
    a, b, c, d = blocks & _LOW, blocks >> high, np.uint64(seed), zero
    first, second = GRAPH_SEED, 0
    for _ in range(10):
        from_a, from_c = a * np.uint64(0xD2511F53), c * np.uint64(0xCD9E8D57)
        a, b = from_c >> high ^ b ^ np.uint64(first), from_c & _LOW
        c, d = from_a >> high ^ d ^ np.uint64(second), from_a & _LOW
        first, second = first + 0x9E3779B9 & 0xFFFFFFFF, second + 0xBB67AE85 & 0xFFFFFFFF
    return np.stack([a, b, c, d], -1).astype(np.uint32)


class Stream:
    """Called for a run, gives its words.

    Args:
        seed: the operation's.
        count: words of a run.
        taken: blocks that a run takes; default as for `count` numbers of a word each.
        ahead: runs of which the words are made at once.
    """

    def __init__(self, seed: int, count: int, taken: int = 0, ahead: int = 1) -> None:
        self.seed, self.count, self.ahead = seed, count, ahead
        self.taken = taken or count * PER_NUMBER
        self.run, self.known = 0, np.empty((0, count), np.uint32)

    def __call__(self) -> Array:
        """The words of the next run."""
        place = self.run % self.ahead
        if place == 0:
            runs = np.arange(self.run, self.run + self.ahead, dtype=np.uint64) * np.uint64(
                self.taken)
            blocks = runs[:, None] + np.arange(-(-self.count // 4), dtype=np.uint64)
            self.known = philox(self.seed, blocks).reshape(self.ahead, -1)[:, :self.count]
        self.run += 1
        return self.known[place]


def uniform(words: Array) -> Array:
    """float32 numbers of [0, 1), one for each word: its low 23 bits."""
    return (words & np.uint32(0x7FFFFF) | np.uint32(0x3F800000)).view(np.float32) - np.float32(1)


def uniform_weights(seed: int, most: float, *shape: int) -> Array:
    """What `tf.random_uniform_initializer(-most, most, seed)` gives first."""
    numbers = uniform(Stream(seed, int(np.prod(shape)))())
    return (numbers * np.float32(2 * most) - np.float32(most)).reshape(shape)
