"""`tf.contrib.learn.datasets`: small data sets that come with flowgraph, and readers of files."""

from typing import Any

from flowgraph.core.frames import located
from flowgraph.core.lazy import lazy as _lazy
from flowgraph.datasets.batches import load_mnist
from flowgraph.datasets.tables import load_boston, load_iris

DATASETS = {"boston": load_boston, "iris": load_iris, "mnist": load_mnist}


def load_dataset(name: str, size: str = "small", test_with_fake_data: bool = False) -> Any:
    """A data set by its name.

    Args:
        name: "iris", "boston" or "mnist".
        size: accepted.
        test_with_fake_data: accepted.

    Returns:
        What `load_iris` and its like return.

    Raises:
        ValueError: there is none of that name.

    Example:
        >>> import flowgraph as fg
        >>> fg.contrib.learn.datasets.load_dataset("iris").data.shape
        (150, 4)
    """
    if name not in DATASETS:
        raise ValueError(located(f"Name of dataset is not found: {name}.",
                                 f"There are {', '.join(DATASETS)}."))
    return DATASETS[name]()


__all__ = ["DATASETS", "load_boston", "load_dataset", "load_iris", "load_mnist"]
__getattr__ = _lazy("tf.contrib.learn.datasets", globals(), {
    "base": "flowgraph.contrib.learn.datasets.base",
    "mnist": "flowgraph.contrib.learn.datasets.mnist"})
