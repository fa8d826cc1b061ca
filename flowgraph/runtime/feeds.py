"""Feeds: from what the caller brings to arrays that fit the tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.core import shapes
from flowgraph.core.dtypes import DType
from flowgraph.core.frames import located
from flowgraph.core.spec import shape_text
from flowgraph.core.values import to_array
from flowgraph.errors import FeedError, FeedTypeError, without_docs
from flowgraph.graph.graph import Graph
from flowgraph.graph.tensor import Tensor, is_tensor_like


def feed_tensor(graph: Graph, key: Any) -> Tensor:
    """The tensor that a key of `feed_dict` stands for.

    Raises:
        FeedTypeError: the key cannot stand for a tensor of this graph.
        FeedError: the tensor may not be fed.
    """
    try:
        tensor = graph.find_element(key, allow_operation=False)
    except (TypeError, KeyError, ValueError) as error:
        raise FeedTypeError(located(
            f"Cannot interpret feed_dict key as Tensor: {without_docs(error)}",
            advice="Keys are tensors of the session's graph, or their names as 'x:0'.",
            section="feed-error")) from None
    if not graph.is_feedable(tensor):
        raise FeedError(located(f"Tensor {tensor.name!r} ({tensor.op.frame}) may not be fed.",
                                section="feed-error"))
    return tensor


def feed_array(tensor: Tensor, value: Any) -> np.ndarray:
    """The value for `tensor` as an array of its dtype; the caller's own array if it fits.

    Raises:
        FeedTypeError: the value is a Tensor, an int too large for the dtype, or complex for a real
            dtype.
        FeedError: the value is text for a number, or no array at all (None, uneven lists).
    """
    dtype = tensor.spec.dtype
    if type(value) is float and dtype.kind == "f" and -60_000.0 < value < 60_000.0:
        return np.asarray(value, dtype._numpy)  # fits every floating dtype: no check, no errstate
    if is_tensor_like(value):
        raise FeedTypeError(located(
            f"The value fed to {tensor.name!r} ({tensor.op.frame}) is itself the tensor "
            f"{value.name!r}", advice="Feed an array: run the tensor first, or leave it out of "
            "feed_dict and build the graph on it.", section="feed-error"))
    if dtype.kind == "r":
        return np.array(value, object)
    try:
        array = (np.asarray(value) if isinstance(value, np.ndarray)  # no np.matrix and the like
                 else _as_array(value, dtype))
        if array.dtype != dtype.numpy or dtype.kind == "s":
            array = _cast(array, dtype)
    except (TypeError, ValueError, OverflowError) as error:
        kind = FeedTypeError if isinstance(error, (TypeError, OverflowError)) else FeedError
        raise kind(located(
            f"Cannot feed this value for Tensor {tensor.name!r} ({tensor.op.frame}), which is "
            f"{dtype.name}: {error}", section="feed-error")) from None
    return array


def check_shape(tensor: Tensor, shape: tuple[int, ...]) -> None:
    """Raises FeedError unless an array of this shape can be the tensor's value."""
    if not shapes.compatible(tensor.spec.shape, shape):
        raise FeedError(located(
            f"Cannot feed value of shape {shape_text(shape)} for Tensor {tensor.name!r} "
            f"({tensor.op.frame}), which has shape {shape_text(tensor.spec.shape)}",
            advice="Reshape the array, or give the placeholder None for the sizes that vary.",
            section="feed-error"))


def _as_array(value: Any, dtype: DType) -> np.ndarray:
    if value is None:
        raise ValueError("None is not a value")
    if dtype.kind == "s":
        return to_array(value, dtype)
    if type(value) is float and dtype.kind == "f":
        with np.errstate(over="ignore"):
            return np.asarray(value, dtype.numpy)
    array = np.asarray(value)
    if array.dtype == object and hasattr(value, "__dlpack__"):
        array = np.from_dlpack(value)
    if array.dtype == object and isinstance(value, int) and dtype.kind in "fc":
        return np.asarray(value, dtype.numpy)
    if array.dtype == object:
        raise ValueError("its rows have uneven lengths, or it holds something other than numbers")
    if isinstance(value, int) and dtype.is_integer and not dtype.min <= value <= dtype.max:
        raise TypeError(f"{value} does not fit {dtype.name}")
    return array


def _cast(array: np.ndarray, dtype: DType) -> np.ndarray:
    """The array in another dtype. Fractions are cut off for integers, as TensorFlow 1 does."""
    if dtype.kind == "s":
        return to_array(array, dtype)
    if array.dtype.kind in "SUO":
        raise ValueError(f"it holds text, or objects of {array.dtype}")
    if array.dtype.kind == "c" and dtype.kind != "c":
        raise TypeError("its imaginary part would be lost")
    with np.errstate(all="ignore"):
        return array.astype(dtype.numpy)
