"""Conversion to tensors: what `tf.add(x, 2.0)` does with the 2.0.

Python values become `Const` nodes; lists that hold tensors become `Pack` nodes; objects that stand
for a tensor (variables, IndexedSlices, the user's own classes) bring a conversion function, as with
TensorFlow 1's `tf.register_tensor_conversion_function`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from flowgraph.core import frames
from flowgraph.core.dtypes import DType, as_dtype
from flowgraph.core.frames import located
from flowgraph.core.values import to_array
from flowgraph.errors import (
    ConversionError,
    DTypeError,
    FlowgraphError,
    OtherDTypeError,
    message,
    without_docs,
)
from flowgraph.graph.graph import Graph, get_default_graph
from flowgraph.graph.tensor import Tensor, is_tensor_like
from flowgraph.opdef.opdef import op_def

Conversion = Callable[..., Any]
_conversions: list[tuple[int, Any, Conversion]] = []


def register_tensor_conversion_function(base_type: Any, conversion_func: Conversion,
                                        priority: int = 100) -> None:
    """Says how objects of a class become tensors.

    Args:
        base_type: a class, or a tuple of classes.
        conversion_func: takes (value, dtype=None, name=None, as_ref=False), returns a Tensor or
            NotImplemented.
        priority: functions with a smaller number are asked first.

    Raises:
        TypeError: an argument is something else, or the class is a number's or an array's.

    Example:
        >>> import flowgraph as fg
        >>> class Celsius:
        ...     def __init__(self, degrees):
        ...         self.degrees = degrees
        >>> def in_kelvin(value, dtype=None, name=None, as_ref=False):
        ...     return fg.constant(value.degrees + 273.0, dtype, name=name)
        >>> fg.register_tensor_conversion_function(Celsius, in_kelvin)
        >>> fg.Session().run(Celsius(20.0) + fg.constant(1.0))
        np.float32(294.0)
    """
    classes = base_type if isinstance(base_type, tuple) else (base_type,)
    if not all(isinstance(c, type) for c in classes):
        raise TypeError(located(f"base_type must be a type or a tuple of types, not {base_type!r}"))
    if any(issubclass(c, (int, float, np.ndarray, np.generic)) for c in classes):
        raise TypeError(located("Python numbers and NumPy arrays have their conversion already; "
                                f"base_type cannot be {base_type!r}"))
    if not callable(conversion_func):
        raise TypeError(located("conversion_func must be callable"))
    _conversions.append((priority, base_type, conversion_func))
    _conversions.sort(key=lambda entry: entry[0])


def convert_to_tensor(value: Any, dtype: Any = None, name: str | None = None,
                      preferred_dtype: Any = None, dtype_hint: Any = None) -> Tensor:
    """Makes a Tensor of `value`.

    Args:
        value: Tensor, Variable, number, text, array, or nested lists of these.
        dtype: the dtype it must have.
        name: name of the node made, if one is made.
        preferred_dtype: a dtype to try first; no error when it does not fit.
        dtype_hint: newer name of `preferred_dtype`.

    Raises:
        TypeError: the value does not fit `dtype`.
        ValueError: the value is None or ragged, or a tensor whose dtype is not `dtype`.

    Example:
        >>> import flowgraph as fg
        >>> fg.convert_to_tensor([1, 2]).dtype
        tf.int32
    """
    preferred_dtype = preferred_dtype if dtype_hint is None else dtype_hint
    if preferred_dtype is not None and dtype is None and not isinstance(value, Tensor):
        try:
            return to_tensor(get_default_graph(), value, as_dtype(preferred_dtype), name)
        except (TypeError, ValueError):
            dtype = None  # only a preference
    dtype = None if dtype is None else as_dtype(dtype).base_dtype
    try:
        return to_tensor(get_default_graph(), value, dtype, name)
    except ConversionError as error:  # an op's input of a wrong dtype is a TypeError, this is none
        raise OtherDTypeError(*error.args) if is_tensor_like(value) else error from None


def to_tensor(graph: Graph, value: Any, dtype: DType | None, name: str | None) -> Tensor:
    """`value` as a tensor of `graph`, with base dtype `dtype` when one is given."""
    try:
        return as_tensor(graph, value, dtype, name)
    except (TypeError, ValueError) as error:
        raise refused_value(error, f"cannot make a tensor of this value ({frames.user_frame()}): "
                            f"{error}") from None


def as_tensor(graph: Graph, value: Any, dtype: DType | None, name: str | None) -> Tensor:
    """Like `to_tensor`; a value that has no tensor raises TypeError or ValueError with the bare
    reason, for callers that say themselves where it happened.
    """
    if not isinstance(value, Tensor):
        value = _convert(graph, value, dtype, name)
    if dtype is not None and value.dtype.base_dtype is not dtype:
        raise ConversionError(message(
            f"expected a {dtype.name} tensor, got {value.name!r} of {value.dtype.base_dtype.name} "
            f"({value.op.frame})", advice=f"Write tf.cast(..., tf.{dtype.name}).",
            section="dtype-error"))
    return value if value.graph is graph else graph.adopt(value)


def refused_value(error: TypeError | ValueError, text: str, advice: str = "") -> Exception:
    """What to raise for a value that `as_tensor` refused; an error that says it all stays as it is.
    """
    if isinstance(error, FlowgraphError):
        return error
    kind, section = ((DTypeError, "dtype-error") if isinstance(error, TypeError)
                     else (ValueError, "value-error"))
    return kind(message(text, advice=advice, section=section))


def value_advice(error: Exception, beside: DType | None) -> str:
    """Why a value became no tensor, and what to write for a fraction beside an integer tensor."""
    text = without_docs(error)
    if beside is None or not beside.is_integer or "of type 'float' instead" not in text:
        return text
    return f"{text}. For fractions write tf.cast(..., tf.float32) around the {beside.name} tensor."


def _convert(graph: Graph, value: Any, dtype: DType | None, name: str | None) -> Tensor:
    for _, base_type, function in _conversions:
        if isinstance(value, base_type):
            with graph.as_default():
                made = function(value, dtype=dtype, name=name, as_ref=False)
            if made is not NotImplemented:
                return made
    if isinstance(value, (list, tuple)) and _holds_tensor(value):
        return _pack(graph, value, dtype, name)
    return constant_node(graph, to_array(value, dtype), name or "Const")


def constant_node(graph: Graph, array: np.ndarray, name: str) -> Tensor:
    """A `Const` node that holds a private, read-only copy of `array`."""
    array = np.array(array)
    array.flags.writeable = False
    with graph.as_default():
        return op_def("Const").build(value=array, name=name)


def _holds_tensor(value: Any) -> bool:
    return any(isinstance(item, Tensor) or hasattr(item, "_as_graph_element")
               or (isinstance(item, (list, tuple)) and _holds_tensor(item)) for item in value)


def _first_dtype(value: Any) -> DType | None:
    """The dtype of the first tensor in nested lists."""
    for item in value:
        if isinstance(item, (list, tuple)):
            found = _first_dtype(item)
            if found is not None:
                return found
        elif isinstance(item, Tensor) or hasattr(item, "_as_graph_element"):
            return item.dtype.base_dtype
    return None


def _pack(graph: Graph, value: Any, dtype: DType | None, name: str | None) -> Tensor:
    """Nested lists that hold tensors, as `Pack` nodes.

    Where another dtype is asked for than the first tensor has, the tensors are cast.
    """
    first = _first_dtype(value)
    dtype = dtype or first
    with graph.as_default(), graph.name_scope(name or "packed") as scope:
        parts = [to_tensor(graph, _cast(item, dtype) if dtype is not first else item, dtype, str(i))
                 for i, item in enumerate(value)]
        return op_def("Pack").build(parts, name=scope)


def _cast(item: Any, dtype: DType | None) -> Any:
    return op_def("Cast").build(item, DstT=dtype) if is_tensor_like(item) else item
