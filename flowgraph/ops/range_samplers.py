"""How candidate samplers draw classes: from one stream of random words, in TensorFlow's order.

A sampler belongs to one node of one Session. A run takes a part of the node's Philox stream and
reads its 32-bit words one after another; some numbers are drawn again (those that would make small
numbers likelier, and with `unique` those drawn before), so that how many words a run reads is only
known at its end. Words, and with them draws, are made in growing pieces.

The expected count of a class is how often it stands in a batch: p * size, or, when a batch has no
class twice and took `tries` draws, 1 - (1 - p) ** tries. All in float32, as TensorFlow does.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from flowgraph.errors import InvalidArgumentError, NotFoundError
from flowgraph.ops.philox import PhiloxState, bits, blocks_at

_WORDS_PER_SAMPLE = 2048  # what a run takes from the stream for each sample, used or not
_MOST_TRIES = 2 ** 31 - 1
_AHEAD = 4096  # blocks made at once, for this run and those to come
_COUNTERS = (1 << 128) - 1


class Words:
    """The 32-bit words of a stream, one after another.

    Args:
        state: where the stream starts.
        first: its first words, whole blocks of four.
    """

    def __init__(self, state: PhiloxState, first: np.ndarray) -> None:
        self._key, self._counter = state.key, state.counter + first.size // 4
        self._left = first

    def take(self, count: int) -> np.ndarray:
        """The next `count` words."""
        missing = count - self._left.size
        if missing > 0:
            blocks = -(-missing // 4)
            more = bits(np, PhiloxState(self._key, self._counter), 4 * blocks)
            self._counter += blocks
            self._left = np.concatenate([self._left, more])
        taken, self._left = self._left[:count], self._left[count:]
        return taken

    def take_long(self, count: int) -> np.ndarray:
        """The next `count` numbers of 64 bits; the low word comes first."""
        pairs = self.take(2 * count).astype(np.uint64)
        return pairs[0::2] | pairs[1::2] << np.uint64(32)


class Sampler:
    """What a Session keeps for one candidate sampler: its stream, and how it draws."""

    def __init__(self, seed: int, seed2: int, range_max: int) -> None:
        self.range_max = range_max
        self.lock = threading.Lock()
        self._stream = PhiloxState.from_seeds(seed, seed2)
        self._ahead: dict[int, np.ndarray] = {}  # the first words of runs to come, by counter

    def draw(self, words: Words, count: int) -> np.ndarray:
        """`count` classes, as int64."""
        raise NotImplementedError

    def probability(self, classes: np.ndarray) -> np.ndarray:
        """How likely each class is in one draw, as float32."""
        raise NotImplementedError

    def likely(self) -> int:
        """How many classes can be drawn at all."""
        return self.range_max

    def learn(self, true_classes: np.ndarray) -> None:
        """Takes notice of the true classes of a run."""

    def sample(self, true_classes: np.ndarray, count: int, unique: bool) -> tuple[Any, Any, Any]:
        """One run: the classes drawn, and the expected counts of the true and the drawn ones."""
        if unique and count > self.likely():
            raise InvalidArgumentError(
                None, None, f"Sampler's range is too small: {count} different classes are asked "
                f"for, and only {self.likely()} can be drawn")
        if true_classes.size and true_classes.view(np.uint64).max() >= self.range_max:
            raise InvalidArgumentError(
                None, None, f"true_classes from {true_classes.min()} to {true_classes.max()} are "
                f"not in [0, {self.range_max})")
        with self.lock:
            words = self._words((_WORDS_PER_SAMPLE * count + 3) // 4, count)
            if unique:
                sampled, tries = self._draw_different(words, count)
            else:
                sampled, tries = self.draw(words, count), count
            true = true_classes.reshape(-1)  # both in one go: most of the time is that of calls
            counts = expected_count(self.probability(np.concatenate((true, sampled))), count, tries)
            self.learn(true_classes)
        return sampled, counts[:true.size].reshape(true_classes.shape), counts[true.size:]

    def _words(self, blocks: int, count: int) -> Words:
        """The words of a run, which may use so many blocks; the first are there for the next runs.

        A few blocks take as long as a thousand, about 0.1 ms.
        """
        start = self._stream.take(blocks)
        first = self._ahead.pop(start.counter, None)
        if first is None:
            here = min(count, blocks)  # twice as many words as two for each draw
            runs = max(1, _AHEAD // here)
            offsets = (np.arange(runs, dtype=np.uint64)[:, None] * np.uint64(blocks)
                       + np.arange(here, dtype=np.uint64))
            words = np.empty((runs * here, 4), np.uint32)
            words[:, 0::2], words[:, 1::2] = (
                part.T for part in blocks_at(np, start, offsets.reshape(-1)))
            runs_of_words = words.reshape(runs, 4 * here)
            first = runs_of_words[0]
            self._ahead = {start.counter + run * blocks & _COUNTERS: runs_of_words[run]
                           for run in range(1, runs)}
        return Words(start, first)

    def _draw_different(self, words: Words, count: int) -> tuple[np.ndarray, int]:
        """`count` different classes in the order in which they come, and how many draws it took."""
        drawn = self.draw(words, 2 * count)
        while True:
            order = np.argsort(drawn, kind="stable")  # by class, then as they come
            ordered = drawn.take(order)
            new = np.ones(drawn.size, bool)
            np.not_equal(ordered[1:], ordered[:-1], out=new[1:])
            first = np.sort(order[new])
            if first.size >= count:
                return drawn[first[:count]], int(first[count - 1]) + 1
            if drawn.size > _MOST_TRIES:
                raise InvalidArgumentError(None, None, f"{_MOST_TRIES} draws gave only "
                                           f"{first.size} different classes of {count}")
            drawn = np.concatenate([drawn, self.draw(words, drawn.size)])


def expected_count(probability: np.ndarray, count: int, tries: int) -> np.ndarray:
    """How often classes of these probabilities stand in a batch of `count`; see the module."""
    if tries == count:
        return probability * np.float32(count)
    return -np.expm1(np.float32(tries) * np.log1p(-probability))


def below(take: Any, count: int, limit: int) -> np.ndarray:
    """`count` numbers of [0, limit), each as likely as the others.

    Args:
        take: function that gives the next words of 32 or 64 bits.
        count: how many numbers.
        limit: the bound.
    """
    found: list[np.ndarray] = []
    while True:
        words = take(count)
        kept = words[words >= _skewing(limit, words.dtype)]
        found.append((kept % words.dtype.type(limit)).astype(np.int64))
        count -= kept.size
        if not count:
            return np.concatenate(found)


def _skewing(limit: int, dtype: Any) -> Any:
    """Words below this one are left out: the others hold each remainder equally often."""
    if limit & (limit - 1) == 0:
        return dtype.type(0)
    return dtype.type(np.iinfo(dtype).max % limit + 1)


class UniformSampler(Sampler):
    """Every class is as likely as the others."""

    def draw(self, words: Words, count: int) -> np.ndarray:
        return below(words.take_long, count, self.range_max)

    def probability(self, classes: np.ndarray) -> np.ndarray:
        return np.full(classes.shape, 1.0 / self.range_max, np.float32)


class LogUniformSampler(Sampler):
    """Class k has the probability log((k + 2) / (k + 1)) / log(range_max + 1): Zipf's law."""

    def draw(self, words: Words, count: int) -> np.ndarray:
        pairs = words.take(2 * count).astype(np.uint64)
        mantissas = (pairs[0::2] & np.uint64(0xFFFFF)) << np.uint64(32) | pairs[1::2]
        uniform = mantissas.astype(np.float64) * 2.0 ** -52
        drawn = np.exp(uniform * np.log1p(np.float64(self.range_max))).astype(np.int64) - 1
        return drawn % self.range_max

    def probability(self, classes: np.ndarray) -> np.ndarray:
        ratio = (classes + 2.0) / (classes + 1.0)
        return (np.log(ratio) / np.log1p(np.float64(self.range_max))).astype(np.float32)


