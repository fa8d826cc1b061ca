"""`smart_cond`: a branch chosen when the graph is built where that is possible, else in the run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowgraph.core.frames import located
from flowgraph.graph.tensor import Tensor, is_tensor_like
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.static_value import known_value


def known_truth(value: Any) -> bool | None:
    """The truth of a layer's argument; None when only the run will tell.

    Raises:
        TypeError: `value` is neither a tensor, nor True, False, 0 or 1.
    """
    if isinstance(value, Tensor):
        known = known_value(value)
        return None if known is None else bool(known)
    if is_tensor_like(value):
        return None
    if value in (0, 1):
        return bool(value)
    raise TypeError(located("`pred` must be a Tensor, or a Python bool, or 1 or 0. Found instead: "
                            f"{value!r:.100}"))


def smart_cond(pred: Any, true_fn: Callable[[], Any], false_fn: Callable[[], Any]) -> Any:
    """`tf.cond`, or one function alone when the graph tells already which.

    Args:
        pred: bool, 0 or 1, or a scalar tensor.
        true_fn: what to build for a true `pred`.
        false_fn: what to build for a false one.
    """
    known = known_truth(pred)
    if known is not None:
        return true_fn() if known else false_fn()
    from flowgraph.ops.cond import cond
    return cond(convert_to_tensor(pred), true_fn, false_fn)
