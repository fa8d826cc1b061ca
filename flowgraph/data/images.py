"""MNIST and Fashion-MNIST: real images that come with the package, or the full original files.

Without a `folder` both loaders give 5,000 images shipped inside the package, 500 of each class:
4,000 to train, 1,000 to test (`make_subsets.py` says how they were drawn). With a `folder` they
read the four original IDX files, 60,000 and 10,000 images. Nothing is ever downloaded.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, SupportsIndex

import numpy as np

from flowgraph.core.frames import located
from flowgraph.data.idx import damaged, read_idx

Array = np.ndarray[Any, Any]

DIGITS = tuple("0123456789")
FASHION = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
           "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
SIDE, CLASSES = 28, 10
TRAIN_SIZE, TEST_SIZE = 4000, 1000

FILES = Path(__file__).parent / "files"
_ORIGINALS = ("folder= must hold the four original files: train-images-idx3-ubyte, "
              "train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte.")
_REINSTALL = ("Install the package again, or pass folder= with the four original IDX files "
              "(train-images-idx3-ubyte and so on, plain or .gz).")


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Images with their labels.

    Args:
        images: float32 array of shape (n, 28, 28), 0 is background, 1 is full ink.
        labels: int64 array of shape (n,), each an index into the set's `class_names`.

    Example:
        >>> from flowgraph.data import load_mnist
        >>> test = load_mnist().test
        >>> test, test.images[0].shape
        (Split(1000 images), (28, 28))
    """

    images: Array
    labels: Array

    def __len__(self) -> int:
        return len(self.labels)

    def __repr__(self) -> str:
        return f"Split({len(self)} images)"


@dataclass(frozen=True, slots=True, eq=False)
class ImageSet:
    """A data set of small grey images in ten classes.

    Args:
        train: what to learn from.
        test: what to measure on; no image of it is in `train`.
        class_names: the name of each label.

    Example:
        >>> from flowgraph.data import load_mnist
        >>> mnist = load_mnist()
        >>> mnist.train, mnist.class_names[7]
        (Split(4000 images), '7')
    """

    train: Split
    test: Split
    class_names: tuple[str, ...]


def load_mnist(folder: str | os.PathLike[str] | None = None) -> ImageSet:
    """Loads handwritten digits, the shipped 5,000 or the full MNIST.

    Args:
        folder: where the four original IDX files lie, plain or gzipped. None: the shipped subset,
            whose training images are from MNIST's training files, test images from its test files.

    Returns:
        An ImageSet: images float32 in [0, 1] of shape (n, 28, 28), labels int64 of shape (n,).

    Raises:
        DatasetError: a file is missing, truncated, or not what its name says.

    Example:
        >>> from flowgraph.data import load_mnist
        >>> mnist = load_mnist()
        >>> mnist.train.images.shape, mnist.test.labels.shape
        ((4000, 28, 28), (1000,))
    """
    if folder is not None:
        return read_folder(folder, DIGITS)
    return read_subset(FILES / "mnist_5000.npz", DIGITS)


def load_fashion_mnist(folder: str | os.PathLike[str] | None = None) -> ImageSet:
    """Loads pictures of clothes, the shipped 5,000 or the full Fashion-MNIST.

    Args:
        folder: where the four original IDX files lie, plain or gzipped. None: the shipped subset,
            split by us: accuracies on its test images do not compare with published ones.

    Returns:
        An ImageSet: images float32 in [0, 1] of shape (n, 28, 28), labels int64 of shape (n,).

    Raises:
        DatasetError: a file is missing, truncated, or not what its name says.

    Example:
        >>> from flowgraph.data import load_fashion_mnist
        >>> clothes = load_fashion_mnist()
        >>> len(clothes.train), len(clothes.test), clothes.class_names[9]
        (4000, 1000, 'Ankle boot')
    """
    if folder is not None:
        return read_folder(folder, FASHION)
    return read_subset(FILES / "fashion_mnist_5000.npz", FASHION)


