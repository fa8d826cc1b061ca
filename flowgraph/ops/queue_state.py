"""Queues: the objects that pass elements from runs to runs, in the order that each kind gives.

Who wants something of a queue makes an attempt. There are two lines of them, one for enqueuing and
one for dequeuing; only the first of each line may act, so that who waits first is served first:

    enqueue_many of 5 ---+                            +--- dequeue_many of 3, has 1 already
    enqueue           ---+-->  [ element  element ] --+--- dequeue
    close             ---+                            +--- ...

An attempt for many elements takes or gives what it can and waits for the rest, so that it may be
larger than the queue. Closing waits its turn behind what was to be enqueued before it.
Each element is a tuple of arrays, which belong to the queue alone.
"""

from __future__ import annotations

import heapq
import threading
from collections import deque
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from flowgraph.core.deadline import wait_for
from flowgraph.core.dtypes import DType
from flowgraph.core.shapes import compatible
from flowgraph.core.spec import Shape, shape_text
from flowgraph.errors import CancelledError, InvalidArgumentError, OpError, OutOfRangeError
from flowgraph.ops.philox import PhiloxState, bits

Element = tuple[Any, ...]

_NOTHING, _SOME, _ALL = range(3)  # how far an attempt has got
_UNBOUNDED = 2 ** 31 - 1
_WORDS = 1024  # random numbers made at once


class _Attempt:
    """What somebody wants of a queue, and how far it has got.

    Args:
        left: how many elements are still to be given or taken.
        elements: those still to be given, or those taken so far.
    """

    __slots__ = ("elements", "error", "event", "finished", "left")

    def __init__(self, left: int, elements: list[Element]) -> None:
        self.left = left
        self.elements = elements
        self.finished = False
        self.error: OpError | None = None
        self.event: threading.Event | None = None  # made when somebody has to wait

    def finish(self, error: OpError | None = None) -> int:
        """Ends the attempt, and wakes who waits for it."""
        self.finished, self.error = True, error
        if self.event is not None:
            self.event.set()
        return _ALL

    def advance(self, queue: Queue) -> int:
        """Goes as far as the queue allows."""
        raise NotImplementedError


class _Enqueue(_Attempt):
    """Gives elements to a queue."""

    __slots__ = ()

    def advance(self, queue: Queue) -> int:
        """Gives as many elements as there is room for."""
        if queue.closed:
            return self.finish(CancelledError(
                None, None, f"{queue.kind} '{queue.name}' is closed."))
        room = queue.capacity - queue.size()
        if room <= 0:
            return _NOTHING
        start = len(self.elements) - self.left
        count = min(room, self.left)
        queue._put(self.elements[start:start + count])
        self.left -= count
        return _SOME if self.left else self.finish()


class _Close(_Attempt):
    """Closes a queue when all that was to be enqueued before is in it."""

    __slots__ = ()

    def advance(self, queue: Queue) -> int:
        """Closes the queue."""
        if queue.closed:
            return self.finish(CancelledError(
                None, None, f"Queue '{queue.name}' is already closed."))
        queue.closed = True
        return self.finish()


class _Dequeue(_Attempt):
    """Takes elements from a queue.

    Args:
        left: how many.
        or_fewer: whether fewer will do once the queue is closed.
    """

    __slots__ = ("or_fewer",)

    def __init__(self, left: int, or_fewer: bool) -> None:
        super().__init__(left, [])
        self.or_fewer = or_fewer

    def advance(self, queue: Queue) -> int:
        """Takes as many elements as may be taken."""
        size = queue.size()
        if queue.closed and size < self.left:
            queue._put_back(self.elements)
            if self.or_fewer and queue.size():
                self.elements, self.left = [], queue.size()
            elif self.or_fewer and queue._enqueuing:
                self.elements = []
                return _SOME
            else:
                self.elements = []
                return self.finish(OutOfRangeError(
                    None, None, f"{queue.kind} '{queue.name}' is closed and has insufficient "
                    f"elements (requested {self.left}, current size {size})"))
        free = queue.size() - (0 if queue.closed else queue.min_after_dequeue)
        count = min(free, self.left)
        if count <= 0:
            return _NOTHING
        self.elements += queue._get(count)
        self.left -= count
        return _SOME if self.left else self.finish()


