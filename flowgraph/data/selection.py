"""Stages that choose and order elements: shuffle, repeat, take, skip, shard, concatenate, zip.

They never look at an element, so they work on row numbers as well (see `pipeline.Rows`).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np

from flowgraph.data.pipeline import INFINITE, UNKNOWN, Element, Run, Stage, many
from flowgraph.ops.philox import PhiloxState, bits

_FIRST_WORDS, _MOST_WORDS = 16, 4096  # random numbers drawn at once


class Tensors(Stage):
    """One element.

    Args:
        arrays: its components.
    """

    def __init__(self, arrays: Element) -> None:
        self.arrays = arrays

    def start(self, run: Run) -> Iterator[Element]:
        """The element."""
        return iter((self.arrays,))

    def cardinality(self) -> int:
        """1."""
        return 1


class Elements(Stage):
    """Elements that are there already: a window, a group.

    Args:
        elements: the elements.
    """

    def __init__(self, elements: list[Element]) -> None:
        self.elements = elements

    def start(self, run: Run) -> Iterator[Element]:
        """The elements."""
        return iter(self.elements)

    def cardinality(self) -> int:
        """How many there are."""
        return len(self.elements)


class Range(Stage):
    """int64 scalars from `start` on.

    Args:
        numbers: the range.
    """

    fresh = True

    def __init__(self, numbers: range) -> None:
        self.numbers = numbers

    def start(self, run: Run) -> Iterator[Element]:
        """The numbers."""
        return ((np.int64(n),) for n in self.numbers)

    def cardinality(self) -> int:
        """How many there are."""
        return len(self.numbers)


class _Unary(Stage):
    """A stage on one source."""

    def __init__(self, source: Stage) -> None:
        self.source = source
        self.fresh = source.fresh


class Take(_Unary):
    """The first elements.

    Args:
        source: what to take from.
        count: how many; all if negative.
    """

    def __init__(self, source: Stage, count: int) -> None:
        super().__init__(source)
        self.count = count

    def start(self, run: Run) -> Iterator[Any]:
        """Those elements."""
        if not self.count:
            return iter(())
        source = self.source.start(run)
        return source if self.count < 0 else islice(source, self.count)

    def cardinality(self) -> int:
        """At most `count`."""
        n = self.source.cardinality()
        if self.count < 0 or n == UNKNOWN:
            return n if self.count else 0
        return self.count if n == INFINITE else min(n, self.count)


class Skip(_Unary):
    """All but the first elements.

    Args:
        source: what to skip from.
        count: how many to leave out; all if negative.
    """

    def __init__(self, source: Stage, count: int) -> None:
        super().__init__(source)
        self.count = count

    def start(self, run: Run) -> Iterator[Any]:
        """The rest."""
        if self.count < 0:
            return iter(())
        return _Skipping(self.source.start(run), self.count)

    def cardinality(self) -> int:
        """What is left."""
        n = self.source.cardinality()
        if self.count < 0:
            return 0
        return n if n < 0 else max(0, n - self.count)


class _Skipping:
    def __init__(self, source: Iterator[Any], count: int) -> None:
        self._source = source
        self._left = count

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        while self._left:
            next(self._source)
            self._left -= 1
        return next(self._source)


class Shard(_Unary):
    """Every n-th element.

    Args:
        source: what to choose from.
        count: n.
        index: the first of them.
    """

    def __init__(self, source: Stage, count: int, index: int) -> None:
        super().__init__(source)
        self.count = count
        self.index = index

    def start(self, run: Run) -> Iterator[Any]:
        """Those elements."""
        return islice(self.source.start(run), self.index, None, self.count)

    def cardinality(self) -> int:
        """Its part of them."""
        n = self.source.cardinality()
        return n if n < 0 else len(range(self.index, n, self.count))


class Repeat(_Unary):
    """The elements again and again.

    Args:
        source: what to repeat.
        count: how often; without end if negative.
    """

    def __init__(self, source: Stage, count: int) -> None:
        super().__init__(source)
        self.count = count

    def start(self, run: Run) -> Iterator[Any]:
        """All rounds, one after the other."""
        if self.count == 1:
            return self.source.start(run)
        return _Repeating(self.source, self.count, run)

    def cardinality(self) -> int:
        """The product."""
        n = self.source.cardinality()
        if self.count < 0:
            return 0 if n == 0 else INFINITE
        if self.count == 0:
            return 0
        return n if n < 0 else n * self.count


class _Repeating:
    def __init__(self, source: Stage, count: int, run: Run) -> None:
        self._source = source
        self._left = count
        self._run = run
        self._round: Iterator[Any] | None = None
        self._is_empty = True

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        while self._left:
            if self._round is None:
                self._round = self._source.start(self._run)
                self._is_empty = True
            try:
                element = next(self._round)
            except StopIteration:
                self._round = None
                self._left -= 1
                if self._is_empty and self._left < 0:  # it would go round for ever
                    self._left = 0
                continue
            self._is_empty = False
            return element
        raise StopIteration

    def many(self, count: int, found: list[Any]) -> None:
        """Appends the next elements, round by round."""
        wanted = len(found) + count
        while len(found) < wanted:
            if self._round is None:
                try:
                    found.append(next(self))
                except StopIteration:
                    return
            else:
                before = len(found)
                many(self._round, wanted - before, found)
                if len(found) == before:
                    self._round = None
                    self._left -= 1
                    if not self._left:
                        return


class Concatenate(Stage):
    """The elements of one stage, then those of another.

    Args:
        first, second: the stages.
    """

    def __init__(self, first: Stage, second: Stage) -> None:
        self.parts = (first, second)
        self.fresh = first.fresh and second.fresh

    def start(self, run: Run) -> Iterator[Element]:
        """Both."""
        return _Chain(list(zip(self.parts, run.parts(self, 2), strict=True)))

    def cardinality(self) -> int:
        """The sum."""
        a, b = (part.cardinality() for part in self.parts)
        if INFINITE in (a, b):
            return INFINITE
        return UNKNOWN if UNKNOWN in (a, b) else a + b


class _Chain:
    """Starts the second stage when the first has ended."""

    def __init__(self, parts: list[tuple[Stage, Run]]) -> None:
        self._left = parts
        self._now: Iterator[Any] | None = None

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        while self._left:
            if self._now is None:
                stage, run = self._left[0]
                self._now = stage.start(run)
            try:
                return next(self._now)
            except StopIteration:
                self._left.pop(0)
                self._now = None
        raise StopIteration


class Zip(Stage):
    """One element of each stage, put together; ends with the first that ends.

    Args:
        sources: the stages.
    """

    def __init__(self, sources: tuple[Stage, ...]) -> None:
        self.sources = sources
        self.fresh = all(source.fresh for source in sources)

    def start(self, run: Run) -> Iterator[Element]:
        """The elements."""
        parts = run.parts(self, len(self.sources))
        return _Zipped([source.start(part)
                        for source, part in zip(self.sources, parts, strict=True)])

    def cardinality(self) -> int:
        """The least."""
        sizes = [source.cardinality() for source in self.sources]
        if UNKNOWN in sizes:
            return UNKNOWN
        return min((n for n in sizes if n != INFINITE), default=INFINITE)


class _Zipped:
    def __init__(self, sources: list[Iterator[Element]]) -> None:
        self._sources = sources

    def __iter__(self) -> Iterator[Element]:
        return self

    def __next__(self) -> Element:
        element: list[Any] = []
        for source in self._sources:
            element += next(source)
        return tuple(element)


# ---- shuffling -----------------------------------------------------------------------------------


def words(seed: int, seed2: int) -> Iterator[int]:
    """TensorFlow's random uint32 numbers for two seeds; each call of Philox gives four.

    Args:
        seed, seed2: the seeds; new entropy when both are 0.
    """
    state, count = PhiloxState.from_seeds(seed, seed2), _FIRST_WORDS
    while True:
        yield from bits(np, state.take(count), 4 * count).tolist()
        count = min(4 * count, _MOST_WORDS)


class Shuffle(_Unary):
    """The elements in random order: each is drawn from a buffer that is filled up again.

    The draws are TensorFlow's: the same seeds give the same order.

    Args:
        source: what to shuffle.
        size: elements in the buffer.
        seeds: the two seeds.
        reshuffle: whether each repetition has another order.
    """

    def __init__(self, source: Stage, size: int, seeds: tuple[int, int], reshuffle: bool) -> None:
        super().__init__(source)
        self.size = size
        self.seeds = seeds
        self.reshuffle = reshuffle

    def start(self, run: Run) -> Iterator[Any]:
        """The elements in a new order."""
        seeds = self.seeds
        if self.reshuffle:
            drawn = run.kept(self, lambda: words(*self.seeds))
            seeds = next(drawn), next(drawn)
        return _Shuffling(self.source.start(run), self.size, words(*seeds))

    def cardinality(self) -> int:
        """As many as before."""
        return self.source.cardinality()


class _Shuffling:
    """A ring of places: what was drawn leaves its place to the oldest element."""

    def __init__(self, source: Iterator[Any], size: int, drawn: Iterator[int]) -> None:
        self._source: Iterator[Any] | None = source
        self._size = size
        self._drawn = drawn
        self._ring: list[Any] = []
        self._start = self._end = 0

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        self._fill()
        if self._start == self._end:
            raise StopIteration
        return self._drawn_at(next(self._drawn))

    def many(self, count: int, found: list[Any]) -> None:
        """Appends the next elements; without filling up between them where the source has ended."""
        wanted = len(found) + count
        while len(found) < wanted:
            self._fill()
            left = self._end - self._start
            if not left:
                return
            if self._source is not None:
                found.append(self._drawn_at(next(self._drawn)))
                continue
            ring, size, end = self._ring, self._size, self._end
            stop = self._start + min(left, wanted - len(found))
            for oldest, number in zip(range(self._start, stop), self._drawn, strict=False):
                first, chosen = oldest % size, (oldest + number % (end - oldest)) % size
                found.append(ring[chosen])
                ring[chosen] = ring[first]
            self._start = stop

    def _fill(self) -> None:
        """Fills the ring up from the source."""
        size, ring = self._size, self._ring
        if self._source is not None and self._end < size:  # the first time
            try:
                many(self._source, size - self._end, ring)
            finally:
                self._end = len(ring)
            if self._end < size:
                self._source = None
        while self._source is not None and self._end - self._start < size:
            try:
                element = next(self._source)
            except StopIteration:
                self._source = None
                break
            ring[self._end % size] = element
            self._end += 1

    def _drawn_at(self, number: int) -> Any:
        """The element that a random number chooses; the oldest one moves to its place."""
        ring, size = self._ring, self._size
        start = self._start
        count = self._end - start
        first, chosen = start % size, (start + number % count) % size
        element = ring[chosen]
        ring[chosen] = ring[first]
        ring[first] = None
        self._start = start + 1
        return element
