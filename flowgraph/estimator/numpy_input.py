"""`numpy_input_fn`: input functions from arrays in memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from flowgraph.core.frames import located
from flowgraph.estimator.feeding import enqueue_rows


def numpy_input_fn(x: Any, y: Any = None, batch_size: int = 128, num_epochs: int | None = 1,
                   shuffle: bool | None = None, queue_capacity: int = 1000,
                   num_threads: int = 1) -> Callable[[], Any]:
    """An input function that gives batches of arrays.

    Args:
        x: array, or dict of arrays by name, whose first axis counts the examples.
        y: the labels: array, dict of arrays, or None for none.
        batch_size: examples per batch; the last batch of the last epoch may be smaller.
        num_epochs: how often to go through the examples; None for without end.
        shuffle: whether to shuffle them; must be given.
        queue_capacity: how many examples the queue holds.
        num_threads: how many threads fill it; each goes through all examples.

    Returns:
        A function without arguments that returns features, or features and labels.

    Raises:
        ValueError: `shuffle` is not given. When the function is called: the arrays are empty, of
            different lengths, or have names of both features and labels.
        TypeError: when the function is called: `x` is neither an array nor a dict.

    Example:
        >>> import numpy as np
        >>> import flowgraph as fg
        >>> input_fn = fg.estimator.inputs.numpy_input_fn(
        ...     {"x": np.array([1, 2, 3])}, np.array([10, 20, 30]), batch_size=2, shuffle=False)
        >>> features, labels = input_fn()
        >>> with fg.train.MonitoredSession() as sess:
        ...     while not sess.should_stop():
        ...         print(*sess.run([features["x"], labels]))
        [1 2] [10 20]
        [3] [30]
    """
    if not isinstance(shuffle, bool):
        raise ValueError(located(
            "shuffle must be provided and explicitly set as boolean (it is recommended to set it "
            f"as True for training); got {shuffle}"))

    def input_fn() -> Any:
        features = _columns(x, "x")
        labels = {} if y is None else _columns(y, "y") if isinstance(y, dict) else {None: y}
        shared = features.keys() & labels.keys()
        if shared:
            raise ValueError(located(f"{len(shared)} duplicate keys are found in both x and y: "
                                     f"{shared}"))
        columns = [*features.values(), *labels.values()]
        if len({column.shape[0] for column in columns}) != 1:
            raise ValueError(located(
                "Length of tensors in x and y is mismatched. All elements in x and y must have the "
                f"same length.\nShapes in x: { {k: v.shape for k, v in features.items()} }\n"
                f"Shapes in y: { {k: v.shape for k, v in labels.items()} if labels else None }\n"))
        queue = enqueue_rows(np.arange(len(columns[0])), columns, queue_capacity, shuffle, None,
                             num_threads, batch_size, num_epochs)
        _, *batch = (queue.dequeue_many(batch_size) if num_epochs is None
                     else queue.dequeue_up_to(batch_size))
        batch_x = dict(zip(features, batch)) if isinstance(x, dict) else batch[0]
        if y is None:
            return batch_x
        batch_y = dict(zip(labels, batch[len(features):]))
        return batch_x, batch_y if isinstance(y, dict) else batch[-1]
    return input_fn


def _columns(values: Any, name: str) -> dict[Any, Any]:
    """The arrays by name, in the order of the names; a single one under None."""
    if isinstance(values, dict):
        if not values:
            raise ValueError(located(f"{name} cannot be an empty dict"
                                     + (", use None instead." if name == "y" else "")))
        return dict(sorted(values.items()))
    if not isinstance(values, np.ndarray):
        raise TypeError(located(f"{name} must be a dict or array; got {type(values).__name__}"))
    if not values.size:
        raise ValueError(located(f"{name} cannot be an empty array"))
    return {"": values}
