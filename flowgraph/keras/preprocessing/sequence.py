"""`tf.keras.preprocessing.sequence`: lists as arrays, pairs of words, windows in time."""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from flowgraph.core.frames import located
from flowgraph.core.lazy import lazy as _lazy
from flowgraph.keras.utils import Sequence


def pad_sequences(sequences: Any, maxlen: int | None = None, dtype: Any = "int32",
                  padding: str = "pre", truncating: str = "pre", value: Any = 0.0) -> Any:
    """Lists of unequal lengths as one array.

    Args:
        sequences: list of lists; their items may be arrays of one shape.
        maxlen: length of the rows; default that of the longest list.
        dtype: dtype of the result; `object` for texts.
        padding: "pre" or "post": where short lists are filled up.
        truncating: "pre" or "post": where long lists are cut.
        value: what to fill up with.

    Returns:
        An array [lists, maxlen, ...].

    Raises:
        ValueError: not lists, items of different shapes, or another word than "pre" and "post".

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.preprocessing.sequence.pad_sequences([[1], [2, 3, 4]], maxlen=2)
        array([[0, 1],
               [3, 4]], dtype=int32)
    """
    for name, choice in ("padding", padding), ("truncating", truncating):
        if choice not in ("pre", "post"):
            raise ValueError(located(f'{name} must be "pre" or "post", got {choice!r}'))
    if not hasattr(sequences, "__len__") or not all(hasattr(s, "__len__") for s in sequences):
        raise ValueError(located("`sequences` must be a list of lists",
                                 "Put a single list into a list."))
    length = max((len(s) for s in sequences), default=0) if maxlen is None else maxlen
    item = next((np.shape(s)[1:] for s in sequences if len(s)), ())
    if isinstance(value, str) and np.dtype(dtype).kind not in "OU":
        raise ValueError(located(f"`dtype` {dtype} is not compatible with `value`'s type: "
                                 f"{type(value)}", "You should set `dtype=object` for texts."))
    rows = np.full((len(sequences), length, *item), value, dtype)
    for row, given in zip(rows, sequences, strict=True):
        if not len(given) or not length:
            continue
        part = np.asarray(given[-length:] if truncating == "pre" else given[:length], dtype)
        if part.shape[1:] != item:
            raise ValueError(located(f"the items of `sequences` have the shapes {item} and "
                                     f"{part.shape[1:]}; they must be equal"))
        if padding == "post":
            row[:len(part)] = part
        else:
            row[-len(part):] = part
    return rows


def make_sampling_table(size: int, sampling_factor: float = 1e-5) -> Any:
    """How likely each word is kept by `skipgrams`: common ones seldom, as in word2vec.

    The i-th most common of natural words is taken to occur about 1 / (i·(log(i) + 0.577) + 0.5 −
    1/(12·i)) as often as all together (Zipf's law).

    Args:
        size: how many words there are; number 1 is the most common.
        sampling_factor: of the common words.

    Returns:
        float64 array [size].

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.preprocessing.sequence.make_sampling_table(3).round(4)
        array([0.0032, 0.0032, 0.0055])
    """
    rank = np.arange(size)
    rank[:1] = 1
    frequency = rank * (np.log(rank) + 0.577) + 0.5 - 1.0 / (12.0 * rank)
    scaled = sampling_factor * frequency
    return np.minimum(1.0, scaled / np.sqrt(scaled))


