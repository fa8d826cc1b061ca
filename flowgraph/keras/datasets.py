"""`tf.keras.datasets`: data sets from files on this machine. Nothing is ever downloaded.

`mnist` and `fashion_mnist` read keras's own file where there is one, `~/.keras/datasets/mnist.npz`;
otherwise they return the 5,000 images that come with flowgraph, and say so once. The other sets
need their file.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from flowgraph.core.frames import located
from flowgraph.core.lazy import lazy as _lazy
from flowgraph.core.logger import logger
from flowgraph.errors import NotFoundError

_told: set[str] = set()


def _path(name: str) -> Path:
    """Where keras keeps a file; an absolute name is taken as it is."""
    given = Path(name).expanduser()
    return given if given.is_absolute() else Path.home() / ".keras" / "datasets" / name


def _arrays(path: Path, names: tuple[str, ...]) -> tuple[Any, ...]:
    with np.load(path, allow_pickle=False) as file:
        missing = [name for name in names if name not in file]
        if missing:
            raise ValueError(located(f"{path} has no array {missing[0]!r}; it has "
                                     f"{', '.join(file.files)}"))
        return tuple(file[name] for name in names)


def _shipped(name: str, load: Any, path: Path) -> Any:
    """The images that come with flowgraph, as keras gives them: 0 to 255."""
    if name not in _told:
        _told.add(name)
        logger().warning("%s is not there: tf.keras.datasets.%s gives the 5,000 images that come "
                         "with flowgraph, 4,000 to train and 1,000 to test.", path, name)
    images = load()
    return tuple((np.rint(split.images * 255).astype(np.uint8), split.labels.astype(np.uint8))
                 for split in (images.train, images.test))


def _load_mnist(path: str = "mnist.npz") -> Any:
    """Loads handwritten digits.

    Args:
        path: name of the file in `~/.keras/datasets`, or an absolute path.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: uint8 images [n, 28, 28] and labels [n].

    Example:
        >>> import flowgraph as fg
        >>> (x, y), _ = fg.keras.datasets.mnist.load_data()
        >>> x.shape[1:], y.dtype
        ((28, 28), dtype('uint8'))
    """
    from flowgraph.data import load_mnist

    file = _path(path)
    if not file.exists():
        return _shipped("mnist", load_mnist, file)
    x, y, x_test, y_test = _arrays(file, ("x_train", "y_train", "x_test", "y_test"))
    return (x, y), (x_test, y_test)


def _load_fashion_mnist() -> Any:
    """Loads pictures of clothes.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: uint8 images [n, 28, 28] and labels [n].

    Example:
        >>> import flowgraph as fg
        >>> (x, y), _ = fg.keras.datasets.fashion_mnist.load_data()
        >>> x.shape[1:], y.dtype
        ((28, 28), dtype('uint8'))
    """
    from flowgraph.data import load_fashion_mnist

    folder = _path("fashion-mnist")
    if not folder.is_dir():
        return _shipped("fashion_mnist", load_fashion_mnist, folder)
    full = load_fashion_mnist(folder)
    return tuple((np.rint(split.images * 255).astype(np.uint8), split.labels.astype(np.uint8))
                 for split in (full.train, full.test))


def _load_boston_housing(path: str = "boston_housing.npz", test_split: float = 0.2,
                         seed: int = 113) -> Any:
    """Loads prices of houses, from a file `boston_housing.npz` with the arrays "x" and "y".

    Args:
        path: name of the file in `~/.keras/datasets`, or an absolute path.
        test_split: share of the rows to test with.
        seed: of the order of the rows.

    Returns:
        `(x_train, y_train), (x_test, y_test)`.
    """
    x, y = _arrays(_needed("boston_housing", path, "numbers [506, 13] and prices [506]"),
                   ("x", "y"))
    np.random.RandomState(seed).shuffle(order := np.arange(len(x)))
    x, y = x[order], y[order]
    cut = int(len(x) * (1 - test_split))
    return (x[:cut], y[:cut]), (x[cut:], y[cut:])


def _needed(name: str, path: str, what: str) -> Path:
    file = _path(path)
    if not file.exists():
        raise NotFoundError(None, None, located(
            f"tf.keras.datasets.{name} needs {file}, which is not there",
            f"Nothing is downloaded: put keras's own file there ({what}), or pass path=."))
    return file


def _without(name: str, file: str) -> Any:
    def load_data(*args: Any, **kwargs: Any) -> Any:
        raise NotFoundError(None, None, located(
            f"tf.keras.datasets.{name} is not offered: its file {file} holds Python objects, or "
            "many files, and nothing is downloaded",
            "Save the arrays with np.savez and read them with np.load."))
    return SimpleNamespace(load_data=load_data)


mnist = SimpleNamespace(load_data=_load_mnist)
fashion_mnist = SimpleNamespace(load_data=_load_fashion_mnist)
boston_housing = SimpleNamespace(load_data=_load_boston_housing)
cifar10 = _without("cifar10", "cifar-10-batches-py")
cifar100 = _without("cifar100", "cifar-100-python")
imdb = _without("imdb", "imdb.npz")
reuters = _without("reuters", "reuters.npz")

__getattr__ = _lazy("tf.keras.datasets", globals())
