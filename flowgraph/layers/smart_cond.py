"""`smart_cond`: a branch chosen when the graph is built where that is possible, else in the run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from flowgraph.core.frames import located
from flowgraph.graph.tensor import Tensor, is_tensor_like
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.static_value import known_value


def known_truth(value: Any) -> bool | None:
    """The truth of a layer's argument; None when only the run will tell.

    Args:
        value: True, False, 0, 1, or a scalar tensor.

    Raises:
        TypeError: `value` is something else.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import framework
        >>> framework.smart_constant_value(fg.constant(True))
        True
    """
    if isinstance(value, Tensor):
        known = known_value(value)
        return None if known is None else bool(known)
    if is_tensor_like(value):
        return None
    if np.ndim(value) == 0 and value in (0, 1):
        return bool(value)
    raise TypeError(located("`pred` must be a Tensor, or a Python bool, or 1 or 0. Found instead: "
                            f"{value!r:.100}"))


def smart_cond(pred: Any, true_fn: Callable[[], Any] | None = None,
               false_fn: Callable[[], Any] | None = None, name: str | None = None,
               fn1: Callable[[], Any] | None = None, fn2: Callable[[], Any] | None = None) -> Any:
    """`tf.cond`, or one function alone when the graph tells already which.

    Args:
        pred: bool, 0 or 1, or a scalar tensor.
        true_fn: what to build for a true `pred`.
        false_fn: what to build for a false one.
        name: name of the `tf.cond`.
        fn1, fn2: older names of `true_fn` and `false_fn`.

    Raises:
        TypeError: a function is missing, or `pred` is none of these.

    Example:
        >>> from flowgraph.contrib import framework
        >>> framework.smart_cond(True, lambda: "yes", lambda: "no")
        'yes'
    """
    true_fn, false_fn = true_fn or fn1, false_fn or fn2
    if not callable(true_fn) or not callable(false_fn):
        raise TypeError(located(f"`{'false_fn' if callable(true_fn) else 'true_fn'}` must be "
                                "callable."))
    known = known_truth(pred)
    if known is not None:
        return true_fn() if known else false_fn()
    from flowgraph.ops.cond import cond
    return cond(convert_to_tensor(pred), true_fn, false_fn, name=name)
