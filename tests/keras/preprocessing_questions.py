"""What is asked of keras.preprocessing: of flowgraph's by the tests, of TensorFlow's once."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np

LISTS = [[1], [2, 3, 4], [], [5, 6, 7, 8, 9]]
TEXTS = ["The cat sat on the mat.", "The dog ate my HOMEWORK; the dog slept!", "",
         "a cat\tand a dog"]
IMAGE = np.random.RandomState(0).rand(7, 7, 2) * 100
IMAGES = np.random.RandomState(1).rand(5, 6, 6, 3).astype(np.float32) * 255


def questions(pre: Any, swapped: bool = False) -> dict[str, Callable[[], Any]]:
    """Each question with a function that answers it in numbers.

    `swapped`: later TensorFlows take rows for columns where they move images, so that
    `height_shift_range` shifts to the side; they are asked about images lying on their side.
    """
    def laid(images: Any) -> Any:
        return np.swapaxes(images, -3, -2) if swapped else images

    sequence, text, image = pre.sequence, pre.text, pre.image
    asked: dict[str, Callable[[], Any]] = {}

    def ask(name: str, answer: Callable[[], Any]) -> None:
        asked[name] = answer

    for options in ({}, {"maxlen": 3}, {"maxlen": 3, "padding": "post"},
                    {"maxlen": 3, "truncating": "post"}, {"value": -1, "dtype": "float32"},
                    {"maxlen": 8, "padding": "post", "truncating": "post", "value": 9}):
        ask(f"pad {options}", lambda o=options: sequence.pad_sequences(LISTS, **o))
    ask("pad vectors", lambda: sequence.pad_sequences([[[1, 2]], [[3, 4], [5, 6]]], dtype="int64"))
    ask("table", lambda: sequence.make_sampling_table(50))
    for i, options in enumerate(({}, {"window_size": 1}, {"negative_samples": 2.5},
                                 {"negative_samples": 0, "shuffle": False},
                                 {"categorical": True, "window_size": 2},
                                 {"sampling_table": np.linspace(0, 1, 10)})):
        ask(f"skipgrams {i}", lambda o=options: seeded(lambda: [
            [int(a), int(b), *np.ravel(label)] for (a, b), label in zip(*sequence.skipgrams(
                [1, 2, 0, 3, 4, 5, 6], 10, **{"seed": 4, **o}), strict=True)]))
    series = np.arange(20.0).reshape(10, 2)
    for i, options in enumerate(({"length": 3}, {"length": 4, "sampling_rate": 2, "batch_size": 2},
                                 {"length": 2, "stride": 3, "batch_size": 2, "reverse": True},
                                 {"length": 2, "start_index": 1, "end_index": 6, "batch_size": 3})):
        ask(f"windows {i}", lambda o=options: flat(windows(
            sequence.TimeseriesGenerator(series, series[:, 0], **o))))

    for i, options in enumerate(({}, {"lower": False}, {"filters": "t", "split": "a"})):
        ask(f"words {i}", lambda o=options: [len(w) for t in TEXTS
                                             for w in text.text_to_word_sequence(t, **o)])
    ask("hashes", lambda: text.hashing_trick(TEXTS[1], 30, "md5"))
    for i, options in enumerate(({}, {"num_words": 4}, {"oov_token": "?"}, {"char_level": True},
                                 {"num_words": 5, "oov_token": "?", "lower": False},
                                 {"split": "a", "filters": "."})):
        ask(f"tokens {i}", lambda o=options: flat(tokens(text.Tokenizer(**o))))
        for mode in ("binary", "count", "freq", "tfidf"):
            ask(f"matrix {i} {mode}", lambda o=options, m=mode: matrix(text.Tokenizer(**o), m))

    for fill in ("nearest", "constant", "reflect", "wrap"):
        for i, options in enumerate(({"theta": 30}, {"tx": 1.4, "ty": -2.6}, {"shear": 20},
                                     {"zx": 1.7, "zy": 0.6},
                                     {"theta": -75, "tx": 2, "shear": 10, "zx": 0.8, "zy": 1.2})):
            ask(f"affine {fill} {i}", lambda o=options, f=fill: laid(
                image.apply_affine_transform(laid(IMAGE), row_axis=0, col_axis=1, channel_axis=2,
                                             fill_mode=f, cval=7.0, **o)))
    for i, options in enumerate((
            {"rotation_range": 40}, {"width_shift_range": 0.2, "height_shift_range": 2},
            {"zoom_range": 0.3, "shear_range": 15}, {"horizontal_flip": True, "rescale": 0.5},
            {"vertical_flip": True, "channel_shift_range": 30.0},
            {"featurewise_center": True, "featurewise_std_normalization": True},
            {"samplewise_center": True, "samplewise_std_normalization": True},
            {"width_shift_range": [-1, 2], "preprocessing_function": lambda x: x / 2},
            {"brightness_range": (0.5, 1.2)})):
        ask(f"batches {i}", lambda o=options: batches(image.ImageDataGenerator(**o),
                                                       plain if "flip" in str(o) else laid))
    for subset in ("training", "validation"):
        ask(f"subset {subset}", lambda s=subset: [len(x) for x in several(
            image.ImageDataGenerator(validation_split=0.4).flow(
                IMAGES, batch_size=2, subset=s, shuffle=False), 3)])
    return asked


def seeded(answer: Callable[[], Any]) -> Any:
    """The answer when Python's generator starts anew."""
    random.seed(3)
    return answer()


def windows(generator: Any) -> list[Any]:
    """All batches, and how many there are."""
    return [len(generator), *(part for i in range(len(generator)) for part in generator[i])]


def tokens(tokenizer: Any) -> list[Any]:
    """What a Tokenizer learns, in numbers."""
    tokenizer.fit_on_texts(TEXTS)
    numbers = tokenizer.texts_to_sequences([*TEXTS, "a bird and the cat"])
    back = tokenizer.sequences_to_texts(numbers)
    return [list(tokenizer.word_index.values()), [len(w) for w in tokenizer.word_index],
            list(tokenizer.word_counts.values()), sorted(tokenizer.index_docs.items()),
            *numbers, [len(t) for t in back], [tokenizer.document_count]]


def matrix(tokenizer: Any, mode: str) -> Any:
    """The rows of texts in one mode."""
    tokenizer.fit_on_texts(TEXTS)
    return tokenizer.texts_to_matrix([t for t in TEXTS if t], mode)


def several(iterator: Any, count: int) -> list[Any]:
    """The first batches."""
    return [next(iterator) for _ in range(count)]


def batches(generator: Any, laid: Callable[[Any], Any]) -> Any:
    """Two epochs of a generator's batches, with the labels."""
    np.random.seed(5)
    generator.fit(laid(IMAGES))
    flow = generator.flow(laid(IMAGES), np.arange(5), batch_size=3)
    return flat([part for x, y in several(flow, 4) for part in (laid(x), y)])


def plain(images: Any) -> Any:
    """Images as they are."""
    return images


def flat(parts: list[Any]) -> Any:
    """All numbers one after the other, each part with its size."""
    return np.concatenate([np.concatenate([[np.size(part)], np.ravel(part)]) for part in parts])
