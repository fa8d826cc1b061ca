"""CIFAR-10 and CIFAR-100: colour images of 32 x 32 pixels, from the published files.

Read are the version for Python (pickles), the one for C (`.bin`), each as a folder or as the
`.tar.gz` in which it is published; an archive is read in memory and nothing in it is unpacked.
"""

from __future__ import annotations

import contextlib
import os
import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from flowgraph.core.frames import located
from flowgraph.data.idx import damaged
from flowgraph.datasets.places import first_of, not_there
from flowgraph.datasets.unpickling import read_pickle

Array = np.ndarray[Any, Any]
Split = tuple[Array, Array]
SIDE = 32
_PIXELS = 3 * SIDE * SIDE
_BATCHES = tuple(f"data_batch_{i}" for i in range(1, 6))
_PLACES_10 = ("cifar-10-batches-py", "cifar-10-batches-bin", "cifar-10-batches-py.tar.gz",
              "cifar-10-python.tar.gz", "cifar-10-binary.tar.gz")
_PLACES_100 = ("cifar-100-python", "cifar-100-binary", "cifar-100-python.tar.gz",
               "cifar-100-binary.tar.gz")


def load_cifar10(folder: str | os.PathLike[str] | None = None) -> tuple[Split, Split]:
    """50,000 and 10,000 images of 10 kinds of things.

    Args:
        folder: the unpacked folder, or the archive; None to look for it.

    Returns:
        `(images, labels), (images, labels)` to train and to test: uint8 [n, 32, 32, 3] and
        uint8 [n, 1].

    Raises:
        DatasetError: the files are not there or damaged.

    Example:
        >>> from flowgraph.datasets import load_cifar10
        >>> load_cifar10("no-such-folder")
        Traceback (most recent call last):
        ...
        flowgraph.errors.DatasetError: ...
    """
    read = _reader("CIFAR-10", folder, _PLACES_10)
    train = [read(name, "labels", 1) for name in _BATCHES]
    test = read("test_batch", "labels", 1)
    return ((np.concatenate([images for images, _ in train]),
             np.concatenate([labels for _, labels in train])), test)


def load_cifar100(folder: str | os.PathLike[str] | None = None, label_mode: str = "fine"
                  ) -> tuple[Split, Split]:
    """50,000 and 10,000 images of 100 kinds of things in 20 groups.

    Args:
        folder: the unpacked folder, or the archive; None to look for it.
        label_mode: "fine" for the 100 kinds, "coarse" for the 20 groups.

    Returns:
        `(images, labels), (images, labels)` to train and to test: uint8 [n, 32, 32, 3] and
        uint8 [n, 1].

    Raises:
        DatasetError: the files are not there or damaged.
        ValueError: another label_mode.

    Example:
        >>> from flowgraph.datasets import load_cifar100
        >>> load_cifar100(label_mode="both")
        Traceback (most recent call last):
        ...
        ValueError: ...
    """
    if label_mode not in ("fine", "coarse"):
        raise ValueError(located('`label_mode` must be one of "fine", "coarse", got '
                                 f"{label_mode!r}"))
    read = _reader("CIFAR-100", folder, _PLACES_100)
    # A record of the binary version is: coarse label, fine label, pixels.
    return (read("train", f"{label_mode}_labels", 2), read("test", f"{label_mode}_labels", 2))


def _reader(title: str, folder: Any, places: tuple[str, ...]) -> Callable[..., Split]:
    """A function that reads one file of the set: (name, labels' key, labels in a record)."""
    path = Path(folder) if folder is not None else first_of(places)
    if path is None or not path.exists():
        files = "data_batch_1 to data_batch_5, test_batch" if title == "CIFAR-10" else "train, test"
        raise not_there(title, str(folder or places[0]),
                        f"the files {files}, or these with .bin; it may be a .tar.gz of them")
    for inner in places[:2]:
        if folder is not None and (path / inner).is_dir():
            path = path / inner
    content = _archive(path) if path.is_file() else _folder(path)
    binary = "test_batch.bin" in content or "test.bin" in content

    def read(name: str, key: str, labels: int) -> Split:
        file = f"{name}.bin" if binary else name
        found = content.get(file)
        if found is None:
            raise damaged(path / file, "does not exist", f"Unpack the archive of {title} again.")
        where, load = found
        if binary:
            return _binary(where, load(), labels, 1 if key == "fine_labels" else 0)
        return _python(where, load(), key)
    return read


Content = dict[str, tuple[Path, Callable[[], bytes]]]


def _folder(path: Path) -> Content:
    return {file.name: (file, file.read_bytes) for file in path.iterdir() if file.is_file()}


def _archive(path: Path) -> Content:
    """The files of an archive by their last names, in memory."""
    try:
        with tarfile.open(path) as archive:
            members = [(Path(member.name).name, archive.extractfile(member))
                       for member in archive if member.isfile()]
            whole = {name: file.read() for name, file in members if file is not None}
    except (OSError, EOFError, tarfile.TarError, zlib.error) as error:
        raise damaged(path, f"is truncated or no archive: {error}") from None
    return {name: (path / name, lambda data=data: data)  # type: ignore[misc]
            for name, data in whole.items()}


def _python(path: Path, content: bytes, key: str) -> Split:
    batch = read_pickle(path, content)
    with contextlib.suppress(TypeError, KeyError, ValueError, AttributeError):
        batch = {k.decode() if isinstance(k, bytes) else k: v for k, v in batch.items()}
        return _split(path, np.asarray(batch["data"]), np.asarray(batch[key]))
    raise damaged(path, f"holds no images: expected a dict with 'data' and {key!r}",
                  "Is it the right file?")


def _binary(path: Path, content: bytes, labels: int, which: int) -> Split:
    size = labels + _PIXELS
    if not content or len(content) % size:
        raise damaged(path, f"is truncated: {len(content)} bytes are no whole number of records "
                            f"of {size}")
    records = np.frombuffer(content, np.uint8).reshape(-1, size)
    return _split(path, records[:, labels:], records[:, which])


def _split(path: Path, pixels: Array, labels: Array) -> Split:
    if pixels.dtype != np.uint8 or pixels.shape != (len(labels), _PIXELS):
        raise damaged(path, f"holds no images: expected uint8 of shape ({len(labels)}, {_PIXELS}), "
                            f"found {pixels.dtype} of shape {pixels.shape}")
    images = pixels.reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1)
    return np.ascontiguousarray(images), labels.astype(np.uint8).reshape(-1, 1)
