"""`DataSet` and `read_data_sets` of TensorFlow's tutorials: MNIST in batches.

    mnist = read_data_sets("MNIST_data", one_hot=True)
    images, labels = mnist.train.next_batch(100)

As in TensorFlow 1.15 the order of the images is drawn with NumPy's global generator, which every
DataSet seeds anew: with its `seed`, else with the graph's seed, else with a number of its own. So a
`tf.set_random_seed` before `read_data_sets` makes the batches the same in each run.
"""

from __future__ import annotations

import contextlib
import gzip
import os
import zlib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from flowgraph.core import dtypes
from flowgraph.core.frames import located
from flowgraph.data.idx import damaged
from flowgraph.data.images import TRAIN_SIZE
from flowgraph.datasets.mnist import FULL_TRAIN_SIZE, Arrays, load_mnist_arrays, missing_files
from flowgraph.errors import DatasetError
from flowgraph.ops.random_ops import get_seed

Array = np.ndarray[Any, Any]
DEFAULT_SOURCE_URL = ""  # nothing is downloaded
_OTHERS = ("kmnist", "kuzushiji", "notmnist", "emnist", "qmnist")


class Datasets(NamedTuple):
    """What `read_data_sets` returns.

    Args:
        train: DataSet to learn from.
        validation: DataSet to choose by.
        test: DataSet to measure on.

    Example:
        >>> from flowgraph.datasets import Datasets
        >>> Datasets(1, 2, 3).validation
        2
    """

    train: Any
    validation: Any
    test: Any


class DataSet:
    """Images with labels, handed out in batches.

    Args:
        images: uint8 array [n, 28, 28, 1].
        labels: array [n], or [n, 10] with a 1 at the class.
        fake_data: whether to hand out made-up images, for tests of programs.
        one_hot: whether made-up labels are rows with a 1 at the class.
        dtype: float32 for numbers from 0 to 1, uint8 for those from 0 to 255.
        reshape: whether to make one row of 784 numbers of each image.
        seed: of the order of the images.

    Raises:
        TypeError: another dtype.
        AssertionError: unequally many images and labels.

    Example:
        >>> import numpy as np
        >>> from flowgraph.datasets import DataSet
        >>> data = DataSet(np.zeros([6, 28, 28, 1], np.uint8), np.arange(6), seed=1)
        >>> data.next_batch(4)[0].shape, data.next_batch(4)[1].shape, data.epochs_completed
        ((4, 784), (4,), 1)
    """

    def __init__(self, images: Any, labels: Any, fake_data: bool = False, one_hot: bool = False,
                 dtype: Any = dtypes.float32, reshape: bool = True, seed: int | None = None
                 ) -> None:
        graph_seed, op_seed = get_seed(seed)
        np.random.seed(graph_seed if seed is None else op_seed)
        dtype = dtypes.as_dtype(dtype).base_dtype
        if dtype not in (dtypes.uint8, dtypes.float32):
            raise TypeError(located(f"Invalid image dtype {dtype!r}, expected uint8 or float32"))
        if fake_data:
            self._num_examples = 10000
            self.one_hot = one_hot
        else:
            if len(images) != len(labels):
                raise AssertionError(located(f"images.shape: {np.shape(images)} labels.shape: "
                                             f"{np.shape(labels)}"))
            self._num_examples = len(images)
            if reshape:
                if images.ndim != 4 or images.shape[3] != 1:
                    raise AssertionError(located(
                        f"images must have the shape [n, rows, columns, 1], got {images.shape}",
                        "Pass reshape=False to keep the shape."))
                images = images.reshape(len(images), images.shape[1] * images.shape[2])
            if dtype == dtypes.float32:
                images = np.multiply(images, np.float32(1.0 / 255.0), dtype=np.float32)
        self._images, self._labels = images, labels
        self._epochs_completed = self._index_in_epoch = 0

    @property
    def images(self) -> Any:
        """The images, in the order of the present epoch."""
        return self._images

    @property
    def labels(self) -> Any:
        """The labels, in the order of the images."""
        return self._labels

    @property
    def num_examples(self) -> int:
        """How many images there are."""
        return self._num_examples

    @property
    def epochs_completed(self) -> int:
        """How often all images have been handed out."""
        return self._epochs_completed

    def next_batch(self, batch_size: int, fake_data: bool = False, shuffle: bool = True
                   ) -> tuple[Any, Any]:
        """The next images and labels; a batch may reach into the next epochs.

        Args:
            batch_size: how many.
            fake_data: whether to hand out made-up ones.
            shuffle: whether each epoch has an order of its own.

        Returns:
            (images, labels).

        Raises:
            ValueError: there are no images at all.

        Example:
            >>> import numpy as np
            >>> from flowgraph.datasets import DataSet
            >>> data = DataSet(np.zeros([3, 2, 2, 1], np.uint8), np.array([7, 8, 9]))
            >>> data.next_batch(2, shuffle=False)[1], data.next_batch(2, shuffle=False)[1]
            (array([7, 8]), array([9, 7]))
        """
        if fake_data:
            label: Any = [1] + [0] * 9 if self.one_hot else 0
            return [[1] * 784 for _ in range(batch_size)], [label for _ in range(batch_size)]
        if not self._num_examples and batch_size:
            raise ValueError(located("there are no images to make a batch of",
                                     "Leave some to this part: see validation_size."))
        if self._epochs_completed == 0 and self._index_in_epoch == 0 and shuffle:
            self._shuffle()
        images, labels, wanted = [], [], batch_size
        while True:
            start = self._index_in_epoch
            end = self._index_in_epoch = min(start + wanted, self._num_examples)
            images.append(self._images[start:end])
            labels.append(self._labels[start:end])
            wanted -= end - start
            if not wanted:
                break
            self._epochs_completed += 1
            self._index_in_epoch = 0
            if shuffle:
                self._shuffle()
        if len(images) == 1:
            return images[0], labels[0]
        return np.concatenate(images), np.concatenate(labels)

    def _shuffle(self) -> None:
        order = np.arange(self._num_examples)
        np.random.shuffle(order)
        self._images, self._labels = self._images[order], self._labels[order]


