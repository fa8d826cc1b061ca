"""CategoricalVocabulary: numbers for words, in the order in which they come, or by frequency."""

from __future__ import annotations

from typing import Any

from flowgraph.core.frames import located


class CategoricalVocabulary:
    """Numbers for words or other categories; 0 is that of all unknown ones.

    Args:
        unknown_token: the word that stands for unknown ones.
        support_reverse: whether `reverse` is needed.

    Example:
        >>> import flowgraph as fg
        >>> words = fg.contrib.learn.preprocessing.CategoricalVocabulary()
        >>> [words.get(word) for word in ("a", "b", "a")]
        [1, 2, 1]
        >>> words.freeze()
        >>> words.get("c"), words.reverse(2), len(words)
        (0, 'b', 3)
    """

    def __init__(self, unknown_token: str = "<UNK>", support_reverse: bool = True) -> None:
        self._unknown_token = unknown_token
        self._mapping = {unknown_token: 0}
        self._support_reverse = support_reverse
        self._reverse_mapping = [unknown_token]
        self._freq: dict[Any, int] = {}
        self._freeze = False

    def __len__(self) -> int:
        return len(self._mapping)

    def freeze(self, freeze: bool = True) -> None:
        """From now on, new words are unknown.

        Args:
            freeze: False to take that back.
        """
        self._freeze = freeze

    def get(self, category: Any) -> int:
        """The number of a word; a new one gets the next, or 0 when frozen.

        Args:
            category: the word.
        """
        if category not in self._mapping:
            if self._freeze:
                return 0
            self._mapping[category] = len(self._mapping)
            self._reverse_mapping.append(category)
        return self._mapping[category]

    def add(self, category: Any, count: int = 1) -> None:
        """Counts a word.

        Args:
            category: the word.
            count: how often it was there.
        """
        if self.get(category) > 0:
            self._freq[category] = self._freq.get(category, 0) + count

    def trim(self, min_frequency: int, max_frequency: int = -1) -> None:
        """Leaves out rare words, and numbers the others anew, the most frequent first.

        Args:
            min_frequency: words that were there at most so often are left out.
            max_frequency: if positive, words that were there at least so often are left out, too.
        """
        in_order = sorted(sorted(self._freq.items(), key=lambda pair: (isinstance(pair[0], str),
                                                                       pair[0])),
                          key=lambda pair: pair[1], reverse=True)
        kept = [(word, count) for word, count in in_order if count > min_frequency
                and not 0 < max_frequency <= count]
        words = [word for word, _ in kept]
        self._mapping = {word: i for i, word in enumerate([self._unknown_token, *words])}
        self._reverse_mapping = [self._unknown_token, *words]
        self._freq = dict(kept)

    def reverse(self, class_id: int) -> Any:
        """The word of a number.

        Args:
            class_id: the number.

        Raises:
            ValueError: the vocabulary was made without `support_reverse`.
        """
        if not self._support_reverse:
            raise ValueError(located("This vocabulary wasn't initialized with support_reverse to "
                                     "support reverse() function.",
                                     "Make it with support_reverse=True."))
        return self._reverse_mapping[class_id]