def batches(images: Array, labels: Array, size: int, *, seed: int | None = None, epochs: int = 1,
            drop_last: bool = False) -> Iterator[tuple[Array, Array]]:
    """Cuts a data set into batches, shuffled anew in each epoch.

    Args:
        images: array of shape (n, ...), or a list or pandas table that makes one.
        labels: the same of shape (n, ...), row i belongs to row i of `images`.
        size: rows in a batch.
        seed: the same seed gives the same batches everywhere. None keeps the given order.
        epochs: how often to go through the data.
        drop_last: leave out an epoch's last batch if it is smaller than `size`.

    Returns:
        An iterator of (images, labels) pairs, copies of at most `size` rows.

    Raises:
        ValueError: the arrays differ in length, or `size` is below 1.
        TypeError: `size` or `epochs` is no whole number.

    Example:
        >>> from flowgraph.data import batches, load_mnist
        >>> train = load_mnist().train
        >>> for x, y in batches(train.images, train.labels, 1500, seed=0):
        ...     print(x.shape, y.shape)
        (1500, 28, 28) (1500,)
        (1500, 28, 28) (1500,)
        (1000, 28, 28) (1000,)
    """
    if len(images) != len(labels):
        raise ValueError(located(f"batches() got {len(images)} images but {len(labels)} labels"))
    for name, value in (("size", size), ("epochs", epochs)):
        if not isinstance(value, SupportsIndex):
            raise TypeError(located(f"batches() needs a whole number as {name}, got {value!r}",
                                    "Divide with //, which gives one."
                                    if isinstance(value, float) else ""))
    if size < 1:
        raise ValueError(located(f"batches() needs a size of at least 1, got {size}"))
    # Rows of a pandas table are taken by position, as those of an array.
    return _batches(np.asarray(images), np.asarray(labels), size, seed, epochs, drop_last)


def _batches(images: Array, labels: Array, size: int, seed: int | None, epochs: int,
             drop_last: bool) -> Iterator[tuple[Array, Array]]:
    # RandomState, not Generator: NumPy froze its numbers for good, so a seed says it all.
    random = None if seed is None else np.random.RandomState(seed)
    count = len(images)
    for _ in range(epochs):
        order = np.arange(count) if random is None else random.permutation(count)
        for start in range(0, count - size + 1 if drop_last else count, size):
            rows = order[start:start + size]
            yield images[rows], labels[rows]


# -- reading and checking ------------------------------------------------------------------------

def read_folder(folder: str | os.PathLike[str], class_names: tuple[str, ...]) -> ImageSet:
    """Reads the four original IDX files in `folder`; raises DatasetError if anything is amiss."""
    return _image_set(folder_arrays(folder), class_names)


def read_subset(path: str | os.PathLike[str], class_names: tuple[str, ...]) -> ImageSet:
    """Reads a file made by `make_subsets.py`; raises DatasetError if anything is amiss."""
    return _image_set(subset_arrays(path), class_names)


def folder_arrays(folder: str | os.PathLike[str]) -> list[Array]:
    """The bytes of `read_folder`: images and labels to train, images and labels to test."""
    arrays = []
    for part in ("train", "t10k"):
        images_path = _find(folder, f"{part}-images", "idx3-ubyte")
        labels_path = _find(folder, f"{part}-labels", "idx1-ubyte")
        images, labels = read_idx(images_path), read_idx(labels_path)
        _check_images(images_path, "", images)
        _check_labels(labels_path, "", labels, len(images))
        arrays += [images, labels]
    return arrays


