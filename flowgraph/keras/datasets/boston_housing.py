"""`tf.keras.datasets.boston_housing`: prices of houses."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.core.frames import located
from flowgraph.core.lazy import lazy as _lazy
from flowgraph.datasets.places import first_of, not_there
from flowgraph.datasets.tables import load_boston
from flowgraph.datasets.unpickling import read_npz


def load_data(path: str = "boston_housing.npz", test_split: float = 0.2, seed: int = 113) -> Any:
    """Loads keras's file if it is there, otherwise the same 506 rows that come with flowgraph.

    Args:
        path: name of keras's file in $FLOWGRAPH_DATA or `~/.keras/datasets`, or an absolute path.
        test_split: share of the rows to test with.
        seed: of the order of the rows; NumPy's global generator is set to it, as in keras.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: float64 [n, 13] and [n], in 1,000 dollars.

    Raises:
        DatasetError: the file is damaged, or `path` names one that is not there.
        ValueError: test_split is not in [0, 1).

    Example:
        >>> import flowgraph as fg
        >>> (x, y), (x_test, y_test) = fg.keras.datasets.boston_housing.load_data()
        >>> x.shape, x_test.shape, y[0].item()
        ((404, 13), (102, 13), 15.2)
    """
    if not 0 <= test_split < 1:
        raise ValueError(located(f"test_split must be in [0, 1), got {test_split}"))
    file = first_of([path])
    if file is None and path != "boston_housing.npz":
        raise not_there("boston_housing", path, "the arrays x [506, 13] and y [506]")
    x, y = load_boston() if file is None else read_npz(file, ("x", "y"))
    np.random.seed(seed)
    order = np.arange(len(x))
    np.random.shuffle(order)
    x, y = x[order], y[order]
    cut = int(len(x) * (1 - test_split))
    return (x[:cut], y[:cut]), (x[cut:], y[cut:])


__getattr__ = _lazy("tf.keras.datasets.boston_housing", globals())
