"""Pipelines at run time: what the kernel of a dataset op returns, and how it is gone through.

    Stage       what to do, never changed: a source, or a step on top of other stages
    Run         one pass from MakeIterator to the end: its seeds, caches and threads
    iterator    where a pass stands: `next` gives an element, a tuple of arrays

An error in `next` does not end an iterator: the next call goes on with the next element, as in
TensorFlow (this is what `ignore_errors` stands on). So iterators are classes, not generators.

Elements are never written to: stages may hand on views and the same array twice. `fresh` says that
a stage makes new arrays for each element, so that the session need not copy them.

`Rows` makes the common case fast. Slices of arrays that are only shuffled, repeated, taken or
skipped are kept as row numbers; `batch` then takes all rows at once, one NumPy call per array:

    from_tensor_slices((x, y)).shuffle(n).repeat().batch(32)
    = Batch(Rows((x, y), order = Repeat(Shuffle(Counting(len(x))))), 32)
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import numpy as np

from flowgraph.errors import CancelledError, InvalidArgumentError
from flowgraph.ops.resources import as_handle

Element = tuple[Any, ...]
INFINITE, UNKNOWN = -1, -2  # cardinalities that are no number


class Stage:
    """A step of a pipeline: what comes out of it, pass after pass."""

    fresh = False

    def start(self, run: Run) -> Iterator[Any]:
        """A new iterator over its elements.

        Args:
            run: the pass that it belongs to.
        """
        raise NotImplementedError

    def cardinality(self) -> int:
        """How many elements there are; INFINITE, or UNKNOWN."""
        return UNKNOWN


class Run:
    """What belongs to one pass over a pipeline; `close` ends its threads.

    Args:
        whole: the pass that this one is a part of: of several inputs, each has its own seeds.
    """

    def __init__(self, whole: Run | None = None) -> None:
        self._whole = whole
        self._lock = threading.RLock()  # what is kept may be added while it is made
        self._open: weakref.WeakSet[Any] = weakref.WeakSet()
        self._kept: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()
        self.closed = False

    def kept(self, owner: Any, make: Callable[[], Any]) -> Any:
        """The object that a stage or a function keeps over its repetitions within the pass."""
        with self._lock:
            if owner not in self._kept:
                self._kept[owner] = make()
            return self._kept[owner]

    def parts(self, owner: Stage, count: int) -> list[Run]:
        """The parts of the pass for the inputs of a stage."""
        made: list[Run] = self.kept(owner, lambda: [Run(self) for _ in range(count)])
        return made

    def add(self, closable: Any) -> None:
        """Notes an object to be closed with the pass."""
        if self._whole is not None:
            self._whole.add(closable)
            return
        with self._lock:
            if not self.closed:
                self._open.add(closable)
                return
        closable.close()
        raise cancelled()

    def close(self) -> None:
        """Ends the pass: threads stop, and who waits gets a CancelledError."""
        with self._lock:
            self.closed = True
            open_now = list(self._open)
            self._kept.clear()
        for closable in open_now:
            closable.close()


def in_run(function: Callable[..., Element], run: Run) -> Callable[..., Element]:
    """The function of one pass: its random ops start anew with the pass."""
    own: Callable[..., Element] = function.in_run(run) if hasattr(function, "in_run") else function
    return own


def cancelled() -> CancelledError:
    """The error of those who wait for an element when the session is closed."""
    return CancelledError(None, None, "the iterator was closed or initialised anew while it was "
                          "read")


def many(source: Iterator[Any], count: int, found: list[Any]) -> None:
    """Appends up to `count` next elements to a list; fewer when they end.

    Iterators may have a method `many` that does so faster than one by one: of shuffled rows,
    0.5 instead of 2 us an element (benchmarks/input_pipeline.py).
    """
    at_once = getattr(source, "many", None)
    if at_once is None:
        found.extend(islice(source, count))
    else:
        at_once(count, found)


def stage_of(variant: Any) -> Stage:
    """The stage that a dataset's variant tensor holds.

    Raises:
        InvalidArgumentError: it holds something else.
    """
    stage = variant[()] if isinstance(variant, np.ndarray) and not variant.ndim else variant
    if not isinstance(stage, Stage):
        raise InvalidArgumentError(None, None, "the variant tensor holds no dataset but a "
                                   f"{type(stage).__name__}")
    return stage


def as_variant(stage: Stage) -> np.ndarray:
    """The array that stands for a stage."""
    return as_handle(stage)


def keep(array: Any) -> np.ndarray:
    """The array, or a copy where its memory may be used for something else after the run."""
    array = np.asarray(array)
    base = array.base
    if array.flags.writeable or (isinstance(base, np.ndarray) and base.flags.writeable):
        array = np.array(array)
        array.flags.writeable = False
    return array


# ---- rows of arrays ------------------------------------------------------------------------------


class Counting(Stage):
    """The numbers from 0 on, as plain ints: all rows in their order.

    Args:
        count: how many.
    """

    def __init__(self, count: int) -> None:
        self.count = count

    def start(self, run: Run) -> Iterator[int]:
        """The numbers."""
        return iter(range(self.count))

    def cardinality(self) -> int:
        """How many."""
        return self.count


class Rows(Stage):
    """Rows of arrays.

    Args:
        arrays: the arrays, with as many rows.
        order: stage whose elements are the row numbers.
    """

    def __init__(self, arrays: tuple[np.ndarray, ...], order: Stage) -> None:
        self.arrays = arrays
        self.order = order

    def start(self, run: Run) -> Iterator[Element]:
        """The rows, as views."""
        order = self.order.start(run)
        if len(self.arrays) == 1:
            return _OneArray(self.arrays[0], order)
        return _Arrays(self.arrays, order)

    def cardinality(self) -> int:
        """That of the order."""
        return self.order.cardinality()


class _Arrays:
    def __init__(self, arrays: tuple[np.ndarray, ...], order: Iterator[int]) -> None:
        self._arrays = arrays
        self._order = order

    def __iter__(self) -> Iterator[Element]:
        return self

    def __next__(self) -> Element:
        i = next(self._order)
        return tuple([array[i, ...] for array in self._arrays])


class _OneArray:
    def __init__(self, array: np.ndarray, order: Iterator[int]) -> None:
        self._array = array
        self._order = order

    def __iter__(self) -> Iterator[Element]:
        return self

    def __next__(self) -> Element:
        return (self._array[next(self._order), ...],)


def selecting(kind: Callable[..., Stage], source: Stage, *arguments: Any) -> Stage:
    """A stage that only chooses and orders elements; on rows of arrays it works on their numbers.

    Args:
        kind: class of the stage; takes a source and `arguments`.
        source: what it works on.
        arguments: what else it takes.
    """
    if isinstance(source, Rows):
        return Rows(source.arrays, kind(source.order, *arguments))
    return kind(source, *arguments)
