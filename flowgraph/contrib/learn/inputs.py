"""Arrays as inputs of estimators, and columns for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.estimator.input_results import parse_input_fn_result
from flowgraph.estimator.numpy_input import numpy_input_fn
from flowgraph.feature_column.numeric import numeric_column
from flowgraph.graph.graph import Graph
from flowgraph.ops.cast import cast


def input_of(x: Any, y: Any, input_fn: Any, batch_size: int | None, train: bool) -> Any:
    """The input function that is meant by arrays, or by itself.

    Args:
        x: array, list, or dict of arrays.
        y: labels, or None.
        input_fn: an input function; then there is no `x`.
        batch_size: examples per batch; default 128 to train, else all.
        train: whether to go through the examples without end, in any order.

    Raises:
        ValueError: both or neither are given.
    """
    if (x is None) == (input_fn is None):
        raise ValueError(located("Either x or input_fn must be provided, and not both."))
    if input_fn is not None:
        if y is not None:
            raise ValueError(located("Can not provide both input_fn and y."))
        return input_fn
    features = ({key: np.asarray(value) for key, value in x.items()} if isinstance(x, dict)
                else _array(x))
    labels = None if y is None else (
        {key: np.asarray(value) for key, value in y.items()} if isinstance(y, dict) else _array(y))
    length = len(next(iter(features.values())) if isinstance(features, dict) else features)
    return numpy_input_fn(features, labels, batch_size or (128 if train else max(length, 1)),
                          num_epochs=None if train else 1, shuffle=train)


def _array(values: Any) -> np.ndarray[Any, Any]:
    array = np.asarray(values)
    if array.dtype == np.float64:  # as contrib.learn feeds numbers
        array = array.astype(np.float32)
    return array


def named(features: Any) -> dict[str, Any]:
    """Features by name; a single one is called "".

    Args:
        features: Tensor, or dict of them.
    """
    return features if isinstance(features, dict) else {"": features}


def whole(labels: Any) -> Any:
    """Labels that are small integers as int64, which losses take.

    Args:
        labels: Tensor, dict of them, or None.
    """
    if getattr(labels, "dtype", None) is None or not labels.dtype.is_integer:
        return labels
    return cast(labels, dt.int64)


def infer_real_valued_columns_from_input(x: Any) -> list[Any]:
    """Columns of numbers for an array, or for a dict of arrays.

    Args:
        x: array of shape (examples, numbers), or dict of them.

    Returns:
        A list of numeric columns.

    Example:
        >>> import numpy as np
        >>> import flowgraph as fg
        >>> columns = fg.contrib.learn.infer_real_valued_columns_from_input(np.zeros([5, 3]))
        >>> [(column.key, column.shape) for column in columns]
        [('', (3,))]
    """
    arrays = x if isinstance(x, dict) else {"": x}
    return [numeric_column(key, int(np.prod(np.shape(value)[1:], dtype=int)))
            for key, value in sorted(arrays.items())]


def infer_real_valued_columns_from_input_fn(input_fn: Callable[[], Any]) -> list[Any]:
    """Columns of numbers for what an input function returns.

    Args:
        input_fn: the input function.

    Returns:
        A list of numeric columns.

    Example:
        >>> import flowgraph as fg
        >>> def data():
        ...     return {"a": fg.zeros([5, 2])}, fg.zeros([5])
        >>> [column.shape for column in
        ...  fg.contrib.learn.infer_real_valued_columns_from_input_fn(data)]
        [(2,)]
    """
    with Graph().as_default():
        features, _, _ = parse_input_fn_result(input_fn())
        return [numeric_column(key, int(np.prod(tensor.shape.as_list()[1:], dtype=int)))
                for key, tensor in sorted(named(features).items())]