class Queue:
    """A queue; elements come out in the order in which they went in.

    Args:
        capacity: how many elements it holds; negative for any number.
        component_types: dtype of each component of an element.
        shapes: shape of each component; () when they may differ from element to element.
    """

    kind: ClassVar[str] = "FIFOQueue"
    in_order: ClassVar[bool] = True  # whether what went in together comes out together
    min_after_dequeue = 0

    def __init__(self, capacity: int, component_types: Sequence[DType],
                 shapes: Sequence[Shape]) -> None:
        self.name = ""
        self.capacity = _UNBOUNDED if capacity < 0 else capacity
        self.component_types = tuple(component_types)
        self.shapes = tuple(shapes)
        self.closed = False
        self._elements: Any = self._empty()
        self._ended = False
        self._lock = threading.Lock()
        self._enqueuing: deque[_Attempt] = deque()
        self._dequeuing: deque[_Attempt] = deque()

    def named(self, name: str) -> None:
        """Takes the name that errors call it by."""
        self.name = name

    # ---- what a run asks for ---------------------------------------------------------------------

    def size(self) -> int:
        """How many elements it holds."""
        return len(self._elements)

    def enqueue(self, components: Element) -> None:
        """Adds an element; waits for room.

        Raises:
            InvalidArgumentError: the element does not fit the queue's dtypes or shapes.
            CancelledError: the queue is closed.
        """
        self._check_types(components)
        for i, (array, shape) in enumerate(zip(components, self.shapes, strict=False)):
            if not compatible(shape, array.shape):
                raise _mismatch(i, shape, array.shape)
        self._wait(_Enqueue(1, [tuple([np.array(array) for array in components])]),
                   self._enqueuing)

    def enqueue_many(self, batch: Element) -> None:
        """Adds an element per entry of the arrays' first axis; waits for room.

        Raises:
            InvalidArgumentError: the elements do not fit, or the arrays' lengths differ.
            CancelledError: the queue is closed.
        """
        self._check_types(batch)
        for i, array in enumerate(batch):
            if not array.ndim:
                raise InvalidArgumentError(None, None, f"component {i} of a batch is a scalar; "
                                           "enqueue_many takes one element per row")
        count = len(batch[0])
        for i, (array, shape) in enumerate(zip(batch, self.shapes, strict=False)):
            whole = None if shape is None else (count, *shape)
            if not compatible(whole, array.shape):
                raise _mismatch(i, whole, array.shape)
        for i, array in enumerate(batch):
            if len(array) != count:
                raise InvalidArgumentError(
                    None, None, "All input tensors must have the same size in the 0th dimension. "
                    f"Component {i} has {len(array)}, and should have {count}")
        if count:
            rows = [self._rows(array) for array in batch]
            self._wait(_Enqueue(count, list(zip(*rows, strict=True))), self._enqueuing)

    def dequeue(self) -> Element:
        """Takes an element; waits for one.

        Raises:
            OutOfRangeError: there is none, and the queue is closed.
        """
        return self._wait(_Dequeue(1, False), self._dequeuing)[0]

    def dequeue_many(self, count: int, or_fewer: bool = False) -> Element:
        """Takes elements and stacks each of their components; waits for them.

        Args:
            count: how many.
            or_fewer: whether fewer will do, but one at least, once the queue is closed.

        Raises:
            InvalidArgumentError: the shapes of its components are not known.
            OutOfRangeError: there are not so many, and the queue is closed.
        """
        if count < 0:
            name = "DequeueUpToOp" if or_fewer else "DequeueManyOp"
            raise InvalidArgumentError(None, None, f"{name} requested {count} < 0 elements")
        if not self.shapes:
            raise InvalidArgumentError(
                None, None, f"{self.kind}'s DequeueMany and DequeueUpTo require the components to "
                "have specified shapes.")
        if not count:
            return tuple([np.zeros((0, *[n or 0 for n in shape or ()]), dtype.numpy)
                          for shape, dtype in zip(self.shapes, self.component_types, strict=True)])
        elements = self._wait(_Dequeue(count, or_fewer), self._dequeuing)
        return tuple([self._stacked(i, arrays)
                      for i, arrays in enumerate(zip(*elements, strict=True))])

    def close_input(self, cancel_pending: bool) -> None:
        """Closes it: nothing more comes in; what is in it can still be taken.

        Args:
            cancel_pending: whether those who wait for room are sent away with CancelledError.

        Raises:
            CancelledError: it is closed already.
        """
        if not cancel_pending:
            self._wait(_Close(0, []), self._enqueuing)
            return
        with self._lock:
            self.closed = True
            self._send_away(self._enqueuing, "Enqueue")
            self._flush()

    def close(self) -> None:
        """Ends the waiting of all who wait, now and later: the session is closed."""
        with self._lock:
            self._ended = True
            self._send_away(self._enqueuing, "Enqueue")
            self._send_away(self._dequeuing, "Dequeue")

    def check_same(self, capacity: int, component_types: Sequence[DType],
                   shapes: Sequence[Shape]) -> None:
        """Raises InvalidArgumentError when a node that shares this queue wants another one."""
        capacity = _UNBOUNDED if capacity < 0 else capacity
        if (capacity, component_types, shapes) == (self.capacity, self.component_types,
                                                   self.shapes):
            return
        for what, own, wanted in (
                ("capacity", self.capacity, capacity),
                ("component types", [t.name for t in self.component_types],
                 [t.name for t in component_types]),
                ("component shapes", [_shape(s) for s in self.shapes],
                 [_shape(s) for s in shapes])):
            if own != wanted:
                raise InvalidArgumentError(None, None, f"Shared queue '{self.name}' has {what} "
                                           f"{own} but requested {what} was {wanted}")

    # ---- taking turns ----------------------------------------------------------------------------

    def _wait(self, attempt: _Attempt, line: deque[_Attempt]) -> list[Element]:
        """Gets in line and waits until the attempt has ended; returns its elements."""
        with self._lock:
            nobody_waits = not (self._enqueuing or self._dequeuing or self._ended)
            if not nobody_waits or attempt.advance(self) != _ALL:
                line.append(attempt)
                if self._ended:
                    self._send_away(line, "Enqueue" if line is self._enqueuing else "Dequeue")
                else:
                    self._flush()
            if not attempt.finished:
                attempt.event = threading.Event()
        if attempt.event is not None:
            try:
                wait_for(attempt.event)
            except BaseException:  # time is over, or Ctrl-C: nothing may be lost, nor stay in line
                self._give_up(attempt, line)
                raise
        if attempt.error is not None:
            raise attempt.error
        return attempt.elements

    def _give_up(self, attempt: _Attempt, line: deque[_Attempt]) -> None:
        with self._lock:
            if not attempt.finished:
                line.remove(attempt)
            if line is self._dequeuing:
                self._put_back(attempt.elements)
                attempt.elements = []
            self._flush()

    def _flush(self) -> None:
        """Lets those who are first in line act until nobody gets any further."""
        while True:
            changed = self._advance(self._enqueuing)
            if not self._advance(self._dequeuing) and not changed:
                return

    def _advance(self, line: deque[_Attempt]) -> bool:
        changed = False
        while line:
            progress = line[0].advance(self)
            changed = changed or progress != _NOTHING
            if progress != _ALL:
                break
            line.popleft()
        return changed

    def _send_away(self, line: deque[_Attempt], what: str) -> None:
        while line:
            line.popleft().finish(CancelledError(None, None, f"{what} operation was cancelled"))

    # ---- the elements: each kind of queue keeps them in its own way ------------------------------

    def _rows(self, array: np.ndarray) -> list[np.ndarray]:
        """The rows of a batch, in memory of the queue's own."""
        if self.in_order:  # one piece of memory, which is free when the last of them is out
            array = np.array(array)
            return [array[i, ...] for i in range(len(array))]
        return [array[i, ...].copy() for i in range(len(array))]

    def _empty(self) -> Any:
        return deque()

    def _put(self, elements: list[Element]) -> None:
        self._elements.extend(elements)

    def _get(self, count: int) -> list[Element]:
        take = self._elements.popleft
        return [take() for _ in range(count)]

    def _put_back(self, elements: list[Element]) -> None:
        """Puts elements back that were taken in vain."""
        self._elements.extendleft(reversed(elements))

    def _stacked(self, component: int, arrays: Sequence[Any]) -> np.ndarray:
        dtype = self.component_types[component].numpy
        result = np.empty((len(arrays), *arrays[0].shape), dtype)
        if not arrays[0].ndim:
            result[:] = [array[()] for array in arrays]
        else:
            np.stack(arrays, out=result)
        return result

    def _check_types(self, components: Element) -> None:
        if len(components) != len(self.component_types):
            raise InvalidArgumentError(
                None, None, "Wrong number of components in tuple. Expected "
                f"{len(self.component_types)}, got {len(components)}")
        for i, (array, dtype) in enumerate(zip(components, self.component_types, strict=True)):
            if array.dtype != dtype.numpy:
                raise InvalidArgumentError(None, None, f"Type mismatch in tuple component {i}. "
                                           f"Expected {dtype.name}, got {array.dtype}")


