"""MNIST and Fashion-MNIST as the arrays of their files: uint8 images, uint8 labels.

The full sets are read from the four original IDX files, or from keras's `mnist.npz`. Where neither
is there, the 5,000 real images that come with flowgraph stand in, with one notice. TensorFlow
downloads those of the four files that a folder lacks; here the next place is read, with a notice.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from flowgraph.data.idx import damaged
from flowgraph.data.images import FILES, folder_arrays, subset_arrays
from flowgraph.datasets.places import VARIABLE, folders, keras_folder, tell_once
from flowgraph.datasets.unpickling import read_npz

Array = np.ndarray[Any, Any]
FULL_TRAIN_SIZE = 60_000
PARTS = ("train-images", "train-labels", "t10k-images", "t10k-labels")


class Arrays(NamedTuple):
    """The images and labels of one set.

    Args:
        train_images: uint8 array [n, 28, 28].
        train_labels: uint8 array [n].
        test_images: uint8 array [m, 28, 28].
        test_labels: uint8 array [m].
        folder: where the files lie; None for the built-in subset.

    Example:
        >>> from flowgraph.datasets.mnist import built_in
        >>> built_in("mnist").test_labels.shape
        (1000,)
    """

    train_images: Array
    train_labels: Array
    test_images: Array
    test_labels: Array
    folder: Path | None


_OWN = {"mnist": ("mnist", "MNIST", "MNIST_data"),
        "fashion_mnist": ("fashion-mnist", "fashion_mnist", "fashion")}


def load_mnist_arrays(name: str = "mnist", folder: str | os.PathLike[str] | None = None) -> Arrays:
    """The full set if its files are found, otherwise the built-in subset.

    Args:
        name: "mnist" or "fashion_mnist".
        folder: where the program says the files are; looked into first.

    Returns:
        Arrays; its `folder` is None where the built-in subset stands in.

    Raises:
        DatasetError: the four files are there but damaged.

    Example:
        >>> from flowgraph.datasets import load_mnist_arrays
        >>> load_mnist_arrays("mnist").train_images.shape[1:]
        (28, 28)
    """
    places = [Path(folder)] if folder is not None else []
    own = _OWN[name]
    # The names of the files of Fashion-MNIST are those of MNIST: it needs a folder of its own.
    others = [place for place in folders(own) if name == "mnist" or place.name in own]
    passed = ""  # the first folder that has some of the files
    for place in (*places, *others):
        lacking = missing_files(place)
        npz = place / "mnist.npz"
        if not lacking or (name == "mnist" and npz.is_file()):
            if passed:
                tell_once(passed, f"{passed}. Those in {os.fspath(place)} are read.")
            return (read_npz_file(npz) if lacking
                    else Arrays._make([*folder_arrays(place), place]))
        if len(lacking) < len(PARTS):
            passed = passed or f"{os.fspath(place)} lacks {', '.join(lacking)}"
    wanted = places[0] if places else keras_folder() / own[0]
    title = "MNIST" if name == "mnist" else "Fashion-MNIST"
    files = ", ".join(missing_files(None))
    passed = passed or f"{title} is not in {os.fspath(wanted)}"
    tell_once(name, f"{passed}: the 5,000 real images that come with flowgraph stand in, "
                    "4,000 to train and 1,000 to test. For the full set put "
                    f"{files} there, or into ${VARIABLE}/{own[0]}; nothing is downloaded.")
    return built_in(name)


def built_in(name: str) -> Arrays:
    """The images that come with flowgraph.

    Args:
        name: "mnist" or "fashion_mnist".

    Example:
        >>> from flowgraph.datasets.mnist import built_in
        >>> built_in("fashion_mnist").train_images.shape
        (4000, 28, 28)
    """
    return Arrays._make([*subset_arrays(FILES / f"{name}_5000.npz"), None])


def read_npz_file(path: str | os.PathLike[str]) -> Arrays:
    """Reads keras's file `mnist.npz`.

    Args:
        path: the file.

    Returns:
        Arrays; `folder` is the file's.

    Raises:
        DatasetError: the file is missing or damaged, or holds something else.
    """
    names = ("x_train", "y_train", "x_test", "y_test")
    arrays = read_npz(path, names)
    for images, labels, name in ((arrays[0], arrays[1], names[0]), (arrays[2], arrays[3],
                                                                    names[2])):
        if images.ndim != 3 or labels.shape != images.shape[:1]:
            raise damaged(path, f"holds no images with labels: {name} has the shape "
                                f"{images.shape}, its labels {labels.shape}",
                          "Is it keras's mnist.npz?")
    return Arrays._make([*arrays, Path(path).parent])


def missing_files(folder: Path | None) -> list[str]:
    """Which of the four files do not lie in a folder, plain or gzipped, in their usual order.

    Args:
        folder: the folder; None for none, for the names of all.

    Example:
        >>> import pathlib
        >>> from flowgraph.datasets.mnist import missing_files
        >>> missing_files(pathlib.Path("no-such-folder"))[1]
        'train-labels-idx1-ubyte.gz'
    """
    return [f"{part}-{_ending(part)}.gz" for part in PARTS
            if folder is None or not _has(folder, part)]


def _has(folder: Path, part: str) -> bool:
    return any((folder / f"{part}{mark}{_ending(part)}{zipped}").is_file()
               for mark in "-." for zipped in ("", ".gz"))


def _ending(part: str) -> str:
    return "idx3-ubyte" if part.endswith("images") else "idx1-ubyte"
