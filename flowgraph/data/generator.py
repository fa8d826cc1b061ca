"""`Dataset.from_generator` at run time: what a Python generator yields, checked and converted."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.shapes import compatible
from flowgraph.core.spec import shape_text
from flowgraph.core.values import to_array
from flowgraph.data import structure
from flowgraph.data.pipeline import Element
from flowgraph.runtime.run_errors import as_users_error


class Origin:
    """The operation that a kernel's errors are about; known once it is built.

    Attributes:
        op: the operation.
        types: structure of the dtypes of an element.
    """

    def __init__(self, types: Any) -> None:
        self.op: Any = None
        self.types = types

    def __repr__(self) -> str:
        return "<the operation itself>"


def elements_of(generator: Any, arguments: tuple[Any, ...], dtypes: Any, shapes: Any,
                origin: Origin) -> _Elements:
    """A new iterator over what `generator(*arguments)` gives, as tuples of arrays.

    Args:
        generator: the user's callable.
        arguments: values of the tensors given as `args`.
        dtypes, shapes: of the components.
        origin: whose errors these are.
    """
    return _Elements(generator, arguments, dtypes, shapes, origin)


class _Elements:
    """Asks the user's iterator for the next element; starts it when the first one is wanted."""

    def __init__(self, generator: Any, arguments: tuple[Any, ...], dtypes: Any, shapes: Any,
                 origin: Origin) -> None:
        self._generator = generator
        self._arguments = arguments
        self._dtypes = dtypes
        self._shapes = shapes
        self._origin = origin
        self._values: Any = None
        self._ended = False

    def __iter__(self) -> _Elements:
        return self

    def __next__(self) -> Element:
        if self._ended:
            raise StopIteration
        try:
            if self._values is None:
                self._values = iter(self._generator(*self._arguments))
            value = next(self._values)
        except StopIteration:
            self._ended = True
            self._values = None
            raise
        except Exception as error:
            self._ended = True
            raise self._users(error) from error.__cause__
        try:
            leaves = structure.flatten_up_to(self._origin.types, value)
        except (TypeError, ValueError):
            raise self._users(TypeError(
                "`generator` yielded an element that did not match the expected structure. The "
                f"expected structure was {self._origin.types}, but the yielded element was "
                f"{value!r:.200}.")) from None
        return tuple([self._component(i, leaf) for i, leaf in enumerate(leaves)])

    def _component(self, i: int, value: Any) -> np.ndarray:
        dtype, shape = self._dtypes[i], self._shapes[i]
        try:
            if dtype is dt.string or (isinstance(value, float) and not dtype.is_floating):
                array = to_array(value, dtype)  # which refuses 1.5 for an int32
            else:
                array = np.asarray(value, dtype.numpy)
        except (TypeError, ValueError, OverflowError):
            raise self._users(TypeError(
                "`generator` yielded an element that could not be converted to the expected type. "
                f"The expected type was {dtype.name}, but the yielded element was "
                f"{value!r:.200}.")) from None
        if not compatible(shape, array.shape):
            raise self._users(ValueError(
                f"`generator` yielded an element of shape {shape_text(array.shape)} where an "
                f"element of shape {shape_text(shape)} was expected."))
        return np.array(array) if array is value or array.base is not None else array

    def _users(self, error: Exception) -> Exception:
        """The error of the user's code, both of TensorFlow's class for it and of its own."""
        op = self._origin.op
        text = f"{op.type} {op.name!r} ({op.frame}): {error}" if op is not None else str(error)
        return as_users_error(error, op, text)

    def close(self) -> None:
        """Closes the user's generator."""
        values, self._values, self._ended = self._values, None, True
        if hasattr(values, "close"):
            try:
                values.close()
            except ValueError:  # it runs in another thread just now, and will not be asked again
                return