class PaddingQueue(Queue):
    """A queue whose elements may differ in size; stacked, they are padded with zeros."""

    kind = "PaddingFIFOQueue"

    def _stacked(self, component: int, arrays: Sequence[Any]) -> np.ndarray:
        if None not in (self.shapes[component] or ()):
            return super()._stacked(component, arrays)
        dtype = self.component_types[component]
        sizes = np.max([array.shape for array in arrays], axis=0)
        result = np.full((len(arrays), *sizes), b"" if dtype.kind == "s" else 0, dtype.numpy)
        for row, array in zip(result, arrays, strict=True):
            row[tuple([slice(n) for n in array.shape])] = array
        return result


class ShuffleQueue(Queue):
    """A queue whose elements come out in random order.

    Args:
        capacity, component_types, shapes: as for Queue.
        min_after_dequeue: how many elements stay in it until it is closed.
        seed, seed2: of the random numbers; both 0 for new entropy.
    """

    kind = "RandomShuffleQueue"
    in_order = False

    def __init__(self, capacity: int, component_types: Sequence[DType], shapes: Sequence[Shape],
                 min_after_dequeue: int, seed: int, seed2: int) -> None:
        super().__init__(capacity, component_types, shapes)
        self.min_after_dequeue = min_after_dequeue
        self._random = PhiloxState.from_seeds(seed, seed2)
        self._words: list[int] = []

    def _empty(self) -> Any:
        return []

    def _get(self, count: int) -> list[Element]:
        elements, taken = self._elements, []
        for _ in range(count):
            if not self._words:
                self._words = bits(np, self._random.take(_WORDS // 4), _WORDS)[::-1].tolist()
            place = self._words.pop() % len(elements)
            taken.append(elements[place])
            elements[place] = elements[-1]
            elements.pop()
        return taken

    def _put_back(self, elements: list[Element]) -> None:
        self._elements.extend(reversed(elements))


class _ByPriority:
    """An element in a heap, which asks only for the priority."""

    __slots__ = ("element", "priority")

    def __init__(self, element: Element) -> None:
        self.element = element
        self.priority = int(element[0])

    def __lt__(self, other: _ByPriority) -> bool:
        return self.priority < other.priority


class PriorityQueue(Queue):
    """A queue whose elements come out by their first component, the lowest first."""

    kind = "PriorityQueue"
    in_order = False

    def enqueue(self, components: Element) -> None:
        """Adds an element; waits for room."""
        self._check_types(components)
        if components[0].ndim:
            raise _no_scalar(components[0].shape)
        super().enqueue(components)

    def enqueue_many(self, batch: Element) -> None:
        """Adds an element per entry of the arrays' first axis; waits for room."""
        self._check_types(batch)
        if batch[0].ndim > 1:
            raise _no_scalar(batch[0].shape[1:])
        super().enqueue_many(batch)

    def _empty(self) -> Any:
        return []

    def _put(self, elements: list[Element]) -> None:
        for element in elements:
            heapq.heappush(self._elements, _ByPriority(element))

    def _get(self, count: int) -> list[Element]:
        return [heapq.heappop(self._elements).element for _ in range(count)]

    def _put_back(self, elements: list[Element]) -> None:
        self._put(elements)


def _shape(shape: Shape) -> str:
    return "<unknown>" if shape is None else shape_text(shape, "[]").replace(", ", ",")


def _mismatch(component: int, expected: Shape, got: Shape) -> InvalidArgumentError:
    return InvalidArgumentError(None, None, f"Shape mismatch in tuple component {component}. "
                                f"Expected {_shape(expected)}, got {_shape(got)}")


def _no_scalar(shape: Shape) -> InvalidArgumentError:
    return InvalidArgumentError(None, None, "Expected the priority element to be a scalar, but "
                                f"received shape: {_shape(shape)}")
