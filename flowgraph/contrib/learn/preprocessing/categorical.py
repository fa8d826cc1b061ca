"""CategoricalProcessor: rows of categories as rows of numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from flowgraph.contrib.learn.preprocessing.categorical_vocabulary import CategoricalVocabulary


class CategoricalProcessor:
    """Numbers for the categories of each column of a table.

    Args:
        min_frequency: categories that were there at most so often are unknown, number 0.
        share: whether all columns have one vocabulary.
        vocabularies: a CategoricalVocabulary for each column, or one that is shared.

    Example:
        >>> import flowgraph as fg
        >>> processor = fg.contrib.learn.preprocessing.CategoricalProcessor()
        >>> [row.tolist() for row in processor.fit_transform([["a", 1], ["b", 1]])]
        [[1, 1], [2, 1]]
    """

    def __init__(self, min_frequency: int = 0, share: bool = False,
                 vocabularies: Any = None) -> None:
        self.min_frequency, self.share = min_frequency, share
        self.vocabularies_ = vocabularies

    def freeze(self, freeze: bool = True) -> None:
        """From now on, new categories are unknown.

        Args:
            freeze: False to take that back.
        """
        for vocabulary in self._vocabularies(1):
            vocabulary.freeze(freeze)

    def fit(self, x: Iterable[Any], unused_y: Any = None) -> CategoricalProcessor:
        """Learns the categories.

        Args:
            x: rows of categories; None and NaN are none.
            unused_y: accepted.

        Returns:
            This object.
        """
        for row in [np.atleast_1d(np.asarray(row, object)) for row in x]:
            for vocabulary, value in zip(self._vocabularies(len(row)), row):
                if not _is_missing(value):
                    vocabulary.add(value)
        if self.min_frequency > 0:
            for vocabulary in self._vocabularies(1):
                vocabulary.trim(self.min_frequency)
        self.freeze()
        return self

    def transform(self, x: Iterable[Any]) -> Iterator[np.ndarray[Any, Any]]:
        """The numbers of rows.

        Args:
            x: rows of categories.
        """
        self.freeze()
        for row in x:
            values = np.atleast_1d(np.asarray(row, object))
            yield np.array([0 if _is_missing(value) else vocabulary.get(value) for vocabulary, value
                            in zip(self._vocabularies(len(values)), values)], np.int64)

    def fit_transform(self, x: Iterable[Any],
                      unused_y: Any = None) -> Iterator[np.ndarray[Any, Any]]:
        """Learns the categories of rows, and gives their numbers.

        Args:
            x: list of rows.
            unused_y: accepted.
        """
        rows = list(x)
        return self.fit(rows).transform(rows)

    def _vocabularies(self, columns: int) -> list[CategoricalVocabulary]:
        if self.vocabularies_ is None:
            self.vocabularies_ = [CategoricalVocabulary() for _ in range(1 if self.share
                                                                         else columns)]
        if isinstance(self.vocabularies_, CategoricalVocabulary):
            return [self.vocabularies_] * columns
        return self.vocabularies_ * columns if self.share else self.vocabularies_


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))
