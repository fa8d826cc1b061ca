"""`tf.keras.preprocessing.text`: words, their numbers, and texts as rows of numbers."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from flowgraph.core.frames import located
from flowgraph.core.lazy import lazy as _lazy

FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'


def text_to_word_sequence(text: str, filters: str = FILTERS, lower: bool = True, split: str = " "
                          ) -> list[str]:
    """The words of a text.

    Args:
        text: the text.
        filters: characters that are no part of words.
        lower: whether to make small letters of capitals.
        split: what stands between words.

    Returns:
        The words.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.preprocessing.text.text_to_word_sequence("Small, but clear!")
        ['small', 'but', 'clear']
    """
    text = text.lower() if lower else text
    return [word for word in text.translate(dict.fromkeys(map(ord, filters), split)).split(split)
            if word]


def hashing_trick(text: str, n: int, hash_function: Any = None, filters: str = FILTERS,
                  lower: bool = True, split: str = " ") -> list[int]:
    """Numbers of words without a vocabulary: words may share one.

    Args:
        text: the text.
        n: numbers are below this; 0 is not used.
        hash_function: from word to int; "md5" for one that is the same in each run; None for
            Python's `hash`.
        filters, lower, split: as for `text_to_word_sequence`.

    Returns:
        One number for each word.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.preprocessing.text.hashing_trick("to be or not to be", 50, "md5")
        [15, 5, 8, 36, 15, 5]
    """
    number: Callable[[str], int] = hash_function or hash
    if hash_function == "md5":
        number = _md5
    return [number(word) % (n - 1) + 1 for word in text_to_word_sequence(text, filters, lower,
                                                                         split)]


def one_hot(text: str, n: int, filters: str = FILTERS, lower: bool = True, split: str = " "
            ) -> list[int]:
    """`hashing_trick` with Python's `hash`, which differs from run to run.

    Args:
        text: the text.
        n: numbers are below this; 0 is not used.
        filters, lower, split: as for `text_to_word_sequence`.

    Returns:
        One number for each word.

    Example:
        >>> import flowgraph as fg
        >>> numbers = fg.keras.preprocessing.text.one_hot("to be or not to be", 50)
        >>> numbers[:2] == numbers[4:]
        True
    """
    return hashing_trick(text, n, hash, filters, lower, split)


def _md5(word: str) -> int:
    return int(hashlib.md5(word.encode(), usedforsecurity=False).hexdigest(), 16)


class Tokenizer:
    """Learns the words of texts and turns texts into rows of their numbers.

    The most common word has the number 1; 0 is left free to fill up with.

    Args:
        num_words: only words with numbers below this are used; None for all.
        filters: characters that are no part of words.
        lower: whether to make small letters of capitals.
        split: what stands between words.
        char_level: whether single characters are the words.
        oov_token: a word that stands for unknown ones; it gets the number 1. None leaves them out.
        document_count: how many texts have been learnt before.
        kwargs: `nb_words`, the old name of `num_words`.

    Raises:
        TypeError: another keyword.

    Example:
        >>> import flowgraph as fg
        >>> tokenizer = fg.keras.preprocessing.text.Tokenizer()
        >>> tokenizer.fit_on_texts(["the cat", "the dog"])
        >>> tokenizer.texts_to_sequences(["the dog and the cat"]), tokenizer.word_index
        ([[1, 3, 1, 2]], {'the': 1, 'cat': 2, 'dog': 3})
    """

    def __init__(self, num_words: int | None = None, filters: str = FILTERS, lower: bool = True,
                 split: str = " ", char_level: bool = False, oov_token: str | None = None,
                 document_count: int = 0, **kwargs: Any) -> None:
        num_words = kwargs.pop("nb_words", num_words)
        if kwargs:
            raise TypeError(located(f"Unrecognized keyword arguments: {kwargs}"))
        self.word_counts: OrderedDict[str, int] = OrderedDict()
        self.word_docs: defaultdict[str, int] = defaultdict(int)
        self.index_docs: defaultdict[int, int] = defaultdict(int)
        self.word_index: dict[str, int] = {}
        self.index_word: dict[int, str] = {}
        self.num_words, self.filters, self.lower, self.split = num_words, filters, lower, split
        self.char_level, self.oov_token = char_level, oov_token
        self.document_count = document_count

    # ---- learning --------------------------------------------------------------------------------

    def fit_on_texts(self, texts: Any) -> None:
        """Learns the words of texts.

        Args:
            texts: texts, or lists of words.
        """
        for text in texts:
            self.document_count += 1
            words = self._words(text)
            for word in words:
                self.word_counts[word] = self.word_counts.get(word, 0) + 1
            for word in dict.fromkeys(words):
                self.word_docs[word] += 1
        common_first = sorted(self.word_counts, key=lambda word: -self.word_counts[word])
        first = [] if self.oov_token is None else [self.oov_token]
        self.word_index = {word: i for i, word in enumerate([*first, *common_first], 1)}
        self.index_word = {i: word for word, i in self.word_index.items()}
        for word, count in self.word_docs.items():
            self.index_docs[self.word_index[word]] = count

    def fit_on_sequences(self, sequences: Any) -> None:
        """Learns in how many lists each number occurs; for lists that were not made here.

        Args:
            sequences: lists of numbers.
        """
        self.document_count += len(sequences)
        for sequence in sequences:
            for number in set(sequence):
                self.index_docs[number] += 1

    def _words(self, text: Any) -> list[str]:
        if self.char_level or isinstance(text, list):
            if not self.lower:
                return list(text)
            return [t.lower() for t in text] if isinstance(text, list) else list(text.lower())
        return text_to_word_sequence(text, self.filters, self.lower, self.split)

    # ---- texts to numbers and back ---------------------------------------------------------------

    def texts_to_sequences(self, texts: Any) -> list[list[int]]:
        """The numbers of the words of texts.

        Args:
            texts: texts, or lists of words.
        """
        return list(self.texts_to_sequences_generator(texts))

    def texts_to_sequences_generator(self, texts: Any) -> Iterator[list[int]]:
        """`texts_to_sequences`, text by text.

        Args:
            texts: texts, or lists of words.
        """
        unknown = self.word_index.get(self.oov_token) if self.oov_token is not None else None
        for text in texts:
            numbers = [self._known(self.word_index.get(word), unknown)
                       for word in self._words(text)]
            yield [number for number in numbers if number is not None]

    def sequences_to_texts(self, sequences: Any) -> list[str]:
        """The words of numbers, with blanks between them.

        Args:
            sequences: lists of numbers.
        """
        return list(self.sequences_to_texts_generator(sequences))

    def sequences_to_texts_generator(self, sequences: Any) -> Iterator[str]:
        """`sequences_to_texts`, list by list.

        Args:
            sequences: lists of numbers.
        """
        unknown = self.word_index.get(self.oov_token) if self.oov_token is not None else None
        for sequence in sequences:
            numbers = [self._known(n if n in self.index_word else None, unknown) for n in sequence]
            yield " ".join(self.index_word[n] for n in numbers if n is not None)

    def _known(self, number: int | None, unknown: int | None) -> int | None:
        rare = number is not None and self.num_words and number >= self.num_words
        return unknown if number is None or rare else number

    # ---- numbers to rows -------------------------------------------------------------------------

    def texts_to_matrix(self, texts: Any, mode: str = "binary") -> Any:
        """One row for each text, one column for each word number.

        Args:
            texts: texts, or lists of words.
            mode: as for `sequences_to_matrix`.
        """
        return self.sequences_to_matrix(self.texts_to_sequences(texts), mode)

    def sequences_to_matrix(self, sequences: Any, mode: str = "binary") -> Any:
        """One row for each list, one column for each number.

        Args:
            sequences: lists of numbers.
            mode: "binary": 1 if it occurs; "count": how often; "freq": which share; "tfidf": more
                where it is rare elsewhere.

        Returns:
            float64 array.

        Raises:
            ValueError: nothing was learnt, or another mode.
        """
        if not self.num_words and not self.word_index:
            raise ValueError(located("Specify a dimension (`num_words` argument), or fit on some "
                                     "text data first."))
        if mode == "tfidf" and not self.document_count:
            raise ValueError(located("Fit the Tokenizer on some data before using tfidf mode."))
        if mode not in ("binary", "count", "freq", "tfidf"):
            raise ValueError(located(f"Unknown vectorization mode: {mode}"))
        columns = self.num_words or len(self.word_index) + 1
        matrix = np.zeros((len(sequences), columns))
        for row, sequence in zip(matrix, sequences, strict=True):
            counts: dict[int, int] = {}
            for number in sequence:
                if number < columns:
                    counts[number] = counts.get(number, 0) + 1
            for number, count in counts.items():
                row[number] = self._entry(mode, number, count, len(sequence))
        return matrix

    def _entry(self, mode: str, number: int, count: int, length: int) -> float:
        if mode == "binary":
            return 1.0
        if mode == "count":
            return count
        if mode == "freq":
            return count / length
        rare = np.log(1 + self.document_count / (1 + self.index_docs.get(number, 0)))
        return float((1 + np.log(count)) * rare)

    # ---- keeping ---------------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """What was given and learnt, the dicts as JSON texts."""
        return {"num_words": self.num_words, "filters": self.filters, "lower": self.lower,
                "split": self.split, "char_level": self.char_level, "oov_token": self.oov_token,
                "document_count": self.document_count,
                **{name: json.dumps(getattr(self, name)) for name in (
                    "word_counts", "word_docs", "index_docs", "index_word", "word_index")}}

    def to_json(self, **kwargs: Any) -> str:
        """Itself as a JSON text, for `tokenizer_from_json`.

        Args:
            kwargs: as for `json.dumps`.
        """
        return json.dumps({"class_name": "Tokenizer", "config": self.get_config()}, **kwargs)


def tokenizer_from_json(json_string: str) -> Tokenizer:
    """The Tokenizer that `Tokenizer.to_json` wrote.

    Args:
        json_string: the text.

    Returns:
        A Tokenizer.

    Example:
        >>> import flowgraph as fg
        >>> text = fg.keras.preprocessing.text
        >>> tokenizer = text.Tokenizer()
        >>> tokenizer.fit_on_texts(["a b"])
        >>> text.tokenizer_from_json(tokenizer.to_json()).word_index
        {'a': 1, 'b': 2}
    """
    config = json.loads(json_string)["config"]
    learnt = {name: json.loads(config.pop(name)) for name in (
        "word_counts", "word_docs", "index_docs", "index_word", "word_index")}
    tokenizer = Tokenizer(**config)
    tokenizer.word_counts = OrderedDict(learnt["word_counts"])
    tokenizer.word_docs.update(learnt["word_docs"])
    tokenizer.index_docs.update({int(k): v for k, v in learnt["index_docs"].items()})
    tokenizer.index_word = {int(k): v for k, v in learnt["index_word"].items()}
    tokenizer.word_index = learnt["word_index"]
    return tokenizer


__getattr__ = _lazy("tf.keras.preprocessing.text", globals())
