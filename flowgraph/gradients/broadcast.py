"""Undoing a broadcast: the gradient of an input that was stretched is summed over the stretch."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.opdef import op_def


def unbroadcast(dy: Tensor, target: Tensor, other: Tensor) -> Tensor:
    """`dy`, summed to the shape of `target`, which was broadcast against `other`.

    Args:
        dy: gradient of the broadcast shape.
        target: the input whose gradient is wanted.
        other: the input it was broadcast with.
    """
    t, o = target.spec.shape, other.spec.shape
    if t is not None and t == o and None not in t:
        return dy
    axes = None if t is None or o is None else _stretched(t, o)
    if axes is None:
        rt, _ = op_def("BroadcastGradientArgs").build(_shape(target), _shape(other))
        return op_def("Reshape").build(op_def("Sum").build(dy, rt), _shape(target))
    if not axes:
        return dy
    summed = op_def("Sum").build(dy, np.array(axes, np.int32))
    lead = len(o or ()) - len(t or ())
    if len(axes) == max(lead, 0):  # only whole axes in front were added
        return summed
    return op_def("Reshape").build(summed, _shape(target))


def _shape(tensor: Tensor) -> Any:
    shape = tensor.spec.shape
    if shape is not None and None not in shape:
        return np.array(shape, np.int32)
    return op_def("Shape").build(tensor)


def _stretched(t: tuple[int | None, ...], o: tuple[int | None, ...]) -> list[int] | None:
    """Axes of the result over which `t` was stretched; None when the graph does not tell."""
    rank = max(len(t), len(o))
    axes = list(range(rank - len(t)))
    for i in range(rank - len(t), rank):
        n = t[i - rank + len(t)]
        m = o[i - rank + len(o)] if i >= rank - len(o) else 1
        if n == 1:
            if m != 1:
                axes.append(i)
        elif n is None and m != 1:
            return None  # it may turn out to be 1
    return axes
