"""tf.make_tensor_proto, tf.make_ndarray: from arrays to TensorProto messages and back."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.core.tensor_message import TensorProto, put_elements, shape_message
from flowgraph.core.values import to_array
from flowgraph.ops.string_elements import strings
from flowgraph.ops.tensor_proto import parsed_tensor

# Several elements of these are written as bytes.
_AS_BYTES = (dt.float32, dt.float64, dt.int32, dt.uint8, dt.int16, dt.int8, dt.int64, dt.uint32,
             dt.uint64)


def make_tensor_proto(values, dtype=None, shape=None, verify_shape=False, allow_broadcast=False):
    """Makes a TensorProto: a tensor's message, as TensorFlow and its model servers take it.

    Args:
        values: number, text, array, or nested lists of them; a TensorProto is returned as it is.
        dtype: its dtype; default that of the values, float32 and int32 for Python numbers.
        shape: its shape; default that of the values. If there are fewer values, the last one stands
            for all that follow.
        verify_shape: whether the values must have this shape.
        allow_broadcast: whether the values must have as many elements as the shape, or be one.

    Returns:
        A TensorProto; `SerializeToString` writes it.

    Raises:
        TypeError: the values do not fit the dtype, or not the shape where it is to be verified.
        ValueError: there is None, nested lists are uneven, there are more values than the shape
            has, or both `verify_shape` and `allow_broadcast` are asked for.

    Example:
        >>> import flowgraph as fg
        >>> message = fg.make_tensor_proto([[1, 2]])
        >>> message.dtype == fg.int32, [dim.size for dim in message.tensor_shape.dim]
        (True, [1, 2])
        >>> fg.make_ndarray(message)
        array([[1, 2]], dtype=int32)
    """
    if allow_broadcast and verify_shape:
        raise ValueError(located("allow_broadcast and verify_shape are not both allowed."))
    if isinstance(values, TensorProto):
        return values
    sizes = None if shape is None else tuple(int(n) for n in shape)
    array = _as_array(values, None if dtype is None else dt.as_dtype(dtype).base_dtype, sizes)
    dtype = dt.of_numpy(array.dtype)
    if sizes is not None:
        _check_sizes(array, sizes, verify_shape, allow_broadcast)
    sizes = array.shape if sizes is None else sizes
    count = math.prod(sizes)
    message = TensorProto(dtype=dtype.as_datatype_enum, tensor_shape=shape_message(sizes))
    if array.size == count > 1 and dtype in _AS_BYTES:
        message.tensor_content = np.ascontiguousarray(array).tobytes()
    else:
        put_elements(message, dtype.name, np.ascontiguousarray(array))
    return message


def _as_array(values: Any, dtype: Any, sizes: Any) -> np.ndarray:
    if sizes is not None and 0 in sizes and not isinstance(values, (np.ndarray, np.generic)):
        return np.empty(sizes, (dtype or dt.float32).numpy)
    try:
        return to_array(values, dtype)
    except (TypeError, ValueError) as error:
        raise type(error)(located(f"make_tensor_proto cannot take {values!r:.60}: {error}")
                          ) from None


def _check_sizes(array, sizes, verify_shape, allow_broadcast):
    if allow_broadcast:
        fits = array.shape in ((), (1,)) or array.size == math.prod(sizes)
    else:
        fits = not verify_shape or array.shape == sizes
    if not fits:
        raise TypeError(located(f"Expected Tensor's shape: {sizes}, got {array.shape}."))
    if not allow_broadcast and array.size > math.prod(sizes):
        raise ValueError(located(f"Too many elements provided. Needed at most {math.prod(sizes)}, "
                                 f"but received {array.size}"))


def make_ndarray(tensor):
    """Gives the array that a TensorProto holds.

    Args:
        tensor: a TensorProto.

    Returns:
        An array of its shape and dtype; strings are an object array of bytes.

    Raises:
        TypeError: the message has no dtype that is offered.
        ValueError: its elements do not go with its shape.

    Example:
        >>> import flowgraph as fg
        >>> fg.make_ndarray(fg.make_tensor_proto(0.5, shape=[3]))
        array([0.5, 0.5, 0.5], dtype=float32)
    """
    sizes = [dim.size for dim in tensor.tensor_shape.dim]
    dtype = dt.as_dtype(tensor.dtype)
    if dtype is dt.string and not tensor.tensor_content:
        held = list(tensor.string_val) or [b""]
        missing = max(math.prod(sizes) - len(held), 0)
        return strings([*held, *held[-1:] * missing][:math.prod(sizes)], sizes)
    return np.array(parsed_tensor(tensor.SerializeToString()))
