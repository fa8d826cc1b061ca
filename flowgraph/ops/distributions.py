"""Numbers of a distribution from Philox bits, as TensorFlow's CPU kernels draw them.

Which word goes where is part of the contract: with explicit seeds the numbers are TensorFlow's.
One Philox block of four words x0..x3 gives

    uniform float32 / float16   4 numbers, one per word, from its low 23 / 10 bits
    uniform float64             2 numbers, (x0, x1) and (x2, x3), from 52 bits
    normal float32              4 numbers, Box-Muller on (x0, x1) and on (x2, x3)
    normal float64              2 numbers, Box-Muller on one double of (x0, x1), one of (x2, x3)
    truncated normal            as normal, numbers beyond 2 dropped; each group of 4 (float64: 2)
                                numbers has 256 (128) blocks of its own to draw from

Logarithm, sine and cosine for float32 numbers are taken in float64 and then rounded, as NumPy's own
float32 functions differ between processors in the last digits.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from flowgraph.core.scratch import Scratch
from flowgraph.ops import philox
from flowgraph.ops.philox import PhiloxState

OUTPUT_BLOCKS = 256  # blocks that TensorFlow reserves per number drawn
CUTOFF = 2.0  # truncated normals lie within two standard deviations
_FEW = 100  # rows to be put in order
_SMALLEST = 1e-7  # stands for 0 under the logarithm
# Best polynomials in x**2 for sin(x) / x and cos(x) within a quarter of pi, by Remez exchange:
# the relative error of the sine stays below 4e-9, the error of the cosine below 6e-11. With these
# degrees, those of good C libraries, 996 of 1000 normals are TensorFlow's to the last bit.
_SINE = (1.0, -0.1666665460954859, 0.008332160761858946, -0.00019515283192026564)
_COSINE = (1.0, -0.499999997251082, 0.04166662332434241, -0.0013886763794339636,
           2.439045070252066e-05)


def uniform(xp: Any, state: PhiloxState, count: int, dtype: Any, tile: int) -> Any:
    """`count` numbers of [0, 1)."""
    if dtype == np.float64:
        result = xp.empty((-(-count // 2), 2), dtype)

        def fill(start: int, stop: int) -> None:
            with Scratch(xp) as scratch:
                even, odd = philox.pairs(xp, state, start, stop - start, scratch)
                result[start:stop] = _double(xp, even, odd).T

        philox.in_tiles(fill, len(result), tile)
        return result.reshape(-1)[:count]
    if dtype == np.float16:
        words = philox.bits(xp, state, count, tile)
        return (xp.bitwise_and(words, 0x3FF) * np.float32(2 ** -10)).astype(dtype)

    def to_floats(words: Any) -> None:
        xp.bitwise_and(words, 0x7FFFFF, out=words)
        xp.bitwise_or(words, 0x3F800000, out=words)  # the bits of a float32 in [1, 2)
        numbers = words.view(np.float32)
        xp.subtract(numbers, np.float32(1), out=numbers)

    return philox.bits(xp, state, count, tile, to_floats).view(np.float32)


def integers(xp: Any, state: PhiloxState, count: int, low: int, high: int, dtype: Any,
             tile: int) -> Any:
    """`count` integers of [low, high), by the remainder of 32 or 64 bits."""
    if dtype == np.int32:
        words = philox.bits(xp, state, count, tile)
        words = xp.remainder(words, np.uint32(high - low))
        return xp.add(words, np.uint32(low & philox.MASK32), out=words).view(np.int32)
    words = philox.bits(xp, state, -(-count // 2) * 4, tile)[:2 * count].view(np.uint64)
    words = xp.remainder(words, np.uint64(high - low))
    return xp.add(words, np.uint64(low & philox.MASK64), out=words).view(np.int64)


def normal(xp: Any, state: PhiloxState, count: int, dtype: Any, tile: int) -> Any:
    """`count` standard normal numbers."""
    width = 2 if dtype == np.float64 else 4
    result = xp.empty((-(-count // width), width), dtype)

    def fill(start: int, stop: int) -> None:
        with Scratch(xp) as scratch:
            even, odd = philox.pairs(xp, state, start, stop - start, scratch)
            _store(result[start:stop], *_box_muller(xp, even, odd, dtype))

    philox.in_tiles(fill, len(result), tile)
    return result.reshape(-1)[:count]


def truncated_normal(xp: Any, state: PhiloxState, count: int, dtype: Any, tile: int) -> Any:
    """`count` standard normal numbers of (-2, 2)."""
    width = 2 if dtype == np.float64 else 4
    result = xp.empty((-(-count // width), width), dtype)
    stride = width * OUTPUT_BLOCKS // 4

    def fill(start: int, stop: int) -> None:
        rows = result[start:stop]
        groups = xp.arange(start, stop, dtype=np.uint64) * np.uint64(stride)
        sines, cosines = _box_muller(xp, *philox.blocks_at(xp, state, groups), dtype)
        _store(rows, sines, cosines)
        good = xp.maximum(xp.absolute(sines), xp.absolute(cosines)).max(axis=0) < CUTOFF
        short = xp.flatnonzero(~good)  # 17 in 100 groups need a second block
        if len(short):
            again = xp.empty((len(short), width), dtype)
            _refill(xp, state, groups[short], again, 2)
            rows[short] = again

    philox.in_tiles(fill, len(result), tile)
    return result.reshape(-1)[:count]


def doubles(xp: Any, even: Any, odd: Any) -> Any:
    """The two float64 of [0, 1) of each block: shape (2, blocks)."""
    return _double(xp, even, odd)


def normal_pairs(xp: Any, even: Any, odd: Any) -> tuple[Any, Any]:
    """The two float64 normals of each block, each of shape (1, blocks)."""
    return _box_muller(xp, even, odd, np.float64)


def permutation(xp: Any, state: PhiloxState, count: int) -> list[int]:
    """The numbers 0..count-1 in random order: each place swaps with one at or after it."""
    order = list(range(count))
    words = philox.bits(xp, state, count - 1)
    if count <= _FEW:
        steps = [word % (count - i) for i, word in enumerate(words.tolist())]
    else:  # 10,000: 1.9 ms, where Python's remainders take 4.7
        steps = (words % xp.arange(count, 1, -1)).tolist()
    for i, step in enumerate(steps):
        order[i], order[i + step] = order[i + step], order[i]
    return order


def _refill(xp: Any, state: PhiloxState, groups: Any, result: Any, depth: int) -> None:
    """Fills the rows of `result` with good numbers, each from the blocks after its own `groups`.

    Looks at `depth` blocks of each group; the very few that need more are done again, deeper.
    """
    width = result.shape[1]
    drawn = xp.empty((len(groups), depth * width), np.float64 if width == 2 else np.float32)
    for i in range(depth):
        even, odd = philox.blocks_at(xp, state, groups + np.uint64(i))
        _store(drawn[:, i * width:(i + 1) * width], *_box_muller(xp, even, odd, drawn.dtype))
    # found[g, i]: how many of the first i + 1 numbers of the group are good
    found = xp.cumsum(xp.absolute(drawn) < CUTOFF, axis=1)
    places = xp.stack([xp.argmax(found > i, axis=1) for i in range(width)], axis=1)
    result[...] = xp.take_along_axis(drawn, places, axis=1)
    short = xp.flatnonzero(found[:, -1] < width)
    if len(short):
        again = xp.empty((len(short), width), result.dtype)
        _refill(xp, state, groups[short], again, depth + 1)
        result[short] = again


def _double(xp: Any, even: Any, odd: Any) -> Any:
    """float64 of [0, 1) from the low 20 bits of `even` above the 32 of `odd`."""
    return (xp.bitwise_and(even, 0xFFFFF) << 32 | odd).view(np.int64) * 2.0 ** -52


def _box_muller(xp: Any, even: Any, odd: Any, dtype: Any) -> tuple[Any, Any]:
    """Two independent normals from each pair of uniforms: radius times sine, and times cosine."""
    if dtype == np.float64:
        uniforms = _double(xp, even, odd)
        radius = xp.sqrt(-2.0 * xp.log(xp.maximum(uniforms[:1], _SMALLEST)))
        angle = 2.0 * math.pi * uniforms[1:]
        return radius * xp.sin(angle), radius * xp.cos(angle)
    uniforms = _as_float(xp, even, 0x7FFFFF, 2.0 ** -23)
    log = xp.log(xp.maximum(uniforms, float(np.float32(_SMALLEST)))).astype(np.float32)
    radius = xp.sqrt(np.float32(-2) * log)
    angle = _as_float(xp, odd, 0x7FFFFF, 2.0 * math.pi * 2.0 ** -23)
    # TensorFlow's angle is rounded to float32; the rounding shows where the sine is near 0.
    sine, cosine = sine_and_cosine(xp, angle.astype(np.float32).astype(np.float64))
    return radius * sine.astype(np.float32), radius * cosine.astype(np.float32)


def sine_and_cosine(xp: Any, angle: Any) -> tuple[Any, Any]:
    """Sine and cosine of float64 angles in [0, 2 pi], right to 4e-9 of the value.

    Enough for results that are rounded to float32, and four times as fast as NumPy's two functions.
    """
    quarter = xp.rint(angle * (2.0 / math.pi))  # 0..4
    rest = xp.subtract(angle, quarter * (math.pi / 2.0))  # within a quarter of pi
    square = rest * rest
    sine, cosine = _polynomial(xp, square, _SINE), _polynomial(xp, square, _COSINE)
    xp.multiply(sine, rest, out=sine)
    # (cos_q, sin_q) = (1, 0), (0, 1), (-1, 0), (0, -1), (1, 0): turns back by the quarters
    xp.subtract(quarter, 2.0, out=quarter)
    cos_q = xp.absolute(quarter) - 1.0
    sin_q = xp.multiply(quarter, cos_q * cos_q - 1.0, out=quarter)
    return sine * cos_q + cosine * sin_q, cosine * cos_q - sine * sin_q


def _polynomial(xp: Any, x: Any, coefficients: tuple[float, ...]) -> Any:
    """The sum of coefficients[i] * x**i."""
    result = x * coefficients[-1]
    for coefficient in coefficients[-2:0:-1]:
        xp.add(result, coefficient, out=result)
        xp.multiply(result, x, out=result)
    return xp.add(result, coefficients[0], out=result)


def _as_float(xp: Any, words: Any, mask: int, unit: float) -> Any:
    """(words & mask) * unit in float64; signed integers convert faster than unsigned ones."""
    return xp.bitwise_and(words, mask).view(np.int64) * unit


def _store(rows: Any, sines: Any, cosines: Any) -> None:
    """Puts the two results of each pair side by side: rows[:, 0::2] and rows[:, 1::2]."""
    for i in range(len(sines)):  # by columns: half the time of transposed arrays
        rows[:, 2 * i] = sines[i]
        rows[:, 2 * i + 1] = cosines[i]