def subset_arrays(path: str | os.PathLike[str]) -> list[Array]:
    """The bytes of `read_subset`: images and labels to train, images and labels to test."""
    found, arrays = _arrays(path), []
    for part, count in ("train", TRAIN_SIZE), ("test", TEST_SIZE):
        images, labels = found[f"{part}_images"], found[f"{part}_labels"]
        _check_images(path, f"{part}_images: ", images, _REINSTALL)
        _check_labels(path, f"{part}_labels: ", labels, len(images), _REINSTALL)
        per_class = np.bincount(labels, minlength=CLASSES)
        if len(labels) != count or np.any(per_class != count // CLASSES):
            raise damaged(path, f"should hold {count // CLASSES} {part} images of each class; it "
                                f"holds {per_class.min()} to {per_class.max()}", _REINSTALL)
        arrays += [images, labels]
    return arrays


def _image_set(arrays: list[Array], class_names: tuple[str, ...]) -> ImageSet:
    train_images, train_labels, test_images, test_labels = arrays
    return ImageSet(_split(train_images, train_labels), _split(test_images, test_labels),
                    class_names)


def _arrays(path: str | os.PathLike[str]) -> dict[str, Array]:
    """The four arrays of an npz file."""
    import io
    import struct
    import zipfile
    import zlib
    wanted = {"train_images", "train_labels", "test_images", "test_labels"}
    try:
        # Not np.load(path): it stops before a member's end, where zipfile compares the checksum.
        with zipfile.ZipFile(path) as members:
            content = {name.removesuffix(".npy"): members.read(name)
                       for name in members.namelist()}
        found = set(content)
        arrays = {name: np.load(io.BytesIO(content[name]), allow_pickle=False)
                  for name in sorted(wanted & found)}
    except FileNotFoundError:
        raise damaged(path, "does not exist", _REINSTALL) from None
    # All these stand for damage in Python's zip reader and NumPy's header reader.
    except (OSError, ValueError, EOFError, RuntimeError, struct.error, zipfile.BadZipFile,
            zlib.error) as error:
        raise damaged(path, f"is truncated or corrupted: {error}", _REINSTALL) from None
    if found != wanted:
        raise damaged(path, f"should hold the arrays {', '.join(sorted(wanted))}; it holds "
                            f"{', '.join(sorted(found)) or 'none'}", _REINSTALL)
    return arrays


def _find(folder: str | os.PathLike[str], stem: str, ending: str) -> Path:
    """The file with one of the names under which the original files go about."""
    names = [f"{stem}{mark}{ending}{zipped}" for zipped in ("", ".gz") for mark in "-."]
    for name in names:
        if (path := Path(folder, name)).exists():
            return path
    if not Path(folder).is_dir():
        raise damaged(folder, "is not a folder", _ORIGINALS)
    raise damaged(Path(folder, names[0]), "does not exist, nor the same with .gz", _ORIGINALS)


def _check_images(path: str | os.PathLike[str], array: str, images: Array,
                  advice: str = "") -> None:
    if images.dtype != np.uint8 or images.shape[1:] != (SIDE, SIDE) or len(images) == 0:
        raise damaged(path, f"holds no images: {array}expected uint8 of shape (n, {SIDE}, {SIDE}), "
                            f"found {images.dtype} of shape {images.shape}", advice)


def _check_labels(path: str | os.PathLike[str], array: str, labels: Array, count: int,
                  advice: str = "") -> None:
    if labels.dtype != np.uint8 or labels.ndim != 1:
        raise damaged(path, f"holds no labels: {array}expected uint8 of shape (n,), "
                            f"found {labels.dtype} of shape {labels.shape}", advice)
    if len(labels) != count:
        raise damaged(path, f"does not fit its images: {array}{len(labels)} labels for {count} "
                            "images", advice)
    if labels.max() >= CLASSES:
        raise damaged(path, f"has a label outside 0..{CLASSES - 1}: {array}label {labels.max()} at "
                            f"position {labels.argmax()}", advice)


def _split(images: Array, labels: Array) -> Split:
    return Split(np.divide(images, np.float32(255), dtype=np.float32), labels.astype(np.int64))
