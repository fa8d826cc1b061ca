"""IMDB and Reuters: texts as lists of word numbers, from keras's files.

A number tells how common the word is: 1 for the most common. 0 is left free to fill up with, and
`start_char`, `oov_char` and `index_from` say how keras shifts the numbers to make room for marks.
"""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np

from flowgraph.core.frames import located
from flowgraph.data.idx import damaged
from flowgraph.datasets.places import first_of, not_there
from flowgraph.datasets.unpickling import read_npz

Array = np.ndarray[Any, Any]
Split = tuple[Array, Array]


def load_imdb(path: str | os.PathLike[str] = "imdb.npz", num_words: int | None = None,
              skip_top: int = 0, maxlen: int | None = None, seed: int = 113,
              start_char: int | None = 1, oov_char: int | None = 2, index_from: int = 3
              ) -> tuple[Split, Split]:
    """25,000 and 25,000 reviews of films, each with 1 if it is favourable.

    Args:
        path: name of keras's file, which has x_train, y_train, x_test, y_test.
        num_words: words from this number on become `oov_char`.
        skip_top: words below this number become `oov_char`.
        maxlen: longer texts are left out.
        seed: of the order of the texts; NumPy's global generator is set to it, as in keras.
        start_char: number put before each text; None for none.
        oov_char: number for words left out; None to drop them.
        index_from: added to all word numbers.

    Returns:
        `(texts, labels), (texts, labels)`: arrays of lists, and int64 arrays.

    Raises:
        DatasetError: the file is not there or damaged.
        ValueError: no text is as short as `maxlen`.

    Example:
        >>> import pathlib, tempfile
        >>> import numpy as np
        >>> from flowgraph.datasets import load_imdb
        >>> texts = np.array([[4, 5], [6]], dtype=object)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "imdb.npz")
        ...     np.savez(path, x_train=texts, y_train=[0, 1], x_test=texts, y_test=[0, 1])
        ...     sorted(load_imdb(path, num_words=9)[0][0])
        [[1, 2], [1, 7, 8]]
    """
    file = _file("IMDB", path, "the arrays x_train, y_train, x_test, y_test: lists of word numbers "
                               "and labels")
    names = ("x_train", "y_train", "x_test", "y_test")
    x_train, y_train, x_test, y_test = read_npz(file, names)
    _check(file, names[0], x_train, y_train)
    _check(file, names[2], x_test, y_test)
    np.random.seed(seed)
    order = _shuffled(len(x_train))
    x_train, y_train = x_train[order], y_train[order]
    order = _shuffled(len(x_test))
    x_test, y_test = x_test[order], y_test[order]
    texts, labels = _ruled([*x_train, *x_test], [*y_train, *y_test], num_words, skip_top, maxlen,
                           start_char, oov_char, index_from)
    # TensorFlow 1.15 filled up the training part with test texts where maxlen had left out some.
    cut = len(x_train) if not maxlen else sum(_length(t, start_char) < maxlen for t in x_train)
    return (texts[:cut], labels[:cut]), (texts[cut:], labels[cut:])


def load_reuters(path: str | os.PathLike[str] = "reuters.npz", num_words: int | None = None,
                 skip_top: int = 0, maxlen: int | None = None, test_split: float = 0.2,
                 seed: int = 113, start_char: int | None = 1, oov_char: int | None = 2,
                 index_from: int = 3) -> tuple[Split, Split]:
    """11,228 news items, each with one of 46 topics.

    Args:
        path: name of keras's file, which has x and y.
        num_words: words from this number on become `oov_char`.
        skip_top: words below this number become `oov_char`.
        maxlen: longer texts are left out.
        test_split: share of the texts to test with.
        seed: of the order of the texts; NumPy's global generator is set to it, as in keras.
        start_char: number put before each text; None for none.
        oov_char: number for words left out; None to drop them.
        index_from: added to all word numbers.

    Returns:
        `(texts, labels), (texts, labels)`: arrays of lists, and int64 arrays.

    Raises:
        DatasetError: the file is not there or damaged.

    Example:
        >>> import pathlib, tempfile
        >>> import numpy as np
        >>> from flowgraph.datasets import load_reuters
        >>> texts = np.array([[4, 5], [6], [7], [8, 9], [4]], dtype=object)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "reuters.npz")
        ...     np.savez(path, x=texts, y=np.arange(5))
        ...     train, test = load_reuters(path)
        >>> len(train[0]), len(test[0])
        (4, 1)
    """
    file = _file("Reuters", path, "the arrays x and y: lists of word numbers and topics")
    x, y = read_npz(file, ("x", "y"))
    _check(file, "x", x, y)
    np.random.seed(seed)
    order = _shuffled(len(x))
    texts, labels = _ruled(list(x[order]), list(y[order]), num_words, skip_top, maxlen, start_char,
                           oov_char, index_from)
    cut = int(len(texts) * (1 - test_split))
    return (texts[:cut], labels[:cut]), (texts[cut:], labels[cut:])


def load_word_index(title: str, path: str | os.PathLike[str]) -> dict[str, int]:
    """Words with their numbers, from keras's `imdb_word_index.json` or `reuters_word_index.json`.

    Args:
        title: the data set.
        path: the file's name.

    Returns:
        A dict from word to number.

    Raises:
        DatasetError: the file is not there or damaged.
    """
    file = _file(title, path, "a JSON object from words to numbers")
    try:
        with open(file, encoding="utf-8") as lines:
            words = json.load(lines)
        return {word: int(number) for word, number in words.items()}
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise damaged(file, f"is no JSON object of words and numbers: {error}") from None


def _file(title: str, path: str | os.PathLike[str], holds: str) -> Any:
    file = first_of([os.fspath(path)])
    if file is None:
        raise not_there(title, os.fspath(path), holds)
    return file


def _length(text: list[int], start_char: int | None) -> int:
    return len(text) + (start_char is not None)


def _shuffled(count: int) -> Array:
    order = np.arange(count)
    np.random.shuffle(order)
    return order


def _check(path: Any, name: str, texts: Array, labels: Array) -> None:
    if texts.ndim != 1 or labels.shape != texts.shape or texts.dtype != object:
        raise damaged(path, f"holds no texts: {name} has the shape {texts.shape} and the dtype "
                            f"{texts.dtype}, its labels the shape {labels.shape}",
                      "Expected an array of lists of numbers, and one label for each.")


def _ruled(texts: list[Any], labels: list[Any], num_words: int | None, skip_top: int,
           maxlen: int | None, start_char: int | None, oov_char: int | None, index_from: int
           ) -> tuple[Array, Array]:
    """keras's rules: shift, mark the start, leave out long texts and rare or common words."""
    start, shift = [] if start_char is None else [start_char], index_from or 0
    texts = [[*start, *(word + shift for word in text)] for text in texts]
    kept = [i for i, text in enumerate(texts) if not maxlen or len(text) < maxlen]
    if maxlen and not kept:
        raise ValueError(located(f"After filtering for sequences shorter than maxlen={maxlen}, no "
                                 "sequence was kept. Increase maxlen."))
    top = num_words or max((word for i in kept for word in texts[i]), default=0)
    result = np.empty(len(kept), object)  # an array of lists, even if they are equally long
    for row, i in enumerate(kept):
        result[row] = ([w for w in texts[i] if skip_top <= w < top] if oov_char is None else
                       [w if skip_top <= w < top else oov_char for w in texts[i]])
    return result, np.array([labels[i] for i in kept], np.int64)
