"""The comparisons of collections and texts that absl gives to `tf.test.TestCase`.

`assertItemsEqual` is what Python 2 called `assertCountEqual`.
"""

from __future__ import annotations

import unittest
from collections.abc import Collection, Iterable, Sequence, Sized
from typing import Any


class CollectionAssertions(unittest.TestCase):
    """A unittest.TestCase that also looks at lengths and elements."""

    def assertItemsEqual(self, expected_seq: Iterable[Any], actual_seq: Iterable[Any],
                         msg: str | None = None) -> None:
        """Fails unless two collections have the same elements, each as often, in any order.

        Args:
            expected_seq: the expected elements.
            actual_seq: the actual ones.
            msg: to show.
        """
        self.assertCountEqual(expected_seq, actual_seq, msg)

    def assertSameElements(self, expected_seq: Iterable[Any], actual_seq: Iterable[Any],
                           msg: str | None = None) -> None:
        """Fails unless two collections have the same elements, however often.

        Args:
            expected_seq: the expected elements.
            actual_seq: the actual ones.
            msg: to show.
        """
        self.assertCountEqual(_unique(expected_seq), _unique(actual_seq), msg)

    def assertContainsSubset(self, expected_subset: Iterable[Any], actual_set: Iterable[Any],
                             msg: str | None = None) -> None:
        """Fails unless all expected elements are there.

        Args:
            expected_subset: the expected elements.
            actual_set: the actual ones.
            msg: to show.
        """
        actual = list(actual_set)
        missing = [element for element in _unique(expected_subset) if element not in actual]
        if missing:
            self.fail(self._formatMessage(msg, f"Missing elements: {missing}; {actual} is there"))

    def assertNoCommonElements(self, expected_seq: Iterable[Any], actual_seq: Iterable[Any],
                               msg: str | None = None) -> None:
        """Fails if an element is in both of two collections.

        Args:
            expected_seq: some elements.
            actual_seq: others.
            msg: to show.
        """
        actual = list(actual_seq)
        common = [element for element in _unique(expected_seq) if element in actual]
        if common:
            self.fail(self._formatMessage(msg, f"Common elements: {common}"))

    def assertEmpty(self, container: Collection[Any], msg: str | None = None) -> None:
        """Fails unless a collection has no elements.

        Args:
            container: the collection.
            msg: to show.
        """
        if self._length(container, msg):
            self.fail(self._formatMessage(msg, f"{container!r} has length of {len(container)}"))

    def assertNotEmpty(self, container: Collection[Any], msg: str | None = None) -> None:
        """Fails if a collection has no elements.

        Args:
            container: the collection.
            msg: to show.
        """
        if not self._length(container, msg):
            self.fail(self._formatMessage(msg, f"{container!r} has length of 0"))

    def assertLen(self, container: Collection[Any], expected_len: int,
                  msg: str | None = None) -> None:
        """Fails unless a collection has so many elements.

        Args:
            container: the collection.
            expected_len: how many.
            msg: to show.
        """
        length = self._length(container, msg)
        if length != expected_len:
            self.fail(self._formatMessage(
                msg, f"{container!r} has length of {length}, expected {expected_len}"))

    def assertSequenceAlmostEqual(self, expected_seq: Sequence[Any], actual_seq: Sequence[Any],
                                  places: int | None = None, msg: str | None = None,
                                  delta: float | None = None) -> None:
        """Fails unless two sequences of numbers are nearly equal, as `assertAlmostEqual` says.

        Args:
            expected_seq: the expected numbers.
            actual_seq: the actual ones.
            places: digits after the point that count; default 7.
            msg: to show.
            delta: how far two numbers may be apart, in place of `places`.
        """
        if len(expected_seq) != len(actual_seq):
            self.fail(self._formatMessage(
                msg, f"Sequences of length {len(expected_seq)} and {len(actual_seq)}"))
        for i, (expected, actual) in enumerate(zip(expected_seq, actual_seq, strict=True)):
            try:
                self.assertAlmostEqual(expected, actual, places, None, delta)  # type: ignore[arg-type]
            except AssertionError as error:
                self.fail(self._formatMessage(msg, f"Not almost equal at index {i}: {error}"))

    def assertBetween(self, value: Any, minv: Any, maxv: Any, msg: str | None = None) -> None:
        """Fails unless a value lies between two others or equals one of them.

        Args:
            value: the value.
            minv: the smallest one.
            maxv: the largest one.
            msg: to show.
        """
        if not minv <= value <= maxv:
            self.fail(self._formatMessage(msg, f"{value!r} is not between {minv!r} and {maxv!r}"))

    def assertEndsWith(self, actual: str, expected_end: str, msg: str | None = None) -> None:
        """Fails unless a text ends with another.

        Args:
            actual: the text.
            expected_end: its end.
            msg: to show.
        """
        if not actual.endswith(expected_end):
            self.fail(self._formatMessage(msg, f"{actual!r} does not end with {expected_end!r}"))

    def _length(self, container: Any, msg: str | None) -> int:
        if not isinstance(container, Sized):
            self.fail(self._formatMessage(msg, f"Expected a Sized object, got "
                                               f"{type(container).__name__}"))
        return len(container)


def _unique(elements: Iterable[Any]) -> list[Any]:
    """The elements without repeats; they need not be hashable."""
    found: list[Any] = []
    for element in elements:
        if element not in found:
            found.append(element)
    return found
