"""Stages that group elements by a key: group_by_window, group_by_reducer.

The key, an int64, and what becomes of a group are said by functions of the user's.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from flowgraph.data.mapping import Function, OnSource, Stepper
from flowgraph.data.pipeline import Element, Run, Stage, as_variant, in_run, stage_of
from flowgraph.data.selection import Elements
from flowgraph.errors import InvalidArgumentError


class GroupByWindow(OnSource):
    """Groups of elements with one key, each made into a dataset by a function.

    Args:
        source: where the elements come from.
        key: function from an element to its int64 key.
        reduce: function from a key and a dataset to a dataset.
        window: function from a key to how many elements make a group.
    """

    def __init__(self, source: Stage, key: Function, reduce: Function, window: Function) -> None:
        super().__init__(source, key)
        self.reduce, self.window = reduce, window

    def start(self, run: Run) -> Iterator[Element]:
        """The elements of all those datasets."""
        return _Grouping(self, self.source.start(run), run)


class _Grouping(Stepper):
    def __init__(self, stage: GroupByWindow, source: Iterator[Element], run: Run) -> None:
        super().__init__(source, in_run(stage.function, run))
        self._reduce, self._window = in_run(stage.reduce, run), in_run(stage.window, run)
        self._run = run
        self._groups: dict[int, list[Element]] = {}
        self._sizes: dict[int, int] = {}
        self._inner: Iterator[Element] | None = None
        self._ended = False

    def _flush(self, key: int) -> None:
        made, = self._reduce(np.int64(key), as_variant(Elements(self._groups.pop(key))))
        self._inner = stage_of(made).start(self._run)

    def _size_of(self, key: int) -> int:
        if key not in self._sizes:
            size = int(self._window(np.int64(key))[0])
            if size <= 0:
                raise InvalidArgumentError(None, None, "Window size must be greater than zero, but "
                                           f"got {size}.")
            self._sizes[key] = size
        return self._sizes[key]

    def __next__(self) -> Element:
        while True:
            if self._inner is not None:
                try:
                    return next(self._inner)
                except StopIteration:
                    self._inner = None
            while not self._ended and self._inner is None:
                try:
                    element = next(self._source)
                except StopIteration:
                    self._ended = True
                    break
                key = int(self._function(*element)[0])
                size = self._size_of(key)
                group = self._groups.setdefault(key, [])
                group.append(element)
                if len(group) == size:
                    self._flush(key)
            if self._ended and self._inner is None:
                if not self._groups:
                    raise StopIteration
                self._flush(min(self._groups))


class GroupByReducer(OnSource):
    """One element per key: what reducing all elements with that key gives; by rising keys.

    Args:
        source: where the elements come from.
        key: function from an element to its int64 key.
        first: function from a key to the first state.
        reduce: function from state and element to the next state.
        finalize: function from the last state to the result.
    """

    fresh = True

    def __init__(self, source: Stage, key: Function, first: Function, reduce: Function,
                 finalize: Function) -> None:
        super().__init__(source, key)
        self.first, self.reduce, self.finalize = first, reduce, finalize

    def start(self, run: Run) -> Iterator[Element]:
        """The results."""
        return _Reducing(self, self.source.start(run), run)


class _Reducing(Stepper):
    def __init__(self, stage: GroupByReducer, source: Iterator[Element], run: Run) -> None:
        super().__init__(source, in_run(stage.function, run))
        self._first, self._reduce, self._finalize = (
            in_run(function, run) for function in (stage.first, stage.reduce, stage.finalize))
        self._states: dict[int, Element] = {}
        self._keys: list[int] | None = None

    def __next__(self) -> Element:
        if self._keys is None:
            for element in self._source:
                key = int(self._function(*element)[0])
                if key not in self._states:
                    self._states[key] = self._first(np.int64(key))
                self._states[key] = self._reduce(*self._states[key], *element)
            self._keys = sorted(self._states, reverse=True)
        if not self._keys:
            raise StopIteration
        return self._finalize(*self._states.pop(self._keys.pop()))
