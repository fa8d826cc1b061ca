"""`tf.keras.datasets.imdb`: reviews of films as lists of word numbers."""

from __future__ import annotations

from typing import Any

from flowgraph.core.frames import located
from flowgraph.core.lazy import lazy as _lazy
from flowgraph.datasets.texts import load_imdb, load_word_index


def load_data(path: str = "imdb.npz", num_words: int | None = None, skip_top: int = 0,
              maxlen: int | None = None, seed: int = 113, start_char: int | None = 1,
              oov_char: int | None = 2, index_from: int = 3, **kwargs: Any) -> Any:
    """Loads 25,000 and 25,000 reviews, each with 1 if it is favourable.

    Args:
        path: name of keras's file in $FLOWGRAPH_DATA or `~/.keras/datasets`, or an absolute path.
        num_words: words from this number on become `oov_char`.
        skip_top: words below this number become `oov_char`.
        maxlen: longer texts are left out.
        seed: of the order of the texts; NumPy's global generator is set to it, as in keras.
        start_char: number put before each text; None for none.
        oov_char: number for words left out; None to drop them.
        index_from: added to all word numbers.
        kwargs: `nb_words`, the old name of `num_words`.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: arrays of lists, and int64 arrays.

    Raises:
        DatasetError: the file is not there or damaged.
        TypeError: another keyword.
    """
    num_words = kwargs.pop("nb_words", num_words)
    if kwargs:
        raise TypeError(located(f"Unrecognized keyword arguments: {kwargs}"))
    return load_imdb(path, num_words, skip_top, maxlen, seed, start_char, oov_char, index_from)


def get_word_index(path: str = "imdb_word_index.json") -> dict[str, int]:
    """Words with their numbers, before `index_from` is added.

    Args:
        path: name of keras's file in $FLOWGRAPH_DATA or `~/.keras/datasets`, or an absolute path.

    Returns:
        A dict from word to number.

    Raises:
        DatasetError: the file is not there or damaged.
    """
    return load_word_index("The word index of IMDB", path)


__getattr__ = _lazy("tf.keras.datasets.imdb", globals())
