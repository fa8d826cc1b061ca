"""Texts as numbers: of their words, or of their bytes."""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from flowgraph.contrib.learn.preprocessing.categorical_vocabulary import CategoricalVocabulary

# Capitals as one word, a capital that begins one, or letters, digits, ' and -.
TOKENIZER_RE = re.compile(r"[A-Z]{2,}(?![a-z])|[A-Z][a-z]+(?=[A-Z])|[\'\w\-]+", re.UNICODE)


def tokenizer(iterator: Iterable[str]) -> Iterator[list[str]]:
    """The words of texts.

    Args:
        iterator: the texts.

    Yields:
        The list of words of each.

    Example:
        >>> import flowgraph as fg
        >>> list(fg.contrib.learn.preprocessing.tokenizer(["It's a NASAProbe, isn't it?"]))
        [["It's", 'a', 'NASA', 'Probe', "isn't", 'it']]
    """
    for value in iterator:
        yield TOKENIZER_RE.findall(value)


class VocabularyProcessor:
    """Texts as rows of the numbers of their words, cut or filled with 0 to one length.

    Args:
        max_document_length: how many words of a text count.
        min_frequency: words that were there at most so often are unknown, number 0.
        vocabulary: a CategoricalVocabulary; default a new one.
        tokenizer_fn: function from an iterable of texts to lists of words; default `tokenizer`.

    Example:
        >>> import numpy as np
        >>> import flowgraph as fg
        >>> processor = fg.contrib.learn.preprocessing.VocabularyProcessor(4)
        >>> np.array(list(processor.fit_transform(["to be or not", "be"])))
        array([[1, 2, 3, 4],
               [2, 0, 0, 0]])
        >>> list(processor.reverse([[2, 1]])), len(processor.vocabulary_)
        (['be to'], 5)
    """

    def __init__(self, max_document_length: int, min_frequency: int = 0, vocabulary: Any = None,
                 tokenizer_fn: Callable[[Iterable[str]], Iterable[list[str]]] | None = None
                 ) -> None:
        self.max_document_length = max_document_length
        self.min_frequency = min_frequency
        self.vocabulary_ = vocabulary or CategoricalVocabulary()
        self._tokenizer = tokenizer_fn or tokenizer

    def fit(self, raw_documents: Iterable[str], unused_y: Any = None) -> VocabularyProcessor:
        """Learns the words of texts.

        Args:
            raw_documents: the texts.
            unused_y: accepted.

        Returns:
            This object.
        """
        for words in self._tokenizer(raw_documents):
            for word in words:
                self.vocabulary_.add(word)
        if self.min_frequency > 0:
            self.vocabulary_.trim(self.min_frequency)
        self.vocabulary_.freeze()
        return self

    def fit_transform(self, raw_documents: Iterable[str],
                      unused_y: Any = None) -> Iterator[np.ndarray[Any, Any]]:
        """Learns the words of texts, and gives their numbers.

        Args:
            raw_documents: the texts, which are gone through twice.
            unused_y: accepted.

        Returns:
            An iterator over int64 arrays.
        """
        self.fit(raw_documents)
        return self.transform(raw_documents)

    def transform(self, raw_documents: Iterable[str]) -> Iterator[np.ndarray[Any, Any]]:
        """The numbers of the words of texts.

        Args:
            raw_documents: the texts.

        Yields:
            An int64 array for each.
        """
        for words in self._tokenizer(raw_documents):
            ids = np.zeros(self.max_document_length, np.int64)
            known = [self.vocabulary_.get(word) for word in words[:self.max_document_length]]
            ids[:len(known)] = known
            yield ids

    def reverse(self, documents: Iterable[Any]) -> Iterator[str]:
        """The words of numbers.

        Args:
            documents: rows of numbers.

        Yields:
            A text for each.
        """
        for row in documents:
            yield " ".join(self.vocabulary_.reverse(number) for number in row)

    def save(self, filename: Any) -> None:
        """Writes it to a file.

        Args:
            filename: the file's name.
        """
        with open(filename, "wb") as file:
            pickle.dump(self, file)

    @classmethod
    def restore(cls, filename: Any) -> VocabularyProcessor:
        """Reads one from a file that `save` has written; read no file of unknown origin.

        Args:
            filename: the file's name.

        Returns:
            The VocabularyProcessor.
        """
        with open(filename, "rb") as file:
            return pickle.load(file)


class ByteProcessor:
    """Texts as rows of their bytes, cut or filled with 0 to one length.

    Args:
        max_document_length: how many bytes of a text count.

    Example:
        >>> import flowgraph as fg
        >>> processor = fg.contrib.learn.preprocessing.ByteProcessor(4)
        >>> rows = list(processor.fit_transform(["ab"]))
        >>> rows[0].tolist(), list(processor.reverse(rows))
        ([97, 98, 0, 0], ['ab'])
    """

    def __init__(self, max_document_length: int) -> None:
        self.max_document_length = max_document_length

    def fit(self, x: Any) -> None:
        """Does nothing: there is nothing to learn.

        Args:
            x: accepted.
        """

    def fit_transform(self, x: Iterable[Any]) -> Iterator[np.ndarray[Any, Any]]:
        """As `transform`.

        Args:
            x: the texts.
        """
        return self.transform(x)

    def transform(self, x: Iterable[Any]) -> Iterator[np.ndarray[Any, Any]]:
        """The bytes of texts.

        Args:
            x: texts, as str or bytes.

        Yields:
            A uint8 array for each.
        """
        for text in x:
            content = (text.encode() if isinstance(text, str) else text)[:self.max_document_length]
            yield np.frombuffer(content.ljust(self.max_document_length, b"\0"), np.uint8)

    def reverse(self, x: Iterable[Any]) -> Iterator[str]:
        """The texts of bytes.

        Args:
            x: rows of bytes.

        Yields:
            A text for each; "" where the bytes are none.
        """
        for row in x:
            try:
                yield np.asarray(row).astype(np.uint8).tobytes().rstrip(b"\0").decode()
            except UnicodeDecodeError:
                yield ""
