"""Lists of tensors that grow and shrink."""

from __future__ import annotations

import numpy as np

import flowgraph as fg
from flowgraph.ops.tensor_list import EmptyTensorList, TensorListGetItem, TensorListLength
from flowgraph.ops.tensor_list_batch import TensorListStack
from flowgraph.ops.tensor_list_grow import (
    TensorListPopBack,
    TensorListPushBack,
    TensorListPutItem,
    TensorListResize,
    TensorListZerosLike,
)
from flowgraph.testing import BadCase, Case

ROWS = np.array([[1.0, 2.0], [3.0, -4.0]])


def pushed(x):
    items = EmptyTensorList.build()
    for row in fg.unstack(x, 2):
        items = TensorListPushBack.build(items, row)
    return items


def popped(x):
    items, last = TensorListPopBack.build(pushed(x), [-1], element_dtype=fg.float64)
    return [TensorListLength.build(items), last]


CASES = [
    Case("TensorListPushBack/rows", lambda x: TensorListStack.build(
        pushed(x), element_dtype=fg.float64, element_shape=(2,)), (ROWS,), lambda x: x, grad=True,
        unknown_shapes=False),
    Case("TensorListPushBack/long_ago", lambda x: TensorListGetItem.build(
        TensorListPushBack.build(pushed(x), x[0]), 0, element_dtype=fg.float64,
        element_shape=(2,)), (ROWS,), lambda x: x[0], unknown_shapes=False),
    Case("TensorListPopBack/last", popped, (ROWS,), lambda x: [np.int32(1), x[1]],
         unknown_shapes=False),
    Case("TensorListResize/longer", lambda x: TensorListStack.build(
        TensorListResize.build(pushed(x), 3), element_dtype=fg.float64, element_shape=(2,)),
        (ROWS,), lambda x: np.concatenate([x, [[0.0, 0.0]]]), grad=True, unknown_shapes=False),
    Case("TensorListResize/shorter", lambda x: TensorListStack.build(
        TensorListResize.build(pushed(x), 1), element_dtype=fg.float64, element_shape=(2,)),
        (ROWS,), lambda x: x[:1], unknown_shapes=False),
    Case("TensorListPutItem/again", lambda x: TensorListStack.build(
        TensorListPutItem.build(pushed(x), 0, x[0] * x[1]), element_dtype=fg.float64,
        element_shape=(2,)), (ROWS,), lambda x: np.stack([x[0] * x[1], x[1]]), grad=True,
        unknown_shapes=False),
    Case("TensorListZerosLike/rows", lambda x: TensorListStack.build(
        TensorListZerosLike.build(pushed(x)), element_dtype=fg.float64, element_shape=None),
        (ROWS,), np.zeros_like, unknown_shapes=False),
]

BAD = [
    BadCase("TensorListPutItem/outside", lambda: TensorListLength.build(TensorListPutItem.build(
        EmptyTensorList.build(), 0, 1.0)), fg.errors.InvalidArgumentError,
        ("element 0 in a list with 0",), phase="run"),
    BadCase("TensorListZerosLike/no list", lambda x: TensorListZerosLike.build(x),
            fg.errors.DTypeError, ("a list of tensors",), (ROWS,)),
    BadCase("TensorListPushBack/no list", lambda x: TensorListPushBack.build(x, x),
            fg.errors.DTypeError, ("a list of tensors",), (ROWS,)),
    BadCase("TensorListPopBack/empty", lambda: TensorListPopBack.build(
        EmptyTensorList.build(), [-1], element_dtype=fg.float64), fg.errors.InvalidArgumentError,
        ("empty list",), phase="run"),
    BadCase("TensorListResize/negative", lambda: TensorListLength.build(
        TensorListResize.build(EmptyTensorList.build(), -1)), fg.errors.InvalidArgumentError,
        ("non-negative",), phase="run"),
]
