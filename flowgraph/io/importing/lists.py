"""Lists of tensors in a GraphDef: TensorFlow's ops take the shape of an item as an input."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.graph.tensor import Tensor
from flowgraph.io.importing.build import Build
from flowgraph.io.importing.rules import rule
from flowgraph.opdef.static_value import known_value


def _element_shape(tensor: Tensor) -> Any:
    """The shape of an item, as far as the graph tells."""
    value = known_value(tensor)
    if not isinstance(value, tuple):
        return None
    return tuple(None if n is None or n < 0 else n for n in value)


@rule("EmptyTensorList")
def empty(build: Build) -> Any:
    """A list without items."""
    return build.plain("EmptyTensorList")


@rule("TensorListReserve")
def reserve(build: Build) -> Any:
    """A list of missing items."""
    return build.plain("TensorListReserve", build.inputs[1])


@rule("TensorListGetItem")
def get_item(build: Build) -> Any:
    """An item; where only a run tells its shape, zeros of that shape if it is missing."""
    items, index, shape = build.inputs
    dtype, static = build.attr("element_dtype"), _element_shape(shape)
    known = known_value(shape)
    if shape.spec.rank != 1 or dtype is dt.variant or (
            isinstance(known, tuple) and None not in known):
        return build.plain("TensorListGetItem", items, index, element_shape=static)
    zero = np.array(b"" if dtype is dt.string else 0, dtype.numpy)
    sizes = build.sub("Maximum", shape, np.zeros((), shape.dtype.numpy), part="sizes")
    zeros = build.sub("Fill", sizes, zero, part="zeros")
    made = build.plain("TensorListGetOrZeros", items, index, zeros)
    made.set_shape(static)
    return made


@rule("TensorListStack")
def stack(build: Build) -> Any:
    """All items as rows."""
    items, shape = build.inputs
    count = build.attr("num_elements")
    return build.plain("TensorListStack", items, element_shape=_element_shape(shape),
                       num_elements=None if count < 0 else count)


@rule("TensorListGather")
def gather(build: Build) -> Any:
    """Some items as rows."""
    items, indices, shape = build.inputs
    return build.plain("TensorListGather", items, indices, element_shape=_element_shape(shape))


@rule("TensorListConcatV2")
def concat(build: Build) -> Any:
    """All items end to end."""
    items, shape, _ = build.inputs
    return build.plain("TensorListConcat", items, element_shape=_element_shape(shape))


@rule("TensorListFromTensor")
def from_tensor(build: Build) -> Any:
    """Rows as a list."""
    return build.plain("TensorListFromTensor", build.inputs[0])


@rule("TensorListSetItem")
def set_item(build: Build) -> Any:
    """A list with one more item."""
    return build.plain("TensorListPutItem", *build.inputs,
                       grows=build.attr("resize_if_index_out_of_bounds"))


@rule("TensorListScatter", "TensorListScatterV2")
def scatter(build: Build) -> Any:
    """A new list of rows at some places."""
    count: Any = build.inputs[3] if len(build.inputs) > 3 else np.int32(0)
    items = build.sub("TensorListReserve", count, part="list", grows=True)
    return build.plain("TensorListScatterIntoExistingList", items, build.inputs[0],
                       build.inputs[1], grows=True)


@rule("TensorListSplit")
def split(build: Build) -> Any:
    """A new list of pieces of a tensor."""
    tensor, _, lengths = build.inputs
    items = build.sub("TensorListReserve", np.int32(0), part="list", grows=True)
    return build.plain("TensorListSplit", items, tensor, lengths, grows=True)


@rule("AddN")
def add_n(build: Build) -> Any:
    """A sum; of lists item by item."""
    lists = bool(build.inputs) and build.inputs[0].dtype is dt.variant
    return build.plain("TensorListAddN" if lists else "AddN", build.inputs)


@rule("TensorListElementShape")
def element_shape(build: Build) -> Any:
    """Not known: only ops that make other lists ask, and ours do not need it."""
    return build.plain("Const", value=np.array(-1, build.attr("shape_type").numpy))


@rule("ZerosLike")
def zeros_like(build: Build) -> Any:
    """Zeros; for a list of tensors, a list of zeros."""
    is_list = build.inputs[0].dtype is dt.variant
    return build.plain("TensorListZerosLike" if is_list else "ZerosLike", *build.inputs)
