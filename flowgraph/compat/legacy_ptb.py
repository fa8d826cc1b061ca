"""`tensorflow.models.rnn.ptb.reader`: the words of a text as numbers, in batches of sequences.

    train.txt  -->  words, "<eos>" at each end of line  -->  ids, frequent words first

The files `ptb.train.txt`, `ptb.valid.txt` and `ptb.test.txt` are the program's to have.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

import flowgraph as tf

NAMES = ("ptb_raw_data", "ptb_iterator", "ptb_producer", "_read_words", "_build_vocab",
         "_file_to_word_ids")


def _read_words(filename: str) -> list[str]:
    """The words of a file, with "<eos>" where a line ends."""
    with open(filename, encoding="utf-8") as file:
        return file.read().replace("\n", "<eos>").split()


def _build_vocab(filename: str) -> dict[str, int]:
    """The number of each word: the most frequent is 0, equal ones by the alphabet."""
    counts = Counter(_read_words(filename))
    return {word: i for i, word in enumerate(sorted(counts, key=lambda w: (-counts[w], w)))}


def _file_to_word_ids(filename: str, word_to_id: dict[str, int]) -> list[int]:
    """The numbers of a file's words; words without a number are left out."""
    return [word_to_id[word] for word in _read_words(filename) if word in word_to_id]


def ptb_raw_data(data_path: Any = None) -> tuple[list[int], list[int], list[int], int]:
    """The numbers of the words for training, validation and test, and how many words there are.

    Args:
        data_path: the folder of `ptb.train.txt`, `ptb.valid.txt` and `ptb.test.txt`.
    """
    paths = [os.path.join(data_path or "", f"ptb.{part}.txt") for part in ("train", "valid",
                                                                           "test")]
    ids = _build_vocab(paths[0])
    train, valid, test = (_file_to_word_ids(path, ids) for path in paths)
    return train, valid, test, len(ids)


def ptb_iterator(raw_data: Any, batch_size: int, num_steps: int) -> Iterator[Any]:
    """Batches (x, y) of shape [batch_size, num_steps]; y is x, one word later.

    Args:
        raw_data: numbers of words.
        batch_size: into how many rows the text is cut.
        num_steps: words of a row that a batch has.

    Raises:
        ValueError: the text is too short for a batch.
    """
    rows = _rows(raw_data, batch_size)
    count = (rows.shape[1] - 1) // num_steps
    if count < 1:
        raise ValueError(_too_short(rows, num_steps))
    for start in range(0, count * num_steps, num_steps):
        yield (rows[:, start:start + num_steps], rows[:, start + 1:start + num_steps + 1])


def ptb_producer(raw_data: Any, batch_size: int, num_steps: int, name: str | None = None
                 ) -> tuple[Any, Any]:
    """Tensors (x, y) of shape [batch_size, num_steps], the next batch in each run; y is x shifted.

    Args:
        raw_data: numbers of words.
        batch_size: into how many rows the text is cut.
        num_steps: words of a row that a batch has.
        name: of the operations; "PTBProducer".

    Raises:
        ValueError: the text is too short for a batch.
    """
    with tf.name_scope(name, "PTBProducer", [raw_data, batch_size, num_steps]):
        rows = _rows(raw_data, batch_size)
        count = (rows.shape[1] - 1) // num_steps
        if count < 1:
            raise ValueError(_too_short(rows, num_steps))
        data = tf.convert_to_tensor(rows, name="raw_data")
        i = tf.train.range_input_producer(count, shuffle=False).dequeue()
        batches = []
        for shift in (0, 1):
            batch = tf.slice(data, [0, i * num_steps + shift], [batch_size, num_steps])
            batch.set_shape([batch_size, num_steps])
            batches.append(batch)
    return batches[0], batches[1]


def _rows(raw_data: Any, batch_size: int) -> np.ndarray:
    """The text cut into rows of the same length; what is left over is left out."""
    data = np.asarray(raw_data, np.int32)
    length = len(data) // batch_size
    return data[:batch_size * length].reshape(batch_size, length)


def _too_short(rows: np.ndarray, num_steps: int) -> str:
    return (f"the text has {rows.shape[1]} words in each of {len(rows)} rows, too few for "
            f"num_steps={num_steps}: decrease batch_size or num_steps")
