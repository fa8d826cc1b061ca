"""Tokens of Python functions: no GraphDef can hold a function, it holds the function's token.

As in TensorFlow, a graph that is read in the process that wrote it calls the same functions; read
elsewhere, running such an op is an error.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakValueDictionary

from flowgraph.graph.operation import Operation


class _Held:
    """A function that an op holds, by which it lives as long as the op."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function


_held: WeakValueDictionary[str, _Held] = WeakValueDictionary()


def token_of(op: Operation) -> str:
    """The token of the function that an op calls.

    Args:
        op: a PyFunc.
    """
    held = (op._extra or {}).get("py_func")
    if held is None:
        held = _Held(op.attrs["func"])
        op._extra = {**(op._extra or {}), "py_func": held}
    token = f"pyfunc_{id(held)}"
    _held[token] = held
    return token


def function_of(token: str) -> Callable[..., Any]:
    """The function of a token; one that fails when called if it is not known.

    Args:
        token: the token.
    """
    held = _held.get(token)
    if held is not None:
        return held.function

    def unknown(*arguments: Any) -> Any:
        raise ValueError(f"callback {token} is not found: a GraphDef does not hold the Python "
                         "function of tf.py_func. Replace the node through input_map.")

    return unknown
