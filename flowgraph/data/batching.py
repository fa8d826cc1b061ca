"""Stages that put elements together and take them apart: batch, padded_batch, window, unbatch."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np

from flowgraph.data.background import ParallelMap
from flowgraph.data.mapping import Map
from flowgraph.data.pipeline import UNKNOWN, Element, Rows, Run, Stage, as_variant, many
from flowgraph.data.selection import Elements
from flowgraph.errors import DataLossError, InvalidArgumentError


def _sizes(shape: tuple[int, ...]) -> str:
    return f"[{','.join(map(str, shape))}]"


class _Grouping(Stage):
    """A stage that makes one element of up to `size`."""

    fresh = True

    def __init__(self, source: Stage, size: int, drop_remainder: bool) -> None:
        self.source = source
        self.size = size
        self.drop_remainder = drop_remainder
        self.drops_whole_batches = isinstance(source, (Map, ParallelMap))  # as TensorFlow does

    def start(self, run: Run) -> Iterator[Element]:
        """The batches."""
        return _Groups(self, self.source.start(run))

    def cardinality(self) -> int:
        """How many batches there are."""
        n = self.source.cardinality()
        return n if n < 0 else n // self.size if self.drop_remainder else -(-n // self.size)

    def together(self, elements: list[Any]) -> Element:
        """The elements as one."""
        raise NotImplementedError


class _Groups:
    def __init__(self, stage: _Grouping, source: Iterator[Any]) -> None:
        self._stage = stage
        self._source = source
        self._ended = False

    def __iter__(self) -> Iterator[Element]:
        return self

    def __next__(self) -> Element:
        if self._ended:
            raise StopIteration
        stage = self._stage
        elements: list[Any] = []
        try:
            many(self._source, stage.size, elements)
        except Exception:
            if stage.drops_whole_batches:
                self._drop(stage.size - len(elements) - 1)
            raise
        if len(elements) < stage.size:
            self._ended = True
            if not elements or stage.drop_remainder:
                raise StopIteration
        return stage.together(elements)

    def _drop(self, count: int) -> None:
        """Leaves out the rest of a batch in which an element could not be made."""
        for _ in range(count):
            try:
                next(self._source)
            except StopIteration:
                return
            except Exception:  # the first error of the batch is the one that is told
                continue


class Batch(_Grouping):
    """Consecutive elements stacked.

    Args:
        source: where they come from.
        size: elements in a batch.
        drop_remainder: whether the last batch is left out when it has fewer.
    """

    def together(self, elements: list[Element]) -> Element:
        """The elements of a batch, stacked component by component."""
        return tuple([_stacked(i, parts)
                      for i, parts in enumerate(zip(*elements, strict=True))])


def _stacked(number: int, parts: tuple[Any, ...]) -> np.ndarray:
    first = parts[0]
    shape = first.shape
    result = np.empty((len(parts), *shape), first.dtype)
    if not shape:
        for k, part in enumerate(parts):
            if part.shape:
                raise _unequal(number, first, k, part)
            result[k] = part[()]
        return result
    for k, part in enumerate(parts):
        if part.shape != shape:  # NumPy would broadcast it
            raise _unequal(number, first, k, part)
        result[k] = part
    return result


def _unequal(number: int, first: Any, k: int, part: Any) -> InvalidArgumentError:
    return InvalidArgumentError(
        None, None, f"Cannot batch tensors with different shapes in component {number}. First "
        f"element had shape {_sizes(first.shape)} and element {k} had shape {_sizes(part.shape)}. "
        "Dataset.padded_batch pads them to one shape.")


class BatchOfRows(_Grouping):
    """Batches of rows of arrays, taken at once.

    Args:
        source: the rows.
        size, drop_remainder: as for Batch.
    """

    def __init__(self, source: Rows, size: int, drop_remainder: bool) -> None:
        super().__init__(source.order, size, drop_remainder)
        self.arrays = source.arrays

    def together(self, elements: list[int]) -> Element:
        """Those rows of each array."""
        return tuple([array.take(elements, axis=0) for array in self.arrays])


def batch(source: Stage, size: int, drop_remainder: bool) -> Stage:
    """Consecutive elements stacked.

    Args:
        source: where they come from.
        size: elements in a batch.
        drop_remainder: whether the last batch is left out when it has fewer.
    """
    if size <= 0:
        raise InvalidArgumentError(None, None, "Batch size must be greater than zero, got "
                                   f"{size}.")
    kind: Any = BatchOfRows if isinstance(source, Rows) else Batch
    return kind(source, size, drop_remainder)


class PaddedBatch(_Grouping):
    """Consecutive elements padded to one shape and stacked.

    Args:
        source: where they come from.
        size, drop_remainder: as for Batch.
        shapes: the shape of each component; -1 stands for the largest size in the batch.
        values: what each component is padded with, scalars.
    """

    def __init__(self, source: Stage, size: int, drop_remainder: bool,
                 shapes: list[tuple[int, ...]], values: list[Any]) -> None:
        super().__init__(source, size, drop_remainder)
        self.shapes = shapes
        self.values = values

    def together(self, elements: list[Element]) -> Element:
        """The elements of a batch, padded and stacked."""
        return tuple([
            _padded(i, parts, shape, value) for i, (parts, shape, value) in
            enumerate(zip(zip(*elements, strict=True), self.shapes, self.values, strict=True))])


def _padded(number: int, parts: tuple[Any, ...], shape: tuple[int, ...], value: Any) -> np.ndarray:
    for part in parts:
        if len(part.shape) != len(shape):
            raise InvalidArgumentError(
                None, None, "All elements in a batch must have the same rank as the padded shape "
                f"for component{number}: expected rank {len(shape)} but got element with rank "
                f"{len(part.shape)}")
        if any(n >= 0 and size > n for n, size in zip(shape, part.shape, strict=True)):
            raise DataLossError(
                None, None, "Attempted to pad to a smaller size than the input element: component "
                f"{number} has shape {_sizes(part.shape)}, it is padded to {_sizes(shape)}.")
    sizes = [max(part.shape[axis] for part in parts) if n < 0 else n
             for axis, n in enumerate(shape)]
    result = np.full((len(parts), *sizes), value[()], parts[0].dtype)
    for k, part in enumerate(parts):
        place: Any = (k, *[slice(n) for n in part.shape])
        result[place] = part
    return result


class SparseBatch(_Grouping):
    """Consecutive elements as the rows of one SparseTensor.

    Args:
        source: elements of one component.
        size: elements in a batch.
        row_shape: dense shape of a row; -1 stands for the largest size in the batch.
    """

    def __init__(self, source: Stage, size: int, row_shape: tuple[int, ...]) -> None:
        super().__init__(source, size, False)
        self.row_shape = row_shape

    def together(self, elements: list[Element]) -> Element:
        """The parts of the SparseTensor, in boxes."""
        from flowgraph.ops.sparse_serialize import SerializeSparse
        rows = [np.asarray(part) for part, in elements]
        for row in rows:
            if row.ndim != len(self.row_shape):
                raise InvalidArgumentError(
                    None, None, "All elements in a batch must have the same rank as the row shape: "
                    f"expected rank {len(self.row_shape)}, got an element of rank {row.ndim}")
            if any(n >= 0 and size > n
                   for n, size in zip(self.row_shape, row.shape, strict=True)):
                raise DataLossError(None, None, "the row_shape is smaller than an element: "
                                    f"{_sizes(self.row_shape)} and {_sizes(row.shape)}")
        sizes = [max(row.shape[axis] for row in rows) if n < 0 else n
                 for axis, n in enumerate(self.row_shape)]
        places = [np.indices(row.shape, np.int64).reshape(row.ndim, -1).T for row in rows]
        indices = np.concatenate([
            np.concatenate((np.full((len(place), 1), k, np.int64), place), axis=1)
            for k, place in enumerate(places)])
        values = np.concatenate([row.reshape(-1) for row in rows])
        kernel = SerializeSparse().kernel
        from flowgraph.core import dtypes as dt
        return (kernel(np, indices, values, (len(rows), *sizes), out_type=dt.variant),)


class Window(Stage):
    """Datasets of consecutive elements, one for each component.

    Args:
        source: where the elements come from.
        size: elements in a window.
        shift: how far the next window starts.
        stride: how far the elements of a window lie apart.
        drop_remainder: whether windows with fewer elements are left out.
    """

    def __init__(self, source: Stage, size: int, shift: int, stride: int,
                 drop_remainder: bool) -> None:
        self.source = source
        self.size, self.shift, self.stride = size, shift, stride
        self.drop_remainder = drop_remainder

    def start(self, run: Run) -> Iterator[Element]:
        """The windows."""
        return _Windows(self, self.source.start(run))

    def cardinality(self) -> int:
        """How many windows there are."""
        n = self.source.cardinality()
        if n < 0:
            return n
        if not self.drop_remainder:
            return -(-n // self.shift)
        needed = (self.size - 1) * self.stride + 1
        return 0 if n < needed else (n - needed) // self.shift + 1


class _Windows:
    def __init__(self, stage: Window, source: Iterator[Element]) -> None:
        self._stage = stage
        self._source = source
        self._buffer: deque[Element] = deque()
        self._ended = False

    def __iter__(self) -> Iterator[Element]:
        return self

    def __next__(self) -> Element:
        stage, buffer = self._stage, self._buffer
        span = (stage.size - 1) * stage.stride + 1
        while len(buffer) < span and not self._ended:
            try:
                buffer.append(next(self._source))
            except StopIteration:
                self._ended = True
        if not buffer or (stage.drop_remainder and len(buffer) < span):
            raise StopIteration
        elements = list(islice(buffer, 0, span, stage.stride))
        for _ in range(stage.shift):
            if buffer:
                buffer.popleft()
            elif not self._ended:
                try:
                    next(self._source)
                except StopIteration:
                    self._ended = True
        return tuple([as_variant(Elements([(part,) for part in parts]))
                      for parts in zip(*elements, strict=True)])


class Unbatch(Stage):
    """The rows of elements as elements.

    Args:
        source: elements whose components have as many rows.
    """

    def __init__(self, source: Stage) -> None:
        self.source = source

    def start(self, run: Run) -> Iterator[Element]:
        """The rows."""
        return _Unbatching(self.source.start(run))

    def cardinality(self) -> int:
        """Not known: the elements tell."""
        n = self.source.cardinality()
        return n if n <= 0 else UNKNOWN


class _Unbatching:
    def __init__(self, source: Iterator[Element]) -> None:
        self._source = source
        self._element: Element = ()
        self._row = self._rows = 0

    def __iter__(self) -> Iterator[Element]:
        return self

    def __next__(self) -> Element:
        while self._row >= self._rows:
            element = next(self._source)
            for part in element:
                if not part.shape:
                    raise InvalidArgumentError(None, None, "Cannot unbatch a scalar: each part of "
                                               "an element needs a first dimension.")
                if part.shape[0] != element[0].shape[0]:
                    raise InvalidArgumentError(
                        None, None, "Input element must have the same batch size in each component."
                        f" Component 0 had size {element[0].shape[0]} but another had size "
                        f"{part.shape[0]}.")
            self._element, self._row, self._rows = element, 0, element[0].shape[0]
        row = self._row
        self._row += 1
        return tuple([part[row, ...] for part in self._element])
