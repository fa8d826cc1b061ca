"""A gradient checker: symbolic gradients against central differences, along random directions.

For a function with outputs y and inputs x, and fixed random weights w, let L(x) = sum(w * y). Along
a random direction v, `tf.gradients(L, x) . v` must equal (L(x + hv) - L(x - hv)) / 2h. For order 2
the same is asked of x -> `tf.gradients(L, x) . v`, and so on. All in float64.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.gradients.gradients import gradients
from flowgraph.graph.graph import Graph
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.opdef import op_def
from flowgraph.runtime.session import Session

_STEP = 1e-5


def check_gradients(build: Callable[..., Any], inputs: Sequence[Any], order: int = 2,
                    seed: int = 0, rtol: float = 1e-5, atol: float = 1e-6) -> None:
    """Raises AssertionError unless the gradients of `build` are right.

    Args:
        build: takes one tensor per input, returns a tensor or a list of tensors.
        inputs: arrays; floating ones are differentiated (as float64), others are held fixed.
        order: how many times to differentiate.
        seed: of the weights and directions.
        rtol, atol: tolerance of the comparison.

    Example:
        >>> import numpy as np, flowgraph as fg
        >>> from flowgraph.testing import check_gradients
        >>> check_gradients(fg.sin, [np.array([0.1, 0.7])])
    """
    rng = np.random.default_rng(seed)
    arrays = [_as_float64(x) for x in inputs]
    moving = [i for i, a in enumerate(arrays) if a.dtype == np.float64]
    graph = Graph()
    with graph.as_default(), Session(graph=graph) as session:
        xs = [op_def("Placeholder").build(dtype=dt.of_numpy(a.dtype), shape=a.shape, name=f"x{i}")
              for i, a in enumerate(arrays)]
        ys = [y for y in _flat(build(*xs)) if y.dtype.base_dtype.is_floating]
        values = session.run(ys, dict(zip(xs, arrays, strict=True)))
        dots = [_dot(y, rng.normal(size=value.shape)) for y, value in zip(ys, values, strict=True)]
        scalar = dots[0] if len(dots) == 1 else op_def("AddN").build(dots)
        for n in range(1, order + 1):
            directions = {i: rng.normal(size=arrays[i].shape) for i in moving}
            slopes = gradients(scalar, [xs[i] for i in moving])
            parts = [_dot(dx, directions[i]) for i, dx in zip(moving, slopes, strict=True)
                     if dx is not None]
            here = dict(zip(xs, arrays, strict=True))
            numeric = _slope(session, scalar, xs, arrays, directions)
            if not parts:
                assert abs(numeric) < 1e-4, (f"order {n}: there is no gradient, but the slope is "
                                             f"{numeric:.6g}")
                return
            total = parts[0] if len(parts) == 1 else op_def("AddN").build(parts)
            symbolic = float(session.run(total, here))
            scale = max(abs(numeric), abs(symbolic), 1.0)
            if abs(symbolic - numeric) > rtol * scale + atol:
                raise AssertionError(
                    f"order {n}: gradients give the slope {symbolic:.8g}, central differences "
                    f"{numeric:.8g}\n"
                    + _worst_partial(session, scalar, xs, arrays, moving, slopes))
            scalar = total


def _slope(session: Session, scalar: Tensor, xs: list[Tensor], arrays: list[np.ndarray],
           directions: dict[int, np.ndarray]) -> float:
    """The central difference of `scalar` along `directions`."""
    ends = []
    for sign in (1.0, -1.0):
        moved = [a + sign * _STEP * directions[i] if i in directions else a
                 for i, a in enumerate(arrays)]
        ends.append(float(session.run(scalar, dict(zip(xs, moved, strict=True)))))
    return (ends[0] - ends[1]) / (2 * _STEP)


def _worst_partial(session: Session, scalar: Tensor, xs: list[Tensor], arrays: list[np.ndarray],
                   moving: list[int], slopes: list[Any]) -> str:
    """Names the single partial derivative that is furthest off."""
    worst = (-1.0, "no partial derivative is off: the error is spread out")
    here = dict(zip(xs, arrays, strict=True))
    for i, dx in zip(moving, slopes, strict=True):
        found = (np.zeros(arrays[i].shape) if dx is None
                 else session.run(convert_to_tensor(dx), here))
        for index in np.ndindex(arrays[i].shape):
            unit = np.zeros(arrays[i].shape)
            unit[index] = 1.0
            numeric = _slope(session, scalar, xs, arrays, {i: unit})
            error = abs(found[index] - numeric)
            if error > worst[0]:
                worst = (error, f"worst: d/d input {i}{list(index)} is {found[index]:.8g}, should "
                                f"be {numeric:.8g}")
    return worst[1]


def _dot(dx: Any, direction: np.ndarray) -> Tensor:
    product = op_def("Mul").build(convert_to_tensor(dx), np.asarray(direction))
    return op_def("Sum").build(product, np.arange(np.ndim(direction), dtype=np.int32))


def _flat(ys: Any) -> list[Tensor]:
    if isinstance(ys, (list, tuple)):
        return [t for y in ys for t in _flat(y)]
    return [convert_to_tensor(ys)]


def _as_float64(x: Any) -> np.ndarray:
    array = np.asarray(x)
    return array.astype(np.float64) if array.dtype.kind == "f" else array
