"""`tf.test.compute_gradient`: whole Jacobians, from `tf.gradients` and from differences."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from flowgraph.core.frames import located
from flowgraph.gradients.gradients import gradients
from flowgraph.graph.indexed_slices import IndexedSlices
from flowgraph.graph.stacks import get_default_session
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.constant import constant
from flowgraph.ops.identity import identity

_Pair = tuple[np.ndarray, np.ndarray]


def compute_gradient(x: Any, x_shape: Any, y: Tensor, y_shape: Any, x_init_value: Any = None,
                     delta: float = 1e-3, init_targets: Sequence[Any] | None = None,
                     extra_feed_dict: dict[Any, Any] | None = None) -> Any:
    """The Jacobian of y by x, twice: as `tf.gradients` has it, and from differences.

    Runs in the default session. Complex numbers count as two real ones.

    Args:
        x: a tensor, or a list of them.
        x_shape: its shape, or a list of shapes.
        y: a tensor that depends on x.
        y_shape: its shape.
        x_init_value: array, the value of x; random if it is None. A list for a list.
        delta: how far x is moved for a difference.
        init_targets: operations to run first.
        extra_feed_dict: feeds for other placeholders.

    Returns:
        Two matrices with a row for each element of x and a column for each element of y; for a
        list, a list of such pairs.

    Example:
        >>> import numpy as np, flowgraph as fg
        >>> x = fg.placeholder(fg.float64, [1])
        >>> with fg.Session():
        ...     theory, numeric = fg.test.compute_gradient(
        ...         x, [1], fg.square(x), [1], np.array([3.0]))
        >>> theory, numeric.round(6)
        (array([[6.]]), array([[6.]]))
    """
    many = isinstance(x, list)
    xs, shapes = (x, x_shape) if many else ([x], [x_shape])
    starts = (x_init_value if many else [x_init_value]) if x_init_value is not None else (
        [None] * len(xs))
    with y.graph.as_default():
        seeds = [constant(1.0, y.dtype.base_dtype, y_shape) for _ in xs]
        slopes = [gradients(y, one, identity(seed))[0]
                  for one, seed in zip(xs, seeds, strict=True)]
    for one, slope in zip(xs, slopes, strict=True):
        if slope is None:
            raise ValueError(located(f"{y.name} does not depend on {one.name}: there is no "
                                     "gradient"))
    for target in init_targets or ():
        target.run()
    result = []
    for one, shape, start, seed, slope in zip(xs, shapes, starts, seeds, slopes, strict=True):
        start = _start(one, shape, start)
        feeds = dict(extra_feed_dict or {})
        result.append((_theoretical(one, start, y_shape, seed, slope, feeds),
                       _numeric(one, start, y, y_shape, delta, feeds)))
    return result if many else result[0]


def compute_gradient_error(x: Any, x_shape: Any, y: Tensor, y_shape: Any, x_init_value: Any = None,
                           delta: float = 1e-3, init_targets: Sequence[Any] | None = None,
                           extra_feed_dict: dict[Any, Any] | None = None) -> Any:
    """The largest difference between the two Jacobians of `tf.test.compute_gradient`.

    Args:
        x: a tensor, or a list of them.
        x_shape: its shape, or a list of shapes.
        y: a tensor that depends on x.
        y_shape: its shape.
        x_init_value: array, the value of x; random if it is None. A list for a list.
        delta: how far x is moved for a difference.
        init_targets: operations to run first.
        extra_feed_dict: feeds for other placeholders.

    Returns:
        The difference: small if the gradient is right.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.placeholder(fg.float64, [2])
        >>> with fg.Session():
        ...     bool(fg.test.compute_gradient_error(x, [2], fg.sin(x), [2]) < 1e-6)
        True
    """
    pairs = compute_gradient(x, x_shape, y, y_shape, x_init_value, delta, init_targets,
                             extra_feed_dict)
    return max([np.abs(theory - numeric).max() for theory, numeric in
                (pairs if isinstance(pairs, list) else [pairs]) if theory.size], default=0)


def _session() -> Any:
    session = get_default_session()
    if session is None:
        raise ValueError(located("tf.test.compute_gradient needs a default session.",
                                 "Call it under with tf.Session():"))
    return session


def _start(x: Tensor, shape: Any, value: Any) -> np.ndarray:
    dtype = x.dtype.as_numpy_dtype
    if value is not None:
        if tuple(value.shape) != tuple(shape):
            raise AssertionError(f"x_shape = {shape}, init_data shape = {value.shape}")
        return np.array(value, dtype)
    start = np.random.random_sample(tuple(shape)).astype(dtype)
    if x.dtype.is_complex:
        start.imag = np.random.random_sample(tuple(shape))
    return start


def _reals(array: Any, dtype: Any) -> np.ndarray:
    """An array as a vector of real numbers."""
    flat = np.asarray(array, dtype.as_numpy_dtype).reshape(-1)
    return flat.view(dtype.real_dtype.as_numpy_dtype)


def _theoretical(x: Tensor, start: np.ndarray, y_shape: Any, seed: Tensor, slope: Any,
                 feeds: dict[Any, Any]) -> np.ndarray:
    """A column for each element of y: the gradient if only that counts."""
    session, dtype = _session(), seed.dtype
    size = math.prod(y_shape) * (2 if dtype.is_complex else 1)
    rows = start.size * (2 if x.dtype.is_complex else 1)
    result = np.zeros((rows, size), x.dtype.real_dtype.as_numpy_dtype)
    for column in range(size):
        weights = np.zeros(tuple(y_shape), dtype.as_numpy_dtype)
        weights.reshape(-1).view(dtype.real_dtype.as_numpy_dtype)[column] = 1
        here = {**feeds, x: start, seed: weights}
        if isinstance(slope, IndexedSlices):
            indices, values = session.run([slope.indices, slope.values], here)
            dense = np.zeros_like(start)
            np.add.at(dense, indices, values)
        else:
            dense = session.run(slope, here)
        result[:, column] = _reals(dense, x.dtype)
    return result


def _numeric(x: Tensor, start: np.ndarray, y: Tensor, y_shape: Any, delta: float,
             feeds: dict[Any, Any]) -> np.ndarray:
    """A row for each element of x: the difference if only that is moved."""
    session, y_dtype = _session(), y.dtype.base_dtype
    real = x.dtype.real_dtype.as_numpy_dtype
    rows = start.size * (2 if x.dtype.is_complex else 1)
    size = math.prod(y_shape) * (2 if y_dtype.is_complex else 1)
    result = np.zeros((rows, size), real)
    for row in range(rows):
        ends = []
        for sign in (1, -1):
            moved = start.copy()
            moved.reshape(-1).view(real)[row] += sign * delta
            ends.append(session.run(y, {**feeds, x: moved}))
        result[row] = _reals(ends[0] - ends[1], y_dtype) / (2 * delta)
    return result