def skipgrams(sequence: Any, vocabulary_size: int, window_size: int = 4,
              negative_samples: float = 1.0, shuffle: bool = True, categorical: bool = False,
              sampling_table: Any = None, seed: int | None = None) -> tuple[list[Any], list[Any]]:
    """Pairs of a word and one near it, labelled 1, and pairs with a word drawn at random, 0.

    Args:
        sequence: word numbers; 0 stands for no word.
        vocabulary_size: word numbers are below this.
        window_size: how far the words of a pair may be from each other.
        negative_samples: how many random pairs for each true one.
        shuffle: whether to shuffle the pairs.
        categorical: whether labels are [1, 0] and [0, 1].
        sampling_table: how likely each word is used, from `make_sampling_table`.
        seed: of the shuffling.

    Returns:
        (pairs, labels), lists of equal length; drawn with Python's `random`.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.preprocessing.sequence.skipgrams([1, 2, 3], 4, 1, negative_samples=0,
        ...                                           shuffle=False)
        ([[1, 2], [2, 1], [2, 3], [3, 2]], [1, 1, 1, 1])
    """
    pairs: list[Any] = []
    for i, word in enumerate(sequence):
        if not word or (sampling_table is not None and sampling_table[word] < random.random()):
            continue
        near = range(max(0, i - window_size), min(len(sequence), i + window_size + 1))
        pairs += [[word, sequence[j]] for j in near if j != i and sequence[j]]
    true, false = ([0, 1], [1, 0]) if categorical else (1, 0)
    labels: list[Any] = [true] * len(pairs)
    if negative_samples > 0:
        count, words = int(len(pairs) * negative_samples), [pair[0] for pair in pairs]
        random.shuffle(words)
        pairs += [[words[i % len(words)], random.randint(1, vocabulary_size - 1)]
                  for i in range(count)]
        labels += [false] * count
    if shuffle:
        seed = random.randint(0, 10_000_000) if seed is None else seed
        for part in pairs, labels:  # the same seed: the same order
            random.seed(seed)
            random.shuffle(part)
    return pairs, labels


class TimeseriesGenerator(Sequence):
    """Windows of a series with what comes after them, in batches for `fit_generator`.

    Args:
        data: array [times, ...].
        targets: array [times, ...]: the row after a window is its target.
        length: how many times a window spans.
        sampling_rate: every how manieth time of a window is used.
        stride: times between the ends of two windows.
        start_index: first time that is used.
        end_index: last time that is used; default the last one.
        shuffle: whether windows are drawn at random.
        reverse: whether the times of a window run backwards.
        batch_size: windows in a batch.

    Raises:
        ValueError: unequal lengths, or no window fits.

    Example:
        >>> import numpy as np
        >>> import flowgraph as fg
        >>> series = np.arange(6)
        >>> windows = fg.keras.preprocessing.sequence.TimeseriesGenerator(series, series, 2)
        >>> len(windows), windows[0][0].tolist(), windows[0][1].tolist()
        (1, [[0, 1], [1, 2], [2, 3], [3, 4]], [2, 3, 4, 5])
    """

    def __init__(self, data: Any, targets: Any, length: int, sampling_rate: int = 1,
                 stride: int = 1, start_index: int = 0, end_index: int | None = None,
                 shuffle: bool = False, reverse: bool = False, batch_size: int = 128) -> None:
        if len(data) != len(targets):
            raise ValueError(located("Data and targets have to be of same length. Data length is "
                                     f"{len(data)} while target length is {len(targets)}"))
        self.data, self.targets = data, targets
        self.length, self.sampling_rate, self.stride = length, sampling_rate, stride
        self.start_index = start_index + length
        self.end_index = len(data) - 1 if end_index is None else end_index
        self.shuffle, self.reverse, self.batch_size = shuffle, reverse, batch_size
        if self.start_index > self.end_index:
            raise ValueError(located(
                f"no window of length {length} fits between start_index={start_index} and "
                f"end_index={self.end_index}"))

    def __len__(self) -> int:
        return (self.end_index - self.start_index) // (self.batch_size * self.stride) + 1

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        if self.shuffle:
            ends = np.random.randint(self.start_index, self.end_index + 1, self.batch_size)
        else:
            first = self.start_index + self.batch_size * self.stride * index
            last = min(first + self.batch_size * self.stride, self.end_index + 1)
            ends = np.arange(first, last, self.stride)
        windows = np.array([self.data[end - self.length:end:self.sampling_rate] for end in ends])
        return (windows[:, ::-1] if self.reverse else windows,
                np.array([self.targets[end] for end in ends]))


__getattr__ = _lazy("tf.keras.preprocessing.sequence", globals())
