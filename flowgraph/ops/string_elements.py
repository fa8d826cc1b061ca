"""What the string ops share: strings are object arrays of `bytes`, and Python works on each.

Kernels of string ops are host-only: there is no array module for text. An op whose result at a
place depends on the string there alone is an `Elementwise` one and says only what happens to one
string.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.spec import Spec
from flowgraph.errors import InvalidArgumentError
from flowgraph.opdef.opdef import NotDifferentiable, OpDef

ON_HOST = "strings are Python bytes"


def invalid(problem: str) -> InvalidArgumentError:
    """The error for data that an op cannot take; the runner adds where it happened."""
    return InvalidArgumentError(None, None, problem)


def shown(value: bytes, limit: int = 60) -> str:
    """A string for a message, shortened."""
    text = value.decode("utf-8", "backslashreplace")
    return text if len(text) <= limit else text[:limit] + "..."


def strings(values: Iterable[bytes], shape: Any) -> np.ndarray:
    """An object array of these strings."""
    flat = list(values)
    array = np.empty(len(flat), object)
    array[:] = flat
    return array.reshape(shape)


def mapped(function: Callable[[bytes], bytes], array: Any) -> np.ndarray:
    """`function` of each string, in an array of the same shape."""
    return strings([function(text) for text in array.reshape(-1).tolist()], array.shape)


def numbers(function: Callable[[bytes], Any], array: Any, dtype: Any) -> np.ndarray:
    """The number that `function` makes of each string, in an array of the same shape."""
    return np.array([function(text) for text in array.reshape(-1).tolist()],
                    dtype).reshape(array.shape)


class Elementwise(OpDef, abstract=True):
    """y[i] = a string made of the string x[i] alone."""

    T = dt.STRING
    host_only: ClassVar[str] = ON_HOST
    grad = NotDifferentiable

    def infer(self, input: Spec) -> Spec:
        return Spec(dt.string, input.shape)

    def kernel(self, xp: Any, input: Any) -> Any:
        return mapped(self.one, input)

    def one(self, text: bytes) -> bytes:
        """What becomes of one string."""
        raise NotImplementedError