class LearnedSampler(Sampler):
    """A class is as likely as it was often among the true classes of earlier runs, plus once."""

    def __init__(self, seed: int, seed2: int, range_max: int) -> None:
        super().__init__(seed, seed2, range_max)
        self._weights = np.ones(range_max, np.int64)

    def draw(self, words: Words, count: int) -> np.ndarray:
        up_to = np.cumsum(self._weights)
        places = below(words.take, count, int(up_to[-1]))
        return np.searchsorted(up_to, places, side="right").astype(np.int64)

    def probability(self, classes: np.ndarray) -> np.ndarray:
        weights = self._weights[classes].astype(np.float32)
        return weights / np.float32(self._weights.sum())

    def learn(self, true_classes: np.ndarray) -> None:
        np.add.at(self._weights, true_classes.reshape(-1), 1)


class FixedSampler(Sampler):
    """Classes have given weights, raised to the power `distortion`.

    Args:
        seed, seed2: of the stream.
        range_max: how many classes there are.
        weights: the weight of each class that is not reserved, as numbers, or the path of a file
            with one class a line, its weight after the last comma.
        distortion: the power.
        num_reserved_ids: how many classes stand before those with weights, and are never drawn.
        num_shards, shard: only every `num_shards`-th class from `shard` on belongs to this sampler.
    """

    def __init__(self, seed: int, seed2: int, range_max: int, weights: Any, distortion: float,
                 num_reserved_ids: int, num_shards: int, shard: int) -> None:
        super().__init__(seed, seed2, range_max)
        self._given = weights
        self._distortion = np.float32(distortion)
        self._reserved = len(range(shard, num_reserved_ids, num_shards))
        self._num_shards, self._shard = num_shards, shard
        self._ready = False

    def sample(self, true_classes: np.ndarray, count: int, unique: bool) -> tuple[Any, Any, Any]:
        with self.lock:
            if not self._ready:  # here and not at first: what is wrong is told with the op's name
                self._prepare()
        return super().sample(true_classes, count, unique)

    def _prepare(self) -> None:
        given = self._given
        weights = np.array(_weights_in(given) if isinstance(given, str) else given, np.float32)
        numbers = np.arange(weights.size) + self._reserved
        weights = weights[numbers % self._num_shards == self._shard] ** self._distortion
        self._weights = np.concatenate([np.zeros(self._reserved, np.float32), weights])
        if self._weights.size != self.range_max:
            raise InvalidArgumentError(None, None, f"range_max is {self.range_max}, but there are "
                                       f"weights for {self._weights.size} classes, the reserved "
                                       "ones included")
        self._total = np.add.accumulate(weights)[-1] if weights.size else np.float32(0.0)
        if not self._total > 0.0:
            raise InvalidArgumentError(None, None, "all classes have the weight 0")
        self._threshold, self._alias = alias_table(self._weights)
        self._ready = True

    def likely(self) -> int:
        return int(np.count_nonzero(self._weights))

    def draw(self, words: Words, count: int) -> np.ndarray:
        pairs = words.take(2 * count)
        least = _skewing(self.range_max, pairs.dtype)
        while True:  # a place that would skew is drawn again, alone: all words after it move up
            skewing = np.flatnonzero(pairs[1::2] < least)
            if not skewing.size:
                break
            at = 2 * int(skewing[0]) + 1
            pairs = np.concatenate([pairs[:at], pairs[at + 1:], words.take(1)])
        heights = (pairs[0::2] & np.uint32(0x7FFFFF)).astype(np.float32) * np.float32(2.0 ** -23)
        places = (pairs[1::2] % np.uint32(self.range_max)).astype(np.int64)
        return np.where(heights < self._threshold[places], places, self._alias[places])

    def probability(self, classes: np.ndarray) -> np.ndarray:
        return self._weights[classes] / self._total


