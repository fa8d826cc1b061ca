"""Small files in the form of keras's imdb.npz and reuters.npz."""

from __future__ import annotations

import numpy as np


def texts(seed: int, count: int):
    """Lists of word numbers, of lengths 1 to 6."""
    random = np.random.RandomState(seed)
    array = np.empty(count, object)
    array[:] = [random.randint(1, 30, random.randint(1, 7)).tolist() for _ in range(count)]
    return array


def files(folder):
    """The two files, with 8 and 5 texts, and 10."""
    np.savez(folder / "imdb.npz", x_train=texts(0, 8), y_train=np.arange(8) % 2,
             x_test=texts(1, 5), y_test=np.arange(5) % 2)
    np.savez(folder / "reuters.npz", x=texts(2, 10), y=np.arange(10))
    return folder


def plain(result):
    """What a load_data returned, as JSON has it."""
    return [[[int(word) for word in text] for text in x] + [[int(label) for label in y]]
            for x, y in result]
