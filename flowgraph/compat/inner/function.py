"""`tensorflow.python.framework.function`: `Defun`, whose calls build the ops where they stand.

TensorFlow keeps a function's ops apart, and calls them. Here a call adds them to the graph: the
numbers are the same, and a gradient of the function's own is taken.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import flowgraph as tf


class Defun:
    """Makes a Python function one of a graph.

    Args:
        *input_types: dtypes of its arguments.
        **kwargs: `python_grad_func(op, *dys)` or `grad_func(*inputs, *dys)` make its gradient;
            `func_name`, `out_names`, `shape_func`, `noinline` say nothing here.
    """

    def __init__(self, *input_types: Any, **kwargs: Any) -> None:
        self._dtypes = [tf.as_dtype(dtype) for dtype in input_types]
        self._gradient = kwargs.get("python_grad_func")
        self._grad_func = kwargs.get("grad_func")
        self._name = kwargs.get("func_name")

    def __call__(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function that builds the ops of `func` at each call."""
        @functools.wraps(func)
        def call(*args: Any, **kwargs: Any) -> Any:
            with tf.name_scope(kwargs.pop("name", None) or self._name or func.__name__):
                dtypes = [*self._dtypes, *[None] * len(args)]
                inputs = [tf.convert_to_tensor(arg, dtype) for arg, dtype in zip(args, dtypes)]
                if self._gradient is None and self._grad_func is None:
                    return func(*inputs)
                return tf.custom_gradient(functools.partial(self._with_gradient, func))(*inputs)

        return call

    def _with_gradient(self, func: Callable[..., Any], *inputs: Any) -> tuple[Any, Any]:
        results = func(*inputs)
        outputs = list(results) if isinstance(results, (list, tuple)) else [results]

        def gradient(*dys: Any) -> Any:
            if self._gradient is not None:
                return self._gradient(SimpleNamespace(inputs=list(inputs), outputs=outputs), *dys)
            assert self._grad_func is not None
            return self._grad_func(*inputs, *dys)

        return results, gradient
