"""Python values to arrays, by TensorFlow 1's rules.

Python floats become float32, Python ints int32 (int64 when they do not fit), text becomes bytes.
NumPy arrays keep their dtype, or are cast to the one asked for; Python values are never cast in a
way that loses something: 1.5 for an int32 is an error.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.dtypes import DType
from flowgraph.core.shapes import Dimension, TensorShape

_INT32 = np.iinfo(np.int32)


def to_array(value: Any, dtype: DType | None = None) -> np.ndarray:
    """An array of `value`.

    Args:
        value: number, text, array, or nested lists of them.
        dtype: the dtype it must have; None to take the value's own.

    Raises:
        TypeError: a Python value does not fit `dtype`, or there is no dtype for it, or a list holds
            None.
        ValueError: None, or nested lists of uneven lengths.
    """
    if isinstance(value, (np.ndarray, np.generic)):
        return _from_numpy(np.asarray(value), dtype)
    if value is None:
        raise ValueError("None values not supported.")
    if isinstance(value, TensorShape):
        return np.array(_shape_list(value), np.int32 if dtype is None else dtype.numpy)
    if isinstance(value, Dimension):
        value = _known_size(value)
    if type(value) is float:
        if dtype is None or dtype is dt.float32:
            with np.errstate(over="ignore"):  # 1e300 is inf
                return np.array(value, np.float32)
    elif type(value) is int and _INT32.min <= value <= _INT32.max and (
            dtype is None or dtype is dt.int32):
        return np.array(value, np.int32)
    if hasattr(value, "__array__") and not isinstance(value, (list, tuple)):
        return _from_numpy(np.asarray(value), dtype)
    leaf = _check_leaves(value, dtype)
    if leaf is str:
        return _strings(value)
    if leaf is Dimension:
        value = _plain_sizes(value)
    try:
        array = np.array(value)
        if array.dtype == object and leaf is int and dtype is not None and dtype.kind in "fc":
            array = np.array(value, dtype.numpy)  # ints that only a float can hold
    except ValueError:
        raise ValueError("the nested lists have uneven lengths; every row of a tensor must be as "
                         "long as the others") from None
    if array.dtype.kind == "O":
        raise TypeError(f"cannot make a tensor of {type(value).__name__} {value!r:.100}")
    if dtype is not None:
        return _cast_python(array, dtype)
    if array.dtype == np.float64:
        return array.astype(np.float32)
    if array.dtype == np.int64 and (array.size == 0 or (
            array.min() >= _INT32.min and array.max() <= _INT32.max)):
        return array.astype(np.int32)
    return array


def _cast_python(array: np.ndarray, dtype: DType) -> np.ndarray:
    if dtype.is_integer and array.size and array.dtype.kind in "iu" and not (
            dtype.min <= array.min() and array.max() <= dtype.max):
        raise TypeError(f"the value {array.flat[0]} does not fit {dtype.name}" if array.size == 1
                        else f"some values do not fit {dtype.name}")
    with np.errstate(over="ignore"):  # 1e10 as a float16 is inf
        return array.astype(dtype.numpy)


def _from_numpy(array: np.ndarray, dtype: DType | None) -> np.ndarray:
    if array.dtype.kind == "O" and dtype not in (None, dt.string):
        return to_array(array.tolist(), dtype).reshape(array.shape)
    if array.dtype.kind in "USO":
        if dtype not in (None, dt.string):
            raise TypeError(f"expected {dtype.name}, got text")
        return _strings(array.tolist(), array.shape)
    if dtype is None:
        dt.of_numpy(array.dtype)  # raises TypeError when there is no such dtype
        return array
    if dtype is dt.string:
        raise TypeError(f"expected string, got numbers of {array.dtype}")
    with np.errstate(all="ignore"):
        return array.astype(dtype.numpy, copy=False)


def _strings(value: Any, shape: tuple[int, ...] | None = None) -> np.ndarray:
    """An object array of bytes from nested lists of text."""
    flat: list[Any] = []

    def walk(item: Any, depth: int) -> tuple[int, ...]:
        if not isinstance(item, (list, tuple)):
            if not isinstance(item, (str, bytes)):
                raise TypeError(f"expected string, got {item!r:.50} of type "
                                f"{type(item).__name__!r} instead")
            flat.append(item.encode() if isinstance(item, str) else bytes(item))
            return ()
        inner = {walk(part, depth + 1) for part in item}
        if len(inner) > 1:
            raise ValueError("the nested lists have uneven lengths")
        return (len(item), *(inner.pop() if inner else ()))

    found = walk(value, 0)
    array = np.empty(len(flat), object)
    array[:] = flat
    return array.reshape(found if shape is None else shape)


def _check_leaves(value: Any, dtype: DType | None) -> Any:
    """Checks every leaf against `dtype`; returns `str` for text, Dimension where there is one."""
    first: Any = None
    has_dimension = False
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, (list, tuple)):
            stack.extend(reversed(item))
            continue
        if item is None:
            raise TypeError("a list holds None; sizes that only a run knows are tf.shape(t)[i], or "
                            "-1 in tf.reshape")
        kind = type(item)
        if isinstance(item, (str, bytes)):
            kind = str
        elif isinstance(item, Dimension):
            if item.value is None:
                raise TypeError("a list holds an unknown Dimension; sizes that only a run knows "
                                "are tf.shape(t)[i], or -1 in tf.reshape")
            has_dimension, item, kind = True, item.value, int
        if first is None:
            first = kind
        if dtype is not None and not _fits(item, kind, dtype):
            raise TypeError(f"expected {dtype.name}, got {item!r:.50} of type "
                            f"{kind.__name__!r} instead")
        if dtype is None and (kind is str) != (first is str):
            raise TypeError(f"a list mixes text and numbers: {item!r:.50}")
    return Dimension if has_dimension else first


def _fits(item: Any, kind: Any, dtype: DType) -> bool:
    if kind is str or dtype is dt.string:
        return kind is str and dtype is dt.string
    if kind is bool:
        return dtype.kind in "biufc"  # a Python bool is an int, also to TensorFlow
    if kind is np.bool_:
        return dtype.is_bool
    if dtype.is_bool:
        return False
    if isinstance(item, (int, np.integer)):
        return True
    if isinstance(item, (float, np.floating)):
        return not dtype.is_integer
    if isinstance(item, (complex, np.complexfloating)):
        return dtype.is_complex
    return True  # arrays inside lists: NumPy decides


def _shape_list(shape: TensorShape) -> list[int]:
    if not shape.is_fully_defined():
        raise ValueError(f"cannot convert the partially known TensorShape {shape} to a tensor; "
                         "write tf.shape(t) for the sizes in a run")
    return [n for n in shape.as_list() if n is not None]


def _plain_sizes(value: Any) -> Any:
    """Nested lists with the ints that known Dimensions stand for."""
    if isinstance(value, (list, tuple)):
        return [_plain_sizes(item) for item in value]
    return value.value if isinstance(value, Dimension) else value


def _known_size(size: Dimension) -> int:
    if size.value is None:
        raise ValueError("cannot convert an unknown Dimension to a tensor; write tf.shape(t)[i] "
                         "for the size in a run")
    return size.value
