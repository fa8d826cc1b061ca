"""Accumulators: the objects that add up gradients of several workers until there are enough.

`apply` adds a gradient unless it is stale: made at an earlier global step than the accumulator's.
`take` waits, without holding anything up, until enough were added; it gives their mean or sum,
starts anew, and counts the global step up. Who waits first is served first.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from typing import Any

import numpy as np

from flowgraph.core import deadline
from flowgraph.core.shapes import compatible
from flowgraph.core.spec import Shape, shape_text
from flowgraph.errors import CancelledError, InvalidArgumentError


class Accumulator:
    """What dense and sparse accumulators share.

    Args:
        shape: static shape of the gradients; None when it is not known.
        reduction_type: "MEAN" or "SUM".
    """

    def __init__(self, shape: Shape, reduction_type: str) -> None:
        self.shape = shape
        self.mean = reduction_type == "MEAN"
        self.global_step = 0
        self._count = 0
        self._sum: Any = None
        self._changed = threading.Condition()
        self._waiting: deque[object] = deque()
        self._closed = False

    def count(self) -> int:
        """How many gradients were added since the last `take`."""
        return self._count

    def set_global_step(self, step: int) -> None:
        """Sets the step below which gradients are stale."""
        with self._changed:
            if step < self.global_step:
                logging.getLogger(__name__).warning(
                    "an accumulator's global step is set from %d back to %d", self.global_step,
                    step)
            self.global_step = step

    def apply(self, local_step: int, gradient: Any) -> None:
        """Adds a gradient, unless it is stale."""
        with self._changed:
            if local_step < self.global_step:
                return
            self._check(gradient)
            self._sum = self._added(gradient)
            self._count += 1
            self._changed.notify_all()

    def take(self, required: int) -> Any:
        """The mean or sum of `required` gradients or more; waits until they are there.

        Raises:
            InvalidArgumentError: `required` is not positive.
            CancelledError: the session was closed meanwhile.
            DeadlineExceededError: the run's time is over.
        """
        if required <= 0:
            raise InvalidArgumentError(None, None, "Argument num_required must be positive, but "
                                       f"was {required}")
        ticket = object()
        with self._changed:
            self._waiting.append(ticket)
            try:
                if not self._changed.wait_for(lambda: self._closed or (
                        self._waiting[0] is ticket and self._count >= required),
                        deadline.remaining()):
                    raise deadline.time_is_over()
            finally:
                self._waiting.remove(ticket)
                self._changed.notify_all()
            if self._closed:
                raise CancelledError(None, None, "TakeGrad operation was cancelled: the session is "
                                     "closed")
            self.global_step += 1
            result = self._reduced()
            self._count, self._sum = 0, None
            return result

    def close(self) -> None:
        """Ends the waiting of all who wait: the session is closed."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _check(self, gradient: Any) -> None:
        raise NotImplementedError

    def _added(self, gradient: Any) -> Any:
        raise NotImplementedError

    def _reduced(self) -> Any:
        raise NotImplementedError


class DenseAccumulator(Accumulator):
    """Adds up arrays of one shape."""

    def _check(self, gradient: np.ndarray) -> None:
        expected = self.shape if self._sum is None else self._sum.shape
        if not compatible(expected, gradient.shape):
            raise _mismatch("shape", shape_text(expected), shape_text(gradient.shape))

    def _added(self, gradient: np.ndarray) -> np.ndarray:
        return np.array(gradient if self._sum is None else self._sum + gradient)

    def _reduced(self) -> np.ndarray:
        return _divided(self._sum, np.array(self._count)) if self.mean else self._sum


class SparseAccumulator(Accumulator):
    """Adds up rows by their numbers; a mean counts, for each row, how often it came."""

    def _check(self, gradient: Any) -> None:
        indices, values, dense_shape = gradient
        if indices.ndim != 1:
            raise InvalidArgumentError(None, None, "Input indices should be vector but received "
                                       f"shape: {shape_text(indices.shape)}")
        if values.ndim == 0:
            raise InvalidArgumentError(None, None, "Values cannot be 0-dimensional.")
        if len(values) != len(indices):
            raise InvalidArgumentError(None, None, f"Expected {len(indices)} non-empty input "
                                       f"values, got {len(values)}")
        own = self.shape or ()
        if dense_shape is not None:
            if len(own) > len(dense_shape):
                raise _mismatch("shape rank at least", len(own), len(dense_shape))
            if not compatible(own, tuple(dense_shape[:len(own)].tolist())):
                raise _mismatch("shape", shape_text(own), shape_text(tuple(dense_shape.tolist())))
        if own and own[0] is not None and len(indices) and indices.max() >= own[0]:
            raise InvalidArgumentError(None, None, f"Shape mismatch: the index {indices.max()} "
                                       f"exceeded {own[0]}")
        if self._sum is not None:
            own = self._sum[1].shape
            if values.ndim != len(own):
                raise _mismatch("values rank", len(own), values.ndim)
        elif len(own) > values.ndim:
            raise _mismatch("values rank at least", len(own), values.ndim)
        if not compatible(own[1:], values.shape[1:len(own)]):
            raise _mismatch("values", f"[?, {str(list(own[1:]))[1:]}", shape_text(values.shape))

    def _added(self, gradient: Any) -> Any:
        indices, values, _ = gradient
        if self._sum is None:
            return indices.copy(), values.copy(), np.ones(len(indices), np.int64)
        own_indices, own_values, counts = self._sum
        own, new = _merged(own_indices.tolist(), indices.tolist())
        merged = np.zeros((len(own), *values.shape[1:]), values.dtype)
        merged_indices = np.zeros(len(own), np.int64)
        merged_counts = np.zeros(len(own), np.int64)
        for places, more_indices, more_values, more_counts in (
                (own, own_indices, own_values, counts),
                (new, indices, values, np.ones(len(indices), np.int64))):
            there = places >= 0
            picked = places[there]
            merged_indices[there] = more_indices[picked]
            merged[there] += more_values[picked]
            merged_counts[there] += more_counts[picked]
        return merged_indices, merged, merged_counts

    def _reduced(self) -> Any:
        indices, values, counts = self._sum
        if self.mean:
            values = _divided(values, counts.reshape((-1,) + (1,) * (values.ndim - 1)))
        first = self.shape[0] if self.shape and self.shape[0] is not None else -1
        return indices, values, np.array([first, *values.shape[1:]], np.int64)


def _merged(left: list[int], right: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Merges two lists in ascending order: for each entry its place on the left and on the right.

    A place is -1 where the entry comes from the other list alone.
    """
    places: list[tuple[int, int]] = []
    i = j = 0
    while i < len(left) or j < len(right):
        from_left = j == len(right) or (i < len(left) and left[i] <= right[j])
        from_right = i == len(left) or (j < len(right) and right[j] <= left[i])
        places.append((i if from_left else -1, j if from_right else -1))
        i, j = i + from_left, j + from_right
    pairs = np.array(places, np.int64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def _divided(total: np.ndarray, count: np.ndarray) -> np.ndarray:
    """The mean in the dtype of `total`; integers are truncated, as in TensorFlow."""
    count = count.astype(total.dtype)
    if total.dtype.kind == "i":
        return np.sign(total) * (np.abs(total) // count)
    return total // count if total.dtype.kind == "u" else total / count


def _mismatch(what: str, expected: Any, got: Any) -> InvalidArgumentError:
    return InvalidArgumentError(None, None,
                                f"Shape mismatch: expected {what} {expected}, got {got}")
