"""The data sets that have a name."""

from __future__ import annotations

from typing import Any

from flowgraph.core.frames import located
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