def read_data_sets(train_dir: str | os.PathLike[str], fake_data: bool = False,
                   one_hot: bool = False, dtype: Any = dtypes.float32, reshape: bool = True,
                   validation_size: int = 5000, seed: int | None = None,
                   source_url: str = DEFAULT_SOURCE_URL) -> Datasets:
    """MNIST for training, validation and test.

    The full set is read where its files are found: the four IDX files, plain or gzipped, or
    `mnist.npz`, in `train_dir`, in $FLOWGRAPH_DATA/mnist or in ~/.keras/datasets. Otherwise the
    images that come with flowgraph stand in: 4,000 to train and 1,000 to test. A folder that lacks
    some of the four is passed over, and a notice names what it lacks. The validation set
    is taken from those to train in the proportion that the program asks for of the full 60,000:
    the default of 5,000 makes 333.

    Args:
        train_dir: folder of the files; it is made if it is not there.
        fake_data: whether to make up images, for tests of programs.
        one_hot: whether labels are rows with a 1 at the class, float64 as in TensorFlow.
        dtype: float32 for numbers from 0 to 1, uint8 for those from 0 to 255.
        reshape: whether to make one row of 784 numbers of each image, else [28, 28, 1].
        validation_size: how many of the images to train are for validation.
        seed: of the order of the images.
        source_url: nothing is downloaded from there; where it, or the folder's name, speaks of
            fashion, the images are those of Fashion-MNIST.

    Returns:
        Datasets: three DataSets, train, validation and test.

    Raises:
        DatasetError: files are damaged.
        ValueError: more images for validation than there are.

    Example:
        >>> import tempfile
        >>> from flowgraph.datasets import read_data_sets
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     mnist = read_data_sets(folder, one_hot=True)
        >>> [part.shape for part in mnist.train.next_batch(100)]
        [(100, 784), (100, 10)]
    """
    if fake_data:
        return Datasets(*(DataSet([], [], True, one_hot, dtype, seed=seed) for _ in range(3)))
    arrays = _arrays_meant(_made(train_dir), source_url)
    train_images, test_images = arrays.train_images[..., None], arrays.test_images[..., None]
    train_labels, test_labels = arrays.train_labels, arrays.test_labels
    most = FULL_TRAIN_SIZE if arrays.folder is None else len(train_images)
    if not 0 <= validation_size <= most:
        raise ValueError(located(f"Validation size should be between 0 and {most}. Received: "
                                 f"{validation_size}."))
    if arrays.folder is None:
        validation_size = validation_size * TRAIN_SIZE // FULL_TRAIN_SIZE
    if one_hot:
        train_labels, test_labels = (dense_to_one_hot(labels, 10)
                                     for labels in (train_labels, test_labels))
    parts = ((train_images[validation_size:], train_labels[validation_size:]),
             (train_images[:validation_size], train_labels[:validation_size]),
             (test_images, test_labels))
    return Datasets(*(DataSet(images, labels, dtype=dtype, reshape=reshape, seed=seed)
                      for images, labels in parts))


