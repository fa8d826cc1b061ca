"""Stages that call the user's functions: map, filter, flat_map, interleave, scan.

A `call` is a function from the components of an element to a tuple of components. A function that
raises OutOfRangeError ends the elements, as in TensorFlow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from flowgraph.core.shapes import compatible
from flowgraph.core.spec import shape_text
from flowgraph.data.background import Prefetch
from flowgraph.data.pipeline import (
    INFINITE,
    UNKNOWN,
    Element,
    Run,
    Stage,
    in_run,
    stage_of,
)
from flowgraph.data.selection import words
from flowgraph.errors import CancelledError, InvalidArgumentError, OutOfRangeError

Function = Callable[..., Element]


class OnSource(Stage):
    """A stage that asks one source and one function.

    Args:
        source: where the elements come from.
        function: the function.
    """

    def __init__(self, source: Stage, function: Function) -> None:
        self.source = source
        self.function = function

    def cardinality(self) -> int:
        """Not known."""
        return UNKNOWN


class Stepper:
    """Base of the iterators over what a function makes of elements.

    Args:
        source: the elements.
        function: the function.
    """

    def __init__(self, source: Iterator[Element], function: Function) -> None:
        self._source = source
        self._function = function

    def __iter__(self) -> Iterator[Element]:
        return self

    def __next__(self) -> Element:
        raise NotImplementedError


class Map(OnSource):
    """What a function makes of each element.

    Args:
        source: where the elements come from.
        function: the function; by an OutOfRangeError it may end the elements.
    """

    fresh = True

    def start(self, run: Run) -> Iterator[Element]:
        """What the function returns."""
        return _Mapping(self.source.start(run), in_run(self.function, run))


class _Mapping(Stepper):
    _ended = False

    def __next__(self) -> Element:
        if self._ended:
            raise StopIteration
        element = next(self._source)
        try:
            return self._function(*element)
        except OutOfRangeError:
            self._ended = True
            raise StopIteration from None


class Filter(OnSource):
    """The elements for which a function gives true.

    Args:
        source: where the elements come from.
        function: gives one bool scalar.
    """

    def __init__(self, source: Stage, function: Function) -> None:
        super().__init__(source, function)
        self.fresh = source.fresh

    def start(self, run: Run) -> Iterator[Element]:
        """Those elements."""
        return _Filtering(self.source.start(run), in_run(self.function, run))


class _Filtering(Stepper):
    def __next__(self) -> Element:
        for element in self._source:
            answer, = self._function(*element)
            if answer.shape:
                raise InvalidArgumentError(None, None, "Filter predicate `f` must return a scalar "
                                           f"bool, it returned shape {shape_text(answer.shape)}.")
            if answer:
                return element
        raise StopIteration


class TakeWhile(Filter):
    """The elements before the first for which a function gives false.

    Args:
        source: where the elements come from.
        function: gives one bool scalar.
    """

    def start(self, run: Run) -> Iterator[Element]:
        """Those elements."""
        return _TakingWhile(self.source.start(run), in_run(self.function, run))


class _TakingWhile(Stepper):
    _ended = False

    def __next__(self) -> Element:
        if not self._ended:
            element = next(self._source)
            if self._function(*element)[0]:
                return element
            self._ended = True
        raise StopIteration


class FlatMap(OnSource):
    """The elements of the datasets that a function makes of each element, one after the other.

    Args:
        source: where the elements come from.
        function: gives one dataset.
    """

    def start(self, run: Run) -> Iterator[Element]:
        """The elements of all of them."""
        return _Flattening(self.source.start(run), in_run(self.function, run), run)


class _Flattening(Stepper):
    def __init__(self, source: Iterator[Element], function: Function, run: Run) -> None:
        super().__init__(source, function)
        self._run = run
        self._inner: Iterator[Element] | None = None

    def __next__(self) -> Element:
        while True:
            if self._inner is None:
                made, = self._function(*next(self._source))
                self._inner = stage_of(made).start(self._run)
            try:
                return next(self._inner)
            except StopIteration:
                self._inner = None


class Interleave(OnSource):
    """The elements of several datasets at a time, in turn.

    Args:
        source: where the elements come from.
        function: gives one dataset.
        cycle: how many datasets are open at a time.
        block: how many elements come from one before it is the next one's turn.
        ahead: whether each open dataset is read ahead in a thread of its own.
    """

    def __init__(self, source: Stage, function: Function, cycle: int, block: int,
                 ahead: bool = False) -> None:
        super().__init__(source, function)
        self.cycle, self.block, self.ahead = cycle, block, ahead

    def start(self, run: Run) -> Iterator[Element]:
        """The elements of all of them."""
        return _Interleaving(self, self.source.start(run), run)


class _Interleaving(Stepper):
    def __init__(self, stage: Interleave, source: Iterator[Element], run: Run) -> None:
        super().__init__(source, in_run(stage.function, run))
        self._stage = stage
        self._run = run
        self._open: list[Iterator[Element] | None] = [None] * stage.cycle
        self._turn = self._given = self._opened = 0
        self._ended = False

    def _next_turn(self) -> None:
        self._given = 0
        self._turn = (self._turn + 1) % self._stage.cycle

    def __next__(self) -> Element:
        while not self._ended or self._opened:
            inner = self._open[self._turn]
            if inner is not None:
                try:
                    element = next(inner)
                except StopIteration:
                    self._open[self._turn] = None
                    self._opened -= 1
                    self._next_turn()
                    continue
                self._given += 1
                if self._given == self._stage.block:
                    self._next_turn()
                return element
            if self._ended:
                self._next_turn()
                continue
            try:
                outer = next(self._source)
            except StopIteration:
                self._ended = True
                continue
            made = stage_of(self._function(*outer)[0])
            if self._stage.ahead:
                made = Prefetch(made, max(2, self._stage.block))
            self._open[self._turn] = made.start(self._run)
            self._opened += 1
        raise StopIteration


class Choose(Stage):
    """The next element of that dataset whose number comes next.

    Args:
        chooser: int64 scalars.
        sources: the datasets; one that has ended is passed over.
    """

    def __init__(self, chooser: Stage, sources: tuple[Stage, ...]) -> None:
        self.chooser = chooser
        self.sources = sources

    def start(self, run: Run) -> Iterator[Element]:
        """The elements chosen."""
        first, *parts = run.parts(self, 1 + len(self.sources))
        return _Choosing(self.chooser.start(first),
                         [s.start(part) for s, part in zip(self.sources, parts, strict=True)])


class _Choosing:
    def __init__(self, chooser: Iterator[Element], sources: list[Iterator[Element]]) -> None:
        self._chooser = chooser
        self._sources: list[Iterator[Element] | None] = list(sources)
        self._left = len(sources)

    def __iter__(self) -> Iterator[Element]:
        return self

    def __next__(self) -> Element:
        while self._left:
            number = int(next(self._chooser)[0])
            if not 0 <= number < len(self._sources):
                raise InvalidArgumentError(None, None, f"Selector index out of range: {number} >= "
                                           f"{len(self._sources)}")
            source = self._sources[number]
            if source is None:
                continue
            try:
                return next(source)
            except StopIteration:
                self._sources[number] = None
                self._left -= 1
        raise StopIteration


class Scan(OnSource):
    """What a function makes of a state and each element; it gives the new state too.

    Args:
        source: where the elements come from.
        function: from the state's and the element's components to those of the new state and of
            the result.
        state: components of the first state.
    """

    fresh = True

    def __init__(self, source: Stage, function: Function, state: Element) -> None:
        super().__init__(source, function)
        self.state = state

    def start(self, run: Run) -> Iterator[Element]:
        """The results."""
        return _Scanning(self.source.start(run), in_run(self.function, run),
                         self.state)

    def cardinality(self) -> int:
        """As many as before."""
        return self.source.cardinality()


class _Scanning(Stepper):
    def __init__(self, source: Iterator[Element], function: Function, state: Element) -> None:
        super().__init__(source, function)
        self._state = state
        self._ended = False

    def __next__(self) -> Element:
        if self._ended:
            raise StopIteration
        element = next(self._source)
        try:
            results = self._function(*self._state, *element)
        except OutOfRangeError:
            self._ended = True
            raise StopIteration from None
        count = len(self._state)
        self._state = tuple([np.array(part) for part in results[:count]])
        return results[count:]


class IgnoreErrors(Stage):
    """The elements that can be made; errors are passed over.

    Args:
        source: where the elements come from.
    """

    def __init__(self, source: Stage) -> None:
        self.source = source
        self.fresh = source.fresh

    def start(self, run: Run) -> Iterator[Element]:
        """Those elements."""
        return _Ignoring(self.source.start(run))


class _Ignoring:
    def __init__(self, source: Iterator[Element]) -> None:
        self._source = source

    def __iter__(self) -> Iterator[Element]:
        return self

    def __next__(self) -> Element:
        while True:
            try:
                return next(self._source)
            except (StopIteration, CancelledError):
                raise
            except MemoryError:
                raise
            except Exception:
                continue


class Unique(Stage):
    """Each scalar once, when it first comes.

    Args:
        source: scalars.
    """

    def __init__(self, source: Stage) -> None:
        self.source = source
        self.fresh = source.fresh

    def start(self, run: Run) -> Iterator[Element]:
        """Those scalars."""
        return _Once(self.source.start(run))


class _Once:
    def __init__(self, source: Iterator[Element]) -> None:
        self._source = source
        self._seen: set[Any] = set()

    def __iter__(self) -> Iterator[Element]:
        return self

    def __next__(self) -> Element:
        for element in self._source:
            key = element[0].item() if element[0].dtype != object else element[0][()]
            if key not in self._seen:
                self._seen.add(key)
                return element
        raise StopIteration


class RandomNumbers(Stage):
    """Random int64 numbers without end, each a uint32 of TensorFlow's generator.

    Args:
        seeds: the two seeds.
    """

    fresh = True

    def __init__(self, seeds: tuple[int, int]) -> None:
        self.seeds = seeds

    def start(self, run: Run) -> Iterator[Element]:
        """The numbers."""
        return ((np.int64(n),) for n in words(*self.seeds))

    def cardinality(self) -> int:
        """Without end."""
        return INFINITE


class Checked(Stage):
    """Elements of a Python generator, checked and converted one by one.

    Args:
        make: function that starts an iterator over elements as tuples of arrays; what it returns
            may have `close`.
    """

    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make

    def start(self, run: Run) -> Iterator[Element]:
        """The elements."""
        made: Iterator[Element] = self.make()
        if hasattr(made, "close"):
            run.add(made)
        return made


def check_shapes(element: Element, shapes: Any) -> None:
    """Raises InvalidArgumentError unless the components have shapes that fit."""
    for i, (part, shape) in enumerate(zip(element, shapes, strict=True)):
        if shape is not None and part.shape != shape and not compatible(shape, part.shape):
            raise InvalidArgumentError(
                None, None, f"Component {i} of the element has shape {shape_text(part.shape)}, "
                f"the iterator was made for {shape_text(shape)}.")
