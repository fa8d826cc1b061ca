"""`pandas_input_fn`: input functions from data frames."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import numpy as np

from flowgraph.core.frames import located
from flowgraph.estimator.feeding import enqueue_rows


def pandas_input_fn(x: Any, y: Any = None, batch_size: int = 128, num_epochs: int | None = 1,
                    shuffle: bool | None = None, queue_capacity: int | None = 1000,
                    num_threads: int = 1, target_column: str = "target") -> Callable[[], Any]:
    """An input function that gives batches of the rows of a pandas DataFrame.

    Args:
        x: DataFrame; its columns are the features.
        y: Series or DataFrame of the labels, with the index of `x`; None for none.
        batch_size: rows per batch; the last batch of the last epoch may be smaller.
        num_epochs: how often to go through the rows; None for without end.
        shuffle: whether to shuffle them; must be given.
        queue_capacity: how many rows the queue holds; None for all.
        num_threads: how many threads fill it; each goes through all rows.
        target_column: a name for the labels that no feature has.

    Returns:
        A function without arguments that returns a dict of features, or it and the labels.

    Raises:
        TypeError: pandas is not installed, or `target_column` is no text.
        ValueError: `shuffle` is not given, or a feature is called as `target_column`, or the
            indices differ.

    Example:
        >>> import flowgraph as fg
        >>> pandas = __import__("pytest").importorskip("pandas")
        >>> x = pandas.DataFrame({"a": [1, 2, 3]})
        >>> input_fn = fg.estimator.inputs.pandas_input_fn(x, shuffle=False, batch_size=2)
        >>> features = input_fn()
        >>> with fg.train.MonitoredSession() as sess:
        ...     sess.run(features)
        {'a': array([1, 2])}
    """
    try:
        import pandas  # type: ignore[import-untyped]  # it brings no stubs
    except ImportError:
        raise TypeError(located("pandas_input_fn should not be called without pandas installed",
                                "Install it: pip install pandas")) from None
    if not isinstance(shuffle, bool):
        raise ValueError(located(
            "shuffle must be provided and explicitly set as boolean (it is recommended to set it "
            f"as True for training); got {shuffle}"))
    if not isinstance(target_column, str):
        raise TypeError(located("target_column must be a string type"))
    labels: dict[str, Any] = {}
    if y is not None:
        if target_column in x:
            raise ValueError(located(f"Cannot use name {target_column} for target column: DataFrame"
                                     f" already has a column with that name: {x.columns}"))
        if not x.index.equals(y.index):
            raise ValueError(located(f"Index for x and y are mismatched.\nIndex for x: {x.index}\n"
                                     f"Index for y: {y.index}\n"))
        if isinstance(y, pandas.DataFrame):
            labels = {column if column not in x else f"{column}_{uuid.uuid4()}": _array(y[column])
                      for column in y}
        else:
            labels = {target_column: _array(y)}
    features = {column: _array(x[column]) for column in x}
    index = _array(x.index)
    if queue_capacity is None:
        queue_capacity = 4 * len(x) if shuffle else len(x)
    least = max(queue_capacity / 4, 1)

    def input_fn() -> Any:
        queue = enqueue_rows(index, [*features.values(), *labels.values()], queue_capacity, shuffle,
                             int(least), num_threads, batch_size, num_epochs)
        _, *batch = (queue.dequeue_many(batch_size) if num_epochs is None
                     else queue.dequeue_up_to(batch_size))
        batch_x = dict(zip(features, batch))
        if y is None:
            return batch_x
        if isinstance(y, pandas.DataFrame):
            return batch_x, dict(zip(y, batch[len(features):]))
        return batch_x, batch[-1]
    return input_fn


def _array(column: Any) -> np.ndarray[Any, Any]:
    """The values of a column; those of pandas' own dtypes as NumPy's."""
    kind = getattr(column.dtype, "numpy_dtype", None)
    return column.to_numpy(dtype=kind) if kind is not None else np.asarray(column)