def _weights_in(path: str) -> list[float]:
    """The number after the last comma of each line of a file."""
    try:
        with open(path, encoding="utf-8") as lines:
            texts = [line.rstrip("\n").rsplit(",", 1)[-1] for line in lines]
    except OSError as error:
        raise NotFoundError(None, None, f"the vocabulary {path!r} cannot be read: "
                            f"{error.strerror}") from None
    try:
        return [float(text) for text in texts]
    except ValueError as error:
        raise InvalidArgumentError(None, None, f"Wrong vocabulary format in {path!r}: "
                                   f"{error}") from None


def alias_table(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Walker's tables for drawing by weight in constant time.

    All places are equally likely; place i stands for class i below the height `threshold[i]` and
    for class `alias[i]` above it.

    Args:
        weights: float32 vector.

    Returns:
        (threshold, alias): float32 and int64 vectors.
    """
    count = weights.size
    total = float(np.add.accumulate(weights.astype(np.float64))[-1])
    share = ((weights * np.float32(count)).astype(np.float64) / total).tolist()
    alias = np.arange(count)
    low = [i for i in range(count) if share[i] < 1.0]
    high = [i for i in range(count) if share[i] >= 1.0]
    while high and low:
        small, large = low.pop(), high.pop()
        alias[small] = large
        share[large] -= 1.0 - share[small]
        (low if share[large] < 1.0 else high).append(large)
    threshold = np.array(share, np.float64).astype(np.float32)
    threshold[low + high] = 1.0  # what rounding left over
    return threshold, alias