def load_mnist(train_dir: str = "MNIST-data") -> Datasets:
    """`read_data_sets` with its defaults.

    Args:
        train_dir: folder of the files.

    Returns:
        The Datasets.

    Example:
        >>> import tempfile
        >>> from flowgraph.datasets.batches import load_mnist
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     mnist = load_mnist(folder)
        >>> mnist.train.images.shape[1]
        784
    """
    return read_data_sets(train_dir)


def _arrays_meant(train_dir: Path, source_url: str | None) -> Arrays:
    """The images that the program reads."""
    url = (source_url or "").lower()
    if any(name in url for name in _OTHERS):
        if lacking := missing_files(train_dir):
            raise DatasetError(located(
                f"no images of {source_url} come with flowgraph, and nothing is downloaded",
                f"Put {', '.join(lacking)} into {os.fspath(train_dir)}.", "dataset-error"))
        return load_mnist_arrays("mnist", train_dir)
    fashion = "fashion" in url or "fashion" in train_dir.name.lower()
    return load_mnist_arrays("fashion_mnist" if fashion else "mnist", train_dir)


def _made(folder: str | os.PathLike[str]) -> Path:
    """The folder, made if that is possible: programs save other files there."""
    path = Path(folder)
    with contextlib.suppress(OSError):
        path.mkdir(parents=True, exist_ok=True)
    return path


# ---- the files by themselves --------------------------------------------------------------------

def dense_to_one_hot(labels_dense: Any, num_classes: int) -> Array:
    """Rows with a 1 at the class.

    Args:
        labels_dense: array [n] of classes.
        num_classes: how many classes there are.

    Returns:
        float64 array [n, num_classes].

    Example:
        >>> import numpy as np
        >>> from flowgraph.datasets.batches import dense_to_one_hot
        >>> dense_to_one_hot(np.array([1, 0]), 2)
        array([[0., 1.],
               [1., 0.]])
    """
    rows = np.zeros((labels_dense.shape[0], num_classes))
    rows[np.arange(len(rows)), labels_dense.ravel()] = 1
    return rows


def extract_images(f: Any) -> Array:
    """Images of an open, gzipped file of MNIST.

    Args:
        f: binary file, as `tf.gfile.Open(name, "rb")` gives it.

    Returns:
        uint8 array [n, rows, columns, 1].

    Raises:
        ValueError: not a file of images.
        DatasetError: the file is damaged.
    """
    content, name = _unzipped(f)
    count, rows, columns = _sizes(content, name, 2051, 3, "image")
    return _values(content, name, 16, (count, rows, columns, 1))


def extract_labels(f: Any, one_hot: bool = False, num_classes: int = 10) -> Array:
    """Labels of an open, gzipped file of MNIST.

    Args:
        f: binary file.
        one_hot: whether to make rows with a 1 at the class.
        num_classes: how many classes there are.

    Returns:
        uint8 array [n], or float64 array [n, num_classes].

    Raises:
        ValueError: not a file of labels.
        DatasetError: the file is damaged.
    """
    content, name = _unzipped(f)
    labels = _values(content, name, 8, _sizes(content, name, 2049, 1, "label"))
    return dense_to_one_hot(labels, num_classes) if one_hot else labels


def _unzipped(f: Any) -> tuple[bytes, str]:
    name = str(getattr(f, "name", f))
    print("Extracting", name)
    try:
        return gzip.decompress(f.read()), name
    except (OSError, EOFError, zlib.error) as error:
        raise damaged(name, f"is not gzipped, or truncated: {error}") from None


def _sizes(content: bytes, name: str, magic: int, ndim: int, kind: str) -> tuple[int, ...]:
    whole = min(len(content) // 4, 1 + ndim)
    numbers = np.frombuffer(content, ">u4", whole).tolist() if whole else [0]
    if numbers[0] != magic:
        raise ValueError(located(f"Invalid magic number {numbers[0]} in MNIST {kind} file: {name}"))
    if len(numbers) <= ndim:
        raise damaged(name, "is truncated inside its header")
    return tuple(numbers[1:])


def _values(content: bytes, name: str, start: int, shape: tuple[int, ...]) -> Array:
    wanted, present = int(np.prod(shape)), len(content) - start
    if present < wanted:
        raise damaged(name, f"is truncated: its header promises {wanted} bytes, but {present} "
                            "follow")
    return np.frombuffer(content, np.uint8, wanted, start).reshape(shape)
